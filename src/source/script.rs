//! Scenarios: what the sources would have said and what a user would have typed, written down in a file for tests.
//!
//! ```toml
//! about = "a disk fills up"
//! size = [100, 24]                     # optional; 120 × 40 otherwise
//!
//! [[step]]
//! at = 0.0                             # seconds since the start
//! every = 1.0                          # optional: again at this interval …
//! until = 60.0                         # … until then, inclusive
//! updates = [{ gauges = { cpu = { used_ratio = 0.2 } } }]
//!
//! [[step]]
//! at = 5.0
//! report = { name = "host/mounts", state = "down", reason = "permission denied" }
//! keys = ["tab", "j"]
//! resize = [80, 24]
//! attention = ["error disk /data"]     # each stands in one row of the attention list: severity, kind, name, cause
//! quiet = true                         # nothing stands there
//! expect = ["/data"]                   # each stands on the screen
//! absent = ["/tmp"]                    # none does
//! screen = "disk-full"                 # the screen's name, for golden files
//! ```
//!
//! An update names only what differs from the update of its kind before it, or from an empty one. Steps of the same time are
//! taken in the order of the file; within a step come updates, report, wake, keys, resize, then what is expected.

mod defaults;

use crate::model::{
    Timestamp,
    input::Key,
    source::{SourceReport, SourceState},
    topic::{Topic, TopicSet},
    update::Update,
};
use compact_str::{CompactString, format_compact};
use defaults::Known;
use jiff::SignedDuration;
use serde::Deserialize;

/// When every scenario begins: 2026-11-23 02:14:00 UTC.
const START_SECONDS: i64 = 1_795_400_040;
/// A scenario longer than this is a mistake.
const MOST_STEPS: usize = 100_000;

/// A scenario, ready to be played.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it is about, in a sentence.
    pub about: String,
    pub start: Timestamp,
    /// Columns and rows.
    pub size: (u16, u16),
    /// In the order in which they happen.
    pub steps: Vec<Step>,
}

/// Something that happens, or is looked at, at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub at: Timestamp,
    pub what: What,
}

/// What happens, or is looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Updates { source: CompactString, updates: Vec<Update> },
    Report(SourceReport),
    Wake,
    Key(Key),
    Paste(String),
    Resize(u16, u16),
    Check(Check),
}

/// What has to be so.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Check {
    /// Each stands in a row of the attention list.
    pub attention: Vec<String>,
    /// Nothing stands in the attention list.
    pub quiet: bool,
    /// Each stands on the screen.
    pub expect: Vec<String>,
    /// None stands on the screen.
    pub absent: Vec<String>,
    /// The name under which the screen is kept.
    pub screen: Option<String>,
}

/// A scenario could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BadScenario {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("step {step}: {what}")]
    Step { step: usize, what: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    #[serde(default)]
    size: Option<(u16, u16)>,
    #[serde(default)]
    step: Vec<FileStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStep {
    at: f64,
    every: Option<f64>,
    until: Option<f64>,
    /// Who says it; by the kind of the first update where it is not given.
    source: Option<CompactString>,
    #[serde(default)]
    updates: Vec<serde_json::Map<String, serde_json::Value>>,
    report: Option<FileReport>,
    #[serde(default)]
    wake: bool,
    #[serde(default)]
    keys: Vec<String>,
    paste: Option<String>,
    resize: Option<(u16, u16)>,
    #[serde(default)]
    attention: Vec<String>,
    #[serde(default)]
    quiet: bool,
    #[serde(default)]
    expect: Vec<String>,
    #[serde(default)]
    absent: Vec<String>,
    screen: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileReport {
    name: CompactString,
    state: SourceState,
    reason: Option<CompactString>,
    hint: Option<CompactString>,
    cadence_seconds: Option<f64>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What is wrong, and in which step.
    pub fn load(text: &str) -> Result<Self, BadScenario> {
        let file: File = toml::from_str(text)?;
        let start = Timestamp::from_second(START_SECONDS).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut known = Known::default();
        let mut steps = Vec::new();
        for (index, step) in file.step.into_iter().enumerate() {
            let bad = |what: String| BadScenario::Step { step: index + 1, what };
            let times = times(start, &step).map_err(bad)?;
            let whats = step.whats(&mut known).map_err(bad)?;
            if steps.len() + times.len() * whats.len() > MOST_STEPS {
                return Err(bad(format!("more than {MOST_STEPS} events")));
            }
            for at in times {
                steps.extend(whats.iter().cloned().map(|what| Step { at, what }));
            }
        }
        // Stable: what happens at one time keeps the order of the file.
        steps.sort_by_key(|step| step.at);
        Ok(Self { about: file.about, start, size: file.size.unwrap_or((120, 40)), steps })
    }
}

fn times(start: Timestamp, step: &FileStep) -> Result<Vec<Timestamp>, String> {
    let at = |seconds: f64| {
        let since = SignedDuration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} is no time"))?;
        let at = start.checked_add(since).map_err(|_| format!("{seconds} s is too late"))?;
        // Times are whole milliseconds, as the clock's are.
        Timestamp::from_millisecond(at.as_millisecond()).map_err(|error| error.to_string())
    };
    match (step.every, step.until) {
        (None, None) => Ok(vec![at(step.at)?]),
        (Some(every), Some(until)) if every >= 0.001 && until >= step.at => {
            let count = ((until - step.at) / every + 1e-6).floor().min(MOST_STEPS as f64) as u32;
            (0..=count).map(|n| at(step.at + f64::from(n) * every)).collect()
        }
        _ => Err("every and until go together, every above 0, until after at".into()),
    }
}

impl FileStep {
    fn whats(self, known: &mut Known) -> Result<Vec<What>, String> {
        let mut whats = Vec::new();
        if !self.updates.is_empty() {
            let updates = self.updates.into_iter().map(|update| known.update(update));
            let updates = updates.collect::<Result<Vec<_>, _>>()?;
            let source = self.source.or_else(|| updates.first().map(source_of));
            whats.push(What::Updates { source: source.unwrap_or_default(), updates });
        }
        whats.extend(self.report.map(FileReport::report).transpose()?.map(What::Report));
        if self.wake {
            whats.push(What::Wake);
        }
        for key in self.keys {
            whats.push(What::Key(key.parse().map_err(|error: crate::model::input::BadKey| error.to_string())?));
        }
        whats.extend(self.paste.map(What::Paste));
        whats.extend(self.resize.map(|(columns, rows)| What::Resize(columns, rows)));
        let check = Check {
            attention: self.attention,
            quiet: self.quiet,
            expect: self.expect,
            absent: self.absent,
            screen: self.screen,
        };
        if check != Check::default() {
            whats.push(What::Check(check));
        }
        Ok(whats)
    }
}

impl FileReport {
    fn report(self) -> Result<SourceReport, String> {
        let Some((kind, topic)) = self.name.split_once('/') else {
            return Err(format!("{}: a source's name is family/topic", self.name));
        };
        let topics = match kind {
            // Engines and clusters are called by their names; each tells everything of its family.
            "docker" => TopicSet::of(&[Topic::Containers, Topic::ContainerUsage, Topic::EngineStores]),
            "kube" => TopicSet::of(&[Topic::Pods, Topic::Workloads, Topic::Nodes, Topic::KubeEvents]),
            _ => {
                let topic = Topic::ALL.iter().copied().find(|known| known.word() == topic);
                topic.ok_or_else(|| format!("{}: no such topic", self.name))?.into()
            }
        };
        Ok(SourceReport {
            kind: kind.into(),
            topics,
            state: self.state,
            reason: self.reason,
            hint: self.hint,
            cadence_seconds: self.cadence_seconds,
            name: self.name,
        })
    }
}

/// The source that says such things on a host.
fn source_of(update: &Update) -> CompactString {
    let source = match update {
        Update::Facts(_) => "host/facts",
        Update::Gauges(_) => "host/gauges",
        Update::Mounts(_) => "host/mounts",
        Update::Processes(_) => "host/processes",
        Update::ProcessDetails(_) => "host/process-details",
        Update::Cgroups(_) => "host/cgroups",
        Update::Sensors(_) => "host/sensors",
        Update::Units(_) => "host/units",
        Update::Hardware(_) => "host/hardware",
        Update::Own(_) => "host/own",
        Update::Ai(_) => "ai/local",
        Update::Journal(_) => "journal",
        Update::RuleLines(_) => "rules/repo",
        Update::Rules(news) => return news.source.clone(),
        Update::Readings(readings) => return readings.source.clone(),
        Update::Alerts(news) => return format_compact!("alertmanager/{}", news.name),
        Update::Prometheus(news) => return format_compact!("prometheus/{}", news.name),
        Update::Postgres(cluster) => return format_compact!("postgres/{}", cluster.name),
        Update::Gpus(news) => return news.source.clone(),
        Update::Engine(news) => return format_compact!("docker/{}", news.engine),
        Update::Kube(news) => return format_compact!("kube/{}", news.context),
    };
    source.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_repeat_and_keep_their_order() {
        let text = r#"
            about = "test"
            [[step]]
            at = 1.0
            every = 0.5
            until = 2.0
            updates = [{ gauges = { cpu = { used_ratio = 0.5 } } }]
            [[step]]
            at = 1.5
            updates = [{ gauges = { load = [1.0, 2.0, 3.0] } }]
            keys = ["tab"]
            expect = ["x"]
        "#;
        let scenario = Scenario::load(text).expect("reads");
        let since: Vec<f64> =
            scenario.steps.iter().map(|s| s.at.duration_since(scenario.start).as_secs_f64()).collect();
        assert_eq!(since, [1.0, 1.5, 1.5, 1.5, 1.5, 2.0]);
        let What::Updates { source, updates } = &scenario.steps[2].what else { panic!("updates") };
        let Update::Gauges(gauges) = &updates[0] else { panic!("gauges") };
        assert_eq!((source.as_str(), gauges.cpu.used_ratio), ("host/gauges", Some(0.5)), "carried over");
        assert_eq!(gauges.load, Some([1.0, 2.0, 3.0]));
    }

    #[test]
    fn mistakes_name_their_step() {
        for (step, word) in [
            ("updates = [{ gouges = {} }]", "gouges"),
            ("updates = [{ gauges = { cpu = { used = 1 } } }]", "used"),
            ("keys = [\"hyper-x\"]", "hyper-x"),
            ("every = 1.0", "until"),
            ("report = { name = \"x\", state = \"ok\" }", "family"),
        ] {
            let error = Scenario::load(&format!("about = \"\"\n[[step]]\nat = 1.0\n{step}")).expect_err(step);
            assert!(error.to_string().contains(word) && error.to_string().contains("step 1"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,200}", at in any::<f64>()) {
            let _ = Scenario::load(&text);
            let _ = Scenario::load(&format!("about = \"\"\n[[step]]\nat = {at:?}\nwake = true"));
        }
    }
}
