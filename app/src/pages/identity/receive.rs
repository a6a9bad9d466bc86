//! 接收主体: what is being handed to the person who is signed in (R25).

use domain::route;
use domain::view::{HandoverList, HandoverRow, HandoverSearch, HandoverView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::counted;
use crate::api;
use crate::pages::query::query_text;
use crate::ui::sheet::SheetView;
use crate::ui::table::{Column, Grid, words};
use crate::ui::{Empty, Load, PageHead, PostButton};

#[component]
pub fn Receive() -> impl IntoView {
    let searched = query_text("searched");
    let list = Resource::new(move || !searched().is_empty(), api::handovers);
    view! {
        <PageHead
            above=vec![("开办主体管理", route::SERVICES)]
            title="接收主体"
            lead="这里列出移交给您的主体：移交人填写的手机号和身份证号须与您登录时实名认证的一致。"
        />
        <Load resource=list titled=true children={|list: HandoverList| view! { <Waiting list/> }}/>
    }
    .into_any()
}

#[component]
fn Waiting(list: HandoverList) -> impl IntoView {
    let HandoverList { search, rows } = list;
    let is_searched = search != HandoverSearch::default();
    let HandoverSearch { name, mobile, id_no } = search;
    view! {
        // Posted: names and numbers stand in no address.
        <form class="filters" method="post" action="/act/search-handovers" role="search">
            <Search id="q-name" name="name" label="姓名" text=name/>
            <Search id="q-mobile" name="mobile" label="手机号" text=mobile inputmode="tel"/>
            <Search id="q-id-no" name="id_no" label="身份证号" text=id_no/>
            <div class="filter-actions">
                <button class="button">"查询"</button>
                <a class="button button-quiet" href=route::RECEIVE>"清除"</a>
            </div>
        </form>
        <Handovers rows is_searched/>
    }
    .into_any()
}

#[component]
fn Search(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    text: String,
    #[prop(default = "text")] inputmode: &'static str,
) -> impl IntoView {
    view! {
        <div class="filter">
            <label for=id>{label}</label>
            <input class="input" type="text" id=id name=name value=text inputmode=inputmode autocomplete="off" spellcheck="false" maxlength="40"/>
        </div>
    }
    .into_any()
}

#[component]
fn Handovers(rows: Vec<HandoverRow>, is_searched: bool) -> impl IntoView {
    if rows.is_empty() {
        let sentence = if is_searched {
            "没有符合条件的移交，请核对后重新查询。"
        } else {
            "目前没有移交给您的主体。"
        };
        return view! { <Empty sentence/> }.into_any();
    }
    let mut columns = vec![Column::Number("序号".to_owned())];
    columns.extend(words(["主体名称", "发送人姓名", "联系电话", "身份证号", "创建时间", "操作"]));
    view! {
        <Grid caption="接收主体" columns>
            {rows
                .into_iter()
                .enumerate()
                .map(|(number, row)| {
                    let HandoverRow { id, subject_name, sender_name, sender_mobile, sender_id, created_at, .. } = row;
                    view! {
                        <tr>
                            <td data-label="序号" class="num">{number + 1}</td>
                            <td data-label="主体名称">{subject_name.clone()}</td>
                            <td data-label="发送人姓名">{sender_name}</td>
                            <td data-label="联系电话" class="figures">{sender_mobile}</td>
                            <td data-label="身份证号" class="figures">{sender_id}</td>
                            <td data-label="创建时间" class="figures">{created_at}</td>
                            <td data-label="操作" class="row-actions">
                                <PostButton action="/act/receive" label="接收" class="link" fields=vec![("handover", id.clone())] about=subject_name.clone()/>
                                <a href=route::handover(&id) aria-description=subject_name.clone()>"详情"</a>
                                <PostButton action="/act/refuse" label="拒绝" class="link" fields=vec![("handover", id)] about=subject_name/>
                            </td>
                        </tr>
                    }
                })
                .collect_view()}
        </Grid>
    }
    .into_any()
}

/// 【详情】
#[component]
pub fn HandoverPage() -> impl IntoView {
    let params = use_params_map();
    let view =
        Resource::new(move || params.with(|params| params.get("id")).unwrap_or_default(), api::handover_view);
    view! { <Load resource=view children={|view: HandoverView| view! { <Details view/> }}/> }
}

#[component]
fn Details(view: HandoverView) -> impl IntoView {
    let HandoverView { row, sheet, attached } = view;
    let HandoverRow { id, subject_name, sender_name, sender_mobile, sender_id, created_at, days_left } = row;
    let lines = counted(&attached);
    view! {
        <PageHead above=vec![("开办主体管理", route::SERVICES), ("接收主体", route::RECEIVE)] title=subject_name/>
        <section class="sheet" aria-labelledby="handover">
            <div class="sheet-head"><h2 id="handover">"移交信息"</h2></div>
            <dl class="facts">
                <div><dt>"发送人姓名"</dt><dd>{sender_name}</dd></div>
                <div><dt>"联系电话"</dt><dd class="figures">{sender_mobile}</dd></div>
                <div><dt>"身份证号"</dt><dd class="figures">{sender_id}</dd></div>
                <div><dt>"创建时间"</dt><dd class="figures">{created_at}</dd></div>
                <div><dt>"剩余天数"</dt><dd class="figures">{format!("{days_left} 天")}</dd></div>
                <div><dt>"一并移交"</dt><dd>{if lines.is_empty() { "没有关联的业务".to_owned() } else { lines.join("，") }}</dd></div>
            </dl>
        </section>
        <SheetView sheet/>
        <div class="actions">
            <PostButton action="/act/receive" label="接收" class="button button-primary" fields=vec![("handover", id.clone())]/>
            <PostButton action="/act/refuse" label="拒绝" fields=vec![("handover", id)]/>
        </div>
    }
    .into_any()
}
