//! Structured logs: one JSON object a line, in the form of the seed's section 8, or text for a person.
//!
//! `{"timestamp":…,"level":…,"event_type":"order_created","requestId":…,"traceId":…,"data":{"orderId":…}}`: an event's
//! field `event_type` names it, its other fields are its data, and the work that it was logged in gives the ids. So a query
//! of Logs Insights over `data.orderId` reads the same here as on AWS.
//!
//! Lines go through a bounded buffer to a thread that writes them: to standard error or a file, and, once
//! [`Logging::store_in`] said where, to log groups on disk, which [`Logs`] asks.

mod files;
mod json;
mod line;
mod pipe;
mod query;
mod scan;
mod search;
mod tail;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ports::observability::{Answer, LogGroup, LogQuery, LogTable, Logs, ObserveError};
use ports::trace::Name;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::metrics;
use files::Files;
use json::GroupedLines;
pub use json::{JsonLines, SERVER_GROUP};
use pipe::Pipe;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For a person.
    Text,
}

/// What is logged, how, and where to.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// How.
    pub format: Format,
    /// What, in the syntax of `RUST_LOG`: `info`, or `warn,functions=debug`.
    pub filter: String,
    /// Appended to, and made if it isn't there; standard error when there is none.
    pub file: Option<PathBuf>,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            filter: "info".to_owned(),
            file: None,
        }
    }
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not of the syntax of `RUST_LOG`.
    #[error("the log filter {filter:?} can't be read")]
    Filter {
        /// As it was given.
        filter: String,
        /// Why.
        source: tracing_subscriber::filter::ParseError,
    },
    /// The file could not be opened.
    #[error("the log file {} can't be opened", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No thread to write.
    #[error("the log's thread can't be started")]
    Thread(#[source] std::io::Error),
    /// Logging was set up before.
    #[error("logging was set up before")]
    SetTwice(#[source] tracing_subscriber::util::TryInitError),
}

/// The process's log. Clones are the same; the default one writes nothing and knows no groups.
#[derive(Debug, Clone, Default)]
pub struct Logging {
    pipe: Arc<Pipe>,
    files: Arc<Mutex<Option<Files>>>,
    groups: Arc<RwLock<Groups>>,
    filter: Arc<Mutex<Option<reload::Handle<EnvFilter, Registry>>>>,
}

/// Where log groups are, and for how many days each is kept.
#[derive(Debug, Default)]
struct Groups {
    dir: PathBuf,
    retention: Vec<(String, Option<u32>)>,
}

/// Sends the process's events where `settings` say. To be called once, first thing.
///
/// # Errors
/// [`LogError`]; nothing is set up then.
pub fn init(settings: &LogSettings) -> Result<Logging, LogError> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|source| LogError::Filter {
        filter: settings.filter.clone(),
        source,
    })?;
    let is_text = match settings.format {
        Format::Auto => settings.file.is_none() && std::io::stderr().is_terminal(),
        Format::Json => false,
        Format::Text => true,
    };
    let stream = open_stream(settings.file.as_deref())?;
    let logging = Logging::default();
    let (filter, handle) = reload::Layer::new(filter);
    let (text, json) = if is_text {
        let stream = Mutex::new(stream);
        let text = tracing_subscriber::fmt::layer()
            .compact()
            .with_target(false)
            .with_ansi(settings.file.is_none())
            .with_writer(stream);
        (Some(text.boxed()), None)
    } else {
        (None, Some(stream))
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(text)
        .with(GroupedLines(Arc::clone(&logging.pipe)))
        .try_init()
        .map_err(LogError::SetTwice)?;
    *logging.filter.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    logging
        .pipe
        .start(json, Arc::clone(&logging.files))
        .map_err(LogError::Thread)?;
    Ok(logging)
}

fn open_stream(file: Option<&Path>) -> Result<Box<dyn Write + Send>, LogError> {
    let Some(path) = file else {
        return Ok(Box::new(std::io::stderr()));
    };
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened
        .map(|file| Box::new(file) as Box<dyn Write + Send>)
        .map_err(|source| LogError::File {
            path: path.to_owned(),
            source,
        })
}

impl Logging {
    /// Keeps lines in log groups below `dir` from now on, each for so many days.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn store_in(&self, dir: &Path, retention: Vec<(String, Option<u32>)>) -> std::io::Result<()> {
        let mut retention = retention;
        let is_known = |name: &str, all: &[(String, Option<u32>)]| all.iter().any(|(group, _)| group == name);
        if !is_known(SERVER_GROUP, &retention) {
            // As long as the longest of the others, for it tells of them all.
            let longest = retention.iter().filter_map(|(_, days)| *days).max();
            retention.push((SERVER_GROUP.to_owned(), longest));
        }
        let days: HashMap<Name, u32> = retention
            .iter()
            .filter_map(|(group, days)| Some((Name::of(group), (*days)?)))
            .collect();
        let files = Files::new(dir, days)?;
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = Some(files);
        *self.groups.write().unwrap_or_else(PoisonError::into_inner) = Groups {
            dir: dir.to_owned(),
            retention,
        };
        Ok(())
    }

    /// Returns once every line that was logged before is written.
    pub fn flush(&self) {
        if self
            .filter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
        {
            self.pipe.flush();
        }
    }

    /// Counts lines that are dropped because the disk is too slow for them as `LogLinesDropped`, those before included.
    pub fn count_in(&self, registry: &metrics::Registry) {
        self.pipe.count_with(&registry.counter("LogLinesDropped", &[]));
    }

    fn search(&self, query: &LogQuery) -> Result<LogTable, ObserveError> {
        // What was logged before the question is part of the answer.
        self.flush();
        let groups = self.groups.read().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<&str> = groups.retention.iter().map(|(group, _)| group.as_str()).collect();
        let asked = match query.groups.as_slice() {
            [] => known,
            asked => {
                if let Some(unknown) = asked.iter().find(|group| !known.contains(&group.as_str())) {
                    return Err(ObserveError::NotFound {
                        what: "log group",
                        name: unknown.clone(),
                    });
                }
                asked.iter().map(String::as_str).collect()
            }
        };
        search::search(&groups.dir, &asked, query)
    }
}

impl Logs for Logging {
    fn list_log_groups(&self) -> Answer<'_, Vec<LogGroup>> {
        Box::pin(async move {
            self.flush();
            let groups = self.groups.read().unwrap_or_else(PoisonError::into_inner);
            let group = |(name, retention_days): &(String, Option<u32>)| LogGroup {
                stored_bytes: files::list(&groups.dir, name).iter().map(|file| file.bytes).sum(),
                name: name.clone(),
                retention_days: *retention_days,
            };
            Ok(groups.retention.iter().map(group).collect())
        })
    }

    fn query_logs(&self, query: LogQuery) -> Answer<'_, LogTable> {
        let logging = self.clone();
        Box::pin(async move {
            let searched = tokio::task::spawn_blocking(move || logging.search(&query)).await;
            searched.unwrap_or_else(|error| Err(ports::StoreError::failed(error).into()))
        })
    }

    fn log_filter(&self) -> String {
        let filter = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        let current = filter
            .as_ref()
            .and_then(|handle| handle.with_current(ToString::to_string).ok());
        current.unwrap_or_else(|| "off".to_owned())
    }

    fn set_log_filter(&self, filter: &str) -> Result<(), ObserveError> {
        let unreadable = |error: &dyn std::fmt::Display| {
            ObserveError::Query(format!("the log filter can't be read: {error}"))
        };
        let parsed = EnvFilter::try_new(filter).map_err(|error| unreadable(&error))?;
        let handle = self.filter.lock().unwrap_or_else(PoisonError::into_inner);
        match handle.as_ref() {
            Some(handle) => handle.reload(parsed).map_err(|error| unreadable(&error)),
            None => Err(ObserveError::Query("this process logs nothing".to_owned())),
        }
    }
}
