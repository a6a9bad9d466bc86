//! 重新分配: an administrator gives what an officer has in hand to a colleague who reviews there too (R62). The history
//! has it as given back by the administrator and claimed by the colleague; both are told.

use std::collections::BTreeSet;

use domain::filing::{FilingEvent, FilingState};
use domain::notice::NoticeKind;
use domain::route;
use domain::schema::{Fault, fault};
use domain::view::OfficerChoice;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::json;

use crate::account::Accounts;
use crate::account::notice::Notices;
use crate::account::reviewers::{Reviewer, Reviewing};
use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{Transaction, plausible_id};
use crate::base::entity::{filing, record};
use crate::base::error::{Error, Result};
use crate::base::region;
use crate::base::retry::retry;
use crate::desk::access::is_of;
use crate::desk::claim::{FilingClaims, claimed_together, reason_in};
use crate::desk::load::Loads;
use crate::filing::Filings;
use crate::state::history::{self, Who};
use crate::state::transition;

handle! {
    /// Giving what one officer has in hand to another.
    Reassignments {
        accounts: Accounts,
        filing_claims: FilingClaims,
        filings: Filings,
        loads: Loads,
        notices: Notices,
    }
}

/// Officers of one county and of the regions around it; more than ever are.
const MOST: u64 = 500;

/// What the claim of the colleague says in the history.
const GIVEN: &str = "由管理员重新分配";

/// A filing that is given to somebody, as it was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Reassignment<'a> {
    pub filing: &'a str,
    /// That of the page.
    pub version: i64,
    /// Whom to.
    pub officer: &'a str,
    pub reason: &'a str,
}

impl Reassignments {
    /// To whom a filing can be given that somebody has, with how much each has in hand; whoever has least first.
    pub(crate) async fn choices(
        &self,
        on: &impl ConnectionTrait,
        row: &filing::Model,
        subject: &record::Model,
    ) -> Result<Vec<OfficerChoice>> {
        let now = self.context.clock.now();
        let there = self.accounts.reviewers(on, Reviewing::Covering(&row.jurisdiction), MOST, now).await?;
        let may = |reviewer: &Reviewer| {
            let person = reviewer.person_id.as_ref();
            person
                .is_some_and(|person| !is_of(person, row, subject) && Some(person) != row.claimed_by.as_ref())
                && !reviewer.is_away
        };
        let there: Vec<Reviewer> = there.into_iter().filter(may).collect();
        let people: Vec<String> = there.iter().filter_map(|reviewer| reviewer.person_id.clone()).collect();
        let in_hand = self.loads.in_hand(on, &people).await?;
        let choice = |reviewer: Reviewer| {
            let id = reviewer.person_id?;
            let in_hand = in_hand.get(&id).copied().unwrap_or(0);
            let region = region::full_name(&reviewer.region).unwrap_or_default();
            Some(OfficerChoice { id, name: reviewer.name, region, in_hand })
        };
        let mut choices: Vec<OfficerChoice> = there.into_iter().filter_map(choice).collect();
        choices.sort_by_key(|choice| (choice.in_hand, choice.name.clone(), choice.id.clone()));
        Ok(choices)
    }

    /// Gives a filing, with everything that was claimed together, to another officer of its region.
    ///
    /// # Errors
    /// `NotFound` for one that is not put to officers, `Refused` with what happened when nobody has it any more, `Faults`
    /// where it cannot be given to this officer, somebody else has it by now, or there is no reason.
    pub async fn reassign(&self, actor: &Actor, asked: Reassignment<'_>) -> Result<()> {
        retry!(self.try_reassign(actor, asked))
    }

    async fn try_reassign(&self, actor: &Actor, asked: Reassignment<'_>) -> Result<()> {
        actor.must_administer()?;
        let row = filing::Entity::find_by_id(plausible_id(asked.filing)?).one(self.context.db.read()).await?;
        let row = row.filter(|row| row.is_reviewable).ok_or(Error::NotFound)?;
        let who = Who::administrator(actor);
        let tx = self.context.db.begin().await?;
        let subject = transition::lock_subject(&tx, &row.subject_id).await?;
        let mut together = claimed_together(&tx, &subject, &row).await?;
        together.retain(|one| one.state == FilingState::InReview.code());
        let Some(held) = together.iter().find(|one| one.id == row.id) else {
            return Err(self.filing_claims.overtaken(&tx, &row.id, &who).await?);
        };
        let mut faults = Vec::new();
        if held.version != asked.version {
            let happened = match self.filing_claims.overtaken(&tx, &row.id, &who).await? {
                Error::Refused(refused) => refused.sentence,
                other => return Err(other),
            };
            faults.push(fault("officer", format!("{happened}，请核对后重新选择")));
        } else if let Some(wrong) = self.why_not(&tx, asked.officer, held, &together, &subject).await? {
            faults.push(wrong);
        }
        let reason = match reason_in(asked.reason, "重新分配") {
            Ok(reason) => reason,
            Err(Error::Faults(wrong)) => {
                faults.extend(wrong);
                String::new()
            }
            Err(error) => return Err(error),
        };
        if !faults.is_empty() {
            return Err(Error::Faults(faults));
        }
        self.hand_over(&tx, &together, asked.officer, &reason, &who).await?;
        // Its businesses may have come to nothing while the subject was claimed (R15).
        self.filings.settle_bundle(&tx, &subject.id).await?;
        let references: Vec<&str> = together.iter().map(|one| one.reference.as_str()).collect();
        let detail = json!({
            "references": references,
            "officer_before": held.claimed_by,
            "officer": asked.officer,
            "reason": reason,
        });
        tx.tell_changed(&row);
        self.context.audit(&tx, Some(actor), "filing.reassign", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Gives each to the officer who does not have it yet, and tells both.
    async fn hand_over(
        &self,
        tx: &Transaction,
        together: &[filing::Model],
        officer: &str,
        reason: &str,
        who: &Who,
    ) -> Result<()> {
        let now = self.context.clock.now();
        let colleague = Who { actor_id: Some(officer.to_owned()), role: history::REVIEWER };
        for one in together.iter().filter(|one| one.claimed_by.as_deref() != Some(officer)) {
            let free =
                transition::filing(tx, one, FilingEvent::Release, who.clone(), reason, &[], now).await?;
            transition::filing(tx, &free, FilingEvent::Claim, colleague.clone(), GIVEN, &[], now).await?;
            let link = Some(route::review_filing(&one.id));
            if let Some(holder) = &one.claimed_by {
                let text =
                    format!("您领取的申请单（编号 {}）已由管理员重新分配给其他民警：{reason}", one.reference);
                self.notices.notify(tx, holder, NoticeKind::Desk, text, link.clone()).await?;
            }
            let minutes = self.context.settings.claim_minutes;
            let text = format!(
                "管理员将申请单（编号 {}）分配给您办理：{reason}。{minutes} 分钟内没有操作的，自动释放回队列",
                one.reference
            );
            self.notices.notify(tx, officer, NoticeKind::Desk, text, link).await?;
        }
        Ok(())
    }

    /// Why these cannot be given to somebody.
    async fn why_not(
        &self,
        on: &Transaction,
        officer: &str,
        held: &filing::Model,
        together: &[filing::Model],
        subject: &record::Model,
    ) -> Result<Option<Fault>> {
        let sentence = |text: &str| Ok(Some(fault("officer", text)));
        if officer.is_empty() {
            return sentence("请选择接办的民警");
        }
        if held.claimed_by.as_deref() == Some(officer) {
            return sentence("该申请单已由这名民警办理，请选择其他民警");
        }
        if together.iter().any(|one| is_of(officer, one, subject)) {
            return sentence("不能分配给申请人本人，请选择其他民警");
        }
        let now = self.context.clock.now();
        let places: BTreeSet<&str> = together.iter().map(|one| one.jurisdiction.as_str()).collect();
        for place in places {
            let there = self.accounts.reviewers(on, Reviewing::Covering(place), MOST, now).await?;
            let known: Vec<&Reviewer> =
                there.iter().filter(|reviewer| reviewer.person_id.as_deref() == Some(officer)).collect();
            if known.is_empty() {
                return sentence("这名民警不负责该申请单的管辖地，请选择其他民警");
            }
            if known.iter().all(|reviewer| reviewer.is_away) {
                return sentence("这名民警的角色已暂停或账户已停用，请选择其他民警");
            }
        }
        Ok(None)
    }
}
