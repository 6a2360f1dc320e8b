//! The books of the simulated payment gateway.

use domain::Currency;
use ports::clock::OrderIds;
use ports::payment::{ChargeOutcome, LedgerEntry};

use super::samples::{amount, now};
use super::{Backend, Broken, Outcome, at_once, equal};

fn entry(backend: &impl OrderIds, outcome: ChargeOutcome) -> Result<LedgerEntry, Broken> {
    let order_id = backend.next_order_id();
    Ok(LedgerEntry {
        idempotency_key: format!("{order_id}:pay"),
        payment_id: format!("PAY-{}", backend.next_order_id()),
        order_id,
        amount: amount("59.98")?,
        currency: Currency::USD,
        outcome,
        at: now(backend),
    })
}

/// Whoever comes later gets it, also of many at once.
pub async fn the_first_entry_of_a_key_stands<B: Backend>(backend: &B) -> Outcome {
    let first = entry(backend, ChargeOutcome::Charged)?;
    let key = first.idempotency_key.clone();
    let found = backend.find_entry(key.clone()).await?;
    equal("nothing is there before", &found, &None)?;
    let others: Vec<LedgerEntry> = (0..8)
        .map(|_| entry(backend, ChargeOutcome::Declined("no funds".to_owned())))
        .collect::<Result<_, _>>()?;
    equal(
        "the first stands",
        &backend.record_charge(first.clone()).await?,
        &first,
    )?;
    let repeats = at_once(others.len(), |i| {
        let idempotency_key = key.clone();
        backend.record_charge(LedgerEntry {
            idempotency_key,
            ..others[i].clone()
        })
    })
    .await;
    for repeat in repeats {
        equal("a repeat gets the first", &repeat?, &first)?;
    }
    let found = backend.find_entry(key).await?;
    equal("it is found by its key", &found, &Some(first))
}

/// A repeat says the same.
pub async fn a_charge_is_refunded_once<B: Backend>(backend: &B) -> Outcome {
    let charged = entry(backend, ChargeOutcome::Charged)?;
    backend.record_charge(charged.clone()).await?;
    for _ in 0..2 {
        let refunded = backend
            .record_refund(charged.payment_id.clone(), now(backend))
            .await?;
        equal("a charge is refunded", &refunded, &true)?;
    }
    let found = backend.find_entry(charged.idempotency_key.clone()).await?;
    let outcome = found.map(|entry| entry.outcome);
    equal("the books say so", &outcome, &Some(ChargeOutcome::Refunded))
}

/// Declined, or never there.
pub async fn what_was_not_charged_is_not_refunded<B: Backend>(backend: &B) -> Outcome {
    let declined = entry(backend, ChargeOutcome::Declined("no funds".to_owned()))?;
    backend.record_charge(declined.clone()).await?;
    let unknown = entry(backend, ChargeOutcome::Charged)?.payment_id;
    for payment_id in [declined.payment_id.clone(), unknown] {
        let refunded = backend.record_refund(payment_id, now(backend)).await?;
        equal("nothing to refund", &refunded, &false)?;
    }
    let found = backend.find_entry(declined.idempotency_key.clone()).await?;
    equal("the books stand", &found, &Some(declined))
}
