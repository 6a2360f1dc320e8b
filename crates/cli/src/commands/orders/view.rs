//! An order as a person reads it.

use console::style;
use serde::Deserialize;
use serde_json::{Number, Value};

use crate::failure::Failure;
use crate::table::{Cell, Table, harmless};
use crate::view::status_style;

/// An order as the API shows it. What a newer server adds is passed over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// Its id.
    pub order_id: String,
    /// Who ordered.
    pub customer_id: String,
    /// PENDING, PROCESSING, COMPLETED, FAILED or CANCELLED.
    pub status: String,
    /// The exact total.
    pub total_amount: Number,
    /// The total's currency.
    pub currency: String,
    /// When it was placed.
    pub created_at: String,
    /// Its lines.
    #[serde(default)]
    pub items: Vec<LineView>,
    /// The payment, once taken.
    pub payment_id: Option<String>,
    /// Why it failed or was cancelled.
    pub failure_reason: Option<String>,
    /// Why a person has to look at it.
    pub attention: Option<String>,
}

/// One line of an order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineView {
    /// Which product.
    pub product_id: String,
    /// How many.
    pub quantity: Number,
    /// Price of one.
    pub price: Number,
}

impl OrderView {
    /// Reads an order from an answer.
    pub fn read(order: &Value) -> Result<Self, Failure> {
        Self::deserialize(order).map_err(|e| Failure::because("could not read the order in the answer", e))
    }

    /// Whether nothing can follow.
    pub fn is_final(&self) -> bool {
        matches!(self.status.as_str(), "COMPLETED" | "FAILED" | "CANCELLED")
    }

    /// Whether it ended as its customer wished.
    pub fn is_completed(&self) -> bool {
        self.status == "COMPLETED"
    }

    /// The total with its currency.
    pub fn total(&self) -> String {
        format!("{} {}", self.total_amount, harmless(&self.currency))
    }

    /// The order on a few lines.
    pub fn describe(&self) -> String {
        let mut text = format!(
            "Order {}  {}  {}\n",
            harmless(&self.order_id),
            status_style(&self.status).apply_to(harmless(&self.status)),
            self.total()
        );
        let facts = [
            ("customer", Some(&self.customer_id)),
            ("placed", Some(&self.created_at)),
            ("payment", self.payment_id.as_ref()),
            ("reason", self.failure_reason.as_ref()),
            ("attention", self.attention.as_ref()),
        ];
        for (name, fact) in facts {
            if let Some(fact) = fact {
                text.push_str(&format!("  {:<10} {}\n", style(name).dim(), harmless(fact)));
            }
        }
        let mut lines = Table::new(&["product", ">quantity", ">price"]);
        for line in &self.items {
            lines.row([
                line.product_id.clone(),
                line.quantity.to_string(),
                line.price.to_string(),
            ]);
        }
        text.push_str(&lines.render(""));
        text
    }
}

/// Orders as a table.
pub fn orders_table(orders: &[OrderView]) -> String {
    let mut table = Table::new(&["order", "status", ">total", "currency", "customer", "placed"]);
    for order in orders {
        table.row([
            Cell::from(&order.order_id),
            Cell::styled(&order.status, status_style(&order.status)),
            Cell::from(order.total_amount.to_string()),
            Cell::from(&order.currency),
            Cell::from(&order.customer_id),
            Cell::from(&order.created_at),
        ]);
    }
    table.render("no orders")
}
