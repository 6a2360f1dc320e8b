//! Any text as a stored snapshot: what was altered from outside makes an execution fail at worst.

#![no_main]

use std::sync::LazyLock;

use asl::{Definition, Event, EventKind, Snapshot, TaskId};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

static DEFINITION: LazyLock<Definition> =
    LazyLock::new(|| Definition::parse(include_str!("../../../../workflows/order.asl.json")).unwrap());

fuzz_target!(|text: &str| {
    let Ok(snapshot) = serde_json::from_str::<Snapshot>(text) else { return };
    let _ = (snapshot.wake_at(), snapshot.open_calls(&DEFINITION), snapshot.current_states(&DEFINITION));
    let task = TaskId(1);
    for kind in [
        EventKind::Woken,
        EventKind::Heartbeat { task },
        EventKind::TaskSucceeded { task, output: json!({"Payload": 1}).into() },
        EventKind::TaskFailed { task, error: "Busy".to_owned(), cause: String::new() },
    ] {
        let event = Event { at: Timestamp::UNIX_EPOCH, seed: 1, kind };
        asl::step(&DEFINITION, snapshot.clone(), event);
    }
});
