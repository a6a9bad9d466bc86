//! How far second officers agree with the first: by region, by decision and by what was remarked. No officer is named.

use std::collections::BTreeMap;

use domain::procedure::Procedure;
use domain::second_look::{Agreement, IN_GENERAL, Judgement};
use domain::view::{AgreementRow, Period, SecondLookResults};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, Select};
use time::Duration;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::millis;
use crate::base::entity::{filing, second_look};
use crate::base::error::{Error, Result};
use crate::base::region::region_name;
use crate::desk::second_look::{forms_of, label_of};
use crate::filing::second_look::lies_in;

handle! {
    /// How far second officers agree with the first.
    SecondLookReports {}
}

/// Jurisdiction, business, action, first decision and its fields, judgement and its fields.
type Judged = (String, String, String, String, String, Option<String>, Option<String>);

impl SecondLookReports {
    /// What was judged in an officer's region in a period up to now; everywhere for administrators.
    ///
    /// # Errors
    /// `Forbidden` for everybody else.
    pub async fn results(&self, actor: &Actor, period: Period) -> Result<SecondLookResults> {
        let region = match actor.is_administrator() {
            true => None,
            false => Some(actor.must_review()?),
        };
        let since = millis(self.context.clock.now() - Duration::days(period.days()));
        let rows: Vec<Judged> = judged(region, since).into_tuple().all(self.context.db.read()).await?;
        let mut counted = Counted::default();
        for row in rows {
            counted.add(row)?;
        }
        let Counted { all, regions, decisions, reasons } = counted;
        let named = |(name, agreement): (String, Agreement)| AgreementRow { name, agreement };
        let decisions = decisions.into_iter().map(|(code, of_it)| (code.label().to_owned(), of_it));
        let mut reasons: Vec<AgreementRow> = reasons.into_iter().map(named).collect();
        reasons.sort_by_key(|row| std::cmp::Reverse(row.agreement.judged));
        let regions = regions.into_iter().map(|(code, of_it)| (region_name(&code), of_it));
        Ok(SecondLookResults {
            period,
            region: region.map_or_else(|| "全国".to_owned(), region_name),
            all,
            regions: regions.map(named).collect(),
            decisions: decisions.map(named).collect(),
            reasons,
            reviews: actor.reviewer_region().is_some(),
        })
    }
}

fn judged(region: Option<&str>, since: i64) -> Select<second_look::Entity> {
    let of_filing = second_look::Entity::belongs_to(filing::Entity)
        .from(second_look::Column::FilingId)
        .to(filing::Column::Id);
    let rows = second_look::Entity::find()
        .select_only()
        .column(second_look::Column::Jurisdiction)
        .column(filing::Column::Business)
        .column(filing::Column::Action)
        .column(second_look::Column::Decision)
        .column(second_look::Column::Fields)
        .column(second_look::Column::Judgement)
        .column(second_look::Column::JudgedFields)
        .join(JoinType::InnerJoin, of_filing.into())
        .filter(second_look::Column::JudgedAt.gte(since));
    region.iter().fold(rows, |rows, region| rows.filter(lies_in(region)))
}

#[derive(Default)]
struct Counted {
    all: Agreement,
    /// By code.
    regions: BTreeMap<String, Agreement>,
    decisions: BTreeMap<Judgement, Agreement>,
    /// By what is called so.
    reasons: BTreeMap<String, Agreement>,
}

impl Counted {
    fn add(&mut self, (region, business, action, decision, fields, judgement, judged): Judged) -> Result<()> {
        let unknown = || Error::Corrupt("a second look is of no kind".to_owned());
        let procedure = Procedure::from_code(&format!("{business}_{action}")).ok_or_else(unknown)?;
        let first = Judgement::from_code(&decision).ok_or_else(unknown)?;
        let second = judgement.as_deref().and_then(Judgement::from_code).ok_or_else(unknown)?;
        let agrees = first == second;
        self.all.add(agrees);
        self.regions.entry(region).or_default().add(agrees);
        self.decisions.entry(first).or_default().add(agrees);
        if first == Judgement::Approve {
            return Ok(());
        }
        let fields: Vec<String> = serde_json::from_str(&fields)?;
        let also: Vec<String> = serde_json::from_str(judged.as_deref().unwrap_or("[]"))?;
        let noun = procedure.business.noun();
        if fields.is_empty() {
            self.reasons.entry(format!("{noun} · {IN_GENERAL}")).or_default().add(agrees);
        }
        for at in &fields {
            let name = format!("{noun} · {}", label_of(&forms_of(procedure), at));
            self.reasons.entry(name).or_default().add(also.contains(at));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use sea_orm::QueryTrait as _;

    use super::*;
    use crate::common::*;

    claims![results_read_only_their_days_and_region];

    async fn results_read_only_their_days_and_region(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 50, 60).await;
        world
            .execute(&format!(
                "INSERT INTO second_look (id, filing_id, round, jurisdiction, decider_id, decision, fields, \
                 decided_at, papers_sealed, judge_id, judgement, judged_fields, judged_at) \
                 SELECT id, id, 1, jurisdiction, '{0}', 'approve', '[]', 1, '', '{0}', 'approve', '[]', \
                 submitted_at FROM filing WHERE id LIKE 'x-%'",
                officer.person_id
            ))
            .await;
        world.execute("ANALYZE").await;
        for region in [None, Some("110000"), Some("110100"), Some("110101")] {
            let plan = world.plan(&judged(region, 58).into_query()).await;
            assert!(plan.contains("second_look_judged"), "{region:?}\n{plan}");
            let whole = ["SCAN second_look", "Seq Scan on second_look"];
            assert!(whole.iter().all(|whole| !plan.contains(whole)), "{region:?}\n{plan}");
        }
    }
}
