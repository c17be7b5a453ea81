//! The configuration read anew, while the cockpit runs.

use super::{App, effect::Effect, settings::Settings};
use crate::{config::Config, model::attention::Severity, runbook::definition::Catalogue};
use std::sync::Arc;

impl App {
    /// Takes the runbooks, which are read while the first screen stands already.
    pub(super) fn set_runbooks(&mut self, runbooks: Arc<Catalogue>, problems: Vec<String>) {
        if let Some(moment) = &mut self.moment {
            moment.runbooks = Some(Arc::clone(&runbooks));
        }
        self.world.runbooks = Some(runbooks);
        for problem in problems {
            self.notice(Severity::Warn, problem.clone());
            self.settings.warnings.push(problem);
        }
        self.relayout();
        let what = self.runs.once_read.take();
        // Nothing opens over what an answer has opened meanwhile.
        if let Some(what) = what.filter(|_| self.modals.is_empty()) {
            what(self);
        }
    }

    /// Takes the settings that were read anew, and says what of them waits for a restart.
    pub(super) fn set_settings(&mut self, settings: Settings) {
        if settings.config.mouse != self.settings.config.mouse {
            self.ask(Effect::Mouse(settings.config.mouse));
        }
        // A mode that was chosen by hand stays unless the configuration now says something else.
        if settings.graph_mode() != self.settings.graph_mode() {
            self.view.graph_mode = settings.graph_mode();
        }
        self.settings = settings;
        self.set_manners();
        self.policy.locked = self.settings.config.read_only;
        self.policy.armed &= !self.policy.locked;
        self.policy.protected_processes.clone_from(&self.settings.config.protected_processes);
        self.policy.protect.clone_from(&self.settings.config.protect);
        self.policy.confirm.clone_from(&self.settings.config.confirm);
        let waiting = waiting(&self.started_with, &self.settings.config);
        let need = if waiting.len() == 1 { "needs" } else { "need" };
        let rest = format!("{} {need} a restart", waiting.join(", "));
        match (self.settings.warnings.is_empty(), waiting.is_empty()) {
            (true, true) => self.notice(Severity::Info, "configuration read anew"),
            (true, false) => self.notice(Severity::Info, format!("configuration read anew; {rest}")),
            (false, true) => {}
            (false, false) => self.notice(Severity::Info, rest),
        }
        self.warn_of_settings();
        self.relayout();
    }
}

/// What differs from the start and is in force from a start on only, as it is called in the file.
fn waiting(started: &Config, now: &Config) -> Vec<&'static str> {
    let parts = [
        ("[sources]", started.sources != now.sources),
        ("[recorder]", started.recorder != now.recorder),
        ("[log]", started.log != now.log),
        ("[journal]", started.journal != now.journal),
        ("frames-per-second", started.frames_per_second != now.frames_per_second),
        ("ssh-frames-per-second", started.ssh_frames_per_second != now.ssh_frames_per_second),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::event::{Event, EventKind},
        screen::kit::{app, press},
        view::graph::GraphMode,
    };

    /// The last notice after the configuration was read anew with this change.
    fn reload(app: &mut App, change: impl FnOnce(&mut Config)) -> String {
        let mut settings = app.settings.clone();
        change(&mut settings.config);
        app.update(Event { at: app.now, kind: EventKind::Settings(Box::new(settings)) });
        app.view.notices.last().expect("said").text.clone()
    }

    #[test]
    fn runbooks_that_are_read_later_are_listed_and_fit() {
        let mut app = app((80, 24));
        let mut read = |runbooks: Catalogue, problems| {
            app.update(Event { at: app.now, kind: EventKind::Runbooks(Arc::new(runbooks), problems) });
            (app.world.runbooks.as_ref().map(|all| all.len()), app.view.notices.last().map(|it| it.text.clone()))
        };
        assert_eq!(read(Catalogue::default(), vec![]), (Some(0), None));
        let all = Catalogue::built_in().len();
        let told = read(Catalogue::built_in(), vec!["x.toml: is no file".into()]);
        assert_eq!(told, (Some(all), Some("x.toml: is no file".into())));
    }

    #[test]
    fn what_needs_the_runbooks_waits_until_they_are_read_or_something_else_is_asked() {
        let with = |keys: &str| {
            let mut app = app((80, 24));
            app.world.runbooks = None;
            press(&mut app, keys);
            let said = app.view.notices.last().map(|it| it.text.clone());
            assert_eq!(said.as_deref(), Some("the runbooks are still being read"), "{keys}");
            app.update(Event { at: app.now, kind: EventKind::Runbooks(Arc::default(), vec![]) });
            app.view.notices.last().expect("said").text.clone()
        };
        assert_eq!(with("r j"), "the runbooks are still being read");
        assert_ne!(with("r"), "the runbooks are still being read");
    }

    #[test]
    fn what_waits_for_a_restart_is_named_until_it_is_as_it_was() {
        let mut app = app((80, 24));
        assert_eq!(reload(&mut app, |_| ()), "configuration read anew");
        let text = reload(&mut app, |config| config.recorder.minutes = 60);
        assert_eq!(text, "configuration read anew; [recorder] needs a restart");
        let text = reload(&mut app, |config| config.frames_per_second = 5);
        assert_eq!(text, "configuration read anew; [recorder], frames-per-second need a restart");
        let text = reload(&mut app, |config| {
            config.recorder.minutes = 30;
            config.frames_per_second = 30;
        });
        assert_eq!(text, "configuration read anew");
    }

    #[test]
    fn a_mode_of_graphs_is_taken_at_once() {
        let mut app = app((80, 24));
        app.view.graph_mode = GraphMode::Ascii;
        reload(&mut app, |_| ());
        assert_eq!(app.view.graph_mode, GraphMode::Ascii, "chosen by hand");
        reload(&mut app, |config| config.graph_mode = crate::config::GraphMode::Block);
        assert_eq!(app.view.graph_mode, GraphMode::Block);
    }
}
