//! What changes a cluster under Patroni. Each request is sent once: where no connection came about the next address is tried, and
//! otherwise nothing is repeated, since Patroni goes on after its client has left.
//!
//! What its answers mean is in its source (`patroni/api.py`, `patroni/ha.py`) and in
//! <https://patroni.readthedocs.io/en/latest/rest_api.html>.

use crate::{
    client::http::{Answer, HttpError, Server, write::HttpWriter},
    model::{
        Timestamp,
        postgres::{outcome::Outcome, patroni::Config},
        text::clean_to,
    },
};
use compact_str::CompactString;
use serde_json::{Value, json};
use std::time::Duration;

/// How members are asked to change something.
#[derive(Debug, Clone)]
pub struct PatroniWriter {
    like: Server,
    patience: Duration,
}

impl PatroniWriter {
    /// One that speaks with members as with this server, with its credentials, and waits so long for an answer.
    pub fn new(like: &Server, patience: Duration) -> Self {
        Self { like: like.clone(), patience }
    }

    /// A client for one address.
    fn to(&self, base: &str) -> Result<HttpWriter, String> {
        let server = Server { url: base.into(), ..self.like.clone() };
        HttpWriter::to(&server, self.patience).map_err(|error| error.reason)
    }
}

/// How long the answer to a switchover or a failover may take: Patroni looks `2 * max(10, loop_wait)` times, a second and a request to its
/// store apart. Who waits less hears [`Outcome::Unknown`].
pub fn patience(config: &Config) -> Duration {
    let looks = 2 * config.loop_wait_seconds.clamp(10, 600);
    Duration::from_secs(looks + config.retry_timeout_seconds.min(600) + 10)
}

/// Moves the leader to a candidate, now or at a time. `bases` are members' addresses that the configuration names.
pub async fn switchover(
    writer: &PatroniWriter,
    bases: &[CompactString],
    leader: &str,
    candidate: &str,
    at: Option<Timestamp>,
) -> Outcome {
    let mut body = json!({ "leader": leader, "candidate": candidate });
    if let Some(at) = at {
        body["scheduled_at"] = at.to_string().into();
    }
    move_outcome(&send(writer, bases, Method::Post, "/switchover", &body).await, candidate)
}

/// Takes a scheduled switchover back.
pub async fn cancel_switchover(writer: &PatroniWriter, bases: &[CompactString]) -> Outcome {
    let sent = send(writer, bases, Method::Delete, "/switchover", &Value::Null).await;
    outcome(&sent, |answer| match answer.status {
        200 => Some(Outcome::Done { leader: None, said: said(answer) }),
        _ => None,
    })
}

/// Makes a candidate the leader of a cluster that lost its own.
pub async fn failover(writer: &PatroniWriter, bases: &[CompactString], candidate: &str) -> Outcome {
    let sent = send(writer, bases, Method::Post, "/failover", &json!({ "candidate": candidate })).await;
    move_outcome(&sent, candidate)
}

/// Switches automatic failover off. Members know it within `loop_wait` seconds.
pub async fn pause(writer: &PatroniWriter, bases: &[CompactString]) -> Outcome {
    configure(writer, bases, &json!({ "pause": true })).await
}

/// Switches automatic failover on again.
pub async fn resume(writer: &PatroniWriter, bases: &[CompactString]) -> Outcome {
    configure(writer, bases, &json!({ "pause": null })).await
}

/// Has a standby cluster become a cluster of its own: its leader ends recovery within `loop_wait` seconds. The same as
/// `patronictl promote-cluster` of later versions does, and known to those since 1.5
/// (<https://patroni.readthedocs.io/en/latest/standby_cluster.html>).
pub async fn promote_cluster(writer: &PatroniWriter, bases: &[CompactString]) -> Outcome {
    configure(writer, bases, &json!({ "standby_cluster": null })).await
}

async fn configure(writer: &PatroniWriter, bases: &[CompactString], change: &Value) -> Outcome {
    let sent = send(writer, bases, Method::Patch, "/config", change).await;
    outcome(&sent, |answer| match answer.status {
        200 => Some(Outcome::Done { leader: None, said: "the configuration is changed".into() }),
        // There is no configuration yet.
        503 => Some(Outcome::NotStarted { said: said(answer) }),
        _ => None,
    })
}

/// Restarts the server of the member at `base`; `only_pending`: only where a setting waits for it.
pub async fn restart(writer: &PatroniWriter, base: &CompactString, only_pending: bool) -> Outcome {
    let body = if only_pending { json!({ "restart_pending": true }) } else { json!({}) };
    let sent = send(writer, std::slice::from_ref(base), Method::Post, "/restart", &body).await;
    outcome(&sent, restart_outcome)
}

fn restart_outcome(answer: &Answer) -> Option<Outcome> {
    let said = said(answer);
    match answer.status {
        200 => Some(Outcome::Done { leader: None, said }),
        // With this status it tells of a fault in the middle of it, too.
        400 if said == "restart failed" => Some(Outcome::Unknown { said }),
        503 if said == "restart failed" => Some(Outcome::Failed { said }),
        503 if said == "restart conditions are not satisfied" || said.ends_with("already in progress") => {
            Some(Outcome::NotStarted { said })
        }
        _ => None,
    }
}

/// Builds the data of the member at `base` anew from the leader's. `force`: also where something else is under way there.
pub async fn reinitialize(writer: &PatroniWriter, base: &CompactString, force: bool) -> Outcome {
    let body = if force { json!({ "force": true }) } else { json!({}) };
    let sent = send(writer, std::slice::from_ref(base), Method::Post, "/reinitialize", &body).await;
    outcome(&sent, |answer| match answer.status {
        200 => Some(Outcome::Accepted { said: said(answer) }),
        503 => {
            let said = said(answer);
            let refused = said.ends_with("can not reinitialize") || said.ends_with("already in progress");
            refused.then_some(Outcome::NotStarted { said })
        }
        _ => None,
    })
}

#[derive(Clone, Copy)]
enum Method {
    Post,
    Patch,
    Delete,
}

/// Sends it to the first that can be connected to.
async fn send(
    writer: &PatroniWriter,
    bases: &[CompactString],
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Answer, HttpError> {
    let mut last = HttpError::NotSent("no address of a member is named".into());
    for base in bases {
        let url = format!("{base}{path}");
        let sent = match (writer.to(base), method) {
            (Err(why), _) => Err(HttpError::NotSent(why)),
            (Ok(writer), Method::Post) => writer.post_json(&url, body.to_string()).await,
            (Ok(writer), Method::Patch) => writer.patch_json(&url, body.to_string()).await,
            (Ok(writer), Method::Delete) => writer.delete(&url).await,
        };
        match sent {
            Err(HttpError::NotSent(why)) => last = HttpError::NotSent(format!("{base}: {why}")),
            sent => return sent,
        }
    }
    Err(last)
}

/// What a request came to. `of` judges answers of its own; what stands behind all of them is the same.
fn outcome(sent: &Result<Answer, HttpError>, of: impl Fn(&Answer) -> Option<Outcome>) -> Outcome {
    match sent {
        Err(HttpError::NotSent(why)) => Outcome::NotStarted { said: why.clone() },
        Err(error) => Outcome::Unknown { said: error.to_string() },
        Ok(answer) => of(answer).unwrap_or_else(|| {
            let said = said(answer);
            match answer.status {
                202 => Outcome::Accepted { said },
                400..=499 | 501 => Outcome::NotStarted { said },
                _ => Outcome::Unknown { said },
            }
        }),
    }
}

/// What asking for another leader came to. 200 may say that another took over; of 503 only «failed» tells that it ended, anything else
/// may still be running.
fn move_outcome(sent: &Result<Answer, HttpError>, candidate: &str) -> Outcome {
    outcome(sent, |answer| {
        let said = said(answer);
        match answer.status {
            200 => {
                let mut quoted = said.split('"').skip(1).step_by(2);
                Some(match (quoted.next(), quoted.next()) {
                    (Some(leader), None) if leader == candidate => {
                        Outcome::Done { leader: Some(leader.into()), said: said.clone() }
                    }
                    (Some(leader), _) => {
                        Outcome::Elsewhere { leader: leader.into(), wanted: candidate.into(), said: said.clone() }
                    }
                    (None, _) => Outcome::Unknown { said: said.clone() },
                })
            }
            503 if matches!(said.as_str(), "Switchover failed" | "Failover failed") => Some(Outcome::Failed { said }),
            _ => None,
        }
    })
}

/// The answer in one line of words.
fn said(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    // Python's own error pages say it in one of their lines.
    let message = text.lines().find_map(|line| line.trim().strip_prefix("<p>Message: ")?.strip_suffix("</p>"));
    let line = message.unwrap_or(text.trim());
    if line.is_empty() { format!("status {}", answer.status) } else { clean_to(line, 300).into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn answer(status: u16, body: &str) -> Result<Answer, HttpError> {
        Ok(Answer { status, retry_after: None, body: body.to_owned().into() })
    }

    /// An answer that was recorded.
    fn recorded(name: &str) -> Result<Answer, HttpError> {
        let all = include_str!("../../../tests/data/patroni/acts.json");
        let all: BTreeMap<String, (u16, String)> = serde_json::from_str(all).expect("as it was recorded");
        let (status, body) = &all[name];
        answer(*status, body)
    }

    #[test]
    fn answers_of_patroni_mean_what_its_source_says() {
        let moved = |name: &str, candidate: &str| move_outcome(&recorded(name), candidate);
        assert!(matches!(moved("moved", "n1"), Outcome::Done { leader: Some(leader), .. } if leader == "n1"));
        assert!(matches!(moved("failover without a leader", "n1"), Outcome::Done { .. }));
        let refused = [
            ("wrong leader", "leader name does not match"),
            ("no such candidate", "candidate does not exists"),
            ("no body", "Bad Request."),
            ("no candidate", "Failover could be performed only to a specific candidate"),
            ("in the past", "Cannot schedule switchover in the past"),
            ("not later again", "no switchover is scheduled"),
            ("schedule while paused", "Can't schedule switchover in the paused state"),
            ("not synchronous", "candidate name does not match with sync_standby"),
        ];
        for (name, why) in refused {
            assert_eq!(moved(name, "n1"), Outcome::NotStarted { said: why.into() }, "{name}");
        }
        assert_eq!(moved("failover to the leader", "n1"), Outcome::Failed { said: "Failover failed".into() });
        assert_eq!(moved("later", "n1"), Outcome::Accepted { said: "Switchover scheduled".into() });
    }

    #[test]
    fn another_than_the_candidate_may_take_over() {
        let body = "Switched over to \"n3\" instead of \"n2\"";
        let expected = Outcome::Elsewhere { leader: "n3".into(), wanted: "n2".into(), said: body.into() };
        assert_eq!(move_outcome(&answer(200, body), "n2"), expected);
        // Whoever sends 200 in words that nobody knows has not said that it is done.
        assert!(matches!(move_outcome(&answer(200, "OK"), "n2"), Outcome::Unknown { .. }));
        let other = move_outcome(&answer(200, "Successfully switched over to \"n3\""), "n2");
        assert!(matches!(other, Outcome::Elsewhere { .. }));
    }

    #[test]
    fn what_may_still_run_is_unknown() {
        let open = [
            answer(503, "Switchover status unknown"),
            answer(503, "failed to write switchover key into DCS"),
            answer(504, "<html>gateway timeout</html>"),
            answer(500, ""),
            answer(302, ""),
            Err(HttpError::Late(30)),
            Err(HttpError::Failed("connection closed before message completed".into())),
            Err(HttpError::TooLong(9)),
        ];
        for sent in open {
            let outcome = move_outcome(&sent, "n1");
            assert!(matches!(outcome, Outcome::Unknown { .. }) && outcome.is_open(), "{sent:?}: {outcome:?}");
            assert!(!outcome.may_be_repeated());
        }
        let refused = move_outcome(&Err(HttpError::NotSent("refused".into())), "n1");
        assert!(refused.may_be_repeated() && !refused.is_open());
    }

    #[test]
    fn restarts_and_new_data() {
        let restarted = |name: &str| outcome(&recorded(name), restart_outcome);
        assert!(matches!(restarted("restart"), Outcome::Done { .. }));
        assert!(matches!(restarted("restart of another role"), Outcome::NotStarted { .. }));
        let by = |status, body: &str| outcome(&answer(status, body), restart_outcome);
        assert!(matches!(by(400, "restart failed"), Outcome::Unknown { .. }));
        assert!(matches!(by(503, "restart failed"), Outcome::Failed { .. }));
        assert!(matches!(by(503, "postgres is still starting"), Outcome::Unknown { .. }));
        assert!(matches!(by(503, "restart already in progress"), Outcome::NotStarted { .. }));
        assert!(matches!(by(401, "no auth header received"), Outcome::NotStarted { .. }));
    }

    #[test]
    fn patience_is_longer_than_patroni_looks() {
        assert_eq!(patience(&Config::default()), Duration::from_secs(40));
        let slow = Config { loop_wait_seconds: 30, ..Config::default() };
        assert_eq!(patience(&slow), Duration::from_secs(80));
        let wild = Config { loop_wait_seconds: u64::MAX, retry_timeout_seconds: u64::MAX, ..Config::default() };
        assert_eq!(patience(&wild), Duration::from_secs(1_810));
    }
}
