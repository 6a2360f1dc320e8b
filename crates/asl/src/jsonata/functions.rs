//! The functions that Step Functions adds to JSONata, and the one that it takes away (`$eval`).
//!
//! Numbers lose what follows the decimal point before they are used. Where an argument makes no sense a function
//! gives nothing, as on AWS, and the field it was written for then fails.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use jlens_core::{Bindings, Error, HostFunction};
use serde_json::{Number, Value};

use crate::intrinsic::hex_digest;
use crate::path::decimal;
use crate::payload::Chance;

/// How many elements `$range` makes at most; what AWS makes.
const MAX_RANGE: usize = 360_145;

type Arguments = [Option<Value>];

/// The functions that need no chance.
static FIXED: LazyLock<Bindings> = LazyLock::new(|| {
    Bindings::new()
        .var("eval", Value::Null)
        .function(
            "partition",
            HostFunction::new(2, |arguments, _| Ok(partition(arguments))).without_input(),
        )
        .function(
            "range",
            HostFunction::new(3, |arguments, _| range(arguments)).without_input(),
        )
        .function(
            "hash",
            HostFunction::new(2, |arguments, _| hash(arguments)).without_input(),
        )
        .function(
            "parse",
            HostFunction::new(1, |arguments, _| parse(arguments)).without_input(),
        )
});

/// All functions, with chance from `seed`.
pub(super) fn bind(seed: u64) -> Bindings {
    let drawn = Arc::new(AtomicU64::new(0));
    let next = move || Chance::new(seed.wrapping_add(drawn.fetch_add(1, Ordering::Relaxed) << 32));
    let for_uuid = next.clone();
    let uuid = HostFunction::new(0, move |_, _| Ok(Some(Value::String(for_uuid().uuid())))).without_input();
    let random = HostFunction::new(1, move |arguments, _| match arguments.first() {
        Some(Some(Value::Number(given))) => Ok(fraction(&Chance::new(
            decimal::truncate(&given.into()).unwrap_or(0).cast_unsigned(),
        ))),
        Some(Some(_)) => Err(mistyped("random", 1)),
        _ => Ok(fraction(&next())),
    });
    FIXED
        .clone()
        .function("uuid", uuid)
        .function("random", random.without_input())
}

/// A number from 0 (included) to 1 (excluded).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
fn fraction(chance: &Chance) -> Option<Value> {
    let bits = (chance.next() >> 11) as f64;
    Number::from_f64(bits / (1_u64 << 53) as f64).map(Value::Number)
}

/// An argument as a whole number.
fn whole(arguments: &Arguments, at: usize) -> Option<i64> {
    match arguments.get(at)?.as_ref()? {
        Value::Number(number) => decimal::truncate(&number.into()),
        _ => None,
    }
}

fn text(arguments: &Arguments, at: usize) -> Option<&str> {
    arguments.get(at)?.as_ref()?.as_str()
}

fn mistyped(function: &str, index: usize) -> Error {
    Error::new("T0410").with("token", function).with("index", index)
}

fn partition(arguments: &Arguments) -> Option<Value> {
    let size = usize::try_from(whole(arguments, 1)?)
        .ok()
        .filter(|size| *size > 0)?;
    let single;
    let list = match arguments.first()?.as_ref()? {
        Value::Array(list) => list.as_slice(),
        other => {
            single = [other.clone()];
            &single
        }
    };
    (!list.is_empty()).then(|| {
        list.chunks(size)
            .map(|chunk| Value::Array(chunk.to_vec()))
            .collect()
    })
}

fn range(arguments: &Arguments) -> jlens_core::Result<Option<Value>> {
    let (Some(start), Some(end), Some(step)) =
        (whole(arguments, 0), whole(arguments, 1), whole(arguments, 2))
    else {
        return Ok(None);
    };
    if step == 0 || (start < end && step < 0) || (start > end && step > 0) {
        return Ok(None);
    }
    let count = usize::try_from(start.abs_diff(end) / step.unsigned_abs()).unwrap_or(usize::MAX);
    if count >= MAX_RANGE {
        return Err(Error::new("D2014").with("value", count));
    }
    let mut numbers = Vec::with_capacity(count + 1);
    let mut next = Some(start);
    while let Some(number) = next.filter(|number| if step > 0 { *number <= end } else { *number >= end }) {
        numbers.push(Value::from(number));
        next = number.checked_add(step);
    }
    Ok(if numbers.len() == 1 {
        numbers.pop()
    } else {
        Some(Value::Array(numbers))
    })
}

fn hash(arguments: &Arguments) -> jlens_core::Result<Option<Value>> {
    let (Some(data), Some(algorithm)) = (text(arguments, 0), text(arguments, 1)) else {
        return Ok(None);
    };
    match hex_digest(data, algorithm) {
        Some(digest) => Ok(Some(Value::String(digest))),
        None => Err(mistyped("hash", 2)),
    }
}

fn parse(arguments: &Arguments) -> jlens_core::Result<Option<Value>> {
    let Some(json) = text(arguments, 0) else {
        return Err(mistyped("parse", 1));
    };
    let parsed = serde_json::from_str(json);
    parsed.map(Some).map_err(|error| {
        Error::new("D3121")
            .with("value", json)
            .with("message", error.to_string())
    })
}
