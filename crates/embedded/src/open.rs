//! Opening a data directory.

mod database;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ports::StoreError;
use ports::clock::Clock;
use ports::metrics::Metrics;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::checkpoint::Checkpointer;
use crate::executions::{Executor, LoadError};
use crate::expression::Expressions;
use crate::observe::spans;
use crate::orders::Recent;
use crate::outbox::Outbox;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::schema::{self, MigrateError, migrate};
use crate::topic::Subscription;
use crate::tx::{Counters, Notice};
use crate::writer::Writer;
use crate::{Engine, Inner, Settings, access, catalogue, lambda};
use database::{open_database, schema_error, sqlite_error};

/// Why a data directory could not be opened. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It can't be made, read or written.
    #[error("the data directory {path} can't be used: make sure that it exists and that you may write to it")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has it.
    #[error(
        "the data directory {0} is in use by another ordermill: stop that one, or choose another with --data"
    )]
    InUse(PathBuf),
    /// The file isn't a database, or is damaged.
    #[error("{0} is not a database, or is damaged: move it away, or restore a backup")]
    NotADatabase(PathBuf),
    /// The file can't be opened, or only to be read.
    #[error(
        "{path} can't be written: make sure that it is a file, and that you may write to it and to its folder"
    )]
    NotWritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// There must be a database, and there's none, or none with anything in it.
    #[error(
        "{0} is missing or empty, and the keys of a shop are beside it: restore a backup, or move the key files away to \
         begin a new shop"
    )]
    Lost(PathBuf),
    /// Its schema can't be used.
    #[error("{path} can't be used")]
    Schema {
        /// Which.
        path: PathBuf,
        /// Why.
        source: MigrateError,
    },
    /// SQLite failed.
    #[error("{path} can't be opened")]
    Sqlite {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The state machine can't be run here.
    #[error("the state machine {machine} can't be run here")]
    Machine {
        /// Its name.
        machine: String,
        /// Why.
        source: LoadError,
    },
    /// The template leads nowhere.
    #[error("{0}")]
    Settings(String),
    /// No thread for the writer or for checkpoints.
    #[error("the writer's threads can't be started")]
    Thread(#[source] std::io::Error),
    /// The store failed while it was read for the first time.
    #[error("the store failed while it was read for the first time")]
    Store(#[from] StoreError),
}

/// Ids of what has a name, kept in the database so that rows are narrow.
#[derive(Debug, Default)]
pub(crate) struct Names {
    ids: HashMap<(&'static str, String), i64>,
}

impl Names {
    /// The id of a name that the settings have. Unknown names get an id that no row has.
    pub(crate) fn id(&self, kind: &'static str, name: &str) -> i64 {
        self.ids.get(&(kind, name.to_owned())).copied().unwrap_or(-1)
    }

    /// The name of an id.
    pub(crate) fn name(&self, kind: &'static str, id: i64) -> Option<&str> {
        self.ids
            .iter()
            .find(|((k, _), i)| *k == kind && **i == id)
            .map(|((_, name), _)| name.as_str())
    }

    fn read(connection: &Connection, settings: &Settings) -> rusqlite::Result<Self> {
        let mut ids = HashMap::new();
        let mut add = |kind: &'static str, name: &str| -> rusqlite::Result<()> {
            connection.execute(
                "INSERT INTO names (kind, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (kind, name),
            )?;
            let id = connection.query_row(
                "SELECT id FROM names WHERE kind = ?1 AND name = ?2",
                (kind, name),
                |row| row.get(0),
            )?;
            ids.insert((kind, name.to_owned()), id);
            Ok(())
        };
        for queue in &settings.queues {
            add("queue", &queue.name)?;
        }
        for subscription in settings.topics.iter().flat_map(|topic| &topic.subscriptions) {
            add("subscription", &subscription.name)?;
        }
        for function in settings
            .functions
            .iter()
            .filter(|function| function.stream_source.is_some())
        {
            add("consumer", &function.name)?;
        }
        add("machine", &settings.machine.name)?;
        Ok(Self { ids })
    }
}

impl Engine {
    /// Opens the data directory, making it when there's none. Nothing runs before [`Engine::start`]. What happens is
    /// counted in `metrics`.
    ///
    /// # Errors
    /// [`OpenError`] says what stands in the way and what to do.
    pub async fn open(settings: Settings, metrics: Arc<dyn Metrics>) -> Result<Self, OpenError> {
        settings.check().map_err(OpenError::Settings)?;
        let machine_error = |source| OpenError::Machine {
            machine: settings.machine.name.clone(),
            source,
        };
        // Before anything is made: a definition with faults leaves no directory behind.
        let definition = Executor::read(&settings).map_err(machine_error)?;
        let (lock, mut connection, path) = open_database(&settings.data_dir, settings.must_exist)?;
        let sqlite = |source| sqlite_error(&path, source);
        let fresh = schema::is_empty(&connection).map_err(sqlite)?;
        migrate(&mut connection).map_err(|source| schema_error(&path, source))?;
        // Together, so that a directory which can't be opened after all is as it was.
        let opening = connection.unchecked_transaction().map_err(sqlite)?;
        let names = Names::read(&opening, &settings).map_err(sqlite)?;
        make_all_visible(&opening, settings.time.now()).map_err(sqlite)?;
        let mut counters = Counters::read(&opening).map_err(sqlite)?;
        // Deleted messages leave no trace, so their numbers go on from the clock and are never given out twice.
        let by_clock = settings.time.now().as_ms().saturating_mul(1000);
        counters.message = counters.message.max(by_clock);
        counters.delivery = counters.delivery.max(by_clock);
        let executor = Executor::load(&opening, &settings, &names, definition).map_err(sqlite)?;
        let executor = Arc::new(executor);
        let queues: HashMap<String, Arc<Queue>> = settings
            .queues
            .iter()
            .map(|queue| (queue.name.clone(), Arc::new(Queue::new(queue, &names))))
            .collect();
        let subscriptions: Vec<Arc<Subscription>> = settings
            .topics
            .iter()
            .flat_map(|topic| Subscription::of(topic, &names))
            .map(Arc::new)
            .collect();
        let access = Arc::new(access::Access::read(&opening, settings.usage_plan).map_err(sqlite)?);
        let catalogue = catalogue::ProductCache::read(&opening).map_err(sqlite)?;
        opening.commit().map_err(sqlite)?;
        let (changed, stream) = watch::channel(u64::try_from(counters.change).unwrap_or(0));
        let recent = Arc::new(Recent::new());
        let dispatch = dispatcher(&queues, &subscriptions, &executor, &recent, &catalogue, changed);
        let checkpointer = Checkpointer::start(&path)
            .map_err(sqlite)?
            .map_err(OpenError::Thread)?;
        let halt_after_commits = settings.faults.halt_after_commits;
        let (writer, thread) = Writer::start(
            connection,
            &path,
            checkpointer,
            counters,
            halt_after_commits,
            dispatch,
        )
        .map_err(OpenError::Thread)?;
        let inner = Inner {
            writer,
            readers: Readers::new(&path),
            lambda: lambda::Lambda::new(&settings, &metrics),
            metrics,
            names,
            catalogue,
            access,
            recent,
            outbox: Outbox::default(),
            workflow_service: spans::workflow(&settings.machine.name),
            expressions: Expressions::default(),
            ids: ports::clock::IdSource::default(),
            queues,
            subscriptions,
            stream,
            executor,
            stop: watch::Sender::new(false),
            workers: tokio::sync::Mutex::default(),
            held: Mutex::new(Some((thread, lock))),
            order_counts: crate::orders::OrderCounter::default(),
            fresh,
            settings,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }
}

/// Where each notice of the writer goes.
fn dispatcher(
    queues: &HashMap<String, Arc<Queue>>,
    subscriptions: &[Arc<Subscription>],
    executor: &Arc<Executor>,
    recent: &Arc<Recent>,
    catalogue: &catalogue::ProductCache,
    changed: watch::Sender<u64>,
) -> impl FnMut(Vec<Notice>) + Send + 'static {
    let queues: HashMap<i64, Arc<Queue>> = queues
        .values()
        .map(|queue| (queue.id, Arc::clone(queue)))
        .collect();
    let subscriptions: HashMap<i64, Arc<Subscription>> = subscriptions
        .iter()
        .map(|subscription| (subscription.id, Arc::clone(subscription)))
        .collect();
    let executor = Arc::clone(executor);
    let (recent, catalogue) = (Arc::clone(recent), catalogue.clone());
    move |notices| {
        let mut latest = None;
        // What is kept in memory first: the workers look there.
        for change in notices.iter().filter_map(Notice::change) {
            recent.put(change);
            latest = Some(change.seq);
        }
        if let Some(latest) = latest {
            changed.send_replace(latest);
        }
        for notice in notices {
            match notice {
                Notice::Message(message) => {
                    if let Some(queue) = queues.get(&message.queue) {
                        queue.backlog.push(message);
                    }
                }
                Notice::Delivery(delivery) => {
                    if let Some(subscription) = subscriptions.get(&delivery.subscription) {
                        subscription.backlog.push(delivery);
                    }
                }
                Notice::Execution(execution) => executor.push(execution),
                Notice::Stock(levels) => catalogue.set_stock(&levels),
                Notice::Changed(_) => {}
            }
        }
    }
}

/// The consumers died with their process, so what they had in flight is visible again at once. A delivery that was
/// under way counts as an attempt, for it may be what killed the process.
fn make_all_visible(connection: &Connection, now: domain::Timestamp) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE messages SET visible_at = ?1 WHERE source IS NULL AND visible_at > ?1",
        [now.as_ms()],
    )?;
    connection.execute(
        "UPDATE deliveries SET next_at = ?1, attempts = attempts + 1",
        [now.as_ms()],
    )?;
    Ok(())
}
