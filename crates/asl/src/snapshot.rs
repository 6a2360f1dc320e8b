//! An execution between two steps: all that must be kept to go on, and nothing that the definition or the history holds.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::{self, MAX_PAYLOAD_BYTES};
use crate::model::StateIndex;
use crate::payload::Variables;
use crate::{Definition, Outcome, TaskCall, TaskId, Value};

/// The version that this crate writes. A snapshot of another version is refused when it is read.
const VERSION: u8 = 2;

/// An execution between two steps.
///
/// Small and serialisable: store it, and after a restart read it back and go on. It belongs to the very definition
/// that it was made with; [`step`](crate::step) fails the execution if it is given another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) version: Version,
    /// The definition's fingerprint.
    pub(crate) definition: u64,
    pub(crate) execution: Execution,
    /// The id of the last history event.
    pub(crate) last_event: u64,
    /// How many events the children of distributed Maps had, which no history holds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) unrecorded_events: u64,
    pub(crate) last_task: u64,
    pub(crate) last_branch: u32,
    /// How often each Task state was entered, by its slot.
    pub(crate) visits: Vec<u32>,
    /// Everything that is under way, by rising ids; the execution itself is the first.
    pub(crate) branches: Vec<Branch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What the context object says about the execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Execution {
    pub arn: Arc<str>,
    pub name: Arc<str>,
    pub machine_arn: Arc<str>,
    pub machine_name: Arc<str>,
    pub role_arn: Arc<str>,
    pub started_at: Timestamp,
    /// When the machine's `TimeoutSeconds` runs out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Kept only when an expression of the definition reads it.
    #[serde(default, skip_serializing_if = "Slot::is_empty")]
    pub input: Slot,
}

/// The region in an ARN; empty when there is none.
pub(crate) fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// A place for a payload. Not an `Option`, since JSON could not tell an empty one from one that holds null.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) enum Slot {
    #[default]
    Empty,
    Holds(Value),
}

impl Slot {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Slot::Empty)
    }

    pub(crate) fn into_value(self) -> Option<Value> {
        match self {
            Slot::Empty => None,
            Slot::Holds(value) => Some(value),
        }
    }
}

/// Names a branch within its execution.
pub(crate) type BranchId = u32;

/// One thread of control: the execution itself, a branch of a Parallel state or an iteration of a Map state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Branch {
    pub id: BranchId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    pub state: StateIndex,
    pub input: Value,
    /// How large the input is.
    pub input_bytes: usize,
    /// The variables assigned in this branch; those of the branches around it can be read too.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub variables: Variables,
    /// How large the variables are together at most.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub variable_bytes: usize,
    /// The history event that the next one of this branch follows.
    pub last_event: u64,
    pub entered_event: u64,
    pub entered_at: Timestamp,
    /// How often each retrier of the state was used, by its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retries: Vec<u32>,
    /// Whether it is in a child of a distributed Map, whose events are not in this history.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unrecorded: bool,
    pub activity: Activity,
}

/// What a branch belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parent {
    pub branch: BranchId,
    /// Which of the parent's branches or iterations it is.
    pub index: u32,
}

/// What a branch is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Activity {
    /// About to enter its state.
    Enter,
    /// About to try its state again.
    Retry,
    /// In a Wait state.
    Wait {
        until: Timestamp,
    },
    /// Between two attempts.
    BackOff {
        until: Timestamp,
    },
    Task(OpenTask),
    Parallel(Results),
    Map(MapProgress),
}

/// A task attempt whose outcome is awaited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenTask {
    pub id: TaskId,
    pub visit: u32,
    /// The chance that the input was evaluated with, so that the same input can be had again.
    pub seed: u64,
    /// Whether the history tells that a request was accepted whose result comes later, or that a worker took the task.
    pub accepted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Heartbeat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    pub every_s: u64,
    pub due_at: Timestamp,
}

/// What the branches of a Parallel state or the iterations of a Map state gave, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Results {
    slots: Vec<Slot>,
    open: usize,
    /// How large those that are there are together as JSON text.
    bytes: usize,
}

impl Results {
    pub(crate) fn of(count: usize) -> Results {
        Results {
            slots: vec![Slot::Empty; count],
            open: count,
            bytes: 2,
        }
    }

    /// Keeps one result. Together they are one payload in the end, so there is no use in gathering more than that may
    /// be: `None` when they are larger.
    pub(crate) fn keep(&mut self, index: u32, result: Value) -> Option<()> {
        let slot = self
            .slots
            .get_mut(index as usize)
            .filter(|slot| slot.is_empty())?;
        self.bytes = self.bytes.checked_add(limits::measure(&result)?.bytes + 1)?;
        self.open = self.open.saturating_sub(1);
        *slot = Slot::Holds(result);
        (self.bytes <= MAX_PAYLOAD_BYTES + 1).then_some(())
    }

    pub(crate) fn are_complete(&self) -> bool {
        self.open == 0
    }

    /// The results as one array.
    pub(crate) fn take(&mut self) -> Value {
        let slots = std::mem::take(&mut self.slots);
        slots.into_iter().filter_map(Slot::into_value).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapProgress {
    /// What the iterations are given, or would be but for an item selector.
    pub items: Vec<Value>,
    /// The next item to start.
    pub next: u32,
    pub limit: u32,
    pub open: u32,
    /// The largest input that an iteration was given.
    pub largest_bytes: usize,
    pub results: Results,
    pub failed: u32,
    /// How many failures are tolerated; `None` when the first failure is the Map's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated: Option<u32>,
}

/// The snapshot's version, which is checked when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub(crate) struct Version;

impl From<Version> for u8 {
    fn from(Version: Version) -> u8 {
        VERSION
    }
}

impl TryFrom<u8> for Version {
    type Error = String;

    fn try_from(version: u8) -> Result<Version, String> {
        if version == VERSION {
            Ok(Version)
        } else {
            Err(format!(
                "a snapshot of version {version}; this release reads version {VERSION}"
            ))
        }
    }
}

impl Snapshot {
    /// When the execution must next be woken, if nothing else happens; `None` when no timer runs. A time in the past
    /// asks for [`EventKind::Woken`](crate::EventKind::Woken) at once.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.outcome.is_some() {
            return None;
        }
        self.branches
            .iter()
            .filter_map(Branch::wake_at)
            .chain(self.execution.deadline)
            .min()
    }

    /// The task attempts whose outcome is awaited, to be issued again after a restart. The same ids, inputs and tokens
    /// come out as when they were first issued.
    pub fn open_calls(&self, definition: &Definition) -> Vec<TaskCall> {
        crate::engine::open_calls(definition, self)
    }

    /// How the execution ended; `None` while it runs.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// The names of the states that the execution is in: several when branches run side by side. A Parallel or Map
    /// state stands before the states inside it.
    pub fn current_states<'d>(&self, definition: &'d Definition) -> Vec<&'d str> {
        let state = |branch: &Branch| Some(&*definition.machine().states.get(branch.state as usize)?.name);
        self.branches.iter().filter_map(state).collect()
    }

    /// How many history events the execution has had.
    pub fn events(&self) -> u64 {
        self.last_event
    }

    /// The branch that another one is inside of, and where. A branch's id is above its parent's: what says otherwise was
    /// altered, and following it might never end.
    pub(crate) fn outer(&self, branch: &Branch) -> Option<(Parent, &Branch)> {
        let parent = branch.parent.filter(|parent| parent.branch < branch.id)?;
        Some((parent, self.branch(parent.branch)?))
    }

    pub(crate) fn branch(&self, id: BranchId) -> Option<&Branch> {
        let at = self.branches.binary_search_by_key(&id, |branch| branch.id).ok()?;
        self.branches.get(at)
    }

    pub(crate) fn branch_mut(&mut self, id: BranchId) -> Option<&mut Branch> {
        let at = self.branches.binary_search_by_key(&id, |branch| branch.id).ok()?;
        self.branches.get_mut(at)
    }
}

impl Branch {
    fn wake_at(&self) -> Option<Timestamp> {
        match &self.activity {
            // Left over by a step that did its share: go on at once.
            Activity::Enter | Activity::Retry => Some(self.entered_at),
            Activity::Wait { until } | Activity::BackOff { until } => Some(*until),
            Activity::Task(task) => task.due_at(),
            Activity::Map(progress) if progress.can_start() => Some(self.entered_at),
            Activity::Parallel(_) | Activity::Map(_) => None,
        }
    }
}

impl OpenTask {
    /// When the first of its timers runs out.
    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        self.timeout_at
            .into_iter()
            .chain(self.heartbeat.map(|heartbeat| heartbeat.due_at))
            .min()
    }
}
