//! Paths: what each kind reads, writes and refuses.

use super::*;
use crate::value::json;
use proptest::prelude::*;

/// What a path gives, or the error as text.
fn check(path: &str, value: &Value, expected: &Value) {
    let path = JsonPath::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let found = path
        .evaluate(value)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(*found, *expected, "{path}");
}

fn refuse(path: &str, value: &Value, expected: &str) {
    let found = JsonPath::parse(path).and_then(|path| path.evaluate(value).map(Cow::into_owned));
    assert_eq!(
        found.map_err(|error| error.to_string()),
        Err(expected.to_owned()),
        "{path}"
    );
}

fn order() -> Value {
    json!({
        "orderId": "o-1", "error-info": {"Error": "Declined"}, "total.amount": 59.98, "it's": 1, "note": null,
        "Test\\\"\"Name\"": "quoted", "naïve": true,
        "lines": [
            {"sku": "tea", "price": 4.5, "quantity": 2, "tags": ["green", "loose"]},
            {"sku": "cup", "price": 12, "quantity": 1, "tags": []},
            {"sku": "pot", "price": "30", "quantity": 1}
        ]
    })
}

#[test]
fn definite_paths_give_the_value() {
    let order = order();
    for (path, expected) in [
        ("$", order.clone()),
        ("$.orderId", json!("o-1")),
        ("$.error-info.Error", json!("Declined")),
        ("$['error-info'][\"Error\"]", json!("Declined")),
        ("$['total.amount']", json!(59.98)),
        (r"$.total\.amount", json!(59.98)),
        (r"$['it\'s']", json!(1)),
        (r"$.na\u00efve", json!(true)),
        ("$.naïve", json!(true)),
        ("$['Test\\\"\"Name\"']", json!("quoted")),
        ("$.note", json!(null)),
        ("$.lines[1].sku", json!("cup")),
        ("$.lines[-1].sku", json!("pot")),
        ("$.lines.[0].sku", json!("tea")),
        ("$.lines[ 0 ]['sku']", json!("tea")),
        ("$.lines.length()", json!(3)),
        ("$.lines[0].tags.last()", json!("loose")),
        ("$.error-info.keys()", json!(["Error"])),
    ] {
        check(path, &order, &expected);
    }
}

#[test]
fn indefinite_paths_give_an_array() {
    let order = order();
    for (path, expected) in [
        ("$.lines[*].sku", json!(["tea", "cup", "pot"])),
        ("$.lines.*.sku", json!(["tea", "cup", "pot"])),
        ("$..sku", json!(["tea", "cup", "pot"])),
        ("$.lines[:1].sku", json!(["tea"])),
        ("$.lines[1:].sku", json!(["cup", "pot"])),
        ("$.lines[-2:].sku", json!(["cup", "pot"])),
        ("$.lines[-9:-2].sku", json!(["tea"])),
        ("$.lines[2:1]", json!([])),
        ("$.lines[0,2,9].sku", json!(["tea", "pot"])),
        ("$.lines[0]['sku','quantity','none']", json!(["tea", 2])),
        ("$..tags[0]", json!(["green"])),
        ("$.none[*].sku", json!([])),
        ("$.none.lines[1:5].sku", json!([])),
        ("$..price.max()", json!(12)),
        ("$.lines[*].quantity.sum()", json!(4.0)),
    ] {
        check(path, &order, &expected);
    }
}

#[test]
fn filters_compare_as_the_dialect_does() {
    let order = order();
    for (filter, expected) in [
        ("@.price > 4.5", json!(["cup"])),
        ("@.price == 12.0", json!(["cup"])),
        ("@.price == 30", json!(["pot"])),
        ("@.price === 30", json!([])),
        ("@.sku == 'tea' || @.sku == \"pot\"", json!(["tea", "pot"])),
        ("@.quantity==1&&@.tags", json!(["cup"])),
        ("!@.tags", json!(["pot"])),
        ("!(@.quantity > 1) && @['sku'] != 'cup'", json!(["pot"])),
        ("@.sku in ['cup', 'pot']", json!(["cup", "pot"])),
        ("@.sku nin ['cup', 'pot']", json!(["tea"])),
        ("@.sku =~ /T.A/i", json!(["tea"])),
        ("@.sku =~ /t/", json!([])),
        ("@.tags size 2", json!(["tea"])),
        ("@.tags empty true", json!(["cup"])),
        ("@.tags contains 'loose'", json!(["tea"])),
        ("@.sku contains 'u'", json!(["cup"])),
        ("@.tags anyof ['green', 'black']", json!(["tea"])),
        (
            "@.tags subsetof ['green', 'loose', 'black']",
            json!(["tea", "cup"]),
        ),
        ("@.tags noneof ['green']", json!(["cup", "pot"])),
        ("@.tags.length() >= 1", json!(["tea"])),
        ("@.none == null", json!([])),
        ("@.quantity == $.lines[0].quantity", json!(["tea"])),
        ("@.tags[?(@ == 'green')] size 1", json!(["tea"])),
    ] {
        check(&format!("$.lines[?({filter})].sku"), &order, &expected);
    }
}

#[test]
fn what_is_not_there_is_said_as_step_functions_says_it() {
    let order = order();
    refuse("$.none", &order, "No results for path: $['none']");
    refuse("$.none.at.all", &order, "Missing property in path $['none']");
    refuse("$.lines[7]", &order, "No results for path: $['lines'][7]");
    refuse(
        "$.orderId.x",
        &order,
        "Expected to find an object with property ['x'] in path $['orderId'] but found 'string'",
    );
    refuse(
        "$.orderId[0]",
        &order,
        "Filter: [0] can only be applied to arrays. Current context is: \"o-1\"",
    );
    refuse("$.orderId.sum()", &order, "sum() cannot be applied to string");
}

#[test]
fn what_is_no_path_is_refused_with_its_place() {
    for (path, expected) in [
        ("", "a path starts with `$` at position 0"),
        ("orderId", "a path starts with `$` at position 0"),
        ("$orderId", "expected `.` or `[` at position 1"),
        ("$.", "expected a name, `*` or `[` after the dot at position 2"),
        ("$..", "expected a name, `*` or `[` after the dot at position 3"),
        (
            "$.a b",
            "a name with spaces goes in brackets: ['my name'] at position 3",
        ),
        (
            "$[",
            "expected an index, a name in quotes, a slice, `*` or `?(…)` at position 2",
        ),
        ("$['a", "expected a closing ' at position 4"),
        ("$[0:4:2]", "a slice is [start:end], without a step at position 5"),
        ("$[9999999999999999999]", "the index is too large at position 2"),
        ("$.length().x", "`length()` must be the last step at position 10"),
        (
            "$[?(@.a == )]",
            "expected a path, a quoted text, a number, true, false, null, [ or { at position 11",
        ),
        ("$[?(@.a near 1)]", "unknown operator `near` at position 8"),
    ] {
        refuse(path, &json!({}), expected);
    }
    let unknown = JsonPath::parse("$.a.frobnicate()")
        .expect_err("no such function")
        .to_string();
    assert!(unknown.contains("unknown function `frobnicate()`"), "{unknown}");
    let lookahead = JsonPath::parse("$[?(@.a =~ /(?=a)/)]")
        .expect_err("not a regular language")
        .to_string();
    assert!(
        lookahead.contains("unsupported regular expression"),
        "{lookahead}"
    );
}

#[test]
fn reference_paths_write_where_they_point() {
    for (path, before, expected) in [
        ("$", json!({"a": 1}), json!(9)),
        ("$.b", json!({"a": 1}), json!({"a": 1, "b": 9})),
        ("$.a.b.c", json!({}), json!({"a": {"b": {"c": 9}}})),
        (
            "$['a-b'].c",
            json!({"a-b": {"d": 1}}),
            json!({"a-b": {"c": 9, "d": 1}}),
        ),
        ("$.list[1]", json!({"list": [1, 2]}), json!({"list": [1, 9]})),
        ("$.list[0].x", json!({"list": [{}]}), json!({"list": [{"x": 9}]})),
    ] {
        let path = ReferencePath::parse(path).expect(path);
        assert_eq!(path.put(&before, json!(9)), Ok(expected), "{path}");
    }
    for (path, before, expected) in [
        (
            "$.a.b",
            json!({"a": 1}),
            "cannot write to $['a']: number is in the way",
        ),
        ("$.a", json!([1]), "cannot write to $: array is in the way"),
        (
            "$.a[0]",
            json!({}),
            "cannot write to $['a']: no array is in the way",
        ),
        (
            "$.a[3]",
            json!({"a": [1]}),
            "cannot write to $['a']: an array without that element is in the way",
        ),
        (
            "$.new.deep[0]",
            json!({}),
            "cannot write to $['new']['deep']: no array is in the way",
        ),
    ] {
        let path = ReferencePath::parse(path).expect(path);
        let error = path.put(&before, json!(9)).expect_err("something is in the way");
        assert_eq!(error.to_string(), expected, "{path}");
    }
    for path in [
        "$.a[*]",
        "$..a",
        "$.a[0:1]",
        "$.a[0,1]",
        "$['a','b']",
        "$.a[?(@.b)]",
        "$.a.length()",
        "$.a[-1]",
    ] {
        assert_eq!(
            ReferencePath::parse(path).map(|_| ()),
            Err(PathError::NotAReference),
            "{path}"
        );
    }
}

#[test]
fn hostile_paths_end_with_an_error() {
    let mut deep = json!(0);
    for _ in 0..120 {
        deep = json!([deep, {"a": 1}]);
    }
    for path in [
        "$..*..*..*..*",
        "$..*..*..*..*.length()",
        "$[?(@..*..*..*..* == 1)]",
    ] {
        let path = JsonPath::parse(path).expect("a path");
        assert_eq!(
            path.evaluate(&deep).expect_err("too much"),
            PathError::TooComplex,
            "{path}"
        );
    }
    let nested = format!("$[?({}@{})]", "(".repeat(100_000), ")".repeat(100_000));
    assert!(matches!(JsonPath::parse(&nested), Err(PathError::Syntax { .. })));
    let nested = format!("${}", "[?(@".repeat(1_000));
    assert!(matches!(JsonPath::parse(&nested), Err(PathError::Syntax { .. })));
    let wide = json!(vec![json!("a".repeat(1_000)); 2_000]);
    let twice = JsonPath::parse("$[0:1500]").expect("a path");
    assert_eq!(
        twice.evaluate(&wide).expect_err("too large"),
        PathError::TooComplex
    );
    // Linear time, though a backtracking engine would not come back from it.
    let text = json!([format!("{}!", "a".repeat(20_000))]);
    check("$[?(@ =~ /(a+)+(a+)+$/)]", &text, &json!([]));
    let huge = JsonPath::parse("$[?(@ =~ /((a{1000}){1000}){1000}/)]")
        .expect_err("too large")
        .to_string();
    assert!(huge.contains("unsupported regular expression"), "{huge}");
}

/// Names that need no quotes, and some that do.
fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-zA-Z_é-][a-zA-Z0-9_é '\".-]{0,6}", 1..5)
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "[$@.\\[\\]()?*:,'\"0-9a-c\\\\ =<>!&|~/{}-]{0,40}") {
        let _ = JsonPath::parse(&text);
        let _ = JsonPath::parse(&format!("${text}"));
        let _ = JsonPath::parse(&format!("$[?(@.a{text})]"));
    }

    #[test]
    fn any_path_ends_on_any_value(text in "\\$([.]{1,2}[ab*]|\\[[0-2*-]{1,2}\\]|\\[\\?\\(@\\.[ab]\\)\\]){0,6}") {
        if let Ok(path) = JsonPath::parse(&text) {
            let value = json!({"a": [{"a": 1}, {"b": [2, {"a": {}}]}], "b": {"a": {"b": []}}});
            if let Ok(found) = path.evaluate(&value) {
                prop_assert!(path.is_definite() || found.as_array().is_some());
            }
        }
    }

    #[test]
    fn what_was_written_is_read_back(names in names(), number in any::<i64>()) {
        let quoted: String = names.iter().map(|name| format!("['{}']", name.replace('\'', "\\'"))).collect();
        let path = ReferencePath::parse(&format!("${quoted}")).expect("quoted names make a reference path");
        let value = path.put(&json!({"other": true}), json!(number)).expect("nothing is in the way");
        prop_assert_eq!(path.as_json_path().evaluate(&value).expect("it was written").into_owned(), json!(number));
        prop_assert_eq!(path.put(&value, json!(number)), Ok(value));
    }
}
