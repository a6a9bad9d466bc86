//! 导入节假日: the State Council's list of a year, shown as what it would do before it is taken.

use domain::route;
use domain::view::{HolidayImport, ImportLine, ImportOutcome, KeptForm};
use leptos::prelude::*;

use crate::api;
use crate::pages::query::query_text;
use crate::ui::Load;
use crate::ui::kept::KeptText;
use crate::ui::table::{Column, Grid};

#[component]
pub fn ImportDays() -> impl IntoView {
    let check = query_text("check");
    let offered = Resource::new(
        move || check() == "list",
        |is_offered| async move {
            match is_offered {
                true => api::holiday_import().await,
                false => Ok(HolidayImport::default()),
            }
        },
    );
    view! { <Load resource=offered titled=true children={|offered: HolidayImport| view! { <Offered offered/> }}/> }
        .into_any()
}

#[component]
fn Offered(offered: HolidayImport) -> impl IntoView {
    let HolidayImport { text, lines } = offered;
    view! {
        <form class="form" method="post" action="/act/offer-holidays" enctype="multipart/form-data" novalidate id="import">
            <fieldset class="section">
                <legend>"导入全年安排"</legend>
                <p class="section-lead">"将国务院办公厅公布的放假和调休日期粘贴在此，或选择 CSV 文件。先检查，确认后才导入。"</p>
                <div class="fields">
                    <KeptText
                        form=KeptForm::default()
                        id="list"
                        name="list"
                        label="放假安排"
                        hint="每行一天：日期,安排,名称。例如 2027-02-06,放假,春节 或 2027-02-07,调休上班,春节"
                        before=text
                        rows=8
                    />
                    <div class="field">
                        <div class="field-label"><label for="list-file">"CSV 文件"</label></div>
                        <p class="hint" id="list-file-hint">"UTF-8 编码；选择后以文件内容为准"</p>
                        <div class="control"><input class="input" type="file" id="list-file" name="file:list" accept=".csv,text/csv,text/plain" aria-describedby="list-file-hint"/></div>
                    </div>
                </div>
            </fieldset>
            <div class="actions"><button class="button">"检查名单"</button></div>
        </form>
        {(!lines.is_empty()).then(|| view! { <DryRun lines/> })}
    }
    .into_any()
}

#[component]
fn DryRun(lines: Vec<ImportLine>) -> impl IntoView {
    let count =
        |wanted: fn(&ImportOutcome) -> bool| lines.iter().filter(|line| wanted(&line.outcome)).count();
    let added = count(|outcome| *outcome == ImportOutcome::Added);
    let changed = count(|outcome| matches!(outcome, ImportOutcome::Changed(_)));
    let same = count(|outcome| *outcome == ImportOutcome::Same);
    let wrong = count(|outcome| matches!(outcome, ImportOutcome::Wrong(_)));
    let may_take = wrong == 0 && added + changed > 0;
    let summary =
        format!("检查结果：新增 {added} 天，更改 {changed} 天，已登记 {same} 天，有误 {wrong} 行。");
    let tone = if wrong > 0 { "danger" } else { "info" };
    let rows = lines
        .into_iter()
        .map(|line| {
            let (state, said) = match line.outcome {
                ImportOutcome::Added => ("ok", "将新增".to_owned()),
                ImportOutcome::Changed(before) => ("warning", format!("将更改，现为：{before}")),
                ImportOutcome::Same => ("", "已登记，不变".to_owned()),
                ImportOutcome::Wrong(sentence) => ("danger", sentence),
            };
            view! {
                <tr>
                    <td data-label="行" class="num">{line.number.to_string()}</td>
                    <td data-label="日期" class="figures">{line.day}</td>
                    <td data-label="安排">{line.kind}</td>
                    <td data-label="名称">{line.name}</td>
                    <td data-label="结果"><span class="badge" data-tone=(!state.is_empty()).then_some(state)>{said}</span></td>
                </tr>
            }
        })
        .collect_view();
    let mut columns = vec![Column::Number("行".to_owned())];
    columns.extend(["日期", "安排", "名称", "结果"].map(|word| Column::Text(word.to_owned())));
    view! {
        <section class="stack" aria-labelledby="dry-run" id="dry-run-result">
            <h2 id="dry-run">"导入前检查"</h2>
            <div class="banner" role="status" data-tone=tone><p>{summary}</p></div>
            <Grid caption="导入前检查" columns>{rows}</Grid>
            {match may_take {
                true => view! {
                    <form method="post" action="/act/take-holidays" class="actions">
                        <button class="button button-primary">{format!("导入 {} 天", added + changed)}</button>
                        <a class="button button-quiet" href=route::HOLIDAYS>"取消"</a>
                    </form>
                }
                .into_any(),
                false if wrong > 0 => view! { <p class="soft">"改正有误的行后重新检查；在此之前什么都不会导入。"</p> }.into_any(),
                false => view! { <p class="soft">"名单中的日期都已登记，没有需要导入的内容。"</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}
