//! `ordermill serve`: the system on this machine.

mod logs;
mod otlp;
mod payments;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use telemetry::LogError;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::client::connection::DEFAULT_DATA;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::{self, Running, Runtimes, ServeOptions};

const HELP: &str = "Examples:
  ordermill serve
  ordermill serve --data /var/lib/ordermill --listen 0.0.0.0:8080 --template template.yaml
  ordermill serve --payment-success-rate 0.5 --payment-failures declined=3,timeout-after-charge=1
  ordermill serve --otlp-endpoint http://127.0.0.1:4318
  ordermill serve --reset-admin-key

On first start it makes a key named default and writes it to DIR/default.key; the admin key is in DIR/admin.key.
SIGTERM and Ctrl-C stop it: what is in hand is finished, and nothing is lost.";

/// As many as are served in about a fifth of a second on a small machine.
const DEFAULT_IN_FLIGHT: u16 = 1_024;

/// Run the system on this machine: HTTP interface, queue, topic and workflow in one data directory
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ServeArgs {
    /// Where everything is kept; made when it isn't there
    #[arg(long, env = "ORDERMILL_DATA", default_value = DEFAULT_DATA, value_name = "DIR")]
    data: PathBuf,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "ORDERMILL_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR"
    )]
    listen: SocketAddr,
    /// SAM template to take the system's settings from; the one built in when not given
    #[arg(long, env = "ORDERMILL_TEMPLATE", value_name = "FILE")]
    template: Option<PathBuf>,
    /// Make the admin key anew, write it to DIR/admin.key, and revoke the one so far: for when it is lost or known
    #[arg(long)]
    reset_admin_key: bool,
    /// How many business calls are in hand at once; further ones get 503 with Retry-After
    #[arg(
        long,
        env = "ORDERMILL_MAX_IN_FLIGHT",
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u16).range(1..),
        default_value_t = DEFAULT_IN_FLIGHT
    )]
    max_in_flight: u16,
    /// Whether traces are recorded; off, the service map is empty and an order's trace is what its journal tells
    #[arg(long, env = "ORDERMILL_TRACES", value_enum, default_value = "on")]
    traces: Switch,
    #[command(flatten)]
    logs: logs::LogArgs,
    #[command(flatten)]
    otlp: otlp::OtlpArgs,
    #[command(flatten)]
    payments: payments::PaymentArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Runs the command until it is told to stop.
pub fn run(args: ServeArgs, output: &Output) -> Result<Verdict, Failure> {
    let logging = telemetry::logs::init(&args.logs.settings()).map_err(no_log)?;
    let otlp = args.otlp.settings().map_err(|e| Failure::usage(e.to_string()))?;
    let data = args.data.clone();
    let runtimes = Runtimes::start().map_err(|e| Failure::because("could not start the runtime", e))?;
    let options = ServeOptions {
        data: args.data,
        listen: args.listen,
        template: args.template,
        gateway: args.payments.settings(),
        max_in_flight: Some(usize::from(args.max_in_flight)),
        reset_admin_key: args.reset_admin_key,
        logging,
        traces: args.traces == Switch::On,
        otlp,
        back: runtimes.back(),
    };
    runtimes.block_on(async {
        // Before anything is opened: whoever is asked to stop while it starts stops in good order too.
        let mut stop = StopSignal::listen()?;
        let _caught = catch_file_size_signal()?;
        let mut running = tokio::select! {
            biased;
            started = serve::start(options) => started.map_err(|e| Failure::because("could not start the server", e))?,
            () = stop.received() => return Ok(Verdict::Done),
        };
        output.say(greeting(&running, &data));
        let asked = tokio::select! {
            () = stop.received() => true,
            () = running.failed() => false,
        };
        output.say("stopping");
        running.shutdown().await;
        if asked {
            Ok(Verdict::Done)
        } else {
            Err(Failure::failed("the server broke down; its log says why"))
        }
    })
}

/// A filter that can't be read is a wrong argument; the rest is the machine's.
fn no_log(error: LogError) -> Failure {
    match &error {
        LogError::Filter { source, .. } => Failure::usage(format!(
            "{error}: {source}; it looks like info, or warn,functions=debug"
        )),
        LogError::File { .. } | LogError::Thread(_) | LogError::SetTwice(_) => {
            Failure::because("could not set up the log", error)
        }
    }
}

/// SIGTERM and Ctrl-C, heard from the moment that this is made.
struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|e| Failure::because("could not listen for signals", e));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Resolves when the process is asked to end.
    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A limit on the size of files ends whoever passes it, unless this signal is caught; then the write fails, and whoever
/// asked for it is told.
fn catch_file_size_signal() -> Result<Signal, Failure> {
    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    signal(kind).map_err(|e| Failure::because("could not listen for signals", e))
}

/// Where it listens; on first start also how to place an order.
fn greeting(running: &Running, data: &std::path::Path) -> String {
    let url = &running.url;
    let mut text = format!("listening on {url}\n");
    if running.is_fresh {
        let key = data.join("default.key");
        text.push_str(&format!(
            "place a first order:\n  curl -s {url}/orders -H \"x-api-key: $(cat '{}')\" -H 'content-type: application/json' \\\n    \
             -d '{{\"customerId\":\"CUST-001\",\"items\":[{{\"productId\":\"PROD-001\",\"quantity\":2,\"price\":29.99}}]}}'\n",
            key.display()
        ));
    }
    text.push_str(&format!("documentation: {url}/docs\n"));
    text.push_str(&format!(
        "console: {url}/console (the admin key, in {}, opens it)",
        data.join("admin.key").display()
    ));
    text
}
