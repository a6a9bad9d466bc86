//! What administrators of the system keep: the directories of providers (R31), the reasons officers pick,
//! and the days that are not as their weekday says.

use domain::route;
use domain::schema::Directory;
use domain::view::{DirectoryRequest, HolidayRow, KeptForm, Paged, ProviderRow, ProviderSource, ReasonRow};
use leptos::prelude::*;

use crate::api;
use crate::pages::holiday_import::ImportDays;
use crate::pages::query::query_text;
use crate::ui::kept::{KeptLine, KeptSelect, KeptText};
use crate::ui::table::{Filter, Grid, Pager, href, words};
use crate::ui::{Empty, Load, PageHead, PostButton};

/// A form of these pages that came back, of this name and no other.
fn kept(name: &'static str) -> impl Fn() -> String + Copy + Send + Sync + 'static {
    let check = query_text("check");
    move || Some(check()).filter(|form| form == name).unwrap_or_default()
}

// --- directories ---------------------------------------------------------------------------------

/// The forms of the directory that came back.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
struct ProviderForms {
    entry: KeptForm,
    merging: KeptForm,
}

#[component]
pub fn Providers() -> impl IntoView {
    let (source, name, after) = (query_text("source"), query_text("name"), query_text("after"));
    let request = move || DirectoryRequest { source: source(), name: name(), after: after() };
    let (entry, merging) = (kept("provider"), kept("merge"));
    let page = Resource::new(
        move || (request(), entry(), merging()),
        |(request, entry, merging)| async move {
            let forms = ProviderForms {
                entry: api::kept_form(entry).await?,
                merging: api::kept_form(merging).await?,
            };
            let page = api::directory(request.clone()).await?;
            Ok((request, page, forms))
        },
    );
    let asked = untrack(request);
    let sources = ProviderSource::ALL
        .into_iter()
        .skip(1)
        .map(|source| (source.code().to_owned(), source.label().to_owned()))
        .collect();
    view! {
        <PageHead
            above=vec![("系统维护", "")]
            title="服务商名录"
            lead="申请人手工填写、名录中没有的服务商列在“待整理”中：核实后收录，与已有的并为一条，或标为不收录。"
        />
        <form class="filters" method="get" action=route::PROVIDERS role="search" aria-label="查询服务商名录">
            <Filter id="q-source" name="source" label="来源" chosen=asked.source options=sources empty="待整理"/>
            <div class="filter">
                <label for="q-name">"名称"</label>
                <input class="input" id="q-name" name="name" value=asked.name maxlength="100" autocomplete="off"/>
            </div>
            <div class="filter-actions"><button class="button">"查询"</button></div>
        </form>
        <Load
            resource=page
            titled=true
            children={|(request, page, forms): (DirectoryRequest, Paged<ProviderRow>, ProviderForms)| view! {
                <div class="stack"><ProviderTable request page forms=forms.clone()/><Entry row=None kept=forms.entry/></div>
            }}
        />
    }
    .into_any()
}

#[component]
fn ProviderTable(request: DirectoryRequest, page: Paged<ProviderRow>, forms: ProviderForms) -> impl IntoView {
    if page.rows.is_empty() {
        return view! { <Empty sentence="没有符合条件的服务商。"/> }.into_any();
    }
    let here = |after: &str| {
        href(route::PROVIDERS, &[("source", &request.source), ("name", &request.name), ("after", after)])
    };
    view! {
        <Grid caption="服务商名录" columns=words(["名称", "名录", "所属地区", "电话", "操作"])>
            {page.rows.into_iter().map(|row| view! { <ProviderLine row forms=forms.clone()/> }).collect_view()}
        </Grid>
        <Pager
            total=page.total
            next=page.next.as_deref().map(here)
            first=page.is_later.then(|| here(""))
        />
    }
    .into_any()
}

#[component]
fn ProviderLine(row: ProviderRow, forms: ProviderForms) -> impl IntoView {
    let is_of_filing = row.source == ProviderSource::Filing;
    let is_dropped = row.source == ProviderSource::Dropped;
    let id = row.id.clone();
    let into = format!("into-{id}");
    let (entry, merging) = (forms.entry.about("provider", &id), forms.merging.about("provider", &id));
    let is_open = entry.is_again || merging.is_again;
    view! {
        <tr>
            <td data-label="名称">
                <span>
                    <b>{row.name.clone()}</b>
                    {(!row.aliases.is_empty()).then(|| view! { " "<span class="soft">{row.aliases.clone()}</span> })}
                </span>
            </td>
            <td data-label="名录">{row.directory.label()}</td>
            <td data-label="所属地区">{row.place.clone()}</td>
            <td data-label="电话" class="figures">{if row.phone.is_empty() { "—".to_owned() } else { row.phone.clone() }}</td>
            <td data-label="操作">
                {if is_of_filing {
                    view! { <span class="soft">"随备案变更"</span> }.into_any()
                } else {
                    view! {
                        <details open=is_open>
                            <summary>"整理"<span class="visually-hidden">{format!("：{}", row.name)}</span></summary>
                            <div class="stack">
                                <Entry row=Some(row.clone()) kept=entry/>
                                <form class="stack" method="post" action="/act/merge-provider" novalidate>
                                    <input type="hidden" name="provider" value=id.clone()/>
                                    <KeptLine form=merging id=into name="into" label="并入（完整名称）"/>
                                    <div><button class="button button-small">"并入"</button></div>
                                </form>
                                {(!is_dropped).then(|| view! {
                                    <PostButton
                                        action="/act/drop-provider"
                                        label="不收录"
                                        class="button button-small"
                                        fields=vec![("provider", id)]
                                        about=row.name.clone()
                                    />
                                })}
                            </div>
                        </details>
                    }
                    .into_any()
                }}
            </td>
        </tr>
    }
    .into_any()
}

/// One entry of a directory: a new one, or a row to be corrected or taken in.
#[component]
fn Entry(row: Option<ProviderRow>, kept: KeptForm) -> impl IntoView {
    let (legend, of) = match &row {
        None => ("添加服务商", "new".to_owned()),
        Some(row) => ("收录或更正", row.id.clone()),
    };
    let id = move |name: &str| format!("{name}-{of}");
    let directory = row.as_ref().map(|row| row.directory.code().to_owned()).unwrap_or_default();
    let value = |get: fn(&ProviderRow) -> &String| row.as_ref().map(get).cloned().unwrap_or_default();
    let options =
        Directory::ALL.into_iter().map(|one| (one.code().to_owned(), one.label().to_owned())).collect();
    let kept = kept.about("provider", &value(|row| &row.id));
    let form = || kept.clone();
    view! {
        <form class="form" method="post" action="/act/keep-provider" novalidate>
            <input type="hidden" name="provider" value=value(|row| &row.id)/>
            <fieldset class="section">
                <legend>{legend}</legend>
                <div class="fields">
                    <KeptSelect form=form() id=id("directory") name="directory" label="名录" before=directory options/>
                    <KeptLine form=form() id=id("name") name="name" label="名称" before=value(|row| &row.name) required=true/>
                    <KeptLine form=form() id=id("aliases") name="aliases" label="别名" before=value(|row| &row.aliases) hint="品牌等，用空格分隔" longest=200/>
                    <KeptLine
                        form=form()
                        id=id("place")
                        name="place"
                        label="所属地区代码"
                        before=value(|row| &row.place_code)
                        hint="六位行政区划代码，如 330100（杭州市）；境外填国家代码，如 US"
                        required=true
                        longest=6
                    />
                    <KeptLine form=form() id=id("phone") name="phone" label="电话" before=value(|row| &row.phone) longest=20/>
                </div>
            </fieldset>
            <div class="actions"><button class="button">"收录"</button></div>
        </form>
    }
    .into_any()
}

// --- reasons -------------------------------------------------------------------------------------

#[component]
pub fn Reasons() -> impl IntoView {
    let reasons = Resource::new(kept("reason"), |kept| async move {
        let kept = api::kept_form(kept).await?;
        let rows = api::reasons().await?;
        Ok((rows, kept))
    });
    view! {
        <PageHead
            above=vec![("系统维护", "")]
            title="常用意见"
            lead="审核时可以选用；申请人会看到意见全文，请写明问题和改正的办法。"
        />
        <Load
            resource=reasons
            titled=true
            children={|(rows, kept): (Vec<ReasonRow>, KeptForm)| view! {
                <div class="stack">
                    {match rows.is_empty() {
                        true => view! { <Empty sentence="还没有常用意见。"/> }.into_any(),
                        false => view! { <ReasonTable rows kept=kept.clone()/> }.into_any(),
                    }}
                    <ReasonEntry row=None kept/>
                </div>
            }}
        />
    }
    .into_any()
}

#[component]
fn ReasonTable(rows: Vec<ReasonRow>, kept: KeptForm) -> impl IntoView {
    view! {
        <Grid caption="常用意见" columns=words(["名称", "意见", "操作"])>
            {rows.into_iter().map(|row| {
                let is_open = kept.about("reason", &row.id).is_again;
                view! {
                <tr>
                    <td data-label="名称"><b>{row.title.clone()}</b></td>
                    <td data-label="意见">{row.text.clone()}</td>
                    <td data-label="操作">
                        <details open=is_open>
                            <summary>"修改"<span class="visually-hidden">{format!("：{}", row.title)}</span></summary>
                            <div class="stack">
                                <ReasonEntry row=Some(row.clone()) kept=kept.clone()/>
                                <PostButton
                                    action="/act/drop-reason"
                                    label="删除"
                                    class="button button-small"
                                    fields=vec![("reason", row.id)]
                                    about=row.title
                                />
                            </div>
                        </details>
                    </td>
                </tr>
            }}).collect_view()}
        </Grid>
    }
    .into_any()
}

#[component]
fn ReasonEntry(row: Option<ReasonRow>, kept: KeptForm) -> impl IntoView {
    let is_new = row.is_none();
    let ReasonRow { id, title, text } =
        row.unwrap_or_else(|| ReasonRow { id: String::new(), title: String::new(), text: String::new() });
    let kept = kept.about("reason", &id);
    view! {
        <form class="form" method="post" action="/act/keep-reason" novalidate>
            <input type="hidden" name="reason" value=id.clone()/>
            <fieldset class="section">
                <legend>{if is_new { "添加常用意见" } else { "修改常用意见" }}</legend>
                <div class="fields">
                    <KeptLine form=kept.clone() id=format!("title-{id}") name="title" label="名称" before=title required=true longest=30/>
                    <KeptText form=kept id=format!("text-{id}") name="text" label="意见" before=text required=true longest=500/>
                </div>
            </fieldset>
            <div class="actions"><button class="button">"保存"</button></div>
        </form>
    }
    .into_any()
}

// --- holidays ------------------------------------------------------------------------------------

#[component]
pub fn Holidays() -> impl IntoView {
    let days = Resource::new(kept("holiday"), |kept| async move {
        let kept = api::kept_form(kept).await?;
        let rows = api::holidays().await?;
        Ok((rows, kept))
    });
    view! {
        <PageHead
            above=vec![("系统维护", "")]
            title="节假日"
            lead="审核时限按工作日计算。周末休息，国务院公布的放假和调休在此登记；同一天以此处登记的为准。"
        />
        <Load
            resource=days
            titled=true
            children={|(rows, kept): (Vec<HolidayRow>, KeptForm)| view! { <div class="stack"><DayTable rows/><DayEntry kept/><ImportDays/></div> }}
        />
    }
    .into_any()
}

#[component]
fn DayTable(rows: Vec<HolidayRow>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <Empty sentence="今年及以后还没有登记节假日。"/> }.into_any();
    }
    view! {
        <Grid caption="节假日" columns=words(["日期", "名称", "安排", "来源", "操作"])>
            {rows.into_iter().map(|row| view! {
                <tr>
                    <td data-label="日期" class="figures">{row.day.clone()}</td>
                    <td data-label="名称">{row.name}</td>
                    <td data-label="安排">{if row.is_working { "上班（调休）" } else { "休息" }}</td>
                    <td data-label="来源">{if row.is_configured { "配置文件" } else { "页面登记" }}</td>
                    <td data-label="操作" class="row-actions">
                        {(!row.is_configured).then(|| view! {
                            <PostButton
                                action="/act/drop-holiday"
                                label="删除"
                                class="link"
                                fields=vec![("day", row.day.clone())]
                                about=row.day
                            />
                        })}
                    </td>
                </tr>
            }).collect_view()}
        </Grid>
    }
    .into_any()
}

#[component]
fn DayEntry(kept: KeptForm) -> impl IntoView {
    let kinds =
        [("rest", "休息"), ("work", "上班（调休）")].map(|(code, word)| (code.to_owned(), word.to_owned()));
    view! {
        <form class="form" method="post" action="/act/keep-holiday" novalidate>
            <fieldset class="section">
                <legend>"登记一天"</legend>
                <div class="fields">
                    <KeptLine form=kept.clone() id="day" name="day" label="日期" kind="date" required=true/>
                    <KeptLine form=kept.clone() id="day-name" name="name" label="名称" required=true longest=20/>
                    <KeptSelect form=kept id="day-kind" name="kind" label="安排" options=kinds.into()/>
                </div>
            </fieldset>
            <div class="actions"><button class="button">"登记"</button></div>
        </form>
    }
    .into_any()
}
