//! A chart of several figures over the same periods, as SVG: a line each, with a scale, the times, what each line came to,
//! and all values as a table. Nothing of it needs the script.

use domain::Timestamp;
use maud::{Markup, html};

use super::chart::{nice, number};
use super::parts::empty;
use super::text::absolute;

const HEIGHT: f64 = 100.0;
const STEP: f64 = 10.0;
/// How many colours the style sheet has for lines; further lines are dashed.
const COLOURS: usize = 6;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Of something that is counted.
    Count,
    /// Milliseconds.
    Ms,
    /// Seconds.
    Seconds,
    /// Per cent; the scale ends at 100.
    Percent,
    /// Money, in the line's own currency.
    Money,
}

impl Unit {
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Self::Count => number(value),
            Self::Ms => took(value),
            Self::Seconds => took(value * 1_000.0),
            Self::Percent => format!("{value:.1} %"),
            Self::Money => format!("{value:.2}"),
        }
    }

    fn top(self, most: f64) -> f64 {
        match self {
            Self::Percent => 100.0,
            Self::Count | Self::Ms | Self::Seconds | Self::Money => nice(most),
        }
    }
}

/// Milliseconds, with the decimals that matter.
fn took(ms: f64) -> String {
    match ms {
        ms if ms <= 0.0 => "0 ms".to_owned(),
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms => super::text::duration_ms(ms.round() as i64),
    }
}

/// What is said of a line in the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Summary {
    /// The sum of its values.
    Total,
    /// The latest value and the greatest.
    Range,
}

/// A figure over the periods; `None` where it has no value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub name: String,
    pub values: Vec<Option<f64>>,
}

/// The periods of a chart: equally long, oldest first, the last one under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Periods {
    pub from: Timestamp,
    pub seconds: u32,
    pub count: usize,
}

impl Periods {
    /// When the period of this number begins.
    pub(crate) fn at(&self, number: usize) -> Timestamp {
        let ms = i64::from(self.seconds) * 1_000;
        Timestamp::from_ms(self.from.as_ms() + i64::try_from(number).unwrap_or(0) * ms)
    }

    /// The number of the period that this moment is in.
    pub(crate) fn number(&self, at: Timestamp) -> Option<usize> {
        let past = (at.as_ms() - self.from.as_ms()).div_euclid(i64::from(self.seconds) * 1_000);
        usize::try_from(past).ok().filter(|number| *number < self.count)
    }

    /// As much of a time as tells periods apart: `16:50`, `11-30 16:00`, `2026-11-30`.
    fn name(&self, number: usize) -> String {
        let text = absolute(self.at(number));
        let span_s = self.count * self.seconds as usize;
        let part = match span_s {
            0..=86_399 => text.get(11..16),
            86_400..=2_592_000 => text.get(5..16),
            _ => text.get(..10),
        };
        part.unwrap_or_default().to_owned()
    }
}

/// A chart with a heading.
pub(crate) struct Plot<'p> {
    pub title: &'p str,
    /// What a value is of, such as `a minute`; may be empty.
    pub each: &'p str,
    pub unit: Unit,
    pub summary: Summary,
    pub lines: Vec<Line>,
}

impl Plot<'_> {
    /// The chart as a card.
    pub(crate) fn card(&self, periods: &Periods) -> Markup {
        html! {
            section.card.plot {
                div.card-head { h3 { (self.title) } @if !self.each.is_empty() { span.soft { (self.each) } } }
                @if self.is_empty() { (empty("No values", "Nothing of it happened in this time.")) }
                @else { (self.figure(periods)) (self.legend()) (self.table(periods)) }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.lines
            .iter()
            .all(|line| line.values.iter().all(Option::is_none))
    }

    fn top(&self) -> f64 {
        let values = self.lines.iter().flat_map(|line| line.values.iter().flatten());
        self.unit.top(values.copied().fold(0.0, f64::max))
    }

    fn figure(&self, periods: &Periods) -> Markup {
        let (top, width) = (self.top(), STEP * periods.count as f64);
        let quarters: Vec<usize> = (0..=3).map(|third| (periods.count - 1) * third / 3).collect();
        html! {
            figure.chart {
                div.scale aria-hidden="true" { @for share in [1.0, 0.5, 0.0] { span { (self.unit.text(top * share)) } } }
                svg role="img" aria-label=(self.title) viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
                    @for y in [0.5, HEIGHT / 2.0, HEIGHT - 0.5] { line.grid x1="0" x2=(width) y1=(y) y2=(y) {} }
                    @for number in 0..periods.count { (self.period(periods, number)) }
                    @for (number, line) in self.lines.iter().enumerate() { (path(line, number, top)) }
                }
                div.times aria-hidden="true" { @for number in quarters { span { (periods.name(number)) } } }
            }
        }
    }

    /// What a pointer finds over a period: the time and all values.
    fn period(&self, periods: &Periods, number: usize) -> Markup {
        let value = |line: &Line| Some(format!("{} {}", line.name, self.unit.text(line.values[number]?)));
        let values: Vec<String> = self.lines.iter().filter_map(value).collect();
        html! {
            g {
                @if !values.is_empty() { title { (periods.name(number)) " · " (values.join(" · ")) } }
                // As wide and as high as the style sheet says: STEP and HEIGHT.
                rect x=(STEP * number as f64) {}
            }
        }
    }

    fn legend(&self) -> Markup {
        html! {
            ul.plot-legend { @for (number, line) in self.lines.iter().enumerate() {
                li { span class={ "dot colour-" (number % COLOURS) } {} span { (line.name) } " " strong { (self.came_to(line)) } }
            } }
        }
    }

    fn came_to(&self, line: &Line) -> String {
        let values = line.values.iter().flatten().copied();
        match self.summary {
            Summary::Total => self.unit.text(values.sum()),
            Summary::Range => match (values.clone().next_back(), values.reduce(f64::max)) {
                (Some(latest), Some(most)) => {
                    let (latest, most) = (self.unit.text(latest), self.unit.text(most));
                    if latest == most {
                        return latest;
                    }
                    format!("{latest} (up to {most})")
                }
                _ => "–".to_owned(),
            },
        }
    }

    /// The periods in which there was something, newest first. It scrolls within itself, also on a phone.
    fn table(&self, periods: &Periods) -> Markup {
        let has_value = |number: &usize| {
            let mut values = self.lines.iter().filter_map(|line| line.values[*number]);
            values.any(|value| value != 0.0)
        };
        let text = |line: &Line, number: usize| {
            line.values[number].map_or_else(|| "–".to_owned(), |value| self.unit.text(value))
        };
        html! {
            details.as-table {
                summary { "As a table" }
                div.scroll.low tabindex="0" role="region" aria-label=(self.title) {
                    table.rows.dense.figures-of {
                        thead { tr { th scope="col" { "From (UTC)" } @for line in &self.lines { th scope="col" { (line.name) } } } }
                        tbody { @for number in (0..periods.count).rev().filter(has_value) {
                            tr { td { (periods.name(number)) } @for line in &self.lines { td { (text(line, number)) } } }
                        } }
                    }
                }
            }
        }
    }
}

/// A line through the values, broken where there is none. A value between two gaps is a dot.
fn path(line: &Line, number: usize, top: f64) -> Markup {
    let (mut way, mut dots) = (String::new(), String::new());
    let value = |at: usize| line.values.get(at).copied().flatten();
    for (at, here) in line.values.iter().enumerate() {
        let Some(here) = here else { continue };
        let x = STEP * (at as f64 + 0.5);
        let y = HEIGHT - (here / top * HEIGHT).clamp(0.0, HEIGHT);
        let has_before = at > 0 && value(at - 1).is_some();
        if has_before || value(at + 1).is_some() {
            let verb = if has_before { 'L' } else { 'M' };
            way.push_str(&format!("{verb}{x:.1} {y:.1}"));
        } else {
            // A line of no length has round ends all the same.
            dots.push_str(&format!("M{x:.1} {y:.1}h0.01"));
        }
    }
    let colour = number % COLOURS;
    let dashed = if number < COLOURS { "" } else { " dashed" };
    html! {
        @if !way.is_empty() { path class={ "curve colour-" (colour) (dashed) } d=(way) {} }
        @if !dots.is_empty() { path class={ "curve dots colour-" (colour) } d=(dots) {} }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::{Line, Periods, Plot, Summary, Unit};

    fn periods() -> Periods {
        Periods {
            from: Timestamp::from_ms(1_800_000_000_000),
            seconds: 60,
            count: 4,
        }
    }

    fn plot(values: [Option<f64>; 4]) -> String {
        let lines = vec![Line {
            name: "p<99>".to_owned(),
            values: values.to_vec(),
        }];
        let plot = Plot {
            title: "Latency",
            each: "",
            unit: Unit::Ms,
            summary: Summary::Range,
            lines,
        };
        plot.card(&periods()).into_string()
    }

    #[test]
    fn a_line_is_broken_where_there_is_no_value() {
        let chart = plot([Some(50.0), Some(100.0), None, Some(0.0)]);
        assert!(chart.contains(r#"colour-0" d="M5.0 50.0L15.0 0.0""#), "{chart}");
        assert!(
            chart.contains(r#"dots colour-0" d="M35.0 100.0h0.01""#),
            "{chart}"
        );
        assert!(chart.contains("08:01 · p&lt;99&gt; 100 ms"), "{chart}");
        assert!(chart.contains("0 ms (up to 100 ms)"), "{chart}");
        // Only what is more than nothing stands in the table, the newest first.
        assert_eq!(chart.matches("<tr>").count(), 1 + 2);
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert!(plot([None; 4]).contains("No values"));
    }

    #[test]
    fn moments_find_their_period() {
        let at = |ms: i64| periods().number(Timestamp::from_ms(1_800_000_000_000 + ms));
        assert_eq!(
            [at(-1), at(0), at(59_999), at(180_000), at(240_000)],
            [None, Some(0), Some(0), Some(3), None]
        );
    }
}
