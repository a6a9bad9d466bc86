//! Lets the sample people do what the cases say, one after the other, each in its hour.

use std::sync::Arc;

use domain::action::Action;
use domain::answer::Answers;
use domain::business::{Business, identity};
use domain::procedure::Procedure;
use domain::purpose::PURPOSES;
use domain::schema::{Fault, Step, fault};
use domain::view::{
    CancelRequest, Decision, DraftHead, FormRequest, IdentityPurpose, PatrolRequest, SaveDraft, Saved,
    Submitted, TransferRequest,
};
use service::clock::{Clock as _, FixedClock, shanghai};
use service::{Actor, Claims, Service};
use time::{Duration, OffsetDateTime, Time};

use super::answers::{Files, Filling, Outcome};
use super::cases::{CASES, Case, DRAFTS, Fate, What};
use super::people::{self, Applicant, COLLEAGUE, DONGCHENG};
use crate::dev::samples;

const DEVICE: &str = "示例浏览器";
const OFFICER: &str = "审核员东城";
const OFFICER_OF_SHANGHAI: &str = "审核员上海";
const ADMINISTRATOR: &str = "管理员";

/// Before now.
const CLAIMED: Duration = Duration::minutes(9);

/// What somebody does; a number is the place of a case.
#[derive(Clone, Copy)]
enum Act {
    Submit(usize),
    /// Reads personal values, and says why.
    Look(usize),
    Decide(usize),
    SubmitAgain(usize),
    Withdraw(usize),
    Move(usize),
    Claim(usize),
    Draft(usize),
    Offer {
        giver: &'static str,
        receiver: &'static str,
    },
    Receive(&'static str),
    ReadNotices(&'static str),
    Suspend(&'static str),
    SaveView,
    /// Filings in force are looked at.
    LookAround,
    /// An officer of Shanghai tells the applicant of what was found.
    NotifyApplicant,
}

pub struct Stage {
    service: Service,
    /// Becomes administrator by signing in.
    first_administrator: Option<String>,
    clock: Arc<FixedClock>,
    now: OffsetDateTime,
    files: Files,
    /// The filings, by the place of their case.
    filings: Vec<Option<String>>,
}

impl Stage {
    pub fn new(
        service: Service,
        first_administrator: Option<String>,
        clock: Arc<FixedClock>,
        now: OffsetDateTime,
    ) -> Self {
        let (files, filings) = (Files::default(), vec![None; CASES.len()]);
        Stage { service, first_administrator, clock, now, files, filings }
    }

    /// Everything; says how many filings there are.
    pub async fn play(mut self) -> Outcome<usize> {
        self.appoint().await?;
        for (at, act) in self.acts() {
            self.clock.set(at);
            self.act(act).await.map_err(|error| format!("{}: {error}", told(act)))?;
        }
        Ok(self.filings.iter().flatten().count())
    }

    /// The officers, and what they find on their first day.
    async fn appoint(&self) -> Outcome<()> {
        let service = &self.service;
        let officers = samples::officers(self.first_administrator.as_deref());
        service.samples.sample_world(&officers).await?;
        service.directories.fill_directories().await?;
        service.canned_reasons.fill_reasons().await?;
        let Claims { name, id_no, .. } = people::colleague();
        let administrator = self.officer(ADMINISTRATOR).await?;
        service.staff.appoint(&administrator, &name, &id_no, "reviewer", DONGCHENG).await?;
        Ok(())
    }

    /// In the order of time.
    fn acts(&self) -> Vec<(OffsetDateTime, Act)> {
        let mut acts = Vec::new();
        for (place, case) in CASES.iter().enumerate() {
            let submitted = match case.ago.whole_days() {
                0 => self.now - case.ago,
                days => self.on(days, 9, place),
            };
            acts.push((submitted, Act::Submit(place)));
            match case.fate {
                Fate::Waits => {}
                Fate::Claimed => acts.push((self.now - CLAIMED, Act::Claim(place))),
                Fate::Approved(days) | Fate::Returned(days, ..) | Fate::Rejected(days, _) => {
                    if place % 4 == 1 {
                        acts.push((self.on(days, 10, place), Act::Look(place)));
                    }
                    acts.push((self.on(days, 11, place), Act::Decide(place)));
                }
                Fate::Again(days, _, again) => {
                    acts.push((self.on(days, 11, place), Act::Decide(place)));
                    acts.push((self.on(again, 9, place), Act::SubmitAgain(place)));
                }
                Fate::Withdrawn => acts.push((submitted + Duration::minutes(12), Act::Withdraw(place))),
                Fate::Moved(days, ..) => acts.push((self.on(days, 11, place), Act::Move(place))),
            }
        }
        for (place, (_, _, _, days)) in DRAFTS.iter().enumerate() {
            acts.push((self.on(*days, 20, place), Act::Draft(place)));
        }
        acts.extend([
            (self.on(21, 8, 0), Act::ReadNotices("jia")),
            (self.on(20, 8, 0), Act::ReadNotices("yi")),
            (self.on(20, 8, 1), Act::ReadNotices("bing")),
            (self.on(14, 9, 0), Act::Suspend("chen")),
            (self.on(14, 10, 0), Act::SaveView),
            (self.on(9, 13, 0), Act::LookAround),
            (self.on(7, 14, 0), Act::LookAround),
            (self.on(6, 10, 0), Act::NotifyApplicant),
            (self.on(11, 15, 0), Act::Offer { giver: "zhou", receiver: "bing" }),
            (self.on(10, 15, 0), Act::Receive("bing")),
            (self.on(2, 15, 0), Act::Offer { giver: "li", receiver: "yi" }),
        ]);
        acts.sort_by_key(|(at, _)| *at);
        acts
    }

    /// So many days ago, some time after the full hour of Shanghai: later for later places, within seven hours.
    fn on(&self, days: i64, hour: u8, place: usize) -> OffsetDateTime {
        let midnight = shanghai(self.now - Duration::days(days)).replace_time(Time::MIDNIGHT);
        let minutes = 3 + i64::try_from(place).unwrap_or_default() * 5;
        midnight + Duration::hours(hour.into()) + Duration::minutes(minutes)
    }

    async fn act(&mut self, act: Act) -> Outcome<()> {
        match act {
            Act::Submit(place) => {
                let id = self.submit(case_at(place)?).await?;
                if let Some(filing) = self.filings.get_mut(place) {
                    *filing = Some(id);
                }
                Ok(())
            }
            Act::Look(place) => {
                let (filing, officer) = (self.filing(place)?, self.officer_of(place).await?);
                let purpose = PURPOSES.first().ok_or("there is no purpose")?;
                self.service.reviews.unmask(&officer, &filing, purpose).await?;
                Ok(())
            }
            Act::Decide(place) => self.decide(place).await,
            Act::SubmitAgain(place) => self.submit_again(place).await,
            Act::Withdraw(place) => {
                let actor = self.sign_in(&applicant(case_at(place)?.who)?.claims()).await?;
                Ok(self.service.filings.withdraw(&actor, &self.filing(place)?).await?)
            }
            Act::Move(place) => {
                let Fate::Moved(_, region, reason) = case_at(place)?.fate else { return Ok(()) };
                let (filing, officer) = (self.filing(place)?, self.officer_of(place).await?);
                self.service.filing_claims.claim(&officer, &filing).await?;
                Ok(self.service.filing_claims.transfer_filing(&officer, &filing, region, reason).await?)
            }
            Act::Claim(place) => {
                let (filing, officer) = (self.filing(place)?, self.officer_of(place).await?);
                Ok(self.service.filing_claims.claim(&officer, &filing).await?)
            }
            Act::Draft(place) => self.draft(place).await,
            Act::Offer { giver, receiver } => self.offer(applicant(giver)?, applicant(receiver)?).await,
            Act::Receive(receiver) => self.receive(applicant(receiver)?).await,
            Act::ReadNotices(who) => {
                let actor = self.sign_in(&applicant(who)?.claims()).await?;
                Ok(self.service.notices.read_all_notices(&actor).await?)
            }
            Act::Suspend(who) => {
                let administrator = self.officer(ADMINISTRATOR).await?;
                let id_no = applicant(who)?.claims().id_no;
                let person = self.service.people.find_person(&administrator, &id_no).await?;
                let reason = "多次提交虚假材料，暂停使用";
                Ok(self.service.people.suspend(&administrator, &person, reason).await?)
            }
            Act::LookAround => self.look_around().await,
            Act::NotifyApplicant => self.notify_applicant().await,
            Act::SaveView => {
                let officer = self.officer(OFFICER).await?;
                let query = "state=overdue&procedure=website";
                Ok(self.service.saved_views.save_view(&officer, "超期的网站", query).await?)
            }
        }
    }

    /// As many rounds as all that is in force takes.
    async fn look_around(&self) -> Outcome<()> {
        for _ in 0..CASES.len() / 2 {
            self.service.patrols.look_around().await?;
        }
        Ok(())
    }

    async fn notify_applicant(&self) -> Outcome<()> {
        let officer = self.officer(OFFICER_OF_SHANGHAI).await?;
        let page = self.service.patrol_desk.patrol_page(&officer, &PatrolRequest::default()).await?;
        let found = page.rows.first().ok_or("nothing was found")?;
        Ok(self.service.patrol_desk.notify_applicant(&officer, &found.id).await?)
    }

    // --- who

    async fn sign_in(&self, claims: &Claims) -> Outcome<Actor> {
        let token = self.service.accounts.sign_in(claims, DEVICE).await?;
        Ok(self.service.accounts.actor(&token).await?.ok_or("the session has ended at once")?)
    }

    async fn officer(&self, name: &str) -> Outcome<Actor> {
        let claims = match name == COLLEAGUE {
            true => people::colleague(),
            false => people::claims_of_sample(name).ok_or("there is no such officer")?,
        };
        self.sign_in(&claims).await
    }

    /// In 北京市东城区 two share the work: a subject and what is filed along with it are one officer's.
    async fn officer_of(&self, place: usize) -> Outcome<Actor> {
        let applicant = applicant(case_at(place)?.who)?;
        let name = match (applicant.region == DONGCHENG, applicant.number()) {
            (false, _) => OFFICER_OF_SHANGHAI,
            (true, ..=4) => OFFICER,
            (true, _) => COLLEAGUE,
        };
        self.officer(name).await
    }

    // --- what applicants do

    fn filing(&self, place: usize) -> Outcome<String> {
        let filing = self.filings.get(place).and_then(Option::as_ref);
        Ok(filing.ok_or("it was not submitted yet")?.clone())
    }

    fn key(&self) -> String {
        service::db::new_id(self.clock.now())
    }

    async fn submit(&mut self, case: &Case) -> Outcome<String> {
        let applicant = applicant(case.who)?;
        let actor = self.sign_in(&applicant.claims()).await?;
        match case.what {
            What::New(slug, own) => {
                let answers = self.answers(&actor, applicant, case.business, case.name, slug, own).await?;
                let procedure = Procedure::new(case.business, Action::New);
                let draft = self.save(&actor, procedure, None, &answers, usize::MAX).await?;
                self.send(&actor, &draft).await
            }
            What::Change(changes) => {
                let record = self.record(&actor, case.business, case.name).await?;
                let procedure = Procedure::new(case.business, Action::Change);
                let request = FormRequest {
                    procedure: procedure.code(),
                    record: (!case.business.is_subject()).then(|| record.clone()),
                    ..FormRequest::default()
                };
                let mut answers = self.service.drafts.form_view(&actor, &request).await?.answers;
                for (at, text) in changes {
                    answers.set_text(*at, *text);
                }
                let draft =
                    self.save(&actor, procedure, request.record.as_deref(), &answers, usize::MAX).await?;
                self.send(&actor, &draft).await
            }
            What::Cancel(reason) => {
                let record = self.record(&actor, case.business, case.name).await?;
                let code = self.code(&actor, IdentityPurpose::Cancel, &record).await?;
                let answers = Answers::from([
                    (identity::NAME, applicant.principal),
                    (identity::MIDDLE_FOUR, &middle_four(applicant)),
                    (identity::SMS_CODE, &code),
                    (identity::REASON, reason),
                ]);
                let request = CancelRequest { business: case.business, record, answers, key: self.key() };
                filed(self.service.cancellations.submit_cancel(&actor, &request).await?)
            }
        }
    }

    async fn answers(
        &mut self,
        actor: &Actor,
        applicant: &Applicant,
        business: Business,
        name: &str,
        slug: &str,
        own: &[(&str, &str)],
    ) -> Outcome<Answers> {
        let now = self.clock.now();
        let filling = Filling { service: &self.service, actor, applicant, now };
        filling.answers(&mut self.files, business, name, slug, own).await
    }

    /// Saves so many steps of a form.
    async fn save(
        &self,
        actor: &Actor,
        procedure: Procedure,
        record: Option<&str>,
        answers: &Answers,
        steps: usize,
    ) -> Outcome<DraftHead> {
        let mut head: Option<DraftHead> = None;
        for step in procedure.business.form().steps_with_questions().take(steps) {
            head = Some(self.save_step(actor, procedure, step, head, record, answers.clone()).await?);
        }
        Ok(head.ok_or("the form has no step to save")?)
    }

    async fn save_step(
        &self,
        actor: &Actor,
        procedure: Procedure,
        step: &Step,
        draft: Option<DraftHead>,
        record: Option<&str>,
        answers: Answers,
    ) -> Outcome<DraftHead> {
        let save = SaveDraft {
            procedure: procedure.code(),
            step: step.key.to_owned(),
            version: draft.as_ref().map(|head| head.version),
            draft: draft.map(|head| head.id),
            record: record.map(str::to_owned),
            subject: None,
            overwrite: false,
            declined: None,
            owner: None,
            answers,
        };
        match self.service.drafts.save_draft(actor, &save).await? {
            Saved::Ok(head) => Ok(head),
            other => Err(format!("not saved: {other:?}").into()),
        }
    }

    async fn send(&self, actor: &Actor, draft: &DraftHead) -> Outcome<String> {
        filed(self.service.submissions.submit(actor, &draft.id, draft.version, None, &self.key()).await?)
    }

    /// What was sent back, with a remark of the applicant.
    async fn submit_again(&self, place: usize) -> Outcome<()> {
        let case = case_at(place)?;
        let actor = self.sign_in(&applicant(case.who)?.claims()).await?;
        let href = self.service.redrafts.redraft(&actor, &self.filing(place)?).await?;
        let (_, draft) = href.rsplit_once("draft=").ok_or("the way back names no draft")?;
        let step = case.business.form().steps_with_questions().next();
        let step = step.ok_or("the form has no step to save")?;
        let procedure = Procedure::new(case.business, Action::New);
        let request = FormRequest {
            procedure: procedure.code(),
            step: step.key.to_owned(),
            draft: Some(draft.to_owned()),
            ..FormRequest::default()
        };
        let view = self.service.drafts.form_view(&actor, &request).await?;
        let mut answers = view.answers;
        answers.set_text("other.remark", "已按退回意见修改，请审核。");
        let head = self.save_step(&actor, procedure, step, view.draft, None, answers).await?;
        self.send(&actor, &head).await.map(drop)
    }

    /// A form of which the first step is filled in.
    async fn draft(&mut self, place: usize) -> Outcome<()> {
        let (who, business, name, _) = DRAFTS.get(place).ok_or("there is no such draft")?;
        let applicant = applicant(who)?;
        let actor = self.sign_in(&applicant.claims()).await?;
        let slug = format!("draft-{place}");
        let answers = self.answers(&actor, applicant, *business, name, &slug, &[]).await?;
        self.save(&actor, Procedure::new(*business, Action::New), None, &answers, 1).await.map(drop)
    }

    async fn record(&self, actor: &Actor, business: Business, name: &str) -> Outcome<String> {
        if business.is_subject() {
            let subject = self.service.records.my_subject(actor).await?;
            return Ok(subject.ok_or("there is no subject")?.row.id);
        }
        let rows = self.service.records.records(actor, business, "").await?.rows;
        let row = rows.into_iter().find(|row| row.name == name);
        Ok(row.ok_or_else(|| format!("there is no {name}"))?.id)
    }

    async fn code(&self, actor: &Actor, purpose: IdentityPurpose, record: &str) -> Outcome<String> {
        self.service.identity_checks.send_identity_code(actor, purpose, record).await?;
        let outbox = self.service.text_messages.outbox().await?;
        let code = outbox.iter().find_map(|message| Some(message.text.split_once("验证码 ")?.1));
        Ok(code.and_then(|code| code.get(..6)).ok_or("no code has arrived")?.to_owned())
    }

    async fn offer(&self, giver: &Applicant, receiver: &Applicant) -> Outcome<()> {
        let actor = self.sign_in(&giver.claims()).await?;
        let subject = self.record(&actor, Business::Subject, "").await?;
        let code = self.code(&actor, IdentityPurpose::Transfer, &subject).await?;
        let Claims { mobile, id_no, .. } = receiver.claims();
        let answers = Answers::from([
            (identity::MIDDLE_FOUR, middle_four(giver).as_str()),
            (identity::RECEIVER_MOBILE, &mobile),
            (identity::RECEIVER_ID_NO, &id_no),
            (identity::SMS_CODE, &code),
        ]);
        let request = TransferRequest { subject, answers, key: self.key() };
        Ok(self.service.handovers.offer_transfer(&actor, &request).await?)
    }

    /// Takes what is offered, and goes on with the subject from before.
    async fn receive(&self, receiver: &Applicant) -> Outcome<()> {
        let actor = self.sign_in(&receiver.claims()).await?;
        let before = self.record(&actor, Business::Subject, "").await?;
        for row in self.service.handovers.handovers(&actor, "", "", "").await? {
            self.service.handovers.receive(&actor, &row.id).await?;
        }
        Ok(self.service.accounts.switch_subject(&actor, &before).await?)
    }

    // --- what officers do

    async fn decide(&self, place: usize) -> Outcome<()> {
        let (decision, note, remarks): (_, _, &[(&str, &str)]) = match &case_at(place)?.fate {
            Fate::Approved(_) => (Decision::Approve, "", &[]),
            Fate::Returned(_, note, remarks) => (Decision::Return, note, remarks),
            Fate::Again(_, note, _) => (Decision::Return, note, &[]),
            Fate::Rejected(_, note) => (Decision::Reject, note, &[]),
            Fate::Waits | Fate::Claimed | Fate::Withdrawn | Fate::Moved(..) => return Ok(()),
        };
        let remarks: Vec<Fault> = remarks.iter().map(|(at, message)| fault(*at, *message)).collect();
        let (filing, officer) = (self.filing(place)?, self.officer_of(place).await?);
        self.service.filing_claims.claim(&officer, &filing).await?;
        let version = self.service.reviews.review(&officer, &filing, None).await?.version;
        Ok(self.service.decisions.decide(&officer, &filing, version, decision, note, &remarks).await?)
    }
}

fn case_at(place: usize) -> Outcome<&'static Case> {
    Ok(CASES.get(place).ok_or("there is no such case")?)
}

fn applicant(key: &str) -> Outcome<&'static Applicant> {
    Ok(Applicant::of(key).ok_or_else(|| format!("there is no applicant {key}"))?)
}

/// What the person types of the number shown as 139****0101.
fn middle_four(applicant: &Applicant) -> String {
    applicant.principal_mobile().chars().skip(3).take(4).collect()
}

fn filed(submitted: Submitted) -> Outcome<String> {
    match submitted {
        Submitted::Filing(id) => Ok(id),
        Submitted::Faults(faults) => Err(format!("{faults:?}").into()),
        Submitted::Refused(refused) => Err(refused.sentence.into()),
    }
}

/// Which act it was, for the operator.
fn told(act: Act) -> String {
    let (what, place) = match act {
        Act::Submit(place) => ("submitting", place),
        Act::Look(place) => ("looking at", place),
        Act::Decide(place) => ("deciding", place),
        Act::SubmitAgain(place) => ("submitting again", place),
        Act::Withdraw(place) => ("withdrawing", place),
        Act::Move(place) => ("moving", place),
        Act::Claim(place) => ("claiming", place),
        Act::Draft(place) => return format!("draft {place}"),
        Act::Offer { giver, receiver } => return format!("{giver} hands over to {receiver}"),
        Act::Receive(receiver) => return format!("{receiver} receives"),
        Act::ReadNotices(who) => return format!("{who} reads notices"),
        Act::Suspend(who) => return format!("suspending {who}"),
        Act::SaveView => return "saving a view".to_owned(),
        Act::LookAround => return "looking at what is in force".to_owned(),
        Act::NotifyApplicant => return "telling an applicant of what was found".to_owned(),
    };
    let case = CASES.get(place);
    let (who, name) = case.map_or(("", ""), |case| (case.who, case.name));
    format!("{what} {place} ({who} {name})")
}
