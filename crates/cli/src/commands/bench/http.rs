//! As much of HTTP/1.1 as the load needs: one request, prepared once, and the length of its answer.
//!
//! The load shares the machine with the server that it measures, so it does as little as it can.

use std::fmt;

/// The most that an answer may have, head and body together, in bytes.
pub const ANSWER_MAX_BYTES: usize = 16 * 1024;
/// Digits of the customer's number, which stands in the request as `CUST-000000`.
const CUSTOMER_DIGITS: usize = 6;
const CUSTOMER: &str = "CUST-000000";

/// What every order of a benchmark asks for: one line, at the catalogue's price, with somebody to tell.
pub const ORDER: &str = concat!(
    r#"{"customerId":"CUST-000000","items":[{"productId":"PROD-001","quantity":2,"price":29.99}],"#,
    r#""customerEmail":"customer@example.com"}"#
);

/// `POST /orders` as bytes.
#[derive(Debug, Clone)]
pub struct OrderRequest {
    bytes: Vec<u8>,
    customer_at: usize,
}

impl OrderRequest {
    /// The request to the server at `host`, with this key.
    pub fn new(host: impl fmt::Display, api_key: &str) -> Self {
        let head = format!(
            "POST /orders HTTP/1.1\r\nhost: {host}\r\nuser-agent: ordermill-bench\r\n\
             content-type: application/json\r\nx-api-key: {api_key}\r\ncontent-length: {}\r\n\r\n",
            ORDER.len()
        );
        let in_order = ORDER.find(CUSTOMER).unwrap_or_default();
        let prefix = CUSTOMER.len() - CUSTOMER_DIGITS;
        Self {
            customer_at: head.len() + in_order + prefix,
            bytes: (head + ORDER).into_bytes(),
        }
    }

    /// The request of the customer with this number, of which the last six digits count.
    pub fn of_customer(&mut self, number: u64) -> &[u8] {
        let digits = &mut self.bytes[self.customer_at..self.customer_at + CUSTOMER_DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            // A digit is below 10, so it fits.
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        &self.bytes
    }
}

/// What the first bytes of a connection say about the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Not all of the head is there yet.
    Incomplete,
    /// The answer's status and its length with the body.
    Complete {
        /// Such as 201.
        status: u16,
        /// Head and body together.
        answer_bytes: usize,
    },
}

/// The server answered with something that the load doesn't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// No status line of HTTP/1.1.
    #[error("the server doesn't answer with HTTP/1.1")]
    Status,
    /// No `Content-Length`.
    #[error("the server answers without a content-length")]
    Length,
}

/// Reads status and length from what has come of an answer so far.
pub fn read_head(received: &[u8]) -> Result<Head, BadAnswer> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(Head::Incomplete);
    };
    let head = &received[..end];
    let status = head
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| number(rest.get(..3)?))
        .and_then(|status| u16::try_from(status).ok())
        .ok_or(BadAnswer::Status)?;
    let length = head
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let (name, value) = line.split_at_checked("content-length:".len())?;
            name.eq_ignore_ascii_case(b"content-length:").then_some(value)
        })
        .find_map(|value| number(value.trim_ascii()))
        .ok_or(BadAnswer::Length)?;
    Ok(Head::Complete {
        status,
        answer_bytes: end + 4 + length,
    })
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_as_long_as_it_says_whoever_orders() {
        let mut request = OrderRequest::new("127.0.0.1:8080", "secret");
        for (number, customer) in [
            (0, "CUST-000000"),
            (42, "CUST-000042"),
            (1_234_567, "CUST-234567"),
        ] {
            let text = String::from_utf8(request.of_customer(number).to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(
                head.ends_with(&format!("content-length: {}", body.len())),
                "{head}"
            );
            let order: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(order["customerId"], customer);
        }
    }

    #[test]
    fn an_answer_has_a_status_and_a_length() {
        let answer = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        let complete = Head::Complete {
            status: 201,
            answer_bytes: answer.len(),
        };
        let head_bytes = answer.len() - 5;
        for received in 0..answer.len() {
            let expected = if received < head_bytes {
                Head::Incomplete
            } else {
                complete
            };
            assert_eq!(
                read_head(&answer.as_bytes()[..received]),
                Ok(expected),
                "{received}"
            );
        }
    }

    #[test]
    fn what_is_no_such_answer_is_refused() {
        for (answer, error) in [
            ("SSH-2.0-x\r\n\r\n", BadAnswer::Status),
            ("HTTP/1.1 2x1 Created\r\n\r\n", BadAnswer::Status),
            ("HTTP/1.1 201 Created\r\n\r\n", BadAnswer::Length),
            (
                "HTTP/1.1 201 Created\r\ncontent-length: x\r\n\r\n",
                BadAnswer::Length,
            ),
        ] {
            assert_eq!(read_head(answer.as_bytes()), Err(error), "{answer}");
        }
    }
}
