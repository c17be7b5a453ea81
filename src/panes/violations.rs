//! What the rule book found: every finding, the heaviest first.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    model::{
        attention::Severity,
        finding::{Finding, Level, Status, rule_of},
        object::{ObjectKind, ObjectRef},
        ruling::Ruling,
        topic::Topic,
    },
    view::{
        View,
        table::{Column, Table, Value},
    },
    world::World,
};
use compact_str::CompactString;
use std::borrow::Cow;

fields! { Ruling;
    "severity" "" Text 1 [] "how much it weighs" => |r, _| fields::severity(severity(&r.finding)),
    "check" "CHECK" Text 6 [] "the check: number of its rule and a letter" => |r, _| Value::text(&r.finding.check),
    "level" "LEVEL" Text 6 [] "info, warn, error, or block, which stops the line" => |r, _| Value::text(r.finding.level.word()),
    "new" "NEW" Text 4 [] "came since the cockpit looks" => |r, _| if r.is_new { Value::text("new") } else { Value::None },
    "place" "PLACE" Text 34 [] "file, line and column, or the live object" => |r, _| Value::Text(Cow::Owned(r.place())),
    "observed" "FOUND" Text 40 [grow] "what was seen, or why it could not be judged" => |r, _| Value::Text(Cow::Owned(format!("{}: {}", r.finding.title, r.finding.observed))),
    "age" "AGE" Time 6 [] "since when it has been seen here" => |r, _| Value::Time(r.first_seen),
    "status" "STATUS" Text 8 [] "fail; unknown: it could not be judged; waived: accepted for now" => |r, _| Value::text(r.finding.status.word()),
    "scope" "SCOPE" Text 7 [hide] "repo, docker, kube, host" => |r, _| Value::text(r.finding.scope.word()),
    "owner" "OWNER" Text 14 [hide] "who answers for it" => |r, _| r.finding.owner.as_deref().map_or(Value::None, Value::text),
    "resource" "RESOURCE" Text 28 [hide] "the object that it is about" => |r, _| Value::text(&r.finding.resource),
    "rule" "RULE" Number 5 [hide] "number of the rule" => |r, _| Value::Number(rule_of(&r.finding.check).into()),
    "fix" "FIX" Text 50 [hide] "what to do" => |r, _| Value::text(&r.finding.fix),
    "fingerprint" "FINGERPRINT" Text 17 [hide] "its identity over time" => |r, _| Value::text(&r.finding.fingerprint),
}

/// A finding among what is not as it should be.
pub(crate) const fn severity(finding: &Finding) -> Option<Severity> {
    match (finding.status, finding.level) {
        (Status::Waived, _) => None,
        (Status::Unknown, _) => Some(Severity::Unknown),
        (Status::Fail, Level::Block) => Some(Severity::Critical),
        (Status::Fail, Level::Error) => Some(Severity::Error),
        (Status::Fail, Level::Warn) => Some(Severity::Warn),
        (Status::Fail, Level::Info) => Some(Severity::Info),
    }
}

fn row(world: &World, at: usize) -> &Ruling {
    world.observed.rulings.at(at).expect("the table has so many rows")
}

struct ViolationsTable;

impl Table for ViolationsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "severity"), true)
    }
    fn len(&self, world: &World) -> usize {
        world.observed.rulings.len()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        row(world, at).key()
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(ObjectRef::new(ObjectKind::Violation, row(world, at).key()))
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        READ[column](row(world, at), world)
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(&row(world, at).finding)
    }
    fn is_ordered(&self) -> bool {
        // The heaviest first: so they stand also below one owner, or one rule.
        true
    }
    fn fixed_columns(&self) -> usize {
        2
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[3, 2, 7, 6]
    }
}

/// By what the violations are looked at: the list is in that order, and the scoreboard counts by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Severity,
    Rule,
    Owner,
    Resource,
}

impl By {
    /// All of them, in the order in which a key goes through them.
    pub const ALL: [Self; 4] = [Self::Severity, Self::Rule, Self::Owner, Self::Resource];

    /// The name of its column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Rule => "rule",
            Self::Owner => "owner",
            Self::Resource => "resource",
        }
    }

    /// Its column in the list.
    pub fn column(self) -> usize {
        fields::index(COLUMNS, self.word())
    }

    /// By what the list is ordered now; by nothing of this where it was sorted by another column.
    pub fn of(view: &View) -> Option<Self> {
        match view.pane(PANE.name).list.sort {
            None => Some(Self::Severity),
            Some((column, _)) => Self::ALL.into_iter().find(|by| by.column() == column),
        }
    }

    /// The next one.
    pub fn next(view: &View) -> Self {
        let at = Self::of(view).and_then(|now| Self::ALL.iter().position(|by| *by == now));
        Self::ALL[at.map_or(0, |at| (at + 1) % Self::ALL.len())]
    }
}

/// How many of each weight there are, and what is wrong with the rules themselves.
fn words(world: &World) -> String {
    let rulings = &world.observed.rulings;
    let count = |level: Level| {
        rulings.iter().filter(|ruling| ruling.finding.is_violation() && ruling.finding.level == level).count()
    };
    let mut words: Vec<String> = [Level::Block, Level::Error, Level::Warn]
        .into_iter()
        .map(|level| (count(level), level))
        .filter(|(count, _)| *count > 0)
        .map(|(count, level)| format!("{count} {}", level.word()))
        .collect();
    let unknown = rulings.iter().filter(|ruling| ruling.finding.status == Status::Unknown).count();
    if unknown > 0 {
        words.push(format!("{unknown} unknown"));
    }
    if let Some(problem) = rulings.news().find_map(|news| news.problems.first()) {
        words.push(problem.clone());
    }
    words.join(", ")
}

/// The list of findings.
pub static PANE: HostList = HostList {
    name: "violations",
    title: "Violations",
    about: "What violates the rule book in the repository that the cockpit was started in, in live containers and cluster objects, and on this host. Enter opens a finding: why it matters, what to do, its lines, its history. W waives the marked ones or the selected one, B accepts them as old debt, a lists all that can be done, E opens the file, P is the pre-flight list, o looks by severity, rule, owner or resource. Filter with check=11f, level=block, owner=…, place:…; flightdeck check prints the same for scripts. A repository with a .flightdeck.toml is watched always, others while this page is shown; clusters are looked through every half minute while it is.",
    topics: &[Topic::Rules],
    table: &ViolationsTable,
    is_known: |world| !world.observed.rulings.is_unknown(),
    none: "nothing violates the rules",
    words,
    dear: &[],
};
