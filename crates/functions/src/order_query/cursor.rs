//! Cursors: where a page of orders ended, as text that means nothing to a client.
//!
//! Base64 (URL alphabet) of a version byte, the last order's id, and 8 bytes of SHA-256 over both and the filter. So a
//! cursor that was cut, changed or taken to another query is told from a good one. It is no secret: whoever could make
//! one up could as well send another filter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{OrderId, Timestamp};
use ports::orders::OrderFilter;
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 8;
const BYTES: usize = 1 + 16 + CHECK_BYTES;

/// The text is no cursor for this query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum CursorError {
    #[error("not a cursor; pass nextCursor of the page before as it is")]
    NotCursor,
    #[error("this cursor is of another version; start again without one")]
    OtherVersion,
    #[error("this cursor was changed, or belongs to a query with another filter")]
    OtherQuery,
}

pub(super) fn write_cursor(filter: &OrderFilter, last: OrderId) -> String {
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.push(VERSION);
    bytes.extend_from_slice(last.as_uuid().as_bytes());
    let check = check_bytes(filter, &bytes);
    bytes.extend_from_slice(&check);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn read_cursor(filter: &OrderFilter, text: &str) -> Result<OrderId, CursorError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::NotCursor)?;
    let [version, id @ ..] = bytes.as_slice() else {
        return Err(CursorError::NotCursor);
    };
    if *version != VERSION {
        return Err(CursorError::OtherVersion);
    }
    let (id, check) = id.split_at_checked(16).ok_or(CursorError::NotCursor)?;
    if check != check_bytes(filter, &bytes[..BYTES - CHECK_BYTES]) {
        return Err(CursorError::OtherQuery);
    }
    let id = uuid::Uuid::from_slice(id).map_err(|_| CursorError::NotCursor)?;
    OrderId::try_from(id).map_err(|_| CursorError::NotCursor)
}

fn check_bytes(filter: &OrderFilter, head: &[u8]) -> [u8; CHECK_BYTES] {
    let OrderFilter {
        status,
        customer_id,
        from,
        to,
        needs_attention,
    } = filter;
    let ms = |time: &Option<Timestamp>| time.map_or(i64::MIN, Timestamp::as_ms).to_be_bytes();
    let digest = Sha256::new()
        .chain_update(head)
        .chain_update([u8::from(*needs_attention), status.map_or(0, |s| s as u8 + 1)])
        .chain_update(ms(from))
        .chain_update(ms(to))
        // Last, for its length is not fixed.
        .chain_update(customer_id.as_ref().map_or("", |c| c.as_str()))
        .finalize();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&digest[..CHECK_BYTES]);
    check
}

#[cfg(test)]
mod tests {
    use domain::{CustomerId, OrderId, OrderStatus, Timestamp};
    use ports::orders::OrderFilter;
    use proptest::prelude::*;

    use super::{CursorError, read_cursor, write_cursor};

    fn filters() -> [OrderFilter; 6] {
        let with = |change: fn(&mut OrderFilter)| {
            let mut filter = OrderFilter::default();
            change(&mut filter);
            filter
        };
        [
            OrderFilter::default(),
            with(|f| f.status = Some(OrderStatus::Pending)),
            with(|f| f.customer_id = CustomerId::new("C").ok()),
            with(|f| f.from = Some(Timestamp::from_ms(7))),
            with(|f| f.to = Some(Timestamp::from_ms(7))),
            with(|f| f.needs_attention = true),
        ]
    }

    #[test]
    fn a_cursor_of_another_version_says_so() {
        assert_eq!(
            read_cursor(&OrderFilter::default(), "Ag"),
            Err(CursorError::OtherVersion)
        );
        assert_eq!(
            read_cursor(&OrderFilter::default(), ""),
            Err(CursorError::NotCursor)
        );
        assert_eq!(
            read_cursor(&OrderFilter::default(), "AQ"),
            Err(CursorError::NotCursor)
        );
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_for_its_own_filter_only(ms in 0_u64..1 << 48, random: u64) {
            let id = OrderId::from_parts(ms, 1, random);
            for (n, filter) in filters().iter().enumerate() {
                let cursor = write_cursor(filter, id);
                for (m, other) in filters().iter().enumerate() {
                    let expected = if n == m { Ok(id) } else { Err(CursorError::OtherQuery) };
                    prop_assert_eq!(read_cursor(other, &cursor), expected);
                }
            }
        }

        #[test]
        fn a_changed_cursor_is_refused(random: u64, at in 0_usize..34, to in "[A-Za-z0-9_-]") {
            let filter = OrderFilter::default();
            let cursor = write_cursor(&filter, OrderId::from_parts(1, 1, random));
            let mut changed = cursor.clone();
            changed.replace_range(at..=at, &to);
            prop_assert_eq!(read_cursor(&filter, &changed).is_ok(), changed == cursor);
        }

        #[test]
        fn any_text_gets_an_answer(text in ".{0,50}") {
            prop_assert!(read_cursor(&OrderFilter::default(), &text).is_err());
        }
    }
}
