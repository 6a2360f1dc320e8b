//! The functions with their ports, by the names that the template gives them.

use std::collections::HashMap;
use std::sync::Arc;

use embedded::Engine;
use functions::{OrderAnalytics, OrderCreation, OrderNotification, OrderProcessing, OrderQuery};
use ports::function::Handler;
use ports::payment::PaymentGateway;
use telemetry::Registry;
use template::{EventSource, System};

/// Each function by name.
pub fn handlers<G: PaymentGateway + 'static>(
    engine: &Engine,
    payments: Arc<G>,
    metrics: &Arc<Registry>,
) -> HashMap<String, Arc<dyn Handler>> {
    let engine = Arc::new(engine.clone());
    let (store, metrics) = (|| Arc::clone(&engine), || Arc::clone(metrics));
    HashMap::from([
        named("order-creation", OrderCreation::new(store(), store(), metrics())),
        named("order-query", OrderQuery::new(store())),
        named(
            "order-processing",
            OrderProcessing::new(store(), payments, metrics()),
        ),
        named(
            "order-notification",
            OrderNotification::new(store(), store(), metrics()),
        ),
        named("order-analytics", OrderAnalytics::new(store())),
    ])
}

fn named(name: &str, handler: impl Handler + 'static) -> (String, Arc<dyn Handler>) {
    (name.to_owned(), Arc::new(handler))
}

/// The functions that the interface's routes go to, with the engine's time-outs and counts around them.
pub fn api_functions(engine: &Engine, system: &System) -> HashMap<String, Arc<dyn Handler>> {
    system
        .functions
        .iter()
        .filter(|function| {
            function
                .events
                .iter()
                .any(|event| matches!(event.source, EventSource::Api(_)))
        })
        .filter_map(|function| {
            let handler: Arc<dyn Handler> = engine.lambda().function(&function.name)?;
            Some((function.name.clone(), handler))
        })
        .collect()
}
