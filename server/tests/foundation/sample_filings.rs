//! The world that `make run` begins with: every state, every business, and something for every sample person.

use std::collections::{BTreeMap, BTreeSet};

use domain::business::Business;
use domain::filing::FilingState;
use domain::view::{PatrolRequest, QueueRequest};
use server::config::Config;
use server::dev::world;
use server::program;
use service::clock::{Clock as _, SystemClock};
use service::{Actor, Service};

struct Made {
    service: Service,
    _directory: tempfile::TempDir,
}

async fn made() -> Made {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().display().to_string();
    let config = Config::load(None, &|name| (name == "DATA_DIR").then(|| data.clone())).unwrap();
    server::tls::install_crypto();
    let (service, db) = program::open(&config).await.unwrap();
    service.key_checks.check_and_mark_keys().await.unwrap();
    for _ in 0..2 {
        // The second time there is somebody, and nothing is made.
        world::make(&config, config.settings(), &service, &db, SystemClock.now()).await.unwrap();
    }
    program::seed_samples(&config, &service).await.unwrap();
    Made { service, _directory: directory }
}

async fn sign_in(service: &Service, name: &str) -> Actor {
    let claims = world::claims_of_sample(name).unwrap();
    let token = service.accounts.sign_in(&claims, "").await.unwrap();
    service.accounts.actor(&token).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_sample_filings_show_something_to_everybody() {
    let Made { service, _directory } = made().await;

    let mut states = BTreeMap::<FilingState, u32>::new();
    let mut businesses = BTreeSet::new();
    for officer in ["审核员东城", "审核员上海"] {
        let officer = sign_in(&service, officer).await;
        let mut request = QueueRequest { state: "all".into(), ..QueueRequest::default() };
        loop {
            let page = service.queues.queue(&officer, &request).await.unwrap();
            for row in page.rows {
                *states.entry(row.state).or_default() += 1;
                businesses.insert(row.procedure.business);
            }
            let Some(next) = page.next else { break };
            request.after = next;
        }
        let overdue = QueueRequest { state: "overdue".into(), ..QueueRequest::default() };
        assert!(!service.queues.queue(&officer, &overdue).await.unwrap().rows.is_empty());
    }
    assert_eq!(states.keys().copied().collect::<Vec<_>>(), FilingState::ALL, "{states:?}");
    assert_eq!(businesses.len(), Business::ALL.len());
    assert!(states.values().sum::<u32>() >= 60, "{states:?}");

    for name in ["申请人甲", "申请人乙", "申请人丙"] {
        let actor = sign_in(&service, name).await;
        let home = service.home_page.home(&actor).await.unwrap();
        assert!(!home.filings.is_empty() && !home.notices.is_empty() && home.subject.is_some(), "{name}");
        assert!(!service.drafts.drafts(&actor, "", "").await.unwrap().rows.is_empty(), "{name}");
    }
    let jia = sign_in(&service, "申请人甲").await;
    for business in Business::beside_subject() {
        assert!(!service.records.records(&jia, business, "").await.unwrap().rows.is_empty(), "{business:?}");
    }
    assert!(!service.audit_log.looks_at_mine(&jia, "").await.unwrap().rows.is_empty());
    let latest = service.filings.filings(&jia, "", "", "").await.unwrap().rows.remove(0);
    let left = service.filings.filing(&jia, &latest.id).await.unwrap().withdrawal_left;
    assert!(left.is_some_and(|seconds| seconds > 20 * 60), "one can still be withdrawn, {left:?}");

    let yi = sign_in(&service, "申请人乙").await;
    assert_eq!(service.handovers.handovers(&yi, "", "", "").await.unwrap().len(), 1);
    let bing = sign_in(&service, "申请人丙").await;
    assert_eq!(service.accounts.me(&bing).await.unwrap().subjects.len(), 2);

    for (officer, states) in [("审核员东城", vec!["open", "open"]), ("审核员上海", vec!["notified"])]
    {
        let officer = sign_in(&service, officer).await;
        let page = service.patrol_desk.patrol_page(&officer, &PatrolRequest::default()).await.unwrap();
        assert_eq!(page.rows.iter().map(|row| row.state.code()).collect::<Vec<_>>(), states);
    }

    let administrator = sign_in(&service, "管理员").await;
    assert_eq!(service.people.suspended(&administrator).await.unwrap().len(), 1);
    assert!(service.audit_chain.verify_audit().await.unwrap().is_whole());
    let swept = service.jobs.sweep().await;
    assert_eq!((swept.drafts, swept.handovers), (0, 0), "nothing of it has run out already");
}
