//! What people do with forms, in one call each: saving every step, submitting, deciding.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use domain::answer::Answers;
use domain::business::Business;
use domain::procedure::Procedure;
use domain::view::*;
use service::Actor;

use crate::common::World;

/// The answers of one step, as a page that knows this draft would save them.
pub fn save_of(procedure: &str, step: &str, draft: Option<&DraftHead>, answers: Answers) -> SaveDraft {
    SaveDraft {
        procedure: procedure.to_owned(),
        step: step.to_owned(),
        draft: draft.map(|head| head.id.clone()),
        record: None,
        subject: None,
        version: draft.map(|head| head.version),
        overwrite: false,
        declined: None,
        owner: None,
        answers,
    }
}

pub fn saved(saved: Saved) -> DraftHead {
    match saved {
        Saved::Ok(head) => head,
        other => panic!("not saved: {other:?}"),
    }
}

pub fn filed(submitted: Submitted) -> String {
    match submitted {
        Submitted::Filing(id) => id,
        other => panic!("not filed: {other:?}"),
    }
}

pub fn sentence(submitted: Submitted) -> String {
    match submitted {
        Submitted::Refused(refused) => refused.sentence,
        other => panic!("not refused: {other:?}"),
    }
}

impl World {
    /// Saves every step of a form and gives the draft.
    pub async fn draft(
        &self,
        actor: &Actor,
        procedure: &str,
        record: Option<&str>,
        answers: &Answers,
    ) -> DraftHead {
        let business = Procedure::from_code(procedure).unwrap().business;
        let mut head: Option<DraftHead> = None;
        for step in business.form().steps_with_questions() {
            let mut save = save_of(procedure, step.key, head.as_ref(), answers.clone());
            save.record = record.map(str::to_owned);
            head = Some(saved(self.service.drafts.save_draft(actor, &save).await.unwrap()));
        }
        head.unwrap()
    }

    pub async fn submit(&self, actor: &Actor, draft: &DraftHead, key: &str) -> Submitted {
        self.service.submissions.submit(actor, &draft.id, draft.version, None, key).await.unwrap()
    }

    /// Files answers under a procedure; the filing's id.
    pub async fn file(
        &self,
        actor: &Actor,
        procedure: &str,
        record: Option<&str>,
        answers: &Answers,
    ) -> String {
        let draft = self.draft(actor, procedure, record, answers).await;
        filed(self.submit(actor, &draft, &format!("key-of-{}", draft.id)).await)
    }

    /// Claims and decides a filing as the reviewer of 北京市东城区.
    pub async fn decide(
        &self,
        filing: &str,
        decision: Decision,
        note: &str,
        remarks: &[domain::schema::Fault],
    ) {
        let officer = self.officer("110101").await;
        self.service.filing_claims.claim(&officer, filing).await.unwrap();
        let version = self.service.reviews.review(&officer, filing, None).await.unwrap().version;
        self.service.decisions.decide(&officer, filing, version, decision, note, remarks).await.unwrap();
    }

    /// A subject (a person) and a website of it, both approved: the ids of subject and website.
    pub async fn in_force(&self, actor: &Actor, domain: &str) -> (String, String) {
        let subject = self.subject_answers_person(actor).await;
        let subject = self.file(actor, "subject_new", None, &subject).await;
        let website = self.website_answers(actor, domain).await;
        let website = self.file(actor, "website_new", None, &website).await;
        self.decide(&subject, Decision::Approve, "", &[]).await;
        self.decide(&website, Decision::Approve, "", &[]).await;
        let subject = self.service.records.my_subject(actor).await.unwrap().unwrap().row.id;
        let websites = self.service.records.records(actor, Business::Website, "").await.unwrap();
        (subject, websites.rows[0].id.clone())
    }

    /// The form of a change as its page opens it, without a draft.
    pub async fn change_form(&self, actor: &Actor, procedure: &str, record: Option<&str>) -> FormView {
        let request = FormRequest {
            procedure: procedure.to_owned(),
            record: record.map(str::to_owned),
            ..FormRequest::default()
        };
        self.service.drafts.form_view(actor, &request).await.unwrap()
    }

    /// A form opened with a draft, at its last step.
    pub async fn draft_form(
        &self,
        actor: &Actor,
        procedure: &str,
        step: &str,
        draft: &DraftHead,
    ) -> FormView {
        let request = FormRequest {
            procedure: procedure.to_owned(),
            step: step.to_owned(),
            draft: Some(draft.id.clone()),
            check: true,
            ..FormRequest::default()
        };
        self.service.drafts.form_view(actor, &request).await.unwrap()
    }
}
