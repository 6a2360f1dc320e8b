//! What expressions mean, and what is said of those that mean nothing.

use std::collections::BTreeMap;

use asl::value::Object;
use proptest::prelude::*;
use serde_json::Value;

use super::error::ExpressionError;
use super::{Condition, Map, Projection, Update, check_all_used};

fn map(json: &str) -> Map {
    serde_json::from_str(json).unwrap()
}

/// Values as a task gives them.
fn values(json: &str) -> Object {
    asl::Value::from(Value::Object(map(json)))
        .as_object()
        .unwrap()
        .clone()
}

fn item() -> Map {
    map(
        r#"{"orderId":"o-1","status":"PROCESSING","total":59.98,"paid":true,"note":null,"tags":["a",1.0],"box":{"w":1}}"#,
    )
}

const NAMES: &str = r##"{"#s":"status","#total":"total","#odd":"an odd.name"}"##;
const VALUES: &str = r#"{":a":{"S":"A"},":p":{"S":"PROCESSING"},":n":{"N":"0.02"},":one":{"N":"1"},":hundred":{"N":"1e2"},
    ":l":{"L":[{"N":"2"}]},":t":{"BOOL":true},":type":{"S":"S"},":big":{"N":"12345678901234567890123456789012345678"}}"#;

fn update(text: &str) -> Result<String, ExpressionError> {
    let mut item = item();
    let before = item.clone();
    let result = Update::parse(text, Some(&map(NAMES))).and_then(|u| u.apply(&mut item, &values(VALUES)));
    if result.is_err() {
        assert_eq!(item, before, "{text} failed, yet changed the item");
    }
    result?;
    item.retain(|name, value| before.get(name) != Some(value));
    let gone: Vec<&String> = before
        .keys()
        .filter(|name| text.contains("REMOVE") && text.contains(*name))
        .collect();
    let gone = if gone.is_empty() {
        String::new()
    } else {
        format!(" without {gone:?}")
    };
    Ok(sorted(item) + &gone)
}

/// The item as JSON, sorted by name.
fn sorted(item: Map) -> String {
    serde_json::to_string(&item.into_iter().collect::<BTreeMap<_, _>>()).unwrap()
}

#[test]
fn updates_do_what_they_say() {
    for (text, changed) in [
        ("SET #s = :a", r#"{"status":"A"}"#),
        (
            "set #s = :a, paymentId = orderId",
            r#"{"paymentId":"o-1","status":"A"}"#,
        ),
        ("SET #total = #total + :n", r#"{"total":60}"#),
        ("SET #total = #total - :one", r#"{"total":58.98}"#),
        ("SET tries = if_not_exists(tries, :one) + :one", r#"{"tries":2}"#),
        ("SET #total = if_not_exists(#total, :one)", "{}"),
        ("SET tags = list_append(tags, :l)", r#"{"tags":["a",1.0,2]}"#),
        (
            "SET lot = if_not_exists(lot, if_not_exists(lot, :hundred))",
            r#"{"lot":1e+2}"#,
        ),
        ("SET #odd = :t", r#"{"an odd.name":true}"#),
        ("ADD tries :one, #total :n", r#"{"total":60,"tries":1}"#),
        (
            "REMOVE paid, absent SET a = paid ADD b :hundred",
            r#"{"a":true,"b":1e+2} without ["paid"]"#,
        ),
    ] {
        assert_eq!(update(text).as_deref(), Ok(changed), "{text}");
    }
}

#[test]
fn every_operand_of_an_update_is_read_from_the_item_before_it() {
    let mut item = map(r#"{"a":1,"b":2}"#);
    Update::parse("SET a = b, b = a REMOVE c", None)
        .unwrap()
        .apply(&mut item, &Object::default())
        .unwrap();
    assert_eq!(sorted(item), r#"{"a":2,"b":1}"#);
}

#[test]
fn updates_are_refused_in_dynamodbs_words() {
    for (text, message) in [
        ("", "Invalid UpdateExpression: The expression can not be empty;"),
        (
            "PUT a = :a",
            r#"Invalid UpdateExpression: Syntax error; token: "PUT", near: "PUT a""#,
        ),
        (
            "SET a",
            r#"Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "a""#,
        ),
        (
            "SET a b = :a",
            r#"Invalid UpdateExpression: Syntax error; token: "b", near: "a b =""#,
        ),
        (
            "SET a = :a,",
            r#"Invalid UpdateExpression: Syntax error; token: "<EOF>", near: ",""#,
        ),
        (
            "SET a = :a + :n + :n",
            r#"Invalid UpdateExpression: Syntax error; token: "+", near: ":n + :n""#,
        ),
        (
            "SET a = :a; REMOVE b",
            r#"Invalid UpdateExpression: Syntax error; token: ";", near: "; REMOVE b""#,
        ),
        (
            "SET a = 5",
            r#"Invalid UpdateExpression: Syntax error; token: "5", near: "= 5""#,
        ),
        (
            "SET status = :a",
            "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status",
        ),
        (
            "SET #x = :a",
            "Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #x",
        ),
        (
            "SET a = :x",
            "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :x",
        ),
        (
            "SET box.w = :a",
            "Invalid UpdateExpression: A path into an attribute is not supported on one machine; path: box.…",
        ),
        (
            "REMOVE tags[0]",
            "Invalid UpdateExpression: A path into an attribute is not supported on one machine; path: tags[…",
        ),
        (
            "SET a = upper(b)",
            "Invalid UpdateExpression: Invalid function name; function: upper",
        ),
        (
            "SET a = :a SET b = :a",
            r#"Invalid UpdateExpression: The "SET" section can only be used once in an update expression;"#,
        ),
        (
            "SET #s = :a REMOVE #s",
            "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; \
             path one: [status], path two: [status]",
        ),
        (
            "DELETE tags :a",
            "Invalid UpdateExpression: Sets are not supported on one machine, and so neither is the DELETE section",
        ),
        (
            "SET a = absent",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        (
            "SET a = #s + :one",
            "An operand in the update expression has an incorrect data type",
        ),
        (
            "SET b = :one, a = list_append(#s, :l)",
            "An operand in the update expression has an incorrect data type",
        ),
        (
            "ADD a :a",
            "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: ADD, operand type: S",
        ),
        (
            "SET a = #total + :big",
            "Number overflow. Attempting to store or compare a number of more than 28 significant digits: \
             12345678901234567890123456789012345678",
        ),
    ] {
        assert_eq!(
            update(text).map_err(|e| e.to_string()),
            Err(message.to_owned()),
            "{text}"
        );
    }
}

fn holds(text: &str) -> Result<bool, ExpressionError> {
    Condition::parse(text, Some(&map(NAMES)))?.holds(&item(), &values(VALUES))
}

#[test]
fn conditions_hold_or_not() {
    for (text, expected) in [
        ("#s = :p", true),
        ("#s IN (:a, :p)", true),
        ("#s in (:a)", false),
        ("NOT #s = :p OR paid = :t", true),
        ("NOT (#s = :p OR paid = :t)", false),
        ("#s = :a AND paid = :t OR orderId <> :a", true),
        ("#s = :a AND (paid = :t OR orderId <> :a)", false),
        ("#total < :hundred", true),
        (":hundred >= #total", true),
        ("#total BETWEEN :one AND :hundred", true),
        ("#total BETWEEN :one AND :one AND paid = :t", false),
        ("absent = :a", false),
        ("absent <> :a", true),
        ("absent < :one", false),
        ("#s = :one", false),
        ("#s <> :one", true),
        ("#s > :one", false),
        ("attribute_exists(orderId) AND attribute_not_exists(absent)", true),
        ("attribute_exists(note)", true),
        ("attribute_type(#s, :type)", true),
        ("attribute_type(#total, :type)", false),
        ("begins_with(#s, :p)", true),
        ("begins_with(#total, :p)", false),
        ("contains(#s, :p) AND contains(tags, :one)", true),
        ("contains(tags, :a)", false),
        ("size(#s) > :one AND size(tags) > size(box)", true),
        ("size(paid) > :one", false),
    ] {
        assert_eq!(holds(text), Ok(expected), "{text}");
    }
}

#[test]
fn conditions_are_refused_in_dynamodbs_words() {
    for (text, message) in [
        (
            "  ",
            "Invalid ConditionExpression: The expression can not be empty;",
        ),
        (
            "#s",
            r##"Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "#s""##,
        ),
        (
            "(#s = :p",
            r#"Invalid ConditionExpression: Syntax error; token: "<EOF>", near: ":p""#,
        ),
        (
            "#s = :p)",
            r#"Invalid ConditionExpression: Syntax error; token: ")", near: ":p)""#,
        ),
        (
            "#s == :p",
            r##"Invalid ConditionExpression: Syntax error; token: "=", near: "== :p""##,
        ),
        (
            "#s IN ()",
            r#"Invalid ConditionExpression: Syntax error; token: ")", near: "()""#,
        ),
        (
            "exists(#s)",
            "Invalid ConditionExpression: Invalid function name; function: exists",
        ),
        (
            "BEGINS_WITH(#s, :p)",
            "Invalid ConditionExpression: Invalid function name; function: BEGINS_WITH",
        ),
        (
            "begins_with(#s)",
            "Invalid ConditionExpression: Incorrect number of operands for operator or function; \
             operator or function: begins_with, number of operands: 1",
        ),
        (
            "attribute_exists(#s, orderId, paid)",
            "Invalid ConditionExpression: Incorrect number of operands for operator or function; \
             operator or function: attribute_exists, number of operands: 3",
        ),
        (
            "attribute_exists(:p)",
            "Invalid ConditionExpression: Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "begins_with(#s, :one)",
            "Invalid ConditionExpression: Incorrect operand type for operator or function; \
             operator or function: begins_with, operand type: N",
        ),
        (
            "#s = :p OR paid = :x",
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :x",
        ),
        (
            "#total BETWEEN :hundred AND :one",
            "Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound",
        ),
        (
            "#total < :big",
            "Number overflow. Attempting to store or compare a number of more than 28 significant digits: \
             12345678901234567890123456789012345678",
        ),
    ] {
        assert_eq!(
            holds(text).map_err(|e| e.to_string()),
            Err(message.to_owned()),
            "{text}"
        );
    }
    assert_eq!(
        holds(&"NOT ".repeat(500)),
        Err(ExpressionError::TooDeep(super::error::ExpressionKind::Condition))
    );
    assert!(matches!(
        holds(&" ".repeat(5000)),
        Err(ExpressionError::TooLong { bytes: 5000, .. })
    ));
}

#[test]
fn a_projection_keeps_what_it_names_and_exists() {
    let names = map(NAMES);
    let projection = Projection::parse("#s, orderId, absent", Some(&names)).unwrap();
    assert_eq!(
        sorted(projection.project(item())),
        r#"{"orderId":"o-1","status":"PROCESSING"}"#
    );
    let twice = Projection::parse("#s, a, #s", Some(&names)).unwrap_err();
    assert!(matches!(twice, ExpressionError::Overlap { path, .. } if path == "status"));
    let nested = Projection::parse("box.w", None).unwrap_err().to_string();
    assert_eq!(
        nested,
        "Invalid ProjectionExpression: A path into an attribute is not supported on one machine; path: box.…"
    );
}

#[test]
fn unused_placeholders_are_told() {
    let (names, values) = (
        map(r##"{"#s":"status","#x":"x"}"##),
        map(r#"{":a":{"S":"A"},":b":{"S":"B"}}"#),
    );
    let update = Update::parse("SET #s = :a", Some(&names)).unwrap();
    let condition = Condition::parse("#x = :b", Some(&names)).unwrap();
    let both = [update.placeholders(), condition.placeholders()];
    assert_eq!(check_all_used(&both, Some(&names), Some(&values)), Ok(()));
    let message = |used, names, values| check_all_used(used, names, values).unwrap_err().to_string();
    assert_eq!(
        message(&both[..1], Some(&names), Some(&values)),
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"
    );
    assert_eq!(
        message(&both[1..], None, Some(&values)),
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
    );
}

#[test]
fn numbers_are_equal_by_value_and_exact() {
    let equal = |a: &str, b: &str| {
        let item = map(&format!(r#"{{"a":{a}}}"#));
        let values = values(&format!(r#"{{":b":{{"N":"{b}"}}}}"#));
        Condition::parse("a = :b", None).unwrap().holds(&item, &values)
    };
    assert_eq!(equal("59.980", "59.98"), Ok(true));
    assert_eq!(equal("1e2", "100"), Ok(true));
    assert_eq!(equal("-15e-1", "-1.5"), Ok(true));
    assert_eq!(equal("0e99", "0"), Ok(true));
    assert_eq!(equal("9007199254740993", "9007199254740992"), Ok(false));
    assert_eq!(equal("0.1", "0.10000000000000001"), Ok(false));
    assert!(matches!(equal("1e40", "1"), Err(ExpressionError::NumberRange(_))));
    assert!(matches!(
        equal("1e-40", "1"),
        Err(ExpressionError::NumberRange(_))
    ));
}

/// Words that expressions are made of, and some that they are not.
fn fragments() -> impl Strategy<Value = String> {
    let words = vec![
        "SET",
        "REMOVE",
        "ADD",
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "(",
        ")",
        ",",
        "=",
        "<>",
        "<=",
        ">",
        "+",
        "-",
        ".",
        "[",
        "]",
        "0",
        "#s",
        "#",
        ":a",
        ":",
        "a",
        "status",
        "size",
        "if_not_exists",
        "begins_with",
        "é",
        "\u{0}",
        "\"",
    ];
    let word = prop_oneof![9 => proptest::sample::select(words).prop_map(str::to_owned), 1 => ".{0,4}"];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in prop_oneof![fragments(), any::<String>()]) {
        let names = map(NAMES);
        let values = values(VALUES);
        if let Ok(update) = Update::parse(&text, Some(&names)) {
            let _ = update.apply(&mut item(), &values);
        }
        if let Ok(condition) = Condition::parse(&text, Some(&names)) {
            let _ = condition.holds(&item(), &values);
        }
        let _ = Projection::parse(&text, Some(&names));
    }

    #[test]
    fn sums_are_exact(a in -1_000_000_000_000_i64..1_000_000_000_000, b in 0_i64..1_000_000, scale in 0_u32..6) {
        let (a, b) = (rust_decimal::Decimal::new(a, scale), rust_decimal::Decimal::new(b, 2));
        let mut item = map(&format!(r#"{{"n":{a}}}"#));
        let values = values(&format!(r#"{{":b":{{"N":"{b}"}}}}"#));
        Update::parse("SET n = n + :b", None).unwrap().apply(&mut item, &values).unwrap();
        prop_assert_eq!(item["n"].to_string(), (a + b).normalize().to_string());
    }
}
