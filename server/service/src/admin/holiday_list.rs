//! The State Council's list of a year, pasted or sent as CSV: `日期,安排,名称` a line, which is shown first as what it
//! would do and then taken whole, or not at all.

use std::collections::BTreeMap;

use domain::answer::Answers;
use domain::value::date::{format_date, parse_date};
use domain::value::text::{self, half_width};
use domain::view::{HolidayImport, ImportLine, ImportOutcome};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use serde_json::json;
use time::Date;

use crate::account::rejected_form::{RejectedForm, RejectedForms};
use crate::base::actor::Actor;
use crate::base::calendar::ENTERED;
use crate::base::clock::shanghai_date;
use crate::base::context::handle;
use crate::base::db::Transaction;
use crate::base::entity::holiday;
use crate::base::error::{Error, Result};
use crate::base::retry::retry;

handle! {
    /// Taking a whole list of holidays.
    HolidayLists {
        rejected_forms: RejectedForms,
    }
}

/// Lines of one list: several years have fewer.
const MOST_LINES: usize = 400;

/// Longest text that is read, in characters.
const LONGEST: usize = 40_000;

/// A line as it was read.
struct Read {
    day: Date,
    is_working: bool,
    name: String,
}

impl HolidayLists {
    /// Keeps a list for the page that shows what it would do.
    pub async fn offer(&self, actor: &Actor, text: &str) -> Result<()> {
        actor.must_keep()?;
        let mut answers = Answers::new();
        answers.set_text("list".to_owned(), text.chars().take(LONGEST).collect::<String>());
        retry!(self.try_offer(actor, &RejectedForm { answers: answers.clone(), faults: Vec::new() }))
    }

    async fn try_offer(&self, actor: &Actor, form: &RejectedForm) -> Result<()> {
        let tx = self.context.db.begin().await?;
        self.rejected_forms.stash(&tx, slot(actor), form).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the list that was offered last would do, line by line; nothing is changed.
    pub async fn offered(&self, actor: &Actor) -> Result<HolidayImport> {
        actor.must_keep()?;
        let on = self.context.db.read();
        let kept = self.rejected_forms.find(on, &slot(actor)).await?.unwrap_or_default();
        let text = kept.answers.text("list").to_owned();
        let lines = self.compared(on, &text).await?;
        Ok(HolidayImport { lines: lines.into_iter().map(|(line, _)| line).collect(), text })
    }

    /// Takes the list that was offered last: what is new is added, what is otherwise here is changed.
    ///
    /// # Errors
    /// `Refused` where a line is wrong or nothing would change; then nothing is taken.
    pub async fn take(&self, actor: &Actor) -> Result<(usize, usize)> {
        actor.must_keep()?;
        retry!(self.try_take(actor))
    }

    async fn try_take(&self, actor: &Actor) -> Result<(usize, usize)> {
        let tx = self.context.db.begin().await?;
        let kept = self.rejected_forms.find(&tx, &slot(actor)).await?.unwrap_or_default();
        let lines = self.compared(&tx, kept.answers.text("list")).await?;
        if lines.iter().any(|(line, _)| matches!(line.outcome, ImportOutcome::Wrong(_))) {
            return Err(Error::refused("名单中有错误的行，请改正后重新检查"));
        }
        let (mut added, mut changed) = (0, 0);
        for (line, read) in lines {
            match (line.outcome, read) {
                (ImportOutcome::Added, Some(read)) => {
                    self.put(&tx, read).await?;
                    added += 1;
                }
                (ImportOutcome::Changed(_), Some(read)) => {
                    self.put(&tx, read).await?;
                    changed += 1;
                }
                (ImportOutcome::Same | ImportOutcome::Wrong(_), _) | (_, None) => {}
            }
        }
        if added + changed == 0 {
            return Err(Error::refused("名单中的日期都已登记，没有需要导入的内容"));
        }
        self.rejected_forms.discard(&tx, &slot(actor)).await?;
        let detail = json!({ "added": added, "changed": changed });
        self.context.audit(&tx, Some(actor), "holiday.import", "holiday", "", detail).await?;
        tx.commit().await?;
        self.context.forget_calendar();
        Ok((added, changed))
    }

    async fn put(&self, tx: &Transaction, read: Read) -> Result<()> {
        let day = format_date(read.day);
        holiday::Entity::delete_by_id(&day).exec_with_returning(tx).await?;
        let row = holiday::ActiveModel {
            day: Set(day),
            is_working: Set(read.is_working),
            name: Set(read.name),
            source: Set(ENTERED.to_owned()),
        };
        row.insert(tx).await?;
        Ok(())
    }

    async fn compared(
        &self,
        on: &impl ConnectionTrait,
        text: &str,
    ) -> Result<Vec<(ImportLine, Option<Read>)>> {
        let known: BTreeMap<String, holiday::Model> =
            holiday::Entity::find().all(on).await?.into_iter().map(|row| (row.day.clone(), row)).collect();
        let this_year = shanghai_date(self.context.clock.now()).year();
        let mut seen: BTreeMap<Date, usize> = BTreeMap::new();
        let mut lines = Vec::new();
        let texts = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        for (at, line) in texts.take(MOST_LINES + 1) {
            let number = at + 1;
            let is_head = lines.is_empty() && line.contains("日期");
            if is_head {
                continue;
            }
            let outcome = match read(line, this_year) {
                _ if lines.len() >= MOST_LINES => Err(format!("一次最多导入 {MOST_LINES} 行")),
                Ok(read) => match seen.insert(read.day, number) {
                    Some(before) => Err(format!("与第 {before} 行是同一天")),
                    None => Ok(read),
                },
                Err(sentence) => Err(sentence),
            };
            lines.push(match outcome {
                Err(sentence) => (told(number, line.trim(), "", "", ImportOutcome::Wrong(sentence)), None),
                Ok(read) => {
                    let day = format_date(read.day);
                    let outcome = match known.get(&day) {
                        None => ImportOutcome::Added,
                        Some(row) if row.is_working == read.is_working && row.name == read.name => {
                            ImportOutcome::Same
                        }
                        Some(row) => {
                            ImportOutcome::Changed(format!("{}，{}", row.name, kind(row.is_working)))
                        }
                    };
                    (told(number, &day, kind(read.is_working), &read.name, outcome), Some(read))
                }
            });
        }
        Ok(lines)
    }
}

fn told(number: usize, day: &str, kind: &str, name: &str, outcome: ImportOutcome) -> ImportLine {
    ImportLine { number, day: day.to_owned(), kind: kind.to_owned(), name: name.to_owned(), outcome }
}

fn kind(is_working: bool) -> &'static str {
    if is_working { "上班（调休）" } else { "休息" }
}

/// One line: a day, what it is, what it is called; in whatever width commas and digits were typed.
fn read(line: &str, this_year: i32) -> Result<Read, String> {
    let line = half_width(line.trim_start_matches('\u{feff}'));
    let parts: Vec<&str> = line.split([',', '\t']).map(|part| part.trim().trim_matches('"').trim()).collect();
    let [day, kind, name] = parts.as_slice() else {
        return Err("应为三项：日期、安排、名称，用逗号分隔".to_owned());
    };
    let day = parse_date(&day.replace(['/', '.'], "-")).ok_or("日期不正确，应如 2026-10-01")?;
    if !(this_year - 1..=this_year + 2).contains(&day.year()) {
        return Err(format!("日期应在 {} 年至 {} 年之间", this_year - 1, this_year + 2));
    }
    let is_working = match *kind {
        "放假" | "休息" | "休" => false,
        "调休上班" | "上班" | "调休" | "班" => true,
        _ => return Err("安排应为“放假”或“调休上班”".to_owned()),
    };
    let name = text::check_line(name, 2, 20).map_err(|sentence| format!("名称：{sentence}"))?;
    Ok(Read { day, is_working, name })
}

fn slot(actor: &Actor) -> String {
    format!("{}/holiday-list", actor.person_id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_line_is_read_however_it_is_typed() {
        for line in [
            "2026-10-01,放假,国庆节",
            " 2026/10/01 , 休息 , 国庆节 ",
            "２０２６－１０－０１，放假，国庆节",
            "\u{feff}\"2026-10-01\",\"放假\",\"国庆节\"",
            "2026-10-01\t放假\t国庆节",
        ] {
            let read = read(line, 2026).unwrap_or_else(|sentence| panic!("{line}: {sentence}"));
            assert_eq!(
                (format_date(read.day).as_str(), read.is_working, read.name.as_str()),
                ("2026-10-01", false, "国庆节")
            );
        }
        assert!(read("2026-10-10,调休上班,国庆节", 2026).unwrap().is_working);
        for line in [
            "",
            "2026-10-01",
            "2026-13-01,放假,国庆节",
            "2026-10-01,别的,国庆节",
            "2026-10-01,放假,国",
            "1999-10-01,放假,国庆节",
        ] {
            assert!(read(line, 2026).is_err(), "{line}");
        }
    }
}
