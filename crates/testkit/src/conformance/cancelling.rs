//! Cancelling an order.

use domain::OrderStatus;
use ports::orders::CancelOrderError;

use super::samples::placed;
use super::{Backend, Outcome, at_once, equal, holds};

const REASON: &str = "ordered twice";

/// And is so for whoever reads it.
pub async fn a_pending_order_is_cancelled<B: Backend>(backend: &B) -> Outcome {
    let order = placed(backend).await?;
    let answer = backend.cancel_order(order.order_id, REASON.to_owned()).await?;
    equal("the answer is the order", &answer.placed, &order)?;
    equal("CANCELLED", &answer.state.status, &OrderStatus::Cancelled)?;
    let found = backend.get_order(order.order_id).await?;
    equal("it is read back as answered", &found, &Some(answer))
}

/// The answer says how it ended.
pub async fn an_ended_order_is_not_cancelled_again<B: Backend>(backend: &B) -> Outcome {
    let id = placed(backend).await?.order_id;
    let first = backend.cancel_order(id, REASON.to_owned()).await?;
    let answer = backend.cancel_order(id, "another reason".to_owned()).await;
    let refused = matches!(answer, Err(CancelOrderError::Ended(OrderStatus::Cancelled)));
    holds("an ended order is refused", refused, answer)?;
    let found = backend.get_order(id).await?;
    equal("it stands as it stood", &found, &Some(first))
}

/// The others are told that it ended.
pub async fn one_of_many_at_once_cancels<B: Backend>(backend: &B) -> Outcome {
    let id = placed(backend).await?.order_id;
    let answers = at_once(8, |_| backend.cancel_order(id, REASON.to_owned())).await;
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    equal("one cancels", &won, &1)?;
    let told = answers
        .iter()
        .filter(|answer| matches!(answer, Err(CancelOrderError::Ended(OrderStatus::Cancelled))))
        .count();
    equal("the others are told", &told, &7)
}

/// Nobody placed it.
pub async fn an_unknown_order_is_not_found<B: Backend>(backend: &B) -> Outcome {
    let id = backend.next_order_id();
    let answer = backend.cancel_order(id, REASON.to_owned()).await;
    let refused = matches!(answer, Err(CancelOrderError::NotFound(unknown)) if unknown == id);
    holds("an unknown order is not found", refused, answer)?;
    equal("and not made", &backend.get_order(id).await?, &None)
}
