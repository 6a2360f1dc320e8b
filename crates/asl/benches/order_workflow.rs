//! How long the order workflow takes: 10,000 executions, each from its start through every task to its end.
//!
//! `cargo bench -p asl` prints time. With `valgrind --tool=callgrind` around the binary and `--once` as its argument,
//! one execution's instructions can be counted, which is steadier than time on a shared machine:
//! see the crate's README.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints and may panic"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use asl::{Definition, Effect, Event, EventKind, Snapshot, Start, TaskCall};
use jiff::Timestamp;
use serde_json::{Value, json};

const WORKFLOW: &str = include_str!("../../../workflows/order.asl.json");
const EXECUTIONS: u32 = 10_000;

fn main() {
    let definition = Definition::parse(WORKFLOW).unwrap();
    let executions = if std::env::args().any(|argument| argument == "--once") {
        1
    } else {
        EXECUTIONS
    };
    let mut best = Duration::MAX;
    let mut counts = Counts::default();
    for _ in 0..if executions == 1 { 1 } else { 5 } {
        let started = Instant::now();
        for _ in 0..executions {
            counts = black_box(run(&definition));
        }
        best = best.min(started.elapsed());
    }
    let each = best / executions;
    println!(
        "{executions} executions: {each:?} each, {} steps of {:?}",
        counts.steps,
        each / counts.steps
    );
    println!(
        "{} history events each; the largest snapshot has {} bytes",
        counts.events,
        largest_snapshot(&definition)
    );
}

#[derive(Default)]
struct Counts {
    steps: u32,
    events: usize,
}

fn run(definition: &Definition) -> Counts {
    let mut step = asl::start(definition, start());
    let mut counts = Counts {
        steps: 1,
        events: step.history.len(),
    };
    while let Some(event) = answer(step.effects) {
        step = asl::step(definition, step.snapshot, event);
        counts.steps += 1;
        counts.events += step.history.len();
    }
    assert_eq!(step.snapshot.outcome().unwrap().status(), "SUCCEEDED");
    counts
}

fn largest_snapshot(definition: &Definition) -> usize {
    let mut step = asl::start(definition, start());
    let bytes = |snapshot: &Snapshot| serde_json::to_string(snapshot).unwrap().len();
    let mut largest = bytes(&step.snapshot);
    while let Some(event) = answer(step.effects) {
        step = asl::step(definition, step.snapshot, event);
        largest = largest.max(bytes(&step.snapshot));
    }
    largest
}

fn start() -> Start {
    Start {
        execution_arn: "arn:aws:states:eu-central-1:000000000000:execution:order:o-1".to_owned(),
        execution_name: "o-1".to_owned(),
        machine_arn: "arn:aws:states:eu-central-1:000000000000:stateMachine:order".to_owned(),
        machine_name: "order".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/order".to_owned(),
        input: json!({"orderId": "0199f2c1-7a00-7000-8000-000000000001", "createdAt": "2026-11-22T00:00:00.000Z"}),
        at: Timestamp::UNIX_EPOCH,
        seed: 7,
    }
}

fn answer(effects: Vec<Effect>) -> Option<Event> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Call(call) => {
            let kind = EventKind::TaskSucceeded {
                task: call.task,
                output: output(&call),
            };
            Some(Event {
                at: Timestamp::UNIX_EPOCH,
                seed: 7,
                kind,
            })
        }
        Effect::Cancel(_) | Effect::Finished(_) => None,
    })
}

fn output(call: &TaskCall) -> Value {
    match call.state.as_str() {
        "ValidateOrder" => json!({"Item": {
            "status": {"S": "PROCESSING"}, "customerId": {"S": "CUST-001"},
            "totalAmount": {"N": "59.98"}, "currency": {"S": "EUR"}}}),
        "ProcessPayment" => {
            json!({"StatusCode": 200, "Payload": {"status": "success", "paymentId": "PAY-123456"}})
        }
        "UpdateInventory" => json!({"StatusCode": 200, "Payload": {"status": "success"}}),
        _ => json!({}),
    }
}
