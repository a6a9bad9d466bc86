#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use super::*;
use crate::common::{World, claims, claims_of, id_number, pdf, picture};
use crate::files::sweep::SWEEP_AT_ONCE;
use futures::TryStreamExt as _;

claims![
    a_picture_and_a_document_are_accepted_by_content,
    what_is_no_picture_and_no_document_is_refused_with_a_sentence,
    names_of_files_are_stored_sealed,
    who_may_fetch_a_file_follows_from_what_refers_to_it,
    a_reviewers_look_is_written_down_and_an_owners_is_not,
    only_own_files_can_be_referred_to,
    a_holders_files_are_replaced,
    what_nothing_refers_to_is_swept_after_a_day,
    what_a_crash_left_in_the_store_is_swept,
    the_hourly_sweep_looks_at_recent_days_alone,
    a_person_sends_a_bounded_number_of_files_a_day,
];

async fn hold(world: &World, kind: &str, holder: &str, ids: &[String]) {
    let tx = world.service.parts.context.db.begin().await.unwrap();
    world.service.files.set_file_references(&tx, kind, holder, ids).await.unwrap();
    tx.commit().await.unwrap();
}

/// A filing or record past all procedures; gives its id.
async fn put_filing(world: &World, applicant: &Actor, record: &str, subject: &str, region: &str) -> String {
    let id = new_id(world.now());
    world
        .execute(&format!(
            "INSERT INTO filing (id, reference, idempotency_key, business, action, record_id, subject_id, \
             applicant_id, state, jurisdiction, title, subject_name, answers, answers_sealed, is_reviewable, \
             round, submitted_at, version) VALUES ('{id}', '{id}', '{id}', 'website', 'new', '{record}', \
             '{subject}', '{}', 'approved', '{region}', '', '', '{{}}', '', true, 1, 0, 1)",
            applicant.person_id
        ))
        .await;
    id
}

async fn put_website(world: &World, subject: &str, region: &str) -> String {
    let id = new_id(world.now());
    world
        .execute(&format!(
            "INSERT INTO record (id, business, subject_id, state, title, owner_kind, jurisdiction, answers, \
             answers_sealed, version, created_at, updated_at) VALUES ('{id}', 'website', '{subject}', \
             'active', '', '', '{region}', '{{}}', '', 1, 0, 0)"
        ))
        .await;
    id
}

async fn a_picture_and_a_document_are_accepted_by_content(world: World) {
    let service = &world.service;
    let actor = world.applicant(1).await;
    for (name, bytes, shown, content_type, is_picture) in [
        ("身份证.JPG", picture(1), "身份证.png", "image/png", true),
        ("C:\\文件\\营业执照.png", picture(2), "营业执照.png", "image/png", true),
        ("../../etc/passwd", picture(3), "passwd.png", "image/png", true),
        ("说明.v2.pdf", pdf(), "说明.v2.pdf", "application/pdf", false),
        ("说明", pdf(), "说明.pdf", "application/pdf", false),
        ("", pdf(), "文件.pdf", "application/pdf", false),
        ("a\r\nb\0.png", picture(4), "a  b.png", "image/png", true),
    ] {
        let view = service.files.accept_upload(&actor, name, bytes).await.unwrap();
        assert_eq!((view.name.as_str(), view.is_picture), (shown, is_picture), "{name:?}");
        let opened = service.files.open_file(&actor, &view.id).await.unwrap();
        assert_eq!((opened.content_type.as_str(), opened.name.as_str()), (content_type, shown));
        assert_eq!(opened.bytes.len() as u64, view.size);
        let thumbnail = service.files.open_thumbnail(&actor, &view.id).await;
        match is_picture {
            true => assert_eq!(thumbnail.unwrap().content_type, "image/jpeg"),
            false => assert!(matches!(thumbnail, Err(Error::NotFound))),
        }
        let views = service.files.file_views(&[view.id.clone(), new_id(world.now())]).await.unwrap();
        assert_eq!(views, BTreeMap::from([(view.id.clone(), view)]));
    }
    let long = service.files.accept_upload(&actor, &"长".repeat(5000), picture(5)).await.unwrap();
    assert_eq!(long.name.chars().count(), LONGEST_NAME + 4);
}

async fn what_is_no_picture_and_no_document_is_refused_with_a_sentence(world: World) {
    let actor = world.applicant(1).await;
    for (name, bytes, sentence) in [
        ("a.png", Vec::new(), "文件是空的，请重新选择"),
        ("a.png", b"<svg onload=alert(1)>".to_vec(), "仅支持 png/jpeg/jpg 格式的图片"),
        ("a.pdf", picture(1), "这是图片，此处仅支持 pdf 格式的文件，请将图片打印为PDF后上传"),
        ("a.png", b"%PDF-1.7 no more".to_vec(), "PDF文件无法读取，可能已损坏，请重新选择"),
        ("a.png", vec![0; 5 * 1024 * 1024 + 1], "文件大小不超过5MB"),
    ] {
        match world.service.files.accept_upload(&actor, name, bytes).await {
            Err(Error::Faults(faults)) => assert_eq!(faults, [fault("", sentence)]),
            other => panic!("{sentence}: {other:?}"),
        }
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM upload").await, 0);
    assert_eq!(stored(&world).await, 0);
}

async fn names_of_files_are_stored_sealed(world: World) {
    let actor = world.applicant(1).await;
    let name = format!("赵某某{}.png", id_number("110101", 77));
    world.service.files.accept_upload(&actor, &name, picture(1)).await.unwrap();
    assert!(!world.is_stored_in_the_open("赵某某").await);
    assert!(!world.is_stored_in_the_open(&id_number("110101", 77)).await);
}

async fn who_may_fetch_a_file_follows_from_what_refers_to_it(world: World) {
    let service = &world.service;
    let (owner, other, receiver) =
        (world.applicant(1).await, world.applicant(2).await, world.applicant(3).await);
    let administrator = world.administrator().await;
    service.staff.appoint(&administrator, "审计员", &claims_of(4).id_no, "auditor", "").await.unwrap();
    let people = [
        ("owner", owner.clone()),
        ("other", other),
        ("receiver", receiver.clone()),
        ("county", world.officer("110101").await),
        ("province", world.officer("110000").await),
        ("elsewhere", world.officer("310000").await),
        ("administrator", administrator),
        ("auditor", world.applicant(4).await),
    ];
    let subject = world.put_subject(&owner, "甲公司", "active", "110101").await;
    let given = world.put_subject(&receiver, "乙公司", "active", "110101").await;
    let website = put_website(&world, &subject, "110101").await;
    // The subject has moved to Shanghai since this one was decided.
    let moved = put_website(&world, &subject, "310101").await;
    let filing = put_filing(&world, &owner, &website, &subject, "110101").await;
    let moved_filing = put_filing(&world, &owner, &moved, &subject, "110101").await;
    let given_filing = put_filing(&world, &owner, &given, &given, "110101").await;
    let draft = new_id(world.now());
    for (what, holders, may) in [
        ("sent only", vec![], vec!["owner"]),
        ("in a draft", vec![("draft", &draft)], vec!["owner"]),
        ("in a filing", vec![("filing", &filing)], vec!["owner", "county", "province"]),
        ("in a subject", vec![("record", &subject)], vec!["owner", "county", "province"]),
        ("in a website", vec![("record", &website)], vec!["owner", "county", "province"]),
        (
            "in a website that moved",
            vec![("filing", &moved_filing), ("record", &moved)],
            vec!["owner", "county", "province", "elsewhere"],
        ),
        ("in a subject given away", vec![("record", &given)], vec!["receiver", "county", "province"]),
        (
            "in a filing given away and still in the giver's draft",
            vec![("filing", &given_filing), ("draft", &draft)],
            vec!["receiver", "county", "province"],
        ),
        (
            "in two subjects",
            vec![("record", &given), ("record", &subject)],
            vec!["owner", "receiver", "county", "province"],
        ),
    ] {
        let file = world.picture(&owner, 1).await;
        for (kind, holder) in holders {
            hold(&world, kind, holder, std::slice::from_ref(&file)).await;
        }
        let mut opened = Vec::new();
        for (name, actor) in &people {
            let full = service.files.open_file(actor, &file).await;
            assert_eq!(full.is_ok(), service.files.open_thumbnail(actor, &file).await.is_ok());
            match full {
                Ok(_) => opened.push(*name),
                Err(error) => assert!(matches!(error, Error::NotFound), "{what}, {name}: {error}"),
            }
        }
        assert_eq!(opened, may, "{what}");
        world.execute("DELETE FROM upload_use").await;
    }
    for id in ["", "x", &new_id(world.now())] {
        assert!(matches!(service.files.open_file(&owner, id).await, Err(Error::NotFound)));
    }
}

async fn a_reviewers_look_is_written_down_and_an_owners_is_not(world: World) {
    let (owner, officer) = (world.applicant(1).await, world.officer("110101").await);
    let subject = world.put_subject(&owner, "甲公司", "active", "110101").await;
    let file = world.picture(&owner, 1).await;
    hold(&world, "record", &subject, std::slice::from_ref(&file)).await;
    let looks = || world.number("SELECT COUNT(*) FROM audit WHERE action = 'look_at_file'");
    world.service.files.open_file(&owner, &file).await.unwrap();
    assert_eq!(looks().await, 0);
    world.service.files.open_file(&officer, &file).await.unwrap();
    assert_eq!(looks().await, 1);
    let by = format!(
        "SELECT COUNT(*) FROM audit WHERE object_id = '{file}' AND actor_id = '{}'",
        officer.person_id
    );
    assert_eq!(world.number(&by).await, 1);
    // Small, it is one line in half an hour, which names what it is part of.
    let of_subject = format!(
        "SELECT COUNT(*) FROM audit WHERE action = 'look_at_thumbnails' AND object_kind = 'record' AND \
         object_id = '{subject}' AND detail LIKE '%{file}%'"
    );
    let small = || world.number(&of_subject);
    for (minutes, lines) in [(0, 1), (29, 1), (1, 2)] {
        world.later(Duration::minutes(minutes));
        world.service.files.open_thumbnail(&officer, &file).await.unwrap();
        assert_eq!(small().await, lines);
    }
    // Another program knows nothing of it.
    world.restarted().await.files.open_thumbnail(&officer, &file).await.unwrap();
    assert_eq!(small().await, 3);
    assert_eq!(world.service.audit_chain.verify_audit().await.unwrap().first_bad, None);
}

async fn only_own_files_can_be_referred_to(world: World) {
    let (owner, other) = (world.applicant(1).await, world.applicant(2).await);
    let officer = world.officer("110101").await;
    let subject = world.put_subject(&owner, "甲公司", "active", "110101").await;
    let sent = world.picture(&owner, 1).await;
    let held = world.picture(&owner, 2).await;
    let strange = world.picture(&other, 3).await;
    let missing = new_id(world.now());
    hold(&world, "record", &subject, std::slice::from_ref(&held)).await;
    let ids = [sent.clone(), held.clone(), strange.clone(), missing.clone()];
    let foreign = async |actor: &Actor| {
        world.service.files.foreign_files(world.service.parts.context.db.read(), actor, &ids).await.unwrap()
    };
    assert_eq!(foreign(&owner).await, [strange.clone(), missing.clone()]);
    assert_eq!(foreign(&other).await, [sent.clone(), held.clone(), missing.clone()]);
    assert_eq!(foreign(&officer).await, ids, "seeing a file is not owning it");
    world
        .execute(&format!("UPDATE record SET owner_id = '{}' WHERE id = '{subject}'", other.person_id))
        .await;
    assert_eq!(foreign(&owner).await, [held, strange, missing.clone()], "given away");
    assert_eq!(foreign(&other).await, [sent, missing]);
    assert!(
        world
            .service
            .files
            .foreign_files(world.service.parts.context.db.read(), &owner, &[])
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_holders_files_are_replaced(world: World) {
    let actor = world.applicant(1).await;
    let (one, two, three) =
        (world.picture(&actor, 1).await, world.picture(&actor, 2).await, world.picture(&actor, 3).await);
    let (draft, other) = (new_id(world.now()), new_id(world.now()));
    hold(&world, "draft", &other, std::slice::from_ref(&one)).await;
    hold(&world, "draft", &draft, &[one.clone(), two.clone(), one.clone()]).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM upload_use").await, 3, "named twice, held once");
    hold(&world, "draft", &draft, &[two, three]).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM upload_use").await, 3);
    hold(&world, "draft", &draft, &[]).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM upload_use").await, 1, "the other draft's stays");
    let tx = world.service.parts.context.db.begin().await.unwrap();
    assert!(world.service.files.set_file_references(&tx, "person", &draft, &[]).await.is_err());
}

async fn what_nothing_refers_to_is_swept_after_a_day(world: World) {
    let service = &world.service;
    let actor = world.applicant(1).await;
    let (unused, used) = (world.picture(&actor, 1).await, world.picture(&actor, 2).await);
    let draft = new_id(world.now());
    hold(&world, "draft", &draft, std::slice::from_ref(&used)).await;
    world.later(Duration::days(1));
    assert_eq!(service.files.sweep_uploads().await.unwrap(), 0, "a day is not over yet");
    let fresh = world.picture(&actor, 3).await;
    world.later(Duration::SECOND);
    assert!(!service.files.sweep_upload(&used).await.unwrap(), "taken up after it was chosen for sweeping");
    assert_eq!(service.files.sweep_uploads().await.unwrap(), 1);
    assert!(matches!(service.files.open_file(&actor, &unused).await, Err(Error::NotFound)));
    assert!(service.files.store.get(key_of(&unused).unwrap(), Rendition::Full).await.unwrap().is_none());
    assert!(service.files.open_file(&actor, &used).await.is_ok());
    assert!(service.files.open_file(&actor, &fresh).await.is_ok());
    hold(&world, "draft", &draft, &[]).await;
    assert_eq!(service.files.sweep_uploads().await.unwrap(), 1, "its draft is gone");
}

async fn what_a_crash_left_in_the_store_is_swept(world: World) {
    let actor = world.applicant(1).await;
    let kept = world.picture(&actor, 1).await;
    let draft = new_id(world.now());
    hold(&world, "draft", &draft, std::slice::from_ref(&kept)).await;
    let lost = lose(&world).await;
    assert_eq!(world.service.files.sweep_uploads().await.unwrap(), 0);
    world.later(Duration::days(1) + Duration::SECOND);
    assert_eq!(world.service.files.sweep_uploads().await.unwrap(), 1);
    assert!(world.files.get(lost, Rendition::Full).await.unwrap().is_none());
    assert!(world.files.get(key_of(&kept).unwrap(), Rendition::Full).await.unwrap().is_some());
}

/// B17. Every hour the files of the last days, all of them once a week, however many there are.
async fn the_hourly_sweep_looks_at_recent_days_alone(world: World) {
    let sweep = async || world.service.files.sweep_uploads().await.unwrap();
    let old = lose(&world).await;
    world.later(Duration::days(30));
    for _ in 0..SWEEP_AT_ONCE * 2 + 1 {
        lose(&world).await;
    }
    assert_eq!(sweep().await, 1, "the first time all are looked at, but for those of today");
    world.files.put(old, Rendition::Full, vec![1]).await.unwrap();
    world.later(Duration::days(1) + Duration::HOUR);
    assert_eq!(sweep().await, SWEEP_AT_ONCE * 2 + 1, "the old one is not looked at");
    assert_eq!(sweep().await, 0);
    let evening_before = lose(&world).await;
    world.later(Duration::days(3));
    assert_eq!(sweep().await, 1, "a server that was down for a while");
    assert!(world.files.get(evening_before, Rendition::Full).await.unwrap().is_none());
    world.later(Duration::days(3));
    assert_eq!(sweep().await, 1, "a week later all are");
    assert_eq!(stored(&world).await, 0);
}

/// Puts a file into the store whose row was never written.
async fn lose(world: &World) -> Uuid {
    let id = key_of(&new_id(world.now())).unwrap();
    world.files.put(id, Rendition::Full, vec![1]).await.unwrap();
    id
}

async fn stored(world: &World) -> usize {
    world.files.listed(None).try_collect::<Vec<_>>().await.unwrap().len()
}

async fn a_person_sends_a_bounded_number_of_files_a_day(world: World) {
    let (actor, other) = (world.applicant(1).await, world.applicant(2).await);
    let now = millis(world.now());
    let rows: Vec<String> = (0..MOST_A_DAY)
        .map(|n| format!("('{n}', '{}', 'picture', '', 'image/png', 1, '', '[]', {now})", actor.person_id))
        .collect();
    world.execute(&format!("INSERT INTO upload VALUES {}", rows.join(", "))).await;
    let send = async |actor: &Actor| world.service.files.accept_upload(actor, "a.png", picture(1)).await;
    assert!(matches!(send(&actor).await, Err(Error::TooMany(_))));
    assert!(send(&other).await.is_ok());
    world.later(Duration::days(1));
    assert!(send(&actor).await.is_ok());
}
