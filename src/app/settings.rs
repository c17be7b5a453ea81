//! What the configuration, the flags and the terminal's abilities come to, ready for use.

use crate::{
    action,
    config::{Ascii, Binding, ColourDepth, ColourUse, Config, layers::Loaded},
    incident::manners::Manners,
    keymap::{self, Keymap, file::KeymapFile},
    model::{
        journal::{Actor, KnownBy},
        nearest::did_you_mean,
        spots::{Place, Problem, Spot},
    },
    ops::gate::Policy,
    panes,
    ui::{
        glyphs::{self, Glyphs},
        theme::{
            Theme,
            colour::Depth,
            file::{self as theme_file, ThemeFile},
        },
    },
    view::{
        graph::GraphMode,
        layout::{Cell, Page},
    },
};
use serde::Deserialize;
use std::path::PathBuf;

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
    /// How the team works on incidents.
    pub manners: Manners,
    /// What is wrong with the configuration, each with file and line; the rest works.
    pub warnings: Vec<String>,
}

impl Settings {
    /// How curves are drawn first: as configured, in ASCII where the terminal has nothing else.
    pub fn graph_mode(&self) -> GraphMode {
        match self.config.graph_mode {
            _ if self.glyphs.ascii => GraphMode::Ascii,
            crate::config::GraphMode::Braille => GraphMode::Braille,
            crate::config::GraphMode::Block => GraphMode::Block,
            crate::config::GraphMode::Ascii => GraphMode::Ascii,
        }
    }
}

/// What the environment says about the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terminal {
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// Whether `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub no_color: bool,
    /// The locale for characters: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is not empty.
    pub locale: String,
    /// Whether it is inside tmux.
    pub tmux: bool,
    /// Whether it is inside GNU screen.
    pub screen: bool,
    /// Whether it is at the other end of an SSH connection.
    pub ssh: bool,
}

impl Terminal {
    /// From the environment, by way of a function that looks a variable up.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let full = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            term: full("TERM").unwrap_or_default(),
            colorterm: full("COLORTERM").unwrap_or_default(),
            no_color: full("NO_COLOR").is_some(),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(full).unwrap_or_default(),
            tmux: full("TMUX").is_some(),
            screen: full("STY").is_some(),
            ssh: full("SSH_CONNECTION").is_some() || full("SSH_TTY").is_some(),
        }
    }

    /// Whether it takes nothing but lines of text: an editor's shell, a log of CI.
    pub fn is_dumb(&self) -> bool {
        self.term == "dumb"
    }

    /// How many colours it shows, unless the configuration knows better.
    pub fn depth(&self, config: &Config) -> Depth {
        let forbidden = config.colour == ColourUse::Never || (config.colour == ColourUse::Auto && self.no_color);
        let guessed = match (self.guess(), config.colour) {
            (Depth::None, ColourUse::Always) => Depth::Sixteen,
            (guessed, _) => guessed,
        };
        match config.colour_depth {
            _ if forbidden => Depth::None,
            ColourDepth::Auto => guessed,
            ColourDepth::Sixteen => Depth::Sixteen,
            ColourDepth::Palette => Depth::Palette,
            ColourDepth::Rgb => Depth::Rgb,
        }
    }

    fn guess(&self) -> Depth {
        const PLAIN: [&str; 2] = ["dumb", "vt"];
        const SIXTEEN: [&str; 6] = ["linux", "ansi", "cons25", "cygwin", "xterm-color", "rxvt"];
        // These send COLORTERM at home, but sshd does not pass it on.
        const RGB: [&str; 6] = ["xterm-kitty", "alacritty", "foot", "wezterm", "xterm-ghostty", "iterm"];
        let starts = |words: &[&str]| words.iter().any(|word| self.term.starts_with(word));
        if starts(&PLAIN) {
            Depth::None
        } else if ["truecolor", "24bit"].contains(&self.colorterm.as_str())
            || starts(&RGB)
            || self.term.ends_with("-direct")
        {
            Depth::Rgb
        } else if self.term.contains("256") {
            Depth::Palette
        } else if starts(&SIXTEEN)
            || self.term.ends_with("-16color")
            || ["", "screen", "tmux"].contains(&self.term.as_str())
        {
            Depth::Sixteen
        } else {
            Depth::Palette
        }
    }

    /// Whether it shows ASCII only, unless the configuration knows better. A locale that is not set says nothing.
    pub fn ascii(&self, config: &Config) -> bool {
        let locale = self.locale.to_ascii_lowercase();
        let utf8 = locale.is_empty() || locale.contains("utf-8") || locale.contains("utf8");
        match config.ascii {
            Ascii::Always => true,
            Ascii::Never => false,
            Ascii::Auto => !utf8 || self.is_dumb() || self.term == "linux",
        }
    }
}

/// Makes the settings of a configuration for a terminal. What is wrong is left out and said in the warnings.
pub fn build(loaded: &Loaded, terminal: &Terminal) -> Settings {
    let mut problems = loaded.warnings.clone();
    let config = loaded.config.clone();
    let (theme, themes) = choose_theme(loaded, terminal.depth(&config), &mut problems);
    let keymap = choose_keymap(loaded, &mut problems);
    let pages = pages(loaded, &mut problems);
    let glyphs = if terminal.ascii(&config) { glyphs::ASCII } else { glyphs::UNICODE };
    let (manners, wrong) = manners(loaded);
    problems.extend(wrong);
    let warnings = problems.iter().map(ToString::to_string).collect();
    Settings { config, theme, themes, glyphs, keymap, pages, manners, warnings }
}

/// How the team works on incidents, and what is wrong with its files.
pub fn manners(loaded: &Loaded) -> (Manners, Vec<Problem>) {
    let named =
        |file: &Option<(PathBuf, String)>| file.as_ref().map(|(path, text)| (path.display().to_string(), text.clone()));
    let (updates, on_call) = (named(&loaded.updates), named(&loaded.on_call));
    let (mut manners, problems) = Manners::read(
        loaded.config.incidents.update_minutes,
        updates.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
        on_call.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
    );
    manners.names_on_call = loaded.config.incidents.on_call.is_some();
    (manners, problems)
}

/// Makes the settings anew. Where a file could not be understood at all, everything stays as it was, with the warning.
pub fn rebuild(previous: &Settings, loaded: &Loaded, terminal: &Terminal) -> Settings {
    let fresh = build(loaded, terminal);
    if loaded.broken { Settings { warnings: fresh.warnings, ..previous.clone() } } else { fresh }
}

/// What the configuration allows, at the start, to the user who is logged in as `login` unless it names another.
pub fn policy(config: &Config, own_pid: i32, login: Actor) -> Policy {
    Policy {
        armed: config.start_armed && !config.read_only,
        locked: config.read_only,
        past: None,
        protected_processes: config.protected_processes.clone(),
        protect: config.protect.clone(),
        confirm: config.confirm.clone(),
        own_pid,
        actor: actor(config, login),
    }
}

/// Who is acting: who the configuration or a flag names, or else who is logged in.
pub fn actor(config: &Config, login: Actor) -> Actor {
    match config.actor.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => Actor { name: name.into(), known_by: KnownBy::Stated, ..login },
        None => login,
    }
}

/// The file's name without its ending, and the file.
fn named(files: &[(PathBuf, String)]) -> Vec<(String, String, &str)> {
    let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    files.iter().map(|(path, text)| (stem(path), path.display().to_string(), text.as_str())).collect()
}

fn place(loaded: &Loaded, key: &str) -> Place {
    let default = Place { file: "configuration".into(), at: None };
    loaded.places.get([key.to_owned()].as_slice()).cloned().unwrap_or(default)
}

fn choose_theme(loaded: &Loaded, depth: Depth, problems: &mut Vec<Problem>) -> (Theme, Vec<Theme>) {
    let users = named(&loaded.themes);
    let files: Vec<_> = users.iter().map(|(name, file, text)| ThemeFile { name, file, text }).collect();
    let (mut themes, found) = theme_file::load(&files, depth);
    problems.extend(found);
    let auto = match depth {
        Depth::None => "monochrome",
        Depth::Sixteen => "16-colour",
        Depth::Palette | Depth::Rgb => "dark",
    };
    let asked = loaded.config.theme.as_str();
    let known = asked == "auto" || themes.iter().any(|theme| theme.name == asked);
    if !known {
        problems.push(theme_file::unknown_theme(asked, &themes, place(loaded, "theme")));
    }
    if depth == Depth::None {
        // Without colours the built-in themes are one.
        let is_users = |name: &str| users.iter().any(|(user, ..)| user == name);
        themes.retain(|theme| theme.name == "monochrome" || is_users(&theme.name));
    }
    let find = |name: &str| themes.iter().find(|theme| theme.name == name).cloned();
    let theme = find(asked).or_else(|| find(auto)).unwrap_or_else(Theme::monochrome);
    (theme, themes)
}

fn choose_keymap(loaded: &Loaded, problems: &mut Vec<Problem>) -> Keymap {
    let users = named(&loaded.keymaps);
    let files: Vec<_> = users.iter().map(|(name, file, text)| KeymapFile { name, file, text }).collect();
    let mut own = Vec::new();
    for (scope, binding) in &loaded.config.keys {
        own_keys(binding, &mut vec![scope.clone()], loaded, &mut own);
    }
    let (keymap, found) =
        keymap::file::load(&loaded.config.keymap, &place(loaded, "keymap"), &files, &own, &action::names());
    problems.extend(found);
    keymap
}

/// The configuration's own keys, with the places where they were written.
fn own_keys(binding: &Binding, path: &mut Vec<String>, loaded: &Loaded, own: &mut Vec<Spot>) {
    match binding {
        Binding::Action(action) => {
            let full: Vec<String> = std::iter::once("keys".to_owned()).chain(path.iter().cloned()).collect();
            let place = loaded.places.get(&full).cloned().unwrap_or_default();
            own.push(Spot { path: path.clone(), element: false, place, value: toml::Value::String(action.clone()) });
        }
        Binding::Keys(keys) => {
            for (key, binding) in keys {
                path.push(key.clone());
                own_keys(binding, path, loaded, own);
                path.pop();
            }
        }
    }
}

#[derive(Deserialize)]
struct Pages {
    page: Vec<Page>,
}

/// The built-in pages, with the user's in their places or after them.
fn pages(loaded: &Loaded, problems: &mut Vec<Problem>) -> Vec<Page> {
    let place = |file: &str| Place { file: file.into(), at: None };
    let mut pages = toml::from_str::<Pages>(include_str!("../../assets/layouts.toml")).map_or_else(
        |error| {
            let text = error.message().to_owned();
            problems.push(Problem { place: place("assets/layouts.toml"), key: String::new(), text });
            Vec::new()
        },
        |pages| pages.page,
    );
    for pane in panes::PANES {
        let Some(other) = pane.beside() else { continue };
        if !pages.iter().any(|page| page.names(pane.name())) {
            pages.iter_mut().for_each(|page| page.add_beside(other, pane.name()));
        }
    }
    for page in &loaded.config.pages {
        let known = panes::PANES.iter().map(|pane| pane.name());
        for name in unknown_panes(page) {
            let text = format!("there is no pane «{name}»{}", did_you_mean(name, known.clone()));
            problems.push(Problem { place: place("configuration"), key: format!("pages.{}", page.name), text });
        }
        match pages.iter_mut().find(|other| other.name == page.name) {
            Some(other) => *other = page.clone(),
            None => pages.push(page.clone()),
        }
    }
    pages
}

fn unknown_panes(page: &Page) -> Vec<&str> {
    fn walk<'a>(cell: &'a Cell, unknown: &mut Vec<&'a str>) {
        unknown.extend(cell.panes.iter().map(String::as_str).filter(|name| panes::known(name).is_none()));
        cell.rows.iter().chain(&cell.columns).for_each(|cell| walk(cell, unknown));
    }
    let mut unknown = Vec::new();
    page.layouts.iter().for_each(|layout| walk(&layout.cell, &mut unknown));
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::layers::{Layer, resolve},
        keymap::{Lookup, Scope},
        model::input::Key,
    };

    fn from(text: &str) -> Loaded {
        resolve(&[Layer::File { path: "c.toml".into(), text: text.into() }])
    }

    fn terminal(variables: &[(&str, &str)]) -> Terminal {
        Terminal::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_follow_the_terminal() {
        for (variables, text, theme, depth) in [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], "", "dark", Depth::Rgb),
            (&[("TERM", "xterm-256color")], "", "dark", Depth::Palette),
            (&[("TERM", "screen")], "", "16-colour", Depth::Sixteen),
            (&[("TERM", "linux")], "", "16-colour", Depth::Sixteen),
            (&[("TERM", "linux")], "theme = \"light\"", "light", Depth::Sixteen),
            (&[("TERM", "dumb")], "theme = \"light\"", "monochrome", Depth::None),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], "", "monochrome", Depth::None),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], "", "dark", Depth::Palette),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], "colour = \"always\"", "dark", Depth::Palette),
            (&[("TERM", "alacritty"), ("SSH_TTY", "/dev/pts/1")], "", "dark", Depth::Rgb),
            (&[("TERM", "xterm")], "colour = \"never\"", "monochrome", Depth::None),
            (&[("TERM", "xterm")], "colour-depth = \"16\"", "16-colour", Depth::Sixteen),
        ] {
            let (loaded, terminal) = (from(text), terminal(variables));
            assert_eq!(terminal.depth(&loaded.config), depth, "{variables:?} {text}");
            assert_eq!(build(&loaded, &terminal).theme.name, theme, "{variables:?} {text}");
        }
    }

    #[test]
    fn signs_follow_locale_and_terminal() {
        for (variables, text, ascii) in [
            (&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")][..], "", false),
            (&[("TERM", "xterm")], "", false),
            (&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], "", true),
            (&[("TERM", "linux"), ("LANG", "C.utf8")], "", true),
            (&[("TERM", "linux"), ("LANG", "C.utf8")], "ascii = false", false),
            (&[("TERM", "xterm"), ("LANG", "C.utf8")], "ascii = true", true),
        ] {
            assert_eq!(build(&from(text), &terminal(variables)).glyphs.ascii, ascii, "{variables:?} {text}");
        }
    }

    #[test]
    fn names_that_are_not_there_are_said_and_replaced() {
        let settings = build(
            &from(
                "theme = \"drak\"\n[keys.global]\n\"q\" = \"qiut\"\n\"X\" = \"quit\"\n[[pages]]\nname = \"p\"\ntitle = \"P\"\nkey = \"9\"\n[[pages.layouts]]\npanes = [\"atention\"]\n",
            ),
            &terminal(&[("TERM", "xterm")]),
        );
        assert_eq!(settings.theme.name, "dark");
        for expected in [
            "c.toml:1:1: theme: there is no theme «drak» (did you mean «dark»?): write auto or one of dark, light, high-contrast, colour-blind, 16-colour, monochrome",
            "c.toml:3:1: global.q: no action is called «qiut» (did you mean «quit»?); the help (?) lists them all",
            "configuration: pages.p: there is no pane «atention» (did you mean «attention»?)",
        ] {
            assert!(
                settings.warnings.iter().any(|warning| warning == expected),
                "{expected}\n{:#?}",
                settings.warnings
            );
        }
        assert_eq!(settings.keymap.look_up(&[Scope::Global], &[Key::char('X')]), Lookup::Action("quit"));
        assert_eq!(settings.pages.last().map(|page| page.name.as_str()), Some("p"));
    }

    #[test]
    fn every_pane_has_a_place() {
        let pages = build(&from(""), &terminal(&[("TERM", "xterm")])).pages;
        for name in panes::PANES.iter().map(|pane| pane.name()) {
            let hint = "its `beside` names a pane of a page, or assets/layouts.toml names it";
            assert!(pages.iter().any(|page| page.names(name)), "{name} stands nowhere: {hint}");
        }
    }

    #[test]
    fn a_broken_file_changes_nothing() {
        let terminal = terminal(&[("TERM", "xterm")]);
        let before = build(&from("theme = \"light\""), &terminal);
        let after = rebuild(&before, &from("theme = "), &terminal);
        assert_eq!(after.theme.name, "light");
        assert!(after.warnings[0].starts_with("c.toml:1:"), "{:?}", after.warnings);
    }

    #[test]
    fn the_cockpit_starts_unarmed() {
        assert!(!policy(&Config::default(), 1, Actor::default()).armed);
        assert!(policy(&from("start-armed = true").config, 1, Actor::default()).armed);
        assert!(!policy(&from("start-armed = true\nread-only = true").config, 1, Actor::default()).armed);
    }

    #[test]
    fn the_actor_is_who_is_named_or_else_the_login() {
        let ann = || Actor { name: "ann".into(), known_by: KnownBy::Ssh, from: Some("10.0.0.7".into()) };
        assert_eq!(policy(&Config::default(), 1, ann()).actor, ann());
        assert_eq!(policy(&from("actor = \"\"").config, 1, ann()).actor, ann());
        let bot = policy(&from("actor = \"bot\"").config, 1, ann()).actor;
        assert_eq!(bot, Actor { name: "bot".into(), known_by: KnownBy::Stated, from: Some("10.0.0.7".into()) });
    }
}
