//! The store alone, without HTTP: the ceiling of what could be made durable.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use domain::PlaceOrderRequest;
use embedded::{Engine, Settings};
use ports::clock::OrderIds;
use ports::orders::{PlaceOrder, PlaceOrderError};
use template::System;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::http::ORDER;
use super::server::DataDirectory;
use crate::failure::Failure;

/// How long the store may take to bring what it has in hand to a commit.
const STOP_GRACE: Duration = Duration::from_secs(10);
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What the store alone does.
#[derive(Debug, Clone, Copy)]
pub struct StoreCeiling {
    /// Orders made durable a second.
    pub per_s: f64,
    /// Orders that shared a commit, on average.
    pub orders_per_commit: f64,
}

/// Places orders straight into a new store whose workers don't run, about so many in each commit.
pub fn measure(orders_per_commit: f64, duration: Duration) -> Result<StoreCeiling, Failure> {
    // While one commit is under way, what the other tasks place waits for the next: a commit has half of them.
    let tasks = (orders_per_commit * 2.0).round().max(1.0) as usize;
    let directory = DataDirectory::new(None)?;
    let (system, _) = System::built_in().map_err(|_| Failure::failed("the built-in template has faults"))?;
    let settings = Settings::from_system(&system, directory.path().to_owned())
        .map_err(|_| Failure::failed("the built-in template can't be run on one machine"))?;
    let runtime = Runtime::new().map_err(|e| Failure::because("could not start the runtime", e))?;
    runtime.block_on(async {
        let engine = Engine::open(settings, Arc::new(telemetry::Registry::new()))
            .await
            .map_err(|e| Failure::because("could not open a store to measure", e))?;
        let measured = place_orders(&engine, tasks, duration).await;
        engine.stop(STOP_GRACE).await;
        measured
    })
}

async fn place_orders(engine: &Engine, tasks: usize, duration: Duration) -> Result<StoreCeiling, Failure> {
    let request = PlaceOrderRequest::parse(ORDER.as_bytes())
        .map_err(|_| Failure::failed("the benchmark's order has faults"))?;
    let started = Instant::now();
    let mut placing = JoinSet::new();
    for _ in 0..tasks {
        placing.spawn(place_until(engine.clone(), request.clone(), started + duration));
    }
    let mut orders = 0;
    while let Some(placed) = placing.join_next().await {
        orders += placed
            .map_err(|e| Failure::because("a task of the store's benchmark broke down", e))?
            .map_err(|e| Failure::because("the store alone could not place an order", e))?;
    }
    let elapsed = started.elapsed();
    let commits = engine.writer_stats().commits.load(Ordering::Relaxed).max(1);
    Ok(StoreCeiling {
        per_s: orders as f64 / elapsed.as_secs_f64(),
        orders_per_commit: orders as f64 / commits as f64,
    })
}

/// Places one order after another, and returns how many.
async fn place_until(
    engine: Engine,
    request: PlaceOrderRequest,
    deadline: Instant,
) -> Result<u64, PlaceOrderError> {
    let mut orders = 0;
    while Instant::now() < deadline {
        let order = request.clone().place(engine.next_order_id(), TRACE_ID.to_owned());
        engine.place_order(order.into(), None).await?;
        orders += 1;
    }
    Ok(orders)
}
