//! Domain names that belong to somebody already.

use domain::answer::Answers;
use domain::business::Business;
use domain::facts;
use domain::route;
use domain::schema::{Fault, fault};
use domain::value::domain_name;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::actor::Actor;
use crate::base::entity::{filing, live_domain, record};
use crate::base::error::Result;
use crate::filing::record::Records;

const OWN_DOMAIN: &str = "您已经申请过此域名的备案，请到首页的审核中网站或已备案网站中查看";

const OTHERS_DOMAIN: &str = "该域名已有备案或正在审核，如有疑问请联系管辖地网安部门";

impl Records {
    /// Live filings never share a domain.
    pub(crate) async fn faults_of_domains(
        &self,
        on: &impl ConnectionTrait,
        actor: &Actor,
        business: Business,
        except: Option<&record::Model>,
        answers: &Answers,
    ) -> Result<Vec<Fault>> {
        let domains = facts::of_business(business, answers).domains;
        if domains.is_empty() {
            return Ok(Vec::new());
        }
        let mut taken = live_domain::Entity::find().filter(live_domain::Column::Domain.is_in(&domains));
        if let Some(record) = except {
            taken = taken.filter(live_domain::Column::RecordId.ne(&record.id));
        }
        let taken = taken.order_by_asc(live_domain::Column::Domain).all(on).await?;
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let subjects: Vec<(String, String)> = record::Entity::find()
            .select_only()
            .columns([record::Column::Id, record::Column::SubjectId])
            .filter(record::Column::Id.is_in(taken.iter().map(|row| row.record_id.as_str())))
            .into_tuple()
            .all(on)
            .await?;
        let own: Vec<String> = record::Entity::find()
            .select_only()
            .column(record::Column::Id)
            .filter(record::Column::Id.is_in(subjects.iter().map(|(_, subject)| subject.as_str())))
            .filter(record::Column::OwnerId.eq(&actor.person_id))
            .into_tuple()
            .all(on)
            .await?;
        let is_own =
            |record: &str| subjects.iter().any(|(id, subject)| id == record && own.contains(subject));
        let main = domains.first();
        let mut faults = Vec::new();
        for row in &taken {
            // Where it leads is told of one's own alone.
            let (sentence, link) = match is_own(&row.record_id) {
                true => (OWN_DOMAIN, newest_filing(on, &row.record_id).await?),
                false => (OTHERS_DOMAIN, None),
            };
            let found = match main == Some(&row.domain) {
                true => fault("site.main_domain", sentence),
                false => fault(
                    "site.other_domains",
                    format!("{}：{sentence}", domain_name::shown_form(&row.domain)),
                ),
            };
            faults.push(found.see(link));
        }
        Ok(faults)
    }
}

/// The page of what was filed last about a record.
async fn newest_filing(on: &impl ConnectionTrait, record: &str) -> Result<Option<String>> {
    let newest = filing::Entity::find()
        .select_only()
        .column(filing::Column::Id)
        .filter(filing::Column::RecordId.eq(record))
        .order_by_desc(filing::Column::Id)
        .into_tuple::<String>()
        .one(on)
        .await?;
    Ok(newest.map(|id| route::filing(&id)))
}
