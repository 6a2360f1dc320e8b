//! Numbers as decimals: exact, or an error.

use rust_decimal::Decimal;
use serde_json::Number;

use super::error::ExpressionError;

/// The number as a decimal, without loss.
pub(super) fn decimal(number: &Number) -> Result<Decimal, ExpressionError> {
    let text = number.as_str();
    exact(text).ok_or_else(|| ExpressionError::NumberRange(text.chars().take(40).collect()))
}

/// The decimal as a number, without trailing zeros, as DynamoDB keeps it.
pub(super) fn number(decimal: Decimal) -> Result<Number, ExpressionError> {
    let text = decimal.normalize().to_string();
    text.parse().map_err(|_| ExpressionError::NumberRange(text))
}

fn exact(text: &str) -> Option<Decimal> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return Decimal::from_str_exact(text).ok();
    };
    let mantissa = Decimal::from_str_exact(mantissa).ok()?.normalize();
    let exponent: i32 = exponent.parse().ok()?;
    if mantissa.is_zero() {
        return Some(mantissa);
    }
    let scale = i64::from(mantissa.scale()) - i64::from(exponent);
    match u32::try_from(scale) {
        Ok(scale) => Decimal::try_from_i128_with_scale(mantissa.mantissa(), scale).ok(),
        Err(_) => {
            let power = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
            Decimal::try_from_i128_with_scale(mantissa.mantissa().checked_mul(power)?, 0).ok()
        }
    }
}
