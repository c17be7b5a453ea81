//! A runbook on the screen: first its plan, with what was found out before anything is done, then the run of it as a checklist with the step
//! that it is at large beside it, what waits for a person, and what can still be undone. Several people may look at one run; what it
//! says comes from the world, so it is the same for all of them.

mod fitting;
mod parts;
mod plan;
mod prompt;
mod run;
mod step;
#[cfg(test)]
mod tests;

pub use fitting::FITTING;

use super::{Modal, Outcome, window};
use crate::{
    app::App,
    model::{
        attention::Severity,
        input::{Key, KeyCode},
        topic::TopicSet,
    },
    ui::scene::Scene,
};
use plan::PlanStage;
use ratatui::{buffer::Buffer, layout::Rect};
use run::RunStage;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use window::Motion;

/// The screen of a runbook.
pub struct Wizard {
    stage: Stage,
}

enum Stage {
    /// Nothing is done yet.
    Plan(Box<PlanStage>),
    Run(Box<RunStage>),
}

/// Opens the screen for a runbook, and asks what it would do with these values.
pub fn prepare(app: &mut App, runbook: &str, values: BTreeMap<String, Json>) {
    if app.is_past() {
        return;
    }
    if let Err(why) = app.runbook(runbook).map(drop) {
        return app.notice(Severity::Error, why);
    }
    let stage = PlanStage::new(app, runbook, values);
    window::open(app, Box::new(Wizard { stage: Stage::Plan(Box::new(stage)) }));
}

/// Opens the screen of a run, to be watched and answered.
pub fn watch(app: &mut App, run: &str) {
    window::open(app, Box::new(Wizard { stage: Stage::Run(Box::new(RunStage::new(run))) }));
}

impl Modal for Wizard {
    fn name(&self) -> &'static str {
        "wizard"
    }

    fn is_about(&self, run: &str) -> bool {
        matches!(&self.stage, Stage::Run(stage) if stage.run() == run)
    }

    fn topics(&self, app: &App) -> TopicSet {
        match &self.stage {
            Stage::Plan(stage) => stage.topics(app),
            Stage::Run(stage) => stage.topics(app),
        }
    }

    fn ticks(&self, app: &App) -> bool {
        matches!(&self.stage, Stage::Run(stage) if stage.goes_on(app))
    }

    fn draw(&self, app: &App, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        match &self.stage {
            Stage::Plan(stage) => stage.draw(app, scene, area, buffer),
            Stage::Run(stage) => stage.draw(app, scene, area, buffer),
        }
    }

    fn on_answer(&mut self, app: &mut App) {
        if let Stage::Plan(stage) = &mut self.stage
            && let Some(run) = stage.on_answer(app)
        {
            self.stage = Stage::Run(Box::new(RunStage::new(&run)));
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Outcome {
        match &mut self.stage {
            Stage::Plan(stage) => stage.on_key(key, app),
            Stage::Run(stage) => stage.on_key(key, app),
        }
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Outcome {
        match &mut self.stage {
            Stage::Plan(stage) => stage.on_paste(text),
            Stage::Run(stage) => stage.on_paste(text, app),
        }
        Outcome::Stay
    }

    fn step(&mut self, motion: Motion, app: &mut App) {
        match &mut self.stage {
            Stage::Plan(stage) => stage.scroll(motion),
            Stage::Run(stage) => stage.scroll(motion, app),
        }
    }
}

/// Whether a key is this letter.
fn is(key: Key, letter: char) -> bool {
    key.typed() == Some(letter)
}

/// The step that a key means among rows, and none of a page: pages scroll the text beside them.
fn row_step(key: Key) -> Option<isize> {
    match key.code {
        KeyCode::Down => Some(1),
        KeyCode::Up => Some(-1),
        _ if is(key, 'j') => Some(1),
        _ if is(key, 'k') => Some(-1),
        _ => None,
    }
}

/// How a key scrolls the text beside the rows.
fn page_step(key: Key) -> Option<Motion> {
    match key.code {
        KeyCode::PageDown => Some(Motion::Pages(1)),
        KeyCode::PageUp => Some(Motion::Pages(-1)),
        KeyCode::Home => Some(Motion::First),
        KeyCode::End => Some(Motion::Last),
        _ => None,
    }
}
