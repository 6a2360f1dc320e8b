//! Playing one scenario against a running server, over HTTP as any client would.

use std::thread;
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use super::scenario::{Clock, Fact, QUANTITY, Scenario, Step};
use crate::client::{Client, path::encode};
use crate::commands::orders::follow::Follower;
use crate::commands::orders::view::OrderView;
use crate::failure::Failure;
use crate::timeline::{self, Entry};

const PRODUCT: &str = "PROD-001";
/// For how long a scenario may take; on an idle machine each takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often the timeline is asked again for the facts that follow the order's end: those have no event.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// A scenario as it went.
pub struct Played {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// The order at its end.
    pub order: OrderView,
    /// Its whole timeline, as the server tells it.
    pub timeline: Value,
    /// The scenario's steps as measured.
    pub steps: Vec<Measured>,
    /// Time from the request's first byte to the answer's last.
    pub answered: Duration,
    /// Stock left of the product.
    pub stock_left: u64,
}

/// A step as measured.
pub struct Measured {
    /// The step.
    pub step: &'static Step,
    /// When it happened on its clock, in milliseconds; `None` when it did not.
    pub ms: Option<f64>,
    /// What happened, in the server's words.
    pub summary: String,
}

impl Played {
    /// Whether everything is as the seed has it: the status, the stock, and each step.
    pub fn is_as_expected(&self) -> bool {
        self.order.status == self.scenario.status
            && self.stock_left == u64::from(self.scenario.stock_left)
            && self.steps.iter().all(|measured| measured.ms.is_some())
    }
}

/// Plays a scenario on the server of these clients.
pub fn play(scenario: &'static Scenario, client: &Client, admin: &Client) -> Result<Played, Failure> {
    let path = format!("/products/{PRODUCT}");
    let product =
        json!({ "name": "Coffee mug", "price": price(), "currency": "USD", "stock": scenario.stock });
    admin.send(Method::PUT, &path, Some(&product), &[])?;
    let follower = Follower::open(client, TIMEOUT)?;
    let body = json!({
        "customerId": "CUST-001",
        "items": [{ "productId": PRODUCT, "quantity": QUANTITY, "price": price() }],
        "customerEmail": "customer@example.com",
    });

    let sent_at = domain::Timestamp::from_jiff(jiff::Timestamp::now());
    let start = Instant::now();
    let answer = client.send(Method::POST, "/orders", Some(&body), &[])?;
    let answered = start.elapsed();

    let placed = OrderView::read(&answer.body)?;
    follower.wait_for_end(client, &placed.order_id)?;
    let (timeline, entries) = wait_for_facts(scenario, client, &placed.order_id)?;
    let order: Value = client.get(&format!("/orders/{}", encode(&placed.order_id)))?;
    let product: Value = client.get(&path)?;
    let begun = entries
        .iter()
        .find(|entry| entry.event == "ExecutionStarted")
        .map(|entry| entry.at);
    let measure = |step: &'static Step| {
        let since = match step.clock {
            Clock::Request => Some(sent_at),
            Clock::Execution => begun,
        };
        measure(step, since, &entries, answered)
    };
    Ok(Played {
        scenario,
        order: OrderView::read(&order)?,
        steps: scenario.steps.iter().map(measure).collect(),
        timeline,
        answered,
        stock_left: product["stock"].as_u64().unwrap_or_default(),
    })
}

/// The price of the seed, exact.
fn price() -> Value {
    serde_json::from_str("29.99").unwrap_or_default()
}

fn measure(
    step: &'static Step,
    since: Option<domain::Timestamp>,
    timeline: &[Entry],
    answered: Duration,
) -> Measured {
    let at = |ms, summary: &str| Measured {
        step,
        ms,
        summary: summary.to_owned(),
    };
    match step.fact {
        Fact::Sent => at(Some(0.0), "POST /orders"),
        Fact::Answered => at(
            Some(answered.as_secs_f64() * 1000.0),
            "the customer has the order's id",
        ),
        Fact::Event(..) | Fact::State(_) => match (step.find(timeline), since) {
            // Facts are told to the millisecond, so one may seem to lie a millisecond before the request.
            (Some((entry, result)), Some(since)) => {
                at(Some((entry.at.as_ms() - since.as_ms()).max(0) as f64), result)
            }
            _ => at(None, "did not happen"),
        },
    }
}

/// Asks for the timeline until it has every fact of the scenario, or the time is up.
fn wait_for_facts(
    scenario: &Scenario,
    client: &Client,
    order_id: &str,
) -> Result<(Value, Vec<Entry>), Failure> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let timeline = timeline::fetch(client, order_id)?;
        let entries = timeline::read(&timeline)?;
        let has =
            |step: &Step| matches!(step.fact, Fact::Sent | Fact::Answered) || step.find(&entries).is_some();
        if scenario.steps.iter().all(has) || Instant::now() > deadline {
            return Ok((timeline, entries));
        }
        thread::sleep(ASK_EVERY);
    }
}
