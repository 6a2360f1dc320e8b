//! Keys that a server on this machine left in its data directory.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::path::is_loopback;
use crate::failure::Failure;

/// The key in `data/file`, if there is one and `url` is on this machine: a local key is not for a server elsewhere.
pub fn read(url: &str, data: &Path, file: &str) -> Result<Option<String>, Failure> {
    if !is_loopback(url) {
        return Ok(None);
    }
    let path = data.join(file);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Failure::because(
            format!("could not read the key in {}", path.display()),
            error,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_key_goes_to_no_other_machine() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("default.key"), "secret\n").unwrap();
        let read = |url| read(url, directory.path(), "default.key").unwrap();
        assert_eq!(read("http://127.0.0.1:8080").as_deref(), Some("secret"));
        assert_eq!(read("https://shop.example.com"), None);
    }

    #[test]
    fn no_file_is_no_key() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(
            read("http://127.0.0.1", directory.path(), "admin.key").unwrap(),
            None
        );
    }
}
