//! `AWS::CloudWatch::Alarm`.

use rust_decimal::Decimal;

use super::Found;
use crate::fault::Problem;
use crate::model::{Alarm, Arn, Comparison, Dimension, MissingData, Seconds, Statistic};
use crate::section::Section;
use crate::shape::Shape;

const STATISTICS: [(&str, Statistic); 5] = [
    ("SampleCount", Statistic::SampleCount),
    ("Average", Statistic::Average),
    ("Sum", Statistic::Sum),
    ("Minimum", Statistic::Minimum),
    ("Maximum", Statistic::Maximum),
];
const COMPARISONS: [(&str, Comparison); 4] = [
    ("GreaterThanOrEqualToThreshold", Comparison::GreaterThanOrEqualTo),
    ("GreaterThanThreshold", Comparison::GreaterThan),
    ("LessThanOrEqualToThreshold", Comparison::LessThanOrEqualTo),
    ("LessThanThreshold", Comparison::LessThan),
];
const MISSING_DATA: [(&str, MissingData); 4] = [
    ("breaching", MissingData::Breaching),
    ("notBreaching", MissingData::NotBreaching),
    ("ignore", MissingData::Ignore),
    ("missing", MissingData::Missing),
];

pub(super) fn read(mut found: Found<'_, '_>) -> Option<Alarm> {
    let id = found.id();
    let properties = &mut found.properties;
    for required in [
        "ComparisonOperator",
        "EvaluationPeriods",
        "MetricName",
        "Namespace",
        "Period",
        "Threshold",
    ] {
        properties.require(required);
    }
    let description = properties.text("AlarmDescription");
    let namespace = properties.text("Namespace");
    let metric = properties.text("MetricName");
    let dimensions = properties
        .sections("Dimensions", Shape::Dimension)
        .into_iter()
        .filter_map(dimension)
        .collect();
    let statistic = statistic(properties);
    let period = period(properties);
    let threshold = properties.decimal("Threshold", Decimal::MIN);
    let comparison = properties.word("ComparisonOperator", &COMPARISONS);
    let missing_data = properties
        .word("TreatMissingData", &MISSING_DATA)
        .unwrap_or(MissingData::Missing);
    let evaluation_periods = properties.whole("EvaluationPeriods", 1, 10_080);
    let datapoints = properties
        .whole("DatapointsToAlarm", 1, 10_080)
        .or(evaluation_periods);
    if let (Some(datapoints), Some(periods)) = (datapoints, evaluation_periods)
        && datapoints > periods
    {
        properties.fault_at(
            "DatapointsToAlarm",
            Problem::TooManyDatapoints { datapoints, periods },
        );
    }
    let alarm_actions = actions(properties, "AlarmActions");
    let ok_actions = actions(properties, "OKActions");
    let actions_enabled = properties.flag("ActionsEnabled").unwrap_or(true);
    found.properties.finish();
    Some(Alarm {
        id,
        name: found.name,
        description,
        namespace: namespace?,
        metric: metric?,
        dimensions,
        statistic: statistic?,
        period: period?,
        evaluation_periods: evaluation_periods?,
        datapoints_to_alarm: datapoints?,
        threshold: threshold?,
        comparison: comparison?,
        missing_data,
        alarm_actions,
        ok_actions,
        actions_enabled,
    })
}

fn dimension(mut section: Section<'_, '_>) -> Option<Dimension> {
    section.require("Name").require("Value");
    let (name, value) = (section.text("Name"), section.text("Value"));
    section.finish();
    Some(Dimension {
        name: name?,
        value: value?,
    })
}

fn actions(properties: &mut Section<'_, '_>, name: &'static str) -> Vec<Arn> {
    properties.texts(name).into_iter().map(Arn).collect()
}

/// Periods of 10, 20 or 30 s are for metrics of high resolution, which need a finer history than a minute's.
fn period(properties: &mut Section<'_, '_>) -> Option<Seconds> {
    let period = properties.seconds("Period", 10, 604_800)?;
    if period.0.is_multiple_of(60) {
        return Some(period);
    }
    let expected = "a multiple of 60 s: metrics have one value a minute, so a shorter period would have none";
    properties.fault_at(
        "Period",
        Problem::Malformed {
            found: period.0.to_string(),
            expected,
        },
    );
    None
}

fn statistic(properties: &mut Section<'_, '_>) -> Option<Statistic> {
    let plain = properties.word("Statistic", &STATISTICS);
    let Some(extended) = properties.text("ExtendedStatistic") else {
        if plain.is_none() {
            properties.require("Statistic");
        }
        return plain;
    };
    let percent = extended
        .strip_prefix('p')
        .and_then(|percent| Decimal::from_str_exact(percent).ok());
    match percent.filter(|percent| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(percent)) {
        Some(percent) => Some(Statistic::Percentile(percent)),
        None => {
            let expected = "a percentile from p0 to p100, such as p99 or p99.9";
            properties.fault_at(
                "ExtendedStatistic",
                Problem::Malformed {
                    found: extended,
                    expected,
                },
            );
            None
        }
    }
}
