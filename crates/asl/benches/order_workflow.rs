//! How long the order workflow takes: executions from their start through every task to their end.
//!
//! `cargo bench -p asl` prints the time of 10,000 of them, with and without their history; and, where `valgrind` is
//! installed, the instructions of one, which do not depend on what else the machine does.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints and may panic"
)]

use std::hint::black_box;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use asl::{Definition, Effect, Event, EventKind, Snapshot, Start, Step, TaskCall, Value};
use jiff::Timestamp;
use serde_json::json;

const WORKFLOW: &str = include_str!("../../../workflows/order.asl.json");
const EXECUTIONS: u32 = 10_000;
const ROUNDS: u32 = 5;

/// One way of going through an execution.
struct Engine {
    name: &'static str,
    start: fn(&Definition, Start) -> Step,
    step: fn(&Definition, Snapshot, Event) -> Step,
}

const ENGINES: [Engine; 2] = [
    Engine {
        name: "with history",
        start: asl::start,
        step: asl::step,
    },
    Engine {
        name: "without history",
        start: asl::start_without_history,
        step: asl::step_without_history,
    },
];

fn main() {
    let definition = Definition::parse(WORKFLOW).unwrap();
    let argument = std::env::args().nth(1).unwrap_or_default();
    if let Some(engine) = ENGINES.iter().find(|engine| engine.name == argument) {
        black_box(engine.run(&definition));
        return;
    }
    println!("{} bytes in the largest snapshot", largest_snapshot(&definition));
    for engine in &ENGINES {
        let each = best_time(engine, &definition);
        let steps = engine.run(&definition);
        let instructions =
            instructions(engine).map_or_else(String::new, |count| format!(", {count} instructions"));
        println!(
            "{}: {each:?} an execution of {steps} steps{instructions}",
            engine.name
        );
    }
}

/// The best of a few rounds: what the others took longer is the machine's doing.
fn best_time(engine: &Engine, definition: &Definition) -> Duration {
    let round = |_| {
        let started = Instant::now();
        for _ in 0..EXECUTIONS {
            black_box(engine.run(definition));
        }
        started.elapsed() / EXECUTIONS
    };
    (0..ROUNDS).map(round).min().unwrap()
}

/// Counts what the step function alone executes in one execution.
fn instructions(engine: &Engine) -> Option<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(
            ["start", "start_without_history", "step", "step_without_history"]
                .map(|name| format!("--toggle-collect=asl::engine::{name}")),
        )
        .arg(std::env::current_exe().ok()?)
        .arg(engine.name)
        .output()
        .ok()?;
    let talk = String::from_utf8_lossy(&run.stderr).into_owned();
    talk.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}

impl Engine {
    /// Takes one execution to its end and says in how many steps.
    fn run(&self, definition: &Definition) -> u32 {
        let mut step = (self.start)(definition, start());
        let mut steps = 1;
        while let Some(event) = answer(step.effects) {
            step = (self.step)(definition, step.snapshot, event);
            steps += 1;
        }
        assert_eq!(step.snapshot.outcome().unwrap().status(), "SUCCEEDED");
        steps
    }
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
        execution_arn: "arn:aws:states:eu-central-1:000000000000:execution:order:o-1".into(),
        execution_name: "o-1".into(),
        machine_arn: "arn:aws:states:eu-central-1:000000000000:stateMachine:order".into(),
        machine_name: "order".into(),
        role_arn: "arn:aws:iam::000000000000:role/order".into(),
        input: json!({"orderId": "0199f2c1-7a00-7000-8000-000000000001", "createdAt": "2026-11-22T00:00:00.000Z"}).into(),
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

/// What a task answers; made once, for it is the interpreter that is looked at.
fn output(call: &TaskCall) -> Value {
    static VALIDATED: LazyLock<Value> = LazyLock::new(|| {
        let item = json!({"status": {"S": "PROCESSING"}, "customerId": {"S": "CUST-001"},
            "totalAmount": {"N": "59.98"}, "currency": {"S": "EUR"}});
        json!({"Item": item}).into()
    });
    static PAID: LazyLock<Value> = LazyLock::new(|| {
        json!({"StatusCode": 200, "Payload": {"status": "success", "paymentId": "PAY-123456"}}).into()
    });
    static TAKEN: LazyLock<Value> =
        LazyLock::new(|| json!({"StatusCode": 200, "Payload": {"status": "success"}}).into());
    static WRITTEN: LazyLock<Value> = LazyLock::new(|| json!({}).into());
    let answer = match &*call.state {
        "ValidateOrder" => &VALIDATED,
        "ProcessPayment" => &PAID,
        "UpdateInventory" => &TAKEN,
        _ => &WRITTEN,
    };
    Value::clone(answer)
}
