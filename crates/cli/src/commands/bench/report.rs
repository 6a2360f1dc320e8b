//! What was measured: the JSON document, and the table for people.

use std::time::Duration;

use serde::Serialize;

use super::measure::{Cost, Measured};
use crate::table::Table;

/// What stands in place of a count of allocations in a build without one.
const NOT_COUNTED: &str = "cargo xtask bench counts";

/// All figures. What could not be measured is `null`: the process's figures of a server that runs elsewhere.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Orders taken while others are processed.
    pub intake: Intake,
    /// Orders from the first request to the last COMPLETED.
    pub lifecycle: Lifecycle,
    /// What the machine could do at most.
    pub ceilings: Ceilings,
    /// The server's process.
    pub server: ServerFigures,
    /// Where it was measured.
    pub machine: Machine,
}

/// Figures of intake.
#[derive(Debug, Serialize)]
pub struct Intake {
    /// Orders answered 201 a second.
    pub orders_per_s: f64,
    /// Half of the orders were answered within so long.
    pub p50_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// 999 of 1,000.
    pub p999_ms: f64,
    /// How many times as long as the same part of the HTTP stack's answers took.
    pub p50_ratio_to_http_ceiling: f64,
    /// The same for 99 of 100.
    pub p99_ratio_to_http_ceiling: f64,
    /// The same for 999 of 1,000.
    pub p999_ratio_to_http_ceiling: f64,
    /// Of what the HTTP stack alone does.
    pub ratio_to_http_ceiling: f64,
    /// Of what it does with one durable row behind each answer.
    pub ratio_to_one_row_ceiling: f64,
    /// Of what the store alone does.
    pub ratio_to_store_ceiling: f64,
    /// Connections at once.
    pub connections: u16,
    /// Orders answered 201.
    pub orders: u64,
    /// Orders answered otherwise; 0, or the figures say little.
    pub refused: u64,
    /// Orders seen through a second meanwhile, by the changes that it took: those before and those that came.
    pub processed_per_s: f64,
    /// Commands that shared a commit, on average.
    pub commands_per_commit: f64,
    /// Whether all of them had been seen through some time after.
    pub all_ended: bool,
}

/// Figures of the whole way.
#[derive(Debug, Serialize)]
pub struct Lifecycle {
    /// Orders that came to COMPLETED.
    pub orders: u64,
    /// So many a second.
    pub orders_per_s: f64,
    /// Orders that did not: 0, or the figures say little.
    pub not_completed: u64,
    /// Of what the HTTP stack alone does.
    pub ratio_to_http_ceiling: f64,
    /// Of what the store alone does.
    pub ratio_to_store_ceiling: f64,
    /// CPU time of the server for each, in milliseconds.
    pub cpu_ms_per_order: Option<f64>,
    /// How many times that of the HTTP stack alone.
    pub cpu_ratio_to_http_ceiling: Option<f64>,
    /// How often the server allocated memory for each; `null` in a build that doesn't count.
    pub allocations_per_order: Option<f64>,
    /// How many times that of the HTTP stack alone.
    pub allocations_ratio_to_http_ceiling: Option<f64>,
    /// CPU time of the load for each, in milliseconds, which it took from the server.
    pub load_cpu_ms_per_order: Option<f64>,
    /// Commands for each.
    pub commands_per_order: f64,
    /// Commands that shared a commit, on average.
    pub commands_per_commit: f64,
}

/// What intake and lifecycle are measured against.
#[derive(Debug, Serialize)]
pub struct Ceilings {
    /// Answers a second of the same HTTP stack with nothing behind it.
    pub http_per_s: f64,
    /// Half of them were given within so long.
    pub http_p50_ms: f64,
    /// 99 of 100.
    pub http_p99_ms: f64,
    /// 999 of 1,000.
    pub http_p999_ms: f64,
    /// CPU time of that server for each, in milliseconds.
    pub http_cpu_ms_per_request: Option<f64>,
    /// How often that server allocated memory for each; `null` in a build that doesn't count.
    pub http_allocations_per_request: Option<f64>,
    /// Answers a second of the same HTTP stack, each given once one row is durable that holds the request's body.
    pub one_row_per_s: f64,
    /// Half of them were given within so long.
    pub one_row_p50_ms: f64,
    /// 99 of 100.
    pub one_row_p99_ms: f64,
    /// Of what the HTTP stack alone does: the most that any answer after a commit can be expected to reach.
    pub one_row_ratio_to_http_ceiling: f64,
    /// Orders a second that the store alone makes durable.
    pub store_per_s: f64,
    /// Orders that shared a commit there.
    pub store_orders_per_commit: f64,
}

/// Figures of the server's process.
#[derive(Debug, Serialize)]
pub struct ServerFigures {
    /// The most memory that was resident at once, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// From its start to ready, in milliseconds.
    pub first_start_ms: Option<f64>,
    /// The same on the directory that the benchmark left, after a kill; `null` without `--restart`.
    pub restart_ms: Option<f64>,
    /// Orders that this run placed there. With `--data` there may be others.
    pub restart_orders: Option<u64>,
    /// Of these, those that had not ended.
    pub restart_open_orders: Option<u64>,
}

/// The machine.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Processors that load and server share.
    pub cpus: usize,
}

impl Report {
    /// The figures of what was measured from so many connections.
    pub fn new(measured: &Measured, connections: u16) -> Self {
        let http_per_s = measured.http.loaded.per_s();
        let intake = Intake::new(measured, connections, http_per_s);
        let lifecycle = Lifecycle::new(measured, http_per_s);
        let restart = measured.restart;
        Self {
            intake,
            lifecycle,
            ceilings: Ceilings {
                http_per_s,
                http_p50_ms: measured.http.loaded.latency_ms(0.5),
                http_p99_ms: measured.http.loaded.latency_ms(0.99),
                http_p999_ms: measured.http.loaded.latency_ms(0.999),
                http_cpu_ms_per_request: cpu_ms(&measured.http),
                http_allocations_per_request: allocations(&measured.http),
                one_row_per_s: measured.one_row.loaded.per_s(),
                one_row_p50_ms: measured.one_row.loaded.latency_ms(0.5),
                one_row_p99_ms: measured.one_row.loaded.latency_ms(0.99),
                one_row_ratio_to_http_ceiling: ratio(measured.one_row.loaded.per_s(), http_per_s),
                store_per_s: measured.store.per_s,
                store_orders_per_commit: measured.store.orders_per_commit,
            },
            server: ServerFigures {
                peak_memory_bytes: measured.peak_memory_bytes,
                first_start_ms: measured.first_start_ms,
                restart_ms: restart.map(|restart| restart.ready_ms),
                restart_orders: restart.map(|restart| restart.orders),
                restart_open_orders: restart.map(|restart| restart.open),
            },
            machine: Machine {
                cpus: std::thread::available_parallelism().map_or(1, usize::from),
            },
        }
    }

    /// Whether every order was taken and seen through.
    pub fn is_well(&self) -> bool {
        self.intake.refused == 0 && self.intake.all_ended && self.lifecycle.not_completed == 0
    }

    /// The figures as a table.
    pub fn describe(&self) -> String {
        let mut table = Table::new(&["figure", ">measured", ">of HTTP alone", ">of the store alone"]);
        let (intake, lifecycle, ceilings) = (&self.intake, &self.lifecycle, &self.ceilings);
        table.row([
            format!("intake, {} connections", intake.connections),
            per_s(intake.orders_per_s),
            percent(intake.ratio_to_http_ceiling),
            percent(intake.ratio_to_store_ceiling),
        ]);
        for (name, ms, ratio) in [
            ("p50", intake.p50_ms, intake.p50_ratio_to_http_ceiling),
            ("p99", intake.p99_ms, intake.p99_ratio_to_http_ceiling),
            ("p99.9", intake.p999_ms, intake.p999_ratio_to_http_ceiling),
        ] {
            table.row([format!("  {name}"), format!("{ms:.2} ms"), times(ratio)]);
        }
        table.row([
            "  seen through meanwhile".to_owned(),
            per_s(intake.processed_per_s),
        ]);
        table.row([
            format!("lifecycle, {} orders", lifecycle.orders),
            per_s(lifecycle.orders_per_s),
            percent(lifecycle.ratio_to_http_ceiling),
            percent(lifecycle.ratio_to_store_ceiling),
        ]);
        for (name, value, ratio) in self.details() {
            table.row([format!("  {name}"), value, ratio.map(times).unwrap_or_default()]);
        }
        table.row(["HTTP alone".to_owned(), per_s(ceilings.http_per_s)]);
        table.row([
            "HTTP and one row".to_owned(),
            per_s(ceilings.one_row_per_s),
            percent(ceilings.one_row_ratio_to_http_ceiling),
        ]);
        table.row([
            format!("store alone, {:.0} a commit", ceilings.store_orders_per_commit),
            per_s(ceilings.store_per_s),
        ]);
        table.render("nothing was measured")
    }

    /// What isn't a rate, as far as it was measured, with how many times the HTTP stack's that is.
    fn details(&self) -> Vec<(&'static str, String, Option<f64>)> {
        let (lifecycle, server) = (&self.lifecycle, &self.server);
        let cpu = |ms: f64| format!("{ms:.3} ms");
        let figures = [
            (
                "CPU an order",
                lifecycle.cpu_ms_per_order.map(cpu),
                lifecycle.cpu_ratio_to_http_ceiling,
            ),
            (
                "allocations an order",
                Some(
                    lifecycle
                        .allocations_per_order
                        .map_or_else(|| NOT_COUNTED.to_owned(), |count| format!("{count:.0}")),
                ),
                lifecycle.allocations_ratio_to_http_ceiling,
            ),
            (
                "CPU of the load an order",
                lifecycle.load_cpu_ms_per_order.map(cpu),
                None,
            ),
            (
                "commands an order",
                Some(format!("{:.1}", lifecycle.commands_per_order)),
                None,
            ),
            (
                "commands a commit",
                Some(format!("{:.1}", lifecycle.commands_per_commit)),
                None,
            ),
        ];
        let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
        let ms = |value: f64| format!("{value:.0} ms");
        let server = [
            ("peak memory", server.peak_memory_bytes.map(mebibytes), None),
            ("first start", server.first_start_ms.map(ms), None),
            ("restart after a kill", server.restart_ms.map(ms), None),
        ];
        figures
            .into_iter()
            .chain(server)
            .filter_map(|(name, value, ratio)| Some((name, value?, ratio)))
            .collect()
    }
}

impl Intake {
    fn new(measured: &Measured, connections: u16, http_per_s: f64) -> Self {
        let (cost, loaded) = (&measured.intake, &measured.intake.loaded);
        let latency = |part| ratio(loaded.latency_ms(part), measured.http.loaded.latency_ms(part));
        Self {
            orders_per_s: loaded.per_s(),
            p50_ms: loaded.latency_ms(0.5),
            p99_ms: loaded.latency_ms(0.99),
            p999_ms: loaded.latency_ms(0.999),
            p50_ratio_to_http_ceiling: latency(0.5),
            p99_ratio_to_http_ceiling: latency(0.99),
            p999_ratio_to_http_ceiling: latency(0.999),
            ratio_to_http_ceiling: ratio(loaded.per_s(), http_per_s),
            ratio_to_one_row_ceiling: ratio(loaded.per_s(), measured.one_row.loaded.per_s()),
            ratio_to_store_ceiling: ratio(loaded.per_s(), measured.store.per_s),
            connections,
            orders: loaded.accepted,
            refused: loaded.refused,
            processed_per_s: processed_per_s(
                cost.changes,
                loaded.accepted,
                measured.changes_per_order,
                loaded.elapsed,
            ),
            commands_per_commit: ratio(cost.commands as f64, cost.commits as f64),
            all_ended: measured.intake_ended,
        }
    }
}

impl Lifecycle {
    fn new(measured: &Measured, http_per_s: f64) -> Self {
        let (cost, ends) = (&measured.whole, &measured.ends);
        let orders_per_s = ends.completed as f64 / ends.took().as_secs_f64();
        let orders = cost.loaded.accepted as f64;
        let to_http = |of: fn(&Cost) -> Option<f64>| Some(ratio(of(cost)?, of(&measured.http)?));
        Self {
            orders: ends.completed,
            orders_per_s,
            not_completed: cost.loaded.accepted + cost.loaded.refused - ends.completed,
            ratio_to_http_ceiling: ratio(orders_per_s, http_per_s),
            ratio_to_store_ceiling: ratio(orders_per_s, measured.store.per_s),
            cpu_ms_per_order: cpu_ms(cost),
            cpu_ratio_to_http_ceiling: to_http(cpu_ms),
            allocations_per_order: allocations(cost),
            allocations_ratio_to_http_ceiling: to_http(allocations),
            load_cpu_ms_per_order: cost
                .load_cpu
                .map(|cpu| cpu.as_secs_f64() * 1000.0 / orders.max(1.0)),
            commands_per_order: ratio(cost.commands as f64, orders),
            commands_per_commit: ratio(cost.commands as f64, cost.commits as f64),
        }
    }
}

/// Orders seen through a second while a load lasted: the changes that didn't place an order, by how many of them an order
/// takes.
fn processed_per_s(changes: u64, placed: u64, changes_per_order: u64, elapsed: Duration) -> f64 {
    let steps = changes.saturating_sub(placed);
    ratio(
        steps as f64,
        changes_per_order.saturating_sub(1) as f64 * elapsed.as_secs_f64(),
    )
}

/// CPU milliseconds for each order of a load.
fn cpu_ms(cost: &Cost) -> Option<f64> {
    Some(ratio(
        cost.cpu?.as_secs_f64() * 1000.0,
        cost.loaded.accepted as f64,
    ))
}

/// Allocations for each order of a load.
fn allocations(cost: &Cost) -> Option<f64> {
    Some(ratio(cost.allocations? as f64, cost.loaded.accepted as f64))
}

/// Zero where there's nothing to compare with.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn per_s(rate: f64) -> String {
    format!("{rate:.0}/s")
}

fn percent(ratio: f64) -> String {
    format!("{:.0} %", ratio * 100.0)
}

fn times(ratio: f64) -> String {
    format!("{ratio:.1} times")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_through_is_counted_by_the_changes_after_an_order_is_placed() {
        let two_seconds = Duration::from_secs(2);
        // Placed, PROCESSING, COMPLETED: of 100 placed 60 came to their end.
        assert_eq!(per_s(processed_per_s(220, 100, 3, two_seconds)), "30/s");
        // Orders from before end meanwhile, too.
        assert_eq!(per_s(processed_per_s(600, 100, 3, two_seconds)), "125/s");
    }

    #[test]
    fn nothing_is_seen_through_where_nothing_happened() {
        assert_eq!(per_s(processed_per_s(100, 100, 3, Duration::from_secs(1))), "0/s");
        assert_eq!(per_s(processed_per_s(100, 100, 3, Duration::ZERO)), "0/s");
        // A server that only places orders.
        assert_eq!(per_s(processed_per_s(100, 100, 1, Duration::from_secs(1))), "0/s");
    }
}
