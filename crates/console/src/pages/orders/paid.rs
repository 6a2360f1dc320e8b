//! What became of an order's money, as the gateway's ledger tells it in the timeline.

use ports::orders::TimelineEntry;

/// What became of the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paid {
    /// Nobody was asked for it yet, or nobody will be.
    Never,
    /// Taken.
    Charged,
    /// Taken, and given back.
    GivenBack,
    /// Asked for and refused.
    Declined,
}

impl Paid {
    /// Reads the payment's entries, the latest of which holds.
    pub(super) fn of(entries: &[TimelineEntry]) -> Self {
        let told = |entry: &TimelineEntry| match entry.event.as_str() {
            "CHARGED" => Some(Self::Charged),
            "REFUNDED" => Some(Self::GivenBack),
            "DECLINED" => Some(Self::Declined),
            _ => None,
        };
        let payments = entries.iter().filter(|entry| entry.source == "payment");
        payments.rev().find_map(told).unwrap_or(Self::Never)
    }

    /// In words; an order that has ended will not be charged any more.
    pub(super) fn word(self, has_ended: bool) -> &'static str {
        match (self, has_ended) {
            (Self::Charged, _) => "charged",
            (Self::GivenBack, _) => "charged and given back",
            (Self::Declined, _) => "payment declined",
            (Self::Never, true) => "never charged",
            (Self::Never, false) => "not charged yet",
        }
    }
}

/// The payment's id, which the order itself has only once it is complete.
pub(super) fn payment_id(entries: &[TimelineEntry]) -> Option<&str> {
    let payments = entries.iter().filter(|entry| entry.source == "payment");
    payments
        .rev()
        .find_map(|entry| entry.detail["paymentId"].as_str())
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use ports::orders::TimelineEntry;
    use serde_json::json;

    use super::{Paid, payment_id};

    fn entries(events: &[(&str, &str)]) -> Vec<TimelineEntry> {
        let entry = |(source, event): &(&str, &str)| TimelineEntry {
            at: Timestamp::from_ms(0),
            source: (*source).to_owned(),
            event: (*event).to_owned(),
            summary: String::new(),
            detail: json!({ "paymentId": "PAY-1" }),
        };
        events.iter().map(entry).collect()
    }

    #[test]
    fn the_latest_payment_event_holds() {
        for (events, paid) in [
            (&[][..], Paid::Never),
            (&[("notification", "REFUNDED")], Paid::Never),
            (&[("payment", "DECLINED")], Paid::Declined),
            (&[("payment", "CHARGED")], Paid::Charged),
            (
                &[
                    ("payment", "CHARGED"),
                    ("stock", "TAKEN"),
                    ("payment", "REFUNDED"),
                ],
                Paid::GivenBack,
            ),
        ] {
            assert_eq!(Paid::of(&entries(events)), paid, "{events:?}");
        }
        assert_eq!(payment_id(&entries(&[("payment", "CHARGED")])), Some("PAY-1"));
        assert_eq!(payment_id(&entries(&[("stock", "TAKEN")])), None);
    }
}
