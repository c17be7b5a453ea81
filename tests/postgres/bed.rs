//! The testbed's cluster and pairs, as the cockpit's own source sees them.

use crate::{need::testbed, wait::within};
use flightdeck::{
    client::{
        http::Server,
        patroni::{Patroni, act::PatroniWriter},
        postgres::{ClusterOptions, Login, Purpose, Session},
        secret::SecretFrom,
    },
    clock,
    model::{
        Timestamp,
        postgres::{
            Cluster, Limits,
            check::{Check, Verdict},
            patroni::Role,
            verify::Tried,
        },
        topic::Topic,
        update::Update,
    },
    source::{Request, Source, postgres::PostgresSource},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// The longest that anything is waited for: a dead leader's key lives on for its `ttl`, and tests share their cores.
const PATIENCE: Duration = Duration::from_secs(120);
/// Gives others the processor between two looks: nobody tells when a cluster has moved.
const PAUSE: Duration = Duration::from_millis(300);
/// Tests move one and the same cluster.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Something of `tests/testbed/patroni` that is watched.
pub struct Bed {
    pub folder: PathBuf,
    prefix: &'static [&'static str],
    pub bases: Vec<String>,
    /// As it is watched.
    pub options: ClusterOptions,
    logins: Vec<(String, String)>,
    source: Option<PostgresSource>,
    runtime: tokio::runtime::Runtime,
    _alone: Option<MutexGuard<'static, ()>>,
}

impl Bed {
    /// The testbed's cluster, whole; `None` where there is none.
    pub fn patroni(test: &str) -> Option<Self> {
        let folder = testbed(&format!("{test}: Patroni"), "patroni/ports")?.join("patroni");
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bed = Self::new(folder, &[], Some(alone));
        // What a test that failed may have left behind.
        bed.script(&["up"], &[]);
        bed.bases = bed.ports("rest").into_iter().map(|(_, port)| format!("http://127.0.0.1:{port}")).collect();
        let url = "postgres://flightdeck@member/postgres".to_owned();
        bed.watch(ClusterOptions { patroni: bed.bases.clone(), member_url: Some(url), ..bed.common() });
        bed.wait_until("the cluster is whole", whole);
        Some(bed)
    }

    /// A pair of its own in a folder of this name, which is gone at the end; `None` where there is no testbed.
    pub fn pair(name: &str) -> Option<Self> {
        let folder = testbed(&format!("{name}: PostgreSQL"), "patroni/ports")?;
        let folder = folder.join(format!("patroni/pairs/{name}-{}", std::process::id()));
        let mut bed = Self::new(folder, &["streaming"], None);
        bed.script(&["up"], &[]);
        let servers = bed.logins.clone();
        bed.watch(ClusterOptions { servers, ..bed.common() });
        bed.wait_until("the standby streams", |cluster| {
            cluster.servers.iter().filter_map(|server| server.state.as_ref()).any(|state| state.is_receiving())
        });
        Some(bed)
    }

    /// A standby cluster of one node that follows another bed's leader, in a folder of this name, which is gone at the end.
    pub fn following(other: &Self, name: &str) -> Self {
        let folder = other.folder.join(format!("pairs/{name}-{}", std::process::id()));
        let mut bed = Self::new(folder, &["following"], None);
        bed.script(&["up"], &[&other.folder.display().to_string()]);
        bed.bases = vec![bed.base("s1")];
        let url = "postgres://flightdeck@member/postgres".to_owned();
        bed.watch(ClusterOptions { patroni: bed.bases.clone(), member_url: Some(url), ..bed.common() });
        bed.wait_until("the standby cluster has a leader that follows", |cluster| {
            cluster.members().iter().any(|member| member.role == Role::StandbyLeader && member.own.is_some())
        });
        bed
    }

    fn new(folder: PathBuf, prefix: &'static [&'static str], alone: Option<MutexGuard<'static, ()>>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self {
            folder,
            prefix,
            bases: Vec::new(),
            options: ClusterOptions::default(),
            logins: Vec::new(),
            source: None,
            runtime: runtime.expect("a runtime"),
            _alone: alone,
        }
    }

    fn common(&self) -> ClusterOptions {
        let password = Some(SecretFrom::File(self.folder.join("monitor.password")));
        // Small, so that tests need to write little.
        let limits = Limits { lag_bytes: 1 << 20, slot_bytes: 1 << 20 };
        ClusterOptions { name: "testbed".into(), password, limits, ..ClusterOptions::default() }
    }

    fn watch(&mut self, options: ClusterOptions) {
        assert_eq!(options.problems(), Vec::<String>::new());
        self.source = Some(PostgresSource::new(&options));
        self.options = options;
    }

    /// Runs the testbed's script: command, folder, arguments.
    pub fn script(&mut self, command: &[&str], arguments: &[&str]) -> String {
        let said = run(&self.folder, self.prefix, command, arguments);
        let of =
            |name: &str, port: String| (name.to_owned(), format!("postgres://flightdeck@127.0.0.1:{port}/postgres"));
        if self.logins.is_empty() {
            self.logins = self.ports("sql").into_iter().map(|(name, port)| of(&name, port)).collect();
        }
        said
    }

    /// Ports of a kind, by node.
    fn ports(&self, kind: &str) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.folder.join("ports")).expect("it was started");
        let lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        lines.filter(|words| words[1] == kind).map(|words| (words[0].to_owned(), words[2].to_owned())).collect()
    }

    /// The address of a member's Patroni.
    pub fn base(&self, name: &str) -> String {
        let port = self.ports("rest").into_iter().find(|(node, _)| node == name).expect("a node").1;
        format!("http://127.0.0.1:{port}")
    }

    pub fn all_bases(&self) -> Vec<compact_str::CompactString> {
        self.bases.iter().map(Into::into).collect()
    }

    /// What the source sees now.
    pub fn look(&mut self) -> Cluster {
        self.try_look().expect("something answers")
    }

    pub fn try_look(&mut self) -> Result<Cluster, String> {
        let mut source = self.source.take().expect("put back after every look");
        let request = Request { at: clock::now(), wanted: Topic::Postgres.into(), ..Request::default() };
        let (source, answer) = self.runtime.block_on(async {
            let asked = tokio::task::spawn_blocking(move || {
                let answer = source.collect(&request);
                (source, answer)
            });
            asked.await.expect("no panic")
        });
        self.source = Some(source);
        match answer.map_err(|error| error.to_string())?.pop() {
            Some(Update::Postgres(cluster)) => Ok(*cluster),
            other => panic!("not of a cluster: {other:?}"),
        }
    }

    /// Looks again and again until it is as it should be.
    pub fn wait_until(&mut self, what: &str, fits: impl Fn(&Cluster) -> bool) -> Cluster {
        within(PATIENCE, PAUSE, || match self.try_look() {
            Ok(cluster) if fits(&cluster) => Ok(cluster),
            seen => Err(Box::new(seen)),
        })
        .unwrap_or_else(|seen| panic!("waited in vain: {what}\n{seen:#?}"))
    }

    /// Looks until the checks hold; what has not happened yet is unknown or failed until then.
    pub fn wait_for_checks(
        &mut self,
        what: &str,
        mut checks: impl FnMut(&mut Self, &Cluster) -> Vec<Check>,
    ) -> Vec<Check> {
        within(PATIENCE, PAUSE, || {
            let cluster = self.look();
            let made = checks(self, &cluster);
            if made.iter().all(|check| check.verdict == Verdict::Ok) { Ok(made) } else { Err(made) }
        })
        .unwrap_or_else(|made| panic!("waited in vain: {what}\n{made:#?}"))
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub fn client(&self) -> Patroni {
        Patroni::new(&Server::default(), Duration::from_secs(5))
    }

    pub fn writer(&self) -> PatroniWriter {
        PatroniWriter::new(&Server::default(), Duration::from_secs(60))
    }

    /// A session on a node: of the user that watches, who owns the canaries, or of the superuser.
    pub fn session(&self, node: &str, user: &str) -> Session {
        let url = &self.logins.iter().find(|(name, _)| name == node).expect("a node").1;
        let (url, password) = match user {
            "postgres" => (url.replace("flightdeck@", "postgres@"), "superuser.password"),
            _ => (url.clone(), "monitor.password"),
        };
        let password = Some(SecretFrom::File(self.folder.join(password)));
        let login = Login { url, password, server: None };
        self.wait(login.connect(Purpose::Change, Duration::from_secs(10))).expect("it lets us in")
    }

    /// Writes a canary to a node, and reads it back by another connection.
    pub fn canary(&self, node: &str) -> Result<String, String> {
        let token = Uuid::now_v7();
        let written = self.wait(self.session(node, "flightdeck").write_canary("testbed", token))?;
        assert!(written.lsn.0 > 0 && written.written_at > Timestamp::UNIX_EPOCH);
        match self.wait(self.session(node, "flightdeck").read_canary("testbed"))? {
            Some((read, _)) if read == token => Ok(format!("read back from {node} at {}", written.lsn)),
            other => Err(format!("{token} was written to {node}, {other:?} was read")),
        }
    }

    /// Everything that is tried beside looking after a move.
    pub fn try_out(&self, leader: &str) -> Tried {
        let answers_as_primary = self.wait(self.client().is_primary(&self.base(leader))).ok();
        Tried { answers_as_primary, canary: Some(self.canary(leader)) }
    }

    pub fn sql(&mut self, node: &str, statement: &str) -> String {
        self.script(&["psql"], &[node, "-c", statement]).trim().to_owned()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if !self.prefix.is_empty() {
            run(&self.folder, self.prefix, &["down"], &[]);
        }
    }
}

fn run(folder: &Path, prefix: &[&str], command: &[&str], arguments: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/patroni");
    let done = Command::new(script).args(prefix).args(command).arg(folder).args(arguments).output().expect("it runs");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?} {arguments:?}: {said}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// One leader and two replicas that stream on its timeline, with nothing behind.
pub fn whole(cluster: &Cluster) -> bool {
    let Some(patroni) = &cluster.patroni else { return false };
    let Some(leader) = patroni.leader() else { return false };
    let on = cluster.timeline_of(&leader.name);
    let follows = |member: &&flightdeck::model::postgres::patroni::Member| {
        patroni.is_streaming(member) == Some(true)
            && cluster.timeline_of(&member.name) == on
            && member.lag_bytes == Some(0)
    };
    patroni.members.len() == 3
        && cluster.primaries() == [leader.name.as_str()]
        && patroni.members.iter().filter(|member| member.name != leader.name).all(|member| follows(&member))
        && !patroni.is_paused
}

/// The leader and the two others.
pub fn roles(cluster: &Cluster) -> (String, String, String) {
    let patroni = cluster.patroni.as_ref().expect("under Patroni");
    let leader = patroni.leader().expect("one").name.to_string();
    let others = patroni.members.iter().map(|member| member.name.to_string()).filter(|name| *name != leader);
    let [first, second] = others.collect::<Vec<_>>().try_into().expect("two others");
    (leader, first, second)
}

/// How often the leader has moved, by the cluster's own history: the ends of its timelines.
pub fn moves(cluster: &Cluster) -> usize {
    cluster.patroni.as_ref().map_or(0, |patroni| patroni.history.len())
}

/// What does not hold, in words.
pub fn faults(checks: &[Check]) -> Vec<String> {
    let bad = checks.iter().filter(|check| check.verdict != Verdict::Ok);
    bad.map(|check| format!("{} {}: {}", check.verdict.word(), check.id, check.detail)).collect()
}
