//! Answers that pass every check, with their pictures sent.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use domain::answer::Answers;
use domain::business::Business;
use domain::sample::{self, Sample};
use service::Actor;

use crate::common::World;

impl World {
    /// Answers to every question of the business. `name` is what the record is called.
    pub async fn answers_to_all(&self, actor: &Actor, business: Business, name: &str) -> Answers {
        let form = business.form();
        let mut answers = sample::begin(business, name);
        let mut number = 20;
        while let Some(place) = sample::next_question(form, &answers) {
            number += 1;
            let at = place.address();
            let answer = match sample::sample(form, &place, &answers, number) {
                Some(Sample::Answer(answer)) => answer,
                Some(Sample::Pictures { number: many, is_one }) => {
                    let mut ids = Vec::new();
                    for picture in 0..many {
                        let picture = number * 10 + u32::try_from(picture).unwrap();
                        ids.push(self.picture(actor, picture).await);
                    }
                    sample::sent(ids, is_one)
                }
                Some(Sample::Document { is_one }) => sample::sent(vec![self.document(actor).await], is_one),
                None => panic!("{}: {at} has a rule of its own and no sample", form.key),
            };
            answers.set(at, answer);
        }
        answers
    }
}
