//! What was placed: the row's JSON and, from when it was first asked for, the order that it says.

use std::sync::{Arc, OnceLock};

use domain::PlacedOrder;

/// What a customer placed. Clones are the same, so it is parsed at most once for all of them.
#[derive(Debug, Clone)]
pub(crate) struct Placed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    json: Vec<u8>,
    order: OnceLock<Arc<PlacedOrder>>,
}

impl Placed {
    /// As it lies in the table.
    pub(crate) fn from_json(json: Vec<u8>) -> Self {
        Self(Arc::new(Inner {
            json,
            order: OnceLock::new(),
        }))
    }

    /// As it is placed now.
    pub(crate) fn from_order(order: Arc<PlacedOrder>) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_vec(&*order)?;
        Ok(Self(Arc::new(Inner {
            json,
            order: OnceLock::from(order),
        })))
    }

    /// The JSON text.
    pub(crate) fn json(&self) -> &[u8] {
        &self.0.json
    }

    /// The order that it says.
    pub(crate) fn order(&self) -> Result<&Arc<PlacedOrder>, serde_json::Error> {
        if let Some(order) = self.0.order.get() {
            return Ok(order);
        }
        let order = Arc::new(serde_json::from_slice(&self.0.json)?);
        Ok(self.0.order.get_or_init(|| order))
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.json == other.0.json
    }
}
