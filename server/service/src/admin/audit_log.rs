//! Reading the audit log (R65): auditors search it, which is itself a line in it; applicants see who
//! looked at their personal data.

use std::collections::BTreeMap;

use domain::audit_word::action_code;
use domain::mask::{Mask, mask};
use domain::role::StaffRole;
use domain::value::date::parse_date;
use domain::value::text;
use domain::view::{AuditRequest, AuditRow, LookRow, Paged};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::account::Accounts;
use crate::admin::audit_line::{self, said};
use crate::base::actor::Actor;
use crate::base::audit::{LOOK_AT_FILE, UNMASK};
use crate::base::calendar::begin_of;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::instant;
use crate::base::entity::{audit, filing, upload_use};
use crate::base::error::{Error, Result};
use crate::base::reference::Reference;
use crate::base::region::region_name;
use crate::base::retry::retry;
use crate::state::history::APPLICANT;

handle! {
    /// Searching the audit log.
    AuditLog {
        accounts: Accounts,
    }
}

const PAGE: usize = 50;

/// A person's filings are asked about in portions.
const FILINGS: u64 = 200;

impl AuditLog {
    /// A page of the log, the latest lines first.
    ///
    /// # Errors
    /// `Forbidden` for everybody but auditors.
    pub async fn audit_log(&self, actor: &Actor, request: &AuditRequest) -> Result<Paged<AuditRow>> {
        if !actor.is_auditor() {
            return Err(Error::Forbidden);
        }
        retry!(self.write_down_search(actor, request))?;
        let on = self.context.db.read();
        let mut lines = audit::Entity::find();
        for (text, column) in [
            (&action_code(&request.action).to_owned(), audit::Column::Action),
            (&self.object_meant(&request.object).await?, audit::Column::ObjectId),
            (&request.person, audit::Column::ActorId),
        ] {
            let text = text::tidy(text);
            if !text.trim().is_empty() {
                lines = lines.filter(column.eq(text.trim()));
            }
        }
        // Numbers grow with time: a day is a stretch of them, found by one step into an index.
        if let Some(day) = parse_date(&request.since) {
            match self.first_line_since(begin_of(day)).await? {
                Some(first) => lines = lines.filter(audit::Column::Seq.gte(first)),
                None => return Ok(Paged::default()),
            }
        }
        if let Some(after) = parse_date(&request.until).and_then(|day| day.next_day())
            && let Some(first) = self.first_line_since(begin_of(after)).await?
        {
            lines = lines.filter(audit::Column::Seq.lt(first));
        }
        if let Ok(after) = request.after.parse::<i64>() {
            lines = lines.filter(audit::Column::Seq.lt(after));
        }
        let mut rows = lines.order_by_desc(audit::Column::Seq).limit(PAGE as u64 + 1).all(on).await?;
        let has_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().filter(|_| has_more).map(|row| row.seq.to_string());
        let mut people: Vec<String> = rows.iter().filter_map(|row| row.actor_id.clone()).collect();
        people.sort_unstable();
        people.dedup();
        let names = if people.is_empty() {
            BTreeMap::new()
        } else {
            self.accounts.staff_names(self.context.db.read(), &people).await?
        };
        let known = audit_line::names(on, &self.accounts, &self.context.keys, &rows).await?;
        let rows: Vec<AuditRow> = rows
            .into_iter()
            .map(|row| AuditRow {
                seq: row.seq,
                at: written(instant(row.at)),
                who: row.actor_id.as_ref().and_then(|id| names.get(id)).map(|name| mask(Mask::Name, name)),
                who_id: row.actor_id.unwrap_or_default(),
                role: role_in_words(&row.actor_role),
                action: row.action,
                object_kind: row.object_kind,
                object_name: known.get(&row.object_id).cloned(),
                object_id: row.object_id,
                said: said(&row.detail, &known),
                detail: row.detail,
            })
            .collect();
        Ok(Paged { total: rows.len() as u64, rows, next, is_later: !request.after.is_empty() })
    }

    /// The id of a filing whose reference was typed; anything else as it is.
    async fn object_meant(&self, typed: &str) -> Result<String> {
        let Some(reference) = Reference::parse(typed) else { return Ok(typed.to_owned()) };
        let found = filing::Entity::find()
            .filter(filing::Column::Reference.eq(reference.as_str()))
            .one(self.context.db.read())
            .await?;
        Ok(found.map_or_else(|| typed.to_owned(), |row| row.id))
    }

    async fn first_line_since(&self, at: i64) -> Result<Option<i64>> {
        let first: Option<i64> = audit::Entity::find()
            .select_only()
            .column(audit::Column::Seq)
            .filter(audit::Column::At.gte(at))
            .order_by_asc(audit::Column::At)
            .order_by_asc(audit::Column::Seq)
            .limit(1)
            .into_tuple()
            .one(self.context.db.read())
            .await?;
        Ok(first)
    }

    async fn write_down_search(&self, actor: &Actor, request: &AuditRequest) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let detail = json!({ "action": request.action, "object": request.object, "person": request.person,
            "since": request.since, "until": request.until });
        self.context.audit(&tx, Some(actor), "audit.search", "audit", "", detail).await?;
        Ok(tx.commit().await?)
    }

    /// Who looked at the person's data unmasked, when, and what for; the latest first, a page after
    /// the line of this number.
    pub async fn looks_at_mine(&self, actor: &Actor, after: &str) -> Result<Paged<LookRow>> {
        let on = self.context.db.read();
        let before = after.parse::<i64>().unwrap_or(i64::MAX);
        let (mut references, mut files) = (BTreeMap::new(), BTreeMap::new());
        // By number, as a file of two filings is looked at once.
        let mut lines: BTreeMap<i64, audit::Model> = BTreeMap::new();
        let mut older_than = None;
        loop {
            let mut mine = filing::Entity::find()
                .select_only()
                .column(filing::Column::Id)
                .column(filing::Column::Reference)
                .filter(filing::Column::ApplicantId.eq(&actor.person_id))
                .order_by_desc(filing::Column::Id)
                .limit(FILINGS);
            if let Some(id) = older_than.take() {
                mine = mine.filter(filing::Column::Id.lt::<String>(id));
            }
            let mine: Vec<(String, String)> = mine.into_tuple().all(on).await?;
            let Some((last, _)) = mine.last() else { break };
            let is_last = (mine.len() as u64) < FILINGS;
            older_than = Some(last.clone());
            // Their pictures and documents, each with the filing it belongs to.
            let held: Vec<(String, String)> = upload_use::Entity::find()
                .filter(upload_use::Column::HolderKind.eq("filing"))
                .filter(upload_use::Column::HolderId.is_in(mine.iter().map(|(id, _)| id.as_str())))
                .order_by_desc(upload_use::Column::HolderId)
                .all(on)
                .await?
                .into_iter()
                .map(|held| (held.upload_id, held.holder_id))
                .collect();
            // The small pictures of a page are no look at what they show, and have had an action of
            // their own since they are one line a page.
            let lines_of = |action: &str, objects: Vec<String>| {
                audit::Entity::find()
                    .filter(audit::Column::ObjectId.is_in(objects))
                    .filter(audit::Column::Action.eq(action))
                    .filter(audit::Column::Detail.ne(r#"{"thumbnail":true}"#))
                    .filter(audit::Column::Seq.lt(before))
                    .order_by_desc(audit::Column::Seq)
                    .limit(PAGE as u64 + 1)
                    .all(on)
            };
            let unmasked = lines_of(UNMASK, mine.iter().map(|(id, _)| id.clone()).collect()).await?;
            let opened = lines_of(LOOK_AT_FILE, held.iter().map(|(id, _)| id.clone()).collect()).await?;
            lines.extend(unmasked.into_iter().chain(opened).map(|line| (line.seq, line)));
            references.extend(mine);
            files.extend(held);
            if is_last {
                break;
            }
        }
        let mut rows = Vec::new();
        let has_more = lines.len() > PAGE;
        let page: Vec<audit::Model> = lines.into_values().rev().take(PAGE).collect();
        let next = page.last().filter(|_| has_more).map(|line| line.seq.to_string());
        for line in page {
            let detail: serde_json::Value = serde_json::from_str(&line.detail)?;
            let (filing, purpose) = match files.get(&line.object_id) {
                Some(filing) => (filing.clone(), "查看证件照片或附件".to_owned()),
                None => {
                    let purpose = detail.get("purpose").and_then(|text| text.as_str()).unwrap_or_default();
                    (line.object_id, purpose.to_owned())
                }
            };
            rows.push(LookRow {
                at: written(instant(line.at)),
                who: role_in_words(&line.actor_role),
                purpose,
                reference: references.get(&filing).cloned().unwrap_or_default(),
                filing,
            });
        }
        Ok(Paged { total: rows.len() as u64, rows, next, is_later: !after.is_empty() })
    }
}

/// 管理员, 北京市东城区审核民警, 申请人 …, from the words of a line.
fn role_in_words(roles: &str) -> String {
    let each = roles.split(' ').map(|role| match role.split_once('/') {
        Some((_, region)) => format!("{}审核民警", region_name(region)),
        None => match StaffRole::from_code(role) {
            Some(role) => role.label().to_owned(),
            None if role == APPLICANT => "申请人".to_owned(),
            None => "系统".to_owned(),
        },
    });
    each.collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use time::Duration;

    use super::*;
    use crate::account::person::Claims;
    use crate::common::*;

    claims![
        an_auditor_finds_lines_and_is_found_in_them,
        applicants_see_who_looked_at_their_data,
        however_often_pages_are_opened_applicants_see_every_look,
    ];

    async fn auditor(world: &World) -> Actor {
        let claims = Claims { name: "审计员".to_owned(), ..claims_of(9_998) };
        world.sign_in(&claims).await;
        let administrator = world.administrator().await;
        world
            .service
            .staff
            .appoint(&administrator, &claims.name, &claims.id_no, "auditor", "")
            .await
            .unwrap();
        world.sign_in(&claims).await
    }

    async fn an_auditor_finds_lines_and_is_found_in_them(world: World) {
        let auditor = auditor(&world).await;
        world.later(Duration::days(3));
        world.applicant(1).await;
        let search = |change: &dyn Fn(&mut AuditRequest)| {
            let mut request = AuditRequest::default();
            change(&mut request);
            request
        };
        let found = async |request: AuditRequest| {
            world.service.audit_log.audit_log(&auditor, &request).await.unwrap().rows
        };
        let appointed = found(search(&|request| request.action = "appoint".to_owned())).await;
        assert_eq!(appointed[0].role, "管理员");
        let object = appointed[0].object_id.clone();
        assert_eq!(found(search(&|request| request.object = object.clone())).await, [appointed[0].clone()]);
        let days = |since: &str, until: &str| AuditRequest {
            since: since.to_owned(),
            until: until.to_owned(),
            ..AuditRequest::default()
        };
        assert!(found(days("2026-03-03", "2026-03-04")).await.is_empty());
        assert!(found(days("2026-03-06", "")).await.is_empty());
        assert!(
            found(days("2026-03-05", "2026-03-05")).await.iter().all(|row| row.at.starts_with("2026-03-05"))
        );
        let searches = found(search(&|request| request.action = "audit.search".to_owned())).await;
        assert_eq!((searches.len(), searches[0].role.as_str()), (6, "审计员"));
        for other in [world.administrator().await, world.officer("110101").await, world.applicant(2).await] {
            let refused = world.service.audit_log.audit_log(&other, &AuditRequest::default()).await;
            assert!(matches!(refused, Err(Error::Forbidden)));
        }
    }

    async fn applicants_see_who_looked_at_their_data(world: World) {
        let (applicant, other) = (world.applicant(1).await, world.applicant(2).await);
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 10, 1).await;
        let filing = "019cac46-1500-7000-8000-000000000001";
        world
            .execute(&format!(
                "UPDATE filing SET id = '{filing}', applicant_id = '{}' WHERE jurisdiction = '110101'",
                applicant.person_id
            ))
            .await;
        let tx = world.service.parts.context.db.begin().await.unwrap();
        let detail = json!({ "reference": "x", "purpose": "核对证件" });
        world
            .service
            .parts
            .context
            .audit(&tx, Some(&officer), UNMASK, "filing", filing, detail)
            .await
            .unwrap();
        world
            .service
            .parts
            .context
            .audit(&tx, Some(&officer), "filing.claim", "filing", filing, json!({}))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let looks = world.service.audit_log.looks_at_mine(&applicant, "").await.unwrap().rows;
        assert_eq!(looks.len(), 1);
        assert_eq!((looks[0].who.as_str(), looks[0].purpose.as_str()), ("北京市审核民警", "核对证件"));
        assert_eq!((looks[0].at.as_str(), looks[0].filing.as_str()), ("2026-03-02 10:00", filing));
        assert!(world.service.audit_log.looks_at_mine(&other, "").await.unwrap().rows.is_empty());

        // A picture of it, looked at in full; the small ones of a page are no look.
        let picture = world.picture(&applicant, 1).await;
        let tx = world.service.parts.context.db.begin().await.unwrap();
        world
            .service
            .files
            .set_file_references(&tx, "filing", filing, std::slice::from_ref(&picture))
            .await
            .unwrap();
        // As they were written once.
        for detail in [json!({ "thumbnail": true }), json!({ "thumbnail": false })] {
            world
                .service
                .parts
                .context
                .audit(&tx, Some(&officer), LOOK_AT_FILE, "upload", &picture, detail)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let looks = world.service.audit_log.looks_at_mine(&applicant, "").await.unwrap().rows;
        assert_eq!(looks.len(), 2);
        assert_eq!((looks[0].purpose.as_str(), looks[0].filing.as_str()), ("查看证件照片或附件", filing));
    }

    /// B1.
    async fn however_often_pages_are_opened_applicants_see_every_look(world: World) {
        let applicant = world.applicant(1).await;
        let officer = world.officer("110000").await;
        world.many_filings(&applicant, 1, 1).await;
        let filing = "019cac46-1500-7000-8000-000000000001";
        let owner = &applicant.person_id;
        world.execute(&format!("UPDATE filing SET id = '{filing}', applicant_id = '{owner}'")).await;
        let picture = world.picture(&applicant, 1).await;
        let tx = world.service.parts.context.db.begin().await.unwrap();
        world
            .service
            .files
            .set_file_references(&tx, "filing", filing, std::slice::from_ref(&picture))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.service.files.open_file(&officer, &picture).await.unwrap();
        let first = world.service.audit_log.looks_at_mine(&applicant, "").await.unwrap().rows;
        assert_eq!(first.len(), 1);
        for _ in 0..210 {
            world.later(Duration::minutes(31));
            world.service.files.open_thumbnail(&officer, &picture).await.unwrap();
        }
        let small = world.number("SELECT COUNT(*) FROM audit WHERE action = 'look_at_thumbnails'").await;
        assert_eq!(small, 210);
        assert_eq!(world.service.audit_log.looks_at_mine(&applicant, "").await.unwrap().rows, first);
        // All looks, page after page.
        for _ in 0..PAGE * 2 {
            world.service.files.open_file(&officer, &picture).await.unwrap();
        }
        let (mut after, mut seen) = (String::new(), Vec::new());
        loop {
            let page = world.service.audit_log.looks_at_mine(&applicant, &after).await.unwrap();
            assert!(page.rows.len() <= PAGE);
            seen.extend(page.rows);
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(seen.len(), PAGE * 2 + 1);
        assert_eq!(seen.last(), first.last());
    }
}
