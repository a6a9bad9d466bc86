//! What became of single filings in a queue (R61): a page that shows the queue asks for those that it was told of, and
//! for the counts above them, not for the whole list anew.

use std::collections::BTreeSet;

use domain::view::{MOST_FOUND, QueueLine, QueueRequest};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::base::actor::Actor;
use crate::base::db::{plausible_id, rows_of};
use crate::base::entity::filing::{self, Listed};
use crate::base::error::Result;
use crate::desk::queue::bundle::{bundled, grouped, is_open, questions_of_subjects};
use crate::desk::queue::filter::Search;
use crate::desk::queue::{Queues, first_keys};

impl Queues {
    /// Those of these filings that a queue has, with the open ones of their subjects, which stand in one row (R15) or
    /// come to stand alone; and how many it has in all. What lies outside of the officer's region is not there (R74).
    pub(crate) async fn news(
        &self,
        actor: &Actor,
        request: &QueueRequest,
        ids: &[&str],
    ) -> Result<(Vec<QueueLine>, u64)> {
        let on = self.context.db.read();
        let filter = self.filter_of(actor, request).await?;
        let total = self.how_many(&filter, on).await?;
        let ids: BTreeSet<&str> = ids.iter().copied().filter(|id| plausible_id(id).is_ok()).collect();
        if ids.is_empty() {
            return Ok((Vec::new(), total));
        }
        let named = filing::Entity::find().filter(filing::Column::Id.is_in(ids));
        let named: Vec<Listed> = named.into_partial_model().all(on).await?;
        let subjects: BTreeSet<String> = named.iter().map(|row| row.subject_id.clone()).collect();
        let beside = if subjects.is_empty() { Vec::new() } else { questions_of_subjects(&subjects).into() };
        let mut rows: Vec<Listed> = rows_of(on, beside).await?;
        rows.extend(named);
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        rows.dedup_by(|one, other| one.id == other.id);
        // A reference, a number or a domain is found by the database alone.
        let found = match &filter.search {
            Some(Search::Exact(_)) => {
                let keys = first_keys(&filter, &filter.order, None, MOST_FOUND, on).await?;
                keys.into_iter().map(|(_, id)| id).collect()
            }
            Some(Search::Beginning(_) | Search::Name { .. }) | None => BTreeSet::new(),
        };
        let bundles = bundled(rows.iter().filter(|row| row.is_reviewable && is_open(row)).cloned().collect());
        let mut shown = Vec::new();
        for row in rows {
            if row.is_reviewable && !filter.except.contains(&row.id) && filter.fits(&row, &found)? {
                shown.push(row);
            }
        }
        let groups = grouped(&filter, shown, &bundles)?;
        Ok((self.lines(actor, &groups).await?, total))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::base::error::Error;
    use crate::common::*;

    claims![single_rows_are_those_of_the_queue_and_of_nobody_elses];

    async fn single_rows_are_those_of_the_queue_and_of_nobody_elses(world: World) {
        let applicant = world.applicant(1).await;
        let answers = world.subject_answers_person(&applicant).await;
        let subject = world.file(&applicant, "subject_new", None, &answers).await;
        let website = world.website_answers(&applicant, "example1.cn").await;
        let website = world.file(&applicant, "website_new", None, &website).await;
        let region = filing::Entity::find_by_id(&subject).one(world.db.read()).await.unwrap().unwrap();
        let officer = world.officer(&region.jurisdiction).await;
        let reviews = &world.service.reviews;
        let asked = |state: &str| QueueRequest { state: state.to_owned(), ..QueueRequest::default() };
        let news = async |actor: &Actor, state: &str, ids: &[&str]| {
            let news = reviews.queue_news(actor, &asked(state), ids).await.unwrap();
            let ids = |line: &QueueLine| {
                let with: Vec<String> = line.with.iter().map(|row| row.id.clone()).collect();
                (line.row.id.clone(), with)
            };
            (news.rows.iter().map(ids).collect::<Vec<_>>(), news.total, news.arrived)
        };
        // A website stands in its subject's row, whichever of the two is told of, as in the whole list.
        let bundle = vec![(subject.clone(), vec![website.clone()])];
        for ids in [vec![website.as_str()], vec![&subject], vec![&subject, &website, "x", ""]] {
            assert_eq!(news(&officer, "", &ids).await, (bundle.clone(), 2, 2), "{ids:?}");
        }
        let whole = world.service.queues.table(&officer, &asked("")).await.unwrap();
        assert_eq!(reviews.queue_news(&officer, &asked(""), &[&website]).await.unwrap().rows, whole.rows);
        assert_eq!(news(&officer, "", &[]).await, (Vec::new(), 2, 2));
        assert_eq!(news(&officer, "done", &[&website, &subject]).await, (Vec::new(), 0, 2));

        // Where the subject is not asked for, what was beside it stands alone.
        let websites = QueueRequest { procedure: "website_new".to_owned(), ..asked("") };
        let alone = reviews.queue_news(&officer, &websites, &[&subject]).await.unwrap();
        assert_eq!((alone.rows.len(), alone.rows[0].row.id.as_str(), alone.total), (1, website.as_str(), 1));

        // What leaves the list is not there.
        world.service.filing_claims.claim(&officer, &subject).await.unwrap();
        assert_eq!(news(&officer, "pending", &[&subject]).await, (Vec::new(), 0, 0));
        assert_eq!(news(&officer, "mine", &[&website]).await, (bundle.clone(), 2, 0));

        // Other regions' officers learn nothing, and nobody else may ask (R74).
        let elsewhere = world.nth_officer(77, "310101").await;
        assert_eq!(news(&elsewhere, "", &[&subject, &website]).await, (Vec::new(), 0, 0));
        for actor in [&applicant, &world.administrator().await] {
            let refused = reviews.queue_news(actor, &asked(""), &[&subject]).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
        }
    }
}
