//! The parts of a runbook, one by one: their templates, conditions, questions and targets.

use super::{
    super::{
        Definition,
        fault::{Part, Source},
        step::{Check, Deed, Kind, Observe, Step, Undo},
        variable::Variable,
    },
    names::{Names, Place, has},
};
use crate::runbook::{
    act::ActForm,
    ask::AskForm,
    condition::Condition,
    field::{Field, Period, Templated},
    target::TargetForm,
    template::{Template, Unbound},
};

/// One part that is looked through.
struct Desk<'a, 's, 't, 'd> {
    names: &'a Names<'d>,
    source: &'s mut Source<'t>,
    part: Part,
    /// How it is called in messages: `step-id: `.
    called: String,
}

impl Desk<'_, '_, '_, '_> {
    fn error(&mut self, needle: &str, text: impl AsRef<str>) {
        let text = format!("{}{}", self.called, text.as_ref());
        self.source.error(self.part, needle, text);
    }

    fn unbound(&mut self, why: &Unbound) {
        let needle = match why {
            Unbound::Missing { name, .. } | Unbound::Later { name } | Unbound::Secret { name } => name.clone(),
            Unbound::Shape { text, .. } => text.clone(),
        };
        self.error(&needle, why.to_string());
    }

    /// Every name in it has a value. Tells of each that has none.
    fn names_of(&mut self, it: &mut impl Templated) {
        let mut faults = Vec::new();
        let names = self.names;
        let _ = it.each(&mut |template| {
            if let Err(why) = template.bind(names) {
                faults.push(why);
                *template = Template::literal("1");
            }
            Ok(())
        });
        faults.iter().for_each(|why| self.unbound(why));
    }

    /// What is shown or compared holds no secret.
    fn open(&mut self, it: &mut impl Templated) {
        self.names_of(it);
        let mut secret = None;
        let _ = it.each(&mut |template| {
            secret = secret.take().or_else(|| template.secrets().next().map(str::to_owned));
            Ok(())
        });
        if let Some(name) = secret {
            self.unbound(&Unbound::Secret { name });
        }
    }

    /// What is asked or done gets values of the right kinds.
    fn form<F: Field + Clone>(&mut self, form: &F) {
        let mut form = form.clone();
        self.names_of(&mut form);
        if let Err(why) = form.ready() {
            self.unbound(&why);
        }
    }

    fn period(&mut self, period: &Option<Period>) {
        if let Some(period) = period {
            self.form(period);
        }
    }

    /// Conditions on an answer with these fields; on values only where there are none.
    fn conditions(&mut self, conditions: &[Condition], fields: Option<&[&str]>) {
        for condition in conditions {
            if let Err(why) = condition.check() {
                self.error(&condition.subject(), why);
            }
            match fields {
                None if condition.path.is_some() => {
                    self.error(
                        &condition.subject(),
                        "there is no answer here that a `path` could lead into: use `value`",
                    );
                }
                None => {}
                Some(fields) => {
                    for root in condition.roots() {
                        if let Err(why) = has(root, fields, "the answer") {
                            self.error(root, why);
                        }
                    }
                }
            }
            self.open(&mut condition.clone());
        }
    }

    fn ask(&mut self, ask: &AskForm, on: &TargetForm) {
        self.form(ask);
        if let Err(wanted) = ask.fits(on) {
            self.error(
                ask.kind(),
                format!("«{}» is asked about {wanted}, and the target is a {}", ask.words(), on.word()),
            );
        }
        if let AskForm::Sql(sql) = ask {
            self.sql(&sql.statement, sql.parameters.len());
        }
    }

    fn act(&mut self, act: &ActForm, on: &TargetForm) {
        self.form(act);
        if let Err(wanted) = act.fits(on) {
            self.error(act.kind(), format!("«{}» is done to {wanted}, and the target is a {}", act.words(), on.word()));
        }
        if let ActForm::Sql(sql) = act {
            self.sql(&sql.statement, sql.parameters.len());
        }
    }

    fn sql(&mut self, statement: &str, parameters: usize) {
        if statement.contains("{{") {
            self.error("{{", "values go beside a statement, never into it: write $1 and `parameters = [\"{{name}}\"]`");
        }
        let numbers = statement.split('$').skip(1).filter_map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<usize>().ok()
        });
        let highest = numbers.max().unwrap_or(0);
        if highest != parameters {
            self.error("statement", format!("the statement has {highest} parameters, and {parameters} are given"));
        }
    }

    fn check(&mut self, check: &Check, on: &TargetForm) {
        let on = check.on.as_ref().unwrap_or(on);
        if let Some(own) = &check.on {
            self.form(own);
        }
        self.open(&mut check.title.clone());
        self.ask(&check.ask, on);
        self.conditions(&check.expect, Some(check.ask.fields()));
        self.conditions(&check.fail_when, Some(check.ask.fields()));
        for period in [&check.within, &check.every, &check.settle] {
            self.period(period);
        }
    }

    fn observe(&mut self, observe: &Observe, on: &TargetForm) {
        let on = observe.on.as_ref().unwrap_or(on);
        if let Some(own) = &observe.on {
            self.form(own);
        }
        self.ask(&observe.ask, on);
        self.conditions(&observe.done, Some(observe.ask.fields()));
        self.conditions(&observe.not_done, Some(observe.ask.fields()));
        if observe.done.is_empty() {
            self.error("observe", "`done` is empty: then everything would count as done");
        }
        self.period(&observe.every);
        self.form(&observe.patience);
    }

    fn deed(&mut self, deed: &Deed, on: &TargetForm) {
        match deed {
            Deed::Act(act) => self.act(act, on),
            Deed::Manual(text) => self.open(&mut text.clone()),
        }
    }
}

pub(super) fn variables(definition: &Definition, source: &mut Source<'_>) {
    for (index, variable) in definition.variables.iter().enumerate() {
        for text in variable.faults() {
            source.error(Part::Variable(index), &variable.name, text);
        }
    }
}

pub(super) fn target(definition: &Definition, names: &mut Names<'_>, source: &mut Source<'_>) {
    names.place = Place::Plan { preflight: definition.preflight.len() };
    let mut desk = Desk { names, source, part: Part::Head, called: String::new() };
    desk.open(&mut definition.title.clone());
    if let Some(typed) = &definition.typed {
        desk.open(&mut typed.clone());
    }
    // Questions are asked about it, so that their answers cannot say what it is.
    names.place = Place::Plan { preflight: 0 };
    let mut desk = Desk { names, source, part: Part::Target, called: String::new() };
    desk.form(&definition.target);
}

pub(super) fn preflight(definition: &Definition, names: &mut Names<'_>, source: &mut Source<'_>) {
    for (index, question) in definition.preflight.iter().enumerate() {
        names.place = Place::Plan { preflight: index };
        let called = format!("{}: ", question.id);
        let mut desk = Desk { names, source, part: Part::Preflight(index), called };
        if !crate::runbook::template::is_word(&question.id) || ["run", "steps"].contains(&question.id.as_str()) {
            desk.error(
                &question.id,
                "this cannot be the name of a question: small letters, digits, `_` and `-`, and not run or steps",
            );
        }
        if let Some(on) = &question.on {
            desk.form(on);
        }
        desk.ask(&question.ask, question.on.as_ref().unwrap_or(&definition.target));
        desk.conditions(&question.when, None);
        desk.conditions(&question.expect, Some(question.ask.fields()));
        for pin in &question.pin {
            if let Err(why) = has(pin, question.ask.fields(), "the answer") {
                desk.error(pin, why);
            }
        }
        names.place = Place::Plan { preflight: index + 1 };
        let mut desk = Desk { names, source, part: Part::Preflight(index), called: format!("{}: ", question.id) };
        desk.open(&mut question.title.clone());
    }
}

pub(super) fn stops(definition: &Definition, names: &mut Names<'_>, source: &mut Source<'_>) {
    names.place = Place::Stop;
    for (index, stop) in definition.stops.iter().enumerate() {
        let mut desk = Desk { names, source, part: Part::Stop(index), called: String::new() };
        desk.open(&mut stop.title.clone());
        if let Some(on) = &stop.on {
            desk.form(on);
        }
        desk.ask(&stop.ask, stop.on.as_ref().unwrap_or(&definition.target));
        desk.conditions(&stop.when, Some(stop.ask.fields()));
        if stop.when.is_empty() {
            desk.error("", "`when` is empty: then it would always stop");
        }
        desk.form(&stop.every);
    }
}

pub(super) fn step(definition: &Definition, index: usize, step: &Step, names: &mut Names<'_>, source: &mut Source<'_>) {
    let on = step.on.as_ref().unwrap_or(&definition.target);
    if let Some(own) = &step.on {
        names.place = Place::Plan { preflight: definition.preflight.len() };
        let mut desk = Desk { names, source, part: Part::Step(index), called: format!("{}: ", step.id) };
        desk.form(own);
    }
    names.place = Place::Step(index);
    let mut desk = Desk { names, source, part: Part::Step(index), called: format!("{}: ", step.id) };
    desk.open(&mut step.title.clone());
    desk.open(&mut step.about.clone());
    desk.conditions(&step.when, None);
    desk.period(&step.timeout);
    kind(&mut desk, &step.kind, on);
    for check in &step.verify {
        desk.check(check, on);
        if check.expect.is_empty() {
            desk.error("verify", "a check without `expect` says nothing");
        }
    }
    if let Some(observe) = &step.observe {
        desk.observe(observe, on);
    }
    if let Some(Undo::Way(way)) = &step.undo {
        let on = way.on.as_ref().unwrap_or(on);
        desk.deed(&way.deed, on);
        way.verify.iter().for_each(|check| desk.check(check, on));
        desk.period(&way.timeout);
        if let Some(observe) = &way.observe {
            desk.observe(observe, on);
        }
    }
}

fn kind(desk: &mut Desk<'_, '_, '_, '_>, kind: &Kind, on: &TargetForm) {
    match kind {
        Kind::Confirm(confirm) => {
            desk.open(&mut confirm.text.clone());
            desk.open(&mut confirm.typed.clone());
        }
        Kind::Input(fields) => fields.iter().flat_map(Variable::faults).for_each(|text| desk.error("input", text)),
        Kind::Look(check) | Kind::WaitUntil(check) | Kind::Gate(check) => {
            if !matches!(kind, Kind::Look(_)) && check.expect.is_empty() {
                desk.error("expect", "`expect` is missing: what is waited for?");
            }
            desk.check(check, on);
        }
        Kind::Do(deed) => desk.deed(deed, on),
        Kind::Branch(branch) => {
            desk.conditions(&branch.when, None);
            if branch.when.is_empty() {
                desk.error("branch", "`when` is empty: then it is no branch");
            }
        }
        Kind::Timer(period) => desk.form(period),
        Kind::Approval(approval) => {
            desk.open(&mut approval.text.clone());
            desk.form(&approval.valid);
            if approval.people == 0 {
                desk.error("people", "an approval by nobody is none");
            }
        }
        Kind::Note(text) => desk.open(&mut text.clone()),
        Kind::Parallel(_) => {}
    }
}
