//! Patroni's answers as the model has them. Read leniently: a field that is missing or of another kind is not known.

use super::{ClusterAnswer, base};
use crate::model::{
    Timestamp,
    postgres::{
        lsn::Lsn,
        patroni::{Config, HistoryLine, Member, MemberStatus, Role, Scheduled, SenderState, Tags},
    },
};
use compact_str::CompactString;
use serde_json::Value;

/// More members than a cluster has; what follows them is left out.
const MEMBERS: usize = 200;
/// Ends of timelines that are kept, the newest.
const LINES: usize = 50;

fn object(json: &[u8]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(json).map_err(|error| format!("not what was expected: {error}"))?;
    if value.is_object() { Ok(value) } else { Err("not what was expected: no object".into()) }
}

/// `GET /cluster`.
pub fn cluster(json: &[u8]) -> Result<ClusterAnswer, String> {
    let value = object(json)?;
    let members = value["members"].as_array().ok_or("not what was expected: no members")?;
    let scheduled = &value["scheduled_switchover"];
    Ok(ClusterAnswer {
        scope: text(&value["scope"]),
        members: members.iter().take(MEMBERS).filter_map(member).collect(),
        is_paused: truth(&value["pause"]),
        scheduled: scheduled.is_object().then(|| Scheduled {
            at: time(&scheduled["at"]),
            from: text(&scheduled["from"]),
            to: text(&scheduled["to"]),
        }),
    })
}

fn member(value: &Value) -> Option<Member> {
    let tags = &value["tags"];
    let never = tags["failover_priority"].as_i64().is_some_and(|priority| priority <= 0);
    Some(Member {
        name: text(&value["name"])?,
        role: text(&value["role"]).map_or(Role::Unknown, |word| Role::of(&word)),
        state: text(&value["state"]).unwrap_or_default(),
        timeline: number(&value["timeline"]),
        // `unknown` where it is not known.
        lag_bytes: value["lag"].as_u64(),
        api_url: text(&value["api_url"]).and_then(|url| base(&url)),
        host: text(&value["host"]),
        port: number(&value["port"]),
        tags: Tags {
            nofailover: truth(&tags["nofailover"]) || never,
            nosync: truth(&tags["nosync"]),
            noloadbalance: truth(&tags["noloadbalance"]),
        },
        is_restart_pending: truth(&value["pending_restart"]),
        own: None,
        problem: None,
    })
}

/// `GET /history`: `[[timeline, lsn, reason, time, leader] …]`; older versions leave out what stands last.
pub fn history(json: &[u8]) -> Result<Vec<HistoryLine>, String> {
    let value: Value = serde_json::from_slice(json).map_err(|error| format!("not what was expected: {error}"))?;
    let lines = value.as_array().ok_or("not what was expected: no list")?;
    let newest = lines.iter().skip(lines.len().saturating_sub(LINES));
    Ok(newest
        .filter_map(|line| {
            Some(HistoryLine {
                timeline: number(&line[0])?,
                lsn: lsn(&line[1])?,
                reason: text(&line[2]).unwrap_or_default(),
                at: time(&line[3]),
                leader: text(&line[4]),
            })
        })
        .collect())
}

/// `GET /config`. What is not set has Patroni's default.
pub fn config(json: &[u8]) -> Result<Config, String> {
    let value = object(json)?;
    let default = Config::default();
    let or = |name: &str, default: u64| value[name].as_u64().unwrap_or(default);
    Ok(Config {
        ttl_seconds: or("ttl", default.ttl_seconds),
        loop_wait_seconds: or("loop_wait", default.loop_wait_seconds),
        retry_timeout_seconds: or("retry_timeout", default.retry_timeout_seconds),
        maximum_lag_on_failover_bytes: or("maximum_lag_on_failover", default.maximum_lag_on_failover_bytes),
        // Newer versions know `quorum` beside `on`.
        is_synchronous: truth(&value["synchronous_mode"]) || value["synchronous_mode"] == "quorum",
        is_synchronous_strict: truth(&value["synchronous_mode_strict"]),
        is_failsafe: truth(&value["failsafe_mode"]),
        is_standby_cluster: value["standby_cluster"].as_object().is_some_and(|standby| !standby.is_empty()),
    })
}

/// `GET /patroni`.
pub fn status(json: &[u8], at: Timestamp) -> Result<MemberStatus, String> {
    let value = object(json)?;
    let (xlog, about) = (&value["xlog"], &value["patroni"]);
    let state = text(&value["state"]).ok_or("not what was expected: no state")?;
    // It says where it writes or what it replays where it could ask its server; the role alone may be what it was.
    let is_primary = xlog.is_object().then(|| !xlog["location"].is_null());
    let senders = value["replication"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(MemberStatus {
        at,
        state,
        is_primary,
        server_version: number(&value["server_version"]),
        timeline: number(&value["timeline"]),
        location: lsn(&xlog["location"]),
        received: lsn(&xlog["received_location"]),
        replayed: lsn(&xlog["replayed_location"]),
        replayed_at: time(&xlog["replayed_timestamp"]),
        is_replay_paused: xlog["paused"].as_bool(),
        senders: senders.iter().take(MEMBERS).filter_map(sender).collect(),
        is_cluster_unlocked: truth(&value["cluster_unlocked"]),
        is_paused: truth(&value["pause"]),
        store_seen_at: value["dcs_last_seen"].as_i64().and_then(|second| Timestamp::from_second(second).ok()),
        system_identifier: text(&value["database_system_identifier"]),
        is_watchdog_failed: truth(&value["watchdog_failed"]),
        patroni_version: text(&about["version"]),
        scope: text(&about["scope"]),
    })
}

fn sender(value: &Value) -> Option<SenderState> {
    Some(SenderState {
        application: text(&value["application_name"])?,
        state: text(&value["state"]).unwrap_or_default(),
        sync_state: text(&value["sync_state"]).unwrap_or_default(),
    })
}

fn text(value: &Value) -> Option<CompactString> {
    value.as_str().filter(|text| !text.is_empty()).map(CompactString::from)
}

/// Settings are written by hand: `true`, `on`, `yes`, 1.
fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::String(word) => matches!(word.to_ascii_lowercase().as_str(), "true" | "on" | "yes" | "1"),
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        _ => false,
    }
}

fn number<T: TryFrom<u64>>(value: &Value) -> Option<T> {
    T::try_from(value.as_u64()?).ok()
}

/// A position: a number of bytes, or as PostgreSQL writes it.
fn lsn(value: &Value) -> Option<Lsn> {
    value.as_u64().map(Lsn).or_else(|| value.as_str()?.parse().ok())
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
