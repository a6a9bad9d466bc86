//! Signing in: a person of the identity platform becomes one of ours, with a session.

use domain::role::StaffRole;
use domain::value::text;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use time::OffsetDateTime;

use crate::account::Accounts;
use crate::account::assurance::Proof;
use crate::account::fingerprints::{compact, context, id_no_hash, mobile_hash};
use crate::account::person::{Claims, IDLE, MOST_SESSIONS};
use crate::account::roles::roles_held;
use crate::account::session::is_live;
use crate::account::suspension::SUSPENDED;
use crate::base::actor::Actor;
use crate::base::db::{Transaction, millis, new_id, next_serial};
use crate::base::entity::{person, session};
use crate::base::error::{Error, Result};
use crate::base::keyring::random_token;
use crate::base::retry::retry;
use crate::base::text::one_line;

const LONGEST_DEVICE: usize = 200;

impl Accounts {
    /// Begins a session for whom the identity platform vouches for, always a fresh one, and says its
    /// token, which only the browser keeps. What the platform says now replaces what it said before.
    pub async fn sign_in(&self, claims: &Claims, device: &str) -> Result<String> {
        self.sign_in_proven(claims, device, &Proof::default()).await
    }

    /// The same, with how the platform came to know the person.
    pub async fn sign_in_proven(&self, claims: &Claims, device: &str, proof: &Proof) -> Result<String> {
        let first = retry!(self.try_sign_in(claims, device, proof));
        match first {
            // Two first sign-ins of one person at once: the other one has made the row.
            Err(error) if error.is_unique_violation() => retry!(self.try_sign_in(claims, device, proof)),
            outcome => outcome,
        }
    }

    async fn try_sign_in(&self, claims: &Claims, device: &str, proof: &Proof) -> Result<String> {
        let claims = tidy(claims)?;
        let tx = self.context.db.begin().await?;
        let now = self.context.clock.now();
        let known = person::Entity::find().filter(person::Column::Sub.eq(&claims.sub)).one(&tx).await?;
        if known.as_ref().is_some_and(|person| person.suspended_at.is_some()) {
            return Err(Error::refused(SUSPENDED));
        }
        self.must_not_be_suspended(&tx, &id_no_hash(&self.context.keys, &claims.id_no)).await?;
        let id = known.as_ref().map_or_else(|| new_id(now), |person| person.id.clone());
        let sealed = |field, text: &str| self.context.keys.seal_text(&context(&id, field), text);
        let said = person::ActiveModel {
            id: Set(id.clone()),
            name_sealed: Set(sealed("name", &claims.name)?),
            mobile_sealed: Set(sealed("mobile", &claims.mobile)?),
            mobile_hash: Set(mobile_hash(&self.context.keys, &claims.mobile)),
            id_kind: Set(claims.id_kind.clone()),
            id_no_sealed: Set(sealed("id_no", &claims.id_no)?),
            id_no_hash: Set(id_no_hash(&self.context.keys, &claims.id_no)),
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
            token_hash: Set(self.context.keys.token_hash(&token)),
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
        let actor = Actor::of(id, session.id, Vec::new());
        self.context.audit(&tx, Some(&actor), "sign_in", "session", &actor.session_id, json!({})).await?;
        tx.commit().await?;
        self.context.names.forget(&actor.person_id);
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
            self.context.audit(on, None, "end_session", "session", &session.id, detail).await?;
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
        let Some(named) = &self.context.settings.first_administrator else { return Ok(()) };
        let hash = id_no_hash(&self.context.keys, named);
        if id_no_hash(&self.context.keys, &claims.id_no) != hash {
            return Ok(());
        }
        // Asked first, so that only one sign-in ever takes the counter's lock.
        let counter = crate::account::roles::first_administrator_counter(&hash);
        let is_appointed =
            crate::base::entity::counter::Entity::find_by_id(&counter).one(on).await?.is_some();
        if is_appointed {
            return Ok(());
        }
        next_serial(on, crate::account::roles::LOCK).await?;
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
        self.context.audit(on, None, "appoint", "staff", &id, detail).await?;
        Ok(())
    }
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
