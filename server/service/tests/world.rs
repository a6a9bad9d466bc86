//! The world of the tests itself: its answers pass every check, its people are who they should be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeMap;

use common::*;
use domain::business::Business;
use domain::check::{Context, Regions, check_form};
use service::region;
use time::macros::date;

claims![sample_answers_pass_every_check, people_have_their_roles];

struct Leaves;

impl Regions for Leaves {
    fn is_leaf(&self, code: &str) -> Option<bool> {
        Some(region::is_leaf(code))
    }

    fn exists(&self, code: &str) -> Option<bool> {
        Some(region::exists(code))
    }
}

async fn sample_answers_pass_every_check(world: World) {
    let actor = world.applicant(1).await;
    let sealed = BTreeMap::new();
    let context = Context { today: date!(2026 - 03 - 02), regions: &Leaves, sealed: &sealed };
    for (business, answers) in [
        (Business::Subject, world.subject_answers_unit(&actor).await),
        (Business::Subject, world.subject_answers_person(&actor).await),
        (Business::Website, world.website_answers(&actor, "example.cn").await),
    ] {
        let form = business.form();
        let checked = check_form(form, &answers, &context).unwrap();
        assert_eq!(checked.answers(), &answers, "the answers are in their normal form");
    }
}

async fn people_have_their_roles(world: World) {
    assert!(world.applicant(1).await.roles.is_empty());
    assert!(world.administrator().await.is_administrator());
    assert_eq!(world.officer("110101").await.reviewer_region(), Some("110101"));
    assert_eq!(world.officer("310000").await.reviewer_region(), Some("310000"));
    assert_eq!(world.officer("110101").await.roles.len(), 1, "appointed once");
}
