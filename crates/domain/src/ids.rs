//! Identifiers as types of their own, so that one can't be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// An order's id: a UUIDv7 (RFC 9562) whose time, in milliseconds, is the order's `createdAt`.
///
/// So an order of the composite key (`orderId`, `createdAt`) is found by its id alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Uuid", into = "Uuid")]
pub struct OrderId(Uuid);

/// Why a text is not an [`OrderId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderIdError {
    /// The text is no UUID at all.
    #[error("an order id is a UUID such as 01939f7c-8e00-7000-8000-000000000000")]
    NotUuid,
    /// The UUID is of another version, so it holds no time.
    #[error("an order id is a UUID of version 7")]
    NotVersion7,
}

impl OrderId {
    /// How many ids one millisecond has room for: 15 bits of counter.
    pub const PER_MILLISECOND: u16 = 1 << 15;

    /// An id made at `created_at_ms` (Unix milliseconds), the `counter`th of its millisecond (below
    /// [`Self::PER_MILLISECOND`]; higher bits are dropped), with 59 bits of `random`.
    ///
    /// The counter stands in front of the random bits, as RFC 9562 section 6.2 method 1 has it, so ids of one
    /// source sort in the order they were made, and (`created_at_ms`, `counter`) alone tells them apart.
    #[must_use]
    pub fn from_parts(created_at_ms: u64, counter: u16, random: u64) -> Self {
        let counter = u128::from(counter & (Self::PER_MILLISECOND - 1));
        let rand_a = counter >> 3;
        let rand_b = ((counter & 0b111) << 59) | u128::from(random & ((1 << 59) - 1));
        let value = (u128::from(created_at_ms & 0xffff_ffff_ffff) << 80)
            | (0x7 << 76)
            | (rand_a << 64)
            | (0b10 << 62)
            | rand_b;
        Self(Uuid::from_u128(value))
    }

    /// The time the order was created, in Unix milliseconds.
    #[must_use]
    pub fn created_at_ms(self) -> u64 {
        // The shift leaves 48 bits, so nothing is cut off.
        (self.0.as_u128() >> 80) as u64
    }

    /// The time the order was created.
    #[must_use]
    pub fn created_at(self) -> Timestamp {
        Timestamp::from_ms(i64::try_from(self.created_at_ms()).unwrap_or(i64::MAX))
    }

    /// The 15 bits that count the ids of one millisecond.
    #[must_use]
    pub fn counter(self) -> u16 {
        let value = self.0.as_u128();
        let rand_a = (value >> 64) & 0xfff;
        let low = (value >> 59) & 0b111;
        ((rand_a << 3) | low) as u16
    }

    /// The id as a UUID.
    #[must_use]
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl TryFrom<Uuid> for OrderId {
    type Error = OrderIdError;

    fn try_from(uuid: Uuid) -> Result<Self, Self::Error> {
        if uuid.get_version_num() == 7 {
            Ok(Self(uuid))
        } else {
            Err(OrderIdError::NotVersion7)
        }
    }
}

impl From<OrderId> for Uuid {
    fn from(id: OrderId) -> Self {
        id.0
    }
}

impl FromStr for OrderId {
    type Err = OrderIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text)
            .map_err(|_| OrderIdError::NotUuid)?
            .try_into()
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not a name of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to {max} characters, none of them a control character, no space at either end")]
pub struct NameError {
    /// The longest that is allowed, in characters.
    pub max: usize,
}

fn check_name(text: &str, max: usize) -> Result<(), NameError> {
    let fits = !text.is_empty() && text.chars().count() <= max;
    if fits && text.trim() == text && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(NameError { max })
    }
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest name, in characters.
            pub const MAX_CHARS: usize = $max;

            /// A name of 1 to [`Self::MAX_CHARS`] characters without control characters.
            ///
            /// # Errors
            /// [`NameError`] when the text is none.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                check_name(&text, $max)?;
                Ok(Self(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// Who orders, as the client names them.
    CustomerId,
    128
);
name_type!(
    /// A product in the catalogue.
    ProductId,
    128
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{CustomerId, OrderId, OrderIdError};

    #[test]
    fn only_a_uuid_of_version_7_is_an_order_id() {
        assert_eq!(
            "550e8400-e29b-41d4-a716-446655440000".parse::<OrderId>(),
            Err(OrderIdError::NotVersion7)
        );
        assert_eq!("order-1".parse::<OrderId>(), Err(OrderIdError::NotUuid));
        assert!(serde_json::from_str::<OrderId>("\"550e8400-e29b-41d4-a716-446655440000\"").is_err());
        let id = "019bc0fd-8a3b-7000-8000-000000000000".parse::<OrderId>().unwrap();
        assert_eq!(id.created_at().to_string(), "2026-01-15T09:30:00.123Z");
    }

    #[test]
    fn a_name_has_no_space_at_its_ends_and_no_control_character() {
        assert!(CustomerId::new("CUST 001").is_ok());
        for text in ["", " a", "a ", "a\tb", "a\u{0}", &"x".repeat(129)] {
            assert!(CustomerId::new(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_come_back(ms in 0_u64..1 << 48, counter in 0_u16..OrderId::PER_MILLISECOND, random: u64) {
            let id = OrderId::from_parts(ms, counter, random);
            prop_assert_eq!(id.created_at_ms(), ms);
            prop_assert_eq!(id.counter(), counter);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(serde_json::from_str::<OrderId>(&json).unwrap(), id);
            prop_assert_eq!(id.as_uuid().get_version_num(), 7);
            prop_assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
        }

        #[test]
        fn ids_sort_as_they_were_made(
            a in (0_u64..1 << 48, 0_u16..OrderId::PER_MILLISECOND), b in (0_u64..1 << 48, 0_u16..OrderId::PER_MILLISECOND),
            random: (u64, u64),
        ) {
            let (x, y) = (OrderId::from_parts(a.0, a.1, random.0), OrderId::from_parts(b.0, b.1, random.1));
            if a != b {
                prop_assert_eq!(x.cmp(&y), a.cmp(&b));
                prop_assert_eq!(x.to_string().cmp(&y.to_string()), a.cmp(&b));
            }
        }

        #[test]
        fn any_text_gets_an_answer(text in ".{0,40}", bits: u128) {
            prop_assert!(text.parse::<OrderId>().is_err());
            let uuid = Uuid::from_u128(bits);
            prop_assert_eq!(OrderId::try_from(uuid).is_ok(), uuid.get_version_num() == 7);
        }
    }
}
