//! Structured logs: one JSON object a line, in the form of the seed's section 8, or text for a person.
//!
//! `{"timestamp":…,"level":…,"event_type":"order_created","data":{"orderId":…}}`: an event's field `event_type` names it,
//! its other fields are its data. So a query of Logs Insights over `data.orderId` reads the same here as on AWS.

mod json;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

pub use json::JsonLines;

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
    /// Logging was set up before.
    #[error("logging was set up before")]
    SetTwice(#[source] tracing_subscriber::util::TryInitError),
}

/// Sends the process's events where `settings` say. To be called once, first thing.
///
/// # Errors
/// [`LogError`]; nothing is set up then.
pub fn init(settings: &LogSettings) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|source| LogError::Filter {
        filter: settings.filter.clone(),
        source,
    })?;
    match &settings.file {
        None => {
            let terminal = std::io::stderr().is_terminal();
            install(settings.format, terminal, filter, std::io::stderr)
        }
        Some(path) => {
            let file = open(path).map_err(|source| LogError::File {
                path: path.clone(),
                source,
            })?;
            install(settings.format, false, filter, Arc::new(file))
        }
    }
}

fn open(path: &PathBuf) -> std::io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

fn install<W>(format: Format, terminal: bool, filter: EnvFilter, writer: W) -> Result<(), LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let json = match format {
        Format::Auto => !terminal,
        Format::Json => true,
        Format::Text => false,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    let done = if json {
        builder.event_format(JsonLines).finish().try_init()
    } else {
        builder.compact().with_target(false).finish().try_init()
    };
    done.map_err(LogError::SetTwice)
}
