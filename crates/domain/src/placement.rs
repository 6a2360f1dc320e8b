//! An order on its way into the store and back to whoever placed it, with its JSON text.

use std::sync::{Arc, OnceLock};

use crate::PlacedOrder;

/// An order as it is placed. Clones share it, and its JSON text with it: that is written once, for the row and for the
/// answer.
#[derive(Debug, Clone)]
pub struct Placement {
    order: Arc<PlacedOrder>,
    json: Arc<OnceLock<Arc<str>>>,
}

impl Placement {
    /// The order.
    #[must_use]
    pub fn order(&self) -> &Arc<PlacedOrder> {
        &self.order
    }

    /// Its JSON text: an object whose first member is `orderId`.
    ///
    /// # Errors
    /// When it has none, which no order is known to do.
    pub fn json(&self) -> Result<&Arc<str>, serde_json::Error> {
        if let Some(json) = self.json.get() {
            return Ok(json);
        }
        let json = serde_json::to_string(&*self.order)?;
        Ok(self.json.get_or_init(|| json.into()))
    }
}

impl From<Arc<PlacedOrder>> for Placement {
    fn from(order: Arc<PlacedOrder>) -> Self {
        Self {
            order,
            json: Arc::default(),
        }
    }
}

impl From<PlacedOrder> for Placement {
    fn from(order: PlacedOrder) -> Self {
        Arc::new(order).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OrderId, PlaceOrderRequest};

    fn placement() -> Placement {
        let body = br#"{"customerId":"C,1","items":[{"productId":"MUG","quantity":2,"price":29.99}]}"#;
        let order = PlaceOrderRequest::parse(body).unwrap();
        let id = OrderId::from_parts(1_768_469_400_123, 1, 0);
        order
            .place(id, "4bf92f3577b34da6a3ce929d0e0e4736".to_owned())
            .into()
    }

    #[test]
    fn the_text_says_the_order_and_its_id_first() {
        let placement = placement();
        let json = placement.json().unwrap();
        let begin = format!(r#"{{"orderId":"{}","#, placement.order().order_id);
        assert!(json.starts_with(&begin), "{json}");
        let said: PlacedOrder = serde_json::from_str(json).unwrap();
        assert_eq!(said, **placement.order());
    }

    #[test]
    fn clones_share_one_text() {
        let placement = placement();
        let clone = placement.clone();
        assert!(Arc::ptr_eq(placement.json().unwrap(), clone.json().unwrap()));
    }
}
