//! What a store of files can answer besides its result.

use std::error::Error as _;
use std::time::Duration;

use crate::base::keyring::KeyringError;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the directory of files cannot be used")]
    Directory(#[source] std::io::Error),
    // The text has all causes, since it goes to the log alone: what the store said is what an operator needs.
    #[error("the file store failed: {}", with_causes(.0))]
    Store(object_store::Error),
    #[error("the file store did not answer within {} s", .0.as_secs_f32())]
    TooSlow(Duration),
    #[error("what was read is not what was written")]
    Changed,
    #[error("a stored file cannot be sealed or opened")]
    Keyring(#[from] KeyringError),
    #[error("sealing a file did not end well")]
    Interrupted,
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        StoreError::Store(error)
    }
}

impl StoreError {
    /// Whether this only says that there is no such file. A store that speaks S3 says it of a missing bucket, too.
    pub(super) fn is_absence(&self) -> bool {
        matches!(
            self,
            StoreError::Store(object_store::Error::NotFound { source, .. })
                if !source.to_string().contains("NoSuchBucket")
        )
    }
}

/// An error with all that caused it, each once: some quote their cause, others do not.
fn with_causes(error: &object_store::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        cause = error.source();
    }
    said
}
