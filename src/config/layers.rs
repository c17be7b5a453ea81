//! From layers to one configuration: each layer overrides single keys, and what is wrong is left out and named.

use super::{
    Config,
    schema::{self, fits},
};
use crate::model::spots::{self, Place, Problem, Spot};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};
use toml::{Table, Value};

/// One layer, the weakest first.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// A file's text.
    File { path: PathBuf, text: String },
    /// Environment variables, name and value; those that do not begin with [`PREFIX`] are passed over.
    Variables(Vec<(String, String)>),
    /// What flags say, as a table of the same keys.
    Flags(Table),
}

/// What every environment variable of the configuration begins with.
pub const PREFIX: &str = "FLIGHTDECK_";

/// What the layers come to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    pub config: Config,
    /// Files that were read.
    pub files: Vec<PathBuf>,
    /// What is wrong, each with file and line; the rest is in force.
    pub warnings: Vec<Problem>,
    /// Whether a whole file could not be understood, so that whoever has an older configuration keeps it.
    pub broken: bool,
    /// Where each key that is in force was written.
    pub places: BTreeMap<Vec<String>, Place>,
    /// The user's own themes: file and text.
    pub themes: Vec<(PathBuf, String)>,
    /// The user's own key maps: file and text.
    pub keymaps: Vec<(PathBuf, String)>,
    /// Files with a section `[rules]`, which the rule book reads: file and text, the weakest first.
    pub policies: Vec<(PathBuf, String)>,
    /// The user's own rules: file and text.
    pub rules: Vec<(PathBuf, String)>,
    /// The rota and the escalation policy: file and text.
    pub on_call: Option<(PathBuf, String)>,
    /// Texts of status updates: file and text.
    pub updates: Option<(PathBuf, String)>,
    /// Files that define service level objectives, with their text.
    pub slos: Vec<(PathBuf, String)>,
}

/// Lays the layers over the defaults. Never fails: a layer that cannot be read, and a key that does not fit, are left out and
/// named in the warnings.
pub fn resolve(layers: &[Layer]) -> Loaded {
    let mut loaded = Loaded::default();
    let mut merged = Table::new();
    for layer in layers {
        for spot in entries(layer, &mut loaded) {
            match check(&spot) {
                Ok(()) => {
                    insert(&mut merged, &spot);
                    loaded.places.insert(spot.path, spot.place);
                }
                Err(text) => loaded.warnings.push(spot.problem(text)),
            }
        }
    }
    match Config::deserialize(Value::Table(merged)) {
        Ok(config) => loaded.config = config,
        // Every entry was accepted alone, so only a fault in this program leads here.
        Err(error) => loaded.warnings.push(Problem {
            place: Place { file: "configuration".into(), at: None },
            key: String::new(),
            text: format!("the keys do not fit together, so the defaults are in force: {}", error.message()),
        }),
    }
    loaded
}

fn entries(layer: &Layer, loaded: &mut Loaded) -> Vec<Spot> {
    match layer {
        Layer::File { path, text } => {
            loaded.files.push(path.clone());
            let mut spots = spots::read(&path.display().to_string(), text).unwrap_or_else(|problem| {
                loaded.warnings.push(problem);
                loaded.broken = true;
                Vec::new()
            });
            let is_of_rules = |spot: &Spot| spot.path.first().is_some_and(|key| key == "rules");
            if spots.iter().any(is_of_rules) {
                loaded.policies.push((path.clone(), text.clone()));
                spots.retain(|spot| !is_of_rules(spot));
            }
            spots
        }
        Layer::Variables(variables) => {
            let ours = variables.iter().filter_map(|(name, value)| Some((name, name.strip_prefix(PREFIX)?, value)));
            ours.map(|(name, key, value)| variable(name, key, value)).collect()
        }
        Layer::Flags(table) => flags(table),
    }
}

fn variable(name: &str, key: &str, text: &str) -> Spot {
    let path: Vec<String> = key.split("__").map(|part| part.to_lowercase().replace('_', "-")).collect();
    let node = schema::node(&path);
    let written = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let word = Value::String(text.into());
    let list = || Value::Array(text.split(',').map(|part| Value::String(part.trim().into())).collect());
    let value = match node {
        Ok(node) => match written.filter(|value| fits(node, value)) {
            Some(value) => value,
            None if !fits(node, &word) && fits(node, &list()) => list(),
            None => word,
        },
        Err(_) => word,
    };
    Spot { path, element: false, place: Place { file: name.into(), at: None }, value }
}

fn flags(table: &Table) -> Vec<Spot> {
    let text = table.to_string();
    let spots = spots::read("", &text).unwrap_or_default().into_iter();
    let place = |spot: &Spot| Place { file: format!("--{}", spot.path.first().map_or("", String::as_str)), at: None };
    spots.map(|spot| Spot { place: place(&spot), ..spot }).collect()
}

/// Whether an entry may stand in a configuration.
fn check(spot: &Spot) -> Result<(), String> {
    let node = schema::node(&spot.path)?;
    if !spot.element && !fits(node, &spot.value) {
        return Err(format!("{} does not fit: write {}", shown(&spot.value), schema::expected(node)));
    }
    let mut alone = Table::new();
    insert(&mut alone, spot);
    Config::deserialize(Value::Table(alone)).map(|_| ()).map_err(|error| {
        let text = error.message().lines().next().unwrap_or_default().trim_end();
        format!("{text}: write {}", schema::expected(node))
    })
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 40 { format!("{}…", text.chars().take(40).collect::<String>()) } else { text }
}

/// Puts an entry at its place; an element is added to its list, anything else replaces what was there.
fn insert(table: &mut Table, spot: &Spot) {
    let Some((last, outer)) = spot.path.split_last() else { return };
    let mut table = table;
    for key in outer {
        let inner = table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
        if !inner.is_table() {
            *inner = Value::Table(Table::new());
        }
        let Value::Table(inner) = inner else { return };
        table = inner;
    }
    if spot.element {
        let list = table.entry(last.clone()).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(spot.value.clone());
        }
    } else if !matches!((&spot.value, table.get(last)), (Value::Table(_), Some(Value::Table(_)))) {
        table.insert(last.clone(), spot.value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Ascii, Binding, LogLevel};

    fn file(path: &str, text: &str) -> Layer {
        Layer::File { path: path.into(), text: text.into() }
    }

    fn variables(list: &[(&str, &str)]) -> Layer {
        Layer::Variables(list.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    fn texts(loaded: &Loaded) -> Vec<String> {
        loaded.warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn no_layer_is_the_defaults() {
        assert_eq!(resolve(&[]), Loaded::default());
    }

    #[test]
    fn each_layer_overrides_single_keys() {
        let loaded = resolve(&[
            file("/etc/f.toml", "theme = \"light\"\nkeymap = \"vim\"\n[recorder]\nminutes = 5\nbytes = 1_000_000\n"),
            file("/home/f.toml", "theme = \"dark\"\n[recorder]\nminutes = 10\n"),
            variables(&[("FLIGHTDECK_RECORDER__MINUTES", "20"), ("HOME", "/root")]),
            Layer::Flags([("keymap".to_owned(), Value::String("emacs".into()))].into_iter().collect()),
        ]);
        assert_eq!(texts(&loaded), Vec::<String>::new());
        let config = &loaded.config;
        assert_eq!((config.theme.as_str(), config.keymap.as_str()), ("dark", "emacs"));
        assert_eq!((config.recorder.minutes, config.recorder.bytes), (20, 1_000_000));
        assert_eq!(loaded.places[&vec!["keymap".to_owned()]].to_string(), "--keymap");
        assert_eq!(loaded.places[&vec!["theme".to_owned()]].to_string(), "/home/f.toml:1:1");
    }

    #[test]
    fn one_bad_key_spoils_nothing_else() {
        let loaded = resolve(&[file(
            "/c.toml",
            "raed-only = true\nmouse = \"yes\"\ntheme = \"light\"\n[recorder]\nminutes = 0\n[log]\nlevel = \"loud\"\n[sources.\"host/gauges\"]\nsecond = 1\n",
        )]);
        assert_eq!(
            texts(&loaded),
            [
                "/c.toml:1:1: raed-only: there is no key «raed-only» (did you mean «read-only»?)",
                "/c.toml:2:1: mouse: \"yes\" does not fit: write true or false",
                "/c.toml:5:1: recorder.minutes: 0 does not fit: write a whole number from 1 to 1440",
                r#"/c.toml:7:1: log.level: "loud" does not fit: write one of "error", "warn", "info", "debug", "trace""#,
                "/c.toml:9:1: sources.host/gauges.second: there is no key «second» in [sources.host/gauges] (did you mean «seconds»?)",
            ]
        );
        assert_eq!(loaded.config.theme, "light");
        assert_eq!(loaded.config.recorder.minutes, 30);
    }

    #[test]
    fn a_file_that_is_no_toml_leaves_the_layers_below() {
        let loaded = resolve(&[file("/a.toml", "theme = \"light\""), file("/b.toml", "theme = ")]);
        assert_eq!(loaded.config.theme, "light");
        assert!(loaded.broken);
        assert!(loaded.warnings[0].to_string().starts_with("/b.toml:1:"), "{}", loaded.warnings[0]);
    }

    #[test]
    fn variables_are_read_as_their_key_wants() {
        let loaded = resolve(&[variables(&[
            ("FLIGHTDECK_READ_ONLY", "true"),
            ("FLIGHTDECK_THEME", "16-colour"),
            ("FLIGHTDECK_ASCII", "auto"),
            ("FLIGHTDECK_PROTECTED_PROCESSES", "etcd, sshd"),
            ("FLIGHTDECK_LOG__LEVEL", "debug"),
            ("FLIGHTDECK_MOUSE", "maybe"),
            ("FLIGHTDECK_TEHME", "dark"),
        ])]);
        let config = &loaded.config;
        assert!(config.read_only);
        assert_eq!(
            (config.theme.as_str(), config.ascii, config.log.level),
            ("16-colour", Ascii::Auto, LogLevel::Debug)
        );
        assert_eq!(config.protected_processes, ["etcd", "sshd"]);
        assert_eq!(
            texts(&loaded),
            [
                "FLIGHTDECK_MOUSE: mouse: \"maybe\" does not fit: write true or false",
                "FLIGHTDECK_TEHME: tehme: there is no key «tehme» (did you mean «theme»?)",
            ]
        );
    }

    #[test]
    fn pages_and_keys_are_collected() {
        let page = |name: &str| {
            format!(
                "[[pages]]\nname = \"{name}\"\ntitle = \"T\"\nkey = \"9\"\n[[pages.layouts]]\npanes = [\"attention\"]\n"
            )
        };
        let text = format!("{}[[pages]]\nname = 1\n[keys.pane.processes]\n\"x\" = \"signal\"\n", page("mine"));
        let loaded = resolve(&[file("/a.toml", &text), file("/b.toml", &page("yours"))]);
        let names: Vec<_> = loaded.config.pages.iter().map(|page| page.name.as_str()).collect();
        assert_eq!(names, ["mine", "yours"]);
        assert_eq!(loaded.warnings.len(), 1);
        assert!(loaded.warnings[0].to_string().starts_with("/a.toml:7:1: pages: "), "{}", loaded.warnings[0]);
        assert!(matches!(&loaded.config.keys["pane"], Binding::Keys(panes) if panes.contains_key("processes")));
    }
}
