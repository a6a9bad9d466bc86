//! 抽查复核: of the decisions of officers a share, which the operator sets, is judged by a second officer who does not
//! know the first decision. Here a decision is chosen, by chance, with what its officer had before them; it changes
//! nothing for the applicant and nobody is told.

pub mod judge;
pub mod results;

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::filing::FilingEvent;
use domain::procedure::Procedure;
use domain::schema::{Fault, Form};
use domain::second_look::{Judgement, MOST_FIELDS, is_chosen};
use domain::view::{MachineCheck, QuestionView};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{Transaction, millis, new_id, plausible_id};
use crate::base::entity::{filing, record, second_look};
use crate::base::error::{Error, Result};
use crate::base::keyring::random_number;
use crate::desk::checks::MachineChecks;
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::Filings;
use crate::filing::record::Records;
use crate::filing::second_look::place;
use crate::filing::view::filing_files;
use crate::state::row::procedure_of;

handle! {
    /// Which decisions are looked at a second time.
    SecondLooks {
        files: Files,
        filings: Filings,
        machine_checks: MachineChecks,
        records: Records,
    }
}

/// What an officer has before them when deciding. It is kept as it was: what is changed, decided or found later would
/// tell the second officer of the first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Papers {
    answers: Answers,
    /// What was in force before a change or a cancellation.
    before: Option<Answers>,
    /// The subject's, for what is filed for it.
    subject: Option<Answers>,
    checks: Vec<MachineCheck>,
    questions: Vec<QuestionView>,
}

impl Papers {
    /// The files that are named anywhere in it.
    fn files(&self, procedure: Procedure) -> Result<Vec<String>> {
        let mut files = filing_files(procedure, &self.answers, self.before.as_ref())?;
        files.extend(self.subject.iter().flat_map(|answers| file_ids(Business::Subject.form(), answers)));
        Ok(files)
    }
}

/// The forms whose fields an officer can name: the sheet of a cancellation shows what is cancelled, too.
fn forms_of(procedure: Procedure) -> [&'static Form; 2] {
    [procedure.form(), procedure.business.form()]
}

/// What a field is called, with its section: people of different duties have the same fields.
fn label_of(forms: &[&'static Form], at: &str) -> String {
    match forms.iter().find_map(|form| form.place(at)) {
        None => at.to_owned(),
        Some(place) => format!("{} · {}", place.section.title, place.field.label),
    }
}

impl SecondLooks {
    /// Lets chance decide about a decision that is about to be made. Where it is chosen, gives what its officer has
    /// before them, read before the transaction: whoever holds a connection must not wait for another.
    pub(crate) async fn drawn(&self, actor: &Actor, id: &str, version: i64) -> Result<Option<Papers>> {
        let percent = self.context.settings.second_look_percent;
        if percent == 0 || !is_chosen(random_number()?, percent) {
            return Ok(None);
        }
        let on = self.context.db.read();
        let row = filing::Entity::find_by_id(plausible_id(id)?).one(on).await?;
        // Whether it may be decided at all is for the decision to say.
        match row.filter(|row| row.version == version && actor.covers(&row.jurisdiction)) {
            None => Ok(None),
            Some(row) => self.papers(&row).await.map(Some),
        }
    }

    async fn papers(&self, row: &filing::Model) -> Result<Papers> {
        let on = self.context.db.read();
        let procedure = procedure_of(row)?;
        let subject = record::Entity::find_by_id(&row.subject_id).one(on).await?;
        let subject = subject.ok_or_else(|| Error::Corrupt(format!("subject of filing {}", row.id)))?;
        let subject_answers = self.records.record_answers(&subject)?;
        let shows_subject = procedure.business != Business::Subject || procedure.action == Action::Cancel;
        let mut papers = Papers {
            answers: self.filings.filing_answers(row)?,
            before: self.filings.filing_before(row)?,
            subject: shows_subject.then(|| subject_answers.clone()),
            checks: Vec::new(),
            // Without the names of who asked.
            questions: self.filings.questions(on, row, false).await?,
        };
        let files = self.files.file_views(&papers.files(procedure)?).await?;
        papers.checks = self
            .machine_checks
            .machine_checks(row, procedure, &papers.answers, &subject, &subject_answers, &files)
            .await?;
        Ok(papers)
    }

    /// Has a decision looked at a second time, in its transaction; the line of the decision tells of it.
    pub(crate) async fn choose(
        &self,
        tx: &Transaction,
        actor: &Actor,
        (row, event): (&filing::Model, FilingEvent),
        remarks: &[Fault],
        papers: Option<&Papers>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let (Some(papers), Some(decision)) = (papers, Judgement::of_event(event)) else { return Ok(false) };
        let id = new_id(now);
        let mut fields: Vec<&str> = remarks.iter().map(|remark| remark.at.as_str()).collect();
        fields.sort_unstable();
        fields.dedup();
        fields.truncate(MOST_FIELDS);
        let sealed = self.context.keys.seal_text(&place(&id, "papers"), &serde_json::to_string(papers)?)?;
        let chosen = second_look::ActiveModel {
            filing_id: Set(row.id.clone()),
            round: Set(row.round),
            jurisdiction: Set(row.jurisdiction.clone()),
            decider_id: Set(actor.person_id.clone()),
            decision: Set(decision.code().to_owned()),
            fields: Set(serde_json::to_string(&fields)?),
            decided_at: Set(millis(now)),
            papers_sealed: Set(sealed),
            judge_id: Set(None),
            judge_seen_at: Set(None),
            judgement: Set(None),
            judged_fields: Set(None),
            note_sealed: Set(None),
            judged_at: Set(None),
            id: Set(id),
        };
        chosen.insert(tx).await?;
        Ok(true)
    }
}
