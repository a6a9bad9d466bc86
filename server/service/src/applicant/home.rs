//! The first page of a signed-in person (R2): the newest of everything.

use std::sync::Arc;

use domain::business::Business;
use domain::progress::{progress, question};
use domain::view::Home;

use crate::account::Accounts;
use crate::account::notice::Notices;
use crate::applicant::progress::Cases;
use crate::base::actor::Actor;
use crate::base::error::Result;
use crate::filing::Filings;
use crate::filing::record::Records;

/// The page after signing in.
pub struct HomePage {
    accounts: Arc<Accounts>,
    cases: Arc<Cases>,
    filings: Arc<Filings>,
    notices: Arc<Notices>,
    records: Arc<Records>,
}

/// Rows of each list; 更多 leads to the rest.
const FEW: u64 = 5;

impl HomePage {
    pub(crate) fn new(
        accounts: &Arc<Accounts>,
        cases: &Arc<Cases>,
        filings: &Arc<Filings>,
        notices: &Arc<Notices>,
        records: &Arc<Records>,
    ) -> Arc<Self> {
        let accounts = Arc::clone(accounts);
        let cases = Arc::clone(cases);
        let filings = Arc::clone(filings);
        let notices = Arc::clone(notices);
        let records = Arc::clone(records);
        Arc::new(HomePage { accounts, cases, filings, notices, records })
    }

    pub async fn home(&self, actor: &Actor) -> Result<Home> {
        let subject = self.accounts.current_subject(actor).await?;
        let case = self.cases.case(actor, subject.clone()).await?;
        let shown = Business::at_home();
        let newest = match &subject {
            None => vec![Vec::new(); shown.len()],
            Some(subject) => self.records.newest_records(subject, &shown, FEW).await?,
        };
        // One look at what may be begun serves all the lists.
        let sizes: Vec<usize> = newest.iter().map(Vec::len).collect();
        let all = subject.iter().cloned().chain(newest.into_iter().flatten()).collect();
        let mut rows = self.records.record_rows(actor, subject.clone(), all).await?.into_iter();
        Ok(Home {
            progress: progress(&case),
            question: question(&case),
            subject: subject.and_then(|_| rows.next()),
            records: shown
                .into_iter()
                .zip(sizes)
                .map(|(business, size)| (business, rows.by_ref().take(size).collect()))
                .collect(),
            filings: self.filings.newest_filings(actor, FEW).await?,
            notices: self.notices.latest_notices(actor, FEW).await?,
        })
    }
}
