//! What a sample of eight GPUs costs us: CPU time of the whole process, with every thread that asks and waits. The driver is the
//! stand-in of the tests, so that the figure holds what the stand-in needs and nothing of a real driver. Samples are a second apart by
//! the time that the source is told, so that what is asked less often has its share.

#[path = "../tests/gpu/bed.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod bed;

use flightdeck::{
    clock,
    model::topic::Topic,
    source::{Request, Source},
};
use jiff::SignedDuration;
use rustix::time::{ClockId, clock_gettime};

const SAMPLES: u32 = 500;

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[allow(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let bed = bed::Bed::new("healthy");
    let mut source = bed.source();
    let begin = clock::now();
    let request = |second: u32| {
        let at = begin.checked_add(SignedDuration::from_secs(second.into())).expect("a time");
        Request {
            at,
            wanted: Topic::Gpus.into(),
            visible: Topic::Gpus.into(),
            open: None,
            graph: None,
            incident_since: None,
        }
    };
    // The first sample opens and looks up what the others use.
    source.collect(&request(0)).expect("answers");
    let before = cpu_seconds();
    for second in 1..=SAMPLES {
        source.collect(&request(second)).expect("answers");
    }
    let each = (cpu_seconds() - before) / f64::from(SAMPLES);
    println!("8 GPUs: {:.0} µs of CPU a sample; at one a second {:.3} % of a core", each * 1e6, each * 100.0);
}
