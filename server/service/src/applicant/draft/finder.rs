//! Choosing a provider from the directory for a form (R31).

use domain::answer::Answers;
use domain::dictionary::COUNTRY;
use domain::route;
use domain::schema::{Directory, Form, label_of};
use domain::value::text::{comparison_key, tidy};
use domain::view::{Finder, Hit, Paged, ProviderSearch, SaveDraft, Saved};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::applicant::draft::{Drafts, is_on, procedure_with_form};
use crate::base::actor::Actor;
use crate::base::db::plausible_id;
use crate::base::entity::provider;
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::region;
use crate::base::region::region_name;
use crate::base::retry::retry;
use crate::filing::providers::{Place, filled_by, named, offered, paged, provider_in};

/// Longest name that is searched for.
const LONGEST_SEARCH: usize = 100;

/// Rows that are looked at for what was typed, and of those offered.
const MOST_LOOKED_AT: u64 = 200;
const MOST_SUGGESTED: usize = 8;

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

    /// Providers by a part of their name or of what they are called otherwise, of all regions, while one types
    /// (R31). The best first, few enough to look through.
    ///
    /// # Errors
    /// `NotFound` for a directory that there is not; `TooMany` above the person's limit.
    pub async fn suggest_providers(&self, actor: &Actor, directory: &str, text: &str) -> Result<Vec<Hit>> {
        let directory = Directory::from_code(directory).ok_or(Error::NotFound)?;
        let text: String = tidy(text).trim().chars().take(LONGEST_SEARCH).collect();
        let key = comparison_key(&text);
        if key.chars().count() < 2 {
            return Ok(Vec::new());
        }
        retry!(self.count_lookup(actor))?;
        let rows = provider::Entity::find()
            .filter(provider::Column::Directory.eq(directory.code()))
            .filter(provider::Column::Source.is_in(offered()))
            .filter(named(&text))
            .order_by_asc(provider::Column::Name)
            .order_by_asc(provider::Column::Id)
            .limit(MOST_LOOKED_AT)
            .all(self.context.db.read())
            .await?;
        let mut rows: Vec<(bool, provider::Model)> = rows
            .into_iter()
            .map(|row| {
                let begins = row.name_key.starts_with(&key)
                    || row.aliases_key.split(' ').any(|alias| alias.starts_with(&key));
                (!begins, row)
            })
            .collect();
        rows.sort_by_key(|(is_within, _)| *is_within);
        Ok(rows.into_iter().take(MOST_SUGGESTED).map(|(_, row)| hit_of(row)).collect())
    }

    async fn count_lookup(&self, actor: &Actor) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.usage.count_use(&tx, actor, Use::LookUp).await?;
        Ok(tx.commit().await?)
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
            owner: None,
            answers,
        };
        match self.save_draft(actor, &save).await? {
            Saved::Ok(_) => Ok(route::draft_step(procedure, step.key, &row.id)),
            Saved::Conflict { .. } => Err(Error::refused("此草稿已在另一个窗口更新，请重新查询后再选择")),
            Saved::Faults(faults) => Err(Error::Faults(faults)),
        }
    }
}

fn hit_of(row: provider::Model) -> Hit {
    let place = match row.country.as_str() {
        "" if row.region.is_empty() => String::new(),
        "" => region_name(&row.region),
        country => format!("境外 {}", label_of(COUNTRY, country)),
    };
    let about = [row.aliases, place].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    Hit {
        name: row.name,
        about: about.join(" · "),
        region: row.region,
        country: row.country,
        phone: row.phone,
    }
}
