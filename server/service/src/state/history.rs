//! The history of a filing: its lines, who wrote them, and what they say to whom.

use domain::filing::{FilingEvent, FilingState};
use domain::role::StaffRole;
use domain::schema::Fault;
use domain::view::EventView;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use time::OffsetDateTime;

use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::db::{instant, millis, new_id};
use crate::base::entity::{filing, filing_event};
use crate::base::error::{Error, Result};

pub(crate) const APPLICANT: &str = "applicant";

pub(crate) const REVIEWER: &str = StaffRole::Reviewer.code();

pub(crate) const ADMINISTRATOR: &str = StaffRole::Administrator.code();

pub(crate) const SYSTEM: &str = "system";

/// The event of a filing's first line; a submission is no transition.
pub(crate) const SUBMITTED: &str = "submit";

/// What the history says of a business filing that came back only because its subject did. Older rows are told by
/// this sentence, so it stays as it is.
pub(crate) const RETURNED_ALONG: &str = "主体申请已退回，请先修改并重新提交主体申请，再重新提交本申请";

/// Who makes a transition, as the history keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub actor_id: Option<String>,
    pub role: &'static str,
}

impl Who {
    pub fn applicant(actor: &Actor) -> Self {
        Who { actor_id: Some(actor.person_id.clone()), role: APPLICANT }
    }

    pub fn reviewer(actor: &Actor) -> Self {
        Who { actor_id: Some(actor.person_id.clone()), role: REVIEWER }
    }

    pub fn administrator(actor: &Actor) -> Self {
        Who { actor_id: Some(actor.person_id.clone()), role: ADMINISTRATOR }
    }

    pub fn system() -> Self {
        Who { actor_id: None, role: SYSTEM }
    }

    fn is(&self, actor_id: Option<&str>) -> bool {
        self.actor_id.is_some() && self.actor_id.as_deref() == actor_id
    }
}

#[allow(clippy::too_many_arguments)] // the columns of the row
pub(crate) async fn history(
    on: &impl ConnectionTrait,
    filing_id: &str,
    event: &str,
    from: Option<FilingState>,
    to: FilingState,
    who: &Who,
    note: &str,
    remarks: &[Fault],
    now: OffsetDateTime,
) -> Result<()> {
    let line = filing_event::ActiveModel {
        id: Set(new_id(now)),
        filing_id: Set(filing_id.to_owned()),
        event: Set(event.to_owned()),
        from_state: Set(from.map(|state| state.code().to_owned())),
        to_state: Set(to.code().to_owned()),
        actor_id: Set(who.actor_id.clone()),
        actor_role: Set(who.role.to_owned()),
        note: Set(note.to_owned()),
        remarks: Set(serde_json::to_string(remarks)?),
        at: Set(millis(now)),
    };
    filing_event::Entity::insert(line).exec_with_returning(on).await?;
    Ok(())
}

/// What happened to a filing meanwhile, in a sentence for the one who came too late (R62).
pub(crate) async fn overtaken(on: &impl ConnectionTrait, filing_id: &str, who: &Who) -> Result<Error> {
    match last_line(on, filing_id).await? {
        None => Ok(Error::NotFound),
        Some(last) => Ok(Error::refused(what_happened(&last, who, None))),
    }
}

/// The latest line of a filing's history.
pub(crate) async fn last_line(
    on: &impl ConnectionTrait,
    filing_id: &str,
) -> Result<Option<filing_event::Model>> {
    Ok(filing_event::Entity::find()
        .filter(filing_event::Column::FilingId.eq(filing_id))
        .order_by_desc(filing_event::Column::Id)
        .one(on)
        .await?)
}

/// The officer of a line, where it is neither an applicant's nor that of the one who asks.
pub(crate) fn colleague<'a>(last: &'a filing_event::Model, who: &Who) -> Option<&'a String> {
    let is_asked_by_staff = who.role == REVIEWER || who.role == ADMINISTRATOR;
    let other = last.actor_id.as_ref().filter(|_| last.actor_role == REVIEWER && is_asked_by_staff);
    other.filter(|_| !who.is(last.actor_id.as_deref()))
}

/// A line of history as the one who came too late is told it. Applicants never learn an officer's
/// name; officers do, if the caller knows it.
pub(crate) fn what_happened(last: &filing_event::Model, who: &Who, colleague: Option<&str>) -> String {
    let officer = if who.is(last.actor_id.as_deref()) {
        "您".to_owned()
    } else if last.actor_role == ADMINISTRATOR {
        "管理员".to_owned()
    } else if last.actor_role == SYSTEM {
        "系统".to_owned()
    } else if who.role == APPLICANT {
        "审核民警".to_owned()
    } else {
        match colleague {
            Some(name) => format!("其他民警（{name}）"),
            None => "其他民警".to_owned(),
        }
    };
    let applicant = if who.role == APPLICANT { "您" } else { "申请人" };
    let decided = |state: FilingState| format!("{officer}作出“{}”决定", state.label());
    let what = match FilingEvent::from_code(&last.event) {
        Some(FilingEvent::Claim) => format!("{officer}领取"),
        Some(FilingEvent::Release) => format!("{officer}释放，请重新领取"),
        Some(FilingEvent::Approve) => decided(FilingState::Approved),
        Some(FilingEvent::Return) => decided(FilingState::Returned),
        Some(FilingEvent::Reject) => decided(FilingState::Rejected),
        Some(FilingEvent::Withdraw) => format!("{applicant}撤销"),
        Some(FilingEvent::Resubmit) => format!("{applicant}重新提交"),
        Some(FilingEvent::Terminate) => format!("{officer}终止"),
        Some(FilingEvent::Transfer) => format!("{officer}移送"),
        Some(FilingEvent::Undo) => format!("{officer}撤回上一步操作"),
        None => format!("{applicant}提交"),
    };
    format!("该申请单已于 {} 由{what}", written(instant(last.at)))
}

/// The lines of a filing's history, oldest first.
pub(crate) async fn history_of(
    on: &impl ConnectionTrait,
    filing_id: &str,
) -> Result<Vec<filing_event::Model>> {
    Ok(filing_event::Entity::find()
        .filter(filing_event::Column::FilingId.eq(filing_id))
        .order_by_asc(filing_event::Column::Id)
        .all(on)
        .await?)
}

/// The latest line in the history of a subject's filings.
pub(crate) async fn last_line_of_subject(
    on: &impl ConnectionTrait,
    subject_id: &str,
) -> Result<Option<String>> {
    Ok(lines_of_subject(subject_id)
        .select_only()
        .column(filing_event::Column::Id)
        .order_by_desc(filing_event::Column::Id)
        .limit(1)
        .into_tuple()
        .one(on)
        .await?)
}

/// The lines in the history of a subject's filings after one of them, oldest first.
pub(crate) async fn later_lines_of_subject(
    on: &impl ConnectionTrait,
    subject_id: &str,
    last: &str,
) -> Result<Vec<filing_event::Model>> {
    Ok(lines_of_subject(subject_id)
        .filter(filing_event::Column::Id.gt(last))
        .order_by_asc(filing_event::Column::Id)
        .all(on)
        .await?)
}

fn lines_of_subject(subject_id: &str) -> Select<filing_event::Entity> {
    let filings = filing::Entity::find()
        .select_only()
        .column(filing::Column::Id)
        .filter(filing::Column::SubjectId.eq(subject_id));
    filing_event::Entity::find().filter(filing_event::Column::FilingId.in_subquery(filings.into_query()))
}

/// The lines of one filing that stand: without what was taken back, and without the taking back.
pub(crate) fn standing(lines: Vec<filing_event::Model>) -> Vec<filing_event::Model> {
    let mut kept: Vec<filing_event::Model> = Vec::new();
    for line in lines {
        if line.event != FilingEvent::Undo.code() {
            kept.push(line);
            continue;
        }
        // Back to the line that led away from where it is again; an act can be two lines (see `may_take_back`).
        while let Some(undone) = kept.pop() {
            if undone.from_state.as_ref() == Some(&line.to_state) {
                break;
            }
        }
    }
    kept
}

/// A line of history for officers, with what they wrote for each other; still without names.
pub(crate) fn event_view(line: &filing_event::Model) -> EventView {
    let who = match line.actor_role.as_str() {
        APPLICANT => "申请人",
        REVIEWER => "审核民警",
        ADMINISTRATOR => "管理员",
        _ => "系统",
    };
    EventView {
        at: written(instant(line.at)),
        what: FilingEvent::from_code(&line.event).map_or("提交审核", FilingEvent::label).to_owned(),
        who: who.to_owned(),
        note: line.note.clone(),
    }
}
