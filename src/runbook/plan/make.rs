//! Puts a plan together.

use super::{Asked, Facts, Plan, Planned, Unplanned, Variables, scope::Known, words::step_effect};
use crate::{
    model::{journal::Digest, nearest::did_you_mean, text::clean_to},
    runbook::{
        act::ActForm,
        ask::{Answer, Ask, AskForm},
        condition::{Condition, Truth, lookup},
        definition::{Check, Deed, Definition, Kind, Preflight, Step, Stop, Undo, ValueKind},
        field::{Field, Templated},
        target::Target,
        template::{Piece, Scope, Template, Unbound},
    },
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// A question that the house is to answer before there is a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub id: String,
    pub target: Target,
    pub ask: Ask,
}

/// The values of all variables: those that are given, and the defaults of the others. `secrets` are the names of those that the house
/// holds.
///
/// # Errors
/// Everything that is wrong with them.
pub fn settle(
    definition: &Definition,
    given: &BTreeMap<String, Json>,
    secrets: impl IntoIterator<Item = String>,
) -> Result<Variables, Vec<String>> {
    let mut faults = Vec::new();
    let mut variables = Variables { values: BTreeMap::new(), secrets: secrets.into_iter().collect() };
    for name in given.keys().chain(&variables.secrets).filter(|name| definition.variable(name).is_none()) {
        let known = definition.variables.iter().map(|variable| variable.name.as_str());
        let near = did_you_mean(name, known.clone());
        let all = known.collect::<Vec<_>>().join(", ");
        faults.push(format!("there is no variable «{}»{near}; known: {all}", clean_to(name, 60)));
    }
    for variable in &definition.variables {
        let name = &variable.name;
        if variable.kind == ValueKind::Secret {
            if !variables.secrets.contains(name) {
                faults.push(format!("{name} is not given: {} ({})", variable.title, variable.wanted()));
            }
            continue;
        }
        let value = given.get(name).map(|value| Ok(value.clone())).or_else(|| variable.default_value());
        match value.map(|value| value.and_then(|value| variable.check(&value).map(|()| value))) {
            Some(Ok(value)) => {
                variables.values.insert(name.clone(), value);
            }
            Some(Err(why)) => faults.push(why),
            None => faults.push(format!("{name} is not given: {} ({})", variable.title, variable.wanted())),
        }
    }
    if faults.is_empty() { Ok(variables) } else { Err(faults) }
}

/// The preflight questions that can be asked now and have no answer yet. One may need the answer of another: ask again with more facts,
/// until none is left.
///
/// # Errors
/// A question that cannot be asked at all.
pub fn questions(definition: &Definition, variables: &Variables, facts: &Facts) -> Result<Vec<Question>, Unplanned> {
    let mut found = Vec::new();
    for question in definition.preflight.iter().filter(|it| !facts.answers.contains_key(&it.id)) {
        let waits = waits_for(question, definition, facts);
        if waits {
            continue;
        }
        let scope = Known { definition, variables, facts };
        let asked = bound_preflight(question, definition, &scope)
            .map_err(|why| failed(definition, variables, facts, vec![why]))?;
        let Some((question, target)) = asked else { continue };
        let ask = question
            .ask
            .ready()
            .map_err(|why| failed(definition, variables, facts, vec![format!("{}: {why}", question.id)]))?;
        found.push(Question { id: question.id, target, ask });
    }
    Ok(found)
}

/// Whether a question needs the answer to another that has none yet.
fn waits_for(question: &Preflight, definition: &Definition, facts: &Facts) -> bool {
    let mut waits = false;
    let asks = |name: &str| {
        let root = name.split('.').next().unwrap_or(name);
        definition
            .preflight
            .iter()
            .any(|other| other.id == root && other.id != question.id && !facts.answers.contains_key(root))
    };
    let mut question = question.clone();
    let mut look = |template: &mut Template| {
        waits |= template.names().any(asks);
        Ok(())
    };
    let _ = question.ask.each(&mut look);
    let _ = question.on.each(&mut look);
    let _ = question.when.each(&mut look);
    waits
}

/// A question with its values, and what it is about; nothing where it is not asked.
fn bound_preflight(
    question: &Preflight,
    definition: &Definition,
    scope: &Known<'_>,
) -> Result<Option<(Preflight, Target)>, String> {
    let told = |why: Unbound| format!("{}: {why}", question.id);
    let mut bound = question.clone();
    bound.when.bind(scope).map_err(told)?;
    match Truth::all(&bound.when, &Json::Null) {
        Truth::No(_) => return Ok(None),
        Truth::Unknown(why) => {
            return Err(format!("{}: whether it has to be asked cannot be said: {why}", question.id));
        }
        Truth::Yes => {}
    }
    bound.ask.bind(scope).map_err(told)?;
    let mut on = bound.on.clone().unwrap_or_else(|| definition.target.clone());
    on.bind(scope).map_err(told)?;
    let target = on.ready().map_err(told)?;
    bound.on = Some(on);
    Ok(Some((bound, target)))
}

fn failed(definition: &Definition, variables: &Variables, facts: &Facts, faults: Vec<String>) -> Unplanned {
    let (asked, _) = preflight(definition, variables, facts);
    Unplanned { faults, preflight: asked.into_iter().map(|asked| (asked.title, asked.ok, asked.detail)).collect() }
}

/// What came of the preflight questions.
fn preflight(definition: &Definition, variables: &Variables, facts: &Facts) -> (Vec<Asked>, Vec<String>) {
    let scope = Known { definition, variables, facts };
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for question in &definition.preflight {
        let (mut bound, target) = match bound_preflight(question, definition, &scope) {
            Ok(Some(bound)) => bound,
            Ok(None) => continue,
            Err(why) => {
                faults.push(why);
                continue;
            }
        };
        let expected = bound.expect.bind(&scope).map_err(|why| format!("{}: {why}", question.id));
        // What it finds may stand in its title.
        let title = bound.title.bind(&scope).map_or_else(|_| question.title.to_string(), |()| bound.title.to_string());
        let answer = facts.answers.get(&question.id);
        let (ok, detail) = match (&expected, answer) {
            (_, None) => (None, "it was not asked".to_owned()),
            (Err(why), _) => (None, why.clone()),
            (Ok(()), Some(answer)) => judged(&bound, answer),
        };
        if let Err(why) = expected {
            faults.push(why);
        }
        let pins = match answer {
            Some(Answer::Known(answer)) => pins(&bound, answer),
            _ => BTreeMap::new(),
        };
        found.push(Asked { question: bound, title, target, ok, detail, pins });
    }
    (found, faults)
}

/// Whether an answer is as it has to be, and what was found.
pub(super) fn judged(question: &Preflight, answer: &Answer) -> (Option<bool>, String) {
    match answer {
        Answer::Silent(why) => (None, why.clone()),
        Answer::Known(answer) => match Truth::all(&question.expect, answer) {
            Truth::Yes => (Some(true), found(question, answer)),
            Truth::No(what) => (Some(false), what),
            Truth::Unknown(why) => (None, why),
        },
    }
}

/// What was looked at, in words.
fn found(question: &Preflight, answer: &Json) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for path in question
        .expect
        .iter()
        .filter_map(|condition| condition.path.as_deref())
        .chain(question.pin.iter().map(String::as_str))
    {
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
    let words = seen.into_iter().map(|path| match lookup(answer, path) {
        None | Some(Json::Null) => format!("no {path}"),
        Some(value) => format!("{path} {}", crate::runbook::condition::shown(value)),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// The parts of an answer that must not change.
pub(crate) fn pins(question: &Preflight, answer: &Json) -> BTreeMap<String, Json> {
    let value = |path: &String| (path.clone(), lookup(answer, path).cloned().unwrap_or(Json::Null));
    question.pin.iter().map(value).collect()
}

/// Puts the plan together.
///
/// # Errors
/// Everything that keeps it from being one: values that are missing, or of a wrong kind.
pub fn make(definition: &Definition, variables: &Variables, facts: &Facts) -> Result<Plan, Unplanned> {
    let scope = Known { definition, variables, facts };
    let (asked, mut faults) = preflight(definition, variables, facts);
    let mut maker = Maker { definition, scope: &scope, facts, faults: Vec::new() };
    let target = maker.head();
    let steps: Vec<Planned> = definition.steps.iter().filter_map(|step| maker.step(step)).collect();
    let stops: Vec<Stop> = definition.stops.iter().map(|stop| maker.bound(stop, "stop")).collect();
    faults.append(&mut maker.faults);
    let (title, typed) = (text(&definition.title, &scope), definition.typed.as_ref().map(|typed| text(typed, &scope)));
    let typed = typed.transpose().and_then(|typed| Ok((title?, typed)));
    match (target, typed) {
        (Some(target), Ok((title, typed))) if faults.is_empty() => {
            let mut plan = Plan {
                runbook: definition.id.clone(),
                title,
                about: definition.about.clone(),
                version_hash: definition.version(),
                plan_hash: Digest::default(),
                typed: typed.unwrap_or_else(|| target.name().to_owned()),
                target,
                variables: variables.clone(),
                preflight: asked,
                steps,
                stops,
                isolated: facts.isolated.clone(),
                drill_days: definition.drill_days,
            };
            plan.plan_hash = plan.hash();
            Ok(plan)
        }
        (_, typed) => {
            faults.extend(typed.err().map(|why| why.to_string()));
            let preflight = asked.into_iter().map(|asked| (asked.title, asked.ok, asked.detail)).collect();
            Err(Unplanned { faults, preflight })
        }
    }
}

fn text(template: &Template, scope: &dyn Scope) -> Result<String, Unbound> {
    let mut template = template.clone();
    template.bind(scope)?;
    template.text()
}

/// Whether conditions wait for values that the run will bring.
fn is_open(conditions: &[Condition]) -> bool {
    let mut is_open = false;
    let _ = conditions.to_vec().each(&mut |template| {
        is_open |= template.names().next().is_some();
        Ok(())
    });
    is_open
}

struct Maker<'a> {
    definition: &'a Definition,
    scope: &'a Known<'a>,
    facts: &'a Facts,
    faults: Vec<String>,
}

impl Maker<'_> {
    fn fault(&mut self, id: &str, why: impl std::fmt::Display) {
        self.faults.push(format!("{id}: {why}"));
    }

    fn head(&mut self) -> Option<Target> {
        let target = self.bound(&self.definition.target, "target");
        let ready = target.ready().map_err(|why| self.fault("target", why)).ok()?;
        if ready.name().is_empty() {
            self.fault("target", "its name is empty");
        }
        Some(ready)
    }

    /// With every value that is known.
    fn bound<T: Templated + Clone>(&mut self, it: &T, id: &str) -> T {
        let mut bound = it.clone();
        if let Err(why) = bound.bind(self.scope) {
            self.fault(id, why);
        }
        bound
    }

    /// Values have the right kinds, as far as they are known.
    fn ready<F: Field>(&mut self, form: &F, id: &str) {
        match form.ready() {
            Ok(_) | Err(Unbound::Later { .. }) => {}
            Err(why) => self.fault(id, why),
        }
    }

    fn step(&mut self, step: &Step) -> Option<Planned> {
        let id = step.id.clone();
        let mut when = step.when.clone();
        if let Err(why) = when.bind(self.scope) {
            self.fault(&id, why);
            return None;
        }
        match Truth::all(&when, &Json::Null) {
            Truth::No(what) => return self.left_out(step, when, what),
            Truth::Unknown(why) if !is_open(&when) => {
                self.fault(&id, format!("whether it is done cannot be said: {why}"));
            }
            _ => {}
        }
        let mut bound = self.bound(step, &id);
        if let Kind::Confirm(confirm) = &mut bound.kind
            && confirm.typed.is_none()
        {
            let typed = self.definition.typed.clone().map(|typed| self.bound(&typed, &id));
            confirm.typed = typed.or_else(|| Some(Template::literal(self.head()?.name())));
        }
        self.options(step, &bound);
        let on = self.bound(bound.on.as_ref().unwrap_or(&self.definition.target), &id);
        let target = on.ready().map_err(|why| self.fault(&id, why)).ok()?;
        self.kinds(&bound);
        let effect = step_effect(&bound, &target.to_string());
        let diff = self.facts.diffs.get(&id).cloned();
        Some(Planned { title: bound.title.to_string(), effect, diff, target, step: bound, left_out: None })
    }

    /// A step that is not done. Its values may be missing: they are not needed.
    fn left_out(&mut self, step: &Step, when: Vec<Condition>, why: String) -> Option<Planned> {
        let target = self.bound(&self.definition.target, &step.id).ready().ok()?;
        let title = step.title.to_string();
        let step = Step { when, ..step.clone() };
        Some(Planned { step, title, target, effect: String::new(), diff: None, left_out: Some(why) })
    }

    /// The values of a step have the right kinds.
    fn kinds(&mut self, step: &Step) {
        let id = &step.id;
        match &step.kind {
            Kind::Do(Deed::Act(act)) => self.ready(act, id),
            Kind::Look(check) | Kind::WaitUntil(check) | Kind::Gate(check) => self.check(check, id),
            Kind::Timer(period) => self.ready(period, id),
            Kind::Approval(approval) => self.ready(&approval.valid, id),
            _ => {}
        }
        self.ready(&step.timeout, id);
        step.verify.iter().for_each(|check| self.check(check, id));
        if let Some(observe) = &step.observe {
            self.ready(&observe.ask, id);
            self.ready(&observe.patience, id);
        }
        if let Some(Undo::Way(way)) = &step.undo {
            if let Deed::Act(act) = &way.deed {
                self.ready(act, id);
            }
            way.verify.iter().for_each(|check| self.check(check, id));
            self.ready(&way.on, id);
        }
    }

    fn check(&mut self, check: &Check, id: &str) {
        self.ready(&check.ask, id);
        self.ready(&check.on, id);
        for period in [&check.within, &check.every, &check.settle] {
            self.ready(period, id);
        }
    }

    /// A value that a program would take for an option does not reach it.
    fn options(&mut self, written: &Step, bound: &Step) {
        for (before, after) in arguments(written).into_iter().zip(arguments(bound)) {
            let is_put_in = !matches!(before.pieces().first(), Some(Piece::Text(_)) | None);
            let shown = after.to_string();
            if is_put_in && shown.starts_with('-') {
                self.fault(
                    &written.id,
                    format!(
                        "«{shown}» would be taken for an option by the program: put `--` before it, or another value"
                    ),
                );
            }
        }
    }
}

/// The arguments of every program that a step runs, but those after `--`.
fn arguments(step: &Step) -> Vec<Template> {
    let mut found = Vec::new();
    let mut add = |argv: &'_ [Template]| {
        let end = argv.iter().position(|argument| argument.to_string() == "--").unwrap_or(argv.len());
        found.extend_from_slice(&argv[..end]);
    };
    if let Kind::Do(Deed::Act(ActForm::Command(command))) = &step.kind {
        add(&command.argv);
    }
    for check in step.answering().into_iter().chain(&step.verify) {
        if let AskForm::Command(command) = &check.ask {
            add(&command.argv);
        }
    }
    if let Some(Undo::Way(way)) = &step.undo
        && let Deed::Act(ActForm::Command(command)) = &way.deed
    {
        add(&command.argv);
    }
    found
}

/// What a preflight question looks like in a report.
pub(super) fn reported(asked: &Asked) -> Json {
    json!({ "name": asked.title, "ok": asked.ok, "detail": asked.detail, "id": asked.question.id })
}
