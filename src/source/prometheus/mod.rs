//! What a Prometheus knows: its rules and targets, the burn of service level objectives, whole fleets of hosts, and the graph of an alert.

pub mod api;
mod fleet;
mod graph;
mod slos;
#[cfg(test)]
mod tests;
mod wire;

pub use api::Api;
pub use fleet::read as fleet;
pub use slos::assigned;

use super::{Request, Source, SourceError, Spec, named};
use crate::{
    client::named::Named,
    model::{
        Timestamp,
        metric::{Prometheus, Target},
        topic::{Topic, TopicSet},
        update::Update,
        watch::{GraphAsked, PrometheusNews, PrometheusPart},
    },
    slo::Definition,
};
use compact_str::{CompactString, format_compact};
use jiff::SignedDuration;
use std::time::Duration;

/// How long it is waited for, for each question.
const PATIENCE: Duration = Duration::from_secs(8);
/// Longest answer that is read: nine figures of five thousand hosts are 8 MB.
const LONGEST: usize = 64 << 20;
/// How often targets and version are asked for: their list is long, and seldom new.
const TARGETS_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// How often hosts are asked for: they are scraped no more often.
const FLEET_EVERY: SignedDuration = SignedDuration::from_secs(15);

/// The source of one Prometheus.
pub struct PrometheusSource {
    named: Named,
    /// Made when they are needed, the one that answered last first.
    apis: Vec<Api>,
    slos: slos::Schedule,
    targets: Option<(Timestamp, Seen)>,
    fleet_at: Option<Timestamp>,
    graph: Option<(Timestamp, GraphAsked)>,
}

/// What is not asked for every time.
#[derive(Debug, Clone, Default)]
struct Seen {
    version: Option<CompactString>,
    targets: (u32, Vec<Target>),
    problems: Vec<String>,
}

impl PrometheusSource {
    /// The source for a Prometheus that the configuration names, with the objectives that are asked of it.
    pub fn new(named: Named, definitions: Vec<Definition>) -> Self {
        let slos = slos::Schedule::new(&named.name, definitions);
        Self { named, apis: Vec::new(), slos, targets: None, fleet_at: None, graph: None }
    }

    async fn ask(&mut self, request: &Request) -> Result<Vec<Update>, String> {
        let (about, at) = self.about(request.at).await?;
        // The one that answered is asked for the rest, and first next time.
        self.apis.swap(0, at);
        let (api, name) = (&self.apis[0], CompactString::from(self.named.name.as_str()));
        let mut parts = vec![PrometheusPart::About(about)];
        if request.wanted.contains(Topic::Slos) {
            parts.push(PrometheusPart::Slos(self.slos.ask(api, request.at, request.incident_since).await));
        }
        if request.wanted.contains(Topic::Fleet) && is_due(self.fleet_at, request.at, FLEET_EVERY) {
            self.fleet_at = Some(request.at);
            parts.push(PrometheusPart::Fleet(fleet::read(api, request.at).await?));
        }
        let asked = request.graph.as_ref().filter(|asked| asked.prometheus == name);
        if let Some(asked) = asked {
            let since = self.graph.as_ref().filter(|(_, known)| known == asked).map(|(at, _)| *at);
            if is_due(since, request.at, graph::EVERY) {
                self.graph = Some((request.at, asked.clone()));
                parts.push(PrometheusPart::Graph(graph::read(api, asked, request.at).await));
            }
        }
        let news = |part| Update::Prometheus(Box::new(PrometheusNews { name: name.clone(), part }));
        Ok(parts.into_iter().map(news).collect())
    }

    /// What the first of its servers says that answers, and which that is.
    async fn about(&mut self, now: Timestamp) -> Result<(Prometheus, usize), String> {
        let known = self.targets.take().filter(|(at, _)| !is_due(Some(*at), now, TARGETS_EVERY));
        let mut why = Vec::new();
        for (at, api) in self.apis.iter().enumerate() {
            match read(&self.named.name, api, known.as_ref().map(|(_, seen)| seen)).await {
                Ok((about, seen)) => {
                    self.targets = Some((known.map_or(now, |(at, _)| at), seen));
                    return Ok((about, at));
                }
                Err(error) => why.push(format!("{}: {error}", api.place())),
            }
        }
        Err(why.join("; "))
    }
}

/// Whether something is to be asked for again; after the clock was set it is.
fn is_due(since: Option<Timestamp>, now: Timestamp, every: SignedDuration) -> bool {
    since.is_none_or(|since| now.duration_since(since).abs() >= every)
}

impl Source for PrometheusSource {
    fn spec(&self) -> Spec {
        const TOPICS: TopicSet = TopicSet::of(&[Topic::MetricRules, Topic::Slos, Topic::Fleet, Topic::AlertDetails]);
        Spec {
            name: format_compact!("prometheus/{}", self.named.name),
            kind: "prometheus".into(),
            topics: TOPICS,
            foreground: Duration::from_secs(10),
            background: Some(Duration::from_secs(30)),
            deadline: Duration::from_secs(60),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        if self.apis.is_empty() {
            let clients = self.named.clients(PATIENCE, LONGEST)?;
            let api = |(server, http)| Api::new(server, http, PATIENCE.as_secs() - 1);
            self.apis = clients.into_iter().map(api).collect();
        }
        named::wait(self.ask(request))?.map_err(|why| named::silent(&self.named, why))
    }
}

/// Questions to a small server of a test.
#[cfg(test)]
fn api_of(served: &crate::client::http::sample::Served) -> Api {
    let server = crate::client::http::Server::at(&served.url);
    let http = crate::client::http::Http::to(&server, Duration::from_secs(60), LONGEST).expect("usable");
    Api::new(server, http, 5)
}

/// Asks for rules, and for targets and version unless they are known. What a server does not have is said, and the rest is taken:
/// VictoriaMetrics has no rules of its own, Thanos no targets.
async fn read(name: &str, api: &Api, known: Option<&Seen>) -> Result<(Prometheus, Seen), String> {
    let others = async {
        match known {
            Some(seen) => Ok(seen.clone()),
            None => seen(api).await,
        }
    };
    let (rules, others) = futures_util::join!(api.rules(), others);
    let mut about = Prometheus { name: name.into(), address: api.place().into(), ..Prometheus::default() };
    let seen = match (others, &rules) {
        (Ok(seen), _) => seen,
        (Err(why), Err(_)) => return Err(why),
        (Err(why), Ok(_)) => Seen { problems: vec![why], ..Seen::default() },
    };
    match rules {
        Ok((rules, recording)) => (about.rules, about.recording_rules) = (rules, recording),
        Err(why) => about.problems.push(why),
    }
    about.problems.extend(seen.problems.iter().cloned());
    (about.version, about.targets, about.targets_down) = (seen.version.clone(), seen.targets.0, seen.targets.1.clone());
    Ok((about, seen))
}

async fn seen(api: &Api) -> Result<Seen, String> {
    let (version, targets) = futures_util::join!(api.version(), api.targets());
    let mut seen = Seen::default();
    match (version, targets) {
        (Err(why), Err(_)) => return Err(why),
        (version, targets) => {
            seen.problems = version.as_ref().err().into_iter().chain(targets.as_ref().err()).cloned().collect();
            seen.version = version.unwrap_or_default();
            seen.targets = targets.unwrap_or_default();
        }
    }
    Ok(seen)
}
