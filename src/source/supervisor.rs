//! Runs each source as a task of its own: cadence by demand, deadline, jittered backoff, and a report of every change of state.

use super::{Request, Source, SourceError, Spec};
use crate::{
    clock,
    model::{
        Timestamp,
        object::ObjectRef,
        source::{SourceReport, SourceState},
        topic::TopicSet,
        update::Update,
    },
};
use std::time::Duration;
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
}

/// News on its way to the event queue.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    Updates { at: Timestamp, source: &'static str, updates: Vec<Update> },
    Report { at: Timestamp, report: SourceReport },
}

/// Longest wait between two tries of a source that fails.
const BACKOFF_LIMIT: Duration = Duration::from_secs(60);

/// Supervises one source until nobody listens any more.
pub async fn supervise(source: Box<dyn Source>, mut demand: watch::Receiver<Demand>, news: mpsc::Sender<News>) {
    let mut supervisor = Supervisor { spec: source.spec(), failures: 0, reported: None, news };
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
    let differs =
        |new: &Demand| spec.cadence(new) != spec.cadence(old) || (new.open != old.open && spec.follows_open());
    demand.wait_for(differs).await.map(|_| ())
}

impl Spec {
    /// How often the demand asks for this source; `None` is not at all.
    pub fn cadence(&self, demand: &Demand) -> Option<Duration> {
        if demand.visible.contains(self.topic) {
            Some(self.foreground)
        } else if demand.background.contains(self.topic) {
            self.background
        } else {
            None
        }
    }

    /// Whether the source answers about the object that is open.
    fn follows_open(&self) -> bool {
        self.topic == crate::model::topic::Topic::ProcessDetails
    }
}

/// Nobody listens any more, or the source's thread is gone.
struct Gone;

struct Supervisor {
    spec: Spec,
    failures: u32,
    /// State, reason and cadence of the last report, so that only changes are reported.
    reported: Option<SourceReport>,
    news: mpsc::Sender<News>,
}

impl Supervisor {
    fn state(&self) -> SourceState {
        self.reported.as_ref().map_or(SourceState::Waiting, |report| report.state)
    }

    /// Reports how the source stands before it is asked: one that nobody needs and that never answered is off, and no cause
    /// for worry.
    async fn greet(&mut self, cadence: Option<Duration>) -> Result<(), Gone> {
        let untried = self.failures == 0 && !matches!(self.state(), SourceState::Ok | SourceState::Down);
        match (untried, cadence) {
            (true, None) => {
                let reason = "asked only while somebody needs it".to_owned();
                self.say(SourceState::Off, Some(SourceError::Off { reason }), None).await
            }
            (true, Some(_)) => self.say(SourceState::Waiting, None, cadence).await,
            (false, _) => self.say(self.state(), None, cadence).await,
        }
    }

    /// Asks once. While the answer is late the source is reported as down; an answer that comes at last is taken.
    async fn ask(
        &mut self,
        mut source: Box<dyn Source>,
        wanted: &Demand,
        cadence: Duration,
    ) -> Result<Box<dyn Source>, Gone> {
        let request =
            Request { at: clock::now(), wanted: wanted.visible.union(wanted.background), open: wanted.open.clone() };
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
                self.say(SourceState::Down, Some(error), Some(cadence)).await?;
                task.await
            }
        };
        let Ok((source, answer)) = joined else {
            let error = SourceError::Down {
                reason: "the source itself failed (a fault in this program)".into(),
                hint: "see the log pane, and report it".into(),
            };
            self.say(SourceState::Down, Some(error), None).await?;
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
                self.say(SourceState::Ok, None, Some(cadence)).await?;
                let news = News::Updates { at, source: self.spec.name, updates };
                self.news.send(news).await.map_err(|_| Gone)
            }
            Err(error) => {
                self.failures += 1;
                let state = if matches!(error, SourceError::Off { .. }) { SourceState::Off } else { SourceState::Down };
                self.say(state, Some(error), Some(cadence)).await
            }
        }
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
            name: self.spec.name.into(),
            kind: self.spec.kind.into(),
            topic: self.spec.topic,
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

    /// How long to wait before asking again: until the next multiple of the cadence, so that sources answer together; after
    /// failures twice as long each time, with jitter, so that many cockpits do not ask together.
    fn pause(&self, cadence: Duration) -> Duration {
        if self.failures == 0 {
            return clock::until_multiple_of(cadence);
        }
        let doubled = cadence.saturating_mul(1 << self.failures.min(6)).min(BACKOFF_LIMIT.max(cadence));
        doubled.mul_f64(0.5 + jitter())
    }
}

/// A number in 0–1 that differs between calls and machines; spreading load needs no better randomness.
fn jitter() -> f64 {
    f64::from(clock::now().as_nanosecond().unsigned_abs() as u32 ^ std::process::id().wrapping_mul(2_654_435_761))
        / f64::from(u32::MAX)
}
