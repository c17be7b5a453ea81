//! Log lines of real engines and clusters: those of the testbed. Without `$FLIGHTDECK_TESTBED` the tests say that they did not run.

use flightdeck::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
        settings::{self, Terminal},
    },
    client::{self, Clients, Wanted},
    clock,
    config::layers::resolve,
    model::{
        input::Key,
        logs::{Level, LineKind, LogBatch, LogLine, LogOrigin, LogRequest, LogTarget},
        object::{ObjectKind, ObjectRef},
        text::is_harmless,
    },
    ops::gate::Policy,
    screen,
    source::logs::{self, Stream},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{
    env,
    io::Write as _,
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

#[path = "it/need.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod need;

const IMAGE: &str = "testbed/busybox:1.35";
const PATIENCE: Duration = Duration::from_secs(40);

/// Runs the tests below in a process of its own, whose environment leads to the testbed.
#[test]
fn on_the_testbed() {
    let Some(folder) = need::testbed("log lines of real engines", "docker/docker.sock") else { return };
    let socket = format!("unix://{}", folder.join("docker/docker.sock").display());
    let status = Command::new(env::current_exe().expect("this test"))
        .args(["--ignored", "--nocapture", "--test-threads=2"])
        .env("DOCKER_HOST", socket)
        .env("KUBECONFIG", folder.join("kubernetes/kubeconfig"))
        .status();
    assert!(status.expect("runs").success());
}

fn docker(arguments: &[&str]) -> Output {
    Command::new("docker").args(arguments).output().expect("docker runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A container of ours, removed at the end.
struct Container(String);

impl Container {
    fn run(name: &str, options: &[&str], command: &[&str]) -> Self {
        docker(&["rm", "-f", name]);
        let output = docker(&[&["run", "-d", "--name", name], options, &[IMAGE], command].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(name.into())
    }

    fn id(&self) -> String {
        out(&docker(&["inspect", "-f", "{{.Id}}", &self.0]))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", &self.0]);
    }
}

fn clients() -> Arc<Clients> {
    client::discover(&Wanted::default())
}

fn engine(clients: &Clients) -> String {
    clients.docker.first().expect("an engine").name.to_string()
}

fn container(id: &str) -> LogTarget {
    LogTarget::Container { engine: engine(&clients()).into(), id: id.into() }
}

fn request(targets: Vec<LogTarget>) -> LogRequest {
    LogRequest { id: 1, targets, since_seconds: None, tail: 1_000, follow: true, previous: false }
}

/// What a stream has told.
#[derive(Default)]
struct Told {
    lines: Vec<LogLine>,
    origins: Vec<LogOrigin>,
    lost: u64,
}

impl Told {
    fn texts(&self) -> Vec<&str> {
        self.lines.iter().map(|line| &*line.text).collect()
    }

    fn has(&self, part: &str) -> bool {
        self.lines.iter().any(|line| line.text.contains(part))
    }
}

/// Reads until what was told is enough.
fn read(request: LogRequest, enough: impl Fn(&Told) -> bool) -> Told {
    let stream = logs::start(clients(), request);
    read_on(&stream, Told::default(), enough)
}

fn read_on(stream: &Stream, mut told: Told, enough: impl Fn(&Told) -> bool) -> Told {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let until = tokio::time::Instant::now() + PATIENCE;
        while !enough(&told) {
            let Ok(batch) = tokio::time::timeout_at(until, stream.next()).await else {
                let origins = &told.origins;
                panic!("not enough within {PATIENCE:?}: {origins:?} {:#?}", told.texts());
            };
            told.lines.extend(batch.lines);
            told.lost += batch.dropped;
            if let Some(origins) = batch.origins {
                told.origins = origins;
            }
        }
    });
    told
}

#[test]
#[ignore = "run by on_the_testbed"]
fn a_noisy_container_is_followed() {
    let noisy = out(&docker(&["inspect", "-f", "{{.Id}}", "noisy"]));
    let told = read(request(vec![container(&noisy)]), |told| told.lines.len() > 2_500);
    assert_eq!(told.origins[0].name, "noisy");
    assert!(told.lines.is_sorted_by_key(|line| line.at), "the engine's times");
    for level in [Level::Debug, Level::Info, Level::Warn, Level::Error] {
        assert!(told.lines.iter().any(|line| line.level == level), "{level:?}");
    }
    let coloured = told.lines.iter().find(|line| line.text.contains("worker")).expect("a coloured line");
    assert!(!coloured.inks.is_empty() && coloured.text.chars().all(is_harmless));
}

#[test]
#[ignore = "run by on_the_testbed"]
fn attacks_are_neutralised_and_secrets_redacted() {
    let script = r"printf '\033]0;title\007\033[2J\033[1;1Hattack\n';
        printf '\033]52;c;ZXZpbA==\033\\clip\n'; echo password=hunter2 url=postgres://u:s3cret@db/x;
        printf 'pass\033[0mword=hunter3\n'; printf '10%%\r90%%\rdone\n'; printf 'bad \377\376 bytes\n';
        head -c 40000 /dev/zero | tr '\0' x; echo; echo last; sleep 1000";
    let attack = Container::run("logs-attack", &[], &["sh", "-c", script]);
    let told = read(request(vec![container(&attack.id())]), |told| told.has("last"));
    let text = told.texts().join("\n");
    assert!(told.lines.iter().all(|line| line.text.chars().all(is_harmless)), "{text}");
    assert!(!["hunter", "s3cret", "title", "ZXZp"].iter().any(|bad| text.contains(bad)), "{text}");
    for good in ["attack", "clip", "password=[redacted]", "…done", "bad \u{fffd}\u{fffd} bytes"] {
        assert!(text.contains(good), "{good} in {text}");
    }
    let long = told.lines.iter().find(|line| line.text.starts_with("xxx")).expect("the long line");
    assert!(long.text.len() < 17_000 && long.text.contains("[cut: "), "{}", long.text.len());
}

#[test]
#[ignore = "run by on_the_testbed"]
fn a_restarted_container_goes_on_below_a_marker() {
    let script = "echo begun; sleep 2; echo dying; exit 3";
    let looping = Container::run("logs-looping", &["--restart", "always"], &["sh", "-c", script]);
    let told = read(request(vec![container(&looping.id())]), |told| {
        told.lines.iter().filter(|line| &*line.text == "begun").count() >= 2
    });
    let marker = told.lines.iter().find(|line| line.kind == LineKind::Marker).expect("a marker");
    assert_eq!(&*marker.text, "container restarted, exit 3");
    let begun = told.texts().into_iter().filter(|text| *text == "begun" || *text == "dying");
    assert_eq!(begun.take(3).collect::<Vec<_>>(), ["begun", "dying", "begun"], "nothing twice");
}

#[test]
#[ignore = "run by on_the_testbed"]
fn all_pods_of_a_deployment_are_read_and_new_ones_join() {
    let context = clients();
    let current = context.kube.all().iter().find(|context| context.current).expect("a context").name.clone();
    let target = LogTarget::Workload {
        context: current.clone(),
        kind: ObjectKind::Deployment,
        namespace: "shop".into(),
        name: "checkout".into(),
    };
    let pods = out(&kubectl(&["-n", "shop", "get", "pods", "-l", "app=checkout", "-o", "name"])).lines().count();
    assert!(pods > 1, "the testbed has several");
    let told = read(request(vec![target]), |told| told.origins.len() >= pods && !told.lines.is_empty());
    assert!(told.origins.iter().all(|origin| origin.name.starts_with("checkout-")), "{:?}", told.origins);
    println!("{pods} pods of checkout: {:?} {:?}", told.origins, told.texts().first());
}

fn kubectl(arguments: &[&str]) -> Output {
    Command::new(need::kubernetes_bin().join("kubectl")).args(arguments).output().expect("kubectl runs")
}

#[test]
#[ignore = "run by on_the_testbed"]
fn the_run_before_of_a_crash_looping_pod_is_read() {
    let clients = clients();
    let context = clients.kube.all().iter().find(|context| context.current).expect("a context").name.clone();
    let target = LogTarget::Pod { context, namespace: "broken".into(), name: "crashloop".into() };
    let previous = LogRequest { previous: true, follow: false, ..request(vec![target.clone()]) };
    let told = read(previous, |told| !told.lines.is_empty());
    println!("the run before: {:?}", told.texts());
    assert_eq!(told.origins[0].name, "app");
    assert!(told.lines.iter().any(|line| line.kind == LineKind::Out), "{:?}", told.texts());
    let told = read(request(vec![target]), |told| told.lines.iter().any(|line| line.kind == LineKind::Out));
    println!("this run: {:?}", told.texts());
}

#[test]
#[ignore = "run by on_the_testbed"]
fn what_is_denied_and_what_is_not_there_is_said() {
    let pod = |context: &str, namespace: &str, name: &str| LogTarget::Pod {
        context: context.into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    let told = read(request(vec![pod("nobody", "shop", "x")]), |told| told.has("denied"));
    println!("{:?}", told.texts());
    let told = read(request(vec![pod("testbed", "shop", "no-such-pod")]), |told| told.has("no such pod"));
    assert_eq!(told.lines.len(), 1);
    let told = read(request(vec![container(&"0".repeat(64))]), |told| !told.origins.is_empty());
    assert!(told.origins.len() == 1);
}

/// A cockpit with the viewer open.
fn app(id: &str) -> (App, LogRequest) {
    let loaded = resolve(&[]);
    let terminal = Terminal { term: "xterm-256color".into(), ..Terminal::default() };
    let mut app = App::new(settings::build(&loaded, &terminal), Policy::default(), clock::now(), (120, 40));
    app.open(ObjectRef::in_engine(ObjectKind::Container, &engine(&clients()), id));
    let effects = press(&mut app, 'l');
    let request = effects.into_iter().find_map(|effect| match effect {
        Effect::Logs(request) => request,
        _ => None,
    });
    (app, request.expect("lines are asked for"))
}

fn press(app: &mut App, key: char) -> Vec<Effect> {
    app.update(Event { at: clock::now(), kind: EventKind::Key(Key::char(key)) })
}

fn draw(app: &App, buffer: &mut Buffer) {
    buffer.reset();
    screen::draw(app, buffer);
}

/// As many lines as the engine gives, with keys pressed all the while. How far behind the newest line on the screen is, and how long a
/// key takes, is printed: the machine decides on it as much as the program.
#[test]
#[ignore = "run by on_the_testbed"]
fn a_flood_does_not_hold_up_the_keys() {
    const LINES: u64 = 10_000;
    let line = "level=warn component=cart msg=\\\"item 4711 of order 42 added in 17 ms\\\" user=ops-a path=/cart/4711";
    let script = format!("yes \"{line}\"");
    let options = ["--log-opt", "max-size=20m", "--log-opt", "max-file=2"];
    let flood = Container::run("logs-flood", &options, &["sh", "-c", &script]);
    let (mut app, request) = app(&flood.id());
    let stream = logs::start(clients(), request);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let begun = clock::instant();
    let mut figures = Figures::default();
    let mut keys = "jkwtLLLnjk".chars().cycle();
    let mut next_key = begun;
    // Long enough to be a flood, and until enough has come.
    while begun.elapsed() < Duration::from_secs(5) || figures.lines < LINES {
        assert!(begun.elapsed() < PATIENCE, "{} lines so far", figures.lines);
        let batch = runtime
            .block_on(async { tokio::time::timeout_at(next_key.into(), stream.next()).await.unwrap_or_default() });
        figures.take(&batch);
        let update = clock::instant();
        if batch.id != 0 {
            app.update(Event { at: clock::now(), kind: EventKind::Logs(batch) });
        }
        figures.ingest += update.elapsed();
        if clock::instant() >= next_key {
            // From the moment at which it was due: what is being done then holds it up.
            press(&mut app, keys.next().expect("endless"));
            draw(&app, &mut buffer);
            figures.keys.push(next_key.elapsed());
            next_key = clock::instant() + Duration::from_millis(20);
        }
    }
    figures.say(begun.elapsed());
    assert!(figures.keys.len() > 10, "{} keys were answered meanwhile", figures.keys.len());
}

#[derive(Default)]
struct Figures {
    lines: u64,
    lost: u64,
    ingest: Duration,
    behind: Vec<Duration>,
    keys: Vec<Duration>,
}

impl Figures {
    fn take(&mut self, batch: &LogBatch) {
        self.lines += batch.lines.len() as u64;
        self.lost += batch.dropped;
        if let Some(last) = batch.lines.last().filter(|line| line.kind != LineKind::Marker) {
            let behind = clock::now().duration_since(last.at);
            self.behind.push(Duration::try_from(behind).unwrap_or_default());
        }
    }

    fn say(&mut self, took: Duration) {
        self.keys.sort_unstable();
        self.behind.sort_unstable();
        let at =
            |all: &[Duration], share: f64| all.get((all.len() as f64 * share) as usize).copied().unwrap_or_default();
        let figures = format!(
            "flood: {:.0} lines/s taken, {} dropped unseen; behind {:?} median, {:?} most; key to drawn screen {:?} median, \
             {:?} 99 %, {:?} most of {}; ingest {:.1} % of a core",
            self.lines as f64 / took.as_secs_f64(),
            self.lost,
            at(&self.behind, 0.5),
            at(&self.behind, 0.999),
            at(&self.keys, 0.5),
            at(&self.keys, 0.99),
            self.keys.last().copied().unwrap_or_default(),
            self.keys.len(),
            100.0 * self.ingest.as_secs_f64() / took.as_secs_f64(),
        );
        // Past the test runner, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "{figures}");
    }
}
