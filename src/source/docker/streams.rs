//! Usage of running containers: a stream each while they are few, and turns while they are many, so that thousands cost neither
//! the engine nor us a core.

use super::{
    session::{Asked, Fact},
    usage::{Counters, Sample, usage},
};
use crate::{
    client::docker::raw::{self, Lines},
    clock,
    model::container::ContainerUsage,
};
use bollard::Docker;
use compact_str::CompactString;
use futures_util::{
    FutureExt,
    future::{AbortHandle, abortable},
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

/// Containers that each have a stream of their own; over ssh, where each stream is a connection that has to be let in.
const STREAMS: usize = 48;
const STREAMS_OVER_SSH: usize = 4;
/// Beyond that they are asked in turn: so many at once, and so many a second.
const AT_ONCE: usize = 8;
const A_SECOND: usize = 80;
/// Counters that are older say nothing of now.
const OLD: Duration = Duration::from_secs(60);

/// What a stream of samples gave: its container, the sample, and the rest of the stream.
pub(super) type Sampled = (CompactString, Option<(Box<Sample>, Option<Lines<Sample>>)>);

/// The streams of one engine.
#[derive(Default)]
pub(super) struct Streams {
    /// How many there may be.
    most: usize,
    wanted: BTreeSet<CompactString>,
    open: BTreeMap<CompactString, AbortHandle>,
    /// The counters that came last, and when.
    before: BTreeMap<CompactString, (Counters, Instant)>,
    /// Not told yet.
    news: BTreeMap<CompactString, ContainerUsage>,
    /// Whose turn it is, where they are asked in turn.
    turns: VecDeque<CompactString>,
    asking: usize,
    asked_since_tick: usize,
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.open.values().for_each(AbortHandle::abort);
    }
}

impl Streams {
    /// None yet, to the engine at `url`.
    pub fn to(url: &str) -> Self {
        let most = if url.starts_with("ssh://") { STREAMS_OVER_SSH } else { STREAMS };
        let mut streams = Self::default();
        streams.most = most;
        streams
    }

    /// Follows these and no others. Called when they change, and every second.
    pub fn follow(&mut self, wanted: BTreeSet<CompactString>, docker: &Docker, asked: &Asked) {
        self.asked_since_tick = 0;
        if wanted != self.wanted {
            self.before.retain(|id, _| wanted.contains(id));
            self.turns.retain(|id| wanted.contains(id));
            let have: BTreeSet<_> = self.turns.iter().cloned().collect();
            self.turns.extend(wanted.iter().filter(|id| !have.contains(*id)).cloned());
            self.wanted = wanted;
        }
        let few = self.wanted.len() <= self.most;
        let wanted = &self.wanted;
        self.open.retain(|id, handle| {
            let stays = few && wanted.contains(id);
            if !stays {
                handle.abort();
            }
            stays
        });
        if few {
            let new: Vec<_> = self.wanted.iter().filter(|id| !self.open.contains_key(*id)).cloned().collect();
            for id in new {
                let lines = raw::lines(docker, &format!("/containers/{id}/stats?stream=true"));
                self.go_on(id, lines, asked);
            }
        } else {
            self.ask_in_turn(docker, asked);
        }
    }

    /// Waits for the next sample of a stream.
    fn go_on(&mut self, id: CompactString, mut lines: Lines<Sample>, asked: &Asked) {
        let key = id.clone();
        let next = async move {
            let sample = match lines.next().await {
                Some(Ok(sample)) => Some((Box::new(sample), Some(lines))),
                Some(Err(_)) | None => None,
            };
            Fact::Sampled((id, sample))
        };
        let (next, handle) = abortable(next);
        self.open.insert(key, handle);
        asked.push(next.map(|fact| fact.unwrap_or(Fact::Nothing)).boxed());
    }

    fn ask_in_turn(&mut self, docker: &Docker, asked: &Asked) {
        while self.asking < AT_ONCE && self.asked_since_tick < A_SECOND.min(self.turns.len()) {
            let Some(id) = self.turns.pop_front() else { return };
            self.turns.push_back(id.clone());
            self.asking += 1;
            self.asked_since_tick += 1;
            let docker = docker.clone();
            asked.push(Box::pin(async move {
                let path = format!("/containers/{id}/stats?stream=false&one-shot=true");
                let sample = raw::json::<Sample>(&docker, &path).await.ok();
                Fact::Sampled((id, sample.map(|sample| (Box::new(sample), None))))
            }));
        }
    }

    /// Takes a sample and goes on.
    pub fn take(&mut self, (id, sampled): Sampled, docker: &Docker, asked: &Asked) {
        let streamed = self.open.remove(&id).is_some();
        let Some((sample, rest)) = sampled else {
            if !streamed {
                self.asking = self.asking.saturating_sub(1);
            }
            return;
        };
        let is_wanted = self.wanted.contains(&id);
        if is_wanted && sample.is_alive() {
            let now = clock::instant();
            let before = self.before.get(&id).filter(|(_, at)| now.saturating_duration_since(*at) < OLD);
            let told = usage(&sample, before.map(|(counters, _)| counters));
            self.before.insert(id.clone(), (sample.counters(), now));
            self.news.insert(id.clone(), told);
        }
        match rest {
            Some(lines) if is_wanted && self.wanted.len() <= self.most => self.go_on(id, lines, asked),
            Some(_) => {}
            None => {
                self.asking = self.asking.saturating_sub(1);
                if self.wanted.len() > self.most {
                    self.ask_in_turn(docker, asked);
                }
            }
        }
    }

    /// What is to be told.
    pub fn news(&mut self) -> Option<Vec<(CompactString, ContainerUsage)>> {
        (!self.news.is_empty()).then(|| std::mem::take(&mut self.news).into_iter().collect())
    }

    /// Whether all that are followed have told a rate, as far as `told` knows.
    pub fn is_whole(&self, told: &BTreeSet<CompactString>) -> bool {
        self.wanted.is_subset(told)
    }
}
