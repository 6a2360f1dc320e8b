//! What an alarm says about its latest periods: pure, by CloudWatch's rules ("Configuring how CloudWatch alarms treat
//! missing data").

use ports::observability::{AlarmReading, AlarmState, MetricStatistic};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use template::{Alarm, MissingData, Statistic};

/// What is made of a period's values.
pub(in crate::observe) fn statistic(alarm: &Alarm) -> MetricStatistic {
    match alarm.statistic {
        Statistic::SampleCount => MetricStatistic::SampleCount,
        Statistic::Average => MetricStatistic::Average,
        Statistic::Sum => MetricStatistic::Sum,
        Statistic::Minimum => MetricStatistic::Minimum,
        Statistic::Maximum => MetricStatistic::Maximum,
        Statistic::Percentile(percent) => MetricStatistic::Percentile(percent.to_f64().unwrap_or(100.0)),
    }
}

/// The statistic's name.
pub(in crate::observe) fn statistic_name(alarm: &Alarm) -> String {
    match alarm.statistic {
        Statistic::SampleCount => "SampleCount".to_owned(),
        Statistic::Average => "Average".to_owned(),
        Statistic::Sum => "Sum".to_owned(),
        Statistic::Minimum => "Minimum".to_owned(),
        Statistic::Maximum => "Maximum".to_owned(),
        Statistic::Percentile(percent) => format!("p{}", percent.normalize()),
    }
}

/// Whether a period with this value breaches; `None` when it counts as none.
pub(super) fn breaches(alarm: &Alarm, value: Option<f64>) -> Option<bool> {
    match value {
        // What no decimal can hold is beyond any threshold.
        Some(value) => Some(Decimal::from_f64(value).map_or(value > 0.0, |value| {
            alarm.comparison.breaches(value, alarm.threshold)
        })),
        None => match alarm.missing_data {
            MissingData::Breaching => Some(true),
            MissingData::NotBreaching => Some(false),
            MissingData::Ignore | MissingData::Missing => None,
        },
    }
}

/// How many periods are read beyond those that are judged: where values are missing, CloudWatch goes back to older ones.
const FURTHER_BACK: u32 = 2;

/// How many periods are read, the latest ones. What counts as well when it is missing is not waited for: a counter has no
/// value here for a minute in which it counted nothing, where CloudWatch mostly has a zero.
pub(super) fn evaluation_range(alarm: &Alarm) -> u32 {
    match alarm.missing_data {
        MissingData::NotBreaching => alarm.evaluation_periods,
        MissingData::Breaching | MissingData::Ignore | MissingData::Missing => {
            alarm.evaluation_periods.saturating_add(FURTHER_BACK)
        }
    }
}

/// The alarm's state, and why. `readings` are the periods of the evaluation range, oldest first.
pub(super) fn judge(alarm: &Alarm, readings: &[AlarmReading], before: AlarmState) -> (AlarmState, String) {
    let periods = alarm.evaluation_periods as usize;
    let to_alarm = alarm.datapoints_to_alarm as usize;
    // The latest values there are, each with how many periods ago it was: 1 is the latest one.
    let ages = readings.iter().rev().zip(1..);
    let known = ages.filter(|(reading, _)| reading.value.is_some()).take(periods);
    let known: Vec<(bool, usize)> = known
        .map(|(reading, age)| (reading.breaches == Some(true), age))
        .collect();
    let breaching = known.iter().filter(|(breaches, _)| *breaches).count();
    // As many as must be filled in for there to be enough.
    let missing = periods - known.len();
    let oldest = known.last().map_or(0, |(_, age)| *age);
    let state = match alarm.missing_data {
        _ if breaching >= to_alarm => AlarmState::Alarm,
        MissingData::Breaching if breaching + missing >= to_alarm => AlarmState::Alarm,
        MissingData::Breaching | MissingData::NotBreaching => AlarmState::Ok,
        // One value that doesn't breach is enough for that.
        _ if missing == 0 || breaching < known.len() => AlarmState::Ok,
        MissingData::Ignore => before,
        MissingData::Missing if known.is_empty() => AlarmState::InsufficientData,
        // All there is breaches, and has for so long that enough periods would have by now.
        MissingData::Missing if oldest >= to_alarm => AlarmState::Alarm,
        // The next value may not.
        MissingData::Missing => before,
    };
    let breaching = match alarm.missing_data {
        MissingData::Breaching => breaching + missing,
        MissingData::NotBreaching | MissingData::Ignore | MissingData::Missing => breaching,
    };
    let values: Vec<String> = readings
        .iter()
        .filter_map(|reading| Some(format!("{} at {}", shown(reading.value?), reading.at)))
        .collect();
    let values = if values.is_empty() {
        "no period had a value".to_owned()
    } else {
        values.join(", ")
    };
    let reason = format!(
        "{breaching} of the last {periods} periods breached ({} to alarm), threshold {}: {values}",
        alarm.datapoints_to_alarm, alarm.threshold,
    );
    (state, reason)
}

/// A value with as many decimals as somebody reads.
fn shown(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use template::{Comparison, Seconds, System};

    use super::*;

    fn alarm(missing_data: MissingData) -> Alarm {
        let (system, _) = System::built_in().unwrap();
        let alarm = system.alarms.into_iter().next().unwrap();
        Alarm {
            missing_data,
            comparison: Comparison::GreaterThan,
            threshold: Decimal::from(10),
            evaluation_periods: 3,
            datapoints_to_alarm: 2,
            period: Seconds(60),
            ..alarm
        }
    }

    /// The state after these values, of an alarm that was in `before`: `X` breaches, `0` doesn't, `-` is none.
    fn state(to_alarm: u32, missing_data: MissingData, values: &str, before: AlarmState) -> AlarmState {
        let alarm = Alarm {
            datapoints_to_alarm: to_alarm,
            ..alarm(missing_data)
        };
        let value = |sign| match sign {
            'X' => Some(11.0),
            '0' => Some(10.0),
            _ => None,
        };
        let readings: Vec<AlarmReading> = values
            .chars()
            .map(|sign| AlarmReading {
                at: Timestamp::from_ms(0),
                value: value(sign),
                breaches: breaches(&alarm, value(sign)),
            })
            .collect();
        judge(&alarm, &readings, before).0
    }

    #[test]
    fn missing_data_is_treated_as_the_tables_of_aws_have_it() {
        use AlarmState::{Alarm, InsufficientData, Ok};
        use MissingData::{Breaching, Ignore, Missing, NotBreaching};
        // Of three periods, of which so many alarm. `None` is the state before.
        for (to_alarm, values, missing, ignore, breaching, not_breaching) in [
            (3, "0-X-X", Some(Ok), Some(Ok), Ok, Ok),
            (3, "----0", Some(Ok), Some(Ok), Ok, Ok),
            (3, "-----", Some(InsufficientData), None, Alarm, Ok),
            (3, "0XX-X", Some(Alarm), Some(Alarm), Alarm, Alarm),
            (3, "--X--", Some(Alarm), None, Alarm, Ok),
            (2, "0-X-X", Some(Alarm), Some(Alarm), Alarm, Alarm),
            (2, "00X0X", Some(Alarm), Some(Alarm), Alarm, Alarm),
            (2, "0-X--", Some(Ok), Some(Ok), Alarm, Ok),
            (2, "----0", Some(Ok), Some(Ok), Alarm, Ok),
            (2, "---X-", Some(Alarm), None, Alarm, Ok),
            // No alarm before its time: the next value may be none to alarm for.
            (3, "----X", None, None, Alarm, Ok),
            (3, "---X-", None, None, Alarm, Ok),
            (3, "---X0", Some(Ok), Some(Ok), Ok, Ok),
            (3, "--X-0", Some(Ok), Some(Ok), Ok, Ok),
        ] {
            for before in [Ok, Alarm, InsufficientData] {
                for (treated, right) in [
                    (Missing, missing.unwrap_or(before)),
                    (Ignore, ignore.unwrap_or(before)),
                    (Breaching, breaching),
                    (NotBreaching, not_breaching),
                ] {
                    let found = state(to_alarm, treated, values, before);
                    assert_eq!(found, right, "{treated:?} {to_alarm} of 3 {values} {before:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_ignored_leaves_the_alarm_as_it_was() {
        let alarm = alarm(MissingData::Ignore);
        assert_eq!(judge(&alarm, &[], AlarmState::Alarm).0, AlarmState::Alarm);
    }

    #[test]
    fn the_reason_names_the_values() {
        let alarm = alarm(MissingData::NotBreaching);
        let reading = |value| AlarmReading {
            at: Timestamp::from_ms(0),
            value: Some(value),
            breaches: breaches(&alarm, Some(value)),
        };
        let (_, reason) = judge(&alarm, &[reading(12.5), reading(3.0)], AlarmState::Ok);
        assert_eq!(
            reason,
            "1 of the last 3 periods breached (2 to alarm), threshold 10: 12.5 at 1970-01-01T00:00:00.000Z, \
             3 at 1970-01-01T00:00:00.000Z"
        );
    }
}
