//! JSONata in templates: values, errors in Step Functions' words, and bounds.

use super::*;
use crate::value::json;

fn evaluate(text: &str, input: &Value) -> Result<Value, String> {
    let mut variables = Variables::new();
    variables.insert("total".into(), json!({"amount": 59.98}));
    let context = json!({"State": {"Name": "Pay"}});
    let result = json!({"Payload": [1]});
    let states = States {
        input,
        context: &context,
        result: Some(&result),
        error_output: None,
    };
    let scope = Scope {
        states,
        variables: &variables,
        seed: 7,
        now_ms: 1_700_000_000_000,
    };
    let expression = Expression::parse(&format!("{{% {text} %}}")).map_err(|error| error.to_string())?;
    expression
        .evaluate(&scope, "Output")
        .map_err(|error| error.to_string())
}

fn order() -> Value {
    serde_json::from_str(
        r#"{"id": "o-1", "amount": 59.980, "big": 12345678901234567890123, "note": null, "one": [0],
            "lines": [{"sku": "tea", "price": 4.5, "quantity": 2}, {"sku": "cup", "price": 12, "quantity": 1}]}"#,
    )
    .expect("JSON")
}

#[test]
fn expressions_give_values() {
    for (text, expected) in [
        ("$states.input.id", json!("o-1")),
        ("$states.input.note", json!(null)),
        ("$states.input.one", json!([0])),
        ("$states.input.lines.sku", json!(["tea", "cup"])),
        ("$sum($states.input.lines.(price * quantity))", json!(21)),
        ("$states.input.lines[price > 10].sku", json!("cup")),
        ("$states.context.State.Name", json!("Pay")),
        ("$states.result.Payload", json!([1])),
        ("$total.amount * 2", json!(119.96)),
        ("$exists($nope) ? 1 : 2", json!(2)),
        ("$variable := 1", json!(1)),
        ("$millis()", json!(1_700_000_000_000_i64)),
        ("$merge([{'a': 1}, {'b': 2}])", json!({"a": 1, "b": 2})),
        ("$contains('hello$world', /^hello\\ /)", json!(false)),
        ("2 * 9007199254740993", json!(18_014_398_509_481_984_i64)),
    ] {
        assert_eq!(evaluate(text, &order()), Ok(expected), "{text}");
    }
}

#[test]
fn plain_references_keep_numbers_as_they_were_written() {
    for (text, expected) in [
        ("$states.input.amount", "59.980"),
        ("$states.input.big", "12345678901234567890123"),
    ] {
        assert_eq!(
            evaluate(text, &order()).map(|value| value.to_string()),
            Ok(expected.to_owned())
        );
    }
}

#[test]
fn a_plain_reference_finds_what_the_engine_finds() {
    let input = json!({"a": {"b": [{"c": 1}, {"c": 2}]}, "e": [], "n": null, "s": "x", "in": 1});
    for path in [
        "a", "a.b", "a.b.c", "a.b.c.d", "e", "e.x", "n", "n.x", "s", "s.x", "nope", "a.nope",
    ] {
        let direct = evaluate(&format!("$states.input.{path}"), &input);
        let engine = evaluate(&format!("($states.input.{path})"), &input);
        assert_eq!(
            direct.is_ok(),
            engine.is_ok(),
            "{path}: {direct:?} and {engine:?}"
        );
        assert_eq!(direct.ok(), engine.ok(), "{path}");
    }
}

#[test]
fn step_functions_own_functions() {
    for (text, expected) in [
        ("$partition([0, 1, 2], 2)", json!([[0, 1], [2]])),
        ("$partition([0, 1], 5)", json!([[0, 1]])),
        ("$partition([1, 2, 3], 2.9)", json!([[1, 2], [3]])),
        ("$range(0, 10, 3)", json!([0, 3, 6, 9])),
        ("$range(1, 9, 9)", json!(1)),
        ("$range(-1.7, 1, 1)", json!([-1, 0, 1])),
        ("$range(3, 1, -1)", json!([3, 2, 1])),
        (
            "$hash('input data', 'MD5')",
            json!("812f45842bc6d66ee14572ce20db8e86"),
        ),
        ("$parse('{\"a\": [1, true]}')", json!({"a": [1, true]})),
        ("$random(5) = $random(5)", json!(true)),
        ("$random() = $random()", json!(false)),
        ("$random(5) >= 0 and $random(5) < 1", json!(true)),
        ("$uuid() = $uuid()", json!(false)),
        ("$length($uuid())", json!(36)),
    ] {
        assert_eq!(evaluate(text, &order()), Ok(expected), "{text}");
    }
    assert_eq!(
        evaluate("$uuid()", &order()),
        evaluate("$uuid()", &order()),
        "the same seed gives the same chance"
    );
    for text in [
        "$partition([1], 0)",
        "$partition([], 1)",
        "$range(1, 2)",
        "$range(1, 2, -1)",
        "$hash('a')",
    ] {
        let nothing = format!(
            "The JSONata expression '{text}' specified for the field 'Output' returned nothing (undefined)."
        );
        assert_eq!(evaluate(text, &order()), Err(nothing));
    }
}

#[test]
fn failures_are_worded_as_step_functions_words_them() {
    for (text, expected) in [
        ("$doesNotExist", "returned nothing (undefined)."),
        (
            "$randomSeeded(1)",
            "threw an error during evaluation. T1006: Attempted to invoke a non-function",
        ),
        (
            "$eval('1')",
            "threw an error during evaluation. T1006: Attempted to invoke a non-function",
        ),
        ("$fn := function($x){$x}", "returned an unsupported result type."),
    ] {
        let cause = format!("The JSONata expression '{text}' specified for the field 'Output' {expected}");
        assert_eq!(evaluate(text, &order()), Err(cause));
    }
}

#[test]
fn templates_replace_expressions_and_name_their_places() {
    let order = order();
    let scope = Scope {
        states: States {
            input: &order,
            context: &Value::Null,
            result: None,
            error_output: None,
        },
        variables: &Variables::new(),
        seed: 1,
        now_ms: 0,
    };
    let template = Template::parse(
        &json!({"a": ["{%$states.input.id%}", 1], "b": " {% not this %} ", "c.$": "$"}).into(),
    );
    let value = template.expect("a template").evaluate(&scope, "Output");
    assert_eq!(
        value,
        Ok(json!({"a": ["o-1", 1], "b": " {% not this %} ", "c.$": "$"}))
    );
    let template = Template::parse(&json!({"a": {"b": [1, "{% $nope %}"]}}).into()).expect("a template");
    assert_eq!(
        template
            .evaluate(&scope, "Assign")
            .expect_err("nothing")
            .location(),
        "Assign/a/b[1]"
    );
    let mut errors = Vec::new();
    Template::parse_all(
        &json!({"a": ["{% 1 + %}"], "b": "{% phone %}"}).into(),
        &mut errors,
    );
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.pointer.as_str(), error.problem.code()))
        .collect();
    assert_eq!(
        found,
        [
            ("/a/0", "INVALID_JSONATA_EXPRESSION"),
            ("/b", "UNSUPPORTED_JSONATA_EXPRESSION")
        ]
    );
}

#[test]
fn a_context_item_is_refused_when_the_expression_is_read() {
    for name in [
        "phone",
        "phone.number",
        "$map($states.input.a, function($x) { phone })",
        "[phone]",
        "$f(phone)",
    ] {
        let refused = "Reference to 'phone' at the top level is not supported.".to_owned();
        assert_eq!(evaluate(name, &Value::Null), Err(refused), "{name}");
    }
    assert_eq!(
        evaluate("$$.a", &Value::Null),
        Err("Reference to '$$' is not supported.".to_owned())
    );
    for allowed in [
        "$states.input.lines[price > 1]^(price).sku",
        "$states.input.lines{sku: price}",
    ] {
        assert!(evaluate(allowed, &order()).is_ok(), "{allowed}");
    }
}

#[test]
fn hostile_expressions_end_with_an_error() {
    for text in [
        "(function($f){$f($f)})(function($f){$f($f)})",
        "($f := function($n){$n < 2 ? 1 : $f($n - 1) + $f($n - 2)}; $f(40))",
        "($f := function($n){1 + $f($n + 1)}; $f(0))",
        "[1..10000000]",
        "$range(0, 9000000000, 1)",
        "$range(0, 1000000, 1)",
        "$pad('a', 100000000)",
        "($s := function($x, $n){$n = 0 ? $x : $s($x & $x, $n - 1)}; $s('aaaaaaaaaa', 40))",
        "($s := function($x, $n){$n = 0 ? $x : $s([[$x], [$x]], $n - 1)}; $s([1], 40))",
    ] {
        assert!(evaluate(text, &Value::Null).is_err(), "{text}");
    }
    for text in [
        "(".repeat(30_000),
        "[".repeat(30_000),
        "-".repeat(60_000),
        "1+".repeat(30_000),
        "$a.".repeat(20_000),
    ] {
        let closed = format!(
            "{text}1{}{}",
            ")".repeat(text.matches('(').count()),
            "]".repeat(text.matches('[').count())
        );
        assert!(evaluate(&closed, &Value::Null).is_err(), "{}", &text[..10]);
    }
    assert_eq!(
        Expression::parse(&format!("{{%{}%}}", "1+".repeat(40_000))).map(|_| ()),
        Err(ParseError::TooLong)
    );
}

#[test]
fn a_regular_expression_spends_the_steps_of_its_evaluation() {
    let text = "{% $match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /(a+)+$/) %}";
    let scope = Scope {
        states: States {
            input: &Value::Null,
            context: &Value::Null,
            result: None,
            error_output: None,
        },
        variables: &Variables::new(),
        seed: 1,
        now_ms: 0,
    };
    // Fewer than an expression has, for a build without optimisation takes long over them.
    let environment = Environment {
        max_steps: 500,
        ..Environment::new(&scope)
    };
    let error = Expression::parse(text)
        .expect("an expression")
        .evaluate_with(&environment, "Output");
    assert!(error.expect_err("too many steps").to_string().contains("U1006"));
}
