//! 常用意见: reasons that come up again and again, each with what the applicant should do
//! (`domain.md` 2.8). Officers pick them; administrators of the system keep the list.

use std::sync::Arc;

use domain::schema::fault;
use domain::value::text;
use domain::view::ReasonRow;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait, QueryOrder};
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::context::handle;
use crate::base::db::{millis, new_id, next_serial, plausible_id};
use crate::base::entity::reason;
use crate::base::error::{Error, Result};
use crate::base::retry::retry;

handle! {
    /// Ready sentences for officers.
    CannedReasons {}
}

/// More would be no list any more.
const MOST: u64 = 100;

/// What the list begins with: (what it is called, what the applicant reads).
const SEED: &[(&str, &str)] = &[
    ("注册商与 WHOIS 不一致", "域名注册服务商与域名注册信息（WHOIS）不一致，请按域名证书填写。"),
    ("网站无法打开", "网站无法打开、没有内容或仍在建设中，请开通后重新提交。"),
    ("主体不一致", "备案主体与ICP备案主体或域名持有人不一致，请统一后重新提交。"),
    ("网站类型错误", "网站类型选择错误，请按实际内容重新选择。"),
    (
        "互动功能不符",
        "网站实际功能与“是否提供互联网交互服务”的填写不符，请如实填写并补充材料，或者关闭该功能。",
    ),
    ("IP 与解析不一致", "网站IP与域名解析结果不一致，或服务器不在所填的网络接入服务商处，请更新。"),
    ("网站名称不符", "网站名称与ICP备案的名称不一致或不符合命名要求，请修改。"),
    ("未悬挂 ICP 备案号", "网站首页底部没有悬挂ICP备案号或没有链接，请补充后重新提交。"),
    ("电话无法接通", "所填电话无法接通或已被其他主体使用，请更换号码。"),
    ("证件照片不合格", "证件照片不是原件、不清晰、反光、有遮挡、翻拍屏幕或正反面未分开，请重新拍摄上传。"),
    ("证件过期", "证件已过期或即将过期（不足三个月），请更换有效证件。"),
    ("地址不完整", "地址没有精确到门牌号，或与证件住所不符且没有说明，请补充完整。"),
    ("缺少前置审批文件", "缺少前置审批文件，请上传。"),
    ("缺少授权书", "负责人不是法定代表人，请上传授权书。"),
    (
        "域名证书不符",
        "上传的不是域名注册证书（例如误传了SSL证书），或持有人不符、证书已过期，请上传有效的域名注册证书。",
    ),
    ("域名未实名", "域名没有完成实名认证，或不在批复的后缀内，请先完成实名认证。"),
    ("不属本辖区", "该业务不属于本辖区管辖，请核对单位办公地址或负责人常住地址。"),
    ("现场检查未通过", "交互式服务没有通过现场检查，请整改后重新提交。"),
    ("重复申请", "已有正在审核或有效的备案，请勿重复申请。"),
];

impl CannedReasons {
    /// The list, in the order it was made, as pages of the desk offer it.
    pub(crate) async fn reasons(&self) -> Result<Vec<ReasonRow>> {
        let now = self.context.clock.now();
        if let Some(known) = self.context.reasons.get(now) {
            return Ok(known.iter().map(row_of).collect());
        }
        let rows = Arc::new(self.rows().await?);
        self.context.reasons.set(Some((now, Arc::clone(&rows))));
        Ok(rows.iter().map(row_of).collect())
    }

    async fn rows(&self) -> Result<Vec<reason::Model>> {
        Ok(reason::Entity::find().order_by_asc(reason::Column::Id).all(self.context.db.read()).await?)
    }

    /// Fills the list with what the software brings, once in the life of a database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fill_reasons(&self) -> Result<()> {
        retry!(self.try_fill_reasons())
    }

    async fn try_fill_reasons(&self) -> Result<()> {
        let tx = self.context.db.begin().await?;
        if next_serial(&tx, "reason/seed").await? > 1 {
            return Ok(tx.rollback().await?);
        }
        let now = self.context.clock.now();
        let rows: Vec<reason::ActiveModel> = SEED
            .iter()
            .map(|(title, text)| reason::ActiveModel {
                id: Set(new_id(now)),
                title: Set((*title).to_owned()),
                text: Set((*text).to_owned()),
                created_at: Set(millis(now)),
            })
            .collect();
        let detail = json!({ "rows": rows.len() });
        reason::Entity::insert_many(rows).exec_with_returning(&tx).await?;
        self.context.audit(&tx, None, "reason.seed", "reason", "", detail).await?;
        tx.commit().await?;
        self.context.reasons.set(None);
        Ok(())
    }

    /// The list, for whoever keeps it.
    pub async fn reason_list(&self, actor: &Actor) -> Result<Vec<ReasonRow>> {
        actor.must_keep()?;
        Ok(self.rows().await?.iter().map(row_of).collect())
    }

    /// Adds a reason, or words one anew.
    ///
    /// # Errors
    /// `Faults` for texts that are too short or too long, `Refused` beyond a hundred.
    pub async fn keep_reason(&self, actor: &Actor, id: Option<&str>, title: &str, words: &str) -> Result<()> {
        actor.must_keep()?;
        let id = id.map(plausible_id).transpose()?;
        match (text::check_line(title, 2, 30), text::check_text(words, 5, 500)) {
            (Ok(title), Ok(words)) => retry!(self.try_keep_reason(actor, id, &title, &words)),
            (title, words) => {
                let title = title.err().map(|sentence| fault("title", format!("名称：{sentence}")));
                let words = words.err().map(|sentence| fault("text", format!("意见：{sentence}")));
                Err(Error::Faults(title.into_iter().chain(words).collect()))
            }
        }
    }

    async fn try_keep_reason(&self, actor: &Actor, id: Option<&str>, title: &str, words: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        next_serial(&tx, "reason").await?;
        let now = self.context.clock.now();
        let before = match id {
            Some(id) => Some(reason::Entity::find_by_id(id).one(&tx).await?.ok_or(Error::NotFound)?),
            None if reason::Entity::find().count(&tx).await? >= MOST => {
                return Err(Error::refused(format!("最多 {MOST} 条常用意见，请先删除不用的")));
            }
            None => None,
        };
        let row = reason::ActiveModel {
            id: Set(before.as_ref().map_or_else(|| new_id(now), |row| row.id.clone())),
            title: Set(title.to_owned()),
            text: Set(words.to_owned()),
            created_at: Set(before.as_ref().map_or_else(|| millis(now), |row| row.created_at)),
        };
        let row = match before {
            Some(_) => row.update(&tx).await?,
            None => row.insert(&tx).await?,
        };
        self.context
            .audit(&tx, Some(actor), "reason.keep", "reason", &row.id, json!({ "title": row.title }))
            .await?;
        tx.commit().await?;
        self.context.reasons.set(None);
        Ok(())
    }

    pub async fn drop_reason(&self, actor: &Actor, id: &str) -> Result<()> {
        actor.must_keep()?;
        let id = plausible_id(id)?;
        retry!(self.try_drop_reason(actor, id))
    }

    async fn try_drop_reason(&self, actor: &Actor, id: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let gone = reason::Entity::delete_by_id(id).exec_with_returning(&tx).await?;
        if gone.is_none() {
            return Err(Error::NotFound);
        }
        self.context.audit(&tx, Some(actor), "reason.drop", "reason", id, json!({})).await?;
        tx.commit().await?;
        self.context.reasons.set(None);
        Ok(())
    }
}

fn row_of(row: &reason::Model) -> ReasonRow {
    ReasonRow { id: row.id.clone(), title: row.title.clone(), text: row.text.clone() }
}
