//! Asks file systems for their figures without ever waiting for one that is silent.
//!
//! `statvfs` on a dead network mount hangs and cannot be called off. So every question is asked on a thread that may stay
//! behind: those that are likely to hang on one each, the others on one together, until it makes no progress. A mount with an
//! open question is not asked again, so that there is at most one thread left behind for each.

use crate::{clock, model::Timestamp};
use compact_str::CompactString;
use rustix::io::Errno;
use std::{
    collections::{HashMap, VecDeque},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// After this time an answer is given with what is there.
const DEADLINE: Duration = Duration::from_millis(150);
/// When nobody answers for this long, the questions that share a thread each get their own.
const STALL: Duration = Duration::from_millis(40);
/// Stack of a thread that asks; it calls the kernel and nothing else.
const STACK: usize = 64 << 10;

/// Space and inodes; `None` where the file system has no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub total_bytes: Option<u64>,
    /// What nobody has written, also where only root may.
    pub free_bytes: Option<u64>,
    /// What an unprivileged user can still write.
    pub available_bytes: Option<u64>,
    pub inodes_total: Option<u64>,
    pub inodes_free: Option<u64>,
}

/// What a file system said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Figures(Figures),
    /// We may not look there.
    Denied,
    Error(CompactString),
}

/// One mount to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The mount's id.
    pub id: u64,
    pub path: PathBuf,
    /// It is likely to hang: it gets a thread of its own.
    pub alone: bool,
}

/// What is known of a mount in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Answered(Answer),
    /// Asked at `since`; `last` is what it answered before.
    Pending {
        since: Timestamp,
        last: Figures,
    },
}

/// Asks the kernel for a file system's figures (`statvfs(3)`). May block for ever.
pub fn ask_kernel(path: &Path) -> Answer {
    match rustix::fs::statvfs(path) {
        Ok(answer) => {
            let bytes = |blocks: u64| blocks.saturating_mul(answer.f_frsize);
            let sized = answer.f_blocks > 0;
            let counted = answer.f_files > 0;
            Answer::Figures(Figures {
                total_bytes: sized.then(|| bytes(answer.f_blocks)),
                free_bytes: sized.then(|| bytes(answer.f_bfree)),
                available_bytes: sized.then(|| bytes(answer.f_bavail)),
                inodes_total: counted.then_some(answer.f_files),
                inodes_free: counted.then_some(answer.f_ffree),
            })
        }
        Err(Errno::ACCESS | Errno::PERM) => Answer::Denied,
        Err(error) => Answer::Error(std::io::Error::from(error).to_string().into()),
    }
}

/// A mount by its id and its place; ids are used again.
type Key = (u64, PathBuf);
type Reply = (Key, Answer);
type Ask = dyn Fn(&Path) -> Answer + Send + Sync;

/// Questions that wait for a thread.
type Queue = Arc<Mutex<VecDeque<Key>>>;

/// Remembers what was asked and what was answered.
pub struct Asker {
    ask: Arc<Ask>,
    /// Mounts with an open question, and since when.
    open: HashMap<Key, Timestamp>,
    /// The last figures of each mount.
    last: HashMap<Key, Figures>,
    late: Vec<Late>,
}

/// A round whose answers have not all come: where they arrive, and which are missing.
struct Late {
    replies: Receiver<Reply>,
    missing: Vec<Key>,
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker").field("open", &self.open).finish_non_exhaustive()
    }
}

impl Asker {
    /// An asker that gets figures by `ask`, which may block for ever.
    pub fn new(ask: impl Fn(&Path) -> Answer + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), open: HashMap::new(), last: HashMap::new(), late: Vec::new() }
    }

    /// The outcome of each question, in their order, within 200 ms.
    pub fn ask(&mut self, at: Timestamp, questions: Vec<Question>) -> Vec<Outcome> {
        self.hear_late();
        let mut alone = Vec::new();
        let mut together = VecDeque::new();
        let mut keys = Vec::with_capacity(questions.len());
        for question in questions {
            let key = (question.id, question.path);
            keys.push(key.clone());
            if self.open.contains_key(&key) {
                continue;
            }
            self.open.insert(key.clone(), at);
            if question.alone { alone.push(key) } else { together.push_back(key) }
        }
        let mut answers = self.round(alone, together);
        self.last.retain(|key, _| keys.contains(key));
        let outcome = |key: Key| match (answers.remove(&key), self.open.get(&key)) {
            (Some(answer), _) => Outcome::Answered(answer),
            (None, since) => Outcome::Pending {
                since: since.copied().unwrap_or(at),
                last: self.last.get(&key).copied().unwrap_or_default(),
            },
        };
        keys.into_iter().map(outcome).collect()
    }

    /// Starts the threads and waits for the answers, but not longer than the deadline.
    fn round(&mut self, alone: Vec<Key>, together: VecDeque<Key>) -> HashMap<Key, Answer> {
        let mut missing: Vec<Key> = alone.iter().chain(&together).cloned().collect();
        let mut answers = HashMap::with_capacity(missing.len());
        // There is room for every answer, so that no thread ever waits for us.
        let (sender, replies) = sync_channel(missing.len().max(1));
        let shared: Queue = Arc::new(Mutex::new(together));
        self.start(shared.clone(), &sender);
        alone.into_iter().for_each(|key| self.start(queue_of(key), &sender));
        let start = clock::instant();
        let mut scatter_at = Some(start + STALL);
        while !missing.is_empty() {
            let until = scatter_at.unwrap_or(start + DEADLINE);
            match replies.recv_timeout(left(until)) {
                Ok((key, answer)) => {
                    missing.retain(|other| *other != key);
                    self.note(&key, &answer);
                    answers.insert(key, answer);
                }
                Err(RecvTimeoutError::Timeout) if scatter_at.take().is_some() => {
                    let rest = std::mem::take(&mut *shared.lock().unwrap_or_else(PoisonError::into_inner));
                    rest.into_iter().for_each(|key| self.start(queue_of(key), &sender));
                }
                Err(_) => break,
            }
        }
        if !missing.is_empty() {
            self.late.push(Late { replies, missing });
        }
        answers
    }

    /// Starts a thread that asks what is in the queue, one after the other. Where none can be started, the questions end
    /// unanswered, and are asked again the next time.
    fn start(&self, queue: Queue, sender: &SyncSender<Reply>) {
        if queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return;
        }
        let (ask, sender) = (self.ask.clone(), sender.clone());
        let work = move || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(key) = next else { return };
                let answer = ask(&key.1);
                if sender.send((key, answer)).is_err() {
                    return;
                }
            }
        };
        let _started = thread::Builder::new().name("mount".into()).stack_size(STACK).spawn(work);
    }

    fn note(&mut self, key: &Key, answer: &Answer) {
        self.open.remove(key);
        match answer {
            Answer::Figures(figures) => self.last.insert(key.clone(), *figures),
            Answer::Denied | Answer::Error(_) => self.last.remove(key),
        };
    }

    /// Takes answers that came after their round. A round whose threads are gone will have no more.
    fn hear_late(&mut self) {
        for mut late in std::mem::take(&mut self.late) {
            let ended = loop {
                match late.replies.try_recv() {
                    Ok((key, answer)) => {
                        late.missing.retain(|other| *other != key);
                        self.note(&key, &answer);
                    }
                    Err(TryRecvError::Empty) => break false,
                    Err(TryRecvError::Disconnected) => break true,
                }
            };
            if ended {
                self.open.retain(|key, _| !late.missing.contains(key));
            } else if !late.missing.is_empty() {
                self.late.push(late);
            }
        }
    }
}

fn queue_of(key: Key) -> Queue {
    Arc::new(Mutex::new(VecDeque::from([key])))
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(clock::instant())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(id: u64, path: &str, alone: bool) -> Question {
        Question { id, path: path.into(), alone }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn figures(total: u64) -> Figures {
        Figures { total_bytes: Some(total), ..Figures::default() }
    }

    /// An asker for which `/hung…` hangs until the sender is used, once for each.
    fn asker() -> (Asker, SyncSender<()>, Arc<Mutex<Vec<PathBuf>>>) {
        let (release, gate) = sync_channel::<()>(8);
        let gate = Mutex::new(gate);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let asker = Asker::new(move |path| {
            log.lock().expect("whole").push(path.to_path_buf());
            if path.starts_with("/hung") {
                // Either it is let go, or the test is over.
                let _ = gate.lock().expect("whole").recv();
            }
            Answer::Figures(figures(path.as_os_str().len() as u64))
        });
        (asker, release, asked)
    }

    #[test]
    fn all_answer_where_none_hangs() {
        let (mut asker, _release, _) = asker();
        let outcomes = asker.ask(at(1), vec![question(1, "/", false), question(2, "/net", true)]);
        let expected = [1, 4].map(|total| Outcome::Answered(Answer::Figures(figures(total))));
        assert_eq!(outcomes, expected);
        assert!(asker.open.is_empty() && asker.late.is_empty());
        assert!(asker.ask(at(2), Vec::new()).is_empty());
    }

    #[test]
    fn one_that_hangs_delays_no_other_and_is_not_asked_again() {
        for alone in [false, true] {
            let (mut asker, release, asked) = asker();
            let all = || vec![question(1, "/hung", alone), question(2, "/b", false), question(3, "/cc", false)];
            let pending = Outcome::Pending { since: at(1), last: Figures::default() };
            for second in 1..4 {
                let start = clock::instant();
                let outcomes = asker.ask(at(second), all());
                assert!(start.elapsed() < Duration::from_secs(1));
                assert_eq!(outcomes[0], pending);
                assert_eq!(outcomes[1], Outcome::Answered(Answer::Figures(figures(2))));
                assert_eq!(outcomes[2], Outcome::Answered(Answer::Figures(figures(3))));
            }
            let times = asked.lock().expect("whole").iter().filter(|path| path.starts_with("/hung")).count();
            assert_eq!(times, 1);
            release.send(()).expect("somebody waits");
            let answer = asker.late[0].replies.recv_timeout(Duration::from_secs(5)).expect("answers at last");
            assert_eq!(answer.0.1, Path::new("/hung"));
        }
    }

    #[test]
    fn figures_of_before_are_kept_while_it_is_silent() {
        let (mut asker, release, _) = asker();
        release.send(()).expect("room");
        let all = || vec![question(1, "/hung", true)];
        assert_eq!(asker.ask(at(1), all()), [Outcome::Answered(Answer::Figures(figures(5)))]);
        assert_eq!(asker.ask(at(2), all()), [Outcome::Pending { since: at(2), last: figures(5) }]);
        // Gone, and another mount in its place: that is another question.
        release.send(()).expect("room");
        assert!(matches!(asker.ask(at(3), vec![question(9, "/x", true)])[0], Outcome::Answered(_)));
    }

    #[test]
    fn a_thread_that_dies_leaves_no_question_open() {
        let mut asker = Asker::new(|_: &Path| panic!("on purpose"));
        assert!(matches!(asker.ask(at(1), vec![question(1, "/", false)])[0], Outcome::Pending { .. }));
        asker.hear_late();
        // The receiver tells that the thread is gone as soon as it is; then the question is asked anew.
        let outcome = asker.ask(at(2), vec![question(1, "/", false)]);
        assert!(matches!(outcome[0], Outcome::Pending { .. }));
    }
}
