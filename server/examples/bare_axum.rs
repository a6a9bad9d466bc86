//! The least that a list of filings can cost in Rust: an axum handler that asks the database once and writes the same rows
//! into a page of the same size. No session, no rights, no counts, no filters. `make bench` measures it beside the pages.
//!
//! `bare_axum ADDRESS DATABASE_URL ROWS BYTES`

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbErr, Statement};

const ROWS: &str = "SELECT id, reference, title, subject_name, COALESCE(main_domain, '') AS domain, state, jurisdiction \
     FROM filing WHERE jurisdiction >= '310000' AND jurisdiction < '320000' AND is_reviewable AND state = 'pending' \
     ORDER BY submitted_at LIMIT ";

#[derive(Clone)]
struct Page {
    database: DatabaseConnection,
    rows: u64,
    /// As many bytes as the queue's page has.
    bytes: usize,
}

async fn queue(State(page): State<Page>) -> Result<Html<String>, StatusCode> {
    page.drawn().await.map(Html).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

impl Page {
    async fn drawn(&self) -> Result<String, DbErr> {
        let mut html = String::with_capacity(self.bytes);
        html.push_str("<!DOCTYPE html><html lang=\"zh-CN\"><body><table>");
        let asked =
            Statement::from_string(self.database.get_database_backend(), format!("{ROWS}{}", self.rows));
        for row in self.database.query_all_raw(asked).await? {
            html.push_str("<tr>");
            for column in ["id", "reference", "title", "subject_name", "domain", "state", "jurisdiction"] {
                let text: String = row.try_get("", column)?;
                let _ = write!(html, "<td>{}</td>", html_escape::encode_text(&text));
            }
            html.push_str("</tr>");
        }
        html.push_str("</table>");
        let rest = self.bytes.saturating_sub(html.len());
        html.extend(std::iter::repeat_n(".", rest));
        Ok(html)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("bare_axum ADDRESS DATABASE_URL ROWS BYTES");
    let (address, url, rows, bytes) = (next()?, next()?, next()?.parse()?, next()?.parse()?);
    let mut options = ConnectOptions::new(url);
    options.max_connections(10).sqlx_logging(false).test_before_acquire(false);
    let page = Page { database: Database::connect(options).await?, rows, bytes };
    let router = Router::new().route("/", get(queue)).with_state(page);
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?;
    Ok(())
}
