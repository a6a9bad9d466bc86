//! A step of a form, posted without scripts: the draft on the server is the state; every answer is
//! a redirect to the page that shows it (R76).

use app::api::caller::Caller;
use app::ui::form::field_id;
use app::ui::table::percent;
use axum::Extension;
use axum::extract::{Multipart, Path, State};
use axum::response::Response;
use domain::action::{Action, Confirmation};
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::check::{IS_ME, same_as_address, suggestions};
use domain::posted::{Controls, about_file, answer_no, answers_of_step, hosts_for, rearrange, understand};
use domain::procedure::Procedure;
use domain::route;
use domain::schema::{Body, Fault, Form, Kind, Place, Step, fault};
use domain::seal::SHARED_WITH_PRINCIPAL;
use domain::view::{DraftHead, FormRequest, FormView, RevealRequest, SaveDraft, Saved, Submitted};
use http::{HeaderMap, StatusCode};
use service::error::chain;
use service::{Actor, Error, region};

use super::files::{UPLOADS_TOO_OFTEN, wrong_sort};
use super::posted::{Posted, read, unreadable};
use super::resubmit::{self, Choice, Resubmission};
use super::state::{AppState, actor_of, see};
use crate::auth::return_path::login_path;
use crate::http::page_template::Link;

pub async fn post_step(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((business, action, step)): Path<(String, String, String)>,
    headers: HeaderMap,
    multipart: Multipart,
) -> Response {
    let known = (|| {
        let procedure = Procedure::known(Business::from_code(&business)?, Action::from_code(&action)?)?;
        let form = procedure.business.form();
        Some((procedure, form, form.step(&step)?))
    })();
    let Some((procedure, form, step)) = known else {
        return state.template.message(StatusCode::NOT_FOUND, "没有找到", "没有这样的表单。", &[]);
    };
    let actor = actor_of(&caller);
    let posted = match read(multipart, actor.is_err()).await {
        Ok(posted) => posted,
        Err(unread) => return unreadable(&state, unread),
    };
    let post = Post { state: &state, procedure, form, step };
    let Ok(actor) = actor else { return post.resubmit_after_sign_in(&posted) };
    match post.run(actor, posted).await {
        Ok(response) => response,
        Err(error) => state.refused(actor, &headers, error).await,
    }
}

struct Post<'a> {
    state: &'a AppState,
    procedure: Procedure,
    form: &'static Form,
    step: &'static Step,
}

impl Post<'_> {
    fn path(&self, step: &str) -> String {
        route::form_step(self.procedure, step)
    }

    fn action(&self) -> String {
        route::form_post(self.procedure, self.step.key)
    }

    fn page_of(&self, step: &str, draft: &DraftHead) -> String {
        format!("{}?draft={}", self.path(step), draft.id)
    }

    fn resubmit_after_sign_in(&self, posted: &Posted) -> Response {
        let sentence = match posted.files.is_empty() {
            true => "您填写的内容保留在本页。请先在新窗口登录，再回到本页点击“继续”。".to_owned(),
            // A file cannot be kept in a page.
            false => format!(
                "您填写的内容保留在本页。请先在新窗口登录，再回到本页点击“继续”；所选的文件（{}）需重新选择。",
                posted.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join("、"),
            ),
        };
        resubmit::page(
            self.state,
            &Resubmission {
                status: StatusCode::UNAUTHORIZED,
                title: "登录已过期",
                sentence: &sentence,
                action: &self.action(),
                encoding: resubmit::MULTIPART,
                controls: &posted.controls,
                choices: &[Choice { label: "继续", name: "held", value: "yes" }],
                links: &[("重新登录", login_path(route::SIGNED_IN))],
            },
        )
    }

    async fn run(&self, actor: &Actor, mut posted: Posted) -> Result<Response, Error> {
        let service = &self.state.service;
        let go = posted.text("go").unwrap_or_else(|| "next".to_owned());
        let request = FormRequest {
            procedure: self.procedure.code(),
            step: self.step.key.to_owned(),
            draft: posted.text("draft"),
            record: posted.text("record"),
            fresh: true,
            ..FormRequest::default()
        };
        let view = match service.drafts.form_view(actor, &request).await {
            Err(gone @ (Error::NotFound | Error::Refused(_))) if self.submits(&go) => {
                return self.submit_again(actor, &posted).await?.ok_or(gone);
            }
            outcome => outcome?,
        };
        let mut answers = answers_of_step(self.form, self.step, &view.answers, &posted.controls);
        self.apply(&go, &view, &posted.controls, &mut answers);
        let mut said = self.understand(&view.answers, &mut answers);
        if let Some(at) = go.strip_prefix("resolve:") {
            said.extend(self.resolve(actor, at, &mut answers).await?);
        }
        let complaints = self.take_files(actor, &mut posted, &mut answers).await?;
        // After the files, which name the items as they stood.
        let item = go.split_once(':').and_then(|(verb, what)| rearrange(self.form, verb, what, &mut answers));
        if matches!(self.step.body, Body::Subject) && view.draft.is_none() {
            // Nothing was asked, so there is nothing to save yet.
            let next = self.neighbour(1).unwrap_or(self.step.key);
            let record = view.record.map(|record| format!("?record={record}")).unwrap_or_default();
            return Ok(see(&format!("{}{record}", self.path(next))));
        }
        let mut save = SaveDraft {
            procedure: self.procedure.code(),
            step: self.step.key.to_owned(),
            draft: request.draft.clone(),
            record: request.record.clone(),
            subject: posted.text("subject"),
            version: posted.text("version").and_then(|version| version.parse().ok()),
            overwrite: posted.controls.contains_key("overwrite"),
            declined: posted.text("declined").and_then(|version| version.parse().ok()),
            owner: None,
            answers,
        };
        let draft = match service.drafts.save_draft(actor, &save).await? {
            Saved::Ok(draft) => draft,
            Saved::Faults(mut faults) => {
                faults.extend(complaints);
                return self.again(actor, &save, faults).await;
            }
            Saved::Conflict { saved_at, draft } => {
                return Ok(self.resubmit_over_conflict(&posted, &save, &saved_at, draft));
            }
        };
        if !complaints.is_empty() {
            (save.draft, save.answers) = (Some(draft.id), Answers::new());
            return self.again(actor, &save, complaints).await;
        }
        if !said.is_empty()
            && let Err(error) = service.accounts.set_flash(actor, &said.join("；")).await
        {
            tracing::error!(error = chain(&error), "a sentence for the next page was lost");
        }
        match item {
            Some(item) => Ok(see(&format!("{}#{}", self.page_of(self.step.key, &draft), field_id(&item)))),
            None => self.follow(actor, &go, &posted, &draft).await,
        }
    }

    /// Takes in the files that came along; what is said of those that are not taken.
    async fn take_files(
        &self,
        actor: &Actor,
        posted: &mut Posted,
        answers: &mut Answers,
    ) -> Result<Vec<Fault>, Error> {
        let mut complaints = Vec::new();
        for file in &mut posted.files {
            let Some(place) = self.form.place(&file.at) else { continue };
            let kind = place.field.kind;
            let noun = if matches!(kind, Kind::Documents { .. }) { "文件" } else { "照片" };
            let kept = answers.get(&file.at).map(|_| noun);
            let label = place.label(answers);
            let (at, name) = (file.at.clone(), file.name.clone());
            let complain = move |message: &str| fault(at.clone(), about_file(label, &name, message, kept));
            if let Some(sentence) = wrong_sort(matches!(kind, Kind::Documents { .. }), &file.bytes) {
                complaints.push(complain(sentence));
                continue;
            }
            match self
                .state
                .service
                .files
                .accept_upload(actor, &file.name, std::mem::take(&mut file.bytes))
                .await
            {
                Ok(stored) => self.add_file(&file.at, stored.id, answers),
                Err(Error::Faults(faults)) => {
                    complaints.extend(faults.iter().map(|found| complain(&found.message)));
                }
                // What was typed beside it is worth more than the file.
                Err(Error::TooMany(_)) => complaints.push(complain(UPLOADS_TOO_OFTEN)),
                Err(error) => return Err(error),
            }
        }
        Ok(complaints)
    }

    /// Back to the page, with what was typed and could not be saved, and what is wrong with it.
    async fn again(&self, actor: &Actor, save: &SaveDraft, faults: Vec<Fault>) -> Result<Response, Error> {
        if !self.state.service.drafts.stash_step(actor, save, &faults).await? {
            return Err(Error::Faults(faults));
        }
        let path = self.path(self.step.key);
        // Who has not said 否 is asked about a draft that another page has made meanwhile.
        let fresh = if save.declined.is_some() { "fresh=1&" } else { "" };
        Ok(see(&match (&save.draft, &save.record) {
            (Some(draft), _) => format!("{path}?draft={draft}&check=1"),
            (None, Some(record)) => format!("{path}?record={record}&{fresh}check=1"),
            (None, None) => format!("{path}?{fresh}check=1"),
        }))
    }

    /// Where the pressed button leads, now that everything is saved.
    async fn follow(
        &self,
        actor: &Actor,
        go: &str,
        posted: &Posted,
        draft: &DraftHead,
    ) -> Result<Response, Error> {
        let here = self.page_of(self.step.key, draft);
        match go {
            "save" => Ok(self.state.back_saying(actor, route::DRAFTS, "草稿已保存。").await),
            "previous" => Ok(see(&self.page_of(self.neighbour(-1).unwrap_or(self.step.key), draft))),
            // The page says what is wrong instead, where something is.
            "review" => Ok(see(&format!("{here}&review=1"))),
            go if self.submits(go) => self.submit(actor, posted, draft).await,
            "next" => {
                if self.has_faults_here(actor, draft).await? {
                    Ok(see(&format!("{here}&check=1")))
                } else {
                    Ok(see(&self.page_of(self.neighbour(1).unwrap_or(self.step.key), draft)))
                }
            }
            // More rows, fewer rows, other questions: the same page again, or a directory over it (R31).
            other => match other.split_once(':') {
                Some(("find", section)) => Ok(see(&format!("{here}&find={}", percent(section)))),
                Some(("show", at)) => self.show(actor, at, posted, draft).await,
                Some(("resolve" | "same" | "adopt" | "no", what)) => {
                    Ok(see(&format!("{here}#{}", field_id(what))))
                }
                Some(_) | None => Ok(see(&here)),
            },
        }
    }

    /// 【显示】 without scripts: a page of its own that has the value once.
    async fn show(
        &self,
        actor: &Actor,
        at: &str,
        posted: &Posted,
        draft: &DraftHead,
    ) -> Result<Response, Error> {
        let request = RevealRequest {
            procedure: self.procedure.code(),
            draft: Some(draft.id.clone()),
            record: None,
            subject: None,
            at: at.to_owned(),
            mask: posted.text(at).unwrap_or_default(),
        };
        let value = self.state.service.drafts.reveal(actor, &request).await?;
        let label = self.form.place(at).map_or("", |place| place.field.label);
        let sentence = format!("{label}：{value}。本次查看已记入日志；请返回表单继续填写。");
        let back = format!("{}#{}", self.page_of(self.step.key, draft), field_id(at));
        let links = [Link { label: "返回表单", href: &back }];
        Ok(self.state.template.message(StatusCode::OK, "已保存的内容", &sentence, &links))
    }

    /// Puts in place of what was typed what it will have meant; what is said of it on the next page.
    fn understand(&self, before: &Answers, answers: &mut Answers) -> Vec<String> {
        // A municipality has one city: nobody is asked for it. Of a provider any level will do.
        let sections = self.step.sections().iter().filter(|section| section.directory.is_none());
        let fields = sections.flat_map(|section| section.places(answers)).collect::<Vec<_>>();
        for at in fields.iter().filter(|place| matches!(place.field.kind, Kind::Region)).map(Place::address) {
            if let Some(below) = region::only_way_down(answers.text(&at)) {
                answers.set_text(at, below);
            }
        }
        let said = understand(self.step, before, answers);
        let label = |at: &str| self.form.place(at).map_or("", |place| place.label(answers));
        said.into_iter().map(|note| format!("{}{}", label(&note.at), note.message)).collect()
    }

    /// 【查询当前解析】: the addresses that the names lead to join those that are there.
    async fn resolve(&self, actor: &Actor, at: &str, answers: &mut Answers) -> Result<Vec<String>, Error> {
        let place = self.form.place(at).ok_or(Error::NotFound)?;
        let hosts = hosts_for(&place, answers);
        if hosts.is_empty() {
            return Ok(vec!["请先填写域名或网址，再查询解析".to_owned()]);
        }
        let found = self.state.service.network_checks.resolve(actor, &hosts).await?;
        let mut ips = answers.items(at).to_vec();
        ips.extend(found.ips.into_iter().filter(|ip| !answers.has(at, ip)));
        answers.set(at, Answer::Many(ips));
        Ok(found.said)
    }

    /// Does this button file the form?
    fn submits(&self, go: &str) -> bool {
        go == "submit" || (go == "next" && self.form.steps.len() == 1)
    }

    /// The draft is gone. Where the answer to the first submit was lost, the receipt is what the person came
    /// for (R75, R80).
    async fn submit_again(&self, actor: &Actor, posted: &Posted) -> Result<Option<Response>, Error> {
        let (Some(draft), Some(key)) = (posted.text("draft"), posted.text("key")) else { return Ok(None) };
        Ok(match self.state.service.submissions.submit(actor, &draft, 0, None, &key).await {
            Ok(Submitted::Filing(id)) => Some(see(&route::submitted(&id))),
            Ok(Submitted::Refused(_) | Submitted::Faults(_)) | Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        })
    }

    async fn has_faults_here(&self, actor: &Actor, draft: &DraftHead) -> Result<bool, Error> {
        let view = self.checked(actor, draft).await?;
        Ok(view
            .faults
            .iter()
            .any(|fault| self.form.step_of(&fault.at).is_some_and(|of| of.key == self.step.key)))
    }

    async fn checked(&self, actor: &Actor, draft: &DraftHead) -> Result<FormView, Error> {
        let request = FormRequest {
            procedure: self.procedure.code(),
            step: self.step.key.to_owned(),
            draft: Some(draft.id.clone()),
            check: true,
            ..FormRequest::default()
        };
        self.state.service.drafts.form_view(actor, &request).await
    }

    async fn submit(&self, actor: &Actor, posted: &Posted, draft: &DraftHead) -> Result<Response, Error> {
        let here = self.page_of(self.step.key, draft);
        if self.procedure.action.confirmation() == Confirmation::Comparison {
            // A fault of no field is that nothing was changed; the comparison says so.
            let faulty = self.checked(actor, draft).await?.faults.iter().any(|fault| !fault.at.is_empty());
            return Ok(see(&format!("{here}&{}=1", if faulty { "check" } else { "compare" })));
        }
        let key = posted.text("key").unwrap_or_default();
        let subject = posted.text("subject");
        match self
            .state
            .service
            .submissions
            .submit(actor, &draft.id, draft.version, subject.as_deref(), &key)
            .await?
        {
            Submitted::Filing(id) => Ok(see(&route::submitted(&id))),
            Submitted::Faults(_) => Ok(see(&format!("{here}&check=1"))),
            Submitted::Refused(refused) => Ok(self.state.back_saying(actor, &here, &refused.sentence).await),
        }
    }

    fn resubmit_over_conflict(
        &self,
        posted: &Posted,
        save: &SaveDraft,
        saved_at: &str,
        draft: Option<String>,
    ) -> Response {
        let draft = save.draft.clone().or(draft);
        let theirs = draft.as_ref().map(|id| format!("{}?draft={id}", self.path(self.step.key)));
        let sentence =
            format!("此草稿已在另一个窗口更新（{saved_at}）。您填写的内容保留在本页，请选择保留哪一份。");
        // Files that came along are taken in already.
        let mut controls = posted.controls.clone();
        // Another page has made the only draft: what is posted again is about that one.
        controls.extend(draft.map(|id| ("draft".to_owned(), vec![id])));
        for file in &posted.files {
            let ids = save.answers.items(&file.at);
            controls.insert(file.at.clone(), ids.to_vec());
        }
        resubmit::page(
            self.state,
            &Resubmission {
                status: StatusCode::CONFLICT,
                title: "草稿已在别处更新",
                sentence: &sentence,
                action: &self.action(),
                encoding: resubmit::MULTIPART,
                controls: &controls,
                choices: &[Choice { label: "用本页内容覆盖", name: "overwrite", value: "yes" }],
                links: &[("载入已保存的内容", theirs.unwrap_or_else(|| route::DRAFTS.to_owned()))],
            },
        )
    }

    fn neighbour(&self, by: isize) -> Option<&'static str> {
        let here = self.form.steps.iter().position(|step| step.key == self.step.key)?;
        self.form.steps.get(here.checked_add_signed(by)?).map(|step| step.key)
    }

    /// Buttons that change the form rather than leave it.
    fn apply(&self, go: &str, view: &FormView, controls: &Controls, answers: &mut Answers) {
        let Some((verb, what)) = go.split_once(':') else { return };
        match verb {
            "drop" => {
                answers.remove(what);
            }
            "no" => {
                answer_no(self.form, what, answers);
            }
            // What the guide suggests.
            "adopt" => {
                let found = suggestions(self.form, answers).into_iter().find(|one| one.at == what);
                found.into_iter().for_each(|one| answers.set_text(one.at, one.code));
            }
            // R32: the subject's responsible person, masked; the service puts the stored values back. The
            // pictures join only where their own tick says so.
            "same" if self.form.section(what).is_some_and(|section| section.may_be_me) => {
                answers.set_text(format!("{what}.{IS_ME}"), "yes");
                for (key, answer) in view.me.iter() {
                    answers.set(format!("{what}.{key}"), answer.clone());
                }
            }
            "same" => {
                answers.set_text(same_as_address(what), "yes");
                let may_reuse = controls.contains_key(&format!("{what}.reuse_photos"));
                for key in SHARED_WITH_PRINCIPAL
                    .iter()
                    .filter(|key| may_reuse || !matches!(**key, "id_portrait" | "id_emblem"))
                {
                    if let Some(answer) = view.principal.get(&format!("principal.{key}")) {
                        answers.set(format!("{what}.{key}"), answer.clone());
                    }
                }
            }
            _ => {}
        }
    }

    fn add_file(&self, at: &str, id: String, answers: &mut Answers) {
        let max = match self.form.place(at).map(|place| place.field.kind) {
            Some(Kind::Pictures { max, .. } | Kind::Documents { max, .. }) => max,
            _ => return,
        };
        if max == 1 {
            answers.set_text(at, id);
        } else {
            let mut ids = answers.items(at).to_vec();
            ids.push(id);
            ids.truncate(max);
            answers.set(at, Answer::Many(ids));
        }
    }
}
