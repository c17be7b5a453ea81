//! A definition, whatever file it came from, and the questions that it makes.

use crate::{
    model::{duration, spots::Place, text::clean_to},
    rulebook::syntax::node::Node,
};
use regex::Regex;
use std::sync::LazyLock;

/// What is counted beside the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Good,
    Bad,
}

impl Counted {
    /// Its key in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// An objective as it is defined.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub name: String,
    pub title: String,
    pub service: String,
    /// The Prometheus that is asked; `None` where there is but one.
    pub prometheus: Option<String>,
    pub counted: Counted,
    /// The query of good or bad events.
    pub(super) part: String,
    /// The query of all events.
    pub(super) total: String,
    /// Share of events that have to be good, between 0 and 1.
    pub target: f64,
    pub period_seconds: u64,
    /// Windows with fewer events are not judged.
    pub min_events: f64,
    pub place: Place,
}

/// Which of a definition's two queries a question is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Good or bad events.
    Part,
    Total,
}

/// Something to ask a Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub seconds: u64,
    pub role: Role,
    pub expression: String,
}

/// Where the range stands in a query: `{{window}}`, `{{ .window }}`.
static WINDOW: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{\s*\.?window\s*\}\}").expect("is a pattern"));
/// A selector of series and nothing else: `name`, `name{label="value"}`.
static SELECTOR: LazyLock<Regex> = LazyLock::new(|| {
    let text = r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`"#;
    Regex::new(&format!(r"^[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{{(?:[^{{}}\x22'`]|{text})*\}})?$")).expect("is a pattern")
});

/// What a definition is made of, each with its place.
pub(super) struct Parts<'n> {
    pub name: String,
    pub title: Option<String>,
    pub service: Option<String>,
    pub prometheus: Option<String>,
    pub counted: Counted,
    pub part: &'n Node,
    pub total: &'n Node,
    /// A share, or percent.
    pub target: (&'n Node, bool),
    pub window: &'n Node,
    pub min_events: Option<&'n Node>,
}

impl Definition {
    /// Makes one; everything that is wrong is said.
    pub(super) fn of(parts: &Parts<'_>, reader: &mut super::Reader<'_>) -> Option<Self> {
        let before = reader.problems.len();
        let part = query(parts.part, parts.counted.word(), reader);
        let total = query(parts.total, "total", reader);
        let target = target(parts.target, reader);
        let text = parts.window.scalar().unwrap_or_default();
        let period = duration::seconds(&text).filter(|seconds| (3_600..=366 * 86_400).contains(seconds));
        if period.is_none() {
            let text =
                format!("«{}» is no period from an hour to a year: write one such as \"30d\"", clean_to(&text, 40));
            reader.fault(parts.window, "timeWindow", text);
        }
        let least =
            parts.min_events.map(|node| (node, node.as_f64().filter(|least| *least >= 0.0 && least.is_finite())));
        if let Some((node, None)) = least {
            reader.fault(node, "minEvents", "write a number of events, such as 100");
        }
        if reader.problems.len() > before {
            return None;
        }
        Some(Self {
            title: parts.title.clone().unwrap_or_else(|| parts.name.clone()),
            name: parts.name.clone(),
            service: parts.service.clone().unwrap_or_default(),
            prometheus: parts.prometheus.clone(),
            counted: parts.counted,
            part: part?,
            total: total?,
            target: target?,
            period_seconds: period?,
            min_events: least.and_then(|(_, least)| least).unwrap_or(0.0),
            place: reader.place(parts.part),
        })
    }

    /// What has to be asked for a window of that length.
    pub fn questions(&self, seconds: u64) -> [Question; 2] {
        let range = duration::prometheus(seconds);
        let filled = |query: &str| WINDOW.replace_all(query, range.as_str()).into_owned();
        [
            Question { seconds, role: Role::Part, expression: filled(&self.part) },
            Question { seconds, role: Role::Total, expression: filled(&self.total) },
        ]
    }

    /// What a person has to know about it.
    pub(super) fn cautions(&self) -> Vec<String> {
        let counts_rates = [&self.part, &self.total].iter().any(|query| query.contains("rate("));
        let caution = "minEvents counts events, and the queries count a rate: write increase(…) instead";
        if counts_rates && self.min_events > 0.0 { vec![caution.into()] } else { Vec::new() }
    }
}

/// A query with the place of its range; a plain selector is taken for that of a counter.
fn query(node: &Node, key: &str, reader: &mut super::Reader<'_>) -> Option<String> {
    let Some(text) = node.as_str().map(str::trim).filter(|text| !text.is_empty()) else {
        reader.fault(node, key, "write a PromQL expression as a text");
        return None;
    };
    if WINDOW.is_match(text) {
        return Some(text.into());
    }
    if SELECTOR.is_match(text) {
        return Some(format!("sum(increase({text}[{{{{window}}}}]))"));
    }
    let hint = "the query does not say where its range stands: write {{window}}, as in sum(increase(requests_total[{{window}}]))";
    reader.fault(node, key, hint);
    None
}

fn target((node, percent): (&Node, bool), reader: &mut super::Reader<'_>) -> Option<f64> {
    let key = if percent { "targetPercent" } else { "target" };
    // So that 99.99 % are 0.9999, and not a hair less.
    let share = node.as_f64().map(|number| if percent { (number * 1e10).round() / 1e12 } else { number });
    let fits = share.filter(|share| *share > 0.0 && *share < 1.0);
    if fits.is_none() {
        let range = if percent { "between 0 and 100, such as 99.9" } else { "between 0 and 1, such as 0.999" };
        let all = if share == Some(1.0) { ": a target of all leaves no budget" } else { "" };
        reader.fault(node, key, format!("write a share {range}{all}"));
    }
    fits
}
