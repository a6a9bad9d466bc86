//! Wakes those who read what was written: by the commits of this server, and on PostgreSQL by those of the others
//! (LISTEN/NOTIFY). A wake-up says only where to look; the tables say what is there.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, SqlxError, Statement};
use tokio::sync::{broadcast, watch};

use crate::base::error::chain;

/// The channels of PostgreSQL.
const EVENT: &str = "desk_event";
const OPEN_PAGE: &str = "open_page";

/// Wake-ups that wait for one who reads slowly; whoever falls behind looks at everything.
const WAITING: usize = 256;

/// So long until the next try where the database cannot be listened to.
const PAUSE: Duration = Duration::from_secs(1);

/// Where something new stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// In the table of events.
    Event,
    /// Somebody opened or closed the page of this filing, at the server with this id.
    OpenPage { filing_id: String, jurisdiction: String, server_id: String },
    /// Nobody knows: the connection was made anew.
    Interrupted,
}

impl News {
    fn of(channel: &str, payload: &str) -> Option<Self> {
        match channel {
            EVENT => Some(News::Event),
            OPEN_PAGE => {
                let mut words = payload.split(' ').map(str::to_owned);
                Some(News::OpenPage {
                    filing_id: words.next()?,
                    jurisdiction: words.next()?,
                    server_id: words.next()?,
                })
            }
            _ => None,
        }
    }
}

/// Where wake-ups come together. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct NewsDesk {
    sender: broadcast::Sender<News>,
    /// Other servers are listened to from the first reader on, until the last of the clones is gone.
    listens: Arc<OnceLock<watch::Sender<()>>>,
}

impl NewsDesk {
    pub(super) fn new() -> Self {
        let (sender, _) = broadcast::channel(WAITING);
        NewsDesk { sender, listens: Arc::default() }
    }

    /// Wakes those of this server.
    pub(super) fn wake(&self, news: News) {
        // Nobody may be reading.
        let _ = self.sender.send(news);
    }

    /// Listens to the database at `url` too, where it can be listened to.
    pub(super) fn reader(&self, url: &str) -> broadcast::Receiver<News> {
        let receiver = self.sender.subscribe();
        if !url.starts_with("sqlite:") {
            self.listens.get_or_init(|| {
                let (alive, mut gone) = watch::channel(());
                let (sender, url) = (self.sender.downgrade(), url.to_owned());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = gone.changed() => {}
                        () = listen(sender, url) => {}
                    }
                });
                alive
            });
        }
        receiver
    }
}

/// Passes on what PostgreSQL tells.
async fn listen(sender: broadcast::WeakSender<News>, url: String) {
    loop {
        if let Err(error) = listen_once(&sender, &url).await {
            tracing::warn!(
                error = chain(&error),
                "the news of other servers are not heard, only read every second"
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(sender: &broadcast::WeakSender<News>, url: &str) -> Result<(), SqlxError> {
    let pass_on = |news| sender.upgrade().map(|sender| sender.send(news));
    let mut listener = PgListener::connect(url).await?;
    listener.listen_all([EVENT, OPEN_PAGE]).await?;
    loop {
        // What was said before there was a connection, or between two, is looked for in the tables.
        pass_on(News::Interrupted);
        while let Some(heard) = listener.try_recv().await? {
            if let Some(news) = News::of(heard.channel(), heard.payload()) {
                pass_on(news);
            }
        }
    }
}

/// Wakes the readers of all servers; on PostgreSQL with the commit of the transaction it is called in.
///
/// # Errors
/// When the database fails.
pub(crate) async fn notify(on: &impl ConnectionTrait, news: &News) -> Result<(), DbErr> {
    let (channel, payload) = match news {
        News::Event => (EVENT, String::new()),
        News::OpenPage { filing_id, jurisdiction, server_id } => {
            (OPEN_PAGE, format!("{filing_id} {jurisdiction} {server_id}"))
        }
        News::Interrupted => return Ok(()),
    };
    if on.get_database_backend() == DatabaseBackend::Postgres {
        let values = [channel.into(), payload.into()];
        let sql = "SELECT pg_notify($1, $2)";
        on.query_one_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, values)).await?;
    }
    Ok(())
}
