//! The same key and body give the first order again; another body is refused.

use std::sync::Arc;

use domain::PlacedOrder;
use ports::clock::OrderIds;
use ports::orders::{Idempotency, PlaceOrderError, Placed};

use super::samples;
use super::{Backend, Broken, Outcome, at_once, equal, holds};

fn order(ids: &impl OrderIds) -> Result<Arc<PlacedOrder>, Broken> {
    samples::order(ids).map(Arc::new)
}

/// A key that nobody used, with a body.
fn key(ids: &impl OrderIds, body: u8) -> Idempotency {
    let mut key_hash = [7; 32];
    key_hash[..16].copy_from_slice(ids.next_order_id().as_uuid().as_bytes());
    Idempotency {
        key_hash,
        body_hash: [body; 32],
    }
}

/// Whatever id the repeat would have had.
pub async fn a_repeat_gets_the_first_order<B: Backend>(backend: &B) -> Outcome {
    let key = key(backend, 1);
    let first = order(backend)?;
    let answer = backend
        .place_order(first.clone().into(), Some(key.clone()))
        .await?;
    equal("the first is created", &answer, &Placed::Created(first.clone()))?;
    let repeat = order(backend)?;
    let repeat_id = repeat.order_id;
    let answer = backend.place_order(repeat.into(), Some(key)).await?;
    equal("a repeat gets the first", &answer, &Placed::Replayed(first))?;
    equal(
        "a repeat stores nothing",
        &backend.get_order(repeat_id).await?,
        &None,
    )
}

/// A client's mistake must not make a second order, nor hide the first.
pub async fn another_body_is_refused_and_leaves_nothing<B: Backend>(backend: &B) -> Outcome {
    let key = key(backend, 1);
    let first = order(backend)?;
    backend
        .place_order(first.clone().into(), Some(key.clone()))
        .await?;
    let other = order(backend)?;
    let other_key = Idempotency {
        body_hash: [2; 32],
        ..key.clone()
    };
    let answer = backend.place_order(other.clone().into(), Some(other_key)).await;
    let refused = matches!(answer, Err(PlaceOrderError::KeyReused));
    holds("another body is refused", refused, answer)?;
    let found = backend.get_order(other.order_id).await?;
    equal("what was refused is not stored", &found, &None)?;
    let again = backend.place_order(order(backend)?.into(), Some(key)).await?;
    equal("the first answer stands", &again, &Placed::Replayed(first))
}

/// For a client that repeats what would be refused by now.
pub async fn what_was_placed_with_a_key_is_found<B: Backend>(backend: &B) -> Outcome {
    let key = key(backend, 1);
    let id = backend.next_order_id();
    let found = backend.find_placed(id, key.clone()).await?;
    equal("nothing was placed with a new key", &found, &None)?;
    let first = order(backend)?;
    backend
        .place_order(first.clone().into(), Some(key.clone()))
        .await?;
    let found = backend.find_placed(id, key.clone()).await?;
    equal("what was placed is found", &found, &Some(first))?;
    let other = Idempotency {
        body_hash: [2; 32],
        ..key
    };
    let answer = backend.find_placed(id, other).await;
    let refused = matches!(answer, Err(PlaceOrderError::KeyReused));
    holds("with another body it is refused", refused, answer)
}

/// One order, and no answer that tells of another.
pub async fn many_at_once_make_one_order<B: Backend>(backend: &B) -> Outcome {
    let key = key(backend, 1);
    let orders: Vec<Arc<PlacedOrder>> = (0..32).map(|_| order(backend)).collect::<Result<_, _>>()?;
    let answers = at_once(orders.len(), |i| {
        backend.place_order(orders[i].clone().into(), Some(key.clone()))
    })
    .await;
    let mut created = Vec::new();
    let mut replayed = Vec::new();
    for answer in answers {
        match answer {
            Ok(Placed::Created(order)) => created.push(order.order_id),
            Ok(Placed::Replayed(order)) => replayed.push(order.order_id),
            // The client asks again.
            Err(PlaceOrderError::InFlight) => {}
            Err(error) => return Err(error.into()),
        }
    }
    equal("one is created", &created.len(), &1)?;
    let agree = replayed.iter().all(|id| created.contains(id));
    holds("all answers agree", agree, (&created, &replayed))?;
    let mut stored = 0;
    for order in &orders {
        stored += usize::from(backend.get_order(order.order_id).await?.is_some());
    }
    equal("one is stored", &stored, &1)
}
