//! This host, read once for `flightdeck check`: what listens, the files of its engines, how full it is, when it was backed up.

use super::Surroundings;
use crate::{
    clock,
    headless::{self, gather::Until},
    model::update::Update,
    rulebook::{
        engine::Book,
        report::Note,
        subject::live::{Backup, HostFile, HostView, Listening},
    },
    rules,
    source::{
        AnySource, Source, gpu,
        host::{facts::FactsSource, gauges::GaugesSource, mounts::MountsSource, read::Root},
        objects::{self, backups::Backups},
        shared::HostSeen,
    },
};
use std::{path::Path, time::Duration};
use tokio::runtime::Runtime;

/// What is read of this host.
pub struct ThisHost {
    pub listening: Vec<Listening>,
    pub files: Vec<HostFile>,
    pub view: HostView,
    pub backups: Vec<Backup>,
}

/// How long figures of this host may take: those of a GPU whose driver was asleep.
const FIGURES: Duration = Duration::from_secs(5);

impl ThisHost {
    /// Reads all of it, each once.
    pub fn read(book: &Book, root: Option<&Path>, around: &Surroundings<'_>, runtime: &Runtime) -> Self {
        let real = Root::real();
        let backups = runtime.block_on(Backups::default().look(&book.policy, root));
        Self {
            listening: objects::host::listening(&real),
            files: objects::files::of_engines(&real, around.clients.docker.iter()),
            view: figures(&around.gpu),
            backups,
        }
    }
}

/// How full this host is, asked once by the same sources as the cockpit's.
fn figures(options: &gpu::Options) -> HostView {
    let real = Root::real;
    let own: [Box<dyn Source>; 3] =
        [Box::new(FactsSource::new(real())), Box::new(GaugesSource::new(real())), Box::new(MountsSource::new(real()))];
    let sources = own.into_iter().chain(gpu::all(options)).map(AnySource::from).collect();
    let now = clock::now();
    let Ok(asked) = headless::gather::gather(sources, Until::Reached, FIGURES) else {
        return HostSeen::default().view(now);
    };
    let observed = asked.world.observed;
    let mut seen = HostSeen::default();
    let updates = observed.facts.map(|facts| Update::Facts(Box::new(facts))).into_iter();
    let updates = updates.chain(observed.gauges.map(|gauges| Update::Gauges(Box::new(gauges))));
    let updates = updates.chain(observed.mounts.map(Update::Mounts));
    let updates = updates.chain(observed.gpus.news().map(|news| Update::Gpus(Box::new(news.clone()))));
    updates.for_each(|update| seen.take(now, &update));
    seen.view(now)
}

/// What one look cannot judge. It is not well for that; it is not known.
pub fn not_judged() -> Note {
    let all: Vec<&str> = rules::CHECKS.iter().filter(|check| check.looks_back()).map(|check| check.id()).collect();
    Note {
        source: "host".into(),
        message: format!(
            "one look cannot judge what has to hold for a time or is a share of one: unknown here, judged by the cockpit: {}",
            all.join(", ")
        ),
    }
}
