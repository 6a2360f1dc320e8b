//! Intrinsic functions: what each gives, refuses, and how it says so.

use super::*;
use crate::payload::{Expression, Variables};
use crate::value::{Number, json};

/// Evaluates a call on `input`; an error is its text.
fn call(text: &str, input: &Value) -> Result<Value, String> {
    let (context, variables) = (json!({}), Variables::new());
    let scope = Scope {
        input,
        context: &context,
        variables: &variables,
        seed: 1,
    };
    let expression = Expression::parse(text).map_err(|error| error.to_string())?;
    expression.evaluate(&scope).map_err(|error| error.to_string())
}

fn check(cases: &[(&str, Value)]) {
    let input = json!({
        "list": [1, 2, 3, 4, 5], "mixed": [null, 1, 1.0, "a", [1], {"b": 2, "a": 1}, {"a": 1, "b": 2}, "a"],
        "text": "it's", "object": {"Arg1": 1, "Arg2": []}, "half": -1.5, "price": 59.98,
    });
    for (text, expected) in cases {
        assert_eq!(call(text, &input), Ok(expected.clone()), "{text}");
    }
}

fn refuse(text: &str, part: &str) {
    let error = call(text, &json!({"list": [1], "text": "x"})).expect_err(text);
    assert!(error.contains(part), "{text}: {error}");
}

#[test]
fn arrays() {
    check(&[
        ("States.Array()", json!([])),
        (
            "States.Array(1, 'a', null, true, $.text, States.Array(2))",
            json!([1, "a", null, true, "it's", [2]]),
        ),
        ("States.ArrayPartition($.list, 2)", json!([[1, 2], [3, 4], [5]])),
        ("States.ArrayPartition($.list, 2.9)", json!([[1, 2], [3, 4], [5]])),
        (
            "States.ArrayContains($.mixed, States.StringToJson('{\"a\": 1.0, \"b\": 2}'))",
            json!(true),
        ),
        ("States.ArrayContains($.list, 9)", json!(false)),
        ("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9])),
        ("States.ArrayRange(5.4, -0.6, -2.4)", json!([5, 3, 1])),
        ("States.ArrayRange(1.6, 1.4, 1)", json!([1])),
        ("States.ArrayRange(5, 1, 1)", json!([])),
        ("States.ArrayGetItem($.list, 4)", json!(5)),
        ("States.ArrayLength($.list)", json!(5)),
        (
            "States.ArrayUnique($.mixed)",
            json!([null, 1, "a", [1], {"a": 1, "b": 2}]),
        ),
    ]);
    refuse("States.ArrayGetItem($.list, 1)", "index 1 is out of bounds");
    refuse("States.ArrayGetItem($.list, -1)", "index -1 is out of bounds");
    refuse(
        "States.ArrayRange(1, 1001, 1)",
        "Invalid arguments in States.ArrayRange: the range has more than 1000",
    );
    refuse("States.ArrayRange(1, 10, 0.49)", "the step must not be 0");
    refuse("States.ArrayRange(0, 999999999999999999, 1)", "more than 1000");
    refuse("States.ArrayPartition($.list, 0)", "at least 1");
    refuse("States.ArrayLength($.text)", "argument 1 must be an array");
}

#[test]
fn texts_and_json() {
    check(&[
        (
            r"States.Format('{} of \{\} \'{}\' {}', 1, $.text, null)",
            json!("1 of {} 'it's' null"),
        ),
        ("States.Format('{}', $.object)", json!(r#"{"Arg1":1,"Arg2":[]}"#)),
        ("States.Format('{}', $.price)", json!("59.98")),
        ("States.Format('no places')", json!("no places")),
        ("States.Format($.text)", json!("it's")),
        ("States.StringToJson('')", json!(null)),
        ("States.StringToJson('-0')", json!(0)),
        (
            "States.StringToJson(' {\"a\": [1.10]} ')",
            serde_json::from_str(r#"{"a": [1.10]}"#).expect("JSON"),
        ),
        ("States.JsonToString($.object)", json!(r#"{"Arg1":1,"Arg2":[]}"#)),
        (
            "States.JsonMerge($.object, States.StringToJson('{\"Arg1\": 2}'), false)",
            json!({"Arg1": 2, "Arg2": []}),
        ),
        ("States.StringSplit(', , ,', ',')", json!([" ", " "])),
        ("States.StringSplit('1a2b3', 'ab')", json!(["1", "2", "3"])),
        ("States.StringSplit('abc', '')", json!(["abc"])),
        ("States.StringSplit('', ',')", json!([])),
    ]);
    refuse(
        "States.Format('{} {}', 1)",
        "the template has 2 `{}`, and 1 values are given",
    );
    refuse("States.Format('{', 1)", "matching '}' not found for '{'");
    refuse(
        "States.Format($.text, 1)",
        "number of arguments do not match the occurrences of {}",
    );
    refuse(
        "States.StringToJson('{bad')",
        "Invalid arguments in States.StringToJson",
    );
    refuse(
        "States.JsonMerge($.text, $.text, false)",
        "argument 1 must be an object",
    );
    refuse(
        "States.JsonMerge($.text, $.text, true)",
        "deep merging is not supported",
    );
}

#[test]
fn encodings_and_digests() {
    check(&[
        (
            "States.Base64Encode('Data to encode')",
            json!("RGF0YSB0byBlbmNvZGU="),
        ),
        (
            "States.Base64Decode('RGF0YSB0byBlbmNvZGU=')",
            json!("Data to encode"),
        ),
        ("States.Base64Decode(' YWJjZA== ')", json!("abcd")),
        ("States.Base64Decode('YWJj')", json!("abc")),
        ("States.Base64Decode('ab==cd')", json!("i")),
        ("States.Base64Decode('4pyT')", json!("✓")),
        (
            "States.Hash('input data', 'MD5')",
            json!("812f45842bc6d66ee14572ce20db8e86"),
        ),
        (
            "States.Hash('input data', 'SHA-1')",
            json!("aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ),
        (
            "States.Hash('input data', 'SHA-256')",
            json!("b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3"),
        ),
    ]);
    refuse(
        "States.Hash('a', 'sha-1')",
        "the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512",
    );
    let long = json!({"long": "é".repeat(10_001), "fits": "é".repeat(10_000)});
    for function in [
        "Base64Encode($.long)",
        "Base64Decode($.long)",
        "Hash($.long, 'MD5')",
    ] {
        let error = call(&format!("States.{function}"), &long).expect_err("too long");
        assert!(error.contains("more than 10000 characters"), "{error}");
    }
    assert!(call("States.Base64Encode($.fits)", &long).is_ok());
}

#[test]
fn numbers() {
    check(&[
        ("States.MathAdd(-1.49, -1.5)", json!(-2)),
        ("States.MathAdd(-1.5, -1.51)", json!(-3)),
        ("States.MathAdd(2.5, 0)", json!(3)),
        ("States.MathAdd($.half, States.MathAdd(1, 1))", json!(1)),
        ("States.MathAdd(2147483646, 1)", json!(2_147_483_647)),
        ("States.MathRandom(5, 6)", json!(5)),
    ]);
    refuse("States.MathAdd(2147483647, 1)", "the sum is too large");
    refuse("States.MathAdd(3000000000, 1)", "argument 1 is too large");
    refuse("States.MathAdd('1', 1)", "argument 1 must be a number");
    refuse(
        "States.MathRandom(1.4, 1.6)",
        "the first number must be less than the second",
    );
    let seeded = call("States.MathRandom(0, 1000000, 42)", &json!({}));
    assert_eq!(seeded, call("States.MathRandom(0, 1000000, 42)", &json!({})));
    assert_ne!(seeded, call("States.MathRandom(0, 1000000, 43)", &json!({})));
    for end in 1..200 {
        let number = call(&format!("States.MathRandom(-3, {end})"), &json!({})).expect("a number");
        assert!(
            (-3..end).contains(&number.as_number().and_then(Number::as_i64).expect("an integer")),
            "{number}"
        );
    }
}

#[test]
fn a_wrong_call_is_refused_when_it_is_read() {
    refuse("States.Nope(1)", "there is no intrinsic function States.Nope");
    refuse(
        "States.ArrayLength($.list, 1)",
        "States.ArrayLength takes 1 arguments, and 2 are given",
    );
    refuse(
        "States.MathRandom(1)",
        "States.MathRandom takes 2 to 3 arguments, and 1 are given",
    );
    refuse("States.Array(1,)", "expected a path, a text in single quotes");
    refuse("States.Array(1", "expected `,` or `)`");
    refuse("States.Array(1) x", "expected the end");
    refuse(
        r#"States.StringToJson('{\"a\":1}')"#,
        "a backslash must be followed by",
    );
    refuse("States.Array($.a[)", "invalid path");
    refuse("States.Array('a)", "expected a closing `'`");
    refuse("States.Array(01)", "not a number");
}

#[test]
fn paths_in_arguments_may_contain_commas_and_parentheses() {
    let input = json!({"a,b": {"c)": 1}, "list": [{"k": "x,)"}, {"k": "y"}]});
    assert_eq!(call("States.Array($['a,b']['c)'], 2)", &input), Ok(json!([1, 2])));
    assert_eq!(
        call("States.Array($.list[?(@.k == 'x,)')].k)", &input),
        Ok(json!([["x,)"]]))
    );
    assert_eq!(
        call("States.Array($.list.length() , 1)", &input),
        Ok(json!([2, 1]))
    );
}

#[test]
fn calls_nest_ten_deep() {
    let nested = |depth: usize| format!("{}1{}", "States.Array(".repeat(depth), ")".repeat(depth));
    assert!(call(&nested(10), &json!({})).is_ok());
    refuse(&nested(11), "nest 10 deep at most");
    refuse(&nested(4_000), "nest 10 deep at most");
    refuse(&nested(100_000), "bytes at most");
}
