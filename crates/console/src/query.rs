//! Names and values of an address or a form, read once, each name its first value.

use std::fmt::Write;

/// Pairs of names and values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`, as addresses and forms have it.
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The value with its outer spaces off; `None` when it's empty or not there.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The value as it was sent.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

/// `path?name=value&…` of those that have a value.
pub(crate) fn address(path: &str, fields: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    let mut address = path.to_owned();
    if !query.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(address, "?{query}");
    }
    address
}

/// A name as one segment of a path.
pub(crate) fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Fields, address, segment};

    #[test]
    fn values_are_trimmed_and_empty_ones_are_none() {
        let fields = Fields::parse(b"a=+1+&b=&c=%3Cb%3E&a=2");
        assert_eq!(fields.text("a"), Some("1"));
        assert_eq!(fields.raw("a"), Some(" 1 "));
        assert_eq!(fields.text("b"), None);
        assert_eq!(fields.text("c"), Some("<b>"));
    }

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(address("/x", &[("a", Some("1&2")), ("b", None)]), "/x?a=1%262");
        assert_eq!(address("/x", &[("b", None)]), "/x");
        assert_eq!(segment("../a b"), "%2E%2E%2Fa%20b");
    }
}
