//! `GET /console/alarms`: the template's alarms with what they look at, and how they changed.

mod card;
mod measured;
mod periods;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use maud::{Markup, html};
use ports::observability::{Alarm, AlarmState, AlarmTransition};

use self::card::card;
pub(super) use self::measured::is_measured;
use self::periods::periods;
use crate::access::Visitor;
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{
    self, Column, Row, Section, ago, breakable, count, empty, icon, labelled_fact, pill, table,
};

/// How many changes are shown, and how many are read for that.
const NEWEST: usize = 50;
const READ: u32 = 200;

/// `GET /console/alarms`
pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let observatory = console.observatory()?;
    let now = console.now();
    let mut alarms = observatory.alarms.list_alarms().await?;
    alarms.sort_by_key(urgency);
    let mut changes = observatory.alarms.alarm_history(None, READ).await?;
    leave_out_beginnings(&mut changes);
    changes.truncate(NEWEST);
    let mut cards = Vec::with_capacity(alarms.len());
    for alarm in &alarms {
        cards.push(card(alarm, &periods(observatory, alarm, now).await?, now));
    }
    let content = html! {
        header.page-head { h1 { "Alarms" } }
        @if alarms.is_empty() {
            (empty("There are no alarms", "The template defines them, as AWS::CloudWatch::Alarm."))
        } @else {
            (figures(&alarms))
            div.alarms { @for card in &cards { (card) } }
        }
        section.card { h2 { "Changes" }
            @if changes.is_empty() { (empty("Nothing changed yet", "Every change of an alarm's state is kept for 14 days.")) }
            @else { (history(&changes, now)) }
        }
    };
    Ok(view::page(&visitor, Section::Alarms, "Alarms", &content))
}

/// What an alarm says.
pub(super) fn alarm_pill(state: AlarmState) -> Markup {
    match state {
        AlarmState::Ok => pill("good", &icon::check(), "OK"),
        AlarmState::Alarm => pill("bad", &icon::bell(), "ALARM"),
        AlarmState::InsufficientData => pill("off", &icon::circle(), "NO DATA YET"),
    }
}

/// What an alarm says, or that it can say nothing here.
fn state_pill(alarm: &Alarm) -> Markup {
    if is_measured(alarm) {
        return alarm_pill(alarm.state);
    }
    pill("off", &icon::none(), "NOT MEASURED HERE")
}

/// What wants to be looked at comes first.
fn urgency(alarm: &Alarm) -> u8 {
    match (alarm.state, is_measured(alarm)) {
        (AlarmState::Alarm, _) => 0,
        (AlarmState::InsufficientData, true) => 1,
        (AlarmState::Ok, true) => 2,
        (AlarmState::Ok | AlarmState::InsufficientData, false) => 3,
    }
}

/// That an alarm was judged well for the first time is no news: every one was, after the first start. Changes come newest first.
fn leave_out_beginnings(changes: &mut Vec<AlarmTransition>) {
    let is_beginning = |number: usize, change: &AlarmTransition| {
        let is_first = !changes[number + 1..]
            .iter()
            .any(|older| older.alarm == change.alarm);
        is_first && (change.from, change.to) == (AlarmState::InsufficientData, AlarmState::Ok)
    };
    let mut are_beginnings = Vec::with_capacity(changes.len());
    for (number, change) in changes.iter().enumerate() {
        are_beginnings.push(is_beginning(number, change));
    }
    let mut are_beginnings = are_beginnings.into_iter();
    changes.retain(|_| are_beginnings.next() == Some(false));
}

fn figures(alarms: &[Alarm]) -> Markup {
    let of = |state| {
        let alarms = alarms
            .iter()
            .filter(|alarm| alarm.state == state && is_measured(alarm));
        count(alarms.count() as u64)
    };
    let unmeasured = alarms.iter().filter(|alarm| !is_measured(alarm)).count();
    html! {
        dl.figures {
            (labelled_fact("In alarm", of(AlarmState::Alarm), "their topics were told"))
            (labelled_fact("OK", of(AlarmState::Ok), html! { "of " (alarms.len()) }))
            (labelled_fact("No data yet", of(AlarmState::InsufficientData), "nothing to judge by"))
            @if unmeasured > 0 { (labelled_fact("Not measured here", unmeasured, "only on AWS is there something to measure")) }
        }
    }
}

fn history(changes: &[AlarmTransition], now: Timestamp) -> Markup {
    let columns = [
        Column::title("Alarm"),
        Column::text("When"),
        Column::text("From"),
        Column::state("To"),
        Column::long("Why"),
    ];
    let row = |change: &AlarmTransition| {
        Row::new([
            breakable(&change.alarm),
            ago(change.at, now),
            alarm_pill(change.from),
            alarm_pill(change.to),
            html! { span.why { (change.reason) } },
        ])
    };
    table("Changes", &columns, changes.iter().map(row))
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use ports::observability::AlarmState::{Alarm, InsufficientData, Ok};
    use ports::observability::{AlarmState, AlarmTransition};

    use super::leave_out_beginnings;

    #[test]
    fn only_an_alarms_first_change_to_well_is_left_out() {
        let change = |alarm: &str, from: AlarmState, to: AlarmState| AlarmTransition {
            alarm: alarm.to_owned(),
            at: Timestamp::from_ms(0),
            from,
            to,
            reason: String::new(),
        };
        let mut changes = vec![
            change("a", InsufficientData, Ok),
            change("a", Ok, InsufficientData),
            change("b", InsufficientData, Alarm),
            change("a", InsufficientData, Ok),
            change("c", InsufficientData, Ok),
        ];
        leave_out_beginnings(&mut changes);
        let left: Vec<_> = changes
            .iter()
            .map(|change| (change.alarm.as_str(), change.to))
            .collect();
        assert_eq!(left, [("a", Ok), ("a", InsufficientData), ("b", Alarm)]);
    }
}
