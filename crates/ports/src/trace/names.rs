//! Names of services and of what they do, as small numbers: a span on the hot path copies two bytes instead of a text.
//!
//! Names are kept for the life of the process. They come from the template and from the program itself, so they are few;
//! a bound holds all the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use foldhash::fast::RandomState;

use crate::observability::ServiceKind;

/// The most names there are; whatever comes after is called `(other)`.
const MAX_NAMES: usize = 4_096;
const OTHER: &str = "(other)";

/// A name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u16);

struct Names {
    texts: Vec<&'static str>,
    numbers: HashMap<&'static str, u16, RandomState>,
}

static NAMES: LazyLock<RwLock<Names>> = LazyLock::new(|| {
    RwLock::new(Names {
        texts: vec![OTHER],
        numbers: HashMap::from_iter([(OTHER, 0)]),
    })
});

/// How many names each thread knows without asking for the lock.
const AT_HAND: usize = 64;

thread_local! {
    /// Names that this thread asked for, by where their text lies. Nearly all are literals or settings, which stay where they
    /// are; every part of an order's trace has three or four, and the lock's counter would go from core to core for each.
    static LATEST: RefCell<[(&'static str, u16); AT_HAND]> = const { RefCell::new([("", 0); AT_HAND]) };
}

impl Name {
    /// The name with this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let place = (text.as_ptr() as usize >> 3 ^ text.len()) % AT_HAND;
        let (known, number) = LATEST.with_borrow(|latest| latest[place]);
        // An empty text may lie anywhere, and a place that is not taken has one.
        if known == text && !text.is_empty() {
            return Self(number);
        }
        let name = Self::shared(text);
        LATEST.with_borrow_mut(|latest| latest[place] = (name.as_str(), name.0));
        name
    }

    /// The name with this text, known to all threads.
    fn shared(text: &str) -> Self {
        if let Some(number) = NAMES
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .numbers
            .get(text)
        {
            return Self(*number);
        }
        let mut names = NAMES.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = names.numbers.get(text) {
            return Self(*number);
        }
        match u16::try_from(names.texts.len()) {
            Ok(number) if usize::from(number) < MAX_NAMES => {
                let text: &'static str = Box::leak(text.into());
                names.texts.push(text);
                names.numbers.insert(text, number);
                Self(number)
            }
            Ok(_) | Err(_) => Self(0),
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let names = NAMES.read().unwrap_or_else(PoisonError::into_inner);
        names.texts.get(usize::from(self.0)).copied().unwrap_or(OTHER)
    }
}

/// A part of the system: a node of the service map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub kind: ServiceKind,
}

impl Service {
    /// The part with this name.
    #[must_use]
    pub fn new(name: &str, kind: ServiceKind) -> Self {
        Self {
            name: Name::of(name),
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_name() {
        let (a, b) = (Name::of("order-creation"), Name::of("order-query"));
        assert_ne!(a, b);
        assert_eq!(Name::of(&String::from("order-creation")), a);
        assert_eq!((a.as_str(), b.as_str()), ("order-creation", "order-query"));
        // Another text in the same place is another name.
        let mut text = String::from("order-creation");
        assert_eq!(Name::of(&text), a);
        text.replace_range(6.., "deletion");
        assert_eq!(Name::of(&text).as_str(), "order-deletion");
    }
}
