//! The shop itself: opened on a directory, used, killed or closed, and opened again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connectors::{Rate, SimulatedGateway, SimulatedSettings};
use domain::{
    Currency, CustomerId, Order, OrderId, OrderLine, OrderStatus, PlacedOrder, Product, ProductId, Quantity,
    Timestamp,
};
use embedded::time::{ManualTime, Time};
use embedded::{Engine, Faults, OpenError, Settings, SettingsError};
use functions::{OrderAnalytics, OrderCreation, OrderNotification, OrderProcessing, OrderQuery};
use ports::StoreError;
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::feed::LiveFeed;
use ports::function::Handler;
use ports::metrics::Metrics;
use ports::orders::{OrderQueries, PlaceOrder, PlaceOrderError, Placed};
use telemetry::{Registry, Tracer};
use template::System;

/// Functions by name.
pub type Handlers = HashMap<String, Arc<dyn Handler>>;

/// What a shop is opened with.
#[derive(Debug, Clone)]
pub struct ShopOptions {
    /// How payments fail; none does by default, so that what a test sees is no matter of chance.
    pub payments: SimulatedSettings,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// The template; the built-in one when `None`.
    pub template: Option<String>,
    /// The clock; one that flies when `None`.
    pub time: Option<ManualTime>,
    /// Whether traces are recorded, as a server does.
    pub traces: bool,
    /// Handlers to take the place of the real functions, by name.
    pub handlers: Option<fn(&Engine) -> Handlers>,
}

impl Default for ShopOptions {
    fn default() -> Self {
        Self {
            payments: SimulatedSettings {
                success_rate: Rate::ALWAYS,
                ..SimulatedSettings::default()
            },
            faults: Arc::default(),
            template: None,
            time: None,
            traces: false,
            handlers: None,
        }
    }
}

/// Why a shop could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// The template has faults.
    #[error("the template has faults: {0:?}")]
    Template(Vec<template::TemplateFault>),
    /// The template lacks something.
    #[error("the template lacks something: {0:?}")]
    Settings(Vec<SettingsError>),
    /// The directory can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store failed, or was killed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The order was not placed.
    #[error(transparent)]
    Place(#[from] PlaceOrderError),
    /// The engine was killed before what was waited for came.
    #[error("the engine was killed")]
    Killed,
    /// What was to be sold isn't sold here.
    #[error("there is no product {0}")]
    NoProduct(String),
    /// The order can't be written.
    #[error("the order can't be written: {0}")]
    Order(String),
}

/// A shop that is open.
pub struct Shop {
    /// The engine.
    pub engine: Engine,
    /// What was counted since it was opened.
    pub metrics: Arc<Registry>,
}

impl Shop {
    /// Opens a shop on the directory, with stock on the shelves the first time, and begins to work.
    ///
    /// # Errors
    /// [`ShopError`]; [`ShopError::Store`] when an injected fault struck during the start.
    pub async fn open(dir: &Path, options: &ShopOptions) -> Result<Self, ShopError> {
        let shop = Self::open_idle(dir, options).await?;
        shop.start(options).await?;
        Ok(shop)
    }

    /// Opens a shop that doesn't work yet: orders wait in the queue.
    ///
    /// # Errors
    /// As [`Shop::open`].
    pub async fn open_idle(dir: &Path, options: &ShopOptions) -> Result<Self, ShopError> {
        let read = match &options.template {
            None => System::built_in(),
            Some(text) => System::parse(text, &|path| System::built_in_workflow(path).map(str::to_owned)),
        };
        let (system, _) = read.map_err(ShopError::Template)?;
        let mut settings = Settings::from_system(&system, dir.to_owned()).map_err(ShopError::Settings)?;
        let start = Timestamp::from_ms(1_800_000_000_000);
        settings.time = Time::Manual(options.time.clone().unwrap_or_else(|| ManualTime::flying(start)));
        settings.faults = Arc::clone(&options.faults);
        let metrics = Arc::new(Registry::new());
        if options.traces {
            settings.recorder = Arc::new(Tracer::new(Arc::clone(&metrics)));
        }
        let engine = Engine::open(settings, Arc::clone(&metrics) as Arc<dyn Metrics>).await?;
        Ok(Self { engine, metrics })
    }

    /// Begins to work.
    ///
    /// # Errors
    /// [`ShopError::Store`] when an injected fault struck during the start.
    pub async fn start(&self, options: &ShopOptions) -> Result<(), ShopError> {
        self.engine.seed_sample_products().await?;
        let mut handlers = self.handlers(options.payments.clone());
        if let Some(own) = options.handlers {
            handlers.extend(own(&self.engine));
        }
        Ok(self.engine.start(handlers).await?)
    }

    fn handlers(&self, payments: SimulatedSettings) -> HashMap<String, Arc<dyn Handler>> {
        let engine = Arc::new(self.engine.clone());
        let clock = Arc::new(self.engine.time().clone());
        let gateway = Arc::new(SimulatedGateway::new(Arc::clone(&engine), clock, payments));
        let (store, metrics) = (|| Arc::clone(&engine), || Arc::clone(&self.metrics));
        let named = |name: &str, handler: Arc<dyn Handler>| (name.to_owned(), handler);
        HashMap::from([
            named(
                "order-creation",
                Arc::new(OrderCreation::new(store(), store(), metrics())),
            ),
            named("order-query", Arc::new(OrderQuery::new(store()))),
            named(
                "order-processing",
                Arc::new(OrderProcessing::new(store(), gateway, metrics())),
            ),
            named(
                "order-notification",
                Arc::new(OrderNotification::new(store(), store(), metrics())),
            ),
            named("order-analytics", Arc::new(OrderAnalytics::new(store()))),
        ])
    }

    /// Places an order of one line at the catalogue's price, and returns its id.
    ///
    /// # Errors
    /// [`ShopError`] when it was not placed.
    pub async fn place(&self, product: &str, quantity: u32) -> Result<OrderId, ShopError> {
        loop {
            let order = self.order(product, quantity).await?;
            match self.engine.place_order(order.into(), None).await {
                Ok(Placed::Created(order) | Placed::Replayed(order)) => return Ok(order.order_id),
                // A shop that was opened again on a clock that was set back gives out ids anew.
                Err(PlaceOrderError::DuplicateId(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// An order that could be placed.
    ///
    /// # Errors
    /// [`ShopError::NoProduct`] and [`ShopError::Order`].
    pub async fn order(&self, product: &str, quantity: u32) -> Result<PlacedOrder, ShopError> {
        let text = |error: &dyn std::fmt::Display| ShopError::Order(error.to_string());
        let id = ProductId::new(product).map_err(|e| text(&e))?;
        let found = self
            .engine
            .get_products(vec![id])
            .await?
            .into_iter()
            .next()
            .flatten();
        let Product {
            product_id,
            price,
            currency,
            ..
        } = found.ok_or_else(|| ShopError::NoProduct(product.to_owned()))?;
        let order_id = self.engine.next_order_id();
        Ok(PlacedOrder {
            order_id,
            customer_id: CustomerId::new("CUST-001").map_err(|e| text(&e))?,
            total_amount: price.times(quantity).map_err(|e| text(&e))?,
            currency,
            created_at: order_id.created_at(),
            items: vec![OrderLine {
                product_id,
                quantity: Quantity::new(quantity).map_err(|e| text(&e))?,
                price,
            }],
            customer_email: Some("customer@example.com".into()),
            customer_phone: None,
            metadata: None,
            trace_id: "0123456789abcdef0123456789abcdef".into(),
        })
    }

    /// Puts this many of a product on the shelf, at 10.00 USD.
    ///
    /// # Errors
    /// [`ShopError`] when it was not written.
    pub async fn stock(&self, product: &str, stock: u32) -> Result<(), ShopError> {
        let text = |error: &dyn std::fmt::Display| ShopError::Order(error.to_string());
        let product = Product {
            product_id: ProductId::new(product).map_err(|e| text(&e))?,
            name: product.to_owned(),
            price: "10.00"
                .parse()
                .map_err(|e: domain::money::AmountError| text(&e))?,
            currency: Currency::USD,
            stock,
        };
        self.engine.put_product(product).await?;
        Ok(())
    }

    /// Waits until the order has ended or needs attention, and returns it.
    ///
    /// # Errors
    /// [`ShopError::Killed`] when the engine died first.
    pub async fn ended(&self, id: OrderId) -> Result<Order, ShopError> {
        self.wait_for(id, |order| {
            order.state.status.is_final() || order.state.attention.is_some()
        })
        .await
    }

    /// Waits until the order has this status, and returns it.
    ///
    /// # Errors
    /// [`ShopError::Killed`] when the engine died first.
    pub async fn reached(&self, id: OrderId, status: OrderStatus) -> Result<Order, ShopError> {
        self.wait_for(id, |order| order.state.status == status).await
    }

    async fn wait_for(&self, id: OrderId, is_it: impl Fn(&Order) -> bool) -> Result<Order, ShopError> {
        loop {
            let latest = self.engine.latest_change();
            if let Some(order) = self.engine.get_order(id).await?.filter(&is_it) {
                return Ok(order);
            }
            self.change_after(latest).await?;
        }
    }

    async fn change_after(&self, latest: u64) -> Result<(), ShopError> {
        let mut ended = std::pin::pin!(self.engine.ended());
        let mut change = std::pin::pin!(self.engine.wait_for_change(latest));
        std::future::poll_fn(|context| {
            if change.as_mut().poll(context).is_ready() {
                std::task::Poll::Ready(Ok(()))
            } else if ended.as_mut().poll(context).is_ready() {
                std::task::Poll::Ready(Err(ShopError::Killed))
            } else {
                std::task::Poll::Pending
            }
        })
        .await
    }

    /// Waits until nothing is left to do: no message, no execution, no delivery.
    ///
    /// # Errors
    /// [`ShopError::Killed`] when the engine died first.
    pub async fn settled(&self) -> Result<(), ShopError> {
        Ok(self.engine.settled().await?)
    }

    /// Closes the shop; the directory is free for the next one.
    pub async fn close(self) {
        self.engine.stop(Duration::from_secs(10)).await;
    }
}
