//! What lies outside: addresses, name servers, Prometheus, programs. Only such requests are sent that change nothing.

use crate::{
    client::{
        dns,
        http::{Http, Server},
        tls,
    },
    model::{
        metric::{Evaluated, Reply},
        text::clean_to,
    },
    ops::{
        errand::{self, Program},
        execute::{Failure, in_time, within},
        look,
    },
    runbook::{
        act::{Command, Http as Request},
        ask::PromQl,
        target::Target,
    },
    runtime::runbook::{House, act},
    source::prometheus::api::Api,
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, net::IpAddr, time::Duration};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long name servers may take altogether: a run waits for an answer for as long as [`PATIENCE`].
const NAMES_PATIENCE: Duration = Duration::from_secs(13);
/// Bytes of an answer that are read.
const LONGEST: usize = 256 << 10;

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
        "body": body,
        "location": null,
        "seconds": crate::clock::instant().saturating_duration_since(begin).as_secs_f64(),
    }))
}

/// Looks at the certificate of an endpoint, or of a Secret.
///
/// # Errors
/// There is none to be seen, and why.
pub fn certificate(house: &House, target: &Target) -> Result<Json, String> {
    let now = house.now();
    let found = match target {
        Target::Endpoint { address } => tls::shown(address, now, PATIENCE / 2)?,
        _ => tls::in_pem(&look::certificate(&act::object(target)?, &house.clients)?, now)?,
    };
    Ok(json!({
        "not_after": found.not_after.to_string(),
        "left_seconds": found.not_after.duration_since(now).as_secs().max(0),
        "subject": found.subject,
        "issuer": found.issuer,
        "names": found.names,
        "serial": found.serial,
        "chain_valid": found.chain_valid,
        "covers_name": found.covers_name,
        "reason": found.reason,
    }))
}

/// Asks name servers about a name, and compares with the addresses that are expected.
///
/// # Errors
/// It is no name, they are no addresses, or there was no time to ask all of them.
pub fn dns(name: &str, expected: &str) -> Result<Json, String> {
    let expected = addresses(expected)?;
    let asked = within(in_time(NAMES_PATIENCE, async { dns::ask(name).await.map_err(Failure::Failed) }));
    let answers = asked.map_err(|failure| format!("«{}»: {}", clean_to(name, 255), failure.into_why()))?;
    let judged = dns::judge(&answers, &expected);
    Ok(json!({
        "addresses": judged.addresses,
        "authoritative_addresses": judged.authoritative,
        "agree": judged.agree,
        "settled": judged.settled,
        "disagreeing": judged.disagreeing,
        "unanswered": judged.unanswered,
        "ttl_seconds": judged.ttl.map(|ttl| ttl.highest),
        "lowest_ttl_seconds": judged.ttl.map(|ttl| ttl.lowest),
        "stale_seconds": judged.stale_seconds,
        "servers": answers.heard.iter().map(server).collect::<Vec<_>>(),
        "reason": judged.reason,
    }))
}

/// Addresses as somebody wrote them: with commas or blanks between them.
fn addresses(written: &str) -> Result<BTreeSet<IpAddr>, String> {
    let all = written.split([',', ' ']).filter(|one| !one.is_empty());
    all.map(|one| one.parse().map_err(|_| format!("«{}» is no address", clean_to(one, 60)))).collect()
}

/// What one name server said, or why it said nothing.
fn server(heard: &dns::Heard) -> Json {
    let said = heard.said.as_ref().ok();
    json!({
        "server": heard.server.to_string(),
        "about": heard.about,
        "addresses": said.map(|said| &said.addresses),
        "aliases": said.map(|said| &said.aliases),
        "ttl_seconds": said.and_then(|said| said.ttl).map(|ttl| ttl.highest),
        "reason": heard.said.as_ref().err().map(|silence| &silence.why),
    })
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
    let (environment, input) = act::concealed(house, command)?;
    let program = Program {
        argv: &command.argv,
        environment: &environment,
        input: input.as_ref(),
        directory: command.directory.as_deref(),
    };
    let begin = crate::clock::instant();
    let mut answer = within(errand::run(&program, PATIENCE)).map_err(Failure::into_why)?;
    answer["seconds"] = json!(crate::clock::instant().saturating_duration_since(begin).as_secs_f64());
    Ok(answer)
}
