//! The ports in memory, as small as the functions' tests need them. Whether a store keeps its promises is tested with the
//! store; here it is what the functions make of them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use domain::lifecycle::{OrderEvent, decide};
use domain::{
    Currency, Order, OrderId, OrderLine, OrderState, OrderStatus, PlacedOrder, Placement, Product, ProductId,
    Timestamp,
};
use ports::StoreError;
use ports::analytics::{AnalyticsView, HourFigures, HourTotals, RecordFigures};
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::feed::{ChangeFeed, ChangeRecord};
use ports::function::Context;
use ports::inventory::{Inventory, Released, TakeStockError};
use ports::metrics::Metrics;
use ports::notify::{Message, Sender};
use ports::orders::{
    CancelOrder, CancelOrderError, Idempotency, OrderFilter, OrderPage, OrderQueries, PlaceOrder,
    PlaceOrderError, Placed, TimelineEntry,
};
use ports::payment::{Charge, ChargeRequest, PaymentError, PaymentGateway};
use ports::processing::{BeginError, BeginOrder, BeginProcessing, Begun};

pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub(crate) fn context() -> Context {
    Context {
        request_id: "request-1".into(),
        trace_id: TRACE.into(),
    }
}

/// The `n`th order id.
pub(crate) fn id(n: u16) -> OrderId {
    OrderId::from_parts(1_768_469_400_123, n, 0)
}

/// An order of two mugs for 59.98 US dollars.
pub(crate) fn order(n: u16, status: OrderStatus) -> Order {
    let id = id(n);
    Order {
        placed: Arc::new(PlacedOrder {
            order_id: id,
            customer_id: domain::CustomerId::new("CUST-001").unwrap(),
            total_amount: "59.98".parse().unwrap(),
            currency: Currency::USD,
            created_at: id.created_at(),
            items: vec![OrderLine {
                product_id: ProductId::new("PROD-001").unwrap(),
                quantity: domain::Quantity::new(2).unwrap(),
                price: "29.99".parse().unwrap(),
            }],
            customer_email: Some("ada@example.com".to_owned()),
            customer_phone: Some("+14155550123".to_owned()),
            metadata: None,
            trace_id: TRACE.into(),
        }),
        state: OrderState {
            status,
            updated_at: id.created_at(),
            payment_id: None,
            failure_reason: None,
            attention: None,
        },
    }
}

/// A store in memory: orders, idempotency records, products and their stock.
#[derive(Default)]
pub(crate) struct Store {
    pub orders: Mutex<BTreeMap<OrderId, Order>>,
    pub records: Mutex<HashMap<[u8; 32], Record>>,
    pub products: Mutex<BTreeMap<ProductId, Product>>,
    pub stock: Mutex<HashMap<OrderId, Stock>>,
    pub changes: Mutex<Vec<ChangeRecord>>,
    /// Taken from the front by each write that can fail.
    pub failures: Mutex<VecDeque<StoreError>>,
}

/// The hash of a body, and the order that it placed.
type Record = ([u8; 32], OrderId);

/// What an order did to the stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stock {
    Taken(Vec<OrderLine>),
    Released,
}

impl Store {
    /// A store with mugs for 29.99.
    pub(crate) fn new() -> Self {
        let store = Self::default();
        store.put("PROD-001", "29.99", 10);
        store
    }

    pub(crate) fn put(&self, id: &str, price: &str, stock: u32) {
        let product = Product {
            product_id: ProductId::new(id).unwrap(),
            name: "Mug".to_owned(),
            price: price.parse().unwrap(),
            currency: Currency::USD,
            stock,
        };
        self.products
            .lock()
            .unwrap()
            .insert(product.product_id.clone(), product);
    }

    pub(crate) fn with_order(self, order: Order) -> Self {
        self.orders.lock().unwrap().insert(order.placed.order_id, order);
        self
    }

    pub(crate) fn fail_next(&self, failure: StoreError) {
        self.failures.lock().unwrap().push_back(failure);
    }

    fn fail(&self) -> Result<(), StoreError> {
        self.failures.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn find_record(&self, idempotency: &Idempotency) -> Result<Option<Arc<PlacedOrder>>, PlaceOrderError> {
        match self.records.lock().unwrap().get(&idempotency.key_hash) {
            Some((body_hash, _)) if *body_hash != idempotency.body_hash => Err(PlaceOrderError::KeyReused),
            Some((_, id)) => Ok(Some(self.orders.lock().unwrap()[id].placed.clone())),
            None => Ok(None),
        }
    }
}

impl PlaceOrder for Store {
    async fn place_order(
        &self,
        placement: Placement,
        idempotency: Option<Idempotency>,
    ) -> Result<Placed, PlaceOrderError> {
        let placed = Arc::clone(placement.order());
        let id = placed.order_id;
        self.fail()
            .map_err(|source| PlaceOrderError::Store { id, source })?;
        if let Some(idempotency) = &idempotency
            && let Some(first) = self.find_record(idempotency)?
        {
            return Ok(Placed::Replayed(first));
        }
        if self.orders.lock().unwrap().contains_key(&id) {
            return Err(PlaceOrderError::DuplicateId(id));
        }
        if let Some(Idempotency { key_hash, body_hash }) = idempotency {
            self.records.lock().unwrap().insert(key_hash, (body_hash, id));
        }
        let state = order(0, OrderStatus::Pending).state;
        let stored = Order {
            placed: placed.clone(),
            state,
        };
        self.orders.lock().unwrap().insert(id, stored);
        Ok(Placed::Created(placed))
    }

    async fn find_placed(
        &self,
        _id: OrderId,
        idempotency: Idempotency,
    ) -> Result<Option<Arc<PlacedOrder>>, PlaceOrderError> {
        self.find_record(&idempotency)
    }
}

impl OrderQueries for Store {
    async fn get_order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.fail()?;
        Ok(self.orders.lock().unwrap().get(&id).cloned())
    }

    async fn list_orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<OrderPage, StoreError> {
        let orders = self.orders.lock().unwrap();
        let newest_first = orders.values().rev();
        let matching = newest_first
            .filter(|o| after.is_none_or(|after| o.placed.order_id < after))
            .filter(|o| filter.status.is_none_or(|status| status == o.state.status))
            .filter(|o| {
                filter
                    .customer_id
                    .as_ref()
                    .is_none_or(|c| *c == o.placed.customer_id)
            });
        let mut page: Vec<Order> = matching.take(limit as usize + 1).cloned().collect();
        let more = page.len() > limit as usize;
        page.truncate(limit as usize);
        let next = page.last().filter(|_| more).map(|o| o.placed.order_id);
        Ok(OrderPage { orders: page, next })
    }

    async fn order_timeline(&self, id: OrderId) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
        let found = self.orders.lock().unwrap().get(&id).cloned();
        Ok(found.map(|order| {
            vec![TimelineEntry {
                at: order.placed.created_at,
                source: "order".to_owned(),
                event: "PENDING".to_owned(),
                summary: "Placed".to_owned(),
                detail: serde_json::Value::Null,
            }]
        }))
    }
}

impl CancelOrder for Store {
    async fn cancel_order(&self, id: OrderId, reason: String) -> Result<Order, CancelOrderError> {
        let mut orders = self.orders.lock().unwrap();
        let order = orders.get_mut(&id).ok_or(CancelOrderError::NotFound(id))?;
        let decided = decide(order.state.status, OrderEvent::Cancel);
        let (status, _) = decided.map_err(|refused| CancelOrderError::Ended(refused.status))?;
        order.state.status = status;
        order.state.failure_reason = Some(reason);
        Ok(order.clone())
    }
}

impl Catalogue for Store {
    async fn get_products(&self, ids: Vec<ProductId>) -> Result<Vec<Option<Product>>, StoreError> {
        let products = self.products.lock().unwrap();
        Ok(ids.iter().map(|id| products.get(id).cloned()).collect())
    }

    async fn list_products(&self, after: Option<ProductId>, limit: u32) -> Result<Vec<Product>, StoreError> {
        let products = self.products.lock().unwrap();
        let later = products
            .values()
            .filter(|p| after.as_ref().is_none_or(|after| p.product_id > *after));
        Ok(later.take(limit as usize).cloned().collect())
    }

    async fn put_product(&self, product: Product) -> Result<bool, StoreError> {
        self.fail()?;
        let replaced = self
            .products
            .lock()
            .unwrap()
            .insert(product.product_id.clone(), product);
        Ok(replaced.is_none())
    }
}

impl ChangeFeed for Store {
    async fn read_changes(&self, after: u64, limit: u32) -> Result<Vec<ChangeRecord>, StoreError> {
        let changes = self.changes.lock().unwrap();
        let later = changes.iter().filter(|change| change.sequence_number > after);
        Ok(later.take(limit as usize).cloned().collect())
    }
}

impl BeginProcessing for Store {
    async fn begin_processing(&self, orders: Vec<BeginOrder>) -> Vec<Result<Begun, BeginError>> {
        let mut stored = self.orders.lock().unwrap();
        let mut begin = |begin: BeginOrder| {
            let id = begin.order_id;
            self.fail().map_err(|source| BeginError::Store { id, source })?;
            let order = stored.get_mut(&id).ok_or(BeginError::NotFound(id))?;
            if order.placed.created_at != begin.created_at {
                let created_at = begin.created_at;
                return Err(BeginError::WrongKey { id, created_at });
            }
            let before = order.state.status;
            let Ok((after, _)) = decide(before, OrderEvent::Begin) else {
                return Ok(Begun::Ended);
            };
            order.state.status = after;
            Ok(if before == after {
                Begun::AlreadyStarted
            } else {
                Begun::Started
            })
        };
        orders.into_iter().map(&mut begin).collect()
    }
}

impl Inventory for Store {
    async fn take_stock(&self, order: OrderId, lines: &[OrderLine]) -> Result<(), TakeStockError> {
        self.fail()
            .map_err(|source| TakeStockError::Store { id: order, source })?;
        let mut stock = self.stock.lock().unwrap();
        match stock.get(&order) {
            Some(Stock::Taken(_)) => return Ok(()),
            Some(Stock::Released) => return Err(TakeStockError::Released(order)),
            None => {}
        }
        let mut products = self.products.lock().unwrap();
        for line in lines {
            let product_id = line.product_id.clone();
            let Some(product) = products.get(&product_id) else {
                return Err(TakeStockError::UnknownProduct(product_id));
            };
            let (requested, available) = (line.quantity.get(), product.stock);
            if requested > available {
                return Err(TakeStockError::OutOfStock {
                    product_id,
                    requested,
                    available,
                });
            }
        }
        for line in lines {
            if let Some(product) = products.get_mut(&line.product_id) {
                product.stock -= line.quantity.get();
            }
        }
        stock.insert(order, Stock::Taken(lines.to_vec()));
        Ok(())
    }

    async fn release_stock(&self, order: OrderId) -> Result<Released, StoreError> {
        self.fail()?;
        match self.stock.lock().unwrap().insert(order, Stock::Released) {
            Some(Stock::Taken(lines)) => {
                let mut products = self.products.lock().unwrap();
                for line in lines {
                    if let Some(product) = products.get_mut(&line.product_id) {
                        product.stock += line.quantity.get();
                    }
                }
                Ok(Released::Now)
            }
            Some(Stock::Released) => Ok(Released::Before),
            None => Ok(Released::NothingTaken),
        }
    }
}

/// Ids that are given out one after the other.
#[derive(Default)]
pub(crate) struct Ids(AtomicU16);

impl OrderIds for Ids {
    fn next_order_id(&self) -> OrderId {
        id(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// A gateway that answers what it is told to, and writes down what it is asked.
#[derive(Default)]
pub(crate) struct Gateway {
    pub charges: Mutex<VecDeque<Result<Charge, PaymentError>>>,
    pub found: Mutex<VecDeque<Result<Option<Charge>, PaymentError>>>,
    pub refunds: Mutex<VecDeque<Result<(), PaymentError>>>,
    pub calls: Mutex<Vec<String>>,
}

fn unscripted() -> PaymentError {
    PaymentError::Unavailable("the test scripts no such call".to_owned())
}

impl PaymentGateway for Gateway {
    async fn charge(&self, request: ChargeRequest) -> Result<Charge, PaymentError> {
        let ChargeRequest {
            idempotency_key,
            amount,
            currency,
            ..
        } = request;
        self.calls
            .lock()
            .unwrap()
            .push(format!("charge {idempotency_key} {amount} {currency}"));
        self.charges
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| Err(unscripted()))
    }

    async fn find_charge(&self, idempotency_key: String) -> Result<Option<Charge>, PaymentError> {
        self.calls.lock().unwrap().push(format!("find {idempotency_key}"));
        self.found
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| Err(unscripted()))
    }

    async fn refund(&self, idempotency_key: String, payment_id: String) -> Result<(), PaymentError> {
        self.calls
            .lock()
            .unwrap()
            .push(format!("refund {idempotency_key} {payment_id}"));
        self.refunds
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| Err(unscripted()))
    }
}

/// What was sent; a message whose key was sent before is not sent again.
#[derive(Default)]
pub(crate) struct Outbox {
    pub sent: Mutex<Vec<Message>>,
    pub failures: Mutex<VecDeque<StoreError>>,
}

impl Sender for Outbox {
    async fn send(&self, messages: Vec<Message>) -> Result<(), StoreError> {
        if let Some(failure) = self.failures.lock().unwrap().pop_front() {
            return Err(failure);
        }
        let mut sent = self.sent.lock().unwrap();
        for message in messages {
            if sent.iter().all(|earlier| earlier.key != message.key) {
                sent.push(message);
            }
        }
        Ok(())
    }
}

/// Figures of one order in the first hour that is asked for, so that an answer shows which that is.
impl AnalyticsView for Store {
    async fn add_figures(&self, _shard: String, _records: Vec<RecordFigures>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn read_figures(&self, from: Timestamp, _to: Timestamp) -> Result<Vec<HourFigures>, StoreError> {
        self.fail()?;
        let totals = HourTotals {
            hour: from,
            currency: Currency::USD,
            placed: 1,
            placed_value: "29.99".parse().unwrap(),
            completed: 1,
            payments_succeeded: 1,
            payments_failed: 0,
        };
        Ok(vec![totals.figures()])
    }
}

/// What was added to the view.
#[derive(Default)]
pub(crate) struct View(pub Mutex<Vec<(String, Vec<RecordFigures>)>>);

impl AnalyticsView for View {
    async fn add_figures(&self, shard: String, records: Vec<RecordFigures>) -> Result<(), StoreError> {
        self.0.lock().unwrap().push((shard, records));
        Ok(())
    }

    async fn read_figures(&self, _from: Timestamp, _to: Timestamp) -> Result<Vec<HourFigures>, StoreError> {
        Ok(Vec::new())
    }
}

/// What was counted, as `Name{Dimension=value} +n` and `Name{…} =value`.
#[derive(Default)]
pub(crate) struct Counts(pub Mutex<Vec<String>>);

impl Counts {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn add(&self, name: &str, dimensions: &[(&'static str, &str)], what: &str) {
        let dimensions: Vec<String> = dimensions
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        self.0
            .lock()
            .unwrap()
            .push(format!("{name}{{{}}} {what}", dimensions.join(",")));
    }
}

impl Metrics for Counts {
    fn count(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: u64) {
        self.add(name, dimensions, &format!("+{value}"));
    }

    fn observe(&self, name: &'static str, dimensions: &[(&'static str, &str)], value: f64) {
        self.add(name, dimensions, &format!("={value}"));
    }
}
