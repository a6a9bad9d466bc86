//! Which pages are open at other servers. Each server writes its own open pages into a table, in the background, and
//! tells the others by name; they read the rows of that filing. What a server left behind that died counts no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OnceCell, broadcast, mpsc, watch};

use crate::base::context::Context;
use crate::base::db::{News, instant, millis, notify};
use crate::base::entity::open_page;
use crate::base::error::{Result, chain};
use crate::base::retry::retry;

/// Words to the others that are written in one transaction.
const AT_ONCE: usize = 64;

/// What the others have to know of a page.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Of the look, at this server.
    pub key: u64,
    pub filing_id: String,
    pub jurisdiction: String,
    pub person_id: String,
    pub until: Option<OffsetDateTime>,
    /// Or closed.
    pub is_open: bool,
}

/// The pages that are open at other servers, by filing.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    by_filing: Mutex<BTreeMap<String, Vec<open_page::Model>>>,
    words: OnceCell<mpsc::UnboundedSender<Word>>,
}

impl Elsewhere {
    /// Begins to tell the others and to hear from them, once; nothing where there can be none.
    pub(super) async fn begin(self: &Arc<Self>, context: &Context) {
        if !context.db.is_shared() {
            return;
        }
        self.words
            .get_or_init(|| async {
                let (sender, receiver) = mpsc::unbounded_channel();
                let at = At { context: context.clone(), elsewhere: Arc::downgrade(self) };
                tokio::spawn(tell(context.clone(), receiver));
                tokio::spawn(at.listen(context.db.news(), context.servers.others_alive()));
                sender
            })
            .await;
    }

    pub(super) fn tell(&self, word: Word) {
        if let Some(words) = self.words.get() {
            // It fails only at the end of the program.
            let _ = words.send(word);
        }
    }

    /// The people who have the page of a filing open at servers that are alive.
    pub(super) fn people(&self, context: &Context, filing_id: &str, now: OffsetDateTime) -> Vec<String> {
        let looks = self.by_filing.lock().unwrap_or_else(PoisonError::into_inner);
        let of_filing = looks.get(filing_id).into_iter().flatten();
        of_filing
            .filter(|look| look.until.is_none_or(|until| instant(until) > now))
            .filter(|look| context.servers.is_alive(&look.server_id))
            .map(|look| look.person_id.clone())
            .collect()
    }
}

/// Writes what is open here, as long as somebody says it.
async fn tell(context: Context, mut words: mpsc::UnboundedReceiver<Word>) {
    let mut some = Vec::new();
    while words.recv_many(&mut some, AT_ONCE).await > 0 {
        if let Err(error) = write(&context, &some).await {
            tracing::warn!(error = chain(&error), "other servers do not know which pages are open here");
        }
        some.clear();
    }
}

async fn write(context: &Context, words: &[Word]) -> Result<()> {
    retry!(try_write(context, words))
}

async fn try_write(context: &Context, words: &[Word]) -> Result<()> {
    let me = context.servers.me();
    let id = |word: &Word| format!("{me}/{}", word.key);
    // Opened and closed again within the moment: nothing to write, but somebody may have seen it before.
    let closed: BTreeSet<u64> = words.iter().filter(|word| !word.is_open).map(|word| word.key).collect();
    let rows: Vec<open_page::ActiveModel> = words
        .iter()
        .filter(|word| word.is_open && !closed.contains(&word.key))
        .map(|word| open_page::ActiveModel {
            id: Set(id(word)),
            server_id: Set(me.to_owned()),
            filing_id: Set(word.filing_id.clone()),
            jurisdiction: Set(word.jurisdiction.clone()),
            person_id: Set(word.person_id.clone()),
            until: Set(word.until.map(millis)),
        })
        .collect();
    let over: Vec<String> = words.iter().filter(|word| !word.is_open).map(id).collect();
    let tx = context.db.begin().await?;
    if !rows.is_empty() {
        open_page::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    }
    if !over.is_empty() {
        open_page::Entity::delete_many().filter(open_page::Column::Id.is_in(over)).exec(&tx).await?;
    }
    let filings: BTreeSet<(&String, &String)> =
        words.iter().map(|word| (&word.filing_id, &word.jurisdiction)).collect();
    for (filing_id, jurisdiction) in filings {
        let (filing_id, jurisdiction) = (filing_id.clone(), jurisdiction.clone());
        notify(&tx, &News::OpenPage { filing_id, jurisdiction, server_id: me.to_owned() }).await?;
    }
    Ok(tx.commit().await?)
}

/// Where what the others say is noted.
struct At {
    context: Context,
    elsewhere: Weak<Elsewhere>,
}

impl At {
    async fn listen(self, mut news: broadcast::Receiver<News>, mut alive: watch::Receiver<BTreeSet<String>>) {
        while self.elsewhere.strong_count() > 0 {
            let outcome = tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => continue,
                heard = news.recv() => match heard {
                    Err(RecvError::Closed) => return,
                    Ok(News::Event) => continue,
                    Ok(News::OpenPage { server_id, .. }) if server_id == self.context.servers.me() => continue,
                    Ok(News::OpenPage { filing_id, jurisdiction, .. }) => self.read_one(&filing_id, &jurisdiction).await,
                    Ok(News::Interrupted) | Err(RecvError::Lagged(_)) => self.read_all().await,
                },
                changed = alive.changed() => match changed {
                    Err(_) => return,
                    Ok(()) => self.read_all().await,
                },
            };
            match outcome {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(
                    error = chain(&error),
                    "which pages are open at other servers was not read"
                ),
            }
        }
    }

    /// Says whether somebody still wants to know.
    async fn read_one(&self, filing_id: &str, jurisdiction: &str) -> Result<bool> {
        let rows = open_page::Entity::find()
            .filter(open_page::Column::FilingId.eq(filing_id))
            .filter(open_page::Column::ServerId.ne(self.context.servers.me()))
            .all(self.context.db.read())
            .await?;
        let Some(elsewhere) = self.elsewhere.upgrade() else { return Ok(false) };
        {
            let mut looks = elsewhere.by_filing.lock().unwrap_or_else(PoisonError::into_inner);
            match rows.is_empty() {
                true => looks.remove(filing_id),
                false => looks.insert(filing_id.to_owned(), rows),
            };
        }
        self.context.events.looked(filing_id, jurisdiction);
        Ok(true)
    }

    /// The same for all filings, for which anything may have changed.
    async fn read_all(&self) -> Result<bool> {
        let rows = open_page::Entity::find()
            .filter(open_page::Column::ServerId.ne(self.context.servers.me()))
            .all(self.context.db.read())
            .await?;
        let Some(elsewhere) = self.elsewhere.upgrade() else { return Ok(false) };
        let mut now: BTreeMap<String, Vec<open_page::Model>> = BTreeMap::new();
        for row in rows {
            now.entry(row.filing_id.clone()).or_default().push(row);
        }
        let mut concerned: BTreeMap<String, String> = BTreeMap::new();
        {
            let mut looks = elsewhere.by_filing.lock().unwrap_or_else(PoisonError::into_inner);
            for row in looks.values().chain(now.values()).flatten() {
                concerned.insert(row.filing_id.clone(), row.jurisdiction.clone());
            }
            *looks = now;
        }
        for (filing_id, jurisdiction) in concerned {
            self.context.events.looked(&filing_id, &jurisdiction);
        }
        Ok(true)
    }
}
