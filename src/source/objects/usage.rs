//! The highest use of each container of a cluster, kept while somebody watches: pods come and go, so that it is kept for what stands behind them.

use crate::{model::Timestamp, rulebook::subject::quantity};
use compact_str::{CompactString, format_compact};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Containers that are remembered, so that a large cluster costs no more than a few megabytes.
const MOST: usize = 20_000;
/// After a longer silence nothing is known of what was used in it: it begins anew.
const SILENCE_SECONDS: i64 = 3_600;

/// What was used at most, and since when that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Peak {
    cpu_cores: f64,
    memory_bytes: f64,
    since: Timestamp,
    seen: Timestamp,
}

impl Peak {
    fn and(self, other: Self) -> Self {
        Self {
            cpu_cores: self.cpu_cores.max(other.cpu_cores),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            since: self.since.min(other.since),
            seen: self.seen.max(other.seen),
        }
    }
}

/// Namespace, name and container.
type Place = (CompactString, CompactString, CompactString);

/// What containers of one cluster have used.
#[derive(Debug, Clone, Default)]
pub struct Uses {
    /// Of pods that no listing has told of yet.
    pods: BTreeMap<Place, Peak>,
    /// Of what stands behind them.
    workloads: BTreeMap<Place, Peak>,
}

impl Uses {
    /// Takes an answer of the metrics API (`PodMetricsList` of `metrics.k8s.io`).
    pub fn take(&mut self, at: Timestamp, answer: &Value) {
        for item in answer["items"].as_array().into_iter().flatten() {
            let (namespace, pod) = (word(&item["metadata"]["namespace"]), word(&item["metadata"]["name"]));
            for container in item["containers"].as_array().into_iter().flatten() {
                let amount = |what: &str| container["usage"][what].as_str().and_then(quantity::parse);
                let (Some(cpu_cores), Some(memory_bytes)) = (amount("cpu"), amount("memory")) else { continue };
                let place = (namespace.clone(), pod.clone(), word(&container["name"]));
                note(&mut self.pods, place, Peak { cpu_cores, memory_bytes, since: at, seen: at });
            }
        }
    }

    /// Adds to a listed pod what its containers, and those of its like, have used at most: `/flightdeck/usage`.
    pub fn tell(&mut self, at: Timestamp, pod: &mut Value) {
        let namespace = word(&pod["metadata"]["namespace"]);
        let name = word(&pod["metadata"]["name"]);
        let behind = behind(&pod["metadata"], &name);
        let of = |place: &Place, name: &CompactString| place.0 == namespace && place.1 == *name;
        let first = (namespace.clone(), name.clone(), CompactString::default());
        let new: Vec<Place> =
            self.pods.range(first..).map(|(place, _)| place.clone()).take_while(|place| of(place, &name)).collect();
        for place in new {
            if let Some(peak) = self.pods.remove(&place) {
                note(&mut self.workloads, (namespace.clone(), behind.clone(), place.2), peak);
            }
        }
        let first = (namespace.clone(), behind.clone(), CompactString::default());
        let known = self.workloads.range(first..).take_while(|(place, _)| of(place, &behind));
        let usage: serde_json::Map<String, Value> = known
            .filter(|(_, peak)| at.duration_since(peak.seen).as_secs() <= SILENCE_SECONDS)
            .map(|(place, peak)| {
                let days = at.duration_since(peak.since).as_secs_f64() / 86_400.0;
                let told = json!({"cpu_cores": peak.cpu_cores, "memory_bytes": peak.memory_bytes, "days": days});
                (place.2.to_string(), told)
            })
            .collect();
        if !usage.is_empty() {
            pod["flightdeck"] = json!({ "usage": usage });
        }
    }

    /// Forgets what has not been seen for long.
    pub fn forget(&mut self, at: Timestamp) {
        let is_known = |peak: &Peak| at.duration_since(peak.seen).as_secs() <= SILENCE_SECONDS;
        self.pods.retain(|_, peak| is_known(peak));
        self.workloads.retain(|_, peak| is_known(peak));
    }
}

fn note(peaks: &mut BTreeMap<Place, Peak>, place: Place, peak: Peak) {
    if peaks.len() >= MOST && !peaks.contains_key(&place) {
        return;
    }
    let is_silent = |known: &Peak| peak.seen.duration_since(known.seen).as_secs() > SILENCE_SECONDS;
    let known = peaks.get(&place).filter(|known| !is_silent(known));
    let whole = known.map_or(peak, |known| known.and(peak));
    peaks.insert(place, whole);
}

fn word(value: &Value) -> CompactString {
    value.as_str().unwrap_or_default().into()
}

/// What stands behind a pod, so that its next one is known to be its like: without the hash of a ReplicaSet and the number of a Job.
fn behind(metadata: &Value, pod: &str) -> CompactString {
    let Some(owner) = metadata["ownerReferences"].as_array().and_then(|owners| owners.first()) else {
        return pod.into();
    };
    let (kind, name) = (word(&owner["kind"]), word(&owner["name"]));
    let short = match kind.as_str() {
        "ReplicaSet" | "Job" => name.rsplit_once('-').map_or(name.as_str(), |(short, _)| short),
        _ => &name,
    };
    format_compact!("{kind} {short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + hour * 3_600).expect("in range")
    }

    fn measured(pod: &str, cpu: &str) -> Value {
        json!({"items": [{"metadata": {"namespace": "shop", "name": pod},
            "containers": [{"name": "c", "usage": {"cpu": cpu, "memory": "64Mi"}}]}]})
    }

    fn pod(name: &str, set: &str) -> Value {
        json!({"metadata": {"namespace": "shop", "name": name, "ownerReferences": [{"kind": "ReplicaSet", "name": set}]}})
    }

    #[test]
    fn the_highest_use_outlives_the_pods() {
        let mut uses = Uses::default();
        for hour in 0..48 {
            let (name, cpu) = if hour < 20 { ("web-1-a", "900m") } else { ("web-2-b", "100000000n") };
            uses.take(at(hour), &measured(name, cpu));
            uses.tell(at(hour), &mut pod(name, &name[..5]));
            uses.forget(at(hour));
        }
        let mut told = pod("web-2-b", "web-2");
        uses.tell(at(48), &mut told);
        assert_eq!(
            told["flightdeck"]["usage"],
            json!({"c": {"cpu_cores": 0.9, "memory_bytes": 67_108_864.0, "days": 2.0}})
        );
        let mut other = pod("db-1-a", "db-1");
        uses.tell(at(48), &mut other);
        assert_eq!(other.get("flightdeck"), None);
    }

    #[test]
    fn after_a_silence_it_begins_anew() {
        let mut uses = Uses::default();
        uses.take(at(0), &measured("web-1-a", "2"));
        uses.tell(at(0), &mut pod("web-1-a", "web-1"));
        let mut silent = pod("web-1-a", "web-1");
        uses.tell(at(5), &mut silent);
        assert_eq!(silent.get("flightdeck"), None, "what it uses now is not known");
        uses.take(at(5), &measured("web-1-a", "1"));
        let mut told = pod("web-1-a", "web-1");
        uses.tell(at(5), &mut told);
        assert_eq!(told["flightdeck"]["usage"]["c"]["cpu_cores"], 1.0);
        assert_eq!(told["flightdeck"]["usage"]["c"]["days"], 0.0);
    }
}
