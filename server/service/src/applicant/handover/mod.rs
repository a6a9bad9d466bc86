//! Handing a subject over to another person and receiving it (R24, R25). One row says that it is on
//! its way; whoever ends it first, by receiving, refusing, revoking or letting it lapse, wins.

pub mod receive;

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::business::{Business, identity};
use domain::mask::{Mask, mask};
use domain::notice::NoticeKind;
use domain::record::{RecordEvent, RecordState};
use domain::route;
use domain::schema::{Fault, fault};
use domain::sheet::{Disclosure, sheet};
use domain::view::{IdentityPurpose, IdentityView, OfferedHandover, TransferRequest, TransferView};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use time::Duration;

use crate::account::Accounts;
use crate::account::fingerprints::{id_no_hash, mobile_hash};
use crate::account::notice::Notices;
use crate::account::rejected_form::RejectedForms;
use crate::account::sms::TextMessages;
use crate::applicant::identity_check::{IdentityCheck, IdentityChecks, VerifiedIdentity};
use crate::applicant::submit::STALE_PAGE;
use crate::base::actor::Actor;
use crate::base::clock::{days_left, written};
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, plausible_id};
use crate::base::entity::{handover, person};
use crate::base::error::{Error, Result, chain};
use crate::base::region::KnownRegions;
use crate::base::retry::retry;
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::eligibility;
use crate::filing::record::Records;
use crate::state::row::record_state;
use crate::state::transition;
use crate::state::transition::{HANDOVER_OPEN, HandoverEnd};

handle! {
    /// 移交 and 接收.
    Handovers {
        accounts: Accounts,
        files: Files,
        identity_checks: IdentityChecks,
        notices: Notices,
        records: Records,
        rejected_forms: RejectedForms,
        text_messages: TextMessages,
    }
}

/// Nobody received it for so long: it lapses (R24).
pub(crate) const OPEN_FOR: Duration = Duration::days(15);

/// What a recipient is told.
fn words_of_offer(subject: &str) -> String {
    format!("主体“{subject}”正在移交给您，请核对后接收")
}

const LAPSED_AT_ONCE: u64 = 200;

impl Handovers {
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
        let on = self.context.db.read();
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
            None => match self.accounts.current_subject(actor).await? {
                Some(subject) => subject.id,
                None => {
                    view.refused =
                        eligibility::eligibility_of(on, actor, None, &[]).await?.transfer_refusal(0)?;
                    return Ok(view);
                }
            },
        };
        let identity_check =
            self.identity_checks.identity_check(on, actor, IdentityPurpose::Transfer, &id, false).await?;
        let open = self.open_handover(on, &identity_check.subject.id).await?;
        match &open {
            Some(row) => view.offered = Some(self.offered(row)?),
            None => {
                view.refused = self.identity_checks.refusal_of(on, actor, &identity_check).await?;
                view.identity = self.identity_checks.identity_view(actor, &identity_check, check).await?;
            }
        }
        let answers = self.records.record_answers(&identity_check.subject)?;
        let form = Business::Subject.form();
        view.sheet = Some(sheet(form, &answers, &KnownRegions, Disclosure::Masked));
        view.files.extend(self.files.file_views(&file_ids(form, &answers)).await?);
        let rows = self
            .records
            .record_rows(actor, Some(identity_check.subject), vec![identity_check.record])
            .await?;
        view.subject = rows.into_iter().next();
        Ok(view)
    }

    fn offered(&self, row: &handover::Model) -> Result<OfferedHandover> {
        let mobile = self.context.keys.open_text(&sealed_mobile(&row.id), &row.receiver_mobile_sealed)?;
        let created = instant(row.created_at);
        Ok(OfferedHandover {
            receiver_mobile: mask(Mask::Mobile, &mobile),
            created_at: written(created),
            ends_at: written(created + OPEN_FOR),
            days_left: days_left(instant(row.created_at), OPEN_FOR, self.context.clock.now()),
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
        let on = self.context.db.read();
        if was_offered(on, actor, request).await? {
            return Ok(());
        }
        self.accounts.must_be_fresh(actor).await?;
        let proven = match self.prove_transfer(actor, request).await {
            Ok(proven) => proven,
            // A double click: the other one may just have spent the code.
            Err(error) => return if was_offered(on, actor, request).await? { Ok(()) } else { Err(error) },
        };
        let mut tries = 0;
        loop {
            match retry!(self.try_offer(actor, request, &proven)) {
                // Another offer was quicker; the next look finds it.
                Err(error) if error.is_unique_violation() && tries < 3 => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn prove_transfer(&self, actor: &Actor, request: &TransferRequest) -> Result<VerifiedIdentity> {
        let on = self.context.db.read();
        let identity_check = self
            .identity_checks
            .identity_check(on, actor, IdentityPurpose::Transfer, &request.subject, false)
            .await?;
        if let Some(refused) = self.identity_checks.refusal_of(on, actor, &identity_check).await? {
            return Err(Error::Refused(refused));
        }
        let more = self.faults_of_receiver(actor, &request.answers).await?;
        let proven =
            self.identity_checks.prove_identity(actor, &identity_check, &request.answers, more).await?;
        proven.map_err(Error::Faults)
    }

    /// The recipient must be another person (R24).
    async fn faults_of_receiver(&self, actor: &Actor, answers: &Answers) -> Result<Vec<Fault>> {
        let own = self.accounts.own_row(actor).await?;
        let is_own = id_no_hash(&self.context.keys, answers.text(identity::RECEIVER_ID_NO)) == own.id_no_hash;
        Ok(if is_own {
            vec![fault(identity::RECEIVER_ID_NO, "接收人不能是您本人")]
        } else {
            Vec::new()
        })
    }

    async fn try_offer(
        &self,
        actor: &Actor,
        request: &TransferRequest,
        proven: &VerifiedIdentity,
    ) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let identity_check = self
            .identity_checks
            .identity_check(&tx, actor, IdentityPurpose::Transfer, &request.subject, true)
            .await?;
        let now = self.context.clock.now();
        // Asked with the subject locked: another click has made it by now, or never will.
        if was_offered(&tx, actor, request).await? {
            return Ok(());
        }
        if let Some(refused) = self.identity_checks.refusal_of(&tx, actor, &identity_check).await? {
            return Err(Error::Refused(refused));
        }
        self.identity_checks.consume(&tx, actor, &identity_check, proven).await?;
        let IdentityCheck { subject, .. } = identity_check;
        transition::record(&tx, &subject, RecordEvent::OfferTransfer, now).await?;
        let mobile = proven.answers.text(identity::RECEIVER_MOBILE);
        let id = request.key.clone();
        let row = handover::ActiveModel {
            subject_id: Set(subject.id.clone()),
            giver_id: Set(actor.person_id.clone()),
            receiver_mobile_hash: Set(mobile_hash(&self.context.keys, mobile)),
            receiver_id_no_hash: Set(id_no_hash(
                &self.context.keys,
                proven.answers.text(identity::RECEIVER_ID_NO),
            )),
            receiver_mobile_sealed: Set(self.context.keys.seal_text(&sealed_mobile(&id), mobile)?),
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
            self.context.settings.platform_name,
            mask(Mask::Mobile, mobile),
            OPEN_FOR.whole_days(),
        );
        self.text_messages.put_into_outbox(&tx, &self.accounts.claims(&giver)?.mobile, &text).await?;
        let text = format!(
            "【{}】有一个备案主体等待您接收，请使用本手机号实名登录平台，在“接收主体”中办理，{} 天内有效。",
            self.context.settings.platform_name,
            OPEN_FOR.whole_days(),
        );
        self.text_messages.put_into_outbox(&tx, mobile, &text).await?;
        let told = format!(
            "您已发起移交主体“{}”，接收人 {} 接收前可以撤回，{} 天内未接收将自动失效",
            subject.title,
            mask(Mask::Mobile, mobile),
            OPEN_FOR.whole_days(),
        );
        self.notices
            .note(&tx, &actor.person_id, NoticeKind::Handover, told, Some(route::TRANSFER.to_owned()))
            .await?;
        self.tell_receivers(&tx, &row, &words_of_offer(&subject.title), true).await?;
        let detail = json!({ "handover": row.id });
        self.context.audit(&tx, Some(actor), "handover.offer", "record", &subject.id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Tells those whom a handover is addressed to, if the platform knows them; who does not know the
    /// platform is told on signing in, see `Handovers::tell_newcomer`. With the offer goes a text message that says more.
    async fn tell_receivers(
        &self,
        tx: &Transaction,
        row: &handover::Model,
        text: &str,
        is_offer: bool,
    ) -> Result<()> {
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
            let (kind, link) = (NoticeKind::Handover, Some(route::RECEIVE.to_owned()));
            match is_offer {
                true => self.notices.notify_beside_text_message(tx, &person, kind, text, link).await?,
                false => self.notices.notify(tx, &person, kind, text, link).await?,
            }
        }
        Ok(())
    }

    /// 撤回: the subject stays with its owner.
    ///
    /// # Errors
    /// `NotFound` for a subject that is not the actor's, `Refused` where nothing is under way or the
    /// recipient was quicker.
    pub async fn revoke_transfer(&self, actor: &Actor, subject: &str) -> Result<()> {
        retry!(self.try_revoke(actor, subject))
    }

    async fn try_revoke(&self, actor: &Actor, subject: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let identity_check = match self
            .identity_checks
            .identity_check(&tx, actor, IdentityPurpose::Transfer, subject, true)
            .await
        {
            Ok(identity_check) => identity_check,
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
        let now = self.context.clock.now();
        let Some(row) = self.open_handover(&tx, &identity_check.subject.id).await? else {
            return Err(Error::refused("该主体没有正在进行的移交"));
        };
        transition::end_handover(&tx, &row, HandoverEnd::Revoked, now).await?;
        transition::record(&tx, &identity_check.subject, RecordEvent::EndTransfer, now).await?;
        let title = &identity_check.subject.title;
        self.tell_receivers(&tx, &row, &format!("移交人已撤回主体“{title}”的移交"), false).await?;
        let told = format!("您已撤回主体“{title}”的移交");
        self.notices
            .note(&tx, &actor.person_id, NoticeKind::Handover, told, Some(route::TRANSFER.to_owned()))
            .await?;
        let detail = json!({ "handover": row.id });
        self.context.audit(&tx, Some(actor), "handover.revoke", "record", &row.subject_id, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets go of what nobody received for fifteen days (R24). One that cannot be let go of is logged and
    /// keeps no other. Says how many.
    pub async fn sweep_handovers(&self) -> Result<u64> {
        let before = millis(self.context.clock.now() - OPEN_FOR);
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
                .all(self.context.db.read())
                .await?;
            let Some(last) = due.last() else { return Ok(lapsed) };
            after.clone_from(last);
            for id in &due {
                match retry!(self.try_lapse(id)) {
                    Ok(()) => lapsed += 1,
                    // Ended by its giver this very moment.
                    Err(Error::Refused(_)) => {}
                    Err(error) => {
                        tracing::error!(handover = id, error = chain(&error), "a handover did not lapse")
                    }
                }
            }
        }
    }

    async fn try_lapse(&self, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row = handover::Entity::find_by_id(id).one(&tx).await?.ok_or(Error::NotFound)?;
        let subject = transition::lock_subject(&tx, &row.subject_id).await?;
        let now = self.context.clock.now();
        transition::end_handover(&tx, &row, HandoverEnd::Lapsed, now).await?;
        if record_state(&subject)? == RecordState::Transferring {
            transition::record(&tx, &subject, RecordEvent::EndTransfer, now).await?;
        }
        let told = format!("主体“{}”超过 {} 天未被接收，移交已失效", subject.title, OPEN_FOR.whole_days());
        self.notices
            .notify(&tx, &row.giver_id, NoticeKind::Handover, told.clone(), Some(route::TRANSFER.to_owned()))
            .await?;
        self.tell_receivers(&tx, &row, &told, false).await?;
        self.context
            .audit(&tx, None, "handover.lapse", "record", &subject.id, json!({ "handover": row.id }))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

pub(crate) fn sealed_mobile(id: &str) -> String {
    format!("handover/{id}/receiver_mobile")
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
