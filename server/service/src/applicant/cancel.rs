//! Cancelling a subject, a website … (R22, R23, R36): the identity check, then a filing like any
//! other. What approval does stands in `decide`.

use domain::action::Action;
use domain::business::{Business, identity};
use domain::procedure::Procedure;
use domain::route;
use domain::schema::fault;
use domain::view::{CancelRequest, CancelView, IdentityPurpose, IdentityView, Submitted};

use crate::account::Accounts;
use crate::applicant::draft::Opening;
use crate::applicant::identity_check::{IdentityChecks, VerifiedIdentity};
use crate::applicant::submit::{STALE_PAGE, Submissions, filed_under, is_usable_key};
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::entity::filing;
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::filing::record::Records;
use crate::filing::{Filings, eligibility};
use crate::state::row::business_of;

handle! {
    /// 注销.
    Cancellations {
        accounts: Accounts,
        filings: Filings,
        identity_checks: IdentityChecks,
        records: Records,
        submissions: Submissions,
    }
}

impl Cancellations {
    /// 注销主体, 注销网站 …: what would end, what must be typed, why not. Without a record the current
    /// subject is meant; other businesses are chosen from their list. With `check`, what was typed last
    /// with its faults.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's.
    pub async fn cancel_view(
        &self,
        actor: &Actor,
        business: Business,
        record: Option<&str>,
        check: bool,
    ) -> Result<CancelView> {
        let on = self.context.db.read();
        business.form();
        let procedure = Procedure::new(business, Action::Cancel);
        let mut view = CancelView {
            procedure,
            record: None,
            refused: None,
            attached: Vec::new(),
            open_filings: 0,
            identity: IdentityView::default(),
        };
        let id = match record {
            Some(id) => id.to_owned(),
            None if business == Business::Subject => match self.accounts.current_subject(actor).await? {
                Some(subject) => subject.id,
                None => {
                    let eligibility = eligibility::eligibility_of(on, actor, None, &[]).await?;
                    view.refused = eligibility.refusal(procedure, None)?;
                    return Ok(view);
                }
            },
            None => return Err(Error::NotFound),
        };
        let identity_check =
            self.identity_checks.identity_check(on, actor, IdentityPurpose::Cancel, &id, false).await?;
        if business_of(&identity_check.record)? != business {
            return Err(Error::NotFound);
        }
        view.refused = self.identity_checks.refusal_of(on, actor, &identity_check).await?;
        if business == Business::Subject {
            view.attached = self.identity_checks.attached(&identity_check.subject.id).await?;
            view.open_filings = eligibility::open_filings(on, &identity_check.subject.id).await?;
        }
        view.identity = self.identity_checks.identity_view(actor, &identity_check, check).await?;
        let rows = self
            .records
            .record_rows(actor, Some(identity_check.subject), vec![identity_check.record])
            .await?;
        view.record = rows.into_iter().next();
        Ok(view)
    }

    /// 【注销】/【确认】: makes the filing, and the record is 注销中 from now on. The same key answers with
    /// the same filing (R75).
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's; what the person can do something about is `Faults`, at the
    /// addresses of the identity form, or `Refused`.
    pub async fn submit_cancel(&self, actor: &Actor, request: &CancelRequest) -> Result<Submitted> {
        if !is_usable_key(&request.key) {
            return Ok(Submitted::Faults(vec![fault("", STALE_PAGE)]));
        }
        let on = self.context.db.read();
        let key = format!("{}/{}", actor.person_id, request.key);
        if let Some(id) = filed_under(on, &key).await? {
            return Ok(Submitted::Filing(id));
        }
        self.accounts.must_be_fresh(actor).await?;
        let proven = match self.prove_cancel(actor, request).await? {
            Ok(proven) => proven,
            // A double click: the other one may just have spent the code.
            Err(refusal) => {
                let filed = filed_under(on, &key).await?;
                return Ok(filed.map_or(refusal, Submitted::Filing));
            }
        };
        let mut tries = 0;
        loop {
            match retry!(self.try_cancel(actor, request, &proven, &key)) {
                Ok(id) => return Ok(Submitted::Filing(id)),
                // Another submit has just taken the key or the record; the next look finds it.
                Err(error) if error.is_unique_violation() && tries < 3 => tries += 1,
                Err(Error::Refused(refused)) => return Ok(Submitted::Refused(refused)),
                Err(error) => return Err(error),
            }
        }
    }

    async fn prove_cancel(
        &self,
        actor: &Actor,
        request: &CancelRequest,
    ) -> Result<Result<VerifiedIdentity, Submitted>> {
        let on = self.context.db.read();
        let identity_check = self
            .identity_checks
            .identity_check(on, actor, IdentityPurpose::Cancel, &request.record, false)
            .await?;
        if business_of(&identity_check.record)? != request.business {
            return Err(Error::NotFound);
        }
        if let Some(refused) = self.identity_checks.refusal_of(on, actor, &identity_check).await? {
            return Ok(Err(Submitted::Refused(refused)));
        }
        let proven =
            self.identity_checks.prove_identity(actor, &identity_check, &request.answers, Vec::new()).await?;
        Ok(proven.map_err(Submitted::Faults))
    }

    async fn try_cancel(
        &self,
        actor: &Actor,
        request: &CancelRequest,
        proven: &VerifiedIdentity,
        key: &str,
    ) -> Result<String> {
        let tx = self.context.db.begin().await?;
        let identity_check = self
            .identity_checks
            .identity_check(&tx, actor, IdentityPurpose::Cancel, &request.record, true)
            .await?;
        // Asked with the subject locked: a double click has made it by now, or never will.
        if let Some(id) = filed_under(&tx, key).await? {
            return Ok(id);
        }
        if let Some(refused) = self.identity_checks.refusal_of(&tx, actor, &identity_check).await? {
            return Err(Error::Refused(refused));
        }
        self.identity_checks.consume(&tx, actor, &identity_check, proven).await?;
        let opening = Opening {
            procedure: Procedure::new(request.business, Action::Cancel),
            form: identity_check.form(),
            draft: None,
            subject: Some(identity_check.subject),
            record: Some(identity_check.record),
            filing: None,
            me: None,
        };
        let row =
            self.submissions.file(&tx, actor, opening, identity::filed(proven.answers.clone()), key).await?;
        tx.commit().await?;
        Ok(row.id)
    }

    /// A cancellation that was withdrawn or came back (R17, R53): its page, filled with what was filed
    /// and the reviewer's words beside the fields. The proofs are typed anew.
    pub(crate) async fn cancel_again(&self, actor: &Actor, row: &filing::Model) -> Result<String> {
        let business = Business::from_code(&row.business).ok_or(Error::NotFound)?;
        let answers = self.filings.filing_answers(row)?;
        let (_, remarks) = self.filings.return_remarks(self.context.db.read(), &row.id).await?;
        self.identity_checks
            .stash_identity(actor, IdentityPurpose::Cancel, &row.record_id, &answers, &remarks)
            .await?;
        Ok(format!("{}&check=1", route::cancel(business, &row.record_id)))
    }
}
