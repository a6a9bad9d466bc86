//! The first page of a signed-in person (R2): the newest of everything.

use domain::business::Business;
use domain::view::Home;
use futures::future::try_join_all;

use crate::error::Result;
use crate::{Actor, Service};

/// Rows of each list; 更多 leads to the rest.
const FEW: u64 = 5;

/// The lists of records in the order of the manual.
const SHOWN: [Business; 5] =
    [Business::Website, Business::App, Business::Assessment, Business::Market, Business::MiniProgram];

impl Service {
    pub async fn home(&self, actor: &Actor) -> Result<Home> {
        let subject = self.current_subject(actor).await?;
        let newest = match &subject {
            None => vec![Vec::new(); SHOWN.len()],
            Some(subject) => {
                try_join_all(SHOWN.map(|business| self.newest_records(subject, business, FEW))).await?
            }
        };
        // One look at what may be begun serves all the lists.
        let sizes: Vec<usize> = newest.iter().map(Vec::len).collect();
        let all = subject.iter().cloned().chain(newest.into_iter().flatten()).collect();
        let mut rows = self.record_rows(actor, subject.clone(), all).await?.into_iter();
        Ok(Home {
            subject: subject.and_then(|_| rows.next()),
            records: SHOWN
                .into_iter()
                .zip(sizes)
                .map(|(business, size)| (business, rows.by_ref().take(size).collect()))
                .collect(),
            filings: self.newest_filings(actor, FEW).await?,
            notices: self.latest_notices(actor, FEW).await?,
            draft: self.latest_draft(actor).await?,
        })
    }
}
