//! Asks every source until each has said what it can, and no longer.

use crate::{
    clock,
    model::{Timestamp, source::SourceState, topic::TopicSet},
    source::{
        AnySource, Spec, live,
        supervisor::{Demand, News, supervise},
    },
    world::World,
};
use std::{
    io,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};

/// A source that is asked less often than this has no rates, so that one answer says all.
const RATES_WITHIN: Duration = Duration::from_secs(2);
const QUEUE: usize = 64;

/// How often a source has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Once: it is there.
    Reached,
    /// Twice where it delivers rates: a rate needs two samples.
    Rates,
}

/// What was gathered.
#[derive(Debug)]
pub struct Gathered {
    pub world: World,
    /// What became of each source, in the order of the list.
    pub sources: Vec<Asked>,
}

/// A source and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub spec: Spec,
    /// Time until its first answer, or until it said why it has none.
    pub took: Option<Duration>,
    answers: u32,
    settled: bool,
    /// For a source that is watched: whether it said that its first answer is whole.
    whole: Option<bool>,
}

impl Asked {
    fn is_done(&self, until: Until) -> bool {
        // One that is watched says itself when its answer is whole, rates included.
        if let Some(whole) = self.whole {
            return self.settled || whole;
        }
        let wanted = if until == Until::Rates && self.spec.foreground <= RATES_WITHIN { 2 } else { 1 };
        self.settled || self.answers >= wanted
    }
}

/// Asks all sources for everything, for at most `wait`.
///
/// # Errors
/// Where the operating system gives us no event loop.
pub fn gather(sources: Vec<AnySource>, until: Until, wait: Duration) -> io::Result<Gathered> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(16).build()?;
    let gathered = runtime.block_on(ask(sources, until, wait));
    // A source that hangs in the kernel must not hold us up.
    runtime.shutdown_background();
    Ok(gathered)
}

async fn ask(sources: Vec<AnySource>, until: Until, wait: Duration) -> Gathered {
    let demand = Demand { visible: TopicSet::all(), background: TopicSet::all(), ..Demand::default() };
    let (demand_in, demand) = watch::channel(demand);
    let (news_in, mut news) = mpsc::channel(QUEUE);
    let mut gathered = Gathered { world: World::at(clock::now()), sources: Vec::new() };
    for source in sources {
        let whole = matches!(source, AnySource::Live(_)).then_some(false);
        gathered.sources.push(Asked { spec: source.spec(), took: None, answers: 0, settled: false, whole });
        match source {
            AnySource::Polled(source) => drop(tokio::spawn(supervise(source, demand.clone(), news_in.clone()))),
            AnySource::Live(source) => live::start(source, demand.clone(), news_in.clone()),
        }
    }
    drop(news_in);
    let begin = clock::instant();
    let all = async {
        let is_open = |gathered: &Gathered, source: &Asked| !source.is_done(until) || gathered.is_loading(source);
        while gathered.sources.iter().any(|source| is_open(&gathered, source)) {
            let Some(news) = news.recv().await else { return };
            gathered.take(news, begin);
        }
    };
    let _ = tokio::time::timeout(wait, all).await;
    gathered.world.pass(clock::now());
    drop(demand_in);
    gathered
}

impl Gathered {
    fn take(&mut self, news: News, begin: Instant) {
        match news {
            News::Updates { at, source, updates } => {
                if let Some(asked) = self.sources.iter_mut().find(|asked| asked.spec.name == source) {
                    asked.answers += 1;
                    asked.took.get_or_insert_with(|| clock::instant().saturating_duration_since(begin));
                }
                self.world.apply(at, &source, updates);
            }
            News::Report { at, report } => {
                let settled = matches!(report.state, SourceState::Down | SourceState::Off);
                if let Some(asked) = self.sources.iter_mut().find(|asked| asked.spec.name == report.name) {
                    asked.settled = settled;
                    asked.whole = asked.whole.map(|whole| whole || report.state == SourceState::Ok);
                    if settled {
                        asked.took.get_or_insert_with(|| clock::instant().saturating_duration_since(begin));
                    }
                }
                self.world.report(at, report);
            }
        }
    }

    /// Whether a source of a family answers.
    pub fn is_any_ok(&self, kind: &str) -> bool {
        let mut states = self.world.observed.sources.values().filter(|status| status.report.kind == kind);
        states.any(|status| status.state(self.world.now) == SourceState::Ok)
    }

    /// Whether a cluster's lists are still being read.
    fn is_loading(&self, source: &Asked) -> bool {
        let context = source.spec.name.strip_prefix("kube/");
        let cluster = context.and_then(|context| self.world.observed.kube.clusters.get(context));
        !source.settled && cluster.is_some_and(|cluster| !cluster.loading.is_empty())
    }

    /// Why what a flag names is not there: sources of these kinds that could not be reached.
    pub fn named_away(&self, kinds: &[&'static str]) -> Option<String> {
        let silent: Vec<_> = kinds.iter().flat_map(|kind| self.unreached(kind)).collect();
        (!silent.is_empty()).then(|| format!("{} could not be reached; see `flightdeck doctor`", silent.join(", ")))
    }

    /// Names of a family's sources that did not answer, and that should have.
    pub fn unreached(&self, kind: &str) -> Vec<&str> {
        let now: Timestamp = self.world.now;
        let ok = |asked: &&Asked| {
            let status = self.world.observed.sources.get(&asked.spec.name);
            status.is_some_and(|status| matches!(status.state(now), SourceState::Ok | SourceState::Off))
        };
        let family: Vec<_> = self.sources.iter().filter(|asked| asked.spec.kind == kind).collect();
        family.into_iter().filter(|asked| !ok(asked)).map(|asked| asked.spec.name.as_str()).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        model::{host::Gauges, topic::Topic, update::Update},
        source::{Request, Source, SourceError},
    };

    /// A source that answers as it is told.
    pub struct Told {
        pub name: &'static str,
        pub topic: Topic,
        pub cadence: Duration,
        pub answer: fn() -> Result<Vec<Update>, SourceError>,
    }

    impl Source for Told {
        fn spec(&self) -> Spec {
            Spec {
                name: self.name.into(),
                kind: "host".into(),
                topics: self.topic.into(),
                foreground: self.cadence,
                background: Some(self.cadence),
                deadline: Duration::from_secs(1),
            }
        }
        fn collect(&mut self, _: &Request) -> Result<Vec<Update>, SourceError> {
            (self.answer)()
        }
    }

    /// Gauges that answer, mounts that do not, sensors that this machine has not.
    pub fn sources() -> Vec<AnySource> {
        let cadence = Duration::from_millis(20);
        let told: Vec<Box<dyn Source>> = vec![
            Box::new(Told {
                name: "host/gauges",
                topic: Topic::Gauges,
                cadence,
                answer: || Ok(vec![Update::Gauges(Box::default())]),
            }),
            Box::new(Told {
                name: "host/mounts",
                topic: Topic::Mounts,
                cadence,
                answer: || Err(SourceError::Down { reason: "denied".into(), hint: "ask root".into() }),
            }),
            Box::new(Told {
                name: "host/sensors",
                topic: Topic::Sensors,
                cadence: Duration::from_secs(60),
                answer: || Err(SourceError::Off { reason: "no sensors".into() }),
            }),
        ];
        told.into_iter().map(AnySource::from).collect()
    }

    #[test]
    fn it_waits_for_two_answers_and_not_for_the_dead() {
        let begin = clock::instant();
        let gathered = gather(sources(), Until::Rates, Duration::from_secs(20)).expect("a loop");
        assert!(begin.elapsed() < Duration::from_secs(10), "did not wait for the limit");
        assert!(gathered.sources[0].answers >= 2);
        assert_eq!(gathered.world.observed.gauges, Some(Gauges::default()));
        assert_eq!(gathered.unreached("host"), ["host/mounts"]);
        assert!(gathered.sources.iter().all(|asked| asked.took.is_some()));
    }
}
