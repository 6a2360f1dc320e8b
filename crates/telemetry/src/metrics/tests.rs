//! Counting from many threads, bounds, and the texts.

use std::sync::Arc;

use expect_test::expect;
use ports::metrics::{MetricSource, Metrics, Sample};

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
        ordermill_order_value_bucket{currency="USD",le="0.16"} 1
        ordermill_order_value_bucket{currency="USD",le="0.25"} 1
        ordermill_order_value_bucket{currency="USD",le="0.4"} 1
        ordermill_order_value_bucket{currency="USD",le="0.63"} 1
        ordermill_order_value_bucket{currency="USD",le="1"} 1
        ordermill_order_value_bucket{currency="USD",le="1.6"} 1
        ordermill_order_value_bucket{currency="USD",le="2.5"} 1
        ordermill_order_value_bucket{currency="USD",le="4"} 1
        ordermill_order_value_bucket{currency="USD",le="6.3"} 1
        ordermill_order_value_bucket{currency="USD",le="10"} 1
        ordermill_order_value_bucket{currency="USD",le="16"} 1
        ordermill_order_value_bucket{currency="USD",le="25"} 1
        ordermill_order_value_bucket{currency="USD",le="40"} 1
        ordermill_order_value_bucket{currency="USD",le="63"} 2
        ordermill_order_value_bucket{currency="USD",le="100"} 2
        ordermill_order_value_bucket{currency="USD",le="160"} 2
        ordermill_order_value_bucket{currency="USD",le="250"} 2
        ordermill_order_value_bucket{currency="USD",le="400"} 2
        ordermill_order_value_bucket{currency="USD",le="630"} 2
        ordermill_order_value_bucket{currency="USD",le="1000"} 2
        ordermill_order_value_bucket{currency="USD",le="1600"} 2
        ordermill_order_value_bucket{currency="USD",le="2500"} 2
        ordermill_order_value_bucket{currency="USD",le="4000"} 2
        ordermill_order_value_bucket{currency="USD",le="6300"} 2
        ordermill_order_value_bucket{currency="USD",le="10000"} 2
        ordermill_order_value_bucket{currency="USD",le="16000"} 2
        ordermill_order_value_bucket{currency="USD",le="25000"} 2
        ordermill_order_value_bucket{currency="USD",le="40000"} 2
        ordermill_order_value_bucket{currency="USD",le="63000"} 2
        ordermill_order_value_bucket{currency="USD",le="100000"} 2
        ordermill_order_value_bucket{currency="USD",le="+Inf"} 3
        ordermill_order_value_sum{currency="USD"} 1000000060.08
        ordermill_order_value_count{currency="USD"} 3
        # HELP ordermill_orders_created_total Requests to place an order, by outcome.
        # TYPE ordermill_orders_created_total counter
        ordermill_orders_created_total{status="Invalid"} 1
        ordermill_orders_created_total{status="Success"} 3
        # HELP ordermill_something_new_total Not described.
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
    assert_eq!(buckets[8]["atMost"].to_string(), "4.0");
    assert_eq!(buckets[7]["count"], 0);
    assert_eq!(buckets[8]["count"], 1);
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
            Value::Gauge { last } => panic!("{last}"),
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

#[test]
fn each_value_is_taken_once() {
    let registry = Registry::new();
    registry.count("N", &[], 2);
    registry.observe("V", &[], 3.0);
    registry.observe("V", &[], 9.0);
    registry.gauge("G", &[], 5.0);
    registry.gauge("G", &[], 4.0);
    let read = |samples: Vec<Sample>| -> Vec<_> {
        let mut read: Vec<_> = samples
            .into_iter()
            .map(|s| (s.name, s.values.count, s.values.sum, s.values.min, s.values.max))
            .collect();
        read.sort_by_key(|s| s.0);
        read
    };
    let first = [
        ("G", 2, 9.0, 4.0, 5.0),
        ("N", 2, 2.0, 1.0, 1.0),
        ("V", 2, 12.0, 3.0, 9.0),
    ];
    assert_eq!(read(registry.peek()), first);
    assert_eq!(read(registry.take()), first);
    assert_eq!(read(registry.take()), []);
    registry.observe("V", &[], 1.0);
    registry.count("N", &[], 1);
    assert_eq!(
        read(registry.take()),
        [("N", 1, 1.0, 1.0, 1.0), ("V", 1, 1.0, 1.0, 1.0)]
    );
    assert!(registry.render().contains("ordermill_g 4\n"));
}

#[test]
fn a_series_at_hand_is_the_same_series() {
    let registry = Registry::new();
    registry.count("N", &[("a", "b")], 1);
    registry.counter("N", &[("a", "b")]).count(1);
    assert_eq!(registry.snapshot().series[0].value, Value::Counter { total: 2 });
    assert_eq!(registry.snapshot().series.len(), 1);
}
