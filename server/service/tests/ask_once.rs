//! Nobody is asked for what is known: 负责人是我本人, 同单位办公地址, a domain of any shape, addresses by the
//! resolver, providers by a part of their name; and one's own values can be looked at (R1, R31, R65, R70, R76).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "common/acts.rs"]
mod acts;
mod common;
#[path = "common/samples.rs"]
mod samples;

use std::net::IpAddr;
use std::sync::Arc;

use acts::{filed, save_of, saved};
use common::{World, claims, claims_of};
use domain::answer::{Answer, Answers};
use domain::business::Business;
use domain::posted::{answer_no, hosts_for, understand};
use domain::sample::{self, Sample};
use domain::schema::{Kind, Place, Step};
use domain::view::{DraftHead, FormRequest, RevealRequest, SaveDraft};
use futures::future::BoxFuture;
use service::network::{Outbound, Page};
use service::{Actor, Error, PersonLimits};

claims![
    who_is_signed_in_fills_the_person_in_charge_sealed,
    two_people_with_one_mask_are_not_mixed_up,
    addresses_that_are_the_offices_are_filed_as_such,
    a_value_of_ones_own_is_shown_and_that_is_written_down,
    providers_are_found_by_a_part_of_any_name_in_every_region,
    addresses_are_proposed_where_the_operator_lets_the_network_be_asked,
    what_costs_is_counted_for_each_person,
    a_page_of_somebody_else_saves_nothing_here,
    a_unit_and_a_website_are_asked_once,
];

async fn view_of(world: &World, actor: &Actor, draft: &DraftHead) -> domain::view::FormView {
    world.draft_form(actor, "subject_new", "form", draft).await
}

async fn save(world: &World, actor: &Actor, head: Option<&DraftHead>, answers: Answers) -> DraftHead {
    let save = save_of("subject_new", "form", head, answers);
    saved(world.service.drafts.save_draft(actor, &save).await.unwrap())
}

async fn who_is_signed_in_fills_the_person_in_charge_sealed(world: World) {
    let (actor, claims) = (world.applicant(1).await, claims_of(1));
    let request = FormRequest { procedure: "subject_new".to_owned(), ..FormRequest::default() };
    let blank = world.service.drafts.form_view(&actor, &request).await.unwrap();
    assert_eq!(blank.me.text("name"), "赵**");
    assert_eq!(blank.me.text("mobile"), "138****0001");
    assert_eq!(blank.me.text("id_kind"), "resident_id");
    let sent = serde_json::to_string(&blank).unwrap();
    for secret in [&claims.id_no, &claims.mobile] {
        assert!(!sent.contains(secret.as_str()), "the page knows the masks alone");
    }
    // No other form knows of it.
    let website = FormRequest { procedure: "website_new".to_owned(), ..FormRequest::default() };
    assert!(world.service.drafts.form_view(&actor, &website).await.unwrap().me.is_empty());

    // Without scripts (R76): the tick alone.
    let head = save(&world, &actor, None, Answers::from([("principal.is_me", "yes")])).await;
    let view = view_of(&world, &actor, &head).await;
    for (key, shown) in [("name", "赵**"), ("mobile", "138****0001"), ("id_no", "110***********")] {
        let at = format!("principal.{key}");
        assert!(view.answers.text(&at).starts_with(shown), "{at}");
        assert_eq!(view.sealed.get(&at).map(String::as_str), Some(view.answers.text(&at)), "{at}");
        assert!(!view.faults.iter().any(|fault| fault.at == at), "what it stands for passes the checks");
    }
    assert!(!world.is_stored_in_the_open(&claims.id_no).await);

    // Typed over, the one stays typed and the others stay sealed.
    let mut typed = view.answers.clone();
    typed.set_text("principal.mobile", "13912345678");
    let head = save(&world, &actor, Some(&head), typed).await;
    let view = view_of(&world, &actor, &head).await;
    assert_eq!(view.answers.text("principal.mobile"), "13912345678");
    assert!(view.sealed.contains_key("principal.name") && !view.sealed.contains_key("principal.mobile"));

    // Taken away, the masks stand for nothing.
    let mut unticked = view.answers.clone();
    unticked.remove("principal.is_me");
    let head = save(&world, &actor, Some(&head), unticked).await;
    let view = view_of(&world, &actor, &head).await;
    assert_eq!(view.answers.text("principal.name"), "");
    assert_eq!(view.answers.text("principal.mobile"), "13912345678");

    // A mask of nothing is refused as ever.
    let stars = Answers::from([("principal.name", "钱**")]);
    let refused =
        world.service.drafts.save_draft(&actor, &save_of("subject_new", "form", Some(&head), stars)).await;
    assert!(matches!(refused.unwrap(), domain::view::Saved::Faults(_)));
}

/// R70: the record's responsible person and who is signed in may look alike.
async fn two_people_with_one_mask_are_not_mixed_up(world: World) {
    let actor = world.applicant(1).await;
    let mut subject = world.subject_answers_person(&actor).await;
    subject.set_text("principal.name", "赵甲甲");
    let filing = world.file(&actor, "subject_new", None, &subject).await;
    let website = world.website_answers(&actor, "masks.cn").await;
    world.file(&actor, "website_new", None, &website).await;
    world.decide(&filing, domain::view::Decision::Approve, "", &[]).await;
    let record = world.service.records.my_subject(&actor).await.unwrap().unwrap().row.id;

    let view = world.change_form(&actor, "subject_change", Some(&record)).await;
    assert_eq!((view.answers.text("principal.name"), view.me.text("name")), ("赵**", "赵**"));
    let reveal = async |draft: &DraftHead| {
        let request = RevealRequest {
            procedure: "subject_change".to_owned(),
            draft: Some(draft.id.clone()),
            record: None,
            subject: None,
            at: "principal.name".to_owned(),
            mask: "赵**".to_owned(),
        };
        world.service.drafts.reveal(&actor, &request).await.unwrap()
    };
    // Left alone it is the record's, ticked it is who is signed in.
    let change = |answers: Answers| SaveDraft {
        record: Some(record.clone()),
        ..save_of("subject_change", "form", None, answers)
    };
    let head = saved(world.service.drafts.save_draft(&actor, &change(view.answers.clone())).await.unwrap());
    assert_eq!(reveal(&head).await, "赵甲甲");
    let mut ticked = view.answers.clone();
    ticked.set_text("principal.is_me", "yes");
    for (key, answer) in view.me.iter() {
        ticked.set(format!("principal.{key}"), answer.clone());
    }
    let ticked = SaveDraft { draft: Some(head.id.clone()), version: Some(head.version), ..change(ticked) };
    let head = saved(world.service.drafts.save_draft(&actor, &ticked).await.unwrap());
    assert_eq!(reveal(&head).await, "赵某某");
}

async fn addresses_that_are_the_offices_are_filed_as_such(world: World) {
    let actor = world.applicant(1).await;
    let mut answers = world.subject_answers_unit(&actor).await;
    for at in ["unit.registered_region", "unit.registered_address", "principal.region", "principal.address"] {
        answers.remove(at);
    }
    answers.set_text("unit.registered_as_office", "yes");
    answers.set_text("principal.lives_at_office", "yes");
    let head = save(&world, &actor, None, answers.clone()).await;
    let view = view_of(&world, &actor, &head).await;
    assert_eq!(view.faults, [], "what is the same elsewhere is not missing");
    assert_eq!(view.answers.text("unit.registered_region"), answers.text("unit.office_region"));
    let filing = filed(world.submit(&actor, &head, "same").await);
    let seen = world.service.filings.filing(&actor, &filing).await.unwrap();
    let rows: Vec<&str> =
        seen.sheet.sections.iter().flat_map(|section| &section.rows).map(|row| row.at.as_str()).collect();
    for at in ["unit.registered_region", "unit.registered_address", "principal.region", "principal.address"] {
        assert!(rows.contains(&at), "{at}");
    }
    assert!(!rows.iter().any(|at| at.ends_with("_office") || at.ends_with("is_me")), "ticks are not filed");

    // A wrong office address is told once, where it stands.
    let other = world.applicant(2).await;
    let mut wrong = world.subject_answers_unit(&other).await;
    wrong.set_text("unit.registered_as_office", "yes");
    wrong.set_text("principal.lives_at_office", "yes");
    wrong.set_text("unit.office_address", "短");
    wrong.remove("unit.office_region");
    let head = save(&world, &other, None, wrong).await;
    let faults = view_of(&world, &other, &head).await.faults;
    let about: Vec<&str> = faults
        .iter()
        .map(|fault| fault.at.as_str())
        .filter(|at| at.contains("region") || at.contains("address"))
        .collect();
    assert_eq!(about, ["unit.office_region", "unit.office_address"]);
}

/// R65, R70
async fn a_value_of_ones_own_is_shown_and_that_is_written_down(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let head = save(&world, &actor, None, Answers::from([("principal.is_me", "yes")])).await;
    let view = view_of(&world, &actor, &head).await;
    let request = |at: &str| RevealRequest {
        procedure: "subject_new".to_owned(),
        draft: Some(head.id.clone()),
        record: None,
        subject: None,
        at: at.to_owned(),
        mask: view.answers.text(at).to_owned(),
    };
    let lines = "SELECT COUNT(*) FROM audit WHERE action = 'own.reveal'";
    let reveal = async |who: &Actor, request: &RevealRequest| world.service.drafts.reveal(who, request).await;
    assert_eq!(reveal(&actor, &request("principal.id_no")).await.unwrap(), claims_of(1).id_no);
    assert_eq!(world.number(lines).await, 1);
    // Before anything is saved as well: what the tick would fill in.
    let unsaved = RevealRequest { draft: None, ..request("principal.mobile") };
    assert_eq!(reveal(&actor, &unsaved).await.unwrap(), claims_of(1).mobile);
    assert_eq!(world.number(lines).await, 2);
    // Another's draft, what is not personal, a mask of something else, a field that there is not.
    assert!(matches!(reveal(&other, &request("principal.id_no")).await, Err(Error::NotFound)));
    for wrong in [
        request("principal.id_kind"),
        request("principal.shoe_size"),
        RevealRequest { mask: "139****0001".to_owned(), ..request("principal.mobile") },
        RevealRequest { mask: String::new(), ..request("principal.mobile") },
        RevealRequest { procedure: "website_cancel".to_owned(), ..request("principal.mobile") },
    ] {
        assert!(matches!(reveal(&actor, &wrong).await, Err(Error::NotFound)), "{wrong:?}");
    }
    assert_eq!(world.number(lines).await, 2, "what was not shown is no look");
}

async fn providers_are_found_by_a_part_of_any_name_in_every_region(world: World) {
    let actor = world.applicant(1).await;
    world.service.directories.fill_directories().await.unwrap();
    let find = async |directory: &str, text: &str| {
        world.service.drafts.suggest_providers(&actor, directory, text).await
    };
    let hits = find("access", "阿里云").await.unwrap();
    assert_eq!(hits[0].name, "阿里云计算有限公司");
    assert!(hits[0].region.starts_with("33") && hits[0].about.contains("浙江"), "{hits:?}");
    // By what it is called otherwise, and abroad.
    assert!(find("registrar", "万网").await.unwrap().iter().any(|hit| hit.name.contains("阿里")));
    let abroad = find("registrar", "godaddy").await.unwrap();
    assert_eq!(abroad[0].name, "GoDaddy.com, LLC");
    assert!(!abroad[0].country.is_empty() && abroad[0].region.is_empty());
    assert!(find("access", "公司").await.unwrap().len() <= 8, "few enough to look through");
    for nothing in ["", "云", "没有这一家", "%%", "__", "' OR 1=1 --"] {
        assert!(find("access", nothing).await.unwrap().is_empty(), "{nothing}");
    }
    assert!(matches!(find("nowhere", "阿里云").await, Err(Error::NotFound)));
}

/// A network in which one name leads to the operator's own machines.
struct Names;

impl Outbound for Names {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, String>> {
        let found: Result<&[&str], &str> = match host {
            "example.cn" => Ok(&["1.2.4.8"]),
            "www.example.cn" => Ok(&["1.2.4.8", "2400:3200::1", "10.0.0.7"]),
            "inner.cn" => Ok(&["192.168.1.1", "127.0.0.1", "::1"]),
            _ => Err("域名没有解析结果"),
        };
        let found = found.map(|ips| ips.iter().map(|ip| ip.parse().unwrap()).collect());
        Box::pin(async move { found.map_err(str::to_owned) })
    }

    fn page<'a>(&'a self, _url: &'a reqwest::Url) -> BoxFuture<'a, Result<Page, String>> {
        Box::pin(async { Err("nobody asks for pages".to_owned()) })
    }
}

async fn addresses_are_proposed_where_the_operator_lets_the_network_be_asked(mut world: World) {
    let actor = world.applicant(1).await;
    let hosts = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>();
    let off = world.service.network_checks.resolve(&actor, &hosts(&["example.cn"])).await;
    assert!(matches!(off, Err(Error::NotFound)), "off unless it is turned on");
    world.service = world.service.clone().with_outbound(Arc::new(Names));
    let request = FormRequest { procedure: "website_new".to_owned(), ..FormRequest::default() };
    assert!(world.service.drafts.form_view(&actor, &request).await.unwrap().can_resolve);
    let ask = async |of: &[&str]| world.service.network_checks.resolve(&actor, &hosts(of)).await.unwrap();
    let found = ask(&["example.cn", "www.example.cn"]).await;
    assert_eq!(found.ips, ["1.2.4.8", "2400:3200::1"], "each once, and none of a network of one's own");
    assert!(found.said.iter().all(|said| !said.contains("10.0.0.7")), "{found:?}");
    let inner = ask(&["inner.cn"]).await;
    assert!(inner.ips.is_empty() && !inner.said[0].contains("192.168"), "{inner:?}");
    assert_eq!(ask(&["nowhere.cn"]).await.said, ["nowhere.cn：域名没有解析结果"]);
    // What is no name is not asked about.
    let odd = ask(&["1.2.4.8", "localhost", "a b", "", "example.cn/../x"]).await;
    assert!(odd.ips.is_empty() && odd.said.is_empty(), "{odd:?}");
}

async fn what_costs_is_counted_for_each_person(mut world: World) {
    world.settings.limits = PersonLimits {
        lookups_per_minute: 2,
        resolutions_per_hour: 2,
        reveals_per_hour: 2,
        ..PersonLimits::GENEROUS
    };
    world.service = world.restarted().await.with_outbound(Arc::new(Names));
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let service = world.service.clone();
    let look = async |who: &Actor| service.drafts.suggest_providers(who, "access", "阿里云").await;
    let resolve = async |who: &Actor| service.network_checks.resolve(who, &["example.cn".to_owned()]).await;
    let request = RevealRequest {
        procedure: "subject_new".to_owned(),
        draft: None,
        record: None,
        subject: None,
        at: "principal.name".to_owned(),
        mask: "赵**".to_owned(),
    };
    for _ in 0..2 {
        look(&actor).await.unwrap();
        resolve(&actor).await.unwrap();
        service.drafts.reveal(&actor, &request).await.unwrap();
    }
    assert!(matches!(look(&actor).await, Err(Error::TooMany(1..=60))));
    assert!(matches!(resolve(&actor).await, Err(Error::TooMany(1..=3600))));
    assert!(matches!(service.drafts.reveal(&actor, &request).await, Err(Error::TooMany(1..=3600))));
    look(&other).await.unwrap();
    resolve(&other).await.unwrap();
    service.drafts.reveal(&other, &request).await.unwrap();
    world.later(time::Duration::minutes(1));
    look(&actor).await.unwrap();
}

/// R77: a page that is open still saves by itself, whoever has signed in at this browser since.
async fn a_page_of_somebody_else_saves_nothing_here(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let answers = Answers::from([("principal.name", "赵某某")]);
    let of = |owner: &Actor| SaveDraft {
        owner: Some(owner.person_id.clone()),
        ..save_of("subject_new", "form", None, answers.clone())
    };
    assert!(matches!(world.service.drafts.save_draft(&other, &of(&actor)).await, Err(Error::Refused(_))));
    assert_eq!(world.number("SELECT COUNT(*) FROM draft").await, 0);
    saved(world.service.drafts.save_draft(&actor, &of(&actor)).await.unwrap());
}

/// How somebody answers a form, and what it costs.
struct Filling<'a> {
    world: &'a World,
    actor: &'a Actor,
    business: Business,
    step: &'static Step,
    answers: Answers,
    /// Whether what is known is made use of.
    knows: bool,
    questions: u32,
    pictures: u32,
    presses: u32,
}

impl Filling<'_> {
    fn next(&self) -> Option<Place> {
        let places = self.step.sections().iter().flat_map(|section| section.places(&self.answers));
        let mut open = places.filter(|place| {
            place.is_drawn(&self.answers)
                && place.is_required(&self.answers)
                && self.answers.get(&place.address()).is_none()
        });
        open.next()
    }

    async fn answer(&mut self, place: &Place) {
        let at = place.address();
        let before = self.answers.clone();
        let sample = sample::sample(self.business.form(), place, &self.answers, 7).unwrap();
        let answer = match (&sample, place.field.kind) {
            (Sample::Pictures { .. }, _) => {
                self.pictures += 1;
                Answer::One(self.world.picture(self.actor, 70 + self.pictures).await)
            }
            (Sample::Document { .. }, _) => unreachable!("none is asked for here"),
            (Sample::Answer(_), Kind::Select(_)) if at == "subject.nature" => Answer::One("unit".to_owned()),
            (Sample::Answer(answer), _) => answer.clone(),
        };
        if !matches!(sample, Sample::Pictures { .. }) {
            self.questions += 1;
        }
        self.answers.set(at, answer);
        if self.knows {
            understand(self.step, &before, &mut self.answers);
        }
    }

    /// Answers whatever is still asked, one question after the other.
    async fn by_hand(&mut self) {
        while let Some(place) = self.next() {
            self.answer(&place).await;
        }
    }
}

/// Issue 11: what a person must fill in, counted by filling it in through the functions of the pages.
async fn a_unit_and_a_website_are_asked_once(mut world: World) {
    world.service = world.service.clone().with_outbound(Arc::new(Names));
    let actor = world.applicant(1).await;
    world.service.directories.fill_directories().await.unwrap();
    let form = Business::Subject.form();
    let start = |business: Business, step: &str, knows: bool| Filling {
        world: &world,
        actor: &actor,
        business,
        step: business.form().step(step).unwrap(),
        answers: business.form().defaults(),
        knows,
        questions: 0,
        pictures: 0,
        presses: 0,
    };

    // A unit, the address of registration with it, as it was and as it is.
    let mut before = start(Business::Subject, "form", false);
    before.by_hand().await;
    for at in ["unit.registered_region", "unit.registered_address"] {
        before.answer(&form.place(at).unwrap()).await;
    }
    let mut after = start(Business::Subject, "form", true);
    for at in ["subject.nature", "unit.name", "unit.cert_no"] {
        after.answer(&form.place(at).unwrap()).await;
    }
    for tick in ["principal.is_me", "unit.registered_as_office", "principal.lives_at_office"] {
        after.answers.set_text(tick, "yes");
        after.presses += 1;
    }
    let head = save(&world, &actor, None, after.answers.clone()).await;
    after.answers = view_of(&world, &actor, &head).await.answers;
    after.by_hand().await;
    let head = save(&world, &actor, Some(&head), after.answers.clone()).await;
    assert_eq!(view_of(&world, &actor, &head).await.faults, [], "nothing is missing");
    filed(world.submit(&actor, &head, "unit").await);
    assert_eq!((before.questions, before.pictures), (16, 4));
    assert_eq!((after.questions, after.presses, after.pictures), (7, 3, 4));

    // The second step of a website.
    let form = Business::Website.form();
    let mut before = start(Business::Website, "site", false);
    before.answers.remove("site.has_own_domain");
    before.by_hand().await;
    let mut after = start(Business::Website, "site", true);
    after.answer(&form.place("site.main_domain").unwrap()).await;
    let ips = form.place("site.ips").unwrap();
    let found = world.service.network_checks.resolve(&actor, &hosts_for(&ips, &after.answers)).await.unwrap();
    after.answers.set("site.ips", Answer::Many(found.ips));
    answer_no(form, "interactive", &mut after.answers);
    after.presses += 2;
    for section in ["isp", "registrar"] {
        let directory = form.section(section).unwrap().directory.unwrap().code();
        let hits = world.service.drafts.suggest_providers(&actor, directory, "阿里").await.unwrap();
        after.questions += 1;
        after.answers.set_text(format!("{section}.name"), hits[0].name.clone());
        after.answers.set_text(format!("{section}.region"), hits[0].region.clone());
    }
    after.by_hand().await;
    let save = save_of("website_new", "site", None, after.answers.clone());
    let head = saved(world.service.drafts.save_draft(&actor, &save).await.unwrap());
    let left = world.service.drafts.step_faults(&actor, "website_new", "site", &head.id).await.unwrap();
    assert_eq!(left, [], "nothing is missing");
    assert_eq!(before.questions, 15);
    assert_eq!((after.questions, after.presses), (7, 2));
}
