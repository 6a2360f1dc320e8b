//! The cookies: of a session, of the sign-in form, and of the chosen colours.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::Theme;

/// Opens a session.
pub(crate) const SESSION: &str = "ordermill_session";
/// Must agree with the sign-in form's own token.
pub(crate) const LOGIN: &str = "ordermill_login";
const THEME: &str = "ordermill_theme";

/// The cookie of this name.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(other, _)| *other == name)
        .map(|(_, value)| value)
}

/// The colours that the visitor chose; the script writes this cookie.
pub(crate) fn theme(headers: &HeaderMap) -> Option<Theme> {
    match read(headers, THEME)? {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        _ => None,
    }
}

/// `Set-Cookie` for a cookie that no script reads and that no other site's page sends along. It lasts as long as the
/// browser is open, and no longer than the server lets it; `max_age_s` 0 takes it back.
pub(crate) fn set(name: &str, value: &str, secure: bool, max_age_s: Option<u32>) -> Option<HeaderValue> {
    let mut text = format!("{name}={value}; Path=/console; HttpOnly; SameSite=Strict");
    if secure {
        text.push_str("; Secure");
    }
    if let Some(seconds) = max_age_s {
        text.push_str(&format!("; Max-Age={seconds}"));
    }
    HeaderValue::from_str(&text).ok()
}

/// Whether the visitor came by HTTPS, as a proxy before us says. Said falsely, it costs whoever says it their own cookie.
pub(crate) fn is_secure(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}
