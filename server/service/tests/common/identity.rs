//! The identity check as people pass it: the responsible person of `subject_answers_person`, a code
//! asked for and read from the outbox.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use domain::answer::Answers;
use domain::business::Business;
use domain::business::identity;
use domain::schema::Fault;
use domain::view::*;
use service::Claims;
use service::{Actor, Error};
use time::Duration;

use crate::common::World;

/// Of 13800005678.
pub const MIDDLE: &str = "0000";
pub const NAME: &str = "孙丙丁";
pub const REASON: &str = "网站已经停止运营";

/// A key as a page has it.
pub fn key(world: &World) -> String {
    service::db::new_id(world.now())
}

pub fn cancel_answers(code: &str) -> Answers {
    Answers::from([
        (identity::NAME, NAME),
        (identity::MIDDLE_FOUR, MIDDLE),
        (identity::SMS_CODE, code),
        (identity::REASON, REASON),
    ])
}

pub fn transfer_answers(receiver: &Claims, code: &str) -> Answers {
    Answers::from([
        (identity::MIDDLE_FOUR, MIDDLE),
        (identity::RECEIVER_MOBILE, receiver.mobile.as_str()),
        (identity::RECEIVER_ID_NO, receiver.id_no.as_str()),
        (identity::SMS_CODE, code),
    ])
}

pub fn faults_of(submitted: Submitted) -> Vec<Fault> {
    match submitted {
        Submitted::Faults(faults) => faults,
        other => panic!("no faults: {other:?}"),
    }
}

pub fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(refused)) => refused.sentence,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

impl World {
    /// Asks for a code, a minute after the last one, and reads it.
    pub async fn code(&self, actor: &Actor, purpose: IdentityPurpose, record: &str) -> String {
        self.later(Duration::minutes(1));
        self.service.identity_checks.send_identity_code(actor, purpose, record).await.unwrap();
        self.latest_code().await
    }

    pub async fn latest_code(&self) -> String {
        let outbox = self.service.text_messages.outbox().await.unwrap();
        let text = outbox.iter().find_map(|message| message.text.split_once("验证码 ")).unwrap().1;
        text[..6].to_owned()
    }

    pub async fn try_cancel(
        &self,
        actor: &Actor,
        business: Business,
        record: &str,
        answers: Answers,
    ) -> Submitted {
        let request = CancelRequest { business, record: record.to_owned(), answers, key: key(self) };
        self.service.cancellations.submit_cancel(actor, &request).await.unwrap()
    }

    /// A cancellation from beginning to end; the filing.
    pub async fn cancel(&self, actor: &Actor, business: Business, record: &str) -> String {
        let code = self.code(actor, IdentityPurpose::Cancel, record).await;
        match self.try_cancel(actor, business, record, cancel_answers(&code)).await {
            Submitted::Filing(id) => id,
            other => panic!("not cancelled: {other:?}"),
        }
    }

    /// A handover from beginning to end; its id.
    pub async fn offer(&self, giver: &Actor, subject: &str, receiver: &Claims) -> String {
        let code = self.code(giver, IdentityPurpose::Transfer, subject).await;
        let (subject, key) = (subject.to_owned(), key(self));
        let request =
            TransferRequest { subject, answers: transfer_answers(receiver, &code), key: key.clone() };
        self.service.handovers.offer_transfer(giver, &request).await.unwrap();
        key
    }
}
