//! Before a run: its variables, what was found out, what would be done, and by which keys it begins.

use super::{
    is, page_step,
    parts::{self, Row, divide, draw_head, draw_panel, draw_rows},
    row_step, step,
};
use crate::{
    app::{
        App,
        effect::Effect,
        runs::{Planned, Secrets},
    },
    modals::{
        Outcome,
        fields::Fields,
        window::{self, Motion},
    },
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        journal::IncidentId,
        topic::{Topic, TopicSet},
    },
    ops::offer::{Field, Wrong},
    runbook::{
        definition::{Definition, ValueKind, Variable},
        plan::{Plan, Unplanned},
        run::Mode,
    },
    ui::{
        glyphs::Glyphs,
        lines::{self, Line},
        paint,
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The plan of a runbook.
pub struct PlanStage {
    runbook: String,
    values: BTreeMap<String, Json>,
    secrets: Secrets,
    /// The plan that was asked for.
    ticket: u64,
    /// The run that was begun.
    begun: Option<u64>,
    mode: Mode,
    incident: Option<IncidentId>,
    cursor: Option<usize>,
    scroll: usize,
    form: Option<Fields>,
    /// Whether what is missing has been asked for.
    has_asked: bool,
}

impl PlanStage {
    /// Asks for the plan.
    pub fn new(app: &mut App, runbook: &str, values: BTreeMap<String, Json>) -> Self {
        let ticket = app.ask_plan(runbook, values.clone(), Secrets::new());
        let running = app.world.incidents.running();
        let (incident, mode) = running.map_or((None, Mode::Live), |incident| {
            (Some(incident.id), if incident.drill { Mode::Drill } else { Mode::Live })
        });
        Self {
            runbook: runbook.to_owned(),
            values,
            secrets: Secrets::new(),
            ticket,
            begun: None,
            mode,
            incident,
            cursor: None,
            scroll: 0,
            form: None,
            has_asked: false,
        }
    }

    fn definition<'a>(&self, app: &'a App) -> Option<&'a Definition> {
        app.runbook(&self.runbook).ok()
    }

    fn planned<'a>(&self, app: &'a App) -> Option<&'a Planned> {
        app.runs.planned(self.ticket)
    }

    /// What the choices of its variables are read from, and how its target is doing.
    pub fn topics(&self, app: &App) -> TopicSet {
        let of_target = match self.planned(app).and_then(|planned| planned.plan.as_ref().ok()) {
            Some(plan) => app.target_object(&plan.target).map_or(TopicSet::EMPTY, |it| crate::pages::topics(&it)),
            None => TopicSet::EMPTY,
        };
        of_target.union(TopicSet::of(&[Topic::Workloads, Topic::Nodes, Topic::Containers, Topic::Postgres]))
    }

    /// Takes an answer. Returns the run that has begun.
    pub fn on_answer(&mut self, app: &mut App) -> Option<String> {
        match self.begun.and_then(|ticket| app.runs.begun(ticket)) {
            Some(Ok(run)) => return Some(run.to_string()),
            Some(Err(why)) => {
                let why = format!("nothing was done: {why}");
                self.begun = None;
                app.notice(Severity::Warn, why);
            }
            None => {}
        }
        let planned = self.planned(app)?;
        self.values = planned.values.clone();
        let is_missing = matches!(&planned.plan, Err(unplanned) if unplanned.preflight.is_empty());
        // What is missing is asked for at once.
        if is_missing && self.form.is_none() && !self.has_asked {
            self.has_asked = true;
            self.open_form(app);
        }
        None
    }

    fn plan_again(&mut self, app: &mut App) {
        self.ticket = app.ask_plan(&self.runbook, self.values.clone(), self.secrets.clone());
        (self.cursor, self.scroll) = (None, 0);
    }

    fn open_form(&mut self, app: &App) {
        let Some(definition) = self.definition(app) else { return };
        let choices = self.planned(app).map(|planned| &planned.choices);
        let field = |variable: &Variable| {
            let found = choices.and_then(|choices| choices.get(&variable.name)).map(Vec::as_slice).unwrap_or_default();
            let value = match variable.kind {
                ValueKind::Secret => self.secrets.get(&variable.name).cloned().unwrap_or_default(),
                _ => {
                    let value = self.values.get(&variable.name).or(variable.default.as_ref());
                    value.map(|value| written(variable, value)).unwrap_or_default()
                }
            };
            Field::new(variable.name.clone(), value, hint(variable, found))
        };
        let is_open = |variable: &Variable| variable.default.is_none() && !self.values.contains_key(&variable.name);
        let first = definition.variables.iter().position(is_open).unwrap_or(0);
        let mut fields = Fields::new(definition.variables.iter().map(field).collect());
        fields.go_to(first);
        self.form = Some(fields);
    }

    /// Takes over what the form holds, or says what is wrong with it.
    fn send_form(&mut self, app: &mut App) {
        let (Some(form), Some(definition)) = (&mut self.form, app.runbook(&self.runbook).ok()) else {
            return;
        };
        let (mut values, mut secrets) = (BTreeMap::new(), Secrets::new());
        for (field, (variable, text)) in definition.variables.iter().zip(form.values()).enumerate() {
            let is_default = variable.default.as_ref().is_some_and(|default| written(variable, default) == text);
            let is_empty = text.is_empty() && variable.kind != ValueKind::Secret;
            // What is the default anyway is not said, so that a plan's hash does not depend on who looked at it.
            if is_default || (is_empty && variable.default.is_none()) {
                continue;
            }
            if variable.kind == ValueKind::Secret {
                secrets.insert(variable.name.clone(), text.to_owned());
                continue;
            }
            match variable.parse(text) {
                Ok(value) => drop(values.insert(variable.name.clone(), value)),
                Err(why) => return form.refuse(Wrong { field, why }),
            }
        }
        (self.values, self.secrets, self.form) = (values, secrets, None);
        self.has_asked = true;
        self.plan_again(app);
    }

    fn begin(&mut self, app: &mut App) {
        let Some(planned) = self.planned(app) else {
            return app.notice(Severity::Info, "the plan is not there yet");
        };
        let plan = planned.plan.clone();
        let why = match &plan {
            Err(_) => Some("there is no plan: what keeps it from being one stands here; v changes the values".into()),
            Ok(_) if self.mode == Mode::Tabletop => None,
            Ok(_) if let Err(why) = &planned.gate => {
                let why = format!("refused: {why}; it is asked again now");
                self.plan_again(app);
                Some(why)
            }
            // What nobody could say is asked again right before anything is done; what is not so is mended first.
            Ok(plan) if plan.preflight.iter().any(|asked| asked.ok == Some(false)) => {
                Some("it is not as it has to be: what is not so stands above; p asks again".into())
            }
            Ok(plan) if self.mode == Mode::Drill => plan.may_drill().err(),
            Ok(_) => None,
        };
        if let Some(why) = why {
            return app.notice(Severity::Warn, why);
        }
        let Ok(plan) = plan else { return };
        if self.begun.is_none() {
            self.begun = app.begin_run(plan, self.mode, self.incident, self.secrets.clone());
        }
    }

    /// Takes a key.
    pub fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if self.form.is_some() {
            self.on_form_key(key, app);
            return Outcome::Stay;
        }
        if window::closes(key, app) || is(key, 'q') {
            return Outcome::Close;
        }
        // Its run is about to be shown: what is typed meanwhile is meant for that.
        if self.begun.is_some() {
            return Outcome::Stay;
        }
        if let Some(by) = row_step(key) {
            let last = self.rows(app).len().saturating_sub(1);
            self.cursor = Some(self.chosen(app).saturating_add_signed(by).min(last));
            self.scroll = 0;
        } else if let Some(motion) = page_step(key) {
            self.scroll(motion);
        } else if key.code == KeyCode::Enter {
            self.begin(app);
        } else {
            self.on_letter(key, app);
        }
        Outcome::Stay
    }

    fn on_letter(&mut self, key: Key, app: &mut App) {
        match key.typed() {
            Some('v') => self.open_form(app),
            Some('m') => {
                self.mode = match self.mode {
                    Mode::Live => Mode::Drill,
                    Mode::Drill => Mode::Tabletop,
                    Mode::Tabletop => Mode::Live,
                }
            }
            Some('i') => {
                let running = app.world.incidents.running();
                match (self.incident, running.map(|incident| incident.id)) {
                    (None, None) => app.notice(Severity::Info, "no incident goes on that it could belong to"),
                    (None, running) => self.incident = running,
                    (Some(_), _) => self.incident = None,
                }
            }
            Some('p') => self.plan_again(app),
            Some('o') => crate::modals::picker::open(app, super::FITTING),
            Some('A') => {
                app.run("arm");
                // What the gate says depends on it.
                self.plan_again(app);
            }
            Some('?') => app.notice(Severity::Info, HELP),
            Some('y') => self.copy(app),
            _ => {}
        }
    }

    fn copy(&self, app: &mut App) {
        let Some(plan) = self.planned(app).and_then(|planned| planned.plan.as_ref().ok()) else { return };
        let text = serde_json::to_string_pretty(&plan.report()).unwrap_or_default();
        app.ask(Effect::Copy { text, what: "the plan, as JSON".into() });
    }

    fn on_form_key(&mut self, key: Key, app: &mut App) {
        match key.code {
            KeyCode::Esc => self.form = None,
            KeyCode::Enter => self.send_form(app),
            KeyCode::Left => self.choose(app, -1),
            KeyCode::Right => self.choose(app, 1),
            _ => {
                if let Some(form) = &mut self.form {
                    form.on_key(key);
                }
            }
        }
    }

    /// Puts the next of the choices into the field that is typed into.
    fn choose(&mut self, app: &App, by: isize) {
        let variables = self.definition(app).map(|definition| definition.variables.as_slice()).unwrap_or_default();
        let choices = self.planned(app).map(|planned| planned.choices.clone()).unwrap_or_default();
        let Some(form) = &mut self.form else { return };
        let Some(found) = variables.get(form.at()).and_then(|variable| choices.get(&variable.name)) else { return };
        if found.is_empty() {
            return;
        }
        let now = form.values().get(form.at()).and_then(|text| found.iter().position(|one| one == text));
        let next = match (now, by) {
            (Some(now), by) => (now as isize + by).rem_euclid(found.len() as isize) as usize,
            (None, 1) => 0,
            (None, _) => found.len() - 1,
        };
        form.put(&found[next]);
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(form) = &mut self.form {
            form.on_paste(text);
        }
    }

    pub fn scroll(&mut self, motion: Motion) {
        self.scroll = motion.from(self.scroll, usize::from(u16::MAX), 10);
    }

    /// The row that is chosen: at first what keeps it from beginning, or else what it would change.
    fn chosen(&self, app: &App) -> usize {
        if let Some(at) = self.cursor {
            return at;
        }
        let Some(planned) = self.planned(app) else { return 0 };
        let Ok(plan) = &planned.plan else { return 0 };
        let against = plan.preflight.iter().position(|asked| asked.ok != Some(true));
        let gate = planned.gate.is_err().then_some(plan.preflight.len());
        let first = || shown(plan).position(|step| step.step.changes()).unwrap_or(0) + plan.preflight.len() + 1;
        against.or(gate).unwrap_or_else(first)
    }

    fn rows(&self, app: &App) -> Vec<(Row, Vec<Line>)> {
        let glyphs = &app.settings.glyphs;
        let Some(planned) = self.planned(app) else { return Vec::new() };
        let plan = match &planned.plan {
            Ok(plan) => plan,
            Err(unplanned) => return unplanned_rows(app, unplanned),
        };
        let sign = |ok| sign(glyphs, ok);
        let row =
            |(sign, role), text: String, right: &str| Row { sign, role, text, right: right.into(), is_now: false };
        let asked = plan.preflight.iter().map(|it| (row(sign(it.ok), it.title.clone(), ""), step::asked(it)));
        let (ok, words) = match &planned.gate {
            Ok(()) => (true, "nothing stands against it: neither read-only, protection nor a rule".to_owned()),
            Err(why) => (false, why.clone()),
        };
        let gate = (row(sign(Some(ok)), "the gate lets it pass".into(), ""), vec![Line::of(sign(Some(ok)).1, words)]);
        let steps = shown(plan).enumerate().map(|(at, it)| {
            let role = if it.step.changes() { Role::Warn } else { Role::Dim };
            let text = format!("{:>2} {}", at + 1, it.title);
            (row((' ', role), text, if it.step.changes() { "changes" } else { "" }), step::planned(it))
        });
        asked.chain([gate]).chain(steps).collect()
    }

    /// Draws it.
    pub fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let inner = window::draw(scene, buffer, area, "Runbook", &format!("{} ", self.runbook));
        let planned = self.planned(app);
        let plan = planned.and_then(|planned| planned.plan.as_ref().ok());
        let rows = self.rows(app);
        let target = plan.and_then(|plan| parts::target_now(app, scene, &plan.target));
        let places = divide(inner, rows.len(), 1 + u16::from(target.is_some()));
        let title = match (plan, self.definition(app)) {
            (Some(plan), _) => plan.title.clone(),
            (None, Some(definition)) => definition.summary(),
            (None, None) => self.runbook.clone(),
        };
        draw_head(scene, places.head, &title, &self.meant(app), buffer);
        if planned.is_none() {
            let words = format!("asking what it would do {}", scene.glyphs.ellipsis);
            paint::put_cut(scene, buffer, places.rows, (1, 0), &words, scene.style(Role::Dim));
        }
        let chosen = self.chosen(app).min(rows.len().saturating_sub(1));
        let (rows, mut texts): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        draw_rows(scene, &rows, chosen, places.rows, buffer);
        if let Some(row) = rows.get(chosen) {
            draw_panel(scene, &places, row.text.trim(), texts.swap_remove(chosen), self.scroll, buffer);
        }
        let lines: Vec<_> = target.into_iter().chain([self.verdict(app)]).collect();
        lines::draw(scene, &lines, 0, places.prompt, buffer);
        let hint = "Enter begins  v values  m mode  i incident  p again  o others  y copy  Esc";
        paint::put_cut(scene, buffer, places.hint, (0, 0), hint, scene.style(Role::Dim));
        if let Some(form) = &self.form {
            let words = form.wrong.as_ref().map_or((Role::Dim, FORM), |wrong| (Role::Warn, wrong.why.as_str()));
            form.draw(scene, area, buffer, &self.runbook, words);
        }
    }

    /// How it would be done, at the right of the first line.
    fn meant(&self, app: &App) -> Vec<(Role, String)> {
        let incident = self.incident.and_then(|id| app.shown().incidents.get(&id.to_string()));
        let name = incident.map_or_else(|| "no incident".into(), |incident| incident.name.to_string());
        vec![parts::mode(self.mode), (Role::Dim, name)]
    }

    /// Whether it may begin, in a line.
    fn verdict(&self, app: &App) -> Line {
        let Some(planned) = self.planned(app) else { return Line::of(Role::Info, "looking at how it is now …") };
        let begins = match self.begun {
            Some(_) => return Line::of(Role::Info, "it begins"),
            None => "Enter begins it",
        };
        match (&planned.plan, &planned.gate) {
            (Err(_), _) => Line::of(Role::Warn, "no plan can be made: nothing is done"),
            (Ok(_), _) if self.mode == Mode::Tabletop => {
                Line::of(Role::Ok, format!("at a table nothing is done and nothing is asked: {begins}"))
            }
            (Ok(_), Err(why)) => Line::of(Role::Warn, format!("refused: {why}")),
            (Ok(plan), Ok(())) if self.mode == Mode::Drill && plan.may_drill().is_err() => {
                Line::of(Role::Warn, plan.may_drill().err().unwrap_or_default())
            }
            (Ok(plan), Ok(())) => match plan.preflight.iter().find(|asked| asked.ok != Some(true)) {
                Some(asked) => Line::of(Role::Warn, format!("not clear: {}", asked.title)),
                None => Line::of(Role::Ok, format!("all is as it has to be: {begins}")),
            },
        }
    }
}

const HELP: &str =
    "above what was found out, below what would be done; j k choose a row, PgDn PgUp scroll what is told of it";
const FORM: &str = "Left and Right go through what may be chosen, where that is known.";

/// Steps that are not left out.
fn shown(plan: &Plan) -> impl Iterator<Item = &crate::runbook::plan::Planned> {
    plan.steps.iter().filter(|step| step.left_out.is_none())
}

/// How it is shown that something is so, is not, or that nobody can say.
const fn sign(glyphs: &Glyphs, ok: Option<bool>) -> (char, Role) {
    match ok {
        Some(true) => (glyphs.ok, Role::Ok),
        Some(false) => (glyphs.error, Role::Error),
        None => (glyphs.unknown, Role::Unknown),
    }
}

/// Why there is no plan, a row each.
fn unplanned_rows(app: &App, unplanned: &Unplanned) -> Vec<(Row, Vec<Line>)> {
    let glyphs = &app.settings.glyphs;
    let row = |sign, role, text: &str| Row { sign, role, text: text.into(), right: String::new(), is_now: false };
    let asked = unplanned.preflight.iter().map(|(name, ok, detail)| {
        let (sign, role) = sign(glyphs, *ok);
        let text = format!("{name}: {detail}");
        (row(sign, role, &text), vec![Line::of(role, detail)])
    });
    let faults =
        unplanned.faults.iter().map(|why| (row(glyphs.warn, Role::Warn, why), vec![Line::of(Role::Warn, why)]));
    // What is not so comes first.
    let mut all: Vec<_> = faults.chain(asked).collect();
    all.sort_by_key(|(row, _)| row.role == Role::Ok);
    all
}

/// A value as it is written into a field.
fn written(variable: &Variable, value: &Json) -> String {
    match (value, variable.kind) {
        (Json::String(text), _) => text.clone(),
        (value, ValueKind::Duration) => format!("{value}s"),
        (value, _) => value.to_string(),
    }
}

fn hint(variable: &Variable, choices: &[String]) -> String {
    let what = match variable.kind {
        ValueKind::Secret => format!("{}: a file, or $VARIABLE, that holds it", variable.title),
        _ => variable.title.clone(),
    };
    match choices {
        [] => what,
        some => format!("{what}: {}", some.join(", ")),
    }
}
