//! Values: their measure, their members, and what comes and goes through `serde_json`.

use proptest::prelude::*;

use super::*;

fn json_values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".*".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 64, 40, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec((".*", inner), 0..40).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn the_same_json_comes_out(json in json_values()) {
        let value = Value::from(&json);
        prop_assert_eq!(value.to_string(), json.to_string());
        prop_assert_eq!(serde_json::Value::from(&value), json.clone());
        prop_assert_eq!(serde_json::from_str::<Value>(&json.to_string()).unwrap(), value);
    }

    #[test]
    fn the_extent_is_the_length_of_the_text(json in json_values()) {
        prop_assert_eq!(Value::from(&json).extent().bytes, json.to_string().len());
    }

    #[test]
    fn an_object_is_put_together_as_serde_json_does(names in prop::collection::vec("[a-e]{0,2}", 0..80)) {
        let members = || names.iter().zip(0_u32..);
        let object: Value = members().map(|(name, at)| (name.into(), at.into())).collect();
        let json: serde_json::Value = members().map(|(name, at)| (name.clone(), at)).collect();
        prop_assert_eq!(object.to_string(), json.to_string());
        let one_by_one = members().fold(Object::default(), |object, (name, at)| object.with(name, at.into()));
        prop_assert_eq!(Value::from(one_by_one), object);
    }
}

#[test]
fn numbers_keep_their_text() {
    let text = "[1.0,59.980,-0,18446744073709551616,1e+400]";
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value.to_string(), text);
    assert_eq!(value.extent().bytes, text.len());
}

#[test]
fn arrays_and_objects_know_how_deep_they_nest() {
    for (value, depth) in [
        (json!("text"), 0),
        (json!([]), 1),
        (json!([1, [[], {}]]), 3),
        (json!({"a": {"b": [1]}}), 3),
    ] {
        assert_eq!(value.extent().depth, depth, "{value}");
    }
}

#[test]
fn a_change_leaves_what_it_was_made_from_as_it_was() {
    let before = Object::from([("a", json!(1)), ("b", json!([2]))]);
    let changed = before.with("a", json!("one"));
    assert_eq!(Value::from(changed).to_string(), r#"{"a":"one","b":[2]}"#);
    let skeleton = Object::from([("a", Value::Null), ("b", json!([2])), ("c", Value::Null)]);
    let filled = skeleton.try_fill(|at| (at == 2).then(|| Ok::<_, ()>(json!([["deep"]]))));
    assert_eq!(
        filled.map(Value::from),
        Ok(json!({"a": null, "b": [2], "c": [["deep"]]}))
    );
    assert_eq!(Value::from(before).to_string(), r#"{"a":1,"b":[2]}"#);
}
