//! 【举报冒用】 on the public page of a record: anybody may tell of it, without saying who they are. The officers
//! of the record's region find it on their desk (`desk/misuse.rs`).

use domain::misuse::{Misuse, check_misuse};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::db::{millis, new_id, next_serial};
use crate::base::entity::{misuse_report, record};
use crate::base::error::{Error, Result};
use crate::base::retry::retry;
use crate::filing::misuse::seal;
use crate::public::lookup::Lookup;

handle! {
    /// What anybody may report.
    MisuseReports {
        lookup: Lookup,
    }
}

/// Reports of one record that wait at the same time: more tell the officers nothing new.
pub(crate) const MOST_OPEN: u64 = 20;

/// Seconds in a day; who reported too much today comes back tomorrow.
const DAY: u64 = 86_400;

impl MisuseReports {
    /// Keeps what somebody at the network address `source` tells of a number.
    ///
    /// # Errors
    /// `NotFound` for a number that has no public page, `Faults` for what was typed, `Refused` where the same address
    /// told the same today or enough was told, `TooMany` where the address told too much.
    pub async fn report(&self, digits: &str, source: &str, told: MisuseTold<'_>) -> Result<()> {
        let row = self.lookup.public_row(self.context.db.read(), digits).await?;
        let misuse = check_misuse(told.kind, told.site, told.text, told.contact).map_err(Error::Faults)?;
        let day = shanghai_date(self.context.clock.now());
        let source = self.context.keys.fingerprint("misuse source", &format!("{day}/{source}"));
        retry!(self.try_report(&row, &source, &misuse))
    }

    async fn try_report(&self, row: &record::Model, source: &str, misuse: &Misuse) -> Result<()> {
        let tx = self.context.db.begin().await?;
        // One after the other, so that nobody tells more at once than one by one.
        next_serial(&tx, "misuse").await?;
        let reports = || misuse_report::Entity::find();
        let of_source = || reports().filter(misuse_report::Column::SourceHash.eq(source));
        let of_record = misuse_report::Column::RecordId.eq(&row.id);
        if of_source().filter(of_record.clone()).count(&tx).await? > 0 {
            return Err(Error::refused("您今天已经举报过此备案，网安部门已收到，不必重复提交"));
        }
        if of_source().count(&tx).await? >= u64::from(self.context.settings.limits.reports_per_day) {
            return Err(Error::TooMany(DAY));
        }
        let open = reports().filter(of_record).filter(misuse_report::Column::HandledAt.is_null());
        if open.count(&tx).await? >= MOST_OPEN {
            return Err(Error::refused("此备案已有多份举报正在处理，网安部门已知悉"));
        }
        let now = self.context.clock.now();
        let id = new_id(now);
        let (report_sealed, contact_sealed) = seal(&self.context.keys, &id, misuse)?;
        let report = misuse_report::ActiveModel {
            id: Set(id.clone()),
            record_id: Set(row.id.clone()),
            kind: Set(misuse.kind.code().to_owned()),
            report_sealed: Set(report_sealed),
            contact_sealed: Set(contact_sealed),
            source_hash: Set(source.to_owned()),
            created_at: Set(millis(now)),
            handled_at: Set(None),
            handler_id: Set(None),
            note_sealed: Set(None),
        };
        report.insert(&tx).await?;
        let detail = json!({ "record": row.id, "kind": misuse.kind.code() });
        self.context.audit(&tx, None, "misuse.report", "misuse_report", &id, detail).await?;
        Ok(tx.commit().await?)
    }
}

/// What was typed.
#[derive(Debug, Clone, Copy)]
pub struct MisuseTold<'a> {
    pub kind: &'a str,
    pub site: &'a str,
    pub text: &'a str,
    pub contact: &'a str,
}
