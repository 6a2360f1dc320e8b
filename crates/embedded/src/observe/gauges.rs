//! What is not counted as it happens but looked at: how full the queues are, how many executions run, how business goes.

use domain::Timestamp;
use ports::analytics::{AnalyticsView, CONVERSION_RATE, HourFigures, PAYMENT_SUCCESS_RATE, RateMetric};
use ports::clock::Clock;
use ports::metrics::Metrics;
use ports::observability::ObserveError;
use ports::operations::Operations;

use super::Observer;
use super::history::Selection;
use crate::error::Chain;

const HOUR_MS: i64 = 3_600_000;

/// Looks, and notes what it sees.
pub(super) async fn read(observer: &Observer) {
    let engine = &observer.engine;
    let metrics = engine.metrics();
    match engine.list_queues().await {
        Ok(queues) => {
            for queue in queues {
                let dimensions = [("QueueName", queue.name.as_str())];
                let age_s = queue.oldest_age_ms as f64 / 1_000.0;
                metrics.gauge(
                    "ApproximateNumberOfMessagesVisible",
                    &dimensions,
                    queue.visible as f64,
                );
                metrics.gauge(
                    "ApproximateNumberOfMessagesNotVisible",
                    &dimensions,
                    queue.in_flight as f64,
                );
                metrics.gauge("ApproximateAgeOfOldestMessage", &dimensions, age_s);
            }
        }
        Err(error) => tracing::warn!(event_type = "queues_not_read", error = %Chain(&error)),
    }
    for (function, peak) in engine.lambda().take_peaks() {
        metrics.gauge("ConcurrentExecutions", &[("FunctionName", function)], peak as f64);
    }
    let machine = [("StateMachineArn", engine.executor().machine().arn.as_ref())];
    metrics.gauge("OpenExecutionCount", &machine, engine.executor().open() as f64);
    let now = engine.time().now().as_ms();
    let (from, to) = (now - now.rem_euclid(HOUR_MS), now + 1);
    match engine
        .read_figures(Timestamp::from_ms(from), Timestamp::from_ms(to))
        .await
    {
        Ok(hours) => hours.iter().for_each(|figures| business(metrics, figures)),
        Err(error) => tracing::warn!(event_type = "figures_not_read", error = %Chain(&error)),
    }
    for rate in [CONVERSION_RATE, PAYMENT_SUCCESS_RATE] {
        match percent(observer, rate, from, to).await {
            Ok(Some(percent)) => metrics.gauge(rate.name, &[], percent),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(event_type = "rate_not_read", rate = rate.name, error = %Chain(&error));
            }
        }
    }
}

/// The rate between these times, from what is stored of its counter and what is not stored yet.
async fn percent(
    observer: &Observer,
    rate: RateMetric,
    from: i64,
    to: i64,
) -> Result<Option<f64>, ObserveError> {
    let counted = async |outcome: &str| {
        let selection = Selection {
            name: rate.counter.to_owned(),
            namespace: None,
            dimensions: vec![("Status".to_owned(), outcome.to_owned())],
            from: Timestamp::from_ms(from),
            to: Timestamp::from_ms(to),
            period_s: 60,
        };
        let found = observer.values(selection).await?;
        let points = found.iter().flat_map(|(_, points)| points);
        Ok::<f64, ObserveError>(points.map(|(_, values)| values.sum).sum())
    };
    Ok(rate.percent(counted(rate.good).await?, counted(rate.bad).await?))
}

/// Of the seed's business metrics (section 8), those by currency, of the hour that is under way.
fn business(metrics: &dyn Metrics, figures: &HourFigures) {
    let dimensions = [("Currency", figures.currency.as_str())];
    let number = |text: String| text.parse::<f64>().ok();
    metrics.gauge("OrdersPerHour", &dimensions, figures.orders as f64);
    // For charts; nothing is reckoned from it.
    if let Some(average) = number(figures.average_order_value.to_string()) {
        metrics.gauge("AverageOrderValue", &dimensions, average);
    }
}
