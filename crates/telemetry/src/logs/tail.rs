//! The files of a group read from their end, block by block: whoever wants the newest lines reads no more than those.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use super::files::LogFile;
use super::line::{Line, Place};
use super::scan::Times;

/// How much is read at once.
const BLOCK_BYTES: u64 = 256 << 10;

/// A group's lines of a time, newest first. Within a block they are in the order of their times; lines that were written
/// in another order than they happened stay apart by no more than that.
pub(super) struct Tail<'g> {
    group: &'g str,
    wanted: Range<i64>,
    /// Oldest first; the last one is read next.
    files: Vec<LogFile>,
    file: Option<Open>,
    /// What was read last, and the file that it is of.
    block: Vec<u8>,
    block_file: u64,
    /// What of it was not taken, oldest first.
    lines: Vec<Entry>,
    times: Times,
    /// How much was read.
    pub(super) bytes: u64,
    /// Lines of the wanted time that were passed over.
    pub(super) passed_over: u64,
    /// When the oldest line that was read happened, the latest first.
    pub(super) reached: i64,
}

struct Open {
    file: File,
    began_ms: u64,
    /// Everything from here on was read.
    end: u64,
    /// The end of the line that begins before.
    rest: Vec<u8>,
}

/// A line in the block.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at_ms: i64,
    offset: u64,
    text: (usize, usize),
}

impl<'g> Tail<'g> {
    /// `files` are those with lines of that time, oldest first.
    pub(super) fn new(group: &'g str, files: Vec<LogFile>, wanted: Range<i64>) -> Self {
        Self {
            group,
            wanted,
            files,
            file: None,
            block: Vec::new(),
            block_file: 0,
            lines: Vec::new(),
            times: Times::default(),
            bytes: 0,
            passed_over: 0,
            reached: i64::MAX,
        }
    }

    /// Whether a block must be read before there is another line, if there is one.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether there's nothing left to read.
    pub(super) fn is_over(&self) -> bool {
        self.file.is_none() && self.files.is_empty()
    }

    /// The newest line that was read and not taken.
    pub(super) fn newest(&self) -> Option<Line<'_>> {
        self.lines.last().map(|entry| self.line(entry))
    }

    pub(super) fn take(&mut self) {
        self.lines.pop();
    }

    /// Takes every line that was read.
    pub(super) fn take_all(&mut self, mut look: impl FnMut(&Line<'_>)) {
        let lines = std::mem::take(&mut self.lines);
        lines.iter().for_each(|entry| look(&self.line(entry)));
    }

    fn line(&self, entry: &Entry) -> Line<'_> {
        let place = Place {
            at_ms: entry.at_ms,
            group: self.group,
            file: self.block_file,
            offset: entry.offset,
        };
        let (from, to) = entry.text;
        Line::new(place, self.block.get(from..to).unwrap_or_default())
    }

    /// Reads a block, if there is one left. Keeps the lines that may be `wanted`.
    ///
    /// # Errors
    /// When a file can't be read.
    pub(super) fn read_block(&mut self, wanted: impl Fn(&[u8]) -> bool) -> std::io::Result<()> {
        let mut open = match self.file.take() {
            Some(open) => open,
            None => match self.files.pop() {
                Some(file) => match open(&file) {
                    Ok(open) => open,
                    // It was too old a moment ago.
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                    Err(error) => return Err(error),
                },
                None => return Ok(()),
            },
        };
        let start = open.end.saturating_sub(BLOCK_BYTES);
        self.block.clear();
        self.block
            .resize(usize::try_from(open.end - start).unwrap_or(0), 0);
        open.file.seek(SeekFrom::Start(start))?;
        open.file.read_exact(&mut self.block)?;
        self.bytes += self.block.len() as u64;
        self.block.append(&mut open.rest);
        self.block_file = open.began_ms;
        // The first line may begin before.
        let first = match start {
            0 => 0,
            _ => self
                .block
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(self.block.len(), |at| at + 1),
        };
        let latest = self.read_lines(first, start, wanted);
        let is_over = start == 0 || latest.is_some_and(|latest| latest < self.wanted.start);
        if is_over {
            // Whatever is before is older still.
            if start > 0 {
                self.files.clear();
            }
        } else {
            self.file = Some(Open {
                end: start,
                rest: self.block.get(..first).unwrap_or_default().to_vec(),
                ..open
            });
        }
        Ok(())
    }

    /// Notes the wanted lines of the block from `first` on; returns the latest time of all. The block is at `start` in
    /// its file.
    fn read_lines(&mut self, first: usize, start: u64, wanted: impl Fn(&[u8]) -> bool) -> Option<i64> {
        let mut from = first;
        let mut latest = None;
        let mut sorted = true;
        for line in self.block.get(first..)?.split_inclusive(|byte| *byte == b'\n') {
            let text = (from, from + line.len());
            from = text.1;
            let Some(at_ms) = self.times.of(line) else {
                continue;
            };
            sorted &= latest.is_none_or(|latest| latest <= at_ms);
            latest = latest.max(Some(at_ms));
            self.reached = self.reached.min(at_ms);
            if !self.wanted.contains(&at_ms) {
                continue;
            }
            if wanted(line) {
                let offset = start + text.0 as u64;
                self.lines.push(Entry { at_ms, offset, text });
            } else {
                self.passed_over += 1;
            }
        }
        if !sorted {
            self.lines.sort();
        }
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
                changed_ms: 0,
                path,
            }
        };
        vec![file(0, 0..lines / 2), file(1, lines / 2..lines)]
    }

    fn all(tail: &mut Tail<'_>) -> Vec<i64> {
        let mut found = Vec::new();
        while !tail.is_over() {
            tail.read_block(|_| true).unwrap();
            while let Some(line) = tail.newest() {
                assert_eq!(line.field("n"), line.place.at_ms, "{:?}", line.place);
                found.push(line.place.at_ms);
                tail.take();
            }
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
