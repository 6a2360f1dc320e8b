//! What `ordermill top` looks at. All of it is asked of the admin interface, so that looking is no business traffic: it shows
//! up in no rate, costs no quota and leaves no trace.

use domain::Timestamp;
use serde_json::{Value, json};

use crate::client::Client;
use crate::client::path::with_query;
use crate::failure::Failure;

/// What span of time the figures are of.
pub const WINDOW_MS: i64 = 5 * 60_000;
/// How many orders are asked for: as many as a tall terminal shows.
const ORDERS: u32 = 40;

/// One look at the system.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// When.
    pub at_ms: i64,
    /// The parts of the service map, in the shape of `/admin/service-map`.
    pub parts: Vec<Value>,
    pub queues: Vec<Value>,
    pub alarms: Vec<Value>,
    pub orders: Vec<Value>,
    /// Payments that were taken and that were declined.
    pub taken: u64,
    pub declined: u64,
}

/// The document of `--output json`.
impl From<&Seen> for Value {
    fn from(seen: &Seen) -> Self {
        json!({
            "at": Timestamp::from_ms(seen.at_ms),
            "parts": seen.parts,
            "queues": seen.queues,
            "alarms": seen.alarms,
            "orders": seen.orders,
            "payments": { "taken": seen.taken, "declined": seen.declined },
        })
    }
}

/// Looks once.
pub fn look(client: &Client) -> Result<Seen, Failure> {
    let now = jiff::Timestamp::now().as_millisecond();
    let from = Timestamp::from_ms(now - WINDOW_MS).to_string();
    let list = |path: &str, name: &str| -> Result<Vec<Value>, Failure> {
        let answer: Value = client.get(path)?;
        Ok(answer[name].as_array().cloned().unwrap_or_default())
    };
    let map = with_query("/admin/service-map", &[("from", Some(from.clone()))]);
    let payments = with_query(
        "/admin/metrics/values",
        &[
            ("namespace", Some("OrderProcessingSystem".to_owned())),
            ("name", Some("Payments".to_owned())),
            ("statistic", Some("Sum".to_owned())),
            ("from", Some(from)),
        ],
    );
    let payments = list(&payments, "series")?;
    Ok(Seen {
        at_ms: now,
        parts: list(&map, "nodes")?,
        queues: list("/admin/queues", "queues")?,
        alarms: list("/admin/alarms", "alarms")?,
        orders: list(&format!("/admin/orders?limit={ORDERS}"), "orders")?,
        taken: counted(&payments, "Success"),
        declined: counted(&payments, "Declined"),
    })
}

/// What the series with this status counted.
fn counted(series: &[Value], status: &str) -> u64 {
    let is_meant = |series: &&Value| {
        let mut dimensions = series["series"]["dimensions"].as_array().into_iter().flatten();
        dimensions.any(|pair| pair[0] == "Status" && pair[1] == status)
    };
    let points = series
        .iter()
        .filter(is_meant)
        .flat_map(|series| series["points"].as_array());
    let values = points.flatten().filter_map(|point| point["value"].as_f64());
    values.sum::<f64>().max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::counted;

    #[test]
    fn payments_are_counted_by_their_status() {
        let series = |status: &str, values: [f64; 2]| {
            json!({ "series": { "dimensions": [["Status", status]] },
                    "points": [{ "value": values[0] }, { "value": values[1] }] })
        };
        let all = [series("Success", [2.0, 3.0]), series("Declined", [1.0, 0.0])];
        assert_eq!((counted(&all, "Success"), counted(&all, "Declined")), (5, 1));
        assert_eq!(counted(&all, "Unknown"), 0);
    }
}
