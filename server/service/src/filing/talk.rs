//! 补充说明: what is kept of questions and answers, and how both sides see them.

use std::collections::BTreeMap;

use domain::role::StaffRole;
use domain::talk::QuestionEnd;
use domain::view::{AnswerView, FileView, QuestionView};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use time::OffsetDateTime;

use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::db::{instant, millis, new_id};
use crate::base::entity::{filing, filing_message};
use crate::base::error::{Error, Result};
use crate::base::keyring::Keyring;
use crate::filing::Filings;
use crate::state::history::APPLICANT;
use crate::state::row::procedure_of;

/// The place that a message is sealed for.
pub(crate) fn place(id: &str) -> String {
    format!("talk/{id}")
}

/// A message on its way into the database.
pub(crate) struct Message<'a> {
    pub filing: &'a str,
    /// What it answers; none for a question.
    pub question: Option<&'a filing_message::Model>,
    pub field: &'a str,
    pub text: &'a str,
    pub files: &'a [String],
}

/// Keeps a message, sealed; gives its id.
pub(crate) async fn keep(
    on: &impl ConnectionTrait,
    keys: &Keyring,
    author: &Actor,
    message: Message<'_>,
    now: OffsetDateTime,
) -> Result<String> {
    let id = new_id(now);
    let role = if message.question.is_some() { APPLICANT } else { StaffRole::Reviewer.code() };
    let row = filing_message::ActiveModel {
        filing_id: Set(message.filing.to_owned()),
        question_id: Set(message.question.map(|question| question.id.clone())),
        field: Set(message.field.to_owned()),
        author_id: Set(author.person_id.clone()),
        author_role: Set(role.to_owned()),
        text_sealed: Set(keys.seal_text(&place(&id), message.text)?),
        files: Set(serde_json::to_string(message.files)?),
        sent_at: Set(millis(now)),
        ended_at: Set(None),
        ended_by: Set(None),
        id: Set(id.clone()),
    };
    filing_message::Entity::insert(row).exec_with_returning(on).await?;
    Ok(id)
}

/// The messages of a filing, the oldest first, once for all parts of a page.
async fn messages_for(
    on: &impl ConnectionTrait,
    actor: &Actor,
    filing: &str,
) -> Result<Vec<filing_message::Model>> {
    let Some(remembered) = &actor.remembered else { return messages(on, filing).await };
    if let Some(messages) = remembered.messages.get(filing) {
        return Ok(messages);
    }
    let messages = messages(on, filing).await?;
    remembered.messages.keep(filing, messages.clone());
    Ok(messages)
}

/// The messages of a filing, the oldest first.
pub(crate) async fn messages(on: &impl ConnectionTrait, filing: &str) -> Result<Vec<filing_message::Model>> {
    Ok(filing_message::Entity::find()
        .filter(filing_message::Column::FilingId.eq(filing))
        .order_by_asc(filing_message::Column::Id)
        .all(on)
        .await?)
}

/// A question by its id.
pub(crate) async fn question(on: &impl ConnectionTrait, id: &str) -> Result<filing_message::Model> {
    let row = filing_message::Entity::find_by_id(id).one(on).await?;
    row.filter(|row| row.question_id.is_none()).ok_or(Error::NotFound)
}

impl Filings {
    /// The thread of a filing, the oldest question first; officers by name where officers read it.
    pub(crate) async fn questions(
        &self,
        on: &impl ConnectionTrait,
        row: &filing::Model,
        with_names: bool,
    ) -> Result<Vec<QuestionView>> {
        let messages = messages(on, &row.id).await?;
        self.questions_in(on, row, messages, with_names).await
    }

    /// The same for a page, of which several parts show it.
    pub(crate) async fn questions_for(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        row: &filing::Model,
        with_names: bool,
    ) -> Result<Vec<QuestionView>> {
        let messages = messages_for(on, actor, &row.id).await?;
        self.questions_in(on, row, messages, with_names).await
    }

    async fn questions_in(
        &self,
        on: &impl ConnectionTrait,
        row: &filing::Model,
        messages: Vec<filing_message::Model>,
        with_names: bool,
    ) -> Result<Vec<QuestionView>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let officers: Vec<String> = messages
            .iter()
            .filter(|row| with_names && row.question_id.is_none())
            .map(|row| row.author_id.clone())
            .collect();
        let names = self.accounts.staff_names(on, &officers).await?;
        let files: Vec<Vec<String>> =
            messages.iter().map(|row| serde_json::from_str(&row.files)).collect::<Result<_, _>>()?;
        let files = self.files.file_views_on(on, &files.concat()).await?;
        let procedure = procedure_of(row)?;
        let forms = [procedure.form(), procedure.business.form()];
        let mut questions: Vec<QuestionView> = Vec::new();
        for message in &messages {
            let (at, text) = (written(instant(message.sent_at)), self.text_of(message)?);
            if let Some(question) = &message.question_id {
                let answer = AnswerView { at, text, files: named(message, &files)? };
                if let Some(question) = questions.iter_mut().find(|one| one.id == *question) {
                    question.answers.push(answer);
                }
                continue;
            }
            let label = forms.iter().find_map(|form| form.place(&message.field));
            questions.push(QuestionView {
                id: message.id.clone(),
                field: message.field.clone(),
                label: label.map(|place| place.field.label.to_owned()).unwrap_or_default(),
                who: match names.get(&message.author_id) {
                    Some(name) => format!("审核民警（{name}）"),
                    None => "审核民警".to_owned(),
                },
                at,
                text,
                end: message.ended_by.as_deref().and_then(QuestionEnd::from_code),
                answers: Vec::new(),
            });
        }
        Ok(questions)
    }

    pub(crate) fn text_of(&self, message: &filing_message::Model) -> Result<String> {
        Ok(self.context.keys.open_text(&place(&message.id), &message.text_sealed)?)
    }
}

fn named(message: &filing_message::Model, files: &BTreeMap<String, FileView>) -> Result<Vec<FileView>> {
    let ids: Vec<String> = serde_json::from_str(&message.files)?;
    Ok(ids.iter().filter_map(|id| files.get(id)).cloned().collect())
}
