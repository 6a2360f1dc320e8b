//! Following the change feed: server-sent events, as the HTML standard defines them, read line by line.

use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde_json::Value;

/// One change of an order, as far as a follower needs it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The order after the change.
    pub new_image: Option<Value>,
}

/// The changes of a stream, one after the other as they come. It ends when the server closes the stream.
#[derive(Debug)]
pub struct Changes<R> {
    lines: BufReader<R>,
}

impl<R: Read> Changes<R> {
    /// The changes in `stream`.
    pub fn new(stream: R) -> Self {
        Self {
            lines: BufReader::new(stream),
        }
    }

    /// The next event's data, its lines joined; comments and other fields are passed over.
    fn next_data(&mut self) -> std::io::Result<Option<String>> {
        let mut data = String::new();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() && !data.is_empty() {
                return Ok(Some(data));
            }
            if let Some(text) = line.strip_prefix("data:") {
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(text.strip_prefix(' ').unwrap_or(text));
            }
        }
    }
}

impl<R: Read> Iterator for Changes<R> {
    type Item = std::io::Result<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_data() {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                // What isn't a change is some other event, which a newer server may send.
                Ok(Some(data)) => {
                    if let Ok(change) = serde_json::from_str(&data) {
                        return Some(Ok(change));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_unknown_events_are_passed_over() {
        let stream = ": hello\n\nid: 1\nevent: change\ndata: {\"newImage\":\ndata: {\"status\":\"PENDING\"}}\n\n\
                      data: tick\n\ndata:{\"newImage\":null}\r\n\r\ndata: {\"newImage\":null}";
        let changes: Vec<Change> = Changes::new(stream.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(changes.len(), 2, "{changes:?}");
        assert_eq!(changes[0].new_image.as_ref().unwrap()["status"], "PENDING");
    }
}
