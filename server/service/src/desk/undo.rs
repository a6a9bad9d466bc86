//! 撤回: for some seconds an officer can take back what they have just done. The act itself stands at once; only
//! telling others of it waits until it can no longer be taken back. What is needed for either lies in the database, so
//! that a crash, or another server, changes nothing.

use domain::filing::FilingEvent;
use domain::notice::NoticeKind;
use domain::second_look::Judgement;
use domain::view::UndoOffer;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::account::notice::Notices;
use crate::base::actor::Actor;
use crate::base::change::What;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis, new_id, plausible_id};
use crate::base::entity::{filing, undoable_act};
use crate::base::error::{Error, Result, chain};
use crate::base::own_desk::Part;
use crate::base::retry::retry;
use crate::filing::second_look;
use crate::state::history::Who;
use crate::state::row::procedure_of;
use crate::state::scene::{Reversal, Scene};
use crate::state::transition;

handle! {
    /// What officers can take back for some seconds.
    Undos {
        notices: Notices,
    }
}

/// Acts settled in one go.
const AT_ONCE: u64 = 200;

/// Somebody to be told of an act.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    pub person_id: String,
    pub kind: NoticeKind,
    pub text: String,
    pub link: Option<String>,
}

impl Told {
    pub fn new(person_id: &str, kind: NoticeKind, text: String, link: String) -> Self {
        Told { person_id: person_id.to_owned(), kind, text, link: Some(link) }
    }
}

/// An act that has just been done, in its transaction.
pub(crate) struct Act<'a> {
    /// What is taken back together has the same.
    pub id: &'a str,
    pub event: FilingEvent,
    pub filing: &'a filing::Model,
    /// How everything stood before.
    pub scene: Scene,
    pub told: Vec<Told>,
}

impl Undos {
    /// So long an act can be taken back; not at all where the operator gives no time for it.
    fn window(&self) -> Option<Duration> {
        let seconds = self.context.settings.undo_seconds;
        (seconds > 0).then(|| Duration::seconds(seconds))
    }

    /// Keeps what takes an act back, and whom to tell afterwards; tells at once where there is no taking back.
    pub(crate) async fn keep(
        &self,
        tx: &Transaction,
        actor: &Actor,
        act: Act<'_>,
        now: OffsetDateTime,
    ) -> Result<()> {
        let Some(window) = self.window() else {
            return self.tell(tx, act.told).await;
        };
        let reversal = serde_json::to_string(&act.scene.reversal(tx).await?)?;
        let id = new_id(now);
        let row = undoable_act::ActiveModel {
            act_id: Set(act.id.to_owned()),
            event: Set(act.event.code().to_owned()),
            officer_id: Set(actor.person_id.clone()),
            filing_id: Set(act.filing.id.clone()),
            subject_id: Set(act.filing.subject_id.clone()),
            before_sealed: Set(self.context.keys.seal_text(&context(&id), &reversal)?),
            notices: Set(serde_json::to_string(&act.told)?),
            until: Set(millis(now + window)),
            id: Set(id),
        };
        undoable_act::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    async fn tell(&self, tx: &Transaction, told: Vec<Told>) -> Result<()> {
        for Told { person_id, kind, text, link } in told {
            self.notices.notify(tx, &person_id, kind, text, link).await?;
        }
        Ok(())
    }

    /// The time to take an act of several parts back begins anew, for what is left of it.
    pub(crate) async fn begin_time(&self, actor: &Actor, act: &str) -> Result<()> {
        let Some(window) = self.window() else { return Ok(()) };
        let tx = self.context.db.begin().await?;
        undoable_act::Entity::update_many()
            .col_expr(undoable_act::Column::Until, Expr::value(millis(self.context.clock.now() + window)))
            .filter(undoable_act::Column::OfficerId.eq(&actor.person_id))
            .filter(undoable_act::Column::ActId.eq(act))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The officer's latest act, while it can be taken back.
    pub async fn undoable(&self, actor: &Actor) -> Result<Option<UndoOffer>> {
        actor.must_review()?;
        let on = self.context.db.read();
        let now = millis(self.context.clock.now());
        let desk = actor.own_desk(on, Part::Acts).await?;
        let Some(latest) = desk.acts.last().filter(|row| row.until > now) else { return Ok(None) };
        let mut acts = desk.acts.iter().filter(|row| row.act_id == latest.act_id);
        let first = acts.next().map_or("", |row| row.filing_id.as_str());
        let row = filing::Entity::find_by_id(first).one(on).await?.ok_or(Error::NotFound)?;
        let event = FilingEvent::from_code(&latest.event).map_or("", FilingEvent::label);
        let about = format!("{} {}", procedure_of(&row)?.label(), row.title);
        Ok(Some(UndoOffer {
            act: latest.act_id.clone(),
            event: event.to_owned(),
            about,
            others: acts.count() as u64,
            // Rounded up: who counts to nothing finds nothing left.
            seconds_left: u64::try_from((latest.until - now + 999) / 1000).unwrap_or(0),
        }))
    }

    /// Takes back one's own act, all of it that belongs together about one subject or none. Gives the filing it began with.
    ///
    /// # Errors
    /// `Refused` when its time is over, or something else has happened since.
    pub async fn undo(&self, actor: &Actor, act: &str) -> Result<String> {
        actor.must_review()?;
        let act = plausible_id(act)?;
        let rows = undoable_act::Entity::find()
            .filter(undoable_act::Column::OfficerId.eq(&actor.person_id))
            .filter(undoable_act::Column::ActId.eq(act))
            .order_by_desc(undoable_act::Column::Id)
            .all(self.context.db.read())
            .await?;
        let mut subjects: Vec<&str> = Vec::new();
        for row in &rows {
            if !subjects.contains(&row.subject_id.as_str()) {
                subjects.push(&row.subject_id);
            }
        }
        let first = rows.last().map(|row| row.filing_id.clone()).ok_or_else(too_late)?;
        let mut refused = None;
        for subject in subjects {
            let of_subject: Vec<&undoable_act::Model> =
                rows.iter().filter(|row| row.subject_id == subject).collect();
            match retry!(self.try_undo(actor, subject, &of_subject)) {
                Ok(()) => {}
                Err(error @ Error::Refused(_)) => refused = Some(error),
                Err(error) => return Err(error),
            }
        }
        match refused {
            None => Ok(first),
            Some(error) => Err(error),
        }
    }

    /// The acts about one subject, the latest first.
    async fn try_undo(&self, actor: &Actor, subject: &str, acts: &[&undoable_act::Model]) -> Result<()> {
        let tx = self.context.db.begin().await?;
        transition::lock_subject(&tx, subject).await?;
        let now = self.context.clock.now();
        let who = Who::reviewer(actor);
        for act in acts {
            if instant(act.until) <= now || !take(&tx, &act.id).await? {
                return Err(too_late());
            }
            let reversal = self.context.keys.open_text(&context(&act.id), &act.before_sealed)?;
            let reversal: Reversal = serde_json::from_str(&reversal)?;
            let event = FilingEvent::from_code(&act.event)
                .ok_or_else(|| Error::Corrupt(format!("event of act {}", act.id)))?;
            let note = format!("撤回“{}”", event.label());
            let filings = reversal.put_back(&tx, &who, &note, now).await?;
            if Judgement::of_event(event).is_some()
                && let Some((_, is)) = filings.iter().find(|(_, is)| is.id == act.filing_id)
            {
                second_look::take_away(&tx, &is.id, is.round).await?;
            }
            let references: Vec<&str> = filings.iter().map(|(_, is)| is.reference.as_str()).collect();
            let detail = json!({ "event": event.label(), "references": references });
            for (was, is) in &filings {
                match was.jurisdiction == is.jurisdiction {
                    true => tx.tell_changed(is),
                    false => tx.tell(What::Arrived, is, Some(was.jurisdiction.clone())),
                }
            }
            self.context.audit(&tx, Some(actor), "filing.undo", "filing", &act.filing_id, detail).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Tells those concerned of what can no longer be taken back; says of how many acts. For the server to call every
    /// second; several servers tell nobody twice.
    ///
    /// # Errors
    /// When the acts cannot be read. One that cannot be settled is logged and keeps no other.
    pub async fn settle_due(&self) -> Result<u64> {
        self.settle_at(self.context.clock.now()).await
    }

    /// The same at a moment of a server's own clock.
    pub async fn settle_at(&self, now: OffsetDateTime) -> Result<u64> {
        let due = undoable_act::Entity::find()
            .filter(undoable_act::Column::Until.lte(millis(now)))
            .order_by_asc(undoable_act::Column::Until)
            .limit(AT_ONCE)
            .all(self.context.db.read())
            .await?;
        let mut settled = 0;
        for row in due {
            match retry!(self.try_settle(&row)) {
                Ok(true) => settled += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(act = row.id, error = chain(&error), "nobody was told of an act")
                }
            }
        }
        Ok(settled)
    }

    async fn try_settle(&self, row: &undoable_act::Model) -> Result<bool> {
        let tx = self.context.db.begin().await?;
        if !take(&tx, &row.id).await? {
            return Ok(false);
        }
        self.tell(&tx, serde_json::from_str(&row.notices)?).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Whoever takes the row away settles the act: it is told of or taken back, never both.
async fn take(tx: &Transaction, id: &str) -> Result<bool> {
    Ok(undoable_act::Entity::delete_by_id(id).exec(tx).await?.rows_affected == 1)
}

fn too_late() -> Error {
    Error::refused("已超过可以撤回的时间，决定已经发出")
}

/// The place that what stood before is sealed for.
pub(crate) fn context(id: &str) -> String {
    format!("undoable_act/{id}")
}
