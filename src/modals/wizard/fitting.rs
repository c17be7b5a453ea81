//! Which of several runbooks that fit.

use crate::{
    app::App,
    modals::picker::{Choices, Item},
};

struct FittingChoices;

/// The runbooks that fit what is selected.
pub static FITTING: &dyn Choices = &FittingChoices;

impl Choices for FittingChoices {
    fn name(&self) -> &'static str {
        "fitting"
    }
    fn title(&self) -> &'static str {
        "Runbooks that fit"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let found = app.fitting().unwrap_or_default();
        let item = |fitting: crate::app::runs::Fitting| Item {
            value: fitting.runbook.clone(),
            title: fitting.runbook,
            detail: fitting.title,
            on: None,
        };
        found.into_iter().map(item).collect()
    }
    fn choose(&self, app: &mut App, value: &str) {
        let found = app.fitting().unwrap_or_default();
        if let Some(fitting) = found.into_iter().find(|fitting| fitting.runbook == value) {
            super::prepare(app, &fitting.runbook, fitting.values);
        }
    }
    fn none(&self) -> &'static str {
        "no runbook fits this"
    }
}
