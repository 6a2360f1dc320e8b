//! How wide a text will be, without a font at hand: an estimate for common sans-serif fonts, on the wide side.

/// The width of a text set in `size` pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')' | '[' | ']'
        | '/' => 0.32,
        'f' | 't' | 'r' | '"' | '-' => 0.43,
        'm' | 'w' | 'M' | 'W' | '@' | '…' => 0.92,
        'A'..='Z' | '_' | '&' | '%' => 0.72,
        c if c.is_ascii() => 0.60,
        c if u32::from(c) < 0x2E80 => 0.64,
        _ => 1.02,
    }
}

/// The text, cut to `most` characters with an ellipsis.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
