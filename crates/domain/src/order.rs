//! An order: what was placed, which never changes, and how it stands, which does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Amount, Currency, CustomerId, OrderId, OrderStatus, ProductId, Timestamp};

/// How many of a product: 1 to [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// The number is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a whole number from 1 to 10000")]
pub struct QuantityError;

impl Quantity {
    /// The most that one line may order.
    pub const MAX: u32 = 10_000;

    /// Checks and takes a number.
    ///
    /// # Errors
    /// [`QuantityError`] for 0 and above [`Quantity::MAX`].
    pub fn new(count: u32) -> Result<Self, QuantityError> {
        if (1..=Self::MAX).contains(&count) {
            Ok(Self(count))
        } else {
            Err(QuantityError)
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityError;

    fn try_from(count: u32) -> Result<Self, QuantityError> {
        Self::new(count)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> u32 {
        quantity.0
    }
}

/// One product of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// Which product.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// Price of one, in the order's currency; the catalogue's when the order was placed.
    pub price: Amount,
}

/// What a customer placed. It never changes after it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrder {
    /// Its id, which also tells when it was created.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer_id: CustomerId,
    /// Sum of quantity times price over all lines.
    pub total_amount: Amount,
    /// Currency of all its amounts.
    pub currency: Currency,
    /// When it was created, to the millisecond; the sort key.
    pub created_at: Timestamp,
    /// 1 to 100 lines, each product once.
    pub items: Vec<OrderLine>,
    /// Where e-mail notifications go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<String>,
    /// Where SMS notifications go, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_phone: Option<String>,
    /// Whatever the client wants to keep with the order; bounded in size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// The trace that the request began or joined: 32 hexadecimal digits.
    pub trace_id: String,
}

/// How an order stands. It changes with every step of its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    /// Its status.
    pub status: OrderStatus,
    /// When the status or anything else below changed last.
    pub updated_at: Timestamp,
    /// The payment, once it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// Why it failed or was cancelled, for the customer to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// Why a person has to look at it. An order with this set raises an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<String>,
}

/// An order whole, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    /// What was placed. It never changes, so all who hold the order share it.
    #[serde(flatten)]
    pub placed: Arc<PlacedOrder>,
    /// How it stands.
    #[serde(flatten)]
    pub state: OrderState,
}
