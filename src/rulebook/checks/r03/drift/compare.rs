//! What a manifest gives, against what is live. The API server fills in defaults and writes quantities its own way; none of that counts.

use crate::rulebook::{
    subject::{quantity, workload::is_open},
    syntax::node::{Data, Node, step},
};

/// A place where the two differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In the live object.
    pub pointer: String,
    /// In the manifest: lists may be in another order there.
    pub wanted: String,
    /// What the manifest says, where it is a single value.
    pub manifest: Option<String>,
    /// What is live, where it is a single value.
    live: Option<String>,
}

/// Values that are told; others may be secrets, or long.
const TOLD: &[&str] = &[
    "replicas",
    "image",
    "cpu",
    "memory",
    "storage",
    "type",
    "port",
    "targetPort",
    "containerPort",
    "nodePort",
    "hostPort",
    "protocol",
    "number",
    "minReplicas",
    "maxReplicas",
    "minAvailable",
    "maxUnavailable",
    "maxSurge",
    "schedule",
    "suspend",
    "privileged",
    "runAsUser",
    "runAsNonRoot",
    "serviceAccountName",
    "imagePullPolicy",
    "restartPolicy",
    "hostNetwork",
];

impl Difference {
    /// In words.
    pub fn told(&self) -> String {
        let last = self.pointer.rsplit('/').next().unwrap_or_default();
        match (&self.live, &self.manifest) {
            (Some(live), Some(manifest)) if TOLD.contains(&last) => {
                format!("{} is {live} and not {manifest}", self.pointer)
            }
            (None, _) => format!("{} is gone", self.pointer),
            _ => format!("{} differs", self.pointer),
        }
    }
}

/// Every place that the manifest gives and the live object has otherwise.
pub fn compare(manifest: &Node, live: &Node, kind: &str) -> Vec<Difference> {
    let mut found = Vec::new();
    for entry in manifest.entries() {
        let key = &*entry.key;
        // A live Secret may be shown without its values, and a manifest may be written with `stringData`.
        let is_hidden = kind == "Secret" && matches!(key, "data" | "stringData");
        if matches!(key, "apiVersion" | "kind" | "status" | "metadata") || is_hidden {
            continue;
        }
        value(&entry.value, live.get(key), (&step("", key), &step("", key)), &mut found);
    }
    for part in ["labels", "annotations"] {
        let pointer = format!("/metadata/{part}");
        for entry in manifest.at(&pointer).map(Node::entries).unwrap_or_default() {
            if !entry.key.starts_with("kubectl.kubernetes.io/") && !entry.key.starts_with("deployment.kubernetes.io/") {
                let pointer = step(&pointer, &entry.key);
                value(&entry.value, live.at(&pointer), (&pointer, &pointer), &mut found);
            }
        }
    }
    found
}

/// Compares one value; `at` are the pointers in the live object and in the manifest.
fn value(manifest: &Node, live: Option<&Node>, at: (&str, &str), found: &mut Vec<Difference>) {
    if is_open(manifest) || is_nothing(manifest) && live.is_none_or(is_nothing) || manifest.is_null() {
        return;
    }
    let mut differs = |live: Option<&Node>| {
        found.push(Difference {
            pointer: at.0.to_owned(),
            wanted: at.1.to_owned(),
            manifest: manifest.scalar(),
            live: live.map(|live| live.scalar().unwrap_or_else(|| "something else".into())),
        });
    };
    let Some(live) = live else { return differs(None) };
    match (&manifest.data, &live.data) {
        (Data::Map(entries), Data::Map(_)) => {
            for entry in &**entries {
                let (own, wanted) = (step(at.0, &entry.key), step(at.1, &entry.key));
                value(&entry.value, live.get(&entry.key), (&own, &wanted), found);
            }
        }
        (Data::List(wanted), Data::List(own)) => list(wanted, own, at, found),
        _ if is_same(manifest, live) || is_mode(manifest, live, at.0) => {}
        _ => differs(Some(live)),
    }
}

/// What the API server leaves out when it stores an object.
fn is_nothing(node: &Node) -> bool {
    match &node.data {
        Data::Null => true,
        Data::Bool(truth) => !truth,
        Data::Int(number) => *number == 0,
        Data::Float(number) => *number == 0.0,
        Data::Text(text) => text.is_empty(),
        Data::Opaque(_) => false,
        Data::List(items) => items.is_empty(),
        Data::Map(entries) => entries.iter().all(|entry| is_nothing(&entry.value)),
    }
}

/// Lists whose items have names are compared by those, and may hold more; others item by item.
fn list(wanted: &[Node], own: &[Node], at: (&str, &str), found: &mut Vec<Difference>) {
    let keys: Option<Vec<String>> = wanted.iter().map(key_of).collect();
    let is_by_key = keys.as_ref().is_some_and(|keys| {
        let mut sorted: Vec<&String> = keys.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        sorted.len() == keys.len()
    });
    let Some(keys) = keys.filter(|_| is_by_key && !wanted.is_empty()) else {
        if wanted.len() != own.len() {
            found.push(Difference {
                pointer: at.0.to_owned(),
                wanted: at.1.to_owned(),
                manifest: None,
                live: Some("of another length".into()),
            });
            return;
        }
        for (nth, (item, live)) in wanted.iter().zip(own).enumerate() {
            let nth = nth.to_string();
            value(item, Some(live), (&step(at.0, &nth), &step(at.1, &nth)), found);
        }
        return;
    };
    for (nth, (item, key)) in wanted.iter().zip(&keys).enumerate() {
        let live = own.iter().position(|item| key_of(item).as_ref() == Some(key));
        let pointer = step(at.0, &live.unwrap_or(nth).to_string());
        value(item, live.and_then(|live| own.get(live)), (&pointer, &step(at.1, &nth.to_string())), found);
    }
}

/// What names an item in its list, as the API server merges lists: the path of a mount, the number of a port, a name
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>).
fn key_of(item: &Node) -> Option<String> {
    let text = |key: &str| item.get(key).and_then(Node::scalar);
    let number = text("containerPort").or_else(|| text("port"));
    match number.filter(|_| item.get("path").is_none()) {
        Some(number) => Some(format!("{number}/{}", text("protocol").unwrap_or_else(|| "TCP".into()))),
        None => ["mountPath", "devicePath", "name"].iter().find_map(|key| text(key)),
    }
}

/// Whether two single values say the same.
fn is_same(manifest: &Node, live: &Node) -> bool {
    if let (Some(a), Some(b)) = (manifest.as_f64(), live.as_f64()) {
        return a == b;
    }
    if let (Some(word), Some(truth)) = (manifest.as_str(), live.as_bool()) {
        return old_bool(word) == Some(truth);
    }
    let (Some(a), Some(b)) = (manifest.scalar(), live.scalar()) else { return false };
    let is_block_end = a.trim_end_matches('\n') == b.trim_end_matches('\n');
    a == b || is_block_end || quantity::same(&a, &b) || duration(&a).is_some_and(|a| duration(&b) == Some(a))
}

/// Whether a mode of a file is the same: `0644` is octal to the API server, and decimal in YAML 1.2.
fn is_mode(manifest: &Node, live: &Node, pointer: &str) -> bool {
    let is_mode = pointer.ends_with("Mode") || pointer.ends_with("/mode");
    let octal = manifest.as_int().and_then(|digits| i64::from_str_radix(&digits.to_string(), 8).ok());
    is_mode && octal.is_some() && octal == live.as_int()
}

/// The truth of a word that YAML 1.1 took for one, as the API server still does.
fn old_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => Some(true),
        "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// Seconds of a duration as Go writes it: `1h30m`.
fn duration(text: &str) -> Option<f64> {
    let (mut rest, mut seconds) = (text, 0.0);
    if text.is_empty() || text.len() > 40 {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit_end = rest[end..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |at| end + at);
        seconds += number
            * match &rest[end..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::syntax::yaml;
    use proptest::prelude::*;

    fn told(manifest: &str, live: &str) -> Vec<String> {
        let node = |text: &str| yaml::parse_one(&format!("spec: {text}")).expect("is YAML");
        compare(&node(manifest), &node(live), "Thing").iter().map(Difference::told).collect()
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        for (manifest, live) in [
            ("{a: 1000m, b: 1Gi}", "{a: '1', b: 1024Mi}"),
            ("{port: 80}", "{port: '80'}"),
            ("{defaultMode: 0644, x: yes}", "{defaultMode: 420, x: true}"),
            ("{a: 720h}", "{a: 720h0m0s}"),
            ("{a: {}, b: [], c: '', d: false, e: null, f: 0}", "{}"),
            ("{a: '${X}'}", "{a: y}"),
            (
                "{ports: [{port: 53, protocol: UDP}, {port: 53}]}",
                "{ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP}]}",
            ),
            (
                "{volumeMounts: [{name: a, mountPath: /x}, {name: a, mountPath: /y}]}",
                "{volumeMounts: [{name: a, mountPath: /y}, {name: a, mountPath: /x}, {name: t, mountPath: /token}]}",
            ),
        ] {
            assert_eq!(told(manifest, live), [""; 0], "{manifest} and {live}");
        }
    }

    #[test]
    fn what_differs_is_named() {
        assert_eq!(told("{args: [a, b]}", "{args: [a]}"), ["/spec/args differs"]);
        assert_eq!(told("{args: [a, b]}", "{args: [a, c]}"), ["/spec/args/1 differs"]);
        assert_eq!(told("{a: {b: 1}}", "{a: {}}"), ["/spec/a/b is gone"]);
        assert_eq!(told("{env: [{name: A, value: x}]}", "{env: [{name: B}]}"), ["/spec/env/0 is gone"]);
        assert_eq!(told("{privileged: false}", "{privileged: true}"), ["/spec/privileged is true and not false"]);
        assert_eq!(
            told(
                "{tolerations: [{key: a, effect: x}, {key: a, effect: y}]}",
                "{tolerations: [{key: a, effect: x}, {key: a, effect: z}]}"
            ),
            ["/spec/tolerations/1/effect differs"]
        );
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(text in "[a-c0-9:{}\\[\\], ]{0,60}") {
            if let Ok(node) = yaml::parse_one(&text) {
                prop_assert_eq!(compare(&node, &node, "Thing"), vec![]);
            }
        }

        #[test]
        fn any_text_is_taken_for_a_duration_or_not(text in any::<String>()) {
            duration(&text);
        }
    }
}
