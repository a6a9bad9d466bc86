//! 运行状况: whether the platform is well, part by part, and what to do where it is not; for who keeps it running.

mod servers;
mod tasks;

use domain::route;
use domain::view::{PartState, PlatformState};
use leptos::prelude::*;
use maud::{Markup, html};

use crate::api;
use crate::ui::{Load, PageHead};

#[component]
pub fn Platform() -> impl IntoView {
    let state = Resource::new(|| (), |()| api::platform_state());
    view! {
        <PageHead
            above=vec![("系统维护", "")]
            title="运行状况"
            lead="平台各部分是否正常，不正常时怎么办。打开本页时会试写一行数据和一个文件（10 秒内试写过的不再试写）；统计数字每 10 秒更新一次，文件数每 5 分钟更新一次。"
        />
        <Load
            resource=state
            titled=true
            children={|state: PlatformState| view! { <div class="stack platform" inner_html=page(&state).into_string()></div> }}
        />
    }
    .into_any()
}

fn page(state: &PlatformState) -> Markup {
    html! {
        (summary(state))
        section aria-labelledby="platform-parts" {
            h2 id="platform-parts" { "各部分" }
            (parts(&state.parts))
        }
        (servers::section(&state.servers))
        (tasks::sections(&state.tasks, &state.servers))
        section class="sheet" aria-labelledby="platform-versions" {
            div class="sheet-head" { h2 id="platform-versions" { "版本与规模" } }
            dl class="sheet-list" {
                @for (what, which) in &state.versions {
                    div class="sheet-row" { dt { (what) } dd class="figures" { (which) } }
                }
            }
        }
    }
}

/// The answer first: well, or what is to be done.
fn summary(state: &PlatformState) -> Markup {
    let ailing: Vec<&PartState> = state.ailing().collect();
    let read = html! { p class="soft" { "读取于 " span class="figures" { (state.at) } " · " a href=(route::PLATFORM) { "刷新" } } };
    html! {
        @if ailing.is_empty() {
            div class="banner" data-tone="ok" { p { b { "各部分都正常。" } } }
        } @else {
            div class="banner" data-tone="warning" {
                p {
                    b { (ailing.len()) " 项需要处理：" }
                    (ailing.iter().map(|part| part.part.label()).collect::<Vec<_>>().join("、")) "。"
                }
            }
        }
        (read)
    }
}

fn badge(is_well: bool) -> Markup {
    html! {
        @if is_well { span class="badge" data-state="approved" { "正常" } }
        @else { span class="badge" data-tone="warning" { "需处理" } }
    }
}

fn parts(parts: &[PartState]) -> Markup {
    html! {
        div class="table-wrap" {
            table class="table" {
                caption class="visually-hidden" { "各部分" }
                thead { tr { @for word in ["部分", "状态", "情况"] { th scope="col" { (word) } } } }
                tbody {
                    @for part in parts {
                        tr {
                            td data-label="部分" { b { (part.part.label()) } }
                            td data-label="状态" { (badge(part.is_well)) }
                            td data-label="情况" {
                                span {
                                    (part.said)
                                    @if !part.is_well { br; span class="platform-advice" { (part.part.advice()) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::view::Part;

    use super::*;

    #[test]
    fn what_is_not_well_comes_with_what_to_do_and_nothing_typed_becomes_markup() {
        let part = |part, is_well| PartState { part, is_well, said: "<b>1</b>".to_owned() };
        let state = |is_well| PlatformState {
            at: "2026-03-02 10:00".to_owned(),
            parts: vec![part(Part::Database, true), part(Part::Backup, is_well)],
            servers: Vec::new(),
            tasks: Vec::new(),
            versions: vec![("程序版本".to_owned(), "0.1.0".to_owned())],
        };
        let drawn = page(&state(false)).into_string();
        assert!(drawn.contains("1 项需要处理：") && drawn.contains(Part::Backup.advice()));
        assert!(!drawn.contains(Part::Database.advice()) && !drawn.contains("<b>1</b>"), "{drawn}");
        assert!(page(&state(true)).into_string().contains("各部分都正常。"));
    }
}
