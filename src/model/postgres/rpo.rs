//! What would be lost if a standby took over now: the recovery point, measured from the last position that the primary was seen at.

use super::{
    Cluster,
    check::{Check, Verdict},
};
use crate::model::{Timestamp, units};
use serde::{Deserialize, Serialize};

/// How much may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Budget {
    pub bytes: u64,
    /// Seconds of writes of which nothing is known; `None` where only bytes count.
    pub seconds: Option<f64>,
}

/// What would be lost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rpo {
    /// Bytes that the primary was seen to have and the standby has not: `pg_wal_lsn_diff(sample, position)`
    /// (<https://www.postgresql.org/docs/current/functions-admin.html>). `None` where they cannot be compared.
    pub known_bytes: Option<u64>,
    /// Seconds after that sample in which the primary may have written what nobody saw.
    pub blind_seconds: Option<f64>,
    /// What it wrote in them if it wrote as fast as before.
    pub guessed_bytes: Option<u64>,
    /// In words, with the figures.
    pub words: String,
}

/// The estimate for a standby that is to take over.
///
/// Under Patroni a primary stops writing when it loses its key, so the blind time ends where the loss was noticed. A plain primary that
/// is not reached may write all the while: there it ends now.
pub fn estimate(cluster: &Cluster, candidate: &str, now: Timestamp) -> Rpo {
    let unknown = |words: String| Rpo { words, ..Rpo::default() };
    let Some(sample) = &cluster.sample else {
        return unknown(
            "no primary has been seen since this began to watch, so nobody knows what would be lost".into(),
        );
    };
    let Some(position) = cluster.position_of(candidate) else {
        return unknown(format!("{candidate} does not say how far it has the log"));
    };
    if let (Some(then), Some(on)) = (sample.timeline, cluster.timeline_of(candidate))
        && then != on
    {
        let words =
            format!("{candidate} is on timeline {on}, and {} was seen on {then}: not to be compared", sample.server);
        return unknown(words);
    }
    let end = cluster.primary_lost_at.filter(|_| cluster.patroni.is_some()).unwrap_or(now).max(sample.at);
    let blind = end.duration_since(sample.at).as_secs_f64();
    let known = sample.lsn.bytes_ahead_of(position);
    let guess = sample.bytes_per_second.map(|rate| (rate.max(0.0) * blind).round() as u64);
    let guessed = match (guess, sample.bytes_per_second) {
        (Some(guess), Some(rate)) => {
            format!(", about {} at {}", units::bytes(guess as f64), units::bytes_per_second(rate))
        }
        _ => String::new(),
    };
    let words = format!(
        "{} missing: {} was at {} at {}, {candidate} has {position}; blind for {blind:.1} s after that{guessed}",
        units::bytes(known as f64),
        sample.server,
        sample.lsn,
        units::clock(sample.at),
    );
    Rpo { known_bytes: Some(known), blind_seconds: Some(blind), guessed_bytes: guess, words }
}

impl Rpo {
    /// Against what may be lost. What is only guessed to be too much is unknown.
    pub fn verdict(&self, budget: Budget) -> Verdict {
        let Some(known) = self.known_bytes else { return Verdict::Unknown };
        let too_long = budget.seconds.zip(self.blind_seconds).is_some_and(|(most, blind)| blind > most);
        if known > budget.bytes || too_long {
            return Verdict::Failed;
        }
        let with_guess = known.saturating_add(self.guessed_bytes.unwrap_or(0));
        if with_guess > budget.bytes { Verdict::Unknown } else { Verdict::Ok }
    }

    /// As a check.
    pub fn check(&self, budget: Budget) -> Check {
        let seconds = budget.seconds.map_or_else(String::new, |most| format!(" and {most:.0} s"));
        let detail = format!("{}; the budget is {}{seconds}", self.words, units::bytes(budget.bytes as f64));
        Check { id: "rpo".into(), verdict: self.verdict(budget), detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::postgres::{
        Sample,
        lsn::Lsn,
        server::{Server, ServerState},
    };
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn pair(sample: u64, received: u64, rate: Option<f64>) -> Cluster {
        let state = ServerState {
            in_recovery: true,
            received: Some(Lsn(received)),
            timeline: Some(3),
            ..ServerState::default()
        };
        Cluster {
            servers: vec![Server { name: "b".into(), state: Some(state), ..Server::default() }],
            sample: Some(Sample {
                server: "a".into(),
                at: at(100),
                lsn: Lsn(sample),
                timeline: Some(3),
                bytes_per_second: rate,
            }),
            ..Cluster::default()
        }
    }

    #[test]
    fn what_was_seen_and_what_was_not() {
        let cluster = pair(5 << 20, 1 << 20, Some(1024.0));
        let rpo = estimate(&cluster, "b", at(110));
        assert_eq!((rpo.known_bytes, rpo.blind_seconds, rpo.guessed_bytes), (Some(4 << 20), Some(10.0), Some(10_240)));
        assert_eq!(
            rpo.words,
            "4.0 MiB missing: a was at 0/500000 at 00:01:40Z, b has 0/100000; blind for 10.0 s after that, about 10 KiB at 1.0 KiB/s"
        );
        assert_eq!(rpo.verdict(Budget { bytes: 4 << 20, seconds: None }), Verdict::Unknown, "the guess goes over it");
        assert_eq!(rpo.verdict(Budget { bytes: 5 << 20, seconds: None }), Verdict::Ok);
        assert_eq!(rpo.verdict(Budget { bytes: 5 << 20, seconds: Some(9.0) }), Verdict::Failed);
        assert_eq!(rpo.verdict(Budget { bytes: 1 << 20, seconds: None }), Verdict::Failed);
    }

    #[test]
    fn what_cannot_be_compared_is_unknown() {
        let mut cluster = pair(5, 5, None);
        let unknown = |cluster: &Cluster| {
            let rpo = estimate(cluster, "b", at(110));
            assert_eq!((rpo.known_bytes, rpo.verdict(Budget::default())), (None, Verdict::Unknown));
            rpo.words
        };
        cluster.sample.as_mut().expect("is there").timeline = Some(2);
        assert!(unknown(&cluster).contains("timeline 3"));
        cluster.servers.clear();
        assert!(unknown(&cluster).contains("does not say"));
        cluster.sample = None;
        assert!(unknown(&cluster).contains("no primary has been seen"));
    }

    proptest! {
        #[test]
        fn a_standby_that_is_ahead_loses_nothing_known(sample in any::<u64>(), received in any::<u64>(), later in 0i64..1_000_000) {
            let rpo = estimate(&pair(sample, received, None), "b", at(later));
            prop_assert_eq!(rpo.known_bytes, Some(sample.saturating_sub(received)));
            prop_assert!(rpo.blind_seconds.is_some_and(|seconds| seconds >= 0.0));
        }
    }
}
