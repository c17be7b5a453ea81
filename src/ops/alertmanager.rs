//! Silences at an Alertmanager (<https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>).

use super::{
    execute::{Deed, Failure, in_time},
    gate::Permit,
    operation::{AlertAct, place_of},
};
use crate::{
    client::{
        Clients,
        http::{Answer, HttpError, Server, write::HttpWriter},
    },
    model::{object::ObjectRef, text::clean_to, units},
};
use std::time::Duration;

/// How long a member may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Does it, at the first member that takes it: the members tell each other.
pub(super) async fn execute(
    permit: &Permit,
    target: &ObjectRef,
    act: &AlertAct,
    clients: &Clients,
) -> Result<Deed, Failure> {
    let place = place_of(target);
    let named = clients.alertmanagers.iter().find(|named| named.name == place);
    let named = named.ok_or_else(|| Failure::failed(format!("there is no Alertmanager {place}")))?;
    let writers = named.http_writers(PATIENCE);
    let writers = writers.map_err(|error| Failure::failed(format!("{}; {}", error.reason, error.hint)))?;
    in_time(PATIENCE * 3, async {
        let mut refused = Vec::new();
        for (server, writer) in &writers {
            match send(permit, target, act, server, writer).await {
                Ok(answer) => return told(act, permit, &answer),
                // Nothing can have happened there: another member may take it.
                Err(HttpError::NotSent(why)) => refused.push(format!("{}: {why}", server.place())),
                Err(error) => return Err(Failure::Unknown(format!("{}: {error}", server.place()))),
            }
        }
        Err(Failure::failed(refused.join("; ")))
    })
    .await
}

async fn send(
    permit: &Permit,
    target: &ObjectRef,
    act: &AlertAct,
    server: &Server,
    writer: &HttpWriter,
) -> Result<Answer, HttpError> {
    match act.draft(permit.at(), &permit.actor().name) {
        Some(draft) => writer.post_json(&server.below("/api/v2/silences"), draft.body().to_string()).await,
        None => {
            let id = target.in_watch().map_or("", |(_, id)| id);
            writer.delete(&server.below(&format!("/api/v2/silence/{id}"))).await
        }
    }
}

/// What the answer means.
fn told(act: &AlertAct, permit: &Permit, answer: &Answer) -> Result<Deed, Failure> {
    let text = String::from_utf8_lossy(&answer.body);
    if !answer.is_success() {
        let words = serde_json::from_slice::<String>(&answer.body).unwrap_or_else(|_| text.trim().to_owned());
        let words = if words.is_empty() { String::new() } else { format!(": {}", clean_to(&words, 300)) };
        return Err(Failure::failed(format!("it answers {}{words}", answer.status)));
    }
    let Some(draft) = act.draft(permit.at(), &permit.actor().name) else { return Ok("done".into()) };
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(id) = said.get("silenceID").and_then(serde_json::Value::as_str) else {
        return Err(Failure::Unknown("it accepts it, and does not say which silence it made".into()));
    };
    let until = units::date_clock(draft.ends_at);
    let renamed = draft.id.is_some_and(|old| old != id);
    let instead = if renamed { ", in the place of the old one" } else { "" };
    Ok(format!("silence {} until {until}{instead}", clean_to(id, 60)).into())
}
