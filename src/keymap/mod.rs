//! Key sequences to actions. Key maps are data (`keymaps/*.toml`, overlaid by the user's).

pub mod file;

use crate::model::input::Key;
use std::collections::{BTreeMap, BTreeSet};

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
    /// The log viewer.
    Logs,
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
    /// Name, as the configuration and `--keymap` give it.
    pub name: String,
    bindings: BTreeMap<(Scope, Vec<Key>), Bound>,
    /// Rank of the next binding.
    next: i32,
}

/// What a sequence is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    action: &'static str,
    /// Of two sequences that lead to an action, the one of lower rank is shown.
    rank: i32,
}

impl Keymap {
    /// Binds a sequence, replacing what it meant in this scope.
    pub fn bind(&mut self, scope: Scope, keys: Vec<Key>, action: &'static str) {
        self.bindings.insert((scope, keys), Bound { action, rank: self.next });
        self.next += 1;
    }

    /// Takes the meaning of a sequence away; the scopes around it then decide.
    pub fn unbind(&mut self, scope: Scope, keys: &[Key]) {
        self.bindings.remove(&(scope, keys.to_vec()));
    }

    /// Bindings made from here on are shown rather than those that are there: a key map's own keys before inherited ones.
    pub fn prefer_what_follows(&mut self) {
        for bound in self.bindings.values_mut() {
            bound.rank += self.next;
        }
        self.next = 0;
    }

    /// What a sequence leads to, the first scope that knows it deciding.
    pub fn look_up(&self, scopes: &[Scope], keys: &[Key]) -> Lookup {
        for scope in scopes {
            // Sequences that begin with `keys` follow it in the map's order, the exact one first.
            match self.bindings.range((*scope, keys.to_vec())..).next() {
                Some(((at, found), bound)) if at == scope && found == keys => return Lookup::Action(bound.action),
                Some(((at, found), _)) if at == scope && found.starts_with(keys) => return Lookup::More,
                _ => {}
            }
        }
        Lookup::Nothing
    }

    /// Whether a person who types the sequence gets to the action: no scope takes it, or a beginning of it, for something else.
    fn leads(&self, scopes: &[Scope], keys: &[Key], action: &str) -> bool {
        (1..keys.len()).all(|length| self.look_up(scopes, &keys[..length]) == Lookup::More)
            && matches!(self.look_up(scopes, keys), Lookup::Action(found) if found == action)
    }

    /// Bindings of a scope that cannot stand beside this sequence, because one is the beginning of the other.
    pub fn conflicts<'a>(&'a self, scope: Scope, keys: &'a [Key]) -> impl Iterator<Item = (&'a [Key], &'static str)> {
        let clash = move |other: &[Key]| other != keys && (other.starts_with(keys) || keys.starts_with(other));
        self.in_scope(scope).filter(move |(other, _)| clash(other))
    }

    /// The shortest sequence that leads to an action in these scopes. A sequence that a narrower scope takes away leads nowhere.
    pub fn keys_for(&self, scopes: &[Scope], action: &str) -> Option<&[Key]> {
        let bound = self.bindings.iter().filter(|((scope, _), bound)| bound.action == action && scopes.contains(scope));
        let leads = bound.filter(|((_, keys), _)| self.leads(scopes, keys, action));
        leads.min_by_key(|((_, keys), bound)| (keys.len(), bound.rank)).map(|((_, keys), _)| keys.as_slice())
    }

    /// Every sequence of one scope that leads to an action, the preferred first.
    pub fn keys_in(&self, scope: Scope, action: &str) -> Vec<&[Key]> {
        let mut found: Vec<_> =
            self.bindings.iter().filter(|((s, _), bound)| *s == scope && bound.action == action).collect();
        found.sort_by_key(|((_, keys), bound)| (keys.len(), bound.rank));
        found.into_iter().map(|((_, keys), _)| keys.as_slice()).collect()
    }

    /// Every scope in which a sequence leads to an action.
    pub fn scopes_of(&self, action: &str) -> BTreeSet<Scope> {
        self.bindings.iter().filter(|(_, bound)| bound.action == action).map(|((scope, _), _)| *scope).collect()
    }

    /// Every binding of a scope: sequence and action.
    pub fn in_scope(&self, scope: Scope) -> impl Iterator<Item = (&[Key], &'static str)> {
        self.bindings
            .iter()
            .filter(move |((s, _), _)| *s == scope)
            .map(|((_, keys), bound)| (keys.as_slice(), bound.action))
    }

    /// What can follow the keys that were pressed, in these scopes: the next key, and the action that it completes, or `None`
    /// where more keys follow it. By key.
    pub fn continuations(&self, scopes: &[Scope], pressed: &[Key]) -> BTreeMap<Key, Option<&'static str>> {
        let mut next = BTreeMap::new();
        for scope in scopes {
            let of_scope =
                self.in_scope(*scope).filter(|(keys, _)| keys.len() > pressed.len() && keys.starts_with(pressed));
            for (keys, action) in of_scope {
                let completes = (keys.len() == pressed.len() + 1).then_some(action);
                // The narrower scope came first and stays.
                next.entry(keys[pressed.len()]).or_insert(completes);
            }
        }
        next
    }
}

/// A sequence as it is written in key maps: `ctrl-x ctrl-c`.
pub fn written(keys: &[Key]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A sequence as it is shown to people: `Enter`, `PgDn`, `^X ^C`, `⇧Tab` as words that fit a footer.
pub fn shown(keys: &[Key]) -> String {
    keys.iter().map(|key| shown_key(*key)).collect::<Vec<_>>().join(" ")
}

fn shown_key(key: Key) -> String {
    let text = key.to_string();
    let (modifiers, name) = text.rfind('-').map_or(("", text.as_str()), |at| text.split_at(at + 1));
    let name = match name {
        "enter" => "Enter",
        "esc" => "Esc",
        "tab" => "Tab",
        "space" => "Space",
        "backspace" => "Backspace",
        "delete" => "Del",
        "insert" => "Ins",
        "pageup" => "PgUp",
        "pagedown" => "PgDn",
        "home" => "Home",
        "end" => "End",
        "up" => "Up",
        "down" => "Down",
        "left" => "Left",
        "right" => "Right",
        "minus" => "-",
        other => other,
    };
    let modifiers = modifiers.replace("ctrl-", "^").replace("alt-", "Alt-").replace("shift-", "Shift-");
    format!("{modifiers}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCOPES: [Scope; 3] = [Scope::Pane("a"), Scope::List, Scope::Global];
    const ACTIONS: [&str; 3] = ["one", "two", "three"];

    fn keys(text: &str) -> Vec<Key> {
        text.split(' ').map(|key| key.parse().expect("a key")).collect()
    }

    #[test]
    fn the_narrower_scope_decides_and_sequences_of_the_wider_still_work() {
        let mut map = Keymap::default();
        map.bind(Scope::Global, keys("q"), "quit");
        map.bind(Scope::Global, keys("g x"), "wide");
        map.bind(Scope::List, keys("q"), "narrow");
        map.bind(Scope::List, keys("g g"), "first");
        assert_eq!(map.look_up(&SCOPES, &keys("q")), Lookup::Action("narrow"));
        assert_eq!(map.look_up(&SCOPES, &keys("g")), Lookup::More);
        assert_eq!(map.look_up(&SCOPES, &keys("g x")), Lookup::Action("wide"));
        assert_eq!(map.look_up(&SCOPES, &keys("g q")), Lookup::Nothing);
        assert_eq!(map.keys_for(&SCOPES, "quit"), None, "the list took q");
        assert_eq!(map.keys_for(&[Scope::Global], "quit"), Some(keys("q").as_slice()));
        let next: Vec<_> = map.continuations(&SCOPES, &keys("g")).into_values().collect();
        assert_eq!(next, [Some("first"), Some("wide")]);
        map.unbind(Scope::List, &keys("q"));
        assert_eq!(map.look_up(&SCOPES, &keys("q")), Lookup::Action("quit"));
    }

    #[test]
    fn keys_are_shown_as_they_stand_on_keyboards() {
        for (written, expected) in [
            ("ctrl-x ctrl-c", "^x ^c"),
            ("pagedown", "PgDn"),
            ("shift-tab", "Shift-Tab"),
            ("minus", "-"),
            ("alt-x", "Alt-x"),
        ] {
            assert_eq!(shown(&keys(written)), expected);
        }
    }

    fn sequence() -> impl Strategy<Value = Vec<Key>> {
        prop::collection::vec(prop::sample::select(vec!['a', 'b', 'c']).prop_map(Key::char), 1..4)
    }

    proptest! {
        #[test]
        fn look_up_is_what_a_search_through_all_bindings_finds(
            bindings in prop::collection::vec((0usize..3, sequence(), 0usize..3), 0..20),
            typed in sequence(),
        ) {
            let mut map = Keymap::default();
            let mut plain: BTreeMap<(usize, Vec<Key>), &str> = BTreeMap::new();
            for (scope, keys, action) in bindings {
                map.bind(SCOPES[scope], keys.clone(), ACTIONS[action]);
                plain.insert((scope, keys), ACTIONS[action]);
            }
            let of_scope = |scope: usize| {
                let mut all = plain.iter().filter(move |((s, _), _)| *s == scope);
                match plain.get(&(scope, typed.clone())) {
                    Some(action) => Lookup::Action(action),
                    None if all.any(|((_, keys), _)| keys.starts_with(&typed)) => Lookup::More,
                    None => Lookup::Nothing,
                }
            };
            let expected = (0..3).map(of_scope).find(|found| *found != Lookup::Nothing).unwrap_or(Lookup::Nothing);
            prop_assert_eq!(map.look_up(&SCOPES, &typed), expected);
        }

        #[test]
        fn keys_that_are_shown_lead_to_the_action(
            bindings in prop::collection::vec((0usize..3, sequence(), 0usize..3), 0..20),
        ) {
            let mut map = Keymap::default();
            for (scope, keys, action) in bindings {
                map.bind(SCOPES[scope], keys, ACTIONS[action]);
            }
            for action in ACTIONS {
                if let Some(keys) = map.keys_for(&SCOPES, action) {
                    for length in 1..keys.len() {
                        prop_assert_eq!(map.look_up(&SCOPES, &keys[..length]), Lookup::More);
                    }
                    prop_assert_eq!(map.look_up(&SCOPES, keys), Lookup::Action(action));
                }
            }
        }
    }
}
