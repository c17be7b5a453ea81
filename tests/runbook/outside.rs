//! What lies outside of clusters and engines: programs and requests that change something, certificates, and conditions that stop a run.

use crate::{
    bed::{Home, read_until, set, testbed, wait_for},
    heads::{HERE, head, verified},
};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

const SECRET: &str = "hunter2-planted";

/// A server that takes what is posted, and answers 200 to who asks once it has.
fn receiver() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let taken: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&taken);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("cloned"));
            let (mut text, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
                    break;
                }
                if let Some(count) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = count.trim().parse().unwrap_or(0);
                }
                text.push_str(&line);
            }
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            text.push_str(&String::from_utf8_lossy(&body));
            let mut kept = kept.lock().expect("sound");
            let status = match (text.starts_with("POST "), kept.is_empty()) {
                (true, _) => {
                    kept.push(text);
                    "201 Created"
                }
                (false, false) => "200 OK",
                (false, true) => "404 Not Found",
            };
            let said = format!("{{\"said\": \"token={SECRET}\"}}");
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", said.len());
            let _ = stream.write_all((head + &said).as_bytes());
        }
    });
    (url, taken)
}

/// Posts a secret, and writes it into a file.
fn errand() -> String {
    let taken = verified(r#"{ http = { url = "{{url}}/deploys" } }"#, "status", ["200", "404"]);
    let there = verified(r#"{ command = { argv = ["test", "-s", "{{file}}"] } }"#, "exit_code", ["0", "1"]);
    let variables = [("token", r#"type = "secret""#), ("url", ""), ("file", "")];
    head("Send and write", Some("here"), HERE, &variables) + SEND + &taken + WRITE + &there + NOTE
}

const SEND: &str = r#"
[[step]]
id = "send"
title = "Send it"
timeout = "30s"
no-undo = "it is sent"
[step.http]
url = "{{url}}/deploys"
method = "POST"
headers = { authorization = "Bearer {{token}}" }
body = "{\"token\": \"{{token}}\"}"
"#;

const WRITE: &str = r#"
[[step]]
id = "write"
title = "Write it"
timeout = "30s"
no-undo = "the file stays"
[step.command]
argv = ["tee", "{{file}}"]
environment = { TOKEN = "{{token}}" }
input = "{{token}}"
"#;

const NOTE: &str = r#"
[[step]]
id = "note"
title = "What was said"
note = "status {{steps.send.status}}; {{steps.write.stdout}}"
"#;

/// Every file below a folder that holds a text.
pub fn holding(folder: &Path, wanted: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, wanted));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_program_and_a_request_act_and_leave_no_secret_behind() {
    let home = Home::new(None);
    home.write("runbooks/errand.toml", &errand());
    let (url, taken) = receiver();
    let outside = tempfile::tempdir().expect("a folder");
    let (token, file) = (outside.path().join("token"), outside.path().join("written"));
    fs::write(&token, format!("{SECRET}\n")).expect("written");
    let secret = format!("token={}", token.display());
    let values = [format!("url={url}"), format!("file={}", file.display())];
    let start = [&["run", "errand", "--yes", "--json", "--secret", &secret][..], &set(&values)].concat();

    let refused = home.command("ops-a", &start).arg("--read-only").output().expect("it runs");
    assert_eq!(refused.status.code(), Some(4), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(taken.lock().expect("sound").is_empty() && !file.exists());

    let done = home.said(&start);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
    assert_eq!(fs::read_to_string(&file).expect("written"), SECRET);
    let taken = taken.lock().expect("sound").clone();
    assert_eq!(taken.len(), 1, "it is sent once");
    assert!(
        taken[0].contains(&format!("Bearer {SECRET}")) && taken[0].ends_with(&format!("{{\"token\": \"{SECRET}\"}}"))
    );
    assert!(done.all().contains("status 201; ●●●"), "{}", done.all());
    assert!(!done.all().contains(SECRET), "{}", done.all());
    assert_eq!(holding(home.path(), SECRET), Vec::<String>::new());
    // The same, where the program fails.
    let broken = errand().replace("[\"tee\", \"{{file}}\"]", "[\"sh\", \"-c\", \"echo $TOKEN >&2; exit 3\"]");
    home.write("runbooks/errand.toml", &broken);
    let failed = home.said(&start);
    assert_eq!((failed.code, failed.outcome()), (1, "paused"), "{}", failed.all());
    assert!(failed.last()["text"].as_str().expect("a text").contains("it ended with 3"), "{}", failed.all());
    assert!(!failed.all().contains(SECRET) && holding(home.path(), SECRET).is_empty(), "{}", failed.all());
}

/// What serves a certificate, until it is dropped.
struct Serving(Child);

impl Serving {
    fn of(folder: &Path, name: &str, port: u16) -> Self {
        let file = |ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert", &file("pem"), "-key"]);
        command.arg(file("key")).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let serving = Self(command.spawn().expect("openssl"));
        wait_for("openssl listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        serving
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let done = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A certificate for `localhost` of the authority in this folder.
fn issue(folder: &Path, name: &str, days: &str) {
    let (key, request, pem) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
    let new =
        ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", &key, "-out", &request];
    openssl(folder, &new);
    fs::write(folder.join("san"), "subjectAltName=DNS:localhost\n").expect("written");
    let signed =
        ["x509", "-req", "-in", &request, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days];
    openssl(folder, &[&signed[..], &["-extfile", "san", "-out", &pem]].concat());
}

#[test]
fn a_certificate_that_runs_out_is_renewed_and_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=Test authority"];
    openssl(folder.path(), &[&authority[..], &["-keyout", "ca.key", "-out", "ca.pem"]].concat());
    issue(folder.path(), "old", "3");
    issue(folder.path(), "new", "60");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("a port").port();
    let home = Home::new(None);
    let run = |arguments: &[&str]| {
        let output = home.command("ops-a", arguments).env("SSL_CERT_FILE", folder.path().join("ca.pem")).output();
        let output = output.expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let address = format!("address=localhost:{port}");
    let silent = run(&["plan", "certificate-expiring", "--set", &address]);
    assert_ne!(silent.0, Some(0), "nobody listens: {}", silent.1);
    let serving = Serving::of(folder.path(), "old", port);
    let (code, said) = run(&["run", "certificate-expiring", "--set", &address, "--yes", "--json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("CN=Test authority") && said.contains("--done renew"), "{said}");
    let last: serde_json::Value = said.lines().last().and_then(|line| serde_json::from_str(line).ok()).expect("JSON");
    let name = last["run"].as_str().expect("a name").to_owned();
    // Until the new one is shown it is not renewed, whatever somebody says.
    drop(serving);
    let _serving = Serving::of(folder.path(), "new", port);
    let (code, said) = run(&["resume", &name, "--done", "renew", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("\"outcome\":\"succeeded\""), "{said}");
}

/// A run that acts and then waits, with a condition that stops it.
pub fn stopped(file: &Path, stop: &str, timer: &str) -> String {
    let file = file.display();
    let act = format!(
        "[[stop]]\ntitle = \"it is too much\"\nevery = \"1s\"\n{stop}\n\
         [[step]]\nid = \"act\"\ntitle = \"Act\"\ntimeout = \"30s\"\nno-undo = \"a file stays\"\n\
         command = {{ argv = [\"touch\", \"{file}\"] }}\n"
    );
    let ask = format!("{{ command = {{ argv = [\"test\", \"-e\", \"{file}\"] }} }}");
    let wait = format!("[[step]]\nid = \"wait\"\ntitle = \"Wait\"\ntimeout = \"2m\"\ntimer = \"{timer}\"\n");
    head("Wait", Some("here"), HERE, &[]) + &act + &verified(&ask, "exit_code", ["0", "1"]) + &wait
}

#[test]
fn a_query_stops_a_run_that_waits() {
    let Some(bed) = testbed("outside::a_query_stops_a_run_that_waits", "prometheus") else { return };
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testbed/prometheus"))
        .arg("up")
        .arg(bed.join("prometheus"))
        .output();
    let said = String::from_utf8_lossy(&output.expect("it runs").stdout).into_owned();
    let url = said.lines().find_map(|line| line.strip_prefix("prometheus_url=")).expect("an address").to_owned();
    let home = Home::new(None);
    home.write("config.toml", &format!("[[prometheus]]\nname = \"bed\"\nurls = [{url:?}]\n"));
    for (query, stops) in [("vector(7) > 5", true), ("vector(7) > 50", false)] {
        let when = if stops { "{ path = \"value\", above = 5 }" } else { "{ path = \"series\", above = 0 }" };
        let stop = format!("ask = {{ promql = {{ query = {query:?} }} }}\nwhen = [{when}]");
        let timer = if stops { "100s" } else { "4s" };
        home.write("runbooks/wait.toml", &stopped(&home.path().join("acted"), &stop, timer));
        let said = home.said(&["run", "wait", "--yes", "--json"]);
        let wanted = if stops { (1, "paused") } else { (0, "succeeded") };
        assert_eq!((said.code, said.outcome()), wanted, "{}", said.all());
        assert!(!stops || said.last()["text"].as_str().expect("a text").contains("it is too much"), "{}", said.all());
    }
}

#[test]
fn what_turns_bad_stops_a_run_that_waits_and_so_does_what_nobody_can_tell() {
    let home = Home::new(None);
    let (flag, acted) = (home.path().join("flag"), home.path().join("acted"));
    let ask = format!("ask = {{ command = {{ argv = [\"cat\", {:?}] }} }}", flag.display().to_string());
    let stop = format!("{ask}\nwhen = [{{ path = \"stdout\", matches = \"bad\" }}]");
    home.write("runbooks/wait.toml", &stopped(&acted, &stop, "100s"));
    fs::write(&flag, "good").expect("written");
    let (mut child, mut out) = home.begin(&["run", "wait", "--yes", "--json"]);
    read_until(&mut out, |event| event["step"] == "wait").expect("it comes so far");
    fs::write(&flag, "bad").expect("written");
    let last = read_until(&mut out, |event| event["outcome"].is_string()).expect("it ends");
    child.wait().expect("ended");
    assert_eq!(last["outcome"], "paused", "{last}");
    assert!(last["text"].as_str().expect("a text").contains("it is too much"), "{last}");

    let ask = "ask = { promql = { query = \"up\", source = \"nobody\" } }\nwhen = [{ path = \"value\", is = 0 }]";
    home.write("runbooks/wait.toml", &stopped(&acted, ask, "100s"));
    let blind = home.said(&["run", "wait", "--yes", "--json"]);
    assert_eq!((blind.code, blind.outcome()), (1, "paused"), "{}", blind.all());
    assert!(blind.last()["text"].as_str().expect("a text").contains("nobody can say"), "{}", blind.all());
}
