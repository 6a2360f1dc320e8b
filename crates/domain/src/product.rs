//! What is sold.

use serde::{Deserialize, Serialize};

use crate::{Amount, Currency, ProductId};

/// A product of the catalogue with its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Product {
    /// Its id.
    pub product_id: ProductId,
    /// What a customer reads; may be empty.
    #[serde(default)]
    pub name: String,
    /// Price of one.
    pub price: Amount,
    /// Currency of the price.
    pub currency: Currency,
    /// How many can still be sold. Never below zero.
    pub stock: u32,
}
