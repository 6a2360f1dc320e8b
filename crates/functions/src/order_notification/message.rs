//! What the topic carries: a status of an order and, from the engine, whom to tell.

use domain::OrderId;
use ports::function::FunctionError;
use serde::Deserialize;
use serde_json::Value;

/// A status that customers are told of: those of an order, and that its payment was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Processing,
    Completed,
    Failed,
    Cancelled,
    Refunded,
}

impl Status {
    /// As the topic carries it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Refunded => "REFUNDED",
        }
    }
}

/// One message of the topic. The amount is a number from the engine, and a text from the workflow, whose DynamoDB
/// numbers are texts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    pub order_id: OrderId,
    pub status: Status,
    pub customer_email: Option<String>,
    pub customer_phone: Option<String>,
    pub total_amount: Option<Value>,
    pub currency: Option<String>,
    pub message: Option<String>,
    pub reason: Option<String>,
    pub trace_id: Option<String>,
}

/// Whom to tell.
#[derive(Debug, Default)]
pub(super) struct Recipients {
    pub email: Option<String>,
    pub phone: Option<String>,
}

impl Recipients {
    pub(super) fn is_empty(&self) -> bool {
        self.email.is_none() && self.phone.is_none()
    }
}

impl Notification {
    pub(super) fn parse(json: &str) -> Result<Self, FunctionError> {
        serde_json::from_str(json).map_err(|error| FunctionError {
            error_type: "InvalidMessage".to_owned(),
            message: format!("the topic's message is no notification: {error}"),
        })
    }

    pub(super) fn recipients(&self) -> Recipients {
        Recipients {
            email: self.customer_email.clone(),
            phone: self.customer_phone.clone(),
        }
    }

    /// The total with its currency, when the message tells them.
    pub(super) fn total(&self) -> Option<(&str, &str)> {
        let currency = self.currency.as_deref()?;
        match self.total_amount.as_ref()? {
            Value::String(text) => Some((text, currency)),
            Value::Number(number) => Some((number.as_str(), currency)),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}
