//! 补充说明: what an applicant answers to an officer's question, until the filing is decided.

use domain::answer::{Answer, Answers};
use domain::notice::NoticeKind;
use domain::route;
use domain::schema::{Fault, fault};
use domain::talk::{self, QuestionEnd};
use domain::view::{Refused, TalkView};
use serde_json::json;

use crate::account::notice::Notices;
use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::plausible_id;
use crate::base::entity::filing;
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;
use crate::files::Files;
use crate::filing::Filings;
use crate::filing::talk::{Message, keep, question};
use crate::state::pause;
use crate::state::row::filing_state;

handle! {
    /// What applicants answer.
    Talks {
        files: Files,
        filings: Filings,
        notices: Notices,
        rejected_forms: RejectedForms,
        usage: Usage,
    }
}

/// An answer as it was typed.
#[derive(Debug, Clone, Default)]
pub struct TypedAnswer {
    pub text: String,
    /// Ids of files that were sent with it.
    pub files: Vec<String>,
    /// What is wrong with files that were not taken.
    pub faults: Vec<Fault>,
}

fn slot(actor: &Actor, filing: &str) -> String {
    format!("{}/answer/{filing}", actor.person_id)
}

impl Talks {
    /// The thread of a filing of one's own, with what was typed and did not pass where `check` asks for it.
    ///
    /// # Errors
    /// `NotFound` for a filing that is not the actor's.
    pub async fn my_talk(&self, actor: &Actor, filing: &str, check: bool) -> Result<TalkView> {
        let on = self.context.db.read();
        let (row, _) = self.filings.owned_filing(on, actor, filing, false).await?;
        let mut view = TalkView {
            questions: self.filings.questions_for(on, actor, &row, false).await?,
            refused: why_not(&row)?,
            ..TalkView::default()
        };
        let held = match check {
            true => self.rejected_forms.find(on, &slot(actor, &row.id)).await?,
            false => None,
        };
        if let Some(held) = held {
            let files = held.answers.items(talk::FILES).to_vec();
            view.files = self.files.file_views(&files).await?.into_values().collect();
            (view.typed, view.faults) = (held.answers, held.faults);
        }
        Ok(view)
    }

    /// Answers a question; the first answer ends the wait, and the clock of the filing goes on. Gives the filing.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's, `Refused` once the filing is decided, `Faults` for an answer that says
    /// nothing or too much, which is then held for the page.
    pub async fn answer(&self, actor: &Actor, question: &str, typed: &TypedAnswer) -> Result<String> {
        let outcome = retry!(self.try_answer(actor, question, typed));
        match outcome {
            Ok(row) => Ok(row.id),
            Err(error @ (Error::Faults(_) | Error::Refused(_))) => {
                retry!(self.hold(actor, question, typed, &error))?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// The filing that a question is about, if it is the actor's.
    ///
    /// # Errors
    /// `NotFound` for a question about a filing of others.
    pub async fn filing_of(&self, actor: &Actor, id: &str) -> Result<String> {
        let on = self.context.db.read();
        let question = question(on, plausible_id(id)?).await?;
        Ok(self.filings.owned_filing(on, actor, &question.filing_id, false).await?.0.id)
    }

    async fn try_answer(&self, actor: &Actor, id: &str, typed: &TypedAnswer) -> Result<filing::Model> {
        let tx = self.context.db.begin().await?;
        let asked = question(&tx, plausible_id(id)?).await?;
        let (row, _) = self.filings.owned_filing(&tx, actor, &asked.filing_id, true).await?;
        if let Some(refused) = why_not(&row)? {
            return Err(Error::Refused(refused));
        }
        // As it stands now that nobody else can act on the filing.
        let asked = question(&tx, &asked.id).await?;
        if !typed.faults.is_empty() {
            return Err(Error::Faults(typed.faults.clone()));
        }
        let text = talk::check_answer(&typed.text, typed.files.len()).map_err(Error::Faults)?;
        if !self.files.foreign_files(&tx, actor, &typed.files).await?.is_empty() {
            return Err(Error::Faults(vec![fault(talk::FILES, "文件已失效，请重新选择")]));
        }
        self.usage.count_use(&tx, actor, Use::Message).await?;
        let now = self.context.clock.now();
        let (field, files) = (&asked.field, &typed.files);
        let message = Message { filing: &row.id, question: Some(&asked), field, text: &text, files };
        keep(&tx, &self.context.keys, actor, message, now).await?;
        self.files.add_filing_references(&tx, &row.id, files).await?;
        let row = match asked.ended_at {
            None => pause::end_question(&tx, &row, &asked.id, QuestionEnd::Answered, now).await?,
            Some(_) => row,
        };
        let officer = row.claimed_by.as_ref().unwrap_or(&asked.author_id);
        let told = format!("申请人回复了申请单（编号 {}）的补充说明", row.reference);
        self.notices.notify(&tx, officer, NoticeKind::Desk, told, Some(route::review_talk(&row.id))).await?;
        self.rejected_forms.discard(&tx, &slot(actor, &row.id)).await?;
        let detail = json!({ "reference": row.reference, "field": field, "files": files });
        tx.tell_changed(&row);
        self.context.audit(&tx, Some(actor), "filing.answer", "filing", &row.id, detail).await?;
        tx.commit().await?;
        Ok(row)
    }

    async fn hold(&self, actor: &Actor, id: &str, typed: &TypedAnswer, error: &Error) -> Result<()> {
        let filing = self.filing_of(actor, id).await?;
        let mut answers = Answers::from([("question", id)]);
        let longest = talk::LONGEST_ANSWER * 2;
        answers.set_text(talk::TEXT, typed.text.chars().take(longest).collect::<String>());
        answers.set(talk::FILES, Answer::Many(typed.files.iter().take(talk::MOST_FILES).cloned().collect()));
        let faults = match error {
            Error::Faults(faults) => faults.clone(),
            _ => Vec::new(),
        };
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor, &filing), &RejectedForm { answers, faults }).await?;
        Ok(tx.commit().await?)
    }
}

/// An answer can be given until the officer decides.
fn why_not(row: &filing::Model) -> Result<Option<Refused>> {
    let sentence = "申请单已办结，不能再补充说明".to_owned();
    Ok((!filing_state(row)?.is_open()).then_some(Refused { sentence, link: None }))
}
