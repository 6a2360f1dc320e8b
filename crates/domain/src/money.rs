//! Exact decimal amounts. Money is never a float: not in code, not in JSON, not in SQL.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact amount of money, without its currency, from 0 to [`Amount::MAX`].
///
/// In JSON it is a number, read and written as text: `59.98` is 59.98.
///
/// ```
/// use domain::Amount;
///
/// let price: Amount = "29.99".parse()?;
/// assert_eq!(price.times(2)?.to_string(), "59.98");
/// # Ok::<(), domain::money::AmountError>(())
/// ```
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
        if value.scale() > Self::MAX_SCALE && value.normalize().scale() > Self::MAX_SCALE {
            return Err(AmountError::TooManyDecimals);
        }
        if value > Self::MAX.0 {
            return Err(AmountError::TooLarge);
        }
        // The absolute value turns -0 into 0.
        Ok(Self(value.abs()))
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

    /// The same amount with at most so many decimals, as far as those after them are zeros.
    #[must_use]
    pub fn cut_to(self, decimals: u32) -> Self {
        let mut decimal = self.0;
        if decimal.scale() > decimals {
            decimal.rescale(decimals.max(self.scale()));
        }
        Self(decimal)
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

    /// Whether it needs more decimals than these.
    #[must_use]
    pub fn is_finer_than(self, decimals: u32) -> bool {
        self.0.scale() > decimals && self.scale() > decimals
    }

    /// The float next to it, for a chart. Nothing is ever reckoned from it.
    #[must_use]
    pub fn for_a_chart(self) -> f64 {
        let units_per_one = (0..self.0.scale()).fold(1.0, |power, _| power * 10.0);
        self.0.mantissa() as f64 / units_per_one
    }

    /// Writes its characters digit by digit, which takes less than the formatter does, and returns them. `None` for one with
    /// so many zeros behind its decimals that they aren't counted in a `u64`.
    fn write(self, text: &mut [u8; TEXT_MAX]) -> Option<&str> {
        let mut rest = u64::try_from(self.0.mantissa()).ok()?;
        let decimals = self.0.scale();
        let mut begin = TEXT_MAX;
        let mut put = |character| {
            begin -= 1;
            text[begin] = character;
        };
        let mut digits = 0;
        while rest > 0 || digits <= decimals {
            if digits == decimals && decimals > 0 {
                put(b'.');
            }
            // A digit is below 10, so it fits.
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
            digits += 1;
        }
        str::from_utf8(text.get(begin..)?).ok()
    }
}

/// A decimal has at most 28 decimals, a point and a digit before them; a `u64` has at most 20 digits.
const TEXT_MAX: usize = 32;

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
        let is_plain = f.width().is_none() && f.precision().is_none();
        match self.write(&mut [0; TEXT_MAX]).filter(|_| is_plain) {
            Some(text) => f.write_str(text),
            None => self.0.fmt(f),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Its text is a JSON number, so nobody need look at it again.
        serde_json::Number::from_string_unchecked(self.to_string()).serialize(serializer)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Amount, AmountError};

    /// The amount in ten-thousandths, counted in whole numbers.
    fn units(amount: Amount) -> i128 {
        let mut decimal = amount.decimal();
        decimal.rescale(Amount::MAX_SCALE);
        decimal.mantissa()
    }

    const MAX_UNITS: i128 = 9_999_999_999_999_999;

    #[test]
    fn the_largest_amount_is_what_its_docs_say() {
        assert_eq!(Amount::MAX.to_string(), "999999999999.9999");
        assert_eq!(units(Amount::MAX), MAX_UNITS);
        assert_eq!("1000000000000".parse::<Amount>(), Err(AmountError::TooLarge));
        assert_eq!("999999999999.9999".parse(), Ok(Amount::MAX));
    }

    #[test]
    fn a_tenth_and_two_tenths_are_three_tenths() {
        let sum = "0.1".parse::<Amount>().unwrap().plus("0.2".parse().unwrap());
        assert_eq!(sum, "0.3".parse());
    }

    #[test]
    fn no_amount_is_negative_not_even_zero() {
        assert_eq!("-0.00".parse::<Amount>().unwrap().to_string(), "0.00");
        assert_eq!("-0.01".parse::<Amount>(), Err(AmountError::Negative));
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in [
            "", "-", ".", "1e2", "1E400", "NaN", "inf", "1,5", " 1", "+1", "--1", "1-1", "1.2.3", "0x1",
            "1_0",
        ] {
            assert_eq!(text.parse::<Amount>(), Err(AmountError::NotDecimal), "{text}");
        }
    }

    #[test]
    fn a_text_is_the_decimals_own() {
        for text in [
            "0",
            "0.0",
            "0.00",
            "0.0001",
            "0.5",
            "7",
            "10",
            "29.99",
            "59.980",
            "100.0",
            "999999999999.9999",
            "0.0000000000000000000000000",
            "1.0000000000000000000000000",
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(amount.to_string(), text);
            assert_eq!(amount.to_string(), amount.decimal().to_string());
        }
        let amount: Amount = "2.5".parse().unwrap();
        assert_eq!(format!("{amount:>6}|{amount:.2}"), "   2.5|2.50");
    }

    #[test]
    fn a_chart_gets_the_nearest_float() {
        for text in ["0", "0.1", "29.99", "59.980", "0.0001", "123456789.25"] {
            let nearest: f64 = text.parse().unwrap();
            assert_eq!(
                text.parse::<Amount>().unwrap().for_a_chart().to_bits(),
                nearest.to_bits(),
                "{text}"
            );
        }
    }

    #[test]
    fn zeros_are_cut_and_nothing_else_is() {
        for (text, decimals, cut) in [
            ("29.990", 2, "29.99"),
            ("29.9900", 2, "29.99"),
            ("29.9", 2, "29.9"),
            ("30.000", 0, "30"),
            ("29.995", 2, "29.995"),
            ("29.9950", 2, "29.995"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(amount.cut_to(decimals).to_string(), cut, "{text}");
            assert_eq!(amount.cut_to(decimals), amount);
        }
    }

    #[test]
    fn json_keeps_every_digit() {
        let amount: Amount = serde_json::from_str("999999999999.9999").unwrap();
        assert_eq!(amount, Amount::MAX);
        assert_eq!(serde_json::to_string(&amount).unwrap(), "999999999999.9999");
        assert!(serde_json::from_str::<Amount>("\"1\"").is_err());
    }

    proptest! {
        #[test]
        fn text_and_json_come_back_as_they_were(whole in 0_u64..1_000_000_000_000, cents in 0..10_000_u32, scale in 0_usize..=4) {
            let fraction = &format!("{cents:04}")[..scale];
            let text = if scale == 0 { whole.to_string() } else { format!("{whole}.{fraction}") };
            let amount: Amount = text.parse().unwrap();
            prop_assert_eq!(amount.to_string(), &text[..]);
            prop_assert_eq!(serde_json::to_string(&amount).unwrap(), &text[..]);
            prop_assert_eq!(serde_json::from_str::<Amount>(&text).unwrap(), amount);
        }

        #[test]
        fn sums_and_products_are_exact(a in 0..=MAX_UNITS, b in 0..=MAX_UNITS, times in 0_u32..100_000) {
            let amount = |units| Amount::new(rust_decimal::Decimal::from_i128_with_scale(units, 4)).unwrap();
            let expect = |units: i128| if units > MAX_UNITS { Err(AmountError::TooLarge) } else { Ok(units) };
            prop_assert_eq!(amount(a).plus(amount(b)).map(units), expect(a + b));
            prop_assert_eq!(amount(a).times(times).map(units), expect(a * i128::from(times)));
        }

        #[test]
        fn any_text_gets_an_answer(text in ".{0,60}") {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert!(amount <= Amount::MAX && amount >= Amount::ZERO);
            }
        }
    }
}
