//! What a scenario leaves out: taken from the update of the same kind before, or from an empty one.

use crate::model::{
    cgroup::{Cgroup, Cgroups},
    hardware::Hardware,
    host::{Device, Gauges, HostFacts, Network, Units},
    mount::{Mount, MountState},
    own::OwnUsage,
    process::{Process, ProcessDetails},
    reading::Readings,
    update::Update,
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The newest update of each kind.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, Value>);

impl Known {
    /// Completes an update of the form `{ kind = … }`.
    pub(super) fn update(&mut self, given: Map<String, Value>) -> Result<Update, String> {
        let mut given = given.into_iter();
        let (Some((kind, given)), None) = (given.next(), given.next()) else {
            return Err("an update is { kind = … }, one kind each".into());
        };
        if matches!(kind.as_str(), "engine" | "kube") {
            // They tell what changed: there is nothing before it to be completed from.
            let tagged = Value::Object(Map::from_iter([(kind.clone(), given)]));
            return serde_json::from_value(tagged).map_err(|error| format!("{kind}: {error}"));
        }
        let empty = empty(&kind).ok_or_else(|| format!("no kind of update is called {kind}"))?;
        let before = self.0.get(&kind).cloned().unwrap_or(empty);
        let whole = merge(&kind, before, given, &kind)?;
        self.0.insert(kind.clone(), whole.clone());
        let tagged = Value::Object(Map::from_iter([(kind.clone(), whole)]));
        serde_json::from_value(tagged).map_err(|error| format!("{kind}: {error}"))
    }
}

fn value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// An update of which nothing is known.
fn empty(kind: &str) -> Option<Value> {
    Some(match kind {
        "facts" => value(&HostFacts::default()),
        "gauges" => value(&Gauges::default()),
        "mounts" | "processes" | "sensors" | "ai" => Value::Array(Vec::new()),
        "process-details" => value(&ProcessDetails::default()),
        "cgroups" => value(&Cgroups::default()),
        "units" => value(&Units { systemd: true, ..Units::default() }),
        "hardware" => value(&Hardware::default()),
        "own" => value(&OwnUsage::default()),
        "readings" => value(&Readings::default()),
        _ => return None,
    })
}

/// A member of a list of which only the name is to be given.
fn member(list: &str) -> Option<Value> {
    Some(match list {
        "mounts" => value(&Mount {
            mount: "/".into(),
            device: "".into(),
            block: None,
            fs: "ext4".into(),
            read_only: false,
            remote: false,
            state: MountState::Ready,
            total_bytes: None,
            free_bytes: None,
            available_bytes: None,
            inodes_total: None,
            inodes_free: None,
            fills: Default::default(),
        }),
        "processes" => value(&Process { state: 'S', ..Process::default() }),
        "devices" => value(&Device::default()),
        "networks" => value(&Network { state: Some("up".into()), ..Network::default() }),
        "groups" => value(&Cgroup::default()),
        _ => return None,
    })
}

/// `given` over `before`: objects field by field, lists whole with each member completed. A field that does not exist is an error.
fn merge(path: &str, before: Value, given: Value, name: &str) -> Result<Value, String> {
    match (before, given) {
        (Value::Object(mut fields), Value::Object(given)) => {
            for (key, value) in given {
                let path = format!("{path}.{key}");
                let old = fields.get(&key).cloned().ok_or_else(|| format!("{path}: there is no such field"))?;
                fields.insert(key.clone(), merge(&path, old, value, &key)?);
            }
            Ok(Value::Object(fields))
        }
        (_, Value::Array(given)) => {
            let member = member(name);
            let complete = |value: Value| match (&member, value.is_object()) {
                (Some(member), true) => merge(path, member.clone(), value, ""),
                _ => Ok(value),
            };
            Ok(Value::Array(given.into_iter().map(complete).collect::<Result<_, _>>()?))
        }
        (_, given) => Ok(given),
    }
}
