//! This host, read from `/proc` and `/sys`. One file (or folder) a source.
//!
//! The texts are parsed here by hand, over bytes: the parsers of the `procfs` crate allocate for every field, want UTF-8, and
//! fail the whole file for one line that they do not know. Here such a line is a value that is not known.

mod adjtimex;
pub(super) mod bytes;
pub mod cgroup_fs;
pub mod cgroup_path;
pub mod own;
pub mod read;
pub mod users;

use super::Source;
use crate::model::own::OwnCounters;
use read::Root;
use std::sync::Arc;

/// One line a source: its file and its name there. It is made of the root below which it reads.
macro_rules! sources {
    ($($file:ident::$source:ident,)*) => {
        $(pub mod $file;)*
        fn listed() -> Vec<Box<dyn Source>> {
            vec![$(Box::new($file::$source::new(Root::real())),)*]
        }
    };
}

sources! {
    facts::FactsSource,
    gauges::GaugesSource,
    mounts::MountsSource,
    processes::ProcessesSource,
    process::ProcessSource,
    cgroups::CgroupsSource,
    sensors::SensorsSource,
    units::UnitsSource,
    hardware::HardwareSource,
}

/// Every source of this host. `counters` are what the cockpit itself counts, for the source of its own cost.
pub fn all(counters: Arc<OwnCounters>) -> Vec<Box<dyn Source>> {
    let mut all = listed();
    all.push(Box::new(own::OwnSource::new(Root::real(), counters)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::topic::{Topic, TopicSet},
        source::{Request, SourceError},
    };

    #[test]
    fn every_source_answers_on_this_machine() {
        let request = Request { at: crate::clock::now(), wanted: TopicSet::all(), ..Request::default() };
        for mut source in all(Arc::default()) {
            let spec = source.spec();
            assert!(spec.name.starts_with("host/"), "{}", spec.name);
            match source.collect(&request) {
                Ok(updates) => {
                    assert_eq!(updates.is_empty(), spec.topics.contains(Topic::ProcessDetails), "{}", spec.name)
                }
                Err(SourceError::Off { .. }) => {}
                Err(error) => panic!("{}: {error}", spec.name),
            }
        }
    }
}
