//! Pictures of definitions: what is drawn, how it is escaped, and that any definition can be.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::layout::{Link, Rect, Size, arrange};
use super::model::Line;
use super::*;

fn definition() -> Value {
    json!({"StartAt": "Check", "States": {
        "Check": {"Type": "Choice", "Default": "Wait", "Choices": [
            {"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Both"}]},
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Check"},
        "Both": {"Type": "Parallel", "Next": "Each", "Branches": [
            {"StartAt": "Left", "States": {"Left": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true}}},
            {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "End": true}}}],
            "Catch": [{"ErrorEquals": ["Odd"], "Next": "Sorry"}, {"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]},
        "Each": {"Type": "Map", "ItemsPath": "$.items", "End": true,
            "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Succeed"}}}},
        "Sorry": {"Type": "Fail", "Error": "Sorry!"}
    }})
}

/// Checks that a text is well-formed XML, as far as this crate writes it: tags balance, attributes are quoted, and
/// no character is left that must be escaped.
fn check_xml(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.trim_end();
    while let Some(start) = rest.find('<') {
        let content = &rest[..start];
        assert!(
            !content.contains('>') || open.last() == Some(&"style"),
            "{content}"
        );
        for entity in content.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;", "#39;"]
                    .iter()
                    .any(|known| entity.starts_with(known)),
                "{entity}"
            );
        }
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        assert!(
            !tag.contains('<') && tag.matches('"').count().is_multiple_of(2),
            "{tag}"
        );
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closing {tag}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(
        open.is_empty() && rest.is_empty(),
        "left open: {open:?}, left over: {rest}"
    );
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "no control characters"
    );
}

#[test]
fn the_picture_has_every_state_and_line() {
    let picture = svg(&definition(), &Highlight::none());
    check_xml(&picture);
    for part in [
        "total &gt; 100",
        "otherwise",
        ">Left<",
        ">Right<",
        "sns:publish",
        "for each $.items",
        "in parallel",
        "5 s",
        "class=\"line catch\"",
        ">Odd<",
        "Sorry!",
        "prefers-color-scheme:dark",
    ] {
        assert!(picture.contains(part), "{part} in {picture}");
    }
    assert!(
        !picture.contains(" dim\""),
        "nothing is dimmed without a highlight"
    );
}

#[test]
fn a_highlight_marks_what_was_taken() {
    let mut highlight = Highlight::none();
    highlight.enter(None, "Check");
    highlight.enter(Some("Check"), "Both");
    highlight.enter(Some("Both"), "Sorry");
    highlight.failed.insert("Both".to_owned());
    let picture = svg(&definition(), &highlight);
    check_xml(&picture);
    for part in [
        "state choice visited",
        "state parallel failed",
        "state wait dim",
        "line catch taken",
    ] {
        assert!(picture.contains(part), "{part}");
    }
    // From the start, to Both, and both catchers lead to Sorry.
    assert_eq!(picture.matches("class=\"line taken\"").count(), 2);
    highlight.current.insert("Sorry".to_owned());
    assert!(svg(&definition(), &highlight).contains("state fail current"));
}

#[test]
fn a_history_is_highlighted() {
    use crate::replay::{Answer, play, start_at};

    let function = "arn:aws:lambda:us-east-1:123456789012:function:f";
    let definition = json!({"StartAt": "Try", "States": {
        "Try": {"Type": "Task", "Resource": function, "Next": "Both",
            "Retry": [{"ErrorEquals": ["Busy"]}]},
        "Both": {"Type": "Parallel", "Next": "Never", "Branches": [
            {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 60, "End": true}}},
            {"StartAt": "Bad", "States": {"Bad": {"Type": "Task", "Resource": function, "End": true}}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Ask"}]},
        "Never": {"Type": "Succeed"},
        "Ask": {"Type": "Task", "Resource": function, "End": true}
    }});
    let answer = |state: &str, error: Option<&str>| Answer {
        state: state.to_owned(),
        event: if error.is_some() {
            "LambdaFunctionFailed"
        } else {
            "LambdaFunctionSucceeded"
        }
        .to_owned(),
        output: json!(1).into(),
        error: error.map(str::to_owned),
        cause: None,
    };
    let script = vec![
        answer("Try", Some("Busy")),
        answer("Try", None),
        answer("Bad", Some("Broken")),
    ];
    let parsed = crate::Definition::parse(&definition.to_string()).expect("a definition");
    let played =
        play(&parsed, start_at(json!({}), jiff::Timestamp::UNIX_EPOCH), script).expect("an execution");
    let highlight = Highlight::of(&played.history);
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<std::collections::HashSet<_>>()
    };
    assert_eq!(highlight.visited, names(&["Try", "Both", "Slow", "Bad", "Ask"]));
    assert_eq!(
        highlight.failed,
        names(&["Both", "Bad"]),
        "a failure that a retry made good is none"
    );
    assert_eq!(highlight.current, names(&["Ask"]));
    let taken = |from: &str, to: &str| highlight.taken.contains(&(from.to_owned(), to.to_owned()));
    assert!(
        taken("Try", "Both") && taken("Both", "Ask") && highlight.taken.len() == 2,
        "{:?}",
        highlight.taken
    );
}

#[test]
fn of_several_lines_to_a_state_only_the_taken_one_is_marked() {
    let definition = json!({"StartAt": "Sort", "States": {
        "Sort": {"Type": "Choice", "InputPath": "$.order", "Default": "Ship", "Choices": [
            {"Variable": "$.size", "StringEquals": "small", "Next": "Ship"},
            {"Variable": "$.size", "StringEquals": "large", "Next": "Ship"},
            {"Variable": "$.size", "StringEquals": "none", "Next": "Drop"}]},
        "Ship": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Drop",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Drop"}]},
        "Drop": {"Type": "Succeed"}
    }});
    let taken = |size: &str, next: &str, failed: bool| {
        let mut highlight = Highlight::none();
        highlight.enter(None, "Sort");
        highlight.enter(Some("Sort"), "Ship");
        highlight.enter(Some("Ship"), "Drop");
        highlight.decide(&definition, "Sort", json!({"order": {"size": size}}), next);
        if failed {
            highlight.failed.insert("Ship".to_owned());
        }
        let picture = svg(&definition, &highlight);
        let lines = |class: &str| picture.matches(&format!("class=\"{class}\"")).count();
        (
            highlight.rules.get("Sort").cloned(),
            lines("line taken"),
            lines("line catch taken"),
        )
    };
    let only = |rule| Some([rule].into());
    // From the start, by the rule, onwards, to the end.
    assert_eq!(taken("small", "Ship", false), (only(0), 4, 0));
    assert_eq!(taken("large", "Ship", false), (only(1), 4, 0));
    assert_eq!(taken("odd", "Ship", false), (only(2 + 1), 4, 0));
    assert_eq!(taken("large", "Ship", true), (only(1), 3, 1));
    // What decided was something else: all that lead there are marked.
    assert_eq!(taken("none", "Ship", false), (None, 6, 0));
}

#[test]
fn mermaid_says_the_same() {
    let chart = mermaid(&definition());
    for part in [
        "{{\"Check\"}}:::choice",
        "-->|\"total #gt; 100\"|",
        "([\"Wait<br/><small>5 s</small>\"]):::wait",
        "subgraph ",
        "-.->|\"Odd\"|",
        "linkStyle ",
        "[/\"Sorry<br/><small>Sorry!</small>\"/]:::fail",
    ] {
        assert!(chart.contains(part), "{part} in\n{chart}");
    }
    let ends = chart.lines().filter(|line| line.trim() == "end").count();
    assert_eq!(chart.matches("subgraph ").count(), ends);
}

#[test]
fn names_are_escaped() {
    let name = "</title><script>alert(\"1\")</script>&\u{0}\u{7}#;`";
    let definition =
        json!({"StartAt": name, "States": {name: {"Type": "Task", "Resource": name, "End": true}}});
    let picture = svg(&definition, &Highlight::none());
    check_xml(&picture);
    assert!(!picture.contains("<script"));
    let chart = mermaid(&definition);
    assert!(!chart.contains("<script") && !chart.contains('`'));
}

#[test]
fn anything_can_be_drawn() {
    for definition in [
        json!(null),
        json!({}),
        json!({"States": {}}),
        json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}, "B": {"Next": "Nowhere"}, "C": 1}}),
        json!({"States": {"A": {"Type": "Parallel", "Branches": [{}, 1, {"States": {}}]}, "M": {"Type": "Map", "Iterator": {}}}}),
    ] {
        check_xml(&svg(&definition, &Highlight::none()));
        assert!(mermaid(&definition).starts_with("flowchart TD\n"));
    }
}

#[test]
fn a_large_definition_is_drawn_in_bounded_work() {
    let mut states = serde_json::Map::new();
    for index in 0..2_000 {
        let (next, far) = (
            format!("s{}", (index + 1) % 2_000),
            format!("s{}", (index * 7) % 2_000),
        );
        let state = json!({"Type": "Task", "Resource": "x", "Next": next, "Catch": [{"ErrorEquals": ["E"], "Next": far}]});
        states.insert(format!("s{index}"), state);
    }
    let definition = json!({"StartAt": "s0", "States": states});
    let picture = svg(&definition, &Highlight::none());
    assert!(picture.len() < 20_000_000, "{} bytes", picture.len());
    check_xml(&picture);
}

fn overlap(left: &Rect, right: &Rect) -> bool {
    left.x < right.right() - 0.01
        && right.x < left.right() - 0.01
        && left.y < right.bottom() - 0.01
        && right.y < left.bottom() - 0.01
}

proptest! {
    #[test]
    fn boxes_do_not_overlap_and_lines_go_down(
        sizes in prop::collection::vec((10.0..200.0_f64, 10.0..80.0_f64), 1..16),
        lines in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3_u8), 0..30),
    ) {
        let boxes: Vec<Size> = sizes.iter().map(|(width, height)| Size { width: *width, height: *height }).collect();
        let links: Vec<Link> = lines
            .iter()
            .map(|(from, to, sort)| Link {
                from: from.index(boxes.len()),
                to: to.index(boxes.len()),
                line: if *sort == 0 { Line::Catch } else { Line::Next },
                label: (*sort == 1).then_some(Size { width: 60.0, height: 18.0 }),
            })
            .collect();
        let layout = arrange(&boxes, &links, Some(0), None);
        let labels: Vec<Rect> = layout.labels.iter().flatten().copied().collect();
        let placed: Vec<&Rect> = layout.boxes.iter().chain(&labels).collect();
        for (index, left) in placed.iter().enumerate() {
            prop_assert!(left.x >= -0.01 && left.right() <= layout.width + 0.01 && left.bottom() <= layout.height + 0.01);
            for right in &placed[index + 1..] {
                prop_assert!(!overlap(left, right), "{:?} and {:?}", left, right);
            }
        }
        for (link, route) in links.iter().zip(&layout.routes) {
            let (from, to) = (&layout.boxes[link.from], &layout.boxes[link.to]);
            if route.is_back {
                prop_assert!(!route.passes.is_empty());
            } else {
                prop_assert!(from.bottom() < to.y + 0.01);
                let heights: Vec<f64> = route.passes.iter().map(|pass| pass.y).collect();
                prop_assert!(heights.is_sorted());
            }
        }
    }
}
