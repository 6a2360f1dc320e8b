//! The server put together: the template, the engine on its data directory, the functions and the gateway.
//!
//! This is the one place that chooses adapters: which engine, which payment gateway, which sender.

mod api;
pub mod ceiling;
mod definition;
mod functions;
mod keys;
mod observe;
mod runtimes;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use connectors::{SimulatedGateway, SimulatedSettings};
use embedded::{Engine, OpenError, Settings, SettingsError};
use gateway::Parts;
use ports::StoreError;
use ports::metrics::Metrics;
use ports::observability::Observatory;
use ports::trace::Recorder;
use telemetry::otlp::OtlpSettings;
use telemetry::{Logging, Registry, Tracer};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use definition::DefinitionError;
pub use runtimes::Runtimes;

/// How long the engine may take to bring what it has in hand to a commit.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where everything is kept; made when it isn't there.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// SAM template to take the system's settings from; the one built in when `None`.
    pub template: Option<PathBuf>,
    /// How the simulated payment gateway behaves.
    pub gateway: SimulatedSettings,
    /// How many business calls may be in hand at once; the gateway's own bound when `None`.
    pub max_in_flight: Option<usize>,
    /// Whether the admin key is made anew, and the one so far revoked.
    pub reset_admin_key: bool,
    /// The process's log, for the log groups; the default one when it keeps none.
    pub logging: Logging,
    /// Whether traces are recorded at all.
    pub traces: bool,
    /// Where kept traces are sent on to, if anywhere.
    pub otlp: Option<OtlpSettings>,
    /// Where everything runs that nobody who sent a request waits for.
    pub back: Handle,
}

/// Why the server could not be started. Nothing runs.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The template or the workflow can't be used.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The template lacks what the engine needs.
    #[error("the template can't be run on one machine:{}", list(.0))]
    Settings(Vec<SettingsError>),
    /// The data directory can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A key can't be written to the data directory.
    #[error("the key can't be written to {path}: make sure that you may write there")]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The logs can't be kept in the data directory.
    #[error(
        "the logs can't be kept in {path}: make sure that it is a folder, or not there yet, and that you may write to it"
    )]
    Logs {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The address can't be listened on.
    #[error(
        "can't listen on {address}: {}; choose another with --listen",
        obstacle(source)
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The routes of the template can't be served.
    #[error("the template's routes can't be served")]
    Routes(#[from] gateway::ConfigError),
    /// The rows of the benchmark's ceiling can't be kept.
    #[error(transparent)]
    Rows(#[from] ceiling::RowError),
    /// The store failed at the start.
    #[error("the store failed at the start")]
    Store(#[from] StoreError),
}

/// What most likely stands in the way of listening.
fn obstacle(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => "is another server running?",
        ErrorKind::AddrNotAvailable => "this machine has no such address",
        ErrorKind::PermissionDenied => "you may not listen there, and ports below 1024 are root's alone",
        _ => "the system refuses it",
    }
}

fn list(errors: &[SettingsError]) -> String {
    errors.iter().map(|error| format!("\n  - {error}")).collect()
}

/// A server that runs.
pub struct Running {
    /// Where it listens, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// The secret of the key named `default`; empty when its file was removed.
    pub default_key: String,
    /// The secret of the admin key; empty when its file was removed.
    pub admin_key: String,
    /// Whether this start made the data directory.
    pub is_fresh: bool,
    engine: Engine,
    watch: Option<observe::Watch>,
    server: JoinHandle<std::io::Result<()>>,
    stop: CancellationToken,
}

impl Running {
    /// Accepts nothing more, finishes what is in hand, and returns when the data directory is free again.
    pub async fn shutdown(self) {
        self.stop.cancel();
        match self.server.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(event_type = "server_failed", %error),
            Err(error) => tracing::error!(event_type = "server_panicked", %error),
        }
        self.engine.stop(STOP_GRACE).await;
        if let Some(watch) = self.watch {
            watch.end().await;
        }
    }

    /// Returns when the server or the engine has ended by itself, which neither should.
    pub async fn failed(&mut self) {
        tokio::select! {
            _ = &mut self.server => {}
            () = self.engine.ended() => {}
        }
    }
}

/// Starts the server; it takes requests when this returns.
pub async fn start(options: ServeOptions) -> Result<Running, StartError> {
    let (system, warnings) = definition::read(options.template.as_deref())?;
    for warning in &warnings {
        tracing::warn!(event_type = "template_setting_not_used", warning = %warning);
    }
    for what in Settings::unserved(&system) {
        tracing::warn!(event_type = "template_setting_not_used", warning = what);
    }
    let system = Arc::new(system);
    let mut settings = Settings::from_system(&system, options.data.clone()).map_err(StartError::Settings)?;
    // The address first: to find it taken is no reason to touch the data directory.
    let listen = |source| StartError::Listen {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let registry = Arc::new(Registry::new());
    let tracer = Arc::new(Tracer::new(Arc::clone(&registry)));
    if options.traces {
        settings.recorder = Arc::clone(&tracer) as Arc<dyn Recorder>;
    }
    // Keys without their database: it was lost, and a new one would be another shop under the same roof.
    settings.must_exist = keys::are_in(&options.data);
    observe::check(&options.data)?;
    let engine = Engine::open(settings, Arc::clone(&registry) as Arc<dyn Metrics>).await?;
    if options.reset_admin_key {
        keys::revoke_admin(&engine).await?;
    }
    let keys = keys::ensure(&engine, &options.data).await?;
    // Fills an empty catalogue only.
    engine.seed_sample_products().await?;
    let payments = SimulatedGateway::new(
        Arc::new(engine.clone()),
        Arc::new(engine.time().clone()),
        options.gateway,
    );
    let watch = {
        let (engine, system, registry) = (engine.clone(), Arc::clone(&system), Arc::clone(&registry));
        let tracer = Arc::clone(&tracer);
        let start = async move {
            observe::start(
                &engine,
                &system,
                &registry,
                &tracer,
                options.logging,
                options.otlp,
            )
        };
        options.back.spawn(start).await.map_err(StoreError::failed)??
    };
    let handlers = functions::handlers(&engine, Arc::new(payments), &registry);
    let start = {
        let engine = engine.clone();
        async move { engine.start(handlers).await }
    };
    options.back.spawn(start).await.map_err(StoreError::failed)??;
    let stop = CancellationToken::new();
    let mut config = api::config(&system);
    if let Some(most) = options.max_in_flight {
        config.limits.max_in_flight = most;
    }
    let limits = config.limits;
    let mut parts = parts(&engine, &system, &registry, &stop);
    parts.observatory = Some(watch.observatory.clone());
    parts.more_routes = ordermill_console::routes(console(&engine, &watch.observatory, &stop));
    let router = gateway::router(config, parts)?;
    let server = tokio::spawn(gateway::serve(listener, router, limits, stop.clone()));
    Ok(Running {
        url: format!("http://{address}"),
        default_key: keys.default,
        admin_key: keys.admin,
        is_fresh: engine.is_fresh(),
        engine,
        watch: Some(watch),
        server,
        stop,
    })
}

fn parts(
    engine: &Engine,
    system: &template::System,
    registry: &Arc<Registry>,
    stop: &CancellationToken,
) -> Parts<Engine> {
    let (metrics, ready, status) = (Arc::clone(registry), engine.clone(), engine.clone());
    Parts {
        engine: Arc::new(engine.clone()),
        functions: functions::api_functions(engine, system),
        clock: Arc::new(engine.time().clone()),
        metrics: Arc::clone(registry) as Arc<dyn Metrics>,
        recorder: Arc::clone(engine.recorder()),
        observatory: None,
        readiness: Box::new(move || ready.ready()),
        metrics_text: Box::new(move || metrics.render()),
        status: Box::new(move || with_allocations(status.status())),
        more_routes: Default::default(),
        shutdown: stop.clone(),
    }
}

/// What the web console works with: the same engine, and what is recorded of it.
fn console(
    engine: &Engine,
    observatory: &Observatory,
    stop: &CancellationToken,
) -> ordermill_console::Parts<Engine> {
    ordermill_console::Parts {
        engine: Arc::new(engine.clone()),
        observatory: Some(observatory.clone()),
        clock: Arc::new(engine.time().clone()),
        shutdown: stop.clone(),
    }
}

/// What an operator sees of the engine, with the process's allocations where they are counted.
fn with_allocations(mut status: serde_json::Value) -> serde_json::Value {
    if let (Some(count), Some(members)) = (crate::allocations::counted(), status.as_object_mut()) {
        members.insert("allocations".to_owned(), count.into());
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_an_address_cannot_be_listened_on_is_told_apart() {
        for (kind, told) in [
            (ErrorKind::AddrInUse, "is another server running?"),
            (ErrorKind::AddrNotAvailable, "this machine has no such address"),
            (
                ErrorKind::PermissionDenied,
                "you may not listen there, and ports below 1024 are root's alone",
            ),
            (ErrorKind::Other, "the system refuses it"),
        ] {
            let error = StartError::Listen {
                address: "192.0.2.1:80".parse().unwrap(),
                source: kind.into(),
            };
            assert_eq!(
                error.to_string(),
                format!("can't listen on 192.0.2.1:80: {told}; choose another with --listen")
            );
        }
    }
}
