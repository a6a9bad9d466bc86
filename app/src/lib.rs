//! The app: one code base for the browser and the server. `App` holds the routes; pages fetch by
//! `api` and hand what they get to `ui`.

#![recursion_limit = "256"]

pub mod api;
pub mod pages;
pub mod ui;

use domain::route;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Outlet, ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};
use serde::{Deserialize, Serialize};

use crate::api::ApiError;
use crate::ui::Problem;
use crate::ui::layout::Frame;
pub use crate::ui::who_am_i::{Elder, WhoAmI};
use crate::ui::who_am_i::{is_nobody, who_am_i};

/// What the build made for the browser, as its manifest tells it; read once by the server.
#[derive(Debug, Clone, Deserialize)]
pub struct Bundle {
    pub css: String,
    /// What seals typed text in the browser.
    pub kept: String,
    /// What moves on the officers' desk.
    #[serde(default)]
    pub desk: String,
    /// The code of the islands. A page loads the first part that has all of its islands, and none if it has none.
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    pub js: String,
    pub wasm: String,
    /// Their names in the page and in the script.
    pub islands: Vec<String>,
}

/// Loads what the islands of the page need; then each takes over what the server drew. `islands` is theirs by name, for
/// `frontend/js/visit.js`. A page that is left meanwhile loses its requests, which is no error: its timers do not run
/// any more.
#[cfg(feature = "ssr")]
const START: &str = "\
async function start(){
const found=[...document.querySelectorAll('leptos-island')];
if(found.length){
const part=parts.find(part=>found.every(island=>part.islands.includes(island.dataset.component)));
if(!part)throw Error('no part has all islands of this page');
const [code,wasm]=await Promise.all([import('/'+part.js),fetch('/'+part.wasm)]);
await code.default({module_or_path:wasm});
code.hydrate();
for(const island of found)await code[island.dataset.component](island);
globalThis.islands=code;
}
document.body.setAttribute('data-hydrated','');
}
start().catch(error=>setTimeout(()=>{throw error},500));";

/// The document around the app. Server only in practice; it takes its nonce from the request.
#[cfg(feature = "ssr")]
pub fn shell(bundle: &Bundle, elder: bool) -> impl IntoView + use<> {
    // Only islands hydrate, so what pages fetched while they were drawn is not sent along with them.
    if let Some(drawing) = Owner::current_shared_context() {
        drawing.set_is_hydrating(false);
    }
    let nonce = leptos::nonce::use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    let css = format!("/{}", bundle.css);
    let kept = format!("/{}", bundle.kept);
    let parts = serde_json::to_string(&bundle.parts).unwrap_or_else(|_| "[]".to_owned());
    let start = format!("const parts={parts};\n{START}");
    view! {
        <!DOCTYPE html>
        <html lang="zh-CN" data-elder=elder.then_some("")>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                // `js` hides what only pages without scripts need.
                <script nonce=nonce.clone()>"document.documentElement.classList.add('js')"</script>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=css/>
                <script type="module" nonce=nonce.clone() src=kept></script>
                <script type="module" nonce=nonce inner_html=start></script>
                <leptos_meta::MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The addresses stand in `domain::route` and, as `path!` asks for literals, here once more; a test compares the two.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <Routes fallback=|| view! { <pages::Missing/> }>
                <ParentRoute path=path!("") view=Framed ssr=SsrMode::Async>
                    <Route path=path!("") view=pages::home::Home ssr=SsrMode::Async/>
                    <Route path=path!("signed-in") view=pages::SignedIn ssr=SsrMode::Async/>
                    <Route path=path!("services") view=pages::home::Services ssr=SsrMode::Async/>
                    <Route path=path!("lookup") view=pages::lookup::Lookup ssr=SsrMode::Async/>
                    <Route path=path!("r/:digits") view=pages::lookup::PublicRecordPage ssr=SsrMode::Async/>
                    <Route path=path!("r/:digits/report") view=pages::misuse::ReportPage ssr=SsrMode::Async/>
                    <Route path=path!("guide") view=pages::guide::GuidePage ssr=SsrMode::Async/>
                    <Route path=path!("notices") view=pages::notices::Notices ssr=SsrMode::Async/>
                    <Route path=path!("notices/settings") view=pages::notice_settings::Settings ssr=SsrMode::Async/>
                    <Route path=path!("sessions") view=pages::sessions::Sessions ssr=SsrMode::Async/>
                    <Route path=path!("staff") view=pages::staff::Staff ssr=SsrMode::Async/>
                    <Route path=path!("staff/appointments/:id") view=pages::appointment::AppointmentPage ssr=SsrMode::Async/>
                    <Route path=path!("staff/people/:id") view=pages::account::Account ssr=SsrMode::Async/>
                    <Route path=path!("upkeep/providers") view=pages::upkeep::Providers ssr=SsrMode::Async/>
                    <Route path=path!("upkeep/reasons") view=pages::upkeep::Reasons ssr=SsrMode::Async/>
                    <Route path=path!("upkeep/holidays") view=pages::upkeep::Holidays ssr=SsrMode::Async/>
                    <Route path=path!("upkeep/platform") view=pages::platform::Platform ssr=SsrMode::Async/>
                    <Route path=path!("review") view=pages::review::ReviewDashboard ssr=SsrMode::Async/>
                    <Route path=path!("review/reports") view=pages::review::MisuseReports ssr=SsrMode::Async/>
                    <Route path=path!("review/patrol") view=pages::review::PatrolFindings ssr=SsrMode::Async/>
                    <Route path=path!("review/second-looks") view=pages::review::SecondLooks ssr=SsrMode::Async/>
                    <Route path=path!("review/second-looks/results") view=pages::review::SecondLookReport ssr=SsrMode::Async/>
                    <Route path=path!("review/second-looks/:id") view=pages::review::SecondLook ssr=SsrMode::Async/>
                    <Route path=path!("review/queue") view=pages::review::ReviewQueue ssr=SsrMode::Async/>
                    <Route path=path!("review/batch") view=pages::review::BatchPlanPage ssr=SsrMode::Async/>
                    <Route path=path!("review/batch/:id") view=pages::review::BatchReportPage ssr=SsrMode::Async/>
                    <Route path=path!("review/peek/:id") view=pages::review::PeekPage ssr=SsrMode::Async/>
                    <Route path=path!("review/load") view=pages::review::OfficerLoads ssr=SsrMode::Async/>
                    <Route path=path!("review/return-reasons") view=pages::review::ReturnReasonsPage ssr=SsrMode::Async/>
                    <Route path=path!("review/claims") view=pages::review::ReviewClaims ssr=SsrMode::Async/>
                    <Route path=path!("review/claims/:id") view=pages::review::HeldFilingPage ssr=SsrMode::Async/>
                    <Route path=path!("review/filings/:id") view=pages::review::ReviewFiling ssr=SsrMode::Async/>
                    <Route path=path!("review/filings/:id/history") view=pages::review::ReviewHistory ssr=SsrMode::Async/>
                    <Route path=path!("audit") view=pages::audit::Audit ssr=SsrMode::Async/>
                    <Route path=path!("mine/looks") view=pages::audit::Looks ssr=SsrMode::Async/>
                    <Route path=path!("mine/drafts") view=pages::mine::Drafts ssr=SsrMode::Async/>
                    <Route path=path!("mine/filings") view=pages::mine::Filings ssr=SsrMode::Async/>
                    <Route path=path!("mine/filings/:id") view=pages::mine::FilingPage ssr=SsrMode::Async/>
                    <Route path=path!("mine/subject") view=pages::records::MySubject ssr=SsrMode::Async/>
                    <Route path=path!("mine/:business") view=pages::records::Records ssr=SsrMode::Async/>
                    <Route path=path!("mine/assessment/:id/result") view=pages::records::ResultPage ssr=SsrMode::Async/>
                    <Route path=path!("mine/:business/:id/certificate") view=pages::certificate::CertificatePage ssr=SsrMode::Async/>
                    <Route path=path!("mine/:business/:id") view=pages::records::RecordPage ssr=SsrMode::Async/>
                    <Route path=path!("receipt/:id") view=pages::mine::Receipt ssr=SsrMode::Async/>
                    <Route path=path!("subject/cancel") view=pages::identity::CancelSubject ssr=SsrMode::Async/>
                    <Route path=path!("subject/transfer") view=pages::identity::Transfer ssr=SsrMode::Async/>
                    <Route path=path!("subject/receive") view=pages::identity::Receive ssr=SsrMode::Async/>
                    <Route path=path!("subject/receive/:id") view=pages::identity::HandoverPage ssr=SsrMode::Async/>
                    <Route path=path!(":business/cancel") view=pages::identity::Cancel ssr=SsrMode::Async/>
                    <Route path=path!(":business/new") view=pages::form::New ssr=SsrMode::Async/>
                    <Route path=path!(":business/new/:step") view=pages::form::New ssr=SsrMode::Async/>
                    <Route path=path!(":business/change") view=pages::form::Change ssr=SsrMode::Async/>
                    <Route path=path!(":business/change/:step") view=pages::form::Change ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
    .into_any()
}

/// The frame with the page in it, or with the way to sign in where the page would show nothing without.
#[component]
fn Framed() -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let asks = is_nobody() && route::is_for_the_signed_in(&path);
    view! {
        <leptos_meta::Meta name="description" content=route::description(&path)/>
        <Frame me=who_am_i()>
            {match asks {
                true => view! { <Problem error=ApiError::SignIn/> }.into_any(),
                false => view! { <Outlet/> }.into_any(),
            }}
        </Frame>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::action::Action;
    use domain::business::Business;
    use domain::procedure::Procedure;
    use domain::route;

    /// What `path!` is given above.
    fn declared() -> Vec<&'static str> {
        let source = include_str!("lib.rs").lines().filter(|line| line.trim_start().starts_with("<Route "));
        source.filter_map(|line| line.split("path!(\"").nth(1)?.split('"').next()).collect()
    }

    fn answers(declared: &str, address: &str) -> bool {
        let path = address.trim_start_matches('/').split('?').next().unwrap_or_default();
        let mut segments = path.split('/');
        declared
            .split('/')
            .all(|part| segments.next().is_some_and(|got| part.starts_with(':') || part == got))
            && segments.next().is_none()
    }

    #[test]
    fn every_address_of_a_page_has_its_page_and_every_page_its_address() {
        let mut addresses: Vec<String> = [
            route::HOME,
            route::SERVICES,
            route::LOOKUP,
            route::GUIDE,
            route::REPORTS,
            route::PATROL,
            route::SECOND_LOOKS,
            route::SECOND_LOOK_RESULTS,
            route::NOTICES,
            route::NOTICE_SETTINGS,
            route::SIGNED_IN,
            route::SESSIONS,
            route::LOOKS,
            route::DRAFTS,
            route::FILINGS,
            route::SUBJECT,
            route::ASSESSMENTS,
            route::NEW_SUBJECT,
            route::TRANSFER,
            route::RECEIVE,
            route::REVIEW,
            route::QUEUE,
            route::CLAIMS,
            route::LOAD,
            route::RETURN_REASONS,
            route::BATCH,
            route::STAFF,
            route::AUDIT,
            route::PROVIDERS,
            route::REASONS,
            route::HOLIDAYS,
            route::PLATFORM,
        ]
        .map(str::to_owned)
        .into();
        addresses.extend([
            route::public_record("1"),
            route::report_misuse("1"),
            route::misuse_reported("1"),
            route::claim("1"),
            route::appointment("1"),
            route::certificate(Business::Website, "1"),
            route::filing("1"),
            route::submitted("1"),
            route::receipt("1"),
            route::verification_result(Business::Assessment, "1"),
            route::transfer("1"),
            route::handover("1"),
            route::review_filing("1"),
            route::second_look("1"),
            route::batch("1"),
            route::peek("1"),
            route::filing_history("1"),
            route::account("1"),
        ]);
        for business in Business::ALL {
            addresses.extend([route::records(business), route::record(business, "1")]);
            addresses.extend([route::change(business, "1"), route::cancel(business, "1")]);
        }
        for procedure in Procedure::all() {
            addresses.push(route::begin(procedure));
            addresses.push(route::begin_with(procedure, "1"));
            if procedure.action != Action::Cancel {
                addresses.push(route::form_step(procedure, "form"));
                addresses.push(route::draft_step(procedure, "form", "1"));
            }
        }
        let declared = declared();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for address in &addresses {
            let pages = declared.iter().filter(|page| answers(page, address));
            // The router takes the most particular one.
            let page = pages.min_by_key(|page| page.matches(':').count());
            assert!(page.is_some(), "no page has the address {address}");
            named.extend(page);
        }
        let unnamed: Vec<_> = declared.iter().filter(|page| !named.contains(*page)).collect();
        assert!(!declared.is_empty() && unnamed.is_empty(), "no address leads to {unnamed:?}");
    }
}
