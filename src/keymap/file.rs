//! Key maps from files. What is wrong in one is left out and named with file and line; the rest works.

use super::{Keymap, Scope, written};
use crate::model::{
    input::Key,
    nearest::did_you_mean,
    spots::{self, Place, Problem, Spot},
};
use std::collections::BTreeMap;

/// The key maps that come with the program.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("default", include_str!("../../keymaps/default.toml")),
    ("vim", include_str!("../../keymaps/vim.toml")),
    ("emacs", include_str!("../../keymaps/emacs.toml")),
];

/// Words of the scopes in key maps.
const SCOPES: [(&str, Scope); 7] = [
    ("global", Scope::Global),
    ("list", Scope::List),
    ("text", Scope::Text),
    ("graph", Scope::Graph),
    ("object", Scope::Object),
    ("player", Scope::Player),
    ("logs", Scope::Logs),
];

/// A key map's text, not yet read.
#[derive(Debug, Clone, PartialEq)]
pub struct KeymapFile<'a> {
    /// The file's name without its ending.
    pub name: &'a str,
    /// The file, as problems name it.
    pub file: &'a str,
    pub text: &'a str,
}

/// Names that a key map may use.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Names {
    pub actions: Vec<&'static str>,
    pub panes: Vec<&'static str>,
}

impl Names {
    fn action(&self, name: &str) -> Result<&'static str, String> {
        self.actions.iter().copied().find(|known| *known == name).ok_or_else(|| {
            let near = did_you_mean(name, self.actions.iter().copied());
            format!("no action is called «{name}»{near}; the help (?) lists them all")
        })
    }

    fn pane(&self, name: &str) -> Result<&'static str, String> {
        self.panes
            .iter()
            .copied()
            .find(|known| *known == name)
            .ok_or_else(|| format!("there is no pane «{name}»{}", did_you_mean(name, self.panes.iter().copied())))
    }
}

/// A built-in key map, and what is wrong with it.
pub fn built_in(name: &str, names: &Names) -> (Keymap, Vec<Problem>) {
    load(name, &Place { file: "built-in".into(), at: None }, &[], &[], names)
}

/// The key map of this name with what it inherits and, over it, the configuration's own keys. `asked` is where the name was
/// written; an unknown name is a problem there, and the default map takes its place.
pub fn load(
    name: &str,
    asked: &Place,
    users: &[KeymapFile<'_>],
    own: &[Spot],
    names: &Names,
) -> (Keymap, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut map = Keymap { name: name.into(), ..Keymap::default() };
    let wanted = Spot {
        path: vec!["keymap".into()],
        element: false,
        place: asked.clone(),
        value: toml::Value::String(name.into()),
    };
    for layer in chain(&wanted, users, &mut problems) {
        lay(&mut map, &layer, names, &mut problems);
    }
    if map == (Keymap { name: name.into(), ..Keymap::default() }) {
        map.name = "default".into();
        let fallback = Spot { value: toml::Value::String("default".into()), ..wanted };
        for layer in chain(&fallback, &[], &mut Vec::new()) {
            lay(&mut map, &layer, names, &mut Vec::new());
        }
    }
    lay(&mut map, own, names, &mut problems);
    (map, problems)
}

/// The files of a key map, the oldest first. A user's file may inherit the built-in one that it takes the place of.
fn chain(wanted: &Spot, users: &[KeymapFile<'_>], problems: &mut Vec<Problem>) -> Vec<Vec<Spot>> {
    let mut layers = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut wanted = Some(wanted.clone());
    while let Some(by) = wanted.take() {
        let name = by.value.as_str().unwrap_or_default();
        let built_in = BUILT_IN.iter().map(|(name, text)| KeymapFile { name, file: name, text });
        let mut files = users.iter().cloned().chain(built_in).filter(|file| file.name == name);
        let Some(file) = files.find(|file| !seen.contains(&file.file)) else {
            let names: Vec<_> =
                BUILT_IN.iter().map(|(name, _)| *name).chain(users.iter().map(|file| file.name)).collect();
            problems.push(by.problem(if names.contains(&name) {
                "key maps inherit in a circle".to_owned()
            } else {
                let near = did_you_mean(name, names.iter().copied());
                format!("there is no key map «{name}»{near}: write one of {}", names.join(", "))
            }));
            break;
        };
        seen.push(file.file);
        match spots::read(file.file, file.text) {
            Ok(mut spots) => {
                let inherits = spots.iter().position(|spot| spot.path == ["inherits"]);
                wanted = inherits.map(|at| spots.remove(at));
                layers.push(spots);
            }
            Err(problem) => problems.push(problem),
        }
    }
    layers.reverse();
    layers
}

/// Lays one file over the map.
fn lay(map: &mut Keymap, spots: &[Spot], names: &Names, problems: &mut Vec<Problem>) {
    let mut entries = Vec::new();
    for spot in spots {
        match entry(spot, names) {
            Ok(entry) => entries.push((entry, spot)),
            Err(text) => problems.push(spot.problem(text)),
        }
    }
    map.prefer_what_follows();
    for (entry, _) in entries.iter().filter(|(entry, _)| entry.action.is_none()) {
        map.unbind(entry.scope, &entry.keys);
    }
    let mut own: BTreeMap<(Scope, Vec<Key>), &Spot> = BTreeMap::new();
    for (Entry { scope, keys, action }, spot) in entries {
        let Some(action) = action else { continue };
        if let Some(first) = own.get(&(scope, keys.clone())) {
            problems.push(spot.problem(format!("these keys are bound before, at {}; that is left out", first.place)));
        }
        let clashes: Vec<_> = map.conflicts(scope, &keys).map(|(keys, action)| (keys.to_vec(), action)).collect();
        let mut stays = true;
        for (other, meaning) in clashes {
            let shown = format!("«{}» ({meaning})", written(&other));
            if let Some(first) = own.get(&(scope, other.clone())) {
                let text =
                    format!("{shown} at {} begins like this, so only one can work; this one is left out", first.place);
                problems.push(spot.problem(text));
                stays = false;
            } else {
                let text =
                    format!("this takes {shown} away; write \"{}\" = \"\" beside it if that is meant", written(&other));
                problems.push(spot.problem(text));
                map.unbind(scope, &other);
            }
        }
        if stays {
            map.bind(scope, keys.clone(), action);
            own.insert((scope, keys), spot);
        }
    }
}

/// A binding as it was understood; no action takes the meaning away.
struct Entry {
    scope: Scope,
    keys: Vec<Key>,
    action: Option<&'static str>,
}

fn entry(spot: &Spot, names: &Names) -> Result<Entry, String> {
    let path: Vec<&str> = spot.path.iter().map(String::as_str).collect();
    let (scope, keys) = match *path {
        ["pane", pane, keys] => (Scope::Pane(names.pane(pane)?), keys),
        ["pane", pane] => (Scope::Pane(names.pane(pane)?), ""),
        [word, keys] => (known_scope(word)?, keys),
        [word] if spot.value.is_table() => (known_scope(word)?, ""),
        _ => {
            return Err(
                "write keys below a scope: [global], [list], [text], [graph], [object], [logs], [player] or [pane.NAME]".into(),
            );
        }
    };
    if keys.is_empty() && spot.value.is_table() {
        return Ok(Entry { scope, keys: Vec::new(), action: None });
    }
    let keys =
        keys.split_whitespace().map(str::parse).collect::<Result<Vec<Key>, _>>().map_err(|error| error.to_string())?;
    if keys.is_empty() {
        return Err("no key is named".into());
    }
    let name = spot.value.as_str().ok_or("write the name of an action in quotes; \"\" takes the meaning away")?;
    let action = match name {
        "" => None,
        name => Some(names.action(name)?),
    };
    Ok(Entry { scope, keys, action })
}

fn known_scope(word: &str) -> Result<Scope, String> {
    let found = SCOPES.iter().find(|(known, _)| *known == word).map(|(_, scope)| *scope);
    found.ok_or_else(|| {
        let near = did_you_mean(word, SCOPES.iter().map(|(known, _)| *known).chain(["pane"]));
        format!("there is no scope «{word}»{near}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{action, keymap::Lookup};

    fn keys(text: &str) -> Vec<Key> {
        text.split(' ').map(|key| key.parse().expect("a key")).collect()
    }

    fn asked() -> Place {
        Place { file: "config.toml".into(), at: Some((2, 1)) }
    }

    fn mine(text: &str) -> (Keymap, Vec<String>) {
        let files = [KeymapFile { name: "mine", file: "mine.toml", text }];
        let (map, problems) = load("mine", &asked(), &files, &[], &action::names());
        (map, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn built_in_maps_are_faultless() {
        for (name, _) in BUILT_IN {
            let (map, problems) = built_in(name, &action::names());
            assert_eq!(problems, [], "{name}");
            for scope in SCOPES.map(|(_, scope)| scope).into_iter().chain([Scope::Pane("attention")]) {
                for forbidden in ["ctrl-a", "ctrl-b", "ctrl-d", "ctrl-k"] {
                    let bound = map.in_scope(scope).find(|(keys, _)| keys[0].to_string() == forbidden);
                    assert_eq!(bound, None, "{name}: hands that know tmux and vim press {forbidden}");
                }
            }
            assert_eq!(map.look_up(&[Scope::Global], &keys("q")), Lookup::Action("quit"));
        }
    }

    #[test]
    fn every_action_of_the_footer_has_a_key() {
        let (map, _) = built_in("default", &action::names());
        for action in action::all().filter(|action| action.hint > 0) {
            assert!(!map.scopes_of(action.name).is_empty(), "{} has no key", action.name);
        }
    }

    #[test]
    fn a_users_map_changes_what_it_names() {
        let (map, problems) = mine(
            "inherits = \"emacs\"\n[global]\n\"q\" = \"\"\n\"Q\" = \"quit\"\n[pane.attention]\n\"q\" = \"open\"\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(map.look_up(&[Scope::Global], &keys("q")), Lookup::Nothing);
        assert_eq!(map.look_up(&[Scope::Global], &keys("Q")), Lookup::Action("quit"));
        assert_eq!(map.look_up(&[Scope::Pane("attention"), Scope::Global], &keys("q")), Lookup::Action("open"));
        assert_eq!(map.look_up(&[Scope::Global], &keys("ctrl-x")), Lookup::More);
        assert_eq!(map.keys_for(&[Scope::Global], "quit"), Some(keys("Q").as_slice()), "its own key is shown first");
    }

    #[test]
    fn faults_name_file_and_line() {
        let (map, problems) = mine(
            "[global]\n\"q\" = \"qiut\"\n\"hello\" = \"quit\"\n\"x\" = 1\n\"Z\" = \"zoom\"\n\"shift-z\" = \"back\"\n[lst]\n\"a\" = \"open\"\n[pane.attenton]\n\"a\" = \"open\"\n[list]\n\"d d\" = \"open\"\n\"d\" = \"row-down\"\n",
        );
        assert_eq!(
            problems,
            [
                "mine.toml:2:1: global.q: no action is called «qiut» (did you mean «quit»?); the help (?) lists them all",
                "mine.toml:3:1: global.hello: «hello» is no key: write one character, or a name such as enter, esc, pageup, f5, with ctrl-, alt- or shift- before it",
                "mine.toml:4:1: global.x: write the name of an action in quotes; \"\" takes the meaning away",
                "mine.toml:8:1: lst.a: there is no scope «lst» (did you mean «list»?)",
                "mine.toml:10:1: pane.attenton.a: there is no pane «attenton» (did you mean «attention»?)",
                "mine.toml:6:1: global.shift-z: these keys are bound before, at mine.toml:5:1; that is left out",
                "mine.toml:13:1: list.d: «d d» (open) at mine.toml:12:1 begins like this, so only one can work; this one is left out",
            ]
        );
        assert_eq!(map.look_up(&[Scope::List], &keys("d d")), Lookup::Action("open"));
        assert_eq!(map.look_up(&[Scope::Global], &keys("Z")), Lookup::Action("back"));
    }

    #[test]
    fn taking_an_inherited_sequence_away_is_said() {
        let (map, problems) = mine("inherits = \"emacs\"\n[global]\n\"ctrl-x\" = \"quit\"\n\"ctrl-x o\" = \"\"\n");
        assert!(
            problems.contains(
                &"mine.toml:3:1: global.ctrl-x: this takes «ctrl-x ctrl-c» (quit) away; write \"ctrl-x ctrl-c\" = \"\" beside it if that is meant".to_owned()
            ),
            "{problems:#?}"
        );
        assert!(!problems.iter().any(|problem| problem.contains("«ctrl-x o»")));
        assert_eq!(map.look_up(&[Scope::Global], &keys("ctrl-x")), Lookup::Action("quit"));
    }

    #[test]
    fn an_unknown_map_is_the_default_one() {
        let (map, problems) = load("vmi", &asked(), &[], &[], &action::names());
        assert_eq!(
            problems[0].to_string(),
            "config.toml:2:1: keymap: there is no key map «vmi» (did you mean «vim»?): write one of default, vim, emacs"
        );
        assert_eq!(map.name, "default");
        assert_eq!(map.look_up(&[Scope::Global], &keys("q")), Lookup::Action("quit"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn any_text_is_read_without_panic(text in "(inherits = \"vim\"\n)?(\\[(global|list|pane|pane.attention|x)\\]\n(\"?[a-z g-]{1,6}\"? = (\"(quit|open|)\"|1)\n){0,3}){0,4}") {
            let (map, _) = mine(&text);
            for scope in [Scope::Global, Scope::List, Scope::Pane("attention")] {
                for (keys, _) in map.in_scope(scope) {
                    proptest::prop_assert_eq!(map.conflicts(scope, keys).next(), None);
                }
            }
        }
    }

    #[test]
    fn a_users_default_may_inherit_the_built_in_one_but_not_itself() {
        let user = |text| [KeymapFile { name: "default", file: "/u/default.toml", text }];
        let files = user("inherits = \"default\"\n[global]\n\"f10\" = \"quit\"");
        let (map, problems) = load("default", &asked(), &files, &[], &action::names());
        assert_eq!(problems, []);
        assert_eq!(map.keys_in(Scope::Global, "quit").len(), 3);
        let files = [KeymapFile { name: "x", file: "/u/x.toml", text: "inherits = \"x\"" }];
        let (_, problems) = load("x", &asked(), &files, &[], &action::names());
        assert_eq!(problems[0].to_string(), "/u/x.toml:1:1: inherits: key maps inherit in a circle");
    }
}
