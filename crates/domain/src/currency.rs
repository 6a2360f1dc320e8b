//! Currencies of ISO 4217 and their minor units.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A currency of ISO 4217, such as `USD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is no active currency code of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is an active ISO 4217 code in capitals, such as USD or EUR")]
pub struct CurrencyError;

/// Active codes whose minor unit is not 2 decimals: (decimals, codes in order).
const OTHER_DECIMALS: [(u32, &str); 3] = [
    (
        0,
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// Active codes with 2 decimals, in order.
const TWO_DECIMALS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD \
    CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD \
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU \
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK \
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD \
    XCG YER ZAR ZMW ZWG";

/// Whether the code is one of `codes`, which are 3 letters each with a space between, in order.
fn lists(codes: &str, code: [u8; 3]) -> bool {
    let (entries, last) = codes.as_bytes().as_chunks::<4>();
    last == code
        || entries
            .binary_search_by_key(&code, |[a, b, c, _]| [*a, *b, *c])
            .is_ok()
}

impl Currency {
    /// US dollars, the currency of an order that names none.
    pub const USD: Self = Self(*b"USD");

    /// How many decimals the currency's minor unit has: 2 for `USD`, 0 for `JPY`, 3 for `KWD`.
    #[must_use]
    pub fn decimals(self) -> u32 {
        OTHER_DECIMALS
            .iter()
            .find(|(_, codes)| lists(codes, self.0))
            .map_or(2, |(n, _)| *n)
    }

    /// The three capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII capitals get in.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError)?;
        let known = code.iter().all(u8::is_ascii_uppercase)
            && (lists(TWO_DECIMALS, code) || OTHER_DECIMALS.iter().any(|(_, codes)| lists(codes, code)));
        if known { Ok(Self(code)) } else { Err(CurrencyError) }
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, CurrencyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Currency, OTHER_DECIMALS, TWO_DECIMALS};

    #[test]
    fn decimals_are_those_of_iso_4217() {
        for (code, decimals) in [
            ("USD", 2),
            ("EUR", 2),
            ("JPY", 0),
            ("XPF", 0),
            ("BHD", 3),
            ("CLF", 4),
            ("UYW", 4),
        ] {
            assert_eq!(
                code.parse::<Currency>().map(Currency::decimals),
                Ok(decimals),
                "{code}"
            );
        }
    }

    #[test]
    fn every_listed_code_is_found_and_listed_once() {
        let lists = OTHER_DECIMALS
            .iter()
            .map(|(_, codes)| *codes)
            .chain([TWO_DECIMALS]);
        let codes: Vec<&str> = lists.flat_map(|codes| codes.split(' ')).collect();
        for code in &codes {
            assert_eq!(
                code.parse::<Currency>().map(|c| c.to_string()).as_deref(),
                Ok(*code)
            );
            assert_eq!(codes.iter().filter(|c| *c == code).count(), 1, "{code}");
        }
    }

    #[test]
    fn what_is_no_active_code_is_refused() {
        for text in ["", "usd", "US", "USDX", "XXX", "DEM", "D A", " US", "ÄÖ"] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }
}
