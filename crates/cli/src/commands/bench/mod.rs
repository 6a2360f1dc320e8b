//! `ordermill bench`: how fast this machine takes orders and sees them through, beside what it could do at most.

mod drain;
mod http;
mod load;
mod measure;
mod process;
mod report;
mod server;
mod store;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use connectors::SimulatedSettings;

use self::measure::Bench;
use self::report::Report;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::ceiling::{self, Behind};
use crate::serve::{Runtimes, ServeOptions};

const HELP: &str = "Examples:
  ordermill bench
  ordermill bench --orders 100000 --seconds 10 --output json
  ordermill bench --restart --data bench-data
  ordermill bench --url http://127.0.0.1:8080

The server is a process of its own on a free port of 127.0.0.1, with full durability, and shares the machine with the
load. With --url it is one that runs already, whose admin key is in ORDERMILL_ADMIN_KEY: its catalogue gets a product
PROD-001 with much stock, and its table the orders.

The exit code is 0 when every order was taken and came to COMPLETED.";

/// Measure intake, the whole way to COMPLETED, and what HTTP, one row and the store could do alone
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct BenchArgs {
    /// Orders that are sent and waited for until all are COMPLETED
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    orders: u64,
    /// For how long intake and each ceiling are loaded, in seconds
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Connections that send at once
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,
    /// Measure the server that runs at this URL
    #[arg(long, conflicts_with_all = ["data", "restart", "fill", "log"])]
    url: Option<String>,
    /// That server's admin key, to make a key of a plan without limits
    #[arg(long, env = "ORDERMILL_ADMIN_KEY", hide_env_values = true, value_name = "KEY")]
    admin_key: Option<String>,
    /// Data directory of the server that is started; a temporary one when not given. It stays
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// What that server logs, to a file in its data directory
    #[arg(long, default_value = "info", value_name = "FILTER")]
    log: String,
    /// See so many orders through before anything is measured
    #[arg(long, default_value_t = 0, value_name = "N")]
    fill: u64,
    /// Kill the server with open orders at the end, and measure how long its next start takes
    #[arg(long)]
    restart: bool,
    /// How many orders are open then
    #[arg(long, default_value_t = 10_000, value_name = "N", requires = "restart")]
    open: u64,
    /// Be the server of the HTTP ceiling: answer 201 to everything, here
    #[arg(long, hide = true, requires = "data", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Be that of the other: answer once a row is durable
    #[arg(long, hide = true, requires = "listen")]
    one_row: bool,
}

/// Runs the command.
pub fn run(args: &BenchArgs, output: &Output) -> Result<Verdict, Failure> {
    if let (Some(listen), Some(data)) = (args.listen, &args.data) {
        let behind = match args.one_row {
            true => Behind::OneRow,
            false => Behind::Nothing,
        };
        return serve_ceiling(listen, data.clone(), behind, output);
    }
    let measured = Bench::new(args, output)?.run()?;
    let report = Report::new(&measured, args.connections);
    output.show(&report, || report.describe())?;
    Ok(Verdict::from_well(report.is_well()))
}

/// Serves a ceiling until the process is ended.
fn serve_ceiling(
    listen: SocketAddr,
    data: PathBuf,
    behind: Behind,
    output: &Output,
) -> Result<Verdict, Failure> {
    let runtimes = Runtimes::start().map_err(|e| Failure::because("could not start the runtime", e))?;
    let back = runtimes.back();
    runtimes.block_on(async {
        let options = ServeOptions {
            data,
            listen,
            template: None,
            gateway: SimulatedSettings::default(),
            max_in_flight: None,
            reset_admin_key: false,
            logging: telemetry::Logging::default(),
            traces: true,
            otlp: None,
            back,
        };
        let mut running = ceiling::start(options, behind)
            .await
            .map_err(|e| Failure::because("could not start the server", e))?;
        output.say(format!("listening on {}", running.url));
        running.failed().await;
        Err(Failure::failed("the server broke down"))
    })
}
