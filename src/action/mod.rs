//! One table of everything that a key, the palette or the mouse can ask for. It feeds key maps, palette, help, footer and the
//! README's key table. An action is one entry in one of the lists below, and touches nothing else.

pub mod key_table;

use crate::{
    app::App,
    keymap::{self, Scope},
    panes,
};

/// One line a file of actions.
macro_rules! files {
    ($($file:ident,)*) => {
        $(pub(crate) mod $file;)*
        /// Every list of actions.
        static LISTS: &[&[Action]] = &[$($file::ACTIONS,)* incident::OF_TIMELINE, incident::OF_ACTIONS];
    };
}

files! {
    global,
    list,
    logs,
    graph,
    attention,
    object,
    operate,
    rules,
    processes,
    time,
    player,
    shell,
    k8s,
    engines,
    incident,
    runbooks,
}

/// Something that can be asked for.
pub struct Action {
    /// Name in key maps, in kebab case.
    pub name: &'static str,
    /// A word or two, for footer and palette.
    pub title: &'static str,
    /// One sentence, for the help.
    pub doc: &'static str,
    /// Where it means something.
    pub scope: Scope,
    /// Whether the footer shows it, and how early; 0 is never.
    pub hint: u8,
    pub run: fn(&mut App),
}

/// Declares actions of one scope: `name "title" "doc" hint => handler`.
macro_rules! actions {
    ($scope:expr; $($name:literal $title:literal $doc:literal $hint:literal => $run:expr,)*) => {
        &[$($crate::action::Action { name: $name, title: $title, doc: $doc, scope: $scope, hint: $hint, run: $run },)*]
    };
}
pub(crate) use actions;

/// Every action.
pub fn all() -> impl Iterator<Item = &'static Action> {
    LISTS.iter().copied().flatten()
}

/// The action of this name.
pub fn find(name: &str) -> Option<&'static Action> {
    all().find(|action| action.name == name)
}

/// Names that key maps may use: of the actions and of the panes.
pub fn names() -> keymap::file::Names {
    let panes = panes::PANES.iter().map(|pane| pane.name()).collect();
    keymap::file::Names { actions: all().map(|action| action.name).collect(), panes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_every_action_is_explained() {
        let mut names = BTreeSet::new();
        for action in all() {
            assert!(names.insert(action.name), "{} is declared twice", action.name);
            assert!(action.doc.ends_with('.'), "{}: the sentence has no end", action.name);
            assert!(action.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        }
    }
}
