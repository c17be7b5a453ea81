//! Five thousand hosts by a generated answer.

use super::{super::api_of, *};
use crate::client::http::sample::Served;

const HOSTS: usize = 5_000;

/// An answer with a series a host, or several: labels of each as JSON, and its value.
fn vector(series: impl Iterator<Item = (String, f64)>) -> String {
    let result: Vec<_> =
        series.map(|(labels, value)| format!(r#"{{"metric":{{{labels}}},"value":[1000,"{value}"]}}"#)).collect();
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, result.join(","))
}

fn instance(host: usize) -> String {
    format!("host-{host:04}:9100")
}

/// What a Prometheus with so many hosts answers. Host 17 is down, host 42 has a full disk, host 99 no free CPU.
fn answer(query: &str) -> String {
    let hosts = || (0..HOSTS).filter(|host| *host != 17);
    let metric = |host: usize| format!(r#""job":"node","instance":"{}""#, instance(host));
    let with = |host: usize, name: &str, value: &str| format!(r#"{},"{name}":"{value}""#, metric(host));
    if query.starts_with("up and on") {
        return vector((0..HOSTS).map(|host| (metric(host), f64::from(u8::from(host != 17)))));
    }
    if query.starts_with("node_uname_info") {
        return vector(hosts().map(|host| (with(host, "nodename", &format!("host-{host:04}")), 1.0)));
    }
    if query.starts_with("avg by") {
        let idle = |host: usize| if host == 99 { 0.01 } else { 0.75 };
        let modes =
            hosts().flat_map(|host| [("idle", idle(host)), ("iowait", 0.05), ("steal", 0.0)].map(|of| (host, of)));
        return vector(modes.map(|(host, (mode, value))| (with(host, "mode", mode), value)));
    }
    if query.starts_with("count by") {
        return vector(hosts().map(|host| (metric(host), 16.0)));
    }
    if query.starts_with("{__name__") {
        let figures = [
            ("node_load1", 4.0),
            ("node_load5", 3.0),
            ("node_load15", 2.0),
            ("node_memory_MemTotal_bytes", 64e9),
            ("node_memory_MemAvailable_bytes", 48e9),
            ("node_memory_SwapTotal_bytes", 8e9),
            ("node_memory_SwapFree_bytes", 6e9),
            ("node_boot_time_seconds", 1_700_000_000.0),
        ];
        let all = hosts().flat_map(|host| figures.map(|(name, value)| (host, name, value)));
        return vector(all.map(|(host, name, value)| (with(host, "__name__", name), value)));
    }
    if query.starts_with("label_replace") {
        return vector(hosts().map(|host| (with(host, "what", "memory-full"), 0.001)));
    }
    let other = std::iter::once((r#""job":"cadvisor","instance":"x","mountpoint":"/""#.to_owned(), 0.99));
    let full = |host: usize| if host == 42 { 0.97 } else { 0.3 };
    vector(hosts().map(|host| (with(host, "mountpoint", "/data"), full(host))).chain(other))
}

#[tokio::test]
async fn five_thousand_hosts_are_asked_for_in_seven_questions() {
    let served = Served::by(|asked, _| {
        let query = asked.what().split_once("query=").map_or(asked.body.as_str(), |(_, query)| query);
        let query = query.trim_start_matches("query=").split('&').next().unwrap_or_default();
        let plain = query.replace('+', " ").replace("%7B", "{").replace("%28", "(");
        ("200 OK".into(), answer(&plain))
    });
    let hosts = read(&api_of(&served), Timestamp::from_second(1_000).expect("in range")).await.expect("an answer");
    assert_eq!((hosts.len(), served.asked().len()), (HOSTS, 7));
    let first: Vec<_> = hosts.iter().take(4).map(|host| host.instance.as_str()).collect();
    assert_eq!(first, ["host-0017:9100", "host-0042:9100", "host-0099:9100", "host-0000:9100"], "the worst first");
    let [down, full, busy, calm] = &hosts[..4] else { panic!("four") };
    assert_eq!((down.up, down.hostname.as_deref(), down.cpu_used_ratio), (Some(false), None, None));
    assert_eq!(full.disk, Some(Fullest { mount: "/data".into(), used_ratio: 0.97 }));
    assert!(busy.cpu_used_ratio.is_some_and(|used| (used - 0.94).abs() < 1e-9), "neither idle nor waiting: {busy:?}");
    assert_eq!((calm.load, calm.cores, calm.swap_used_bytes), (Some([4.0, 3.0, 2.0]), Some(16), Some(2_000_000_000)));
    assert_eq!((calm.memory_used_ratio(), calm.pressure.memory.full10), (Some(0.25), Some(0.001)));
    assert_eq!((calm.hostname.as_deref(), calm.strain()), (Some("host-0000"), 0.3));
}

#[tokio::test]
async fn one_question_without_an_answer_is_said() {
    let served = Served::by(|_, _| ("503 Service Unavailable".into(), String::new()));
    let why = read(&api_of(&served), Timestamp::from_second(1_000).expect("in range")).await.expect_err("no answer");
    assert!(why.contains("it answers 503"), "{why}");
}
