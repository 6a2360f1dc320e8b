//! What stands behind the gateway in these tests: an engine in memory and functions that are closures.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use domain::{Order, OrderId, Timestamp};
use gateway::Parts;
use ports::StoreError;
use ports::access::{ApiKey, ApiKeys, CreateKeyError, QuotaPeriod, RevokeKeyError, Role, Usage, UsagePlan};
use ports::analytics::{AnalyticsView, HourFigures, RecordFigures};
use ports::clock::Clock;
use ports::feed::{ChangeFeed, ChangeRecord, LiveFeed};
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use ports::operations::{
    ExecutionDetail, ExecutionInfo, OperationError, Operations, OutboxEntry, QueueInfo, QueueMessage,
    SubscriptionInfo,
};
use ports::orders::{OrderFilter, OrderPage, OrderQueries, TimelineEntry};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// 2026-01-15T09:30:00.000Z.
pub const NOW_MS: i64 = 1_768_469_400_000;
const DAY_MS: i64 = 86_400_000;

pub struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(NOW_MS)
    }
}

pub const UNLIMITED: UsagePlan = UsagePlan {
    rate_per_s: None,
    burst: None,
    quota: None,
    period: QuotaPeriod::Month,
};

/// An engine with three keys to begin with (`client`, `admin`, `tight`: 1 a second, 2 at once, 3 a day), one queue with
/// one message, one execution, and a feed.
pub struct Memory {
    keys: Mutex<Vec<(String, Arc<ApiKey>)>>,
    counts: Mutex<HashMap<String, u64>>,
    feed: Mutex<Vec<ChangeRecord>>,
    latest: watch::Sender<u64>,
    reads: AtomicU64,
    pub store_error: Mutex<Option<StoreError>>,
    pub figures_asked: Mutex<Vec<(Timestamp, Timestamp)>>,
    /// How many orders were asked for, each time.
    pub orders_asked: Mutex<Vec<u32>>,
}

impl Default for Memory {
    fn default() -> Self {
        let tight = UsagePlan {
            rate_per_s: Some(1),
            burst: Some(2),
            quota: Some(3),
            period: QuotaPeriod::Day,
        };
        let keys = [
            ("client", Role::Client, UNLIMITED),
            ("admin", Role::Admin, UNLIMITED),
            ("tight", Role::Client, tight),
        ];
        Self {
            keys: Mutex::new(keys.map(|(name, role, plan)| key(name, role, plan)).into()),
            counts: Mutex::default(),
            feed: Mutex::default(),
            latest: watch::Sender::new(0),
            reads: AtomicU64::new(0),
            store_error: Mutex::default(),
            figures_asked: Mutex::default(),
            orders_asked: Mutex::default(),
        }
    }
}

/// A key whose secret is `secret-NAME` and whose id is `id-NAME`.
fn key(name: &str, role: Role, plan: UsagePlan) -> (String, Arc<ApiKey>) {
    let key = ApiKey {
        key_id: format!("id-{name}"),
        name: name.to_owned(),
        role,
        plan,
        created_at: Timestamp::from_ms(NOW_MS),
    };
    (format!("secret-{name}"), Arc::new(key))
}

impl Memory {
    /// How many requests were counted so far, of all keys.
    pub fn counted(&self) -> u64 {
        self.counts.lock().unwrap().values().sum()
    }

    fn check(&self) -> Result<(), StoreError> {
        self.store_error.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    pub fn used(&self, key_id: &str) -> u64 {
        self.counts.lock().unwrap().get(key_id).copied().unwrap_or(0)
    }

    /// Forgets the feed's records, as retention does; their numbers are used up.
    pub fn forget_changes(&self) {
        for record in self.feed.lock().unwrap().iter_mut() {
            record.sequence_number = 0;
        }
    }

    /// Adds a change to the feed.
    pub fn change(&self, status: &str) {
        let mut feed = self.feed.lock().unwrap();
        let sequence_number = feed.len() as u64 + 1;
        feed.push(ChangeRecord {
            sequence_number,
            event_name: if sequence_number == 1 { "INSERT" } else { "MODIFY" },
            at: Timestamp::from_ms(NOW_MS),
            old_image: None,
            new_image: Some(serde_json::json!({ "status": status })),
        });
        self.latest.send_replace(sequence_number);
    }

    fn usage_of(&self, key: &ApiKey) -> Usage {
        let day = NOW_MS - NOW_MS.rem_euclid(DAY_MS);
        Usage {
            used: self.used(&key.key_id),
            period_start: Timestamp::from_ms(day),
            resets_at: Timestamp::from_ms(day + DAY_MS),
        }
    }
}

impl ApiKeys for Memory {
    fn authenticate(&self, secret: &str) -> Option<Arc<ApiKey>> {
        let keys = self.keys.lock().unwrap();
        keys.iter()
            .find(|(known, _)| known == secret)
            .map(|(_, key)| Arc::clone(key))
    }

    fn count_request(&self, key: &ApiKey, _now: Timestamp) -> Usage {
        *self.counts.lock().unwrap().entry(key.key_id.clone()).or_default() += 1;
        self.usage_of(key)
    }

    fn usage(&self, key: &ApiKey, _now: Timestamp) -> Usage {
        self.usage_of(key)
    }

    async fn create_key(
        &self,
        name: String,
        role: Role,
        plan: Option<UsagePlan>,
    ) -> Result<(ApiKey, String), CreateKeyError> {
        self.check().map_err(CreateKeyError::Store)?;
        let mut keys = self.keys.lock().unwrap();
        if keys.iter().any(|(_, key)| key.name == name) {
            return Err(CreateKeyError::NameTaken(name));
        }
        let (secret, key) = key(&name, role, plan.unwrap_or(UNLIMITED));
        keys.push((secret.clone(), Arc::clone(&key)));
        Ok((ApiKey::clone(&key), secret))
    }

    async fn list_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.check()?;
        let keys = self.keys.lock().unwrap();
        Ok(keys.iter().map(|(_, key)| ApiKey::clone(key)).collect())
    }

    async fn revoke_key(&self, name_or_id: String) -> Result<(), RevokeKeyError> {
        self.check().map_err(RevokeKeyError::Store)?;
        let mut keys = self.keys.lock().unwrap();
        let found = keys
            .iter()
            .position(|(_, key)| key.name == name_or_id || key.key_id == name_or_id);
        let found = found.ok_or(RevokeKeyError::NotFound(name_or_id))?;
        let admins = keys.iter().filter(|(_, key)| key.role == Role::Admin).count();
        if keys[found].1.role == Role::Admin && admins == 1 {
            return Err(RevokeKeyError::LastAdmin);
        }
        keys.remove(found);
        Ok(())
    }
}

fn message() -> QueueMessage {
    QueueMessage {
        message_id: "m-1".to_owned(),
        queue: "orders-dlq".to_owned(),
        body: "{}".to_owned(),
        sent_at: Timestamp::from_ms(NOW_MS),
        receive_count: 3,
        last_error: Some("poison".to_owned()),
        source: Some("orders".to_owned()),
    }
}

fn execution() -> ExecutionInfo {
    ExecutionInfo {
        name: "e-1".to_owned(),
        state_machine: "OrderWorkflow".to_owned(),
        status: "FAILED".to_owned(),
        started_at: Timestamp::from_ms(NOW_MS),
        stopped_at: Some(Timestamp::from_ms(NOW_MS)),
        current_state: None,
        error: Some("States.TaskFailed".to_owned()),
        cause: None,
        definition_hash: "00".to_owned(),
    }
}

fn not_found<T>(what: &'static str, name: String) -> Result<T, OperationError> {
    Err(OperationError::NotFound { what, name })
}

impl Operations for Memory {
    async fn list_queues(&self) -> Result<Vec<QueueInfo>, StoreError> {
        self.check()?;
        Ok(vec![QueueInfo {
            name: "orders-dlq".to_owned(),
            visible: 1,
            in_flight: 0,
            oldest_age_ms: 5,
            dead_letter_queue: None,
            is_dead_letter_queue: true,
            max_receive_count: None,
            visibility_timeout_s: 180,
            retention_s: 1_209_600,
        }])
    }

    async fn list_messages(
        &self,
        queue: String,
        after: Option<String>,
        _limit: u32,
    ) -> Result<Vec<QueueMessage>, OperationError> {
        match (queue.as_str(), after.as_deref()) {
            ("orders-dlq", None) => Ok(vec![message()]),
            ("orders-dlq", Some("m-1")) => Ok(vec![]),
            ("orders-dlq", Some(other)) => not_found("message", other.to_owned()),
            _ => not_found("queue", queue),
        }
    }

    async fn redrive_messages(
        &self,
        queue: String,
        message_ids: Option<Vec<String>>,
    ) -> Result<u64, OperationError> {
        match queue.as_str() {
            "orders-dlq" => Ok(message_ids.map_or(1, |ids| ids.len() as u64)),
            "orders" => Err(OperationError::NotAllowed(
                "orders is no dead-letter queue".to_owned(),
            )),
            _ => not_found("queue", queue),
        }
    }

    async fn purge_messages(
        &self,
        queue: String,
        message_ids: Option<Vec<String>>,
    ) -> Result<u64, OperationError> {
        self.redrive_messages(queue, message_ids).await
    }

    async fn list_executions(
        &self,
        status: Option<String>,
        after: Option<String>,
        _limit: u32,
    ) -> Result<Vec<ExecutionInfo>, OperationError> {
        let matches = status.is_none_or(|status| status == "FAILED") && after.is_none();
        Ok(if matches { vec![execution()] } else { vec![] })
    }

    async fn get_execution(&self, name: String) -> Result<ExecutionDetail, OperationError> {
        if name != "e-1" {
            return not_found("execution", name);
        }
        Ok(ExecutionDetail {
            info: execution(),
            input: serde_json::json!({ "orderId": "e-1" }),
            output: None,
            events: vec![],
        })
    }

    async fn redrive_execution(&self, name: String) -> Result<ExecutionInfo, OperationError> {
        self.get_execution(name).await.map(|detail| detail.info)
    }

    async fn list_outbox(&self, _limit: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        self.check()?;
        Ok(vec![])
    }

    async fn list_subscriptions(&self) -> Result<Vec<SubscriptionInfo>, StoreError> {
        self.check()?;
        Ok(vec![])
    }
}

impl ChangeFeed for Memory {
    async fn read_changes(&self, after: u64, limit: u32) -> Result<Vec<ChangeRecord>, StoreError> {
        self.check()?;
        let reads = self.reads.fetch_add(1, Ordering::SeqCst);
        assert!(reads < 100, "the feed is read in a loop");
        let feed = self.feed.lock().unwrap();
        let newer = feed.iter().filter(|record| record.sequence_number > after);
        Ok(newer.take(limit as usize).cloned().collect())
    }
}

impl LiveFeed for Memory {
    fn latest_change(&self) -> u64 {
        *self.latest.borrow()
    }

    async fn wait_for_change(&self, after: u64) {
        let mut latest = self.latest.subscribe();
        // The sender lives as long as self.
        let _ = latest.wait_for(|newest| *newest > after).await;
    }
}

impl AnalyticsView for Memory {
    async fn add_figures(&self, _shard: String, _records: Vec<RecordFigures>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn read_figures(&self, from: Timestamp, to: Timestamp) -> Result<Vec<HourFigures>, StoreError> {
        self.figures_asked.lock().unwrap().push((from, to));
        Ok(vec![])
    }
}

impl OrderQueries for Memory {
    async fn get_order(&self, _id: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(None)
    }

    async fn list_orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<OrderPage, StoreError> {
        assert_eq!((filter, after), (OrderFilter::default(), None));
        self.orders_asked.lock().unwrap().push(limit);
        Ok(OrderPage {
            orders: vec![],
            next: None,
        })
    }

    async fn order_timeline(&self, _id: OrderId) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
        Ok(None)
    }
}

/// A function made of a closure.
pub struct Function<F>(pub F);

impl<F, R> Handler for Function<F>
where
    F: Fn(Box<ApiGatewayProxyRequest>, Context) -> R + Send + Sync,
    R: Future<Output = Result<Reply, FunctionError>> + Send + 'static,
{
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        match invocation {
            Invocation::Api(event) => Box::pin((self.0)(event, context)),
            other => Box::pin(async move { panic!("not an API event: {other:?}") }),
        }
    }
}

/// An answer as functions make it.
pub fn answer(status: i64, body: impl Into<String>) -> Reply {
    let mut answer = ApiGatewayProxyResponse::default();
    answer.status_code = status;
    answer.body = Some(body.into().into());
    answer.headers.insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    Reply::Api(Box::new(answer))
}

/// Counts calls and remembers the last name and dimensions.
#[derive(Default)]
pub struct Counts {
    pub total: AtomicU64,
    pub names: Mutex<Vec<String>>,
}

impl Metrics for Counts {
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64) {
        self.total.fetch_add(value, Ordering::Relaxed);
        let dimensions: Vec<String> = dimensions.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let line = format!("{name} {} +{value}", dimensions.join(" "));
        self.names.lock().unwrap().push(line);
    }

    fn observe(&self, name: &'static str, _dimensions: &[(&'static str, &str)], value: f64) {
        assert!(value.is_finite() && value >= 0.0);
        self.names.lock().unwrap().push(format!("{name} observed"));
    }
}

/// Everything the gateway needs, with these functions.
pub fn parts(functions: HashMap<String, Arc<dyn Handler>>) -> Parts<Memory> {
    Parts {
        engine: Arc::new(Memory::default()),
        functions,
        clock: Arc::new(FixedClock),
        metrics: Arc::new(Counts::default()),
        recorder: Arc::new(ports::trace::NoRecorder),
        observatory: None,
        readiness: Box::new(|| Ok(())),
        metrics_text: Box::new(|| "orders_created_total 1\n".to_owned()),
        status: Box::new(|| serde_json::json!({ "version": "test" })),
        more_routes: axum::Router::new().route("/console", axum::routing::get(async || "console")),
        shutdown: CancellationToken::new(),
    }
}
