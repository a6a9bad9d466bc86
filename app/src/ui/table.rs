//! A list as a table, filters above it and the pager below it. Filters and pager keep their state in the
//! address.

use domain::schema::Choice;
use leptos::prelude::*;
use maud::html;

use crate::ui::drop_down::option;

/// The head of a column.
pub enum Column {
    Text(String),
    /// Right-aligned, as its cells are.
    Number(String),
}

pub fn words<const N: usize>(words: [&str; N]) -> Vec<Column> {
    words.into_iter().map(|word| Column::Text(word.to_owned())).collect()
}

/// A table with its frame, a caption for readers and its head. Every cell of the rows bears its column's word
/// as `data-label`: on phones each row is a card.
#[component]
pub fn Grid(#[prop(into)] caption: String, columns: Vec<Column>, children: Children) -> impl IntoView {
    let head = columns
        .into_iter()
        .map(|column| match column {
            Column::Text(word) => view! { <th scope="col">{word}</th> }.into_any(),
            Column::Number(word) => view! { <th scope="col" class="num">{word}</th> }.into_any(),
        })
        .collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead><tr>{head}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A drop-down filter of a list.
#[component]
pub fn Filter(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    #[prop(into)] chosen: String,
    /// (code, label); an empty code means all.
    options: Vec<(String, String)>,
    /// What the empty code is called.
    #[prop(default = "全部")]
    empty: &'static str,
) -> impl IntoView {
    let offered = html! {
        (option("", empty, chosen.is_empty()))
        @for (code, label) in &options { (option(code, label, *code == chosen)) }
    };
    view! {
        <div class="filter">
            <label for=id>{label}</label>
            <select class="input" id=id name=name autocomplete="off" inner_html=offered.into_string()></select>
        </div>
    }
    .into_any()
}

/// The total and the way to the following page. Pages are found by key, so there is a way forward
/// and a way back to the beginning.
#[component]
pub fn Pager(
    /// How many there are on all pages, where that is known.
    #[prop(into)]
    total: Option<u64>,
    /// Address of the following page.
    next: Option<String>,
    /// Address of the first page, when this is a later one.
    first: Option<String>,
) -> impl IntoView {
    view! {
        <nav class="pager" aria-label="分页">
            {total.map(|total| view! { <p>{format!("共 {total} 条数据")}</p> })}
            <ul>
                {first.map(|href| view! { <li><a href=href rel="first">"首页"</a></li> })}
                {next.map(|href| view! { <li><a href=href rel="next">"下一页"</a></li> })}
            </ul>
        </nav>
    }
    .into_any()
}

/// Options of a filter from a dictionary.
pub fn options(choices: &[Choice]) -> Vec<(String, String)> {
    choices.iter().map(|choice| (choice.code.to_owned(), choice.label.to_owned())).collect()
}

/// An address with a query of the pairs that are not empty.
pub fn href(path: &str, pairs: &[(&str, &str)]) -> String {
    let query: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", percent(value)))
        .collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// Percent-encoding of a query value.
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
