//! Which orders a visitor wants to see, as the address says it.

use domain::{CustomerId, OrderId, OrderStatus, Timestamp};
use ports::orders::OrderFilter;

use crate::error::PageError;
use crate::query::{Fields, address};

/// The filter as it was asked for, to be shown again, and as the port takes it.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub filter: OrderFilter,
    /// The order after which the page begins.
    pub after: Option<OrderId>,
    pub status: Option<String>,
    pub customer: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
}

impl Wanted {
    pub(super) fn read(fields: &Fields) -> Result<Self, PageError> {
        let owned = |name: &str| fields.text(name).map(str::to_owned);
        let (status, customer) = (owned("status"), owned("customer"));
        let (from, to) = (owned("from"), owned("to"));
        let needs_attention = status.as_deref() == Some("attention");
        let parsed_status = status
            .as_deref()
            .filter(|_| !needs_attention)
            .map(|text| text.parse::<OrderStatus>())
            .transpose()
            .map_err(|error| PageError::Invalid(format!("{error}.")))?;
        let customer_id = customer.as_deref().map(CustomerId::new).transpose();
        let customer_id = customer_id.map_err(|error| PageError::Invalid(format!("Customer: {error}.")))?;
        let after = fields.text("after").map(str::parse::<OrderId>).transpose();
        Ok(Self {
            filter: OrderFilter {
                status: parsed_status,
                customer_id,
                from: from.as_deref().map(read_time).transpose()?,
                to: to.as_deref().map(read_time).transpose()?,
                needs_attention,
            },
            after: after.map_err(|_| PageError::Invalid("The page's address is damaged.".to_owned()))?,
            status,
            customer,
            from,
            to,
        })
    }

    /// The same list from its beginning, with another status.
    pub(super) fn with_status(&self, status: Option<&str>) -> String {
        self.address(status, None)
    }

    /// The page after that order.
    pub(super) fn page_after(&self, after: Option<&str>) -> String {
        self.address(self.status.as_deref(), after)
    }

    fn address(&self, status: Option<&str>, after: Option<&str>) -> String {
        let fields = [
            ("status", status),
            ("customer", self.customer.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
            ("after", after),
        ];
        address("/console/orders", &fields)
    }

    /// Whether anything but a status narrows the list.
    pub(super) fn is_narrow(&self) -> bool {
        self.customer.is_some() || self.from.is_some() || self.to.is_some()
    }
}

/// A time as a browser's field writes it, `2026-11-22T16:50`, taken as UTC, or as RFC 3339.
fn read_time(text: &str) -> Result<Timestamp, PageError> {
    let short = text.len() == "2026-11-22T16:50".len();
    let long = text.len() == "2026-11-22T16:50:20".len();
    let whole = match (short, long) {
        (true, _) => format!("{text}:00Z"),
        (_, true) => format!("{text}Z"),
        _ => text.to_owned(),
    };
    whole
        .parse()
        .map_err(|error| PageError::Invalid(format!("{error}, but {text:?} is not.")))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, read_time};
    use crate::query::Fields;

    #[test]
    fn times_are_read_as_browsers_write_them() {
        for text in [
            "2026-11-22T16:50",
            "2026-11-22T16:50:00",
            "2026-11-22T16:50:00Z",
            "2026-11-22T17:50:00+01:00",
        ] {
            assert_eq!(
                read_time(text).unwrap().to_string(),
                "2026-11-22T16:50:00.000Z",
                "{text}"
            );
        }
        assert!(read_time("yesterday").is_err());
    }

    #[test]
    fn the_filter_goes_along_to_the_next_page() {
        let fields = Fields::parse(b"status=FAILED&customer=CUST-1&from=2026-11-22T16:50&to=");
        let wanted = Wanted::read(&fields).unwrap();
        assert_eq!(
            wanted.page_after(Some("x")),
            "/console/orders?status=FAILED&customer=CUST-1&from=2026-11-22T16%3A50&after=x"
        );
        assert_eq!(
            wanted.with_status(None),
            "/console/orders?customer=CUST-1&from=2026-11-22T16%3A50"
        );
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for bad in ["status=GONE", "from=x", "after=x", "customer=a%00b"] {
            assert!(Wanted::read(&Fields::parse(bad.as_bytes())).is_err(), "{bad}");
        }
    }
}
