//! Orders to place.

use std::sync::Arc;

use domain::{Amount, OrderId, PlacedOrder};
use embedded::Engine;
use ports::clock::OrderIds;
use ports::orders::{PlaceOrder, Placed};
use serde_json::json;

use super::Running;

/// An order of two mugs at 29.99.
pub fn order(engine: &Engine) -> Arc<PlacedOrder> {
    let id = engine.next_order_id();
    let order = json!({
        "orderId": id, "customerId": "CUST-001", "totalAmount": amount("59.98"), "currency": "USD",
        "createdAt": id.created_at(), "items": [{"productId": "MUG", "quantity": 2, "price": amount("29.99")}],
        "customerEmail": "customer@example.com", "traceId": format!("{:032x}", id.as_uuid().as_u128()),
    });
    Arc::new(serde_json::from_value(order).unwrap())
}

/// An exact amount.
pub fn amount(text: &str) -> Amount {
    serde_json::from_str(text).unwrap()
}

impl Running {
    /// Places an order.
    pub async fn place(&self) -> OrderId {
        let placed = self
            .engine
            .place_order(order(&self.engine).into(), None)
            .await
            .unwrap();
        let Placed::Created(placed) = placed else {
            panic!("a new order is no replay: {placed:?}")
        };
        placed.order_id
    }

    /// Places so many orders, in the order of their ids.
    pub async fn place_many(&self, count: usize) -> Vec<OrderId> {
        const AT_ONCE: usize = 30;
        let mut placed = Vec::with_capacity(count);
        while placed.len() < count {
            let now = AT_ONCE.min(count - placed.len());
            let orders: Vec<Arc<PlacedOrder>> = (0..now).map(|_| order(&self.engine)).collect();
            let places = orders
                .into_iter()
                .map(|order| self.engine.place_order(order.into(), None));
            for answer in futures_util::future::join_all(places).await {
                let Placed::Created(order) = answer.unwrap() else {
                    panic!("a new order is no replay")
                };
                placed.push(order.order_id);
            }
        }
        placed
    }
}
