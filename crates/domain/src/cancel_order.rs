//! Cancelling an order: the reason that a client may give.

use crate::fault::{Fault, FaultCode, Faults, Pointer};
use crate::json::{optional, read_body, read_text};

/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 500;

/// The reason when the client gives none.
pub const DEFAULT_REASON: &str = "Cancelled by the customer";

/// Reads the body of `POST /orders/{orderId}/cancel`: nothing, or an object with a `reason`.
///
/// # Errors
/// Every fault of the body at once, at least one.
pub fn parse_reason(body: &[u8]) -> Result<String, Vec<Fault>> {
    let mut faults = Faults::default();
    if body.trim_ascii().is_empty() {
        return Ok(DEFAULT_REASON.to_owned());
    }
    let reason = read_reason(body, &mut faults);
    match reason {
        Some(reason) if faults.is_empty() => Ok(reason),
        Some(_) | None => Err(faults.into_vec()),
    }
}

fn read_reason(body: &[u8], faults: &mut Faults) -> Option<String> {
    let [reason] = read_body(body, ["reason"], faults)?;
    let Some(raw) = optional(reason) else {
        return Some(DEFAULT_REASON.to_owned());
    };
    let root = Pointer::Root;
    let at = root.member("reason");
    let text = read_text(raw, at, faults)?;
    if text.trim().is_empty() || text.chars().count() > MAX_REASON_CHARS || text.chars().any(char::is_control)
    {
        let detail =
            format!("reason must have 1 to {MAX_REASON_CHARS} characters, none of them a control character");
        faults.add(at, FaultCode::BadFormat, detail);
        return None;
    }
    Some(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_REASON, parse_reason};

    fn pointers(body: &str) -> Vec<String> {
        let faults = parse_reason(body.as_bytes()).unwrap_err();
        faults.into_iter().map(|f| f.pointer).collect()
    }

    #[test]
    fn a_reason_may_be_left_out() {
        for body in ["", "  ", "{}", r#"{"reason":null}"#] {
            assert_eq!(
                parse_reason(body.as_bytes()).as_deref(),
                Ok(DEFAULT_REASON),
                "{body}"
            );
        }
        assert_eq!(
            parse_reason(br#"{"reason":"too late"}"#).as_deref(),
            Ok("too late")
        );
    }

    #[test]
    fn every_fault_has_its_place() {
        assert_eq!(pointers(r#"{"reason":7,"why":1}"#), ["/why", "/reason"]);
        assert_eq!(pointers(r#"{"reason":" "}"#), ["/reason"]);
        assert_eq!(
            pointers(&format!(r#"{{"reason":"{}"}}"#, "x".repeat(501))),
            ["/reason"]
        );
        assert_eq!(pointers("[]"), [""]);
    }
}
