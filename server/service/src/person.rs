//! People and their sessions (R1): signing in, who acts by which token, the chosen subject (R6), and
//! what the shell of every page shows. What the identity platform says of a person is sealed here and
//! leaves this crate masked (R70).

use std::collections::BTreeMap;
use std::fmt;

use domain::business::Business;
use domain::mask::{Mask, mask};
use domain::record::RecordState;
use domain::role::StaffRole;
use domain::value::text;
use domain::view::{Me, SessionRow, SubjectChoice};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::SUSPENDED;
use crate::actor::{Actor, Role};
use crate::assurance::Proof;
use crate::clock::written;
use crate::db::{Transaction, instant, millis, new_id, next_serial, plausible_id};
use crate::entity::{notice, person, record, session, staff};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, random_token, token_hash};
use crate::staff::roles_held;
use crate::{Service, again, region};

/// A session ends when nothing was asked for so long …
pub const IDLE: Duration = Duration::minutes(30);
/// … and in any case so long after it began.
pub const ABSOLUTE: Duration = Duration::hours(12);
/// Sessions that one person has at once.
pub const MOST_SESSIONS: usize = 10;
/// The row is not written more often than this only to say that somebody is still there.
const TOUCH_EVERY: Duration = Duration::minutes(1);
const LONGEST_DEVICE: usize = 200;

/// What the identity platform says of a person. Personal data: `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// The platform's lasting name for the person; never shown.
    pub sub: String,
    pub name: String,
    pub mobile: String,
    /// As in the list of id kinds, such as `resident_id`.
    pub id_kind: String,
    pub id_no: String,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl Service {
    /// Begins a session for whom the identity platform vouches for, always a fresh one, and says its
    /// token, which only the browser keeps. What the platform says now replaces what it said before.
    pub async fn sign_in(&self, claims: &Claims, device: &str) -> Result<String> {
        self.sign_in_proven(claims, device, &Proof::default()).await
    }

    /// The same, with how the platform came to know the person.
    pub async fn sign_in_proven(&self, claims: &Claims, device: &str, proof: &Proof) -> Result<String> {
        let first = again!(self.try_sign_in(claims, device, proof));
        match first {
            // Two first sign-ins of one person at once: the other one has made the row.
            Err(error) if error.is_unique_violation() => again!(self.try_sign_in(claims, device, proof)),
            outcome => outcome,
        }
    }

    async fn try_sign_in(&self, claims: &Claims, device: &str, proof: &Proof) -> Result<String> {
        let claims = tidy(claims)?;
        let tx = self.db.begin().await?;
        let now = self.clock.now();
        let known = person::Entity::find().filter(person::Column::Sub.eq(&claims.sub)).one(&tx).await?;
        if known.as_ref().is_some_and(|person| person.suspended_at.is_some()) {
            return Err(Error::refused(SUSPENDED));
        }
        self.must_not_be_suspended(&tx, &id_no_hash(&self.keys, &claims.id_no)).await?;
        let id = known.as_ref().map_or_else(|| new_id(now), |person| person.id.clone());
        let sealed = |field, text: &str| self.keys.seal_text(&context(&id, field), text);
        let said = person::ActiveModel {
            id: Set(id.clone()),
            name_sealed: Set(sealed("name", &claims.name)?),
            mobile_sealed: Set(sealed("mobile", &claims.mobile)?),
            mobile_hash: Set(mobile_hash(&self.keys, &claims.mobile)),
            id_kind: Set(claims.id_kind.clone()),
            id_no_sealed: Set(sealed("id_no", &claims.id_no)?),
            id_no_hash: Set(id_no_hash(&self.keys, &claims.id_no)),
            seen_at: Set(millis(now)),
            ..Default::default()
        };
        if known.is_some() {
            said.update(&tx).await?;
        } else {
            let fresh = person::ActiveModel {
                sub: Set(claims.sub.clone()),
                current_subject_id: Set(None),
                elder: Set(false),
                suspended_at: Set(None),
                suspension_sealed: Set(None),
                created_at: Set(millis(now)),
                ..said
            };
            fresh.insert(&tx).await?;
        }
        self.appoint_first_administrator(&tx, &claims, now).await?;
        self.end_the_oldest(&tx, &id, now).await?;
        let token = random_token()?;
        let session = session::ActiveModel {
            token_hash: Set(token_hash(&token)),
            id: Set(new_id(now)),
            person_id: Set(id.clone()),
            device: Set(one_line(device, LONGEST_DEVICE)),
            flash: Set(None),
            created_at: Set(millis(now)),
            seen_at: Set(millis(now)),
            revoked_at: Set(None),
            auth_time: Set(proof.auth_time.map(millis)),
            acr: Set(proof.acr.as_deref().map(|acr| one_line(acr, LONGEST_DEVICE))),
        };
        let session = session.insert(&tx).await?;
        let actor = Actor { person_id: id, session_id: session.id, roles: Vec::new(), must_step_up: false };
        self.write(&tx, Some(&actor), "sign_in", "session", &actor.session_id, json!({})).await?;
        tx.commit().await?;
        Ok(token.to_string())
    }

    /// A person has so many sessions at most: the oldest make room for the next one.
    async fn end_the_oldest(&self, on: &Transaction, id: &str, now: OffsetDateTime) -> Result<()> {
        let rows = session::Entity::find()
            .filter(session::Column::PersonId.eq(id))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::SeenAt.gt(millis(now - IDLE)))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id)
            .all(on)
            .await?;
        for session in rows.iter().filter(|session| is_live(session, now)).skip(MOST_SESSIONS - 1) {
            session::Entity::update_many()
                .col_expr(session::Column::RevokedAt, Expr::value(millis(now)))
                .filter(session::Column::TokenHash.eq(&session.token_hash))
                .exec_with_returning(on)
                .await?;
            let detail = json!({ "most": MOST_SESSIONS });
            self.write(on, None, "end_session", "session", &session.id, detail).await?;
        }
        Ok(())
    }

    /// R60: whom the configuration names becomes administrator at the first sign-in, once and for
    /// all: dismissed later, the person does not come back by signing in.
    async fn appoint_first_administrator(
        &self,
        on: &Transaction,
        claims: &Claims,
        now: OffsetDateTime,
    ) -> Result<()> {
        let Some(named) = &self.settings.first_administrator else { return Ok(()) };
        let hash = id_no_hash(&self.keys, named);
        if id_no_hash(&self.keys, &claims.id_no) != hash {
            return Ok(());
        }
        // Asked first, so that only one sign-in ever takes the counter's lock.
        let counter = crate::staff::first_administrator_counter(&hash);
        let is_appointed = crate::entity::counter::Entity::find_by_id(&counter).one(on).await?.is_some();
        if is_appointed {
            return Ok(());
        }
        next_serial(on, crate::staff::LOCK).await?;
        let held = roles_held(on, &hash).await?;
        if let Some(other) = held.iter().find(|role| !role.goes_with(StaffRole::Administrator)) {
            tracing::warn!(
                role = other.code(),
                "who is named as first administrator has another role that goes \
                not together with it, and is not appointed"
            );
            return Ok(());
        }
        if next_serial(on, &counter).await? > 1 || held.contains(&StaffRole::Administrator) {
            return Ok(());
        }
        let id =
            self.insert_staff(on, &claims.name, &claims.id_no, StaffRole::Administrator, "", now).await?;
        let detail = json!({ "role": StaffRole::Administrator.code(), "region": "", "first": true });
        self.write(on, None, "appoint", "staff", &id, detail).await?;
        Ok(())
    }

    /// Who acts by this token, with the roles that hold at this moment. None where the session never
    /// was, was ended, or has run out.
    pub async fn actor(&self, token: &str) -> Result<Option<Actor>> {
        let now = self.clock.now();
        let Some(session) = session::Entity::find_by_id(token_hash(token)).one(self.db.read()).await? else {
            return Ok(None);
        };
        let actor = self.actor_in(&session, now).await?;
        if actor.is_some() && now - instant(session.seen_at) >= TOUCH_EVERY {
            again!(self.touch(&session, now))?;
        }
        Ok(actor)
    }

    /// The person of an earlier look-up as they are now, for what outlives its request, such as a stream of
    /// events. Keeps no session alive.
    pub async fn actor_again(&self, actor: &Actor) -> Result<Option<Actor>> {
        let session = session::Entity::find()
            .filter(session::Column::PersonId.eq(&actor.person_id))
            .filter(session::Column::Id.eq(&actor.session_id))
            .one(self.db.read())
            .await?;
        match session {
            Some(session) => self.actor_in(&session, self.clock.now()).await,
            None => Ok(None),
        }
    }

    /// Who acts in a session, while it lives.
    async fn actor_in(&self, session: &session::Model, now: OffsetDateTime) -> Result<Option<Actor>> {
        if !is_live(session, now) {
            return Ok(None);
        }
        let Some(person) = person::Entity::find_by_id(&session.person_id).one(self.db.read()).await? else {
            return Ok(None);
        };
        if person.suspended_at.is_some() {
            return Ok(None);
        }
        let roles = self.roles(&person.id_no_hash).await?;
        let must_step_up = !roles.is_empty() && !self.is_strong(session);
        let roles = if must_step_up { Vec::new() } else { roles };
        Ok(Some(Actor { person_id: person.id, session_id: session.id.clone(), roles, must_step_up }))
    }

    async fn touch(&self, session: &session::Model, now: OffsetDateTime) -> Result<()> {
        let tx = self.db.begin().await?;
        session::Entity::update_many()
            .col_expr(session::Column::SeenAt, Expr::value(millis(now)))
            .filter(session::Column::TokenHash.eq(&session.token_hash))
            .filter(session::Column::SeenAt.lt(millis(now)))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn roles(&self, id_no_hash: &str) -> Result<Vec<Role>> {
        let rows = staff::Entity::find()
            .filter(staff::Column::IdNoHash.eq(id_no_hash))
            .filter(staff::Column::RevokedAt.is_null())
            .order_by_asc(staff::Column::Id)
            .all(self.db.read())
            .await?;
        rows.into_iter().map(crate::staff::role_of).collect()
    }

    /// 退出登录
    pub async fn sign_out(&self, actor: &Actor) -> Result<()> {
        match again!(self.try_revoke_session(actor, &actor.session_id)) {
            // Ended already, by another tab.
            Err(Error::NotFound) => Ok(()),
            outcome => outcome,
        }
    }

    /// Ends the session of a token, such as the one a browser had before it signed in again. A token
    /// that names none is no error.
    pub async fn end_session(&self, token: &str) -> Result<()> {
        match self.actor(token).await? {
            Some(actor) => self.sign_out(&actor).await,
            None => Ok(()),
        }
    }

    /// The person's live sessions, the one last used first.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SessionRow>> {
        self.sessions_of(&actor.person_id, &actor.session_id).await
    }

    pub(crate) async fn sessions_of(&self, person_id: &str, this: &str) -> Result<Vec<SessionRow>> {
        let now = self.clock.now();
        let rows = session::Entity::find()
            .filter(session::Column::PersonId.eq(person_id))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::SeenAt.gt(millis(now - IDLE)))
            .order_by_desc(session::Column::SeenAt)
            .limit(100)
            .all(self.db.read())
            .await?;
        let live = rows.into_iter().filter(|session| is_live(session, now));
        Ok(live
            .map(|session| SessionRow {
                is_this: session.id == this,
                id: session.id,
                device: session.device,
                created_at: written(instant(session.created_at)),
                seen_at: written(instant(session.seen_at)),
            })
            .collect())
    }

    /// Ends one of the person's sessions; its token is worth nothing from now on.
    pub async fn revoke_session(&self, actor: &Actor, id: &str) -> Result<()> {
        // Whoever found an open browser does not shut its owner out (ASVS V7.5.2).
        self.must_be_fresh(actor).await?;
        again!(self.try_revoke_session(actor, id))
    }

    async fn try_revoke_session(&self, actor: &Actor, id: &str) -> Result<()> {
        let id = plausible_id(id)?;
        let tx = self.db.begin().await?;
        let ended = session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(millis(self.clock.now())))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::PersonId.eq(&actor.person_id))
            .filter(session::Column::RevokedAt.is_null())
            .exec_with_returning(&tx)
            .await?;
        if ended.is_empty() {
            return Err(Error::NotFound);
        }
        self.write(&tx, Some(actor), "end_session", "session", id, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The key that seals in the browser what the person types while it cannot be saved (R77). It is given to
    /// pages of that person alone: the same after signing in again, another one for anybody else.
    pub(crate) fn kept_key(&self, person_id: &str) -> String {
        self.keys.fingerprint("kept in the browser", person_id)
    }

    /// What the shell shows of the person. Takes the flash: it is shown once.
    pub async fn me(&self, actor: &Actor) -> Result<Me> {
        let person = self.person(&actor.person_id).await?;
        let claims = self.claims(&person)?;
        let records = self.subjects(self.db.read(), actor).await?;
        let current = chosen(&person, &records).map(subject_choice).transpose()?;
        let subjects = records.iter().map(subject_choice).collect::<Result<_>>()?;
        let unread = notice::Entity::find()
            .filter(notice::Column::PersonId.eq(&actor.person_id))
            .filter(notice::Column::ReadAt.is_null())
            .count(self.db.read())
            .await?;
        Ok(Me {
            name: mask(Mask::Name, &claims.name),
            mobile: mask(Mask::Mobile, &claims.mobile),
            subjects,
            current,
            unread,
            is_reviewer: actor.reviewer_region().is_some(),
            is_administrator: actor.is_administrator(),
            is_auditor: actor.is_auditor(),
            is_keeper: actor.is_keeper(),
            must_step_up: actor.must_step_up,
            region: actor.reviewer_region().and_then(region::full_name),
            elder: person.elder,
            flash: again!(self.take_flash(actor))?,
        })
    }

    async fn take_flash(&self, actor: &Actor) -> Result<Option<String>> {
        let waiting = session::Entity::find()
            .filter(session::Column::Id.eq(&actor.session_id))
            .filter(session::Column::Flash.is_not_null())
            .one(self.db.read())
            .await?;
        let Some(flash) = waiting.and_then(|session| session.flash) else { return Ok(None) };
        let tx = self.db.begin().await?;
        let taken = session::Entity::update_many()
            .col_expr(session::Column::Flash, Expr::value(None::<String>))
            .filter(session::Column::Id.eq(&actor.session_id))
            .filter(session::Column::Flash.eq(&flash))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok((taken.rows_affected == 1).then_some(flash))
    }

    /// Whether the person wants the 长辈版; the document's head needs it before anything else is known.
    pub async fn is_elder(&self, actor: &Actor) -> Result<bool> {
        Ok(self.person(&actor.person_id).await?.elder)
    }

    /// Leaves a sentence for the next page this session shows.
    pub async fn set_flash(&self, actor: &Actor, sentence: &str) -> Result<()> {
        again!(self.try_set_flash(actor, sentence))
    }

    async fn try_set_flash(&self, actor: &Actor, sentence: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        session::Entity::update_many()
            .col_expr(session::Column::Flash, Expr::value(sentence))
            .filter(session::Column::Id.eq(&actor.session_id))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// 长辈版 on or off; outlives the session.
    pub async fn set_elder(&self, actor: &Actor, on: bool) -> Result<()> {
        again!(self.try_set_elder(actor, on))
    }

    async fn try_set_elder(&self, actor: &Actor, on: bool) -> Result<()> {
        let tx = self.db.begin().await?;
        let row =
            person::ActiveModel { id: Set(actor.person_id.clone()), elder: Set(on), ..Default::default() };
        row.update(&tx).await?;
        self.write(&tx, Some(actor), "set_elder", "person", &actor.person_id, json!({ "on": on })).await?;
        tx.commit().await?;
        Ok(())
    }

    /// 【当前主体】 (R6): all pages speak of this one from now on; outlives the session.
    pub async fn switch_subject(&self, actor: &Actor, id: &str) -> Result<()> {
        again!(self.try_switch_subject(actor, id))
    }

    async fn try_switch_subject(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let subject = self.owned_subject_on(&tx, actor, id).await?;
        if !is_offered(&subject) {
            return Err(Error::NotFound);
        }
        let row = person::ActiveModel {
            id: Set(actor.person_id.clone()),
            current_subject_id: Set(Some(subject.id.clone())),
            ..Default::default()
        };
        row.update(&tx).await?;
        self.write(&tx, Some(actor), "switch_subject", "record", &subject.id, json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The subject all pages speak of: the chosen one, or the newest.
    pub(crate) async fn current_subject(&self, actor: &Actor) -> Result<Option<record::Model>> {
        self.current_subject_on(self.db.read(), actor).await
    }

    pub(crate) async fn current_subject_on(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
    ) -> Result<Option<record::Model>> {
        let person = person::Entity::find_by_id(&actor.person_id).one(on).await?.ok_or(Error::NotFound)?;
        let records = self.subjects(on, actor).await?;
        Ok(chosen(&person, &records).cloned())
    }

    /// A subject of this person, in whatever state; anybody else's does not exist (R74).
    pub(crate) async fn owned_subject_on(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        id: &str,
    ) -> Result<record::Model> {
        record::Entity::find_by_id(plausible_id(id)?)
            .filter(record::Column::Business.eq(Business::Subject.code()))
            .filter(record::Column::OwnerId.eq(&actor.person_id))
            .one(on)
            .await?
            .ok_or(Error::NotFound)
    }

    /// The person's subjects that one can switch to, the newest first.
    async fn subjects(&self, on: &impl ConnectionTrait, actor: &Actor) -> Result<Vec<record::Model>> {
        let ended = [RecordState::Void.code(), RecordState::Cancelled.code()];
        Ok(record::Entity::find()
            .filter(record::Column::OwnerId.eq(&actor.person_id))
            .filter(record::Column::Business.eq(Business::Subject.code()))
            .filter(record::Column::State.is_not_in(ended))
            .order_by_desc(record::Column::Id)
            .all(on)
            .await?)
    }

    pub(crate) async fn person(&self, id: &str) -> Result<person::Model> {
        person::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(Error::NotFound)
    }

    /// The names of officers, for other officers: who has claimed a filing (R62).
    pub(crate) async fn staff_names(
        &self,
        on: &impl ConnectionTrait,
        person_ids: &[String],
    ) -> Result<BTreeMap<String, String>> {
        let people = person::Entity::find()
            .filter(person::Column::Id.is_in(person_ids.iter().map(String::as_str)))
            .all(on)
            .await?;
        people.into_iter().map(|person| Ok((person.id.clone(), self.claims(&person)?.name))).collect()
    }

    /// Opens what the identity platform said of a person. Mask it before it leaves the crate (R70).
    pub(crate) fn claims(&self, person: &person::Model) -> Result<Claims> {
        let open = |field, sealed: &str| self.keys.open_text(&context(&person.id, field), sealed);
        Ok(Claims {
            sub: person.sub.clone(),
            name: open("name", &person.name_sealed)?,
            mobile: open("mobile", &person.mobile_sealed)?,
            id_kind: person.id_kind.clone(),
            id_no: open("id_no", &person.id_no_sealed)?,
        })
    }
}

/// The hash by which people and staff are found by id number, however it is typed.
pub(crate) fn id_no_hash(keys: &Keyring, id_no: &str) -> String {
    keys.fingerprint("id_no", &compact(id_no))
}

/// The hash by which a mobile number is compared.
pub(crate) fn mobile_hash(keys: &Keyring, mobile: &str) -> String {
    keys.fingerprint("mobile", &compact(mobile))
}

/// Half-width, in capitals, without blanks: how codes are compared.
pub(crate) fn compact(text: &str) -> String {
    domain::value::text::compact_code(text)
}

pub(crate) fn context(person_id: &str, field: &str) -> String {
    format!("person/{person_id}/{field}")
}

/// The claims in the form they are compared in; a person who is only half known cannot file.
fn tidy(claims: &Claims) -> Result<Claims> {
    let tidy = Claims {
        sub: text::tidy(&claims.sub).trim().to_owned(),
        name: text::tidy(&claims.name).trim().to_owned(),
        mobile: compact(&claims.mobile),
        id_kind: text::tidy(&claims.id_kind).trim().to_owned(),
        id_no: compact(&claims.id_no),
    };
    let Claims { sub, name, mobile, id_kind, id_no } = &tidy;
    if [sub, name, mobile, id_kind, id_no].into_iter().any(String::is_empty) {
        return Err(Error::refused(
            "身份认证平台没有提供完整的实名信息（姓名、手机号码、证件号码），请完善后重新登录",
        ));
    }
    Ok(tidy)
}

fn is_live(session: &session::Model, now: OffsetDateTime) -> bool {
    session.revoked_at.is_none()
        && now - instant(session.created_at) < ABSOLUTE
        && now - instant(session.seen_at) < IDLE
}

/// Whether a subject stands in the list of R6.
fn is_offered(subject: &record::Model) -> bool {
    match RecordState::from_code(&subject.state) {
        Some(
            RecordState::Pending
            | RecordState::Active
            | RecordState::Changing
            | RecordState::Cancelling
            | RecordState::Transferring,
        ) => true,
        Some(RecordState::Cancelled | RecordState::Void) | None => false,
    }
}

fn chosen<'a>(person: &person::Model, subjects: &'a [record::Model]) -> Option<&'a record::Model> {
    let remembered = person.current_subject_id.as_deref();
    subjects.iter().find(|subject| Some(subject.id.as_str()) == remembered).or_else(|| subjects.first())
}

pub(crate) fn subject_choice(subject: &record::Model) -> Result<SubjectChoice> {
    let state = RecordState::from_code(&subject.state)
        .ok_or_else(|| Error::Corrupt(format!("record {} has no known state", subject.id)))?;
    Ok(SubjectChoice { id: subject.id.clone(), name: subject.title.clone(), state })
}

/// Text from outside on one line of bounded length, without control characters.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(longest).collect::<String>().trim().to_owned()
}
