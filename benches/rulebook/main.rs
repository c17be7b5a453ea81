//! Measures the rule book: a repository cold, one edit, live pods. Prints figures and judges none: machines differ.
//!
//! `bench_rulebook` makes a repository of 10,000 files in a temporary folder; `bench_rulebook repo <folder>` reads one that is there;
//! `bench_rulebook make <folder>` only makes one; `bench_rulebook pods` does the live part alone. With `CHECKS=1` the time of every check
//! is printed too.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and prints")]

mod pods;
mod repo;
mod synthetic;

use std::{path::Path, time::Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["repo", folder] => repo::measure(Path::new(folder), None),
        ["make", folder] => synthetic::make(Path::new(folder)),
        ["pods"] => pods::measure(),
        _ => {
            let folder = std::env::temp_dir().join(format!("bench-rulebook-{}", std::process::id()));
            synthetic::make(&folder);
            repo::measure(&folder, Some(synthetic::EDITED));
            pods::measure();
            drop(std::fs::remove_dir_all(&folder));
        }
    }
}

/// Prints what something took: by the clock, and of the processors' time (all threads; in hundredths of a second).
fn timed<T>(what: &str, of: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), processor());
    let value = of();
    let (took, used) = (millis(start), processor() - before);
    let (now, most) = (memory("VmRSS:"), memory("VmHWM:"));
    println!("{what:<30} {took:>9.1} ms  {used:>7.0} ms of CPU   {now:>6.1} MB resident, {most:.1} at most");
    value
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds that this process has computed; 0 where nothing tells.
fn processor() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = status.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    // User and system time in ticks of 10 ms: the 14th and 15th field, of which two are gone.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// A line of `/proc/self/status` in MB; 0 where there is none.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse::<f64>().ok());
    found.unwrap_or_default() / 1024.0
}
