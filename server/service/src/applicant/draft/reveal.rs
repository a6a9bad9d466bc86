//! 【显示】: a person looks at a value of their own that the form shows masked (R70). Each look is a line of the
//! audit log (R65); who has the session of another does not read much by it.

use domain::answer::Answers;
use domain::mask::mask;
use domain::view::RevealRequest;
use serde_json::json;

use crate::applicant::draft::{Drafts, procedure_with_form};
use crate::base::actor::Actor;
use crate::base::audit::REVEAL;
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;

impl Drafts {
    /// The value behind a mask of the actor's own form.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's, what is not personal, and a mask that stands for nothing;
    /// `TooMany` above the person's limit.
    pub async fn reveal(&self, actor: &Actor, request: &RevealRequest) -> Result<String> {
        retry!(self.try_reveal(actor, request))
    }

    async fn try_reveal(&self, actor: &Actor, request: &RevealRequest) -> Result<String> {
        let (procedure, form) = procedure_with_form(&request.procedure)?;
        let shape = form.mask_at(&request.at).ok_or(Error::NotFound)?;
        let tx = self.context.db.begin().await?;
        let draft = match &request.draft {
            None => None,
            Some(id) => Some(self.draft_of(&tx, actor, id, procedure, false).await?),
        };
        let asked = (request.record.as_deref(), request.subject.as_deref());
        let opening = self.open_form(&tx, actor, (procedure, form), draft, asked, false).await?;
        let typed = match &opening.draft {
            Some(row) => self.draft_answers(row)?,
            None => Answers::new(),
        };
        let stored = self.originals(&opening)?.all(form);
        let candidates = std::iter::once(&typed).chain(&stored).map(|answers| answers.text(&request.at));
        let value = candidates
            .filter(|value| !value.is_empty())
            .find(|value| mask(shape, value) == request.mask)
            .ok_or(Error::NotFound)?
            .to_owned();
        self.usage.count_use(&tx, actor, Use::Reveal).await?;
        let (kind, id) = match (&opening.draft, &opening.record) {
            (Some(row), _) => ("draft", row.id.as_str()),
            (None, Some(row)) => ("record", row.id.as_str()),
            (None, None) => ("person", actor.person_id.as_str()),
        };
        let detail = json!({ "procedure": procedure.code(), "at": request.at });
        self.context.audit(&tx, Some(actor), REVEAL, kind, id, detail).await?;
        tx.commit().await?;
        Ok(value)
    }
}
