//! A workflow, ready for the interpreter.

use std::collections::BTreeMap;

use super::{Arn, LogicalId};

/// An `AWS::Serverless::StateMachine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateMachine {
    /// Its key in the template, such as `OrderProcessingStateMachine`.
    pub id: LogicalId,
    /// `Name`, or the logical id where there is none.
    pub name: String,
    /// The local ARN.
    pub arn: Arn,
    /// Standard or express.
    pub workflow_type: WorkflowType,
    /// The definition as JSON text, with its substitutions made. It is JSON; whether it is a good state machine is
    /// for the interpreter to say.
    pub definition: String,
    /// The path that `DefinitionUri` gives; `None` when the definition stands in the template.
    pub definition_uri: Option<String>,
    /// What was put in for each `${Name}`: local ARNs and names.
    pub substitutions: BTreeMap<String, String>,
    /// The log group's name, when the template gives one.
    pub log_group: Option<String>,
}

/// How Step Functions runs a state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkflowType {
    /// Journalled; each step once.
    Standard,
    /// Not journalled; the whole execution at least once.
    Express,
}
