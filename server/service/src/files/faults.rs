//! What is wrong with the files of a form.

use domain::answer::Answers;
use domain::schema::{Fault, Form, Kind, fault};
use sea_orm::ConnectionTrait;

use crate::base::actor::Actor;
use crate::base::db::plausible_id;
use crate::base::error::Result;
use crate::files::Files;

impl Files {
    pub(crate) async fn faults_of_uploads(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        form: &'static Form,
        answers: &Answers,
    ) -> Result<Vec<Fault>> {
        let ids = file_ids(form, answers);
        let (ids, strange): (Vec<String>, Vec<String>) =
            ids.into_iter().partition(|id| plausible_id(id).is_ok());
        let mut foreign = self.foreign_files(on, actor, &ids).await?;
        foreign.extend(strange);
        let mut faults = faults_of_files(form, answers, &foreign);
        let files = self.file_views_on(on, &ids).await?;
        let of_other_kind =
            |id: &String, picture: bool| files.get(id).is_some_and(|file| file.is_picture != picture);
        for place in form.shown(answers) {
            let items = answers.items(&place.address());
            match place.field.kind {
                Kind::Pictures { .. } if items.iter().any(|id| of_other_kind(id, true)) => {
                    faults.push(fault(place.address(), "请上传 png/jpeg/jpg 格式的图片"));
                }
                Kind::Documents { .. } if items.iter().any(|id| of_other_kind(id, false)) => {
                    faults.push(fault(place.address(), "请上传 pdf 格式的文件"));
                }
                _ => {}
            }
        }
        Ok(faults)
    }
}

/// Which places name files that are none of the person's.
pub(crate) fn faults_of_files(form: &'static Form, answers: &Answers, foreign: &[String]) -> Vec<Fault> {
    let is_file = |at: &str| {
        let kind = form.place(at).map(|place| place.field.kind);
        matches!(kind, Some(Kind::Pictures { .. } | Kind::Documents { .. }))
    };
    answers
        .iter()
        .filter(|(at, answer)| is_file(at) && answer.items().iter().any(|id| foreign.contains(id)))
        .map(|(at, _)| fault(at, "文件不存在或已失效，请重新上传"))
        .collect()
}

/// Ids of all files the answers name, shown or not.
pub(crate) fn file_ids(form: &'static Form, answers: &Answers) -> Vec<String> {
    let is_file = |at: &str| {
        let kind = form.place(at).map(|place| place.field.kind);
        matches!(kind, Some(Kind::Pictures { .. } | Kind::Documents { .. }))
    };
    let files = answers.iter().filter(|(at, _)| is_file(at));
    let mut ids: Vec<String> = files.flat_map(|(_, answer)| answer.items().iter().cloned()).collect();
    ids.retain(|id| !id.is_empty());
    ids.sort_unstable();
    ids.dedup();
    ids
}
