//! What became of findings over time, by fingerprint: when each was first seen, went, and came back. Kept between runs of the cockpit, and
//! bounded.

use crate::model::{
    Timestamp,
    finding::Finding,
    ruling::{Turn, What},
};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the file that is written and read.
const VERSION: u32 = 1;
/// Turns that are kept of a finding: the first, and the newest.
const TURNS: usize = 12;
/// Findings that are kept; of more, those that have been gone longest go.
const MOST: usize = 10_000;
/// How long a finding is kept that is gone.
const KEEP_GONE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What became of the findings that one source tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    version: u32,
    findings: BTreeMap<CompactString, Vec<Turn>>,
}

impl Default for History {
    fn default() -> Self {
        Self { version: VERSION, findings: BTreeMap::new() }
    }
}

impl History {
    /// Reads a history; nothing where it is none, or of another version.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|history: &Self| history.version == VERSION)
    }

    /// The file.
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Takes note of what is found now. `is_whole` is whether everything could be looked at: otherwise what is not found may be there
    /// all the same. `since` tells of what is new here whether it was seen before by others. Says whether anything turned.
    pub fn note<'f>(
        &mut self,
        findings: impl IntoIterator<Item = &'f Finding>,
        is_whole: bool,
        since: &dyn Fn(&str) -> Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let mut there: BTreeSet<&str> = BTreeSet::new();
        let mut has_turned = false;
        for finding in findings {
            if !there.insert(&finding.fingerprint) {
                continue;
            }
            let turns = self.findings.entry(finding.fingerprint.clone()).or_default();
            match turns.last() {
                None => {
                    let at = since(&finding.fingerprint).filter(|at| *at < now).unwrap_or(now);
                    turns.push(Turn { at, what: What::Seen });
                }
                Some(Turn { what: What::Gone, .. }) => turns.push(Turn { at: now, what: What::Back }),
                Some(_) => continue,
            }
            has_turned = true;
        }
        let gone =
            self.findings.iter_mut().filter(|(fingerprint, _)| is_whole && !there.contains(fingerprint.as_str()));
        for (_, turns) in gone.filter(|(_, turns)| turns.last().is_some_and(|turn| turn.what != What::Gone)) {
            turns.push(Turn { at: now, what: What::Gone });
            has_turned = true;
        }
        if has_turned {
            self.bound(now);
        }
        has_turned
    }

    /// When a finding was first seen.
    pub fn first_seen(&self, fingerprint: &str) -> Option<Timestamp> {
        self.findings.get(fingerprint)?.first().map(|turn| turn.at)
    }

    /// What became of a finding, the newest last.
    pub fn turns(&self, fingerprint: &str) -> &[Turn] {
        self.findings.get(fingerprint).map_or(&[], Vec::as_slice)
    }

    /// Takes what another cockpit noted meanwhile. What both saw stands once.
    pub fn merge(&mut self, other: Self) {
        for (fingerprint, theirs) in other.findings {
            let ours = self.findings.entry(fingerprint).or_default();
            if *ours == theirs {
                continue;
            }
            ours.extend(theirs);
            ours.sort_unstable();
            // It is there or it is gone: of the same told twice the first counts.
            let mut told: Option<bool> = None;
            ours.retain(|turn| {
                let is_there = turn.what != What::Gone;
                let is_new = told != Some(is_there) && (is_there || told.is_some());
                told = if is_new { Some(is_there) } else { told };
                is_new
            });
            for (at, turn) in ours.iter_mut().enumerate().filter(|(_, turn)| turn.what != What::Gone) {
                turn.what = if at == 0 { What::Seen } else { What::Back };
            }
        }
    }

    fn bound(&mut self, now: Timestamp) {
        let is_old = |turns: &[Turn]| {
            turns.last().is_some_and(|turn| turn.what == What::Gone && now.duration_since(turn.at) > KEEP_GONE)
        };
        self.findings.retain(|_, turns| {
            let excess = turns.len().saturating_sub(TURNS);
            if excess > 0 {
                // The first stays: it says since when.
                turns.drain(1..1 + excess);
            }
            !turns.is_empty() && !is_old(turns)
        });
        let excess = self.findings.len().saturating_sub(MOST);
        if excess > 0 {
            let rank = |turns: &[Turn]| turns.last().map(|turn| (turn.what != What::Gone, turn.at));
            let mut oldest: Vec<_> =
                self.findings.iter().map(|(fingerprint, turns)| (rank(turns), fingerprint.clone())).collect();
            oldest.sort_unstable();
            for (_, fingerprint) in oldest.into_iter().take(excess) {
                self.findings.remove(&fingerprint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::report::sample::finding;
    use proptest::prelude::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + hours * 3_600).expect("in range")
    }

    fn told(history: &History, fingerprint: &str) -> Vec<(What, i64)> {
        let hours = |at: Timestamp| (at.as_second() - 1_000_000) / 3_600;
        history.turns(fingerprint).iter().map(|turn| (turn.what, hours(turn.at))).collect()
    }

    fn never(_: &str) -> Option<Timestamp> {
        None
    }

    #[test]
    fn what_came_went_and_came_back_is_known_after_a_restart() {
        let one = finding("11a", "a", "1");
        let id = one.fingerprint.clone();
        let mut history = History::default();
        assert!(history.note([&one, &one], true, &never, at(0)));
        assert!(!history.note([&one], true, &never, at(1)), "nothing new");
        assert!(history.note([], true, &never, at(2)));
        let mut history = History::read(&history.write()).expect("reads");
        assert!(!history.note([], false, &never, at(3)));
        assert!(history.note([&one], true, &never, at(4)));
        assert!(!history.note([], false, &never, at(5)), "not everything was looked at");
        assert_eq!(told(&history, &id), [(What::Seen, 0), (What::Gone, 2), (What::Back, 4)]);
        assert_eq!(history.first_seen(&id), Some(at(0)));
        assert!(History::read("{\"version\":2,\"findings\":{}}").is_none() && History::read("x").is_none());
    }

    #[test]
    fn what_others_have_seen_before_is_as_old_as_that() {
        let one = finding("11a", "a", "1");
        let mut history = History::default();
        history.note([&one], true, &|_| Some(at(-9)), at(0));
        assert_eq!(history.first_seen(&one.fingerprint), Some(at(-9)));
    }

    #[test]
    fn two_cockpits_tell_one_story() {
        let one = finding("11a", "a", "1");
        let (mut a, mut b) = (History::default(), History::default());
        a.note([&one], true, &never, at(0));
        b.note([&one], true, &never, at(1));
        for (history, minute) in [(&mut a, 4), (&mut b, 5)] {
            history.note([], true, &never, at(minute));
        }
        b.note([&one], true, &never, at(7));
        a.merge(b.clone());
        assert_eq!(told(&a, &one.fingerprint), [(What::Seen, 0), (What::Gone, 4), (What::Back, 7)]);
    }

    #[test]
    fn what_flickers_is_bounded_and_what_is_long_gone_forgotten() {
        let (one, two) = (finding("11a", "a", "1"), finding("11b", "b", "1"));
        let mut history = History::default();
        for hour in 0..50 {
            history.note((hour % 2 == 0).then_some(&one), true, &never, at(hour));
        }
        let turns = told(&history, &one.fingerprint);
        assert_eq!((turns.len(), turns[0], turns[11]), (TURNS, (What::Seen, 0), (What::Gone, 49)));
        history.note([&two], true, &never, at(50 + 91 * 24));
        assert!(history.turns(&one.fingerprint).is_empty() && history.turns(&two.fingerprint).len() == 1);
    }

    proptest! {
        #[test]
        fn a_story_is_never_told_against_its_order(mine in proptest::collection::vec(any::<bool>(), 0..12),
                                                  theirs in proptest::collection::vec(any::<bool>(), 0..12)) {
            let one = finding("11a", "a", "1");
            let story = |steps: &[bool], shift: i64| {
                let mut history = History::default();
                for (hour, there) in steps.iter().enumerate() {
                    history.note(there.then_some(&one), true, &never, at(hour as i64 * 2 + shift));
                }
                history
            };
            let mut both = story(&mine, 0);
            both.merge(story(&theirs, 1));
            let turns = told(&both, &one.fingerprint);
            prop_assert!(turns.windows(2).all(|two| two[0].1 <= two[1].1 && (two[0].0 == What::Gone) != (two[1].0 == What::Gone)));
            prop_assert!(turns.first().is_none_or(|first| first.0 == What::Seen));
        }
    }
}
