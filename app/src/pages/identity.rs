//! 注销主体, 注销网站 … (R22, R23, R36): why not, what ends with it, and the identity check; handing a
//! subject over and receiving one stand beside (R24, R25).

mod check;
mod receive;
mod transfer;

use domain::action::Action;
use domain::business::Business;
use domain::procedure::Procedure;
use domain::route;
use domain::view::{CancelView, IdentityPurpose, Refused};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

pub use self::receive::{HandoverPage, Receive};
pub use self::transfer::Transfer;

use self::check::IdentityForm;
use crate::api::{self, ApiError};
use crate::pages::records::Choose;
use crate::ui::dialog::Dialog;
use crate::ui::who_am_i::who_am_i;
use crate::ui::{Load, PageHead, Problem, See, StateBeside, with_state};

/// The record the address names and whether it asks for what was typed last.
fn asked() -> impl Fn() -> (Option<String>, bool) + Copy {
    let query = use_query_map();
    move || {
        query.with(|query| {
            (query.get("record").filter(|record| !record.is_empty()), query.get("check").is_some())
        })
    }
}

/// 注销主体
#[component]
pub fn CancelSubject() -> impl IntoView {
    let view = Resource::new(asked(), |(record, check)| api::cancel_view(Business::Subject, record, check));
    view! { <Load resource=view children={|view: CancelView| view! { <Subject view/> }}/> }
}

#[component]
fn Subject(view: CancelView) -> impl IntoView {
    let CancelView { procedure, record, refused, attached, open_filings, identity } = view;
    let state = record.as_ref().map(|record| record.state);
    let content = match (record, refused) {
        (_, Some(refused)) => view! { <Unavailable verb="注销" refused/> }.into_any(),
        (None, None) => view! { <Problem error=ApiError::NotFound titled=true/> }.into_any(),
        (Some(record), None) => view! {
            <Ends name=record.name attached open_filings/>
            <IdentityForm
                purpose=IdentityPurpose::Cancel
                business=Business::Subject
                record=record.id
                identity
                back=None
            />
        }
        .into_any(),
    };
    view! {
        <PageHead
            above=vec![(Business::Subject.definition().menu, route::SERVICES)]
            title=procedure.label()
            whole=with_state(procedure.label(), state)
            beside=move || state.map(|state| view! { <StateBeside state/> })
        />
        {content}
    }
    .into_any()
}

/// Why it cannot be done now, and what to do (R79).
#[component]
fn Unavailable(verb: &'static str, refused: Refused) -> impl IntoView {
    view! {
        <p class="unavailable">
            <button class="button" type="button" aria-disabled="true" aria-describedby="why-not">{verb}</button>
            <span class="why" id="why-not">
                {refused.sentence}
                {refused.link.map(|href| view! { <See href/> })}
            </span>
        </p>
    }
    .into_any()
}

/// 2 个 … of every business that goes along.
fn counted(attached: &[(Business, u64)]) -> Vec<String> {
    attached
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(business, count)| format!("{}：{count} 项", business.noun()))
        .collect()
}

/// What ends with the subject (R23).
#[component]
fn Ends(name: String, attached: Vec<(Business, u64)>, open_filings: u64) -> impl IntoView {
    let mut lines = counted(&attached);
    if open_filings > 0 {
        lines.push(format!("尚未办结的申请单：{open_filings} 项，将转为“已终止”"));
    }
    let lead = match lines.is_empty() {
        true => format!("即将注销主体“{name}”。该主体没有关联的业务。"),
        false => format!("即将注销主体“{name}”。审核通过后，以下内容将一并注销："),
    };
    view! {
        <aside class="notice" data-tone="warning" aria-labelledby="what-ends">
            <h2 id="what-ends">"注销的影响"</h2>
            <p>{lead}</p>
            {(!lines.is_empty()).then(|| view! {
                <ul>{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
            })}
        </aside>
    }
    .into_any()
}

/// 注销网站 …: the list, and over it the identity check of the chosen one (R36).
#[component]
pub fn Cancel() -> impl IntoView {
    let params = use_params_map();
    let business = Memo::new(move |_| {
        let business = Business::from_code(&params.with(|params| params.get("business"))?)?;
        // The subject has a page of its own; an assessment is not cancelled.
        let is_in_a_list = !business.is_subject() && business.actions().any(|has| has == Action::Cancel);
        is_in_a_list.then_some(business)
    });
    move || match business.get() {
        Some(business) => view! {
            <Choose procedure=Procedure::new(business, Action::Cancel)/>
            <OverList business/>
        }
        .into_any(),
        // Nothing of this kind is cancelled.
        None => view! { <Problem error=ApiError::NotFound/> }.into_any(),
    }
}

#[component]
fn OverList(business: Business) -> impl IntoView {
    let asked = asked();
    let told = who_am_i().and_then(|me| me.flash);
    let view = Resource::new(asked, move |(record, check)| async move {
        match record {
            Some(record) => api::cancel_view(business, Some(record), check).await.map(Some),
            None => Ok(None),
        }
    });
    view! {
        <Transition fallback=|| ()>
            {
                // Under the dialog nobody sees what the frame says, so it is said here again.
                let said = told.filter(|_| untrack(asked).1);
                Suspend::new(async move {
                    match view.await {
                        Ok(None) => ().into_any(),
                        Ok(Some(view)) => view! { <CancelDialog view said/> }.into_any(),
                        Err(error) => view! { <Failed business error/> }.into_any(),
                    }
                })
            }
        </Transition>
    }
    .into_any()
}

#[component]
fn CancelDialog(view: CancelView, said: Option<String>) -> impl IntoView {
    let CancelView { procedure, record, refused, identity, .. } = view;
    let business = procedure.business;
    let list = route::begin(Procedure::new(business, Action::Cancel));
    let content = match (record, refused) {
        (Some(record), None) => view! {
            <div class="dialog-body">
                <p>{format!("{}：{}", procedure.label(), record.name)}</p>
                {said.map(|said| view! { <p class="flash" role="status">{said}</p> })}
                <IdentityForm
                    purpose=IdentityPurpose::Cancel
                    business
                    record=record.id
                    identity
                    back=Some(list)
                />
            </div>
        }
        .into_any(),
        (record, refused) => view! {
            <div class="dialog-body">
                {record.map(|record| view! { <p>{format!("{}：{}", procedure.label(), record.name)}</p> })}
                {refused.map(|refused| view! { <Unavailable verb="确认" refused/> })}
            </div>
            <div class="actions"><a class="button" href=list>"取消"</a></div>
        }
        .into_any(),
    };
    view! { <Dialog title="身份验证" wide=true>{content}</Dialog> }
}

#[component]
fn Failed(business: Business, error: ApiError) -> impl IntoView {
    let list = route::begin(Procedure::new(business, Action::Cancel));
    view! {
        <Dialog title="暂不能注销">
            <div class="dialog-body"><p>{error.sentence()}</p></div>
            <div class="actions"><a class="button" href=list>"返回"</a></div>
        </Dialog>
    }
    .into_any()
}
