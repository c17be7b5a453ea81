//! Which of several runbooks that fit.

use crate::{
    app::{App, runs::Fitting},
    modals::picker::{Choices, Item},
};

struct FittingChoices;

/// What tells it from the others, however the list changes meanwhile.
fn named(fitting: &Fitting) -> String {
    format!("{} {}", fitting.runbook, fitting.object)
}

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
        // Of several objects each runbook is there once for every one of them.
        let is_of_many = found.iter().any(|fitting| fitting.object != found[0].object);
        let item = |fitting: &Fitting| Item {
            value: named(fitting),
            title: fitting.runbook.clone(),
            detail: if is_of_many { fitting.object.to_string() } else { fitting.title.clone() },
            on: None,
        };
        found.iter().map(item).collect()
    }
    fn choose(&self, app: &mut App, value: &str) {
        let found = app.fitting().unwrap_or_default();
        if let Some(fitting) = found.into_iter().find(|fitting| named(fitting) == value) {
            super::prepare(app, &fitting.runbook, fitting.values);
        }
    }
    fn none(&self) -> &'static str {
        "no runbook fits this"
    }
}
