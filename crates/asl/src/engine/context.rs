//! The context object, `$$` in JSONPath and `$states.context` in JSONata.

use sha2::{Digest, Sha256};

use crate::history::time_text;
use crate::model::{ContextUse, Kind, Member, State};
use crate::snapshot::{Activity, Branch, Slot};
use crate::value::Object;
use crate::{Pattern, Resource, Snapshot, Value};

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
    let machine = reads.reads(Member::StateMachine).then(|| {
        let execution = &snapshot.execution;
        [
            ("Id", (*execution.machine_arn).into()),
            ("Name", (*execution.machine_name).into()),
        ]
        .into()
    });
    let item = item(snapshot, branch).filter(|_| reads.reads(Member::Map));
    let token = token.filter(|_| reads.reads(Member::Task));
    let members = [
        ("Execution", execution(snapshot, reads)),
        ("StateMachine", machine),
        ("State", about_state(branch, state, reads)),
        ("Map", item.map(|item| [("Item", item)].into())),
        ("Task", token.map(|token| [("Token", token.into())].into())),
    ];
    some_of(members).unwrap_or_else(|| Object::default().into())
}

/// An object of the members that are there, which is hardly ever more than one; `None` when none is.
fn some_of<const N: usize>(members: [(&str, Option<Value>); N]) -> Option<Value> {
    let object = members
        .into_iter()
        .fold(Object::default(), |object, member| match member {
            (name, Some(value)) => object.with(name, value),
            (_, None) => object,
        });
    (!object.is_empty()).then(|| object.into())
}

fn execution(snapshot: &Snapshot, reads: ContextUse) -> Option<Value> {
    let execution = &snapshot.execution;
    let text = |member, text: &str| reads.reads(member).then(|| text.into());
    let input = reads
        .reads(Member::ExecutionInput)
        .then(|| match &execution.input {
            Slot::Holds(input) => input.clone(),
            Slot::Empty => Value::Null,
        });
    let started_at = reads
        .reads(Member::ExecutionStartTime)
        .then(|| time_text(execution.started_at).into());
    some_of([
        ("Id", text(Member::ExecutionId, &execution.arn)),
        ("Input", input),
        ("StartTime", started_at),
        ("Name", text(Member::ExecutionName, &execution.name)),
        ("RoleArn", text(Member::ExecutionRoleArn, &execution.role_arn)),
        (
            "RedriveCount",
            reads.reads(Member::ExecutionRedriveCount).then(|| 0_u32.into()),
        ),
    ])
}

fn about_state(branch: &Branch, state: &State, reads: ContextUse) -> Option<Value> {
    let retries = || {
        let used = branch.retries.iter().copied();
        used.fold(0, u32::saturating_add).into()
    };
    some_of([
        (
            "Name",
            reads.reads(Member::StateName).then(|| (*state.name).into()),
        ),
        (
            "EnteredTime",
            reads
                .reads(Member::StateEnteredTime)
                .then(|| time_text(branch.entered_at).into()),
        ),
        (
            "RetryCount",
            (reads.reads(Member::StateRetryCount) && state.retries()).then(retries),
        ),
    ])
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
    [("Index", index.into()), ("Value", value.clone())].into()
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
