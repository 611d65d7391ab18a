//! What a figure was measured on: machine, date, load; CPU time and memory of processes. Linux only.

use std::fs;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use baolu::clock::Clock;

/// One line: model, cores, date, load average.
pub(crate) fn describe() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = thread::available_parallelism().map_or(0, NonZero::get);
    let model = model.map_or("unknown CPU", |(_, model)| model);
    format!("{model}, {cores} cores, {}, load {}", Clock::real_now(), load())
}

/// The load average of the last minute, our own part in it included.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// A value of a sorted list: 0.5 for the median, 0 for the least, 1 for the greatest.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// CPU time, user and system, of a running process.
pub(crate) fn cpu_of(pid: u32) -> Duration {
    cpu_fields(&format!("/proc/{pid}/stat"), 11)
}

/// CPU time of all children of ours that have ended and were waited for.
pub(crate) fn cpu_of_ended_children() -> Duration {
    cpu_fields("/proc/self/stat", 13)
}

/// Two neighbouring fields of a `stat` file (proc(5)), counted from the one after the name.
fn cpu_fields(path: &str, first: usize) -> Duration {
    let stat = fs::read_to_string(path).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 =
        after_name.split_whitespace().skip(first).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Resident memory of a process in MB: now, and the most there ever was.
pub(crate) fn memory_mb(pid: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kb = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    (kb("VmRSS:").unwrap_or(f64::NAN) / 1e3, kb("VmHWM:").unwrap_or(f64::NAN) / 1e3)
}
