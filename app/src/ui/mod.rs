//! The pieces pages are made of. Each draws what it is given; none asks the server.

pub mod dialog;
pub mod drop_down;
pub mod form;
pub mod kept;
pub mod layout;
pub mod plain;
pub mod progress;
pub mod region;
pub mod sheet;
pub mod table;
pub mod talk;
pub mod who_am_i;

use domain::filing::FilingState;
use domain::record::RecordState;
use domain::route;
use domain::view::{FilingRow, Offer, Refused};
use leptos::prelude::*;

use crate::api::{Answer, ApiError};
use crate::ui::talk::WaitingTag;

/// An icon of the stylesheet, for the eye only.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    view! { <span class=format!("icon icon-{name}") aria-hidden="true"></span> }
}

/// What the stylesheet calls a state's icon and colour.
pub fn look_of(state: FilingState) -> &'static str {
    match state {
        FilingState::Pending => "pending",
        FilingState::InReview => "reviewing",
        FilingState::Approved => "approved",
        FilingState::Returned => "returned",
        FilingState::Rejected => "rejected",
        FilingState::Withdrawn => "withdrawn",
        FilingState::Terminated => "terminated",
    }
}

/// 审核状态 as icon, word and colour.
#[component]
pub fn FilingBadge(state: FilingState) -> impl IntoView {
    view! { <span class="badge" data-state=look_of(state)>{state.label()}</span> }
}

/// The state of a filing as its applicant's lists show it: a 新增主体 that no business accompanies is 待审核, and
/// nobody will review it (R15).
#[component]
pub fn StateOfFiling(row: FilingRow) -> impl IntoView {
    view! {
        <span class="states">
            {row.waits_for_business.then(|| view! { <span class="badge" data-tone="warning">"待填报业务"</span> })}
            <WaitingTag waits=row.waits_for_answer/>
            <FilingBadge state=row.state/>
        </span>
    }
}

/// The state beside a title: 我的主体(有效) to readers and in print, a badge to the eye (R52).
#[component]
pub fn StateBeside(state: RecordState) -> impl IntoView {
    view! {
        <span class="state-beside">
            <span class="visually-hidden">"("</span><RecordBadge state/><span class="visually-hidden">")"</span>
        </span>
    }
}

/// The name of a title with a state beside it.
pub fn with_state(title: &str, state: Option<RecordState>) -> Option<String> {
    state.map(|state| format!("{title} ({})", state.label()))
}

/// A record's state as icon, word and colour.
#[component]
pub fn RecordBadge(state: RecordState) -> impl IntoView {
    let look = match state {
        RecordState::Pending => "pending",
        RecordState::Active => "valid",
        RecordState::Changing => "changing",
        RecordState::Cancelling => "cancelling",
        RecordState::Transferring => "transferring",
        RecordState::Cancelled | RecordState::Void => "cancelled",
    };
    view! { <span class="badge" data-state=look>{state.label()}</span> }
}

/// Waits for an answer of the server and shows it, or what went wrong. The `Suspend` stands there itself: of a closure that
/// makes one, `Suspense` would draw all again each time it looks whether something is still waited for. What `children`
/// need is asked for in the resource and handed to them.
#[component]
pub fn Load<T, V>(
    resource: Resource<Answer<T>>,
    /// The page has its title already.
    #[prop(optional)]
    titled: bool,
    children: fn(T) -> V,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <Suspense fallback=Waiting>
            {Suspend::new(async move {
                answered(resource.await, titled, children)
            })}
        </Suspense>
    }
    .into_any()
}

/// An answer of the server, or what went wrong.
pub fn answered<T, V: IntoView + 'static>(
    answer: Answer<T>,
    titled: bool,
    draw: impl FnOnce(T) -> V,
) -> AnyView {
    match answer {
        Ok(answer) => draw(answer).into_any(),
        Err(error) => view! { <Problem error titled/> }.into_any(),
    }
}

/// Something is on its way.
#[component]
pub fn Waiting() -> impl IntoView {
    view! {
        <div class="waiting" role="status">
            <span class="visually-hidden">"正在载入…"</span>
            <span class="skeleton"></span>
            <span class="skeleton"></span>
            <span class="skeleton"></span>
        </div>
    }
    .into_any()
}

/// What happened and how to go on; an address that leads nowhere is answered 404.
#[component]
pub fn Problem(
    error: ApiError,
    /// The page has its title already: a page has one first heading.
    #[prop(optional)]
    titled: bool,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        match error {
            ApiError::NotFound => response.set_status(axum::http::StatusCode::NOT_FOUND),
            ApiError::SignIn => response.set_status(axum::http::StatusCode::UNAUTHORIZED),
            _ => {}
        }
    }
    let code = match &error {
        ApiError::NotFound => "404",
        ApiError::Forbidden => "403",
        ApiError::SignIn => "401",
        ApiError::TooMany(_) => "429",
        ApiError::Broken { .. } => "500",
        ApiError::Refused(_) | ApiError::Faults(_) | ApiError::Stale | ApiError::Unreachable => "",
    };
    let link = match &error {
        ApiError::Refused(Refused { link: Some(link), .. }) => Some(link.clone()),
        _ => None,
    };
    let is_sign_in = error == ApiError::SignIn;
    // Who was never here is not told that something of theirs has ended.
    let sentence = match is_sign_in && who_am_i::is_stranger() {
        true => "请先登录".to_owned(),
        false => error.sentence(),
    };
    let title = (!titled).then(|| view! { <WindowTitle title=sentence.clone()/> });
    view! {
        {title}
        <section class="error-page">
            {(!code.is_empty()).then(|| view! { <p class="error-code" aria-hidden="true">{code}</p> })}
            {match titled {
                true => view! { <h2>{sentence}</h2> }.into_any(),
                false => view! { <h1>{sentence}</h1> }.into_any(),
            }}
            {is_sign_in.then(|| view! { <p>"登录后会回到本页。"</p> })}
            <div class="actions">
                {is_sign_in.then(|| view! { <a class="button button-primary" href=who_am_i::sign_in_here() rel="external">"用户登录"</a> })}
                {link.map(|link| view! { <a class="button button-primary" href=link.clone()>{route::see(&link)}</a> })}
                <a class="button" href=route::HOME>"返回首页"</a>
            </div>
        </section>
    }
    .into_any()
}

/// The name of the window. leptos_meta puts it into the page as it is, so that a `</title>` in the name
/// of a website would end it; pages are drawn on the server alone, so it is escaped here.
#[component]
pub fn WindowTitle(
    /// Of the page; the front door has none.
    #[prop(into)]
    title: String,
) -> impl IntoView {
    let name = platform_name();
    let whole = if title.is_empty() { name } else { format!("{title} · {name}") };
    view! { <leptos_meta::Title text=form::escape(&whole)/> }
}

/// Where the script of the officers' desk is; the server provides it.
#[derive(Debug, Clone)]
pub struct DeskScriptAt(pub String);

/// The script of the officers' desk, which no other page loads.
#[component]
pub fn DeskScript() -> impl IntoView {
    #[cfg(feature = "ssr")]
    let nonce = leptos::nonce::use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    #[cfg(not(feature = "ssr"))]
    let nonce = String::new();
    let src = use_context::<DeskScriptAt>().filter(|DeskScriptAt(at)| !at.is_empty());
    let src = src.map(|DeskScriptAt(at)| format!("/{at}"));
    src.map(|src| view! { <script type="module" nonce=nonce src=src></script> })
}

/// What the operator calls the platform; the server provides it.
#[derive(Debug, Clone)]
pub struct PlatformName(pub String);

pub fn platform_name() -> String {
    use_context::<PlatformName>().map_or_else(|| "联网备案服务平台".to_owned(), |PlatformName(name)| name)
}

/// The head of a page: where one is, its title, its one primary action.
#[component]
pub fn PageHead(
    /// The groups above this page: (name, address).
    #[prop(optional)]
    above: Vec<(&'static str, &'static str)>,
    #[prop(into)] title: String,
    /// What the title is called together with its state: 我的主体 (有效).
    #[prop(optional_no_strip)]
    whole: Option<String>,
    /// Beside the title: a badge.
    #[prop(optional, into)]
    beside: ViewFn,
    /// At the right: the primary action.
    #[prop(optional, into)]
    actions: ViewFn,
    #[prop(optional, into)] lead: String,
) -> impl IntoView {
    let name = title.clone();
    let above = if above.is_empty() { vec![("首页", route::HOME)] } else { above };
    view! {
        <WindowTitle title=title.clone()/>
        <nav class="breadcrumb" aria-label="当前位置">
            <ol>
                {above
                    .into_iter()
                    .map(|(name, href)| {
                        let link = if href.is_empty() {
                            view! { <span>{name}</span> }.into_any()
                        } else {
                            view! { <a href=href>{name}</a> }.into_any()
                        };
                        view! { <li>{link}</li> <li class="breadcrumb-mark" aria-hidden="true">" > "</li> }
                    })
                    .collect_view()}
                <li aria-current="page">{name}</li>
            </ol>
        </nav>
        <div class="page-head">
            <h1 aria-label=whole>{title}" "{beside.run()}</h1>
            <div class="page-actions">{actions.run()}</div>
            {(!lead.is_empty()).then(|| view! { <p class="page-lead">{lead}</p> })}
        </div>
    }
    .into_any()
}

/// Links to what one can begin, or why not (R79): what keeps several of them is said once, at the last.
#[component]
pub fn OfferLinks(
    offers: Vec<Offer>,
    #[prop(default = "")] class: &'static str,
    /// What they are about, for readers: the record's name.
    #[prop(optional, into)]
    about: String,
) -> impl IntoView {
    let refusals: Vec<_> = offers.iter().map(|offer| offer.refused.clone()).collect();
    let said = offers.into_iter().enumerate().map(|(at, offer)| {
        let says_why = refusals.get(at + 1) != Some(&offer.refused);
        view! { <OfferLink offer class says_why about=about.clone()/> }
    });
    said.collect_view()
}

/// A link to something one can begin, or the reason why not (R79).
#[component]
pub fn OfferLink(
    offer: Offer,
    #[prop(default = "")] class: &'static str,
    /// What it is about, for readers: the record's name.
    #[prop(optional, into)]
    about: String,
    #[prop(default = true)] says_why: bool,
) -> impl IntoView {
    let Offer { label, href, refused } = offer;
    let about = (!about.is_empty()).then_some(about);
    match refused {
        None => view! { <a class=class href=href aria-description=about>{label}</a> }.into_any(),
        Some(Refused { sentence, link }) => view! {
            <span class="unavailable">
                <span class=class aria-disabled="true">{label}</span>
                {says_why.then(|| view! {
                    <span class="why">{sentence}{link.map(|href| view! { <See href/> })}</span>
                })}
            </span>
        }
        .into_any(),
    }
}

/// The way from a refusal to what it speaks of. It leaves the page for good: what is typed here belongs to this page
/// and must not turn up at another one.
#[component]
pub fn See(href: String) -> impl IntoView {
    let words = route::see(&href);
    view! { "，" <a href=href rel="external">{words}</a> }
}

/// Says that there is nothing, and what to do next.
#[component]
pub fn Empty(
    #[prop(into)] sentence: String,
    #[prop(optional, into)] action: Option<(&'static str, &'static str)>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p>{sentence}</p>
            {action.map(|(label, href)| view! { <a class="button button-primary" href=href>{label}</a> })}
        </div>
    }
    .into_any()
}

/// A button that posts to the server and comes back, with and without wasm.
#[component]
pub fn PostButton(
    #[prop(into)] action: String,
    #[prop(into)] label: String,
    #[prop(default = "button")] class: &'static str,
    /// Hidden fields: (name, value).
    #[prop(optional)]
    fields: Vec<(&'static str, String)>,
    #[prop(optional, into)] about: String,
    /// The access key.
    #[prop(optional)]
    key: &'static str,
) -> impl IntoView {
    let about = (!about.is_empty()).then_some(about);
    view! {
        <form method="post" action=action class="inline">
            {fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
            <button class=class accesskey=(!key.is_empty()).then_some(key) aria-description=about>{label}</button>
        </form>
    }
    .into_any()
}
