//! `ordermill serve`: the system on this machine.

mod logs;
mod payments;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::client::connection::DEFAULT_DATA;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::{self, Running, ServeOptions};

const HELP: &str = "Examples:
  ordermill serve
  ordermill serve --data /var/lib/ordermill --listen 0.0.0.0:8080 --template template.yaml
  ordermill serve --payment-success-rate 0.5 --payment-failures declined=3,timeout-after-charge=1

On first start it makes a key named default and writes it to DIR/default.key; the admin key is in DIR/admin.key.
SIGTERM and Ctrl-C stop it: what is in hand is finished, and nothing is lost.";

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
    #[command(flatten)]
    logs: logs::LogArgs,
    #[command(flatten)]
    payments: payments::PaymentArgs,
}

/// Runs the command until it is told to stop.
pub fn run(args: ServeArgs, output: &Output) -> Result<Verdict, Failure> {
    telemetry::logs::init(&args.logs.settings())
        .map_err(|e| Failure::because("could not set up the log", e))?;
    let data = args.data.clone();
    let options = ServeOptions {
        data: args.data,
        listen: args.listen,
        template: args.template,
        gateway: args.payments.settings(),
    };
    let runtime = Runtime::new().map_err(|e| Failure::because("could not start the runtime", e))?;
    runtime.block_on(async {
        let mut running = serve::start(options)
            .await
            .map_err(|e| Failure::because("could not start the server", e))?;
        output.say(greeting(&running, &data));
        let asked = tokio::select! {
            result = stop_signal() => result.map(|()| true)?,
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

/// Resolves when the process is asked to end.
async fn stop_signal() -> Result<(), Failure> {
    let mut terminate =
        signal(SignalKind::terminate()).map_err(|e| Failure::because("could not listen for SIGTERM", e))?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.map_err(|e| Failure::because("could not listen for Ctrl-C", e)),
        _ = terminate.recv() => Ok(()),
    }
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
