//! Colours by role. A pane names a role, never a colour. Themes are data (`themes/*.toml`, and the user's beside them).

pub mod colour;
pub mod file;

use ratatui::style::{Modifier, Style};

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What a piece of the screen means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role { $($(#[$doc])* $name,)* }

        impl Role {
            /// Every role, in the order of declaration.
            pub const ALL: &'static [Role] = &[$(Role::$name,)*];
            /// The role's word in theme files.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

roles! {
    /// Anything that has no other role; its background is the screen's.
    Text = "text",
    /// What may be overlooked.
    Dim = "dim",
    /// Titles of panes and pages.
    Title = "title",
    Border = "border",
    BorderFocused = "border-focused",
    /// Headings of columns.
    Header = "header",
    /// The selected row or choice.
    Selected = "selected",
    /// A marked row.
    Marked = "marked",
    /// Keys in hints and help.
    Key = "key",
    /// The part of a text that matched a search.
    Match = "match",
    Ok = "ok",
    Info = "info",
    Warn = "warn",
    Error = "error",
    Critical = "critical",
    Unknown = "unknown",
    /// First curve of a graph, and bars.
    Graph1 = "graph1",
    Graph2 = "graph2",
    Graph3 = "graph3",
    /// The word READ-ONLY.
    ReadOnly = "read-only",
    /// The word ARMED.
    Armed = "armed",
    /// Everything that says that this is not now: the past, a recording.
    Past = "past",
    /// Where a graph's cursor stands.
    Cursor = "cursor",
}

/// A style for each role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    pub name: String,
    styles: Vec<Style>,
}

impl Theme {
    /// A theme from a function that gives each role its style.
    pub fn new(name: &str, style: impl Fn(Role) -> Style) -> Self {
        Self { name: name.into(), styles: Role::ALL.iter().map(|role| style(*role)).collect() }
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// No colour at all: weight and reversal only. Also what every other theme falls back to.
    pub fn monochrome() -> Self {
        Self::new("monochrome", |role| {
            let plain = Style::new();
            match role {
                Role::Selected | Role::Armed | Role::Past => plain.add_modifier(Modifier::REVERSED),
                Role::Title | Role::Header | Role::Key | Role::BorderFocused | Role::Critical | Role::Error => {
                    plain.add_modifier(Modifier::BOLD)
                }
                Role::Match | Role::Marked | Role::Cursor => plain.add_modifier(Modifier::UNDERLINED),
                Role::Dim => plain.add_modifier(Modifier::DIM),
                _ => plain,
            }
        })
    }
}
