//! 速览: a filing's essentials beside the queue, masked. It is no visit: colleagues are not told, and no claim is
//! prolonged; that its pictures are shown small is noted as on its page (R65).

use std::collections::BTreeSet;

use domain::business::Business;
use domain::sheet::{Disclosure, Shown};
use domain::view::Peek;

use crate::base::actor::Actor;
use crate::base::entity::filing;
use crate::base::error::{Error, Result};
use crate::desk::queue::bundle::open_bundles;
use crate::desk::review::Reviews;
use crate::filing::view::{filing_files, filing_sheet};
use crate::state::row::procedure_of;

/// So many answers are essentials.
const MOST_FACTS: usize = 12;

impl Reviews {
    /// A filing's essentials for somebody who has not opened it.
    ///
    /// # Errors
    /// `NotFound` outside of the region.
    pub async fn peek(&self, actor: &Actor, id: &str) -> Result<Peek> {
        let on = self.context.db.read();
        let row = self.desk_access.reviewable(on, actor, id).await?;
        let procedure = procedure_of(&row)?;
        let subject = self.record_row(on, &row.subject_id).await?;
        let (answers, before) = (self.filings.filing_answers(&row)?, self.filings.filing_before(&row)?);
        let subject_answers = self.records.record_answers(&subject)?;
        let files = filing_files(procedure, &answers, before.as_ref())?;
        let files = self.files_to_see(actor, &row, &files).await?;
        let checks = self
            .machine_checks
            .machine_checks(&row, procedure, &answers, &subject, &subject_answers, &files)
            .await?;
        let (passed, doubts): (Vec<_>, Vec<_>) = checks.into_iter().partition(|check| check.passed);
        let cancelled = before.as_ref().filter(|_| procedure.business != Business::Subject);
        let sheet = filing_sheet(procedure, &answers, cancelled, Disclosure::Masked)?;
        let facts = sheet.sections.into_iter().flat_map(|section| section.rows).filter_map(|row| {
            let value = match row.value {
                Shown::Text(text) => text,
                Shown::Lines(lines) => lines.join("，"),
                Shown::Nothing | Shown::Part { .. } | Shown::Pictures(_) | Shown::Documents(_) => {
                    return None;
                }
            };
            Some((row.label, value))
        });
        let facts = facts.take(MOST_FACTS).collect();
        let mut bundles = open_bundles::<filing::Model>(on, BTreeSet::from([row.subject_id.clone()])).await?;
        let mut with = bundles.remove(&row.subject_id).unwrap_or_default();
        with.retain(|one| one.id != row.id && actor.covers(&one.jurisdiction));
        let earlier_remarks = self.filings.return_remarks(on, &row.id).await?.1;
        let changes = self.filings.filing_changes(&row, &answers, Disclosure::Masked)?;
        let lines = self.queues.lines(actor, &[(row, with)]).await?;
        Ok(Peek {
            line: lines.into_iter().next().ok_or(Error::NotFound)?,
            facts,
            changes,
            doubts,
            passed: passed.len(),
            pictures: files.into_values().filter(|file| file.is_picture).collect(),
            earlier_remarks,
        })
    }
}
