//! A line of JSON looked at without being read whole: its time, and where a member stands.
//!
//! A query asks for a member or two of a line, and there are hundreds of thousands of lines. What is not as our own lines are
//! is left to the JSON reader.

use domain::Timestamp;

/// What each line begins with.
const HEAD: &[u8] = br#"{"timestamp":""#;
/// `2026-01-15T09:00:`, which lines that follow each other have in common.
const MINUTE_LEN: usize = 17;
/// `2026-01-15T09:00:00.000Z`.
const TIME_LEN: usize = 24;

/// Tells the times of lines, quickly where they follow each other.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The minute that was told last, as text and as time.
    known: Option<([u8; MINUTE_LEN], i64)>,
}

impl Times {
    /// The time of a line, which is what each begins with.
    pub(super) fn of(&mut self, line: &[u8]) -> Option<i64> {
        let rest = line.strip_prefix(HEAD)?;
        let end = rest.iter().position(|byte| *byte == b'"')?;
        let text = rest.get(..end)?;
        let minute = text.first_chunk::<MINUTE_LEN>();
        let ms = within_minute(text);
        if let (Some(minute), Some(ms), Some((known, at))) = (minute, ms, &self.known)
            && minute == known
        {
            return Some(at + ms);
        }
        let at = std::str::from_utf8(text).ok()?.parse::<Timestamp>().ok()?.as_ms();
        if let (Some(minute), Some(ms)) = (minute, ms) {
            self.known = Some((*minute, at - ms));
        }
        Some(at)
    }
}

/// The milliseconds of `00.000Z` at a time's end, if it is of the form that our lines have.
fn within_minute(time: &[u8]) -> Option<i64> {
    let [a, b, b'.', c, d, e, b'Z'] = time.get(MINUTE_LEN..)? else {
        return None;
    };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let second = digit(a)? * 10 + digit(b)?;
    let ms = digit(c)? * 100 + digit(d)? * 10 + digit(e)?;
    (time.len() == TIME_LEN && second < 60).then_some(second * 1_000 + ms)
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<'t> {
    /// Here, as JSON.
    At(&'t [u8]),
    /// Nowhere.
    Missing,
    /// That takes a JSON reader.
    Unsure,
}

/// Where the member of this path, such as `data.orderId`, stands in an object.
pub(super) fn find<'t>(text: &'t [u8], path: &str) -> Found<'t> {
    let mut here = text;
    for name in path.split('.') {
        match member(here, name.as_bytes()) {
            Some(Some(value)) => here = value,
            Some(None) => return Found::Missing,
            None => return Found::Unsure,
        }
    }
    Found::At(here)
}

/// The member's value; `Some(None)` when the object has none of that name, and `None` when that can't be told.
fn member<'t>(object: &'t [u8], name: &[u8]) -> Option<Option<&'t [u8]>> {
    let mut at = blank(object, 0);
    if object.get(at) != Some(&b'{') {
        // What is no object has no members.
        return object.get(at).map(|_| None);
    }
    at = blank(object, at + 1);
    if object.get(at) == Some(&b'}') {
        return Some(None);
    }
    loop {
        let key_end = string(object, at)?;
        let key = object.get(at + 1..key_end - 1)?;
        if key.contains(&b'\\') {
            return None;
        }
        at = blank(object, key_end);
        if object.get(at) != Some(&b':') {
            return None;
        }
        let begin = blank(object, at + 1);
        let end = value(object, begin)?;
        if key == name {
            return object.get(begin..end).map(Some);
        }
        at = blank(object, end);
        match object.get(at)? {
            b',' => at = blank(object, at + 1),
            b'}' => return Some(None),
            _ => return None,
        }
    }
}

/// The next place that isn't blank.
fn blank(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The end of the string that begins here.
fn string(text: &[u8], at: usize) -> Option<usize> {
    let mut at = match text.get(at) {
        Some(b'"') => at + 1,
        Some(_) | None => return None,
    };
    loop {
        let rest = text.get(at..)?;
        let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        if rest.get(stop) == Some(&b'"') {
            return Some(at + stop + 1);
        }
        // Past what is escaped.
        at += stop + 2;
    }
}

/// The end of the value that begins here.
fn value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string(text, at),
        b'{' | b'[' => nested(text, at),
        _ => {
            let rest = text.get(at..)?;
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace())?;
            (length > 0).then_some(at + length)
        }
    }
}

/// The end of the object or array that begins here.
fn nested(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use serde_json::Value;

    use super::{Found, Times, find};

    #[test]
    fn a_member_is_what_the_json_reader_finds() {
        let lines = [
            r#"{"timestamp":"x","level":"INFO","data":{"orderId":"A","n":-1.5e3,"list":[1,"]",{"a":"}"}],"deep":{"n":1}}}"#,
            r#" { "data" : { "orderId" : "a\"b\\" , "n" : null } , "level" : true } "#,
            r#"{"data":{},"n":0}"#,
            r#"{"data":"{\"orderId\":1}","level":[]}"#,
            "{}",
        ];
        for line in lines {
            let json: Value = serde_json::from_str(line).unwrap();
            for path in [
                "level",
                "data",
                "data.orderId",
                "data.n",
                "data.list",
                "data.deep.n",
                "n",
                "n.n",
            ] {
                let right = path.split('.').try_fold(&json, |value, name| value.get(name));
                match find(line.as_bytes(), path) {
                    Found::At(text) => {
                        let found: Value = serde_json::from_slice(text).unwrap();
                        assert_eq!(Some(&found), right, "{path} of {line}");
                    }
                    Found::Missing => assert_eq!(right, None, "{path} of {line}"),
                    Found::Unsure => panic!("{path} of {line}"),
                }
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_has_escaped_names_is_left_to_the_json_reader() {
        for line in [
            r#"{"a":1,"\u0062":2,"c":3}"#,
            r#"{"a":1,"b"#,
            r#"{"a":1,"b":"#,
            r#"{"a":1,"b":"x"#,
            r#"{"a":1,"b":{"c":"#,
            r#"{"a":1 2}"#,
            r#"{a:1}"#,
            "",
        ] {
            assert_eq!(find(line.as_bytes(), "c"), Found::Unsure, "{line}");
        }
        assert_eq!(find(b"[1]", "c"), Found::Missing);
        assert_eq!(find(br#"{"a":}"#, "a"), Found::Unsure);
        assert_eq!(find(br#"{"a":{]}}"#, "b"), Found::Missing);
    }

    #[test]
    fn times_of_lines_are_what_they_say() {
        let mut times = Times::default();
        for time in [
            "2026-01-15T09:00:00.000Z",
            "2026-01-15T09:00:59.999Z",
            "2026-01-15T09:00:00Z",
            "2026-01-15T09:01:07.120Z",
            "2026-01-15T10:01:07.120+01:00",
            "2026-01-15T09:01:60.000Z",
            "2026-01-15T09:01:07.12xZ",
            "yesterday",
        ] {
            let line = format!(r#"{{"timestamp":"{time}","n":1}}"#);
            let right = time.parse::<Timestamp>().ok().map(Timestamp::as_ms);
            assert_eq!(times.of(line.as_bytes()), right, "{time}");
        }
        assert_eq!(times.of(br#"{"time":1}"#), None);
        assert_eq!(times.of(br#"{"timestamp":"2026"#), None);
    }
}
