//! The measurements, one after the other: HTTP alone, one row, the whole way, intake, a restart, the store alone.

use std::time::Duration;

use indicatif::ProgressBar;
use tokio::runtime::{self, Runtime};

use super::BenchArgs;
use super::drain::{self, Ends};
use super::load::{self, Loaded, Until};
use super::process;
use super::server::{Counts, DataDirectory, Server};
use super::store::{self, StoreCeiling};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

/// Orders that are seen through before anything is measured: connections, statements and caches are warm then.
const WARM_UP: u64 = 1_000;
/// For how long a payment takes in the server whose orders stay open: longer than any benchmark.
const STUCK_PAYMENT_MS: &str = "3600000";

/// All that was measured.
pub struct Measured {
    /// The HTTP stack with nothing behind it.
    pub http: Cost,
    /// The same with one durable row behind each answer.
    pub one_row: Cost,
    /// Orders sent for intake's sake.
    pub intake: Cost,
    /// Whether these were all seen through some time after.
    pub intake_ended: bool,
    /// Changes of an order from placed to COMPLETED.
    pub changes_per_order: u64,
    /// Orders sent and waited for.
    pub whole: Cost,
    /// How those ended.
    pub ends: Ends,
    /// The store alone.
    pub store: StoreCeiling,
    /// The most memory that the server had resident, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// From the server's start to ready, in milliseconds.
    pub first_start_ms: Option<f64>,
    /// Its start after it was killed.
    pub restart: Option<Restart>,
}

/// What a load cost the server.
pub struct Cost {
    /// The load.
    pub loaded: Loaded,
    /// Commands that the writer applied meanwhile.
    pub commands: u64,
    /// Commits that it took for them.
    pub commits: u64,
    /// Changes of orders meanwhile, those that placed them among them.
    pub changes: u64,
    /// CPU time that the server used.
    pub cpu: Option<Duration>,
    /// CPU time that the load used: what it takes from a server on the same machine.
    pub load_cpu: Option<Duration>,
    /// How often the server allocated memory.
    pub allocations: Option<u64>,
}

/// A start on a directory that has orders.
#[derive(Debug, Clone, Copy)]
pub struct Restart {
    /// From the process's start to ready, in milliseconds.
    pub ready_ms: f64,
    /// Orders that this run placed in the directory.
    pub orders: u64,
    /// Those that had not ended.
    pub open: u64,
}

/// Takes measurements one by one.
pub struct Bench<'a> {
    args: &'a BenchArgs,
    output: &'a Output,
    runtime: Runtime,
}

impl<'a> Bench<'a> {
    /// Prepares to measure.
    pub fn new(args: &'a BenchArgs, output: &'a Output) -> Result<Self, Failure> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::because("could not start the runtime", e))?;
        Ok(Self {
            args,
            output,
            runtime,
        })
    }

    /// Measures all that the arguments ask for.
    pub fn run(&self) -> Result<Measured, Failure> {
        let http = self.ceiling(&["bench"], "HTTP alone")?;
        let one_row = self.ceiling(&["bench", "--one-row"], "HTTP and one row")?;
        let data = DataDirectory::new(self.args.data.as_deref())?;
        let server = match &self.args.url {
            Some(url) => Server::prepare(url, Client::new(url, self.args.admin_key.clone()))?,
            None => self.serve(&data, &[])?,
        };
        server.fill_stock()?;
        // Elsewhere others may place orders all the time.
        if self.args.url.is_none() {
            let spinner = self.output.spinner("orders that were left open");
            drain::wait_for_open(&server)?;
            spinner.finish_and_clear();
        }
        let changes_per_order = self.warm_up(&server)?;
        if self.args.fill > 0 {
            self.fill(&server, changes_per_order)?;
        }
        let (whole, ends) = self.whole_way(&server, changes_per_order)?;
        let (intake, intake_ended) = self.intake(&server, changes_per_order)?;
        let (peak_memory_bytes, first_start_ms) = (server.peak_memory_bytes()?, server.ready_ms);
        server.stop()?;
        let finished = WARM_UP + self.args.fill + self.args.orders + intake.loaded.accepted;
        let restart = match self.args.restart {
            true => Some(self.restart(&data, finished)?),
            false => None,
        };
        let store = self.store_alone(&intake)?;
        Ok(Measured {
            http,
            one_row,
            intake,
            intake_ended,
            changes_per_order,
            whole,
            ends,
            store,
            peak_memory_bytes,
            first_start_ms,
            restart,
        })
    }

    /// What a server does that has no store, or next to none.
    fn ceiling(&self, arguments: &[&str], name: &'static str) -> Result<Cost, Failure> {
        let data = DataDirectory::new(None)?;
        let server = Server::start(data.path(), arguments)?;
        self.send(&server, Until::Requests(WARM_UP), &ProgressBar::hidden())?;
        let bar = self.output.progress(self.duration_ms(), name);
        let cost = self.cost(&server, || {
            self.send(&server, Until::Elapsed(self.duration()), &bar)
        })?;
        bar.finish_and_clear();
        server.kill()?;
        match cost.loaded.refusal {
            Some(refusal) => Err(Failure::failed(format!(
                "the server of the ceiling \"{name}\" doesn't answer 201:\n{refusal}"
            ))),
            None => Ok(cost),
        }
    }

    fn store_alone(&self, intake: &Cost) -> Result<StoreCeiling, Failure> {
        let spinner = self.output.spinner("the store alone");
        let in_commit = intake.commands as f64 / intake.commits.max(1) as f64;
        let store = store::measure(in_commit, self.duration());
        spinner.finish_and_clear();
        store
    }

    /// The server that is measured, every payment of which succeeds.
    fn serve(&self, data: &DataDirectory, more: &[&str]) -> Result<Server, Failure> {
        let log_file = data.path().join("server.log").display().to_string();
        let mut arguments = vec!["serve", "--payment-success-rate", "1"];
        arguments.extend(["--log", &self.args.log, "--log-file", &log_file]);
        arguments.extend(more);
        std::fs::create_dir_all(data.path())
            .map_err(|e| Failure::because("could not make the data directory", e))?;
        Server::start(data.path(), &arguments)
    }

    /// Sees some orders through, and returns how many changes each of them took.
    fn warm_up(&self, server: &Server) -> Result<u64, Failure> {
        let before = server.counts()?;
        let loaded = self.send(server, Until::Requests(WARM_UP), &ProgressBar::hidden())?;
        if let Some(refusal) = loaded.refusal {
            return Err(Failure::failed(format!(
                "the server doesn't take the benchmark's orders:\n{refusal}"
            )));
        }
        let ends = drain::wait_for_ends(server, before.latest_change, WARM_UP)?;
        if ends.completed < WARM_UP {
            return Err(Failure::failed(format!(
                "of {WARM_UP} orders to begin with, {} came to COMPLETED and {} to another end; the server's log says why",
                ends.completed, ends.otherwise
            )));
        }
        Ok(ends.changes / WARM_UP)
    }

    fn fill(&self, server: &Server, changes_per_order: u64) -> Result<(), Failure> {
        let bar = self.output.progress(self.args.fill, "filling");
        let before = server.counts()?;
        self.send(server, Until::Requests(self.args.fill), &bar)?;
        let last = before.latest_change + changes_per_order * self.args.fill;
        let filled = drain::wait_for_change(server, last, &ProgressBar::hidden())?;
        bar.finish_and_clear();
        if filled {
            Ok(())
        } else {
            Err(Failure::failed(
                "the orders to begin with were not all seen through",
            ))
        }
    }

    /// Orders from the first request to the last end.
    fn whole_way(&self, server: &Server, changes_per_order: u64) -> Result<(Cost, Ends), Failure> {
        let orders = self.args.orders;
        let before = server.counts()?.latest_change;
        let bar = self
            .output
            .progress(orders * changes_per_order, "the whole way (changes)");
        let cost = self.cost(server, || {
            let loaded = self.send(server, Until::Requests(orders), &ProgressBar::hidden())?;
            let last = before + changes_per_order * loaded.accepted;
            drain::wait_for_change(server, last, &bar)?;
            Ok(loaded)
        })?;
        bar.finish_and_clear();
        let ends = drain::wait_for_ends(server, before, cost.loaded.accepted)?;
        Ok((cost, ends))
    }

    /// Orders for a time, while those before are processed. Then waits until all are, and returns whether they were.
    fn intake(&self, server: &Server, changes_per_order: u64) -> Result<(Cost, bool), Failure> {
        let before = server.counts()?.latest_change;
        let bar = self.output.progress(self.duration_ms(), "intake");
        let cost = self.cost(server, || {
            self.send(server, Until::Elapsed(self.duration()), &bar)
        })?;
        bar.finish_and_clear();
        let changes = cost.loaded.accepted * changes_per_order;
        let bar = self.output.progress(changes, "seeing them through (changes)");
        let ended = drain::wait_for_change(server, before + changes, &bar)?;
        bar.finish_and_clear();
        Ok((cost, ended))
    }

    /// Leaves open orders in the directory, kills their server, and measures the next start.
    fn restart(&self, data: &DataDirectory, finished: u64) -> Result<Restart, Failure> {
        let spinner = self.output.spinner("restart");
        let server = self.serve(data, &["--payment-delay-ms", STUCK_PAYMENT_MS])?;
        let open = Until::Requests(self.args.open);
        let loaded = self.send(&server, open, &ProgressBar::hidden())?;
        server.kill()?;
        let server = self.serve(data, &[])?;
        let ready_ms = server.ready_ms.unwrap_or_default();
        server.stop()?;
        spinner.finish_and_clear();
        Ok(Restart {
            ready_ms,
            orders: finished + loaded.accepted,
            open: loaded.accepted,
        })
    }

    fn send(&self, server: &Server, until: Until, bar: &ProgressBar) -> Result<Loaded, Failure> {
        let connections = usize::from(self.args.connections);
        let loading = load::run(server.address(), server.request(), connections, until, bar);
        self.runtime
            .block_on(loading)
            .map_err(|e| Failure::because("the load ended early", e))
    }

    /// Does something to the server and tells what it cost.
    fn cost(&self, server: &Server, work: impl FnOnce() -> Result<Loaded, Failure>) -> Result<Cost, Failure> {
        let (before, cpu_before, load_before) = (server.counts()?, server.cpu_time()?, own_cpu_time());
        let loaded = work()?;
        let (load_after, cpu_after, after) = (own_cpu_time(), server.cpu_time()?, server.counts()?);
        let difference = |of: fn(&Counts) -> u64| of(&after).saturating_sub(of(&before));
        Ok(Cost {
            loaded,
            commands: difference(|counts| counts.commands),
            commits: difference(|counts| counts.commits),
            changes: difference(|counts| counts.latest_change),
            cpu: since(cpu_before, cpu_after),
            load_cpu: since(load_before, load_after),
            allocations: after
                .allocations
                .zip(before.allocations)
                .map(|(after, before)| after.saturating_sub(before)),
        })
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.args.seconds)
    }

    fn duration_ms(&self) -> u64 {
        self.args.seconds * 1000
    }
}

/// The CPU time of this process, which is the load; `None` where there is no proc(5).
fn own_cpu_time() -> Option<Duration> {
    process::cpu_time(std::process::id()).ok()
}

fn since(before: Option<Duration>, after: Option<Duration>) -> Option<Duration> {
    Some(after?.saturating_sub(before?))
}
