//! What the benchmarks share: the lines they print, checks, memory, quantiles.
use std::process::exit;
use std::time::Instant;

pub fn print_result(metric: &str, value: f64, unit: &str) {
    println!("bench tokio {metric} {value:.1} {unit}");
}

/// Prints how many of `count` happened in a second since `begin`.
pub fn print_rate(metric: &str, count: u64, begin: Instant) {
    print_result(metric, count as f64 / begin.elapsed().as_secs_f64(), "1/s");
}

pub fn give_up(text: &str) -> ! {
    eprintln!("bench-tokio: {text}");
    exit(1)
}

pub fn check_total(what: &str, got: u64, expected: u64) {
    if got != expected {
        give_up(&format!(
            "{what}: {got} messages were handled, not {expected}"
        ));
    }
}

/// A bijection of 64-bit numbers.
pub fn scramble(number: u64) -> u64 {
    let number = (number ^ number >> 33).wrapping_mul(0xff51afd7ed558ccd);
    let number = (number ^ number >> 33).wrapping_mul(0xc4ceb9fe1a85ec53);
    number ^ number >> 33
}

pub fn quantile(sorted: &[u64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part) as usize] as f64
}

/// Memory of the process, in bytes.
pub fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse::<u64>().ok());
    match kilobytes {
        Some(number) => number * 1024,
        None => give_up("/proc/self/status tells no memory"),
    }
}
