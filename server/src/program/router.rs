//! The router that answers everything.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::{Router, middleware};
use futures::FutureExt as _;
use service::Service;
use service::db::Db;
use url::Url;

use super::development;
use super::health_probe::HealthProbe;
use crate::auth::authentication::{Authentication, authenticate, identify_person};
use crate::auth::oidc::{self, Auth};
use crate::config::{Config, StartupError};
use crate::http::body_budget::{BodyAdmission, BodyBudget, admit_body};
use crate::http::guards::{GuardSettings, with_guards};
use crate::http::health::{health, probes};
use crate::http::page_template::PageTemplate;
use crate::http::rate_limit::RateLimiters;
use crate::http::request_limit::{RequestLimit, limit_requests};
use crate::routes::{self, AppState, EventStreams, open_api};
use crate::site::app_pages;
use crate::site::assets::Site;
use crate::supervisor::Lifecycle;
use crate::watch::RequestMeter;

fn refused(error: &dyn std::fmt::Display) -> StartupError {
    StartupError(vec![error.to_string()])
}

/// The router that answers everything, for a server that listens at `local`.
///
/// # Errors
/// A sentence for the operator.
pub fn router(
    config: &Config,
    service: &Service,
    db: Db,
    local: SocketAddr,
    shared: &Shared,
) -> Result<Router, StartupError> {
    let site = Site::of(config.site_dir.as_deref());
    let bundle =
        site.bundle().map_err(|error| refused(&format!("The site in {site} is not built: {error}.")))?;
    let template = PageTemplate::new(&config.platform_name, vec![format!("/{}", bundle.css)]);
    let sign_in = SignIn::new(config, service, &template, local)?;

    let authentication =
        Authentication { service: service.clone(), template: template.clone(), tls: config.tls };
    let authenticate = middleware::from_fn_with_state(authentication, authenticate);
    let admission = BodyAdmission { budget: shared.body_budget.clone(), template: template.clone() };
    let admit_body = middleware::from_fn_with_state(admission, admit_body);
    // The last layer comes first: who asks is known before there is room for what is sent.
    let inner = |router: Router| router.layer(admit_body.clone()).layer(authenticate.clone());
    let pages = app_pages::router(app_pages::AppPages { service: service.clone(), bundle: Arc::new(bundle) });
    let state = AppState {
        service: service.clone(),
        template: template.clone(),
        lifecycle: shared.lifecycle.clone(),
        streams: EventStreams::default(),
        tls: config.tls,
        recheck: routes::RECHECK_INTERVAL,
    };
    let probe = HealthProbe::new(service.clone(), db);
    let asked = probe.clone();
    let ready = move || {
        let probe = asked.clone();
        async move { probe.is_healthy().await }.boxed()
    };
    let ailing = move || {
        let probe = probe.clone();
        async move { probe.ailing().await }.boxed()
    };
    let assets = site.router().map_err(|error| refused(&format!("The site cannot be listed: {error}.")))?;
    let others = sign_in
        .routes
        .merge(assets)
        .merge(open_api::router(service, &config.public_origin()))
        .merge(health(ready, shared.lifecycle.clone()))
        .merge(probes(ailing, shared.lifecycle.clone()))
        .merge(development::routes(config, service, &template));
    let all = limit_requests(inner(pages), RequestLimit::USUAL, &template)
        .merge(routes::router(state, inner))
        .merge(limit_requests(others.layer(admit_body.clone()), RequestLimit::USUAL, &template));
    let mut settings = GuardSettings::new(config, template, &sign_in.issuer);
    settings.rate_limits = shared.rate_limits.clone();
    settings.requests = shared.requests.clone();
    settings.identify_person = identify_person(service.clone(), config.tls);
    Ok(with_guards(all, settings))
}

/// How people sign in: at the operator's identity platform, or at the embedded one.
struct SignIn {
    issuer: String,
    routes: Router,
}

impl SignIn {
    fn new(
        config: &Config,
        service: &Service,
        template: &PageTemplate,
        local: SocketAddr,
    ) -> Result<Self, StartupError> {
        let callbacks = callbacks(config);
        let (provider, embedded) = match &config.oidc {
            Some(provider) => (provider.clone(), None),
            None => {
                let (client, routes) = development::identity_provider(config, &callbacks, template)?;
                (client, Some(routes))
            }
        };
        let issuer = provider.issuer.clone();
        let auth = Auth::new(oidc::Setup {
            provider,
            callbacks,
            embedded_at: embedded.is_some().then(|| loopback(local)),
            keyring: config.keyring.clone(),
            clock: config.clock(),
            sessions: Arc::new(service.clone()),
            template: template.clone(),
            tls: config.tls,
            assurance: config.assurance.clone(),
        })
        .map_err(|error| refused(&error))?;
        let routes = embedded.into_iter().fold(auth.router(), Router::merge);
        Ok(Self { issuer, routes })
    }
}

/// What requests share, and what is swept by time.
pub struct Shared {
    pub lifecycle: Lifecycle,
    pub rate_limits: Arc<RateLimiters>,
    pub body_budget: Arc<BodyBudget>,
    /// Counted only where somebody may ask for it.
    pub requests: Option<RequestMeter>,
}

impl Shared {
    pub fn new(config: &Config, service: &Service) -> Self {
        let rate_limits = RateLimiters::new(config.rate_limits).counted_together(service.clone());
        Self {
            lifecycle: Lifecycle::default(),
            rate_limits: Arc::new(rate_limits),
            body_budget: Arc::new(BodyBudget::new(&config.requests)),
            requests: config.metrics.map(|_| RequestMeter::default()),
        }
    }

    /// B15: not by the requests, which would pay for it just when there are many.
    pub(super) fn sweep(&self) {
        self.rate_limits.sweep();
        self.body_budget.sweep();
    }
}

/// Where the identity platform sends people back to. In development the machine's own names are one.
fn callbacks(config: &Config) -> Vec<Url> {
    let mut bases = vec![config.public_url.clone()];
    let is_loopback =
        |host: &str| host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(is_loopback);
    if config.oidc.is_none() && config.public_url.host_str().is_some_and(is_loopback) {
        for name in ["localhost", "127.0.0.1"] {
            let mut base = config.public_url.clone();
            if base.set_host(Some(name)).is_ok() && !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    bases.iter().filter_map(|base| base.join("/auth/callback").ok()).collect()
}

fn is_loopback(addr: std::net::IpAddr) -> bool {
    addr.is_loopback()
}

/// A socket of this machine that leads to what listens at `local`.
fn loopback(local: SocketAddr) -> SocketAddr {
    if !local.ip().is_unspecified() {
        return local;
    }
    let ip = if local.is_ipv4() {
        std::net::Ipv4Addr::LOCALHOST.into()
    } else {
        std::net::Ipv6Addr::LOCALHOST.into()
    };
    SocketAddr::new(ip, local.port())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_embedded_provider_is_reached_on_this_machine() {
        for (listens, reached) in [
            ("127.0.0.1:3000", "127.0.0.1:3000"),
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:3000", "[::1]:3000"),
            ("192.168.1.5:3000", "192.168.1.5:3000"),
        ] {
            assert_eq!(loopback(listens.parse().unwrap()), reached.parse().unwrap());
        }
    }

    #[cfg(feature = "dev")]
    #[test]
    fn only_development_comes_back_to_every_name_of_this_machine() {
        let directory = tempfile::tempdir().unwrap();
        let config = |public_url: &'static str| {
            let data = directory.path().display().to_string();
            Config::load(None, &move |name| match name {
                "DATA_DIR" => Some(data.clone()),
                "BEIAN_PUBLIC_URL" => Some(public_url.into()),
                "BEIAN_MODE" => Some("development".into()),
                _ => None,
            })
            .unwrap()
        };
        let addresses = |public_url| -> Vec<String> {
            callbacks(&config(public_url)).iter().map(Url::to_string).collect()
        };
        assert_eq!(
            addresses("http://127.0.0.1:3000"),
            ["http://127.0.0.1:3000/auth/callback", "http://localhost:3000/auth/callback"]
        );
        assert_eq!(addresses("https://beian.example.cn"), ["https://beian.example.cn/auth/callback"]);
    }
}
