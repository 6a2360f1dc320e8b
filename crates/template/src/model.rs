//! What a template says, typed: one file for each kind of resource. Values only; reading is [`crate::read`]'s.

mod alarm;
mod api;
mod function;
mod log_group;
mod queue;
mod state_machine;
mod table;
mod topic;
mod units;

pub use alarm::{Alarm, Comparison, Dimension, MissingData, Statistic};
pub use api::{Access, Api, Cors, Method, PathTemplate, Period, Quota, Route, Segment, Throttle, UsagePlan};
pub use function::{
    Event, EventSource, Function, QueueSource, Schedule, ScheduleSource, StartingPosition, StreamSource,
};
pub use log_group::LogGroup;
pub use queue::{Queue, Redrive};
pub use state_machine::{StateMachine, WorkflowType};
pub use table::{AttributeType, KeyAttribute, KeySchema, Projection, SecondaryIndex, StreamView, Table};
pub use topic::{Endpoint, Subscription, Topic};
pub use units::{Arn, LogicalId, Megabytes, Seconds};
