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

/// The alarm's state, and why.
pub(super) fn judge(alarm: &Alarm, readings: &[AlarmReading], before: AlarmState) -> (AlarmState, String) {
    let known = readings.iter().filter_map(|reading| reading.breaches);
    let (periods, breaching) = known.fold((0_usize, 0_usize), |(all, breaching), is| {
        (all + 1, breaching + usize::from(is))
    });
    let state = match alarm.missing_data {
        _ if breaching >= alarm.datapoints_to_alarm as usize => AlarmState::Alarm,
        MissingData::Missing if periods == 0 => AlarmState::InsufficientData,
        MissingData::Ignore if periods == 0 => before,
        MissingData::Breaching | MissingData::NotBreaching | MissingData::Ignore | MissingData::Missing => {
            AlarmState::Ok
        }
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
        "{breaching} of the last {} periods breached ({} to alarm), threshold {}: {values}",
        readings.len(),
        alarm.datapoints_to_alarm,
        alarm.threshold,
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

    /// The state after these values, `None` being none, of an alarm that was OK.
    fn state(missing_data: MissingData, values: [Option<f64>; 3]) -> AlarmState {
        let alarm = alarm(missing_data);
        let readings: Vec<AlarmReading> = values
            .into_iter()
            .map(|value| AlarmReading {
                at: Timestamp::from_ms(0),
                value,
                breaches: breaches(&alarm, value),
            })
            .collect();
        judge(&alarm, &readings, AlarmState::Ok).0
    }

    #[test]
    fn two_of_three_make_an_alarm() {
        use AlarmState::{Alarm, InsufficientData, Ok};
        use MissingData::{Breaching, Ignore, Missing, NotBreaching};
        let (high, low) = (Some(11.0), Some(10.0));
        for (missing, values, right) in [
            (Missing, [high, high, low], Alarm),
            (Missing, [high, low, high], Alarm),
            (Missing, [high, low, low], Ok),
            (Missing, [None, None, None], InsufficientData),
            (Missing, [None, high, high], Alarm),
            (Missing, [None, None, low], Ok),
            (NotBreaching, [None, None, None], Ok),
            (NotBreaching, [None, high, None], Ok),
            (NotBreaching, [high, None, high], Alarm),
            (Breaching, [None, None, low], Alarm),
            (Breaching, [None, low, low], Ok),
            (Ignore, [None, None, None], Ok),
            (Ignore, [high, high, None], Alarm),
        ] {
            assert_eq!(state(missing, values), right, "{missing:?} {values:?}");
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
            "1 of the last 2 periods breached (2 to alarm), threshold 10: 12.5 at 1970-01-01T00:00:00.000Z, \
             3 at 1970-01-01T00:00:00.000Z"
        );
    }
}
