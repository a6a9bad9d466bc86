//! 后台任务: what one of all servers does, which can be asked to run now, and what this server does for itself.

use domain::view::{JobRow, ServerRow, TaskRow};
use maud::{Markup, html};

use super::badge;

pub(super) fn sections(tasks: &[TaskRow], servers: &[ServerRow]) -> Markup {
    let (jobs, own): (Vec<&TaskRow>, Vec<&TaskRow>) = tasks.iter().partition(|task| task.job.is_some());
    html! {
        section aria-labelledby="platform-tasks" {
            h2 id="platform-tasks" { "后台任务" }
            p class="soft" {
                "同一时间只在一台服务器上运行，按间隔自动运行，失败后自动重试。点“立即运行”后，由负责的服务器随即运行一次，正在运行的待其结束后再运行。"
            }
            (table("后台任务", &jobs, servers))
        }
        section aria-labelledby="platform-own-tasks" {
            h2 id="platform-own-tasks" { "本服务器自身的任务" }
            p class="soft" { "每台服务器各自运行，不需要安排。完成和失败次数自本服务器启动起计。" }
            (table("本服务器自身的任务", &own, servers))
        }
    }
}

/// Those that are not well first.
fn table(caption: &str, tasks: &[&TaskRow], servers: &[ServerRow]) -> Markup {
    if tasks.is_empty() {
        return html! { div class="empty" { p { "没有后台任务。" } } };
    }
    let are_jobs = tasks.iter().any(|task| task.job.is_some());
    // A column only where it tells something.
    let holders = are_jobs && servers.len() > 1;
    let (well, ailing): (Vec<&TaskRow>, Vec<&TaskRow>) =
        tasks.iter().copied().partition(|task| task.is_well());
    html! {
        div class="table-wrap" {
            table class="table" {
                caption class="visually-hidden" { (caption) }
                thead {
                    tr {
                        th scope="col" { "任务" }
                        @if holders { th scope="col" { "服务器" } }
                        @for word in ["状态", "上次完成"] { th scope="col" { (word) } }
                        th scope="col" class="num" { "完成 / 失败次数" }
                        @if are_jobs { th scope="col" { "操作" } }
                    }
                }
                tbody {
                    @for task in ailing.into_iter().chain(well) { (line(task, holders.then_some(servers))) }
                }
            }
        }
    }
}

fn line(task: &TaskRow, servers: Option<&[ServerRow]>) -> Markup {
    let last = task.last_success.as_deref().unwrap_or("尚未完成过");
    // What another server counts is not known here.
    let took = task.runs.map(|runs| match runs.last_milliseconds {
        0 => "用时不足 1 毫秒".to_owned(),
        milliseconds => format!("用时 {milliseconds} 毫秒"),
    });
    let runs = task.runs.map_or("—".to_owned(), |runs| format!("{} / {}", runs.succeeded, runs.failed));
    html! {
        tr {
            td data-label="任务" { span { (task.label()) br; span class="platform-second" { (task.every()) } } }
            @if let (Some(servers), Some(job)) = (servers, &task.job) {
                td data-label="服务器" class="figures" { (holder(job, servers)) }
            }
            td data-label="状态" { (state(task)) }
            td data-label="上次完成" class="figures" {
                span {
                    (last)
                    @if let Some(took) = took { br; span class="platform-second" { (took) } }
                }
            }
            td data-label="完成 / 失败次数" class="num" { (runs) }
            @if let Some(job) = &task.job {
                td data-label="操作" class="row-actions" { (run_now(task, job)) }
            }
        }
    }
}

fn holder(job: &JobRow, servers: &[ServerRow]) -> Markup {
    let is_this = |id: &str| servers.iter().any(|server| server.is_this && server.id == id);
    html! {
        @match job.holder.as_deref() {
            None => "待接管",
            Some(id) => span { (id) @if is_this(id) { br; "本服务器" } },
        }
    }
}

/// The last failure stands there also when it went well since: why the figures show one.
fn state(task: &TaskRow) -> Markup {
    let failed = task.job.as_ref().and_then(|job| Some((job, job.last_failure.as_deref()?)));
    html! {
        span {
            (badge(task.is_well()))
            @if task.failures_in_a_row > 0 { " 连续失败 " (task.failures_in_a_row) " 次" }
            @if let Some((job, at)) = failed {
                span class="platform-second platform-failure" {
                    "上次失败于 " (at)
                    @if job.failure.is_empty() { "，此后已正常完成" } @else { "：" (job.failure) }
                }
            }
        }
    }
}

fn run_now(task: &TaskRow, job: &JobRow) -> Markup {
    html! {
        @if job.is_wanted {
            span class="badge" data-state="pending" { "等待运行" }
        } @else {
            form method="post" action="/act/run-job" class="inline" {
                input type="hidden" name="job" value=(task.name);
                // Not hidden words beside the visible ones: those stick out of a table that scrolls in its frame.
                button class="button button-small" aria-label={ "立即运行：" (task.label()) } { "立即运行" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::view::Runs;

    use super::*;

    fn job(name: &str) -> TaskRow {
        TaskRow {
            name: name.to_owned(),
            period_seconds: 60,
            last_success: Some("2026-03-02 10:00:05".to_owned()),
            is_late: false,
            failures_in_a_row: 0,
            runs: Some(Runs { succeeded: 3, failed: 1, last_milliseconds: 7 }),
            job: Some(JobRow {
                holder: Some("aaa111".to_owned()),
                is_wanted: false,
                last_failure: None,
                failure: String::new(),
            }),
        }
    }

    fn changed(name: &str, change: impl FnOnce(&mut JobRow)) -> TaskRow {
        let mut task = job(name);
        if let Some(job) = &mut task.job {
            change(job);
        }
        task
    }

    #[test]
    fn a_job_can_be_asked_for_unless_it_is_asked_for_already_and_what_a_server_does_for_itself_cannot() {
        let own = TaskRow { job: None, ..job("replica") };
        let waits = changed("sweep", |job| job.is_wanted = true);
        let drawn = sections(&[job("counts"), own, waits], &[]).into_string();
        assert_eq!(drawn.matches("/act/run-job").count(), 1, "{drawn}");
        assert!(drawn.contains("name=\"job\" value=\"counts\"") && drawn.contains("：看板计数"));
        assert_eq!(drawn.matches("等待运行").count(), 1);
        assert!(!drawn.contains("aaa111"), "one server needs no name");
    }

    #[test]
    fn a_failure_is_told_with_its_time_and_its_reason_until_it_went_well_and_the_time_afterwards() {
        let failed_at = || Some("2026-03-02 09:00:00".to_owned());
        let failing = changed("messages", |job| {
            (job.last_failure, job.failure) = (failed_at(), "no <gateway>".to_owned());
        });
        let drawn = state(&TaskRow { failures_in_a_row: 2, ..failing }).into_string();
        assert!(drawn.contains("连续失败 2 次"), "{drawn}");
        assert!(drawn.contains("上次失败于 2026-03-02 09:00:00：no &lt;gateway&gt;"), "{drawn}");
        let drawn = state(&changed("messages", |job| job.last_failure = failed_at())).into_string();
        assert!(drawn.contains("上次失败于 2026-03-02 09:00:00，此后已正常完成"), "{drawn}");
    }

    #[test]
    fn of_several_servers_each_job_names_its_own_and_figures_of_another_are_not_made_up() {
        let server = |id: &str, is_this| ServerRow {
            id: id.to_owned(),
            version: "0.1.0".to_owned(),
            started: String::new(),
            is_alive: true,
            is_this,
            jobs: Vec::new(),
        };
        let elsewhere =
            TaskRow { runs: None, ..changed("sweep", |job| job.holder = Some("bbb222".to_owned())) };
        let lost = changed("patrol", |job| job.holder = None);
        let tasks = [job("counts"), elsewhere, lost];
        let drawn = sections(&tasks, &[server("aaa111", true), server("bbb222", false)]).into_string();
        for said in ["<span>aaa111<br>本服务器</span>", "<span>bbb222</span>", "待接管", "—"] {
            assert!(drawn.contains(said), "{said}: {drawn}");
        }
    }
}
