//! A run: the checklist, the step that it is at, what waits for a person, and what can still be undone.

use super::{
    is, page_step,
    parts::{self, Row, divide, draw_head, draw_panel, draw_rows, panel_lines},
    prompt::{Needs, Prompt, Said, Way, approving},
    row_step, step,
};
use crate::{
    app::{App, effect::Effect, runs::Secrets},
    modals::{
        Outcome,
        window::{self, Line as Typed, Motion},
    },
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        journal::Milestone,
        topic::{Topic, TopicSet},
        units,
    },
    runbook::{
        definition::Kind,
        run::{Choice, Input, Outcome as Ended, Status, StepView, Tone, View},
    },
    ui::{
        lines::{self, Line},
        paint,
        scene::Scene,
        theme::Role,
    },
    world::runs::RunRow,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// What the panel tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    /// The chosen step.
    Step,
    /// Everything that was written of the run.
    Log,
    /// What was found out before.
    Before,
}

/// The screen of a run.
pub struct RunStage {
    run: String,
    /// The chosen step; that which the run is at where nobody chose.
    cursor: Option<usize>,
    scroll: usize,
    tab: Tab,
    prompt: Option<Prompt>,
    /// Whether keys go to the steps instead of what is asked, where somebody said so. Of a run that is over they do: what can still be done
    /// with it must not be on the Enter that was meant to close it.
    is_looking: Option<bool>,
    note: Option<Typed>,
    /// Whether it was asked to be called off, which another key has to confirm.
    calls_off: bool,
}

impl RunStage {
    /// The screen of this run.
    pub fn new(run: &str) -> Self {
        Self {
            run: run.into(),
            cursor: None,
            scroll: 0,
            tab: Tab::Step,
            prompt: None,
            is_looking: None,
            note: None,
            calls_off: false,
        }
    }

    /// The run's name.
    pub fn run(&self) -> &str {
        &self.run
    }

    fn row<'a>(&self, app: &'a App) -> Option<&'a RunRow> {
        app.shown().runs.get(&self.run)
    }

    /// How its target is doing is looked at all the while.
    pub fn topics(&self, app: &App) -> TopicSet {
        let target = self.row(app).and_then(|row| app.target_object(&row.run.plan().target));
        target.map_or(TopicSet::EMPTY, |object| crate::pages::topics(&object)).union(Topic::Journal.into())
    }

    /// Whether its clock runs.
    pub fn goes_on(&self, app: &App) -> bool {
        self.row(app).is_some_and(|row| !row.is_over())
    }

    fn looks(&self, app: &App) -> bool {
        self.is_looking.unwrap_or_else(|| self.row(app).is_some_and(RunRow::is_over))
    }

    /// The prompt for what is asked now; what was half said of it stays.
    fn sync(&mut self, app: &App) {
        let fresh = self.fresh(app);
        let ticket = |prompt: &Option<Prompt>| prompt.as_ref().map(|prompt| prompt.ticket);
        if ticket(&self.prompt) != ticket(&fresh) || fresh.is_none() {
            self.is_looking = None;
            self.prompt = fresh;
        }
    }

    fn fresh(&self, app: &App) -> Option<Prompt> {
        let row = self.row(app)?;
        let (me, operators) = (&app.policy.actor, row.run.state().operators.as_slice());
        match (row.question(), row.carried()) {
            // What is shown of the past is answered by nobody.
            _ if app.policy.past.is_some() => None,
            (Some(question), _) => Some(Prompt::of(question, me, operators, &row.run.plan().typed)),
            (None, Some(_)) => None,
            (None, None) => Prompt::offering(self.words(row), offered(app, row)),
        }
    }

    /// Why nobody here carries it on.
    fn words(&self, row: &RunRow) -> String {
        let why = row.standing.as_ref().and_then(|standing| standing.ended.clone());
        match (row.is_over(), why) {
            (true, _) => "it is over".into(),
            (false, Some(why)) => why,
            (false, None) => "this cockpit does not carry it on: another does, or it broke off".into(),
        }
    }

    /// Takes a key.
    pub fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        self.sync(app);
        if self.note.is_some() {
            self.on_note_key(key, app);
            return Outcome::Stay;
        }
        let is_esc = key == Key::plain(KeyCode::Esc);
        if std::mem::take(&mut self.calls_off) && !is_esc {
            if is(key, 'y') {
                let by = app.policy.actor.clone();
                app.tell_run(&self.run, Input::Cancel { by }, Secrets::new());
            }
            return Outcome::Stay;
        }
        if key.code == KeyCode::Tab && self.prompt.is_some() {
            self.is_looking = Some(!self.looks(app));
            self.prompt.as_mut().into_iter().for_each(Prompt::turn_away);
            return Outcome::Stay;
        }
        if self.tabs(key) {
            return Outcome::Stay;
        }
        let looks = self.looks(app);
        let is_over = self.row(app).is_some_and(RunRow::is_over);
        match &mut self.prompt {
            Some(prompt) if !looks => {
                if is_esc {
                    // Of what is typed Esc leaves the line first: a letter must not become a command by chance.
                    if prompt.is_typed() && !prompt.give_up() {
                        prompt.turn_away();
                        self.is_looking = Some(true);
                        return Outcome::Stay;
                    }
                    return Outcome::Close;
                }
                let wants_letter = prompt.is_typed();
                if let Some(said) = prompt.on_key(key) {
                    self.say(said, app);
                } else if !wants_letter {
                    return self.on_letter(key, app);
                }
                Outcome::Stay
            }
            _ if window::closes(key, app) || is(key, 'q') => Outcome::Close,
            _ if key.code == KeyCode::Enter && is_over => Outcome::Close,
            _ => {
                if let Some(by) = row_step(key) {
                    let last = self.row(app).map_or(0, |row| row.view().steps.len().saturating_sub(1));
                    self.cursor = Some(self.chosen(app).saturating_add_signed(by).min(last));
                    (self.scroll, self.tab) = (0, Tab::Step);
                    return Outcome::Stay;
                }
                self.on_letter(key, app)
            }
        }
    }

    /// Whether a key turns or scrolls the panel.
    fn tabs(&mut self, key: Key) -> bool {
        if let Some(motion) = page_step(key) {
            self.scroll = motion.from(self.scroll, usize::from(u16::MAX), 10);
            return true;
        }
        let order = [Tab::Step, Tab::Log, Tab::Before];
        let now = order.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        let by = match key.code {
            KeyCode::Right => 1,
            KeyCode::Left => 2,
            _ => return false,
        };
        self.tab = order[(now + by) % 3];
        self.scroll = 0;
        true
    }

    fn say(&mut self, said: Said, app: &mut App) {
        match said {
            Said::Reply(reply, secrets) => {
                let step = self.row(app).and_then(|row| row.question()?.step.clone()).unwrap_or_default();
                let secrets = secrets.into_iter().map(|(name, from)| (format!("steps.{step}.{name}"), from)).collect();
                app.answer_run(&self.run, reply, secrets);
            }
            Said::Resume { way_back } => app.resume_run(&self.run, way_back),
            Said::Approve(approved) => app.approve_run(&self.run, approved),
        }
        self.prompt = None;
    }

    fn on_letter(&mut self, key: Key, app: &mut App) -> Outcome {
        let is_carried = self.row(app).is_some_and(|row| row.carried().is_some());
        match key.typed() {
            Some('n') => self.note = Some(Typed::default()),
            Some('c') if is_carried => self.calls_off = true,
            Some('h') if is_carried => {
                let by = app.policy.actor.clone();
                app.tell_run(&self.run, Input::Halt { by }, Secrets::new());
            }
            Some('L') if is_carried => app.ask(Effect::LeaveRun(self.run.as_str().into())),
            Some('c' | 'h' | 'L') => app.notice(Severity::Info, "this cockpit does not carry it on"),
            Some('f') => self.cursor = None,
            Some('i') => self.to_incident(app),
            Some('y') => self.copy(app),
            Some('A') => app.run("arm"),
            Some('?') => app.notice(Severity::Info, HELP),
            Some('q') => return Outcome::Close,
            _ => {}
        }
        Outcome::Stay
    }

    fn to_incident(&self, app: &mut App) {
        match self.row(app).and_then(|row| row.incident) {
            Some(incident) => {
                app.show_incident(Some(incident));
                app.notice(Severity::Info, "that incident is shown on its page (7)");
            }
            None => app.notice(Severity::Info, "this run belongs to no incident"),
        }
    }

    fn copy(&self, app: &mut App) {
        let Some(row) = self.row(app) else { return };
        let text: String = row.entries.iter().map(|entry| step::entry(entry).plain() + "\n").collect();
        app.ask(Effect::Copy { text, what: "what was written of the run".into() });
    }

    fn on_note_key(&mut self, key: Key, app: &mut App) {
        let Some(line) = &mut self.note else { return };
        match key.code {
            KeyCode::Esc => self.note = None,
            KeyCode::Enter => {
                let text = line.0.trim().to_owned();
                if !text.is_empty() {
                    app.note_run(&self.run, &text);
                }
                self.note = None;
            }
            _ => drop(line.on_key(key)),
        }
    }

    pub fn on_paste(&mut self, text: &str, app: &App) {
        self.sync(app);
        let looks = self.looks(app);
        match (&mut self.note, &mut self.prompt) {
            (Some(line), _) => line.paste(text),
            (None, Some(prompt)) if !looks => prompt.on_paste(text),
            _ => {}
        }
    }

    pub fn scroll(&mut self, motion: Motion, app: &App) {
        let most = self.row(app).map_or(0, |row| row.entries.len() * 4 + 60);
        self.scroll = motion.from(self.scroll, most, 10);
    }

    fn chosen(&self, app: &App) -> usize {
        self.row(app).map_or(0, |row| self.chosen_of(row.view()))
    }

    fn chosen_of(&self, view: &View) -> usize {
        let at = || view.at.as_ref().and_then(|at| view.steps.iter().position(|step| step.id == *at));
        self.cursor.or_else(at).unwrap_or_else(|| view.steps.len().saturating_sub(1)).min(view.steps.len().max(1) - 1)
    }

    /// Draws it.
    pub fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(row) = self.row(app) else {
            let inner = window::draw(scene, buffer, area, "Run", &self.run);
            let words = if app.shown().incidents.is_known() {
                "it has not been written yet"
            } else {
                "the journal is not read yet"
            };
            paint::put_cut(scene, buffer, inner, (1, 0), words, scene.style(Role::Dim));
            return;
        };
        let inner = window::draw(scene, buffer, area, "Run", row.run.id());
        let view = row.view();
        let fresh = self.fresh(app);
        let ticket = |prompt: &Option<Prompt>| prompt.as_ref().map(|prompt| prompt.ticket);
        let prompt = if ticket(&self.prompt) == ticket(&fresh) { &self.prompt } else { &fresh };
        let status = self.status(app, scene, row, view);
        let (asked, told) = (prompt.as_ref().map_or(0, |prompt| prompt.height(inner.width)), status.len() as u16);
        let places = divide(inner, view.steps.len(), asked + told);
        draw_head(scene, places.head, &row.run.plan().title, &self.meant(app, scene, row), buffer);
        let chosen = self.chosen_of(view);
        let rows: Vec<_> = view.steps.iter().enumerate().map(|(at, step)| step_row(scene, at, step, view)).collect();
        draw_rows(scene, &rows, chosen, places.rows, buffer);
        let (title, text) = self.told(row, view, chosen);
        let scroll = match (self.tab, self.scroll) {
            // The newest is what one has come for.
            (Tab::Log, 0) => panel_lines(&places, text.clone()),
            (_, scroll) => scroll,
        };
        draw_panel(scene, &places, &title, text, scroll, buffer);
        // Where there is no room for both, what is asked comes first.
        let taken = told.min(places.prompt.height.saturating_sub(asked));
        lines::draw(scene, &status, 0, Rect { height: taken, ..places.prompt }, buffer);
        let below = Rect { y: places.prompt.y + taken, height: places.prompt.height - taken, ..places.prompt };
        if let Some(line) = &self.note {
            paint::fill(buffer, places.hint, scene.style(Role::Text));
            line.draw(scene, buffer, places.hint, "note: ");
        } else {
            let hint = self.hint(app, row, prompt.as_ref());
            paint::put_cut(scene, buffer, places.hint, (0, 0), &hint, scene.style(Role::Dim));
        }
        if let Some(prompt) = prompt {
            prompt.draw(scene, below, area, !self.looks(app) && self.note.is_none(), buffer);
        }
    }

    /// What the panel tells.
    fn told(&self, row: &RunRow, view: &View, chosen: usize) -> (String, Vec<Line>) {
        let plan = row.run.plan();
        match self.tab {
            Tab::Step => {
                let Some(step) = view.steps.get(chosen) else { return (String::new(), Vec::new()) };
                let Some(planned) = plan.step(&step.id) else { return (step.title.clone(), Vec::new()) };
                let of_step =
                    |entry: &&_| crate::runbook::run::Entry::key(entry).is_some_and(|key| key.step == step.id);
                let text = step::running(step, (plan, planned), row.entries.iter().filter(of_step));
                (format!("{} {}", chosen + 1, step.title), text)
            }
            Tab::Log => ("What was written".into(), row.entries.iter().map(step::entry).collect()),
            Tab::Before => {
                let asked =
                    plan.preflight.iter().flat_map(|asked| step::asked(asked).into_iter().chain([Line::empty()]));
                ("What was found out before".into(), asked.collect())
            }
        }
    }

    /// How it is meant and how long it takes: at the right of the first line.
    fn meant(&self, app: &App, scene: &Scene<'_>, row: &RunRow) -> Vec<(Role, String)> {
        let mut words = vec![parts::mode(row.run.state().mode)];
        let incident = row.incident.and_then(|id| app.shown().incidents.get(&id.to_string()));
        let impact = incident.and_then(|it| it.milestones.get(&Milestone::ImpactStarted)).map(|moment| moment.at);
        let mitigated = incident.and_then(|it| it.milestones.get(&Milestone::Mitigated)).map(|moment| moment.at);
        let ended = row.run.state().last_at.filter(|_| row.is_over());
        let (word, from, to) = match impact {
            // The time to recover runs from the start of impact until it is over for the users.
            Some(impact) => ("RTO", Some(impact), mitigated.or(ended)),
            None => ("for", row.began(), ended),
        };
        if let Some(from) = from {
            words.push((Role::Text, format!("{word} {}", units::age(to.unwrap_or(scene.now), from))));
        }
        words.extend(incident.map(|incident| (Role::Dim, incident.name.to_string())));
        words
    }

    /// How the target is doing, and what is said last.
    fn status(&self, app: &App, scene: &Scene<'_>, row: &RunRow, view: &View) -> Vec<Line> {
        let mut lines = Vec::new();
        lines.extend(parts::target_now(app, scene, &row.run.plan().target));
        let (role, words) = match row.outcome() {
            Some(Ended::Succeeded) => (Role::Ok, "succeeded: "),
            Some(Ended::Failed) => (Role::Error, "failed: "),
            Some(Ended::Refused) => (Role::Warn, "refused: "),
            Some(Ended::Unknown) => (Role::Error, "unknown: "),
            Some(Ended::Paused) if row.question().is_some() => return lines,
            Some(Ended::Paused) => (Role::Warn, "waits: "),
            None if row.run.state().is_cancelled => (Role::Warn, "called off: "),
            None => (Role::Info, "now  "),
        };
        lines.push(Line::of(role, words).and(Role::Text, view.next.trim()));
        if let Some(remark) = row.carried().and_then(|standing| standing.remark.as_deref()) {
            lines.push(Line::of(Role::Dim, remark));
        }
        lines
    }

    fn hint(&self, app: &App, row: &RunRow, prompt: Option<&Prompt>) -> String {
        if self.calls_off {
            return match row.carried().is_some_and(|standing| standing.is_in_flight) {
                true => {
                    "y calls it off: what is in flight is waited for, nothing more is begun; any other key does not"
                        .into()
                }
                false => "y calls it off: nothing more is begun; any other key does not".into(),
            };
        }
        let is_over = row.is_over();
        match (prompt, self.looks(app)) {
            // Letters go into what is typed.
            (Some(prompt), false) if prompt.is_typed() => {
                "Tab steps and other keys  ←→ tabs  Esc leaves the line".into()
            }
            (Some(_), false) => format!("Tab steps  Enter says it  ←→ tabs  {}", others(row)),
            (Some(_), true) if is_over => "Enter closes  ←→ tabs  n note  Tab what can still be done".into(),
            (None, _) if is_over => "Enter closes  ←→ tabs  n note".into(),
            (Some(_), true) => format!("Tab question  j k step  ←→ tabs  {}", others(row)),
            (None, _) => format!("j k step  ←→ tabs  {}", others(row)),
        }
    }
}

/// Keys beside those of what is asked.
fn others(row: &RunRow) -> &'static str {
    if row.carried().is_some() { "n note  c call off  h halt  L leave" } else { "n note  i incident" }
}

const HELP: &str =
    "a run goes on whether or not somebody looks; L leaves it so that another cockpit can take it, f follows it again";

/// What can be done with a run that nobody carries on here.
fn offered(app: &App, row: &RunRow) -> Vec<Way> {
    let way = |word, meaning: String, said, needs| Way { word, meaning, said, needs };
    let state = row.run.state();
    if row.is_over() {
        let stands = row.view().steps.iter().any(|step| step.can_be_undone);
        let ago = state.last_at.map_or_else(String::new, |at| format!(" (it ended {} ago)", units::age(app.now, at)));
        let meaning = format!("{}{ago}", Choice::WayBack.meaning());
        let needs = Needs::Name(row.run.plan().typed.trim().to_owned());
        let back = way(Choice::WayBack.word(), meaning, Said::Resume { way_back: true }, needs);
        return if stands { vec![back] } else { Vec::new() };
    }
    let waits = state.at.and_then(|at| row.run.plan().steps.get(at));
    let mut ways = match waits.map(|planned| &planned.step.kind) {
        Some(Kind::Approval(_)) => approving(&app.policy.actor, &state.operators),
        _ => Vec::new(),
    };
    let stands = match &state.status {
        Status::Paused(_, text) => format!("carry it on in this cockpit; it waits: {text}"),
        _ => "carry it on in this cockpit, if nobody else does".to_owned(),
    };
    ways.push(way(Choice::GoOn.word(), stands, Said::Resume { way_back: false }, Needs::Nothing));
    ways
}

fn step_row(scene: &Scene<'_>, at: usize, step: &StepView, view: &View) -> Row {
    let glyphs = &scene.glyphs;
    let (sign, role) = match step.tone {
        Tone::Ahead => (' ', Role::Dim),
        Tone::Now => (glyphs.waiting, Role::Info),
        Tone::Good => (glyphs.ok, Role::Ok),
        Tone::LeftOut => (glyphs.off, Role::Dim),
        Tone::Waiting => (glyphs.unknown, Role::Warn),
        Tone::Bad => (glyphs.error, Role::Error),
        Tone::Undone => (if glyphs.ascii { '<' } else { '↶' }, Role::Info),
    };
    let undo = if step.can_be_undone { if glyphs.ascii { "< " } else { "↶ " } } else { "" };
    let is_now = view.at.as_ref() == Some(&step.id);
    let right = match step.tone {
        Tone::Ahead => String::new(),
        Tone::Now if step.text.is_empty() => "now".into(),
        _ => format!("{undo}{}", step.text),
    };
    Row { sign, role, text: format!("{:>2} {}", at + 1, step.title), right, is_now }
}
