//! Who gives roles and suspends accounts: an administrator in the browser, or whoever runs the platform, at its command
//! line.

use serde_json::Value;

use crate::base::actor::Actor;
use crate::base::error::Result;

#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    Administrator(&'a Actor),
    /// Has database and keys in hand, and so could do it anyhow; done here it keeps the rules and stands in the audit
    /// log.
    Operator,
}

impl<'a> By<'a> {
    /// # Errors
    /// `Forbidden` for whoever does not administer.
    pub(crate) fn must_administer(self) -> Result<()> {
        match self {
            By::Administrator(actor) => actor.must_administer(),
            By::Operator => Ok(()),
        }
    }

    /// Whom the audit log names.
    pub(crate) fn actor(self) -> Option<&'a Actor> {
        match self {
            By::Administrator(actor) => Some(actor),
            By::Operator => None,
        }
    }

    /// What the audit log tells, with the way it was done.
    pub(crate) fn told(self, mut detail: Value) -> Value {
        if let (By::Operator, Some(detail)) = (self, detail.as_object_mut()) {
            detail.insert("command_line".to_owned(), true.into());
        }
        detail
    }
}
