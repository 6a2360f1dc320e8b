//! The rules of Choice states in short, as labels of the lines they choose.

use serde_json::{Map, Value};

/// How deep a rule is looked into.
const MAX_DEPTH: usize = 8;

/// A rule in short: `status = "PAID"`, `total > 100 and not urgent`.
pub(super) fn in_short(rule: &Map<String, Value>) -> String {
    match rule.get("Condition") {
        Some(Value::String(text)) => {
            let inner = text
                .strip_prefix("{%")
                .and_then(|text| text.strip_suffix("%}"))
                .unwrap_or(text);
            inner
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .replace("$states.input.", "")
        }
        Some(other) => other.to_string(),
        None => rule_in_short(rule, 0),
    }
}

fn rule_in_short(rule: &Map<String, Value>, depth: usize) -> String {
    if depth > MAX_DEPTH {
        return "…".to_owned();
    }
    for (name, word) in [("And", " and "), ("Or", " or ")] {
        if let Some(Value::Array(rules)) = rule.get(name) {
            let parts: Vec<String> = rules
                .iter()
                .filter_map(Value::as_object)
                .map(|inner| {
                    let text = rule_in_short(inner, depth + 1);
                    if inner.contains_key("And") || inner.contains_key("Or") {
                        format!("({text})")
                    } else {
                        text
                    }
                })
                .collect();
            return parts.join(word);
        }
    }
    if let Some(Value::Object(inner)) = rule.get("Not") {
        return format!("not {}", rule_in_short(inner, depth + 1));
    }
    let variable = rule
        .get("Variable")
        .and_then(Value::as_str)
        .map(variable_in_short)
        .unwrap_or_default();
    let comparison = rule
        .iter()
        .find(|(name, _)| !["Variable", "Next", "Comment", "Assign", "Output"].contains(&name.as_str()));
    match comparison {
        Some((operator, operand)) => compared(&variable, operator, operand),
        None => variable,
    }
}

fn variable_in_short(path: &str) -> String {
    path.strip_prefix("$.").unwrap_or(path).to_owned()
}

fn compared(variable: &str, operator: &str, operand: &Value) -> String {
    if let Some(what) = operator.strip_prefix("Is") {
        let what = match what {
            "Present" => "present".to_owned(),
            "Null" => "null".to_owned(),
            other => format!("a {}", other.to_lowercase()),
        };
        let not = if *operand == Value::Bool(false) {
            "not "
        } else {
            ""
        };
        return format!("{variable} is {not}{what}");
    }
    if operator == "BooleanEquals" {
        return if *operand == Value::Bool(false) {
            format!("not {variable}")
        } else {
            variable.to_owned()
        };
    }
    let (operator, operand) = match (operator.strip_suffix("Path"), operand) {
        (Some(operator), Value::String(path)) => (operator, variable_in_short(path)),
        (_, operand) => (operator, operand.to_string()),
    };
    let sign = if operator.ends_with("GreaterThanEquals") {
        "≥"
    } else if operator.ends_with("LessThanEquals") {
        "≤"
    } else if operator.ends_with("GreaterThan") {
        ">"
    } else if operator.ends_with("LessThan") {
        "<"
    } else if operator.ends_with("Matches") {
        "~"
    } else {
        "="
    };
    format!("{variable} {sign} {operand}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_said_in_short() {
        for (rule, expected) in [
            (
                r#"{"Variable": "$.status", "StringEquals": "PAID", "Next": "A"}"#,
                "status = \"PAID\"",
            ),
            (
                r#"{"Variable": "$.n", "NumericGreaterThanEqualsPath": "$.least"}"#,
                "n ≥ least",
            ),
            (
                r#"{"Variable": "$.item", "IsPresent": false}"#,
                "item is not present",
            ),
            (
                r#"{"Variable": "$.at", "IsTimestamp": true}"#,
                "at is a timestamp",
            ),
            (
                r#"{"Not": {"Variable": "$.ok", "BooleanEquals": true}}"#,
                "not ok",
            ),
            (
                r#"{"And": [{"Variable": "$.a", "NumericLessThan": 2}, {"Or": [{"Variable": "$.b", "IsNull": true},
                    {"Variable": "$c", "StringMatches": "x*"}]}]}"#,
                "a < 2 and (b is null or $c ~ \"x*\")",
            ),
            (
                r#"{"Condition": "{% $states.input.total  > 100 %}"}"#,
                "total > 100",
            ),
            ("{}", ""),
        ] {
            let parsed: Map<String, Value> = serde_json::from_str(rule).expect("JSON");
            assert_eq!(in_short(&parsed), expected, "{rule}");
        }
    }
}
