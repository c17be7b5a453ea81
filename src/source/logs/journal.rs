//! The host's journal, by journalctl: systemd's own reader, which knows every format and every permission.

use super::{
    lines::Lines,
    sink::{Sink, Writer},
};
use crate::{
    model::{
        Timestamp,
        logs::{Level, LogRequest, OriginState},
    },
    source::supervisor::backoff,
};
use serde_json::Value;
use std::{process::Stdio, rc::Rc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::Command,
};

const PROGRAM: &str = "journalctl";
/// The first wait before it is started again.
const AGAIN: Duration = Duration::from_secs(1);
/// Most bytes of what it says about a failure.
const WORDS: u64 = 2_048;

/// Reads and follows the journal, whole or of one unit.
pub(super) async fn read(unit: Option<&str>, request: &LogRequest, sink: &Rc<Sink>) {
    let mut writer = sink.origin(unit.unwrap_or("journal"));
    let mut failures = 0;
    loop {
        match once(unit, request, &mut writer).await {
            Ok(()) if !request.follow => return writer.state(OriginState::Ended),
            Ok(()) => writer.down("journalctl ended"),
            Err(Failed::NoProgram) => {
                writer.marker("this host has no journal that can be read: there is no journalctl");
                return writer.state(OriginState::Ended);
            }
            Err(Failed::Says(words)) => writer.down(&words),
        }
        failures += 1;
        tokio::time::sleep(backoff(AGAIN, failures)).await;
    }
}

enum Failed {
    NoProgram,
    Says(String),
}

/// What journalctl is called with. Its arguments never pass a shell.
fn arguments(unit: Option<&str>, request: &LogRequest, resume: Option<Timestamp>) -> Vec<String> {
    let mut arguments = vec!["--output=json".into(), "--no-pager".into(), "--quiet".into()];
    if request.follow {
        arguments.push("--follow".into());
    }
    match resume {
        Some(at) => arguments.extend([format!("--since=@{}", at.as_second()), "--lines=all".into()]),
        None => {
            arguments.push(format!("--lines={}", request.tail));
            arguments.extend(request.since_seconds.map(|seconds| format!("--since=-{seconds}s")));
        }
    }
    // One argument: a unit whose name begins with `-` stays a name.
    arguments.extend(unit.map(|unit| format!("--unit={unit}")));
    if request.previous {
        arguments.push("--boot=-1".into());
    }
    arguments
}

async fn once(unit: Option<&str>, request: &LogRequest, writer: &mut Writer) -> Result<(), Failed> {
    let resume = writer.resume();
    let mut child = Command::new(PROGRAM)
        .args(arguments(unit, request, resume))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failed::NoProgram,
            _ => Failed::Says(error.to_string()),
        })?;
    let failed = |error: std::io::Error| Failed::Says(error.to_string());
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Failed::Says("its output cannot be read".into()));
    };
    writer.open();
    let (mut out, mut lines) = (BufReader::with_capacity(64 << 10, out), Lines::default());
    loop {
        let bytes = out.fill_buf().await.map_err(failed)?;
        let count = bytes.len();
        if count == 0 {
            break;
        }
        lines.feed(bytes, |line, _| entry(writer, line, resume));
        out.consume(count);
    }
    let mut words = String::new();
    let _ = err.take(WORDS).read_to_string(&mut words).await;
    let status = child.wait().await.map_err(failed)?;
    match (status.success(), words.lines().next()) {
        (true, _) => Ok(()),
        (false, Some(words)) => Err(Failed::Says(words.to_owned())),
        (false, None) => Err(Failed::Says(format!("journalctl failed: {status}"))),
    }
}

/// Takes an entry (<https://systemd.io/JOURNAL_EXPORT_FORMATS>, JSON). One that cannot be read is left out.
fn entry(writer: &mut Writer, line: &[u8], resume: Option<Timestamp>) {
    let Ok(entry) = serde_json::from_slice::<Value>(line) else { return };
    let number = |name: &str| entry.get(name).and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok());
    let at = number("__REALTIME_TIMESTAMP").and_then(|micros| Timestamp::from_microsecond(micros).ok());
    if at.is_some() && at <= resume {
        return;
    }
    let word = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let who =
        [word("SYSLOG_IDENTIFIER"), word("_COMM"), word("_SYSTEMD_UNIT")].into_iter().find(|word| !word.is_empty());
    let mut text = who.map_or_else(Vec::new, |who| format!("{who}: ").into_bytes());
    match entry.get("MESSAGE") {
        Some(Value::String(message)) => text.extend_from_slice(message.as_bytes()),
        // What is not UTF-8 comes as bytes.
        Some(Value::Array(bytes)) => text.extend(bytes.iter().filter_map(Value::as_u64).map(|byte| byte as u8)),
        _ => {}
    }
    let level = number("PRIORITY").map_or(Level::Unknown, |priority| Level::of_priority(priority as u8));
    for part in text.split(|byte| *byte == b'\n') {
        writer.line(at, level, part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_words_of_their_own() {
        let request =
            LogRequest { id: 1, targets: Vec::new(), since_seconds: Some(60), tail: 10, follow: true, previous: false };
        let all = arguments(Some("-x; rm"), &request, None);
        assert_eq!(
            all,
            ["--output=json", "--no-pager", "--quiet", "--follow", "--lines=10", "--since=-60s", "--unit=-x; rm",]
        );
    }
}
