//! 办事指南: who files, what to have ready, how long it takes, what people ask; for everybody. The lists of what is
//! asked come from the forms (`domain::guide`), the answers from the manual.

mod help;

use domain::business::Business;
use domain::guide::{Paper, Preparation, preparations};
use domain::route;
use domain::view::Guide;
use leptos::prelude::*;

use super::front::{Durations, Steps};
use crate::api;
use crate::ui::who_am_i::who_am_i;
use crate::ui::{Load, PageHead};

/// The parts of the page: (anchor, title).
const PARTS: [(&str, &str); 7] = [
    ("who", "谁需要办理"),
    ("how", "办理流程"),
    ("ready", "准备什么"),
    ("help", "易错栏目"),
    ("how-long", "多久办完"),
    ("hang", "怎样挂标"),
    ("questions", "常见问题"),
];

/// What people ask, with the manual's answers.
const QUESTIONS: [(&str, &str); 12] = [
    (
        "只填主体可以吗？",
        "不可以。公安机关不会单独进行主体审核，备案单位或个人必须提交至少一个网站、APP、服务商、小程序、应用市场等业务申请。提交主体后即可接着填报业务，两者一并审核。",
    ),
    (
        "由哪里的网安部门审核？",
        "单位类主体以单位办公地址判定管辖地，个人类主体以负责人常住地址判定管辖地。所有业务的审核均由管辖地网安民警负责。",
    ),
    (
        "填到一半可以先保存吗？",
        "可以。点击【保存草稿】，内容保存在“我的草稿”，填写时也会自动保存。系统只保留 30 天内的草稿，过期将删除，请及时提交。",
    ),
    (
        "提交后发现填错了怎么办？",
        "申请后 30 分钟内、审核状态为“待审核”时，可在“我的申请”的详情页点击【撤销申请】。超过时间的，等审核结果；被退回后按意见修改并重新提交。",
    ),
    (
        "申请被退回怎么办？",
        "在“我的申请”打开该申请，退回的原因写在对应的栏目旁。点击【修改后重新提交】，改好后再次提交即可，不必另起一份。",
    ),
    (
        "信息变了要重新备案吗？",
        "不用重新备案，办理变更即可。联网备案信息发生变更的，请在变更后 30 日内提交变更信息；未按要求办理的，公安机关将依法通知接入商暂停网站接入。",
    ),
    (
        "网站不再开办了怎么办？",
        "请在 5 个工作日内登录本平台提出注销。注销主体时，关联的网站、APP、服务商、应用市场等一并注销。",
    ),
    (
        "“存在审核中的单据”是什么意思？",
        "同一主体的变更申请正在审核，审核结束前不能再次提交。可在“我的申请”查看，30 分钟内的可以撤销。",
    ),
    (
        "负责人手机号换了，收不到注销的验证码怎么办？",
        "请先通过变更主体修改手机号，审核通过后再提交注销申请。",
    ),
    (
        "单位换了经办人，主体怎么交给别人？",
        "由原经办人办理【移交主体】，填写接收人的手机号和身份证号；接收人登录后在【接收主体】接收，主体的附属信息一并带过去。接收前可以撤回。",
    ),
    (
        "找不到网络接入服务商或域名注册服务商怎么办？",
        "查询时先选所属地区，再填名称。查不到的，可以手动填写。",
    ),
    (
        "应急联络人可以和负责人是同一个人吗？",
        "可以提交，但不建议。网站应急联络人需承担 7×24 小时联络责任，建议不与网站负责人相同。",
    ),
];

#[component]
pub fn GuidePage() -> impl IntoView {
    let guide = Resource::new(|| (), |()| api::guide());
    let is_signed_in = who_am_i().is_some();
    view! {
        <PageHead
            title="办事指南"
            lead="办理公安联网备案要准备什么、要多久、怎样办，都在这一页。"
            actions=move || match is_signed_in {
                true => view! { <a class="button button-primary" href=route::SERVICES>"业务办理"</a> }.into_any(),
                false => view! { <a class="button button-primary" href=route::LOGIN rel="external">"用户登录"</a> }.into_any(),
            }
        />
        <nav class="guide-parts" aria-label="本页内容">
            <ul class="cluster">{PARTS.map(|(anchor, title)| view! { <li><a href=format!("#{anchor}")>{title}</a></li> })}</ul>
        </nav>
        <Who/>
        <section class="guide-part" aria-labelledby="how"><h2 id="how">"办理流程"</h2><Steps/></section>
        <section class="guide-part" aria-labelledby="ready">
            <h2 id="ready">"准备什么"</h2>
            <p class="soft">"以下清单与填报表单一致。图片支持 png/jpeg/jpg 格式，文件支持 pdf 格式，每个不超过 5MB。时间按材料齐全估算。"</p>
            <div class="guide-businesses">{Business::ALL.map(|business| view! { <OfBusiness business/> })}</div>
        </section>
        <help::Topics/>
        <section class="guide-part" aria-labelledby="how-long">
            <h2 id="how-long">"多久办完"</h2>
            <Load resource=guide titled=true children={|guide: Guide| view! {
                <Durations guide/>
                <p>{format!("超过 {} 个工作日没有办结的申请，会在审核人员处标为超期。", guide.overdue_days)}</p>
            }}/>
        </section>
        <Hang/>
        <section class="guide-part" aria-labelledby="questions">
            <h2 id="questions">"常见问题"</h2>
            <dl class="questions">
                {QUESTIONS.map(|(question, answer)| view! { <div><dt>{question}</dt><dd>{answer}</dd></div> })}
            </dl>
        </section>
    }
    .into_any()
}

#[component]
fn Who() -> impl IntoView {
    view! {
        <section class="guide-part" aria-labelledby="who">
            <h2 id="who">"谁需要办理"</h2>
            <ul class="plain">
                <li>"在中国境内开办网站、APP、小程序、应用市场，或提供网络接入、域名注册等服务的单位和个人，请在开通后 30 日内办理。"</li>
                <li>"单位（企业、个体工商户、机关、事业单位、社会团体等）由其负责人或经办人办理，个人由本人办理。"</li>
                <li>"先填报开办主体，再为主体填报业务；一个主体可以有多项业务。"</li>
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn OfBusiness(business: Business) -> impl IntoView {
    let label = match business.is_subject() {
        true => "开办主体",
        false => business.noun(),
    };
    let anchor = format!("ready-{}", business.code());
    let named = anchor.clone();
    view! {
        <section class="card guide-business" aria-labelledby=named>
            <div class="card-head"><h3 id=anchor>{label}</h3></div>
            {preparations(business).into_iter().map(|one| view! { <OfForm one/> }).collect_view()}
        </section>
    }
    .into_any()
}

#[component]
fn OfForm(one: Preparation) -> impl IntoView {
    let Preparation { whom, papers, papers_for_some, questions, minutes } = one;
    let count: usize = questions.iter().map(|(_, asked)| asked.len()).sum();
    let heading = if whom.is_empty() { String::new() } else { format!("{whom}，") };
    view! {
        <div class="guide-form">
            <p><b>{format!("{heading}约 {minutes} 分钟")}</b></p>
            {match papers.is_empty() {
                true => view! { <p>"必备材料：没有必须上传的材料。"</p> }.into_any(),
                false => view! { <p>"必备材料："</p><Papers papers/> }.into_any(),
            }}
            {(!papers_for_some.is_empty()).then(|| view! { <p>"按情况提供："</p><Papers papers=papers_for_some/> })}
            <details>
                <summary>{format!("要填写的 {count} 项必填内容")}</summary>
                <dl class="guide-questions">
                    {questions.into_iter().map(|(section, asked)| view! { <div><dt>{section}</dt><dd>{asked.join("、")}</dd></div> }).collect_view()}
                </dl>
            </details>
        </div>
    }
    .into_any()
}

#[component]
fn Papers(papers: Vec<Paper>) -> impl IntoView {
    let word = |paper: &Paper| match (paper.is_document, paper.least) {
        (true, 0 | 1) => "pdf".to_owned(),
        (true, least) => format!("pdf，至少 {least} 份"),
        (false, 0 | 1) => "图片".to_owned(),
        (false, least) => format!("图片，至少 {least} 张"),
    };
    view! {
        <ul class="plain">
            {papers.into_iter().map(|paper| view! {
                <li>{paper.label}<span class="soft">{format!("（{}，{}）", paper.of, word(&paper))}</span></li>
            }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn Hang() -> impl IntoView {
    view! {
        <section class="guide-part" aria-labelledby="hang">
            <h2 id="hang">"怎样挂标"</h2>
            <ol class="next">
                <li>"审核通过后，在“我的网站”等列表打开该备案的【详情】，复制备案号，下载备案图标。"</li>
                <li>"把 HTML 或 Markdown 代码放到网站首页底部，图标和备案号都链接到公示地址；APP、小程序等放在显著位置。请在网站开通后 30 日内完成。"</li>
                <li>"发布后回到该备案的详情页，点击【我已挂标，检查一下】或【我已挂标】。"</li>
                <li>"任何人点击备案号，都会看到公示页上的“有效”或“已注销”。发现备案号被盗用，可在公示页【举报冒用】。"</li>
            </ol>
        </section>
    }
    .into_any()
}
