//! What lies outside: addresses, Prometheus, programs. Only such requests are sent that change nothing.

use crate::{
    client::http::{Http, Server},
    model::metric::{Evaluated, Reply},
    ops::execute::{Failure, in_time, within},
    runbook::{
        act::{Command, Http as Request},
        ask::PromQl,
    },
    runtime::runbook::House,
    source::prometheus::api::Api,
};
use serde_json::{Value as Json, json};
use std::{process::Stdio, time::Duration};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const LONGEST: usize = 256 << 10;
/// Bytes of an output that are kept.
const KEPT: usize = 64 << 10;
/// Variables that a program gets besides its own.
const PASSED: &[&str] = &["PATH", "HOME", "LANG", "USER"];

/// Asks an address.
///
/// # Errors
/// Why there is no answer; a status of any kind is one.
pub fn http(house: &House, request: &Request) -> Result<Json, String> {
    let method = request.method.as_deref().unwrap_or("GET");
    if method != "GET" {
        return Err(format!("a look sends no {method}"));
    }
    let headers =
        request.headers.iter().map(|(key, value)| Ok((key.clone(), value.unseal(&|name| house.secret(name))?)));
    let server =
        Server { url: request.url.clone(), headers: headers.collect::<Result<_, String>>()?, ..Server::default() };
    let begin = crate::clock::instant();
    let answer = within(async {
        let http = Http::to(&server, PATIENCE, LONGEST).map_err(|error| Failure::failed(error.reason))?;
        http.look(&request.url).await.map_err(|error| Failure::failed(error.to_string()))
    });
    let answer = answer.map_err(Failure::into_why)?;
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    Ok(json!({
        "status": answer.status,
        "json": serde_json::from_str::<Json>(&body).ok(),
        "body": house.redacted(&body),
        "location": null,
        "seconds": crate::clock::instant().saturating_duration_since(begin).as_secs_f64(),
    }))
}

/// Asks a Prometheus.
///
/// # Errors
/// Why there is no answer.
pub fn promql(house: &House, query: &PromQl) -> Result<Json, String> {
    let named = match &query.source {
        Some(name) => house.prometheus.iter().find(|named| named.name == *name),
        None => house.prometheus.first().filter(|_| house.prometheus.len() == 1),
    };
    let named = named.ok_or("no Prometheus of that name is configured, or there are several: name one as `source`")?;
    let clients = named.clients(PATIENCE, LONGEST).map_err(|error| error.reason)?;
    let reply = within(in_time(PATIENCE * 2, async {
        let mut last = Failure::failed("it has no address");
        for (server, http) in clients {
            let api = Api::new(server, http, PATIENCE.as_secs());
            match api.query(&query.query, house.now()).await {
                Ok(reply) => return Ok(reply),
                Err(why) => last = Failure::Failed(why),
            }
        }
        Err(last)
    }));
    let reply: Reply = reply.map_err(Failure::into_why)?;
    let value = reply.number().ok().flatten();
    let series = match &reply.result {
        Evaluated::Vector(samples) => samples.len(),
        Evaluated::Matrix(stretches) => stretches.len(),
        Evaluated::Scalar(_) | Evaluated::Text(_) => 1,
    };
    Ok(json!({ "value": value, "series": series, "samples": series }))
}

/// Runs a program that looks. No shell reads its arguments.
///
/// # Errors
/// Why it could not be run to its end.
pub fn command(house: &House, command: &Command) -> Result<Json, String> {
    let (program, arguments) = command.argv.split_first().ok_or("no program is named")?;
    let environment = command.environment.iter();
    let environment: Vec<_> = environment
        .map(|(key, value)| Ok((key.clone(), value.unseal(&|name| house.secret(name))?)))
        .collect::<Result<_, String>>()?;
    let input = command.input.as_ref().map(|input| input.unseal(&|name| house.secret(name))).transpose()?;
    let mut child = tokio::process::Command::new(program);
    child.args(arguments).env_clear().kill_on_drop(true);
    child.envs(PASSED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))).envs(environment);
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(folder) = &command.directory {
        child.current_dir(folder);
    }
    let begin = crate::clock::instant();
    let ended = within(in_time(PATIENCE, async {
        let failed = |error: std::io::Error| Failure::failed(format!("{program}: {error}"));
        let mut running = child.spawn().map_err(failed)?;
        let (stdin, out, error) = (running.stdin.take(), running.stdout.take(), running.stderr.take());
        if let Some(mut stdin) = stdin {
            // A program that reads nothing of it is none the worse for it.
            let _ = stdin.write_all(input.unwrap_or_default().as_bytes()).await;
        }
        let (out, error) = tokio::join!(read(out), read(error));
        let status = running.wait().await.map_err(failed)?;
        Ok((status.code(), out, error))
    }));
    let (code, out, error) = ended.map_err(Failure::into_why)?;
    Ok(json!({
        "exit_code": code,
        "stdout": house.redacted(&out),
        "stderr": house.redacted(&error),
        "seconds": crate::clock::instant().saturating_duration_since(begin).as_secs_f64(),
    }))
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
