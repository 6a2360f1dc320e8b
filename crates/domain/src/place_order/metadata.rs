//! Metadata: whatever a client keeps with its order, within bounds.
//!
//! The bounds are those that both stores can hold: a DynamoDB number has 38 digits, and its documents nest 32 deep.

use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::fault::{FaultCode, Faults, Pointer};
use crate::json::{Kind, duplicate, each_member, half_surrogate, read_list, read_text, wrong_type};

/// The largest metadata, in bytes as sent.
pub const MAX_METADATA_BYTES: usize = 16 * 1024;
/// How deep objects and lists may nest; the metadata object itself is the first level.
pub const MAX_METADATA_DEPTH: usize = 8;
/// The most fields, counted over all levels.
pub const MAX_METADATA_FIELDS: usize = 50;

/// serde_json takes an object with such a field for one of its own number or raw values when it reads it back.
const RESERVED_PREFIX: &str = "$serde_json::private::";

/// Counts while the levels are read. A value with a fault reads as null, so that those after it are looked at too.
struct Reader<'f> {
    fields: usize,
    faults: &'f mut Faults,
}

pub(super) fn read_metadata(
    raw: &RawValue,
    at: Pointer<'_>,
    faults: &mut Faults,
) -> Option<Map<String, Value>> {
    let kind = Kind::of(raw);
    if kind != Kind::Object {
        wrong_type(at, "an object", kind, faults);
        return None;
    }
    let bytes = raw.get().len();
    if bytes > MAX_METADATA_BYTES {
        let detail = format!("metadata must have at most {MAX_METADATA_BYTES} bytes, not {bytes}");
        faults.add(at, FaultCode::TooLong, detail);
        return None;
    }
    let mut reader = Reader { fields: 0, faults };
    let object = reader.object(raw, at, 1);
    let fields = reader.fields;
    if fields > MAX_METADATA_FIELDS {
        let detail = format!("metadata must have at most {MAX_METADATA_FIELDS} fields in all, not {fields}");
        faults.add(at, FaultCode::TooLong, detail);
        return None;
    }
    object
}

impl Reader<'_> {
    fn value(&mut self, raw: &RawValue, at: Pointer<'_>, depth: usize) -> Option<Value> {
        match Kind::of(raw) {
            Kind::Object => self.object(raw, at, depth + 1).map(Value::Object),
            Kind::List => self.list(raw, at, depth + 1).map(Value::Array),
            Kind::Text => read_text(raw, at, self.faults).map(|text| Value::String(text.into_owned())),
            Kind::Bool => Some(Value::Bool(raw.get() == "true")),
            Kind::Null => Some(Value::Null),
            Kind::Number => self.number(raw.get(), at),
        }
    }

    fn object(&mut self, raw: &RawValue, at: Pointer<'_>, depth: usize) -> Option<Map<String, Value>> {
        self.check_depth(at, depth)?;
        let mut object = Map::new();
        let read = each_member(raw.get(), |name, value| {
            self.fields += 1;
            let at = at.member(name);
            if object.contains_key(name) {
                duplicate(at, self.faults);
            } else if name.starts_with(RESERVED_PREFIX) {
                let detail = format!("a field of metadata must not begin with {RESERVED_PREFIX}");
                self.faults.add(at, FaultCode::BadFormat, detail);
            } else {
                let value = self.value(value, at, depth);
                object.insert(name.to_owned(), value.unwrap_or_default());
            }
        });
        if read.is_err() {
            half_surrogate(at, self.faults);
        }
        Some(object)
    }

    fn list(&mut self, raw: &RawValue, at: Pointer<'_>, depth: usize) -> Option<Vec<Value>> {
        self.check_depth(at, depth)?;
        let elements = read_list(raw, at, self.faults)?;
        let values = elements.into_iter().enumerate();
        Some(
            values
                .map(|(index, raw)| self.value(raw, at.element(index), depth).unwrap_or_default())
                .collect(),
        )
    }

    fn check_depth(&mut self, at: Pointer<'_>, depth: usize) -> Option<()> {
        if depth <= MAX_METADATA_DEPTH {
            return Some(());
        }
        let detail = format!("metadata must nest at most {MAX_METADATA_DEPTH} levels deep");
        self.faults.add(at, FaultCode::TooDeep, detail);
        None
    }

    fn number(&mut self, text: &str, at: Pointer<'_>) -> Option<Value> {
        let number = text.parse::<Number>().ok().filter(|_| fits(text));
        if number.is_none() {
            let detail = "a number in metadata must have at most 38 digits and lie between 1e-130 and 1e126";
            self.faults.add(at, FaultCode::OutOfRange, detail);
        }
        number.map(Value::Number)
    }
}

/// Whether a JSON number is one that DynamoDB holds: up to 38 digits, magnitude 1e-130 to below 1e126, or zero.
fn fits(number: &str) -> bool {
    let number = number.strip_prefix('-').unwrap_or(number);
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>()),
        None => (number, Ok(0)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    let leading_zeros = digits.len() - digits.trim_start_matches('0').len();
    let significant = digits.trim_matches('0').len();
    if significant == 0 {
        return true;
    }
    let Ok(exponent) = exponent else { return false };
    // The power of ten of the first digit that is not zero. The text is bounded, so its length fits.
    let first =
        i64::try_from(whole.len()).unwrap_or(i64::MAX) - 1 - i64::try_from(leading_zeros).unwrap_or(0);
    let power = exponent.saturating_add(first);
    significant <= 38 && (-130..126).contains(&power)
}
