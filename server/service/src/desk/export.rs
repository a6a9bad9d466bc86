//! A queue as a table for a spreadsheet (CSV), a piece at a time: however long it is, no more than one
//! piece is in memory. It holds what the queue shows and no personal values; that somebody took it
//! along is a line in the audit log (R65).

use domain::view::QueueRequest;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::base::actor::Actor;
use crate::base::clock::written;
use crate::base::context::handle;
use crate::base::db::instant;
use crate::base::entity::filing;
use crate::base::error::{Error, Result};
use crate::base::region::region_name;
use crate::base::retry::retry;
use crate::desk::queue::filter::QueueFilter;
use crate::desk::queue::{Queues, only_ids};

handle! {
    /// The queue as a file.
    Exports {
        queues: Queues,
    }
}

/// Rows of one piece.
const PIECE: u64 = 1_000;

const HEAD: [&str; 9] =
    ["编号", "业务类型", "名称", "主体名称", "审核状态", "提交时间", "决定时间", "管辖地", "第几次提交"];

/// An export under way.
pub struct Export {
    filter: QueueFilter,
    after: Option<(i64, String)>,
    has_begun: bool,
    is_over: bool,
}

type Row = (String, String, String, String, String, String, i64, Option<i64>, String, i32);

impl Exports {
    /// Begins an export of what a queue shows, and writes that down.
    ///
    /// # Errors
    /// `Forbidden` for who does not review.
    pub async fn export(&self, actor: &Actor, request: &QueueRequest) -> Result<Export> {
        let mut filter = self.queues.filter_of(actor, request).await?;
        // Newest first, and what arrives meanwhile is not in it.
        filter.order = Order::Desc;
        retry!(self.write_down_export(actor, request))?;
        Ok(Export { filter, after: None, has_begun: false, is_over: false })
    }

    async fn write_down_export(&self, actor: &Actor, request: &QueueRequest) -> Result<()> {
        let tx = self.context.db.begin().await?;
        // What was searched for may be a name.
        let asked: Vec<(&str, String)> =
            request.pairs().into_iter().filter(|(name, _)| !matches!(*name, "search" | "after")).collect();
        let detail = json!({ "asked": asked, "searched": !request.search.is_empty() });
        self.context.audit(&tx, Some(actor), "filing.export", "queue", "", detail).await?;
        Ok(tx.commit().await?)
    }

    /// The next piece, or none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn export_piece(&self, export: &mut Export) -> Result<Option<String>> {
        if export.is_over {
            return Ok(None);
        }
        let on = self.context.db.read();
        let after = export.after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let keys = export.filter.page(&Order::Desc, after, PIECE, on.get_database_backend());
        let rows: Vec<Row> = filing::Entity::find()
            .select_only()
            .columns([
                filing::Column::Id,
                filing::Column::Reference,
                filing::Column::Business,
                filing::Column::Action,
                filing::Column::Title,
                filing::Column::SubjectName,
                filing::Column::SubmittedAt,
                filing::Column::DecidedAt,
                filing::Column::Jurisdiction,
                filing::Column::Round,
            ])
            .column(filing::Column::State)
            .filter(filing::Column::Id.in_subquery(only_ids(keys)))
            .order_by_desc(filing::Column::SubmittedAt)
            .order_by_desc(filing::Column::Id)
            .into_tuple::<(String, String, String, String, String, String, i64, Option<i64>, String, i32, String)>()
            .all(on)
            .await?
            .into_iter()
            .map(|(id, reference, business, action, title, subject, at, decided, place, round, state)| {
                let procedure = domain::procedure::Procedure::from_code(&format!("{business}_{action}"));
                let state = domain::filing::FilingState::from_code(&state);
                match (procedure, state) {
                    (Some(procedure), Some(state)) => Ok((
                        id,
                        reference,
                        procedure.label().to_owned(),
                        title,
                        subject,
                        state.label().to_owned(),
                        at,
                        decided,
                        place,
                        round,
                    )),
                    _ => Err(Error::Corrupt(format!("filing {id} is of no kind or state"))),
                }
            })
            .collect::<Result<_>>()?;
        export.is_over = (rows.len() as u64) < PIECE;
        // Spreadsheets tell UTF-8 by its mark.
        let mut text = match export.has_begun {
            true => String::new(),
            false => format!("\u{feff}{}", line(HEAD)),
        };
        export.has_begun = true;
        for (id, reference, procedure, title, subject, state, at, decided, place, round) in rows {
            let (submitted, decided) = (written(instant(at)), decided.map(instant).map(written));
            let (place, round) = (region_name(&place), round.to_string());
            let decided = decided.unwrap_or_default();
            text.push_str(&line([
                reference.as_str(),
                &procedure,
                &title,
                &subject,
                &state,
                &submitted,
                &decided,
                &place,
                &round,
            ]));
            export.after = Some((at, id));
        }
        Ok(Some(text))
    }
}

/// A cell. What a spreadsheet would take for a formula gets an apostrophe before it, also behind
/// blanks, where some look for one.
fn cell(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r']);
    let guarded = if is_formula { format!("'{text}") } else { text.to_owned() };
    match guarded.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", guarded.replace('"', "\"\"")),
        false => guarded,
    }
}

fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::common::*;

    claims![an_export_has_every_row_once_and_is_written_down];

    #[test]
    fn no_cell_is_a_formula() {
        for (text, safe) in [
            ("某某网站", "某某网站"),
            ("=1+1", "'=1+1"),
            ("+86", "'+86"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("一,二", "\"一,二\""),
            ("说\"好\"", "\"说\"\"好\"\"\""),
            ("=cmd|'/C calc'!A0,\n", "\"'=cmd|'/C calc'!A0,\n\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), safe);
        }
    }

    async fn an_export_has_every_row_once_and_is_written_down(world: World) {
        let officer = world.officer("110000").await;
        world.many_filings(&officer, 50, 420).await;
        let request = QueueRequest { state: "all".to_owned(), ..QueueRequest::default() };
        let mut export = world.service.exports.export(&officer, &request).await.unwrap();
        let (mut text, mut pieces) = (String::new(), 0);
        while let Some(piece) = world.service.exports.export_piece(&mut export).await.unwrap() {
            text.push_str(&piece);
            pieces += 1;
        }
        assert_eq!(pieces, 3, "2100 rows");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("\u{feff}{}", HEAD.join(",")));
        let mut references: Vec<&str> =
            lines[1..].iter().map(|line| line.split(',').next().unwrap()).collect();
        references.sort_unstable();
        references.dedup();
        assert_eq!((lines.len(), references.len()), (2101, 2100));
        let looked = world.number("SELECT COUNT(*) FROM audit WHERE action = 'filing.export'").await;
        assert_eq!(looked, 1);
        let applicant = world.applicant(1).await;
        assert!(matches!(world.service.exports.export(&applicant, &request).await, Err(Error::Forbidden)));
    }
}
