//! Sealing anew (R70): after a key was put in front of the others, everything that the others sealed is
//! sealed with it, in small transactions while the server runs. Each tells the audit log; what was written
//! meanwhile is left as it is; broken off, it goes on where it was. In the end the words of the other keys
//! go, and with them the need for those keys.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, Iterable, ModelTrait, PaginatorTrait,
    PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, Value,
};
use serde_json::json;

use crate::base::context::handle;
use crate::base::entity::{
    draft, filing, filing_message, filing_round, handover, held_form, key_check, mail_address, misuse_report,
    outbox, patrol_finding, person, record, relation_check, second_look, staff, undoable_act, upload,
};
use crate::base::error::{Result, chain};
use crate::base::keyring::{key_of, sealed_by};
use crate::base::retry::retry;
use crate::files::Files;
use crate::files::upload::store::StoreError;
use crate::ops::keys::check::word;

handle! {
    /// Seals everything anew under new keys.
    Reseals {
        files: Files,
    }
}

/// Rows that are sealed anew in one transaction.
const BATCH: u64 = 100;

/// A table with sealed columns.
trait Sealed: EntityTrait {
    const COLUMNS: &'static [Self::Column];

    /// The place that a column of this row is sealed for.
    fn place(row: &Self::Model, column: &Self::Column) -> String;
}

macro_rules! sealed {
    ($($table:ident ($($column:ident => $place:expr),+ $(,)?);)+) => { $(
        impl Sealed for $table::Entity {
            const COLUMNS: &'static [$table::Column] = &[$($table::Column::$column),+];

            fn place(row: &$table::Model, column: &$table::Column) -> String {
                $(if matches!(column, $table::Column::$column) {
                    let place: fn(&$table::Model) -> String = $place;
                    return place(row);
                })+
                String::new()
            }
        }
    )+ };
}

sealed! {
    person(
        NameSealed => |row| crate::account::fingerprints::context(&row.id, "name"),
        MobileSealed => |row| crate::account::fingerprints::context(&row.id, "mobile"),
        IdNoSealed => |row| crate::account::fingerprints::context(&row.id, "id_no"),
        SuspensionSealed => |row| crate::account::suspension::suspension(&row.id),
    );
    staff(NameSealed => |row| crate::account::roles::context(&row.id));
    draft(AnswersSealed => |row| format!("draft/{}", row.id));
    record(AnswersSealed => |row| format!("record/{}", row.id));
    filing(
        AnswersSealed => |row| format!("filing/{}", row.id),
        BeforeSealed => |row| format!("filing-before/{}", row.id),
    );
    filing_message(TextSealed => |row| crate::filing::talk::place(&row.id));
    filing_round(AnswersSealed => |row| format!("filing/{}", row.filing_id));
    handover(ReceiverMobileSealed => |row| crate::applicant::handover::sealed_mobile(&row.id));
    held_form(ContentSealed => |row| crate::account::rejected_form::context(&row.slot));
    misuse_report(
        ReportSealed => |row| crate::filing::misuse::place(&row.id, "report"),
        ContactSealed => |row| crate::filing::misuse::place(&row.id, "contact"),
        NoteSealed => |row| crate::filing::misuse::place(&row.id, "note"),
    );
    relation_check(ReasonSealed => |row| crate::filing::relation::place(&row.id));
    patrol_finding(ReasonSealed => |row| crate::filing::patrol::place(&row.id));
    second_look(
        PapersSealed => |row| crate::filing::second_look::place(&row.id, "papers"),
        NoteSealed => |row| crate::filing::second_look::place(&row.id, "note"),
    );
    upload(Name => |row| crate::files::file::context(&row.id));
    mail_address(
        ConfirmedSealed => |row| crate::account::notice::mail_context(&row.person_id, "confirmed"),
        NamedSealed => |row| crate::account::notice::mail_context(&row.person_id, "named"),
    );
    undoable_act(BeforeSealed => |row| crate::desk::undo::context(&row.id));
    outbox(
        RecipientSealed => |row| crate::account::sms::context(&row.id, "recipient"),
        TextSealed => |row| crate::account::sms::context(&row.id, "text"),
    );
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    pub rows: u64,
    pub files: u64,
    /// What does not open where it lies, and is left as it is; each is logged.
    pub unreadable: u64,
    /// Whether all is sealed as it would be today, so that only the first key is needed.
    pub is_done: bool,
}

/// How far sealing anew is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were sealed anew, of those that other keys had sealed when it began.
    pub rows: u64,
    pub of_rows: u64,
    /// Files that were looked at, of all there are.
    pub files: u64,
    pub of_files: u64,
}

/// How much each key has sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// Values in columns, and files, by the id of the key.
    pub by_key: BTreeMap<u16, (u64, u64)>,
    /// Values and files that are not sealed as they would be today: under an older key, or by another suite.
    pub outdated: u64,
}

/// Hands the tables with sealed columns to another macro; the one list of them.
macro_rules! for_each_sealed {
    ($then:ident) => {
        $then!(
            person,
            staff,
            draft,
            record,
            filing,
            filing_message,
            filing_round,
            handover,
            held_form,
            misuse_report,
            relation_check,
            patrol_finding,
            second_look,
            upload,
            outbox,
            mail_address,
            undoable_act
        )
    };
}

impl Reseals {
    /// How much each key has sealed, of all that is stored.
    pub async fn key_use(&self) -> Result<KeyUse> {
        let mut used = KeyUse::default();
        macro_rules! count {
            ($($table:ident),+) => { $( self.count_sealed::<$table::Entity>(&mut used).await?; )+ };
        }
        for_each_sealed!(count);
        let mut files = self.files.store.listed(None);
        while let Some((id, rendition)) = files.try_next().await? {
            let Some(header) = self.files.store.header(id, rendition).await? else { continue };
            if let Some(id) = key_of(&header) {
                used.by_key.entry(id).or_default().1 += 1;
                used.outdated += u64::from(self.context.keys.is_outdated(&header));
            }
        }
        Ok(used)
    }

    async fn count_sealed<E: Sealed>(&self, used: &mut KeyUse) -> Result<()> {
        for column in E::COLUMNS {
            let rows: Vec<(String, i64)> = E::find()
                .select_only()
                .expr_as(header(column), "header")
                .expr_as(column.count(), "n")
                .filter(column.is_not_null())
                .filter(column.ne(""))
                .group_by(header(column))
                .into_tuple()
                .all(self.context.db.read())
                .await?;
            for (sealed, n) in rows {
                let id = sealed_by(&sealed).unwrap_or_default();
                let n = u64::try_from(n).unwrap_or_default();
                used.by_key.entry(id).or_default().0 += n;
                if sealed != self.context.keys.header_text() {
                    used.outdated += n;
                }
            }
        }
        Ok(())
    }

    /// Seals anew what other keys than the first have sealed. `say` hears after every hundred rows and every file how far
    /// it is.
    ///
    /// # Errors
    /// When the database or the place of files fails; called again, it goes on where it was.
    pub async fn reseal(&self, mut say: impl FnMut(Progress)) -> Result<Resealed> {
        let mut done = Resealed::default();
        let mut progress = self.work().await?;
        say(progress);
        macro_rules! tables {
            ($($table:ident),+) => { $(
                self.reseal_table::<$table::Entity>(&mut done, |rows| {
                    progress.rows = rows;
                    say(progress);
                })
                .await?;
            )+ };
        }
        for_each_sealed!(tables);
        let mut files = self.files.store.listed(None);
        while let Some((id, rendition)) = files.try_next().await? {
            progress.files += 1;
            say(progress);
            match self.files.store.reseal(id, rendition).await {
                Ok(true) => done.files += 1,
                Ok(false) => {}
                Err(StoreError::Keyring(error)) => {
                    tracing::error!(file = %id, error = chain(&error), "a file does not open and stays as it is");
                    done.unreadable += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        // Asked anew: a server that was not started again since may still seal with an older key.
        let used = self.key_use().await?;
        let first = self.context.keys.key_ids().first().copied().unwrap_or_default();
        done.is_done = used.outdated == 0;
        if done.is_done {
            retry!(self.forget_other_keys(first))?;
            retry!(self.reseal_word(first))?;
        }
        Ok(done)
    }

    /// What there is to do.
    async fn work(&self) -> Result<Progress> {
        let mut work = Progress::default();
        macro_rules! count {
            ($($table:ident),+) => { $(
                let rows = $table::Entity::find().filter(self.is_outdated::<$table::Entity>());
                work.of_rows += rows.count(self.context.db.read()).await?;
            )+ };
        }
        for_each_sealed!(count);
        work.of_files = self.files.store.listed(None).try_fold(0, async |files, _| Ok(files + 1)).await?;
        Ok(work)
    }

    async fn reseal_table<E: Sealed>(&self, done: &mut Resealed, mut say: impl FnMut(u64)) -> Result<()> {
        let mut after = String::new();
        loop {
            let rows = self.outdated::<E>(&after).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            let next = first_key::<E>(last);
            let is_full = rows.len() as u64 == BATCH;
            let (resealed, unreadable) = retry!(self.reseal_rows::<E>(&rows))?;
            done.rows += resealed;
            done.unreadable += unreadable;
            say(done.rows);
            // Rows that share their first key with the last one may not have been in this batch.
            let is_stuck = next == after && resealed == 0;
            if !is_full || is_stuck {
                return Ok(());
            }
            after = next;
        }
    }

    /// Of rows in which a key other than the first has sealed something.
    fn is_outdated<E: Sealed>(&self) -> Condition {
        let mut is_outdated = Condition::any();
        for column in E::COLUMNS {
            let sealed = column.is_not_null().and(column.ne(""));
            is_outdated = is_outdated.add(sealed.and(header(column).ne(self.context.keys.header_text())));
        }
        is_outdated
    }

    async fn outdated<E: Sealed>(&self, after: &str) -> Result<Vec<E::Model>> {
        let Some(key) = E::PrimaryKey::iter().next().map(PrimaryKeyToColumn::into_column) else {
            return Ok(Vec::new());
        };
        Ok(E::find()
            .filter(key.gte(after))
            .filter(self.is_outdated::<E>())
            .order_by_asc(key)
            .limit(BATCH)
            .all(self.context.db.read())
            .await?)
    }

    /// How many rows were sealed anew, and how many values do not open.
    async fn reseal_rows<E: Sealed>(&self, rows: &[E::Model]) -> Result<(u64, u64)> {
        let (mut resealed, mut unreadable) = (0, 0);
        let tx = self.context.db.begin().await?;
        for row in rows {
            let mut update = E::update_many();
            let mut is_changed = false;
            for column in E::COLUMNS {
                let Value::String(Some(sealed)) = row.get(*column) else { continue };
                if sealed.is_empty() || sealed.starts_with(&self.context.keys.header_text()) {
                    continue;
                }
                let place = E::place(row, column);
                let plain = match self.context.keys.open_text(&place, &sealed) {
                    Ok(plain) => plain,
                    Err(error) => {
                        tracing::error!(
                            place,
                            error = chain(&error),
                            "a value does not open and stays as it is"
                        );
                        unreadable += 1;
                        continue;
                    }
                };
                let anew = self.context.keys.seal_text(&place, &plain)?;
                // Only while it is what was read.
                update = update.col_expr(*column, Expr::value(anew)).filter(column.eq(sealed.as_str()));
                is_changed = true;
            }
            if !is_changed {
                continue;
            }
            for key in E::PrimaryKey::iter() {
                let key = key.into_column();
                update = update.filter(key.eq(row.get(key)));
            }
            resealed += update.exec_with_returning(&tx).await?.len() as u64;
        }
        if resealed > 0 {
            let detail = json!({ "rows": resealed });
            self.context.audit(&tx, None, "reseal", E::default().table_name(), "", detail).await?;
        }
        tx.commit().await?;
        Ok((resealed, unreadable))
    }

    async fn forget_other_keys(&self, first: u16) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let gone = key_check::Entity::delete_many()
            .filter(key_check::Column::KeyId.ne(i32::from(first)))
            .exec(&tx)
            .await?;
        if gone.rows_affected > 0 {
            let detail = json!({ "key": first });
            self.context.audit(&tx, None, "reseal", "key_check", "", detail).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The word of the key that seals, where another suite has sealed it.
    async fn reseal_word(&self, first: u16) -> Result<()> {
        let tx = self.context.db.begin().await?;
        let row = key_check::Entity::find_by_id(i32::from(first)).one(&tx).await?;
        if row.is_some_and(|row| !row.word_sealed.starts_with(&self.context.keys.header_text())) {
            word(&self.context.keys, first)?.update(&tx).await?;
            let detail = json!({ "key": first });
            self.context.audit(&tx, None, "reseal", "key_check", "", detail).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// What stands in front of a sealed text.
fn header(column: &impl ColumnTrait) -> SimpleExpr {
    // As constants: PostgreSQL takes two parameters of one value for two things.
    Func::cust("substr").arg(column.into_expr()).arg(Expr::cust("1")).arg(Expr::cust("4")).into()
}

fn first_key<E: Sealed>(row: &E::Model) -> String {
    let key = E::PrimaryKey::iter().next().map(PrimaryKeyToColumn::into_column);
    match key.map(|key| row.get(key)) {
        Some(Value::String(Some(key))) => key,
        Some(_) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use std::sync::Arc;

    use object_store::memory::InMemory;
    use sea_orm::{ConnectionTrait as _, IdenStatic as _};

    use super::*;
    use crate::base::keyring::Keyring;
    use crate::common::{World, claims, picture};
    use crate::files::upload::store::FileStore;

    claims![
        everything_sealed_is_sealed_anew_and_the_old_key_can_go,
        what_does_not_open_is_left_and_keeps_its_key,
        every_sealed_column_is_known_here,
    ];

    const HASH: &str = "hash hmac-sha-256 ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    const ONE: &str = "key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const TWO: &str = "key 2 gAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    /// A server started with these keys on the world's database and files.
    async fn with(world: &mut World, objects: &Arc<InMemory>, lines: &[&str]) {
        world.has_other_keys();
        world.keys = Arc::new(Keyring::parse(&lines.join("\n")).unwrap());
        world.files = FileStore::over(objects.clone(), Arc::clone(&world.keys));
        world.service = world.restarted().await;
    }

    /// V11.1.1.
    async fn everything_sealed_is_sealed_anew_and_the_old_key_can_go(mut world: World) {
        let objects = Arc::new(InMemory::new());
        with(&mut world, &objects, &[ONE, HASH]).await;
        world.service.key_checks.check_and_mark_keys().await.unwrap();
        let actor = world.applicant(1).await;
        let (_, website) = world.in_force(&actor, "example.cn").await;
        let change = world.website_answers(&actor, "example.cn").await;
        let draft = world.draft(&actor, "website_change", Some(&website), &change).await;
        let kept = world.service.files.accept_upload(&actor, "a.png", picture(1)).await.unwrap();

        with(&mut world, &objects, &[TWO, ONE, HASH]).await;
        world.service.key_checks.check_and_mark_keys().await.unwrap();
        let before = world.service.reseals.key_use().await.unwrap().by_key;
        assert_eq!(before.keys().copied().collect::<Vec<_>>(), [1]);
        let (values, files) = before[&1];
        assert!(values > 10 && files >= 2, "{before:?}");
        let mut heard = Vec::new();
        let done = world.service.reseals.reseal(|progress| heard.push(progress)).await.unwrap();
        assert!(done.is_done && done.unreadable == 0 && done.files == files, "{done:?}");
        let (first, last) = (heard[0], heard[heard.len() - 1]);
        assert_eq!(
            (first.rows, first.files, first.of_files),
            (0, 0, files),
            "what is to be done is known at once"
        );
        let all = Progress { rows: first.of_rows, files, ..first };
        assert_eq!((last, last.rows), (all, done.rows), "and at the end nothing is left");
        let after = world.service.reseals.key_use().await.unwrap().by_key;
        assert_eq!(after.into_iter().collect::<Vec<_>>(), [(2, (values, files))]);
        assert!(world.service.audit_chain.verify_audit().await.unwrap().is_whole());
        let again = world.service.reseals.reseal(|_| {}).await.unwrap();
        assert_eq!(again, Resealed { is_done: true, ..Resealed::default() });

        with(&mut world, &objects, &[TWO, HASH]).await;
        world.service.key_checks.check_keys().await.unwrap();
        let actor = world.applicant(1).await;
        world.draft_form(&actor, "website_change", "site", &draft).await;
        world.service.files.open_file(&actor, &kept.id).await.unwrap();
        world.service.records.records(&actor, domain::business::Business::Website, "").await.unwrap();
    }

    async fn what_does_not_open_is_left_and_keeps_its_key(mut world: World) {
        let objects = Arc::new(InMemory::new());
        with(&mut world, &objects, &[ONE, HASH]).await;
        world.service.key_checks.check_and_mark_keys().await.unwrap();
        for n in 1..4 {
            world.applicant(n).await;
        }
        // The value of one person put to another.
        world
            .execute(
                "UPDATE person SET mobile_sealed = (SELECT mobile_sealed FROM person ORDER BY id LIMIT 1) \
                 WHERE id = (SELECT id FROM person ORDER BY id DESC LIMIT 1)",
            )
            .await;
        with(&mut world, &objects, &[TWO, ONE, HASH]).await;
        world.service.key_checks.check_and_mark_keys().await.unwrap();
        let done = world.service.reseals.reseal(|_| {}).await.unwrap();
        assert_eq!((done.unreadable, done.is_done), (1, false));
        assert_eq!(world.service.reseals.key_use().await.unwrap().by_key[&1], (1, 0));
        with(&mut world, &objects, &[TWO, HASH]).await;
        assert!(world.service.key_checks.check_keys().await.is_err(), "the old key is still needed");
    }

    /// Whoever adds a sealed column adds it here as well, or its values are lost with the old key.
    async fn every_sealed_column_is_known_here(world: World) {
        let connection = world.raw().await;
        let columns = match connection.get_database_backend() {
            sea_orm::DatabaseBackend::Sqlite => {
                "SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND c.name LIKE '%sealed' ORDER BY 1"
            }
            _ => {
                "SELECT table_name || '.' || column_name FROM information_schema.columns \
                 WHERE table_schema = 'public' AND column_name LIKE '%sealed' ORDER BY 1"
            }
        };
        let ask = sea_orm::Statement::from_string(connection.get_database_backend(), columns);
        let rows = connection.query_all_raw(ask).await.unwrap();
        let mut stored: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        // Not sealed anew but dropped in the end.
        stored.retain(|column| column != "key_check.word_sealed");
        // Without the ending that the others have.
        stored.push("upload.name".to_owned());
        stored.sort();
        let mut known = Vec::new();
        macro_rules! list {
            ($($table:ident),+) => { $( known.extend(names::<$table::Entity>()); )+ };
        }
        for_each_sealed!(list);
        known.sort();
        assert_eq!(stored, known);
    }

    fn names<E: Sealed>() -> Vec<String> {
        let table = E::default();
        E::COLUMNS.iter().map(|column| format!("{}.{}", table.table_name(), column.as_str())).collect()
    }
}
