//! Kills the real server again and again and checks what is left: `cargo xtask crash`.

#![allow(clippy::print_stdout, reason = "this program talks to whoever runs it")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use testkit::crash::{self, CrashPlan};

/// Kill a server under load, again and again, and check its books
#[derive(Debug, Parser)]
struct Arguments {
    /// The binary ordermill
    #[arg(long)]
    binary: PathBuf,
    /// The same, built with --features failpoints, to kill at named commits too
    #[arg(long)]
    failpoint_binary: Option<PathBuf>,
    /// How often to kill
    #[arg(long, default_value_t = 25)]
    kills: u32,
    /// After how many kills the books are checked and a new data directory is begun
    #[arg(long, default_value_t = 25)]
    kills_per_round: u32,
    /// What everything random follows from; picked and printed when not given
    #[arg(long)]
    seed: Option<u64>,
    /// How many customers there are at a time
    #[arg(long, default_value_t = 6)]
    customers: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(picked_seed);
    println!("seed {seed}");
    let plan = CrashPlan {
        binary: arguments.binary,
        failpoint_binary: arguments.failpoint_binary,
        kills: arguments.kills,
        kills_per_round: arguments.kills_per_round,
        seed,
        customers: arguments.customers,
    };
    match crash::run(&plan, &mut |line| println!("{line}")) {
        Ok(report) => {
            println!("\n{report}");
            ExitCode::from(u8::from(!report.violations.is_empty()))
        }
        Err(error) => {
            println!("broke off: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                println!("  because {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Another one each time: the clock's small digits.
fn picked_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |time| {
        u64::from(time.subsec_nanos()) + time.as_secs() % 1_000 * 1_000_000_000
    })
}
