//! `GET /console/search?q=`: to the order of that id, or to the orders of that customer.

use axum::response::Redirect;
use domain::OrderId;

use crate::access::Query;
use crate::query::{address, segment};

pub(crate) async fn search(Query(query): Query) -> Redirect {
    Redirect::to(&target(query.text("q")))
}

fn target(text: Option<&str>) -> String {
    match text {
        Some(id) if id.parse::<OrderId>().is_ok() => format!("/console/orders/{}", segment(id)),
        // Whatever else looks like an id is looked for as one, so that its page says that there is none.
        Some(id) if id.len() == 36 && id.matches('-').count() == 4 => {
            format!("/console/orders/{}", segment(id))
        }
        customer => address("/console/orders", &[("customer", customer)]),
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn an_id_leads_to_its_order_and_the_rest_to_a_customer() {
        let id = "01a2042a-7347-7000-8067-267b8081be8f";
        assert_eq!(
            target(Some(id)).replace("%2D", "-"),
            format!("/console/orders/{id}")
        );
        assert_eq!(target(Some("CUST-001")), "/console/orders?customer=CUST-001");
        assert_eq!(target(Some("a b&c")), "/console/orders?customer=a+b%26c");
        assert_eq!(target(None), "/console/orders");
    }
}
