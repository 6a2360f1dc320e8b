//! Placing an order: from the bytes of a request to a [`PlacedOrder`] that cannot be wrong.
//!
//! The seed's "validate input" and "calculate total" (section 3). A request that parses is right in everything that can
//! be told without the catalogue; [`check_against_catalogue`] adds that. Storing it is not done here.

mod catalogue;
mod contact;
mod lines;
mod metadata;
#[cfg(test)]
mod tests;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::fault::{Fault, FaultCode, Faults, Pointer, short};
use crate::json::{optional, read_body, read_text, required};
use crate::{Amount, Currency, CustomerId, OrderId, OrderLine, PlacedOrder};

pub use catalogue::check_against_catalogue;
pub(crate) use lines::read_price;
pub use lines::{MAX_LINES, calculate_total};
pub use metadata::{MAX_METADATA_BYTES, MAX_METADATA_DEPTH, MAX_METADATA_FIELDS};

/// The fields of the body, in the order that the API shows them.
const FIELDS: [&str; 6] = [
    "customerId",
    "items",
    "currency",
    "customerEmail",
    "customerPhone",
    "metadata",
];

/// An order as a client asks for it, checked in all but the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceOrderRequest {
    customer_id: CustomerId,
    items: Vec<OrderLine>,
    currency: Currency,
    total_amount: Amount,
    customer_email: Option<String>,
    customer_phone: Option<String>,
    metadata: Option<Map<String, Value>>,
}

impl PlaceOrderRequest {
    /// Reads the body of `POST /orders`.
    ///
    /// ```
    /// use domain::PlaceOrderRequest;
    ///
    /// let faults = PlaceOrderRequest::parse(br#"{"customerId": "C", "items": []}"#).unwrap_err();
    /// assert_eq!(faults[0].pointer, "/items");
    /// assert_eq!(faults[0].detail, "items must have at least one line");
    /// ```
    ///
    /// # Errors
    /// Every fault of the body at once (the first 100 of a hopeless one), at least one.
    pub fn parse(body: &[u8]) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let request = read_request(body, &mut faults);
        match request {
            Some(request) if faults.is_empty() => Ok(request),
            Some(_) | None => Err(faults.into_vec()),
        }
    }

    /// 1 to [`MAX_LINES`] lines, each product once.
    #[must_use]
    pub fn items(&self) -> &[OrderLine] {
        &self.items
    }

    /// The currency of all amounts; US dollars when the body names none.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The order, placed under this id and at the time that the id holds.
    #[must_use]
    pub fn place(self, id: OrderId, trace_id: String) -> PlacedOrder {
        PlacedOrder {
            order_id: id,
            customer_id: self.customer_id,
            total_amount: self.total_amount,
            currency: self.currency,
            created_at: id.created_at(),
            items: self.items,
            customer_email: self.customer_email,
            customer_phone: self.customer_phone,
            metadata: self.metadata,
            trace_id,
        }
    }
}

fn read_request(body: &[u8], faults: &mut Faults) -> Option<PlaceOrderRequest> {
    let at = Pointer::Root;
    let [customer, items, currency, email, phone, metadata] = read_body(body, FIELDS, faults)?;

    let customer_id = read_customer_id(customer, at.member("customerId"), faults);
    let currency = match optional(currency) {
        Some(raw) => read_currency(raw, at.member("currency"), faults),
        None => Some(Currency::USD),
    };
    let items = required(items, at.member("items"), faults)
        .and_then(|raw| lines::read_lines(raw, at.member("items"), currency, faults));
    let customer_email =
        optional(email).and_then(|raw| contact::read_email(raw, at.member("customerEmail"), faults));
    let customer_phone =
        optional(phone).and_then(|raw| contact::read_phone(raw, at.member("customerPhone"), faults));
    let metadata =
        optional(metadata).and_then(|raw| metadata::read_metadata(raw, at.member("metadata"), faults));

    let items = items?;
    let total_amount = calculate_total(&items)
        .map_err(|error| {
            let detail = format!("the order's total is too large: {error}");
            faults.add(at.member("items"), FaultCode::TotalTooLarge, detail);
        })
        .ok()?;
    Some(PlaceOrderRequest {
        customer_id: customer_id?,
        items,
        currency: currency?,
        total_amount,
        customer_email,
        customer_phone,
        metadata,
    })
}

fn read_customer_id(raw: Option<&RawValue>, at: Pointer<'_>, faults: &mut Faults) -> Option<CustomerId> {
    let text = read_text(required(raw, at, faults)?, at, faults)?;
    CustomerId::new(text)
        .map_err(|error| faults.add(at, FaultCode::BadFormat, format!("customerId must be {error}")))
        .ok()
}

/// A currency by its code.
pub(crate) fn read_currency(raw: &RawValue, at: Pointer<'_>, faults: &mut Faults) -> Option<Currency> {
    let text = read_text(raw, at, faults)?;
    text.parse()
        .map_err(|error| {
            let detail = format!("unknown currency {:?}: {error}", short(&text, lines::SHOWN));
            faults.add(at, FaultCode::UnknownCurrency, detail);
        })
        .ok()
}
