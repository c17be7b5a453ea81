//! What an Alertmanager holds, asked of each of its members by the API v2
//! (<https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>).

#[cfg(test)]
mod tests;
mod wire;

use super::{Request, Source, SourceError, Spec, named};
use crate::{
    client::{
        http::{Http, Server},
        named::Named,
    },
    model::{
        alert::{Alertmanager, Held, Member, merged},
        topic::Topic,
        update::Update,
    },
};
use compact_str::format_compact;
use serde_json::Value;
use std::time::Duration;

/// How long a member is waited for, for each question.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read: some ten thousand alerts.
const LONGEST: usize = 64 << 20;

/// The source of one Alertmanager.
pub struct AlertSource {
    named: Named,
    /// Made when they are needed: a certificate that is missing now may come.
    members: Option<Vec<(Server, Http)>>,
    told: Option<Alertmanager>,
}

impl AlertSource {
    /// The source for an Alertmanager that the configuration names.
    pub fn new(named: Named) -> Self {
        Self { named, members: None, told: None }
    }
}

impl Source for AlertSource {
    fn spec(&self) -> Spec {
        Spec {
            name: format_compact!("alertmanager/{}", self.named.name),
            kind: "alertmanager".into(),
            topics: Topic::Alerts.into(),
            foreground: Duration::from_secs(5),
            background: Some(Duration::from_secs(15)),
            deadline: Duration::from_secs(25),
        }
    }

    fn collect(&mut self, _: &Request) -> Result<Vec<Update>, SourceError> {
        let members = match &mut self.members {
            Some(members) => members,
            none => none.insert(self.named.clients(PATIENCE, LONGEST)?),
        };
        let seen = named::wait(read(&self.named.name, members))?.map_err(|why| named::silent(&self.named, why))?;
        // Most of the time nothing is new, and nothing is told.
        if self.told.as_ref() == Some(&seen) {
            return Ok(Vec::new());
        }
        self.told = Some(seen.clone());
        Ok(vec![Update::Alerts(Box::new(seen))])
    }
}

/// Asks one member.
///
/// # Errors
/// Why it does not answer, in words.
async fn ask(name: &str, http: &Http, server: &Server, problems: &mut Vec<String>) -> Result<(Member, Held), String> {
    let status = get(http, server, "/api/v2/status").await?;
    let member = wire::member(server.place().into(), &status);
    let mut unread = |what: &str, count: usize| {
        if count > 0 {
            problems.push(format!("{}: {count} {what} could not be read", server.place()));
        }
    };
    let path = "/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true";
    let (alerts, odd) = wire::alerts(name, &get(http, server, path).await?)?;
    unread("alerts", odd);
    let (groups, odd) = wire::groups(&get(http, server, "/api/v2/alerts/groups").await?)?;
    unread("groups", odd);
    let (silences, odd) = wire::silences(&get(http, server, "/api/v2/silences").await?)?;
    unread("silences", odd);
    Ok((member, (alerts, groups, silences)))
}

async fn get(http: &Http, server: &Server, path: &str) -> Result<Value, String> {
    let bare = path.split('?').next().unwrap_or(path);
    let answer = http.get(&server.below(path)).await.map_err(|error| format!("{bare}: {error}"))?;
    serde_json::from_slice(&answer).map_err(|error| format!("{bare} is not what was expected: {error}"))
}

/// Asks all members at once, and makes one of what they say.
///
/// # Errors
/// Why none of them answers, in words.
pub async fn read(name: &str, members: &[(Server, Http)]) -> Result<Alertmanager, String> {
    let asked = members.iter().map(|(server, http)| async move {
        let mut problems = Vec::new();
        let answer = ask(name, http, server, &mut problems).await;
        (server, answer, problems)
    });
    let (mut known, mut held, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for (server, answer, own) in futures_util::future::join_all(asked).await {
        problems.extend(own);
        match answer {
            Ok((member, own)) => {
                known.push(member);
                held.push(Some(own));
            }
            Err(why) => {
                let address = server.place().into();
                known.push(Member { address, problem: Some(why), ..Member::default() });
                held.push(None);
            }
        }
    }
    if held.iter().all(Option::is_none) {
        let why = known.iter().filter_map(|member| Some(format!("{}: {}", member.address, member.problem.as_deref()?)));
        return Err(why.collect::<Vec<_>>().join("; "));
    }
    Ok(merged(name, known, held, problems))
}
