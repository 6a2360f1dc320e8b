//! `ordermill logs`: what the functions and the server logged, asked in the language of Logs Insights.

use std::time::Duration;

use clap::Args;
use domain::Timestamp;
use http::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::client::connection::Connection;
use crate::client::path::with_query;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Table, harmless};
use crate::view::text;

/// How often a log that is followed is asked for more, and a server that doesn't answer is asked again.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

const HELP: &str = "Examples:
  ordermill logs
  ordermill logs --follow --group /aws/lambda/order-processing
  ordermill logs --query 'fields @timestamp, data.orderId | filter event_type = \"order_created\"'
  ordermill logs --since 1d --query 'filter level = \"ERROR\" | stats count(*) as errors by bin(1h), event_type'
  ordermill logs --level warn,functions=debug

--follow goes on when the server is started anew.

A query has stages between pipes: fields, filter (=, !=, <, <=, >, >=, like, in, and, or, not, ispresent), stats (count,
count_distinct, sum, avg, min, max, pct; by fields and bin(5m)), sort and limit.";

/// Search and follow the logs, and change what is logged
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct LogsArgs {
    #[command(flatten)]
    connection: Connection,
    /// In this log group; repeat for more, all when not given
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// In the language of CloudWatch Logs Insights; whole lines when not given
    #[arg(long, default_value = "", value_name = "QUERY")]
    query: String,
    /// How far back, such as 15m, 6h or 2d
    #[arg(long, default_value = "1h", value_name = "TIME", value_parser = span_ms)]
    since: i64,
    /// How many rows at most
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on with what is logged from now on, until interrupted
    #[arg(long)]
    follow: bool,
    /// Change what the server logs, until it ends: info, or warn,functions=debug
    #[arg(long, value_name = "FILTER", conflicts_with_all = ["follow", "query", "group"])]
    level: Option<String>,
}

fn span_ms(text: &str) -> Result<i64, String> {
    let units = [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let read = |(unit, ms): (&str, i64)| text.strip_suffix(unit)?.parse::<i64>().ok()?.checked_mul(ms);
    units
        .into_iter()
        .find_map(read)
        .filter(|ms| *ms > 0)
        .ok_or_else(|| "write a number and a unit, such as 15m, 6h or 2d".to_owned())
}

/// Runs the command.
pub fn run(args: &LogsArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.admin()?;
    if let Some(filter) = &args.level {
        let answer = client.send(
            Method::PUT,
            "/admin/logs/filter",
            Some(&json!({ "filter": filter })),
            &[],
        )?;
        output.show(&answer.body, || {
            format!("logging {}", text(&answer.body["filter"]))
        })?;
        return Ok(Verdict::Done);
    }
    let now = Timestamp::from_ms(jiff::Timestamp::now().as_millisecond());
    if args.follow {
        if makes_statistics(&args.query) {
            return Err(Failure::usage(
                "statistics can't be followed, for each new line changes them: leave out the stats stage, or --follow",
            ));
        }
        return follow(args, &client, output, now);
    }
    let from = Timestamp::from_ms(now.as_ms() - args.since);
    let body = ask(args, &client, ("from", from.to_string()))?;
    output.show(&body, || render(&body))?;
    if body["truncated"] == Value::Bool(true) && !output.is_json() {
        output.say("there is more: narrow the query, or raise --limit");
    }
    if !output.is_json() {
        if let Some(until) = body["scannedUntil"].as_str() {
            output.say(format!(
                "only lines since {until} were looked at: there are too many for one search"
            ));
        }
        for note in body["notes"].as_array().into_iter().flatten() {
            output.say(text(note));
        }
    }
    Ok(Verdict::Done)
}

fn ask(args: &LogsArgs, client: &Client, place: (&str, String)) -> Result<Value, Failure> {
    let groups = (!args.group.is_empty()).then(|| args.group.join(","));
    let path = with_query(
        "/admin/logs",
        &[
            ("groups", groups),
            ("query", Some(args.query.clone())),
            ("limit", Some(args.limit.to_string())),
            (place.0, Some(place.1)),
        ],
    );
    client.get(&path)
}

/// Shows lines as they come, from the server that may meanwhile be started anew. Ends when whoever reads does, or when there
/// is no server to begin with.
fn follow(args: &LogsArgs, client: &Client, output: &Output, now: Timestamp) -> Result<Verdict, Failure> {
    let mut after = format!("{}:0:0:", now.as_ms());
    let mut body = ask(args, client, ("after", after.clone()))?;
    loop {
        let rows = body["rows"].as_array().cloned().unwrap_or_default();
        for row in &rows {
            if output.is_json() {
                output.text(row["values"].to_string())?;
            } else {
                output.text(line(&row["values"]))?;
            }
        }
        match rows.last().and_then(|row| row["cursor"].as_str()) {
            Some(cursor) => after = cursor.to_owned(),
            None => std::thread::sleep(FOLLOW_EVERY),
        }
        body = ask_until_answered(args, client, output, &after)?;
    }
}

/// Asks again as long as nobody answers, or the server says that it can't now; tells of it once.
fn ask_until_answered(
    args: &LogsArgs,
    client: &Client,
    output: &Output,
    after: &str,
) -> Result<Value, Failure> {
    let mut is_told = false;
    loop {
        let failure = match ask(args, client, ("after", after.to_owned())) {
            Err(failure) if failure.may_pass() => failure,
            answer => {
                if is_told && answer.is_ok() {
                    output.say("the server answers again");
                }
                return answer;
            }
        };
        if !is_told {
            output.say(format!("no answer, trying again: {failure}"));
            is_told = true;
        }
        std::thread::sleep(FOLLOW_EVERY);
    }
}

/// Whether one of the query's stages is `stats`. What stands in quotes or between slashes is no stage.
fn makes_statistics(query: &str) -> bool {
    let mut quote = None;
    let mut stages = vec![String::new()];
    for letter in query.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '/') => quote = Some(letter),
            (None, '|') => stages.push(String::new()),
            (None, _) => stages
                .iter_mut()
                .last()
                .into_iter()
                .for_each(|stage| stage.push(letter)),
        }
    }
    stages
        .iter()
        .any(|stage| stage.split_whitespace().next() == Some("stats"))
}

fn line(values: &Value) -> String {
    let values: Vec<String> = values.as_array().into_iter().flatten().map(cell).collect();
    values.join("  ")
}

/// A value for a person: a whole line as time, level, event and data.
fn cell(value: &Value) -> String {
    match value {
        Value::Object(line) if line.contains_key("event_type") => {
            let of = |name: &str| line.get(name).map(text).unwrap_or_default();
            let data = line.get("data").map(Value::to_string).unwrap_or_default();
            harmless(&format!(
                "{} {:5} {} {data}",
                of("timestamp"),
                of("level"),
                of("event_type")
            ))
        }
        other => text(other),
    }
}

fn render(body: &Value) -> String {
    let columns: Vec<&str> = body["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let rows = body["rows"].as_array().cloned().unwrap_or_default();
    if columns == ["@message"] {
        // Oldest first, as one reads a log.
        let lines: Vec<String> = rows.iter().rev().map(|row| line(&row["values"])).collect();
        return if lines.is_empty() {
            "no lines".to_owned()
        } else {
            lines.join("\n")
        };
    }
    let mut table = Table::new(&[]);
    table.columns_named(&columns);
    for row in &rows {
        table.row(row["values"].as_array().into_iter().flatten().map(cell));
    }
    table.render("no lines")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        assert_eq!(span_ms("15m"), Ok(900_000));
        assert_eq!(span_ms("2d"), Ok(172_800_000));
        for wrong in ["", "m", "-1h", "5", "5w", "99999999999999d"] {
            assert!(span_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stage_that_makes_statistics_is_found() {
        for (query, is) in [
            ("", false),
            ("stats count(*)", true),
            ("filter a = 1 | stats count(*) by b", true),
            ("filter a = \"x | stats y\"", false),
            ("filter a like /b|stats c/ | limit 3", false),
            ("fields stats", false),
        ] {
            assert_eq!(makes_statistics(query), is, "{query}");
        }
    }

    #[test]
    fn a_line_steers_no_terminal() {
        let line = json!({"timestamp": "T", "level": "INFO", "event_type": "a\u{1b}[2J", "data": {"x": 1}});
        assert_eq!(cell(&line), "T INFO  a [2J {\"x\":1}");
    }
}
