//! The lines of an order: products, quantities and prices.

use serde_json::value::RawValue;

use crate::fault::{FaultCode, Faults, Pointer, short};
use crate::json::{read_list, read_number, read_object, read_text, required};
use crate::money::AmountError;
use crate::{Amount, Currency, OrderLine, ProductId, Quantity};

/// The most lines that one order has.
pub const MAX_LINES: usize = 100;

/// So much of a number or a code is repeated in an answer, in bytes.
pub(super) const SHOWN: usize = 24;

const LINE_FIELDS: [&str; 3] = ["productId", "quantity", "price"];

/// The sum of quantity times price over all lines.
///
/// # Errors
/// [`AmountError::TooLarge`] when a line or the sum is above [`Amount::MAX`].
pub fn calculate_total(lines: &[OrderLine]) -> Result<Amount, AmountError> {
    lines.iter().try_fold(Amount::ZERO, |total, line| {
        total.plus(line.price.times(line.quantity.get())?)
    })
}

/// A line as far as it could be read.
struct ReadLine {
    product_id: Option<ProductId>,
    quantity: Option<Quantity>,
    price: Option<Amount>,
}

/// Reads `items`. Prices are checked against the decimals of `currency` when that is known.
pub(super) fn read_lines(
    raw: &RawValue,
    at: Pointer<'_>,
    currency: Option<Currency>,
    faults: &mut Faults,
) -> Option<Vec<OrderLine>> {
    let elements = read_list(raw, at, faults)?;
    if elements.is_empty() {
        faults.add(at, FaultCode::OutOfRange, "items must have at least one line");
        return None;
    }
    if elements.len() > MAX_LINES {
        let detail = format!(
            "items must have at most {MAX_LINES} lines, not {}",
            elements.len()
        );
        faults.add(at, FaultCode::TooLong, detail);
        return None;
    }
    let lines: Vec<Option<ReadLine>> = elements
        .iter()
        .enumerate()
        .map(|(index, raw)| read_line(raw, at.element(index), currency, faults))
        .collect();
    find_duplicates(&lines, at, faults);
    lines
        .into_iter()
        .map(|line| {
            let line = line?;
            Some(OrderLine {
                product_id: line.product_id?,
                quantity: line.quantity?,
                price: line.price?,
            })
        })
        .collect()
}

fn read_line(
    raw: &RawValue,
    at: Pointer<'_>,
    currency: Option<Currency>,
    faults: &mut Faults,
) -> Option<ReadLine> {
    let [product, quantity, price] = read_object(raw, at, LINE_FIELDS, faults)?;
    Some(ReadLine {
        product_id: read_product_id(product, at.member("productId"), faults),
        quantity: read_quantity(quantity, at.member("quantity"), faults),
        price: read_price(price, at.member("price"), currency, faults),
    })
}

/// At most [`MAX_LINES`] lines, so comparing each with those before it is cheap, and nothing is hashed.
fn find_duplicates(lines: &[Option<ReadLine>], at: Pointer<'_>, faults: &mut Faults) {
    for (index, line) in lines.iter().enumerate() {
        let Some(product_id) = line.as_ref().and_then(|l| l.product_id.as_ref()) else {
            continue;
        };
        let first = lines[..index].iter().position(|earlier| {
            earlier
                .as_ref()
                .is_some_and(|l| l.product_id.as_ref() == Some(product_id))
        });
        if let Some(first) = first {
            let detail =
                format!("{product_id} is in line {first} already; put both quantities into one line");
            faults.add(
                at.element(index).member("productId"),
                FaultCode::DuplicateProduct,
                detail,
            );
        }
    }
}

/// A product's id.
pub(crate) fn read_product_id(
    raw: Option<&RawValue>,
    at: Pointer<'_>,
    faults: &mut Faults,
) -> Option<ProductId> {
    let text = read_text(required(raw, at, faults)?, at, faults)?;
    ProductId::new(text)
        .map_err(|error| faults.add(at, FaultCode::BadFormat, format!("{} must be {error}", at.name())))
        .ok()
}

fn read_quantity(raw: Option<&RawValue>, at: Pointer<'_>, faults: &mut Faults) -> Option<Quantity> {
    let text = read_number(required(raw, at, faults)?, at, faults)?;
    // The text is a JSON number, so all that is not digits is a sign, a point or an exponent.
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        let detail = format!(
            "quantity must be a whole number such as 2, not {}",
            short(text, SHOWN)
        );
        faults.add(at, FaultCode::BadFormat, detail);
        return None;
    }
    let quantity = text.parse().ok().and_then(|count| Quantity::new(count).ok());
    if quantity.is_none() {
        let detail = format!(
            "quantity must be from 1 to {}, not {}",
            Quantity::MAX,
            short(text, SHOWN)
        );
        faults.add(at, FaultCode::OutOfRange, detail);
    }
    quantity
}

/// A price in the currency, exact.
pub(crate) fn read_price(
    raw: Option<&RawValue>,
    at: Pointer<'_>,
    currency: Option<Currency>,
    faults: &mut Faults,
) -> Option<Amount> {
    let text = read_number(required(raw, at, faults)?, at, faults)?;
    let price = match text.parse::<Amount>() {
        Ok(price) => price,
        Err(error) => {
            let (code, detail) = describe(error, text);
            faults.add(at, code, detail);
            return None;
        }
    };
    let Some(currency) = currency else {
        return Some(price);
    };
    if price.is_finer_than(currency.decimals()) {
        let detail = format!(
            "{currency} has {} decimals; {} has more",
            currency.decimals(),
            short(text, SHOWN)
        );
        faults.add(at, FaultCode::TooManyDecimals, detail);
        return None;
    }
    // Zeros that say nothing are not kept: 29.990 dollars are 29.99, in the line and in the total.
    Some(price.cut_to(currency.decimals()))
}

fn describe(error: AmountError, text: &str) -> (FaultCode, String) {
    let text = short(text, SHOWN);
    match error {
        AmountError::NotDecimal => (
            FaultCode::BadFormat,
            format!("price must be written as a plain decimal such as 59.98, not {text}"),
        ),
        AmountError::Negative => (
            FaultCode::OutOfRange,
            format!("price must not be negative, but is {text}"),
        ),
        AmountError::TooLarge => (
            FaultCode::OutOfRange,
            format!("price must be at most {}, not {text}", Amount::MAX),
        ),
        AmountError::TooManyDecimals => (
            FaultCode::TooManyDecimals,
            format!(
                "price must have at most {} decimals, not as many as {text}",
                Amount::MAX_SCALE
            ),
        ),
    }
}
