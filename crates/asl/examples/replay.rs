//! Plays recorded executions: JSON lines of cases in, JSON lines of outcomes out.
//!
//! ```sh
//! cargo run -p asl --example replay < cases.jsonl > results.jsonl
//! ```

use std::error::Error;
use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            serde_json::to_writer(&mut out, &asl::replay::run(&line)?)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(out.flush()?)
}
