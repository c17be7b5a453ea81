//! What one sample of each source of this host costs, on the machine that the bench runs on.

use flightdeck::{
    clock,
    model::topic::{Topic, TopicSet},
    source::{Request, host},
};
use std::sync::Arc;

fn main() {
    divan::main();
}

fn sample(bencher: divan::Bencher<'_, '_>, topic: Topic, wanted: TopicSet) {
    let sources = host::all(Arc::default());
    let mut source = sources.into_iter().find(|source| source.spec().topics.contains(topic)).expect("there is one");
    let request = Request { at: clock::now(), wanted, visible: wanted, open: None, graph: None, incident_since: None };
    // The first sample opens and looks up what the others use.
    let _ = source.collect(&request);
    bencher.bench_local(|| source.collect(&request));
}

#[divan::bench(args = [Topic::Facts, Topic::Gauges, Topic::Mounts, Topic::Processes, Topic::Cgroups, Topic::Sensors, Topic::Own])]
fn source(bencher: divan::Bencher<'_, '_>, topic: Topic) {
    sample(bencher, topic, TopicSet::EMPTY);
}

#[divan::bench]
fn processes_with_io(bencher: divan::Bencher<'_, '_>) {
    sample(bencher, Topic::Processes, Topic::ProcessIo.into());
}
