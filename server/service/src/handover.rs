//! Handing a subject over to another person and receiving it (R24, R25). One row says that it is on
//! its way; whoever ends it first, by receiving, refusing, revoking or letting it lapse, wins.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::business::Business;
use domain::business::identity;
use domain::mask::{Mask, mask};
use domain::record::{RecordEvent, RecordState};
use domain::schema::{Fault, fault};
use domain::sheet::{Sheet, Shown, Sight, sheet};
use domain::value::text::comparison_key;
use domain::view::{
    HandoverList, HandoverRow, HandoverSearch, HandoverView, IdentityPurpose, IdentityView, OfferedHandover,
    TransferRequest, TransferView,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::clock::{days_left, written};
use crate::db::{Transaction, instant, millis, plausible_id};
use crate::entity::{handover, person, record};
use crate::error::{Error, Result};
use crate::held::Held;
use crate::identity::{Gate, Proven};
use crate::person::{Claims, id_no_hash, mobile_hash, one_line};
use crate::record::file_ids;
use crate::region::KnownRegions;
use crate::submit::STALE_PAGE;
use crate::transition::{self, HANDOVER_OPEN, HandoverEnd, record_state};
use crate::{Actor, Service, again};

/// Nobody received it for so long: it lapses (R24).
const OPEN_FOR: Duration = Duration::days(15);
/// Subjects that wait for one person; nobody is handed more at once.
const MOST_WAITING: u64 = 100;
const LAPSED_AT_ONCE: u64 = 200;

const TRANSFER_PAGE: &str = "/subject/transfer";
const RECEIVE_PAGE: &str = "/subject/receive";

/// Longest of what is searched by.
const LONGEST_SEARCH: usize = 40;

/// Where a person's search is held: names and numbers stand in no address.
fn search_slot(actor: &Actor) -> String {
    format!("{}/receive", actor.person_id)
}

pub(crate) fn sealed_mobile(id: &str) -> String {
    format!("handover/{id}/receiver_mobile")
}

fn has_lapsed(row: &handover::Model, now: OffsetDateTime) -> bool {
    now - instant(row.created_at) >= OPEN_FOR
}

/// Addressed to this person, by verified number and paper (R25).
fn addressed_to(person: &person::Model) -> Condition {
    Condition::all()
        .add(handover::Column::ReceiverMobileHash.eq(&person.mobile_hash))
        .add(handover::Column::ReceiverIdNoHash.eq(&person.id_no_hash))
        .add(handover::Column::GiverId.ne(&person.id))
}

/// Finds what one sees, or knows in full. A search never shows more than the stars do.
fn finds(wanted: &str, shape: Mask, value: &str) -> bool {
    let wanted = comparison_key(wanted);
    let is_seen = || comparison_key(&mask(shape, value)).split('*').any(|part| part.contains(&wanted));
    wanted.is_empty() || comparison_key(value) == wanted || (!wanted.contains('*') && is_seen())
}

impl Service {
    /// 移交主体: the subject, what must be typed, and a handover under way. Without an id the current
    /// subject is meant. With `check`, what was typed last with its faults.
    ///
    /// # Errors
    /// `NotFound` for a subject that is not the actor's.
    pub async fn transfer_view(
        &self,
        actor: &Actor,
        subject: Option<&str>,
        check: bool,
    ) -> Result<TransferView> {
        let on = self.db.read();
        let mut view = TransferView {
            subject: None,
            sheet: None,
            files: BTreeMap::new(),
            refused: None,
            offered: None,
            identity: IdentityView::default(),
        };
        let id = match subject {
            Some(id) => id.to_owned(),
            None => match self.current_subject(actor).await? {
                Some(subject) => subject.id,
                None => {
                    view.refused = self.ground(on, actor, None, &[]).await?.transfer_refusal(0)?;
                    return Ok(view);
                }
            },
        };
        let gate = self.gate(on, actor, IdentityPurpose::Transfer, &id, false).await?;
        let open = self.open_handover(on, &gate.subject.id).await?;
        match &open {
            Some(row) => view.offered = Some(self.offered(row)?),
            None => {
                view.refused = self.gate_refusal(on, actor, &gate).await?;
                view.identity = self.identity_view(actor, &gate, check).await?;
            }
        }
        let answers = self.record_answers(&gate.subject)?;
        let form = Business::Subject.form();
        view.sheet = Some(sheet(form, &answers, &KnownRegions, Sight::Masked));
        view.files.extend(self.file_views(&file_ids(form, &answers)).await?);
        let rows = self.record_rows(actor, Some(gate.subject), vec![gate.record]).await?;
        view.subject = rows.into_iter().next();
        Ok(view)
    }

    fn offered(&self, row: &handover::Model) -> Result<OfferedHandover> {
        let mobile = self.keys.open_text(&sealed_mobile(&row.id), &row.receiver_mobile_sealed)?;
        let created = instant(row.created_at);
        Ok(OfferedHandover {
            receiver_mobile: mask(Mask::Mobile, &mobile),
            created_at: written(created),
            ends_at: written(created + OPEN_FOR),
            days_left: days_left(instant(row.created_at), OPEN_FOR, self.clock.now()),
        })
    }

    async fn open_handover(
        &self,
        on: &impl ConnectionTrait,
        subject_id: &str,
    ) -> Result<Option<handover::Model>> {
        Ok(handover::Entity::find()
            .filter(handover::Column::SubjectId.eq(subject_id))
            .filter(handover::Column::State.eq(HANDOVER_OPEN))
            .one(on)
            .await?)
    }

    /// 【移交】: the subject is 移交中 until the recipient receives it. The same key does it once (R75).
    ///
    /// # Errors
    /// `NotFound` for a subject that is not the actor's, `Faults` at the addresses of the identity form,
    /// `Refused` where it cannot be handed over now.
    pub async fn offer_transfer(&self, actor: &Actor, request: &TransferRequest) -> Result<()> {
        // The page's key becomes the handover's id.
        if plausible_id(&request.key).is_err() {
            return Err(Error::Faults(vec![fault("", STALE_PAGE)]));
        }
        let on = self.db.read();
        if was_offered(on, actor, request).await? {
            return Ok(());
        }
        self.must_be_fresh(actor).await?;
        let proven = match self.prove_transfer(actor, request).await {
            Ok(proven) => proven,
            // A double click: the other one may just have spent the code.
            Err(error) => return if was_offered(on, actor, request).await? { Ok(()) } else { Err(error) },
        };
        let mut tries = 0;
        loop {
            match again!(self.try_offer(actor, request, &proven)) {
                // Another offer was quicker; the next look finds it.
                Err(error) if error.is_unique_violation() && tries < 3 => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn prove_transfer(&self, actor: &Actor, request: &TransferRequest) -> Result<Proven> {
        let on = self.db.read();
        let gate = self.gate(on, actor, IdentityPurpose::Transfer, &request.subject, false).await?;
        if let Some(refused) = self.gate_refusal(on, actor, &gate).await? {
            return Err(Error::Refused(refused));
        }
        let more = self.faults_of_receiver(actor, &request.answers).await?;
        let proven = self.prove_identity(actor, &gate, &request.answers, more).await?;
        proven.map_err(Error::Faults)
    }

    /// The recipient must be another person (R24).
    async fn faults_of_receiver(&self, actor: &Actor, answers: &Answers) -> Result<Vec<Fault>> {
        let own = self.person(&actor.person_id).await?;
        let is_own = id_no_hash(&self.keys, answers.text(identity::RECEIVER_ID_NO)) == own.id_no_hash;
        Ok(if is_own {
            vec![fault(identity::RECEIVER_ID_NO, "接收人不能是您本人")]
        } else {
            Vec::new()
        })
    }

    async fn try_offer(&self, actor: &Actor, request: &TransferRequest, proven: &Proven) -> Result<()> {
        let tx = self.db.begin().await?;
        let gate = self.gate(&tx, actor, IdentityPurpose::Transfer, &request.subject, true).await?;
        let now = self.clock.now();
        // Asked with the subject locked: another click has made it by now, or never will.
        if was_offered(&tx, actor, request).await? {
            return Ok(());
        }
        if let Some(refused) = self.gate_refusal(&tx, actor, &gate).await? {
            return Err(Error::Refused(refused));
        }
        self.pass_gate(&tx, actor, &gate, proven).await?;
        let Gate { subject, .. } = gate;
        transition::record(&tx, &subject, RecordEvent::OfferTransfer, now).await?;
        let mobile = proven.answers.text(identity::RECEIVER_MOBILE);
        let id = request.key.clone();
        let row = handover::ActiveModel {
            subject_id: Set(subject.id.clone()),
            giver_id: Set(actor.person_id.clone()),
            receiver_mobile_hash: Set(mobile_hash(&self.keys, mobile)),
            receiver_id_no_hash: Set(id_no_hash(&self.keys, proven.answers.text(identity::RECEIVER_ID_NO))),
            receiver_mobile_sealed: Set(self.keys.seal_text(&sealed_mobile(&id), mobile)?),
            id: Set(id),
            state: Set(HANDOVER_OPEN.to_owned()),
            created_at: Set(millis(now)),
            ended_at: Set(None),
        };
        let row = row.insert(&tx).await?;
        // To the number the giver signs in with: whoever did not ask for it can still take it back.
        let giver = person::Entity::find_by_id(&actor.person_id).one(&tx).await?.ok_or(Error::NotFound)?;
        let text = format!(
            "【{}】您名下的一个备案主体正在移交给 {}，{} 天内、对方接收前可以撤回。如非本人操作，请立即登录平台撤回移交。",
            self.settings.platform_name,
            mask(Mask::Mobile, mobile),
            OPEN_FOR.whole_days(),
        );
        self.put_into_outbox(&tx, &self.claims(&giver)?.mobile, &text).await?;
        let text = format!(
            "【{}】有一个备案主体等待您接收，请使用本手机号实名登录平台，在“接收主体”中办理，{} 天内有效。",
            self.settings.platform_name,
            OPEN_FOR.whole_days(),
        );
        self.put_into_outbox(&tx, mobile, &text).await?;
        let told = format!(
            "您已发起移交主体“{}”，接收人 {} 接收前可以撤回，{} 天内未接收将自动失效",
            subject.title,
            mask(Mask::Mobile, mobile),
            OPEN_FOR.whole_days(),
        );
        self.notify(&tx, &actor.person_id, told, Some(TRANSFER_PAGE.to_owned())).await?;
        let told = format!("主体“{}”正在移交给您，请核对后接收", subject.title);
        self.tell_receivers(&tx, &row, &told).await?;
        let detail = json!({ "handover": row.id });
        self.write(&tx, Some(actor), "handover.offer", "record", &subject.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Tells those whom a handover is addressed to, if the platform knows them; who does not know the
    /// platform finds it after signing in.
    async fn tell_receivers(&self, tx: &Transaction, row: &handover::Model, text: &str) -> Result<()> {
        let people: Vec<String> = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::IdNoHash.eq(&row.receiver_id_no_hash))
            .filter(person::Column::MobileHash.eq(&row.receiver_mobile_hash))
            .filter(person::Column::Id.ne(&row.giver_id))
            .order_by_asc(person::Column::Id)
            .limit(10)
            .into_tuple()
            .all(tx)
            .await?;
        for person in people {
            self.notify(tx, &person, text, Some(RECEIVE_PAGE.to_owned())).await?;
        }
        Ok(())
    }

    /// 撤回: the subject stays with its owner.
    ///
    /// # Errors
    /// `NotFound` for a subject that is not the actor's, `Refused` where nothing is under way or the
    /// recipient was quicker.
    pub async fn revoke_transfer(&self, actor: &Actor, subject: &str) -> Result<()> {
        again!(self.try_revoke(actor, subject))
    }

    async fn try_revoke(&self, actor: &Actor, subject: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let gate = match self.gate(&tx, actor, IdentityPurpose::Transfer, subject, true).await {
            Ok(gate) => gate,
            Err(Error::NotFound) => {
                // It was the giver's until a moment ago.
                let given = handover::Entity::find()
                    .filter(handover::Column::SubjectId.eq(subject))
                    .filter(handover::Column::GiverId.eq(&actor.person_id))
                    .filter(handover::Column::State.eq(HandoverEnd::Received.code()))
                    .order_by_desc(handover::Column::EndedAt)
                    .one(&tx)
                    .await?;
                return Err(match given {
                    Some(_) => Error::refused("该主体已由接收人接收，不能再撤回"),
                    None => Error::NotFound,
                });
            }
            Err(error) => return Err(error),
        };
        let now = self.clock.now();
        let Some(row) = self.open_handover(&tx, &gate.subject.id).await? else {
            return Err(Error::refused("该主体没有正在进行的移交"));
        };
        transition::end_handover(&tx, &row, HandoverEnd::Revoked, now).await?;
        transition::record(&tx, &gate.subject, RecordEvent::EndTransfer, now).await?;
        let title = &gate.subject.title;
        self.tell_receivers(&tx, &row, &format!("移交人已撤回主体“{title}”的移交")).await?;
        let told = format!("您已撤回主体“{title}”的移交");
        self.notify(&tx, &actor.person_id, told, Some(TRANSFER_PAGE.to_owned())).await?;
        let detail = json!({ "handover": row.id });
        self.write(&tx, Some(actor), "handover.revoke", "record", &row.subject_id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Holds what the person searches waiting subjects by, for [`Service::found_handovers`].
    pub async fn search_handovers(&self, actor: &Actor, search: &HandoverSearch) -> Result<()> {
        again!(self.try_search_handovers(actor, search))
    }

    async fn try_search_handovers(&self, actor: &Actor, search: &HandoverSearch) -> Result<()> {
        let mut answers = Answers::new();
        for (at, text) in [("name", &search.name), ("mobile", &search.mobile), ("id_no", &search.id_no)] {
            answers.set_text(at, one_line(text, LONGEST_SEARCH));
        }
        let tx = self.db.begin().await?;
        self.hold(&tx, search_slot(actor), &Held { answers, faults: Vec::new() }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// 接收主体 (R25): what waits for this person, all of it or what the held search finds.
    pub async fn found_handovers(&self, actor: &Actor, is_searched: bool) -> Result<HandoverList> {
        let held = match is_searched {
            true => self.held(self.db.read(), &search_slot(actor)).await?.unwrap_or_default().answers,
            false => Answers::new(),
        };
        let of = |at: &str| held.text(at).to_owned();
        let search = HandoverSearch { name: of("name"), mobile: of("mobile"), id_no: of("id_no") };
        let rows = self.handovers(actor, &search.name, &search.mobile, &search.id_no).await?;
        Ok(HandoverList { search, rows })
    }

    /// 接收主体 (R25): what waits for this person, the newest first. Searched by the giver's 姓名, 手机号,
    /// 身份证号; empty means any.
    pub async fn handovers(
        &self,
        actor: &Actor,
        name: &str,
        mobile: &str,
        id_no: &str,
    ) -> Result<Vec<HandoverRow>> {
        let on = self.db.read();
        let person = self.person(&actor.person_id).await?;
        let now = self.clock.now();
        let waiting = handover::Entity::find()
            .filter(addressed_to(&person))
            .filter(handover::Column::State.eq(HANDOVER_OPEN))
            .order_by_desc(handover::Column::CreatedAt)
            .order_by_desc(handover::Column::Id)
            .limit(MOST_WAITING)
            .all(on)
            .await?;
        let waiting: Vec<handover::Model> = waiting.into_iter().filter(|row| !has_lapsed(row, now)).collect();
        let (titles, givers) = self.subjects_and_givers(on, &waiting).await?;
        let rows = waiting.iter().filter_map(|row| {
            let (title, giver) = (titles.get(&row.subject_id)?, givers.get(&row.giver_id)?);
            let is_wanted = finds(name, Mask::Name, &giver.name)
                && finds(mobile, Mask::Mobile, &giver.mobile)
                && finds(id_no, Mask::IdNumber, &giver.id_no);
            is_wanted.then(|| handover_row(row, title, giver, now))
        });
        Ok(rows.collect())
    }

    async fn subjects_and_givers(
        &self,
        on: &impl ConnectionTrait,
        rows: &[handover::Model],
    ) -> Result<(BTreeMap<String, String>, BTreeMap<String, Claims>)> {
        let titles: Vec<(String, String)> = record::Entity::find()
            .select_only()
            .columns([record::Column::Id, record::Column::Title])
            .filter(record::Column::Id.is_in(rows.iter().map(|row| row.subject_id.as_str())))
            .into_tuple()
            .all(on)
            .await?;
        let givers = person::Entity::find()
            .filter(person::Column::Id.is_in(rows.iter().map(|row| row.giver_id.as_str())))
            .all(on)
            .await?;
        let givers = givers.iter().map(|person| Ok((person.id.clone(), self.claims(person)?)));
        Ok((titles.into_iter().collect(), givers.collect::<Result<_>>()?))
    }

    /// 【详情】: the subject as its recipient may see it before receiving it, masked and without pictures.
    ///
    /// # Errors
    /// `NotFound` for what is not addressed to the actor, `Refused` with what became of it.
    pub async fn handover_view(&self, actor: &Actor, id: &str) -> Result<HandoverView> {
        let on = self.db.read();
        let row = self.addressed_handover(on, actor, id).await?;
        let now = self.clock.now();
        still_open(&row, now)?;
        let subject = record::Entity::find_by_id(&row.subject_id).one(on).await?.ok_or(Error::NotFound)?;
        let (_, givers) = self.subjects_and_givers(on, std::slice::from_ref(&row)).await?;
        let giver = givers.get(&row.giver_id).ok_or(Error::NotFound)?;
        let answers = self.record_answers(&subject)?;
        let whole = sheet(Business::Subject.form(), &answers, &KnownRegions, Sight::Masked);
        Ok(HandoverView {
            row: handover_row(&row, &subject.title, giver, now),
            sheet: without_files(whole),
            attached: self.attached(&subject.id).await?,
        })
    }

    async fn addressed_handover(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<handover::Model> {
        let person = person::Entity::find_by_id(&actor.person_id).one(on).await?.ok_or(Error::NotFound)?;
        handover::Entity::find_by_id(plausible_id(id)?)
            .filter(addressed_to(&person))
            .one(on)
            .await?
            .ok_or(Error::NotFound)
    }

    /// A handover addressed to the actor with its subject, both locked; still open at the time that
    /// comes along.
    async fn locked_handover(
        &self,
        tx: &Transaction,
        actor: &Actor,
        id: &str,
    ) -> Result<(handover::Model, record::Model, OffsetDateTime)> {
        let row = self.addressed_handover(tx, actor, id).await?;
        let subject = transition::lock_subject(tx, &row.subject_id).await?;
        // Only now that the subject is locked does it stand still.
        let row = self.addressed_handover(tx, actor, &row.id).await?;
        let now = self.clock.now();
        still_open(&row, now)?;
        Ok((row, subject, now))
    }

    /// 【接收】: the subject with everything attached is the actor's from this moment, and nobody else's.
    ///
    /// # Errors
    /// `NotFound` for what is not addressed to the actor, `Refused` with what became of it.
    pub async fn receive(&self, actor: &Actor, id: &str) -> Result<()> {
        again!(self.try_receive(actor, id))
    }

    async fn try_receive(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let (row, subject, now) = self.locked_handover(&tx, actor, id).await?;
        transition::end_handover(&tx, &row, HandoverEnd::Received, now).await?;
        transition::receive(&tx, &subject, &actor.person_id, now).await?;
        person::Entity::update_many()
            .col_expr(person::Column::CurrentSubjectId, Expr::value(None::<String>))
            .filter(person::Column::Id.eq(&row.giver_id))
            .filter(person::Column::CurrentSubjectId.eq(&subject.id))
            .exec_with_returning(&tx)
            .await?;
        let title = &subject.title;
        self.notify(&tx, &row.giver_id, format!("您移交的主体“{title}”已由接收人接收"), None).await?;
        let todo = format!("您已接收主体“{title}”及其全部业务。待办：请尽快办理变更主体，更新负责人信息");
        let change = format!("/subject/change?record={}", subject.id);
        self.notify(&tx, &actor.person_id, todo, Some(change)).await?;
        // One line for either side.
        let detail = json!({ "handover": row.id, "to": actor.person_id });
        self.write(&tx, Some(actor), "handover.give", "person", &row.giver_id, detail).await?;
        let detail = json!({ "handover": row.id, "from": row.giver_id });
        self.write(&tx, Some(actor), "handover.receive", "record", &subject.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// 拒收: the subject stays with its owner.
    pub async fn refuse(&self, actor: &Actor, id: &str) -> Result<()> {
        again!(self.try_refuse(actor, id))
    }

    async fn try_refuse(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let (row, subject, now) = self.locked_handover(&tx, actor, id).await?;
        transition::end_handover(&tx, &row, HandoverEnd::Refused, now).await?;
        transition::record(&tx, &subject, RecordEvent::EndTransfer, now).await?;
        let title = &subject.title;
        let told = format!("接收人拒绝接收主体“{title}”，主体仍在您名下");
        self.notify(&tx, &row.giver_id, told, Some(TRANSFER_PAGE.to_owned())).await?;
        self.notify(&tx, &actor.person_id, format!("您已拒绝接收主体“{title}”"), None).await?;
        let detail = json!({ "handover": row.id });
        self.write(&tx, Some(actor), "handover.refuse", "record", &subject.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets go of what nobody received for fifteen days (R24). One that cannot be let go of is logged and
    /// keeps no other. Says how many.
    pub async fn sweep_handovers(&self) -> Result<u64> {
        let before = millis(self.clock.now() - OPEN_FOR);
        let mut lapsed = 0;
        let mut after = String::new();
        loop {
            let due: Vec<String> = handover::Entity::find()
                .select_only()
                .column(handover::Column::Id)
                .filter(handover::Column::State.eq(HANDOVER_OPEN))
                .filter(handover::Column::CreatedAt.lte(before))
                .filter(handover::Column::Id.gt(&after))
                .order_by_asc(handover::Column::Id)
                .limit(LAPSED_AT_ONCE)
                .into_tuple()
                .all(self.db.read())
                .await?;
            let Some(last) = due.last() else { return Ok(lapsed) };
            after.clone_from(last);
            for id in &due {
                match again!(self.try_lapse(id)) {
                    Ok(()) => lapsed += 1,
                    // Ended by its giver this very moment.
                    Err(Error::Refused(_)) => {}
                    Err(error) => tracing::error!(handover = id, %error, "a handover did not lapse"),
                }
            }
        }
    }

    async fn try_lapse(&self, id: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let row = handover::Entity::find_by_id(id).one(&tx).await?.ok_or(Error::NotFound)?;
        let subject = transition::lock_subject(&tx, &row.subject_id).await?;
        let now = self.clock.now();
        transition::end_handover(&tx, &row, HandoverEnd::Lapsed, now).await?;
        if record_state(&subject)? == RecordState::Transferring {
            transition::record(&tx, &subject, RecordEvent::EndTransfer, now).await?;
        }
        let told = format!("主体“{}”超过 {} 天未被接收，移交已失效", subject.title, OPEN_FOR.whole_days());
        self.notify(&tx, &row.giver_id, told.clone(), Some(TRANSFER_PAGE.to_owned())).await?;
        self.tell_receivers(&tx, &row, &told).await?;
        self.write(&tx, None, "handover.lapse", "record", &subject.id, json!({ "handover": row.id })).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Whether this very request has been carried out before.
async fn was_offered(on: &impl ConnectionTrait, actor: &Actor, request: &TransferRequest) -> Result<bool> {
    let row = handover::Entity::find_by_id(&request.key).one(on).await?;
    let Some(row) = row else { return Ok(false) };
    if row.giver_id != actor.person_id || row.subject_id != request.subject {
        return Err(Error::NotFound);
    }
    match transition::handover_over(&row)? {
        Some(error) => Err(error),
        None => Ok(true),
    }
}

/// Refused with what became of it. What should have lapsed has, whether it was swept or not.
fn still_open(row: &handover::Model, now: OffsetDateTime) -> Result<()> {
    match transition::handover_over(row)? {
        Some(error) => Err(error),
        None if has_lapsed(row, now) => Err(Error::refused(HandoverEnd::Lapsed.sentence())),
        None => Ok(()),
    }
}

fn handover_row(row: &handover::Model, title: &str, giver: &Claims, now: OffsetDateTime) -> HandoverRow {
    HandoverRow {
        id: row.id.clone(),
        subject_name: title.to_owned(),
        sender_name: mask(Mask::Name, &giver.name),
        sender_mobile: mask(Mask::Mobile, &giver.mobile),
        sender_id: mask(Mask::IdNumber, &giver.id_no),
        created_at: written(instant(row.created_at)),
        days_left: days_left(instant(row.created_at), OPEN_FOR, now),
    }
}

/// Files are their owner's until the subject is received.
fn without_files(mut whole: Sheet) -> Sheet {
    for row in whole.sections.iter_mut().flat_map(|section| &mut section.rows) {
        if matches!(row.value, Shown::Pictures(_) | Shown::Documents(_)) {
            row.value = Shown::Text("接收后可以查看".to_owned());
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R70: a search is no way around the stars.
    #[test]
    fn a_search_finds_what_is_seen_or_known_in_full() {
        let number = "110101190001010015";
        for (wanted, found) in [
            ("", true),
            ("110", true),
            ("0015", true),
            (number, true),
            ("11010119000101001 5", true),
            ("1101", false),
            ("1900", false),
            ("10015", false),
            ("*", false),
        ] {
            assert_eq!(finds(wanted, Mask::IdNumber, number), found, "{wanted}");
        }
        assert!(finds("\u{2067}赵 某某\0", Mask::Name, "赵某某") && finds("⾼某", Mask::Name, "高某"));
        assert!(finds("赵", Mask::Name, "赵某某") && finds("赵某某", Mask::Name, "赵某某"));
        assert!(!finds("某", Mask::Name, "赵某某"));
    }
}
