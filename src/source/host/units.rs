//! systemd's failed units, asked by an argument vector: no shell reads anything here.

use super::{
    bytes::{fields, lines, lossy},
    read::Root,
};
use crate::{
    clock,
    model::{host::Units, topic::Topic, update::Update},
    source::{Request, Source, SourceError, Spec},
};
use compact_str::CompactString;
use std::{
    io::{ErrorKind, Read},
    process::{Child, Command, Stdio},
    sync::mpsc::sync_channel,
    time::Duration,
};

/// What is asked. The plain listing is the same since systemd 210; its JSON is not.
const QUESTION: &[&str] = &["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager", "--full"];
/// How long systemctl may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Longest listing that is read, in bytes.
const TEXT_LIMIT: u64 = 1 << 20;

/// The source of [`Units`].
#[derive(Debug)]
pub struct UnitsSource {
    root: Root,
    question: Vec<String>,
}

impl UnitsSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root, question: QUESTION.iter().map(|word| (*word).to_owned()).collect() }
    }
}

impl Source for UnitsSource {
    fn spec(&self) -> Spec {
        let half_minute = Duration::from_secs(30);
        Spec {
            name: "host/units".into(),
            kind: "host".into(),
            topics: Topic::Units.into(),
            foreground: half_minute,
            background: Some(half_minute),
            deadline: LIMIT + Duration::from_secs(1),
        }
    }

    fn collect(&mut self, _request: &Request) -> Result<Vec<Update>, SourceError> {
        // sd_booted(3): systemd is the init of this machine where this folder is.
        if !self.root.join("run/systemd/system").is_dir() {
            return Ok(vec![Update::Units(Units::default())]);
        }
        match ask(&self.question, LIMIT)? {
            Some(text) => Ok(vec![Update::Units(Units { systemd: true, failed: parse(&text) })]),
            None => Ok(vec![Update::Units(Units::default())]),
        }
    }
}

/// The first field of each line is a unit's name.
fn parse(text: &[u8]) -> Vec<CompactString> {
    // Older versions put a dot before a failed unit even in a plain listing.
    let name = |line| fields(line).find(|field| !matches!(*field, b"*" | b"\xe2\x97\x8f" | b"\xc3\x97")).map(lossy);
    lines(text).filter_map(name).collect()
}

/// Runs a program and reads what it prints; `None` where there is no such program.
fn ask(question: &[String], limit: Duration) -> Result<Option<Vec<u8>>, SourceError> {
    let Some((program, arguments)) = question.split_first() else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").env("SYSTEMD_COLORS", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(down(format!("cannot start {program}: {error}"))),
    };
    let text = read_all(&mut child, limit);
    if text.is_none() {
        // It has ended already, or it is late: it is not needed in either case.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| down(format!("cannot wait for {program}: {error}")))?;
    match text {
        None => Err(down(format!("{program} has not answered within {} s", limit.as_secs_f64()))),
        Some(_) if !status.success() => Err(down(format!("{program} failed: {status}"))),
        text => Ok(text),
    }
}

/// What the child prints until it closes its output, within `limit`. A thread reads, so that waiting has an end.
fn read_all(child: &mut Child, limit: Duration) -> Option<Vec<u8>> {
    let output = child.stdout.take()?;
    let (sender, answer) = sync_channel(1);
    let read = move || {
        let mut text = Vec::new();
        let done = output.take(TEXT_LIMIT).read_to_end(&mut text);
        let _ = sender.send(done.map(|_| text));
    };
    let start = clock::instant();
    std::thread::Builder::new().name("systemctl".into()).spawn(read).ok()?;
    answer.recv_timeout(limit.saturating_sub(start.elapsed())).ok()?.ok()
}

fn down(reason: String) -> SourceError {
    SourceError::Down { reason, hint: "try: systemctl list-units --failed".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn names_are_first_in_the_line() {
        let text =
            b"nginx.service loaded failed failed A server\n\xe2\x97\x8f foo@1.service loaded failed failed Foo\n\n";
        assert_eq!(parse(text), ["nginx.service", "foo@1.service"]);
        assert_eq!(parse(b""), [""; 0]);
    }

    #[test]
    fn a_program_answers_fails_is_missing_or_hangs() {
        let long = Duration::from_secs(20);
        assert_eq!(ask(&question(&["echo", "a.service x"]), long), Ok(Some(b"a.service x\n".to_vec())));
        assert_eq!(ask(&question(&["/nowhere/systemctl"]), long), Ok(None));
        assert!(matches!(ask(&question(&["false"]), long), Err(SourceError::Down { .. })));
        let late = ask(&question(&["sleep", "60"]), Duration::from_millis(50));
        assert!(matches!(late, Err(SourceError::Down { reason, .. }) if reason.contains("not answered")));
    }

    #[test]
    fn without_systemd_there_is_nothing_to_list() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut source = UnitsSource::new(Root::at(folder.path()));
        let request = Request { at: clock::now(), wanted: Default::default(), ..Request::default() };
        assert_eq!(source.collect(&request), Ok(vec![Update::Units(Units::default())]));
        std::fs::create_dir_all(folder.path().join("run/systemd/system")).expect("made");
        source.question = question(&["echo", "b.service"]);
        let expected = Units { systemd: true, failed: vec!["b.service".into()] };
        assert_eq!(source.collect(&request), Ok(vec![Update::Units(expected)]));
        source.question = question(&["/nowhere/systemctl"]);
        assert_eq!(source.collect(&request), Ok(vec![Update::Units(Units::default())]));
    }
}
