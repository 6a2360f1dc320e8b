//! An entry of a function's `Events`.

use super::topic::{self, Listener};
use crate::fault::Problem;
use crate::kind::Kind;
use crate::model::{
    Access, Api, Event, EventSource, LogicalId, Method, PathTemplate, QueueSource, Route, Schedule,
    ScheduleSource, Seconds, Segment, StartingPosition, StreamSource,
};
use crate::section::Section;
use crate::shape::Shape;

/// The longest batching window of Lambda.
const LONGEST_WINDOW_S: u32 = 300;

/// The function that an event belongs to, and what its events may refer to.
pub(super) struct Owner<'a> {
    pub function: &'a LogicalId,
    pub apis: &'a [Api],
}

/// The event, and the subscription that an SNS event makes.
pub(super) fn read(
    section: Section<'_, '_>,
    name: String,
    owner: &Owner<'_>,
) -> Option<(Event, Option<Listener>)> {
    let mut event = section;
    let mut listener = None;
    event.require("Type");
    let source = match event.text("Type").as_deref() {
        None => None,
        Some("Api") => source(&mut event, Shape::ApiEvent, |section| api(section, owner.apis)),
        Some("SQS") => source(&mut event, Shape::SqsEvent, sqs),
        Some("SNS") => source(&mut event, Shape::SnsEvent, |section| {
            listener = topic::read_event(section, owner.function, &name);
            listener.as_ref().map(|listener| EventSource::Sns {
                topic: listener.topic.clone(),
            })
        }),
        Some("DynamoDB") => source(&mut event, Shape::StreamEvent, stream),
        Some("Schedule" | "ScheduleV2") => source(&mut event, Shape::ScheduleEvent, schedule),
        Some(other) => {
            let reason = "it has Api, SQS, SNS, DynamoDB and Schedule events; use one of those";
            event.fault_at(
                "Type",
                Problem::Refused {
                    what: format!("{other} events"),
                    reason,
                },
            );
            event.value("Properties");
            None
        }
    };
    event.finish();
    Some((
        Event {
            name,
            source: source?,
        },
        listener,
    ))
}

fn source<T>(
    event: &mut Section<'_, '_>,
    shape: Shape,
    read: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
) -> Option<T> {
    let mut properties = event.require("Properties").section("Properties", shape)?;
    let source = read(&mut properties);
    properties.finish();
    source
}

fn api(section: &mut Section<'_, '_>, apis: &[Api]) -> Option<EventSource> {
    section.require("RestApiId").require("Path").require("Method");
    let api = section.reference("RestApiId", Kind::Api);
    let path = section.text("Path").and_then(|path| path_template(section, path));
    let method = section.text("Method").map(|method| method.to_ascii_uppercase());
    let method = method.and_then(|method| {
        let known = Method::ALL
            .iter()
            .find(|(_, name)| *name == method)
            .map(|(method, _)| *method);
        if known.is_none() {
            let allowed = Method::ALL.map(|(_, name)| name).join(", ");
            section.fault_at(
                "Method",
                Problem::NotOneOf {
                    found: method,
                    allowed,
                },
            );
        }
        known
    });
    let access = section.section("Auth", Shape::ApiEventAuth).and_then(access);
    let api = api?;
    let key_required = apis
        .iter()
        .any(|candidate| candidate.id == api && candidate.api_key_required);
    let access = access.unwrap_or(if key_required {
        Access::ApiKey
    } else {
        Access::Open
    });
    Some(EventSource::Api(Route {
        api,
        path: path?,
        method: method?,
        access,
    }))
}

/// What the route itself says; `None` when it leaves that to the interface.
fn access(mut section: Section<'_, '_>) -> Option<Access> {
    let authorizer = section.word(
        "Authorizer",
        &[("AWS_IAM", Access::Operator), ("NONE", Access::Open)],
    );
    let key_required = section.flag("ApiKeyRequired");
    section.finish();
    match (authorizer, key_required) {
        (Some(Access::Operator), _) => Some(Access::Operator),
        (_, Some(true)) => Some(Access::ApiKey),
        (_, Some(false)) => Some(Access::Open),
        (_, None) => None,
    }
}

fn path_template(section: &Section<'_, '_>, path: String) -> Option<PathTemplate> {
    let segments = path.strip_prefix('/').and_then(|rest| {
        let segments = if rest.is_empty() {
            Vec::new()
        } else {
            rest.split('/').map(segment).collect()
        };
        segments.into_iter().collect::<Option<Vec<_>>>()
    });
    let template = segments.filter(|segments| {
        let before_last = segments.split_last().map_or(&[][..], |(_, before)| before);
        !before_last
            .iter()
            .any(|segment| matches!(segment, Segment::Rest(_)))
    });
    if template.is_none() {
        let expected = "a path such as /orders/{orderId}, or /files/{rest+} with the plus at its end only";
        section.fault_at(
            "Path",
            Problem::Malformed {
                found: path,
                expected,
            },
        );
    }
    template.map(|segments| PathTemplate { segments })
}

fn segment(text: &str) -> Option<Segment> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
        let literal =
            !text.is_empty() && !text.contains(['{', '}', '?', '#']) && !text.contains(char::is_whitespace);
        return literal.then(|| Segment::Literal(text.to_owned()));
    };
    match name.strip_suffix('+') {
        Some(name) => is_name(name).then(|| Segment::Rest(name.to_owned())),
        None => is_name(name).then(|| Segment::Parameter(name.to_owned())),
    }
}

fn sqs(section: &mut Section<'_, '_>) -> Option<EventSource> {
    let queue = section.require("Queue").reference("Queue", Kind::Queue);
    let batch_size = section.whole("BatchSize", 1, 10_000).unwrap_or(10);
    let batching_window = section
        .seconds("MaximumBatchingWindowInSeconds", 0, LONGEST_WINDOW_S)
        .unwrap_or(Seconds(0));
    if batch_size > 10 && batching_window == Seconds(0) {
        section.fault_at("BatchSize", Problem::BatchNeedsWindow);
    }
    let maximum_concurrency =
        section
            .section("ScalingConfig", Shape::ScalingConfig)
            .and_then(|mut scaling| {
                let maximum = scaling.whole("MaximumConcurrency", 2, 1000);
                scaling.finish();
                maximum
            });
    let report_batch_item_failures = reports_failures(section);
    let enabled = section.flag("Enabled").unwrap_or(true);
    Some(EventSource::Sqs(QueueSource {
        queue: queue?,
        batch_size,
        batching_window,
        report_batch_item_failures,
        maximum_concurrency,
        enabled,
    }))
}

fn reports_failures(section: &mut Section<'_, '_>) -> bool {
    let types = section.texts("FunctionResponseTypes");
    for other in types.iter().filter(|name| *name != REPORT) {
        let problem = Problem::NotOneOf {
            found: other.clone(),
            allowed: REPORT.to_owned(),
        };
        section.fault_at("FunctionResponseTypes", problem);
    }
    types.iter().any(|name| name == REPORT)
}

const REPORT: &str = "ReportBatchItemFailures";

fn stream(section: &mut Section<'_, '_>) -> Option<EventSource> {
    let positions = [
        ("TRIM_HORIZON", StartingPosition::TrimHorizon),
        ("LATEST", StartingPosition::Latest),
    ];
    section.require("Stream").require("StartingPosition");
    let table = section.reference("Stream", Kind::Table);
    let starting_position = section.word("StartingPosition", &positions);
    let batch_size = section.whole("BatchSize", 1, 10_000).unwrap_or(100);
    let batching_window = section.seconds("MaximumBatchingWindowInSeconds", 0, LONGEST_WINDOW_S);
    // -1 is "without end", which is also the default.
    let attempts = section
        .text("MaximumRetryAttempts")
        .filter(|attempts| attempts != "-1");
    let maximum_retry_attempts = attempts.and_then(|_| section.whole("MaximumRetryAttempts", 0, 10_000));
    let bisect_on_error = section.flag("BisectBatchOnFunctionError").unwrap_or(false);
    let report_batch_item_failures = reports_failures(section);
    let on_failure = section
        .section("DestinationConfig", Shape::DestinationConfig)
        .and_then(on_failure);
    let enabled = section.flag("Enabled").unwrap_or(true);
    Some(EventSource::DynamoDbStream(StreamSource {
        table: table?,
        starting_position: starting_position?,
        batch_size,
        batching_window: batching_window.unwrap_or(Seconds(0)),
        maximum_retry_attempts,
        bisect_on_error,
        report_batch_item_failures,
        on_failure,
        enabled,
    }))
}

fn on_failure(mut config: Section<'_, '_>) -> Option<LogicalId> {
    let destination = config
        .section("OnFailure", Shape::OnFailure)
        .and_then(|mut section| {
            section.require("Destination");
            section.word("Type", &[("SQS", ())]);
            let queue = section.reference("Destination", Kind::Queue);
            section.finish();
            queue
        });
    config.finish();
    destination
}

fn schedule(section: &mut Section<'_, '_>) -> Option<EventSource> {
    // EventBridge Scheduler spells it the other way round than EventBridge's rules.
    let name = if section.at.node.get("ScheduleExpression").is_some() {
        "ScheduleExpression"
    } else {
        "Schedule"
    };
    let text = section.require(name).text(name);
    let schedule = text.and_then(|text| {
        let schedule = schedule_of(&text);
        if schedule.is_none() {
            let expected = "a schedule such as rate(5 minutes), or cron(0 3 * * ? *) with six fields";
            section.fault_at(
                name,
                Problem::Malformed {
                    found: text,
                    expected,
                },
            );
        }
        schedule
    });
    let input = section.text("Input");
    let enabled = section.flag("Enabled");
    let state = section.word("State", &[("ENABLED", true), ("DISABLED", false)]);
    Some(EventSource::Schedule(ScheduleSource {
        schedule: schedule?,
        input,
        enabled: enabled.or(state).unwrap_or(true),
    }))
}

fn schedule_of(text: &str) -> Option<Schedule> {
    if let Some(fields) = text.strip_prefix("cron(").and_then(|text| text.strip_suffix(')')) {
        return (fields.split_whitespace().count() == 6).then(|| Schedule::Cron(fields.to_owned()));
    }
    let (count, unit) = text.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
    let unit_s = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    count
        .checked_mul(unit_s)
        .map(|seconds| Schedule::Every(Seconds(seconds)))
}
