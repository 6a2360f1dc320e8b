//! The rules of a Choice state.

use serde_json::{Map, Value};

use super::fields::{Field, RULE, Shape};
use super::nearest::suggestion;
use super::shape::{Place, is_timestamp};
use super::{Checker, Language, listed};

/// What a comparison compares with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Operand {
    Text,
    Number,
    Flag,
    Timestamp,
    /// A path to what is compared with.
    Path,
}

const TESTS: [(&str, Operand); 9] = [
    ("BooleanEquals", Operand::Flag),
    ("BooleanEqualsPath", Operand::Path),
    ("IsBoolean", Operand::Flag),
    ("IsNull", Operand::Flag),
    ("IsNumeric", Operand::Flag),
    ("IsPresent", Operand::Flag),
    ("IsString", Operand::Flag),
    ("IsTimestamp", Operand::Flag),
    ("StringMatches", Operand::Text),
];
const ORDERED: [(&str, Operand); 3] = [
    ("Numeric", Operand::Number),
    ("String", Operand::Text),
    ("Timestamp", Operand::Timestamp),
];
const ORDERS: [&str; 5] = [
    "Equals",
    "GreaterThan",
    "GreaterThanEquals",
    "LessThan",
    "LessThanEquals",
];
const CONNECTIVES: [&str; 3] = ["And", "Or", "Not"];
/// How deep rules may nest.
const MAX_NESTING: usize = 50;

/// What the comparison of that name compares with.
fn operand(name: &str) -> Option<Operand> {
    if let Some((_, operand)) = TESTS.iter().find(|(test, _)| *test == name) {
        return Some(*operand);
    }
    ORDERED.iter().find_map(|(prefix, operand)| {
        let order = name.strip_prefix(prefix)?;
        match order.strip_suffix("Path") {
            Some(order) if ORDERS.contains(&order) => Some(Operand::Path),
            _ => ORDERS.contains(&order).then_some(*operand),
        }
    })
}

fn operators() -> impl Iterator<Item = String> {
    let ordered = ORDERED.iter().flat_map(|(prefix, _)| {
        ORDERS
            .iter()
            .flat_map(move |order| [format!("{prefix}{order}"), format!("{prefix}{order}Path")])
    });
    TESTS.iter().map(|(name, _)| (*name).to_owned()).chain(ordered)
}

impl Checker {
    pub(super) fn choice(&mut self, place: Place<'_>) {
        let pointer = place.at("Choices");
        let Some(value) = place.object.get("Choices") else {
            return;
        };
        let Value::Array(rules) = value else {
            return self.typed(false, "[ARRAY]", value, &pointer);
        };
        if rules.is_empty() {
            self.fault(
                &pointer,
                "Value cannot be empty",
                "add a rule, or use a Pass state with Next",
            );
        }
        for (index, rule) in rules.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            let Value::Object(object) = rule else {
                self.typed(false, "[OBJECT]", rule, &pointer);
                continue;
            };
            let rule = Place {
                object,
                pointer: &pointer,
                language: place.language,
            };
            if !object.contains_key("Next") {
                self.fault(
                    &pointer,
                    "These fields are required: [Next]",
                    "name the state that the rule leads to",
                );
            }
            self.target(object, &pointer, "Next");
            match place.language {
                Language::JsonPath => self.rule(rule, 0),
                Language::Jsonata => self.condition(rule),
            }
        }
    }

    /// A rule in JSONata: a condition.
    fn condition(&mut self, place: Place<'_>) {
        self.fields(place, &RULE.iter(), |name| name == "Condition");
        let pointer = place.at("Condition");
        match place.object.get("Condition") {
            Some(Value::Bool(_)) => {}
            Some(Value::String(text)) if crate::jsonata::is_expression(text) => self.jsonata(text, &pointer),
            Some(_) => {
                let problem = "Condition must be a JSONata expression, true or false";
                self.fault(pointer, problem, "such as {% $states.input.total > 100 %}");
            }
            None => {
                let remedy = "such as \"Condition\": \"{% $states.input.total > 100 %}\"";
                self.fault(place.pointer, "These fields are required: [Condition]", remedy);
            }
        }
    }

    /// A rule in JSONPath: one comparison, or a connective of rules.
    fn rule(&mut self, place: Place<'_>, depth: usize) {
        if depth > MAX_NESTING {
            return self.fault(
                place.pointer,
                "the rules nest too deeply",
                format!("{MAX_NESTING} levels at most"),
            );
        }
        let inner: &[Field] = if depth == 0 { RULE } else { &[] };
        let is_own = |name: &str| {
            CONNECTIVES.contains(&name)
                || name == "Variable"
                || operand(name).is_some()
                || (depth > 0 && name == "Comment")
        };
        for name in place
            .object
            .keys()
            .filter(|name| depth > 0 && ["Next", "Assign"].contains(&name.as_str()))
        {
            let problem = format!("Field '{name}' is not supported");
            self.fault(place.at(name), problem, "move it to the outermost rule");
        }
        self.comparison_names(place, inner, &is_own);
        let given: Vec<&String> = place
            .object
            .keys()
            .filter(|name| CONNECTIVES.contains(&name.as_str()) || operand(name).is_some())
            .collect();
        match given[..] {
            [] => {
                let remedy = "add a comparison such as \"StringEquals\", or \"And\", \"Or\" or \"Not\"";
                let problem = "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";
                self.fault(place.pointer, problem, remedy);
            }
            [name] => self.comparison(place, name, depth),
            _ => {
                let names: Vec<&str> = given.iter().map(|name| name.as_str()).collect();
                let problem = format!(
                    "There should only be one of the following fields: [{}]",
                    listed(&names).join(", ")
                );
                self.fault(
                    place.pointer,
                    problem,
                    "put each in a rule of its own, joined by \"And\" or \"Or\"",
                );
            }
        }
    }

    fn comparison_names(&mut self, place: Place<'_>, inner: &[Field], is_own: &dyn Fn(&str) -> bool) {
        let mut known = Map::new();
        for (name, value) in place.object {
            let elsewhere = ["Next", "Assign"].contains(&name.as_str()) && inner.is_empty();
            if is_own(name) || elsewhere {
                continue;
            }
            if inner
                .iter()
                .any(|field| field.name == name && field.shape != Shape::Elsewhere)
            {
                known.insert(name.clone(), value.clone());
            } else if name == "Condition" {
                let problem = "The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the \
                               'JSONata' QueryLanguage";
                self.fault(
                    place.pointer,
                    problem,
                    "compare a Variable, or set QueryLanguage to JSONata",
                );
            } else if name != "Next" {
                let operators: Vec<String> = operators().collect();
                let names = operators
                    .iter()
                    .map(String::as_str)
                    .chain(CONNECTIVES)
                    .chain(["Variable", "Next"]);
                let remedy = suggestion(name, names);
                self.fault(place.at(name), format!("Field '{name}' is not supported"), remedy);
            }
        }
        self.fields(
            Place {
                object: &known,
                ..place
            },
            &inner.iter(),
            |_| false,
        );
    }

    fn comparison(&mut self, place: Place<'_>, name: &str, depth: usize) {
        let Some(value) = place.object.get(name) else {
            return;
        };
        let pointer = place.at(name);
        let Some(operand) = operand(name) else {
            return self.connective(place, name, value, &pointer, depth);
        };
        match place.object.get("Variable") {
            Some(variable) => self.variable(variable, &place.at("Variable")),
            None => {
                let remedy = "name what is compared, such as \"Variable\": \"$.status\"";
                self.fault(place.pointer, "These fields are required: [Variable]", remedy);
            }
        }
        match operand {
            Operand::Text => self.typed(value.is_string(), "[STRING]", value, &pointer),
            Operand::Number => self.typed(value.is_number(), "[NUMBER]", value, &pointer),
            Operand::Flag => self.typed(value.is_boolean(), "[BOOLEAN]", value, &pointer),
            Operand::Path => self.variable(value, &pointer),
            Operand::Timestamp => {
                if self.text(value, &pointer).is_some_and(|text| !is_timestamp(text)) {
                    let problem = "String does not match RFC3339 timestamp";
                    self.fault(pointer, problem, "such as 2026-03-14T01:59:00Z");
                }
            }
        }
    }

    fn connective(&mut self, place: Place<'_>, name: &str, value: &Value, pointer: &str, depth: usize) {
        if place.object.contains_key("Variable") {
            let problem = format!("Variable is not supported next to {name}");
            self.fault(place.at("Variable"), problem, "move it into the rules inside");
        }
        let single = [value];
        let rules: Vec<(String, &Value)> = match (name, value) {
            ("Not", _) => single.iter().map(|rule| (pointer.to_owned(), *rule)).collect(),
            (_, Value::Array(rules)) if rules.is_empty() => {
                return self.fault(pointer, "Value cannot be empty", "add at least one rule");
            }
            (_, Value::Array(rules)) => rules
                .iter()
                .enumerate()
                .map(|(index, rule)| (format!("{pointer}/{index}"), rule))
                .collect(),
            (_, other) => return self.typed(false, "[ARRAY]", other, pointer),
        };
        for (pointer, rule) in rules {
            match rule {
                Value::Object(object) => {
                    self.rule(
                        Place {
                            object,
                            pointer: &pointer,
                            language: place.language,
                        },
                        depth + 1,
                    );
                }
                other => self.typed(false, "[OBJECT]", other, &pointer),
            }
        }
    }
}
