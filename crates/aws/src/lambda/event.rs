//! Which kind of event a function was called with.
//!
//! Lambda says nothing about it but the event itself: records name their source, and a request of API Gateway has a
//! method. Whatever is neither was sent by hand or by a state machine.

use std::sync::Arc;

use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ports::function::aws_lambda_events::dynamodb::Event as StreamEvent;
use ports::function::{FunctionError, Invocation};
use ports::stream::TableChange;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// As much of an event as tells its kind.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "Records", default)]
    records: Vec<Source>,
    #[serde(rename = "httpMethod", default)]
    method: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Source {
    /// SNS writes it with a capital.
    #[serde(rename = "eventSource", alias = "EventSource", default)]
    name: String,
}

/// Reads an event.
pub(super) fn read(json: &str) -> Result<Invocation, FunctionError> {
    // An event of another shape, such as a text, is for the function itself to judge.
    let kind = serde_json::from_str::<Kind>(json).unwrap_or(Kind {
        records: Vec::new(),
        method: None,
    });
    match kind.records.first().map(|source| source.name.as_str()) {
        Some("aws:sqs") => parse(json).map(Invocation::Sqs),
        Some("aws:sns") => parse(json).map(Invocation::Sns),
        Some("aws:dynamodb") => parse(json).map(changes),
        Some(_) | None if kind.method.is_some() => {
            parse::<ApiGatewayProxyRequest>(json).map(|request| Invocation::Api(Box::new(request)))
        }
        Some(_) | None => parse(json).map(Invocation::Direct),
    }
}

fn changes(event: StreamEvent) -> Invocation {
    let records = event.records.into_iter();
    Invocation::Stream(
        records
            .map(|record| Arc::new(record) as Arc<dyn TableChange>)
            .collect(),
    )
}

fn parse<T: DeserializeOwned>(json: &str) -> Result<T, FunctionError> {
    serde_json::from_str(json).map_err(|error| FunctionError {
        error_type: "WrongEvent".to_owned(),
        message: format!("the event can't be read: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(json: &str) -> &'static str {
        match read(json) {
            Ok(Invocation::Api(_)) => "api",
            Ok(Invocation::Sqs(_)) => "sqs",
            Ok(Invocation::Sns(_)) => "sns",
            Ok(Invocation::Stream(_)) => "stream",
            Ok(Invocation::Direct(_)) => "direct",
            Err(_) => "error",
        }
    }

    #[test]
    fn an_event_is_told_by_its_records_or_its_method() {
        assert_eq!(
            kind(r#"{"httpMethod":"GET","path":"/orders","requestContext":{"httpMethod":"GET"}}"#),
            "api"
        );
        assert_eq!(
            kind(r#"{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"{}"}]}"#),
            "sqs"
        );
        assert_eq!(kind(r#"{"action":"processPayment","amount":59.98}"#), "direct");
        assert_eq!(kind(r#"{"source":"aws.events","detail":{}}"#), "direct");
        assert_eq!(kind(r#""text""#), "direct");
        assert_eq!(kind(r#"{"Records":[{"eventSource":"aws:s3"}]}"#), "direct");
    }

    #[test]
    fn amounts_of_a_task_keep_every_digit() {
        let Ok(Invocation::Direct(task)) = read(r#"{"amount":999999999999.9999}"#) else {
            panic!("no direct invocation")
        };
        assert_eq!(task["amount"].to_string(), "999999999999.9999");
    }
}
