//! How `ordermill top` fits what it saw into a terminal: lines no wider and no more than there is room for. Pure; the size
//! comes in as an argument.

use console::{Alignment, Style, pad_str, truncate_str};
use serde_json::Value;

use super::look::Seen;
use crate::table::{Cell, Table, harmless};
use crate::view::{status_style, text};

/// The room there is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

impl Size {
    /// As many lines as it takes.
    pub fn unbounded(width: usize) -> Self {
        Self {
            width,
            height: usize::MAX,
        }
    }
}

/// Lines that belong together, with what is said when there are none. The heading counts as a line.
struct Section {
    lines: Vec<String>,
    /// How many lines of it are shown.
    shown: usize,
}

/// The fewest lines of a long section that say anything: a heading, the first line, and how many more there are.
const LEAST: usize = 3;

/// The screen's lines. `trouble` is why there is no newer look than this one.
pub fn lay_out(seen: &Seen, trouble: Option<&str>, size: Size) -> Vec<String> {
    let mut lines = vec![title(seen, size.width)];
    if let Some(trouble) = trouble {
        lines.push(Style::new().red().bold().apply_to(harmless(trouble)).to_string());
    }
    let sections = [alarms(seen), queues(seen), parts(seen), orders(seen)];
    for section in fit(sections, size.height.saturating_sub(lines.len())) {
        lines.push(String::new());
        lines.extend(section);
    }
    lines.truncate(size.height);
    let cut = |line: String| truncate_str(&line, size.width, "…").into_owned();
    lines.into_iter().map(cut).collect()
}

/// Takes lines from the longest section until all fit, each with an empty line before it; and whole sections from the end
/// when even that is too much.
fn fit<const N: usize>(sections: [Vec<String>; N], height: usize) -> Vec<Vec<String>> {
    let section = |lines: Vec<String>| Section {
        shown: lines.len(),
        lines,
    };
    let mut sections: Vec<Section> = sections.into_iter().map(section).collect();
    while sections
        .iter()
        .map(|section| section.shown.saturating_add(1))
        .sum::<usize>()
        > height
    {
        let longest = sections.iter_mut().filter(|section| section.shown > LEAST);
        match longest.max_by_key(|section| section.shown) {
            Some(longest) => longest.shown -= 1,
            None => {
                if sections.pop().is_none() {
                    break;
                }
            }
        }
    }
    sections.into_iter().map(Section::into_lines).collect()
}

impl Section {
    fn into_lines(mut self) -> Vec<String> {
        let left = self.lines.len() - self.shown;
        if left > 0 {
            self.lines.truncate(self.shown);
            if let Some(last) = self.lines.last_mut() {
                let more = format!("… {} more", left + 1);
                *last = Style::new().dim().apply_to(more).to_string();
            }
        }
        self.lines
    }
}

/// What it is, when it was, and how payments go; on the right how to leave.
fn title(seen: &Seen, width: usize) -> String {
    let at = domain::Timestamp::from_ms(seen.at_ms).to_string();
    let clock = at.get(11..19).unwrap_or_default().to_owned();
    let name = Style::new().bold().apply_to("ordermill");
    let left = format!("{name}  {clock} UTC  payments: {}", payments(seen));
    let leave = "q quits";
    let room = width.saturating_sub(leave.len() + 1);
    let left = truncate_str(&left, room, "…");
    format!("{} {leave}", pad_str(&left, room, Alignment::Left, None))
}

fn payments(seen: &Seen) -> String {
    let tried = seen.taken + seen.declined;
    if tried == 0 {
        return "none in 5 min".to_owned();
    }
    let share = seen.taken as f64 * 100.0 / tried as f64;
    let style = match share {
        share if share >= 90.0 => Style::new().green(),
        share if share >= 50.0 => Style::new().yellow(),
        _ => Style::new().red(),
    };
    let share = style.apply_to(format!("{share:.1} %"));
    format!("{share} of {tried} taken in 5 min")
}

fn lines_of(table: &Table, empty: &str) -> Vec<String> {
    table.render(empty).lines().map(str::to_owned).collect()
}

fn alarms(seen: &Seen) -> Vec<String> {
    let ringing = seen.alarms.iter().filter(|alarm| alarm["state"] == "ALARM");
    let red = Style::new().red();
    let mut table = Table::new(&["alarm", "for", "reason"]);
    for alarm in ringing {
        table.row([
            Cell::styled(text(&alarm["name"]), red.clone().bold()),
            Cell::from(ago(seen, &alarm["since"])),
            Cell::styled(text(&alarm["reason"]), red.clone()),
        ]);
    }
    lines_of(&table, "no alarm rings")
}

fn queues(seen: &Seen) -> Vec<String> {
    let mut table = Table::new(&["queue", ">waiting", ">in flight", ">oldest"]);
    for queue in &seen.queues {
        let visible = queue["visible"].as_u64().unwrap_or(0);
        let is_bad = queue["isDeadLetterQueue"] == true && visible > 0;
        let style = if is_bad { Style::new().red() } else { Style::new() };
        table.row([
            Cell::styled(text(&queue["name"]), style.clone()),
            Cell::styled(text(&queue["visible"]), style),
            Cell::from(text(&queue["inFlight"])),
            Cell::from(span(queue["oldestAgeMs"].as_i64().unwrap_or(0))),
        ]);
    }
    lines_of(&table, "no queues")
}

fn parts(seen: &Seen) -> Vec<String> {
    let float = |value: &Value| value.as_f64().unwrap_or(0.0);
    let mut table = Table::new(&["part", ">calls/s", ">failed", ">average ms", ">p99 ms"]);
    for part in seen.parts.iter().filter(|part| part["kind"] != "client") {
        let figures = &part["figures"];
        let failed = float(&figures["failureRate"]) * 100.0;
        let style = match failed {
            failed if failed >= 5.0 => Style::new().red(),
            failed if failed > 0.0 => Style::new().yellow(),
            _ => Style::new(),
        };
        table.row([
            Cell::from(text(&part["name"])),
            Cell::from(format!("{:.1}", float(&figures["callsPerS"]))),
            Cell::styled(format!("{failed:.1} %"), style),
            Cell::from(format!("{:.1}", float(&figures["averageMs"]))),
            Cell::from(format!("{:.1}", float(&figures["p99Ms"]))),
        ]);
    }
    lines_of(&table, "nothing was called in the last five minutes")
}

fn orders(seen: &Seen) -> Vec<String> {
    let mut table = Table::new(&["order", "status", ">total", "", "placed"]);
    for order in &seen.orders {
        let status = text(&order["status"]);
        table.row([
            Cell::from(text(&order["orderId"])),
            Cell::styled(&status, status_style(&status)),
            Cell::from(text(&order["totalAmount"])),
            Cell::from(text(&order["currency"])),
            Cell::from(ago(seen, &order["createdAt"])),
        ]);
    }
    lines_of(&table, "no orders")
}

/// How long it was then, such as `12 s`.
fn ago(seen: &Seen, at: &Value) -> String {
    let at: Option<domain::Timestamp> = at.as_str().and_then(|text| text.parse().ok());
    at.map_or_else(|| "-".to_owned(), |at| span(seen.at_ms - at.as_ms()))
}

/// A time in its largest unit.
fn span(ms: i64) -> String {
    match ms.max(0) / 1_000 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3_600 => format!("{} min", s / 60),
        s @ 3_600..86_400 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;
    use domain::Timestamp;
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    use super::super::look::Seen;
    use super::{Size, lay_out};

    const NOW_MS: i64 = 1_800_000_000_000;

    /// A busy moment: more of everything than 24 lines hold.
    fn busy() -> Seen {
        let at = |ago_s: i64| Timestamp::from_ms(NOW_MS - ago_s * 1_000).to_string();
        let part = |name: &str, failure_rate: f64| {
            json!({ "name": name, "kind": "function", "figures":
                { "callsPerS": 12.34, "failureRate": failure_rate, "averageMs": 1.25, "p99Ms": 18.0 } })
        };
        let queue = |name: &str, visible: u64, is_dead: bool| json!({ "name": name, "visible": visible, "inFlight": 0, "oldestAgeMs": 65_000, "isDeadLetterQueue": is_dead });
        let order = |number: i64| {
            json!({ "orderId": format!("01a2042a-7347-7000-8067-267b8081be{number:02}"), "status": "COMPLETED",
                    "totalAmount": "59.98", "currency": "USD", "createdAt": at(number) })
        };
        let reason = "2 of the last 5 periods of 60 s were greater than the threshold (10.0) [12.0 (2027-01-15T07:59:00.000Z)]";
        Seen {
            at_ms: NOW_MS,
            parts: [
                "orders-api",
                "order-creation",
                "OrdersTable",
                "OrderProcessingQueue",
                "order-processing",
                "payment-gateway",
            ]
            .map(|name| part(name, if name == "payment-gateway" { 0.083 } else { 0.0 }))
            .to_vec(),
            queues: vec![
                queue("OrderProcessingQueue", 3, false),
                queue("OrderProcessingDLQ", 1, true),
            ],
            alarms: vec![
                json!({ "name": "OrderProcessingErrorAlarm", "state": "ALARM", "since": at(7_200), "reason": reason }),
                json!({ "name": "Quiet", "state": "OK", "since": at(0), "reason": "" }),
            ],
            orders: (0..20).map(order).collect::<Vec<Value>>(),
            taken: 11,
            declined: 1,
        }
    }

    fn check(seen: &Seen, trouble: Option<&str>, (width, height): (usize, usize), expected: &Expect) {
        console::set_colors_enabled(false);
        let lines = lay_out(seen, trouble, Size { width, height });
        let text: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        expected.assert_eq(&text.join("\n"));
    }

    #[test]
    fn a_busy_moment_fits_24_lines_of_80() {
        check(
            &busy(),
            None,
            (80, 24),
            &expect![[r#"
            ordermill  08:00:00 UTC  payments: 91.7 % of 12 taken in 5 min           q quits

            ALARM                      FOR  REASON
            OrderProcessingErrorAlarm  2 h  2 of the last 5 periods of 60 s were greater th…

            QUEUE                 WAITING  IN FLIGHT  OLDEST
            OrderProcessingQueue        3          0   1 min
            OrderProcessingDLQ          1          0   1 min

            PART                  CALLS/S  FAILED  AVERAGE MS  P99 MS
            orders-api               12.3   0.0 %         1.2    18.0
            order-creation           12.3   0.0 %         1.2    18.0
            OrdersTable              12.3   0.0 %         1.2    18.0
            OrderProcessingQueue     12.3   0.0 %         1.2    18.0
            order-processing         12.3   0.0 %         1.2    18.0
            payment-gateway          12.3   8.3 %         1.2    18.0

            ORDER                                 STATUS     TOTAL       PLACED
            01a2042a-7347-7000-8067-267b8081be00  COMPLETED  59.98  USD  0 s
            01a2042a-7347-7000-8067-267b8081be01  COMPLETED  59.98  USD  1 s
            01a2042a-7347-7000-8067-267b8081be02  COMPLETED  59.98  USD  2 s
            01a2042a-7347-7000-8067-267b8081be03  COMPLETED  59.98  USD  3 s
            01a2042a-7347-7000-8067-267b8081be04  COMPLETED  59.98  USD  4 s
            … 15 more"#]],
        );
    }

    #[test]
    fn what_is_wrong_with_the_server_is_said_above_what_was_seen() {
        let trouble = Some("no answer, trying again: no server answers at http://127.0.0.1:8080");
        check(
            &busy(),
            trouble,
            (60, 12),
            &expect![[r#"
            ordermill  08:00:00 UTC  payments: 91.7 % of 12 tak… q quits
            no answer, trying again: no server answers at http://127.0.…

            ALARM                      FOR  REASON
            OrderProcessingErrorAlarm  2 h  2 of the last 5 periods of …

            QUEUE                 WAITING  IN FLIGHT  OLDEST
            OrderProcessingQueue        3          0   1 min
            OrderProcessingDLQ          1          0   1 min"#]],
        );
    }

    #[test]
    fn an_idle_system_says_so() {
        let seen = Seen {
            at_ms: NOW_MS,
            ..Seen::default()
        };
        check(
            &seen,
            None,
            (80, 24),
            &expect![[r#"
            ordermill  08:00:00 UTC  payments: none in 5 min                         q quits

            no alarm rings

            no queues

            nothing was called in the last five minutes

            no orders"#]],
        );
    }

    #[test]
    fn no_size_is_too_small_and_none_is_overrun() {
        let seen = busy();
        for width in [0, 1, 5, 20, 80, 300] {
            for height in [0, 1, 2, 3, 7, 13, 24, 60] {
                let lines = lay_out(&seen, Some("no answer"), Size { width, height });
                assert!(lines.len() <= height, "{width}×{height}: {} lines", lines.len());
                let widest = lines
                    .iter()
                    .map(|line| measure_text_width(line))
                    .max()
                    .unwrap_or(0);
                assert!(widest <= width.max(1), "{width}×{height}: {widest} wide");
            }
        }
    }

    #[test]
    fn where_there_is_no_terminal_everything_is_shown() {
        let lines = lay_out(&busy(), None, Size::unbounded(120));
        let orders = lines.iter().filter(|line| line.starts_with("01a2042a"));
        assert_eq!(orders.count(), 20);
    }

    #[test]
    fn a_name_steers_no_terminal() {
        let mut seen = busy();
        seen.queues[0]["name"] = json!("a\u{1b}[2Jb\nc");
        let text = lay_out(&seen, Some("x\u{1b}[2J"), Size::unbounded(80)).concat();
        assert!(!text.contains("\u{1b}[2J") && !text.contains('\n'), "{text:?}");
    }
}
