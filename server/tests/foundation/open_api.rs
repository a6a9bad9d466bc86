//! The public interface for programs (R38): what it answers to whom, and that its OpenAPI document says just that.

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use server::http::guards::{GuardSettings, with_guards};
use server::http::rate_limit::RateLimiters;
use tower::ServiceExt as _;

use crate::identity::World;
use crate::statements::with_sample_filings;

const RECORDS: &str = "/api/v1/records";
const DOCUMENT: &str = "/api/v1/openapi.json";

struct Program(Client, World);

impl Program {
    async fn new() -> Self {
        let world = with_sample_filings(None).await;
        Program(Client::builder().no_proxy().build().unwrap(), world)
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&'static str, &str)]) -> Response {
        let mut asked = HeaderMap::new();
        for (name, value) in headers {
            asked.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let url = self.1.home.join(path).unwrap();
        self.0.request(method, url).headers(asked).send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, &[]).await
    }

    /// A number of those that are public in this state.
    async fn number(&self, state: &str) -> (String, String) {
        use sea_orm::{ConnectionTrait as _, Statement};
        let on = self.1.db.read();
        let ask = format!(
            "SELECT registration_digits, COALESCE(main_domain, '') FROM record WHERE registration_digits IS NOT NULL \
             AND business = 'website' AND state = '{state}' ORDER BY id LIMIT 1"
        );
        let row = on.query_one_raw(Statement::from_string(on.get_database_backend(), ask)).await.unwrap();
        let row = row.unwrap_or_else(|| panic!("no website is {state}"));
        (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// Everything that does not fit the schema, by its place.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/components/schemas/").unwrap();
        return faults(document, &document["components"]["schemas"][name], value, at);
    }
    let kind = match value {
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Bool(_) | Value::Null => "something else",
    };
    let mut found = Vec::new();
    if schema["type"] != kind {
        found.push(format!("{at} is {kind} and not {}", schema["type"]));
    }
    if schema["description"].as_str().is_none_or(str::is_empty) {
        found.push(format!("{at} is not described"));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        found.push(format!("{at} is {value}, which is no word of it"));
    }
    if schema["format"] == "date" && !value.as_str().is_some_and(|day| day.len() == 10 && &day[4..5] == "-") {
        found.push(format!("{at} is no date: {value}"));
    }
    for item in value.as_array().into_iter().flatten() {
        found.extend(faults(document, &schema["items"], item, &format!("{at}[]")));
    }
    if let Some(object) = value.as_object() {
        for (name, value) in object {
            match schema["properties"].get(name) {
                Some(schema) => found.extend(faults(document, schema, value, &format!("{at}.{name}"))),
                None => found.push(format!("{at}.{name} is not documented")),
            }
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(
            required.filter(|name| !object.contains_key(*name)).map(|name| format!("{at}.{name} is missing")),
        );
    }
    found
}

/// What the document says that this path answers with this status.
fn schema<'a>(document: &'a Value, path: &str, status: StatusCode, kind: &str) -> &'a Value {
    let answer = &document["paths"][path]["get"]["responses"][status.as_str()];
    assert!(answer["description"].as_str().is_some(), "{path} {status} is not documented");
    let content = answer["content"].as_object().unwrap();
    assert_eq!(content.keys().collect::<Vec<_>>(), [kind], "{path} {status}");
    &content[kind]["schema"]
}

#[tokio::test]
async fn what_is_answered_is_what_the_document_says() {
    let program = Program::new().await;
    let document = body(program.get(DOCUMENT).await).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let (in_force, domain) = program.number("active").await;
    let (cancelled, _) = program.number("cancelled").await;
    let by_number = "/api/v1/records/{number}";
    let text = format!("{RECORDS}/%E4%BA%ACX{in_force}");
    for (path, asked, status) in [
        (by_number, format!("{RECORDS}/{in_force}"), 200),
        (
            by_number,
            format!("{RECORDS}/%E6%B5%8B%E5%85%AC%E7%BD%91%E5%AE%89%E5%A4%87{in_force}%E5%8F%B7"),
            200,
        ),
        (by_number, format!("{RECORDS}/{cancelled}"), 200),
        (by_number, format!("{RECORDS}/99999902999999"), 404),
        (by_number, format!("{RECORDS}/123"), 400),
        (by_number, text, 400),
        (RECORDS, format!("{RECORDS}?domain={domain}"), 200),
        (RECORDS, format!("{RECORDS}?domain=www.{domain}"), 200),
        (RECORDS, format!("{RECORDS}?domain=nobody-filed-this.cn"), 200),
        (RECORDS, format!("{RECORDS}?domain=nonsense"), 400),
        (RECORDS, RECORDS.to_owned(), 400),
    ] {
        let response = program.get(&asked).await;
        assert_eq!(response.status().as_u16(), status, "{asked}");
        let kind = if status == 200 { "application/json" } else { "application/problem+json" };
        assert_eq!(header(&response, "content-type"), kind, "{asked}");
        assert_eq!(header(&response, "access-control-allow-origin"), "*", "{asked}");
        assert_eq!(header(&response, "set-cookie"), "", "{asked}");
        let schema = schema(&document, path, response.status(), kind);
        let said = body(response).await;
        assert_eq!(faults(&document, schema, &said, "answer"), Vec::<String>::new(), "{asked}: {said}");
        if status != 200 {
            assert_eq!(said["status"], status);
        }
    }
    let record = body(program.get(&format!("{RECORDS}/{in_force}")).await).await;
    assert_eq!((&record["state"], &record["digits"]), (&"in_force".into(), &in_force.as_str().into()));
    assert_eq!(record["page"], format!("{}/r/{in_force}", program.1.config.public_origin()));
    assert!(record.get("cancelled_on").is_none());
    let page = program.get(&format!("/r/{in_force}")).await.text().await.unwrap();
    for name in ["number", "name", "main_domain", "owner_kind", "authority", "registered_on"] {
        assert!(page.contains(record[name].as_str().unwrap()), "{name} is not what the page shows");
    }
    let found = body(program.get(&format!("{RECORDS}?domain=https://{domain}/page")).await).await;
    assert!(found["records"].as_array().unwrap().contains(&record));
    let record = body(program.get(&format!("{RECORDS}/{cancelled}")).await).await;
    assert_eq!(record["state"], "cancelled");
    assert!(record["cancelled_on"].as_str().unwrap() >= record["registered_on"].as_str().unwrap());
}

#[tokio::test]
async fn an_answer_may_be_kept_and_is_not_sent_twice() {
    let program = Program::new().await;
    let (number, domain) = program.number("active").await;
    for path in [format!("{RECORDS}/{number}"), format!("{RECORDS}?domain={domain}"), DOCUMENT.to_owned()] {
        let first = program.get(&path).await;
        assert_eq!(header(&first, "cache-control"), "public, max-age=300");
        assert_eq!(header(&first, "access-control-expose-headers"), "etag, retry-after");
        let (tag, length) = (header(&first, "etag").to_owned(), header(&first, "content-length").to_owned());
        assert!(tag.starts_with("W/\"") && !first.text().await.unwrap().is_empty(), "{tag}");
        let again = program.ask(Method::GET, &path, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(
            (header(&again, "etag"), header(&again, "cache-control")),
            (tag.as_str(), "public, max-age=300")
        );
        assert_eq!(again.text().await.unwrap(), "");
        let other = program.ask(Method::GET, &path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status(), StatusCode::OK);
        let head = program.ask(Method::HEAD, &path, &[]).await;
        assert_eq!((head.status(), header(&head, "etag")), (StatusCode::OK, tag.as_str()));
        assert_eq!(header(&head, "content-length"), length);
        assert_eq!(head.text().await.unwrap(), "");
        // A script of a foreign page asks first, and comes without cookies.
        let asked = [("origin", "https://elsewhere.example"), ("access-control-request-method", "GET")];
        let may = program.ask(Method::OPTIONS, &path, &asked).await;
        assert_eq!(may.status(), StatusCode::NO_CONTENT);
        assert_eq!(header(&may, "access-control-allow-headers"), "if-none-match");
        assert_eq!(header(&may, "access-control-allow-methods"), "GET, HEAD");
        assert_eq!(header(&may, "access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn whoever_refuses_says_so_as_a_problem() {
    let program = Program::new().await;
    let (number, _) = program.number("active").await;
    for (method, path, status) in [
        (Method::POST, format!("{RECORDS}/{number}"), 405),
        (Method::DELETE, RECORDS.to_owned(), 405),
        (Method::GET, "/api/v1/nothing".to_owned(), 404),
        (Method::GET, "/api/v1/records/1/2".to_owned(), 404),
        (Method::GET, format!("{RECORDS}/%FF"), 400),
        (Method::TRACE, RECORDS.to_owned(), 405),
    ] {
        let response = program.ask(method.clone(), &path, &[("accept", "text/html")]).await;
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        assert_eq!(header(&response, "content-type"), "application/problem+json", "{method} {path}");
        assert_eq!(header(&response, "access-control-allow-origin"), "*");
        let said = body(response).await;
        assert_eq!((&said["status"], &said["type"]), (&status.into(), &"about:blank".into()));
        assert!(said["detail"].as_str().unwrap().ends_with('。'), "{said}");
    }
    // Pages and server functions keep their own words.
    assert!(header(&program.get("/nothing").await, "content-type").starts_with("text/html"));
}

/// The interface shares the limit of the page.
#[tokio::test]
async fn who_asks_too_often_is_told_when_to_ask_again() {
    let world = World::new().await;
    let mut config = world.config;
    config.rate_limits.look_up = 3;
    let routes = server::routes::open_api::router(&world.service, "https://beian.example.cn");
    let mut settings = GuardSettings::new(&config, crate::stage::template(), "https://id.example.cn");
    settings.rate_limits = std::sync::Arc::new(RateLimiters::new(config.rate_limits));
    let program = with_guards(routes, settings);
    let ask = |path: &str| {
        let mut request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let peer = std::net::SocketAddr::from(([192, 0, 2, 7], 4711));
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        program.clone().oneshot(request)
    };
    for number in 0..3 {
        assert_eq!(ask(&format!("{RECORDS}/{number}")).await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
    let refused = ask(&format!("{RECORDS}/1")).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    assert_eq!(
        ask(DOCUMENT).await.unwrap().status(),
        StatusCode::OK,
        "what is always the same costs nothing"
    );
}
