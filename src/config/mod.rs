//! Configuration in layers: defaults < system < user < environment < flags. Errors name file, line and key, and what to write.
//!
//! The keys are declared once, here: their doc comments become the JSON schema, the commented default file and the errors.

pub mod example;
mod journal;
pub mod layers;
pub mod load;
pub mod postgres;
pub mod receivers;
pub mod schema;
pub mod sources;
pub mod watch;

pub use journal::{Incidents, Journal, Runbooks};

use crate::{
    ops::gate::rules::{ConfirmRule, Protect},
    view::layout::Page,
};
use postgres::PostgresCluster;
use receivers::NotifyReceiver;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};
use watch::{SloFiles, WatchServer};

/// The configuration of the cockpit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Never arm: nothing can be changed from this cockpit. Without it the cockpit still starts unarmed.
    pub read_only: bool,
    /// Start armed, so that operations are possible without pressing A first.
    pub start_armed: bool,
    /// Who is acting, for the record of operations; the login name unless given.
    pub actor: Option<String>,
    /// Name of a built-in theme or of a file in `themes/` beside this one. `auto` takes what fits the terminal: dark, 16-colour
    /// or monochrome.
    pub theme: String,
    /// Name of a built-in key map (default, vim, emacs) or of a file in `keymaps/` beside this one.
    pub keymap: String,
    /// Whether signs and frames are ASCII only. `auto` asks the locale and the terminal.
    pub ascii: Ascii,
    /// Whether colours are used. `auto` follows NO_COLOR and TERM; `always` overrules NO_COLOR.
    pub colour: ColourUse,
    /// How many colours the terminal has. `auto` asks COLORTERM and TERM.
    pub colour_depth: ColourDepth,
    /// Whether the terminal reports the mouse. Without it the terminal's own selection works.
    pub mouse: bool,
    /// How curves are drawn first.
    pub graph_mode: GraphMode,
    /// Most frames a second that data may cause; keys are always drawn at once.
    #[schemars(range(min = 1, max = 60))]
    pub frames_per_second: u16,
    /// The same over SSH.
    #[schemars(range(min = 1, max = 60))]
    pub ssh_frames_per_second: u16,
    /// Container engines to watch: `unix://`, `tcp://`, `ssh://`, or the name of a Docker context; `none` for none. Those that are
    /// found unless given.
    pub engines: Vec<String>,
    /// Contexts of the kubeconfig to watch; `all` or `none`. The current one unless given.
    pub contexts: Vec<String>,
    /// Folder of the repository whose files the rule book watches; the one that the cockpit is started in unless given.
    pub repository: Option<PathBuf>,
    /// Namespaces by context, for who may list in several of them but not in the whole cluster: each is asked, beside that of the
    /// context, for what the whole cluster denies.
    pub namespaces: BTreeMap<String, Vec<String>>,
    /// Names of processes that are never signalled, beside those that the gate protects itself.
    pub protected_processes: Vec<String>,
    /// Targets that nothing may be done to. Every pattern that is given has to match; `*` stands for any text, `?` for one sign.
    pub protect: Vec<Protect>,
    /// How operations have to be confirmed. The first rule that matches decides; where none does, what destroys, and what goes to a
    /// context or namespace that is named like production, needs the target's name typed, and all else a yes.
    pub confirm: Vec<ConfirmRule>,
    /// The flight recorder, which keeps the last minutes in memory.
    pub recorder: Recorder,
    /// Messages in the last line.
    pub notices: Notices,
    /// The program's own log.
    pub log: Log,
    /// The viewer of the lines that containers, pods and the journal write.
    pub logs: Logs,
    /// GPUs of this machine.
    pub gpu: Gpu,
    /// Servers of language models.
    pub ai: Ai,
    /// The record of what was seen and done.
    pub journal: Journal,
    /// Incidents.
    pub incidents: Incidents,
    /// Who is told of incidents.
    pub notify: Vec<NotifyReceiver>,
    /// Runbooks.
    pub runbooks: Runbooks,
    /// Prometheus, and what speaks as one: Thanos, Mimir, VictoriaMetrics.
    pub prometheus: Vec<WatchServer>,
    /// Alertmanagers.
    pub alertmanager: Vec<WatchServer>,
    /// Service level objectives, which a Prometheus is asked for.
    pub slo: SloFiles,
    /// PostgreSQL clusters, under Patroni or plain.
    pub postgres: Vec<PostgresCluster>,
    /// Sources by name (`host/processes`), to switch them off or ask them more or less often.
    pub sources: BTreeMap<String, SourceConfig>,
    /// Keys by scope, over the key map: `[keys.global]`, `[keys.list]`, `[keys.pane.processes]`. A sequence of keys, and the
    /// name of its action; an empty name takes the meaning away.
    pub keys: BTreeMap<String, Binding>,
    /// Pages beside the built-in ones; one of the same name takes its place.
    pub pages: Vec<Page>,
}

impl Default for Config {
    fn default() -> Self {
        let protected = [
            "systemd",
            "init",
            "sshd",
            "dbus-daemon",
            "dbus-broker",
            "containerd",
            "dockerd",
            "crio",
            "kubelet",
            "etcd",
        ];
        Self {
            read_only: false,
            start_armed: false,
            actor: None,
            theme: "auto".into(),
            keymap: "default".into(),
            ascii: Ascii::Auto,
            colour: ColourUse::Auto,
            colour_depth: ColourDepth::Auto,
            mouse: true,
            graph_mode: GraphMode::Braille,
            frames_per_second: 30,
            ssh_frames_per_second: 10,
            engines: Vec::new(),
            contexts: Vec::new(),
            repository: None,
            namespaces: BTreeMap::new(),
            protected_processes: protected.map(String::from).to_vec(),
            protect: Vec::new(),
            confirm: Vec::new(),
            recorder: Recorder::default(),
            notices: Notices::default(),
            log: Log::default(),
            logs: Logs::default(),
            gpu: Gpu::default(),
            ai: Ai::default(),
            journal: Journal::default(),
            incidents: Incidents::default(),
            notify: Vec::new(),
            runbooks: Runbooks::default(),
            prometheus: Vec::new(),
            alertmanager: Vec::new(),
            slo: SloFiles::default(),
            postgres: Vec::new(),
            sources: BTreeMap::new(),
            keys: BTreeMap::new(),
            pages: Vec::new(),
        }
    }
}

/// The flight recorder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recorder {
    /// How far back the past can be shown, in minutes.
    #[schemars(range(min = 1, max = 1440))]
    pub minutes: u32,
    /// Most memory that it may hold, in bytes; the oldest moments go first.
    #[schemars(range(min = 65_536, max = 1_073_741_824))]
    pub bytes: u64,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { minutes: 30, bytes: 8 << 20 }
    }
}

/// Messages in the last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Notices {
    /// How long one is shown, in seconds.
    #[schemars(range(min = 1, max = 60))]
    pub seconds: u16,
    /// How many the history keeps.
    #[schemars(range(min = 10, max = 10_000))]
    pub keep: u16,
}

impl Default for Notices {
    fn default() -> Self {
        Self { seconds: 6, keep: 200 }
    }
}

/// The program's own log.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Log {
    /// File that the log is appended to; `flightdeck.log` in the state folder unless it is named. At 1 MiB it is begun anew, and
    /// the one before is kept with `.1` behind its name.
    pub file: Option<PathBuf>,
    /// The least that is worth a line.
    pub level: LogLevel,
}

/// The viewer of the lines that containers, pods and the journal write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Logs {
    /// Most lines that a viewer holds; the oldest go first, and are counted.
    #[schemars(range(min = 1_000, max = 2_000_000))]
    pub lines: u32,
    /// Most memory that they may take, in bytes.
    #[schemars(range(min = 1_048_576, max = 1_073_741_824))]
    pub bytes: u64,
}

impl Default for Logs {
    fn default() -> Self {
        Self { lines: 100_000, bytes: 64 << 20 }
    }
}

/// GPUs of this machine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gpu {
    /// NVIDIA's management library; `libnvidia-ml.so.1` where the loader finds it unless it is named.
    pub nvml_library: Option<PathBuf>,
}

/// Servers of language models.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ai {
    /// Servers to ask beside those whose processes are found on this host: `ollama=HOST:PORT`, `vllm=HOST:PORT`.
    pub servers: Vec<String>,
}

/// The least that is worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SourceConfig {
    /// Whether it is asked at all.
    pub enabled: bool,
    /// How often it is asked while a visible pane needs it, in seconds.
    #[schemars(range(min = 0.2, max = 3600.0))]
    pub seconds: Option<f64>,
    /// How often it is asked otherwise, in seconds.
    #[schemars(range(min = 0.2, max = 3600.0))]
    pub background_seconds: Option<f64>,
}

impl Default for SourceConfig {
    fn default() -> Self {
        Self { enabled: true, seconds: None, background_seconds: None }
    }
}

/// In `[keys]`: an action's name, or a table of more keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Binding {
    /// An action's name.
    Action(String),
    /// More keys, for `[keys.pane.processes]`.
    Keys(BTreeMap<String, Binding>),
}

/// How curves are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum GraphMode {
    #[default]
    Braille,
    Block,
    Ascii,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum ColourUse {
    #[default]
    Auto,
    Always,
    Never,
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum ColourDepth {
    #[default]
    Auto,
    #[serde(rename = "16")]
    Sixteen,
    #[serde(rename = "256")]
    Palette,
    Rgb,
}

/// Whether signs are ASCII only: `"auto"`, `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Ascii {
    #[default]
    Auto,
    Always,
    Never,
}

impl Serialize for Ascii {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            other => serializer.serialize_bool(*other == Self::Always),
        }
    }
}

impl<'de> Deserialize<'de> for Ascii {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Truth(bool),
            Word(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Truth(true) => Ok(Self::Always),
            Written::Truth(false) => Ok(Self::Never),
            Written::Word(word) if word == "auto" => Ok(Self::Auto),
            Written::Word(word) => Err(serde::de::Error::custom(format!("«{word}» is neither auto, true nor false"))),
        }
    }
}

impl JsonSchema for Ascii {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ascii".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": ["auto", true, false] })
    }
}
