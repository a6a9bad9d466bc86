//! One look at one filing in force: does its home page answer and show the number, do its domains lead to the filed
//! addresses, are its papers valid.

use std::net::IpAddr;

use domain::badge::BadgeFinding;
use domain::business::Business;
use domain::facts::{self, Online};
use domain::patrol::{DAYS_FOR_THE_BADGE, PatrolFault, Seen};
use domain::value::domain_name;
use reqwest::Url;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};

use super::{DAY, Looked, Outcome, Patrols};
use crate::applicant::badge::Sought;
use crate::base::clock::shanghai_date;
use crate::base::db::millis;
use crate::base::entity::{patrol_host, record};
use crate::base::error::Result;
use crate::base::retry::retry;
use crate::filing::badge::badge_state;
use crate::filing::network::{Outbound, is_named, is_public};
use crate::state::row::business_of;

/// Of the pages of one filing the first whose host may be asked; no further ones than these are tried.
const MOST_PAGES: usize = 3;

/// Names of one filing that are looked up.
const MOST_HOSTS: usize = 10;

/// The page that may be asked now.
enum Turn {
    Page(Url),
    /// Every host was asked today; when the first may be asked again.
    NotBefore(i64),
    /// Nothing that is an address of the web.
    None,
}

impl Patrols {
    pub(super) async fn look(&self, way: &dyn Outbound, row: &record::Model) -> Result<Outcome> {
        let business = business_of(row)?;
        let answers = self.records.record_answers(row)?;
        let online = facts::online(business, &answers);
        let mut looked = Looked::default();
        match self.turn(&online.pages).await? {
            Turn::NotBefore(at) => return Ok(Outcome::NotBefore(at)),
            Turn::None => {}
            Turn::Page(url) => self.look_at_page(way, row, business, &url, &mut looked).await?,
        }
        look_at_domains(way, &online, &mut looked).await;
        let today = shanghai_date(self.context.clock.now());
        let expired = facts::expired_papers(business, &answers, today);
        if !expired.is_empty() {
            let told = format!("{}，已过有效期。", expired.join("；"));
            looked.seen.push(Seen { fault: PatrolFault::Expired, told });
        }
        Ok(Outcome::Looked(looked))
    }

    /// Takes the turn of a host, which comes once a day, whoever asks: several filings may stand on one.
    async fn turn(&self, pages: &[String]) -> Result<Turn> {
        let mut earliest = None;
        for page in pages.iter().take(MOST_PAGES) {
            let Some((url, host)) = Url::parse(page).ok().zip(host_of(page)) else { continue };
            match retry!(self.take_host(&host))? {
                None => return Ok(Turn::Page(url)),
                Some(at) => earliest = Some(earliest.map_or(at, |before: i64| Ord::min(before, at))),
            }
        }
        Ok(earliest.map_or(Turn::None, Turn::NotBefore))
    }

    /// Nothing where the host is ours to ask; else when it may be asked again.
    async fn take_host(&self, host: &str) -> Result<Option<i64>> {
        let tx = self.context.db.begin().await?;
        let now = millis(self.context.clock.now());
        let row = patrol_host::ActiveModel { host: Set(host.to_owned()), asked_at: Set(now) };
        let is_due = Expr::col((patrol_host::Entity, patrol_host::Column::AskedAt)).lte(now - DAY);
        let taken = patrol_host::Entity::insert(row)
            .on_conflict(
                OnConflict::column(patrol_host::Column::Host)
                    .update_column(patrol_host::Column::AskedAt)
                    .action_and_where(is_due)
                    .to_owned(),
            )
            .exec_without_returning(&tx)
            .await?;
        let asked = match taken {
            0 => patrol_host::Entity::find_by_id(host).one(&tx).await?.map(|row| row.asked_at + DAY),
            _ => None,
        };
        tx.commit().await?;
        Ok(asked)
    }

    async fn look_at_page(
        &self,
        way: &dyn Outbound,
        row: &record::Model,
        business: Business,
        url: &Url,
        looked: &mut Looked,
    ) -> Result<()> {
        let mut down = |told: String| {
            looked.seen.push(Seen { fault: PatrolFault::Unreachable, told });
            looked.untold.push(PatrolFault::NoBadge);
        };
        let page = match way.page(url).await {
            Err(sentence) => {
                down(format!("{url} {sentence}。"));
                return Ok(());
            }
            Ok(page) => page,
        };
        match page.status {
            200..300 => {}
            // It is there, and does not let itself be looked at.
            401 | 403 | 405 | 406 | 429 => {
                looked.untold.push(PatrolFault::NoBadge);
                return Ok(());
            }
            status => {
                down(format!("{url} 返回状态 {status}。"));
                return Ok(());
            }
        }
        let (Some(digits), Some(since)) = (&row.registration_digits, row.registered_at) else {
            return Ok(());
        };
        let is_due = millis(self.context.clock.now()) >= since + DAYS_FOR_THE_BADGE * DAY;
        if business != Business::Website
            || !is_due
            || Sought::new(&self.context.settings, digits).is_in(&page.text)
        {
            return Ok(());
        }
        let badge = badge_state(self.context.db.read(), &row.id).await?;
        let word = match badge.map(|badge| badge.finding) {
            Some(BadgeFinding::Declared) => "申请人曾确认已挂标，页面可能由脚本生成，请打开核对。",
            _ => "",
        };
        let told = format!("{url} 上没有找到备案号 {digits}。{word}");
        looked.seen.push(Seen { fault: PatrolFault::NoBadge, told });
        Ok(())
    }
}

/// The host of a page, by name or address.
fn host_of(page: &str) -> Option<String> {
    let url = Url::parse(page).ok()?;
    url.host_str().map(|host| host.trim_matches(['[', ']']).to_ascii_lowercase())
}

/// Whether the names lead to an address that was filed. A domain need lead nowhere where pages stand below it.
async fn look_at_domains(way: &dyn Outbound, online: &Online, looked: &mut Looked) {
    if online.ips.is_empty() {
        return;
    }
    let pages: Vec<String> = online.pages.iter().filter_map(|page| host_of(page)).collect();
    let mut hosts: Vec<&String> = pages.iter().chain(&online.domains).collect();
    let mut known = std::collections::BTreeSet::new();
    hosts.retain(|host| known.insert(host.as_str()));
    let mut told = Vec::new();
    for host in hosts.into_iter().take(MOST_HOSTS) {
        let shown = domain_name::shown_form(host);
        match way.addresses(host).await {
            Err(_) if !pages.is_empty() && !pages.contains(host) => {}
            Err(sentence) => told.push(format!("{shown}：{sentence}")),
            Ok(found) if found.iter().any(|address| is_named(*address, &online.ips)) => {}
            // Addresses of the operator's own network are nobody's business.
            Ok(found) => {
                let public: Vec<String> = found
                    .into_iter()
                    .filter(|address| is_public(*address))
                    .map(|ip: IpAddr| ip.to_string())
                    .collect();
                told.push(match public.is_empty() {
                    true => format!("{shown} 没有解析到公网地址"),
                    false => format!("{shown} 解析到 {}，不在所填IP中", public.join("、")),
                });
            }
        }
    }
    if !told.is_empty() {
        let told = format!("{}。如使用 CDN，请核对后处理。", told.join("；"));
        looked.seen.push(Seen { fault: PatrolFault::Moved, told });
    }
}
