//! What the observer tells: the ports of `ports::observability`.

use domain::{OrderId, Timestamp};
use ports::clock::Clock;
use ports::observability::{
    Alarm, AlarmState, AlarmTransition, Alarms, Answer, MetricHistory, MetricQuery, MetricSeries,
    ObserveError, Series, ServiceMap, Span, Trace, TraceFilter, TraceSummary, Traces,
};
use ports::orders::OrderQueries;
use ports::trace::TraceId;

use super::alarms::{self, Judged, Remembered, judge};
use super::history::{self, Selection};
use super::stored::StoredSpan;
use super::{Observer, map, states, traces};
use crate::executions::read_story;

impl Observer {
    /// The trace with what the order's journal adds; `kept` says whether it was.
    async fn tell(
        &self,
        trace: TraceId,
        order: Option<OrderId>,
        name: String,
    ) -> Result<Trace, ObserveError> {
        let mut spans = self
            .store
            .read(move |connection| traces::spans(connection, trace))
            .await?;
        let from_journal = spans.is_empty();
        if let Some(order) = order {
            let engine = self.engine.clone();
            let execution = order.to_string();
            let story = self
                .engine
                .readers()
                .read_blocking(move |connection| read_story(&engine, connection, &execution))
                .await?;
            let told = story.iter().flat_map(|story| states::spans(trace, story));
            spans.extend(told.map(|span| Span::from(StoredSpan::from(&span))));
        }
        let told = traces::assemble(trace, order, spans, from_journal);
        told.ok_or(ObserveError::NotFound { what: "trace", name })
    }

    pub(super) async fn values(&self, selection: Selection) -> Result<Vec<history::Values>, ObserveError> {
        let now = self.engine.time().now();
        let asked = selection.clone();
        let mut found = self
            .store
            .read(move |connection| history::read(connection, &asked, now))
            .await?;
        history::add_latest(&mut found, &selection, self.source.peek(), now);
        Ok(found)
    }
}

/// A trace's id in either form.
fn parse_trace_id(text: &str) -> Option<TraceId> {
    let digits = match text.strip_prefix("1-").and_then(|rest| rest.split_once('-')) {
        Some((time, rest)) => format!("{time}{rest}"),
        None => text.to_owned(),
    };
    TraceId::parse(&digits)
}

impl Traces for Observer {
    fn get_trace(&self, trace_id: String) -> Answer<'_, Trace> {
        Box::pin(async move {
            let not_found = || ObserveError::NotFound {
                what: "trace",
                name: trace_id.clone(),
            };
            let trace = parse_trace_id(&trace_id).ok_or_else(not_found)?;
            let kept = self
                .store
                .read(move |connection| traces::find(connection, trace))
                .await?;
            let order = kept.ok_or_else(not_found)?.and_then(|order| order.parse().ok());
            self.tell(trace, order, trace_id).await
        })
    }

    fn get_order_trace(&self, order_id: String) -> Answer<'_, Trace> {
        Box::pin(async move {
            let not_found = || ObserveError::NotFound {
                what: "order",
                name: order_id.clone(),
            };
            let id: OrderId = order_id.parse().map_err(|_| not_found())?;
            let order = self.engine.get_order(id).await?.ok_or_else(not_found)?;
            let trace = TraceId::parse(&order.placed.trace_id).ok_or_else(not_found)?;
            self.tell(trace, Some(id), order_id).await
        })
    }

    fn list_traces(&self, filter: TraceFilter, limit: u32) -> Answer<'_, Vec<TraceSummary>> {
        Box::pin(async move {
            let found = self
                .store
                .read(move |connection| traces::list(connection, &filter, limit))
                .await;
            Ok(found?)
        })
    }

    fn service_map(&self, from: Timestamp, to: Timestamp) -> Answer<'_, ServiceMap> {
        Box::pin(async move {
            let selection = |name: &str| Selection {
                name: name.to_owned(),
                namespace: None,
                dimensions: Vec::new(),
                from,
                to,
                period_s: 60,
            };
            let latencies = self.values(selection(map::LATENCY)).await?;
            let failures = self.values(selection(map::FAILURES)).await?;
            Ok(map::draw(from, to, latencies, failures))
        })
    }
}

impl MetricHistory for Observer {
    fn list_series(&self) -> Answer<'_, Vec<Series>> {
        Box::pin(async move {
            let found = self
                .store
                .read(|connection| history::all_series(connection, None))
                .await?;
            let mut all: Vec<Series> = found.into_iter().map(|(_, series)| series).collect();
            all.extend(self.source.peek().iter().map(history::series_of));
            all.sort();
            all.dedup();
            Ok(all)
        })
    }

    fn get_metric(&self, query: MetricQuery) -> Answer<'_, Vec<MetricSeries>> {
        Box::pin(async move {
            history::check(&query)?;
            let selection = Selection {
                name: query.name,
                namespace: Some(query.namespace),
                dimensions: query.dimensions,
                from: query.from,
                to: query.to,
                period_s: query.period_s,
            };
            let found = self.values(selection).await?;
            let in_periods = |values| history::in_periods(values, query.period_s, query.statistic);
            Ok(found.into_iter().map(in_periods).collect())
        })
    }
}

impl Alarms for Observer {
    fn list_alarms(&self) -> Answer<'_, Vec<Alarm>> {
        Box::pin(async move {
            let now = self.engine.time().now();
            let mut all = Vec::new();
            for alarm in &self.engine.settings().alarms {
                let (before, judged) = alarms::judge_one(&self.store, alarm, now).await?;
                all.push(told(&before, &judged));
            }
            all.sort_by_key(|alarm| (alarm.state != AlarmState::Alarm, alarm.name.clone()));
            Ok(all)
        })
    }

    fn alarm_history(&self, alarm: Option<String>, limit: u32) -> Answer<'_, Vec<AlarmTransition>> {
        Box::pin(async move {
            let is_known = |name: &String| {
                self.engine
                    .settings()
                    .alarms
                    .iter()
                    .any(|alarm| alarm.name == *name)
            };
            if let Some(name) = alarm.clone().filter(|name| !is_known(name)) {
                return Err(ObserveError::NotFound { what: "alarm", name });
            }
            Ok(alarms::history(&self.store, alarm, limit).await?)
        })
    }
}

/// An alarm with the state that was told, and the readings of now.
fn told(before: &Remembered, judged: &Judged) -> Alarm {
    let alarm = &judged.alarm;
    let topics = alarm.alarm_actions.iter().chain(&alarm.ok_actions);
    let mut topics: Vec<String> = topics
        .map(|arn| arn.as_str().rsplit(':').next().unwrap_or_default().to_owned())
        .collect();
    topics.sort();
    topics.dedup();
    let comparison = match alarm.comparison {
        template::Comparison::GreaterThanOrEqualTo => "GreaterThanOrEqualToThreshold",
        template::Comparison::GreaterThan => "GreaterThanThreshold",
        template::Comparison::LessThanOrEqualTo => "LessThanOrEqualToThreshold",
        template::Comparison::LessThan => "LessThanThreshold",
    };
    let missing_data = match alarm.missing_data {
        template::MissingData::Breaching => "breaching",
        template::MissingData::NotBreaching => "notBreaching",
        template::MissingData::Ignore => "ignore",
        template::MissingData::Missing => "missing",
    };
    Alarm {
        name: alarm.name.clone(),
        description: alarm.description.clone(),
        state: before.state,
        reason: before.reason.clone(),
        since: before.since,
        namespace: alarm.namespace.clone(),
        metric: alarm.metric.clone(),
        dimensions: alarm
            .dimensions
            .iter()
            .map(|d| (d.name.clone(), d.value.clone()))
            .collect(),
        statistic: judge::statistic_name(alarm),
        period_s: u64::from(alarm.period.0),
        evaluation_periods: alarm.evaluation_periods,
        datapoints_to_alarm: alarm.datapoints_to_alarm,
        comparison: comparison.to_owned(),
        threshold: alarm.threshold.to_string(),
        missing_data: missing_data.to_owned(),
        readings: judged.readings.clone(),
        topics,
    }
}
