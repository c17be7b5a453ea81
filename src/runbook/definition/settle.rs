//! From a step as it is written to what it is.

use super::{
    fault::{Part, Source},
    step::{Check, Deed, Kind, Step, Undo, WayBack},
    written,
};
use crate::{
    model::{finding::Level, journal::Milestone},
    runbook::{
        act::{ActForm, HttpForm},
        ask::{AskForm, GateForm},
        condition::Condition,
        template::{Template, is_word},
    },
};

/// A step, made ready; nothing where a fault was told.
pub(super) fn settle(step: written::Step, part: Part, source: &mut Source<'_>) -> Option<Step> {
    let before = source.faults.len();
    let id = step.id.get_ref().clone();
    if !is_word(&id) || id == "end" {
        let text = format!("«{id}» cannot be the name of a step: small letters, digits, `_` and `-`, and not `end`");
        source.fault_at(Level::Error, step.id.span().start, text);
    }
    let (word, kind) = kind(&step, &id, part, source)?;
    misplaced(&step, word, &kind, part, source);
    let undo = undo(step.undo, step.no_undo, &id, part, source);
    let settled = Step {
        id,
        title: step.title,
        about: step.about,
        when: step.when,
        on: step.on,
        word: word.to_owned(),
        kind,
        timeout: step.timeout,
        verify: step.verify,
        observe: step.observe,
        undo,
        next: step.next,
        milestone: step.milestone.map(Milestone::from),
    };
    (source.faults.len() == before).then_some(settled)
}

impl From<written::Milestone> for Milestone {
    fn from(milestone: written::Milestone) -> Self {
        match milestone {
            written::Milestone::ImpactStarted => Self::ImpactStarted,
            written::Milestone::Detected => Self::Detected,
            written::Milestone::Acknowledged => Self::Acknowledged,
            written::Milestone::Mitigated => Self::Mitigated,
            written::Milestone::Resolved => Self::Resolved,
        }
    }
}

/// What the step is: exactly one thing.
fn kind(step: &written::Step, id: &str, part: Part, source: &mut Source<'_>) -> Option<(&'static str, Kind)> {
    let mut kinds = acts(step);
    kinds.extend(others(step));
    match (kinds.pop(), kinds.pop()) {
        (Some(kind), None) => Some(kind),
        (Some((second, _)), Some((first, _))) => {
            let text = format!("{id}: a step is one thing, and this is `{first}` and `{second}`: make two of it");
            source.error(part, second, text);
            None
        }
        (None, _) => {
            source.error(part, "", format!("{id}: it says nothing that is done; add one of {}", KINDS.join(", ")));
            None
        }
    }
}

/// Keys that do not go with what the step is.
fn misplaced(step: &written::Step, word: &str, kind: &Kind, part: Part, source: &mut Source<'_>) {
    let (asks, changes) = (matches!(kind, Kind::Look(_)), matches!(kind, Kind::Do(_)));
    for (key, is_given, fits) in [
        ("expect", !step.expect.is_empty(), asks),
        ("verify", !step.verify.is_empty(), changes),
        ("observe", step.observe.is_some(), changes),
        ("undo", step.undo.is_some() || step.no_undo.is_some(), changes),
        ("changes", step.changes.is_some(), matches!(word, "command" | "http" | "sql")),
    ] {
        if is_given && !fits {
            source.error(part, key, format!("{}: `{key}` does not go with `{word}`", step.id.get_ref()));
        }
    }
}

/// The keys that say what a step is.
const KINDS: &[&str] = &[
    "confirm",
    "input",
    "command",
    "http",
    "promql",
    "sql",
    "kubernetes",
    "docker",
    "helm",
    "patroni",
    "postgres",
    "record",
    "look",
    "wait-until",
    "gate",
    "branch",
    "parallel",
    "timer",
    "approval",
    "note",
    "manual",
];

/// What acts, or might.
fn acts(step: &written::Step) -> Vec<(&'static str, Kind)> {
    let act = |act: ActForm| Kind::Do(Deed::Act(act));
    let either = |form: ActForm, ask: AskForm, usually: bool| {
        if step.changes.unwrap_or(usually) { act(form) } else { look(step, ask) }
    };
    let command = |form: &_| either(ActForm::Command(Clone::clone(form)), AskForm::Command(form.clone()), true);
    let http = |form: &HttpForm| either(ActForm::Http(form.clone()), AskForm::Http(form.clone()), sends(form));
    let sql = |form: &_| either(ActForm::Sql(Clone::clone(form)), AskForm::Sql(form.clone()), false);
    let found = [
        ("command", step.command.as_ref().map(command)),
        ("http", step.http.as_ref().map(http)),
        ("sql", step.sql.as_ref().map(sql)),
        ("kubernetes", step.kubernetes.clone().map(|form| act(ActForm::Kubernetes(form)))),
        ("docker", step.docker.clone().map(|form| act(ActForm::Docker(form)))),
        ("helm", step.helm.clone().map(|form| act(ActForm::Helm(form)))),
        ("patroni", step.patroni.clone().map(|form| act(ActForm::Patroni(form)))),
        ("postgres", step.postgres.clone().map(|form| act(ActForm::Postgres(form)))),
        ("record", step.record.clone().map(|form| act(ActForm::Record(form)))),
        ("manual", step.manual.clone().map(|text| Kind::Do(Deed::Manual(text)))),
    ];
    found.into_iter().filter_map(|(word, kind)| Some((word, kind?))).collect()
}

/// What asks, waits, leads or tells.
fn others(step: &written::Step) -> Vec<(&'static str, Kind)> {
    let found = [
        ("confirm", step.confirm.clone().map(Kind::Confirm)),
        ("input", step.input.clone().map(Kind::Input)),
        ("promql", step.promql.clone().map(|form| look(step, AskForm::PromQl(form)))),
        ("look", step.look.clone().map(|ask| look(step, ask))),
        ("wait-until", step.wait_until.clone().map(Kind::WaitUntil)),
        ("gate", step.gate.as_ref().map(gate)),
        ("branch", step.branch.clone().map(Kind::Branch)),
        ("parallel", step.parallel.clone().map(Kind::Parallel)),
        ("timer", step.timer.clone().map(Kind::Timer)),
        ("approval", step.approval.clone().map(Kind::Approval)),
        ("note", step.note.clone().map(Kind::Note)),
    ];
    found.into_iter().filter_map(|(word, kind)| Some((word, kind?))).collect()
}

fn look(step: &written::Step, ask: AskForm) -> Kind {
    Kind::Look(Check {
        title: Template::default(),
        on: None,
        ask,
        expect: step.expect.clone(),
        fail_when: Vec::new(),
        within: None,
        every: None,
        settle: None,
    })
}

/// Whether a request usually changes something, by its method (RFC 9110, section 9.2.1).
fn sends(form: &HttpForm) -> bool {
    let method = form.method.as_ref().map_or_else(|| "GET".to_owned(), ToString::to_string);
    !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

fn gate(gate: &written::Gate) -> Kind {
    let clear = Condition { path: Some("clear".into()), is: Some(Template::literal("true")), ..Condition::default() };
    Kind::Gate(Check {
        title: Template::default(),
        on: None,
        ask: AskForm::Gate(GateForm { rules: gate.rules, slo: gate.slo.clone(), alerts: gate.alerts }),
        expect: vec![clear],
        fail_when: Vec::new(),
        within: None,
        every: gate.every.clone(),
        settle: gate.settle.clone(),
    })
}

fn undo(
    undo: Option<written::Undo>,
    none: Option<String>,
    id: &str,
    part: Part,
    source: &mut Source<'_>,
) -> Option<Undo> {
    match (undo, none) {
        (None, None) => None,
        (None, Some(why)) if why.trim().is_empty() => {
            source.error(part, "no-undo", format!("{id}: `no-undo` says why there is no way back"));
            None
        }
        (None, Some(why)) => Some(Undo::None(why)),
        (Some(_), Some(_)) => {
            source.error(part, "no-undo", format!("{id}: it has `undo` and `no-undo`: keep one of them"));
            None
        }
        (Some(undo), None) => {
            let deed = match (undo.act, undo.manual) {
                (Some(act), None) => Deed::Act(act),
                (None, Some(text)) => Deed::Manual(text),
                _ => {
                    source.error(part, "undo", format!("{id}: `undo` has either `act` or `manual`"));
                    return None;
                }
            };
            let way = WayBack { on: undo.on, deed, timeout: undo.timeout, verify: undo.verify, observe: undo.observe };
            Some(Undo::Way(Box::new(way)))
        }
    }
}
