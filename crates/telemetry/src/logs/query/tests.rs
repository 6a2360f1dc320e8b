//! Queries over a few lines.

use ports::observability::LogTable;
use serde_json::{Value, json};

use super::super::line::{Cursor, Line, Place};
use super::{Query, Run};

fn lines() -> Vec<(Cursor, String)> {
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
        (cursor, json.to_string())
    };
    lines.into_iter().map(line).collect()
}

fn rows(query: &str) -> Value {
    let mut run = Run::new(Query::parse(query).unwrap(), 100);
    for (cursor, text) in &lines() {
        let line = Line::new(cursor.place(), text.as_bytes());
        // As a search does.
        if run.may_want(text.as_bytes()) && !run.look(&line) {
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
    for (query, right) in [
        (
            "fields data.orderId as id, data.totalAmount as total | filter ispresent(data.orderId) | sort total desc | limit 2",
            json!([["B", "100.00"], ["A", "59.98"]]),
        ),
        // By a field that is no column, and the first of many.
        (
            "fields data.orderId | sort @timestamp asc | limit 2",
            json!([["A"], ["B"]]),
        ),
        (
            "fields data.orderId | sort data.totalAmount | filter ispresent(data.orderId) | limit 1",
            json!([["C"]]),
        ),
        ("fields level | sort level | limit 1", json!([["INFO"]])),
        (
            "stats count(*) as n by level | sort n desc",
            json!([["INFO", 3], ["WARN", 1]]),
        ),
    ] {
        assert_eq!(rows(query), right, "{query}");
    }
}

/// The answer of a query over so many lines, newest first, each a millisecond after the other.
fn counted(query: &str, lines: i64) -> LogTable {
    let mut run = Run::new(Query::parse(query).unwrap(), 100);
    for number in (0..lines).rev() {
        let place = Place {
            at_ms: number,
            group: "g",
            file: 0,
            offset: 0,
        };
        let text = format!(r#"{{"data":{{"n":{number}}}}}"#);
        if !run.look(&Line::new(place, text.as_bytes())) {
            break;
        }
    }
    run.finish()
}

fn values(table: &LogTable) -> Value {
    table
        .rows
        .iter()
        .map(|row| Value::from(row.values.clone()))
        .collect()
}

#[test]
fn what_sorts_first_is_found_among_however_many_lines() {
    let table = counted("fields data.n | sort @timestamp asc | limit 2", 12_000);
    assert_eq!(values(&table), json!([[0], [1]]));
    assert!(table.truncated && table.scanned == 12_000);
    let table = counted("fields data.n | sort data.n desc | limit 2", 12_000);
    assert_eq!(values(&table), json!([[11_999], [11_998]]));
    let table = counted("fields data.n | sort @timestamp desc | limit 2", 12_000);
    assert_eq!((values(&table), table.scanned), (json!([[11_999], [11_998]]), 3));
    let table = counted("fields data.n | sort data.n | limit 2", 2);
    assert_eq!((values(&table), table.truncated), (json!([[0], [1]]), false));
}

#[test]
fn the_first_and_the_last_time_are_times() {
    assert_eq!(
        rows("stats min(@timestamp), max(@timestamp), count(@timestamp) by event_type | sort event_type"),
        json!([
            [
                "function_failed",
                "1970-01-01T00:01:01.000Z",
                "1970-01-01T00:01:01.000Z",
                1
            ],
            [
                "order_created",
                "1970-01-01T00:00:00.000Z",
                "1970-01-01T00:05:00.000Z",
                3
            ],
        ])
    );
}

#[test]
fn what_is_not_of_all_values_says_so() {
    let query = "stats count_distinct(data.n) as different, pct(data.n, 50) as middle, max(data.n)";
    assert_eq!(counted(query, 100_000).notes, Vec::<String>::new());
    let table = counted(query, 100_001);
    assert_eq!(values(&table), json!([[100_000, 50_001.0, 100_000.0]]));
    assert_eq!(
        table.notes,
        [
            "different is 100000 or more: no more than that are told apart in a row",
            "middle is of the 100000 values of a row that were read first, the newest ones",
        ]
    );
}

#[test]
fn a_text_is_found_however_it_is_written() {
    for (line, filter) in [
        (r#"{"a":"x\"y"}"#, r#"a = "x\"y""#),
        (r#"{"a":"\u0078y"}"#, r#"a = "xy""#),
        (r#"{"a":1.50}"#, r#"a = "1.5""#),
        (r#"{"a":true}"#, r#"a = "true""#),
        (r#"{"a":[1, 2]}"#, r#"a = "[1,2]""#),
        (r#"{"a":""}"#, r#"a = """#),
        (r#"{"a":"ä"}"#, r#"a = "ä" and a != "b""#),
    ] {
        let mut run = Run::new(Query::parse(&format!("filter {filter}")).unwrap(), 1);
        let place = Place {
            at_ms: 0,
            group: "g",
            file: 0,
            offset: 0,
        };
        assert!(run.may_want(line.as_bytes()), "{filter}");
        run.look(&Line::new(place, line.as_bytes()));
        assert_eq!(run.finish().rows.len(), 1, "{filter}");
    }
    let run = Run::new(Query::parse(r#"filter a = "xy""#).unwrap(), 1);
    assert!(!run.may_want(br#"{"a":"x"}"#));
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
        (
            "stats count(*) by a | sort b",
            "there is no b to sort by; after stats there are a, count(*)",
        ),
        ("filter a like /(/", "pattern can't be read"),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert!(error.contains(part), "{query}: {error}");
    }
}
