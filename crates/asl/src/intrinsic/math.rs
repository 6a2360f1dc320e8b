//! The functions that work on numbers.

use crate::Value;

use super::call::Arguments;
use crate::path::decimal;
use crate::payload::Chance;

/// The sum of two numbers, each rounded to a 32-bit integer first.
pub(super) fn add(arguments: &Arguments<'_>) -> Result<Value, String> {
    let rounded = |at| {
        let number = decimal::round_half_up(arguments.number(at)?);
        number
            .and_then(|number| i32::try_from(number).ok())
            .ok_or_else(|| format!("argument {} is too large", at + 1))
    };
    let sum = rounded(0)?
        .checked_add(rounded(1)?)
        .ok_or("the sum is too large")?;
    Ok(sum.into())
}

/// A whole number from the first (included) to the second (excluded), by the seed in the third if there is one.
pub(super) fn random(arguments: &Arguments<'_>, chance: &Chance) -> Result<Value, String> {
    let whole = |at| {
        decimal::truncate(arguments.number(at)?).ok_or_else(|| format!("argument {} is too large", at + 1))
    };
    let (start, end) = (whole(0)?, whole(1)?);
    let span = end
        .checked_sub(start)
        .and_then(|span| u64::try_from(span).ok())
        .filter(|span| *span > 0);
    let span = span.ok_or("the first number must be less than the second")?;
    let bits = if arguments.len() > 2 {
        Chance::new(whole(2)?.cast_unsigned()).next()
    } else {
        chance.next()
    };
    // The high half of the product spreads 64 random bits over the span without a remainder's bias to speak of.
    let offset = (u128::from(bits) * u128::from(span)) >> 64;
    let offset = i64::try_from(offset).map_err(|error| error.to_string())?;
    Ok((start + offset).into())
}
