//! A trace as a waterfall: a row a span, each with its bar at its place in time.

use maud::{Markup, html};
use ports::observability::{Keeping, Span, SpanOutcome, Trace};

use super::icon;
use super::parts::pill;

/// The deepest indentation that is shown.
const MAX_DEPTH: u32 = 14;
/// How many colours there are for the parts that spans are from.
const COLOURS: usize = 6;

/// The spans of a trace.
pub(crate) fn waterfall(trace: &Trace) -> Markup {
    let whole = trace.summary.duration_us.max(1);
    let mut services: Vec<&str> = Vec::new();
    for span in &trace.spans {
        if !services.contains(&span.service.as_str()) {
            services.push(&span.service);
        }
    }
    let colour = |span: &Span| {
        services
            .iter()
            .position(|name| *name == span.service)
            .unwrap_or(0)
            % COLOURS
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Trace" {
            table.rows.dense.waterfall {
                thead { tr {
                    th scope="col" { "What" } th scope="col" { "Where" } th.num scope="col" { "Begins" }
                    th.num scope="col" { "Took" } th.timeline-head scope="col" { div { span { "0" } span { (took(whole / 2)) } span { (took(whole)) } } }
                } }
                tbody { @for span in &trace.spans { (row(span, whole, colour(span))) } }
            }
        }
        @if trace.summary.keeping == Keeping::Journal {
            p.help { "This trace was not sampled: what is shown is what the order's journal tells." }
        }
    }
}

fn row(span: &Span, whole: u64, colour: usize) -> Markup {
    let share = |us: u64| (us as f64 / whole as f64 * 100.0).min(100.0);
    // What took next to nothing is seen all the same.
    let width = share(span.duration_us).max(0.4);
    let x = share(span.offset_us).min(100.0 - width);
    html! {
        tr.bad[span.outcome == SpanOutcome::Fault] {
            td.span-name {
                div class={ "indent-" (span.depth.min(MAX_DEPTH)) } {
                    @if span.attributes.is_empty() { (span.name) }
                    @else { details { summary { (span.name) } (attributes(span)) } }
                    @if let Some(error) = &span.error { div.error-text { (error) } }
                }
            }
            td.where.soft { span class={ "dot colour-" (colour) } {} (span.service) }
            td.begins.num.soft { (took(span.offset_us)) }
            td.took.num { (took(span.duration_us)) }
            td.bar-cell { svg class={ "bar colour-" (colour) " " (tone(span.outcome)) } aria-hidden="true" focusable="false" {
                @for quarter in ["0%", "25%", "50%", "75%", "100%"] { line.grid x1=(quarter) x2=(quarter) y1="0" y2="100%" {} }
                rect.value x=(format!("{x:.2}%")) width=(format!("{width:.2}%")) y="25%" height="50%" rx="2" {}
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
