//! A server on a loopback socket with the embedded provider, sessions kept in memory, and a browser
//! that keeps cookies and follows nothing by itself.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::{Method, StatusCode};
use server::auth::oidc::{self, Auth};
use server::auth::session::{Claims, SessionToken, Sessions, SignIn, SignInFailure};
use server::config::{Config, Mode, RateLimits};
use server::dev::idp::{self, IdentityProvider};
use server::http::guards::{GuardSettings, with_guards};
use server::http::page_template::PageTemplate;
use server::http::request_limit::{RequestLimit, limit_requests};
use server::listener::{ConnectionLimits, serve};
use service::Assurance;
use service::clock::FixedClock;
use service::keyring::Keyring;
use time::macros::datetime;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::Url;

/// The built program on a port and a directory of its own; ends with the test.
pub struct Program {
    child: Child,
    pub home: Url,
    log: Arc<Mutex<String>>,
    log_reader: Option<JoinHandle<()>>,
    _directory: tempfile::TempDir,
}

impl Program {
    pub fn start(environment: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = directory.path().join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        let manifest = r#"{"css":"pkg/main-3.css","kept":"pkg/kept-4.js","parts":[]}"#;
        std::fs::write(site.join("manifest.json"), manifest).unwrap();
        let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
            .env_clear()
            .env("ADDR", addr.to_string())
            .env("DATA_DIR", directory.path().join("data"))
            .env("SITE_DIR", &site)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let home = Url::parse(&format!("http://{addr}")).unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut program = Program { child, home, log: log.clone(), log_reader: None, _directory: directory };
        while let Some(Ok(line)) = lines.next() {
            let is_ready = line.contains("listening");
            *log.lock().unwrap() += &format!("{line}\n");
            if is_ready {
                // Whoever does not read on would stop the program at its next line.
                program.log_reader = Some(std::thread::spawn(move || {
                    for line in lines.map_while(Result::ok) {
                        let mut log = log.lock().unwrap();
                        log.push_str(&line);
                        log.push('\n');
                    }
                }));
                return program;
            }
        }
        panic!("ended early, {:?}: {}", program.child.wait(), log.lock().unwrap());
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Ends the program and gives all it wrote: while it runs, the last lines may still be under way.
    pub fn whole_log(mut self) -> String {
        self.terminate();
        self.log_reader.take().unwrap().join().unwrap();
        self.log.lock().unwrap().clone()
    }

    /// Asks the program to end, and says how it did and how long that took.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        loop {
            if let Some(ended) = self.child.try_wait().unwrap() {
                return (ended, began.elapsed());
            }
            assert!(began.elapsed() < Duration::from_secs(20), "still running");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Remembers who signed in and out.
#[derive(Default)]
pub struct Book {
    pub signed_in: Mutex<Vec<SignIn>>,
    pub signed_out: Mutex<Vec<String>>,
    pub refuse_with: Mutex<Option<String>>,
}

impl Sessions for Book {
    fn sign_in(&self, sign_in: SignIn) -> BoxFuture<'_, Result<SessionToken, SignInFailure>> {
        async move {
            if let Some(sentence) = self.refuse_with.lock().unwrap().clone() {
                return Err(SignInFailure::Refused(sentence));
            }
            let mut signed_in = self.signed_in.lock().unwrap();
            signed_in.push(sign_in);
            Ok(SessionToken::new(format!("{:043}", signed_in.len())))
        }
        .boxed()
    }

    fn desk(&self, _token: &SessionToken) -> BoxFuture<'_, Option<&'static str>> {
        async { None }.boxed()
    }

    fn sign_out(
        &self,
        token: SessionToken,
    ) -> BoxFuture<'_, Result<(), Box<dyn std::error::Error + Send + Sync>>> {
        self.signed_out.lock().unwrap().push(token.expose().to_owned());
        async { Ok(()) }.boxed()
    }
}

impl Book {
    pub fn last(&self) -> Claims {
        self.signed_in.lock().unwrap().last().expect("somebody signed in").claims.clone()
    }

    pub fn count(&self) -> usize {
        self.signed_in.lock().unwrap().len()
    }
}

pub struct Stage {
    pub addr: SocketAddr,
    pub clock: Arc<FixedClock>,
    pub book: Arc<Book>,
    pub provider: Arc<IdentityProvider>,
    /// What answers under /idp; tests put a liar in its place.
    pub idp: Arc<Mutex<Router>>,
    pub data_dir: tempfile::TempDir,
}

pub fn template() -> PageTemplate {
    PageTemplate::new("联网备案服务平台", vec!["/pkg/beian.css".into()])
}

pub fn config(environment: &[(&str, String)], data_dir: &std::path::Path) -> Config {
    Config::load(None, &|name| {
        let found = environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        found.or_else(|| (name == "DATA_DIR").then(|| data_dir.display().to_string()))
    })
    .unwrap()
}

pub fn provider(
    public_url: &Url,
    data_dir: &std::path::Path,
    clock: &Arc<FixedClock>,
) -> Arc<IdentityProvider> {
    IdentityProvider::new(idp::Setup {
        mode: Mode::Development,
        public_url,
        data_dir,
        redirect_uris: callbacks(public_url),
        template: template(),
        clock: clock.clone(),
    })
    .unwrap()
}

fn callbacks(public_url: &Url) -> Vec<Url> {
    let mut localhost = public_url.clone();
    localhost.set_host(Some("localhost")).unwrap();
    [public_url, &localhost].into_iter().map(|base| base.join("/auth/callback").unwrap()).collect()
}

impl Stage {
    pub async fn new() -> Self {
        Self::demanding(Assurance::default()).await
    }

    /// A server that wants to be surer of people.
    pub async fn demanding(assurance: Assurance) -> Self {
        server::tls::install_crypto();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let public_url = Url::parse(&format!("http://{addr}")).unwrap();
        let data_dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at(datetime!(2026-11-02 09:30 UTC)));
        let provider = provider(&public_url, data_dir.path(), &clock);
        let book = Arc::new(Book::default());
        let auth = Auth::new(oidc::Setup {
            provider: provider.client(),
            callbacks: callbacks(&public_url),
            embedded_at: Some(addr),
            keyring: Arc::new(Keyring::generate().unwrap()),
            clock: clock.clone(),
            sessions: book.clone(),
            template: template(),
            tls: false,
            assurance,
        })
        .unwrap();

        let idp = Arc::new(Mutex::new(provider.router()));
        let behind = idp.clone();
        let router = auth.router().route(
            "/idp/{*path}",
            axum::routing::any(move |request: Request| {
                let router = behind.lock().unwrap().clone();
                async move { router.oneshot(request).await }
            }),
        );
        let mut config = config(&[("ADDR", addr.to_string())], data_dir.path());
        config.rate_limits = RateLimits { sign_in: 1000, look_up: 1000, upload: 1000, form: 1000 };
        let settings = GuardSettings::new(&config, template(), &provider.client().issuer);
        let router = limit_requests(router, RequestLimit::USUAL, &template());
        let router = with_guards(router, settings);
        tokio::spawn(serve(listener, router, ConnectionLimits::default(), std::future::pending()));
        Self { addr, clock, book, provider, idp, data_dir }
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}", self.addr)).unwrap().join(path).unwrap()
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.url("/"))
    }

    /// Lets `alter` change what the provider answers at a path.
    pub fn lie(
        &self,
        path: &'static str,
        alter: impl Fn(serde_json::Value) -> serde_json::Value + Clone + Send + Sync + 'static,
    ) {
        let honest = self.provider.router();
        let lying = axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
            let alter = alter.clone();
            async move {
                let concerned = request.uri().path() == path;
                let response = next.run(request).await;
                if !concerned {
                    return response;
                }
                let (mut parts, body) = response.into_parts();
                let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let altered = alter(serde_json::from_slice(&bytes).unwrap()).to_string();
                parts.headers.remove("content-length");
                axum::response::Response::from_parts(parts, Body::from(altered))
            }
        });
        *self.idp.lock().unwrap() = honest.layer(lying);
    }

    pub fn tell_the_truth(&self) {
        *self.idp.lock().unwrap() = self.provider.router();
    }
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
    pub url: Url,
}

impl Page {
    pub fn location(&self) -> Url {
        let location = self.headers.get("location").expect("a redirect").to_str().unwrap();
        self.url.join(location).unwrap()
    }

    pub fn query(&self, name: &str) -> Option<String> {
        self.location().query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The hidden fields of the first form.
    pub fn hidden(&self) -> BTreeMap<String, String> {
        let form = self.body.split("<form").nth(1).expect("a form").split("</form>").next().unwrap();
        form.split("<input type=\"hidden\" name=\"")
            .skip(1)
            .map(|rest| {
                let (name, rest) = rest.split_once("\" value=\"").unwrap();
                let (value, _) = rest.split_once("\">").unwrap();
                (name.to_owned(), html_unescape(value))
            })
            .collect()
    }

    /// The value of the button with exactly this label.
    pub fn button(&self, label: &str) -> String {
        let before = self.body.split(&format!("\"><b>{label}</b></button>")).next().unwrap();
        assert!(before.len() < self.body.len(), "no button {label}");
        before.rsplit("value=\"").next().unwrap().to_owned()
    }
}

fn html_unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

pub struct Browser {
    client: reqwest::Client,
    home: Url,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(home: Url) -> Self {
        server::tls::install_crypto();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { client, home, cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, address: &str) -> Page {
        self.send(Method::GET, address, None).await
    }

    /// With further headers.
    pub async fn get_with(&mut self, address: &str, headers: &[(&str, &str)]) -> Page {
        let request = self.request(Method::GET, address);
        self.answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
            .await
    }

    /// Posts a file as the page's script does.
    pub async fn post_body(&mut self, address: &str, body: Vec<u8>) -> Page {
        let request = self.request(Method::POST, address);
        self.answer(request.body(body)).await
    }

    pub async fn post(&mut self, address: &str, form: &BTreeMap<String, String>) -> Page {
        self.send(Method::POST, address, Some(form)).await
    }

    /// Posts a form as browsers post one with files: (name, file name, content).
    pub async fn post_parts(&mut self, address: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Page {
        let mut body = Vec::new();
        for (name, file, content) in parts {
            let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            let head = format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--border--\r\n");
        let request = self.request(Method::POST, address);
        self.answer(request.header("content-type", "multipart/form-data; boundary=border").body(body)).await
    }

    /// Posts one file as scripts do.
    pub async fn post_file(&mut self, address: &str, name: &str, content: Vec<u8>) -> Page {
        let said = format!("attachment; filename*=UTF-8''{name}");
        let request = self.request(Method::POST, address).header("content-disposition", said);
        self.answer(request.body(content)).await
    }

    /// An answer whose body is still to come.
    pub async fn open(&self, url: Url) -> reqwest::Response {
        self.request(Method::GET, url.as_str()).send().await.unwrap()
    }

    async fn send(&mut self, method: Method, address: &str, form: Option<&BTreeMap<String, String>>) -> Page {
        let request = self.request(method, address);
        self.answer(match form {
            Some(form) => request.form(form),
            None => request,
        })
        .await
    }

    fn request(&self, method: Method, address: &str) -> reqwest::RequestBuilder {
        let url = self.home.join(address).unwrap();
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.client
            .request(method, url)
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("user-agent", "test browser")
            .header("cookie", cookies.join("; "))
    }

    async fn answer(&mut self, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.unwrap();
        let url = response.url().clone();
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Page { status, headers, body: response.text().await.unwrap(), url }
    }

    /// From 【用户登录】 to the provider's page.
    pub async fn reach_the_choice(&mut self, login: &str) -> Page {
        let leads = self.get(login).await;
        assert_eq!(leads.status, StatusCode::SEE_OTHER, "{}", leads.body);
        let page = self.get(leads.location().as_str()).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page
    }

    /// Presses a person's button; what comes back leads to the callback.
    pub async fn choose(&mut self, page: &Page, name: &str) -> Page {
        let mut form = page.hidden();
        form.insert("identity".into(), page.button(name));
        self.post("/idp/authorize", &form).await
    }

    /// The whole way; what comes back is the platform's answer to the callback.
    pub async fn sign_in(&mut self, login: &str, name: &str) -> Page {
        let page = self.reach_the_choice(login).await;
        let chosen = self.choose(&page, name).await;
        assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.body);
        self.get(chosen.location().as_str()).await
    }
}

/// A site without files, for servers whose pages nobody looks at.
pub fn empty_site(directory: &std::path::Path) -> std::path::PathBuf {
    let site = directory.join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    let manifest = r#"{"css":"pkg/main-3.css","kept":"pkg/kept-4.js","parts":[]}"#;
    std::fs::write(site.join("manifest.json"), manifest).unwrap();
    site
}
