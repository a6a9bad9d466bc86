//! How much of its time a filing has waited for its applicant, by the questions that are kept.

use std::collections::BTreeMap;

use domain::calendar::Calendar;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::base::db::{instant, millis};
use crate::base::entity::filing::InList;
use crate::base::entity::{filing, filing_message};
use crate::base::error::Result;

/// Stretches in which an answer was waited for, by filing; none overlaps another.
pub(crate) type Pauses = BTreeMap<String, Vec<(i64, i64)>>;

/// From when the time of a filing counts.
pub(crate) fn clock_from(row: &impl InList) -> i64 {
    row.clock_from().unwrap_or(row.submitted_at())
}

/// From when time counts that began at one moment and is looked at from another.
pub(crate) fn moved(calendar: &Calendar, begun: i64, until: i64, pauses: &[(i64, i64)]) -> i64 {
    let within = pauses.iter().map(|(from, to)| (Ord::max(*from, begun), Ord::min(*to, until)));
    let within = within.filter(|(from, to)| from < to);
    let spent = within.map(|(from, to)| calendar.spent(instant(from), instant(to))).sum();
    millis(calendar.after(instant(begun), spent))
}

/// When answers were waited for, by what is kept of the questions: of these filings, or of all whose waiting ended
/// since then.
pub(crate) async fn pauses(
    on: &impl ConnectionTrait,
    filings: Option<&[filing::Model]>,
    since: i64,
) -> Result<Pauses> {
    let mut asked = filing_message::Entity::find().filter(filing_message::Column::QuestionId.is_null());
    asked = match filings {
        Some(rows) => {
            asked.filter(filing_message::Column::FilingId.is_in(rows.iter().map(|row| row.id.as_str())))
        }
        None => asked.filter(filing_message::Column::EndedAt.gte(since)),
    };
    let asked = asked.order_by_asc(filing_message::Column::SentAt).all(on).await?;
    let mut pauses = Pauses::new();
    for question in asked {
        let (from, to) = (question.sent_at, question.ended_at.unwrap_or(i64::MAX));
        let of_filing = pauses.entry(question.filing_id).or_default();
        match of_filing.last_mut() {
            Some((_, until)) if *until >= from => *until = Ord::max(*until, to),
            _ => of_filing.push((from, to)),
        }
    }
    Ok(pauses)
}
