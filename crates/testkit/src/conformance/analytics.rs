//! The view that analytics keeps of the change stream.

use domain::{Amount, Currency, OrderId, Timestamp};
use ports::analytics::{HourDelta, HourFigures, RecordFigures};
use ports::clock::OrderIds;
use rust_decimal::Decimal;

use super::samples::amount;
use super::{Backend, Broken, Outcome, equal};

/// An hour that nobody else reckons with: one of the 200,000 after 1970 began, by the chance in a new id.
fn hour(ids: &impl OrderIds) -> Timestamp {
    let (_, random) = ids.next_order_id().as_uuid().as_u64_pair();
    let hours = i64::try_from(random % 200_000).unwrap_or_default();
    Timestamp::from_ms(hours * 3_600_000)
}

fn delta(hour: Timestamp, value: Amount) -> HourDelta {
    HourDelta {
        hour,
        currency: Currency::USD,
        placed: 2,
        placed_value: value,
        completed: 1,
        failed: 1,
        cancelled: 0,
        payments_succeeded: 1,
        payments_failed: 1,
    }
}

fn record(number: u64, delta: HourDelta) -> RecordFigures {
    RecordFigures {
        sequence_number: number.into(),
        delta,
    }
}

async fn figures<B: Backend>(backend: &B, hour: Timestamp) -> Result<Vec<HourFigures>, Broken> {
    let end = Timestamp::from_ms(hour.as_ms() + 3_600_000);
    Ok(backend.read_figures(hour, end).await?)
}

fn shard(id: OrderId) -> String {
    format!("shard-{id}")
}

/// Batch by batch.
pub async fn figures_add_up<B: Backend>(backend: &B) -> Outcome {
    let (hour, shard) = (hour(backend), shard(backend.next_order_id()));
    equal("nothing before", &figures(backend, hour).await?, &vec![])?;
    for (number, value) in [(1, "59.98"), (2, "0.03")] {
        backend
            .add_figures(shard.clone(), vec![record(number, delta(hour, amount(value)?))])
            .await?;
    }
    let found = figures(backend, hour).await?;
    let rate = |rate: &Option<serde_json::Number>| rate.as_ref().map(|rate| rate.to_string().parse());
    let half: Option<Result<Decimal, rust_decimal::Error>> = Some("0.5".parse());
    equal("one row an hour and currency", &found.len(), &1)?;
    for hour in &found {
        equal("orders", &hour.orders, &4)?;
        equal("their mean, exact", &hour.average_order_value, &amount("15.00")?)?;
        equal("completed of placed", &rate(&hour.completion_rate), &half)?;
        equal("taken of tried", &rate(&hour.paid_rate), &half)?;
    }
    Ok(())
}

/// In whatever batches it comes again.
pub async fn a_record_counts_once<B: Backend>(backend: &B) -> Outcome {
    let (hour, shard) = (hour(backend), shard(backend.next_order_id()));
    let delta = delta(hour, amount("10.00")?);
    for batch in [vec![7], vec![7], vec![7, 8], vec![8], vec![7, 8, 9]] {
        let records = batch.into_iter().map(|number| record(number, delta.clone()));
        backend.add_figures(shard.clone(), records.collect()).await?;
    }
    let orders: Vec<u64> = figures(backend, hour)
        .await?
        .iter()
        .map(|hour| hour.orders)
        .collect();
    equal("what was added before is not added again", &orders, &vec![6])
}
