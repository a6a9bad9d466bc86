//! 运行状况: whether the platform is well, part by part, and what to do where it is not; for who keeps it running.

use domain::route;
use domain::view::{PartState, PlatformState, TaskRow};
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
            lead="平台各部分是否正常，不正常时怎么办。打开本页时会试写一行数据和一个文件；统计数字每 10 秒更新一次，文件数每 5 分钟更新一次。"
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
        section aria-labelledby="platform-tasks" {
            h2 id="platform-tasks" { "后台任务明细" }
            (tasks(&state.tasks))
        }
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

/// Those that are not well first.
fn tasks(tasks: &[TaskRow]) -> Markup {
    if tasks.is_empty() {
        return html! { div class="empty" { p { "没有后台任务。" } } };
    }
    // A column only where it tells something.
    let servers = tasks.iter().any(|task| Some(&task.server) != tasks.first().map(|first| &first.server));
    let (well, ailing): (Vec<&TaskRow>, Vec<&TaskRow>) = tasks.iter().partition(|task| task.is_well());
    html! {
        div class="table-wrap" {
            table class="table" {
                caption class="visually-hidden" { "后台任务明细" }
                thead {
                    tr {
                        th scope="col" { "任务" }
                        @if servers { th scope="col" { "服务器" } }
                        @for word in ["状态", "间隔", "上次完成"] { th scope="col" { (word) } }
                        @for word in ["用时", "完成 / 失败次数"] { th scope="col" class="num" { (word) } }
                    }
                }
                tbody { @for task in ailing.into_iter().chain(well) { (task_line(task, servers)) } }
            }
        }
    }
}

fn task_line(task: &TaskRow, servers: bool) -> Markup {
    let last = task.last_success.as_deref().unwrap_or("启动后尚未完成");
    let took = match task.last_milliseconds {
        0 => "不足 1 毫秒".to_owned(),
        milliseconds => format!("{milliseconds} 毫秒"),
    };
    html! {
        tr {
            td data-label="任务" { (task.label()) }
            @if servers { td data-label="服务器" { (task.server) } }
            td data-label="状态" {
                span {
                    (badge(task.is_well()))
                    @if task.failures_in_a_row > 0 { " 连续失败 " (task.failures_in_a_row) " 次" }
                }
            }
            td data-label="间隔" { (task.every()) }
            td data-label="上次完成" class="figures" { (last) }
            td data-label="用时" class="num" { (took) }
            td data-label="完成 / 失败次数" class="num" { (task.succeeded) " / " (task.failed) }
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
            tasks: Vec::new(),
            versions: vec![("程序版本".to_owned(), "0.1.0".to_owned())],
        };
        let drawn = page(&state(false)).into_string();
        assert!(drawn.contains("1 项需要处理：") && drawn.contains(Part::Backup.advice()));
        assert!(!drawn.contains(Part::Database.advice()) && !drawn.contains("<b>1</b>"), "{drawn}");
        assert!(page(&state(true)).into_string().contains("各部分都正常。"));
    }
}
