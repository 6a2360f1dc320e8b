//! The files of a group read from their end, block by block: whoever wants the newest lines reads no more than those.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use domain::Timestamp;

use super::files::LogFile;
use super::line::{Cursor, Line};

/// How much is read at once.
const BLOCK_BYTES: u64 = 256 << 10;

/// A group's lines of a time, newest first. Within a block they are in the order of their times; lines that were written
/// in another order than they happened stay apart by no more than that.
pub(super) struct Tail {
    group: Arc<str>,
    wanted: Range<i64>,
    /// Oldest first; the last one is read next.
    files: Vec<LogFile>,
    file: Option<Open>,
    /// What was read and not taken, oldest first.
    lines: Vec<Line>,
    /// How much was read.
    pub(super) bytes: u64,
}

struct Open {
    file: File,
    began_ms: u64,
    /// Everything from here on was read.
    end: u64,
    /// The end of the line that begins before.
    rest: Vec<u8>,
}

impl Tail {
    /// `files` are those with lines of that time, oldest first.
    pub(super) fn new(group: &str, files: Vec<LogFile>, wanted: Range<i64>) -> Self {
        Self {
            group: group.into(),
            wanted,
            files,
            file: None,
            lines: Vec::new(),
            bytes: 0,
        }
    }

    /// The newest line that was not taken yet.
    ///
    /// # Errors
    /// When a file can't be read.
    pub(super) fn newest(&mut self) -> std::io::Result<Option<&Line>> {
        while self.lines.is_empty() && self.read_block()? {}
        Ok(self.lines.last())
    }

    pub(super) fn take(&mut self) -> Option<Line> {
        self.lines.pop()
    }

    /// Reads a block; `false` when there is none any more.
    fn read_block(&mut self) -> std::io::Result<bool> {
        let mut open = match self.file.take() {
            Some(open) => open,
            None => match self.files.pop() {
                Some(file) => match open(&file) {
                    Ok(open) => open,
                    // It was too old a moment ago.
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
                    Err(error) => return Err(error),
                },
                None => return Ok(false),
            },
        };
        let start = open.end.saturating_sub(BLOCK_BYTES);
        let mut block = vec![0; usize::try_from(open.end - start).unwrap_or(0)];
        open.file.seek(SeekFrom::Start(start))?;
        open.file.read_exact(&mut block)?;
        self.bytes += block.len() as u64;
        block.append(&mut open.rest);
        // The first line may begin before.
        let first = match start {
            0 => 0,
            _ => block
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(block.len(), |at| at + 1),
        };
        let latest = self.read_lines(&block[first..], open.began_ms, start + first as u64);
        let is_over = start == 0 || latest.is_some_and(|latest| latest < self.wanted.start);
        if is_over {
            // Whatever is before is older still.
            if start > 0 {
                self.files.clear();
            }
        } else {
            block.truncate(first);
            self.file = Some(Open {
                end: start,
                rest: block,
                ..open
            });
        }
        Ok(true)
    }

    /// Keeps the wanted lines; returns the latest time of all.
    fn read_lines(&mut self, bytes: &[u8], file: u64, start: u64) -> Option<i64> {
        let mut offset = start;
        let mut latest = None;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            if let Some(at_ms) = time_of(&text) {
                latest = latest.max(Some(at_ms));
                if self.wanted.contains(&at_ms) {
                    let cursor = Cursor {
                        at_ms,
                        group: Arc::clone(&self.group),
                        file,
                        offset,
                    };
                    self.lines.push(Line::new(cursor, text.trim_end().to_owned()));
                }
            }
            offset += line.len() as u64;
        }
        self.lines.sort_by(|a, b| a.cursor.cmp(&b.cursor));
        latest
    }
}

fn open(file: &LogFile) -> std::io::Result<Open> {
    let opened = File::open(&file.path)?;
    Ok(Open {
        end: opened.metadata()?.len(),
        file: opened,
        began_ms: file.began_ms,
        rest: Vec::new(),
    })
}

/// The time of a line, which is what each begins with.
fn time_of(line: &str) -> Option<i64> {
    let (time, _) = line.strip_prefix(r#"{"timestamp":""#)?.split_once('"')?;
    time.parse::<Timestamp>().ok().map(Timestamp::as_ms)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use domain::Timestamp;

    use super::{BLOCK_BYTES, Tail};
    use crate::logs::files::LogFile;

    /// Two files with so many lines, a millisecond apart, each of some 1 KiB.
    fn files(dir: &std::path::Path, lines: i64) -> Vec<LogFile> {
        let file = |began_ms: u64, numbers: std::ops::Range<i64>| {
            let mut text = String::new();
            for number in numbers {
                let (at, filler) = (Timestamp::from_ms(number), "x".repeat(1_000));
                writeln!(text, r#"{{"timestamp":"{at}","n":{number},"filler":"{filler}"}}"#).unwrap();
            }
            let path = dir.join(format!("{began_ms}.jsonl"));
            std::fs::write(&path, &text).unwrap();
            LogFile {
                began_ms,
                bytes: text.len() as u64,
                path,
            }
        };
        vec![file(0, 0..lines / 2), file(1, lines / 2..lines)]
    }

    fn all(tail: &mut Tail) -> Vec<i64> {
        let mut found = Vec::new();
        while tail.newest().unwrap().is_some() {
            let line = tail.take().unwrap();
            assert_eq!(line.field("n"), line.cursor.at_ms, "{:?}", line.cursor);
            found.push(line.cursor.at_ms);
        }
        found
    }

    #[test]
    fn every_line_is_found_once_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path(), 2_000);
        let mut tail = Tail::new("g", files.clone(), 0..i64::MAX);
        assert!(all(&mut tail).into_iter().eq((0..2_000).rev()));
        assert_eq!(tail.bytes, files.iter().map(|file| file.bytes).sum::<u64>());
        let mut tail = Tail::new("g", files, 900..1_100);
        assert!(all(&mut tail).into_iter().eq((900..1_100).rev()));
    }

    #[test]
    fn no_more_is_read_than_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let mut tail = Tail::new("g", files(dir.path(), 2_000), 1_990..i64::MAX);
        assert_eq!(all(&mut tail).len(), 10);
        assert!(tail.bytes <= 2 * BLOCK_BYTES, "{}", tail.bytes);
    }
}
