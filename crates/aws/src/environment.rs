//! Environment variables: which there are, and a clear error at the start for what is missing.
//!
//! They hold names of resources and nothing secret. A function asks for what it needs when it starts, so a deployment
//! that forgot one fails its first start and says which, instead of an order.

use std::collections::BTreeMap;
use std::fmt;

use ports::StoreError;

/// A variable that names a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// The table of orders.
    OrdersTable,
    /// The table of products.
    InventoryTable,
    /// The table of what each order took from stock.
    HoldsTable,
    /// The table of idempotency records.
    IdempotencyTable,
    /// The simulated payment gateway's books.
    PaymentsTable,
    /// The table of messages to customers.
    OutboxTable,
    /// The table of the change feed and the business figures.
    AnalyticsTable,
    /// The queue of orders to process.
    OrderQueueUrl,
    /// The topic of what happens to orders.
    OrderTopicArn,
    /// The order workflow.
    StateMachineArn,
}

impl Variable {
    /// Every variable.
    pub const ALL: [Self; 10] = [
        Self::OrdersTable,
        Self::InventoryTable,
        Self::HoldsTable,
        Self::IdempotencyTable,
        Self::PaymentsTable,
        Self::OutboxTable,
        Self::AnalyticsTable,
        Self::OrderQueueUrl,
        Self::OrderTopicArn,
        Self::StateMachineArn,
    ];

    /// The variable's name, as `template.yaml` sets it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OrdersTable => "ORDERS_TABLE",
            Self::InventoryTable => "INVENTORY_TABLE",
            Self::HoldsTable => "HOLDS_TABLE",
            Self::IdempotencyTable => "IDEMPOTENCY_TABLE",
            Self::PaymentsTable => "PAYMENTS_TABLE",
            Self::OutboxTable => "OUTBOX_TABLE",
            Self::AnalyticsTable => "ANALYTICS_TABLE",
            Self::OrderQueueUrl => "ORDER_QUEUE_URL",
            Self::OrderTopicArn => "ORDER_TOPIC_ARN",
            Self::StateMachineArn => "STATE_MACHINE_ARN",
        }
    }
}

/// Variables that a function needs and that are not set, or set to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingVariables(pub Vec<&'static str>);

impl fmt::Display for MissingVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "missing in the function's environment: {} (template.yaml sets them under Environment)",
            self.0.join(", ")
        )
    }
}

impl std::error::Error for MissingVariables {}

/// A resource that the function did not ask for when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this function was started without {0}, so it can't reach what that names")]
struct NotAskedFor(&'static str);

/// The resources that one function works on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<Variable, String>);

impl Settings {
    /// Reads the `needed` variables with `read`.
    ///
    /// # Errors
    /// [`MissingVariables`] with all that are missing at once.
    pub fn read(
        needed: &[Variable],
        read: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, MissingVariables> {
        let mut settings = Self::default();
        let mut missing = Vec::new();
        for &variable in needed {
            match read(variable.name()).filter(|value| !value.is_empty()) {
                Some(value) => {
                    settings.0.insert(variable, value);
                }
                None => missing.push(variable.name()),
            }
        }
        if missing.is_empty() {
            Ok(settings)
        } else {
            Err(MissingVariables(missing))
        }
    }

    /// What the variable names.
    pub(crate) fn get(&self, variable: Variable) -> Result<&str, StoreError> {
        let found = self.0.get(&variable).map(String::as_str);
        found.ok_or_else(|| StoreError::failed(NotAskedFor(variable.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let read = |name| match name {
            "ORDERS_TABLE" => Some("orders".to_owned()),
            "ORDER_QUEUE_URL" => Some(String::new()),
            _ => None,
        };
        let needed = [
            Variable::OrdersTable,
            Variable::OrderQueueUrl,
            Variable::HoldsTable,
        ];
        let missing = Settings::read(&needed, read).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "missing in the function's environment: ORDER_QUEUE_URL, HOLDS_TABLE (template.yaml sets them under \
             Environment)"
        );
        let settings = Settings::read(&[Variable::OrdersTable], read).unwrap();
        assert_eq!(settings.get(Variable::OrdersTable).unwrap(), "orders");
        assert!(settings.get(Variable::HoldsTable).is_err());
    }

    #[test]
    fn each_variable_has_a_name_of_its_own() {
        let names: std::collections::HashSet<_> = Variable::ALL.map(Variable::name).into();
        assert_eq!(names.len(), Variable::ALL.len());
    }
}
