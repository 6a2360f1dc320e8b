//! Mocked tasks: what each attempt of a state's task gets.

use std::collections::HashSet;

use asl::Definition;
use asl::replay::Answer;
use serde_json::Value;

/// Reads a mock: `{"State": [{"output": ...} | {"error": "...", "cause": "..."}, ...]}`, one answer an attempt, in
/// order; or a script as `workflow replay` takes it.
///
/// # Errors
/// In words, when it is neither or names a state that the definition doesn't have.
pub fn read(mock: Value, definition: &Definition) -> Result<Vec<Answer>, String> {
    let answers = match mock {
        Value::Array(_) => serde_json::from_value(mock).map_err(|e| format!("the script: {e}"))?,
        Value::Object(states) => {
            let mut answers = Vec::new();
            for (state, attempts) in states {
                let Value::Array(attempts) = attempts else {
                    return Err(format!("{state}: the answers are an array, one for each attempt"));
                };
                for attempt in attempts {
                    answers.push(answer(&state, attempt)?);
                }
            }
            answers
        }
        _ => return Err("a mock is an object of states, or an array as a script".to_owned()),
    };
    let known = states(definition.json());
    match answers
        .iter()
        .find(|answer| !known.contains(answer.state.as_str()))
    {
        Some(stray) => Err(format!("the definition has no state {:?}", stray.state)),
        None => Ok(answers),
    }
}

fn answer(state: &str, attempt: Value) -> Result<Answer, String> {
    let Value::Object(mut members) = attempt else {
        return Err(format!(
            "{state}: an answer is {{\"output\"}} or {{\"error\",\"cause\"}}"
        ));
    };
    let mut text = |name: &str| match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{state}: {name} is text and not {other}")),
    };
    let (error, cause) = (text("error")?, text("cause")?);
    let output = members.remove("output");
    if let Some(unknown) = members.keys().next() {
        return Err(format!(
            "{state}: an answer has output, or error and cause, and no {unknown}"
        ));
    }
    let event = match (&output, &error) {
        (Some(_), None) => "TaskSucceeded",
        (None, Some(_)) => "TaskFailed",
        _ => return Err(format!("{state}: an answer has either output or error")),
    };
    Ok(Answer {
        state: state.to_owned(),
        event: event.to_owned(),
        output: output.unwrap_or_default().into(),
        error,
        cause,
    })
}

/// The names of all states, those of nested machines too.
fn states(definition: &Value) -> HashSet<&str> {
    let mut names = HashSet::new();
    let mut left = vec![definition];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::Object(states)) = members.get("States") {
                    names.extend(states.keys().map(String::as_str));
                }
                left.extend(members.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn check(mock: Value, expected: &Expect) {
        let definition = Definition::parse(
            r#"{"StartAt": "Pay", "States": {"Pay": {"Type": "Task", "End": true,
                "Resource": "arn:aws:states:::lambda:invoke"}}}"#,
        )
        .unwrap();
        let shown = match read(mock, &definition) {
            Ok(answers) => answers
                .iter()
                .map(|a| format!("{} {} {} {:?}\n", a.state, a.event, a.output, a.error))
                .collect(),
            Err(problem) => problem,
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn answers_come_by_state_or_as_a_script() {
        check(
            json!({"Pay": [{"error": "Busy", "cause": "later"}, {"output": {"ok": true}}]}),
            &expect![[r#"
                Pay TaskFailed null Some("Busy")
                Pay TaskSucceeded {"ok":true} None
            "#]],
        );
        check(
            json!([{"state": "Pay", "event": "TaskSucceeded", "output": 1}]),
            &expect![[r#"
                Pay TaskSucceeded 1 None
            "#]],
        );
    }

    #[test]
    fn what_is_no_answer_is_told() {
        check(
            json!({"Pay": {"output": 1}}),
            &expect!["Pay: the answers are an array, one for each attempt"],
        );
        check(
            json!({"Pay": [{"output": 1, "error": "Busy"}]}),
            &expect!["Pay: an answer has either output or error"],
        );
        check(
            json!({"Pay": [{"outputs": 1}]}),
            &expect!["Pay: an answer has output, or error and cause, and no outputs"],
        );
        check(
            json!({"Charge": [{"output": 1}]}),
            &expect![[r#"the definition has no state "Charge""#]],
        );
        check(
            json!(7),
            &expect!["a mock is an object of states, or an array as a script"],
        );
    }
}
