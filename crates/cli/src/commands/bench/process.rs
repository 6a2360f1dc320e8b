//! What Linux tells of a process: its CPU time and its peak memory, from proc(5).

use std::fs;
use std::io;
use std::time::Duration;

/// The unit of CPU times in proc(5): `USER_HZ`, which is 100 on every architecture that Linux runs on today.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all threads so far, to 10 ms.
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat"))?).ok_or_else(unreadable)
}

/// The most memory that was resident at once, in bytes.
pub fn peak_memory_bytes(pid: u32) -> io::Result<u64> {
    parse_status(&fs::read_to_string(format!("/proc/{pid}/status"))?).ok_or_else(unreadable)
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "unknown format")
}

fn parse_stat(stat: &str) -> Option<Duration> {
    // The name, in parentheses, may hold spaces and parentheses itself.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: u32 = times.next()?.parse().ok()?;
    let system: u32 = times.next()?.parse().ok()?;
    Some(TICK * user + TICK * system)
}

fn parse_status(status: &str) -> Option<u64> {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_user_and_system_time() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 4 0 100 1000 10";
        assert_eq!(parse_stat(stat), Some(Duration::from_millis(1750)));
        assert_eq!(parse_stat("42 (a) S 1"), None);
    }

    #[test]
    fn peak_memory_is_the_high_water_mark() {
        let status = "Name:\tx\nVmPeak:\t  900 kB\nVmHWM:\t   512 kB\nVmRSS:\t  100 kB\n";
        assert_eq!(parse_status(status), Some(512 * 1024));
        assert_eq!(parse_status("Name:\tx\n"), None);
    }
}
