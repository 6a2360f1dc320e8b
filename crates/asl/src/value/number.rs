//! Numbers.

use std::fmt;
use std::str::FromStr;

use smol_str::{SmolStr, ToSmolStr};

/// A number as it was written: 59.98 never goes through a float, and 1.0 is not 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(SmolStr);

impl Number {
    /// Its JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its value if it is written as a whole number that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Its value if it is written as a whole number that fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The nearest double; `None` when it is beyond all of them.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// The shortest text that stands for a double; `None` for infinities and what is no number.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Number> {
        serde_json::Number::from_f64(value).as_ref().map(Number::from)
    }
}

impl FromStr for Number {
    type Err = serde_json::Error;

    /// Reads JSON, so spaces around the number are allowed.
    fn from_str(text: &str) -> Result<Number, serde_json::Error> {
        serde_json::from_str::<serde_json::Number>(text).map(|number| Number::from(&number))
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Number {
        Number(number.as_str().into())
    }
}

impl From<&Number> for serde_json::Number {
    fn from(number: &Number) -> serde_json::Number {
        // The text is JSON, so the other number is never needed.
        number.0.parse().unwrap_or_else(|_never| 0.into())
    }
}

macro_rules! from_whole_numbers {
    ($($whole:ty),*) => {$(
        impl From<$whole> for Number {
            fn from(number: $whole) -> Number {
                Number(number.to_smolstr())
            }
        }
    )*};
}

from_whole_numbers!(i32, i64, u32, u64, usize);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
