//! A line of the audit log in words (R65): its detail is codes and ids, which nobody reads. Every part that any use case
//! writes has its words here, or is silent for a reason; the tests of all use cases hold the lines against this.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit_word::{action_word, detail_word};
use domain::filing::FilingState;
use domain::mask::{Mask, mask};
use domain::misuse::MisuseKind;
use domain::notice::NoticeKind;
use domain::procedure::Procedure;
use domain::role::StaffRole;
use domain::schema::Directory;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::Value;

use crate::account::Accounts;
use crate::base::db::{plausible_id, united};
use crate::base::entity::{audit, filing, handover, provider, reason, record, staff};
use crate::base::error::Result;
use crate::base::keyring::Keyring;
use crate::base::region;

/// Parts that say nothing to a reader: what the line is about stands in its other columns, or in its other parts.
const SILENT: [&str; 4] = ["handover", "bench", "thumbnail", "version"];

/// What ids stand for: a reference, a title, a name with stars.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    pub fn get(&self, id: &str) -> Option<&String> {
        self.0.get(id)
    }
}

/// The names of everything that these lines speak of by id.
pub(super) async fn names(
    on: &DatabaseConnection,
    accounts: &Accounts,
    keys: &Keyring,
    rows: &[audit::Model],
) -> Result<Names> {
    let mut ids = BTreeSet::new();
    for row in rows {
        ids.extend(plausible_id(&row.object_id).ok().map(str::to_owned));
        collect(&serde_json::from_str(&row.detail).unwrap_or_default(), &mut ids);
    }
    if ids.is_empty() {
        return Ok(Names(BTreeMap::new()));
    }
    let among = || ids.iter().map(String::as_str);
    let plain = [
        of(filing::Entity, filing::Column::Id, filing::Column::Reference, among()),
        of(record::Entity, record::Column::Id, record::Column::Title, among()),
        of(reason::Entity, reason::Column::Id, reason::Column::Title, among()),
        of(provider::Entity, provider::Column::Id, provider::Column::Name, among()),
    ];
    let mut names = BTreeMap::new();
    for row in on.query_all(&united(plain.into())).await? {
        names.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    }
    let people: Vec<String> = ids.iter().cloned().collect();
    let people = accounts.staff_names(on, &people).await?;
    names.extend(people.into_iter().map(|(id, name)| (id, mask(Mask::Name, &name))));
    let handovers = handover::Entity::find()
        .filter(handover::Column::Id.is_in(ids.iter().map(String::as_str)))
        .all(on)
        .await?;
    for row in handovers {
        let subject = record::Entity::find_by_id(&row.subject_id).one(on).await?;
        names.extend(subject.map(|subject| (row.id, subject.title)));
    }
    let appointed =
        staff::Entity::find().filter(staff::Column::Id.is_in(ids.iter().map(String::as_str))).all(on).await?;
    for row in appointed {
        let name = keys.open_text(&crate::account::roles::context(&row.id), &row.name_sealed)?;
        names.insert(row.id, mask(Mask::Name, &name));
    }
    Ok(Names(names))
}

/// Id and name of those rows of a table.
fn of<'a, E: EntityTrait>(
    table: E,
    id: E::Column,
    name: E::Column,
    among: impl Iterator<Item = &'a str>,
) -> SelectStatement {
    Query::select().column(id).column(name).from(table).and_where(id.is_in(among)).to_owned()
}

fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => ids.extend(plausible_id(text).ok().map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        Value::Object(parts) => parts.values().for_each(|part| collect(part, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The parts of a line's detail: (what it is, what it says). A part without a word is called by its key, so that nothing
/// is hidden.
pub(super) fn said(detail: &str, names: &Names) -> Vec<(String, String)> {
    let parts: BTreeMap<String, Value> = serde_json::from_str(detail).unwrap_or_default();
    let procedure = parts.get("procedure").and_then(Value::as_str).and_then(Procedure::from_code);
    let mut said = Vec::new();
    for (key, value) in &parts {
        if SILENT.contains(&key.as_str()) {
            continue;
        }
        let texts: Vec<String> = match value {
            Value::Array(items) if key == "files" => vec![format!("{} 个", items.len())],
            Value::Array(items) => {
                items.iter().filter_map(|item| in_words(key, item, procedure, names)).collect()
            }
            one => in_words(key, one, procedure, names).into_iter().collect(),
        };
        if !texts.is_empty() {
            said.push((detail_word(key).unwrap_or(key).to_owned(), texts.join("、")));
        }
    }
    said
}

/// One value of a part; nothing where there is nothing to say.
fn in_words(key: &str, value: &Value, procedure: Option<Procedure>, names: &Names) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(is) => match (key, is) {
            ("is_working", true) => Some("上班（调休）".to_owned()),
            ("is_working", false) => Some("休息".to_owned()),
            (_, true) => Some("是".to_owned()),
            ("on", false) => Some("否".to_owned()),
            (_, false) => None,
        },
        Value::Number(number) => match key {
            "round" => Some(format!("第 {number} 次提交")),
            "records" | "dependents" if number.as_i64() == Some(0) => None,
            _ => Some(number.to_string()),
        },
        // What a queue was asked for: a name and its value.
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(name), Value::String(value)] => {
                let value = text_in_words(name, value, procedure, names);
                Some(format!("{}为{value}", detail_word(name).unwrap_or(name)))
            }
            _ => None,
        },
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text_in_words(key, text, procedure, names)),
    }
}

fn text_in_words(key: &str, text: &str, procedure: Option<Procedure>, names: &Names) -> String {
    let known = match key {
        // The code of a step, of an answer.
        "step" => procedure.and_then(|procedure| {
            procedure.form().steps.iter().find(|step| step.key == text).map(|step| step.title)
        }),
        "at" => procedure.and_then(|procedure| procedure.form().place(text)).map(|place| place.field.label),
        "kind" => match text {
            "picture" => Some("图片"),
            "document" => Some("文档"),
            other => MisuseKind::from_code(other).map(MisuseKind::label),
        },
        "finding" => match text {
            "seen" => Some("已看到标识"),
            "declared" => Some("本人声明已挂标"),
            "missing" => Some("未看到标识"),
            "unreachable" => Some("网站无法访问"),
            _ => None,
        },
        "sms" | "mail" => NoticeKind::from_code(text).map(NoticeKind::label),
        "directory" => Directory::from_code(text).map(Directory::label),
        "state" => FilingState::from_code(text).map(FilingState::label).or(match text {
            "open" => Some("待办"),
            "done" => Some("已办结"),
            "all" => Some("全部"),
            "mine" => Some("我的"),
            "resubmitted" => Some("退回后重新提交"),
            "overdue" => Some("已超期"),
            "arrived" => Some("新到"),
            _ => None,
        }),
        "claimed_by" if text == "me" => Some("我"),
        "claimed_by" if text == "none" => Some("未领取"),
        "sort" => match text {
            "oldest" => Some("最早提交在前"),
            "newest" => Some("最新提交在前"),
            _ => None,
        },
        "age" if text == "today" => Some("今天"),
        "sha256" | "sm3" => return format!("{}…", text.chars().take(12).collect::<String>()),
        // What a code is sent for, with the record it is about.
        "for" | "purpose" => match text.split_once('/') {
            Some(("cancel", _)) => Some("注销"),
            Some(("transfer", _)) => Some("移交"),
            Some(_) | None => None,
        },
        _ => None,
    };
    let known = known
        .or_else(|| Procedure::from_code(text).map(Procedure::label))
        .or_else(|| StaffRole::from_code(text).map(StaffRole::label))
        .or_else(|| action_word(text));
    match known {
        Some(word) => word.to_owned(),
        None => names.get(text).cloned().or_else(|| region::full_name(text)).unwrap_or_else(|| short(text)),
    }
}

/// The end of an id: its beginning is the time.
fn short(text: &str) -> String {
    match plausible_id(text) {
        Ok(id) => format!("…{}", id.get(id.len().saturating_sub(8)..).unwrap_or_default()),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_line_is_said_in_words() {
        let id = "01a1fc00-e700-7000-8000-0494a220bfac";
        let names = Names([(id.to_owned(), "BA2026030200001".to_owned())].into());
        for (detail, expected) in [
            ("{}", ""),
            (
                r#"{"procedure":"subject_new","step":"form","version":1}"#,
                "业务类型：新增主体；步骤：开办主体信息",
            ),
            (r#"{"filing":"01a1fc00-e700-7000-8000-0494a220bfac"}"#, "申请单：BA2026030200001"),
            (r#"{"filing":"01a1fc00-e700-7000-8000-0494a220bfad"}"#, "申请单：…a220bfad"),
            (r#"{"along":[],"ground":null,"records":0,"reference":"BA1"}"#, "编号：BA1"),
            (r#"{"purpose":"cancel/01a15767"}"#, "用途：注销"),
            (r#"{"files":["1","2"]}"#, "文件：2 个"),
            (
                r#"{"asked":[["state","open"],["procedure","website_new"]],"searched":false}"#,
                "条件：审核状态为待办、业务类型为新办网站申请",
            ),
            (r#"{"first":true,"region":"","role":"administrator"}"#, "首任管理员：是；角色：管理员"),
            (r#"{"from":"110101","to":"310101"}"#, "来自：北京市东城区；去往：上海市黄浦区"),
            (r#"{"is_working":true,"name":"国庆节"}"#, "安排：上班（调休）；名称：国庆节"),
            (r#"{"kind":"picture","sha256":"07688f8b317eff419bb6"}"#, "类别：图片；文件摘要：07688f8b317e…"),
            (
                r#"{"kind":"picture","sm3":"66c7f0f462eeedd9d1f2d4"}"#,
                "类别：图片；文件摘要（SM3）：66c7f0f462ee…",
            ),
        ] {
            let said: Vec<String> =
                said(detail, &names).into_iter().map(|(word, text)| format!("{word}：{text}")).collect();
            assert_eq!(said.join("；"), expected, "{detail}");
        }
    }
}
