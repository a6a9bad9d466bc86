//! What a demonstration begins with: roles for the sample officers of the embedded identity provider.

use domain::role::StaffRole;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use crate::account::Accounts;
use crate::account::fingerprints::id_no_hash;
use crate::base::context::handle;
use crate::base::db::next_serial;
use crate::base::entity::{person, staff};
use crate::base::error::Result;
use crate::base::retry::retry;

handle! {
    /// The people of a development machine.
    Samples {
        accounts: Accounts,
    }
}

/// An officer of the demonstration; `region` counts for reviewers only.
#[derive(Debug, Clone, Copy)]
pub struct SampleOfficer<'a> {
    pub name: &'a str,
    pub id_no: &'a str,
    pub role: StaffRole,
    pub region: &'a str,
}

impl Samples {
    /// Gives the sample officers their roles, once: a role that was ever given, even if it was taken
    /// away since, is left alone. Never for production.
    pub async fn sample_world(&self, officers: &[SampleOfficer<'_>]) -> Result<()> {
        retry!(self.try_sample_world(officers))
    }

    /// Whether nobody has ever signed in here.
    pub async fn is_nobody_here(&self) -> Result<bool> {
        Ok(person::Entity::find().one(self.context.db.read()).await?.is_none())
    }

    async fn try_sample_world(&self, officers: &[SampleOfficer<'_>]) -> Result<()> {
        let tx = self.context.db.begin().await?;
        next_serial(&tx, crate::account::roles::LOCK).await?;
        let now = self.context.clock.now();
        for officer in officers {
            let known = staff::Entity::find()
                .filter(staff::Column::IdNoHash.eq(id_no_hash(&self.context.keys, officer.id_no)))
                .filter(staff::Column::Role.eq(officer.role.code()))
                .count(&tx)
                .await?;
            if known == 0 {
                let SampleOfficer { name, id_no, role, region } = *officer;
                let id = self.accounts.insert_staff(&tx, name, id_no, role, region, now).await?;
                let detail = json!({ "role": role.code(), "region": region, "sample": true });
                self.context.audit(&tx, None, "appoint", "staff", &id, detail).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
