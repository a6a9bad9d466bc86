//! What Linux says of this process.

use std::sync::OnceLock;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Clock ticks of `/proc/*/stat` are hundredths of a second on every Linux there is (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        // Elsewhere than on Linux there is nothing to read, and nothing is told.
        if let Some(seconds) = cpu_seconds() {
            let help = "Processor time of this process";
            let cpu = ConstCounter::new(seconds);
            let metric =
                encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), cpu.metric_type())?;
            cpu.encode(metric)?;
        }
        let gauges = [
            ("process_resident_memory", "Memory of this process", Some(Unit::Bytes), resident_bytes()),
            ("process_start_time", "When it began, since 1970", Some(Unit::Seconds), started()),
            ("process_open_fds", "Open file descriptors", None, open_descriptors()),
            ("process_max_fds", "The most file descriptors it may open", None, most_descriptors()),
        ];
        for (name, help, unit, value) in gauges {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, unit.as_ref(), gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

/// A field of `/proc/self/stat`, counted from 1 as `man 5 proc` does; the second, which may hold anything, is in
/// brackets.
fn stat(field: usize) -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after) = stat.rsplit_once(") ")?;
    after.split(' ').nth(field.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    Some((stat(14)? + stat(15)?) / TICKS)
}

fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

/// Since 1970; the machine's start and the time from there on.
fn started() -> Option<f64> {
    static STARTED: OnceLock<Option<f64>> = OnceLock::new();
    *STARTED.get_or_init(|| {
        let machine = std::fs::read_to_string("/proc/stat").ok()?;
        let booted: f64 =
            machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(booted + stat(22)? / TICKS)
    })
}

fn open_descriptors() -> Option<f64> {
    // One of them is that of the directory that is read.
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1) as f64)
}

fn most_descriptors() -> Option<f64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn linux_tells_of_this_process() {
        assert!(cpu_seconds().unwrap() >= 0.0);
        assert!(resident_bytes().unwrap() > 1_000_000.0);
        assert!(open_descriptors().unwrap() >= 3.0 && most_descriptors().unwrap() >= 3.0);
        // After 2020, and not later than what was written just now.
        let file = tempfile::NamedTempFile::new().unwrap();
        let now = file.as_file().metadata().unwrap().modified().unwrap();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let started = started().unwrap();
        assert!(started > 1.577e9 && started <= now + 1.0, "{started} {now}");
    }
}
