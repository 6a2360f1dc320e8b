//! Log groups on disk: a folder each, files that rotate, and a bound on their age and size.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ports::trace::Name;

/// A file is full at this size, or after a day.
const MAX_FILE_BYTES: u64 = 16 << 20;
const MAX_FILE_AGE_MS: u64 = 24 * 3_600 * 1_000;
/// The most bytes of a group; its oldest files go first.
const MAX_GROUP_BYTES: u64 = 256 << 20;
/// How often groups that nobody writes to are looked at.
const EXPIRE_EVERY_MS: u64 = 3_600 * 1_000;

/// Every group's files.
#[derive(Debug)]
pub(super) struct Files {
    dir: PathBuf,
    retention: HashMap<Name, u32>,
    open: HashMap<Name, Open>,
    /// Bytes that could not be written.
    failed: bool,
    /// When all groups were looked through for what is too old.
    expired_ms: u64,
}

#[derive(Debug)]
struct Open {
    file: BufWriter<File>,
    bytes: u64,
    began_ms: u64,
}

/// A file of a group, and when its first line was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LogFile {
    pub(super) began_ms: u64,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// When its latest line was written.
    pub(super) changed_ms: u64,
}

impl Files {
    /// Files below `dir`; for how many days each group is kept.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub(super) fn new(dir: &Path, retention: HashMap<Name, u32>) -> std::io::Result<Self> {
        private_dir(dir)?;
        let mut files = Self {
            dir: dir.to_owned(),
            retention,
            open: HashMap::new(),
            failed: false,
            expired_ms: 0,
        };
        files.expire_all(now_ms());
        Ok(files)
    }

    /// Once an hour, deletes what is too old, also of groups that nobody writes to.
    pub(super) fn expire_when_due(&mut self, now: u64) {
        if now.saturating_sub(self.expired_ms) >= EXPIRE_EVERY_MS {
            self.expire_all(now);
        }
    }

    fn expire_all(&mut self, now: u64) {
        self.expired_ms = now;
        let groups: Vec<Name> = self.retention.keys().copied().collect();
        groups.into_iter().for_each(|group| self.expire(group, now));
    }

    /// Appends a line.
    pub(super) fn append(&mut self, group: Name, line: &[u8]) {
        let now = now_ms();
        let is_full = |open: &Open| {
            open.bytes >= MAX_FILE_BYTES || now.saturating_sub(open.began_ms) >= MAX_FILE_AGE_MS
        };
        if self.open.get(&group).is_none_or(is_full) {
            self.open.remove(&group);
            self.expire(group, now);
            match open_file(&group_dir(&self.dir, group.as_str()), now) {
                Ok(open) => {
                    self.open.insert(group, open);
                }
                Err(error) => return self.fail(&error),
            }
        }
        let written = match self.open.get_mut(&group) {
            Some(open) => {
                open.bytes += line.len() as u64;
                open.file.write_all(line)
            }
            None => Ok(()),
        };
        if let Err(error) = written {
            self.fail(&error);
        }
    }

    /// Hands what was appended to the system.
    pub(super) fn flush(&mut self) {
        let flushed = self.open.values_mut().try_for_each(|open| open.file.flush());
        match flushed {
            Ok(()) => self.failed = false,
            Err(error) => self.fail(&error),
        }
    }

    /// Says once that the log can't be written, where somebody may still see it.
    fn fail(&mut self, error: &std::io::Error) {
        if !std::mem::replace(&mut self.failed, true) {
            let text = format!("the log in {} can't be written: {error}\n", self.dir.display());
            // There is nobody else to tell.
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }

    /// Deletes files that are too old or too many.
    fn expire(&mut self, group: Name, now: u64) {
        let files = list(&self.dir, group.as_str());
        let kept_ms = self
            .retention
            .get(&group)
            .map(|days| u64::from(*days) * 24 * 3_600 * 1_000);
        let mut total: u64 = files.iter().map(|file| file.bytes).sum();
        // A file's lines end where the next one begins, and those of the last one with what was written last.
        let last = files.last().map(|last| last.changed_ms);
        let ends = files.iter().skip(1).map(|next| next.began_ms).chain(last);
        for (file, end_ms) in files.iter().zip(ends) {
            let is_old = kept_ms.is_some_and(|kept| now.saturating_sub(end_ms) > kept);
            if !is_old && total < MAX_GROUP_BYTES {
                break;
            }
            total = total.saturating_sub(file.bytes);
            if self
                .open
                .get(&group)
                .is_some_and(|open| open.began_ms == file.began_ms)
            {
                self.open.remove(&group);
            }
            // One that is gone already needs no deleting; one that can't go, the next round meets again.
            let _ = fs::remove_file(&file.path);
        }
    }
}

fn private_dir(dir: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn open_file(dir: &Path, now: u64) -> std::io::Result<Open> {
    private_dir(dir)?;
    let mut began_ms = now;
    loop {
        let path = dir.join(format!("{began_ms}.jsonl"));
        match OpenOptions::new()
            .create_new(true)
            .append(true)
            .mode(0o600)
            .open(path)
        {
            // Two files that begin in one millisecond can't have one name.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => began_ms += 1,
            file => {
                return Ok(Open {
                    file: BufWriter::with_capacity(64 << 10, file?),
                    bytes: 0,
                    began_ms,
                });
            }
        }
    }
}

/// The folder of a group: its name, with what separates folders made to look like it.
pub(super) fn group_dir(dir: &Path, group: &str) -> PathBuf {
    dir.join(group.trim_start_matches('/').replace('/', "."))
}

/// A group's files, oldest first.
pub(super) fn list(dir: &Path, group: &str) -> Vec<LogFile> {
    let entries = fs::read_dir(group_dir(dir, group))
        .into_iter()
        .flatten()
        .flatten();
    let mut files: Vec<LogFile> = entries
        .filter_map(|entry| {
            let path = entry.path();
            let metadata = entry.metadata().ok()?;
            Some(LogFile {
                began_ms: path.file_stem()?.to_str()?.parse().ok()?,
                bytes: metadata.len(),
                changed_ms: as_ms(metadata.modified().ok()?),
                path,
            })
        })
        .collect();
    files.sort();
    files
}

pub(super) fn now_ms() -> u64 {
    as_ms(SystemTime::now())
}

fn as_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/aws/lambda/order-creation";

    fn files(dir: &Path) -> Files {
        Files::new(dir, HashMap::from([(Name::of(GROUP), 7)])).unwrap()
    }

    fn put(dir: &Path, began_ms: u64, bytes: u64) {
        let folder = group_dir(dir, GROUP);
        fs::create_dir_all(&folder).unwrap();
        let file = File::create(folder.join(format!("{began_ms}.jsonl"))).unwrap();
        file.set_len(bytes).unwrap();
    }

    #[test]
    fn a_file_that_is_full_is_followed_by_another() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(dir.path());
        let line = vec![b'x'; 1 << 20];
        for _ in 0..MAX_FILE_BYTES / (1 << 20) + 1 {
            files.append(Name::of(GROUP), &line);
        }
        files.flush();
        let sizes: Vec<u64> = list(dir.path(), GROUP).iter().map(|file| file.bytes).collect();
        assert_eq!(sizes, [MAX_FILE_BYTES, 1 << 20]);
    }

    #[test]
    fn what_is_older_than_its_days_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (now, day) = (now_ms(), 24 * 3_600 * 1_000);
        // The first one's lines end where the second begins, 8 days ago; the second's a day ago.
        [10, 8, 1]
            .iter()
            .for_each(|days| put(dir.path(), now - days * day, 5));
        drop(files(dir.path()));
        let began: Vec<u64> = list(dir.path(), GROUP)
            .iter()
            .map(|file| (now - file.began_ms) / day)
            .collect();
        assert_eq!(began, [8, 1]);
    }

    #[test]
    fn what_is_too_old_goes_though_nobody_writes() {
        let dir = tempfile::tempdir().unwrap();
        let mut files = files(dir.path());
        files.append(Name::of(GROUP), b"the only line\n");
        files.flush();
        let (now, day) = (now_ms(), 24 * 3_600 * 1_000);
        let is_there = || !list(dir.path(), GROUP).is_empty();
        files.expire_when_due(now + 6 * day);
        assert!(is_there());
        files.expire_when_due(now + 6 * day + EXPIRE_EVERY_MS / 2);
        files.expire_when_due(now + 7 * day + EXPIRE_EVERY_MS);
        assert!(!is_there());
        // Whoever writes again is read again.
        files.append(Name::of(GROUP), b"another line\n");
        files.flush();
        assert!(is_there());
    }

    #[test]
    fn what_is_too_much_goes() {
        let dir = tempfile::tempdir().unwrap();
        let now = now_ms();
        (1..=4)
            .rev()
            .for_each(|n| put(dir.path(), now - n, MAX_GROUP_BYTES / 3));
        drop(files(dir.path()));
        assert_eq!(list(dir.path(), GROUP).len(), 3);
    }
}
