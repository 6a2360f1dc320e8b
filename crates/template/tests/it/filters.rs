//! Filter policies against messages, by the examples and rules of the SNS developer guide.

use std::collections::BTreeMap;

use proptest::prelude::*;
use template::{FilterPolicy, MessageAttribute};

use crate::support::{system, with_resources};

fn policy(scope: &str, policy: &str) -> FilterPolicy {
    let system = system(&with_resources(&format!(
        "
  Topic: {{Type: AWS::SNS::Topic}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        E: {{Type: SNS, Properties: {{Topic: !Ref Topic, FilterPolicyScope: {scope}, FilterPolicy: {policy}}}}}
"
    )));
    let (_, listener) = system.subscriptions().next().unwrap();
    listener.filter.clone().unwrap()
}

/// `(name, type, value)` of each attribute.
type Attributes<'a> = &'a [(&'a str, &'a str, &'a str)];

fn delivers(filter: &str, attributes: Attributes<'_>) -> bool {
    let attributes: BTreeMap<_, _> = attributes
        .iter()
        .map(|(name, kind, value)| ((*name).to_owned(), MessageAttribute::new(kind, value).unwrap()))
        .collect();
    policy("MessageAttributes", filter).matches(&attributes, "")
}

#[track_caller]
fn check(filter: &str, yes: &[Attributes<'_>], no: &[Attributes<'_>]) {
    for attributes in yes {
        assert!(
            delivers(filter, attributes),
            "{filter} should pass {attributes:?}"
        );
    }
    for attributes in no {
        assert!(
            !delivers(filter, attributes),
            "{filter} should not pass {attributes:?}"
        );
    }
}

#[test]
fn exact_values() {
    check(
        "{sport: [rugby, tennis]}",
        &[
            &[("sport", "String", "rugby")],
            &[("sport", "String.Array", r#"["chess", "tennis"]"#)],
        ],
        &[
            &[("sport", "String", "Rugby")],
            &[("other", "String", "rugby")],
            &[],
            &[("sport", "Binary", "rugby")],
        ],
    );
    check(
        "{price: [301.5]}",
        &[
            &[("price", "Number", "301.5")],
            &[("price", "Number", "3.015e2")],
            &[("price", "Number.float", "301.50")],
        ],
        &[&[("price", "Number", "301.51")], &[("price", "String", "301.5")]],
    );
    check(
        "{flags: [true, null]}",
        &[
            &[("flags", "String.Array", "[true]")],
            &[("flags", "String.Array", "[null]")],
        ],
        &[
            &[("flags", "String.Array", "[false]")],
            &[("flags", "String", "true")],
        ],
    );
    check(
        "{code: ['12']}",
        &[&[("code", "String", "12")]],
        &[&[("code", "Number", "12")]],
    );
}

#[test]
fn parts_of_texts() {
    check(
        "{a: [{prefix: bas}]}",
        &[&[("a", "String", "baseball")]],
        &[&[("a", "String", "football")], &[]],
    );
    check(
        "{a: [{suffix: ball}]}",
        &[&[("a", "String", "baseball")]],
        &[&[("a", "String", "rugby")]],
    );
    check(
        "{a: [{equals-ignore-case: tennis}]}",
        &[&[("a", "String", "TENNIS")]],
        &[&[("a", "String", "tenni")]],
    );
}

#[test]
fn anything_but() {
    check(
        "{a: [{anything-but: [rugby, tennis]}]}",
        &[
            &[("a", "String", "baseball")],
            &[("a", "String.Array", r#"["rugby", "baseball"]"#)],
        ],
        &[
            &[("a", "String", "rugby")],
            &[("a", "String.Array", r#"["rugby"]"#)],
            &[],
            &[("b", "String", "x")],
        ],
    );
    check(
        "{a: [{anything-but: [100, 500]}]}",
        &[&[("a", "Number", "100.1")]],
        &[&[("a", "Number", "100")], &[("a", "Number", "500.0")]],
    );
    check(
        "{a: [{anything-but: {prefix: bas}}]}",
        &[&[("a", "String", "rugby")]],
        &[&[("a", "String", "basket")]],
    );
    check(
        "{a: [{anything-but: {suffix: et}}]}",
        &[&[("a", "String", "rugby")]],
        &[&[("a", "String", "basket")]],
    );
}

#[test]
fn ranges() {
    check(
        "{a: [{numeric: ['>', 0, '<=', 150]}]}",
        &[&[("a", "Number", "150")], &[("a", "Number", "0.00001")]],
        &[
            &[("a", "Number", "0")],
            &[("a", "Number", "150.00001")],
            &[("a", "String", "10")],
            &[],
        ],
    );
    check(
        "{a: [{numeric: ['<', 0]}, {numeric: ['=', 7]}]}",
        &[&[("a", "Number", "-1")], &[("a", "Number", "7")]],
        &[&[("a", "Number", "6")]],
    );
}

#[test]
fn presence() {
    check(
        "{a: [{exists: true}]}",
        &[&[("a", "String", "x")]],
        &[&[("a", "String", "")], &[("b", "String", "x")], &[]],
    );
    check(
        "{a: [{exists: false}]}",
        &[&[("b", "String", "x")]],
        &[&[("a", "String", "x")], &[]],
    );
    check(
        "{a: [x, {exists: false}]}",
        &[&[("b", "String", "y")], &[("a", "String", "x")]],
        &[&[("a", "String", "y")]],
    );
}

#[test]
fn all_keys_and_one_alternative() {
    check(
        "{a: [x], $or: [{b: [y]}, {c: [z], d: [w]}]}",
        &[
            &[("a", "String", "x"), ("b", "String", "y")],
            &[("a", "String", "x"), ("c", "String", "z"), ("d", "String", "w")],
        ],
        &[
            &[("b", "String", "y")],
            &[("a", "String", "x"), ("c", "String", "z")],
        ],
    );
}

#[test]
fn bodies() {
    let filter = policy(
        "MessageBody",
        "{order: {total: [{numeric: ['>=', 50]}], lines: {sku: [P-1]}}}",
    );
    let delivers = |body: &str| filter.matches(&BTreeMap::new(), body);
    assert!(delivers(
        r#"{"order": {"total": 59.98, "lines": [{"sku": "P-2"}, {"sku": "P-1"}]}}"#
    ));
    assert!(!delivers(
        r#"{"order": {"total": 49.99, "lines": [{"sku": "P-1"}]}}"#
    ));
    assert!(!delivers(r#"{"order": {"total": 59.98, "lines": []}}"#));
    assert!(!delivers("not JSON"));
    assert!(!delivers("[]"));

    let absent = policy("MessageBody", "{order: {refund: [{exists: false}]}}");
    assert!(absent.matches(&BTreeMap::new(), "{}"));
    assert!(!absent.matches(&BTreeMap::new(), r#"{"order": {"refund": "R-1"}}"#));
    let text = MessageAttribute::new("String", "x").unwrap();
    assert!(
        !absent.matches_attributes(&[("a".to_owned(), text)].into()),
        "a policy on the body is not one on attributes"
    );
}

#[test]
fn attributes_that_are_none() {
    assert_eq!(MessageAttribute::new("Text", "x"), None);
    assert_eq!(MessageAttribute::new("String.Array", "[[1]]"), None);
    assert_eq!(MessageAttribute::new("String.Array", "x"), None);
}

proptest! {
    /// `anything-but` is the opposite of the list, for a single value.
    #[test]
    fn anything_but_is_the_opposite(list in prop::collection::vec("[a-c]{1,2}", 1..4), value in "[a-c]{1,2}") {
        let values = list.join("', '");
        let listed = delivers(&format!("{{k: ['{values}']}}"), &[("k", "String", &value)]);
        let others = delivers(&format!("{{k: [{{anything-but: ['{values}']}}]}}"), &[("k", "String", &value)]);
        prop_assert_eq!(listed, list.contains(&value));
        prop_assert_eq!(others, !listed);
    }

    /// A number passes a range exactly when it lies in it, to the last digit.
    #[test]
    fn ranges_are_exact(low in -1000_i64..1000, width in 1_i64..1000, cents in -150_000_i64..250_000) {
        let high = low + width;
        let value = format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
        let passes = delivers(&format!("{{k: [{{numeric: ['>=', {low}, '<', {high}]}}]}}"), &[("k", "Number", &value)]);
        prop_assert_eq!(passes, low * 100 <= cents && cents < high * 100);
    }
}
