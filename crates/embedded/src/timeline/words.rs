//! Sentences that a person likes to read.

use domain::{Amount, Currency};

/// `59.98 USD`, with the decimals that the currency has.
pub(super) fn money(amount: Amount, currency: Currency) -> String {
    let mut decimal = amount.decimal();
    decimal.rescale(currency.decimals().max(amount.scale()));
    format!("{decimal} {currency}")
}

/// `2 × PROD-001 and 1 × PROD-002`.
pub(super) fn lines<'l>(lines: impl Iterator<Item = (&'l str, u32)>) -> String {
    let lines: Vec<String> = lines
        .map(|(product, quantity)| format!("{quantity} × {product}"))
        .collect();
    match lines.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// `once`, `twice`, `3 times`.
pub(super) fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// `: why` or nothing.
pub(super) fn because(why: Option<&str>) -> String {
    match why {
        Some(why) if !why.is_empty() => format!(": {why}"),
        Some(_) | None => String::new(),
    }
}

/// Ends the sentence, unless what it quotes last ended it.
pub(super) fn sentence(text: String) -> String {
    if text.ends_with(['.', '!', '?', '…']) {
        text
    } else {
        text + "."
    }
}
