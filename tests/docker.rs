//! Containers of a real engine: the testbed's (`tests/testbed/up`), asked side by side with Docker's own client.

#[path = "it/need.rs"]
mod need;

use flightdeck::{
    client::{self, Clients, Wanted, docker::Endpoint},
    model::{
        container::{Container, ContainerDetails, ContainerState, EnginePart},
        health::Health,
        object::{ObjectKind, ObjectRef},
        source::SourceState,
        update::Update,
    },
    source::{
        self, AnySource, live,
        supervisor::{Demand, News},
    },
    world::World,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::{mpsc, watch},
    task::JoinSet,
};

/// A slow machine may take this long for anything.
const PATIENCE: Duration = Duration::from_secs(60);

fn testbed() -> Option<PathBuf> {
    let socket = need::testbed("containers", "docker/docker.sock")?.join("docker/docker.sock");
    need::need("containers", &["docker"]).then_some(socket)
}

/// Debian's client: one that stands before it in the path may be another program's.
fn docker(socket: &Path, arguments: &[&str]) -> String {
    let usual = Path::new("/usr/bin/docker");
    let program = if usual.exists() { usual } else { Path::new("docker") };
    let output = Command::new(program).arg("--host").arg(url(socket)).args(arguments).output().expect("it runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn url(socket: &Path) -> String {
    format!("unix://{}", socket.display())
}

fn flightdeck(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
    command.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path()).env("XDG_STATE_HOME", home.path());
    command.env_remove("DOCKER_HOST").args(["--context", "none"]).args(arguments);
    command.output().expect("it runs")
}

/// What Docker's client says of every container, by id.
fn inspected(socket: &Path) -> BTreeMap<String, Value> {
    let ids = docker(socket, &["ps", "-aq", "--no-trunc"]);
    let mut arguments = vec!["inspect", "--type", "container"];
    arguments.extend(ids.lines());
    let all: Vec<Value> = serde_json::from_str(&docker(socket, &arguments)).expect("JSON");
    all.into_iter().map(|one| (one["Id"].as_str().expect("an id").to_owned(), one)).collect()
}

/// What is compared of a container: state, exit code, restarts, health, name, image.
fn told(inspect: &Value) -> [Value; 6] {
    let state = &inspect["State"];
    let ended = matches!(state["Status"].as_str(), Some("exited" | "restarting" | "dead"));
    let health = state["Health"]["Status"].as_str().filter(|word| !word.is_empty()).unwrap_or("none");
    [
        state["Status"].clone(),
        if ended { state["ExitCode"].clone() } else { Value::Null },
        inspect["RestartCount"].clone(),
        health.into(),
        inspect["Name"].as_str().expect("a name").trim_start_matches('/').into(),
        inspect["Config"]["Image"].clone(),
    ]
}

#[test]
fn every_container_is_in_the_snapshot_as_docker_tells_it() {
    let Some(socket) = testbed() else { return };
    let before = inspected(&socket);
    let output =
        flightdeck(&["--docker", &url(&socket), "snapshot", "--json", "--only", "containers", "--wait", "30s"]);
    let after = inspected(&socket);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows: BTreeMap<&str, &Value> = value["containers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (row["id"].as_str().expect("an id"), row))
        .collect();
    let mut compared = 0;
    // What changed while we looked is not compared: the testbed has containers that never rest.
    for (id, inspect) in before.iter().filter(|(id, _)| after.contains_key(*id)) {
        let row = rows.get(id.as_str()).unwrap_or_else(|| panic!("{} is missing", inspect["Name"]));
        if told(inspect) == told(&after[id]) {
            let ours = ["state", "exit_code", "restarts", "health", "name", "image"].map(|key| row[key].clone());
            assert_eq!(ours, told(inspect), "{}", inspect["Name"]);
            compared += 1;
        }
    }
    assert!(compared >= 10, "only {compared} of {} compared", before.len());
    let text = String::from_utf8_lossy(&output.stdout);
    for secret in ["hunter2", "tok_5f2b9c", "wJalrXUtnFEMI", "s3cret"] {
        assert!(!text.contains(secret), "{secret} is shown");
    }
    usage_is_plausible(&rows);
}

fn usage_is_plausible(rows: &BTreeMap<&str, &Value>) {
    let by_name = |name: &str| rows.values().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    let noisy = by_name("noisy");
    let cpu = noisy["cpu_ratio"].as_f64().expect("a rate");
    assert!(cpu > 0.0 && cpu < 1.0, "half a core at most: {noisy}");
    assert_eq!(noisy["cpu_limit_cores"], 0.5);
    let web = by_name("web");
    let (used, limit) = (web["memory_bytes"].as_u64(), web["memory_limit_bytes"].as_u64());
    assert!(used > Some(10_000) && used < limit && limit == Some(64 << 20), "{web}");
    assert!(web["ports"][0]["public"].as_u64().is_some(), "{web}");
    assert_eq!(by_name("exited-0")["cpu_ratio"], Value::Null);
    let judged = |name: &str| by_name(name)["judgement"].as_str().expect("a word").to_owned();
    assert_eq!(
        ["web", "sick", "oom", "exited-0", "paused"].map(judged),
        ["ok", "failing", "failing", "done", "degraded"]
    );
    assert_eq!(
        (by_name("shop-db-1")["compose_project"].as_str(), by_name("shop-db-1")["compose_service"].as_str()),
        (Some("shop"), Some("db"))
    );
}

#[test]
fn an_engine_that_is_not_there_is_said_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("docker.sock");
    let output = flightdeck(&["--docker", &url(&nowhere), "snapshot", "--json", "--only", "containers"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("there is no socket"), "{errors}");
    drop(std::os::unix::net::UnixListener::bind(&nowhere).expect("bound"));
    let output = flightdeck(&["--docker", &url(&nowhere), "snapshot", "--only", "containers"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("connection refused"), "{errors}");
    let output = flightdeck(&["--docker", "no-such-context", "snapshot", "--only", "containers"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no Docker context no-such-context"));
    let output = flightdeck(&["--docker", "none", "snapshot", "--only", "containers"]);
    assert_eq!(output.status.code(), Some(3), "what was switched off and asked for is not there");
    let doctor = flightdeck(&["--docker", &url(&nowhere), "doctor"]);
    let text = String::from_utf8_lossy(&doctor.stdout);
    assert!(text.contains("docker/docker") && text.contains("connection refused"), "{text}");
}

/// A source under watch, and the world that its news make.
struct Watched {
    world: World,
    demand: watch::Sender<Demand>,
    news: mpsc::Receiver<News>,
    details: Option<ContainerDetails>,
}

impl Watched {
    fn of(socket: &Path) -> Self {
        Self::with(client::discover(&Wanted {
            docker: vec![url(socket)],
            contexts: vec!["none".into()],
            ..Wanted::default()
        }))
    }

    fn with(clients: Arc<Clients>) -> Self {
        let (demand, wanted) = watch::channel(Demand::default());
        let (news_in, news) = mpsc::channel(64);
        for source in source::all(Arc::default(), &clients, &Default::default()) {
            if let AnySource::Live(live) = source {
                live::start(live, wanted.clone(), news_in.clone());
            }
        }
        Self { world: World::default(), demand, news, details: None }
    }

    /// Takes news until something is so.
    async fn until<T>(&mut self, what: &str, mut is: impl FnMut(&Self) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = is(self) {
                    return found;
                }
                match self.news.recv().await.expect("it is watched") {
                    News::Updates { at, source, updates } => {
                        for update in &updates {
                            if let Update::Engine(news) = update
                                && let EnginePart::Details(details) = &news.part
                            {
                                self.details = Some((**details).clone());
                            }
                        }
                        self.world.apply(at, &source, updates);
                    }
                    News::Report { at, report } => drop(self.world.report(at, report)),
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}: it did not come to that"))
    }

    fn container(&self, name: &str) -> Option<&Container> {
        let all = &self.world.observed.containers.containers;
        all.iter().find(|row| row.name == name && row.restarts.is_some()).map(|row| &**row)
    }

    fn state(&self) -> Option<SourceState> {
        self.world.observed.sources.get("docker/docker").map(|status| status.report.state)
    }

    async fn open(&mut self, name: &str) -> ContainerDetails {
        let id = self.until(name, |watched| watched.container(name).map(|row| row.id.clone())).await;
        let object = ObjectRef::in_engine(ObjectKind::Container, "docker", &id);
        self.details = None;
        self.demand.send_modify(|demand| demand.open = Some(object));
        self.until(name, |watched| watched.details.clone().filter(|details| details.id == id)).await
    }
}

#[tokio::test]
async fn an_engine_that_is_known_is_watched_when_it_is_chosen() {
    let Some(socket) = testbed() else { return };
    let found_by = "Docker context spare".to_owned();
    let spare = Endpoint { name: "spare".into(), url: url(&socket), found_by, ..Endpoint::default() };
    let mut watched = Watched::with(Arc::new(Clients { docker: vec![spare], ..Clients::default() }));
    let state = |watched: &Watched, wanted: SourceState| {
        let source = watched.world.observed.sources.get("docker/spare")?;
        (source.report.state == wanted).then(|| source.report.reason.clone().unwrap_or_default())
    };
    let reason = watched.until("it is off", |watched| state(watched, SourceState::Off)).await;
    assert_eq!(reason, format!("not chosen: {}, by Docker context spare", url(&socket)));
    watched.demand.send_modify(|demand| {
        demand.chosen.insert("docker/spare".into(), true);
    });
    watched.until("it is watched", |watched| state(watched, SourceState::Ok)).await;
    watched
        .until("its containers are here", |watched| {
            (!watched.world.observed.containers.containers.is_empty()).then_some(())
        })
        .await;
    watched.demand.send_modify(|demand| {
        demand.chosen.insert("docker/spare".into(), false);
    });
    watched.until("it is off again", |watched| state(watched, SourceState::Off)).await;
    assert!(watched.world.observed.containers.containers.is_empty(), "nobody looks at what it was");
}

#[tokio::test]
async fn a_page_tells_everything_but_secrets() {
    let Some(socket) = testbed() else { return };
    let mut watched = Watched::of(&socket);
    let secretive = watched.open("secretive").await;
    let text = serde_json::to_string(&secretive).expect("serialises");
    for secret in ["hunter2", "tok_5f2b9c", "wJalrXUtnFEMI", "s3cret"] {
        assert!(!text.contains(secret), "{secret} is shown");
    }
    assert!(secretive.environment.contains(&("PLAIN".into(), "visible".into())), "{:?}", secretive.environment);
    assert_eq!(secretive.processes.len(), 1, "{:?}", secretive.processes);
    let db = watched.open("shop-db-1").await;
    let drift: Vec<_> =
        db.drift.iter().flatten().map(|d| (d.field.as_str(), d.file.as_str(), d.live.as_str())).collect();
    let expected = [("image", "testbed/busybox:1.36", "testbed/busybox:1.35"), ("environment.DB_POOL", "20", "5")];
    assert_eq!(drift, expected, "{:?}", db.drift_unknown);
    assert_eq!(db.mounts.len(), 1);
    let web = watched.open("shop-web-1").await;
    assert_eq!(web.drift, Some(vec![]), "it runs as its file says");
    let oom = watched.open("oom").await;
    assert!(oom.last_lines.iter().any(|line| line.contains("filling memory")), "{:?}", oom.last_lines);
}

/// Removes a container at the end, whatever happens.
struct Removed<'a>(&'a Path, String);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        docker(self.0, &["rm", "-f", &self.1]);
    }
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    let Some(socket) = testbed() else { return };
    let name = format!("docker-events-{}", std::process::id());
    let mut watched = Watched::of(&socket);
    watched.until("whole", |watched| (watched.state() == Some(SourceState::Ok)).then_some(())).await;
    let container = Removed(&socket, name.clone());
    docker(&socket, &["run", "-d", "--name", &name, "testbed/busybox:1.35", "sleep", "1000000"]);
    watched.until("runs", |w| w.container(&name).filter(|row| row.state == ContainerState::Running).map(|_| ())).await;
    docker(&socket, &["pause", &name]);
    watched.until("paused", |w| w.container(&name).filter(|row| row.state == ContainerState::Paused).map(|_| ())).await;
    docker(&socket, &["unpause", &name]);
    docker(&socket, &["stop", "-t", "0", &name]);
    let ended = |row: &&Container| row.state == ContainerState::Exited && row.stop_seen;
    let row = watched.until("stopped", |w| w.container(&name).filter(ended).cloned()).await;
    assert_eq!((row.exit_code, row.health), (Some(137), Health::Done), "it was seen that somebody stopped it");
    drop(container);
    watched.until("gone", |w| w.container(&name).is_none().then_some(())).await;
    let told: Vec<_> = watched.world.changes.iter().map(|change| change.text.clone()).collect();
    let of_it: Vec<_> = told.iter().filter(|text| text.contains(&name)).collect();
    assert!(of_it.len() >= 4, "{of_it:?}");
}

/// A way to the engine that can be cut.
struct Way {
    tasks: JoinSet<()>,
}

impl Way {
    fn open(at: &Path, to: &Path) -> io::Result<Self> {
        let _ = std::fs::remove_file(at);
        let listener = UnixListener::bind(at)?;
        let to = to.to_owned();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                open.spawn(async move {
                    if let Ok(mut far) = UnixStream::connect(to).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Ok(Self { tasks })
    }

    async fn cut(mut self, at: &Path) {
        self.tasks.shutdown().await;
        let _ = std::fs::remove_file(at);
    }
}

/// A way to the engine on which answers wait while it is shut.
fn slow_way(at: &Path, to: &Path) -> (JoinSet<()>, watch::Sender<bool>) {
    let listener = UnixListener::bind(at).expect("bound");
    let (to, (open_in, is_open)) = (to.to_owned(), watch::channel(true));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut ways = JoinSet::new();
        while let Ok((near, _)) = listener.accept().await {
            let (to, mut is_open) = (to.clone(), is_open.clone());
            ways.spawn(async move {
                let Ok(far) = UnixStream::connect(to).await else { return };
                let ((mut asks, mut answers), (mut from, mut into)) = (near.into_split(), far.into_split());
                let back = async {
                    let mut buffer = vec![0; 65_536];
                    while let Ok(length @ 1..) = from.read(&mut buffer).await {
                        let is_open = is_open.wait_for(|open| *open).await.is_ok();
                        if !is_open || answers.write_all(&buffer[..length]).await.is_err() {
                            return;
                        }
                    }
                };
                tokio::select! {
                    _ = tokio::io::copy(&mut asks, &mut into) => {}
                    () = back => {}
                }
            });
        }
    });
    (tasks, open_in)
}

#[tokio::test]
async fn an_engine_that_answers_late_is_stale_and_says_what_is_slow() {
    let Some(socket) = testbed() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("docker.sock");
    let (_tasks, open) = slow_way(&at, &socket);
    let mut watched = Watched::of(&at);
    let state = |watched: &Watched| {
        let source = watched.world.observed.sources.values().next()?;
        Some((source.report.state, source.report.reason.clone().unwrap_or_default()))
    };
    let is_ok = |watched: &Watched| state(watched).filter(|(state, _)| *state == SourceState::Ok).map(drop);
    watched.until("it is ok", is_ok).await;
    // Whole: its list, and every container of it.
    let whole = |watched: &Watched| {
        let rows = &watched.world.observed.containers.containers;
        (!rows.is_empty() && rows.iter().all(|row| row.restarts.is_some())).then_some(())
    };
    watched.until("it is whole", whole).await;
    open.send_replace(false);
    let reason = watched.until("it is slow", |watched| {
        let (state, reason) = state(watched)?;
        assert_ne!(state, SourceState::Down, "{reason}");
        (state == SourceState::Stale).then_some(reason)
    });
    let reason = reason.await;
    assert!(reason.contains("did not come within 10 s"), "{reason}");
    assert!(!watched.world.observed.containers.containers.is_empty(), "rows stay");
    open.send_replace(true);
    watched.until("it is ok again", is_ok).await;
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_engine_that_goes_and_comes_back_is_found_again() {
    let Some(socket) = testbed() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("docker.sock");
    let mut way = Way::open(&at, &socket).expect("opened");
    let mut watched = Watched::of(&at);
    let ok = |watched: &Watched| (watched.state() == Some(SourceState::Ok)).then_some(());
    watched.until("first", ok).await;
    watched.until("inspected", |watched| watched.container("web").map(|_| ())).await;
    let (files, running) = (open_files(), threads());
    for _ in 0..5 {
        way.cut(&at).await;
        watched.until("down", |watched| (watched.state() == Some(SourceState::Down)).then_some(())).await;
        let status = &watched.world.observed.sources["docker/docker"];
        assert!(status.report.reason.is_some() && status.report.hint.is_some(), "{status:?}");
        assert!(watched.container("web").is_some(), "rows stay");
        way = Way::open(&at, &socket).expect("opened");
        watched.until("back", ok).await;
    }
    assert!(open_files() < files + 20, "{files} files open before, {} after", open_files());
    assert!(threads() <= running + 4, "{running} threads before, {} after", threads());
}

/// Starts the testbed's engine again when it goes out of scope.
struct Back(PathBuf);

impl Back {
    fn run(&self, what: &str) -> bool {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/docker");
        Command::new(script).arg(what).arg(&self.0).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Back {
    fn drop(&mut self) {
        self.run("start");
    }
}

/// Kills the engine itself again and again (three times; `FLIGHTDECK_RESTARTS` says how often), which no other test that runs
/// beside it likes.
#[tokio::test]
#[ignore = "kills the testbed's engine; tests/run runs it alone"]
async fn an_engine_that_was_killed_is_found_again() {
    let Some(socket) = testbed() else { return };
    let engine = Back(socket.parent().expect("it lies in the engine's folder").to_owned());
    let rounds = std::env::var("FLIGHTDECK_RESTARTS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    let mut watched = Watched::of(&socket);
    let ok = |watched: &Watched| (watched.state() == Some(SourceState::Ok)).then_some(());
    watched.until("first", ok).await;
    watched.until("inspected", |watched| watched.container("web").map(|_| ())).await;
    let (files, running) = (open_files(), threads());
    for round in 0..rounds {
        assert!(engine.run("kill"), "killed");
        watched.until("down", |watched| (watched.state() == Some(SourceState::Down)).then_some(())).await;
        assert!(watched.container("web").is_some(), "rows stay");
        assert!(engine.run("start"), "started");
        watched.until("back", ok).await;
        let name = format!("killed-engine-{round}");
        docker(&socket, &["create", "--name", &name, "testbed/busybox:1.35"]);
        watched.until("what is new", |watched| watched.container(&name).map(|_| ())).await;
        docker(&socket, &["rm", "-f", &name]);
    }
    assert!(open_files() < files + 20, "{files} files open before, {} after", open_files());
    assert!(threads() <= running + 4, "{running} threads before, {} after", threads());
}
