//! 查询网络接入服务商, 查询域名注册服务商 (R31): a dialog that is part of the form's address, so that it
//! works without scripts and with the back button.

use domain::dictionary::COUNTRY;
use domain::schema::Directory;
use domain::view::{DraftHead, Finder, ProviderRow, ProviderSearch, RegionOption};
use leptos::prelude::*;

use crate::ui::PostButton;
use crate::ui::dialog::Dialog;
use crate::ui::table::{Grid, href, words};

/// The address of the dialog on a step, without what was asked in it.
pub fn request_of(query: &leptos_router::params::ParamsMap) -> Option<ProviderSearch> {
    let text = |name: &str| query.get(name).unwrap_or_default();
    query.get("find").map(|section| ProviderSearch {
        section,
        name: text("name"),
        area: text("area"),
        after: text("after"),
        is_asked: query.get("search").is_some(),
    })
}

#[component]
pub fn FinderDialog(
    finder: Finder,
    /// The path of the step.
    path: String,
    draft: DraftHead,
) -> impl IntoView {
    let Finder { directory, search, provinces, fault, page, is_elsewhere } = finder;
    let back = format!("{path}?draft={}", draft.id);
    let is_asked = search.is_asked && fault.is_none();
    let next = page.next.filter(|_| is_asked).map(|after| {
        href(
            &path,
            &[
                ("draft", &draft.id),
                ("find", &search.section),
                ("search", "1"),
                ("name", &search.name),
                ("area", &search.area),
                ("after", &after),
            ],
        )
    });
    let cancel = format!("{back}#f-{}-name", search.section);
    let section = search.section.clone();
    view! {
        <Dialog title=directory.search_label() wide=true>
            <div class="dialog-body stack">
                <Asking path draft=draft.id.clone() directory search provinces fault/>
                {is_asked.then(|| view! {
                    <Found rows=page.rows total=page.total is_elsewhere directory draft section back/>
                })}
                {next.map(|next| view! { <p><a href=next rel="next">"下一页"</a></p> })}
            </div>
            <div class="actions">
                <a class="button" href=cancel rel="external">"取消"</a>
                <p class="hint">"查询不到时，可取消后在表单中手工填写。"</p>
            </div>
        </Dialog>
    }
    .into_any()
}

/// What is searched for, and where.
#[component]
fn Asking(
    path: String,
    draft: String,
    directory: Directory,
    search: ProviderSearch,
    provinces: Vec<RegionOption>,
    fault: Option<String>,
) -> impl IntoView {
    let has_fault = fault.is_some();
    let area = search.area;
    let provinces = provinces
        .into_iter()
        .map(|region| {
            let chosen = region.code == area;
            view! { <option value=region.code selected=chosen>{region.name}</option> }
        })
        .collect_view();
    let countries = COUNTRY
        .iter()
        .map(|country| view! { <option value=country.code selected=country.code == area>{country.label}</option> })
        .collect_view();
    view! {
        <form class="filters" method="get" action=path role="search" aria-label=directory.search_label()>
            <input type="hidden" name="draft" value=draft/>
            <input type="hidden" name="find" value=search.section/>
            <input type="hidden" name="search" value="1"/>
            <div class="filter">
                <label for="find-name">"名称"</label>
                <input
                    class="input"
                    id="find-name"
                    name="name"
                    value=search.name
                    placeholder="名称的一部分，或品牌"
                    maxlength="100"
                    autocomplete="off"
                />
            </div>
            <div class="filter" data-invalid=has_fault.then_some("")>
                <div class="field-label">
                    <span class="star" aria-hidden="true">"*"</span>
                    <label for="find-area">"所属地区"</label>
                    <span class="visually-hidden">"必填"</span>
                </div>
                <select
                    class="input"
                    id="find-area"
                    name="area"
                    autocomplete="off"
                    aria-required="true"
                    aria-invalid=has_fault.then_some("true")
                    aria-describedby=has_fault.then_some("find-error")
                    autofocus=has_fault
                >
                    <option value="">"请选择"</option>
                    <optgroup label="境内">{provinces}</optgroup>
                    <optgroup label="境外">{countries}</optgroup>
                </select>
            </div>
            <div class="filter-actions"><button class="button button-primary">"查询"</button></div>
            {fault.map(|fault| view! { <p class="error" id="find-error" role="alert">{fault}</p> })}
        </form>
    }
    .into_any()
}

#[component]
fn Found(
    rows: Vec<ProviderRow>,
    total: u64,
    is_elsewhere: bool,
    directory: Directory,
    draft: DraftHead,
    section: String,
    back: String,
) -> impl IntoView {
    if rows.is_empty() {
        return view! {
            <div class="empty" role="status">
                <p>{format!("没有查询到相关的{}，可取消后在表单中手工填写。", directory.label())}</p>
            </div>
        }
        .into_any();
    }
    let told = match is_elsewhere {
        true => format!("所选地区没有查询到；其他地区共 {total} 条数据，请核对所属地区"),
        false => format!("共 {total} 条数据"),
    };
    view! {
        <p role="status">{told}</p>
        <Grid caption=directory.label() columns=words(["名称", "所属地区", "电话", "操作"])>
            {rows.into_iter().map(|row| view! {
                <tr>
                    <td data-label="名称">
                        <span>
                            {row.name.clone()}
                            {(!row.aliases.is_empty()).then(|| view! { " "<span class="soft">{row.aliases}</span> })}
                        </span>
                    </td>
                    <td data-label="所属地区">{row.place}</td>
                    <td data-label="电话" class="figures">{if row.phone.is_empty() { "—".to_owned() } else { row.phone }}</td>
                    <td data-label="操作" class="row-actions">
                        <PostButton
                            action="/act/choose-provider"
                            label="选择"
                            class="link"
                            fields=vec![
                                ("draft", draft.id.clone()),
                                ("version", draft.version.to_string()),
                                ("section", section.clone()),
                                ("provider", row.id),
                                ("back", back.clone()),
                            ]
                            about=row.name
                        />
                    </td>
                </tr>
            }).collect_view()}
        </Grid>
    }
    .into_any()
}
