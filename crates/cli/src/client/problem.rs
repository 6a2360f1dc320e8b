//! What a server answers when it does not do what it was asked to: an RFC 9457 problem document.

use std::fmt;

use serde::Deserialize;

use crate::table::harmless;

/// A problem document, or as much of one as there was.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The status of the answer.
    #[serde(skip)]
    pub status: u16,
    /// The problem's kind in a few words.
    pub title: Option<String>,
    /// This occurrence of it in a sentence.
    pub detail: Option<String>,
    /// What API Gateway's clients read.
    pub message: Option<String>,
    /// Each fault of a body.
    pub errors: Vec<BodyFault>,
    /// In how many seconds to try again, as the server says.
    #[serde(skip)]
    pub retry_after: Option<String>,
}

/// One fault of a body.
#[derive(Debug, Deserialize)]
pub struct BodyFault {
    /// Where, as a JSON pointer.
    #[serde(default)]
    pub pointer: String,
    /// What is wrong and what would be right.
    #[serde(default)]
    pub detail: String,
}

impl Problem {
    /// Reads an answer's body; whatever it is, something can be said.
    pub fn read(status: u16, body: &[u8], retry_after: Option<String>) -> Self {
        let problem = serde_json::from_slice(body).unwrap_or_default();
        Self {
            status,
            retry_after,
            ..problem
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self
            .detail
            .as_deref()
            .or(self.message.as_deref())
            .or(self.title.as_deref());
        write!(
            f,
            "{} (HTTP {})",
            harmless(said.unwrap_or("the server said no")),
            self.status
        )?;
        for fault in &self.errors {
            let pointer = if fault.pointer.is_empty() {
                "/"
            } else {
                &fault.pointer
            };
            write!(f, "\n  {}: {}", harmless(pointer), harmless(&fault.detail))?;
        }
        if let Some(seconds) = &self.retry_after {
            write!(f, "\n  try again in {} s", harmless(seconds))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn every_fault_is_said() {
        let body = br#"{"title":"Bad Request","detail":"the order has 2 faults","errors":[
            {"pointer":"/customerId","detail":"is missing"},{"pointer":"","detail":"has the unknown member x"}]}"#;
        expect![[r#"
            the order has 2 faults (HTTP 400)
              /customerId: is missing
              /: has the unknown member x"#]]
        .assert_eq(&Problem::read(400, body, None).to_string());
    }

    #[test]
    fn an_answer_that_is_no_problem_document_has_its_status() {
        let problem = Problem::read(502, b"<html>", Some("3".to_owned()));
        assert_eq!(
            problem.to_string(),
            "the server said no (HTTP 502)\n  try again in 3 s"
        );
    }
}
