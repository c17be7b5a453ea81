//! The commented default file, made from the schema: every key with its description and its default.

use super::{Config, schema};
use serde_json::Value as Json;
use std::fmt::Write;

const HEAD: &str = "\
# Flightdeck's configuration, with every key at its default. Take what you need; what is left out keeps its default.
# Layers, the later the stronger: built-in, /etc/flightdeck/config.toml, this file, FLIGHTDECK_* variables, flags.
# A variable names a key in capitals, with two underscores between the parts: FLIGHTDECK_RECORDER__MINUTES=10.
";

const TAIL: &str = "
# [sources.\"host/processes\"]
# enabled = true
# seconds = 2.0

# [namespaces]
# prod-eu = [\"shop\", \"payments\"]

# [keys.global]
# \"ctrl-x ctrl-c\" = \"quit\"

# [keys.pane.processes]
# \"f9\" = \"signal\"

# [[protect]]
# kind = \"container\"
# name = \"etcd*\"
# reason = \"the cluster lives in it\"

# [[confirm]]
# context = \"prod*\"
# action = \"delete\"
# ask = \"deny\"

# [[confirm]]
# namespace = \"shop\"
# action = \"restart\"
# ask = \"type-name\"
# at-most = 3

# [[prometheus]]
# name = \"prod\"
# urls = [\"https://prometheus.example.org\"]
# bearer-token-file = \"/run/secrets/prometheus\"

# [[alertmanager]]
# name = \"prod\"
# urls = [\"https://alertmanager-1.example.org\", \"https://alertmanager-2.example.org\"]

# [[notify]]
# name = \"pager\"
# kind = \"pagerduty\"
# routing-key-file = \"/run/secrets/pager\"
# severities = [\"sev1\", \"sev2\"]

# [[notify]]
# name = \"chat\"
# kind = \"slack\"
# url-file = \"/run/secrets/chat\"

# [[postgres]]
# name = \"orders\"
# patroni = [\"http://10.0.0.1:8008\", \"http://10.0.0.2:8008\"]
# member-url = \"postgres://flightdeck@member/postgres\"
# password-file = \"/run/secrets/orders\"

# [[pages]]
# name = \"mine\"
# title = \"Mine\"
# key = \"9\"
# [[pages.layouts]]
# panes = [\"attention\"]
";

/// Lists of tables, which stand among the examples.
const LISTS: &[&str] = &["pages", "protect", "confirm", "prometheus", "alertmanager", "notify", "postgres"];

/// The file's text. Read back, it is the defaults.
pub fn default_file() -> String {
    let mut text = String::from(HEAD);
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let root = schema::json();
    let is_table = |name: &str| defaults[name].is_object();
    for name in schema::names(root).filter(|name| !is_table(name) && !LISTS.contains(name)) {
        entry(&mut text, &root["properties"][name], name, &defaults[name]);
    }
    for name in schema::names(root).filter(|name| is_table(name)) {
        let node = &root["properties"][name];
        let _ = writeln!(text);
        comment(&mut text, node);
        if schema::names(node).next().is_none() {
            continue;
        }
        let _ = writeln!(text, "[{name}]");
        for key in schema::names(node) {
            entry(&mut text, &node["properties"][key], key, &defaults[name][key]);
        }
    }
    text + TAIL
}

fn entry(text: &mut String, node: &'static Json, name: &str, value: &Json) {
    let _ = writeln!(text);
    comment(text, node);
    let choices = schema::choices(node);
    if !choices.is_empty() || node.get("maximum").is_some() {
        let _ = writeln!(text, "# Write {}.", schema::expected(node));
    }
    let _ = match value {
        Json::Null => writeln!(text, "# {name} = \"\""),
        // JSON and TOML write texts, numbers, truths and lists of them alike.
        value => writeln!(text, "{name} = {value}"),
    };
}

fn comment(text: &mut String, node: &Json) {
    let about = node.get("description").and_then(Json::as_str).unwrap_or_default();
    for line in about.lines() {
        let _ = writeln!(text, "# {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::{Layer, resolve};

    #[test]
    fn the_default_file_is_the_defaults() {
        let text = default_file();
        let loaded = resolve(&[Layer::File { path: "default".into(), text: text.clone() }]);
        assert_eq!(loaded.warnings, []);
        assert_eq!(loaded.config, Config::default());
        assert!(text.contains("# How far back the past can be shown, in minutes."), "{text}");
    }

    #[test]
    fn the_examples_in_it_are_right() {
        let examples: String = TAIL.lines().map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect();
        let loaded = resolve(&[Layer::File { path: "examples".into(), text: examples }]);
        assert_eq!(loaded.warnings, []);
    }
}
