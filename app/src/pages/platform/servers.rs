//! 服务器: which servers work on the database, of which version, and which jobs each of them has.

use domain::view::{ServerRow, task_label, versions};
use maud::{Markup, html};

pub(super) fn section(servers: &[ServerRow]) -> Markup {
    html! {
        section aria-labelledby="platform-servers" {
            h2 id="platform-servers" { "服务器" }
            @if versions(servers).len() > 1 {
                p class="notice" data-tone="warning" {
                    "程序版本不一致，升级尚未完成：请把所有服务器升级到同一版本。与答复本页的一台不同的，已注明。"
                }
            }
            div class="table-wrap" {
                table class="table" {
                    caption class="visually-hidden" { "服务器" }
                    thead {
                        tr {
                            @for word in ["服务器", "状态", "程序版本", "启动于", "负责的任务"] { th scope="col" { (word) } }
                        }
                    }
                    tbody { @for server in servers { (line(server, servers)) } }
                }
            }
        }
    }
}

fn line(server: &ServerRow, servers: &[ServerRow]) -> Markup {
    let this = servers.iter().find(|server| server.is_this);
    let is_other_version = this.is_some_and(|this| this.version != server.version);
    let jobs: Vec<&str> = server.jobs.iter().map(|name| task_label(name)).collect();
    html! {
        tr {
            td data-label="服务器" {
                span { b class="figures" { (server.id) } @if server.is_this { br; "本服务器" } }
            }
            td data-label="状态" {
                @if server.is_alive { span class="badge" data-state="approved" { "运行中" } }
                @else { span class="badge" data-tone="warning" { "无响应" } }
            }
            td data-label="程序版本" class="figures" {
                span {
                    (server.version)
                    @if is_other_version { br; span class="platform-advice" { "与本服务器不同" } }
                }
            }
            td data-label="启动于" class="figures" { (server.started) }
            td data-label="负责的任务" { @if jobs.is_empty() { "无" } @else { (jobs.join("、")) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_and_a_silent_server_are_said_in_words() {
        let server = |id: &str, version: &str, is_alive, is_this| ServerRow {
            id: id.to_owned(),
            version: version.to_owned(),
            started: "2026-03-02 10:00".to_owned(),
            is_alive,
            is_this,
            jobs: if is_this { vec!["sweep".to_owned(), "counts".to_owned()] } else { Vec::new() },
        };
        let alike = [server("aaa111", "0.1.0", true, true), server("bbb222", "0.1.0", true, false)];
        let drawn = section(&alike).into_string();
        assert!(drawn.contains("清理到期数据、看板计数") && drawn.contains("本服务器"), "{drawn}");
        assert!(!drawn.contains("不一致") && !drawn.contains("与本服务器不同") && !drawn.contains("无响应"));

        let upgrading = [server("aaa111", "0.2.0", true, true), server("bbb222", "<0.1.0>", false, false)];
        let drawn = section(&upgrading).into_string();
        assert_eq!(drawn.matches("与本服务器不同").count(), 1, "{drawn}");
        assert!(
            drawn.contains("程序版本不一致") && drawn.contains("无响应") && drawn.contains("&lt;0.1.0&gt;")
        );
    }
}
