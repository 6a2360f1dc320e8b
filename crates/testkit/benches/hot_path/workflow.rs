//! Executions of the order workflow in the interpreter alone, without their history, as the engine runs them.

use std::sync::LazyLock;

use asl::{Definition, Effect, Event, EventKind, Start, TaskCall, Value};
use jiff::Timestamp;
use serde_json::json;

/// Takes so many executions from their start to their end.
pub fn run(times: u32) {
    let definition = Definition::parse(include_str!("../../../../workflows/order.asl.json")).unwrap();
    for _ in 0..times {
        let mut step = asl::start_without_history(&definition, start());
        while let Some(event) = answer(step.effects) {
            step = asl::step_without_history(&definition, step.snapshot, event);
        }
        assert_eq!(step.snapshot.outcome().unwrap().status(), "SUCCEEDED");
    }
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

/// The answer to the task that the step asks for, if it asks for one.
fn answer(effects: Vec<Effect>) -> Option<Event> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Call(call) => Some(Event {
            at: Timestamp::UNIX_EPOCH,
            seed: 7,
            kind: EventKind::TaskSucceeded {
                task: call.task,
                output: output(&call),
            },
        }),
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
