//! 【我已挂标，检查一下】: whether number or public address of a record stand on the pages of its website (R38).
//! The server fetches them by the guarded way out of the network checks; where the operator has not opened
//! it, or it found nothing, the person's word is taken, and said to be one.

use std::sync::Arc;
use std::time::Duration;

use domain::badge::BadgeFinding;
use domain::facts;
use reqwest::Url;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::context::{Settings, handle};
use crate::base::db::millis;
use crate::base::entity::badge_check;
use crate::base::error::{Error, Result};
use crate::base::limits::Use;
use crate::base::retry::retry;
use crate::filing::badge::{badge_state, offer};
use crate::filing::network::Outbound;
use crate::filing::record::Records;
use crate::state::row::business_of;

handle! {
    /// The owner's looks for the badge of a record.
    BadgeChecks {
        records: Records,
        usage: Usage,
    } own { outbound: Option<Arc<dyn Outbound>>, turns: Arc<Semaphore> }
}

/// Looks at the same time, of everybody.
pub(crate) const MOST_AT_ONCE: usize = 4;

/// Pages of one website that are looked at.
const MOST_PAGES: usize = 3;

/// For all pages of one look; whoever asked waits for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    finding: BadgeFinding,
    told: String,
}

/// What is looked for.
pub(crate) struct Sought<'a> {
    digits: &'a str,
    /// Without the scheme, which pages write either way.
    address: String,
}

impl BadgeChecks {
    /// Fetches the pages of a website and keeps what was found; says it.
    ///
    /// # Errors
    /// `NotFound` for a record of others, `Refused` where there is nothing to look at, `TooMany` above the limit.
    pub async fn check_badge(&self, actor: &Actor, id: &str) -> Result<String> {
        let (row, _) = self.records.owned_record(self.context.db.read(), actor, id, false).await?;
        let answers = self.records.record_answers(&row)?;
        let offer = offer(&row, &answers, self.outbound.is_some(), None)?;
        let (Some(way), Some(digits), true) = (&self.outbound, &row.registration_digits, offer.looks) else {
            return Err(Error::refused("平台不能自动检查这一项，请确认挂标后点击“我已挂标”"));
        };
        retry!(self.count(actor))?;
        let pages = facts::badge_pages(business_of(&row)?, &answers);
        let sought = Sought::new(&self.context.settings, digits);
        let found = self.look(way.as_ref(), &pages, &sought).await;
        retry!(self.keep(actor, &row.id, &found, "badge.check"))?;
        Ok(found.told)
    }

    /// Keeps the person's word that the badge hangs there.
    ///
    /// # Errors
    /// `NotFound` for a record of others, `Refused` where the server is to look first.
    pub async fn declare_badge(&self, actor: &Actor, id: &str) -> Result<String> {
        let on = self.context.db.read();
        let (row, _) = self.records.owned_record(on, actor, id, false).await?;
        let answers = self.records.record_answers(&row)?;
        let last = badge_state(on, &row.id).await?.map(|badge| badge.finding);
        let offer = offer(&row, &answers, self.outbound.is_some(), last)?;
        if !offer.declares {
            let sentence = match offer.looks {
                true => "请先点击“我已挂标，检查一下”",
                false => "该备案当前没有需要悬挂的备案号",
            };
            return Err(Error::refused(sentence));
        }
        let why = match (offer.looks, last) {
            (false, _) => "平台没有自动检查",
            (true, Some(BadgeFinding::Missing)) => "平台检查时页面中没有找到备案号",
            (true, _) => "平台检查时未能访问网站",
        };
        let told = format!("由您本人确认已挂标，{why}。");
        let found = Found { finding: BadgeFinding::Declared, told };
        retry!(self.keep(actor, &row.id, &found, "badge.declare"))?;
        Ok(found.told)
    }

    /// By itself, so that a look that fails has counted.
    async fn count(&self, actor: &Actor) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.usage.count_use(&tx, actor, Use::BadgeCheck).await?;
        Ok(tx.commit().await?)
    }

    async fn look(&self, way: &dyn Outbound, pages: &[String], sought: &Sought<'_>) -> Found {
        let looking = async {
            // Never closed, so the turn comes.
            let _turn = self.turns.acquire().await;
            look_at(way, pages, sought).await
        };
        tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| Found {
            finding: BadgeFinding::Unreachable,
            told: "网站没有及时应答，未能检查。请确认网站可以正常访问，稍后再试。".to_owned(),
        })
    }

    async fn keep(&self, actor: &Actor, id: &str, found: &Found, action: &str) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let (row, _) = self.records.owned_record(&tx, actor, id, true).await?;
        let before = badge_check::Entity::find_by_id(&row.id).one(&tx).await?;
        let now = millis(self.context.clock.now());
        let confirmed_at = found.finding.confirmed_at(before.and_then(|before| before.confirmed_at), now);
        let kept = badge_check::ActiveModel {
            record_id: Set(row.id.clone()),
            finding: Set(found.finding.code().to_owned()),
            told: Set(found.told.clone()),
            checked_at: Set(now),
            confirmed_at: Set(confirmed_at),
        };
        badge_check::Entity::insert(kept)
            .on_conflict(
                OnConflict::column(badge_check::Column::RecordId)
                    .update_columns([
                        badge_check::Column::Finding,
                        badge_check::Column::Told,
                        badge_check::Column::CheckedAt,
                        badge_check::Column::ConfirmedAt,
                    ])
                    .to_owned(),
            )
            .exec_with_returning(&tx)
            .await?;
        let detail = json!({ "finding": found.finding.code() });
        self.context.audit(&tx, Some(actor), action, "record", &row.id, detail).await?;
        Ok(tx.commit().await?)
    }
}

/// The first page that has it; else what the pages said instead.
async fn look_at(way: &dyn Outbound, pages: &[String], sought: &Sought<'_>) -> Found {
    let (mut without, mut silent) = (Vec::new(), Vec::new());
    for page in pages.iter().take(MOST_PAGES) {
        let answer = match Url::parse(page) {
            Err(_) => Err("网址无法识别".to_owned()),
            Ok(url) => way.page(&url).await,
        };
        match answer {
            Err(sentence) => silent.push(format!("{page} {sentence}")),
            Ok(answer) if !(200..300).contains(&answer.status) => {
                silent.push(format!("{page} 返回状态 {}", answer.status));
            }
            Ok(answer) => match (sought.number_in(&answer.text), sought.address_in(&answer.text)) {
                (_, true) => return seen(format!("在 {page} 找到备案号和公示地址的链接。")),
                (true, false) => {
                    return seen(format!(
                        "在 {page} 找到备案号。没有找到指向公示地址的链接，请把备案号链接到公示地址。"
                    ));
                }
                (false, false) => without.push(page.as_str()),
            },
        }
    }
    match without.is_empty() {
        false => Found {
            finding: BadgeFinding::Missing,
            told: format!(
                "在 {} 没有找到备案号。请把下方代码放到首页底部、发布后再检查；如果页面由脚本生成，平台看不到其中的备案号，可由您本人确认。",
                without.join("、")
            ),
        },
        true => Found {
            finding: BadgeFinding::Unreachable,
            told: format!("未能访问：{}。请确认网站可以从互联网正常访问，稍后再试。", silent.join("；")),
        },
    }
}

fn seen(told: String) -> Found {
    Found { finding: BadgeFinding::Seen, told }
}

impl<'a> Sought<'a> {
    pub(crate) fn new(settings: &Settings, digits: &'a str) -> Self {
        let base = settings.public_url.trim_end_matches('/');
        let address = base.split_once("://").map_or(base, |(_, rest)| rest);
        Sought { digits, address: format!("{address}/r/{digits}") }
    }

    /// Whether number or public address stand in a page.
    pub(crate) fn is_in(&self, page: &str) -> bool {
        self.number_in(page) || self.address_in(page)
    }

    /// Whether the digits of the number stand in a page, however it is spaced and encoded, and not within a longer
    /// number.
    fn number_in(&self, page: &str) -> bool {
        let page: String = without_comments(page).chars().filter(|char| !char.is_whitespace()).collect();
        page.match_indices(self.digits).any(|(at, digits)| {
            let is_digit = |char: Option<char>| char.is_some_and(|char| char.is_ascii_digit());
            let before = page.get(..at).and_then(|text| text.chars().next_back());
            let after = page.get(at + digits.len()..).and_then(|text| text.chars().next());
            !is_digit(before) && !is_digit(after)
        })
    }

    fn address_in(&self, page: &str) -> bool {
        without_comments(page).contains(&self.address)
    }
}

/// What stands in a comment is not shown to anybody.
fn without_comments(page: &str) -> String {
    let mut shown = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, comment)) = rest.split_once("<!--") {
        shown.push_str(before);
        // One that never ends hides everything after it.
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_however_it_is_written_and_not_where_nobody_sees_it() {
        let sought =
            Sought { digits: "11010102000001", address: "beian.example.cn/r/11010102000001".to_owned() };
        for (page, number, address) in [
            ("<p>京公网安备11010102000001号</p>", true, false),
            ("京公网安备\n 11010102000001 号", true, false),
            ("<a href=\"https://beian.example.cn/r/11010102000001\">…</a>", true, true),
            ("\u{fffd}\u{fffd}11010102000001\u{fffd}\u{fffd}", true, false),
            ("<!-- 京公网安备11010102000001号 -->", false, false),
            ("<!-- 11010102000001", false, false),
            ("<!-- 一 -->11010102000001<!-- 二 -->", true, false),
            ("订单号 911010102000001", false, false),
            ("110101020000012", false, false),
            ("11010102000002", false, false),
            ("", false, false),
        ] {
            assert_eq!((sought.number_in(page), sought.address_in(page)), (number, address), "{page}");
        }
    }
}
