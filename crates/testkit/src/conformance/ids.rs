//! Ids of orders.

use std::collections::BTreeSet;

use super::samples::now;
use super::{Backend, Outcome, equal, holds};

/// A thousand, each with the time of its making.
pub async fn ids_are_unique_and_tell_their_time<B: Backend>(backend: &B) -> Outcome {
    let before = now(backend);
    let ids: Vec<_> = (0..1_000).map(|_| backend.next_order_id()).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    equal("each is given once", &unique.len(), &ids.len())?;
    let late = ids.iter().all(|id| id.created_at() >= before);
    holds("its time is when it was made", late, before)
}
