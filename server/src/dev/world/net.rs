//! What a patrol sees of the sample filings: nothing leaves this machine. Most sites let nobody look, which says nothing
//! against them.

use std::net::{IpAddr, Ipv4Addr};

use domain::sample::ADDRESS;
use futures::future::BoxFuture;
use reqwest::Url;
use service::network::{Outbound, Page};

/// It answers, and does not let itself be looked at.
const CLOSED: u16 = 403;

pub struct SampleNet;

impl Outbound for SampleNet {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, String>> {
        Box::pin(async move {
            Ok(match host {
                "www.chenguang-example.cn" => vec![Ipv4Addr::new(1, 2, 4, 8).into()],
                _ => ADDRESS.parse().into_iter().collect(),
            })
        })
    }

    fn page<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Page, String>> {
        Box::pin(async move {
            match url.host_str().unwrap_or_default() {
                "www.yi-blog-example.cn" => Ok(Page { status: 200, text: "<h1>欢迎</h1>".to_owned() }),
                "www.haitang-example.cn" => Err("访问超时".to_owned()),
                _ => Ok(Page { status: CLOSED, text: String::new() }),
            }
        })
    }
}
