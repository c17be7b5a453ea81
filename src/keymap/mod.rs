//! Key sequences to actions. Key maps are data (`keymaps/*.toml`, overlaid by the user's).

use crate::model::input::Key;
use std::collections::BTreeMap;

/// Where a key means something. The narrower one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One pane, by its name.
    Pane(&'static str),
    /// Any pane with a list.
    List,
    /// Any pane with graphs.
    Graph,
    /// A pane or page that scrolls text.
    Text,
    /// The page of an object.
    Object,
    /// While a recording is played or the past is shown.
    Player,
    Global,
}

/// What a sequence of keys leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// To this action.
    Action(&'static str),
    /// To several, after more keys.
    More,
    /// To nothing.
    Nothing,
}

/// All bindings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Keymap {
    bindings: BTreeMap<(Scope, Vec<Key>), &'static str>,
}

impl Keymap {
    /// Binds a sequence, replacing what it meant in this scope.
    pub fn bind(&mut self, scope: Scope, keys: Vec<Key>, action: &'static str) {
        self.bindings.insert((scope, keys), action);
    }

    /// What a sequence leads to, the first scope that knows it deciding.
    pub fn look_up(&self, scopes: &[Scope], keys: &[Key]) -> Lookup {
        for scope in scopes {
            let from = (*scope, keys.to_vec());
            let Some(((_, found), action)) = self.bindings.range(from..).next() else { continue };
            let in_scope = self.bindings.range((*scope, keys.to_vec())..).next().is_some_and(|((s, _), _)| s == scope);
            if in_scope && found == keys {
                return Lookup::Action(action);
            }
            if in_scope && found.starts_with(keys) {
                return Lookup::More;
            }
        }
        Lookup::Nothing
    }

    /// The shortest sequence that leads to an action in these scopes.
    pub fn keys_for(&self, scopes: &[Scope], action: &str) -> Option<&[Key]> {
        let matching = self.bindings.iter().filter(|((scope, _), bound)| **bound == action && scopes.contains(scope));
        matching.map(|((_, keys), _)| keys.as_slice()).min_by_key(|keys| keys.len())
    }

    /// Every binding of a scope: sequence and action.
    pub fn in_scope(&self, scope: Scope) -> impl Iterator<Item = (&[Key], &'static str)> {
        self.bindings
            .iter()
            .filter(move |((s, _), _)| *s == scope)
            .map(|((_, keys), action)| (keys.as_slice(), *action))
    }
}
