//! 备案凭证 (R38): the number with what goes on the site, on the pages of record and filing and by itself to be
//! printed; and whether the badge hangs there.

use domain::badge::BadgeFinding;
use domain::business::Business;
use domain::record::RecordState;
use domain::route;
use domain::view::{BadgeOffer, BadgeView, QrView, RecordView, RegistrationView};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::hooks::use_params_map;

use crate::api::{self, ApiError};
use crate::ui::{Load, PageHead, PostButton, Problem, RecordBadge, platform_name};

/// 【复制】, where the browser lets a page write to the clipboard.
#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
fn Copy(text: String, about: String) -> impl IntoView {
    let is_done = RwSignal::new(false);
    let copy = move |_| {
        let navigator = web_sys::window().map(|window| window.navigator());
        let clipboard =
            navigator.and_then(|navigator| js_sys::Reflect::get(&navigator, &"clipboard".into()).ok());
        // Only pages that came over TLS, or from this machine, have one.
        if let Some(clipboard) = clipboard.filter(|clipboard| !clipboard.is_undefined()) {
            let clipboard: web_sys::Clipboard = clipboard.unchecked_into();
            let _ = clipboard.write_text(&text);
            is_done.set(true);
        }
    };
    view! {
        <p class="js-only cluster no-print">
            <button class="button button-small" type="button" aria-description=about on:click=copy>"复制"</button>
            <span class="soft" role="status">{move || is_done.get().then_some("已复制")}</span>
        </p>
    }
}

/// The square code of the public page; black on white whatever the page's colours, or no telephone reads it.
#[component]
fn Qr(qr: QrView) -> impl IntoView {
    let QrView { side, path } = qr;
    view! {
        <svg class="qr" viewBox=format!("0 0 {side} {side}") role="img" aria-label="公示页二维码" shape-rendering="crispEdges">
            <rect width=side height=side/>
            <path d=path/>
        </svg>
    }
    .into_any()
}

/// The number, the badge, the square code and the snippets for the site's footer (R38).
#[component]
pub fn Registration(
    business: Business,
    registration: RegistrationView,
    /// Where the printable certificate is.
    #[prop(optional, into)]
    print: Option<String>,
    /// Below the snippets.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let RegistrationView { number, digits, registered_on, html, markdown, plain, qr, address: _ } =
        registration;
    let (title, hint) = business.definition().badge;
    view! {
        <section class="sheet certificate" aria-labelledby="registration">
            <div class="sheet-head">
                <h2 id="registration">{title}</h2>
                {print.map(|href| view! { <a class="no-print" href=href>"打印备案凭证"</a> })}
            </div>
            <div class="certificate-main">
                <img src="/badge.svg" alt="备案图标" width="64" height="70"/>
                <dl>
                    <dt>"公安备案号"</dt>
                    <dd class="certificate-number figures">{number.clone()}</dd>
                </dl>
                <Copy text=number about="公安备案号".to_owned()/>
                <figure class="certificate-code"><Qr qr/><figcaption>"扫码查看公示页"</figcaption></figure>
            </div>
            <dl class="facts">
                <div><dt>"联网备案时间"</dt><dd class="figures">{registered_on}</dd></div>
                <div><dt>"公示地址"</dt><dd><a href=route::public_record(&digits)>{route::public_record(&digits)}</a></dd></div>
                <div class="no-print"><dt>"备案图标"</dt><dd><a href="/badge.svg" download="badge.svg" rel="external">"下载备案图标"</a></dd></div>
            </dl>
            <p class="hint">{hint}</p>
            <div class="snippets no-print">
                <Snippet title="HTML" text=html open=true/>
                <Snippet title="Markdown" text=markdown/>
                <Snippet title="纯文本" text=plain/>
            </div>
            {children.map(|children| children())}
        </section>
    }
    .into_any()
}

/// One of them is open at a time, with and without scripts; the style draws them as tabs.
#[component]
fn Snippet(title: &'static str, text: String, #[prop(optional)] open: bool) -> impl IntoView {
    let label = format!("{title} 代码");
    view! {
        <details name="snippet" open=open>
            <summary>{label.clone()}</summary>
            <pre class="snippet" tabindex="0" aria-label=label.clone()><code>{text.clone()}</code></pre>
            <Copy text about=label/>
        </details>
    }
    .into_any()
}

/// Whether the badge hangs on the site: what the last look came to, and the next one.
#[component]
pub fn BadgeCheck(record: String, badge: Option<BadgeView>, offer: BadgeOffer) -> impl IntoView {
    if badge.is_none() && !offer.looks && !offer.declares {
        return ().into_any();
    }
    let has_looked = badge.is_some();
    let fields = |record: &str| vec![("record", record.to_owned())];
    view! {
        <section class="badge-check no-print" id="badge" aria-labelledby="badge-title">
            <h3 id="badge-title">"挂标"</h3>
            {badge.map(|badge| view! { <LastLook badge/> })}
            {(!has_looked).then(|| view! {
                <p class="soft">
                    {match offer.looks {
                        true => "把代码放到网站首页底部并发布后，点击下面的按钮，平台会访问您的首页，查看其中有没有备案号。",
                        false => "把图标和备案号放好后，请在这里确认。平台不会自动访问您的服务，以您本人的确认为准。",
                    }}
                </p>
            })}
            <div class="actions">
                {offer.looks.then(|| view! {
                    <PostButton action="/act/check-badge" label="我已挂标，检查一下" class="button button-primary" fields=fields(&record)/>
                })}
                {offer.declares.then(|| view! {
                    <PostButton
                        action="/act/declare-badge"
                        label="我已挂标"
                        class=if offer.looks { "button" } else { "button button-primary" }
                        fields=fields(&record)
                    />
                })}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn LastLook(badge: BadgeView) -> impl IntoView {
    let BadgeView { finding, told, checked_at, confirmed_at } = badge;
    let (tone, title) = match finding {
        BadgeFinding::Seen => ("ok", "已检查到备案号"),
        BadgeFinding::Declared => ("ok", "已由您确认挂标"),
        BadgeFinding::Missing => ("warning", "没有找到备案号"),
        BadgeFinding::Unreachable => ("warning", "没有检查成"),
    };
    let before = confirmed_at.filter(|_| finding == BadgeFinding::Unreachable);
    view! {
        <div class="notice" data-tone=tone>
            <p><b>{title}</b></p>
            <p>{told}</p>
            <p class="soft">
                "检查时间 "<time class="figures">{checked_at}</time>
                {before.map(|at| view! { "，此前于 "<time class="figures">{at}</time>" 确认过" })}
            </p>
        </div>
    }
    .into_any()
}

/// 备案凭证 by itself: one sheet of paper.
#[component]
pub fn CertificatePage() -> impl IntoView {
    let params = use_params_map();
    let asked = move || params.with(|params| (params.get("business"), params.get("id")));
    let record = Resource::new(asked, |(business, id)| async move {
        match business.and_then(|code| Business::from_code(&code)).filter(|business| !business.is_subject()) {
            Some(business) => api::record(business, id.unwrap_or_default()).await,
            None => Err(ApiError::NotFound),
        }
    });
    view! { <Load resource=record children={|record: RecordView| view! { <Certificate record/> }}/> }
}

#[component]
fn Certificate(record: RecordView) -> impl IntoView {
    let RecordView { row, holder, registration, .. } = record;
    let Some(registration) = registration else {
        return view! { <Problem error=ApiError::NotFound/> }.into_any();
    };
    let RegistrationView { number, registered_on, address, qr, .. } = registration;
    let business = row.business;
    let back = route::record(business, &row.id);
    let is_cancelled = row.state == RecordState::Cancelled;
    let fact = |label: &'static str, value: String| {
        (!value.is_empty()).then(|| view! { <div><dt>{label}</dt><dd>{value}</dd></div> })
    };
    let about = row.name.clone();
    view! {
        <PageHead
            above=vec![("我的", route::HOME), (business.definition().mine, "")]
            title="备案凭证"
            beside=move || view! { <RecordBadge state=row.state/> }
            actions=move || view! { <a class="button" href=back.clone() aria-description=about.clone()>"返回"</a> }
        />
        {is_cancelled.then(|| view! {
            <div class="notice" data-tone="danger"><p>"此备案已注销，备案号不再有效，本凭证仅供存档。"</p></div>
        })}
        <article class="receipt certificate" aria-labelledby="certificate-name">
            <p class="soft">{platform_name()}" · 联网备案凭证"</p>
            <h2 id="certificate-name">{row.name}</h2>
            <div class="certificate-main">
                <img src="/badge.svg" alt="" width="64" height="70"/>
                <dl>
                    <dt>"公安备案号"</dt>
                    <dd class="certificate-number figures">{number.clone()}</dd>
                </dl>
            </div>
            <dl class="facts">
                {fact("业务类型", business.noun().to_owned())}
                {fact("开办主体", holder)}
                {fact("主域名", row.domain.unwrap_or_default())}
                {fact("备案公安机关所在地", row.jurisdiction)}
                {fact("联网备案时间", registered_on)}
            </dl>
            <p class="hint">"任何人可扫码或访问公示地址核对本备案是否有效，内容以平台记录为准。"</p>
            <div class="certificate-foot">
                <Qr qr/>
                <p><b class="figures">{number}</b><span class="figures">{address}</span></p>
            </div>
        </article>
        <p class="hint no-print">"可用浏览器的打印功能打印，或存为 PDF；共一页。"</p>
    }
    .into_any()
}
