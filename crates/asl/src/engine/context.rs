//! The context object, `$$` in JSONPath and `$states.context` in JSONata.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::history::time_text;
use crate::model::{ContextUse, Kind, State};
use crate::snapshot::{Activity, Branch};
use crate::{Pattern, Resource, Snapshot};

/// Builds what a state's expressions read. The execution's input, which may be large, is in it only when an expression
/// of the state reads it.
pub(super) fn build(snapshot: &Snapshot, branch: &Branch, state: &State, token: Option<&str>) -> Value {
    let mut context = Map::new();
    context.insert("Execution".to_owned(), execution(snapshot, state.context));
    context.insert(
        "StateMachine".to_owned(),
        json!({"Id": *snapshot.execution.machine_arn, "Name": *snapshot.execution.machine_name}),
    );
    let mut about_state = Map::new();
    about_state.insert("Name".to_owned(), json!(*state.name));
    about_state.insert("EnteredTime".to_owned(), json!(time_text(branch.entered_at)));
    if state.retries() {
        about_state.insert("RetryCount".to_owned(), json!(branch.retries.iter().sum::<u32>()));
    }
    context.insert("State".to_owned(), Value::Object(about_state));
    if let Some(item) = item(snapshot, branch) {
        context.insert("Map".to_owned(), json!({"Item": item}));
    }
    if let Some(token) = token {
        context.insert("Task".to_owned(), json!({"Token": token}));
    }
    Value::Object(context)
}

fn execution(snapshot: &Snapshot, reads: ContextUse) -> Value {
    let execution = &snapshot.execution;
    let mut about = Map::new();
    about.insert("Id".to_owned(), json!(*execution.arn));
    if reads == ContextUse::Everything {
        about.insert(
            "Input".to_owned(),
            execution.input.as_deref().cloned().unwrap_or_default(),
        );
    }
    about.insert("StartTime".to_owned(), json!(time_text(execution.started_at)));
    about.insert("Name".to_owned(), json!(*execution.name));
    about.insert("RoleArn".to_owned(), json!(*execution.role_arn));
    about.insert("RedriveCount".to_owned(), json!(0));
    Value::Object(about)
}

/// The item of the innermost Map state that the branch is in.
fn item(snapshot: &Snapshot, branch: &Branch) -> Option<Value> {
    let mut parent = branch.parent;
    while let Some(at) = parent {
        let outer = snapshot.branch(at.branch)?;
        if let Activity::Map(progress) = &outer.activity {
            let value = progress.items.get(at.index as usize)?;
            return Some(item_at(at.index as usize, value));
        }
        parent = outer.parent;
    }
    None
}

/// `$$.Map.Item` for one item.
pub(super) fn item_at(index: usize, value: &Value) -> Value {
    json!({"Index": index, "Value": value})
}

/// The secrets of a task attempt that waits for its token: the token, and the chance of its expressions. Both follow
/// from the attempt's seed, so that the same attempt has the same ones after a restart; neither tells the other, so that
/// who sees a random number from the task's input cannot answer in its name.
pub(super) fn task_secrets(snapshot: &Snapshot, state: &State, seed: u64) -> Option<(String, u64)> {
    let Kind::Task(task) = &state.kind else {
        return None;
    };
    let Resource::Service {
        pattern: Pattern::WaitForTaskToken,
        ..
    } = task.resource
    else {
        return None;
    };
    let mut digest = Sha256::new();
    digest.update(seed.to_be_bytes());
    digest.update(snapshot.execution.arn.as_bytes());
    let digest = digest.finalize();
    let (token, chance) = digest.split_at(24);
    let token = token.iter().fold(String::with_capacity(48), |token, byte| {
        token + &format!("{byte:02x}")
    });
    let chance = chance
        .iter()
        .fold(0, |chance, byte| (chance << 8) | u64::from(*byte));
    Some((token, chance))
}
