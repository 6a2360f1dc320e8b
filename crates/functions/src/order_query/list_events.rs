//! `GET /events`: a page of the change feed. Following it live is the gateway's.

use ports::feed::{ChangeFeed, ChangeRecord};
use ports::function::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use serde::Serialize;

use super::parameters::Parameters;
use crate::http;
use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    events: Vec<ChangeRecord>,
    /// What to pass as `after` next: the last event's number, or what was asked for when there is none yet.
    next_after: u64,
}

pub(super) async fn list_events(
    store: &impl ChangeFeed,
    request: &ApiGatewayProxyRequest,
) -> Result<ApiGatewayProxyResponse, Problem> {
    let mut parameters = Parameters::new(request, &["after", "limit"]);
    let limit = parameters.limit(DEFAULT_LIMIT, MAX_LIMIT);
    let after = parameters.parsed("after", |text| {
        text.parse::<u64>()
            .map_err(|_| "a sequence number is a whole number from 0")
    });
    // A page doesn't go by it; a stream does, and refuses the same.
    parameters.header("Last-Event-ID", "a sequence number of the feed", |id| {
        id.trim().parse::<u64>().is_ok()
    });
    parameters.finish()?;

    let after = after.unwrap_or_default();
    let events = store.read_changes(after, limit).await?;
    let next_after = events.last().map_or(after, |last| last.sequence_number);
    Ok(http::ok(&Page { events, next_after }))
}
