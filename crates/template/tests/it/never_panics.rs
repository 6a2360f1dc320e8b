//! Whatever stands in the file, the reader answers: with a system or with faults.

use proptest::prelude::*;
use proptest::sample::select;
use template::System;

use crate::support::parse;

/// Pieces that templates are made of, to be put where they don't belong.
const PIECES: [&str; 24] = [
    "!Ref ",
    "!Sub ",
    "!GetAtt ",
    "!If ",
    "!Join ",
    "!Select ",
    "!Split ",
    "${",
    "}",
    "[",
    "]",
    "{",
    ": ",
    "- ",
    "'",
    "\"",
    "&a ",
    "*a",
    "null",
    "-1",
    "AWS::NoValue",
    "OrdersTable",
    "Fn::Sub",
    "\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn on_any_text(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn on_pieces_of_templates(pieces in prop::collection::vec(select(&PIECES[..]), 0..60)) {
        let text = format!("Transform: AWS::Serverless-2016-10-31\nResources:\n  Q: {}", pieces.concat());
        let _ = parse(&text);
    }

    /// The real template with one line replaced, dropped, or torn.
    #[test]
    fn on_a_damaged_template(line in 0_usize..700, piece in select(&PIECES[..]), how in 0_u8..4) {
        let template = System::built_in_template();
        let mut lines: Vec<String> = template.lines().map(str::to_owned).collect();
        let at = line % lines.len();
        match how {
            0 => { lines.remove(at); }
            1 => lines[at].push_str(piece),
            2 => { let indent = lines[at].len() - lines[at].trim_start().len(); lines[at].insert_str(indent, piece); }
            _ => { let half = lines[at].chars().count() / 2; lines[at] = lines[at].chars().take(half).collect(); }
        }
        let _ = parse(&lines.join("\n"));
    }
}

/// Templates that could cost more than their size: each is answered, and soon.
#[test]
fn on_hostile_templates() {
    let deep = format!("Resources: {}{}", "{a: ".repeat(5_000), "}".repeat(5_000));
    let nested_lists = "[".repeat(400_000);
    let many_keys: String = (0..80_000).map(|at| format!("k{at}: 1\n")).collect();
    let chain: String = (0..2_000)
        .map(|at| {
            format!(
                "  Q{at}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !GetAtt Q{}.QueueName}}}}\n",
                at + 1
            )
        })
        .collect();
    let chain = format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{chain}");
    for text in [deep, nested_lists, many_keys, chain] {
        assert!(parse(&text).is_err());
    }
}
