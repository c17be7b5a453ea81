//! Service level objectives and how fast their error budgets burn. Burn is the share of bad events divided by the share that the target
//! allows: at a burn of 1 the budget lasts its period. Windows and factors are those of the multiwindow, multi-burn-rate alerts of
//! <https://sre.google/workbook/alerting-on-slos/>.

use super::{
    Timestamp,
    attention::Severity,
    object::{ObjectKind, ObjectRef},
    units,
};
use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

/// An objective as it stands now.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Slo {
    /// Unique among objectives.
    pub name: CompactString,
    /// How people call it.
    pub title: CompactString,
    pub service: CompactString,
    /// The Prometheus that is asked.
    pub prometheus: CompactString,
    /// Share of events that have to be good, 0–1.
    pub target: f64,
    /// Length of the rolling period of the budget.
    pub period_seconds: u64,
    /// Each window once, the shortest first; the last is the whole period.
    pub windows: Vec<Window>,
    pub pairs: Vec<Pair>,
    /// What is left of the budget: 1 is all, below 0 is overspent; `None` where it cannot be told.
    pub budget_left: Option<f64>,
    /// When the budget is gone at the present burn; `None` where it does not burn or is gone.
    pub exhausted_in_seconds: Option<f64>,
    /// What the incident that goes on has spent of the budget.
    #[serde(default)]
    pub incident: Option<Spent>,
    /// What a person has to know about the definition.
    pub warnings: Vec<String>,
    /// Where it is defined: file, line and column.
    pub place: String,
}

/// What was spent of an error budget since the impact of an incident began, whatever else may have spent it besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    pub since: Timestamp,
    /// Share of the whole budget of a period: 1 is all of it. `None` where it cannot be told.
    pub share: Option<f64>,
}

/// Events of one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    pub seconds: u64,
    /// When it was asked for.
    pub at: Option<Timestamp>,
    pub reading: Reading,
}

/// What was counted in a window. Absent is not zero, and idle is not good.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// It has not been asked for yet.
    #[default]
    Waiting,
    Events {
        bad: f64,
        total: f64,
    },
    /// There was no event.
    Idle,
    /// Fewer events than the definition asks for before it is judged.
    Few {
        bad: f64,
        total: f64,
        least: f64,
    },
    /// There is no series: which query answers with nothing.
    Absent(CompactString),
    /// It could not be asked, or answers with what is no count.
    Failed(String),
}

impl Reading {
    /// Share of bad events, where it may be judged.
    pub fn error_ratio(&self) -> Option<f64> {
        match self {
            Self::Events { bad, total } if *total > 0.0 => Some(bad / total),
            _ => None,
        }
    }

    /// Why it may not be judged, in words; `None` where it may.
    pub fn obstacle(&self) -> Option<String> {
        match self {
            Self::Waiting => Some("not asked for yet".into()),
            Self::Events { .. } => None,
            Self::Idle => Some("no events".into()),
            Self::Few { total, least, .. } => Some(format!("{total:.0} events, {least:.0} are asked for")),
            Self::Absent(query) => Some(format!(
                "the query of {query} answers with no series: absent is not zero, add `or vector(0)` where it means that"
            )),
            Self::Failed(why) => Some(why.clone()),
        }
    }
}

/// Who is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Somebody, at once.
    Page,
    /// Somebody, in working hours.
    Ticket,
}

impl Urgency {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// A long window that says it matters, and a short one that says it still goes on. It fires where both burn faster than the threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub urgency: Urgency,
    pub long_seconds: u64,
    pub short_seconds: u64,
    pub threshold: f64,
    pub long_burn: Option<f64>,
    pub short_burn: Option<f64>,
    /// Whether any outage can burn that fast.
    pub is_reachable: bool,
}

impl Pair {
    /// Whether both windows exceed the threshold.
    pub fn fires(&self) -> bool {
        let exceeds = |burn: Option<f64>| burn.is_some_and(|burn| burn > self.threshold);
        exceeds(self.long_burn) && exceeds(self.short_burn)
    }
}

impl Slo {
    /// Its name as an object.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::new(ObjectKind::Slo, format_compact!("{}/{}", self.prometheus, self.name))
    }

    /// The pair that fires, the most urgent first.
    pub fn firing(&self) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.fires())
    }

    /// The burn of the window of that length.
    pub fn burn(&self, seconds: u64) -> Option<f64> {
        let window = self.windows.iter().find(|window| window.seconds == seconds)?;
        Some(window.reading.error_ratio()? / (1.0 - self.target))
    }

    /// The present burn, and over how many seconds: of the long window of the pair that fires, else of the shortest long window that can
    /// be judged.
    pub fn present_burn(&self) -> Option<(f64, u64)> {
        let of = |pair: &Pair| Some((pair.long_burn?, pair.long_seconds));
        self.firing().and_then(of).or_else(|| self.pairs.iter().find_map(of))
    }

    /// How bad it is; `None` where it is as it should be.
    pub fn severity(&self) -> Option<Severity> {
        match self.firing().map(|pair| pair.urgency) {
            Some(Urgency::Page) => Some(Severity::Critical),
            _ if self.budget_left.is_some_and(|left| left <= 0.0) => Some(Severity::Error),
            Some(Urgency::Ticket) => Some(Severity::Warn),
            None => self.obstacle().map(|_| Severity::Unknown),
        }
    }

    /// Why it cannot be judged: what stands against every window but want of events.
    pub fn obstacle(&self) -> Option<String> {
        let stands = |window: &Window| {
            matches!(window.reading, Reading::Absent(_) | Reading::Failed(_)).then(|| window.reading.obstacle())?
        };
        self.windows.iter().find_map(stands)
    }

    /// The target in percent: `99.9 %`.
    pub fn target_words(&self) -> String {
        percent(self.target)
    }

    /// How it stands, in words.
    pub fn words(&self) -> String {
        let left = match self.budget_left {
            Some(left) if left <= 0.0 => format!("budget overspent by {}", percent(-left)),
            Some(left) => format!("{} of the budget left", percent(left)),
            None => String::new(),
        };
        // What burns more slowly than it comes back is never gone.
        let soon = self.exhausted_in_seconds.filter(|seconds| *seconds < self.period_seconds as f64);
        let gone = soon.map(|seconds| format!("gone in {}", units::span(seconds)));
        let burn = match (self.firing(), self.present_burn()) {
            (Some(pair), Some((burn, seconds))) => {
                let over = units::span(seconds as f64);
                format!("burning {burn:.1}× over {over}, {} at {:.1}×", pair.urgency.word(), pair.threshold)
            }
            (None, Some((burn, seconds))) => format!("burn {burn:.1}× over {}", units::span(seconds as f64)),
            _ => self.obstacle().unwrap_or_else(|| "no events yet to judge".into()),
        };
        [burn, left, gone.unwrap_or_default()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A share in percent, without zeros at its end.
pub fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
