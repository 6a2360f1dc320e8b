//! What watches the engine put together: traces, metrics, alarms and logs.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use embedded::{Engine, Observer};
use ports::StoreError;
use ports::metrics::MetricSource;
use ports::observability::Observatory;
use ports::trace::SpanSink;
use telemetry::otlp::{Exporter, OtlpSettings};
use telemetry::traces::Collector;
use telemetry::{Logging, Registry, Tracer};
use tokio::task::JoinHandle;

use super::StartError;

/// The folder of the log groups in the data directory.
const LOGS: &str = "logs";

/// How long what waits to be sent on may take at the end.
const EXPORT_GRACE: Duration = Duration::from_secs(5);

/// What watches an engine.
pub struct Watch {
    /// What is asked for what was seen.
    pub observatory: Observatory,
    collector: Collector,
    exporter: Option<Arc<Exporter>>,
    watching: JoinHandle<()>,
    observer: Arc<Observer>,
    logging: Logging,
}

/// Whether logs can be kept in the data directory, as far as can be said without writing there.
///
/// # Errors
/// [`StartError::Logs`] when something else has the folder's name.
pub fn check(dir: &Path) -> Result<(), StartError> {
    let path = dir.join(LOGS);
    match std::fs::metadata(&path) {
        Ok(found) if !found.is_dir() => Err(StartError::Logs {
            path,
            source: ErrorKind::NotADirectory.into(),
        }),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Begins to watch.
///
/// # Errors
/// When what is seen can't be stored.
pub fn start(
    engine: &Engine,
    system: &template::System,
    registry: &Arc<Registry>,
    tracer: &Tracer,
    logging: Logging,
    otlp: Option<OtlpSettings>,
) -> Result<Watch, StartError> {
    let observer = Observer::open(engine, Arc::clone(registry) as Arc<dyn MetricSource>)?;
    logging.count_in(registry);
    let groups = system.log_groups.iter();
    let groups = groups
        .map(|group| (group.name.clone(), group.retention_days))
        .collect();
    let path = engine.data_dir().join(LOGS);
    if let Err(source) = logging.store_in(&path, groups) {
        return Err(StartError::Logs { path, source });
    }
    let exporter = otlp.map(|settings| Exporter::start(settings, registry).map(Arc::new));
    let exporter = exporter.transpose().map_err(StoreError::failed)?;
    let mut sinks: Vec<Arc<dyn SpanSink>> = vec![Arc::new(observer.clone())];
    if let Some(exporter) = &exporter {
        sinks.push(observer.with_states(Arc::clone(exporter) as _));
    }
    let collector = tracer.collector().start(sinks).map_err(StoreError::failed)?;
    let watching = observer.start();
    let observer = Arc::new(observer);
    Ok(Watch {
        observatory: Observatory {
            traces: Arc::clone(&observer) as _,
            logs: Arc::new(logging.clone()),
            metrics: Arc::clone(&observer) as _,
            alarms: Arc::clone(&observer) as _,
        },
        collector,
        exporter,
        watching,
        observer,
        logging,
    })
}

impl Watch {
    /// Stores what was seen last. The engine has stopped before.
    pub async fn end(self) {
        if let Err(error) = self.watching.await {
            tracing::error!(event_type = "observer_panicked", %error);
        }
        let (collector, exporter, logging) = (self.collector, self.exporter, self.logging);
        let observer = self.observer;
        let ended = tokio::task::spawn_blocking(move || {
            collector.end();
            observer.tidy();
            if let Some(exporter) = exporter {
                exporter.end(EXPORT_GRACE);
            }
            logging.flush();
        });
        // Whoever panicked there has said so already.
        let _ = ended.await;
    }
}
