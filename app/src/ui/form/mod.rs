//! The one interpreter that draws a form's description, in the browser and on the server. Native
//! controls and plain posts come first; with wasm the same controls check while one types, save by
//! themselves and change steps without a reload (R73, R76, R77).

mod choices;
mod combobox;
mod control;
mod field;
mod keep;
mod reactive;
mod region;
mod save;
mod state;
mod upload;

use std::sync::Mutex;

use domain::answer::Answers;
use domain::business::blocks::{ALL_NO, REUSE_CONSENT};
use domain::business::subject::{STATEMENT, STATEMENT_NOTE};
use domain::check::{IS_ME, SAME_AS_PRINCIPAL};
use domain::help::topic_of;
use domain::route;
use domain::schema::{Body, Field, Form, Kind, Notice, Place, SameAs, Section, Step};
use domain::view::{FormView, Refused, StepView};
use leptos::html;
use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;

pub use control::escape;
use control::{SMALL, small_button, tick, tick_box};
use reactive::reactive;
pub use state::FormState;
pub use upload::{FileChoice, file_address, file_name, readable_size};

/// Where the form of a step is posted without wasm.
fn post_path(view: &StepView) -> String {
    route::form_post(view.procedure, &view.step)
}

/// The path of a step of the same procedure.
pub fn step_path(view: &FormView, step: &str) -> String {
    route::form_step(view.procedure, step)
}

/// The address of another step of the same draft.
pub fn step_href(view: &FormView, step: &str, draft: Option<&str>) -> String {
    let path = step_path(view, step);
    match (draft, &view.record) {
        (Some(draft), _) => format!("{path}?draft={draft}"),
        (None, Some(record)) => format!("{path}?record={record}"),
        (None, None) => path,
    }
}

/// The controls of one step, with everything around them: summary of faults, sections, buttons. The children
/// are texts to read above the buttons, drawn by the server.
#[cfg_attr(any(feature = "ssr", feature = "wizard-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "wizard-islands")), component)]
pub fn StepForm(view: StepView, children: Children) -> impl IntoView {
    let form = view.procedure.business.form();
    let Some(step) = form.step(&view.step) else { return ().into_any() };
    // All that is of this form ends with it, see `FormState::bind`.
    let owner = Owner::new();
    // An island is never taken down by itself; what stands in a closure is, when that gives nothing any more.
    let is_here = RwSignal::new(true);
    if cfg!(feature = "ssr") {
        // The server may ask for a view more than once, and takes none down.
        return drawn(view, form, step, (owner, is_here), children);
    }
    let drawn = owner.with(|| drawn(view, form, step, (owner.clone(), is_here), children));
    let drawn = Mutex::new(Some(OwnedView::new_with_owner(drawn, owner).into_any()));
    reactive(move || drawn.lock().ok().filter(|_| is_here.get())?.take())
}

fn drawn(
    view: StepView,
    form: &'static Form,
    step: &'static Step,
    (owner, is_here): (Owner, RwSignal<bool>),
    children: Children,
) -> AnyView {
    let state = FormState::new(view.clone(), form, step);
    provide_context(state);
    let element = NodeRef::<html::Form>::new();
    state.bind(element, owner, is_here);
    let is_first = form.steps.first().is_some_and(|first| first.key == step.key);
    let is_last = form.steps.last().is_some_and(|last| last.key == step.key);
    // A change shows what differs instead (R19).
    let is_reviewed_first = form.steps.len() == 1 && view.record.is_none();
    let refused = view.refused.clone();
    let sections = step.sections();
    view! {
        <form
            class="form"
            method="post"
            action=post_path(&view)
            enctype="multipart/form-data"
            novalidate
            node_ref=element
            on:input=move |event| state.typed(&event)
            on:change=move |event| state.left(&event)
            on:submit=move |event| state.submitted(&event)
        >
            // What Enter presses: the first button of a form, which must not add, drop or fill anything.
            <button class="visually-hidden" tabindex="-1" aria-hidden="true"></button>
            <input type="hidden" name="draft" value=Signal::derive(move || state.draft_id())/>
            <input type="hidden" name="version" value=Signal::derive(move || state.version_text())/>
            <input type="hidden" name="record" value=view.record.clone().unwrap_or_default()/>
            {view.declined.map(|version| view! { <input type="hidden" name="declined" value=version/> })}
            <input type="hidden" name="subject" value=view.subject.clone().unwrap_or_default()/>
            <input type="hidden" name="key" value=view.key.clone()/>
            <FaultSummary/>
            <save::Banners/>
            <Sections sections/>
            {children()}
            <div class="actions actions-sticky">
                {(!is_first).then(|| plain_button("previous", "上一步"))}
                {match (is_last, form.steps.len()) {
                    (true, 1) => main_button(state, "submit", "提交审核", refused),
                    (true, _) => main_button(state, "submit", "提交", refused),
                    (false, _) => main_button(state, "next", "下一步", None),
                }}
                {is_reviewed_first.then(|| plain_button("review", "核对后提交"))}
                {(!matches!(step.body, Body::Subject)).then(|| plain_button("save", "保存草稿"))}
                <save::SaveState/>
            </div>
        </form>
    }
    .into_any()
}

/// 特别声明 (R14, R15)
#[component]
pub fn Statement() -> impl IntoView {
    view! {
        <aside class="notice" data-tone="info" aria-labelledby="statement">
            <h2 id="statement">"特别声明"</h2>
            <ol>{STATEMENT.iter().map(|point| view! { <li>{*point}</li> }).collect_view()}</ol>
            <p>{STATEMENT_NOTE}</p>
        </aside>
    }
    .into_any()
}

fn plain_button(go: &'static str, label: &'static str) -> AnyView {
    small_button(go.to_owned(), "button", "", label.to_owned())
}

/// The button that goes on or files, and why it would be refused (R79).
fn main_button(state: FormState, go: &'static str, label: &'static str, refused: Option<Refused>) -> AnyView {
    let busy = Signal::derive(move || state.is_busy.get().then_some("true"));
    view! {
        <button
            class="button button-primary"
            name="go"
            value=go
            aria-busy=busy
            aria-describedby=refused.is_some().then_some("why-submit")
        >
            {label}
        </button>
        {refused.map(|refused| view! {
            <span class="why" id="why-submit">
                {refused.sentence}
                {refused.link.map(|href| view! { "，" <a href=href>"查看"</a> })}
            </span>
        })}
    }
    .into_any()
}

/// The faults of this step, each a link to its field; takes the focus when it appears.
#[component]
fn FaultSummary() -> impl IntoView {
    let state = expect_context::<FormState>();
    let element = NodeRef::<html::Div>::new();
    state.focus_on_faults(element);
    reactive(move || {
        let faults = state.faults.get();
        let elsewhere = state.faults_elsewhere.get();
        let count = faults.len() + elsewhere.len();
        (count > 0 && state.is_summed_up.get()).then(|| {
            // In the order of the page, not of the alphabet.
            let mut ordered: Vec<(String, String)> = Vec::new();
            state.answers.with_untracked(|answers| {
                for place in state.step.sections().iter().flat_map(|section| section.places(answers)) {
                    if let Some(message) = faults.get(&place.address()) {
                        ordered.push((place.address(), message.clone()));
                    }
                }
            });
            for (at, message) in &faults {
                if !ordered.iter().any(|(known, _)| known == at) {
                    ordered.push((at.clone(), message.clone()));
                }
            }
            let here = ordered.into_iter().map(|(at, message)| {
                let link = state.link_of(&at, &message);
                (format!("#{}", field_id(&at)), at, message, link)
            });
            let elsewhere = elsewhere
                .into_iter()
                .map(|fault| (state.href_of(&fault.at), fault.at, fault.message, fault.link));
            view! {
                <div class="error-summary" role="alert" tabindex="-1" id="errors" node_ref=element>
                    <h2>{format!("有 {count} 处需要修改")}</h2>
                    <ul>
                        {here
                            .chain(elsewhere)
                            .map(|(href, at, message, link)| {
                                let text = state.with_section_name(&at, message);
                                view! { <li><a href=href>{text}</a>{link.map(see_it)}</li> }
                            })
                            .collect_view()}
                    </ul>
                </div>
            }
            .into_any()
        })
    })
}

/// The way to what of one's own a sentence speaks of.
fn see_it(href: String) -> AnyView {
    view! { " "<a href=href>"查看该申请单"</a> }.into_any()
}

#[component]
fn Sections(sections: &'static [Section]) -> impl IntoView {
    let state = expect_context::<FormState>();
    reactive(move || {
        // A copy filled in by the program draws the controls anew; typing never does.
        state.epoch.get();
        // A guide stands at the question it is about.
        let own = sections.iter().filter(|section| section.guides.is_none());
        Some(own.map(|section| view! { <SectionView section/> }).collect_view().into_any())
    })
}

#[component]
fn SectionView(section: &'static Section) -> impl IntoView {
    let state = expect_context::<FormState>();
    let shown = Memo::new(move |_| state.answers.with(|answers| section.is_shown(answers)));
    let count = Memo::new(move |_| state.answers.with(|answers| section.count(answers)));
    reactive(move || {
        shown.get().then(|| {
            let items = if section.repeat.is_some() { count.get() } else { 1 };
            view! {
                <fieldset class="section">
                    <legend>{section.title}</legend>
                    {(!section.intro.is_empty()).then(|| view! { <p class="section-lead">{section.intro}</p> })}
                    {fillings(state, section)}
                    {lead(section).map(|button| view! { <p class="section-lead">{button}</p> })}
                    {section.repeat.map(|_| view! {
                        <input type="hidden" name=section.count_address() value=items.to_string()/>
                    })}
                    {(0..items).map(|item| view! { <Item section item items/> }).collect_view()}
                    {section.repeat.map(|repeat| (items < repeat.max).then(|| view! {
                        <p>{small_button(format!("add:{}", section.key), SMALL, "plus", format!("添加{}", repeat.noun))}</p>
                    }))}
                    {refresh(state, section)}
                </fieldset>
            }
            .into_any()
        })
    })
}

/// The button at the head of a section: opens a directory (R31), or answers 否 to all.
fn lead(section: &'static Section) -> Option<AnyView> {
    if let Some(directory) = section.directory {
        let label = directory.search_label().to_owned();
        return Some(small_button(format!("find:{}", section.key), SMALL, "search", label));
    }
    let has_no = !section.all_no.is_empty();
    has_no.then(|| small_button(format!("no:{}", section.key), SMALL, "", ALL_NO.to_owned()))
}

/// Asks the server what else is to be asked now, where there is no wasm.
fn refresh(state: FormState, section: &'static Section) -> Option<AnyView> {
    section_has_triggers(state.form, section).then(|| {
        let button = small_button("refresh".to_owned(), SMALL, "", "更新表单".to_owned());
        view! { <p class="no-js-only">{button}</p> }.into_any()
    })
}

/// Whether answers of this section decide what else is asked, so that a page without wasm needs a
/// button to ask the server.
fn section_has_triggers(form: &Form, section: &Section) -> bool {
    section.decides(form) || section.fields.iter().any(|field| matches!(field.kind, Kind::Region))
}

#[component]
fn Item(section: &'static Section, item: usize, items: usize) -> impl IntoView {
    let place = move |field: &'static Field| Place { section, item: section.repeat.map(|_| item), field };
    let fields = section.fields.iter().map(|field| {
        let begins = |same: &&SameAs| same.fields.first().is_some_and(|(own, _)| *own == field.key);
        let ticks = section.same_as.iter().filter(begins).map(|same| view! { <SameTick section same/> });
        let at = section.own_address(field.key);
        let guide = expect_context::<FormState>().step.sections().iter();
        let guide = guide.filter(|guide| guide.guides == Some(at.as_str()));
        view! {
            {ticks.collect_view()}
            <FieldView place=place(field)/>
            {guide.map(|guide| view! { <Guide guide/> }).collect_view()}
        }
    });
    let fields = fields.collect_view();
    match section.repeat {
        None => view! { <div class="fields">{fields}</div> }.into_any(),
        Some(repeat) => {
            let name = format!("{} {}", repeat.noun, item + 1);
            let at = format!("{}.{item}", section.key);
            let id = field_id(&at);
            let button = |verb: &'static str, word: &'static str| {
                view! {
                    <button
                        class="button button-small button-quiet"
                        id=format!("{id}--{verb}")
                        name="go"
                        value=format!("{verb}:{at}")
                        aria-label=format!("{word}{name}")
                    >{word}</button>
                }
            };
            view! {
                <div class="item" role="group" id=id.clone() tabindex="-1" aria-labelledby=format!("{id}--name")>
                    <div class="item-head">
                        <b id=format!("{id}--name")>{name.clone()}</b>
                        <div class="cluster">
                            {(item > 0).then(|| button("up", "上移"))}
                            {(item + 1 < items).then(|| button("down", "下移"))}
                            {button("remove", "删除")}
                        </div>
                    </div>
                    <div class="fields">{fields}</div>
                </div>
            }
            .into_any()
        }
    }
}

/// Ticks that fill a block: 【同主体负责人信息】 (R32) with what is stored, 【负责人是我本人】 (R1) with who is signed
/// in; masked both.
fn fillings(state: FormState, section: &'static Section) -> Option<AnyView> {
    let is_me = section.may_be_me && state.knows_me();
    if !is_me && !section.same_as_principal {
        return None;
    }
    let own = move |key: &str| section.own_address(key);
    let (ticks, hint) = if is_me {
        let me = tick(state, own(IS_ME), "负责人是我本人", Box::new(move |is| state.copy_me(section, is)));
        (vec![me], Some("填入您登录时的姓名、证件号码和手机号码"))
    } else {
        let copy = Box::new(move |is| state.copy_principal(section, is));
        let photos = Box::new(move |is| state.copy_photos(section, is));
        let reuses = state.reuses_photos(section);
        (
            vec![
                tick(state, own(SAME_AS_PRINCIPAL), "同主体负责人信息", copy),
                tick_box(own("reuse_photos"), REUSE_CONSENT, reuses, photos),
            ],
            None,
        )
    };
    let fill = small_button(
        format!("same:{}", section.key),
        "button button-small no-js-only",
        "",
        "填入".to_owned(),
    );
    Some(
        view! { <div class="choices">{ticks}{fill}{hint.map(|hint| view! { <p class="hint">{hint}</p> })}</div> }
            .into_any(),
    )
}

/// 同单位办公地址: while it is ticked the questions below it are not asked.
#[component]
fn SameTick(section: &'static Section, same: &'static SameAs) -> impl IntoView {
    let state = expect_context::<FormState>();
    let at = StoredValue::new(section.own_address(same.key));
    let offered = Memo::new(move |_| state.answers.with(|answers| section.offers(same, answers)));
    let is_ticked = Memo::new(move |_| state.answers.with(|answers| answers.has(&at.get_value(), "yes")));
    let about =
        same.fields.first().and_then(|(own, _)| section.fields.iter().find(|field| field.key == *own));
    let about = about.map_or("", |field| field.label);
    reactive(move || {
        offered.get().then(|| {
            let at = at.get_value();
            view! {
                <div class="field field-wide field-tick">
                    <div class="control">{tick(state, at, same.label, Box::new(|_| ()))}</div>
                    {reactive(move || is_ticked.get().then(|| {
                        beside("field-note", None, "", format!("{about}按单位办公地址填报，修改办公地址时一并修改").into_any())
                    }))}
                </div>
            }
            .into_any()
        })
    })
}

/// Questions that help to answer the one above: open while that one is not answered.
#[component]
fn Guide(guide: &'static Section) -> impl IntoView {
    let state = expect_context::<FormState>();
    let is_open = state.answers.with_untracked(|answers| {
        guide.guides.is_some_and(|at| answers.get(at).is_none())
            || guide.fields.iter().any(|field| answers.get(&guide.own_address(field.key)).is_some())
    });
    view! {
        <details class="guide field-wide" open=is_open>
            <summary>{guide.title}</summary>
            <p class="hint">{guide.intro}</p>
            <Item section=guide item=0 items=1/>
            {refresh(state, guide)}
        </details>
    }
    .into_any()
}

/// One question, while it is asked.
#[component]
fn FieldView(place: Place) -> impl IntoView {
    let state = expect_context::<FormState>();
    let at = StoredValue::new(place.address());
    let shown = Memo::new(move |_| state.answers.with(|answers| place.is_drawn(answers)));
    reactive(move || shown.get().then(|| question(state, place, at.get_value())))
}

/// Label, hint, remark, control, fault, advice.
fn question(state: FormState, place: Place, at: String) -> AnyView {
    let id = field_id(&at);
    let label = Memo::new(move |_| state.answers.with(|answers| place.label(answers)));
    let required =
        Memo::new(move |_| state.answers.with(|answers| place.is_required(answers).then_some("true")));
    let fault = {
        let at = at.clone();
        Memo::new(move |_| state.faults.with(|faults| faults.get(&at).cloned()))
    };
    let advice = {
        let at = at.clone();
        Memo::new(move |_| state.advice_at(&at))
    };
    let suggestion = {
        let at = at.clone();
        Memo::new(move |_| state.suggestion_at(&at))
    };
    let note = {
        let at = at.clone();
        Memo::new(move |_| state.notes.with(|notes| notes.get(&at).cloned()))
    };
    let remarks = state.remarks_at(&at);
    let sealed = state.is_sealed(&at).then(|| sealed_note(label.into(), at.clone()));
    let (own, adopt) = (at.clone(), format!("adopt:{at}"));
    let (error_id, note_id) = (format!("{id}-error"), format!("{id}-note"));
    let is_tick = matches!(place.field.kind, Kind::Tick);
    let is_wide = place.field.width == domain::schema::Width::Full;
    let hint = place.field.hint;
    let parts = field::Parts {
        place,
        at,
        id: id.clone(),
        required: required.into(),
        described: described_by(&id, !hint.is_empty(), !remarks.is_empty(), fault, advice),
        invalid: Signal::derive(move || fault.with(Option::is_some).then_some("true")),
        label: label.into(),
    };
    let invalid = parts.invalid;
    view! {
        <div class="field" class:field-wide=is_wide data-invalid=invalid>
            {(!is_tick).then(|| field_label(&parts))}
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            {(!remarks.is_empty()).then(|| view! {
                <div class="remark" id=format!("{id}-remark")>
                    <b>"审核意见"</b>" "{remarks.join("；")}
                </div>
            })}
            {control::control(state, parts)}
            {reactive(move || fault.get().map(|message| {
                let link = state.link_of(&own, &message).map(see_it);
                beside("error", None, &error_id, view! { <span>{message}{link}</span> }.into_any())
            }))}
            {sealed}
            {reactive(move || {
                let note = note.get().map(|said| beside("field-note", None, "", said.into_any()));
                let advice =
                    advice.get().map(|said| beside("field-note", Some("warning"), &note_id, said.into_any()));
                let suggestion = suggestion.get().map(|said| {
                    let adopt = small_button(adopt.clone(), SMALL, "", "采用".to_owned());
                    beside("field-note", Some("info"), "", view! { <span>{said}</span>{adopt} }.into_any())
                });
                let is_any = note.is_some() || advice.is_some() || suggestion.is_some();
                is_any.then(|| view! { {note}{advice}{suggestion} }.into_any())
            })}
        </div>
    }
    .into_any()
}

/// A line beside a control. What comes while one types is read out, but for a fault, which is read with its field.
fn beside(class: &'static str, tone: Option<&'static str>, id: &str, inner: AnyView) -> AnyView {
    let id = (!id.is_empty()).then(|| id.to_owned());
    let role = (class == "field-note" && id.is_none()).then_some("status");
    view! { <p class=class data-tone=tone id=id role=role>{inner}</p> }.into_any()
}

/// What stands at a mask: that it can be left, and 【显示】, with which `frontend/js/forms.js` shows for half a minute
/// what it stands for; without scripts the button leads to a page that has it once.
fn sealed_note(label: Signal<&'static str>, at: String) -> AnyView {
    view! {
        <p class="field-note">
            <span>
                "已保存的内容，不改即沿用，请核实 "
                <button class="link" name="go" value=format!("show:{at}") data-shows=at>
                    "显示"<span class="visually-hidden">{label}</span>
                </button>
                " "
                <span class="figures" role="status"></span>
            </span>
        </p>
    }
    .into_any()
}

/// The ids of what stands around the control of `id` to be read with it.
fn described_by(
    id: &str,
    has_hint: bool,
    has_remark: bool,
    fault: Memo<Option<String>>,
    advice: Memo<Option<String>>,
) -> Signal<Option<String>> {
    let id = id.to_owned();
    Signal::derive(move || {
        let mut ids = Vec::new();
        if has_hint {
            ids.push(format!("{id}-hint"));
        }
        if has_remark {
            ids.push(format!("{id}-remark"));
        }
        if fault.with(Option::is_some) {
            ids.push(format!("{id}-error"));
        }
        if advice.with(Option::is_some) {
            ids.push(format!("{id}-note"));
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    })
}

/// The label with its star. That of several boxes belongs to all of them and is a label of none. “?” leads to what
/// 办事指南 says of the question; `frontend/js/forms.js` shows it here.
fn field_label(parts: &field::Parts) -> AnyView {
    let field::Parts { place, id, required, label, at, .. } = parts;
    let (required, label) = (*required, *label);
    let is_group = matches!(place.field.kind, Kind::YesNo | Kind::Ticks(_));
    view! {
        <div class="field-label">
            {reactive(move || required.get().map(|_| view! { <span class="star" aria-hidden="true">"*"</span> }.into_any()))}
            {if is_group {
                view! { <span id=format!("{id}-label")>{label}</span> }.into_any()
            } else {
                view! { <label for=id.clone()>{label}</label> }.into_any()
            }}
            {reactive(move || required.get().map(|_| view! { <span class="visually-hidden">"必填"</span> }.into_any()))}
            {topic_of(at).map(|topic| view! {
                <a class="help" href=route::help(topic) target="_blank" data-helps=topic>
                    "?"<span class="visually-hidden">"填写说明"</span>
                </a>
            })}
        </div>
    }
    .into_any()
}

/// The notice of the last step, in full (R34).
#[component]
pub fn Letter(notice: &'static Notice) -> impl IntoView {
    view! {
        <article class="letter letter-open" aria-labelledby="letter">
            <h2 id="letter">{notice.title}</h2>
            <p>{notice.opening}</p>
            {notice.points.iter().map(|point| view! { <p>{*point}</p> }).collect_view()}
        </article>
    }
    .into_any()
}

/// The id of the control that answers an address.
pub fn field_id(at: &str) -> String {
    format!("f-{}", at.replace(['.', '#'], "-"))
}

/// The anchor of a row that has a remark, or was asked about.
pub fn row_id(at: &str) -> String {
    format!("r-{}", field_id(at))
}

/// Answers of one step, as they are saved.
fn of_step(step: &Step, answers: &Answers) -> Answers {
    let mut own = answers.clone();
    own.retain(|at| {
        let key = at.split_once('.').map_or(at, |(section, _)| section);
        step.sections().iter().any(|section| section.key == key)
    });
    own
}
