//! A trace as a waterfall: a row a span, each with its bar at its place in time.

use maud::{Markup, html};
use ports::observability::{Keeping, Span, SpanOutcome, Trace};

use super::icon;
use super::parts::pill;

/// The bars' own width; they are stretched to whatever width there is.
const WIDTH: f64 = 1_000.0;
/// The deepest indentation that is shown.
const MAX_DEPTH: u32 = 8;

/// The spans of a trace.
pub(crate) fn waterfall(trace: &Trace) -> Markup {
    let whole = trace.summary.duration_us.max(1);
    html! {
        div.scroll tabindex="0" role="region" aria-label="Trace" {
            table.rows.dense.waterfall {
                thead { tr {
                    th scope="col" { "What" } th scope="col" { "Where" } th.num scope="col" { "Begins" }
                    th.num scope="col" { "Took" } th.timeline-head scope="col" { span { "0" } span { (took(whole)) } }
                } }
                tbody { @for span in &trace.spans { (row(span, whole)) } }
            }
        }
        @if trace.summary.keeping == Keeping::Journal {
            p.help { "This trace was not sampled: what is shown is what the order's journal tells." }
        }
    }
}

fn row(span: &Span, whole: u64) -> Markup {
    let share = |us: u64| us as f64 / whole as f64 * WIDTH;
    // What took next to nothing is seen all the same.
    let width = share(span.duration_us).max(3.0);
    let x = share(span.offset_us).min(WIDTH - width);
    html! {
        tr.bad[span.outcome == SpanOutcome::Fault] {
            td.span-name {
                span class={ "indent-" (span.depth.min(MAX_DEPTH)) } {
                    @if span.attributes.is_empty() && span.error.is_none() { (span.name) }
                    @else { details { summary { (span.name) } (attributes(span)) } }
                }
                @if let Some(error) = &span.error { div.error-text { (error) } }
            }
            td.soft { (span.service) }
            td.num { (took(span.offset_us)) }
            td.num { (took(span.duration_us)) }
            td.bar-cell { svg class={ "bar " (tone(span.outcome)) } viewBox="0 0 1000 10" preserveAspectRatio="none"
                aria-hidden="true" focusable="false" {
                rect.value x=(format!("{x:.1}")) width=(format!("{width:.1}")) height="10" {}
            } }
        }
    }
}

fn attributes(span: &Span) -> Markup {
    html! {
        dl.attributes { @for (name, value) in &span.attributes { div { dt { (name) } dd { (value) } } } }
    }
}

fn tone(outcome: SpanOutcome) -> &'static str {
    match outcome {
        SpanOutcome::Ok => "ok",
        SpanOutcome::Error | SpanOutcome::Throttle => "warn",
        SpanOutcome::Fault => "failed",
    }
}

/// How a trace or a span ended.
pub(crate) fn outcome_pill(outcome: SpanOutcome) -> Markup {
    match outcome {
        SpanOutcome::Ok => pill("good", &icon::check(), "OK"),
        SpanOutcome::Error => pill("warn", &icon::warning(), "ERROR"),
        SpanOutcome::Throttle => pill("warn", &icon::clock(), "THROTTLED"),
        SpanOutcome::Fault => pill("bad", &icon::cross(), "FAULT"),
    }
}

/// Microseconds: `0 µs`, `840 µs`, `3.2 ms`, `47 ms`, `2.3 s`.
pub(crate) fn took(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..10_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", us / 1_000),
        _ => super::text::duration_ms(i64::try_from(us / 1_000).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::took;

    #[test]
    fn times_have_the_unit_that_fits() {
        let texts = [0, 840, 3_250, 47_000, 2_300_000].map(took);
        assert_eq!(texts, ["0 µs", "840 µs", "3.2 ms", "47 ms", "2.3 s"]);
    }
}
