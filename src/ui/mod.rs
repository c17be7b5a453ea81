//! What panes share to draw with: theme, glyphs, the scene, and widgets.

pub mod figures;
pub mod gauge;
pub mod glyphs;
pub mod graph;
pub mod lines;
pub mod paint;
pub mod scene;
pub mod table;
pub mod theme;
