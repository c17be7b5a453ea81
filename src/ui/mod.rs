//! What panes share to draw with: theme, glyphs, the scene, and widgets.

pub mod glyphs;
pub mod paint;
pub mod scene;
pub mod table;
pub mod theme;
