//! 备案查询: what is public about a filing, for everybody (R38).

use domain::business::Business;
use domain::route;
use domain::view::PublicRecord;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::{self, Answer, ApiError};
use crate::pages::query::query_text;
use crate::ui::{Empty, Load, PageHead, Problem, Waiting};

#[component]
pub fn Lookup() -> impl IntoView {
    let text = query_text("q");
    let found = Resource::new(text, |text| async move {
        if text.trim().is_empty() { Ok(None) } else { api::lookup(text).await.map(Some) }
    });
    view! {
        <PageHead title="备案查询"/>
        <div class="stack">
            <LookupForm text=untrack(text)/>
            <Load
                resource=found
                titled=true
                children={|found: Option<Vec<PublicRecord>>| found.map(|records| view! { <Found records/> })}
            />
            <p class="soft no-print">"需要用程序查询或批量核对？请使用"<a href=route::OPEN_API_DOCUMENT rel="external">"开放接口"</a>"（JSON，无需登录）。"</p>
        </div>
    }
    .into_any()
}

#[component]
fn LookupForm(#[prop(optional)] text: String) -> impl IntoView {
    view! {
        <form class="lookup" method="get" action=route::LOOKUP role="search">
            <label for="q">"备案号、域名或主体名称"</label>
            <div class="joined">
                <input class="input" id="q" name="q" type="search" value=text required maxlength="200" autocomplete="off" aria-describedby="q-hint"/>
                <button class="button button-primary">"查询"</button>
            </div>
            <p class="hint" id="q-hint">"备案号和域名请填写完整，名称至少两个字。"</p>
        </form>
    }
    .into_any()
}

#[component]
fn Found(records: Vec<PublicRecord>) -> impl IntoView {
    if records.is_empty() {
        return view! { <Empty sentence="没有查到符合条件的备案，请核对后重新查询。"/> }.into_any();
    }
    let total = format!("查到 {} 条备案", records.len());
    view! {
        <p role="status" class="soft">{total}</p>
        {records.into_iter().map(|record| view! { <Filed record is_linked=true/> }).collect_view()}
    }
    .into_any()
}

/// `/r/<digits>`: the address that stands in the footers of websites for good.
#[component]
pub fn PublicRecordPage() -> impl IntoView {
    let params = use_params_map();
    let code = query_text("code");
    let record: Resource<Answer<PublicRecord>> = Resource::new(
        move || (params.with(|params| params.get("digits")).unwrap_or_default(), code()),
        |(digits, code)| api::public_record(digits, Some(code)),
    );
    view! {
        <PageHead above=vec![("备案查询", route::LOOKUP)] title="备案信息"/>
        <div class="stack">
            <Suspense fallback=Waiting>
                {Suspend::new(async move {
                    match record.await {
                        Ok(record) => view! { <Filed record=record.clone()/> <Verified record=record.clone()/> <Verification record/> }.into_any(),
                        Err(ApiError::NotFound) => view! {
                            <p>"没有查到这个备案号。它可能填写有误，也可能从未签发；请谨慎对待标注此号的网站。"</p>
                            <LookupForm/>
                        }
                        .into_any(),
                        Err(error) => view! { <Problem error titled=true/> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

/// When this was looked up, and the way to say that the number is misused.
#[component]
fn Verified(record: PublicRecord) -> impl IntoView {
    let PublicRecord { digits, checked_at, is_cancelled, .. } = record;
    let advice = match is_cancelled {
        true => "此备案已注销。仍在悬挂此备案号的网站或应用，不再受本备案证明。",
        false => "请核对您访问的网站或应用与上列信息是否一致。",
    };
    view! {
        <div class="verified-at">
            <p>"核验时间 "<time class="figures">{checked_at}</time>"。"{advice}</p>
            <a class="button button-small no-print" href=route::report_misuse(&digits)>"举报冒用"</a>
        </div>
    }
    .into_any()
}

/// Whether a printed result (安全评估) came from here: asked with the code that stands on it.
#[component]
fn Verification(record: PublicRecord) -> impl IntoView {
    let PublicRecord { business, digits, verified, result, .. } = record;
    (business == Business::Assessment).then(|| view! {
        {verified.map(|is_right| match is_right {
            true => view! {
                <div class="notice" data-tone="ok" role="status">
                    <h2>"查验通过"</h2>
                    <p>"查验码与平台记录一致。请核对纸面内容与下列记录是否相同。"</p>
                    <dl class="facts">
                        {result.into_iter().map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> }).collect_view()}
                    </dl>
                </div>
            }
            .into_any(),
            false => view! {
                <div class="notice" data-tone="danger" role="alert">
                    <p>"查验码与平台记录不一致：可能填写有误，也可能不是本平台出具的结果。"</p>
                </div>
            }
            .into_any(),
        })}
        <form class="lookup" method="get" action=route::public_record(&digits)>
            <label for="code">"查验码"</label>
            <div class="joined">
                <input class="input" id="code" name="code" required maxlength="30" autocomplete="off" spellcheck="false" aria-describedby="code-hint"/>
                <button class="button button-primary">"查验"</button>
            </div>
            <p class="hint" id="code-hint">"评估结果页上的 12 位字母和数字，用来核对打印件。"</p>
        </form>
    })
}

#[component]
fn Filed(
    record: PublicRecord,
    /// Lead to the permanent address.
    #[prop(optional)]
    is_linked: bool,
) -> impl IntoView {
    let PublicRecord {
        digits,
        business,
        name,
        main_domain,
        other_domains,
        category,
        owner_kind,
        owner_name,
        ..
    } = record;
    let heading = if is_linked {
        view! { <a href=route::public_record(&digits)>{name.clone()}</a> }.into_any()
    } else {
        name.clone().into_any()
    };
    let fact = |label: String, value: String| {
        (!value.is_empty()).then(|| view! { <div><dt>{label}</dt><dd>{value}</dd></div> })
    };
    view! {
        <article class="filed">
            <img src="/badge.svg" alt="" width="48" height="48"/>
            <h2>{heading}</h2>
            <p class="filed-number figures">{record.registration_number}</p>
            <p>
                {match record.is_cancelled {
                    true => view! { <span class="badge" data-state="cancelled">"已注销"</span> },
                    false => view! { <span class="badge" data-state="valid">"有效"</span> },
                }}
                {record.cancelled_on.map(|day| view! { " "<span class="figures">{format!("注销时间 {day}")}</span> })}
            </p>
            <dl class="facts">
                {fact(business.definition().name_label.to_owned(), name)}
                {fact("主域名".to_owned(), main_domain.unwrap_or_default())}
                {fact("其他域名".to_owned(), other_domains.join("、"))}
                {fact("网站类别".to_owned(), category.unwrap_or_default())}
                {fact("开办主体".to_owned(), owner_kind)}
                {fact("开办者名称".to_owned(), owner_name)}
                {fact("备案地公安机关".to_owned(), record.organ)}
                {fact("联网备案时间".to_owned(), record.registered_on)}
            </dl>
        </article>
    }
    .into_any()
}
