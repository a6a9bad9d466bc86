//! How everything stood that an officer's act can change, so that the act can be taken back (撤回) as long as nothing
//! else has happened to it. The caller holds the subject's lock, before the act and when it is taken back.

use std::collections::BTreeMap;

use domain::filing::FilingState;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::base::entity::{filing, filing_event, live_domain, provider, record, upload_use};
use crate::base::error::{Error, Result};
use crate::state::history::{self, Who};
use crate::state::transition;

/// What of a subject an act can change beside its open filings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reach {
    Filings,
    Record(String),
    /// All of its records.
    Subject,
}

/// Rows as they stood.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scene {
    subject_id: String,
    reach: Reach,
    filings: Vec<filing::Model>,
    records: Vec<record::Model>,
    domains: Vec<live_domain::Model>,
    providers: Vec<provider::Model>,
    files: Vec<upload_use::Model>,
}

/// What puts an act's changes back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reversal {
    /// Only what was changed.
    before: Scene,
    /// What the act left, by id, so that it is found out whether anybody touched it since.
    left: BTreeMap<String, String>,
    /// The latest line in the history of the subject's filings.
    last_line: String,
}

const FILES_OF: &str = "record";

/// What is told to who comes too late.
const GONE_ON: &str = "该申请单已有后续操作，不能撤回";

impl Scene {
    pub async fn read(on: &impl ConnectionTrait, subject_id: &str, reach: Reach) -> Result<Self> {
        let touchable = [FilingState::Pending, FilingState::InReview, FilingState::Returned];
        let filings = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(subject_id))
            .filter(filing::Column::State.is_in(touchable.map(FilingState::code)))
            .order_by_asc(filing::Column::Id)
            .all(on)
            .await?;
        let records = match &reach {
            Reach::Filings => Vec::new(),
            Reach::Record(id) => record::Entity::find_by_id(id).all(on).await?,
            Reach::Subject => {
                let all = record::Entity::find().filter(record::Column::SubjectId.eq(subject_id));
                all.order_by_asc(record::Column::Id).all(on).await?
            }
        };
        let scene = Scene {
            subject_id: subject_id.to_owned(),
            reach,
            filings,
            records,
            domains: Vec::new(),
            providers: Vec::new(),
            files: Vec::new(),
        };
        scene.with_what_hangs_on_records(on).await
    }

    async fn with_what_hangs_on_records(mut self, on: &impl ConnectionTrait) -> Result<Self> {
        if self.records.is_empty() {
            return Ok(self);
        }
        let ids: Vec<&str> = self.records.iter().map(|row| row.id.as_str()).collect();
        self.domains = live_domain::Entity::find()
            .filter(live_domain::Column::RecordId.is_in(ids.iter().copied()))
            .all(on)
            .await?;
        self.providers = provider::Entity::find()
            .filter(provider::Column::RecordId.is_in(ids.iter().copied()))
            .all(on)
            .await?;
        self.files = upload_use::Entity::find()
            .filter(upload_use::Column::HolderKind.eq(FILES_OF))
            .filter(upload_use::Column::HolderId.is_in(ids))
            .all(on)
            .await?;
        Ok(self)
    }

    /// What puts back whatever is otherwise now than it was.
    pub async fn reversal(mut self, on: &impl ConnectionTrait) -> Result<Reversal> {
        let ids = self.filings.iter().map(|row| row.id.as_str());
        let filings = filing::Entity::find().filter(filing::Column::Id.is_in(ids)).all(on).await?;
        let after = Scene::read(on, &self.subject_id, self.reach.clone()).await?;
        let mut left = BTreeMap::new();
        self.filings.retain(|before| {
            let now = filings.iter().find(|now| now.id == before.id && *now != before);
            left.extend(now.map(|now| (now.id.clone(), print_of_filing(now))));
            now.is_some()
        });
        // What hangs on a record is put back with it.
        let same_beside: Vec<String> = self
            .records
            .iter()
            .filter(|before| self.beside(&before.id) == after.beside(&before.id))
            .map(|before| before.id.clone())
            .collect();
        self.records.retain(|before| {
            let now = after.records.iter().find(|now| now.id == before.id);
            let is_changed = now != Some(before) || !same_beside.contains(&before.id);
            left.extend(now.filter(|_| is_changed).map(|now| (now.id.clone(), print_of_record(now))));
            is_changed
        });
        let kept: Vec<String> = self.records.iter().map(|row| row.id.clone()).collect();
        self.domains.retain(|row| kept.contains(&row.record_id));
        self.providers.retain(|row| row.record_id.as_ref().is_some_and(|id| kept.contains(id)));
        self.files.retain(|row| kept.contains(&row.holder_id));
        let last_line = history::last_line_of_subject(on, &self.subject_id).await?;
        Ok(Reversal { before: self, left, last_line: last_line.unwrap_or_default() })
    }

    fn beside(&self, record: &str) -> [Vec<&str>; 3] {
        [self.domains_of(record), self.providers_of(record), self.files_of(record)]
    }

    fn domains_of(&self, record: &str) -> Vec<&str> {
        let mut all: Vec<&str> = self
            .domains
            .iter()
            .filter(|row| row.record_id == record)
            .map(|row| row.domain.as_str())
            .collect();
        all.sort_unstable();
        all
    }

    fn providers_of(&self, record: &str) -> Vec<&str> {
        let own = |row: &&provider::Model| row.record_id.as_deref() == Some(record);
        let mut all: Vec<&str> = self.providers.iter().filter(own).map(|row| row.id.as_str()).collect();
        all.sort_unstable();
        all
    }

    fn files_of(&self, record: &str) -> Vec<&str> {
        let mut all: Vec<&str> = self
            .files
            .iter()
            .filter(|row| row.holder_id == record)
            .map(|row| row.upload_id.as_str())
            .collect();
        all.sort_unstable();
        all
    }
}

impl Reversal {
    /// Puts everything back. Says what became of each filing: as it stood a moment ago, and as it stands now.
    ///
    /// # Errors
    /// `Refused` where something else has happened since.
    pub async fn put_back(
        &self,
        on: &impl ConnectionTrait,
        who: &Who,
        note: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<(filing::Model, filing::Model)>> {
        self.must_be_untouched(on).await?;
        for before in &self.before.records {
            let row = record::Entity::find_by_id(&before.id).one(on).await?.ok_or(Error::NotFound)?;
            if self.left.get(&row.id) != Some(&print_of_record(&row)) {
                return Err(Error::refused(GONE_ON));
            }
            transition::take_back_record(on, &row, before, now).await?;
            self.put_back_beside(on, &before.id).await?;
        }
        let mut restored = Vec::new();
        for before in &self.before.filings {
            let row = filing::Entity::find_by_id(&before.id).one(on).await?.ok_or(Error::NotFound)?;
            if self.left.get(&row.id) != Some(&print_of_filing(&row)) {
                return Err(Error::refused(GONE_ON));
            }
            let after = transition::take_back(on, &row, before, who.clone(), note, now).await?;
            restored.push((row, after));
        }
        Ok(restored)
    }

    /// Nothing stands in the history of the subject's filings that came later, but what was itself taken back.
    async fn must_be_untouched(&self, on: &impl ConnectionTrait) -> Result<()> {
        let later = history::later_lines_of_subject(on, &self.before.subject_id, &self.last_line).await?;
        let mut by_filing: BTreeMap<String, Vec<filing_event::Model>> = BTreeMap::new();
        for line in later {
            by_filing.entry(line.filing_id.clone()).or_default().push(line);
        }
        match by_filing.into_values().all(|lines| history::standing(lines).is_empty()) {
            true => Ok(()),
            false => Err(Error::refused(GONE_ON)),
        }
    }

    /// Domains, directory and files of a record.
    async fn put_back_beside(&self, on: &impl ConnectionTrait, record: &str) -> Result<()> {
        let before = &self.before;
        let domains = before.domains_of(record);
        let held = live_domain::Entity::find()
            .filter(live_domain::Column::Domain.is_in(domains.iter().copied()))
            .filter(live_domain::Column::RecordId.ne(record))
            .one(on)
            .await?;
        if held.is_some() {
            return Err(Error::refused(GONE_ON));
        }
        live_domain::Entity::delete_many()
            .filter(live_domain::Column::RecordId.eq(record))
            .exec_with_returning(on)
            .await?;
        provider::Entity::delete_many()
            .filter(provider::Column::RecordId.eq(record))
            .exec_with_returning(on)
            .await?;
        upload_use::Entity::delete_many()
            .filter(upload_use::Column::HolderKind.eq(FILES_OF))
            .filter(upload_use::Column::HolderId.eq(record))
            .exec(on)
            .await?;
        let domains = before.domains.iter().filter(|row| row.record_id == record);
        let domains: Vec<_> = domains.cloned().map(IntoActiveModel::into_active_model).collect();
        if !domains.is_empty() {
            live_domain::Entity::insert_many(domains).exec_with_returning(on).await?;
        }
        let providers = before.providers.iter().filter(|row| row.record_id.as_deref() == Some(record));
        let providers: Vec<_> = providers.cloned().map(IntoActiveModel::into_active_model).collect();
        if !providers.is_empty() {
            provider::Entity::insert_many(providers).exec_with_returning(on).await?;
        }
        let files = before.files.iter().filter(|row| row.holder_id == record);
        let files: Vec<_> = files.cloned().map(IntoActiveModel::into_active_model).collect();
        if !files.is_empty() {
            upload_use::Entity::insert_many(files).exec_without_returning(on).await?;
        }
        Ok(())
    }
}

/// A filing in a few letters; that its officer was at work, or its applicant reminded, changes nothing.
fn print_of_filing(row: &filing::Model) -> String {
    print_of(&filing::Model { claim_seen_at: None, reminded_days: 0, ..row.clone() })
}

/// A record in a few letters; that it was looked at changes nothing.
fn print_of_record(row: &record::Model) -> String {
    print_of(&record::Model { patrol_at: 0, ..row.clone() })
}

fn print_of(row: &impl Serialize) -> String {
    // Rows of columns always have a form; without one nothing is equal to it.
    let text = serde_json::to_vec(row).unwrap_or_default();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
