//! Items as plain JSON, as DynamoDB's AttributeValue JSON, and as a stream's images.
//!
//! The engine keeps an item as a plain JSON object: a text is S, a number is N, a list is L, an object is M. Sets and
//! binary values have no plain form and are refused. Numbers keep their text, so 59.98 stays 59.98 in every form.

use serde_dynamo::AttributeValue;
use serde_json::{Map, Number, Value};

/// Why a value is no AttributeValue that the engine can keep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ItemError {
    #[error(
        "Supplied AttributeValue must be an object with exactly one data type, such as {{\"S\": \"text\"}}"
    )]
    NotOneType,
    #[error("Supplied AttributeValue has the data type {0}, which is not supported on one machine")]
    Unsupported(String),
    #[error("Supplied AttributeValue of the data type {0} holds a value of another type")]
    WrongValue(&'static str),
    #[error("The parameter cannot be converted to a numeric value: {0}")]
    NotNumber(String),
}

/// The plain value of an AttributeValue.
pub(crate) fn from_attribute_value(attribute: &asl::Value) -> Result<Value, ItemError> {
    let members = attribute
        .as_object()
        .filter(|members| members.len() == 1)
        .ok_or(ItemError::NotOneType)?;
    let (kind, value) = members.iter().next().ok_or(ItemError::NotOneType)?;
    match (kind.as_str(), value) {
        ("S", asl::Value::String(text)) => Ok(Value::String(text.to_string())),
        ("BOOL", asl::Value::Bool(flag)) => Ok(Value::Bool(*flag)),
        ("NULL", asl::Value::Bool(true)) => Ok(Value::Null),
        ("N", asl::Value::String(text)) => number(text).map(Value::Number),
        ("L", asl::Value::Array(items)) => items.iter().map(from_attribute_value).collect(),
        ("M", asl::Value::Object(members)) => members
            .iter()
            .map(|(name, value)| Ok((name.to_string(), from_attribute_value(value)?)))
            .collect::<Result<_, _>>()
            .map(Value::Object),
        ("S", _) => Err(ItemError::WrongValue("S")),
        ("N", _) => Err(ItemError::WrongValue("N")),
        ("BOOL", _) => Err(ItemError::WrongValue("BOOL")),
        ("NULL", _) => Err(ItemError::WrongValue("NULL")),
        ("L", _) => Err(ItemError::WrongValue("L")),
        ("M", _) => Err(ItemError::WrongValue("M")),
        (other, _) => Err(ItemError::Unsupported(other.to_owned())),
    }
}

/// The text of an AttributeValue that is one.
pub(crate) fn text_of(attribute: &asl::Value) -> Option<&str> {
    let members = attribute.as_object().filter(|members| members.len() == 1)?;
    members.get("S")?.as_str()
}

/// The value as AttributeValue JSON, as a task answers it.
pub(crate) fn to_attribute_value(plain: Value) -> asl::Value {
    let (kind, value) = match plain {
        Value::String(text) => ("S", text.into()),
        Value::Number(number) => ("N", number.as_str().into()),
        Value::Bool(flag) => ("BOOL", flag.into()),
        Value::Null => ("NULL", true.into()),
        Value::Array(items) => ("L", items.into_iter().map(to_attribute_value).collect()),
        Value::Object(members) => ("M", to_attributes(members)),
    };
    [(kind, value)].into()
}

/// The item in AttributeValue JSON, as a task answers it.
pub(crate) fn to_attributes(item: Map<String, Value>) -> asl::Value {
    item.into_iter()
        .map(|(name, value)| (name.into(), to_attribute_value(value)))
        .collect()
}

/// The value as a stream record's image holds it. Takes the texts over instead of copying them.
pub(crate) fn to_image_value(plain: Value) -> AttributeValue {
    match plain {
        Value::String(text) => AttributeValue::S(text),
        Value::Number(number) => AttributeValue::N(number.as_str().to_owned()),
        Value::Bool(value) => AttributeValue::Bool(value),
        Value::Null => AttributeValue::Null(true),
        Value::Array(items) => AttributeValue::L(items.into_iter().map(to_image_value).collect()),
        Value::Object(members) => AttributeValue::M(
            members
                .into_iter()
                .map(|(name, value)| (name, to_image_value(value)))
                .collect(),
        ),
    }
}

/// A number of DynamoDB's: up to 38 digits, written as JSON or with a plus sign or leading zeros.
fn number(text: &str) -> Result<Number, ItemError> {
    let wrong = || ItemError::NotNumber(text.chars().take(64).collect());
    let unsigned = text.trim_start_matches(['+', '-']);
    let digits = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let significant = digits
        .trim_start_matches(['0', '.'])
        .bytes()
        .filter(u8::is_ascii_digit)
        .count();
    let empty = !digits.bytes().any(|b| b.is_ascii_digit());
    if empty || text.len() - unsigned.len() > 1 || significant > 38 || text.len() > 160 {
        return Err(wrong());
    }
    let whole = unsigned.trim_start_matches('0');
    let zero = if whole.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        "0"
    };
    let sign = if text.starts_with('-') { "-" } else { "" };
    let plain = if sign.is_empty() && zero.is_empty() && whole.len() == text.len() {
        text.parse()
    } else {
        format!("{sign}{zero}{whole}").parse()
    };
    plain.map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_value_goes_to_attributes_and_back_as_it_was() {
        let plain = parse(r#"{"a":"x","n":59.980,"b":false,"z":null,"l":[1,"2",[]],"m":{"k":1e400}}"#);
        let attribute = to_attribute_value(plain.clone());
        let expected = concat!(
            r#"{"M":{"a":{"S":"x"},"b":{"BOOL":false},"l":{"L":[{"N":"1"},{"S":"2"},{"L":[]}]},"#,
            r#""m":{"M":{"k":{"N":"1e+400"}}},"n":{"N":"59.980"},"z":{"NULL":true}}}"#
        );
        assert_eq!(attribute, parse(expected));
        assert_eq!(from_attribute_value(&attribute).unwrap(), plain);
    }

    #[test]
    fn an_image_holds_the_same_as_the_attributes() {
        let plain = parse(r#"{"a":"x","n":59.980,"b":true,"z":null,"l":[1,{"q":"r"}]}"#);
        let image = serde_json::to_value(to_image_value(plain.clone())).unwrap();
        assert_eq!(to_attribute_value(plain), image);
    }

    #[test]
    fn what_is_no_attribute_value_is_refused_with_the_reason() {
        let check = |json: &str, expected: &str| {
            assert_eq!(
                from_attribute_value(&parse(json).into()).unwrap_err().to_string(),
                expected,
                "{json}"
            );
        };
        let one_type =
            r#"Supplied AttributeValue must be an object with exactly one data type, such as {"S": "text"}"#;
        check("{}", one_type);
        check(r#""S""#, one_type);
        check(r#"{"S":"a","N":"1"}"#, one_type);
        check(
            r#"{"SS":["a"]}"#,
            "Supplied AttributeValue has the data type SS, which is not supported on one machine",
        );
        check(
            r#"{"S":1}"#,
            "Supplied AttributeValue of the data type S holds a value of another type",
        );
        check(
            r#"{"NULL":false}"#,
            "Supplied AttributeValue of the data type NULL holds a value of another type",
        );
        for text in [
            "",
            "-",
            "+",
            ".",
            "x",
            "1x",
            "--1",
            "1e",
            "NaN",
            "0x10",
            "1 ",
            "123456789012345678901234567890123456789",
        ] {
            check(
                &Value::Object(Map::from_iter([("N".to_owned(), text.into())])).to_string(),
                &format!("The parameter cannot be converted to a numeric value: {text}"),
            );
        }
    }

    #[test]
    fn numbers_may_be_written_as_dynamodb_takes_them() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "-0"),
            ("007", "7"),
            ("+5", "5"),
            ("-05.50", "-5.50"),
            (".5", "0.5"),
            ("0.10", "0.10"),
            ("1E+5", "1e+5"),
            ("00e1", "0e+1"),
            (
                "12345678901234567890123456789012345678",
                "12345678901234567890123456789012345678",
            ),
        ] {
            assert_eq!(number(text).unwrap().as_str(), expected, "{text}");
        }
    }
}
