//! Programs and requests that change something, as a runbook orders them; and programs that only look, which are run the same way. No
//! shell reads arguments, a program gets few variables, and its output is kept as far as it is short.

use super::{
    execute::{Deed, Failure, in_time},
    operation::{Errand, What},
};
use crate::{
    client::http::{HttpError, Server, write::HttpWriter},
    model::{concealed::Concealed, text::clean_to},
};
use serde_json::{Value as Json, json};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
};

/// Bytes of an output that are kept.
const KEPT: usize = 64 << 10;
/// Signs of it that are told in words.
const TOLD: usize = 300;
/// Variables that a program gets besides its own.
const PASSED: &[&str] = &["PATH", "HOME", "LANG", "USER"];
/// How long a program has to end once it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// Methods that change something.
const METHODS: &[&str] = &["POST", "PUT", "PATCH", "DELETE"];

/// A program, and what it is run with.
pub struct Program<'a> {
    pub argv: &'a [String],
    pub environment: &'a [(String, Concealed)],
    pub input: Option<&'a Concealed>,
    pub directory: Option<&'a str>,
}

/// Does it. An answer of the program or the server that is no success is a failure, and says what it said.
pub(super) async fn execute(errand: &Errand) -> Result<Deed, Failure> {
    let limit = Duration::from_secs(errand.limit_seconds.max(1));
    match &errand.what {
        What::Command { argv, environment, input, directory } => {
            let program = Program { argv, environment, input: input.as_ref(), directory: directory.as_deref() };
            let answer = run(&program, limit).await?;
            let text = |name: &str| answer[name].as_str().unwrap_or_default().trim().to_owned();
            match answer["exit_code"].as_i64() {
                Some(0) => Ok(Deed { answer: Some(answer), .."it ended well".into() }),
                code => {
                    let code = code.map_or_else(|| "by a signal".into(), |code| format!("with {code}"));
                    let said = [text("stderr"), text("stdout")].into_iter().find(|said| !said.is_empty());
                    let said = said.map_or_else(String::new, |said| format!(": {}", clean_to(&said, TOLD)));
                    Err(Failure::failed(format!("it ended {code}{said}")))
                }
            }
        }
        What::Request { method, url, headers, body } => {
            in_time(limit, request(method, url, headers, body.as_ref(), limit)).await
        }
    }
}

async fn request(
    method: &str,
    url: &str,
    headers: &[(String, Concealed)],
    body: Option<&Concealed>,
    limit: Duration,
) -> Result<Deed, Failure> {
    let method = method.to_ascii_uppercase();
    if !METHODS.contains(&method.as_str()) {
        return Err(Failure::failed(format!(
            "{method} changes nothing: ask by it, or write one of {}",
            METHODS.join(", ")
        )));
    }
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.reveal().to_owned())).collect();
    let server = Server { url: url.to_owned(), headers, ..Server::default() };
    let writer = HttpWriter::to(&server, limit);
    let writer = writer.map_err(|error| Failure::failed(format!("{}; {}", error.reason, error.hint)))?;
    let sent = writer.send(&method, url, body.map(|body| body.reveal().to_owned()).unwrap_or_default()).await;
    let answer = match sent {
        Ok(answer) => answer,
        // It answered, and did not do it here.
        Err(error @ (HttpError::NotSent(_) | HttpError::Redirected(..))) => {
            return Err(Failure::failed(error.to_string()));
        }
        Err(error) => return Err(Failure::Unknown(error.to_string())),
    };
    let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(KEPT)]).into_owned();
    if !answer.is_success() {
        let said = if body.trim().is_empty() { String::new() } else { format!(": {}", clean_to(body.trim(), TOLD)) };
        let why = format!("it answers {}{said}", answer.status);
        // Of what broke within the server nobody knows how far it came.
        return Err(if answer.status >= 500 { Failure::Unknown(why) } else { Failure::Failed(why) });
    }
    let told = json!({
        "status": answer.status,
        "json": serde_json::from_str::<Json>(&body).ok(),
        "body": body,
        "location": null,
    });
    Ok(Deed { answer: Some(told), ..format!("it answers {}", answer.status).into() })
}

/// Runs a program to its end: exit code and output. After `limit` it is asked to end, and killed after its grace.
///
/// # Errors
/// It could not be started: nothing was done. It did not end in time: nobody knows.
pub async fn run(program: &Program<'_>, limit: Duration) -> Result<Json, Failure> {
    let mut running = spawn(program)?;
    let (stdin, out, error) = (running.stdin.take(), running.stdout.take(), running.stderr.take());
    let input = program.input.map(|input| input.reveal().to_owned()).unwrap_or_default();
    let whole = async {
        if let Some(mut stdin) = stdin {
            // A program that reads nothing of it is none the worse for it.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let (out, error) = tokio::join!(read(out), read(error));
        (running.wait().await, out, error)
    };
    let Ok((status, out, error)) = tokio::time::timeout(limit, whole).await else {
        end(&mut running).await;
        return Err(Failure::Unknown(format!(
            "it had not ended after {} s: it was asked to end, and what it did by then stays done",
            limit.as_secs()
        )));
    };
    let status = status.map_err(|error| Failure::Unknown(error.to_string()))?;
    Ok(json!({
        "exit_code": status.code(),
        "stdout": out,
        "stderr": error,
    }))
}

fn spawn(program: &Program<'_>) -> Result<Child, Failure> {
    let (name, arguments) = program.argv.split_first().ok_or_else(|| Failure::failed("no program is named"))?;
    let mut child = Command::new(name);
    child.args(arguments).env_clear().kill_on_drop(true);
    child.envs(PASSED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
    child.envs(program.environment.iter().map(|(name, value)| (name, value.reveal())));
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(folder) = program.directory {
        child.current_dir(folder);
    }
    child.spawn().map_err(|error| Failure::failed(format!("{name}: {error}")))
}

/// Asks a program to end, and kills it where it does not.
async fn end(running: &mut Child) {
    let pid = running.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended by itself meanwhile.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(GRACE, running.wait()).await.is_err() {
        let _ = running.kill().await;
    }
}

/// What a program writes, as far as it is kept; the rest is read and dropped, so that the program ends.
async fn read(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let (mut kept, mut buffer) = (Vec::new(), vec![0; 8192]);
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let room = KEPT.saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{super::execute::within, *};
    use crate::{
        client::http::sample::Served,
        model::object::{ObjectKind, ObjectRef},
    };

    fn errand(what: What) -> Errand {
        Errand {
            target: ObjectRef::new(ObjectKind::Host, ""),
            name: "x".into(),
            what,
            hidden: Vec::new(),
            limit_seconds: 5,
        }
    }

    fn command(argv: &[&str], input: Option<&str>) -> What {
        What::Command {
            argv: argv.iter().map(|text| (*text).to_owned()).collect(),
            environment: vec![("TOKEN".into(), Concealed::new("hunter2"))],
            input: input.map(Concealed::new),
            directory: Some("/".into()),
        }
    }

    #[test]
    fn a_program_is_run_without_a_shell() {
        let done = within(execute(&errand(command(&["printf", "%s", "$HOME;`id`"], None)))).expect("it ends well");
        assert_eq!(done.answer.expect("answers")["stdout"], "$HOME;`id`");
        let done = within(execute(&errand(command(&["sh", "-c", "cat; echo $TOKEN; env | wc -l"], Some("in ")))));
        let answer = done.expect("it ends well").answer.expect("answers");
        assert!(answer["stdout"].as_str().is_some_and(|text| text.starts_with("in hunter2")), "{answer}");
    }

    #[test]
    fn what_fails_says_how() {
        let failed = within(execute(&errand(command(&["sh", "-c", "echo no room >&2; exit 3"], None))));
        assert_eq!(failed, Err(Failure::Failed("it ended with 3: no room".into())));
        let missing = within(execute(&errand(command(&["/no/such/program"], None))));
        assert!(matches!(&missing, Err(Failure::Failed(why)) if why.starts_with("/no/such/program: ")), "{missing:?}");
        let late = Errand { limit_seconds: 1, ..errand(command(&["sleep", "100"], None)) };
        assert!(matches!(within(execute(&late)), Err(Failure::Unknown(_))));
    }

    #[test]
    fn what_is_long_is_cut() {
        let done = within(execute(&errand(command(&["head", "-c", "1000000", "/dev/zero"], None)))).expect("it ends");
        assert_eq!(done.answer.expect("answers")["stdout"].as_str().map(str::len), Some(KEPT));
    }

    #[test]
    fn a_request_is_sent_once_and_its_answer_told() {
        let served = Served::by(|asked, _| match asked.what() {
            "POST /good" => ("201 Created".into(), "{\"id\": 7}".into()),
            "POST /bad" => ("409 Conflict".into(), "it is there".into()),
            _ => ("500 Internal Server Error".into(), String::new()),
        });
        let send = |method: &str, path: &str| {
            within(execute(&errand(What::Request {
                method: method.into(),
                url: format!("{}{path}", served.url),
                headers: vec![("x-token".into(), Concealed::new("hunter2"))],
                body: Some(Concealed::new("{}")),
            })))
        };
        let good = send("post", "/good").expect("it is taken");
        assert_eq!((good.text.as_str(), &good.answer.expect("answers")["json"]["id"]), ("it answers 201", &json!(7)));
        assert_eq!(send("POST", "/bad"), Err(Failure::Failed("it answers 409: it is there".into())));
        assert!(matches!(send("PUT", "/odd"), Err(Failure::Unknown(_))));
        assert!(matches!(send("GET", "/good"), Err(Failure::Failed(_))));
        let asked = served.asked();
        assert_eq!(asked.len(), 3, "{asked:?}");
        assert_eq!((asked[0].header("x-token"), asked[0].body.as_str()), (Some("hunter2"), "{}"));
    }

    #[test]
    fn what_is_written_down_holds_no_secret() {
        let all = [
            command(&["mysql", "--password=hunter2"], Some("hunter2")),
            What::Request {
                method: "POST".into(),
                url: "https://a/b?token=hunter2".into(),
                headers: vec![("authorization".into(), Concealed::new("Bearer hunter2"))],
                body: None,
            },
        ];
        for what in all {
            let errand = errand(what);
            assert!(!format!("{} {}", errand.line(), errand.effect()).contains("hunter2"), "{}", errand.line());
        }
        let hidden = serde_json::to_string(&errand(command(&["x"], Some("hunter2")))).expect("written");
        assert!(!hidden.contains("hunter2"), "{hidden}");
    }
}
