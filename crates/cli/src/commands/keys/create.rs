//! `ordermill keys create`

use clap::{Args, ValueEnum};
use http::Method;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::harmless;

const HELP: &str = "Examples:
  ordermill keys create --name shop
  ordermill keys create --name partner --rate 10 --burst 20 --quota 100000 --period month --output json

  ordermill keys create --name load-test --rate none

The key is shown once: the server keeps only its hash. With none of --rate, --burst, --quota and --period the key
has the template's usage plan; with any of them it has a plan of its own, and what isn't given sets no limit.";

/// Make an API key and show it, this once
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct CreateArgs {
    /// What a person calls the key; unique
    #[arg(long)]
    name: String,
    /// Requests a second in the long run; `none` does not throttle
    #[arg(long, value_name = "N|none", value_parser = bound)]
    rate: Option<Bound>,
    /// Requests at once; `none` does not limit
    #[arg(long, value_name = "N|none", value_parser = bound)]
    burst: Option<Bound>,
    /// Requests a period; `none` does not count
    #[arg(long, value_name = "N|none", value_parser = bound)]
    quota: Option<Bound>,
    /// The period that the quota counts in
    #[arg(long, value_enum)]
    period: Option<Period>,
    /// Make a key that may also do what only operators may
    #[arg(long)]
    admin: bool,
}

/// A bound of a usage plan, or its absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Most(u64),
    None,
}

fn bound(text: &str) -> Result<Bound, String> {
    if text == "none" {
        return Ok(Bound::None);
    }
    text.parse()
        .map(Bound::Most)
        .map_err(|_| "a whole number, or none".to_owned())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }
}

/// Runs the command.
pub fn run(args: &CreateArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let answer = client.send(Method::POST, "/admin/keys", Some(&body(args)), &[])?;
    let secret = answer.body["key"].as_str().unwrap_or_default();
    output.show(&answer.body, || harmless(secret))?;
    if !output.is_json() {
        output.say(format!(
            "this is the key {}; it can't be shown again",
            harmless(&args.name)
        ));
    }
    Ok(Verdict::Done)
}

fn body(args: &CreateArgs) -> Value {
    let mut body = Map::from_iter([("name".to_owned(), Value::from(args.name.as_str()))]);
    if args.admin {
        body.insert("role".to_owned(), "admin".into());
    }
    for (name, bound) in [
        ("ratePerS", args.rate),
        ("burst", args.burst),
        ("quota", args.quota),
    ] {
        match bound {
            Some(Bound::Most(most)) => body.insert(name.to_owned(), most.into()),
            Some(Bound::None) => body.insert(name.to_owned(), Value::Null),
            None => None,
        };
    }
    if let Some(period) = args.period {
        body.insert("period".to_owned(), period.as_str().into());
    }
    body.into()
}
