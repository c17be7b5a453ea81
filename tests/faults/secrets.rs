//! Secrets that are planted where everything comes from: in environments, labels, command lines and logs of real containers, in objects of
//! a real API server, in alerts, on the command line of a process, in a repository, and in what people type. None is on the screen, in the
//! journal, in an export or in a recording.

use crate::{
    bed::{Random, tell, until},
    home::Home,
    pty::Pty,
    servers::{IMAGE, Server, Servers},
    wait::PATIENCE,
};
use flightdeck::runtime::recorder::format;
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A screen to which nothing was written for this long stands still.
const STILL: Duration = Duration::from_millis(300);
/// The most screens that are looked at after the one that was waited for: some never stand still.
const LOOKS: usize = 6;

/// Secrets of several shapes, each with the way in which it is written down.
struct Planted(Vec<(&'static str, String, String)>);

impl Planted {
    fn new(random: &mut Random) -> Self {
        let mut word = |length: usize, signs: &[u8]| -> String {
            (0..length).map(|_| char::from(signs[random.below(signs.len() as u64) as usize])).collect()
        };
        let (all, upper, hex): (Vec<u8>, Vec<u8>, &[u8]) = (
            (b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9').collect(),
            (b'A'..=b'Z').chain(b'0'..=b'9').collect(),
            b"0123456789abcdef",
        );
        let password = format!("Zk{}", word(14, &all));
        let url = format!("Ur{}", word(14, &all));
        let aws = format!("AKIA{}", word(16, &upper));
        let github = format!("ghp_{}", word(36, &all));
        let bearer = format!("Be{}", word(30, &all));
        let token = word(40, hex);
        let jwt = format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}", word(24, &all), word(43, &all));
        Self(vec![
            ("password", format!("DB_PASSWORD={password}"), password),
            ("password in a URL", format!("DATABASE_URL=postgres://app:{url}@db:5432/app"), url),
            ("access key", format!("KEY_ID={aws}"), aws),
            ("token of GitHub", format!("CI={github}"), github),
            ("HTTP authorization", format!("HEADER=Authorization: Bearer {bearer}"), bearer),
            ("API token", format!("API_TOKEN={token}"), token),
            ("JSON web token", format!("SESSION={jwt}"), jwt),
        ])
    }

    /// As lines of an environment.
    fn variables(&self) -> Vec<&str> {
        self.0.iter().map(|(_, variable, _)| variable.as_str()).collect()
    }

    /// Everything on one line, as a careless program logs it.
    fn line(&self) -> String {
        format!("started with {}", self.variables().join(" "))
    }

    /// Which of them stand in a text, also where a line was broken or cut behind its twelfth sign.
    fn found(&self, text: &[u8]) -> Vec<&'static str> {
        let has = |secret: &str| {
            let begin = secret.strip_prefix("eyJhbGciOiJIUzI1NiJ9.").unwrap_or(secret).as_bytes();
            let begin = &begin[..begin.len().min(12)];
            text.windows(begin.len()).any(|window| window == begin)
        };
        self.0.iter().filter(|(_, _, secret)| has(secret)).map(|(kind, _, _)| *kind).collect()
    }

    /// What stands around the first of them, so that it is seen where it comes from.
    fn around(&self, bytes: &[u8]) -> String {
        let begins = self.0.iter().map(|(_, _, secret)| &secret.as_bytes()[..secret.len().min(12)]);
        let at = begins.filter_map(|begin| bytes.windows(begin.len()).position(|window| window == begin)).min();
        let at = at.unwrap_or_default();
        String::from_utf8_lossy(&bytes[at.saturating_sub(600)..(at + 100).min(bytes.len())]).into_owned()
    }
}

/// A process with secrets among its arguments and in its environment, which ends with this.
struct Process(Child);

impl Process {
    fn start(planted: &Planted) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "read never; :", "planted-process"]).args(planted.variables());
        for variable in planted.variables() {
            let (name, value) = variable.split_once('=').expect("written so");
            command.env(name, value);
        }
        Self(command.stdin(Stdio::piped()).spawn().expect("it runs"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Puts them where engine, cluster, alerts and repository are read.
fn plant(servers: &Servers, home: &Home, planted: &Planted) {
    let line = planted.line();
    let variables: Vec<&str> = planted.variables().iter().flat_map(|variable| ["-e", variable]).collect();
    let script = "while true; do echo \"$0\"; sleep 1; done";
    let label = format!("note={line}");
    let run =
        [&["run", "-d", "--name", "planted", "--label", &label][..], &variables, &[IMAGE, "sh", "-c", script, &line]];
    servers.docker(&run.concat());
    let variable = |variable: &&str| {
        let (name, value) = variable.split_once('=').expect("written so");
        serde_json::json!({ "name": name, "value": value })
    };
    let environment: Vec<_> = planted.variables().iter().map(variable).collect();
    let container = serde_json::json!({ "name": "app", "image": IMAGE, "env": environment, "args": [line] });
    let labels = serde_json::json!({ "app": "planted" });
    let deployment = serde_json::json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "planted", "annotations": { "note": line } },
        "spec": { "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels, "annotations": { "note": line } }, "spec": { "containers": [container] } } },
    });
    let file = home.path("planted.json");
    fs::write(&file, deployment.to_string()).expect("written");
    servers.kubectl(&["apply", "-f", &file.to_string_lossy()]);
    fs::remove_file(&file).expect("ours");
    let alert = serde_json::json!([{ "labels": { "alertname": "Planted", "severity": "page" }, "annotations": { "summary": line },
        "generatorURL": "http://me:pw@h/" }]);
    let url = format!("{}/api/v2/alerts", servers.urls[1]);
    let post = ["-fsS", "-XPOST", "-H", "content-type: application/json", "-d"];
    let posted = Command::new("curl").args(post).arg(alert.to_string()).arg(url).status().expect("curl runs");
    assert!(posted.success());
    repository(home, planted);
}

/// A repository whose files hold them, as the rule book reads them.
fn repository(home: &Home, planted: &Planted) {
    let root = home.path("repository");
    fs::create_dir_all(&root).expect("made");
    let environment: String = planted.variables().iter().map(|it| format!("      - \"{it}\"\n")).collect();
    let compose = format!("services:\n  web:\n    image: web:latest\n    environment:\n{environment}");
    fs::write(root.join("compose.yaml"), compose).expect("written");
    fs::write(root.join(".env"), planted.variables().join("\n")).expect("written");
    let git = Command::new("git").args(["init", "-q"]).arg(&root).status().expect("git runs");
    assert!(git.success());
}

/// A cockpit, and every screen that it showed.
struct Looking<'p> {
    pty: Pty,
    planted: &'p Planted,
    screens: u64,
    /// Screens on which something was hidden.
    hidden: u64,
}

impl Looking<'_> {
    /// Looks at every screen until one shows this, and at what follows until it stands still for a moment.
    fn at(&mut self, keys: &str, shows: &str) {
        let before = self.pty.seen().bytes.len();
        self.pty.send(keys);
        self.pty.more_than(before, STILL);
        let (planted, mut last, mut new) = (self.planted, String::new(), Vec::new());
        let mut look = |screen: &str| {
            if screen != last {
                last = screen.to_owned();
                new.push(screen.contains("[redacted]"));
            }
            assert_eq!(planted.found(screen.as_bytes()), [""; 0], "on the screen after {keys:?}:\n{screen}");
            screen.contains(shows) && (!keys.ends_with('\r') || !screen.contains("┌ Find"))
        };
        until(&self.pty, &format!("«{shows}» after {keys:?}"), &mut look);
        for _ in 0..LOOKS {
            let seen = self.pty.seen().bytes.len();
            self.pty.more_than(seen, STILL);
            if self.pty.seen().bytes.len() == seen {
                break;
            }
            look(&self.pty.seen().screen().contents());
        }
        self.screens += new.len() as u64;
        self.hidden += new.iter().filter(|hides| **hides).count() as u64;
    }

    /// Opens the page of the chosen row, goes through its tabs, and leaves it.
    fn page(&mut self, title: &str) {
        self.at("\r", title);
        let screen = self.pty.seen().screen().contents();
        let bar =
            screen.lines().find(|line| line.contains("[Summary]")).expect("it begins with its summary").to_owned();
        for tab in ["Why", "Logs", "Events", "YAML", "History"].into_iter().filter(|tab| bar.contains(tab)) {
            self.at("\t", &format!("[{tab}]"));
        }
        // An escape alone is one only where nothing follows at once.
        self.pty.send("\x1b");
        until(&self.pty, &format!("{title} is left"), |screen| !screen.contains(title));
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The bytes of a file, and those of a recording unpacked.
fn contents(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("it can be read");
    let (places, _) = format::scan(&bytes, 0);
    let unpacked: Vec<u8> = places.iter().filter_map(|place| place.unpack(&bytes)).flatten().collect();
    [bytes, unpacked].concat()
}

#[test]

fn what_is_secret_is_nowhere() {
    const TEST: &str = "secrets::what_is_secret_is_nowhere";
    let Some(servers) = Servers::start(TEST, &[Server::Engine, Server::Api, Server::Prometheus]) else { return };
    let (mut random, seed) = Random::new();
    let planted = Planted::new(&mut random);
    let mut home = Home::new();
    home.flags = ["--docker", &servers.engine(), "--actor", "ann"].map(String::from).to_vec();
    home.variables.push(("KUBECONFIG".into(), servers.kubeconfig().to_string_lossy().into_owned()));
    plant(&servers, &home, &planted);
    let _process = Process::start(&planted);
    let [prometheus, alertmanager] = &servers.urls;
    home.write(
        "config.toml",
        &format!(
            "repository = {:?}\n[[prometheus]]\nname = \"p\"\nurls = [{prometheus:?}]\n[[alertmanager]]\nname = \"am\"\nurls = [{alertmanager:?}]\n",
            home.path("repository")
        ),
    );
    let recording = home.path("state/recording.flightdeck");
    fs::create_dir_all(home.path("state")).expect("made");
    let pty = home.setup().size(230, 70).flightdeck(&home.arguments(&["--record", &recording.to_string_lossy()]));
    pty.wait_for_cockpit();
    let mut looking = Looking { pty, planted: &planted, screens: 0, hidden: 0 };
    look_everywhere(&mut looking);
    let Looking { mut pty, screens, hidden, .. } = looking;
    assert!(hidden > 20, "something was hidden on {hidden} screens: this test looks at nothing");
    pty.send("q");
    pty.ends_well(PATIENCE);
    let written = exports(&home, &planted);
    let state = files(&home.path("state"));
    assert!(state.iter().any(|path| path.ends_with("recording.flightdeck")), "{state:?}");
    assert!(state.iter().any(|path| path.ends_with("journal.db")), "{state:?}");
    for path in &state {
        let bytes = contents(path);
        assert_eq!(planted.found(&bytes), [""; 0], "in {}:\n{}", path.display(), planted.around(&bytes));
    }
    let told = contents(&recording);
    assert!(told.windows(10).any(|window| window == b"[redacted]"), "the recording holds what is around them");
    tell(
        "planted secrets",
        &format!(
            "{} kinds (seed {seed}) in containers, logs, a Deployment, an alert, a process, a repository and in what was typed: 0 on {screens} screens (on {hidden} of them something is hidden), 0 in {} files of the state (journal, recording, log), 0 in {written} exports",
            planted.0.len(),
            state.len(),
        ),
    );
}

/// Goes to every page that shows what was planted.
fn look_everywhere(looking: &mut Looking<'_>) {
    looking.at("4", "┌ Containers");
    looking.at("/planted\r", "1 of 1 «planted»");
    looking.page("› container planted");
    looking.at("5", "Tree");
    looking.at(":workloads", "┌ Find");
    looking.at("\r", "deployment  planted");
    looking.page("› deployment default/planted");
    looking.at("2", "┌ Processes");
    looking.at(":processes", "┌ Find");
    looking.at("\r", "┌ Processes");
    looking.at("/planted-process\r", "planted-process ┐");
    looking.page("› process");
    looking.at("!", "Planted");
    looking.page("› alert");
    looking.at("6", "compose.yaml");
    looking.page("› ");
    looking.at("1", "Attention");
    // What somebody types in haste is hidden before it is written.
    let line = looking.planted.line();
    looking.at("I", "Declare");
    looking.at("\x15it broke\r", "it broke");
    // What is typed says the same before it is declared.
    looking.at("7", "ann declared INC-1");
    // Who types sees what they type; until then nothing was written to the terminal.
    assert_eq!(looking.planted.found(&looking.pty.seen().bytes), [""; 0], "in what was written to the terminal");
    looking.pty.send("i");
    until(&looking.pty, "the question", |screen| screen.contains(": note"));
    looking.pty.send(format!("\x1b[200~{line}\x1b[201~"));
    // A long line shows its end.
    let end = &line[line.len() - 12..];
    until(&looking.pty, "what is typed", |screen| screen.contains(end));
    looking.pty.send("\r");
    until(&looking.pty, "the note is taken", |screen| !screen.contains(": note"));
    // A note is among all events, and not in the story.
    looking.pty.send("o");
    let is_note = |line: &str| line.contains("started with") && line.contains("[redacted]") && line.contains(" ann ");
    until(&looking.pty, "the note", |screen| screen.lines().any(is_note));
    looking.at("", "[redacted]");
}

/// Prints and exports everything that there is; says how many were looked at.
fn exports(home: &Home, planted: &Planted) -> usize {
    let mut all: Vec<Vec<String>> = [
        &["snapshot", "--json", "--wait", "20s"][..],
        &["snapshot"],
        &["doctor", "--json"],
        &["check", "--format", "json", "repository"],
        &["check", "--format", "sarif", "repository"],
        &["check", "--format", "markdown", "repository"],
        &["incident", "show", "1", "--all", "--json"],
        &["incident", "postmortem", "1"],
        &["runbook", "history", "--json"],
    ]
    .map(|words| words.iter().map(|word| (*word).to_owned()).collect())
    .to_vec();
    for format in ["jsonl", "markdown"] {
        all.push(["incident", "export", "--format", format, "1"].map(String::from).to_vec());
    }
    let bundle = home.path("state/bundle").to_string_lossy().into_owned();
    all.push(["incident", "export", "--format", "bundle", "--output", &bundle, "1"].map(String::from).to_vec());
    let mut written = 0;
    for arguments in &all {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = home.output(&words);
        let everything = [output.stdout, output.stderr].concat();
        assert_eq!(planted.found(&everything), [""; 0], "{words:?}: {}", String::from_utf8_lossy(&everything));
        assert_ne!(output.status.code(), Some(2), "{words:?}: {}", String::from_utf8_lossy(&everything));
        written += 1;
    }
    written
}
