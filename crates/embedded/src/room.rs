//! Whether a write failed for want of room.
//!
//! SQLite says so of a full disk (ENOSPC) alone. A quota that is used up (EDQUOT) and a limit on the size of files (EFBIG)
//! are a failed write to it, as is a disk that fails (EIO), and rusqlite doesn't tell the system's error. So that is asked
//! for again: a file beside the database is written as the database was, and what comes of that says which it is.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// More than SQLite writes at once, so what had no room for that has none for this.
const PROBE_BYTES: usize = 64 * 1024;

/// Whether the place of this database takes no more: its disk, a quota or a limit on the size of files stops it. Room that
/// has come free since the write failed is room, and what else fails is no want of it.
pub(crate) fn is_used_up(database: &Path) -> bool {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    // The log is what is written, and where it ends is where a limit on its size is met. What isn't there ends at 0.
    let end = std::fs::metadata(log).map_or(0, |log| log.len());
    let probe = database.with_extension("probe");
    let written = write_at(&probe, end);
    // One that can't be removed is written over the next time.
    let _ = std::fs::remove_file(&probe);
    written.is_err_and(|error| says_no_room(&error))
}

fn write_at(path: &Path, offset: u64) -> io::Result<()> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all_at(&vec![0; PROBE_BYTES], offset)?;
    // Some file systems find out no sooner.
    file.sync_data()
}

fn says_no_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_a_quota_and_a_limit_are_want_of_room_and_a_disk_that_fails_is_none() {
        for (kind, expected) in [
            (ErrorKind::StorageFull, true),
            (ErrorKind::QuotaExceeded, true),
            (ErrorKind::FileTooLarge, true),
            (ErrorKind::ReadOnlyFilesystem, false),
            (ErrorKind::NotFound, false),
        ] {
            assert_eq!(says_no_room(&kind.into()), expected, "{kind}");
        }
        const EIO: i32 = 5;
        assert!(!says_no_room(&io::Error::from_raw_os_error(EIO)));
    }

    #[test]
    fn what_is_full_says_so_when_it_is_written() {
        let full = write_at(Path::new("/dev/full"), 4096).unwrap_err();
        assert!(says_no_room(&full), "{full}");
    }

    #[test]
    fn a_place_with_room_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.db-wal"), [1; 5000]).unwrap();
        assert!(!is_used_up(&dir.path().join("a.db")));
        assert!(!is_used_up(&dir.path().join("missing/a.db")));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
