//! Queries over a few lines.

use serde_json::{Value, json};

use super::super::line::{Cursor, Line};
use super::{Query, Run};

fn lines() -> Vec<Line> {
    let lines = [
        (
            0,
            json!({"event_type": "order_created", "level": "INFO", "data": {"orderId": "A", "totalAmount": "59.98"}}),
        ),
        (
            60_000,
            json!({"event_type": "order_created", "level": "INFO", "data": {"orderId": "B", "totalAmount": "100.00"}}),
        ),
        (
            61_000,
            json!({"event_type": "function_failed", "level": "WARN", "data": {"error": "Out of stock"}}),
        ),
        (
            300_000,
            json!({"event_type": "order_created", "level": "INFO", "data": {"orderId": "C", "totalAmount": "9.5"}}),
        ),
    ];
    let line = |(at_ms, json): (i64, Value)| {
        let cursor = Cursor {
            at_ms,
            group: "/aws/lambda/order-creation".into(),
            file: 0,
            offset: 0,
        };
        Line::new(cursor, json.to_string())
    };
    lines.into_iter().map(line).collect()
}

fn rows(query: &str) -> Value {
    let mut run = Run::new(Query::parse(query).unwrap(), 100);
    for line in lines() {
        if !run.look(&line) {
            break;
        }
    }
    let rows: Vec<Value> = run
        .finish()
        .rows
        .into_iter()
        .map(|row| row.values.into())
        .collect();
    rows.into()
}

#[test]
fn the_seeds_example() {
    assert_eq!(
        rows("fields @timestamp, data.orderId | filter event_type = \"order_created\""),
        json!([
            ["1970-01-01T00:00:00.000Z", "A"],
            ["1970-01-01T00:01:00.000Z", "B"],
            ["1970-01-01T00:05:00.000Z", "C"],
        ])
    );
}

#[test]
fn filters() {
    for (filter, ids) in [
        ("data.totalAmount > 50", json!([["A"], ["B"]])),
        (
            "data.totalAmount >= 9.5 and data.totalAmount < 60",
            json!([["A"], ["C"]]),
        ),
        ("data.orderId in ['A', 'C']", json!([["A"], ["C"]])),
        ("data.orderId like /[BC]/", json!([["B"], ["C"]])),
        ("data.error like 'of stock'", json!([[null]])),
        ("not ispresent(data.orderId)", json!([[null]])),
        (
            "data.orderId = 'A' or (level = \"WARN\" and data.error not like /x/)",
            json!([["A"], [null]]),
        ),
        ("data.orderId != 'A'", json!([["B"], [null], ["C"]])),
    ] {
        assert_eq!(
            rows(&format!("fields data.orderId | filter {filter}")),
            ids,
            "{filter}"
        );
    }
}

#[test]
fn statistics_by_time_and_field() {
    assert_eq!(
        rows(
            "stats count(*) as n, sum(data.totalAmount), pct(data.totalAmount, 50) by bin(5m) | sort n desc"
        ),
        json!([
            ["1970-01-01T00:00:00.000Z", 3, 159.98, 100.0],
            ["1970-01-01T00:05:00.000Z", 1, 9.5, 9.5],
        ])
    );
    assert_eq!(
        rows(
            "filter level = 'INFO' | stats count(*), avg(data.totalAmount), min(data.totalAmount), max(data.totalAmount), count_distinct(data.orderId) by event_type"
        ),
        json!([["order_created", 3, 169.48 / 3.0, 9.5, 100.0, 3]])
    );
}

#[test]
fn sorting_and_limits() {
    assert_eq!(
        rows(
            "fields data.orderId as id, data.totalAmount as total | filter ispresent(id) or ispresent(data.orderId) | sort total desc | limit 2"
        ),
        json!([["B", "100.00"], ["A", "59.98"]])
    );
}

#[test]
fn what_cannot_be_read_says_where() {
    for (query, part) in [
        ("fetch x", "fetch is no stage"),
        ("filter a ~ 1", "~ has no meaning"),
        ("filter a", "after a should be"),
        ("filter a = b", "b is no value"),
        ("filter a = 'x", "closing '"),
        ("stats mean(x)", "mean is no statistic"),
        ("stats count(*) by bin(5x)", "5x is no number"),
        ("limit 0", "0 is no number from 1"),
        ("fields a filter b = 1", "filter stands where | should be"),
        ("filter a like /(/", "pattern can't be read"),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert!(error.contains(part), "{query}: {error}");
    }
}
