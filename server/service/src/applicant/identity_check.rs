//! The identity check before something is cancelled or handed over (R22, R24, R36): whether the subject's
//! responsible person is there, by name, number and a code sent to that number (R72). What was typed
//! and came back with faults is held for a while, so that a page without scripts shows both again
//! (R76).

use std::collections::BTreeMap;

use domain::action::Action;
use domain::answer::Answers;
use domain::business::{Business, identity};
use domain::check::{Context, check_form, check_place};
use domain::facts;
use domain::mask::{Mask, around_middle_four, mask, middle_four};
use domain::procedure::Procedure;
use domain::schema::{Fault, Form, fault};
use domain::value::text::comparison_key;
use domain::view::{CodeSent, IdentityPurpose, IdentityView, Refused};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::rejected_form::{KEPT_FOR, RejectedForm, RejectedForms};
use crate::account::sms::{BETWEEN_SENDS, ProvenCode, TextMessages, Verdict};
use crate::applicant::draft::masked_inputs;
use crate::base::actor::Actor;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, new_id};
use crate::base::entity::{held_form, identity_check, record};
use crate::base::error::{Error, Result};
use crate::base::region::KnownRegions;
use crate::base::retry::retry;
use crate::files::Files;
use crate::files::faults::file_ids;
use crate::filing::eligibility;
use crate::filing::record::Records;
use crate::state::row::business_of;

handle! {
    /// 身份核验 of a principal by code and number.
    IdentityChecks {
        files: Files,
        records: Records,
        rejected_forms: RejectedForms,
        text_messages: TextMessages,
    }
}

/// So many wrong tries …
const MOST_WRONG: i32 = 5;

/// … and nothing is taken for so long. Tries further apart are not counted together.
const LOCKED_FOR: Duration = Duration::minutes(30);

/// What is to be done, to what, and whose responsible person must be there.
#[derive(Debug, Clone)]
pub(crate) struct IdentityCheck {
    pub purpose: IdentityPurpose,
    pub record: record::Model,
    pub subject: record::Model,
}

/// Answers that passed, and the code that still has to be spent in the transaction of what it allows.
pub(crate) struct VerifiedIdentity {
    pub answers: Answers,
    pub code: ProvenCode,
}

/// The responsible person's name and number, as stored.
pub(crate) struct Principal {
    name: String,
    mobile: String,
}

impl IdentityCheck {
    pub fn form(&self) -> &'static Form {
        match self.purpose {
            IdentityPurpose::Cancel => &identity::CANCEL,
            IdentityPurpose::Transfer => &identity::TRANSFER,
        }
    }

    /// What a code for this is good for, and nothing else: `cancel/<record>`.
    fn code_purpose(&self) -> String {
        let word = match self.purpose {
            IdentityPurpose::Cancel => "cancel",
            IdentityPurpose::Transfer => "transfer",
        };
        format!("{word}/{}", self.record.id)
    }

    /// Where a form of this person for this lies.
    fn rejected_slot(&self, actor: &Actor) -> String {
        format!("{}/{}", actor.person_id, self.code_purpose())
    }

    /// Wrong tries count for the subject, whatever they were for.
    fn tries_slot(&self, actor: &Actor) -> String {
        format!("{}/{}", actor.person_id, self.subject.id)
    }
}

enum Tried {
    Right,
    Wrong { left: i32 },
    Locked(String),
}

impl IdentityChecks {
    /// Finds what is to be cancelled or handed over, if it is the actor's (R74). In a transaction `lock`
    /// keeps it as it is.
    pub(crate) async fn identity_check(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        purpose: IdentityPurpose,
        id: &str,
        lock: bool,
    ) -> Result<IdentityCheck> {
        let (record, subject) = self.records.owned_record(on, actor, id, lock).await?;
        if purpose == IdentityPurpose::Transfer && record.id != subject.id {
            return Err(Error::NotFound);
        }
        // An assessment is not cancelled.
        if purpose == IdentityPurpose::Cancel
            && !business_of(&record)?.actions().any(|has| has == Action::Cancel)
        {
            return Err(Error::NotFound);
        }
        Ok(IdentityCheck { purpose, record, subject })
    }

    /// Why it cannot be done now; page and use case ask the same (R79).
    pub(crate) async fn refusal_of(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        identity_check: &IdentityCheck,
    ) -> Result<Option<Refused>> {
        let eligibility = eligibility::eligibility_of(
            on,
            actor,
            Some(identity_check.subject.clone()),
            &[&identity_check.record],
        )
        .await?;
        match identity_check.purpose {
            IdentityPurpose::Cancel => {
                let procedure = Procedure::new(business_of(&identity_check.record)?, Action::Cancel);
                eligibility.refusal(procedure, Some(&identity_check.record))
            }
            IdentityPurpose::Transfer => {
                eligibility.transfer_refusal(eligibility::open_filings(on, &identity_check.subject.id).await?)
            }
        }
    }

    fn principal(&self, subject: &record::Model) -> Result<Principal> {
        let facts = facts::of_subject(&self.records.record_answers(subject)?);
        Ok(Principal { name: facts.principal_name, mobile: facts.principal_mobile })
    }

    /// The check as its page draws it. With `check`, what was typed last and what is wrong with it.
    pub(crate) async fn identity_view(
        &self,
        actor: &Actor,
        identity_check: &IdentityCheck,
        check: bool,
    ) -> Result<IdentityView> {
        let now = self.context.clock.now();
        let mobile = self.principal(&identity_check.subject)?.mobile;
        let (mobile_head, mobile_tail) = around_middle_four(&mobile).unwrap_or_default();
        let tries = identity_check::Entity::find_by_id(identity_check.tries_slot(actor))
            .one(self.context.db.read())
            .await?;
        let slot = identity_check.rejected_slot(actor);
        let held = if check { self.rejected_forms.find(self.context.db.read(), &slot).await? } else { None };
        let RejectedForm { answers, faults } = held.unwrap_or_default();
        Ok(IdentityView {
            mobile_head,
            mobile_tail,
            wait_seconds: self.text_messages.seconds_to_next_code(&mobile).await?,
            locked: tries.and_then(|row| locked(&row, now)),
            files: self.own_files(actor, identity_check.form(), &answers).await?,
            answers,
            faults,
            key: new_id(now),
        })
    }

    async fn own_files(
        &self,
        actor: &Actor,
        form: &'static Form,
        answers: &Answers,
    ) -> Result<BTreeMap<String, domain::view::FileView>> {
        let ids: Vec<String> = file_ids(form, answers)
            .into_iter()
            .filter(|id| crate::base::db::plausible_id(id).is_ok())
            .collect();
        let foreign = self.files.foreign_files(self.context.db.read(), actor, &ids).await?;
        let own: Vec<String> = ids.into_iter().filter(|id| !foreign.contains(id)).collect();
        self.files.file_views(&own).await
    }

    /// 获取验证码: a code to the stored number of the responsible person (R72), whatever is typed.
    ///
    /// # Errors
    /// `NotFound` for what is not the actor's, `Refused` where it cannot be done now, `TooMany` with the
    /// seconds to wait.
    pub async fn send_identity_code(
        &self,
        actor: &Actor,
        purpose: IdentityPurpose,
        record: &str,
    ) -> Result<CodeSent> {
        let on = self.context.db.read();
        let identity_check = self.identity_check(on, actor, purpose, record, false).await?;
        if let Some(refused) = self.refusal_of(on, actor, &identity_check).await? {
            return Err(Error::Refused(refused));
        }
        let tries = identity_check::Entity::find_by_id(identity_check.tries_slot(actor)).one(on).await?;
        if let Some(sentence) = tries.and_then(|row| locked(&row, self.context.clock.now())) {
            return Err(Error::refused(sentence));
        }
        let mobile = self.principal(&identity_check.subject)?.mobile;
        self.text_messages.send_code(actor, &identity_check.code_purpose(), &mobile).await?;
        let wait_seconds = u64::try_from(BETWEEN_SENDS.whole_seconds()).unwrap_or_default();
        Ok(CodeSent { mobile: mask(Mask::Mobile, &mobile), wait_seconds })
    }

    /// Looks at everything that was typed and says all that is wrong at once, `more` included. Wrong digits
    /// and wrong codes are counted, and the code is looked at only when the digits are right: nobody
    /// learns about both by guessing. Stands outside of the transaction of what follows.
    pub(crate) async fn prove_identity(
        &self,
        actor: &Actor,
        identity_check: &IdentityCheck,
        answers: &Answers,
        more: Vec<Fault>,
    ) -> Result<Result<VerifiedIdentity, Vec<Fault>>> {
        let form = identity_check.form();
        let sealed = BTreeMap::new();
        let today = shanghai_date(self.context.clock.now());
        let context = Context { today, regions: &KnownRegions, sealed: &sealed };
        let (checked, mut faults) = match check_form(form, answers, &context) {
            Ok(checked) => (checked.into_answers(), Vec::new()),
            Err(faults) => (Answers::new(), faults),
        };
        let mut note = |found: Fault| {
            if !faults.iter().any(|known| known.at == found.at) {
                faults.push(found);
            }
        };
        masked_inputs(form, answers).into_iter().for_each(&mut note);
        self.files
            .faults_of_uploads(self.context.db.read(), actor, form, answers)
            .await?
            .into_iter()
            .for_each(&mut note);
        more.into_iter().for_each(&mut note);

        // In its normal form, or nothing where it has none.
        let typed = |at: &str| -> Option<String> {
            let place = form.place(at)?;
            let answer = check_place(&place, answers, &context).ok()??;
            Some(answer.text().to_owned())
        };
        let principal = self.principal(&identity_check.subject)?;
        if typed(identity::NAME).is_some_and(|name| comparison_key(&name) != comparison_key(&principal.name))
        {
            note(fault(identity::NAME, "与已备案的负责人姓名不一致"));
        }
        let mut proven = None;
        if let Some(digits) = typed(identity::MIDDLE_FOUR) {
            let is_right = middle_four(&principal.mobile).is_some_and(|stored| stored == digits);
            match retry!(self.count_try(actor, identity_check, is_right))? {
                Tried::Locked(sentence) => note(fault(identity::MIDDLE_FOUR, sentence)),
                Tried::Wrong { left } => {
                    let sentence = format!("手机号码中间四位不正确，还可以尝试 {left} 次");
                    note(fault(identity::MIDDLE_FOUR, sentence));
                }
                Tried::Right => {
                    if let Some(code) = typed(identity::SMS_CODE) {
                        match self.try_identity_code(actor, identity_check, &principal, &code).await? {
                            Ok(code) => proven = Some(code),
                            Err(sentence) => note(fault(identity::SMS_CODE, sentence)),
                        }
                    }
                }
            }
        }
        Ok(match proven {
            Some(code) if faults.is_empty() => Ok(VerifiedIdentity { answers: checked, code }),
            Some(_) | None => Err(faults),
        })
    }

    async fn try_identity_code(
        &self,
        actor: &Actor,
        identity_check: &IdentityCheck,
        principal: &Principal,
        code: &str,
    ) -> Result<Result<ProvenCode, String>> {
        let verdict = self
            .text_messages
            .prove_code(actor, &identity_check.code_purpose(), &principal.mobile, code)
            .await?;
        // A code that has run out is nobody's guess.
        if matches!(verdict, Verdict::Wrong { .. })
            && let Tried::Locked(sentence) = retry!(self.count_try(actor, identity_check, false))?
        {
            return Ok(Err(sentence));
        }
        Ok(verdict.proof())
    }

    /// Counts a wrong try, under the row's lock, so that tries at the same time are all counted. What is
    /// right while it is locked is not taken either.
    async fn count_try(
        &self,
        actor: &Actor,
        identity_check: &IdentityCheck,
        is_right: bool,
    ) -> Result<Tried> {
        use identity_check::Column;
        let slot = identity_check.tries_slot(actor);
        let tx = self.context.db.begin().await?;
        let fresh = identity_check::ActiveModel {
            slot: Set(slot.clone()),
            wrong: Set(0),
            wrong_at: Set(millis(self.context.clock.now())),
        };
        let row = identity_check::Entity::insert(fresh)
            .on_conflict(OnConflict::column(Column::Slot).update_column(Column::Slot).to_owned())
            .exec_with_returning(&tx)
            .await?;
        let now = self.context.clock.now();
        if let Some(sentence) = locked(&row, now) {
            return Ok(Tried::Locked(sentence));
        }
        if is_right {
            return Ok(Tried::Right);
        }
        let after = identity_check::Model { slot, wrong: counted(&row, now) + 1, wrong_at: millis(now) };
        identity_check::Entity::update_many()
            .col_expr(Column::Wrong, Expr::value(after.wrong))
            .col_expr(Column::WrongAt, Expr::value(after.wrong_at))
            .filter(Column::Slot.eq(&after.slot))
            .exec(&tx)
            .await?;
        let detail = json!({ "for": identity_check.code_purpose(), "wrong": after.wrong });
        self.context
            .audit(&tx, Some(actor), "identity.wrong", "record", &identity_check.subject.id, detail)
            .await?;
        tx.commit().await?;
        Ok(match locked(&after, now) {
            Some(sentence) => Tried::Locked(sentence),
            None => Tried::Wrong { left: MOST_WRONG - after.wrong },
        })
    }

    /// Spends the code and forgets the tries and what was held, in the transaction of what the check
    /// allows.
    pub(crate) async fn consume(
        &self,
        tx: &Transaction,
        actor: &Actor,
        identity_check: &IdentityCheck,
        proven: &VerifiedIdentity,
    ) -> Result<()> {
        self.text_messages.spend_code(tx, &proven.code).await?;
        identity_check::Entity::delete_by_id(identity_check.tries_slot(actor)).exec(tx).await?;
        self.rejected_forms.discard(tx, &identity_check.rejected_slot(actor)).await
    }

    /// Keeps for half an hour what was typed and what is wrong with it; the views give it back when they
    /// are asked to `check`. What the form has no place for is left out.
    pub async fn stash_identity(
        &self,
        actor: &Actor,
        purpose: IdentityPurpose,
        record: &str,
        answers: &Answers,
        faults: &[Fault],
    ) -> Result<()> {
        retry!(self.try_hold_identity(actor, purpose, record, answers, faults))
    }

    async fn try_hold_identity(
        &self,
        actor: &Actor,
        purpose: IdentityPurpose,
        record: &str,
        answers: &Answers,
        faults: &[Fault],
    ) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let identity_check = self.identity_check(&tx, actor, purpose, record, false).await?;
        let form = identity_check.form();
        let refused = domain::check::check_draft(form, answers);
        let mut answers = answers.clone();
        answers.retain(|at| !refused.iter().any(|fault| fault.at == at));
        let held = RejectedForm { answers, faults: faults.to_vec() };
        self.rejected_forms.stash(&tx, identity_check.rejected_slot(actor), &held).await?;
        let detail = json!({ "for": identity_check.code_purpose() });
        self.context
            .audit(&tx, Some(actor), "identity.hold", "record", &identity_check.record.id, detail)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Deletes held forms and counts that have run out. Says how many went.
    pub async fn sweep_identity(&self) -> Result<u64> {
        retry!(self.try_sweep_identity())
    }

    async fn try_sweep_identity(&self) -> Result<u64> {
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        let held = held_form::Entity::delete_many()
            .filter(held_form::Column::HeldAt.lt(millis(now - KEPT_FOR)))
            .exec(&tx)
            .await?;
        let tries = identity_check::Entity::delete_many()
            .filter(identity_check::Column::WrongAt.lt(millis(now - LOCKED_FOR)))
            .exec(&tx)
            .await?;
        let swept = held.rows_affected + tries.rows_affected;
        if swept > 0 {
            self.context.audit(&tx, None, "sweep", "held_form", "", json!({ "rows": swept })).await?;
        }
        tx.commit().await?;
        Ok(swept)
    }

    /// What belongs to a subject and is in force, by business.
    pub(crate) async fn attached(&self, subject_id: &str) -> Result<Vec<(Business, u64)>> {
        use domain::record::RecordState;
        let living = RecordState::ALL.into_iter().filter(|state| state.is_in_force()).map(RecordState::code);
        let counts: Vec<(String, i64)> = record::Entity::find()
            .select_only()
            .column(record::Column::Business)
            .column_as(record::Column::Id.count(), "count")
            .filter(record::Column::SubjectId.eq(subject_id))
            .filter(record::Column::Id.ne(subject_id))
            .filter(record::Column::State.is_in(living))
            .group_by(record::Column::Business)
            .into_tuple()
            .all(self.context.db.read())
            .await?;
        let count = |business: Business| counts.iter().find(|(code, _)| code == business.code());
        let counts = Business::ALL.into_iter().filter_map(|business| Some((business, count(business)?.1)));
        Ok(counts.map(|(business, count)| (business, u64::try_from(count).unwrap_or_default())).collect())
    }
}

/// Wrong tries that still count. A clock that was set back forgets none.
fn counted(row: &identity_check::Model, now: OffsetDateTime) -> i32 {
    if now - instant(row.wrong_at) >= LOCKED_FOR { 0 } else { row.wrong }
}

/// Why nothing is taken at present.
fn locked(row: &identity_check::Model, now: OffsetDateTime) -> Option<String> {
    if counted(row, now) < MOST_WRONG {
        return None;
    }
    let left = (instant(row.wrong_at) + LOCKED_FOR - now).min(LOCKED_FOR);
    let minutes = left.whole_minutes() + i64::from(left > Duration::minutes(left.whole_minutes()));
    Some(format!("身份验证错误次数过多，请 {minutes} 分钟后再试"))
}
