//! Every runbook that comes with the program, in a world where all goes as it expects: it succeeds, also when the house breaks down at any
//! point, and every act is done once. A step that contradicts itself, or a name that leads nowhere, shows here.

use super::house::{Crash, House, World};
use crate::{
    model::Timestamp,
    runbook::{
        ask::{Answer, Ask},
        condition::{Condition, lookup, pattern_of, shown},
        definition::{BUILT_IN, Check, Definition, Kind, Observe, Undo, ValueKind, Variable},
        field::{Field as _, Templated as _},
        plan::{Facts, Plan, make, questions, settle},
        run::{ActResult, Asking, Glance, Mode, Order, Outcome, Question, Reply, Run},
        sample::built_in,
        template::{Found, Scope, Template},
    },
};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A world in which everything is as the plan expects.
#[derive(Clone)]
struct Obliging {
    plan: Arc<Plan>,
    facts: Arc<Facts>,
    done: BTreeSet<(String, bool)>,
    answers: BTreeMap<String, Json>,
}

/// What a run would know by now.
struct Late<'a>(&'a BTreeMap<String, Json>);

impl Scope for Late<'_> {
    fn find(&self, name: &str) -> Found {
        let step = name.strip_prefix("steps.").and_then(|rest| rest.split_once('.'));
        match step {
            Some((step, path)) => self
                .0
                .get(step)
                .and_then(|answer| lookup(answer, path))
                .map_or(Found::Later, |it| Found::Value(it.clone())),
            None => Found::Value(json!("run-1")),
        }
    }
}

/// An answer with these fields that fulfils these conditions.
fn fulfilling(fields: &[&str], conditions: &[Condition]) -> Json {
    let mut answer = Json::Object(fields.iter().map(|field| ((*field).to_owned(), json!(7))).collect::<Map<_, _>>());
    for condition in conditions {
        let Some(path) = &condition.path else { continue };
        let value =
            |template: &Option<Template>| template.as_ref().map(|template| typed(&template.text().expect("is known")));
        let plus = |template: &Option<Template>, by: f64| {
            value(template).and_then(|it| it.as_f64()).map(|it| json!((it + by) as i64))
        };
        let fits = |pattern: &String| {
            let regex = pattern_of(pattern).expect("is a pattern");
            ["", "x", "0", "GPU"].into_iter().find(|text| regex.is_match(text)).map(Json::from)
        };
        let other = condition.same_as.as_ref().or(condition.at_least_path.as_ref());
        let found = value(&condition.is)
            .or_else(|| condition.one_of.as_ref().map(|all| typed(&all[0].text().expect("is known"))))
            .or_else(|| {
                value(&condition.is_not)
                    .map(|not| not.as_i64().map_or_else(|| json!(format!("not {}", shown(&not))), |not| json!(not + 1)))
            })
            .or_else(|| value(&condition.at_least).or_else(|| value(&condition.at_most)))
            .or_else(|| plus(&condition.above, 1.0).or_else(|| plus(&condition.below, -1.0)))
            .or_else(|| condition.matches.as_ref().and_then(fits))
            .or_else(|| other.and_then(|path| lookup(&answer, path).cloned()))
            .or_else(|| condition.known.map(|known| if known { json!(7) } else { Json::Null }));
        answer[path] = found.expect("the condition says something");
    }
    answer
}

fn typed(text: &str) -> Json {
    serde_json::from_str(text)
        .ok()
        .filter(|json: &Json| json.is_number() || json.is_boolean())
        .unwrap_or_else(|| json!(text))
}

impl Obliging {
    fn bound<T: crate::runbook::field::Templated + Clone>(&self, it: &T) -> T {
        let mut it = it.clone();
        let _ = it.bind(&Late(&self.answers));
        it
    }

    /// What a check of a step is answered, where this is its question.
    fn of_check(&self, check: &Check, ask: &Ask) -> Option<Json> {
        let check = self.bound(check);
        let is_it = check.ask.ready().is_ok_and(|own| own == *ask);
        is_it.then(|| fulfilling(check.ask.fields(), &check.expect))
    }

    fn of_observe(&self, observe: &Observe, ask: &Ask, done: bool) -> Option<Json> {
        let observe = self.bound(observe);
        let is_it = observe.ask.ready().is_ok_and(|own| own == *ask);
        let conditions = if done { &observe.done } else { &observe.not_done };
        is_it.then(|| fulfilling(observe.ask.fields(), conditions))
    }

    /// An act that was done: what its verification and its observation ask, put together.
    fn of_step(&self, step: &str, ask: &Ask) -> Option<Json> {
        let planned = self.plan.step(step)?;
        if let Kind::Look(check) | Kind::WaitUntil(check) | Kind::Gate(check) = &planned.step.kind {
            return self.of_check(check, ask);
        }
        let (back, forward) =
            (self.done.contains(&(step.to_owned(), true)), self.done.contains(&(step.to_owned(), false)));
        if let (true, Some(Undo::Way(way))) = (back, &planned.step.undo) {
            let found = way.verify.iter().find_map(|check| self.of_check(check, ask));
            return found.or_else(|| self.of_observe(way.observe.as_ref()?, ask, true));
        }
        if !forward && planned.step.act().is_some() {
            return self.of_observe(planned.step.observe.as_ref()?, ask, false);
        }
        let mut all: Vec<Condition> = Vec::new();
        let mut fields: &[&str] = &[];
        for check in planned.step.verify.iter().map(|check| self.bound(check)) {
            if check.ask.ready().is_ok_and(|own| own == *ask) {
                all.extend(check.expect.clone());
                fields = check.ask.fields();
            }
        }
        if let Some(observe) = planned.step.observe.as_ref().map(|observe| self.bound(observe))
            && observe.ask.ready().is_ok_and(|own| own == *ask)
        {
            all.extend(observe.done.clone());
            fields = observe.ask.fields();
        }
        (!fields.is_empty()).then(|| fulfilling(fields, &all))
    }

    /// A preflight question that is asked again.
    fn of_preflight(&self, glance: &Glance) -> Option<Json> {
        let asked = self.plan.preflight.iter().find(|asked| {
            asked.target == glance.target && asked.question.ask.ready().is_ok_and(|own| own == glance.ask)
        })?;
        match &self.facts.answers[&asked.question.id] {
            Answer::Known(answer) => Some(answer.clone()),
            Answer::Silent(_) => None,
        }
    }
}

impl World for Obliging {
    fn look(&mut self, glance: &Glance, _: Timestamp) -> Answer {
        let step = glance.step.clone().unwrap_or_default();
        let is_before = !self.done.iter().any(|(done, _)| *done == step);
        let preflight = self.of_preflight(glance).filter(|_| is_before);
        let of_step = self.of_step(&step, &glance.ask);
        // What has not been done yet looks as it did for the plan, and as its observation says.
        let is_act = self.plan.step(&step).is_some_and(|it| it.step.act().is_some());
        let answer = match (preflight, of_step) {
            (Some(mut before), Some(Json::Object(own))) if is_act => {
                own.into_iter()
                    .filter(|(_, value)| *value != json!(7))
                    .for_each(|(field, value)| before[field] = value);
                before
            }
            (_, Some(own)) => own,
            (Some(before), None) => before,
            (None, None) => panic!("nobody asks that: {step}: {:?}", glance.ask),
        };
        if !step.is_empty() {
            self.answers.insert(step, answer.clone());
        }
        Answer::Known(answer)
    }

    fn act(&mut self, order: &Order, _: Timestamp) -> (ActResult, String) {
        self.done.insert((order.step.clone(), order.back));
        (ActResult::Done, "done".into())
    }
}

fn value_of(variable: &Variable) -> Json {
    let candidates = match variable.kind {
        ValueKind::Integer | ValueKind::Bytes | ValueKind::Duration => vec![json!(3)],
        ValueKind::Boolean => vec![json!(false)],
        ValueKind::Enum => variable.options.iter().map(|option| json!(option)).collect(),
        _ => {
            ["x", "http://x:1", "/x", "x:1", "2026-01-31", "2026-01-31T00:00:00Z"].into_iter().map(Json::from).collect()
        }
    };
    candidates.into_iter().find(|value| variable.check(value).is_ok()).expect("some value does")
}

/// A plan, in which every optional part is taken, or none.
fn plan_of(definition: &Definition, with_all: bool) -> (Arc<Plan>, Arc<Facts>) {
    let is_secret = |variable: &&Variable| variable.kind == ValueKind::Secret;
    let optional = |variable: &Variable| {
        variable.default == Some(json!("")) || matches!(variable.kind, ValueKind::Boolean | ValueKind::Enum)
    };
    let given = definition.variables.iter().filter(|variable| !is_secret(variable)).filter_map(|variable| {
        let taken = match (&variable.default, variable.kind) {
            (Some(_), ValueKind::Enum) if with_all => variable.options.get(1).map(|option| json!(option)),
            (Some(Json::Bool(default)), _) if with_all => Some(json!(!default)),
            (Some(_), _) if with_all && optional(variable) => Some(value_of(variable)),
            (Some(_), _) => None,
            (None, _) => Some(value_of(variable)),
        };
        taken.map(|value| (variable.name.clone(), value))
    });
    let secrets = definition.variables.iter().filter(is_secret).map(|variable| variable.name.clone());
    let variables = settle(definition, &given.collect(), secrets).expect("are given");
    let mut facts = Facts::default();
    loop {
        let open = questions(definition, &variables, &facts).unwrap_or_else(|why| panic!("{}: {why}", definition.id));
        if open.is_empty() {
            break;
        }
        for question in open {
            let mut own = definition.preflight.iter().find(|one| one.id == question.id).expect("is asked").clone();
            let known = |facts: &Facts| -> BTreeMap<String, Json> {
                let known = facts.answers.iter().filter_map(|(id, answer)| match answer {
                    Answer::Known(answer) => Some((id.clone(), answer.clone())),
                    Answer::Silent(_) => None,
                });
                known.collect()
            };
            let known = known(&facts);
            // Who asks the same twice hears the same twice.
            let same = definition.preflight.iter().filter(|it| it.id != own.id && it.ask == own.ask && it.on == own.on);
            let more: Vec<_> = same.flat_map(|it| it.expect.clone()).collect();
            own.expect.extend(more);
            // What an act changes is before it as its observation says.
            let before =
                definition.steps.iter().filter_map(|step| step.observe.as_ref()).filter(|it| it.ask == own.ask);
            for condition in before.flat_map(|it| it.not_done.clone()) {
                if !own.expect.iter().any(|other| other.path == condition.path)
                    && condition.is.as_ref().is_some_and(|is| is.text().is_ok())
                {
                    own.expect.push(condition);
                }
            }
            let _ = own
                .expect
                .each(&mut |template| template.bind(&Before { variables: &variables.values, answers: &known }));
            facts.answers.insert(question.id, Answer::Known(fulfilling(own.ask.fields(), &own.expect)));
        }
    }
    let plan = make(definition, &variables, &facts).unwrap_or_else(|why| panic!("{}: {why}", definition.id));
    let open: Vec<_> =
        plan.preflight.iter().filter(|asked| asked.ok != Some(true)).map(|asked| &asked.detail).collect();
    assert!(open.is_empty(), "{}: {open:?}", definition.id);
    (Arc::new(plan), Arc::new(facts))
}

struct Before<'a> {
    variables: &'a BTreeMap<String, Json>,
    answers: &'a BTreeMap<String, Json>,
}

impl Scope for Before<'_> {
    fn find(&self, name: &str) -> Found {
        let of_answer = || name.split_once('.').and_then(|(id, path)| lookup(self.answers.get(id)?, path));
        self.variables.get(name).or_else(of_answer).map_or(Found::Later, |value| Found::Value(value.clone()))
    }
}

fn says(question: &Question, run: &Run) -> Option<Reply> {
    match &question.asking {
        Asking::Input { fields } => {
            let values = fields.iter().map(|field| (field.name.clone(), value_of(field))).collect();
            Some(Reply::Filled { values, secrets: Vec::new() })
        }
        _ => super::house::yes(question, run),
    }
}

fn house(plan: &Arc<Plan>, facts: &Arc<Facts>) -> House<Obliging> {
    let world = Obliging { plan: plan.clone(), facts: facts.clone(), done: BTreeSet::new(), answers: BTreeMap::new() };
    let mut house = House::new(plan.clone(), Mode::Live, world);
    house.says = says;
    house.second = Some("bob");
    house
}

#[test]
fn everything_that_comes_with_the_program_succeeds_where_all_is_well() {
    for (name, _) in BUILT_IN {
        for with_all in [false, true] {
            let (plan, facts) = plan_of(&built_in(name), with_all);
            let mut house = house(&plan, &facts);
            assert_eq!(house.begin(), Some(Outcome::Succeeded), "{name}: {:#?}", house.texts());
            let again: Vec<_> = house.counts().into_iter().filter(|(_, count)| *count != 1).collect();
            assert!(again.is_empty(), "{name}: {again:?}");
        }
    }
}

#[test]
fn everything_that_comes_with_the_program_survives_a_crash_at_every_point() {
    for (name, _) in BUILT_IN {
        let (plan, facts) = plan_of(&built_in(name), true);
        let mut undisturbed = house(&plan, &facts);
        undisturbed.begin();
        for at in undisturbed.boundaries {
            for is_after in [false, true] {
                let mut house = house(&plan, &facts);
                house.crashes = vec![Crash { at, is_after }];
                let outcome = house.begin();
                // Where a runbook does not say how to see that an act was not done, a person has to.
                let asks = matches!(house.run.question().map(|question| &question.asking), Some(Asking::Choose { choices, .. })
                    if choices.contains(&crate::runbook::run::Choice::WasDone));
                assert!(outcome == Some(Outcome::Succeeded) || asks, "{name} {at} {is_after}: {:#?}", house.texts());
                let records = |step: &str| {
                    plan.step(step).and_then(|planned| planned.step.act()).is_some_and(|act| act.repeats_safely())
                };
                let again: Vec<_> =
                    house.counts().into_iter().filter(|((step, _), count)| *count != 1 && !records(step)).collect();
                assert!(again.is_empty(), "{name} {at} {is_after}: {again:?}: {:#?}", house.texts());
                let keys: BTreeSet<_> = house.orders.iter().map(|order| (&order.step, &order.key)).collect();
                let steps: BTreeSet<_> = house.orders.iter().map(|order| &order.step).collect();
                assert_eq!(keys.len(), steps.len(), "{name}: what is told again has the same key");
            }
        }
    }
}

#[test]
fn everything_that_comes_with_the_program_can_be_talked_through() {
    for (name, _) in BUILT_IN {
        let (plan, facts) = plan_of(&built_in(name), true);
        let mut house = house(&plan, &facts);
        house.run = Run::new("run-1", plan.clone(), Mode::Tabletop, crate::runbook::sample::person("ann"));
        assert_eq!(house.begin(), Some(Outcome::Succeeded), "{name}: {:#?}", house.texts());
        assert!(house.orders.is_empty());
    }
}
