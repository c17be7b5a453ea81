//! What a pane gets to draw from. It is read-only: drawing changes neither the world nor the view.

use super::{
    glyphs::Glyphs,
    theme::{Role, Theme},
};
use crate::{
    keymap::Keymap,
    model::{
        Timestamp,
        attention::Severity,
        health::Health,
        series::{Series, SeriesKey, SeriesStore},
        source::SourceState,
    },
    view::View,
    world::World,
};
use ratatui::style::Style;

/// Everything that drawing may look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The world that is shown: the live one, or a moment of the past.
    pub world: &'a World,
    /// History of the live world; it reaches back over every moment that can be shown.
    pub series: &'a SeriesStore,
    pub view: &'a View,
    pub theme: &'a Theme,
    pub glyphs: &'a Glyphs,
    pub keymap: &'a Keymap,
    /// The time that is shown: ages count from here.
    pub now: Timestamp,
    /// Whether the pane being drawn has the focus.
    pub focused: bool,
}

impl<'a> Scene<'a> {
    /// The theme's style for a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Role of a severity.
    pub const fn severity_role(severity: Severity) -> Role {
        match severity {
            Severity::Critical => Role::Critical,
            Severity::Error => Role::Error,
            Severity::Warn => Role::Warn,
            Severity::Unknown => Role::Unknown,
            Severity::Info => Role::Info,
        }
    }

    /// Role of how an object is doing: a colour only where something is wrong.
    pub fn health_role(health: Health) -> Role {
        health.severity().map_or(Role::Text, Self::severity_role)
    }

    /// Role of a source's freshness.
    pub const fn source_role(state: SourceState) -> Role {
        match state {
            SourceState::Ok => Role::Ok,
            SourceState::Waiting | SourceState::Off => Role::Dim,
            SourceState::Stale => Role::Unknown,
            SourceState::Down => Role::Error,
        }
    }

    /// History of a figure.
    pub fn history(&self, key: impl Into<SeriesKey>) -> Option<&'a Series> {
        self.series.get(&key.into())
    }
}
