//! From the queue into the workflow.

use domain::{OrderStatus, PlacedOrder, Timestamp};
use ports::processing::{BeginError, BeginOrder, Begun};

use super::samples::{order, placed};
use super::{Backend, Broken, Outcome, equal, holds};

fn message(order: &PlacedOrder) -> BeginOrder {
    BeginOrder {
        order_id: order.order_id,
        created_at: order.created_at,
        trace_id: order.trace_id.clone(),
        trace_header: None,
    }
}

async fn begin<B: Backend>(backend: &B, order: &PlacedOrder) -> Result<Begun, Broken> {
    match backend.begin_processing(vec![message(order)]).await.pop() {
        Some(Ok(begun)) => Ok(begun),
        other => Err(Broken::Promise {
            promise: "an order that is there is begun",
            found: format!("found {other:?}"),
        }),
    }
}

/// However often its message comes.
pub async fn an_order_is_begun_once<B: Backend>(backend: &B) -> Outcome {
    let order = placed(backend).await?;
    equal("it starts", &begin(backend, &order).await?, &Begun::Started)?;
    let found = backend.get_order(order.order_id).await?;
    let moved = found.as_ref().map(|order| order.state.status);
    holds(
        "it is not PENDING any more",
        moved.is_some_and(|status| status != OrderStatus::Pending),
        &found,
    )?;
    let again = begin(backend, &order).await?;
    let repeat = matches!(again, Begun::AlreadyStarted | Begun::Ended);
    holds("a repeat starts nothing", repeat, again)
}

/// There is nothing to do for it.
pub async fn a_cancelled_order_is_not_begun<B: Backend>(backend: &B) -> Outcome {
    let order = placed(backend).await?;
    backend
        .cancel_order(order.order_id, "by the customer".to_owned())
        .await?;
    equal("nothing starts", &begin(backend, &order).await?, &Begun::Ended)?;
    let found = backend.get_order(order.order_id).await?;
    let status = found.map(|order| order.state.status);
    equal("it stays CANCELLED", &status, &Some(OrderStatus::Cancelled))
}

/// The answers come in the order of the messages.
pub async fn one_failure_touches_no_other<B: Backend>(backend: &B) -> Outcome {
    let (first, last) = (placed(backend).await?, placed(backend).await?);
    let unknown = order(backend)?;
    let strayed = placed(backend).await?;
    let mut wrong = message(&strayed);
    wrong.created_at = Timestamp::from_ms(strayed.created_at.as_ms() - 1);
    let batch = vec![message(&first), message(&unknown), wrong, message(&last)];
    let answers = backend.begin_processing(batch).await;
    let as_promised = matches!(
        answers.as_slice(),
        [
            Ok(Begun::Started),
            Err(BeginError::NotFound(not_found)),
            Err(BeginError::WrongKey { id, .. }),
            Ok(Begun::Started),
        ] if *not_found == unknown.order_id && *id == strayed.order_id
    );
    holds("one answer an order, in the order given", as_promised, answers)?;
    let found = backend.get_order(strayed.order_id).await?;
    let status = found.map(|order| order.state.status);
    equal(
        "a stray message moves nothing",
        &status,
        &Some(OrderStatus::Pending),
    )
}
