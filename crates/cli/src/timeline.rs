//! An order's timeline: every fact about it, with the time since the first.

use console::Style;
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Client, path::encode};
use crate::failure::Failure;
use crate::table::{Cell, Table};

/// One fact about an order, as the API tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// When.
    pub at: domain::Timestamp,
    /// The part of the system that it happened in: `order`, `queue`, `execution`, `payment`, ...
    pub source: String,
    /// What happened, in the field's own terms.
    pub event: String,
    /// A sentence for a person.
    #[serde(default)]
    pub summary: String,
    /// The details, as recorded.
    #[serde(default)]
    pub detail: Value,
}

/// Fetches the facts of an order as the server has them.
pub fn fetch(client: &Client, order_id: &str) -> Result<Value, Failure> {
    let body: Value = client.get(&format!("/orders/{}/timeline", encode(order_id)))?;
    Ok(body.get("timeline").cloned().unwrap_or(body))
}

/// Reads fetched facts.
pub fn read(entries: &Value) -> Result<Vec<Entry>, Failure> {
    Vec::deserialize(entries).map_err(|e| Failure::because("could not read the order's timeline", e))
}

/// Fetched facts as a table, each with the milliseconds since the first.
pub fn render(entries: &Value) -> Result<String, Failure> {
    let entries = read(entries)?;
    let start = entries.first().map_or(0, |entry| entry.at.as_ms());
    let mut table = Table::new(&["time", ">after", "where", "event", "what happened"]);
    for entry in &entries {
        table.row([
            Cell::styled(entry.at.to_string(), Style::new().dim()),
            Cell::from(format!("+{} ms", entry.at.as_ms() - start)),
            Cell::styled(&entry.source, source_style(&entry.source)),
            Cell::from(&entry.event),
            Cell::from(&entry.summary),
        ]);
    }
    Ok(table.render("nothing is known about this order"))
}

fn source_style(source: &str) -> Style {
    match source {
        "payment" => Style::new().green(),
        "stock" => Style::new().yellow(),
        "notification" => Style::new().magenta(),
        "execution" => Style::new().cyan(),
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_fact_has_the_time_since_the_first() {
        console::set_colors_enabled(false);
        let entries = json!([
            {"at": "2026-01-15T09:30:00.123Z", "source": "order", "event": "PENDING", "summary": "Order placed"},
            {"at": "2026-01-15T09:30:00.130Z", "source": "payment", "event": "CHARGED", "summary": "59.98 EUR", "detail": {"a": 1}},
        ]);
        expect![[r#"
            TIME                      AFTER  WHERE    EVENT    WHAT HAPPENED
            2026-01-15T09:30:00.123Z  +0 ms  order    PENDING  Order placed
            2026-01-15T09:30:00.130Z  +7 ms  payment  CHARGED  59.98 EUR"#]]
        .assert_eq(&render(&entries).unwrap());
    }
}
