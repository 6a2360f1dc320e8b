//! Counting from many threads, bounds, and the texts.

use std::sync::Arc;

use expect_test::expect;
use ports::metrics::Metrics;

use super::{Registry, Value};

#[test]
fn prometheus_text() {
    let registry = Registry::new();
    registry.count("OrdersCreated", &[("Status", "Success")], 2);
    registry.count("OrdersCreated", &[("Status", "Success")], 1);
    registry.count("OrdersCreated", &[("Status", "Invalid")], 1);
    registry.count("SomethingNew", &[("Odd Key", "a\"b\\c\nd")], 1);
    registry.observe("OrderValue", &[("Currency", "USD")], 59.98);
    registry.observe("OrderValue", &[("Currency", "USD")], 0.1);
    registry.observe("OrderValue", &[("Currency", "USD")], 1e9);
    registry.observe("OrderValue", &[("Currency", "USD")], f64::NAN);
    expect![[r##"
        # HELP ordermill_order_value Totals of the orders placed, in their currency.
        # TYPE ordermill_order_value histogram
        ordermill_order_value_bucket{currency="USD",le="0.1"} 1
        ordermill_order_value_bucket{currency="USD",le="0.25"} 1
        ordermill_order_value_bucket{currency="USD",le="0.5"} 1
        ordermill_order_value_bucket{currency="USD",le="1"} 1
        ordermill_order_value_bucket{currency="USD",le="2.5"} 1
        ordermill_order_value_bucket{currency="USD",le="5"} 1
        ordermill_order_value_bucket{currency="USD",le="10"} 1
        ordermill_order_value_bucket{currency="USD",le="25"} 1
        ordermill_order_value_bucket{currency="USD",le="50"} 1
        ordermill_order_value_bucket{currency="USD",le="100"} 2
        ordermill_order_value_bucket{currency="USD",le="250"} 2
        ordermill_order_value_bucket{currency="USD",le="500"} 2
        ordermill_order_value_bucket{currency="USD",le="1000"} 2
        ordermill_order_value_bucket{currency="USD",le="2500"} 2
        ordermill_order_value_bucket{currency="USD",le="5000"} 2
        ordermill_order_value_bucket{currency="USD",le="10000"} 2
        ordermill_order_value_bucket{currency="USD",le="30000"} 2
        ordermill_order_value_bucket{currency="USD",le="100000"} 2
        ordermill_order_value_bucket{currency="USD",le="+Inf"} 3
        ordermill_order_value_sum{currency="USD"} 1000000060.08
        ordermill_order_value_count{currency="USD"} 3
        # HELP ordermill_orders_created_total Requests to place an order, by outcome.
        # TYPE ordermill_orders_created_total counter
        ordermill_orders_created_total{status="Invalid"} 1
        ordermill_orders_created_total{status="Success"} 3
        # HELP ordermill_something_new_total A metric of this name in CloudWatch.
        # TYPE ordermill_something_new_total counter
        ordermill_something_new_total{odd_key="a\"b\\c\nd"} 1
        # HELP ordermill_metrics_dropped_total Counts dropped because there were too many series.
        # TYPE ordermill_metrics_dropped_total counter
        ordermill_metrics_dropped_total 0
    "##]]
    .assert_eq(&registry.render());
}

#[test]
fn json() {
    let registry = Registry::new();
    registry.count("Payments", &[("Status", "Success")], 1);
    registry.observe("Latency", &[], 3.0);
    let mut json = serde_json::to_value(registry.snapshot()).unwrap();
    let buckets = json["series"][0]["buckets"].take();
    assert_eq!(buckets[5]["atMost"].to_string(), "5.0");
    assert_eq!(buckets[4]["count"], 0);
    assert_eq!(buckets[5]["count"], 1);
    expect![[r#"{"series":[{"name":"Latency","dimensions":[],"kind":"histogram","count":1,"sum":3.0,"buckets":null},{"name":"Payments","dimensions":[["Status","Success"]],"kind":"counter","total":1}],"dropped":0}"#]].assert_eq(&json.to_string());
}

#[test]
fn dimensions_tell_series_apart() {
    let registry = Registry::new();
    registry.count("A", &[("x", "1")], 1);
    registry.count("A", &[("y", "1")], 1);
    registry.count("A", &[("x", "11")], 1);
    registry.count("A", &[], 1);
    registry.count("B", &[("x", "1")], 1);
    assert_eq!(registry.snapshot().series.len(), 5);
}

#[test]
fn no_count_is_lost_between_threads() {
    let registry = Arc::new(Registry::new());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let registry = Arc::clone(&registry);
            std::thread::spawn(move || {
                for n in 0..10_000_u32 {
                    registry.count("N", &[("digit", &(n % 10).to_string())], 1);
                    registry.observe("V", &[], 1.0);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.series.len(), 11);
    for series in &snapshot.series {
        match &series.value {
            Value::Counter { total } => assert_eq!(*total, 4_000),
            Value::Histogram { count, sum, .. } => {
                assert_eq!((*count, sum.to_string()), (40_000, "40000".to_owned()));
            }
        }
    }
}

#[test]
fn too_many_series_are_dropped_and_counted() {
    let registry = Registry::new();
    for n in 0..Registry::MAX_SERIES + 5 {
        registry.count("N", &[("n", &n.to_string())], 1);
    }
    registry.count("N", &[("n", "0")], 1);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.series.len(), Registry::MAX_SERIES);
    assert_eq!(snapshot.dropped, 5);
}

#[test]
fn a_metric_of_one_kind_stays_of_that_kind() {
    let registry = Registry::new();
    registry.count("N", &[], 1);
    registry.observe("N", &[], 7.0);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.series.len(), 1);
    assert_eq!(snapshot.series[0].value, Value::Counter { total: 1 });
}
