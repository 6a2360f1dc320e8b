//! An engine with the template that Ordermill comes with, and functions that do the least that an order needs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::{OrderId, PlacedOrder, Timestamp};
use ports::catalogue::Catalogue;
use ports::clock::{Clock, OrderIds};
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::inventory::{Inventory, TakeStockError};
use ports::metrics::Metrics;
use ports::notify::{Channel, Message, Sender};
use ports::orders::{OrderQueries, PlaceOrder, Placed, TimelineEntry};
use ports::payment::{ChargeOutcome, GatewayLedger, LedgerEntry};
use ports::processing::{BeginOrder, BeginProcessing};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::time::{ManualTime, Time};
use crate::{Engine, Settings};

/// How often to look before something that must happen is taken for lost.
const MAX_LOOKS: usize = 50_000;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    PaymentDeclined,
    /// The processing function fails on every message.
    Poison,
    /// The notification function fails on every delivery.
    MailDown,
}

/// A running engine.
pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) time: ManualTime,
    trouble: Arc<Mutex<Trouble>>,
    _directory: TempDir,
}

struct NoMetrics;

impl Metrics for NoMetrics {
    fn count(&self, _: &'static str, _: &[(&'static str, &str)], _: u64) {}
    fn observe(&self, _: &'static str, _: &[(&'static str, &str)], _: f64) {}
}

impl Shop {
    /// An engine that is not started yet, with one product.
    pub(crate) async fn closed(stock: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-01-15T09:30:00.000Z".parse().unwrap();
        let time = ManualTime::at(start);
        let (system, _) = template::System::built_in().unwrap();
        let mut settings = Settings::from_system(&system, directory.path().to_owned()).unwrap();
        settings.time = Time::Manual(time.clone());
        let engine = Engine::open(settings, Arc::new(NoMetrics)).await.unwrap();
        let product =
            json!({"productId": "MUG", "name": "Mug", "price": 30, "currency": "USD", "stock": stock});
        engine
            .put_product(serde_json::from_value(product).unwrap())
            .await
            .unwrap();
        Self {
            engine,
            time,
            trouble: Arc::new(Mutex::new(Trouble::None)),
            _directory: directory,
        }
    }

    /// An engine at work.
    pub(crate) async fn open(stock: u32, trouble: Trouble) -> Self {
        let shop = Self::closed(stock).await;
        shop.set_trouble(trouble);
        shop.start().await;
        shop
    }

    async fn start(&self) {
        let function = |kind| -> Arc<dyn Handler> {
            let (engine, time) = (self.engine.clone(), self.time.clone());
            Arc::new(Function {
                engine,
                time,
                kind,
                trouble: Arc::clone(&self.trouble),
            })
        };
        let handlers = HashMap::from([
            ("order-processing".to_owned(), function(Kind::Processing)),
            ("order-notification".to_owned(), function(Kind::Notification)),
            ("order-analytics".to_owned(), function(Kind::Analytics)),
        ]);
        self.engine.start(handlers).await.unwrap();
    }

    /// What goes wrong from now on.
    pub(crate) fn set_trouble(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Places an order of two mugs.
    pub(crate) async fn place(&self) -> OrderId {
        let id = self.engine.next_order_id();
        let order = json!({
            "orderId": id, "customerId": "CUST-001", "totalAmount": 60, "currency": "USD",
            "createdAt": id.created_at(), "items": [{"productId": "MUG", "quantity": 2, "price": 30}],
            "customerEmail": "customer@example.com", "traceId": format!("{:032x}", id.as_uuid().as_u128()),
        });
        let order: PlacedOrder = serde_json::from_value(order).unwrap();
        assert!(matches!(
            self.engine.place_order(order.into(), None).await.unwrap(),
            Placed::Created(_)
        ));
        id
    }

    pub(crate) async fn timeline(&self, id: OrderId) -> Vec<TimelineEntry> {
        self.engine.order_timeline(id).await.unwrap().unwrap()
    }

    /// The order's timeline once it holds so many facts of this source and event.
    pub(crate) async fn timeline_with(
        &self,
        id: OrderId,
        source: &str,
        event: &str,
        count: usize,
    ) -> Vec<TimelineEntry> {
        let mut last = Vec::new();
        for _ in 0..MAX_LOOKS {
            last = self.timeline(id).await;
            if last
                .iter()
                .filter(|fact| fact.source == source && fact.event == event)
                .count()
                >= count
            {
                return last;
            }
        }
        panic!("no {count} facts {event} of {source} in {last:#?}");
    }

    /// Looks until it holds.
    pub(crate) async fn until(&self, mut holds: impl AsyncFnMut(&Engine) -> bool) {
        for _ in 0..MAX_LOOKS {
            if holds(&self.engine).await {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never came to hold");
    }
}

/// Facts as lines: milliseconds since the order was placed, source, event and sentence.
pub(crate) fn told(timeline: &[TimelineEntry]) -> String {
    let start = timeline.first().map_or(0, |fact| fact.at.as_ms());
    let line = |fact: &TimelineEntry| {
        format!(
            "{:<4} {:<12} {:<22} {}",
            fact.at.as_ms() - start,
            fact.source,
            fact.event,
            fact.summary
        )
    };
    timeline.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Processing,
    Notification,
    Analytics,
}

struct Function {
    engine: Engine,
    time: ManualTime,
    kind: Kind,
    trouble: Arc<Mutex<Trouble>>,
}

impl Handler for Function {
    fn call(self: Arc<Self>, invocation: Invocation, _: Context) -> ReplyFuture {
        Box::pin(async move {
            match (self.kind, invocation) {
                (Kind::Processing, Invocation::Sqs(event)) => {
                    if *self.trouble.lock().unwrap() == Trouble::Poison {
                        return Err(error("Poison", "this function is out of order"));
                    }
                    let bodies = event.records.iter().map(|record| record.body.as_deref().unwrap());
                    self.engine
                        .begin_processing(bodies.map(begin_order).collect())
                        .await;
                    Ok(Reply::Done)
                }
                (Kind::Processing, Invocation::Direct(payload)) => self.act(&payload).await.map(Reply::Value),
                (Kind::Notification, Invocation::Sns(event)) => {
                    if *self.trouble.lock().unwrap() == Trouble::MailDown {
                        return Err(error("MailDown", "the mail server is away"));
                    }
                    for record in event.records {
                        self.tell(
                            &record.sns.message_id,
                            &serde_json::from_str(&record.sns.message).unwrap(),
                        )
                        .await;
                    }
                    Ok(Reply::Done)
                }
                _ => Ok(Reply::Done),
            }
        })
    }
}

fn error(error_type: &str, message: &str) -> FunctionError {
    FunctionError {
        error_type: error_type.into(),
        message: message.into(),
    }
}

fn begin_order(body: &str) -> BeginOrder {
    let body: Value = serde_json::from_str(body).unwrap();
    let order_id: OrderId = body["orderId"].as_str().unwrap().parse().unwrap();
    let trace_id = body["traceId"].as_str().unwrap().to_owned();
    BeginOrder {
        order_id,
        created_at: order_id.created_at(),
        trace_id,
        trace_header: None,
    }
}

impl Function {
    /// The workflow's actions; each takes ten milliseconds.
    async fn act(&self, payload: &Value) -> Result<Value, FunctionError> {
        self.time.advance(std::time::Duration::from_millis(10));
        let order_id: OrderId = payload["orderId"].as_str().unwrap().parse().unwrap();
        match payload["action"].as_str().unwrap() {
            "processPayment" => Ok(self.charge(order_id, payload).await),
            "updateInventory" => {
                let order = self.engine.get_order(order_id).await.unwrap().unwrap();
                match self.engine.take_stock(order_id, &order.placed.items).await {
                    Ok(()) => Ok(json!({"status": "success"})),
                    Err(short @ TakeStockError::OutOfStock { .. }) => {
                        Err(error("OutOfStock", &short.to_string()))
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            "refundPayment" => {
                let payment_id = payload["paymentId"].as_str().unwrap().to_owned();
                assert!(
                    self.engine
                        .record_refund(payment_id, self.time_now())
                        .await
                        .unwrap()
                );
                self.engine.release_stock(order_id).await.unwrap();
                Ok(json!({"status": "refunded"}))
            }
            other => panic!("unknown action {other}"),
        }
    }

    async fn charge(&self, order_id: OrderId, payload: &Value) -> Value {
        let declined = *self.trouble.lock().unwrap() == Trouble::PaymentDeclined;
        let outcome = if declined {
            ChargeOutcome::Declined("insufficient funds".into())
        } else {
            ChargeOutcome::Charged
        };
        let entry = LedgerEntry {
            idempotency_key: payload["idempotencyKey"].as_str().unwrap().into(),
            payment_id: "PAY-482913".into(),
            order_id,
            amount: payload["amount"].as_str().unwrap().parse().unwrap(),
            currency: payload["currency"].as_str().unwrap().parse().unwrap(),
            outcome,
            at: self.time_now(),
        };
        let entry = self.engine.record_charge(entry).await.unwrap();
        match entry.outcome {
            ChargeOutcome::Declined(why) => json!({"status": "failed", "error": why}),
            _ => json!({"status": "success", "paymentId": entry.payment_id}),
        }
    }

    async fn tell(&self, message_id: &str, news: &Value) {
        let message = Message {
            key: format!("{message_id}:email"),
            order_id: news["orderId"].as_str().unwrap().parse().unwrap(),
            channel: Channel::Email,
            recipient: "customer@example.com".into(),
            subject: format!("Your order is {}", news["status"].as_str().unwrap()),
            body: String::new(),
            trace_id: String::new(),
        };
        self.engine.send(vec![message]).await.unwrap();
    }

    fn time_now(&self) -> Timestamp {
        self.engine.time().now()
    }
}
