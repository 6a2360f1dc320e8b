//! What each type of state may say: its fields, what each holds, and in which query language.

use super::Language;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// A text.
    Text,
    /// A text; in JSONata it may be an expression.
    Message,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A whole number in these bounds; in JSONata it may be an expression.
    Whole(u64, u64),
    /// A number in these bounds; in JSONata it may be an expression.
    Number(f64, f64),
    /// A path, or null for nothing.
    PathOrNull,
    /// A path that can be written to, or null for nowhere.
    ReferenceOrNull,
    /// A path to one value.
    Reference,
    /// A path or a call of an intrinsic function.
    Expression,
    /// A JSON tree with expressions in it.
    Template,
    /// An array, or an expression that gives one.
    Items,
    /// Names of variables and their values.
    Assign,
    /// A point in time; in JSONata it may be an expression.
    Timestamp,
    /// Any JSON, taken as it stands.
    Json,
    /// An object.
    Object,
    /// Looked at elsewhere.
    Elsewhere,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// The one query language that has the field, or both.
    pub(super) language: Option<Language>,
    pub(super) required: bool,
}

const fn both(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        language: None,
        required: false,
    }
}

const fn path(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        language: Some(Language::JsonPath),
        required: false,
    }
}

const fn jsonata(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        language: Some(Language::Jsonata),
        required: false,
    }
}

const fn required(field: Field) -> Field {
    Field {
        required: true,
        ..field
    }
}

/// The longest a timer may be set for, in seconds.
const MAX_SECONDS: u64 = 99_999_999;

/// A type of state and the fields that only it has, or only some have.
pub(super) struct StateType {
    pub(super) name: &'static str,
    groups: &'static [&'static [Field]],
}

impl StateType {
    pub(super) fn named(name: &str) -> Option<&'static StateType> {
        TYPES.iter().find(|state_type| state_type.name == name)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        TYPES.iter().map(|state_type| state_type.name)
    }

    /// Every field of the type.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static Field> + Clone {
        COMMON.iter().chain(self.groups.iter().copied().flatten())
    }
}

const COMMON: &[Field] = &[
    required(both("Type", Shape::Text)),
    both("Comment", Shape::Text),
    both("QueryLanguage", Shape::Elsewhere),
];

/// Fields of every state that passes data on.
const FLOW: &[Field] = &[
    path("InputPath", Shape::PathOrNull),
    path("OutputPath", Shape::PathOrNull),
    jsonata("Output", Shape::Template),
];

const VARIABLES: &[Field] = &[both("Assign", Shape::Assign)];

const TRANSITION: &[Field] = &[both("Next", Shape::Elsewhere), both("End", Shape::Elsewhere)];

const RESULT: &[Field] = &[
    path("ResultPath", Shape::ReferenceOrNull),
    path("Parameters", Shape::Template),
];

const SELECTOR: &[Field] = &[path("ResultSelector", Shape::Template)];

const ERRORS: &[Field] = &[both("Retry", Shape::Elsewhere), both("Catch", Shape::Elsewhere)];

const ARGUMENTS: &[Field] = &[jsonata("Arguments", Shape::Template)];

const TASK: &[Field] = &[
    required(both("Resource", Shape::Elsewhere)),
    both("TimeoutSeconds", Shape::Whole(1, MAX_SECONDS)),
    path("TimeoutSecondsPath", Shape::Reference),
    both("HeartbeatSeconds", Shape::Whole(1, MAX_SECONDS)),
    path("HeartbeatSecondsPath", Shape::Reference),
    both("Credentials", Shape::Template),
];

const PASS: &[Field] = &[path("Result", Shape::Json)];

const WAIT: &[Field] = &[
    both("Seconds", Shape::Whole(0, MAX_SECONDS)),
    path("SecondsPath", Shape::Reference),
    both("Timestamp", Shape::Timestamp),
    path("TimestampPath", Shape::Reference),
];

const CHOICE: &[Field] = &[
    required(both("Choices", Shape::Elsewhere)),
    both("Default", Shape::Elsewhere),
];

const FAIL: &[Field] = &[
    both("Error", Shape::Message),
    path("ErrorPath", Shape::Expression),
    both("Cause", Shape::Message),
    path("CausePath", Shape::Expression),
];

const PARALLEL: &[Field] = &[required(both("Branches", Shape::Elsewhere))];

const MAP: &[Field] = &[
    both("ItemProcessor", Shape::Elsewhere),
    both("Iterator", Shape::Elsewhere),
    path("ItemsPath", Shape::Reference),
    jsonata("Items", Shape::Items),
    both("ItemSelector", Shape::Template),
    both("MaxConcurrency", Shape::Whole(0, 10_000)),
    path("MaxConcurrencyPath", Shape::Reference),
    both("ToleratedFailureCount", Shape::Whole(0, u64::MAX)),
    path("ToleratedFailureCountPath", Shape::Reference),
    both("ToleratedFailurePercentage", Shape::Number(0.0, 100.0)),
    path("ToleratedFailurePercentagePath", Shape::Reference),
    both("ItemReader", Shape::Object),
    both("ItemBatcher", Shape::Elsewhere),
    both("ResultWriter", Shape::Object),
    both("Label", Shape::Text),
];

const TYPES: &[StateType] = &[
    StateType {
        name: "Pass",
        groups: &[FLOW, VARIABLES, TRANSITION, RESULT, PASS],
    },
    StateType {
        name: "Task",
        groups: &[
            FLOW, VARIABLES, TRANSITION, RESULT, SELECTOR, ERRORS, ARGUMENTS, TASK,
        ],
    },
    StateType {
        name: "Choice",
        groups: &[FLOW, VARIABLES, CHOICE],
    },
    StateType {
        name: "Wait",
        groups: &[FLOW, VARIABLES, TRANSITION, WAIT],
    },
    StateType {
        name: "Succeed",
        groups: &[FLOW],
    },
    StateType {
        name: "Fail",
        groups: &[FAIL],
    },
    StateType {
        name: "Parallel",
        groups: &[
            FLOW, VARIABLES, TRANSITION, RESULT, SELECTOR, ERRORS, ARGUMENTS, PARALLEL,
        ],
    },
    StateType {
        name: "Map",
        groups: &[FLOW, VARIABLES, TRANSITION, RESULT, SELECTOR, ERRORS, MAP],
    },
];

pub(super) const RETRIER: &[Field] = &[
    required(both("ErrorEquals", Shape::Elsewhere)),
    both("IntervalSeconds", Shape::Whole(0, MAX_SECONDS)),
    both("MaxAttempts", Shape::Whole(0, MAX_SECONDS)),
    both("BackoffRate", Shape::Number(1.0, f64::MAX)),
    both("MaxDelaySeconds", Shape::Whole(1, 31_622_400)),
    both("JitterStrategy", Shape::OneOf(&["NONE", "FULL"])),
    both("Comment", Shape::Text),
];

pub(super) const CATCHER: &[Field] = &[
    required(both("ErrorEquals", Shape::Elsewhere)),
    required(both("Next", Shape::Elsewhere)),
    path("ResultPath", Shape::ReferenceOrNull),
    jsonata("Output", Shape::Template),
    both("Assign", Shape::Assign),
    both("Comment", Shape::Text),
];

pub(super) const BATCHER: &[Field] = &[
    both("MaxItemsPerBatch", Shape::Whole(1, MAX_SECONDS)),
    path("MaxItemsPerBatchPath", Shape::Reference),
    both("MaxInputBytesPerBatch", Shape::Whole(1, 262_144)),
    path("MaxInputBytesPerBatchPath", Shape::Reference),
    both("BatchInput", Shape::Template),
];

/// The fields of a rule in a Choice state, besides the comparison itself.
pub(super) const RULE: &[Field] = &[
    both("Next", Shape::Elsewhere),
    both("Comment", Shape::Text),
    both("Assign", Shape::Assign),
    jsonata("Output", Shape::Template),
];

/// The fields of a whole definition.
pub(super) const DEFINITION: &[Field] = &[
    required(both("StartAt", Shape::Elsewhere)),
    required(both("States", Shape::Elsewhere)),
    both("Comment", Shape::Text),
    both("Version", Shape::OneOf(&["1.0"])),
    both("TimeoutSeconds", Shape::Whole(0, MAX_SECONDS)),
    both("QueryLanguage", Shape::Elsewhere),
];

/// The fields of a branch.
pub(super) const BRANCH: &[Field] = &[
    required(both("StartAt", Shape::Elsewhere)),
    required(both("States", Shape::Elsewhere)),
    both("Comment", Shape::Text),
];

/// The fields of an item processor.
pub(super) const PROCESSOR: &[Field] = &[
    required(both("StartAt", Shape::Elsewhere)),
    required(both("States", Shape::Elsewhere)),
    both("Comment", Shape::Text),
    both("ProcessorConfig", Shape::Elsewhere),
];
