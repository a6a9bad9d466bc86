//! Whom the platform talks to: other servers, the replica, the identity platform, gateways, the proxy in front of it.

use std::time::Duration;

use service::Service;
use service::db::Db;
use service::error::chain;
use service::mail::Mailer;
use service::servers::Differing;
use service::sms::gateway::Gateway;
use tokio::net::TcpStream;
use url::Url;

use super::{Finding, PATIENCE, look, well, wrong};
use crate::auth::oidc::try_provider;
use crate::config::Config;
use crate::program;

/// A replica follows within this where all is well.
const FOLLOWS: Duration = Duration::from_secs(1);
/// So often it is looked at.
const LOOKS: usize = 4;

/// Those on the same database.
pub async fn servers(config: &Config, service: &Service, db: &Db) -> Vec<Finding> {
    let mut findings = Vec::new();
    match service.servers.at_odds(&program::about(config)).await {
        Ok(None) => {}
        Ok(Some(Differing { server, sections })) => findings.push(wrong(
            "other servers",
            format!(
                "server {server} is at work with another configuration: {}. Configure both alike.",
                sections.join(", ")
            ),
        )),
        Err(error) => findings.push(wrong("other servers", format!("{}.", chain(&error)))),
    }
    if config.replica_database_url.is_some() {
        findings.push(replica(db).await);
    }
    findings
}

async fn replica(db: &Db) -> Finding {
    const ABOUT: &str = "replica";
    for _ in 0..LOOKS {
        if let Err(error) = db.look_at_replica().await {
            return look(ABOUT, format!("the database itself could not be asked: {}.", chain(&error)));
        }
        if db.asks_replica() == Some(true) {
            return well(ABOUT, "it follows, and is asked for public look-ups");
        }
        tokio::time::sleep(FOLLOWS).await;
    }
    look(ABOUT, "it cannot be asked, or is behind; the database itself is asked. The log above says why.")
}

/// Those outside, all at once.
pub async fn outside(config: &Config) -> Vec<Finding> {
    let (identity, sms, mail, public, otlp) =
        tokio::join!(identity(config), sms(config), mail(config), public(config), otlp(config));
    [identity, sms, mail, public, otlp].into_iter().flatten().collect()
}

async fn identity(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "identity platform";
    let Some(provider) = &config.oidc else {
        return Some(look(ABOUT, "the embedded one, of development: anybody is whoever they like."));
    };
    let issuer = &provider.issuer;
    Some(match tokio::time::timeout(PATIENCE, try_provider(issuer)).await {
        Ok(Ok(keys)) => well(ABOUT, format!("{issuer} answers, with {keys} keys")),
        Ok(Err(error)) => wrong(ABOUT, format!("{issuer}: {error}. Nobody can sign in.")),
        Err(_) => wrong(ABOUT, format!("{issuer} does not answer in time. Nobody can sign in.")),
    })
}

async fn sms(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "SMS gateway";
    if let Gateway::Outbox = config.gateway {
        return Some(look(ABOUT, "none: text messages stay in the outbox, of development."));
    }
    Some(match config.gateway.try_out().await {
        Ok(()) => well(ABOUT, "it answers; whether it takes messages shows only when one is sent"),
        Err(error) => wrong(ABOUT, format!("{}. No code reaches anybody.", chain(&error))),
    })
}

async fn mail(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "mail server";
    match config.mailer {
        Mailer::None => return Some(well(ABOUT, "none is configured: no e-mails are offered")),
        Mailer::Outbox => return None,
        Mailer::Smtp(_) => {}
    }
    Some(match config.mailer.try_out().await {
        Ok(()) => well(ABOUT, "it answers, and lets us in"),
        Err(error) => wrong(ABOUT, format!("{error}. No e-mail goes out.")),
    })
}

/// The way that people come, through whatever stands in front.
async fn public(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "public address";
    let address = format!("{}/livez", config.public_origin());
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
    let asked = match client {
        Ok(client) => client.get(&address).send().await,
        Err(error) => Err(error),
    };
    Some(match asked {
        Ok(answer) if answer.status().is_success() => well(ABOUT, format!("{address} answers")),
        Ok(answer) => {
            look(ABOUT, format!("{address} answers {}: does the proxy lead to the servers?", answer.status()))
        }
        Err(error) => look(
            ABOUT,
            format!("{address} cannot be reached from here, or no server is running: {}.", chain(&error)),
        ),
    })
}

async fn otlp(config: &Config) -> Option<Finding> {
    const ABOUT: &str = "collector";
    let url: &Url = &config.otlp.as_ref()?.endpoint;
    let (host, port) = (url.host_str()?.trim_matches(['[', ']']), url.port_or_known_default()?);
    let reached = tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await;
    Some(match reached {
        Ok(Ok(_)) => well(ABOUT, format!("{host}:{port} takes connections")),
        Ok(Err(error)) => look(ABOUT, format!("{host}:{port}: {error}; nothing goes out.")),
        Err(_) => look(ABOUT, format!("{host}:{port} does not answer; nothing goes out.")),
    })
}
