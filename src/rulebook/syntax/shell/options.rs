//! The first line of a script, and the options that it sets for itself.

use super::{Command, Dialect, Script, Shebang};
use crate::model::finding::Span;

/// Options that decide whether a script goes on after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// `-e`, `errexit`: ends where a command fails.
    ErrExit,
    /// `-u`, `nounset`: a variable that is not set is a failure.
    NoUnset,
    /// `pipefail`: a pipeline fails where any of its commands does.
    PipeFail,
}

/// A place where an option is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub switch: Switch,
    pub is_on: bool,
    /// The `set`, as an index into [`Script::commands`]; `None` for the first line of the file.
    pub command: Option<usize>,
}

/// The first line of a text, where it names an interpreter.
pub(super) fn shebang(text: &str, line: u32) -> Option<Shebang> {
    let first = text.lines().next().unwrap_or_default();
    let span = Span::on_line(line, 1, u32::try_from(first.chars().count()).unwrap_or(u32::MAX).min(200));
    let mut words = first.strip_prefix("#!")?.split_whitespace().peekable();
    let mut interpreter = base(words.next()?);
    if interpreter == "env" {
        words.next_if(|word| matches!(*word, "-S" | "--split-string"));
        while words.next_if(|word| word.starts_with('-') || word.contains('=')).is_some() {}
        interpreter = base(words.next()?);
    }
    Some(Shebang { span, interpreter, arguments: words.map(str::to_owned).collect() })
}

fn base(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Which shell a text is for, by its first line or by what it tells shellcheck
/// (<https://www.shellcheck.net/wiki/Directive>).
pub(super) fn dialect(shebang: Option<&Shebang>, text: &str) -> Dialect {
    let told = || {
        let comments = text.lines().take(20).filter_map(|line| line.strip_prefix('#'));
        let mut words =
            comments.filter(|line| line.trim_start().starts_with("shellcheck ")).flat_map(str::split_whitespace);
        words.find_map(|word| word.strip_prefix("shell="))
    };
    match shebang.map(|shebang| shebang.interpreter.as_str()).or_else(told) {
        None => Dialect::Unsaid,
        Some("sh" | "dash" | "ash" | "busybox") => Dialect::Posix,
        Some("bash" | "bats") => Dialect::Bash,
        Some("ksh" | "ksh93" | "mksh") => Dialect::Ksh,
        Some("zsh") => Dialect::Zsh,
        Some(other)
            if other.ends_with("sh") && !matches!(other, "fish" | "csh" | "tcsh" | "pwsh" | "nush" | "xonsh") =>
        {
            Dialect::Posix
        }
        Some(_) => Dialect::Other,
    }
}

impl Script {
    /// Every place where one of the options is switched, on the first line and by `set` or `shopt -o`; not in substitutions, which
    /// are shells of their own.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        if let Some(shebang) = &self.shebang {
            let words: Vec<&str> = shebang.arguments.iter().map(String::as_str).collect();
            settings.extend(switched(&words).map(|(switch, is_on)| Setting { switch, is_on, command: None }));
        }
        for (index, command) in self.commands.iter().enumerate() {
            if command.place.substitutions == 0 {
                let found = set_by(command).into_iter();
                settings.extend(found.map(|(switch, is_on)| Setting { switch, is_on, command: Some(index) }));
            }
        }
        settings
    }

    /// Whether an option is switched on anywhere.
    pub fn sets(&self, switch: Switch) -> bool {
        self.settings().iter().any(|setting| setting.switch == switch && setting.is_on)
    }
}

/// What a `set` switches; nothing for another command.
fn set_by(command: &Command) -> Vec<(Switch, bool)> {
    let words: Vec<&str> = command.words.iter().map(|word| word.bare.as_str()).collect();
    match words.split_first() {
        Some((&"set", arguments)) => {
            let until = arguments.iter().position(|word| matches!(*word, "--" | "-")).unwrap_or(arguments.len());
            switched(&arguments[..until]).collect()
        }
        Some((&"shopt", arguments)) if arguments.iter().any(|word| word.starts_with('-') && word.contains('o')) => {
            let is_on = arguments.iter().any(|word| word.starts_with('-') && word.contains('s'));
            arguments.iter().filter_map(|word| long(word)).map(|switch| (switch, is_on)).collect()
        }
        _ => Vec::new(),
    }
}

fn long(name: &str) -> Option<Switch> {
    match name {
        "errexit" => Some(Switch::ErrExit),
        "nounset" => Some(Switch::NoUnset),
        "pipefail" => Some(Switch::PipeFail),
        _ => None,
    }
}

/// The options in arguments: `-eu`, `-euo pipefail`, `+e`, `-o errexit`. Of a group with several `o`, each takes the next word.
fn switched<'a>(arguments: &'a [&'a str]) -> impl Iterator<Item = (Switch, bool)> + 'a {
    let mut names = 0;
    let mut is_on = true;
    arguments.iter().flat_map(move |word| {
        let mut found = Vec::new();
        let letters = word.strip_prefix(['-', '+']).filter(|letters| !letters.starts_with('-'));
        if let Some(letters) = letters {
            is_on = word.starts_with('-');
            names = letters.matches('o').count();
            found.extend(letters.contains('e').then_some((Switch::ErrExit, is_on)));
            found.extend(letters.contains('u').then_some((Switch::NoUnset, is_on)));
        } else if names > 0 {
            names -= 1;
            found.extend(long(word).map(|switch| (switch, is_on)));
        }
        found
    })
}
