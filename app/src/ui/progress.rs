//! 我的备案进度: the five steps of a case, where it stands, and the one next act. Drawn by the server alone.

use domain::progress::{Act, Milestone, MilestoneState, NextAct, Progress};
use leptos::prelude::*;

use crate::ui::PostButton;

/// The card on top of the home page and of every receipt.
#[component]
pub fn ProgressCard(progress: Progress) -> impl IntoView {
    let Progress { milestones, present, title, sentence, facts, next, also, is_urgent } = progress;
    view! {
        <section class="casepath" aria-labelledby="progress-title" data-tone=is_urgent.then_some("warning")>
            <h2 id="progress-title" class="casepath-name">"我的备案进度"</h2>
            <ol class="steps" aria-label="备案步骤">
                {milestones
                    .into_iter()
                    .enumerate()
                    .map(|(number, (step, state))| view! { <Step number step state is_present=step == present/> })
                    .collect_view()}
            </ol>
            <div class="casepath-now">
                <div>
                    <p class="casepath-title">{title}</p>
                    <p class="soft">{sentence}</p>
                    {(!facts.is_empty()).then(|| view! {
                        <ul class="casepath-facts">{facts.into_iter().map(|fact| view! { <li>{fact}</li> }).collect_view()}</ul>
                    })}
                </div>
                <ActButton next class="button button-primary"/>
            </div>
            {(!also.is_empty()).then(|| view! {
                <div class="casepath-also no-print">
                    <span class="soft">"还可以"</span>
                    {also.into_iter().map(|next| view! { <ActButton next class="link"/> }).collect_view()}
                </div>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn Step(number: usize, step: Milestone, state: MilestoneState, is_present: bool) -> impl IntoView {
    let look = match (state, is_present) {
        (MilestoneState::Attention, _) => "faulty",
        (_, true) => "current",
        (MilestoneState::Done, false) => "done",
        (MilestoneState::UnderWay | MilestoneState::Todo, false) => "todo",
    };
    let word = match (state, is_present) {
        (MilestoneState::Attention | MilestoneState::Done, _) => state.label(),
        (_, true) => "现在",
        (MilestoneState::UnderWay | MilestoneState::Todo, false) => state.label(),
    };
    view! {
        <li data-state=look aria-current=is_present.then_some("step")>
            <span>
                <b class="step-number">{number + 1}</b>
                <span class="step-name">{step.label()}</span>
                <span class="step-state">{word}</span>
            </span>
        </li>
    }
}

/// A next act as a link or, where it makes something, as a button that posts.
#[component]
pub fn ActButton(next: NextAct, class: &'static str) -> impl IntoView {
    let NextAct { label, about, act } = next;
    match act {
        Act::Open(href) => {
            let about = (!about.is_empty()).then_some(about);
            view! { <a class=class href=href aria-description=about rel="external">{label}</a> }.into_any()
        }
        Act::Redraft { filing, along } => {
            let mut fields = vec![("filing", filing)];
            fields.extend(along.then(|| ("along", "yes".to_owned())));
            view! { <PostButton action="/act/redraft" label class fields about/> }.into_any()
        }
    }
}
