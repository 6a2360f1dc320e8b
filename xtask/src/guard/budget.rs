//! The budget: a line for each scenario, and what a count is held to.

use std::fmt;

use anyhow::{Context, Result, bail};

const HEAD: &str = "\
# What one of each scenario of this benchmark may cost; `cargo xtask bench-guard` checks it, with --update it is recorded
# again. A scenario is counted as the difference between doing it MANY times and FEW times, divided. It fails when
# instructions or allocations are more than MARGIN percent beyond their budget.
";

/// What something costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub instructions: u64,
    pub allocations: u64,
}

/// A scenario and what it may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub name: String,
    /// How often it is done, less and more.
    pub few: u32,
    pub many: u32,
    pub budget: Count,
    /// How much more is let pass: what the count varies by from run to run and between processors.
    pub margin_percent: u64,
}

/// What each scenario may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The compiler that it was recorded with.
    pub compiler: String,
    pub lines: Vec<Line>,
}

/// What came of a scenario.
#[derive(Debug)]
pub struct Verdict<'a> {
    line: &'a Line,
    counted: Count,
}

impl Budget {
    /// Reads a budget: comments, `compiler NAME`, and a line for each scenario.
    pub fn parse(text: &str) -> Result<Self> {
        let mut compiler = String::new();
        let mut lines = Vec::new();
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line.strip_prefix("compiler ") {
                Some(name) => name.trim().clone_into(&mut compiler),
                None => lines.push(Line::parse(line).with_context(|| format!("the line {line:?}"))?),
            }
        }
        if lines.is_empty() {
            bail!("it has no scenario");
        }
        Ok(Self { compiler, lines })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEAD}compiler {}\n\n", self.compiler)?;
        writeln!(
            f,
            "# {:<10} {:>6} {:>6} {:>13} {:>12} {:>7}",
            "scenario", "few", "many", "instructions", "allocations", "margin"
        )?;
        for line in &self.lines {
            let Count {
                instructions,
                allocations,
            } = line.budget;
            writeln!(
                f,
                "{:<12} {:>6} {:>6} {instructions:>13} {allocations:>12} {:>7}",
                line.name, line.few, line.many, line.margin_percent
            )?;
        }
        Ok(())
    }
}

impl Line {
    fn parse(line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, few, many, instructions, allocations, margin] = words[..] else {
            bail!("a scenario has six columns");
        };
        Ok(Self {
            name: name.to_owned(),
            few: few.parse()?,
            many: many.parse()?,
            budget: Count {
                instructions: instructions.parse()?,
                allocations: allocations.parse()?,
            },
            margin_percent: margin.parse()?,
        })
    }

    /// Holds a count to the budget.
    pub fn judge(&self, counted: Count) -> Verdict<'_> {
        Verdict { line: self, counted }
    }

    fn allows(&self, counted: u64, budget: u64) -> bool {
        counted.saturating_mul(100) <= budget.saturating_mul(100 + self.margin_percent)
    }
}

impl Verdict<'_> {
    /// Whether the scenario costs no more than it may.
    pub fn holds(&self) -> bool {
        let (
            line,
            Count {
                instructions,
                allocations,
            },
        ) = (self.line, self.counted);
        line.allows(instructions, line.budget.instructions)
            && line.allows(allocations, line.budget.allocations)
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counted, budget) = (self.counted, self.line.budget);
        write!(
            f,
            "{:<10} {:>9} instructions ({:+.1} %), {:>5} allocations ({:+.1} %); {} % more may be: {}",
            self.line.name,
            counted.instructions,
            change(counted.instructions, budget.instructions),
            counted.allocations,
            change(counted.allocations, budget.allocations),
            self.line.margin_percent,
            if self.holds() { "ok" } else { "FAILED" }
        )
    }
}

/// By how many percent the count differs from the budget.
fn change(counted: u64, budget: u64) -> f64 {
    (counted as f64 / budget.max(1) as f64 - 1.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# words\ncompiler rustc 1.95.0\n\norder 50 250 1000 100 5\n";

    #[test]
    fn a_budget_reads_back_as_it_was_written() {
        let budget = Budget::parse(TEXT).unwrap();
        assert_eq!(budget.compiler, "rustc 1.95.0");
        assert_eq!(Budget::parse(&budget.to_string()).unwrap(), budget);
        for text in [
            "",
            "compiler x",
            "order 50 250 1000 100",
            "order 50 250 many 100 5",
        ] {
            assert!(Budget::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_count_beyond_the_margin_fails() {
        let budget = Budget::parse(TEXT).unwrap();
        for (instructions, allocations, holds) in [
            (900, 90, true),
            (1000, 100, true),
            (1050, 105, true),
            (1051, 100, false),
            (1000, 106, false),
        ] {
            let counted = Count {
                instructions,
                allocations,
            };
            assert_eq!(budget.lines[0].judge(counted).holds(), holds, "{counted:?}");
        }
    }
}
