//! Placing an order, and reading it back.

use std::sync::Arc;

use domain::{Amount, OrderStatus};
use ports::orders::PlaceOrderError;

use super::samples::{amount, order, placed};
use super::{Backend, Outcome, equal, holds};

/// Every field, amounts to the last digit, text in any script.
pub async fn a_placed_order_is_read_back_as_it_was<B: Backend>(backend: &B) -> Outcome {
    let mut sample = order(backend)?;
    let metadata = r#"{"note":"Grüße, \"東京\" 🚲","gift":true,"tags":["a",1,1.50,12345678901234567890,null],"deep":{"x":{}}}"#;
    sample.metadata = serde_json::from_str(metadata).ok();
    sample.total_amount = amount("59.98")?;
    let sample = Arc::new(sample);
    let placed = super::samples::place(backend, Arc::clone(&sample)).await?;
    equal("what is answered is what was placed", &placed, &sample)?;
    let found = backend.get_order(sample.order_id).await?;
    let found = found.map(|order| (order.state.status, order.placed));
    equal(
        "a placed order is there, PENDING, when place_order returns",
        &found,
        &Some((OrderStatus::Pending, sample)),
    )?;
    let digits = |amount: Amount| amount.decimal().to_string();
    let total = found.map(|(_, placed)| digits(placed.total_amount));
    equal("an amount keeps its digits", &total, &Some("59.98".to_owned()))
}

/// A second order under a taken id is refused and changes nothing.
pub async fn an_id_is_taken_once<B: Backend>(backend: &B) -> Outcome {
    let first = placed(backend).await?;
    let mut second = order(backend)?;
    second.order_id = first.order_id;
    second.created_at = first.created_at;
    let answer = backend.place_order(second.into(), None).await;
    let refused = matches!(answer, Err(PlaceOrderError::DuplicateId(id)) if id == first.order_id);
    holds("an id that exists is refused", refused, answer)?;
    let stands = backend.get_order(first.order_id).await?.map(|order| order.placed);
    equal("the first order stands", &stands, &Some(first))
}

/// Nobody placed it.
pub async fn an_unknown_order_is_no_order<B: Backend>(backend: &B) -> Outcome {
    let id = backend.next_order_id();
    equal("an unknown id is no order", &backend.get_order(id).await?, &None)?;
    let timeline = backend.order_timeline(id).await?;
    equal("and has no timeline", &timeline, &None)
}
