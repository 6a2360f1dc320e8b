//! What was read of the metrics' history before. A period that is over keeps its value for good, so it is read once; a year
//! of hours is much to read, and a page is asked for again each time that something happens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use ports::observability::{MetricHistory, MetricQuery, MetricSeries, ObserveError};

/// The last minutes of a period may be recorded so much after its end.
const LATE_MS: i64 = 5 * 60_000;

/// Values of periods that are over. There are as many as the page has charts and spans; each is as long as its chart.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<HashMap<Asked, Known>>);

/// Which values: namespace, name, statistic and period.
type Asked = (String, String, String, u32);

#[derive(Debug, Clone)]
struct Known {
    /// From the beginning of a period until that of another.
    from: Timestamp,
    until: Timestamp,
    series: Vec<MetricSeries>,
}

impl Remembered {
    /// What `query` asks for, of which only what isn't known yet is read. The query begins with a period and names no
    /// dimensions.
    pub(crate) async fn read(
        &self,
        history: &dyn MetricHistory,
        query: MetricQuery,
        now: Timestamp,
    ) -> Result<Vec<MetricSeries>, ObserveError> {
        let statistic = format!("{:?}", query.statistic);
        let asked = (
            query.namespace.clone(),
            query.name.clone(),
            statistic,
            query.period_s,
        );
        let from = query.from;
        let period_ms = i64::from(query.period_s) * 1_000;
        let over = Timestamp::from_ms((now.as_ms() - LATE_MS).div_euclid(period_ms) * period_ms);
        let known = self.known(&asked, from);
        let unknown_from = known.as_ref().map_or(from, |known| known.until);
        let newer = history
            .get_metric(MetricQuery {
                from: unknown_from,
                ..query
            })
            .await?;
        let series = joined(known.map(|known| known.series).unwrap_or_default(), newer, from);
        let known = Known {
            from,
            until: over.max(from),
            series: before(&series, over),
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(asked, known);
        Ok(series)
    }

    fn known(&self, asked: &Asked, from: Timestamp) -> Option<Known> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reaches = |known: &&Known| known.from <= from && from <= known.until;
        all.get(asked).filter(reaches).cloned()
    }
}

/// Series with the points of both, none of them before `from`.
fn joined(older: Vec<MetricSeries>, newer: Vec<MetricSeries>, from: Timestamp) -> Vec<MetricSeries> {
    let mut all = older;
    for series in &mut all {
        series.points.retain(|point| point.at >= from);
    }
    for series in newer {
        match all.iter_mut().find(|known| known.series == series.series) {
            Some(known) => known.points.extend(series.points),
            None => all.push(series),
        }
    }
    all
}

fn before(series: &[MetricSeries], end: Timestamp) -> Vec<MetricSeries> {
    let cut = |series: &MetricSeries| MetricSeries {
        series: series.series.clone(),
        points: series
            .points
            .iter()
            .copied()
            .filter(|point| point.at < end)
            .collect(),
    };
    series.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::Timestamp;
    use ports::observability::{
        Answer, MetricHistory, MetricPoint, MetricQuery, MetricSeries, MetricStatistic, Series,
    };

    use super::Remembered;

    const MINUTE_MS: i64 = 60_000;
    const START_MS: i64 = 30_000_000 * MINUTE_MS;

    /// A history that has the number of each minute, and remembers from when it was asked.
    #[derive(Default)]
    struct Numbers(Mutex<Vec<i64>>);

    impl MetricHistory for Numbers {
        fn list_series(&self) -> Answer<'_, Vec<Series>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn get_metric(&self, query: MetricQuery) -> Answer<'_, Vec<MetricSeries>> {
            let minutes = |at: Timestamp| (at.as_ms() - START_MS) / MINUTE_MS;
            self.0.lock().unwrap().push(minutes(query.from));
            let point = |number: i64| MetricPoint {
                at: Timestamp::from_ms(START_MS + number * MINUTE_MS),
                value: number as f64,
            };
            let series = MetricSeries {
                series: Series {
                    namespace: query.namespace.clone(),
                    name: query.name.clone(),
                    dimensions: Vec::new(),
                },
                points: (minutes(query.from)..minutes(query.to)).map(point).collect(),
            };
            Box::pin(async { Ok(vec![series]) })
        }
    }

    #[tokio::test]
    async fn what_is_over_is_read_once_and_the_answer_is_the_same() {
        let (history, remembered) = (Numbers::default(), Remembered::default());
        for now in [60, 61, 70, 500] {
            let at = |minute: i64| Timestamp::from_ms(START_MS + minute * MINUTE_MS);
            let query = MetricQuery {
                namespace: "N".to_owned(),
                name: "M".to_owned(),
                dimensions: Vec::new(),
                from: at(now - 60),
                to: at(now + 1),
                period_s: 60,
                statistic: MetricStatistic::Sum,
            };
            let fresh = history.get_metric(query.clone()).await.unwrap();
            history.0.lock().unwrap().pop();
            assert_eq!(
                remembered.read(&history, query, at(now)).await.unwrap(),
                fresh,
                "{now}"
            );
        }
        // All of the first hour, then what was not over yet; and all again after so long.
        assert_eq!(*history.0.lock().unwrap(), [0, 55, 56, 440]);
    }
}
