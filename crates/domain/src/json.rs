//! Reading a body level by level, so that every fault in it is found and not just the first.
//!
//! Values are looked at as the text that they were sent as ([`RawValue`]): a number is never turned into a float, and
//! nothing is copied before it is known to be wanted. A level is read into the members that it may have; what is
//! unknown or double is a fault at once.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::fault::{FaultCode, Faults, Pointer, SHOWN_OF_A_NAME, short};

/// The JSON type of a value, by its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    Text,
    Bool,
    Null,
    Number,
}

impl Kind {
    pub(crate) fn of(raw: &RawValue) -> Self {
        Self::of_text(raw.get())
    }

    fn of_text(json: &str) -> Self {
        match json.bytes().find(|b| !b.is_ascii_whitespace()) {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::List,
            Some(b'"') => Self::Text,
            Some(b't' | b'f') => Self::Bool,
            Some(b'n') => Self::Null,
            Some(_) | None => Self::Number,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::List => "a list",
            Self::Text => "a string",
            Self::Bool => "a boolean",
            Self::Null => "null",
            Self::Number => "a number",
        }
    }
}

/// A string, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Adds a fault for a value of the wrong type.
pub(crate) fn wrong_type(at: Pointer<'_>, wanted: &str, found: Kind, faults: &mut Faults) {
    let detail = match at {
        Pointer::Root | Pointer::Member(..) => {
            format!("{} must be {wanted}, not {}", at.name(), found.noun())
        }
        Pointer::Element(list, index) => {
            format!(
                "element {index} of {} must be {wanted}, not {}",
                list.name(),
                found.noun()
            )
        }
    };
    faults.add(at, FaultCode::WrongType, detail);
}

/// The whole body as an object with these members.
pub(crate) fn read_body<'a, const N: usize>(
    body: &'a [u8],
    names: [&'static str; N],
    faults: &mut Faults,
) -> Option<[Option<&'a RawValue>; N]> {
    let at = Pointer::Root;
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let detail = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
            faults.add(at, FaultCode::MalformedJson, detail);
            return None;
        }
    };
    if text.trim_ascii().is_empty() {
        faults.add(
            at,
            FaultCode::MalformedJson,
            "the body is empty; send a JSON object",
        );
        return None;
    }
    let kind = Kind::of_text(text);
    if kind == Kind::Object {
        return read_members(text, at, names, faults);
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => wrong_type(at, "an object", kind, faults),
        Err(error) => malformed(at, &error, faults),
    }
    None
}

/// An object with these members, somewhere in the body.
pub(crate) fn read_object<'a, const N: usize>(
    raw: &'a RawValue,
    at: Pointer<'_>,
    names: [&'static str; N],
    faults: &mut Faults,
) -> Option<[Option<&'a RawValue>; N]> {
    match Kind::of(raw) {
        Kind::Object => read_members(raw.get(), at, names, faults),
        kind @ (Kind::List | Kind::Text | Kind::Bool | Kind::Null | Kind::Number) => {
            wrong_type(at, "an object", kind, faults);
            None
        }
    }
}

fn read_members<'a, const N: usize>(
    json: &'a str,
    at: Pointer<'_>,
    names: [&'static str; N],
    faults: &mut Faults,
) -> Option<[Option<&'a RawValue>; N]> {
    let mut found = [None; N];
    let read = each_member(json, |name, value| match names.iter().position(|n| *n == name) {
        Some(index) if found[index].is_none() => found[index] = Some(value),
        Some(_) => duplicate(at.member(name), faults),
        None => {
            let shown = short(name, SHOWN_OF_A_NAME);
            let detail = format!("unknown field: {shown}; known here: {}", names.join(", "));
            faults.add(at.member(name), FaultCode::UnknownField, detail);
        }
    });
    match read {
        Ok(()) => Some(found),
        Err(error) => {
            match at {
                Pointer::Root => malformed(at, &error, faults),
                Pointer::Member(..) | Pointer::Element(..) => half_surrogate(at, faults),
            }
            None
        }
    }
}

/// Adds a fault for a member that its object has twice.
pub(crate) fn duplicate(at: Pointer<'_>, faults: &mut Faults) {
    let detail = format!("the field {} is there twice; send it once", at.name());
    faults.add(at, FaultCode::DuplicateField, detail);
}

fn malformed(at: Pointer<'_>, error: &serde_json::Error, faults: &mut Faults) {
    faults.add(at, FaultCode::MalformedJson, format!("not valid JSON: {error}"));
}

/// Adds a fault for text inside the body that can't be read. The body's syntax was checked as a whole by then, all but
/// the escapes for surrogates, so it is one of them.
pub(crate) fn half_surrogate(at: Pointer<'_>, faults: &mut Faults) {
    let detail = "not valid JSON: a \\u escape is half of a surrogate pair";
    faults.add(at, FaultCode::MalformedJson, detail);
}

/// Calls `visit` with each member of the object `json`, in the order and as often as they were sent.
pub(crate) fn each_member<'a>(
    json: &'a str,
    visit: impl FnMut(&str, &'a RawValue),
) -> Result<(), serde_json::Error> {
    struct Members<F>(F);

    impl<'a, F: FnMut(&str, &'a RawValue)> Visitor<'a> for Members<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((Text(name), value)) = map.next_entry()? {
                (self.0)(&name, value);
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    (&mut deserializer).deserialize_map(Members(visit))?;
    deserializer.end()
}

/// The elements of a list.
pub(crate) fn read_list<'a>(
    raw: &'a RawValue,
    at: Pointer<'_>,
    faults: &mut Faults,
) -> Option<Vec<&'a RawValue>> {
    let kind = Kind::of(raw);
    if kind != Kind::List {
        wrong_type(at, "a list", kind, faults);
        return None;
    }
    match serde_json::from_str(raw.get()) {
        Ok(elements) => Some(elements),
        Err(_) => {
            half_surrogate(at, faults);
            None
        }
    }
}

/// A string.
pub(crate) fn read_text<'a>(raw: &'a RawValue, at: Pointer<'_>, faults: &mut Faults) -> Option<Cow<'a, str>> {
    let kind = Kind::of(raw);
    if kind != Kind::Text {
        wrong_type(at, "a string", kind, faults);
        return None;
    }
    match serde_json::from_str(raw.get()) {
        Ok(Text(text)) => Some(text),
        Err(_) => {
            half_surrogate(at, faults);
            None
        }
    }
}

/// The text of a number, as it was sent.
pub(crate) fn read_number<'a>(raw: &'a RawValue, at: Pointer<'_>, faults: &mut Faults) -> Option<&'a str> {
    let kind = Kind::of(raw);
    if kind == Kind::Number {
        Some(raw.get())
    } else {
        wrong_type(at, "a number", kind, faults);
        None
    }
}

/// A member that must be there.
pub(crate) fn required<'a>(
    value: Option<&'a RawValue>,
    at: Pointer<'_>,
    faults: &mut Faults,
) -> Option<&'a RawValue> {
    if value.is_none() {
        let detail = format!("Missing required field: {}", at.name());
        faults.add(at, FaultCode::MissingField, detail);
    }
    value
}

/// A member that may be left out; `null` is the same as leaving it out.
pub(crate) fn optional(value: Option<&RawValue>) -> Option<&RawValue> {
    value.filter(|raw| Kind::of(raw) != Kind::Null)
}
