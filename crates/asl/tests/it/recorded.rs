//! What AWS was recorded doing, replayed. The recordings lie beside the workspace and are not part of it: without them
//! these tests pass.

use std::fs;
use std::path::PathBuf;

use asl::replay;
use asl::validate::{MachineType, aws_diagnostics};
use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/asl-cases")
        .join(file);
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Whether a recorded value is the computed one. A recording has placeholders: `<name:1>` for whatever stood there, and
/// the words that it names itself in `volatile`.
fn same(want: &Value, got: &Value, volatile: &[&str]) -> bool {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => {
            want.len() == got.len()
                && want
                    .iter()
                    .all(|(key, want)| got.get(key).is_some_and(|got| same(want, got, volatile)))
        }
        (Value::Array(want), Value::Array(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| same(want, got, volatile))
        }
        (Value::String(want), _) if volatile.contains(&want.as_str()) => !got.is_array() && !got.is_object(),
        (Value::String(want), Value::String(got)) => {
            let json = |text: &str| serde_json::from_str(text).ok().filter(Value::is_object);
            match (json(want), json(got)) {
                (Some(want), Some(got)) => same(&want, &got, volatile),
                _ => text_matches(want, got),
            }
        }
        (Value::Number(want), Value::Number(got)) => want.as_f64() == got.as_f64(),
        _ => want == got,
    }
}

/// Whether the text matches when each `<…>` stands for anything.
fn text_matches(want: &str, got: &str) -> bool {
    let Some((before, rest)) = want.split_once('<') else {
        return want == got;
    };
    let Some((_, after)) = rest.split_once('>') else {
        return want == got;
    };
    let Some(got) = got.strip_prefix(before) else {
        return false;
    };
    got.char_indices()
        .map(|(at, _)| at)
        .chain([got.len()])
        .any(|at| text_matches(after, &got[at..]))
}

const PLACEHOLDERS: [&str; 7] = [
    "date",
    "timestamp",
    "datetime",
    "RequestId",
    "X-Amzn-Trace-Id",
    "x-amzn-RequestId",
    "uuid",
];

/// How many of a file's cases hold, and which do not.
struct Score {
    cases: usize,
    outcomes: usize,
    with_events: usize,
    events: usize,
    misses: Vec<String>,
}

fn score(file: &str) -> Score {
    let mut score = Score {
        cases: 0,
        outcomes: 0,
        with_events: 0,
        events: 0,
        misses: Vec::new(),
    };
    for case in cases(file) {
        let replayed = serde_json::to_value(replay::run(&case.to_string()).unwrap()).unwrap();
        let volatile = case["volatile"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str);
        let volatile: Vec<&str> = volatile.chain(PLACEHOLDERS).collect();
        let outcome = case["expected_status"] == replayed["status"]
            && (case["expected_status"] != "SUCCEEDED"
                || same(&case["expected_output"], &replayed["output"], &volatile))
            && (case["expected_error"].is_null() || case["expected_error"] == replayed["error"]);
        let events = case["expected_event_types"].as_array().map(|want| {
            let (mut want, mut got) = (want.clone(), replayed["event_types"].as_array().unwrap().clone());
            if case["concurrent"] == true {
                want.sort_by_key(ToString::to_string);
                got.sort_by_key(ToString::to_string);
            }
            outcome && want == got
        });
        score.cases += 1;
        score.outcomes += usize::from(outcome);
        score.with_events += usize::from(events.is_some());
        score.events += usize::from(events == Some(true));
        if !outcome || events == Some(false) {
            score.misses.push(case["id"].to_string());
        }
    }
    score
}

fn assert_at_least(part: usize, whole: usize, per_mille: usize, what: &str, misses: &[String]) {
    assert!(
        part * 1000 >= whole * per_mille,
        "{what}: {part} of {whole}\n{}",
        misses.join("\n")
    );
}

#[test]
fn jsonpath_executions_go_as_recorded() {
    let score = score("jsonpath.jsonl");
    assert_at_least(score.outcomes, score.cases, 995, "outcomes", &score.misses);
    assert_at_least(score.events, score.with_events, 970, "event types", &score.misses);
}

#[test]
fn jsonata_executions_go_as_recorded() {
    let score = score("jsonata.jsonl");
    assert_at_least(score.outcomes, score.cases, 980, "outcomes", &score.misses);
    assert_at_least(score.events, score.with_events, 980, "event types", &score.misses);
}

#[test]
fn definitions_are_accepted_and_refused_as_recorded() {
    for mut case in cases("validation.jsonl") {
        let id = case["id"].as_str().unwrap().to_owned();
        let machine_type = if id.contains("type_express") {
            MachineType::Express
        } else {
            MachineType::Standard
        };
        let answer = aws_diagnostics(case["definition"].as_str().unwrap(), machine_type);
        case["expected"]
            .as_object_mut()
            .unwrap()
            .remove("ResponseMetadata");
        assert_eq!(answer, case["expected"], "{id}");
    }
}
