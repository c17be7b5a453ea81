//! Log lines as text: into the clipboard, and into files.

use super::{
    App,
    effect::{CLIPBOARD_BYTES, Effect},
};
use crate::{
    model::{
        attention::Severity,
        logs::{LineKind, LogLine},
        units,
    },
    pages,
    view::log::Viewer,
};
use std::fmt::Write as _;

impl App {
    /// Copies the marked lines, or the one where one stands.
    pub fn copy_log_lines(&mut self) {
        let Some(viewer) = &self.view.logs else { return };
        let marked = viewer.marks.iter().filter_map(|number| viewer.store.line(*number));
        let mut lines: Vec<_> = marked.collect();
        if lines.is_empty() {
            lines.extend(viewer.current().map(|(_, line)| line));
        }
        if lines.is_empty() {
            return self.notice(Severity::Info, "there is no line that could be copied");
        }
        let text: Vec<&str> = lines.iter().map(|line| &*line.text).collect();
        let (text, count) = (text.join("\n"), lines.len());
        if text.len() > CLIPBOARD_BYTES {
            return self.notice(Severity::Warn, "the marked lines are too much for the clipboard: save them");
        }
        let what = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        self.ask(Effect::Copy { text, what });
    }

    /// Writes the lines that are shown into a file, below a few lines that say what they are.
    pub fn save_logs(&mut self) {
        let Some(viewer) = &self.view.logs else { return };
        if viewer.store.shown().is_empty() {
            return self.notice(Severity::Info, "there is no line that could be saved");
        }
        let (kind, name) = (viewer.object.kind.word(), pages::name(self.shown(), &viewer.object));
        let content = written(viewer, &format!("{kind} {name}"), &units::date_clock(self.now));
        let safe: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' }).collect();
        let safe = &safe[..safe.len().min(60)];
        let file = format!("flightdeck-logs-{safe}-{{stamp}}.log");
        let what = format!("{} lines", viewer.store.shown().len());
        self.ask(Effect::Write { name: file.into(), content, what });
    }
}

/// The lines that are shown, with a head.
fn written(viewer: &Viewer, what: &str, now: &str) -> String {
    let store = &viewer.store;
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(text, "# lines of {what}, saved {now} by flightdeck; secrets are redacted");
    let shown = || store.shown().iter().filter_map(|number| store.line(*number));
    if let (Some(first), Some(last)) = (shown().next(), shown().next_back()) {
        let _ = writeln!(text, "# {} lines from {} to {}", store.shown().len(), first.at, last.at);
    }
    let names: Vec<_> = viewer.origins.iter().map(|origin| origin.name.as_str()).collect();
    let _ = writeln!(text, "# from {}{}", names.join(" "), if viewer.previous { " (previous run)" } else { "" });
    if viewer.judge.hides() {
        let (filter, level) = (&viewer.judge.filter, viewer.judge.least.word());
        let hidden: Vec<_> = viewer.judge.hidden.iter().map(|name| name.as_str()).collect();
        let _ = writeln!(text, "# filter: {filter} level: {level} hidden: {}", hidden.join(" "));
    }
    if store.dropped + store.lost > 0 {
        let _ = writeln!(text, "# missing: {} older, {} that came too fast", store.dropped, store.lost);
    }
    for line in shown() {
        write_line(&mut text, viewer, line);
    }
    text
}

fn write_line(text: &mut String, viewer: &Viewer, line: &LogLine) {
    let _ = write!(text, "{} ", line.at);
    if viewer.origins.len() > 1
        && let Some(origin) = viewer.origins.get(usize::from(line.origin))
    {
        let _ = write!(text, "{} ", origin.name);
    }
    if line.kind == LineKind::Marker {
        text.push_str("# ");
    }
    text.push_str(&line.text);
    text.push('\n');
}
