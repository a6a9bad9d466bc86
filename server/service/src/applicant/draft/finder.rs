//! Choosing a provider from the directory for a form (R31).

use domain::answer::Answers;
use domain::route;
use domain::schema::Form;
use domain::value::text::tidy;
use domain::view::{Finder, Paged, ProviderSearch, SaveDraft, Saved};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::applicant::draft::{Drafts, is_on, procedure_with_form};
use crate::base::actor::Actor;
use crate::base::db::plausible_id;
use crate::base::entity::provider;
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::filing::providers::{Place, filled_by, named, offered, paged, provider_in};

/// Longest name that is searched for.
const LONGEST_SEARCH: usize = 100;

impl Drafts {
    /// The dialog of a directory, for a block of the form that `answers` belong to (R31).
    pub(crate) async fn finder(
        &self,
        form: &'static Form,
        answers: &Answers,
        asked: &ProviderSearch,
    ) -> Result<Option<Finder>> {
        let Some((section, directory)) = filled_by(form, &asked.section) else { return Ok(None) };
        let mut search = asked.clone();
        search.name = tidy(&search.name).trim().chars().take(LONGEST_SEARCH).collect();
        if !search.is_asked {
            // What stands in the block already is where one begins.
            if let Some((name, place, _)) = provider_in(section, answers) {
                search.name = name;
                search.area = match place {
                    Place::Region(code) => {
                        code.get(..2).map(|prefix| format!("{prefix}0000")).unwrap_or_default()
                    }
                    Place::Country(code) => code,
                };
            } else {
                let at = format!("{}.region", section.key);
                let region = answers.text(&at).get(..2).map(|prefix| format!("{prefix}0000"));
                search.area = region.unwrap_or_default();
            }
        }
        let place = Place::of(&search.area);
        let mut finder = Finder {
            directory,
            provinces: region::options(""),
            fault: None,
            page: Paged::default(),
            is_elsewhere: false,
            search,
        };
        if !finder.search.is_asked {
            return Ok(Some(finder));
        }
        let Some(place) = place else {
            finder.fault = Some("请选择所属地区".to_owned());
            return Ok(Some(finder));
        };
        let on = self.context.db.read();
        let matching = provider::Entity::find()
            .filter(provider::Column::Directory.eq(directory.code()))
            .filter(provider::Column::Source.is_in(offered()))
            .filter(named(&finder.search.name));
        finder.page = paged(on, matching.clone().filter(place.holds()), &finder.search.after).await?;
        if finder.page.total == 0 && !finder.search.name.is_empty() {
            // The registered place of a provider is what people do not know.
            finder.page = paged(on, matching, &finder.search.after).await?;
            finder.is_elsewhere = finder.page.total > 0;
        }
        Ok(Some(finder))
    }

    /// 【选择】 (R31): fills the block of a draft with a provider; the address of the block.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's and for what the directory does not offer; `Refused` when
    /// the draft was saved elsewhere since.
    pub async fn choose_provider(
        &self,
        actor: &Actor,
        draft: &str,
        version: i64,
        section: &str,
        chosen: &str,
    ) -> Result<String> {
        let on = self.context.db.read();
        let row = self.owned_draft(on, actor, draft, false).await?;
        let (procedure, form) = procedure_with_form(&row.procedure)?;
        let (section, directory) = filled_by(form, section).ok_or(Error::NotFound)?;
        let at = |key: &str| format!("{}.{key}", section.key);
        let step = form.step_of(&at("name")).ok_or(Error::NotFound)?;
        let found = provider::Entity::find_by_id(plausible_id(chosen)?)
            .filter(provider::Column::Directory.eq(directory.code()))
            .filter(provider::Column::Source.is_in(offered()))
            .one(on)
            .await?
            .ok_or(Error::NotFound)?;
        let mut answers = self.draft_answers(&row)?;
        answers.retain(|at| is_on(step, at));
        for key in ["region", "country", "phone"] {
            answers.remove(&at(key));
        }
        let (jurisdiction, key, place) = match found.country.is_empty() {
            true => ("mainland", "region", &found.region),
            false => ("abroad", "country", &found.country),
        };
        answers.set_text(at("jurisdiction"), jurisdiction);
        answers.set_text(at(key), place.clone());
        answers.set_text(at("name"), found.name.clone());
        if !found.phone.is_empty() && form.place(&at("phone")).is_some() {
            answers.set_text(at("phone"), found.phone.clone());
        }
        let save = SaveDraft {
            procedure: row.procedure.clone(),
            step: step.key.to_owned(),
            draft: Some(row.id.clone()),
            record: row.record_id.clone(),
            subject: row.subject_id.clone(),
            version: Some(version),
            overwrite: false,
            declined: None,
            answers,
        };
        match self.save_draft(actor, &save).await? {
            Saved::Ok(_) => Ok(route::draft_step(procedure, step.key, &row.id)),
            Saved::Conflict { .. } => Err(Error::refused("此草稿已在另一个窗口更新，请重新查询后再选择")),
            Saved::Faults(faults) => Err(Error::Faults(faults)),
        }
    }
}
