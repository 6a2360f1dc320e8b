//! Payload templates: what they build, and how their errors are told.

use super::*;
use crate::value::json;
use proptest::prelude::*;

fn evaluate(template: &Value, input: &Value) -> Result<Value, EvaluationError> {
    let context = json!({"Execution": {"Id": "e-1", "Input": {"input-value": 7}}});
    let mut variables = Variables::new();
    variables.insert("total".into(), json!({"amount": 59.98, "lines": [1, 2]}));
    let template = Template::parse(&template.into()).unwrap_or_else(|error| panic!("{template}: {error}"));
    template.evaluate(&Scope {
        input,
        context: &context,
        variables: &variables,
        seed: 7,
    })
}

#[test]
fn templates_fill_in_expressions_at_any_depth() {
    let template = json!({
        "id.$": "$.orderId", "execution.$": "$$.Execution.Id", "hyphen.$": "$$.Execution.Input.input-value",
        "amount.$": "$total.amount", "first.$": "$total.lines[0]", "all.$": "$total",
        "fixed": {"path": "$.orderId", "null": null},
        "nested": [{"text.$": "States.Format('{}-{}', $.orderId, $total.lines[1])"}, 3, [{"x.$": "$"}]],
    });
    let expected = json!({
        "id": "o-1", "execution": "e-1", "hyphen": 7, "amount": 59.98, "first": 1,
        "all": {"amount": 59.98, "lines": [1, 2]}, "fixed": {"path": "$.orderId", "null": null},
        "nested": [{"text": "o-1-2"}, 3, [{"x": {"orderId": "o-1"}}]],
    });
    assert_eq!(evaluate(&template, &json!({"orderId": "o-1"})), Ok(expected));
}

#[test]
fn a_literal_template_stays_as_it_is() {
    let literal = json!({"a": [1, {"b": "$.x"}], "c": "States.UUID()"});
    assert!(
        Template::parse(&(&literal).into())
            .expect("a template")
            .is_literal()
    );
    assert_eq!(evaluate(&literal, &json!({})), Ok(literal));
}

#[test]
fn an_index_past_the_end_is_null_in_a_template_only() {
    assert_eq!(
        evaluate(&json!({"x.$": "$.items[5]"}), &json!({"items": [1]})),
        Ok(json!({"x": null}))
    );
    let error = evaluate(
        &json!({"x.$": "States.Array($.items[5])"}),
        &json!({"items": [1]}),
    );
    assert!(
        matches!(error, Err(EvaluationError::ArgumentNotFound { .. })),
        "{error:?}"
    );
}

#[test]
fn errors_are_worded_as_step_functions_words_them() {
    let input = json!({"int-literal": 0});
    let cases = [
        (
            json!({"x.$": "$.none"}),
            "The JSONPath '$.none' specified for the field 'x.$' could not be found in the input '{\"int-literal\":0}'",
        ),
        (
            json!({"x": [{"y.$": "$$.Nope.Deep"}]}),
            "The JSONPath '$.Nope.Deep' specified for the field 'y.$' could not be found in the input \
             '{\"Execution\":{\"Id\":\"e-1\",\"Input\":{\"input-value\":7}}}'",
        ),
        (
            json!({"x.$": "States.Format('{}', States.Format('{}', $.nope))"}),
            "The function 'States.Format('{}', States.Format('{}', $.nope))' had the following error: The JsonPath \
             argument for the field '$.nope' could not be found in the input '{\"int-literal\":0}'",
        ),
        (
            json!({"x.$": "$missing.a"}),
            "The variable '$missing' specified for the field 'x.$' has not been assigned a value",
        ),
    ];
    for (template, expected) in cases {
        let error = evaluate(&template, &input).expect_err("nothing there");
        assert_eq!(
            (error.to_string().as_str(), error.error_name()),
            (expected, "States.Runtime")
        );
    }
    let input_path = Expression::parse("$.NoSuchInputPath").expect("a path");
    let nothing = Variables::new();
    let scope = Scope {
        input: &input,
        context: &Value::Null,
        variables: &nothing,
        seed: 0,
    };
    let error = input_path.evaluate(&scope).expect_err("nothing there");
    assert_eq!(
        error.as_invalid_path(),
        "Invalid path '$.NoSuchInputPath' : No results for path: $['NoSuchInputPath']"
    );
}

#[test]
fn every_mistake_in_a_template_is_found_with_its_place() {
    let template = json!({
        "a.$": "x", "b": [{"c/d.$": "$["}], "e.$": 1, "f": 2, "f.$": "$.f", "g.$": "States.Nope()", "ok.$": "$.ok",
    });
    let mut errors = Vec::new();
    Template::parse_all(&template.into(), &mut errors);
    let mut places: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/a.$", "/b/0/c~1d.$", "/e.$", "/f.$", "/g.$"]);
}

#[test]
fn chance_is_a_function_of_the_seed() {
    let template =
        json!({"a.$": "States.UUID()", "b.$": "States.UUID()", "c.$": "States.MathRandom(0, 1000000000)"});
    let once = evaluate(&template, &json!({})).expect("a value");
    assert_eq!(evaluate(&template, &json!({})), Ok(once.clone()));
    assert_ne!(once["a"], once["b"]);
    let uuid = once["a"].as_str().expect("a text");
    assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'), "{uuid}");
    assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{uuid}");
}

proptest! {
    #[test]
    fn expressions_never_panic(text in "(States[.][A-Za-z]{0,12}|[$]{0,2}[a-z.]{0,6})[ ,'{}()$.\\\\0-9a-z\\[\\]-]{0,24}") {
        let _ = Expression::parse(&text);
    }
}
