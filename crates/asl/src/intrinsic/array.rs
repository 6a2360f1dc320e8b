//! The functions that work on arrays.

use std::collections::HashSet;

use crate::Value;
use crate::value::Number;

use super::call::Arguments;
use crate::path::decimal;

/// How many elements `States.ArrayRange` makes at most.
const MAX_RANGE: usize = 1_000;

pub(super) fn contains(arguments: &Arguments<'_>) -> Result<Value, String> {
    let wanted = arguments.value(1)?;
    Ok(arguments
        .list(0)?
        .iter()
        .any(|item| decimal::equal(item, wanted))
        .into())
}

pub(super) fn get_item(arguments: &Arguments<'_>) -> Result<Value, String> {
    let list = arguments.list(0)?;
    let index = integer(arguments, 1)?;
    usize::try_from(index)
        .ok()
        .and_then(|index| list.get(index))
        .cloned()
        .ok_or_else(|| {
            format!(
                "index {index} is out of bounds for an array of {} elements",
                list.len()
            )
        })
}

pub(super) fn partition(arguments: &Arguments<'_>) -> Result<Value, String> {
    let size = integer(arguments, 1)?;
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or("the chunk size must be at least 1")?;
    Ok(arguments
        .list(0)?
        .chunks(size)
        .map(|chunk| Value::Array(chunk.into()))
        .collect())
}

/// From the first number to the second, both included, by the third; all without what follows the decimal point.
pub(super) fn range(arguments: &Arguments<'_>) -> Result<Value, String> {
    let (start, end, step) = (
        integer(arguments, 0)?,
        integer(arguments, 1)?,
        integer(arguments, 2)?,
    );
    if step == 0 {
        return Err("the step must not be 0".to_owned());
    }
    let mut numbers = Vec::new();
    let mut next = Some(start);
    while let Some(number) = next.filter(|number| if step > 0 { *number <= end } else { *number >= end }) {
        if numbers.len() == MAX_RANGE {
            return Err(format!("the range has more than {MAX_RANGE} elements"));
        }
        numbers.push(Value::from(number));
        next = number.checked_add(step);
    }
    Ok(numbers.into())
}

/// The elements without repetitions, each where it came first.
pub(super) fn unique(arguments: &Arguments<'_>) -> Result<Value, String> {
    let mut seen = HashSet::new();
    let list = arguments.list(0)?;
    Ok(list
        .iter()
        .filter(|item| seen.insert(decimal::canonical(item)))
        .cloned()
        .collect())
}

/// An argument as a whole number; a fraction is dropped.
fn integer(arguments: &Arguments<'_>, at: usize) -> Result<i64, String> {
    let number: &Number = arguments.number(at)?;
    decimal::truncate(number).ok_or_else(|| format!("argument {} is too large", at + 1))
}
