//! A log group.

use super::LogicalId;

/// An `AWS::Logs::LogGroup`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Its key in the template.
    pub id: LogicalId,
    /// `LogGroupName`, such as `/aws/lambda/order-creation`, or the logical id where there is none.
    pub name: String,
    /// For how many days lines are kept; `None` is for ever.
    pub retention_days: Option<u32>,
}
