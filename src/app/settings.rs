//! What the configuration, the flags and the terminal's abilities come to, ready for use.

use crate::{
    config::Config,
    keymap::Keymap,
    ui::{glyphs::Glyphs, theme::Theme},
    view::layout::Page,
};

/// The settings in force. Replaced whole when the configuration is read anew.
#[derive(Debug, Clone)]
pub struct Settings {
    pub config: Config,
    pub theme: Theme,
    /// Every theme that can be chosen, the one in force among them.
    pub themes: Vec<Theme>,
    pub glyphs: Glyphs,
    pub keymap: Keymap,
    pub pages: Vec<Page>,
    /// What is wrong with the configuration, each with file and line; the rest works.
    pub warnings: Vec<String>,
}
