//! The cockpit as a plain function: an event goes in, effects come out. No I/O, no clock, no await.

pub mod effect;
pub mod event;
pub mod settings;

mod capture;
mod copy;
pub mod incident;
mod keys;
mod layout;
pub use layout::bars as layout_bars;
mod lists;
mod logs;
mod logs_text;
pub mod operate;
mod pages;
pub mod postmortem;
mod reload;
pub mod runs;
mod time;

use crate::{
    action,
    config::Config,
    keymap::{Lookup, Scope},
    modals::{Modal, Outcome},
    model::{
        Timestamp,
        attention::Severity,
        input::{Key, Mouse},
        log::LogLine,
        object::ObjectKind,
        series::SeriesStore,
        topic::{Topic, TopicSet},
    },
    ops::gate::Policy,
    panes,
    source::supervisor::Demand,
    ui::scene::Scene,
    view::{Notice, View},
    world::{Changed, World},
};
use effect::Effect;
use event::{Done, Event, EventKind, PlayerState};
use jiff::SignedDuration;
use settings::Settings;
use std::collections::BTreeMap;

/// The state of the cockpit.
pub struct App {
    /// The live world, or the recording's.
    pub world: World,
    /// The moment of the past that is shown instead.
    pub moment: Option<Box<World>>,
    pub view: View,
    pub modals: Vec<Box<dyn Modal>>,
    pub policy: Policy,
    pub settings: Settings,
    /// Where the recording stands that is played.
    pub player: Option<PlayerState>,
    /// Whether events are being written to a file.
    pub recording: bool,
    /// Whether a recording's history is still being read, so that graphs are not complete.
    pub reading: bool,
    /// Time of the newest event of any kind; it goes back only where the machine's clock was set back.
    pub now: Timestamp,
    /// Keys of a sequence that is not complete, and when the last one came.
    pub pending: Vec<Key>,
    pending_since: Timestamp,
    /// What was asked about operations, and what runs beside the cockpit.
    pub desk: operate::Desk,
    /// What was asked about runs of runbooks.
    pub runs: runs::Desk,
    /// What the cockpit records by itself.
    pub watch: capture::Watch,
    /// What people write into postmortems and have not saved.
    drafts: postmortem::Drafts,
    /// What was written into questions and not sent, by their keys.
    pub unsent: BTreeMap<String, Vec<Option<String>>>,
    demand: Demand,
    /// How often a file of the rules was written.
    rules_written: u64,
    outbox: Vec<Effect>,
    dirty: bool,
    /// The configuration at the start: some of it is in force until the end.
    started_with: Config,
    /// Until when a row may be so young that its age counts in seconds.
    young_until: Timestamp,
    /// Requests for log lines so far: tells their answers apart.
    logs_asked: u64,
    /// The time whose lines the viewer was opened for, by an event of a timeline.
    logs_at: Option<Timestamp>,
}

/// Topics that history, rules and the recorder need whatever is visible.
const BACKGROUND: TopicSet = TopicSet::of(&[
    Topic::Facts,
    Topic::Gauges,
    Topic::Mounts,
    Topic::Processes,
    Topic::Cgroups,
    Topic::Sensors,
    Topic::Units,
    Topic::Hardware,
    Topic::Containers,
    Topic::GpuHealth,
    Topic::Ai,
    Topic::Rules,
    Topic::Journal,
    Topic::Alerts,
    Topic::MetricRules,
    Topic::Slos,
    Topic::Postgres,
    Topic::Readings,
    Topic::Own,
]);

/// Topics whose rows have ages. Those of rows that changed within the last minute count in seconds, others in minutes.
const AGED: TopicSet = TopicSet::of(&[
    Topic::Containers,
    Topic::EngineStores,
    Topic::Pods,
    Topic::Workloads,
    Topic::Nodes,
    Topic::KubeEvents,
    Topic::Alerts,
]);

impl App {
    /// A cockpit that knows nothing yet.
    pub fn new(settings: Settings, policy: Policy, now: Timestamp, size: (u16, u16)) -> Self {
        let keep_ms = i64::from(settings.config.recorder.minutes) * 60_000;
        // Graphs reach over every moment that can be shown, and never less far than their own longest span.
        let series = SeriesStore::keeping(keep_ms.max(SeriesStore::KEEP_MS));
        let mut app = Self {
            world: World::at(now),
            moment: None,
            view: View { size, graph_span: 2, graph_mode: settings.graph_mode(), ..View::default() },
            modals: Vec::new(),
            policy,
            started_with: settings.config.clone(),
            settings,
            player: None,
            recording: false,
            reading: false,
            now,
            pending: Vec::new(),
            pending_since: now,
            desk: operate::Desk::default(),
            runs: runs::Desk::default(),
            watch: capture::Watch::default(),
            drafts: postmortem::Drafts::default(),
            unsent: BTreeMap::new(),
            demand: Demand::default(),
            rules_written: 0,
            outbox: Vec::new(),
            dirty: true,
            young_until: Timestamp::MIN,
            logs_asked: 0,
            logs_at: None,
        };
        app.world.series = series;
        app.warn_of_settings();
        app.set_manners();
        app.relayout();
        app
    }

    /// Takes an event and returns what is to be done about it.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        self.now = self.now.max(event.at);
        self.forget_pending(event.at);
        match event.kind {
            EventKind::Key(key) => self.on_key(key),
            EventKind::Mouse(mouse) => self.on_mouse(mouse),
            EventKind::Paste(text) => self.on_paste(&text),
            EventKind::Resize { columns, rows } => self.resize((columns, rows)),
            EventKind::Updates { source, updates } => {
                let changed = self.world.apply(event.at, &source, updates);
                self.after(changed);
            }
            EventKind::Run(standing) => self.take_standing(event.at, *standing),
            EventKind::Report(report) => {
                let changed = self.world.report(event.at, report);
                self.after(changed);
            }
            EventKind::Wake => {
                if self.is_world_time(event.at) {
                    let changed = self.world.pass(event.at);
                    self.after(changed);
                }
                self.go_on_with_logs();
                self.dirty = true;
            }
            EventKind::Logs(batch) => self.take_logs(batch),
            EventKind::Done(done) => self.on_done(done),
            EventKind::Log(line) => self.on_log(line),
            EventKind::Player(state) => self.set_player(state),
            EventKind::Moment(moment) => self.set_moment(moment),
            EventKind::World(world) => self.set_world(*world),
            EventKind::Settings(settings) => self.set_settings(*settings),
            EventKind::Runbooks(runbooks, problems) => self.set_runbooks(runbooks, problems),
            EventKind::History(series) => self.set_history(*series),
            EventKind::Access { context, asked, said } => {
                self.world.note_access(event.at, &context, said);
                self.take_access(&context, &asked);
            }
            EventKind::Answer(answer) => self.take_answer(*answer),
            EventKind::ClockStepped { by_seconds } => self.step_clock(event.at, by_seconds),
        }
        self.follow_capture();
        self.settle_strip();
        self.settle_page();
        self.settle_logs();
        self.follow_demand();
        std::mem::take(&mut self.outbox)
    }

    /// Whether something that is shown changed since the last call.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Asks for the screen to be drawn.
    pub fn touch(&mut self) {
        self.dirty = true;
    }

    /// Asks the runtime for something.
    pub fn ask(&mut self, effect: Effect) {
        self.outbox.push(effect);
    }

    /// What has been asked for outside of an event.
    #[cfg(test)]
    pub(crate) fn outbox_for_tests(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.outbox)
    }

    /// The world that is shown.
    pub fn shown(&self) -> &World {
        self.moment.as_deref().unwrap_or(&self.world)
    }

    /// What panes draw from.
    pub fn scene(&self) -> Scene<'_> {
        let world = self.shown();
        Scene {
            world,
            series: &self.world.series,
            view: &self.view,
            theme: &self.settings.theme,
            glyphs: &self.settings.glyphs,
            keymap: &self.settings.keymap,
            now: if self.moment.is_some() || self.player.is_some() { world.now } else { self.now },
            focused: false,
        }
    }

    /// Tells the user something; kept in the history.
    pub fn notice(&mut self, severity: Severity, text: impl Into<String>) {
        self.view.notices.push(Notice { at: self.now, severity, text: text.into() });
        let excess = self.view.notices.len().saturating_sub(usize::from(self.settings.config.notices.keep));
        self.view.notices.drain(..excess);
        self.dirty = true;
    }

    /// The newest notice that is still to be shown.
    pub fn current_notice(&self) -> Option<&Notice> {
        let seconds = i64::from(self.settings.config.notices.seconds);
        let shown = |notice: &&Notice| self.now.duration_since(notice.at).as_secs() < seconds;
        self.view.notices.last().filter(shown)
    }

    /// Opens a modal over everything else.
    pub fn open_modal(&mut self, modal: Box<dyn Modal>) {
        self.modals.push(modal);
        self.dirty = true;
    }

    /// Says what is wrong with the configuration; of several problems the last line says where they are listed.
    pub(super) fn warn_of_settings(&mut self) {
        let warnings = self.settings.warnings.clone();
        let several = warnings.len() > 1;
        let count = warnings.len();
        for warning in warnings {
            self.notice(Severity::Warn, warning);
        }
        if several {
            self.notice(Severity::Warn, format!("{count} problems in the configuration: notices (N) lists them"));
        }
    }

    /// What follows from a change of the world.
    fn after(&mut self, changed: Changed) {
        if changed.is_nothing() {
            return;
        }
        self.watch.attention |= changed.attention;
        if self.moment.is_some() {
            return;
        }
        let shown = self.visible_topics();
        if changed.topics.intersects(AGED) {
            self.young_until = self.now.checked_add(SignedDuration::from_mins(1)).unwrap_or(self.now);
        }
        if changed.attention || changed.sources || changed.topics.intersects(shown) {
            self.refresh_lists_after(changed);
            self.dirty = true;
        }
    }

    fn on_done(&mut self, done: Done) {
        if let Some(target) = done.target.filter(|_| !done.progress) {
            // Whatever was done about a finding was done to files: those who judge read them again.
            self.rules_written += u64::from(target.kind == ObjectKind::Violation);
            self.world.note_operation(self.now, target, done.ok, &done.text);
            self.refresh_lists();
        }
        self.notice(if done.ok { Severity::Info } else { Severity::Error }, done.text);
    }

    fn on_log(&mut self, line: LogLine) {
        self.world.log(line);
        if self.view.visible().any(|name| name == "log") {
            self.refresh_lists();
            self.dirty = true;
        }
    }

    /// Topics that the visible panes need.
    fn visible_topics(&self) -> TopicSet {
        let topics = self.view.visible().filter_map(panes::find).map(|pane| pane.topics_in(&self.view));
        let open = self.view.stack.last().map_or(TopicSet::EMPTY, |page| crate::pages::topics(&page.object));
        let over = self.modals.iter().map(|modal| modal.topics(self)).fold(open, TopicSet::union);
        topics.fold(over, TopicSet::union)
    }

    /// Whether what is shown changes every second by itself: the clock then shows seconds without costing a frame of its own.
    pub fn ticks(&self) -> bool {
        let shown = self.visible_topics();
        let answers = self.world.observed.sources.values().any(|source| {
            source.report.topics.intersects(shown)
                && source.report.cadence_seconds.is_some_and(|seconds| seconds <= 1.5)
                && source.age_seconds(self.now).is_some_and(|age| age <= 2.0)
        });
        answers || self.shows_young(shown) || self.modals.iter().any(|modal| modal.ticks(self))
    }

    fn shows_young(&self, shown: TopicSet) -> bool {
        shown.intersects(AGED) && self.now < self.young_until
    }

    /// Tells the sources when what is needed changed.
    fn follow_demand(&mut self) {
        let open = self.view.stack.last().map(|page| page.object.clone());
        let visible = self.visible_topics();
        let (chosen, resource) = (self.view.chosen.clone(), self.view.resource.clone());
        let selectors = self.view.selectors.clone();
        let rules_written = self.rules_written;
        let graph = open.as_ref().and_then(|object| self.world.observed.watch.graph_for(object));
        let running = self.world.incidents.running();
        let demand = Demand {
            visible,
            background: BACKGROUND,
            open,
            chosen,
            resource,
            selectors,
            rules_written,
            graph,
            incident_since: running.map(|incident| incident.began()),
        };
        if demand != self.demand {
            self.demand = demand.clone();
            self.ask(Effect::Demand(demand));
        }
    }

    fn on_key(&mut self, key: Key) {
        self.dirty = true;
        self.stop_waiting();
        // ctrl-c leaves from anywhere, whatever is open.
        if key.ctrl && self.settings.keymap.look_up(&[Scope::Global], &[key]) == Lookup::Action("quit") {
            return self.quit();
        }
        if let Some(mut modal) = self.modals.pop() {
            let depth = self.modals.len();
            if modal.on_key(key, self) == Outcome::Stay {
                // A modal that it opened lies over it.
                self.modals.insert(depth.min(self.modals.len()), modal);
            }
            return;
        }
        self.take_key(key);
    }

    fn on_paste(&mut self, text: &str) {
        self.dirty = true;
        if let Some(mut modal) = self.modals.pop() {
            let depth = self.modals.len();
            if modal.on_paste(text, self) == Outcome::Stay {
                self.modals.insert(depth.min(self.modals.len()), modal);
            }
        }
    }

    fn on_mouse(&mut self, mouse: Mouse) {
        self.dirty = true;
        self.stop_waiting();
        if let Some(mut modal) = self.modals.pop() {
            let depth = self.modals.len();
            if modal.on_mouse(mouse, self) == Outcome::Stay {
                self.modals.insert(depth.min(self.modals.len()), modal);
            }
            return;
        }
        self.point(mouse);
    }

    /// Runs an action by its name; an unknown one is a fault in a key map and said so.
    pub fn run(&mut self, name: &str) {
        match action::find(name) {
            Some(action) => (action.run)(self),
            None => self.notice(Severity::Error, format!("no action is called {name}")),
        }
        self.dirty = true;
    }

    /// Leaves the cockpit; where something that was written would be lost, says so first.
    pub fn quit(&mut self) {
        if self.holds_back_for_drafts() || self.holds_back_for_runs() {
            return;
        }
        self.ask(Effect::Quit);
    }

    /// When something that is shown changes next though nothing arrives.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let after = |at: Timestamp, seconds: i64| at.checked_add(SignedDuration::from_secs(seconds)).ok();
        let seconds = self.settings.config.notices.seconds.into();
        let notice = self.current_notice().and_then(|notice| after(notice.at, seconds));
        let sequence = (!self.pending.is_empty()).then(|| self.which_key_at());
        let goes_on = self.moment.is_none() && self.player.is_none_or(|p| p.playing);
        let world = goes_on.then(|| self.world.next_change()).flatten();
        let soon = self.now.checked_add(SignedDuration::from_millis(1)).ok();
        let judge = self.world.judge_at().and_then(|at| Some(at.max(soon?))).filter(|_| self.player.is_none());
        // The clock in the header shows minutes while nothing arrives.
        let minute =
            if self.player.is_none() { after(self.now, 60 - self.now.as_second().rem_euclid(60)) } else { None };
        let ticks = self.shows_young(self.visible_topics()) || self.modals.iter().any(|modal| modal.ticks(self));
        let second = (goes_on && ticks).then(|| after(self.now, 1)).flatten();
        let second = second.and_then(|at| at.round(jiff::Unit::Second).ok());
        // A time that is over is done at the next event of any kind.
        let capture = self.capture_wake().map(|at| soon.map_or(at, |soon| at.max(soon)));
        [second, notice, sequence, world, judge, minute, self.logs_wake(), capture]
            .into_iter()
            .flatten()
            .filter(|at| *at > self.now)
            .min()
    }
}
