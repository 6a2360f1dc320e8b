//! The business metrics: what one machine shows is what the dashboard in the template shows on AWS.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use connectors::{FailureKind, FailureWeights, Rate, SimulatedSettings};
use domain::Timestamp;
use embedded::Observer;
use embedded::time::ManualTime;
use ports::analytics::{CONVERSION_RATE, PAYMENT_SUCCESS_RATE, RateMetric};
use ports::clock::Clock;
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::function::{Context, Handler, Invocation, Reply};
use ports::metrics::{MetricSource, Sample};
use ports::observability::{MetricHistory, MetricPoint, MetricQuery, MetricStatistic};
use serde_json::Value;
use testkit::{Shop, ShopOptions};

const GOOD: &str =
    r#"{"customerId":"CUST-001","items":[{"productId":"PROD-001","quantity":1,"price":29.99}]}"#;
const BAD: &str = r#"{"customerId":"CUST-001","items":[]}"#;
const START_MS: i64 = 1_800_000_000_000;

/// Asks order creation for an order, as the gateway does; returns the status.
async fn ask(shop: &Shop, body: &str) -> i64 {
    let mut request = ApiGatewayProxyRequest::default();
    request.path = Some("/orders".to_owned());
    request.body = Some(body.to_owned());
    let json = http::HeaderValue::from_static("application/json");
    request.headers.insert("content-type", json);
    request.request_context.identity.api_key_id = Some("key-1".to_owned());
    let context = Context {
        request_id: "request".into(),
        trace_id: "0123456789abcdef0123456789abcdef".into(),
    };
    let function = shop.engine.lambda().function("order-creation").unwrap();
    match function
        .call(Invocation::Api(Box::new(request)), context)
        .await
        .unwrap()
    {
        Reply::Api(answer) => answer.status_code,
        other => panic!("{other:?}"),
    }
}

/// The series of this name in the hour, each with its dimensions and its values by the period.
async fn series(
    observer: &Observer,
    name: &str,
    statistic: MetricStatistic,
    period_s: u32,
) -> Vec<(Vec<(String, String)>, Vec<f64>)> {
    let query = MetricQuery {
        namespace: "OrderProcessingSystem".to_owned(),
        name: name.to_owned(),
        dimensions: Vec::new(),
        from: Timestamp::from_ms(START_MS),
        to: Timestamp::from_ms(START_MS + 3_600_000),
        period_s,
        statistic,
    };
    let found = observer.get_metric(query).await.unwrap();
    let values = |points: Vec<MetricPoint>| points.into_iter().map(|point| point.value).collect();
    found
        .into_iter()
        .map(|found| (found.series.dimensions, values(found.points)))
        .collect()
}

/// The dashboard's widgets, as JSON.
fn widgets() -> Vec<Value> {
    let template = include_str!("../../../../template.yaml");
    let (_, body) = template.split_once("DashboardBody: !Sub |\n").unwrap();
    let body: String = body
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("        "))
        .collect();
    let body: Value = serde_json::from_str(&without_references(&body)).unwrap();
    body["widgets"].as_array().unwrap().clone()
}

/// What CloudFormation puts in place of `${Name}` makes no difference here.
fn without_references(body: &str) -> String {
    let mut parts = body.split("${");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('}').unwrap().1)
}

/// What the dashboard shows under this title, of these sums of `OrdersCreated` and `Payments`.
fn on_the_dashboard(title: &str, sums: &HashMap<(String, String), f64>) -> f64 {
    let widgets = widgets();
    let has_title = |widget: &&Value| widget["properties"]["title"].as_str().unwrap().starts_with(title);
    let widget = widgets.iter().find(has_title).unwrap();
    let properties = &widget["properties"];
    assert_eq!(
        (&properties["stat"], &properties["period"]),
        (&"Sum".into(), &3_600.into())
    );
    assert!(properties["title"].as_str().unwrap().contains('%'));
    let (mut expression, mut by_id) = (String::new(), HashMap::new());
    for metric in properties["metrics"].as_array().unwrap() {
        match metric.as_array().unwrap().as_slice() {
            [of] => expression = of["expression"].as_str().unwrap().to_owned(),
            [namespace, name, status, outcome, options] => {
                assert_eq!(
                    (namespace, status),
                    (&"OrderProcessingSystem".into(), &"Status".into())
                );
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let sum = sums.get(&(text(name), text(outcome))).copied();
                by_id.insert(text(&options["id"]), sum);
            }
            other => panic!("{other:?}"),
        }
    }
    let mut rest = expression.as_str();
    let value = sum(&mut rest, &by_id);
    assert_eq!(rest, "", "{expression}");
    value
}

/// Metric math, as far as the dashboard has any: `+`, `*`, `/`, brackets, numbers, and `FILL(id, number)`.
fn sum(rest: &mut &str, by_id: &HashMap<String, Option<f64>>) -> f64 {
    let mut value = product(rest, by_id);
    while takes(rest, "+") {
        value += product(rest, by_id);
    }
    value
}

fn product(rest: &mut &str, by_id: &HashMap<String, Option<f64>>) -> f64 {
    let mut value = factor(rest, by_id);
    loop {
        if takes(rest, "*") {
            value *= factor(rest, by_id);
        } else if takes(rest, "/") {
            value /= factor(rest, by_id);
        } else {
            return value;
        }
    }
}

fn factor(rest: &mut &str, by_id: &HashMap<String, Option<f64>>) -> f64 {
    if takes(rest, "(") {
        let value = sum(rest, by_id);
        assert!(takes(rest, ")"), "{rest}");
        value
    } else if takes(rest, "FILL(") {
        let id = word(rest);
        assert!(takes(rest, ","), "{rest}");
        let otherwise = sum(rest, by_id);
        assert!(takes(rest, ")"), "{rest}");
        by_id[id].unwrap_or(otherwise)
    } else {
        word(rest).parse().unwrap()
    }
}

fn takes(rest: &mut &str, sign: &str) -> bool {
    let found = rest.trim_start().strip_prefix(sign);
    *rest = found.unwrap_or(rest).trim_start();
    found.is_some()
}

fn word<'t>(rest: &mut &'t str) -> &'t str {
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    word
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_show_the_same_rates() {
    let dir = tempfile::tempdir().unwrap();
    let time = ManualTime::at(Timestamp::from_ms(START_MS));
    let payments = |success_rate, failures| SimulatedSettings {
        success_rate,
        failures,
        ..SimulatedSettings::default()
    };
    let declined = FailureWeights::only(FailureKind::Declined);
    let broken = FailureWeights::only(FailureKind::Error);
    let mut rates = Vec::new();
    // A restart between them, for the hour is longer than what is not stored yet.
    for (payments, good, bad) in [
        (payments(Rate::ALWAYS, declined), 5, 2),
        (payments(Rate::NEVER, declined), 2, 1),
        (payments(Rate::NEVER, broken), 1, 0),
    ] {
        let options = ShopOptions {
            time: Some(time.clone()),
            payments,
            traces: true,
            ..ShopOptions::default()
        };
        let shop = Shop::open(dir.path(), &options).await.unwrap();
        let source = Arc::clone(&shop.metrics) as Arc<dyn MetricSource>;
        let observer = Observer::open(&shop.engine, source).unwrap();
        let watching = observer.start();
        for _ in 0..good {
            assert_eq!(ask(&shop, GOOD).await, 201);
        }
        for _ in 0..bad {
            assert_eq!(ask(&shop, BAD).await, 400);
        }
        if bad > 0 {
            shop.settled().await.unwrap();
        } else {
            // What the gateway gave no answer to is asked for again, by the clock; once is enough.
            let is_unanswered =
                |sample: &Sample| sample.dimensions.contains(&("Status", "Unavailable".to_owned()));
            while !shop.metrics.peek().iter().any(is_unanswered) {
                tokio::task::yield_now().await;
            }
        }
        // The first look may have begun before all that; the one of the second minute didn't.
        for _ in 0..2 {
            time.advance(Duration::from_secs(60));
            observer.caught_up(shop.engine.time().now()).await;
        }
        let mut sums = HashMap::new();
        for counter in ["OrdersCreated", "Payments"] {
            for (dimensions, value) in series(&observer, counter, MetricStatistic::Sum, 3_600).await {
                sums.insert((counter.to_owned(), dimensions[0].1.clone()), value[0]);
            }
        }
        // As it was looked at last.
        let shown = async |rate: RateMetric| {
            let gauges = series(&observer, rate.name, MetricStatistic::Maximum, 60).await;
            let [(dimensions, values)] = gauges.as_slice() else {
                panic!("{gauges:?}")
            };
            assert_eq!(dimensions, &[]);
            format!("{:.3}", values.last().unwrap())
        };
        let expected = |title| format!("{:.3}", on_the_dashboard(title, &sums));
        // Whatever is counted says what it is.
        let text = shop.metrics.render();
        assert!(!text.contains("Not described"), "{text}");
        rates = vec![shown(CONVERSION_RATE).await, shown(PAYMENT_SUCCESS_RATE).await];
        assert_eq!(
            rates,
            [expected("Conversion rate"), expected("Payment success rate")]
        );
        shop.close().await;
        watching.await.unwrap();
    }
    // 8 of 11, and 5 of 7.
    assert_eq!(rates, ["72.727", "71.429"]);
}
