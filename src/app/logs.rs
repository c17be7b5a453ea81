//! The log viewer: opened and closed with the page that shows it, so that its streams end when nobody looks.

use super::{App, effect::Effect};
use crate::{
    model::{
        Timestamp,
        attention::Severity,
        logs::{Level, LogBatch, LogRequest, LogTarget, Reach, together},
        object::{ObjectKind, ObjectRef},
    },
    ops::offer,
    pages,
    view::log::{Taste, Times, Viewer, store::Limits},
};
use jiff::{SignedDuration, civil::Time, tz::TimeZone};

/// Shown instead of lines while a recording is played.
const NOT_RECORDED: &str = "lines are read live and are not part of a recording";

impl App {
    /// Whether the log viewer is on the screen.
    pub fn shows_logs(&self) -> bool {
        self.view.stack.last().is_some_and(pages::shows_logs)
    }

    /// Opens the lines of the marked rows, or of the selected one; on an object's page, of the object. Of an event of the journal it is those
    /// of what the event is about, at its time.
    pub fn open_logs(&mut self) {
        let chosen = match self.view.stack.last() {
            Some(page) => vec![page.object.clone()],
            None => self.chosen_objects(),
        };
        if let [event] = chosen.as_slice()
            && let Some((object, at)) = self.written_about(event)
        {
            return self.open_logs_at(object, at);
        }
        if let Some(page) = self.view.stack.last_mut() {
            match pages::logs_tab(&page.object) {
                Some(tab) => page.tab = tab,
                None => {
                    let text = format!("no lines: {} writes none", page.object.kind.word());
                    self.notice(Severity::Info, text);
                }
            }
            return self.touch();
        }
        let chosen = self.chosen_objects();
        let (written, silent): (Vec<_>, Vec<_>) =
            chosen.into_iter().partition(|object| LogTarget::of(object).is_some());
        let object = match (written.as_slice(), silent.first()) {
            ([], Some(object)) => {
                return self.notice(Severity::Info, format!("no lines: {} writes none", object.kind.word()));
            }
            ([], None) => return self.notice(Severity::Info, "no row is selected"),
            ([one], _) => one.clone(),
            (several, _) => together(several),
        };
        self.open(object);
        if let Some(page) = self.view.stack.last_mut() {
            page.tab = pages::logs_tab(&page.object).unwrap_or(0);
        }
    }

    /// What an event of the journal is about, where that writes lines, and when it happened.
    fn written_about(&self, event: &ObjectRef) -> Option<(ObjectRef, Timestamp)> {
        if event.kind != ObjectKind::Event {
            return None;
        }
        let header = &self.shown().incidents.event(&event.id)?.header;
        let object = header.object.clone().filter(|object| LogTarget::of(object).is_some())?;
        Some((object, header.occurred_at))
    }

    /// Opens the lines of an object, as far back as a time and held there until one moves.
    fn open_logs_at(&mut self, object: ObjectRef, at: Timestamp) {
        let Some(tab) = pages::logs_tab(&object) else { return };
        let age = self.now.duration_since(at).as_secs();
        let reaches = |reach: Reach| reach.seconds().is_some_and(|seconds| i64::from(seconds) >= age);
        self.view.log_taste.reach = [Reach::Minute, Reach::FiveMinutes, Reach::Hour]
            .into_iter()
            .find(|one| reaches(*one))
            .unwrap_or(Reach::All);
        self.open(object);
        self.logs_at = Some(at);
        if let Some(page) = self.view.stack.last_mut() {
            page.tab = tab;
        }
    }

    /// Whether an action is of use where one stands: lines can be opened where something writes them.
    pub fn has_use_for(&self, action: &str) -> bool {
        match action {
            "logs" => self
                .chosen_objects()
                .first()
                .is_some_and(|object| LogTarget::of(object).is_some() || self.written_about(object).is_some()),
            "object-logs" if self.view.stack.last().is_some_and(|page| self.written_about(&page.object).is_some()) => {
                true
            }
            "object-logs" => {
                let tab = self.view.stack.last().and_then(|page| pages::logs_tab(&page.object));
                tab.is_some() && !self.shows_logs()
            }
            "operate-exec" => self.is_offered("exec"),
            "operate-scale" => self.is_offered("scale"),
            "operate-edit" => self.is_offered("edit"),
            _ => true,
        }
    }

    /// Whether an operation fits what is open or selected.
    fn is_offered(&self, word: &str) -> bool {
        let open = self.view.stack.last().map(|page| page.object.clone());
        let target = open.or_else(|| self.chosen_objects().into_iter().next());
        target.is_some_and(|target| offer::find(word, &target).is_some())
    }

    /// The objects of the marked rows of the focused list, or of the selected one.
    fn chosen_objects(&self) -> Vec<ObjectRef> {
        let Some((name, table)) = self.focused_table() else { return Vec::new() };
        let (list, world) = (&self.view.pane(name).list, self.shown());
        let rows = if list.marked.is_empty() {
            list.row().filter(|row| *row < table.len(world)).into_iter().collect()
        } else {
            list.marked_rows(table, world)
        };
        rows.into_iter().filter_map(|row| table.object(world, row)).collect()
    }

    /// After every event: the viewer is that of the page that is shown, or there is none.
    pub(super) fn settle_logs(&mut self) {
        let wanted = self.view.stack.last().filter(|page| pages::shows_logs(page)).map(|page| &page.object);
        if wanted == self.view.logs.as_ref().map(|viewer| &viewer.object) {
            return;
        }
        let Some(object) = wanted.cloned() else {
            self.view.logs = None;
            self.logs_at = None;
            return self.ask(Effect::Logs(None));
        };
        let config = &self.settings.config.logs;
        let bytes = usize::try_from(config.bytes).unwrap_or(usize::MAX);
        let limits = Limits { lines: config.lines as usize, bytes };
        let mut viewer = Viewer::new(object, 0, limits);
        viewer.note = self.player.is_some().then_some(NOT_RECORDED);
        self.view.logs = Some(Box::new(viewer));
        self.request_logs();
        self.touch();
    }

    /// Asks for the lines anew, as reach and run are set now.
    fn request_logs(&mut self) {
        let live = self.player.is_none();
        let reach = self.view.log_taste.reach;
        let most = self.settings.config.logs.lines;
        let Some(viewer) = &mut self.view.logs else { return };
        self.logs_asked += 1;
        viewer.restart(self.logs_asked);
        let objects = crate::model::logs::apart(&viewer.object);
        let request = LogRequest {
            id: self.logs_asked,
            targets: objects.iter().filter_map(LogTarget::of).collect(),
            since_seconds: reach.seconds(),
            tail: if reach == Reach::Tail { Reach::TAIL.min(most) } else { most },
            follow: !viewer.previous,
            previous: viewer.previous,
        };
        self.ask(Effect::Logs(live.then_some(request)));
        self.hold_logs();
    }

    /// Takes lines; those of an older request are of no use any more.
    pub(super) fn take_logs(&mut self, batch: LogBatch) {
        if let Some(viewer) = self.view.logs.as_mut().filter(|viewer| viewer.id == batch.id) {
            viewer.take(batch);
            let held = viewer.held.filter(|_| !viewer.follow);
            self.dirty = true;
            if held.is_some() {
                self.hold_logs();
            }
        }
    }

    /// Holds the lines at the moment of the past that is shown, or at the event that they were opened for; otherwise they follow again.
    pub(super) fn hold_logs(&mut self) {
        match self.moment.as_ref().map(|world| world.now).or(self.logs_at) {
            Some(at) => drop(self.with_logs(|viewer, taste, size| viewer.hold(at, taste, size))),
            None => {
                if let Some(viewer) = self.view.logs.as_mut().filter(|viewer| viewer.held.is_some()) {
                    (viewer.held, viewer.follow) = (None, true);
                }
            }
        }
    }

    /// Goes on with a filter that has not judged every line yet.
    pub(super) fn go_on_with_logs(&mut self) {
        if let Some(viewer) = self.view.logs.as_mut().filter(|viewer| viewer.store.is_judging()) {
            viewer.judge_some();
        }
    }

    /// When the viewer has something to do by itself: a filter to go on with, or ages that grow.
    pub(super) fn logs_wake(&self) -> Option<Timestamp> {
        let viewer = self.view.logs.as_ref()?;
        let after = if viewer.store.is_judging() {
            SignedDuration::from_millis(1)
        } else if self.view.log_taste.times == Times::Age && !viewer.store.is_empty() {
            SignedDuration::from_millis(1_000 - self.now.as_millisecond().rem_euclid(1_000))
        } else {
            return None;
        };
        self.now.checked_add(after).ok()
    }

    /// Lends out the viewer that is on the screen, with how lines are shown and the size that it has for them.
    pub fn with_logs<T>(&mut self, change: impl FnOnce(&mut Viewer, &Taste, (u16, u16)) -> T) -> Option<T> {
        let area = self.work_area();
        let size = pages::logs_size(self.view.stack.last().filter(|page| pages::shows_logs(page))?, area);
        let taste = &self.view.log_taste;
        let viewer = self.view.logs.as_mut()?;
        self.dirty = true;
        Some(change(viewer, taste, size))
    }

    /// Changes how lines are shown.
    pub fn change_log_taste(&mut self, change: impl FnOnce(&mut Taste)) {
        change(&mut self.view.log_taste);
        self.touch();
    }

    /// Reaches further back, or less far.
    pub fn turn_log_reach(&mut self) {
        self.view.log_taste.reach = self.view.log_taste.reach.next();
        self.request_logs();
        self.touch();
    }

    /// Shows the run before this one, or this one again.
    pub fn toggle_previous_logs(&mut self) {
        let Some(viewer) = &mut self.view.logs else { return };
        viewer.previous = !viewer.previous;
        self.request_logs();
        self.touch();
    }

    /// Shows only lines of at least warn, then of error, then all.
    pub fn turn_log_level(&mut self) {
        self.with_logs(|viewer, _, _| {
            viewer.judge.least = match viewer.judge.least {
                Level::Unknown => Level::Warn,
                Level::Warn => Level::Error,
                _ => Level::Unknown,
            };
            viewer.judge_anew();
        });
    }

    /// Goes to the next line that the search finds, or the one before.
    pub fn go_to_log_hit(&mut self, forward: bool) {
        let found = self
            .with_logs(|viewer, taste, size| (viewer.judge.find.is_empty(), viewer.go_to_hit(forward, taste, size)));
        match found {
            Some((true, _)) => self.notice(Severity::Info, "nothing is searched for: f searches"),
            Some((_, false)) => self.notice(Severity::Info, "nothing is found"),
            _ => {}
        }
    }

    /// Marks the line where one stands, or takes its mark away, and goes on to the next.
    pub fn mark_log_line(&mut self) {
        self.with_logs(|viewer, taste, size| {
            let Some((number, _)) = viewer.current() else { return };
            if !viewer.marks.remove(&number) {
                viewer.marks.insert(number);
            }
            if !viewer.follow {
                viewer.step(1, taste, size);
            }
        });
    }

    /// Goes to the next marked line, around the end.
    pub fn go_to_log_mark(&mut self) {
        self.with_logs(|viewer, taste, size| {
            let here = if viewer.follow { u64::MAX } else { viewer.cursor };
            let next = viewer.marks.range(here.saturating_add(1)..).next().or_else(|| viewer.marks.first()).copied();
            if let Some(next) = next {
                viewer.stand_at(viewer.store.place(next), taste, size);
            }
        });
    }

    /// Scrolls long lines sideways; says whether there was anything to scroll.
    pub fn scroll_log(&mut self, step: isize) -> bool {
        let scrolled = self.with_logs(|viewer, taste, _| {
            let before = viewer.shift;
            if step < 0 || !(taste.wrap || viewer.store.is_empty()) {
                viewer.shift = before.saturating_add_signed(step).min(1 << 14);
            }
            viewer.shift != before
        });
        scrolled.unwrap_or(false)
    }

    /// Goes to the first line at a time, or after it: `hh:mm`, `hh:mm:ss` of the last 24 hours, or RFC 3339.
    ///
    /// # Errors
    /// Where it is no time, or no line is that young.
    pub fn go_to_log_time(&mut self, text: &str) -> Result<(), String> {
        let at = read_time(text, self.now)
            .ok_or_else(|| format!("«{text}» is no time: write 02:14, 02:14:07 (UTC) or 2026-11-23T02:14:07Z"))?;
        let went = self.with_logs(|viewer, taste, size| {
            let number = viewer.store.at_time(at)?;
            viewer.stand_at(viewer.store.place(number), taste, size);
            Some(())
        });
        went.flatten().ok_or_else(|| "no line is that young".to_owned())
    }
}

/// A time as it is typed; one of day is the last one before now.
fn read_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let clock = text.trim_end_matches(['Z', 'z']);
    let parts: Vec<i8> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let time = match parts.as_slice() {
        [hour, minute] => Time::new(*hour, *minute, 0, 0),
        [hour, minute, second] => Time::new(*hour, *minute, *second, 0),
        _ => return None,
    };
    let date = now.to_zoned(TimeZone::UTC).date();
    let at = date.to_datetime(time.ok()?).to_zoned(TimeZone::UTC).ok()?.timestamp();
    if at > now { at.checked_sub(SignedDuration::from_hours(24)).ok() } else { Some(at) }
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
