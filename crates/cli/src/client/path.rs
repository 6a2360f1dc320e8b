//! Paths and query strings, encoded, and what a URL's host says.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `text` as one segment of a path or one value of a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `path` with those query parameters that have a value.
pub fn with_query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let given = parameters
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?))));
    let query = given.collect::<Vec<_>>().join("&");
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// Whether `url` names a server: a scheme that is spoken here, and a host.
pub fn is_server(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return false;
    };
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    has_host && matches!(uri.scheme_str(), Some("http" | "https"))
}

/// Whether the server at `url` is on this machine, by its name alone.
pub fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return false;
    };
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_scheme_and_a_host() {
        for url in [
            "http://127.0.0.1:8080",
            "https://shop.example.com/prod/",
            "http://[::1]:80",
        ] {
            assert!(is_server(url), "{url}");
        }
        for url in [
            "",
            "foo",
            "foo:80",
            "127.0.0.1:8080",
            "//foo",
            "ftp://foo",
            "http://",
            "http:// x",
        ] {
            assert!(!is_server(url), "{url}");
        }
    }

    #[test]
    fn only_given_parameters_are_sent_and_each_is_encoded() {
        let parameters = [
            ("status", Some("PENDING".to_owned())),
            ("cursor", None),
            ("customerId", Some("A&B /ü".to_owned())),
        ];
        assert_eq!(
            with_query("/orders", &parameters),
            "/orders?status=PENDING&customerId=A%26B%20%2F%C3%BC"
        );
        assert_eq!(with_query("/orders", &[("cursor", None)]), "/orders");
    }

    #[test]
    fn loopback_is_told_by_the_host() {
        for url in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:80/x",
            "https://127.9.9.9",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "nonsense",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
