//! Small forms that did not pass: what was typed and what is wrong with it, for the next page of whoever posted them.

use domain::answer::Answers;
use domain::schema::Fault;
use domain::view::KeptForm;

use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::error::Result;
use crate::base::retry::retry;

handle! {
    /// Small forms as they were posted and did not pass.
    KeptForms {
        rejected_forms: RejectedForms,
    }
}

/// Longest text that is kept of a control, in characters; a page takes no longer one.
const LONGEST: usize = 1000;

impl KeptForms {
    /// Keeps a form for its person, sealed and for half an hour, in place of the last one of this name.
    pub async fn keep(
        &self,
        actor: &Actor,
        form: &str,
        typed: &[(&str, &str)],
        faults: &[Fault],
    ) -> Result<()> {
        let mut answers = Answers::new();
        for (name, text) in typed {
            answers.set_text((*name).to_owned(), text.chars().take(LONGEST).collect::<String>());
        }
        let kept = RejectedForm { answers, faults: faults.to_vec() };
        retry!(self.try_keep(actor, form, &kept))
    }

    async fn try_keep(&self, actor: &Actor, form: &str, kept: &RejectedForm) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor, form), kept).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A form of one's own that did not pass; an empty one where there is none.
    pub async fn kept(&self, actor: &Actor, form: &str) -> Result<KeptForm> {
        let kept = self.rejected_forms.find(self.context.db.read(), &slot(actor, form)).await?;
        Ok(kept.map_or_else(KeptForm::default, |kept| KeptForm {
            typed: kept.answers,
            faults: kept.faults,
            is_again: true,
        }))
    }
}

/// The person stands in front, so nobody reads what another typed.
fn slot(actor: &Actor, form: &str) -> String {
    format!("{}/form/{form}", actor.person_id)
}
