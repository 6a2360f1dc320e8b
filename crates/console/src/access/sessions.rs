//! Sessions, kept by the server: a cookie is only the way to one, and signing out ends it wherever the cookie is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;

use super::secret::{NoRandomness, digest, new_secret};

/// How long a session lasts without a request. A page that is open and live asks now and then.
const IDLE_MS: i64 = 2 * 3_600_000;
/// How long a session lasts in any case.
const LIFE_MS: i64 = 12 * 3_600_000;
/// How many there are at once; one more ends the one that was idle longest.
const MAX_SESSIONS: usize = 128;

/// A visitor who signed in.
#[derive(Debug)]
pub(crate) struct Session {
    /// Stands in every form of the session.
    pub token: String,
    /// The admin key that it was opened with.
    pub key_id: String,
    /// What that key is called.
    pub key_name: String,
    begun_at: Timestamp,
    seen_at_ms: AtomicI64,
    /// What the next page says on top: the outcome of the last action.
    notice: Mutex<Option<String>>,
}

impl Session {
    /// Keeps a notice for the next page.
    pub(crate) fn tell(&self, text: impl Into<String>) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.into());
    }

    /// The notice, once.
    pub(crate) fn take_notice(&self) -> Option<String> {
        self.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_over(&self, now: Timestamp) -> bool {
        let idle = now.as_ms() - self.seen_at_ms.load(Ordering::Relaxed);
        let age = now.as_ms() - self.begun_at.as_ms();
        idle >= IDLE_MS || age >= LIFE_MS
    }
}

/// All sessions, by the digest of what their cookie says.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<[u8; 32], Arc<Session>>>);

impl Sessions {
    /// Begins a session and returns the secret that opens it.
    pub(crate) fn begin(
        &self,
        key_id: String,
        key_name: String,
        now: Timestamp,
    ) -> Result<String, NoRandomness> {
        let (secret, token) = (new_secret()?, new_secret()?);
        let session = Session {
            token,
            key_id,
            key_name,
            begun_at: now,
            seen_at_ms: AtomicI64::new(now.as_ms()),
            notice: Mutex::default(),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, session| !session.is_over(now));
        if all.len() >= MAX_SESSIONS {
            let longest_idle = all
                .iter()
                .min_by_key(|(_, session)| session.seen_at_ms.load(Ordering::Relaxed));
            if let Some(id) = longest_idle.map(|(id, _)| *id) {
                all.remove(&id);
            }
        }
        all.insert(digest(&secret), Arc::new(session));
        Ok(secret)
    }

    /// The session that this secret opens, unless it is over.
    pub(crate) fn find(&self, secret: &str, now: Timestamp) -> Option<Arc<Session>> {
        let id = digest(secret);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = all.get(&id)?;
        if session.is_over(now) {
            all.remove(&id);
            return None;
        }
        session.seen_at_ms.store(now.as_ms(), Ordering::Relaxed);
        Some(Arc::clone(session))
    }

    /// Ends the session that this secret opens.
    pub(crate) fn end(&self, secret: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&digest(secret));
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::{IDLE_MS, LIFE_MS, MAX_SESSIONS, Sessions};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    fn begin(sessions: &Sessions, ms: i64) -> String {
        sessions.begin("key_1".into(), "admin".into(), at(ms)).unwrap()
    }

    #[test]
    fn a_session_ends_when_idle_when_old_and_when_told() {
        let sessions = Sessions::default();
        let secret = begin(&sessions, 0);
        assert!(sessions.find(&secret, at(IDLE_MS - 1)).is_some());
        assert!(sessions.find(&secret, at(2 * IDLE_MS - 2)).is_some());
        assert!(sessions.find(&secret, at(3 * IDLE_MS - 2)).is_none());

        let secret = begin(&sessions, 0);
        for hour in 1..12 {
            assert!(sessions.find(&secret, at(hour * 3_600_000)).is_some(), "{hour}");
        }
        assert!(sessions.find(&secret, at(LIFE_MS)).is_none());

        let secret = begin(&sessions, 0);
        sessions.end(&secret);
        assert!(sessions.find(&secret, at(1)).is_none());
    }

    #[test]
    fn only_the_secret_opens_and_tokens_differ() {
        let sessions = Sessions::default();
        let (one, two) = (begin(&sessions, 0), begin(&sessions, 0));
        let (first, second) = (
            sessions.find(&one, at(1)).unwrap(),
            sessions.find(&two, at(1)).unwrap(),
        );
        assert_ne!(first.token, second.token);
        assert!(sessions.find(&first.token, at(1)).is_none());
        assert!(sessions.find("", at(1)).is_none());
    }

    #[test]
    fn one_session_too_many_ends_the_one_that_was_idle_longest() {
        let sessions = Sessions::default();
        let all: Vec<String> = (0..MAX_SESSIONS as i64).map(|ms| begin(&sessions, ms)).collect();
        assert!(sessions.find(&all[0], at(500)).is_some());
        let last = begin(&sessions, 1000);
        assert!(sessions.find(&last, at(1000)).is_some());
        assert!(sessions.find(&all[0], at(1000)).is_some());
        assert!(sessions.find(&all[1], at(1000)).is_none());
    }
}
