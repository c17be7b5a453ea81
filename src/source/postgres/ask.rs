//! Asks a cluster: one member for all of them, then each member for itself, then its servers by SQL. What comes of it is put together in
//! [`super::derive`].

use super::{
    derive::{Answers, PatroniAnswers},
    sessions::{Asked, Sessions},
};
use crate::{
    client::{
        patroni::{ClusterAnswer, First, Patroni, base},
        postgres::{ClusterOptions, Login},
    },
    model::{
        Timestamp,
        postgres::patroni::{Config, HistoryLine, Member},
    },
};
use compact_str::CompactString;
use futures_util::future::{join, join_all};
use std::{collections::BTreeSet, time::Duration};

/// How long a member is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Knows where a cluster is.
pub(super) struct Asker {
    patroni: Patroni,
    /// Addresses of the configuration.
    named: Vec<CompactString>,
    /// Who answered last.
    last: Option<CompactString>,
    options: ClusterOptions,
    servers: Vec<(CompactString, Login)>,
    sessions: Sessions,
}

impl Asker {
    pub fn new(options: &ClusterOptions) -> Self {
        Self {
            patroni: Patroni::new(&options.api, PATIENCE),
            named: options.patroni.iter().filter_map(|url| base(url)).collect(),
            last: None,
            options: options.clone(),
            servers: options.servers.iter().map(|(name, url)| (name.into(), options.login(url))).collect(),
            sessions: Sessions::default(),
        }
    }

    /// Asks everything. `known` are the members of the answer before: any of them may answer for all where the named ones do not.
    pub async fn ask(&mut self, known: &[Member], at: Timestamp) -> Answers {
        let patroni = if self.named.is_empty() { None } else { Some(self.ask_patroni(known, at).await) };
        let members = patroni.as_ref().and_then(|taken| taken.cluster.as_ref().ok()).map(|(_, answer)| &answer.members);
        let wanted = self.wanted(members.map_or(known, Vec::as_slice));
        Answers { patroni, servers: self.sessions.ask(wanted, at).await }
    }

    async fn ask_patroni(&mut self, known: &[Member], at: Timestamp) -> PatroniAnswers {
        let bases = self.bases(known);
        let First { answer, failed } = self.patroni.cluster_of_any(&bases).await;
        let members = answer.as_ref().map_or(known, |(_, answer)| answer.members.as_slice());
        // Whoever is named and no member may be silent, too.
        let members = members.iter().filter_map(|member| member.api_url.clone());
        let all: BTreeSet<_> = members.chain(self.named.iter().cloned()).collect();
        let asked = join_all(all.iter().map(|base| self.patroni.status(base, at)));
        let about = self.about(answer.as_ref());
        let (statuses, (history, config)) = join(asked, about).await;
        self.last = answer.as_ref().map(|(base, _)| base.clone()).or(self.last.take());
        let why = failed.first().map_or_else(|| "no address".into(), |(base, why)| format!("{base}: {why}"));
        PatroniAnswers {
            cluster: answer.ok_or(why),
            history,
            config,
            statuses: all.into_iter().zip(statuses).collect(),
            named: self.named.clone(),
        }
    }

    /// History and configuration, from whoever answered for the cluster.
    async fn about(
        &self,
        answer: Option<&(CompactString, ClusterAnswer)>,
    ) -> (Option<Vec<HistoryLine>>, Option<Config>) {
        let Some((base, _)) = answer else { return (None, None) };
        let (history, config) = join(self.patroni.history(base), self.patroni.config(base)).await;
        (history.ok(), config.ok())
    }

    /// Everybody who may answer for the cluster: who did last time, those that are named, those that were members.
    fn bases(&self, known: &[Member]) -> Vec<CompactString> {
        let members = known.iter().filter_map(|member| member.api_url.as_ref());
        let mut bases: Vec<CompactString> = Vec::new();
        for base in self.last.iter().chain(&self.named).chain(members) {
            if !bases.contains(base) {
                bases.push(base.clone());
            }
        }
        bases
    }

    /// The servers that are asked by SQL.
    fn wanted(&self, members: &[Member]) -> Vec<(CompactString, Asked)> {
        if self.options.member_url.is_none() {
            let named = self.servers.iter();
            return named.map(|(name, login)| (name.clone(), Asked::By(login.clone()))).collect();
        }
        let of = |member: &Member| {
            let asked = match self.options.member_login(member)? {
                Ok(login) => Asked::By(login),
                Err((address, why)) => Asked::Refused(address.into(), why.into()),
            };
            Some((member.name.clone(), asked))
        };
        members.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker() -> Asker {
        let patroni = vec!["http://10.0.0.1:8008".into(), "http://[fd00::2]:8008/".into()];
        let member_url = Some("postgres://flightdeck@member/postgres".into());
        Asker::new(&ClusterOptions { name: "c".into(), patroni, member_url, ..ClusterOptions::default() })
    }

    fn member(name: &str, host: &str) -> Member {
        let url = format!("http://{host}:8008");
        let (api_url, host) = (Some(url.into()), Some(host.into()));
        Member { name: name.into(), api_url, host, port: Some(5432), ..Member::default() }
    }

    #[test]
    fn a_password_goes_to_hosts_that_are_named() {
        let mut asker = asker();
        let members = [member("a", "10.0.0.1"), member("b", "fd00::2"), member("c", "evil.example")];
        let by = |asker: &Asker| {
            let wanted = asker.wanted(&members);
            wanted.into_iter().map(|(_, asked)| matches!(asked, Asked::By(_))).collect::<Vec<_>>()
        };
        assert_eq!(by(&asker), [true, true, false]);
        let url = "postgres://flightdeck@member/postgres?sslmode=verify-full";
        asker.options.member_url = Some(url.into());
        assert_eq!(by(&asker), [true, true, true]);
    }

    #[test]
    fn whoever_may_answer_is_asked_once() {
        let mut asker = asker();
        asker.last = Some("http://[fd00::2]:8008".into());
        let bases = asker.bases(&[member("a", "10.0.0.1"), member("c", "10.0.0.3")]);
        assert_eq!(bases, ["http://[fd00::2]:8008", "http://10.0.0.1:8008", "http://10.0.0.3:8008"]);
    }
}
