//! What only the network can tell of a website (`domain.md` 2.9): where its domains lead and what its
//! pages show. Off unless the operator turns it on. Whoever files chooses the addresses, so every one is
//! looked up first and only addresses of the public internet are ever connected to; redirects are followed
//! by hand under the same guard. The answers are evidence for the officer, never a decision.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::action::Action;
use domain::answer::Answers;
use domain::business::Business;
use domain::facts;
use domain::value::{domain_name, ip};
use domain::view::MachineCheck;
use futures::future::BoxFuture;
use reqwest::{Client, Url, redirect};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::account::usage::Usage;
use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::{Transaction, instant, millis};
use crate::base::entity::{filing, network_check};
use crate::base::error::{Error, Result, chain};
use crate::base::limits::Use;
use crate::base::retry::retry;
use crate::filing::Filings;

handle! {
    /// What the network says of a website.
    NetworkChecks {
        filings: Filings,
        usage: Usage,
    } own { outbound: Option<Arc<dyn Outbound>> }
}

/// So many domains and pages of one filing are asked about.
const MOST_DOMAINS: usize = 10;

const MOST_PAGES: usize = 3;

const MOST_REDIRECTS: usize = 3;

/// Bytes of a page that are read.
const MOST_OF_A_PAGE: usize = 512 * 1024;

/// For one page, with its redirects.
const PATIENCE: Duration = Duration::from_secs(10);

/// Filings that one round looks at.
const AT_ONCE: u64 = 10;

/// Marks of a page on which people sign in or publish.
const INTERACTIVE_MARKS: &[&str] =
    &["type=\"password\"", "type='password'", "登录", "注册", "发表评论", "写评论", "留言板", "发帖"];

/// A page as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub status: u16,
    pub text: String,
}

/// Where host names lead to just now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Addresses of the public internet, each once.
    pub ips: Vec<String>,
    /// What is said of each name.
    pub said: Vec<String>,
}

/// The way out. A seam, so that tests have one that leads nowhere else.
pub trait Outbound: Send + Sync {
    /// The addresses a host name leads to; the sentence of an officer where it does not.
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, std::result::Result<Vec<IpAddr>, String>>;

    /// What stands at an address of the web.
    fn page<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, std::result::Result<Page, String>>;
}

/// The internet, by the resolver of this machine.
pub struct Internet {
    /// Which addresses may be connected to.
    may_reach: fn(IpAddr) -> bool,
    patience: Duration,
    /// Who asks, for those who are asked.
    agent: Option<String>,
}

impl Internet {
    /// Only addresses of the public internet.
    pub fn guarded() -> Self {
        Internet { may_reach: is_public, patience: PATIENCE, agent: None }
    }

    /// Says in each request who asks.
    #[must_use]
    pub fn introduced_as(self, agent: impl Into<String>) -> Self {
        Internet { agent: Some(agent.into()), ..self }
    }

    async fn reach(&self, url: &Url) -> std::result::Result<reqwest::Response, String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("转到了不是网页的地址".to_owned());
        }
        let host = url.host_str().ok_or("网址没有主机名")?;
        let port = url.port_or_known_default().ok_or("网址没有端口")?;
        let addresses = self.addresses(host.trim_matches(['[', ']'])).await?;
        // The connection goes to the address that was looked at, whatever the name leads to a moment later.
        let allowed: Vec<SocketAddr> = addresses
            .into_iter()
            .filter(|address| (self.may_reach)(*address))
            .map(|address| SocketAddr::new(address, port))
            .collect();
        if allowed.is_empty() {
            return Err("只解析到内网或保留地址，未访问".to_owned());
        }
        // The client wants a process-wide provider; if the server has set one, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder();
        if let Some(agent) = &self.agent {
            client = client.user_agent(agent);
        }
        let client = client
            .timeout(self.patience)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .resolve_to_addrs(host, &allowed)
            .build()
            .map_err(|_| "无法建立连接".to_owned())?;
        client
            .get(url.clone())
            .send()
            .await
            .map_err(|failure| if failure.is_timeout() { "访问超时" } else { "无法访问" }.to_owned())
    }
}

impl Outbound for Internet {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, std::result::Result<Vec<IpAddr>, String>> {
        Box::pin(async move {
            if let Ok(address) = host.parse::<IpAddr>() {
                return Ok(vec![address]);
            }
            let found = tokio::time::timeout(self.patience, tokio::net::lookup_host((host, 0))).await;
            match found {
                Ok(Ok(found)) => {
                    let mut addresses: Vec<IpAddr> = found.map(|socket| socket.ip().to_canonical()).collect();
                    addresses.sort_unstable();
                    addresses.dedup();
                    Ok(addresses)
                }
                Ok(Err(_)) => Err("域名没有解析结果".to_owned()),
                Err(_) => Err("域名解析超时".to_owned()),
            }
        })
    }

    fn page<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, std::result::Result<Page, String>> {
        Box::pin(async move {
            let mut url = url.clone();
            for _ in 0..=MOST_REDIRECTS {
                let mut answer = self.reach(&url).await?;
                if answer.status().is_redirection() {
                    let next = answer.headers().get("location").and_then(|to| to.to_str().ok());
                    url = next.and_then(|to| url.join(to).ok()).ok_or("转到了无法识别的地址")?;
                    continue;
                }
                let status = answer.status().as_u16();
                let mut bytes = Vec::new();
                while let Some(piece) = answer.chunk().await.map_err(|_| "内容没有传完".to_owned())? {
                    bytes.extend_from_slice(&piece);
                    if bytes.len() >= MOST_OF_A_PAGE {
                        bytes.truncate(MOST_OF_A_PAGE);
                        break;
                    }
                }
                return Ok(Page { status, text: String::from_utf8_lossy(&bytes).into_owned() });
            }
            Err("转址次数过多".to_owned())
        })
    }
}

impl NetworkChecks {
    /// Whether the operator lets the network be asked.
    pub fn may_ask(&self) -> bool {
        self.outbound.is_some()
    }

    /// 查询当前解析: where host names lead to just now, by the resolver of this server. Only addresses of the
    /// public internet are told, so that nobody learns of the operator's own network.
    ///
    /// # Errors
    /// `NotFound` where the operator does not let the network be asked; `TooMany` above the person's limit.
    pub async fn resolve(&self, actor: &Actor, hosts: &[String]) -> Result<Resolution> {
        let Some(way) = &self.outbound else { return Err(Error::NotFound) };
        retry!(self.count_resolution(actor))?;
        let hosts: BTreeSet<String> =
            hosts.iter().take(MOST_DOMAINS).filter_map(|host| domain_name::check_domain(host).ok()).collect();
        let asked = hosts.iter().map(|host| async move { (host, way.addresses(host).await) });
        let mut told = Resolution::default();
        for (host, answer) in futures::future::join_all(asked).await {
            let shown = domain_name::shown_form(host);
            let public: Vec<String> = match answer {
                Ok(found) => found.into_iter().filter(|ip| is_public(*ip)).map(|ip| ip.to_string()).collect(),
                Err(sentence) => {
                    told.said.push(format!("{shown}：{sentence}"));
                    continue;
                }
            };
            match public.is_empty() {
                true => told.said.push(format!("{shown}：没有解析到公网地址")),
                false => told.said.push(format!("{shown} 解析到 {}", public.join("、"))),
            }
            told.ips.extend(public);
        }
        told.ips.sort();
        told.ips.dedup();
        Ok(told)
    }

    async fn count_resolution(&self, actor: &Actor) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.usage.count_use(&tx, actor, Use::Resolution).await?;
        Ok(tx.commit().await?)
    }

    /// A website was put to officers: the network will be asked about it, anew after each round.
    pub(crate) async fn ask_the_network(&self, on: &Transaction, row: &filing::Model) -> Result<()> {
        let is_website = row.business == Business::Website.code();
        let has_answers = row.action == Action::New.code() || row.action == Action::Change.code();
        if self.outbound.is_none() || !is_website || !has_answers {
            return Ok(());
        }
        let asked = network_check::ActiveModel {
            filing_id: Set(row.id.clone()),
            asked_at: Set(row.submitted_at),
            checked_at: Set(None),
            checks: Set("[]".to_owned()),
        };
        network_check::Entity::insert(asked)
            .on_conflict(
                OnConflict::column(network_check::Column::FilingId)
                    .update_columns([
                        network_check::Column::AskedAt,
                        network_check::Column::CheckedAt,
                        network_check::Column::Checks,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(on)
            .await?;
        Ok(())
    }

    /// One round of asking; for the server to call every minute. Says how many filings were looked at.
    ///
    /// # Errors
    /// When the database fails; what the network answers is never an error.
    pub async fn look_at_websites(&self) -> Result<usize> {
        let Some(way) = &self.outbound else { return Ok(0) };
        let waiting = network_check::Entity::find()
            .filter(network_check::Column::CheckedAt.is_null())
            .order_by_asc(network_check::Column::AskedAt)
            .limit(AT_ONCE)
            .find_also_related(filing::Entity)
            .all(self.context.db.read())
            .await?;
        let mut looked = 0;
        for (asked, row) in waiting {
            let Some(row) = row else { continue };
            let checks = match self.filings.filing_answers(&row) {
                Ok(answers) => look(way.as_ref(), &answers).await,
                Err(error) => {
                    // Answered all the same: it would be asked about again and again before all others.
                    tracing::error!(filing = row.id, error = chain(&error), "a filing cannot be opened");
                    vec![check("联网核验", false, "申请内容无法读取，未能核验")]
                }
            };
            match retry!(self.keep_checks(&asked, &checks)) {
                Ok(()) => looked += 1,
                Err(error) => {
                    tracing::error!(
                        filing = row.id,
                        error = chain(&error),
                        "what the network told was not kept"
                    );
                }
            }
        }
        Ok(looked)
    }

    async fn keep_checks(&self, asked: &network_check::Model, checks: &[MachineCheck]) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let checks = serde_json::to_string(checks)?;
        network_check::Entity::update_many()
            .col_expr(network_check::Column::CheckedAt, Expr::value(millis(self.context.clock.now())))
            .col_expr(network_check::Column::Checks, Expr::value(checks))
            .filter(network_check::Column::FilingId.eq(&asked.filing_id))
            // Submitted again meanwhile: that round is asked about by itself.
            .filter(network_check::Column::AskedAt.eq(asked.asked_at))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }
}

/// What the network told of a filing, from what was kept of it: when it was asked, and the checks.
pub(crate) fn network_checks(checked_at: Option<i64>, checks: &str) -> Result<Vec<MachineCheck>> {
    let Some(at) = checked_at else {
        return Ok(vec![check("联网核验", true, "正在进行，稍后刷新本页查看")]);
    };
    let mut checks: Vec<MachineCheck> = serde_json::from_str(checks)?;
    let at = written(instant(at));
    for check in &mut checks {
        check.evidence = format!("{}（{at} 联网核验）", check.evidence);
    }
    Ok(checks)
}

pub(crate) fn check(title: impl Into<String>, passed: bool, evidence: impl Into<String>) -> MachineCheck {
    MachineCheck { title: title.into(), passed, evidence: evidence.into() }
}

/// An address of the public internet; everything else could be a machine of the operator's.
pub(crate) fn is_public(address: IpAddr) -> bool {
    ip::check_ip_or_range(&address.to_canonical().to_string(), true).is_ok()
}

/// Whether an address is one of those that were filled in, alone or within a range.
pub(crate) fn is_named(address: IpAddr, filled_in: &[String]) -> bool {
    let Some((family, number)) = ip::number_of(&address.to_string()) else { return false };
    filled_in.iter().any(|one| {
        let (first, last) = one.split_once('-').unwrap_or((one, one));
        match (ip::number_of(first), ip::number_of(last)) {
            (Some((from, low)), Some((to, high))) => {
                from == family && to == family && (low..=high).contains(&number)
            }
            _ => false,
        }
    })
}

async fn of_domain(way: &dyn Outbound, host: &str, ips: &[String]) -> MachineCheck {
    let title = format!("域名解析：{}", domain_name::shown_form(host));
    match way.addresses(host).await {
        Err(sentence) => check(title, false, sentence),
        Ok(addresses) => {
            let told: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
            let told = format!("解析到 {}", told.join("、"));
            match addresses.iter().any(|address| is_named(*address, ips)) {
                true => check(title, true, told),
                false => check(title, false, format!("{told}，不在所填的网站IP中；可能使用了 CDN")),
            }
        }
    }
}

/// What a page shows against what was answered.
async fn of_page(way: &dyn Outbound, address: &str, answers: &Answers) -> Vec<MachineCheck> {
    let title = format!("网站访问：{address}");
    let Ok(url) = Url::parse(address) else { return vec![check(title, false, "网址无法识别")] };
    let page = match way.page(&url).await {
        Err(sentence) => return vec![check(title, false, sentence)],
        Ok(page) => page,
    };
    let is_fine = (200..300).contains(&page.status) && !page.text.trim().is_empty();
    let mut checks = vec![check(title, is_fine, format!("状态 {}，{} 字节", page.status, page.text.len()))];
    if !is_fine {
        return checks;
    }
    let marks: Vec<&str> =
        INTERACTIVE_MARKS.iter().copied().filter(|mark| page.text.contains(mark)).collect();
    if answers.text("interactive.is_interactive") == "no" {
        checks.push(match marks.is_empty() {
            true => check("页面未见登录、评论等互动功能", true, address),
            false => {
                check("页面似有互动功能，所填为“否”", false, format!("{address} 出现：{}", marks.join("、")))
            }
        });
    }
    let icp = answers.text("site.icp_number");
    if !icp.is_empty() {
        let compact: String = page.text.chars().filter(|c| !c.is_whitespace()).collect();
        // Footers often name the number without the suffix of the site.
        let main = icp.split_once("号-").map_or(icp.to_owned(), |(main, _)| format!("{main}号"));
        let shows = compact.contains(&main);
        checks.push(check("首页悬挂工信部备案号", shows, if shows { icp } else { "页面上没有找到" }));
    }
    checks
}

/// Everything the network can tell of a website's answers.
pub(crate) async fn look(way: &dyn Outbound, answers: &Answers) -> Vec<MachineCheck> {
    let ips = answers.items("site.ips");
    let mut checks = Vec::new();
    for host in facts::of_business(Business::Website, answers).domains.iter().take(MOST_DOMAINS) {
        checks.push(of_domain(way, host, ips).await);
    }
    for page in answers.items("site.home_urls").iter().take(MOST_PAGES) {
        checks.extend(of_page(way, page, answers).await);
    }
    checks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Reaches this machine, which the real one never does.
    fn within_reach(patience: u64) -> Internet {
        let patience = Duration::from_millis(patience);
        Internet { may_reach: |address| address.is_loopback(), patience, agent: None }
    }

    /// Answers every request with the same bytes; the port.
    async fn serving(answer: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut asked = [0; 2048];
                    let _ = stream.read(&mut asked).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        port
    }

    fn http(status: &str, headers: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
            body.len()
        )
    }

    async fn fetch(way: &Internet, url: &str) -> std::result::Result<Page, String> {
        way.page(&Url::parse(url).unwrap()).await
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_reached() {
        for (address, public) in [
            ("1.2.4.8", true),
            ("2400:3200::1", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("fe80::1", false),
            ("fc00::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[tokio::test]
    async fn a_server_of_ones_own_network_is_not_asked() {
        let port = serving(http("200 OK", "", "secret")).await;
        let guarded = Internet::guarded();
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"] {
            let answer = fetch(&guarded, &format!("http://{host}:{port}/")).await;
            assert!(answer.is_err(), "{host}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_followed_under_the_same_guard() {
        let behind = serving(http("200 OK", "", "behind")).await;
        let way = within_reach(2_000);
        let fine = serving(http("302 Found", &format!("location: http://127.0.0.1:{behind}/\r\n"), "")).await;
        assert_eq!(fetch(&way, &format!("http://127.0.0.1:{fine}/")).await.unwrap().text, "behind");
        let inward = serving(http("302 Found", "location: http://10.0.0.1/\r\n", "")).await;
        assert!(fetch(&way, &format!("http://127.0.0.1:{inward}/")).await.unwrap_err().contains("内网"));
        let file = serving(http("302 Found", "location: file:///etc/passwd\r\n", "")).await;
        assert!(fetch(&way, &format!("http://127.0.0.1:{file}/")).await.is_err());
        let round = serving(http("302 Found", "location: /\r\n", "")).await;
        assert!(fetch(&way, &format!("http://127.0.0.1:{round}/")).await.unwrap_err().contains("次数"));
    }

    #[tokio::test]
    async fn who_asks_is_said_where_that_is_wanted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 2048];
            let length = stream.read(&mut asked).await.unwrap();
            stream.write_all(http("200 OK", "", "").as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let way = within_reach(2_000).introduced_as("patrol (+https://beian.example.cn)");
        fetch(&way, &format!("http://127.0.0.1:{port}/")).await.unwrap();
        let asked = asked.await.unwrap().to_lowercase();
        assert!(asked.contains("user-agent: patrol (+https://beian.example.cn)"), "{asked}");
    }

    #[tokio::test]
    async fn a_page_without_end_and_one_that_never_comes_are_given_up() {
        let way = within_reach(300);
        let long = serving(http("200 OK", "", &"x".repeat(2 * MOST_OF_A_PAGE))).await;
        assert_eq!(
            fetch(&way, &format!("http://127.0.0.1:{long}/")).await.unwrap().text.len(),
            MOST_OF_A_PAGE
        );
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        assert!(fetch(&way, &format!("http://127.0.0.1:{port}/")).await.unwrap_err().contains("超时"));
    }

    #[tokio::test]
    async fn what_the_network_shows_is_held_against_the_answers() {
        let page = "<title>示例</title><input type=\"password\"> 京ICP备12345678号";
        let port = serving(http("200 OK", "", page)).await;
        let url = format!("http://127.0.0.1:{port}/");
        let mut answers = Answers::from([
            ("site.main_domain", "localhost"),
            ("site.icp_number", "京ICP备12345678号-1"),
            ("interactive.is_interactive", "no"),
        ]);
        let lines = |text: &str| domain::answer::Answer::Many(vec![text.to_owned()]);
        answers.set("site.home_urls", lines(&url));
        answers.set("site.ips", lines("127.0.0.0-127.0.0.9"));
        let checks = look(&within_reach(2_000), &answers).await;
        let told: Vec<(&str, bool)> = checks.iter().map(|one| (one.title.as_str(), one.passed)).collect();
        assert_eq!(
            told,
            [
                ("域名解析：localhost", true),
                (format!("网站访问：{url}").as_str(), true),
                ("页面似有互动功能，所填为“否”", false),
                ("首页悬挂工信部备案号", true),
            ]
        );
        answers.set("site.ips", lines("1.2.4.8"));
        let checks = look(&within_reach(2_000), &answers).await;
        assert!(!checks[0].passed && checks[0].evidence.contains("127.0.0.1"), "{checks:?}");
    }
}
