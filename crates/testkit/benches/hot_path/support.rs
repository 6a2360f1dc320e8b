//! What the scenarios share: a runtime of one thread, the request that they send, and an engine with stock.

use std::path::Path;

use connectors::{Rate, SimulatedSettings};
use domain::Timestamp;
use embedded::time::ManualTime;
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::function::{Context, Invocation, Reply};
use telemetry::LogSettings;
use testkit::{Shop, ShopOptions};

/// What every order asks for.
pub const ORDER: &str = r#"{"customerId":"CUST-001","items":[{"productId":"MUG","quantity":2,"price":10.00}],"customerEmail":"customer@example.com"}"#;

/// Does the work on a runtime of one thread.
pub fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

/// Logs as the server does, to a file in this directory.
pub fn log_to(dir: &Path) {
    // Only the first scenario of a process sets it up.
    let _ = telemetry::logs::init(&LogSettings {
        file: Some(dir.join("log")),
        ..LogSettings::default()
    });
}

/// A shop whose payments all succeed, with much stock, that doesn't work yet.
pub async fn idle_shop(dir: &Path) -> (Shop, ShopOptions) {
    idle_shop_with(dir, false).await
}

/// The same, with traces recorded or not.
pub async fn idle_shop_with(dir: &Path, traces: bool) -> (Shop, ShopOptions) {
    let options = ShopOptions {
        payments: SimulatedSettings {
            success_rate: Rate::ALWAYS,
            ..SimulatedSettings::default()
        },
        // A clock that flies would go to a time-out whenever everybody happens to wait.
        time: Some(ManualTime::at(Timestamp::from_ms(1_800_000_000_000))),
        traces,
        ..ShopOptions::default()
    };
    let shop = Shop::open_idle(dir, &options).await.unwrap();
    shop.stock("MUG", 1_000_000_000).await.unwrap();
    (shop, options)
}

/// `POST /orders` as order creation gets it.
pub fn invocation() -> Invocation {
    let mut event = ApiGatewayProxyRequest::default();
    let json = http::HeaderValue::from_static("application/json");
    event.headers.insert(http::header::CONTENT_TYPE, json);
    event.body = Some(ORDER.to_owned());
    event.request_context.identity.api_key_id = Some("key".to_owned());
    Invocation::Api(Box::new(event))
}

/// What order creation is told about the call.
pub fn context() -> Context {
    Context {
        request_id: "0199f2c1-7a00-4000-8000-000000000001".into(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
    }
}

/// Checks that an order was taken.
pub fn assert_created(reply: &Reply) {
    match reply {
        Reply::Api(answer) if answer.status_code == 201 => {}
        other => panic!("not created: {other:?}"),
    }
}
