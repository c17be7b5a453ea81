//! Runs each source as a task of its own: cadence by demand, deadline, jittered backoff, and a report of every change of state.

use super::{Request, Source, SourceError, Spec, live::Gone};
use crate::{
    clock,
    model::{
        Timestamp,
        kubernetes::Selectors,
        object::ObjectRef,
        source::{SourceReport, SourceState},
        topic::{Topic, TopicSet},
        update::Update,
        watch::GraphAsked,
    },
};
use compact_str::CompactString;
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::{mpsc, watch};

/// What is needed now. The cockpit changes it; the supervisors follow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// Topics that a visible pane shows.
    pub visible: TopicSet,
    /// Topics that a rule, the history or the recorder needs.
    pub background: TopicSet,
    /// The object that is open on the screen.
    pub open: Option<ObjectRef>,
    /// Sources that the user switched on or off here, by name; the others are as they are by themselves.
    pub chosen: BTreeMap<CompactString, bool>,
    /// The kind of Kubernetes resource that a visible table shows, as `plural` or `plural.group`.
    pub resource: Option<CompactString>,
    /// By what that table is narrowed.
    pub selectors: Selectors,
    /// How often the cockpit has written a file of the rules: those who judge read them again.
    pub rules_written: u64,
    /// The graph that the object which is open has.
    pub graph: Option<GraphAsked>,
    /// When the impact of the incident began that goes on: what it has spent of error budgets is asked for.
    pub incident_since: Option<Timestamp>,
}

/// News on its way to the event queue.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    Updates { at: Timestamp, source: CompactString, updates: Vec<Update> },
    Report { at: Timestamp, report: SourceReport },
}

/// Longest wait between two tries of a source that fails.
const BACKOFF_LIMIT: Duration = Duration::from_secs(60);

/// Supervises one source until nobody listens any more.
pub async fn supervise(source: Box<dyn Source>, mut demand: watch::Receiver<Demand>, news: mpsc::Sender<News>) {
    let teller = Teller::new(source.spec(), news);
    let mut supervisor = Supervisor { spec: source.spec(), failures: 0, teller };
    let mut source = Some(source);
    loop {
        let wanted = demand.borrow_and_update().clone();
        let cadence = supervisor.spec.cadence(&wanted);
        if supervisor.greet(cadence).await.is_err() {
            return;
        }
        let Some(cadence) = cadence else {
            if demand.changed().await.is_err() {
                return;
            }
            continue;
        };
        let asked = source.take().expect("put back after every answer");
        match supervisor.ask(asked, &wanted, cadence).await {
            Ok(back) => source = Some(back),
            Err(Gone) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(supervisor.pause(cadence)) => {}
            changed = wait_for_other(&mut demand, &supervisor.spec, &wanted) => if changed.is_err() { return },
        }
    }
}

/// Returns when the demand on this source differs from `old`.
async fn wait_for_other(
    demand: &mut watch::Receiver<Demand>,
    spec: &Spec,
    old: &Demand,
) -> Result<(), watch::error::RecvError> {
    let differs = |new: &Demand| {
        spec.cadence(new) != spec.cadence(old)
            || (new.open != old.open && spec.follows_open())
            || (new.graph != old.graph && spec.topics.contains(Topic::AlertDetails))
            || (new.incident_since != old.incident_since && spec.topics.contains(Topic::Slos))
    };
    demand.wait_for(differs).await.map(|_| ())
}

impl Spec {
    /// How often the demand asks for this source; `None` is not at all.
    pub fn cadence(&self, demand: &Demand) -> Option<Duration> {
        if demand.visible.intersects(self.topics) {
            Some(self.foreground)
        } else if demand.background.intersects(self.topics) {
            self.background
        } else {
            None
        }
    }

    /// Whether the source answers about the object that is open.
    fn follows_open(&self) -> bool {
        self.topics.contains(Topic::ProcessDetails)
    }
}

/// What a source's news go through: stamps them, and reports its state where that changed.
#[derive(Debug, Clone)]
pub struct Teller {
    spec: Spec,
    /// State, reason and cadence of the last report, so that only changes are reported.
    reported: Option<SourceReport>,
    news: mpsc::Sender<News>,
}

impl Teller {
    /// One that has reported nothing yet.
    pub fn new(spec: Spec, news: mpsc::Sender<News>) -> Self {
        Self { spec, reported: None, news }
    }

    fn state(&self) -> SourceState {
        self.reported.as_ref().map_or(SourceState::Waiting, |report| report.state)
    }

    /// Tells news of now; none at all are a sign of life. The source is ok with them.
    ///
    /// # Errors
    /// [`Gone`] where nobody listens any more.
    pub async fn tell(&mut self, updates: Vec<Update>) -> Result<(), Gone> {
        let cadence = Some(self.spec.foreground);
        self.say(SourceState::Ok, None, cadence).await?;
        self.send(clock::now(), updates).await
    }

    /// Tells news without a report on how the source stands. Whoever hears them takes them as an answer, and the source as ok again.
    ///
    /// # Errors
    /// [`Gone`] where nobody listens any more.
    pub async fn send(&self, at: Timestamp, updates: Vec<Update>) -> Result<(), Gone> {
        let news = News::Updates { at, source: self.spec.name.clone(), updates };
        self.news.send(news).await.map_err(|_| Gone)
    }

    /// Reports why there is no answer, and with which cadence one is tried for.
    ///
    /// # Errors
    /// [`Gone`] where nobody listens any more.
    pub async fn error(&mut self, error: &SourceError, cadence: Option<Duration>) -> Result<(), Gone> {
        let state = if matches!(error, SourceError::Off { .. }) { SourceState::Off } else { SourceState::Down };
        self.say(state, Some(error.clone()), cadence).await
    }

    /// Reports that an answer is late though the other end is there: what is known grows old, and is not lost.
    ///
    /// # Errors
    /// [`Gone`] where nobody listens any more.
    pub async fn slow(&mut self, reason: String, hint: String) -> Result<(), Gone> {
        let cadence = Some(self.spec.foreground);
        self.say(SourceState::Stale, Some(SourceError::Down { reason, hint }), cadence).await
    }

    /// Reports that there is no answer yet.
    ///
    /// # Errors
    /// [`Gone`] where nobody listens any more.
    pub async fn waiting(&mut self) -> Result<(), Gone> {
        self.say(SourceState::Waiting, None, Some(self.spec.foreground)).await
    }

    /// Reports the state, unless it was reported like this before.
    async fn say(
        &mut self,
        state: SourceState,
        error: Option<SourceError>,
        cadence: Option<Duration>,
    ) -> Result<(), Gone> {
        let (mut reason, mut hint) = match error {
            Some(SourceError::Down { reason, hint }) => (Some(reason.into()), Some(hint.into())),
            Some(SourceError::Off { reason }) => (Some(reason.into()), None),
            None => (None, None),
        };
        if let (None, Some(last)) = (&reason, self.reported.as_ref().filter(|last| last.state == state)) {
            (reason, hint) = (last.reason.clone(), last.hint.clone());
        }
        let report = SourceReport {
            name: self.spec.name.clone(),
            kind: self.spec.kind.clone(),
            topics: self.spec.topics,
            state,
            reason,
            hint,
            cadence_seconds: cadence.map(|cadence| cadence.as_secs_f64()),
        };
        if self.reported.as_ref() == Some(&report) {
            return Ok(());
        }
        self.reported = Some(report.clone());
        self.news.send(News::Report { at: clock::now(), report }).await.map_err(|_| Gone)
    }
}

struct Supervisor {
    spec: Spec,
    failures: u32,
    teller: Teller,
}

impl Supervisor {
    fn state(&self) -> SourceState {
        self.teller.state()
    }

    /// Reports how the source stands before it is asked: one that nobody needs and that never answered is off, and no cause
    /// for worry.
    async fn greet(&mut self, cadence: Option<Duration>) -> Result<(), Gone> {
        let untried = self.failures == 0 && !matches!(self.state(), SourceState::Ok | SourceState::Down);
        match (untried, cadence) {
            (true, None) => {
                let reason = "asked only while somebody needs it".to_owned();
                self.teller.say(SourceState::Off, Some(SourceError::Off { reason }), None).await
            }
            (true, Some(_)) => self.teller.say(SourceState::Waiting, None, cadence).await,
            (false, _) => self.teller.say(self.teller.state(), None, cadence).await,
        }
    }

    /// Asks once. While the answer is late the source is reported as down; an answer that comes at last is taken.
    async fn ask(
        &mut self,
        mut source: Box<dyn Source>,
        wanted: &Demand,
        cadence: Duration,
    ) -> Result<Box<dyn Source>, Gone> {
        let topics = wanted.visible.union(wanted.background);
        let (open, graph) = (wanted.open.clone(), wanted.graph.clone());
        let (visible, incident_since) = (wanted.visible, wanted.incident_since);
        let request = Request { at: clock::now(), wanted: topics, visible, open, graph, incident_since };
        let at = request.at;
        let mut task = tokio::task::spawn_blocking(move || {
            let answer = source.collect(&request);
            (source, answer)
        });
        let joined = match tokio::time::timeout(self.spec.deadline, &mut task).await {
            Ok(joined) => joined,
            Err(_late) => {
                self.failures += 1;
                let reason = format!("no answer within {} s", self.spec.deadline.as_secs_f64());
                let error = SourceError::Down { reason, hint: "it is asked again as soon as it answers".into() };
                self.teller.say(SourceState::Down, Some(error), Some(cadence)).await?;
                task.await
            }
        };
        let Ok((source, answer)) = joined else {
            let error = SourceError::Down {
                reason: "the source itself failed (a fault in this program)".into(),
                hint: "see the log pane, and report it".into(),
            };
            self.teller.say(SourceState::Down, Some(error), None).await?;
            return Err(Gone);
        };
        self.take(at, answer, cadence).await?;
        Ok(source)
    }

    async fn take(
        &mut self,
        at: Timestamp,
        answer: Result<Vec<Update>, SourceError>,
        cadence: Duration,
    ) -> Result<(), Gone> {
        match answer {
            Ok(updates) => {
                self.failures = 0;
                self.teller.say(SourceState::Ok, None, Some(cadence)).await?;
                self.teller.send(at, updates).await
            }
            Err(error) => {
                self.failures += 1;
                let state = if matches!(error, SourceError::Off { .. }) { SourceState::Off } else { SourceState::Down };
                self.teller.say(state, Some(error), Some(cadence)).await
            }
        }
    }

    /// How long to wait before asking again: until the next multiple of the cadence, so that sources answer together.
    fn pause(&self, cadence: Duration) -> Duration {
        if self.failures == 0 {
            return clock::until_multiple_of(cadence);
        }
        backoff(cadence, self.failures)
    }
}

/// The wait after so many failures in a row: from `first` twice as long each time, up to a minute, with jitter, so that many
/// cockpits do not ask together.
pub fn backoff(first: Duration, failures: u32) -> Duration {
    let doubled = first.saturating_mul(1 << failures.min(6)).min(BACKOFF_LIMIT.max(first));
    doubled.mul_f64(0.5 + jitter())
}

/// A number in 0–1 that differs between calls and machines; spreading load needs no better randomness.
fn jitter() -> f64 {
    f64::from(clock::now().as_nanosecond().unsigned_abs() as u32 ^ std::process::id().wrapping_mul(2_654_435_761))
        / f64::from(u32::MAX)
}
