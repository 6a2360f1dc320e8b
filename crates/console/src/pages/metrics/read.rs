//! What the history has, as lines over the periods of a chart.

use domain::Timestamp;
use ports::observability::{MetricHistory, MetricQuery, MetricSeries, MetricStatistic, ObserveError};

use super::Remembered;
use crate::view::{Line, Periods};

/// Reads metrics over the same periods.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub history: &'r dyn MetricHistory,
    pub remembered: &'r Remembered,
    pub periods: Periods,
    pub now: Timestamp,
}

impl Reader<'_> {
    /// Every series of this name, one for each set of dimensions.
    async fn series(
        &self,
        namespace: &str,
        name: &str,
        statistic: MetricStatistic,
    ) -> Result<Vec<MetricSeries>, ObserveError> {
        let query = MetricQuery {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: Vec::new(),
            from: self.periods.from,
            to: self.periods.at(self.periods.count),
            period_s: self.periods.seconds,
            statistic,
        };
        self.remembered.read(self.history, query, self.now).await
    }

    /// A line for each value of the dimension, in the order of their names; other dimensions than this one are other metrics.
    pub(super) async fn by(
        &self,
        namespace: &str,
        name: &str,
        dimension: &str,
        statistic: MetricStatistic,
    ) -> Result<Vec<Line>, ObserveError> {
        let series = self.series(namespace, name, statistic).await?;
        let line = |series: &MetricSeries| match series.series.dimensions.as_slice() {
            [(own, value)] if own == dimension => Some(self.line(value, series, statistic)),
            _ => None,
        };
        Ok(in_order(series.iter().filter_map(line).collect()))
    }

    /// A line for each route, such as `POST /orders`, of what the HTTP interface counts by resource and method.
    pub(super) async fn by_route(
        &self,
        name: &str,
        statistic: MetricStatistic,
    ) -> Result<Vec<Line>, ObserveError> {
        let series = self.series("AWS/ApiGateway", name, statistic).await?;
        let line = |series: &MetricSeries| {
            let of = |name: &str| {
                let mut dimensions = series.series.dimensions.iter();
                dimensions.find(|(own, _)| own == name).map(|(_, value)| value)
            };
            let route = format!("{} {}", of("Method")?, of("Resource")?);
            Some(self.line(&route, series, statistic))
        };
        Ok(in_order(series.iter().filter_map(line).collect()))
    }

    /// One line: what all series of this name counted together.
    pub(super) async fn sum(&self, label: &str, namespace: &str, name: &str) -> Result<Line, ObserveError> {
        let mut sum = self.nothing(label, MetricStatistic::Sum);
        for series in self.series(namespace, name, MetricStatistic::Sum).await? {
            for point in &series.points {
                if let Some(number) = self.periods.number(point.at) {
                    let value = &mut sum.values[number];
                    *value = Some(value.unwrap_or(0.0) + point.value);
                }
            }
        }
        Ok(sum)
    }

    /// One line: what was measured of the only thing of its kind, such as the workflow.
    pub(super) async fn only(
        &self,
        label: &str,
        namespace: &str,
        name: &str,
        statistic: MetricStatistic,
    ) -> Result<Line, ObserveError> {
        let series = self.series(namespace, name, statistic).await?;
        Ok(match series.first() {
            Some(series) => self.line(label, series, statistic),
            None => self.nothing(label, statistic),
        })
    }

    /// What was counted with this value of the only dimension.
    pub(super) async fn counted(
        &self,
        label: &str,
        namespace: &str,
        name: &str,
        value: &str,
    ) -> Result<Line, ObserveError> {
        let series = self.series(namespace, name, MetricStatistic::Sum).await?;
        let is_own = |series: &&MetricSeries| matches!(series.series.dimensions.as_slice(), [(_, other)] if other == value);
        let own = series.iter().find(is_own);
        let nothing = || self.nothing(label, MetricStatistic::Sum);
        Ok(own.map_or_else(nothing, |own| self.line(label, own, MetricStatistic::Sum)))
    }

    fn line(&self, name: &str, series: &MetricSeries, statistic: MetricStatistic) -> Line {
        let mut line = self.nothing(name, statistic);
        for point in &series.points {
            if let Some(number) = self.periods.number(point.at) {
                line.values[number] = Some(point.value);
            }
        }
        line
    }

    /// Nothing counted is 0; nothing measured is nothing.
    fn nothing(&self, name: &str, statistic: MetricStatistic) -> Line {
        let value = match statistic {
            MetricStatistic::Sum | MetricStatistic::SampleCount => Some(0.0),
            MetricStatistic::Average
            | MetricStatistic::Minimum
            | MetricStatistic::Maximum
            | MetricStatistic::Percentile(_) => None,
        };
        Line {
            name: name.to_owned(),
            values: vec![value; self.periods.count],
        }
    }
}

/// By name, so that each has the same colour wherever it stands.
fn in_order(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| a.name.cmp(&b.name));
    lines
}

/// How many per cent `part` is of `part` and `rest` together, where there was either.
pub(super) fn share(name: &str, part: &Line, rest: &Line) -> Line {
    let of = |(part, rest): (&Option<f64>, &Option<f64>)| {
        let (part, rest) = (part.unwrap_or(0.0), rest.unwrap_or(0.0));
        (part + rest > 0.0).then(|| part * 100.0 / (part + rest))
    };
    Line {
        name: name.to_owned(),
        values: part.values.iter().zip(&rest.values).map(of).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::share;
    use crate::view::Line;

    #[test]
    fn a_share_is_there_where_anything_happened() {
        let line = |values: [f64; 3]| Line {
            name: String::new(),
            values: values.map(Some).to_vec(),
        };
        let rate = share("rate", &line([3.0, 0.0, 0.0]), &line([1.0, 0.0, 2.0]));
        assert_eq!(rate.values, [Some(75.0), None, Some(0.0)]);
    }
}
