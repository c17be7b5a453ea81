//! Everything observed or derived, with one owner and no lock. [`World::apply`] is the only way in.

mod changes;
mod containers;
mod drills;
#[cfg(test)]
mod host_tests;
pub mod incidents;
mod kubernetes;
mod postgres;
mod retention;
pub mod runs;
#[cfg(test)]
mod tests;

use crate::{
    model::{
        Timestamp,
        attention::{Attention, Severity},
        change::{Change, ChangeKind},
        container::EnginePart,
        kubernetes::{Access, AccessAnswer, KubePart},
        log::LogLine,
        lookback::Lookback,
        object::{ObjectKind, ObjectRef},
        observed::{Observed, SourceStatus},
        postgres::row::rows,
        series::SeriesStore,
        source::{SourceReport, SourceState},
        topic::{Topic, TopicSet},
        units,
        update::Update,
        watch::PrometheusPart,
    },
    rules::{Context, engine::Engine},
    runbook::{definition::Catalogue, run::Standing},
};
use compact_str::CompactString;
use incidents::Incidents;
use jiff::SignedDuration;
use runs::Runs;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};

pub use crate::rules::engine::Pending;

/// The world as it is known at [`World::now`].
///
/// It is serialisable without its series: the flight recorder keeps moments of it, and the series of the live world reach back
/// over all of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct World {
    /// Time of the newest event.
    pub now: Timestamp,
    pub observed: Observed,
    /// What is not as it should be: worst first, then newest first.
    pub attention: Vec<Attention>,
    /// Since when the attention list has been empty.
    pub quiet_since: Option<Timestamp>,
    /// What changed, newest first.
    pub changes: VecDeque<Change>,
    /// What the journal holds.
    #[serde(default)]
    pub incidents: Incidents,
    /// Runs of runbooks.
    #[serde(default)]
    pub runs: Runs,
    /// Runbooks that there are; unknown until they are read, for which the first screen does not wait.
    #[serde(skip)]
    pub runbooks: Option<Arc<Catalogue>>,
    engine: Engine,
    /// What rules look back on.
    #[serde(default)]
    pub lookback: Lookback,
    /// What changed in a large world since the rules last looked at it, and when they did.
    #[serde(default)]
    unjudged: TopicSet,
    #[serde(default)]
    judged_at: Timestamp,
    #[serde(skip)]
    pub series: SeriesStore,
    /// Changes that nobody has recorded yet, the oldest first.
    #[serde(skip)]
    captured: VecDeque<Change>,
    /// The program's own log, newest first.
    #[serde(skip)]
    pub log: VecDeque<LogLine>,
}

/// What an event changed, for those who draw and those who decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    pub topics: TopicSet,
    pub attention: bool,
    pub sources: bool,
}

impl Changed {
    /// Whether nothing at all changed.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// How many rows the time column keeps.
const CHANGES: usize = 500;
/// How many changes are kept for whoever records them: a storm of ten thousand pods.
const CAPTURED: usize = 20_000;
/// From so many rows of watched lists on a world is large.
const LARGE: usize = 2_000;
/// How often the rules look at what changed in a large world.
const JUDGED_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// How many lines of the program's own log are kept.
const LOG_LINES: usize = 1_000;

impl World {
    /// A world of which nothing is known yet, at this time.
    pub fn at(now: Timestamp) -> Self {
        Self { now, ..Self::default() }
    }

    /// A copy without history and log: what the flight recorder keeps of a moment. Rows of watched lists are shared.
    pub fn moment(&self) -> Self {
        Self {
            now: self.now,
            observed: self.observed.clone(),
            attention: self.attention.clone(),
            quiet_since: self.quiet_since,
            changes: self.changes.clone(),
            incidents: self.incidents.clone(),
            runs: self.runs.clone(),
            // They are files of now, whatever the moment.
            runbooks: None,
            engine: self.engine.clone(),
            lookback: self.lookback.clone(),
            unjudged: self.unjudged,
            judged_at: self.judged_at,
            series: SeriesStore::default(),
            captured: VecDeque::new(),
            log: VecDeque::new(),
        }
    }

    /// Takes a source's news.
    pub fn apply(&mut self, at: Timestamp, source: &str, updates: Vec<Update>) -> Changed {
        self.now = self.now.max(at);
        let mut changed = Changed::default();
        for update in updates {
            changed.topics = changed.topics.union(self.take(at, update));
        }
        changed.sources = self.heard(at, source);
        if !changed.sources && self.may_wait(changed.topics) {
            self.unjudged = self.unjudged.union(changed.topics);
        } else {
            changed.attention = self.judge(changed.topics);
        }
        changed
    }

    /// Takes a supervisor's report on a source.
    pub fn report(&mut self, at: Timestamp, report: SourceReport) -> Changed {
        self.now = self.now.max(at);
        let name = report.name.clone();
        let old = self.observed.sources.get(&name);
        let same_state = old.filter(|old| old.report.state == report.state);
        let same_cadence = old.filter(|old| old.report.cadence_seconds == report.cadence_seconds);
        let status = SourceStatus {
            asked_since: same_cadence.map_or(Some(at), |old| old.asked_since),
            since: same_state.map_or(at, |old| old.since),
            answered_at: old.and_then(|old| old.answered_at),
            report,
        };
        let mut changed = TopicSet::EMPTY;
        // Whoever stops watching a cluster or an engine does not want to look at what it was.
        if status.report.state == SourceState::Off {
            self.observed.readings.remove(&name);
            match name.split_once('/') {
                Some(("kube", context)) => self.observed.kube.forget(context),
                Some(("docker", engine)) => self.observed.containers.forget(engine),
                Some(("gpu", _)) => self.observed.gpus.forget(&name),
                Some(("ai", _)) => self.observed.ai = None,
                Some(("postgres", cluster)) => drop(self.observed.postgres.remove(cluster)),
                Some(("rules", _)) => self.observed.rulings.forget(&name),
                Some((kind @ ("alertmanager" | "prometheus"), place)) => self.observed.watch.forget(kind, place),
                _ => {}
            }
            changed = status.report.topics;
        }
        self.observed.sources.insert(name, status);
        Changed { sources: true, attention: self.judge(changed), topics: changed }
    }

    /// Lets time pass without news, so that what grows old is seen to.
    pub fn pass(&mut self, at: Timestamp) -> Changed {
        self.now = self.now.max(at);
        self.judged_at = self.now;
        let waiting = std::mem::take(&mut self.unjudged);
        Changed { attention: self.judge(waiting), ..Changed::default() }
    }

    /// Takes how a run of a runbook stands that is carried on here.
    pub fn stand(&mut self, at: Timestamp, standing: Standing) -> Changed {
        self.now = self.now.max(at);
        self.runs.stand(standing);
        self.owe_runs();
        Changed { topics: Topic::Journal.into(), attention: self.judge(Topic::Journal.into()), ..Changed::default() }
    }

    /// Takes a line of the program's own log.
    pub fn log(&mut self, line: LogLine) {
        self.log.push_front(line);
        self.log.truncate(LOG_LINES);
    }

    fn take(&mut self, at: Timestamp, update: Update) -> TopicSet {
        self.note_changes(at, &update);
        self.keep_series(at, &update);
        let observed = &mut self.observed;
        match update {
            Update::Facts(facts) => {
                observed.facts = Some(*facts);
                Topic::Facts.into()
            }
            Update::Gauges(gauges) => {
                self.lookback.networks(at, &gauges.networks);
                observed.gauges = Some(*gauges);
                Topic::Gauges.into()
            }
            Update::Mounts(mut mounts) => {
                self.lookback.mounts(at, &mut mounts);
                observed.mounts = Some(mounts);
                Topic::Mounts.into()
            }
            Update::Processes(processes) => {
                observed.processes = Some(processes);
                Topic::Processes.into()
            }
            Update::ProcessDetails(details) => {
                observed.process_details = Some(*details);
                Topic::ProcessDetails.into()
            }
            Update::Cgroups(cgroups) => {
                observed.cgroups = Some(*cgroups);
                Topic::Cgroups.into()
            }
            Update::Sensors(sensors) => {
                observed.sensors = Some(sensors);
                Topic::Sensors.into()
            }
            Update::Units(units) => {
                observed.units = Some(units);
                Topic::Units.into()
            }
            Update::Hardware(hardware) => {
                observed.hardware = Some(*hardware);
                Topic::Hardware.into()
            }
            Update::Readings(readings) => {
                observed.readings.insert(readings.source.clone(), readings);
                Topic::Readings.into()
            }
            Update::Own(own) => {
                observed.own = own;
                Topic::Own.into()
            }
            Update::Gpus(news) => {
                observed.gpus.apply(*news);
                Topic::Gpus.into()
            }
            Update::Ai(servers) => {
                observed.ai = Some(servers);
                Topic::Ai.into()
            }
            Update::Rules(news) => {
                observed.rulings.apply(*news);
                Topic::Rules.into()
            }
            Update::Journal(news) => {
                self.runs.apply(news.events.iter().chain(&news.runs));
                self.incidents.apply(*news);
                observed.duties = self.incidents.duties();
                self.owe_drills();
                self.owe_runs();
                Topic::Journal.into()
            }
            Update::Alerts(news) => {
                observed.watch.alertmanagers.insert(news.name.clone(), Arc::from(news));
                Topic::Alerts.into()
            }
            Update::Prometheus(news) => {
                let topic = prometheus_topic(&news.part);
                observed.watch.apply(*news);
                topic.into()
            }
            Update::Postgres(mut cluster) => {
                cluster.rows = rows(&cluster);
                observed.postgres.insert(cluster.name.clone(), Arc::from(cluster));
                self.owe_drills();
                Topic::Postgres.into()
            }
            Update::RuleLines(lines) => {
                observed.rule_lines = Some(*lines);
                Topic::Rules.into()
            }
            Update::Engine(news) => {
                let topic = engine_topic(&news.part);
                observed.containers.apply(*news);
                topic.into()
            }
            Update::Kube(news) => {
                let topic = kube_topic(&news.part);
                observed.kube.apply(*news);
                topic.into()
            }
        }
    }

    /// An answer makes a source ok, whatever it was.
    fn heard(&mut self, at: Timestamp, source: &str) -> bool {
        let Some(status) = self.observed.sources.get_mut(source) else { return false };
        let was = status.state(at);
        status.answered_at = Some(at);
        if was != SourceState::Ok {
            status.report.state = SourceState::Ok;
            status.report.reason = None;
            status.report.hint = None;
            status.since = at;
        }
        was != SourceState::Ok
    }

    /// Runs the rules after a change of these topics and renews the attention list; says whether it changed.
    fn judge(&mut self, changed: TopicSet) -> bool {
        let context = Context::new(self.now, &self.observed, &self.lookback);
        let changes = self.engine.run(&context, changed);
        for change in changes {
            self.push_change(change);
        }
        let attention = self.engine.attention();
        if attention.is_empty() {
            self.quiet_since.get_or_insert(self.now);
        } else {
            self.quiet_since = None;
        }
        let changed = attention != self.attention;
        self.attention = attention;
        changed
    }

    /// Whether the rules look at a change of these topics within a second, in a turn of its own: a key that is pressed meanwhile does not
    /// wait for both.
    fn may_wait(&self, changed: TopicSet) -> bool {
        const WAITING: TopicSet = TopicSet::of(&[
            Topic::Containers,
            Topic::ContainerUsage,
            Topic::Pods,
            Topic::PodUsage,
            Topic::Workloads,
            Topic::Nodes,
            Topic::KubeEvents,
            Topic::KubeTable,
        ]);
        changed.is_within(WAITING) && self.observed.watched_rows() > LARGE
    }

    fn push_change(&mut self, change: Change) {
        self.capture(change.clone());
        self.show_change(change);
    }

    /// A row for the column alone: what it says is captured otherwise.
    fn show_change(&mut self, change: Change) {
        self.changes.push_front(change);
        self.changes.truncate(CHANGES);
    }

    /// Keeps a change for whoever records it; where nobody does, the oldest go.
    fn capture(&mut self, change: Change) {
        if self.captured.len() >= CAPTURED {
            self.captured.pop_front();
        }
        self.captured.push_back(change);
    }

    /// What changed since this was last asked, for the record; the oldest first.
    pub fn take_captured(&mut self) -> VecDeque<Change> {
        std::mem::take(&mut self.captured)
    }

    /// Takes note of an operation that was done, or failed.
    pub fn note_operation(&mut self, at: Timestamp, object: ObjectRef, ok: bool, text: &str) {
        let severity = if ok { Severity::Info } else { Severity::Error };
        self.show_change(Change::new(at, ChangeKind::Operation, severity, object, text));
    }

    /// Takes what an API server said of what may be done there.
    pub fn note_access(&mut self, at: Timestamp, context: &str, said: Vec<(Access, bool, CompactString)>) {
        self.now = self.now.max(at);
        let known = self.observed.kube.access.entry(context.into()).or_default();
        known.retain(|_, answer| at.duration_since(answer.at).as_secs() < Access::FRESH_SECONDS);
        known.extend(
            said.into_iter().map(|(access, allowed, reason)| (access.key(), AccessAnswer { allowed, reason, at })),
        );
    }

    /// What holds now and is not raised yet: for those who look only once, and cannot wait until it is.
    pub fn pending(&self) -> Vec<Pending> {
        self.engine.pending()
    }

    /// Its rows about an object, alone or among others.
    pub fn rows_about<'w>(&'w self, object: &'w ObjectRef) -> impl Iterator<Item = &'w Attention> {
        self.attention.iter().filter(move |row| row.members.contains(object))
    }

    /// The part of it that takes a minute or longer to be raised, in no order.
    pub fn held_back(&self) -> impl Iterator<Item = Pending> + '_ {
        self.engine.held_back()
    }

    /// Moves what is known by the same amount after the clock was set, so that ages stay true and nothing waits until the clock has
    /// caught up. History keeps the times that it was written with, less what would lie
    /// in the future.
    pub fn shift_time(&mut self, by: SignedDuration) {
        let shift = |at: &mut Timestamp| *at = at.saturating_add(by).unwrap_or(*at);
        shift(&mut self.now);
        shift(&mut self.judged_at);
        self.quiet_since.iter_mut().for_each(shift);
        for source in self.observed.sources.values_mut() {
            shift(&mut source.since);
            source.answered_at.iter_mut().chain(&mut source.asked_since).for_each(shift);
        }
        self.engine.shift_time(by);
        self.lookback.shift_time(by);
        self.observed.oom.iter_mut().filter_map(|oom| oom.last_rise_at.as_mut()).for_each(shift);
        self.series.forget_after(self.now);
        let word = if by.is_negative() { "back" } else { "forward" };
        let text = format!("the clock was set {word} by {}", units::span(by.unsigned_abs().as_secs_f64()));
        let object = ObjectRef::new(ObjectKind::Host, "");
        let (at, kind) = (self.now, ChangeKind::Observed);
        self.push_change(Change::new(at, kind, Severity::Warn, object, text));
        self.attention = self.engine.attention();
    }

    /// When [`World::pass`] is due for what the rules have not looked at; it may be over.
    pub fn judge_at(&self) -> Option<Timestamp> {
        (!self.unjudged.is_empty()).then(|| self.judged_at.checked_add(JUDGED_EVERY).ok()).flatten()
    }

    /// The next time at which something that is shown changes though nothing arrives: a source turns stale, or an age that is
    /// counted in seconds or minutes shows another digit.
    pub fn next_change(&self) -> Option<Timestamp> {
        let stale = self.observed.sources.values().filter_map(SourceStatus::stale_at).filter(|at| *at > self.now);
        let ages = self.attention.iter().map(|row| next_digit(self.now, row.began));
        let raised = self.engine.raise_times().filter(|at| *at > self.now);
        stale.chain(ages).chain(raised).chain(self.incidents.next_change(self.now)).min()
    }
}

/// What a part of an engine's news is shown by.
const fn engine_topic(part: &EnginePart) -> Topic {
    match part {
        EnginePart::Engine(_) | EnginePart::Containers(_) => Topic::Containers,
        EnginePart::Usage(_) => Topic::ContainerUsage,
        EnginePart::Images(_) | EnginePart::Volumes(_) | EnginePart::Networks(_) => Topic::EngineStores,
        EnginePart::Details(_) => Topic::ContainerDetails,
    }
}

/// What a part of a Prometheus's news is shown by.
const fn prometheus_topic(part: &PrometheusPart) -> Topic {
    match part {
        PrometheusPart::About(_) => Topic::MetricRules,
        PrometheusPart::Slos(_) => Topic::Slos,
        PrometheusPart::Fleet(_) => Topic::Fleet,
        PrometheusPart::Graph(_) => Topic::AlertDetails,
    }
}

/// What a part of a cluster's news is shown by.
const fn kube_topic(part: &KubePart) -> Topic {
    match part {
        KubePart::Cluster(_) | KubePart::Pods(_) => Topic::Pods,
        KubePart::Workloads(_) => Topic::Workloads,
        KubePart::Nodes(_) => Topic::Nodes,
        KubePart::Events(_) => Topic::KubeEvents,
        KubePart::PodUsage(_) | KubePart::NodeUsage(_) => Topic::PodUsage,
        KubePart::Table(_) => Topic::KubeTable,
        KubePart::Details(_) => Topic::KubeDetails,
    }
}

/// When the age of `then`, as [`crate::model::units::span`] prints it, changes next.
fn next_digit(now: Timestamp, then: Timestamp) -> Timestamp {
    let age = now.duration_since(then).as_secs().max(0);
    let step = if age < 60 { 1 } else { 60 };
    let next = (age / step + 1) * step;
    then.checked_add(jiff::SignedDuration::from_secs(next)).unwrap_or(Timestamp::MAX)
}
