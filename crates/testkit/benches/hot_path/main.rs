//! What one order costs, in instructions and allocations: the benchmark that guards the hot path.
//!
//! `hot_path SCENARIO N` does the scenario N times in this process and prints how often memory was allocated. `cargo
//! xtask bench-guard` runs it under callgrind with two different N: the difference of the counts, divided by that of the
//! N, is what one costs, and what starting and stopping costs falls out. Without arguments (`cargo bench -p testkit`)
//! it prints time and allocations of each scenario.
//!
//! What one costs must not depend on chance, the clock or the machine: one thread beside the store's writer, a clock
//! that stands still, payments that all succeed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark prints and may panic"
)]

mod creation;
mod order;
mod request;
mod support;
mod workflow;

use std::alloc::System;
use std::time::Instant;

use alloc_tracker::{Allocator, Session};
use mimalloc as _;

/// The server's allocator, counted: mimalloc stands in the place of `malloc`.
#[global_allocator]
static ALLOCATOR: Allocator<System> = Allocator::new(System);

/// Something that an order's way consists of, done so many times.
struct Scenario {
    name: &'static str,
    run: fn(u32),
}

const SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "order",
        run: order::run,
    },
    Scenario {
        name: "traced",
        run: order::run_traced,
    },
    Scenario {
        name: "creation",
        run: creation::run,
    },
    Scenario {
        name: "request",
        run: request::run,
    },
    Scenario {
        name: "workflow",
        run: workflow::run,
    },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.as_slice() {
        [] => SCENARIOS.iter().for_each(measure),
        [name, times] => {
            let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name);
            let scenario = scenario.unwrap_or_else(|| panic!("there is no scenario {name}"));
            println!("allocations {}", allocations(scenario, times.parse().unwrap()));
        }
        _ => panic!("usage: hot_path [SCENARIO N]"),
    }
}

/// How often memory was allocated, by all threads.
fn allocations(scenario: &Scenario, times: u32) -> u64 {
    let session = Session::new().no_stdout().no_file();
    let operation = session.operation(scenario.name);
    let span = operation.measure_process().iterations(1);
    (scenario.run)(times);
    drop(span);
    session
        .to_report()
        .operations()
        .map(|(_, operation)| operation.total_allocations_count())
        .sum()
}

/// Time and allocations of one, from a small and a large number of them.
fn measure(scenario: &Scenario) {
    const SMALL: u32 = 100;
    const LARGE: u32 = 2_100;
    let run = |times| {
        let started = Instant::now();
        let allocations = allocations(scenario, times);
        (started.elapsed(), allocations)
    };
    let ((small, few), (large, many)) = (run(SMALL), run(LARGE));
    let each = large.saturating_sub(small) / (LARGE - SMALL);
    let allocations = many.saturating_sub(few) as f64 / f64::from(LARGE - SMALL);
    println!(
        "{:<10} {each:>12.2?} {allocations:>8.1} allocations",
        scenario.name
    );
}
