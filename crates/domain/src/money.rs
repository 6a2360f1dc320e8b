//! Exact decimal amounts. Money is never a float: not in code, not in JSON, not in SQL.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact amount of money, without its currency, from 0 to [`Amount::MAX`].
///
/// In JSON it is a number, read and written as text: `59.98` is 59.98.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(Decimal);

/// Why a text or number is not an [`Amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal such as `59.98`.
    #[error("an amount is a decimal number such as 59.98")]
    NotDecimal,
    /// Below zero.
    #[error("an amount is not negative")]
    Negative,
    /// Above [`Amount::MAX`].
    #[error("an amount is at most 999999999999.9999")]
    TooLarge,
    /// More than [`Amount::MAX_SCALE`] decimals.
    #[error("an amount has at most 4 decimals")]
    TooManyDecimals,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// The largest amount, 999,999,999,999.9999.
    pub const MAX: Self = Self(Decimal::from_parts(1_874_919_423, 2_328_306, 0, false, 4));
    /// The most decimals that any currency of ISO 4217 uses.
    pub const MAX_SCALE: u32 = 4;

    /// Checks and takes a decimal. Trailing zeros are kept as they were written.
    ///
    /// # Errors
    /// [`AmountError`] says which bound it breaks.
    pub fn new(value: Decimal) -> Result<Self, AmountError> {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(AmountError::Negative);
        }
        if value.normalize().scale() > Self::MAX_SCALE {
            return Err(AmountError::TooManyDecimals);
        }
        if value > Self::MAX.0 {
            return Err(AmountError::TooLarge);
        }
        Ok(Self(value))
    }

    /// This amount `times` over.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] above [`Amount::MAX`].
    pub fn times(self, times: u32) -> Result<Self, AmountError> {
        let product = self
            .0
            .checked_mul(Decimal::from(times))
            .ok_or(AmountError::TooLarge)?;
        Self::new(product)
    }

    /// The sum of both.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] above [`Amount::MAX`].
    pub fn plus(self, other: Self) -> Result<Self, AmountError> {
        let sum = self.0.checked_add(other.0).ok_or(AmountError::TooLarge)?;
        Self::new(sum)
    }

    /// The decimal itself.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// How many decimals the amount needs, trailing zeros not counted.
    #[must_use]
    pub fn scale(self) -> u32 {
        self.0.normalize().scale()
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        if !plain || text.is_empty() {
            return Err(AmountError::NotDecimal);
        }
        if text.len() > 28 {
            // Decimal holds 28 digits; anything longer is too large or too fine, and zeros say nothing.
            let whole = text.split('.').next().unwrap_or_default();
            let too_large = whole.trim_start_matches(['-', '0']).len() > 12;
            return Err(if too_large {
                AmountError::TooLarge
            } else {
                AmountError::TooManyDecimals
            });
        }
        Self::new(Decimal::from_str_exact(text).map_err(|_| AmountError::NotDecimal)?)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let number = serde_json::Number::from_str(&self.0.to_string()).map_err(S::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let number = serde_json::Number::deserialize(deserializer)?;
        number.as_str().parse().map_err(D::Error::custom)
    }
}

/// Sums that may overflow stop at the first amount that does.
impl Sum<Amount> for Result<Amount, AmountError> {
    fn sum<I: Iterator<Item = Amount>>(mut amounts: I) -> Self {
        amounts.try_fold(Amount::ZERO, Amount::plus)
    }
}
