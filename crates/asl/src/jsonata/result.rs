//! Results of the engine as JSON texts that a reader expects.

use serde_json::{Number, Value};

/// Writes whole numbers without a fraction: the engine's doubles above 2⁵³ come with a fraction or an exponent.
pub(super) fn tidy(mut value: Value) -> Value {
    tidy_in_place(&mut value);
    value
}

fn tidy_in_place(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *number = whole;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(tidy_in_place),
        Value::Object(object) => object.values_mut().for_each(tidy_in_place),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// A whole number that is written with a fraction or an exponent, without them. Numbers from 10²¹ on keep theirs, as
/// in JavaScript.
fn whole(number: &Number) -> Option<Number> {
    let value = number
        .as_f64()
        .filter(|_| number.as_str().contains(['.', 'e', 'E']))?;
    if value.abs() >= 1e21 || value.fract().abs() > 0.0 {
        return None;
    }
    format!("{value:.0}").parse().ok()
}
