//! Keyboard shortcuts of the desk: access keys of the browser, so that they need no script and never
//! take a letter from somebody who types; and the list of them that everybody can see.

use leptos::prelude::*;

pub const QUEUE_KEYS: &[(&str, &str)] = &[("N", "领取下一件"), ("S", "到搜索框"), ("R", "刷新")];

pub const FILING_KEYS: &[(&str, &str)] = &[
    ("J", "下一件"),
    ("K", "上一件"),
    ("Q", "回到队列"),
    ("C", "领取"),
    ("U", "到查看目的，查看完整信息"),
    ("M", "到审核意见"),
    ("Y", "通过"),
    ("T", "退回"),
    ("X", "不予通过"),
    ("A", "一并通过"),
    ("Z", "撤回"),
];

#[component]
pub fn Keys(
    keys: &'static [(&'static str, &'static str)],
    /// Without Alt, as the officer asked for in 显示设置; `frontend/js/desk.js` hears them.
    single: bool,
) -> impl IntoView {
    let alt = move || (!single).then(|| view! { <kbd>"Alt"</kbd>" + " });
    let rows = keys
        .iter()
        .map(|(key, what)| view! { <div><dt>{alt()}<kbd>{*key}</kbd></dt><dd>{*what}</dd></div> })
        .collect_view();
    let note = match single {
        true => "在输入框以外按下即可。可在审核队列的“显示设置”中关闭。",
        false => {
            "Firefox 为 Alt + Shift + 字母，苹果电脑为 Control + Option + 字母。可在审核队列的“显示设置”中改为单键。"
        }
    };
    view! {
        <details class="keys no-print" data-single-keys=single.then_some("")>
            <summary>"键盘快捷键"</summary>
            <dl class="facts">{rows}</dl>
            <p class="soft">{note}</p>
        </details>
    }
    .into_any()
}
