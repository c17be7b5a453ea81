//! What a command runs, looked for behind those that only run another.

use super::Word;

/// A program with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program<'w> {
    /// Without folders: `curl` of `/usr/bin/curl`.
    pub name: &'w str,
    /// As it is written.
    pub word: &'w Word,
    pub arguments: &'w [Word],
}

impl<'w> Program<'w> {
    /// The arguments that are no options: `install` and `requests` of `pip install -U requests`. Values of options are among them.
    pub fn plain(&self) -> impl Iterator<Item = &'w Word> {
        self.arguments.iter().filter(|word| !word.starts_with("-"))
    }

    /// Whether an option stands among the arguments, also as one letter of a group (`-fsSLk` has `-k`) or with `=value`.
    pub fn option(&self, short: Option<char>, long: &str) -> Option<&'w Word> {
        self.arguments.iter().take_while(|word| word.bare != "--").find(|word| {
            let is_long = word.bare.strip_prefix(long).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
            let is_group = word.starts_with("-") && !word.starts_with("--");
            is_long || is_group && short.is_some_and(|short| word.bare[1..].contains(short))
        })
    }
}

/// Options of a program that runs another which take the next word as their value.
fn valued(wrapper: &str) -> &'static [&'static str] {
    match wrapper {
        "sudo" => &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-U", "--user", "--group"],
        "doas" => &["-u", "-C"],
        "env" => &["-u", "-C", "-S"],
        "nice" => &["-n"],
        "ionice" => &["-c", "-n", "-p"],
        "timeout" => &["-k", "-s", "--signal", "--kill-after"],
        "xargs" => &["-n", "-P", "-I", "-L", "-d", "-a", "-s"],
        "chroot" | "gosu" | "su-exec" | "setpriv" => &[],
        _ => &[],
    }
}

pub(super) fn of(words: &[Word]) -> Option<Program<'_>> {
    let mut words = words;
    loop {
        let (word, rest) = words.split_first()?;
        let path = word.literal()?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_wrapper = matches!(
            name,
            "sudo"
                | "doas"
                | "env"
                | "exec"
                | "command"
                | "builtin"
                | "nohup"
                | "time"
                | "nice"
                | "ionice"
                | "timeout"
                | "xargs"
                | "retry"
                | "gosu"
                | "su-exec"
                | "eatmydata"
                | "chronic"
                | "stdbuf"
                | "setsid"
        );
        let asks = name == "command" && rest.first().is_some_and(|word| matches!(word.bare.as_str(), "-v" | "-V"));
        let next = if is_wrapper && !asks { behind(name, rest) } else { &[] };
        if next.is_empty() {
            return Some(Program { name, word, arguments: rest });
        }
        words = next;
    }
}

/// The words behind a wrapper's own.
fn behind<'w>(wrapper: &str, mut words: &'w [Word]) -> &'w [Word] {
    // `timeout 5 cmd`, `gosu user cmd`.
    let mut own = usize::from(matches!(wrapper, "timeout" | "gosu" | "su-exec"));
    while let Some((word, rest)) = words.split_first() {
        let is_option = word.starts_with("-");
        let is_assignment = matches!(wrapper, "env" | "sudo" | "doas") && word.bare.contains('=');
        if is_option && valued(wrapper).contains(&word.bare.as_str()) {
            words = rest.get(1..).unwrap_or_default();
        } else if is_option || is_assignment {
            words = rest;
        } else if own > 0 {
            own -= 1;
            words = rest;
        } else {
            break;
        }
    }
    words
}
