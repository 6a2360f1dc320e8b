//! Charts as SVG that fills whatever width there is; what stands at the axes is HTML, so that it keeps its size.

use domain::Timestamp;
use maud::{Markup, html};

use super::parts::empty;
use super::text::absolute;

const HEIGHT: f64 = 120.0;
/// How wide a bar is with the gap after it, and without.
const STEP: f64 = 10.0;
const BAR: f64 = 7.5;
const MINUTE_MS: i64 = 60_000;

/// What happened in each of the last minutes, oldest first; the last minute is under way.
pub(crate) struct Minutes {
    pub until: Timestamp,
    pub values: Vec<f64>,
}

impl Minutes {
    /// Minutes without anything yet, up to that of `now`.
    pub(crate) fn new(now: Timestamp, minutes: usize) -> Self {
        let this = now.as_ms() - now.as_ms().rem_euclid(MINUTE_MS);
        Self {
            until: Timestamp::from_ms(this + MINUTE_MS),
            values: vec![0.0; minutes],
        }
    }

    /// When the first minute begins.
    pub(crate) fn from(&self) -> Timestamp {
        let all = i64::try_from(self.values.len()).unwrap_or(0);
        Timestamp::from_ms(self.until.as_ms() - all * MINUTE_MS)
    }

    /// Adds what happened in the minute that begins at `at`.
    pub(crate) fn add(&mut self, at: Timestamp, value: f64) {
        let index = (at.as_ms() - self.from().as_ms()).div_euclid(MINUTE_MS);
        let slot = usize::try_from(index)
            .ok()
            .and_then(|index| self.values.get_mut(index));
        if let Some(slot) = slot {
            *slot += value;
        }
    }

    /// A bar a minute, with the scale, the times, and the same as a table.
    pub(crate) fn chart(&self, label: &str, unit: &str) -> Markup {
        let most = self.values.iter().copied().fold(0.0, f64::max);
        if most == 0.0 {
            return empty("Nothing in the last hour", "Each bar will be one minute.");
        }
        let top = nice(most);
        let width = STEP * self.values.len() as f64;
        html! {
            figure.chart {
                div.scale aria-hidden="true" { span { (number(top)) } span { (number(top / 2.0)) } span { "0" } }
                svg role="img" aria-label=(label) viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
                    line.grid x1="0" x2=(width) y1="0.5" y2="0.5" {}
                    line.grid x1="0" x2=(width) y1=(HEIGHT / 2.0) y2=(HEIGHT / 2.0) {}
                    line.grid x1="0" x2=(width) y1=(HEIGHT - 0.5) y2=(HEIGHT - 0.5) {}
                    @for (index, value) in self.values.iter().enumerate() {
                        (self.bar(index, *value, top, unit))
                    }
                }
                div.times aria-hidden="true" {
                    @for quarter in 0..=4 { span { (self.clock(quarter)) } }
                }
            }
            (self.table(label))
        }
    }

    fn bar(&self, index: usize, value: f64, top: f64, unit: &str) -> Markup {
        let height = value / top * HEIGHT;
        let x = index as f64 * STEP;
        let title = format!(
            "{} · {} {unit}",
            absolute(self.at(index)).get(..16).unwrap_or_default(),
            number(value)
        );
        html! {
            g.minute.now[index + 1 == self.values.len()] {
                title { (title) }
                // As high as the chart, so that a small bar's title is found too.
                rect.hit x=(x) y="0" width=(STEP) height=(HEIGHT) {}
                @if value > 0.0 {
                    rect.value x=(x + (STEP - BAR) / 2.0) y=(format!("{:.2}", HEIGHT - height)) width=(BAR)
                        height=(format!("{height:.2}")) {}
                }
            }
        }
    }

    fn at(&self, index: usize) -> Timestamp {
        Timestamp::from_ms(self.from().as_ms() + i64::try_from(index).unwrap_or(0) * MINUTE_MS)
    }

    /// `16:50` at so many quarters of the way.
    fn clock(&self, quarter: i64) -> String {
        let (from, until) = (self.from().as_ms(), self.until.as_ms());
        let at = Timestamp::from_ms(from + (until - from) / 4 * quarter);
        absolute(at).get(11..16).unwrap_or_default().to_owned()
    }

    fn table(&self, label: &str) -> Markup {
        let busy = self.values.iter().enumerate().filter(|(_, value)| **value > 0.0);
        html! {
            details.as-table {
                summary { "As a table" }
                div.scroll.low tabindex="0" role="region" aria-label=(label) {
                    table.rows.dense {
                        thead { tr { th scope="col" { "Minute (UTC)" } th.num scope="col" { "Number" } } }
                        tbody { @for (index, value) in busy.rev() {
                            tr { td { (absolute(self.at(index)).get(..16).unwrap_or_default()) } td.num { (number(*value)) } }
                        } }
                    }
                }
            }
        }
    }
}

/// The next of 1, 2, 4, 5 and 10 times a power of ten.
pub(super) fn nice(most: f64) -> f64 {
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 10.0];
    let step = steps
        .into_iter()
        .find(|step| step * power >= most)
        .unwrap_or(10.0);
    (step * power).max(2.0)
}

/// Without decimals when it has none.
pub(crate) fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return super::text::count(value.abs() as u64);
    }
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::{Minutes, nice, number};

    #[test]
    fn scales_end_at_round_numbers() {
        for (most, top) in [
            (1.0, 2.0),
            (3.0, 4.0),
            (9.0, 10.0),
            (11.0, 20.0),
            (430.0, 500.0),
            (8_001.0, 10_000.0),
        ] {
            assert!((nice(most) - top).abs() < 1e-9, "{most}: {}", nice(most));
        }
        assert_eq!([number(8_000.0), number(2.5)], ["8,000", "2.5"]);
    }

    #[test]
    fn values_find_their_minute() {
        let now = Timestamp::from_ms(1_800_000_030_000);
        let mut minutes = Minutes::new(now, 3);
        for (ms, value) in [(0, 1.0), (60_000, 2.0), (120_000, 4.0), (180_000, 8.0)] {
            minutes.add(Timestamp::from_ms(1_800_000_000_000 - ms), value);
        }
        assert_eq!(
            minutes.values.iter().map(|v| *v as u32).collect::<Vec<_>>(),
            [4, 2, 1]
        );
        let chart = minutes.chart("Orders", "orders").into_string();
        assert_eq!(chart.matches("rect class=\"value\"").count(), 3);
    }
}
