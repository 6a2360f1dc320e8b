//! What was placed: the row's JSON and, from when it was first asked for, the order that it says.

use std::sync::{Arc, OnceLock};

use domain::{PlacedOrder, Placement};

/// What a customer placed. Clones are the same, so it is parsed at most once for all of them.
#[derive(Debug, Clone)]
pub(crate) struct Placed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    json: Json,
    order: OnceLock<Arc<PlacedOrder>>,
}

#[derive(Debug)]
enum Json {
    /// Of a row.
    Read(Vec<u8>),
    /// Shared with whoever places the order.
    Placed(Arc<str>),
}

impl Placed {
    /// As it lies in the table.
    pub(crate) fn from_json(json: Vec<u8>) -> Self {
        Self(Arc::new(Inner {
            json: Json::Read(json),
            order: OnceLock::new(),
        }))
    }

    /// As it is placed now.
    pub(crate) fn from_placement(placement: &Placement) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::new(Inner {
            json: Json::Placed(Arc::clone(placement.json()?)),
            order: OnceLock::from(Arc::clone(placement.order())),
        })))
    }

    /// The JSON text.
    pub(crate) fn json(&self) -> &[u8] {
        match &self.0.json {
            Json::Read(json) => json,
            Json::Placed(json) => json.as_bytes(),
        }
    }

    /// The order that it says.
    pub(crate) fn order(&self) -> Result<&Arc<PlacedOrder>, serde_json::Error> {
        if let Some(order) = self.0.order.get() {
            return Ok(order);
        }
        let order = Arc::new(serde_json::from_slice(self.json())?);
        Ok(self.0.order.get_or_init(|| order))
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.json() == other.json()
    }
}
