//! Alarms: the template's, evaluated each minute over the metrics' history.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::Answer;

/// What an alarm says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// All is well.
    Ok,
    /// It is not.
    Alarm,
    /// Not enough is known.
    InsufficientData,
}

impl AlarmState {
    /// CloudWatch's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// An alarm as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// Its name: `AlarmName`, or its key in the template.
    pub name: String,
    /// What it means, for the person who is woken.
    pub description: Option<String>,
    /// What it says now.
    pub state: AlarmState,
    /// Why, with the values that were looked at.
    pub reason: String,
    /// Since when it says so.
    pub since: Timestamp,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name; of an alarm over an expression, the expression.
    pub metric: String,
    /// The metric's dimensions.
    pub dimensions: Vec<(String, String)>,
    /// What is made of a period's values, such as `Sum` or `p99`.
    pub statistic: String,
    /// How long a period is, in seconds.
    pub period_s: u64,
    /// How many of the latest periods are looked at.
    pub evaluation_periods: u32,
    /// How many of them must breach.
    pub datapoints_to_alarm: u32,
    /// When a period breaches, such as `GreaterThanThreshold`.
    pub comparison: String,
    /// What is compared with, as a number's text.
    pub threshold: String,
    /// What a period without values counts as: `breaching`, `notBreaching`, `ignore` or `missing`.
    pub missing_data: String,
    /// The latest periods, oldest first.
    pub readings: Vec<AlarmReading>,
    /// The topics that are told.
    pub topics: Vec<String>,
}

/// A period that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmReading {
    /// When the period began.
    pub at: Timestamp,
    /// Its value; `None` when there was none.
    pub value: Option<f64>,
    /// Whether it breaches, what is missing reckoned as the alarm says; `None` when it counts as none.
    pub breaches: Option<bool>,
}

/// A change of an alarm's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlarmTransition {
    /// Which alarm.
    pub alarm: String,
    /// When.
    pub at: Timestamp,
    /// From what.
    pub from: AlarmState,
    /// To what.
    pub to: AlarmState,
    /// Why.
    pub reason: String,
}

/// The template's alarms. Their states and their history survive a restart.
pub trait Alarms: Send + Sync {
    /// Every alarm, those in alarm first, then by name.
    fn list_alarms(&self) -> Answer<'_, Vec<Alarm>>;

    /// Changes of the alarm of this name, or of all, newest first, at most `limit`. Kept for 14 days, as CloudWatch does.
    ///
    /// # Errors
    /// [`super::ObserveError::NotFound`] when no alarm is called so.
    fn alarm_history(&self, alarm: Option<String>, limit: u32) -> Answer<'_, Vec<AlarmTransition>>;
}
