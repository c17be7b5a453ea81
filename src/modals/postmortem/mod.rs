//! The postmortem of an incident over the whole screen: at the left its parts, at the right the chosen one. What the record knows is filled
//! in and cites its events; the rest is written in place.

mod acts;
mod editor;
mod parts;

use super::{
    Modal, Outcome,
    window::{self, Motion},
};
use crate::{
    app::{App, postmortem::written},
    incident::{
        Incident,
        postmortem::{Postmortem, next, wording::Wording},
    },
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        journal::{IncidentId, Sev},
        object::ObjectKind,
        units,
    },
    ui::{lines, paint, scene::Scene, theme::Role},
    world::runs,
};
use editor::Editor;
use parts::{PARTS, Part};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use std::{
    cell::{Ref, RefCell},
    sync::Arc,
};

/// Columns of the list of parts.
const OUTLINE: u16 = 25;
/// From so many columns on the list stands beside the chosen part.
const BOTH: u16 = 60;

/// The window.
pub struct PostmortemModal {
    incident: IncidentId,
    /// Which of the parts is chosen.
    at: usize,
    scroll: usize,
    writing: Option<Editor>,
    wording: Wording,
    /// What was made of the record, and of which state of it: to make it takes long where much happened.
    made: RefCell<Option<((u64, usize), Postmortem<'static>)>>,
}

/// Opens the postmortem of the incident that is meant: whose page is open, which is selected, which is shown, or that was resolved last.
pub fn open(app: &mut App) {
    let Some(incident) = meant(app) else {
        return app.notice(Severity::Info, "there is no incident: incident-declare (I) declares one");
    };
    app.show_incident(Some(incident.id));
    let people: Vec<&str> = incident.participants.iter().map(|person| person.name.as_str()).collect();
    let wording = Wording::among(&people);
    let (incident, made) = (incident.id, RefCell::new(None));
    window::open(app, Box::new(PostmortemModal { incident, at: 0, scroll: 0, writing: None, wording, made }));
}

fn meant(app: &App) -> Option<Arc<Incident>> {
    let incidents = &app.shown().incidents;
    let targets = app.targets().unwrap_or_default();
    let object = targets.first().filter(|object| object.kind == ObjectKind::Incident);
    let named = object.and_then(|object| incidents.get(&object.id));
    named.or_else(|| incidents.shown()).or_else(|| incidents.all().first()).cloned()
}

impl PostmortemModal {
    fn incident(&self, app: &App) -> Option<Arc<Incident>> {
        app.shown().incidents.all().iter().find(|incident| incident.id == self.incident).cloned()
    }

    /// The postmortem as it stands, made anew where the record is another.
    fn made(&self, scene: &Scene<'_>) -> Option<Ref<'_, Postmortem<'static>>> {
        let incidents = &scene.world.incidents;
        let incident = incidents.all().iter().find(|incident| incident.id == self.incident)?;
        let stamp = incidents.stamp();
        let mut kept = self.made.borrow_mut();
        if kept.as_ref().is_none_or(|(of, _)| *of != stamp) {
            let record = incidents.whole_record();
            let made =
                Postmortem::of(incident, &record, incidents.names(), runs::measured(incident.id, &record), scene.now);
            *kept = Some((stamp, made.into_owned()));
        }
        if let Some((_, made)) = kept.as_mut() {
            made.now = scene.now;
        }
        drop(kept);
        Ref::filter_map(self.made.borrow(), |kept| kept.as_ref().map(|(_, made)| made)).ok()
    }

    fn part(&self) -> Part {
        PARTS[self.at.min(PARTS.len() - 1)]
    }

    fn choose(&mut self, at: usize) {
        self.at = at.min(PARTS.len() - 1);
        self.scroll = 0;
    }

    /// Begins to write the chosen part, or goes on with what was not saved.
    fn write(&mut self, app: &mut App) {
        let Part::Written(section) = self.part() else {
            let text = "the record fills this part in; what people write are the parts from Summary to luck";
            return app.notice(Severity::Info, text);
        };
        let Some(incident) = self.incident(app) else { return };
        if app.is_past() {
            return;
        }
        let (text, over) = match app.unsaved(&incident, section) {
            Some(unsaved) if !unsaved.sent => (unsaved.text.clone(), unsaved.over),
            Some(sent) => (sent.text.clone(), written(&incident, section)),
            None => {
                let stands = incident.postmortem.sections.get(&section);
                (stands.map_or_else(String::new, |stands| stands.text.clone()), written(&incident, section))
            }
        };
        let style = app.settings.theme.style(Role::Text);
        self.writing = Some(Editor::new(section, &text, over, (&self.wording, style)));
    }

    fn on_key_writing(&mut self, mut editor: Editor, key: Key, app: &mut App) {
        let Some(incident) = self.incident(app) else { return };
        let section = editor.section;
        if std::mem::take(&mut editor.leaving) {
            match key.code {
                KeyCode::Char('s' | 'y') => drop(app.save_account(&incident, section, &editor.text())),
                KeyCode::Char('k') => app.notice(Severity::Info, "kept here, and not saved yet"),
                KeyCode::Char('d') => app.drop_unsaved(incident.id, section),
                _ => self.writing = Some(editor),
            }
            return;
        }
        match (key.code, key.ctrl) {
            (KeyCode::Char('s'), true) => {
                if !app.save_account(&incident, section, &editor.text()) {
                    self.writing = Some(editor);
                }
                return;
            }
            (KeyCode::Esc, _) => match app.unsaved(&incident, section).is_some_and(|unsaved| !unsaved.sent) {
                true => editor.leaving = true,
                false => return,
            },
            _ => {
                if editor.on_key(key, &self.wording) {
                    app.keep_unsaved(&incident, section, editor.text(), editor.over);
                }
            }
        }
        self.writing = Some(editor);
    }

    fn on_key_reading(&mut self, key: Key, app: &mut App) -> Outcome {
        if window::closes(key, app) || key == Key::char('q') {
            return Outcome::Close;
        }
        let Some(incident) = self.incident(app) else { return Outcome::Close };
        match key.code {
            KeyCode::Enter | KeyCode::Char('e') => self.write(app),
            KeyCode::Char('n') => {
                if acts::step_on(app, &incident).is_err() {
                    self.choose(0);
                }
            }
            KeyCode::Char('b') => acts::step_back(app, &incident),
            KeyCode::Char('t') => super::incident::new_action(app, &incident),
            KeyCode::Char('x') => acts::export(app, &incident, false),
            KeyCode::Char('J') => acts::export(app, &incident, true),
            KeyCode::Char('o') => app.read_timeline(true),
            KeyCode::Tab if key.shift => self.choose((self.at + PARTS.len() - 1) % PARTS.len()),
            KeyCode::Tab => self.choose((self.at + 1) % PARTS.len()),
            _ => {
                if let Some(motion) = Motion::of(key, app, false) {
                    self.step(motion, app);
                }
            }
        }
        Outcome::Stay
    }

    /// Where the list of parts and the chosen part lie in the inside of the window: below its head, above its hints.
    fn places(inner: Rect) -> (Rect, Rect) {
        let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
        if inner.width >= BOTH {
            let outline = Rect { width: OUTLINE, ..body };
            let from = OUTLINE + 1;
            return (outline, Rect { x: body.x + from, width: body.width - from, ..body });
        }
        let outline = Rect { height: 1.min(body.height), ..body };
        (outline, Rect { y: body.y + outline.height, height: body.height - outline.height, ..body })
    }

    fn draw_outline(&self, app: &App, scene: &Scene<'_>, made: &Postmortem<'_>, area: Rect, buffer: &mut Buffer) {
        let list = window::List { area, rows: PARTS.len() };
        for (at, row) in list.shown(self.at) {
            let part = PARTS[at];
            let (role, sign) = part.sign(app, scene, made);
            paint::put(buffer, row, (1, 0), &format!("{sign:>3}"), scene.style(role));
            let role = if matches!(part, Part::Written(_)) { Role::Text } else { Role::Dim };
            let role = if at == self.at { Role::Selected } else { role };
            let room = Rect { width: row.width.saturating_sub(1), ..row };
            paint::put_cut(scene, buffer, room, (5, 0), part.title(), scene.style(role));
        }
    }

    fn draw_part(&self, app: &App, scene: &Scene<'_>, made: &Postmortem<'_>, area: Rect, buffer: &mut Buffer) {
        if let Some(editor) = &self.writing {
            let newer = made.incident.postmortem.sections.get(&editor.section);
            let newer = newer.filter(|written| Some(written.event) != editor.over).map(|written| {
                let at = units::clock(written.at);
                format!(
                    "{} wrote this part meanwhile, at {at}: saving takes its place, and the record keeps both",
                    written.by
                )
            });
            return editor.draw(scene, area, buffer, newer.as_deref());
        }
        let all = lines::wrap(self.part().lines(app, scene, made), area.width);
        let first = lines::clamp(self.scroll, all.len(), area.height);
        lines::draw(scene, &all, first, area, buffer);
        let below = all.len().saturating_sub(first + usize::from(area.height));
        if below > 0 && !area.is_empty() {
            let last = Rect { y: area.bottom() - 1, height: 1, ..area };
            paint::put_right(buffer, last, (0, 0), &format!(" {below} more lines below "), scene.style(Role::Dim));
        }
    }

    /// The last line: what the keys do, or what is asked.
    fn hint(&self, made: &Postmortem<'_>) -> (Role, String) {
        match &self.writing {
            Some(editor) if editor.leaving => {
                (Role::Warn, "This is not saved.  s save  k keep for later  d throw away  Esc write on".into())
            }
            Some(_) => (Role::Dim, "ctrl-s save  Esc leave  ctrl-u undo".into()),
            None => {
                let on = next(made.incident.postmortem.state());
                let on = on.map_or_else(String::new, |to| format!("n {}  ", to.word()));
                let write = if matches!(self.part(), Part::Written(_)) { "Enter write  " } else { "" };
                (Role::Dim, format!("{write}{on}b back  t action  x Markdown  J JSON  Esc leave"))
            }
        }
    }
}

fn head(made: &Postmortem<'_>, scene: &Scene<'_>) -> Vec<(Role, String)> {
    let incident = &*made.incident;
    let sep = scene.glyphs.separator;
    let sev = incident.worst_severity().map_or(units::UNKNOWN, Sev::word);
    let (role, due) = parts::due(made);
    let mut words = vec![
        (Role::Title, incident.postmortem.state().word().to_owned()),
        (Role::Dim, format!(" {sep} {sev} {sep} ")),
        (role, due),
    ];
    if !made.remarks.is_empty() {
        let count = made.remarks.len();
        let what = if count == 1 { "wording" } else { "wordings" };
        words.push((Role::Warn, format!(" {sep} {count} {what} to look at")));
    }
    words
}

impl Modal for PostmortemModal {
    fn name(&self) -> &'static str {
        "postmortem"
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(made) = self.made(scene) else { return };
        let title = format!("Postmortem of {}: {}", made.incident.name, made.incident.title);
        let inner = window::draw(scene, buffer, area, &title, "");
        let mut x = 1;
        for (role, words) in head(&made, scene) {
            x += paint::put_cut(scene, buffer, inner, (x, 0), &words, scene.style(role));
        }
        let (outline, body) = Self::places(inner);
        self.draw_outline(app, scene, &made, outline, buffer);
        self.draw_part(app, scene, &made, body, buffer);
        if inner.height > 2 {
            let (role, hint) = self.hint(&made);
            paint::put_cut(scene, buffer, inner, (1, inner.height - 1), &hint, scene.style(role));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        if let Some(editor) = self.writing.take() {
            self.on_key_writing(editor, key, app);
            return Outcome::Stay;
        }
        self.on_key_reading(key, app)
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Outcome {
        let incident = self.incident(app);
        if let (Some(editor), Some(incident)) = (&mut self.writing, incident)
            && !editor.leaving
            && editor.on_paste(text, &self.wording)
        {
            app.keep_unsaved(&incident, editor.section, editor.text(), editor.over);
        }
        Outcome::Stay
    }

    /// Lines choose a part, pages scroll in it.
    fn step(&mut self, motion: Motion, app: &mut App) {
        if self.writing.is_some() {
            return;
        }
        match motion {
            Motion::Pages(step) => {
                let page = usize::from(window::screen(app).height.saturating_sub(6)).max(1);
                self.scroll = self.scroll.saturating_add_signed(step * page as isize).min(self.most_scroll(app));
            }
            motion => self.choose(motion.from(self.at, PARTS.len() - 1, PARTS.len())),
        }
    }

    fn press(&mut self, at: Position, app: &mut App) -> Outcome {
        let (outline, _) = Self::places(window::inside(window::screen(app)));
        let list = window::List { area: outline, rows: PARTS.len() };
        if let Some(row) = list.at(self.at, at).filter(|_| self.writing.is_none()) {
            self.choose(row);
        }
        Outcome::Stay
    }
}

impl PostmortemModal {
    /// How far the chosen part can be scrolled.
    fn most_scroll(&self, app: &App) -> usize {
        let scene = app.scene();
        let Some(made) = self.made(&scene) else { return 0 };
        let (_, body) = Self::places(window::inside(window::screen(app)));
        let all = lines::wrap(self.part().lines(app, &scene, &made), body.width).len();
        all.saturating_sub(usize::from(body.height))
    }
}

#[cfg(test)]
mod tests;
