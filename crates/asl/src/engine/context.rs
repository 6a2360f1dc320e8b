//! The context object, `$$` in JSONPath and `$states.context` in JSONata.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::history::time_text;
use crate::model::{ContextUse, Kind, Member, State};
use crate::snapshot::{Activity, Branch, Slot};
use crate::{Pattern, Resource, Snapshot};

/// Builds what expressions read, and no more.
pub(super) fn build(
    snapshot: &Snapshot,
    branch: &Branch,
    state: &State,
    token: Option<&str>,
    reads: ContextUse,
) -> Value {
    if !reads.reads_any() {
        return Value::Null;
    }
    let mut context = Map::new();
    put(&mut context, "Execution", execution(snapshot, reads));
    if reads.reads(Member::StateMachine) {
        let machine =
            json!({"Id": *snapshot.execution.machine_arn, "Name": *snapshot.execution.machine_name});
        context.insert("StateMachine".to_owned(), machine);
    }
    put(&mut context, "State", about_state(branch, state, reads));
    if let Some(item) = item(snapshot, branch).filter(|_| reads.reads(Member::Map)) {
        context.insert("Map".to_owned(), json!({"Item": item}));
    }
    if let Some(token) = token.filter(|_| reads.reads(Member::Task)) {
        context.insert("Task".to_owned(), json!({"Token": token}));
    }
    Value::Object(context)
}

fn put(context: &mut Map<String, Value>, name: &str, members: Map<String, Value>) {
    if !members.is_empty() {
        context.insert(name.to_owned(), Value::Object(members));
    }
}

fn execution(snapshot: &Snapshot, reads: ContextUse) -> Map<String, Value> {
    let execution = &snapshot.execution;
    let mut about = Map::new();
    let mut add = |member: Member, name: &str, value: &dyn Fn() -> Value| {
        if reads.reads(member) {
            about.insert(name.to_owned(), value());
        }
    };
    add(Member::ExecutionId, "Id", &|| json!(*execution.arn));
    add(Member::ExecutionInput, "Input", &|| match &execution.input {
        Slot::Holds(input) => Value::clone(input),
        Slot::Empty => Value::Null,
    });
    add(Member::ExecutionStartTime, "StartTime", &|| {
        json!(time_text(execution.started_at))
    });
    add(Member::ExecutionName, "Name", &|| json!(*execution.name));
    add(Member::ExecutionRoleArn, "RoleArn", &|| {
        json!(*execution.role_arn)
    });
    add(Member::ExecutionRedriveCount, "RedriveCount", &|| json!(0));
    about
}

fn about_state(branch: &Branch, state: &State, reads: ContextUse) -> Map<String, Value> {
    let mut about = Map::new();
    if reads.reads(Member::StateName) {
        about.insert("Name".to_owned(), json!(*state.name));
    }
    if reads.reads(Member::StateEnteredTime) {
        about.insert("EnteredTime".to_owned(), json!(time_text(branch.entered_at)));
    }
    if reads.reads(Member::StateRetryCount) && state.retries() {
        about.insert(
            "RetryCount".to_owned(),
            json!(
                branch
                    .retries
                    .iter()
                    .fold(0, |count: u32, used| count.saturating_add(*used))
            ),
        );
    }
    about
}

/// The item of the innermost Map state that the branch is in.
fn item(snapshot: &Snapshot, branch: &Branch) -> Option<Value> {
    let mut inner = branch;
    while let Some((at, outer)) = snapshot.outer(inner) {
        if let Activity::Map(progress) = &outer.activity {
            let index = at.index as usize;
            return Some(item_at(index, progress.items.get(index)?));
        }
        inner = outer;
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
    } = *task.resource
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
