//! The demo's result as a person reads it, and as a program does.

use console::{Style, style};
use serde_json::{Value, json};

use super::play::{Measured, Played};
use super::scenario::{Clock, Money};
use crate::table::{Cell, Table};
use crate::view::status_style;

/// A scenario with its steps, the seed's times beside the measured ones.
pub fn describe(number: usize, played: &Played) -> String {
    let scenario = played.scenario;
    let status = status_style(&played.order.status)
        .bold()
        .apply_to(&played.order.status);
    let mut text = format!(
        "{}  {status}\n",
        style(format!("{number}. {}", scenario.title)).bold()
    );
    text.push_str(&steps_table(&played.steps));
    text.push('\n');
    text.push_str(&ending(played));
    text
}

/// The steps, those of each clock under a line that says what their times count from.
fn steps_table(steps: &[Measured]) -> String {
    let mut table = Table::new(&["", "step", ">seed", ">here", "what happened"]);
    for (clock, heading) in [
        (Clock::Request, "since the request"),
        (Clock::Execution, "since the workflow began"),
    ] {
        let steps = || steps.iter().filter(|measured| measured.step.clock == clock);
        if steps().next().is_some() {
            table.row([
                Cell::default(),
                Cell::styled(heading, Style::new().dim().italic()),
            ]);
        }
        for measured in steps() {
            table.row(row(measured));
        }
    }
    table.render("")
}

fn row(measured: &Measured) -> [Cell; 5] {
    let step = measured.step;
    let (mark, colour) = match (measured.ms, step.fails) {
        (None, _) => ("?", Style::new().red()),
        (Some(_), true) => ("✗", Style::new().red()),
        (Some(_), false) => ("✓", Style::new().green()),
    };
    [
        Cell::styled(mark, colour.clone()),
        Cell::from(step.label),
        Cell::styled(
            step.seed_ms.map_or("-".to_owned(), |ms| duration(f64::from(ms))),
            Style::new().dim(),
        ),
        Cell::styled(measured.ms.map_or("-".to_owned(), duration), Style::new().bold()),
        Cell::styled(&measured.summary, if step.fails { colour } else { Style::new() }),
    ]
}

/// What became of order, money and stock, in a line.
fn ending(played: &Played) -> String {
    let total = played.order.total();
    let money = match played.scenario.money {
        Money::Charged => format!("{total} charged"),
        Money::NotCharged => "nothing charged".to_owned(),
        Money::Refunded => format!("{total} charged and given back"),
    };
    let stock = format!("stock {} → {}", played.scenario.stock, played.stock_left);
    let status = &played.order.status;
    match played.is_as_expected() {
        true => format!(
            "{} order {status}, {money}, {stock}\n",
            style("=>").green().bold()
        ),
        false => format!(
            "{} order {status}, {stock}: not as the seed has it\n",
            style("=>").red().bold()
        ),
    }
}

/// A time in the unit that reads best.
fn duration(ms: f64) -> String {
    if ms >= 1000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else if ms.fract() == 0.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{ms:.1} ms")
    }
}

/// A scenario as JSON.
pub fn document(played: &Played) -> Value {
    let steps = played.steps.iter().map(|measured| {
        json!({
            "step": measured.step.label,
            "since": match measured.step.clock { Clock::Request => "request", Clock::Execution => "execution" },
            "seedMs": measured.step.seed_ms,
            "measuredMs": measured.ms,
            "summary": measured.summary,
        })
    });
    json!({
        "scenario": played.scenario.name,
        "orderId": played.order.order_id,
        "status": played.order.status,
        "asExpected": played.is_as_expected(),
        "totalAmount": played.order.total_amount,
        "currency": played.order.currency,
        "answeredMs": played.answered.as_secs_f64() * 1000.0,
        "stockLeft": played.stock_left,
        "steps": steps.collect::<Vec<_>>(),
        "timeline": played.timeline,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_reads_best() {
        let told: Vec<String> = [0.0, 2.0, 2.34, 500.0, 1000.0, 30_100.0]
            .into_iter()
            .map(duration)
            .collect();
        assert_eq!(told, ["0 ms", "2 ms", "2.3 ms", "500 ms", "1.0 s", "30.1 s"]);
    }
}
