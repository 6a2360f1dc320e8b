//! Where a customer is told: e-mail address and phone number.

use serde_json::value::RawValue;

use crate::fault::{FaultCode, Faults, Pointer};
use crate::json::read_text;

/// The longest address that SMTP carries (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const MAX_EMAIL_BYTES: usize = 254;

pub(super) fn read_email(raw: &RawValue, at: Pointer<'_>, faults: &mut Faults) -> Option<String> {
    let text = read_text(raw, at, faults)?;
    if is_email(&text) {
        return Some(text.into_owned());
    }
    faults.add(
        at,
        FaultCode::BadFormat,
        "customerEmail must be an address such as ada@example.com, in ASCII and at most 254 characters long",
    );
    None
}

pub(super) fn read_phone(raw: &RawValue, at: Pointer<'_>, faults: &mut Faults) -> Option<String> {
    let text = read_text(raw, at, faults)?;
    if is_e164(&text) {
        return Some(text.into_owned());
    }
    faults.add(
        at,
        FaultCode::BadFormat,
        "customerPhone must be an E.164 number such as +14155550123: a plus, then 7 to 15 digits, the first not 0",
    );
    None
}

/// The `dot-atom` form of RFC 5322 at a domain name of two labels or more. Quoted local parts and address literals
/// are left out: no customer has one, and they are a way to smuggle headers.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_fits = local.len() <= 64 && local.split('.').all(is_atom);
    local_fits && text.len() <= MAX_EMAIL_BYTES && domain.contains('.') && domain.split('.').all(is_label)
}

fn is_atom(part: &str) -> bool {
    let allowed = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
    };
    !part.is_empty() && part.bytes().all(allowed)
}

fn is_label(label: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let edges = !label.starts_with('-') && !label.ends_with('-');
    (1..=63).contains(&label.len()) && edges && label.bytes().all(allowed)
}

fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else {
        return false;
    };
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    (7..=15).contains(&digits.len()) && all_digits && !digits.starts_with('0')
}
