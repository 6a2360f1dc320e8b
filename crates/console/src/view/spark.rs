//! A small chart of one figure over its latest periods, with the line that it should stay on one side of.

use domain::Timestamp;
use maud::{Markup, html};

use super::chart::number;
use super::text::absolute;

const HEIGHT: f64 = 44.0;
const STEP: usize = 10;
const BAR: usize = 7;

/// What is known of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Period {
    pub at: Timestamp,
    /// `None` when there was no value.
    pub value: Option<f64>,
    pub is_breach: bool,
}

/// A bar a period, oldest first. It fills whatever width there is.
pub(crate) fn spark(label: &str, periods: &[Period], threshold: f64) -> Markup {
    let values = periods.iter().filter_map(|period| period.value);
    let top = values.fold(threshold, f64::max).max(f64::MIN_POSITIVE) * 1.15;
    let y = |value: f64| HEIGHT - (value / top * HEIGHT).clamp(0.0, HEIGHT);
    let width = periods.len().max(1) * STEP;
    html! {
        svg.spark role="img" aria-label=(label) viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
            @for (index, period) in periods.iter().enumerate() {
                g.breach[period.is_breach] {
                    title { (absolute(period.at).get(..16).unwrap_or_default()) " · " @match period.value {
                        Some(value) => (number(value)), None => "no data" } }
                    rect.hit x=(index * STEP) y="0" width=(STEP) height=(HEIGHT) {}
                    @if let Some(value) = period.value.filter(|value| *value > 0.0) {
                        rect.value x=(index * STEP + (STEP - BAR) / 2) y=(format!("{:.1}", y(value).min(HEIGHT - 1.5)))
                            width=(BAR) height=(format!("{:.1}", (HEIGHT - y(value)).max(1.5))) {}
                    }
                }
            }
            line.base x1="0" x2=(width) y1=(HEIGHT - 0.5) y2=(HEIGHT - 0.5) {}
            line.threshold x1="0" x2=(width) y1=(format!("{:.1}", y(threshold))) y2=(format!("{:.1}", y(threshold))) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::{Period, spark};

    #[test]
    fn values_have_bars_and_breaches_are_marked() {
        let period = |value, is_breach| Period {
            at: Timestamp::from_ms(0),
            value,
            is_breach,
        };
        let periods = [
            period(None, false),
            period(Some(0.0), false),
            period(Some(7.0), true),
        ];
        let svg = spark("Errors", &periods, 5.0).into_string();
        assert_eq!(svg.matches("class=\"value\"").count(), 1);
        assert_eq!(svg.matches("class=\"breach\"").count(), 1);
        assert!(svg.contains("no data") && !svg.contains("NaN"), "{svg}");
        // A threshold of zero, and no values at all.
        assert!(!spark("", &[], 0.0).into_string().contains("NaN"));
    }
}
