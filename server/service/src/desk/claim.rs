//! Who works on a filing (R62): claiming, the next by age, giving back, a lease that lapses, taking
//! over by an administrator, handing to another region. Each locks the subject first, then the filings.

use domain::business::Business;
use domain::filing::{FilingEvent, FilingState};
use domain::notice::NoticeKind;
use domain::record::RecordState;
use domain::route;
use domain::schema::fault;
use domain::value::text;
use domain::view::{ClaimRow, Paged, QueueRequest};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::Accounts;
use crate::account::notice::Notices;
use crate::base::actor::Actor;
use crate::base::change::What;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, new_id, plausible_id};
use crate::base::entity::{filing, record};
use crate::base::error::{Error, Result, chain};
use crate::base::paging::{PAGE, split_page};
use crate::base::region;
use crate::base::region::region_name;
use crate::base::retry::retry;
use crate::desk::access::{DeskAccess, is_claimed_by, own_filing};
use crate::desk::queue::Queues;
use crate::desk::undo::{Act, Told, Undos};
use crate::filing::Filings;
use crate::state::history::Who;
use crate::state::row::{open_states, procedure_of, record_state};
use crate::state::scene::{Reach, Scene};
use crate::state::{history, transition};

handle! {
    /// 领取, 释放, and what happens to a claim nobody works on.
    FilingClaims {
        accounts: Accounts,
        desk_access: DeskAccess,
        filings: Filings,
        notices: Notices,
        queues: Queues,
        undos: Undos,
    }
}

/// Longest reason of a take-over or of a transfer, in characters.
const LONGEST_REASON: usize = 200;

/// A sign of life is written down at most so often.
const TOUCH: Duration = Duration::minutes(1);

/// How many of the oldest are read at a time, to try one after the other.
const CANDIDATES: u64 = 20;

/// Lapsed claims read at a time.
const LAPSED_AT_ONCE: u64 = 200;

/// A filing on which an officer acts, with its subject's lock: what is decided about one subject
/// happens one after the other.
pub(crate) struct Locked {
    pub tx: Transaction,
    pub subject: record::Model,
    pub row: filing::Model,
    pub who: Who,
    /// Read under the lock: the history is ordered by it.
    pub now: OffsetDateTime,
}

impl FilingClaims {
    /// Begins what an officer does to a filing: it lies in the region, its subject is locked, and the
    /// row is as it stands under the lock.
    pub(crate) async fn locked(&self, actor: &Actor, id: &str) -> Result<Locked> {
        let seen = self.desk_access.reviewable(self.context.db.read(), actor, id).await?;
        let tx = self.context.db.begin().await?;
        let subject = transition::lock_subject(&tx, &seen.subject_id).await?;
        let row = self.desk_access.reviewable(&tx, actor, id).await?;
        Ok(Locked { tx, subject, row, who: Who::reviewer(actor), now: self.context.clock.now() })
    }

    /// What happened meanwhile, with the colleague's name: officers may ask each other.
    pub(crate) async fn overtaken(&self, on: &impl ConnectionTrait, id: &str, who: &Who) -> Result<Error> {
        let Some(last) = history::last_line(on, id).await? else { return Ok(Error::NotFound) };
        let names = match history::colleague(&last, who) {
            Some(officer) => self.accounts.staff_names(on, std::slice::from_ref(officer)).await?,
            None => Default::default(),
        };
        let name = last.actor_id.as_ref().and_then(|officer| names.get(officer)).map(String::as_str);
        Ok(Error::refused(history::what_happened(&last, who, name)))
    }

    fn lease(&self) -> Duration {
        Duration::minutes(self.context.settings.claim_minutes)
    }

    /// Nobody has done anything about this claim for as long as a claim lasts.
    pub(crate) fn has_lapsed(&self, row: &filing::Model, now: OffsetDateTime) -> bool {
        let seen = row.claim_seen_at.or(row.claimed_at);
        row.state == FilingState::InReview.code()
            // Whoever waits for an answer is not idle.
            && row.waiting_since.is_none()
            && seen.is_some_and(|seen| instant(seen) + self.lease() <= now)
    }

    /// Takes a filing, so that nobody else can decide it (R62); a subject that is new goes with its
    /// businesses, all or none. Claiming again what one has is no error.
    ///
    /// # Errors
    /// `Refused` with what happened, when one of them is taken or closed.
    pub async fn claim(&self, actor: &Actor, id: &str) -> Result<()> {
        self.claim_within(actor, id, None).await
    }

    /// The same as a part of an act that is taken back as a whole.
    pub(crate) async fn claim_within(&self, actor: &Actor, id: &str, act: Option<&str>) -> Result<()> {
        retry!(self.try_claim(actor, id, act))
    }

    async fn try_claim(&self, actor: &Actor, id: &str, act: Option<&str>) -> Result<()> {
        let Locked { tx, subject, row, who, now } = self.locked(actor, id).await?;
        let together = claimed_together(&tx, &subject, &row).await?;
        if !together.iter().any(|one| one.id == row.id) {
            return Err(self.overtaken(&tx, &row.id, &who).await?);
        }
        let scene = scene_of(&tx, &subject, Reach::Filings, act).await?;
        let mut claimed = Vec::new();
        for one in together {
            if !actor.covers(&one.jurisdiction) {
                return Err(Error::NotFound);
            }
            if let Some(refused) = own_filing(actor, &one, &subject) {
                return Err(Error::Refused(refused));
            }
            if is_claimed_by(&one, actor) {
                continue;
            }
            let one = match self.has_lapsed(&one, now) {
                true => self.lapse_claim(&tx, &one, now).await?,
                false => one,
            };
            if one.state != FilingState::Pending.code() {
                return Err(self.overtaken(&tx, &one.id, &who).await?);
            }
            transition::filing(&tx, &one, FilingEvent::Claim, who.clone(), "", &[], now).await?;
            claimed.push(one.reference);
        }
        if claimed.is_empty() {
            return Ok(());
        }
        self.keep_act(&tx, actor, act, scene, FilingEvent::Claim, &row, Vec::new(), now).await?;
        let detail = json!({ "references": claimed });
        tx.tell_changed(&row);
        self.context.audit(&tx, Some(actor), "filing.claim", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// 领取下一件: claims the filing that has waited longest among those that the request asks for, and
    /// gives its id. Two officers who ask at once get two.
    ///
    /// # Errors
    /// `Refused` where nothing waits.
    pub async fn claim_next(&self, actor: &Actor, request: &QueueRequest) -> Result<String> {
        let waiting = QueueRequest {
            state: FilingState::Pending.code().to_owned(),
            after: String::new(),
            sort: String::new(),
            ..request.clone()
        };
        let mut after = None;
        loop {
            let some = self.queues.oldest(actor, &waiting, after.take(), CANDIDATES).await?;
            let Some(last) = some.last().cloned() else {
                return Err(Error::refused("没有等待领取的申请单"));
            };
            for (_, id) in some {
                match self.claim(actor, &id).await {
                    Ok(()) => return Ok(id),
                    // A colleague was quicker, it is one's own, or it left the region: the next one.
                    Err(Error::Refused(_) | Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            after = Some(last);
        }
    }

    /// The next filing of the same bundle that is in the officer's hands, the subject's first.
    pub async fn next_in_hand(&self, actor: &Actor, id: &str) -> Result<Option<String>> {
        let on = self.context.db.read();
        let row = self.desk_access.reviewable(on, actor, id).await?;
        let mut rows = filing::Entity::find()
            .filter(filing::Column::SubjectId.eq(&row.subject_id))
            .filter(filing::Column::State.eq(FilingState::InReview.code()))
            .filter(filing::Column::ClaimedBy.eq(&actor.person_id))
            .order_by_asc(filing::Column::Id)
            .all(on)
            .await?;
        rows.retain(|one| one.is_reviewable && actor.covers(&one.jurisdiction));
        Ok(in_order(rows).into_iter().map(|row| row.id).next())
    }

    /// Filings of one bundle in the order they are decided: the subject's first, then as they came.
    ///
    /// # Errors
    /// `NotFound` where one of them is not put to the officer, `Refused` where they are not of one subject.
    pub(crate) async fn subject_first(&self, actor: &Actor, ids: &[&str]) -> Result<Vec<filing::Model>> {
        let mut rows = Vec::new();
        for id in ids {
            rows.push(self.desk_access.reviewable(self.context.db.read(), actor, id).await?);
        }
        if rows.windows(2).any(|pair| matches!(pair, [one, other] if one.subject_id != other.subject_id)) {
            return Err(Error::refused("只有同一主体一并提交的申请单可以一并通过"));
        }
        Ok(in_order(rows))
    }

    /// Gives a claim back, with everything that was claimed together.
    pub async fn release(&self, actor: &Actor, id: &str) -> Result<()> {
        self.release_within(actor, id, None).await
    }

    /// The same as a part of an act that is taken back as a whole.
    pub(crate) async fn release_within(&self, actor: &Actor, id: &str, act: Option<&str>) -> Result<()> {
        retry!(self.try_release(actor, id, act))
    }

    async fn try_release(&self, actor: &Actor, id: &str, act: Option<&str>) -> Result<()> {
        let Locked { tx, subject, row, who, now } = self.locked(actor, id).await?;
        let scene = scene_of(&tx, &subject, Reach::Filings, act).await?;
        let mut together = claimed_together(&tx, &subject, &row).await?;
        together.retain(|one| is_claimed_by(one, actor));
        if !together.iter().any(|one| one.id == row.id) {
            return Err(self.overtaken(&tx, &row.id, &who).await?);
        }
        for one in &together {
            transition::filing(&tx, one, FilingEvent::Release, who.clone(), "", &[], now).await?;
        }
        // Its businesses may have come to nothing while the subject was claimed (R15).
        self.filings.settle_bundle(&tx, &subject.id).await?;
        self.keep_act(&tx, actor, act, scene, FilingEvent::Release, &row, Vec::new(), now).await?;
        let references: Vec<&str> = together.iter().map(|one| one.reference.as_str()).collect();
        let detail = json!({ "references": references });
        tx.tell_changed(&row);
        self.context.audit(&tx, Some(actor), "filing.release", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// The holder is at work: the lease begins anew, for everything that was claimed together. Written
    /// at most once a minute; no line of the audit log, as nothing changes.
    pub async fn keep_claim(&self, actor: &Actor, id: &str) -> Result<()> {
        let row = self.desk_access.reviewable(self.context.db.read(), actor, id).await?;
        let now = self.context.clock.now();
        let seen = row.claim_seen_at.map(instant);
        if !is_claimed_by(&row, actor) || seen.is_some_and(|seen| now - seen < TOUCH) {
            return Ok(());
        }
        retry!(self.touch_claim(actor, &row))
    }

    async fn touch_claim(&self, actor: &Actor, row: &filing::Model) -> Result<()> {
        let tx = self.context.db.begin().await?;
        filing::Entity::update_many()
            .col_expr(filing::Column::ClaimSeenAt, Expr::value(millis(self.context.clock.now())))
            .filter(filing::Column::SubjectId.eq(&row.subject_id))
            .filter(filing::Column::State.eq(FilingState::InReview.code()))
            .filter(filing::Column::ClaimedBy.eq(&actor.person_id))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn lapse_claim(
        &self,
        tx: &Transaction,
        row: &filing::Model,
        now: OffsetDateTime,
    ) -> Result<filing::Model> {
        let minutes = self.context.settings.claim_minutes;
        let note = format!("领取后超过 {minutes} 分钟没有操作，自动释放");
        let free = transition::filing(tx, row, FilingEvent::Release, Who::system(), &note, &[], now).await?;
        if let Some(officer) = &row.claimed_by {
            let text =
                format!("您领取的申请单（编号 {}）超过 {minutes} 分钟没有操作，已自动释放", row.reference);
            self.notices
                .notify(tx, officer, NoticeKind::Desk, text, Some(route::review_filing(&row.id)))
                .await?;
        }
        let detail = json!({ "reference": row.reference, "officer": row.claimed_by });
        tx.tell_changed(&free);
        self.context.audit(tx, None, "filing.lapse", "filing", &row.id, detail).await?;
        Ok(free)
    }

    /// Gives back the claims whose officers have done nothing for as long as a claim lasts; says how
    /// many. One that cannot be given back is logged and keeps no other. For the server to call every
    /// minute.
    ///
    /// # Errors
    /// When the idle claims cannot be read.
    pub async fn sweep_claims(&self) -> Result<u64> {
        let seen_before = millis(self.context.clock.now() - self.lease());
        // Claimed before there was that column.
        let unseen = Condition::all()
            .add(filing::Column::ClaimSeenAt.is_null())
            .add(filing::Column::ClaimedAt.lte(seen_before));
        let idle = Condition::any().add(filing::Column::ClaimSeenAt.lte(seen_before)).add(unseen);
        let mut freed = 0;
        let mut after = String::new();
        loop {
            let lapsed = filing::Entity::find()
                .filter(filing::Column::State.eq(FilingState::InReview.code()))
                .filter(idle.clone())
                .filter(filing::Column::WaitingSince.is_null())
                .filter(filing::Column::Id.gt(&after))
                .order_by_asc(filing::Column::Id)
                .limit(LAPSED_AT_ONCE)
                .all(self.context.db.read())
                .await?;
            let Some(last) = lapsed.last() else { return Ok(freed) };
            after.clone_from(&last.id);
            for row in lapsed {
                match retry!(self.try_lapse_claim(&row)) {
                    Ok(true) => freed += 1,
                    // The officer came back, or decided, at that moment.
                    Ok(false) | Err(Error::Refused(_) | Error::NotFound) => {}
                    Err(error) => {
                        tracing::error!(
                            filing = row.id,
                            error = chain(&error),
                            "an idle claim was not given back"
                        );
                    }
                }
            }
        }
    }

    async fn try_lapse_claim(&self, seen: &filing::Model) -> Result<bool> {
        let tx = self.context.db.begin().await?;
        let subject = transition::lock_subject(&tx, &seen.subject_id).await?;
        let now = self.context.clock.now();
        let row = filing::Entity::find_by_id(&seen.id).one(&tx).await?.ok_or(Error::NotFound)?;
        if !self.has_lapsed(&row, now) {
            return Ok(false);
        }
        self.lapse_claim(&tx, &row, now).await?;
        if self.filings.settle_bundle(&tx, &subject.id).await? {
            self.context.audit(&tx, None, "filing.settle", "record", &subject.id, json!({})).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// What is claimed everywhere, for administrators: what it is called, who has it and since when, without the
    /// answers (R60).
    pub async fn claims_held(&self, actor: &Actor, after: &str) -> Result<Paged<ClaimRow>> {
        self.claims_held_by(actor, "", after).await
    }

    /// The same of one officer, or of everybody.
    pub async fn claims_held_by(&self, actor: &Actor, officer: &str, after: &str) -> Result<Paged<ClaimRow>> {
        actor.must_administer()?;
        let on = self.context.db.read();
        let held = match officer {
            "" => in_hands(""),
            one => in_hands(plausible_id(one)?),
        };
        let total = sea_orm::PaginatorTrait::count(held.clone(), on).await?;
        let mut page = held;
        if let Ok(after) = plausible_id(after) {
            page = page.filter(filing::Column::Id.gt(after));
        }
        let mut rows = page.order_by_asc(filing::Column::Id).limit(PAGE + 1).all(on).await?;
        let next = split_page(&mut rows, |row| &row.id);
        let officers: Vec<String> = rows.iter().filter_map(|row| row.claimed_by.clone()).collect();
        let names = if officers.is_empty() {
            Default::default()
        } else {
            self.accounts.staff_names(on, &officers).await?
        };
        let now = self.context.clock.now();
        let rows = rows
            .into_iter()
            .map(|row| {
                let officer = row.claimed_by.as_ref().and_then(|id| names.get(id)).cloned();
                let seen = row.claim_seen_at.or(row.claimed_at).map(instant);
                Ok(ClaimRow {
                    procedure: procedure_of(&row)?,
                    title: row.title,
                    subject_name: row.subject_name,
                    officer_id: row.claimed_by.unwrap_or_default(),
                    jurisdiction: region_name(&row.jurisdiction),
                    officer: officer.unwrap_or_default(),
                    claimed_at: row.claimed_at.map(instant).map(written).unwrap_or_default(),
                    idle_minutes: seen.map_or(0, |seen| (now - seen).whole_minutes().max(0)),
                    reference: row.reference,
                    id: row.id,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Paged { rows, total, next, is_later: !after.is_empty() })
    }

    /// An administrator takes claims away from an officer (R62). Who reviews that region too has
    /// them then; otherwise they go back to the queue.
    pub async fn take_over(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        retry!(self.try_take_over(actor, id, reason))
    }

    async fn try_take_over(&self, actor: &Actor, id: &str, reason: &str) -> Result<()> {
        actor.must_administer()?;
        let reason = reason_in(reason, "接管")?;
        let row = filing::Entity::find_by_id(plausible_id(id)?).one(self.context.db.read()).await?;
        let row = row.filter(|row| row.is_reviewable).ok_or(Error::NotFound)?;
        let who = Who::administrator(actor);
        let tx = self.context.db.begin().await?;
        let subject = transition::lock_subject(&tx, &row.subject_id).await?;
        let now = self.context.clock.now();
        let mut together = claimed_together(&tx, &subject, &row).await?;
        together.retain(|one| one.state == FilingState::InReview.code() && !is_claimed_by(one, actor));
        if !together.iter().any(|one| one.id == row.id) {
            return Err(self.overtaken(&tx, &row.id, &who).await?);
        }
        for one in &together {
            let free =
                transition::filing(&tx, one, FilingEvent::Release, who.clone(), &reason, &[], now).await?;
            if actor.covers(&free.jurisdiction) && own_filing(actor, &free, &subject).is_none() {
                transition::filing(&tx, &free, FilingEvent::Claim, who.clone(), "", &[], now).await?;
            }
            if let Some(officer) = &one.claimed_by {
                let text = format!("您领取的申请单（编号 {}）已由管理员收回：{reason}", one.reference);
                self.notices
                    .notify(&tx, officer, NoticeKind::Desk, text, Some(route::review_filing(&one.id)))
                    .await?;
            }
        }
        // Its businesses may have come to nothing while the subject was claimed (R15).
        self.filings.settle_bundle(&tx, &subject.id).await?;
        let references: Vec<&str> = together.iter().map(|one| one.reference.as_str()).collect();
        let detail = json!({ "references": references, "reason": reason });
        tx.tell_changed(&row);
        self.context.audit(&tx, Some(actor), "filing.take_over", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    /// 移送: what came to the wrong region goes to the right one, a new subject with its businesses.
    /// It waits there as it came, and what approval issues is that region's.
    ///
    /// # Errors
    /// `Refused` while a colleague has it, `Faults` for a region that is none or no reason.
    pub async fn transfer_filing(&self, actor: &Actor, id: &str, region: &str, reason: &str) -> Result<()> {
        let act = new_id(self.context.clock.now());
        self.transfer_within(actor, id, region, reason, &act).await
    }

    /// The same as a part of an act that is taken back as a whole.
    pub(crate) async fn transfer_within(
        &self,
        actor: &Actor,
        id: &str,
        region: &str,
        reason: &str,
        act: &str,
    ) -> Result<()> {
        retry!(self.try_transfer(actor, id, region, reason, act))
    }

    async fn try_transfer(&self, actor: &Actor, id: &str, to: &str, reason: &str, act: &str) -> Result<()> {
        let reason = reason_in(reason, "移送")?;
        if !region::is_leaf(to) {
            return Err(Error::Faults(vec![fault("region", "请选择移送到的区县")]));
        }
        let Locked { tx, subject, row, who, now } = self.locked(actor, id).await?;
        let together = claimed_together(&tx, &subject, &row).await?;
        if !together.iter().any(|one| one.id == row.id) {
            return Err(self.overtaken(&tx, &row.id, &who).await?);
        }
        if row.jurisdiction == to {
            return Err(Error::refused("该申请单已由此地区管辖"));
        }
        let scene = scene_of(&tx, &subject, Reach::Subject, Some(act)).await?;
        let note = format!("由{}移送至{}：{reason}", region_name(&row.jurisdiction), region_name(to));
        for one in &together {
            if let Some(refused) = own_filing(actor, one, &subject) {
                return Err(Error::Refused(refused));
            }
            if one.state == FilingState::InReview.code() && !is_claimed_by(one, actor) {
                return Err(self.overtaken(&tx, &one.id, &who).await?);
            }
            let after = transition::transfer(&tx, one, to, who.clone(), &note, now).await?;
            tx.tell(What::Arrived, &after, Some(one.jurisdiction.clone()));
        }
        // Its businesses may have come to nothing while the subject was claimed (R15).
        self.filings.settle_bundle(&tx, &subject.id).await?;
        if record_state(&subject)? == RecordState::Pending {
            // What is filed for this subject from now on follows it.
            record::Entity::update_many()
                .col_expr(record::Column::Jurisdiction, Expr::value(to))
                .filter(record::Column::SubjectId.eq(&subject.id))
                .exec_with_returning(&tx)
                .await?;
        }
        let person = subject.owner_id.as_ref().unwrap_or(&row.applicant_id);
        let text = format!("您的申请（编号 {}）已移送{}公安机关审核", row.reference, region_name(to));
        let told = vec![Told::new(person, NoticeKind::Progress, text, route::filing(&row.id))];
        self.keep_act(&tx, actor, Some(act), scene, FilingEvent::Transfer, &row, told, now).await?;
        let references: Vec<&str> = together.iter().map(|one| one.reference.as_str()).collect();
        let detail =
            json!({ "references": references, "from": row.jurisdiction, "to": to, "reason": reason });
        self.context.audit(&tx, Some(actor), "filing.transfer", "filing", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }

    #[allow(clippy::too_many_arguments)] // what an act is
    async fn keep_act(
        &self,
        tx: &Transaction,
        actor: &Actor,
        act: Option<&str>,
        scene: Option<Scene>,
        event: FilingEvent,
        filing: &filing::Model,
        told: Vec<Told>,
        now: OffsetDateTime,
    ) -> Result<()> {
        match (act, scene) {
            (Some(id), Some(scene)) => {
                self.undos.keep(tx, actor, Act { id, event, filing, scene, told }, now).await
            }
            _ => Ok(()),
        }
    }
}

/// What is in one officer's hands, or in anybody's.
pub(crate) fn in_hands(officer: &str) -> Select<filing::Entity> {
    let held = filing::Entity::find()
        .filter(filing::Column::IsReviewable.eq(true))
        .filter(filing::Column::State.eq(FilingState::InReview.code()));
    match officer {
        "" => held,
        one => held.filter(filing::Column::ClaimedBy.eq(one)),
    }
}

/// The subject's filing first, then its businesses as they came.
fn in_order(mut rows: Vec<filing::Model>) -> Vec<filing::Model> {
    rows.sort_by(|one, other| {
        let key = |row: &filing::Model| (row.business != Business::Subject.code(), row.id.clone());
        key(one).cmp(&key(other))
    });
    rows
}

/// How everything stands before an act that can be taken back.
async fn scene_of(
    on: &impl ConnectionTrait,
    subject: &record::Model,
    reach: Reach,
    act: Option<&str>,
) -> Result<Option<Scene>> {
    match act {
        Some(_) => Scene::read(on, &subject.id, reach).await.map(Some),
        None => Ok(None),
    }
}

/// A reason in words, or why it is none.
pub(crate) fn reason_in(text: &str, what: &str) -> Result<String> {
    let text = text::tidy(text);
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        return Err(Error::Faults(vec![fault(
            "reason",
            format!("请填写{what}的理由，不超过 {LONGEST_REASON} 字"),
        )]));
    }
    Ok(text.to_owned())
}

/// What must be claimed together, locked, in the order of their ids: a subject that was never
/// approved goes with its businesses (R15), anything else alone.
pub(crate) async fn claimed_together(
    on: &impl ConnectionTrait,
    subject: &record::Model,
    row: &filing::Model,
) -> Result<Vec<filing::Model>> {
    let open = filing::Entity::find().filter(open_states()).filter(filing::Column::IsReviewable.eq(true));
    let together = match record_state(subject)? {
        RecordState::Pending => open.filter(filing::Column::SubjectId.eq(&subject.id)),
        RecordState::Active
        | RecordState::Changing
        | RecordState::Cancelling
        | RecordState::Transferring
        | RecordState::Cancelled
        | RecordState::Void => open.filter(filing::Column::Id.eq(&row.id)),
    };
    Ok(together.order_by_asc(filing::Column::Id).lock_exclusive().all(on).await?)
}
