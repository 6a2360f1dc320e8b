//! A step is a function: the same events lead to the same snapshots, and a snapshot that was stored goes on like one that
//! was not.

use asl::{Definition, Effect, Event, EventKind, HistoryEvent, Snapshot, TaskId};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{at, begin, machine};

/// A machine that has nearly everything: branches, items, retries, catches, waits, tokens, variables and chance.
fn everything() -> Definition {
    machine(json!({
        "Prepare": {
            "Type": "Pass", "Next": "Both",
            "Parameters": {"items": [1, 2, 3, 4, 5], "id.$": "States.UUID()", "name.$": "$$.Execution.Name", "input.$": "$$.Execution.Input"},
            "Assign": {"total": 5, "id.$": "$.id"}
        },
        "Both": {
            "Type": "Parallel", "ResultPath": "$.both", "Next": "Check",
            "Retry": [{"ErrorEquals": ["Again"], "MaxAttempts": 2, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Prepare"}],
            "Branches": [
                {"StartAt": "Each", "States": {"Each": {
                    "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": true, "ToleratedFailureCount": 1,
                    "ItemSelector": {"item.$": "$$.Map.Item.Value", "total.$": "$total"},
                    "ItemProcessor": {"StartAt": "Work", "States": {
                        "Work": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 7,
                                 "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2}],
                                 "Next": "Nap"},
                        "Nap": {"Type": "Wait", "Seconds": 1, "End": true}
                    }}
                }}},
                {"StartAt": "Ask", "States": {"Ask": {
                    "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 9,
                    "Parameters": {"token.$": "$$.Task.Token", "id.$": "$id"}, "End": true
                }}}
            ]
        },
        "Check": {
            "Type": "Choice", "Default": "Done",
            "Choices": [{"Variable": "$.both[1]", "StringEquals": "again", "Assign": {"id": "x"}, "Next": "Prepare"}]
        },
        "Done": {"Type": "Succeed"}
    }))
}

/// Something that the world does to whatever is open at that moment.
#[derive(Debug, Clone)]
enum Act {
    Succeed { which: usize, output: Value },
    Fail { which: usize, error: String },
    Submit { which: usize },
    Beat { which: usize },
    Wake { after_s: i64 },
    Stray { task: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    let output = prop_oneof![Just(json!("again")), Just(json!({"n": 1.50})), Just(json!(null))];
    prop_oneof![
        8 => (any::<usize>(), output).prop_map(|(which, output)| Act::Succeed { which, output }),
        3 => (any::<usize>(), "(Again|Busy|Other|States.Timeout|)").prop_map(|(which, error)| Act::Fail { which, error }),
        1 => any::<usize>().prop_map(|which| Act::Submit { which }),
        1 => any::<usize>().prop_map(|which| Act::Beat { which }),
        4 => (0_i64..12).prop_map(|after_s| Act::Wake { after_s }),
        1 => any::<u64>().prop_map(|task| Act::Stray { task }),
    ]
}

impl Act {
    fn kind(&self, open: &[TaskId]) -> EventKind {
        let task = |which: usize| {
            open.get(which % open.len().max(1))
                .copied()
                .unwrap_or(TaskId(u64::MAX))
        };
        match self {
            Act::Succeed { which, output } => EventKind::TaskSucceeded {
                task: task(*which),
                output: output.into(),
            },
            Act::Fail { which, error } => EventKind::TaskFailed {
                task: task(*which),
                error: error.clone(),
                cause: "why".into(),
            },
            Act::Submit { which } => EventKind::TaskSubmitted {
                task: task(*which),
                output: json!(1).into(),
            },
            Act::Beat { which } => EventKind::Heartbeat { task: task(*which) },
            Act::Wake { .. } => EventKind::Woken,
            Act::Stray { task } => EventKind::Heartbeat { task: TaskId(*task) },
        }
    }
}

fn open(definition: &Definition, snapshot: &Snapshot) -> Vec<TaskId> {
    snapshot
        .open_calls(definition)
        .iter()
        .map(|call| call.task)
        .collect()
}

fn stored(snapshot: &Snapshot) -> Snapshot {
    serde_json::from_str(&serde_json::to_string(snapshot).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn replaying_the_events_gives_the_same_snapshots(acts in prop::collection::vec(act(), 1..60), seed: u64, is_null: bool) {
        let definition = everything();
        let input = if is_null { json!(null) } else { json!({"a": [null]}) };
        let mut step = begin(&definition, input.clone());
        let mut now = at(0);
        let mut events: Vec<Event> = Vec::new();
        let mut history: Vec<HistoryEvent> = step.history.clone();
        let mut issued = 0;
        for (seed, act) in (seed..=u64::MAX).zip(&acts) {
            let open = open(&definition, &step.snapshot);
            if let Act::Wake { after_s } = act {
                now += SignedDuration::from_secs(*after_s);
            }
            let event = Event { at: now, seed, kind: act.kind(&open) };
            events.push(event.clone());
            let restored = asl::step(&definition, stored(&step.snapshot), event.clone());
            let silent = asl::step_without_history(&definition, step.snapshot.clone(), event.clone());
            step = asl::step(&definition, step.snapshot, event);
            // Leaving the history out changes nothing else.
            prop_assert!(silent.history.is_empty());
            prop_assert_eq!(&silent.snapshot, &step.snapshot);
            prop_assert_eq!(&silent.effects, &step.effects);
            // What was stored and read back goes on as what was kept in memory.
            prop_assert_eq!(&restored.snapshot, &step.snapshot);
            prop_assert_eq!(&restored.history, &step.history);
            prop_assert_eq!(&restored.effects, &step.effects);
            // What is open is what was called and neither answered nor cancelled.
            issued += step.effects.iter().filter(|effect| matches!(effect, Effect::Call(_))).count();
            prop_assert!(step.snapshot.open_calls(&definition).len() <= issued + 3);
            history.extend(step.history.iter().cloned());
        }

        let mut again = begin(&definition, input);
        for event in events {
            again = asl::step(&definition, again.snapshot, event);
        }
        prop_assert_eq!(again.snapshot, step.snapshot);

        // The history is one sequence without gaps, and every event follows an earlier one.
        for (id, event) in (1..).zip(&history) {
            prop_assert_eq!(event.id, id);
            prop_assert!(event.previous_event_id < id);
        }
    }
}
