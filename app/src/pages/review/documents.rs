//! The papers of a filing beside its answers (R63): a strip of small pictures, and the chosen one large. Choosing one
//! marks the answers it proves. What moves is `frontend/js/desk.js`; without scripts each paper opens by itself.

use std::collections::BTreeMap;

use domain::proof::proven_by;
use domain::route;
use domain::sheet::{Change, Sheet, Shown};
use domain::view::FileView;
use leptos::prelude::*;

/// One paper of the strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    pub id: String,
    /// 身份证人像面
    pub name: String,
    /// 网站安全负责人
    pub whose: String,
    pub is_picture: bool,
    /// The answers it proves.
    pub proves: Vec<String>,
    /// What stood in its place before the change.
    pub before: Option<String>,
}

/// The papers that sheets name, in their order, each once. `whose` stands before the name where several filings lie
/// beside each other.
pub fn papers_of(whose: &str, sheet: &Sheet, changes: &[Change]) -> Vec<Paper> {
    let mut papers: Vec<Paper> = Vec::new();
    for section in &sheet.sections {
        for row in &section.rows {
            let (ids, is_picture) = match &row.value {
                Shown::Pictures(ids) => (ids, true),
                Shown::Documents(ids) => (ids, false),
                _ => continue,
            };
            let before = changes.iter().find(|change| change.at == row.at).map(|change| &change.before);
            for (number, id) in ids.iter().enumerate() {
                if papers.iter().any(|paper| paper.id == *id) {
                    continue;
                }
                let counted = if ids.len() > 1 { format!(" {}", number + 1) } else { String::new() };
                papers.push(Paper {
                    id: id.clone(),
                    name: format!("{}{counted}", row.label),
                    whose: format!("{whose}{}", section.title),
                    is_picture,
                    proves: proven_by(&row.at),
                    before: match before {
                        Some(Shown::Pictures(ids)) => ids.get(number).cloned(),
                        _ => None,
                    },
                });
            }
        }
    }
    papers
}

#[component]
pub fn Documents(papers: Vec<Paper>, files: BTreeMap<String, FileView>) -> impl IntoView {
    if papers.is_empty() {
        return view! {
            <section class="papers" aria-labelledby="papers"><h2 id="papers" class="visually-hidden">"证照材料"</h2><p class="empty">"没有上传图片或附件。"</p></section>
        }
        .into_any();
    }
    let count = papers.len();
    let strip = papers
        .into_iter()
        .map(|paper| {
            let warnings = files.get(&paper.id).map(|file| file.warnings.join("；")).unwrap_or_default();
            view! { <InStrip paper warnings/> }
        })
        .collect_view();
    view! {
        <section class="papers" aria-labelledby="papers">
            <h2 id="papers" class="visually-hidden">{format!("证照材料，共 {count} 份")}</h2>
            <ol class="strip">{strip}</ol>
            <Stage/>
        </section>
    }
    .into_any()
}

#[component]
fn InStrip(paper: Paper, warnings: String) -> impl IntoView {
    let Paper { id, name, whose, is_picture, proves, before } = paper;
    let whole = format!("{whose} · {name}");
    let href = route::file(&id);
    let small = is_picture.then(|| {
        let src = format!("{href}?small=1");
        view! { <img src=src alt="" loading="lazy"/> }
    });
    let icon = (!is_picture).then(|| view! { <span class="icon icon-file" aria-hidden="true"></span> });
    view! {
        <li>
            <a
                class="paper"
                href=href
                target="_blank"
                rel="noopener external"
                data-paper=if is_picture { "picture" } else { "document" }
                data-proves=proves.join(" ")
                data-before=before.map(|id| route::file(&id))
                data-name=whole.clone()
                title=whole
            >
                {small}
                {icon}
                <span class="paper-name">{name}<span class="soft">{whose}</span></span>
                {(!warnings.is_empty()).then(|| view! { <span class="paper-warning">{warnings}</span> })}
            </a>
        </li>
    }
    .into_any()
}

/// Where the chosen paper stands large.
#[component]
fn Stage() -> impl IntoView {
    let button = |act: &'static str, word: &'static str, key: &'static str| {
        view! {
            <button type="button" class="button button-small" data-do=act aria-keyshortcuts=key title=format!("{word}（{key}）")>
                {word}
            </button>
        }
    };
    view! {
        <div class="stage js-only">
            <div class="stage-tools" role="toolbar" aria-label="图片">
                {button("previous", "上一张", "[")}
                {button("next", "下一张", "]")}
                {button("larger", "放大", "+")}
                {button("smaller", "缩小", "-")}
                {button("turn", "旋转", ".")}
                {button("reset", "还原", "0")}
                <button type="button" class="button button-small" data-do="pair" aria-pressed="false" title="并排查看两张">"并排"</button>
                <button type="button" class="button button-small" data-do="compare" aria-pressed="false" hidden>"变更前后"</button>
                <p class="stage-name" role="status"></p>
            </div>
            <div class="stage-views">
                <div class="stage-view" tabindex="0" role="group" aria-label="图片，可用滚轮缩放、拖动"></div>
                <div class="stage-view" tabindex="0" role="group" aria-label="第二张图片" hidden></div>
            </div>
            <label class="stage-slider" hidden>
                <span>"变更前 ↔ 变更后"</span>
                <input type="range" min="0" max="100" value="50" autocomplete="off"/>
            </label>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::sheet::{SheetRow, SheetSection};

    use super::*;

    fn row(at: &str, label: &str, value: Shown) -> SheetRow {
        SheetRow { at: at.to_owned(), label: label.to_owned(), value, masked: false }
    }

    #[test]
    fn papers_are_named_by_their_person_and_stand_once() {
        let pictures = |ids: &[&str]| Shown::Pictures(ids.iter().map(|id| (*id).to_owned()).collect());
        let section = |title: &str, rows| SheetSection { title: title.to_owned(), step: String::new(), rows };
        let sheet = Sheet {
            sections: vec![
                section("负责人信息", vec![row("principal.id_portrait", "身份证人像面", pictures(&["a"]))]),
                section(
                    "网站安全负责人",
                    vec![
                        row("officer.name", "姓名", Shown::Text("张*".to_owned())),
                        row("officer.id_portrait", "身份证人像面", pictures(&["b"])),
                        row("officer.id_emblem", "身份证国徽面", pictures(&["a"])),
                    ],
                ),
            ],
        };
        let change = Change {
            at: "officer.id_portrait".to_owned(),
            section: String::new(),
            label: String::new(),
            before: pictures(&["old"]),
            after: pictures(&["b"]),
        };
        let papers = papers_of("", &sheet, &[change]);
        let names: Vec<&str> = papers.iter().map(|paper| paper.whose.as_str()).collect();
        assert_eq!(names, ["负责人信息", "网站安全负责人"]);
        assert_eq!(papers.iter().filter_map(|paper| paper.before.as_deref()).collect::<Vec<_>>(), ["old"]);
        assert!(papers.iter().all(|paper| !paper.proves.is_empty()));
    }
}
