//! The functions that work on texts and JSON.

use crate::Value;
use crate::value::Number;
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::call::Arguments;

/// How many characters a text to encode, decode or hash may have.
const MAX_CHARACTERS: usize = 10_000;

/// Decodes without padding and whatever the unused bits of the last character are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

pub(super) fn base64_encode(arguments: &Arguments<'_>) -> Result<Value, String> {
    Ok(STANDARD.encode(bounded_text(arguments, 0)?).into())
}

/// Decodes as leniently as Step Functions does: other characters are passed over, padding ends the text.
pub(super) fn base64_decode(arguments: &Arguments<'_>) -> Result<Value, String> {
    let mut digits: Vec<u8> = bounded_text(arguments, 0)?
        .bytes()
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => Some(byte),
            _ => None,
        })
        .collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    let bytes = LENIENT.decode(digits).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

pub(super) fn hash(arguments: &Arguments<'_>) -> Result<Value, String> {
    let text = bounded_text(arguments, 0)?;
    let digest = hex_digest(text, arguments.text(1)?);
    digest
        .map(Value::from)
        .ok_or_else(|| "the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512".to_owned())
}

/// The digest of a text by an algorithm of that name, in hexadecimal.
pub(crate) fn hex_digest(text: &str, algorithm: &str) -> Option<String> {
    Some(match algorithm {
        "MD5" => hex(&Md5::digest(text)),
        "SHA-1" => hex(&Sha1::digest(text)),
        "SHA-256" => hex(&Sha256::digest(text)),
        "SHA-384" => hex(&Sha384::digest(text)),
        "SHA-512" => hex(&Sha512::digest(text)),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The members of two objects, those of the second winning. Only the shallow merge exists.
pub(super) fn json_merge(arguments: &Arguments<'_>) -> Result<Value, String> {
    match arguments.value(2)? {
        Value::Bool(false) => {}
        Value::Bool(true) => return Err("deep merging is not supported; argument 3 must be false".to_owned()),
        _ => return Err("argument 3 must be false".to_owned()),
    }
    let object = |at: usize| {
        arguments
            .value(at)?
            .as_object()
            .ok_or_else(|| format!("argument {} must be an object", at + 1))
    };
    Ok(object(0)?.iter().chain(object(1)?).cloned().collect())
}

/// Splits at each character of the second text; empty parts are dropped.
pub(super) fn string_split(arguments: &Arguments<'_>) -> Result<Value, String> {
    let (text, separators) = (arguments.text(0)?, arguments.text(1)?);
    let parts = text
        .split(|c| separators.contains(c))
        .filter(|part| !part.is_empty());
    Ok(parts.map(Value::from).collect())
}

/// Reads JSON; a blank text is null, and -0 is 0, as there is no negative zero among integers.
pub(super) fn string_to_json(arguments: &Arguments<'_>) -> Result<Value, String> {
    let text = arguments.text(0)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match &value {
        Value::Number(number) if number.as_str() == "-0" => Ok(Value::Number(Number::from(0))),
        _ => Ok(value),
    }
}

fn bounded_text<'t>(arguments: &'t Arguments<'_>, at: usize) -> Result<&'t str, String> {
    let text = arguments.text(at)?;
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(format!(
            "argument {} has more than {MAX_CHARACTERS} characters",
            at + 1
        ));
    }
    Ok(text)
}
