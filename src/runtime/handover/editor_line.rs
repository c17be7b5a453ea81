//! How each editor is told the line at which to open a file. Their manuals: `vim(1)`, `nano(1)`, `emacs(1)`, `micro(1)`, `kak(1)`, `joe(1)`,
//! <https://code.visualstudio.com/docs/editor/command-line>, <https://docs.helix-editor.com>, <https://www.jetbrains.com/help/idea/opening-files-from-command-line.html>.

use std::path::Path;

/// How a line is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// `+LINE FILE`: what vi began, and most of its day follow.
    Plus,
    /// `+LINE:COLUMN FILE`.
    PlusColon,
    /// `+LINE,COLUMN FILE`.
    PlusComma,
    /// `FILE:LINE:COLUMN`.
    Colon,
    /// `-g FILE:LINE:COLUMN`.
    Goto,
    /// `--line LINE FILE`.
    Line,
    /// `-l LINE FILE`.
    ShortLine,
}

/// Editors by the name of their program.
const EDITORS: &[(&[&str], Way)] = &[
    (&["vi", "vim", "nvim", "view", "vimx", "gvim", "nvi", "elvis", "vis", "neovide", "ex"], Way::Plus),
    (
        &["joe", "jmacs", "jpico", "jstar", "rjoe", "ne", "jed", "mg", "zile", "dte", "mcedit", "gedit", "pluma"],
        Way::Plus,
    ),
    (&["emacs", "emacsclient", "emacs-nox", "emacs-gtk", "kak", "kakoune", "micro"], Way::PlusColon),
    (&["nano", "rnano", "pico"], Way::PlusComma),
    (&["hx", "helix", "subl", "sublime_text", "zed", "zeditor", "lapce", "flow"], Way::Colon),
    (&["code", "code-insiders", "code-oss", "codium", "vscodium", "cursor", "windsurf", "positron"], Way::Goto),
    (&["idea", "pycharm", "webstorm", "goland", "clion", "rubymine", "rustrover", "phpstorm", "fleet"], Way::Line),
    (&["kate", "kwrite", "mousepad", "geany"], Way::ShortLine),
];

/// The arguments behind the editor's own that open a file at a place. Of a command in which no editor is known (a wrapper, a script) the
/// file alone is said: what a stranger makes of `+12` nobody knows.
pub(super) fn arguments(words: &[String], file: &Path, (line, column): (u32, u32)) -> Vec<String> {
    let file = file.display().to_string();
    let named = words.iter().rev().find_map(|word| way(word));
    match named {
        Some(Way::Plus) => vec![format!("+{line}"), file],
        Some(Way::PlusColon) => vec![format!("+{line}:{column}"), file],
        Some(Way::PlusComma) => vec![format!("+{line},{column}"), file],
        Some(Way::Colon) => vec![format!("{file}:{line}:{column}")],
        Some(Way::Goto) => vec!["-g".into(), format!("{file}:{line}:{column}")],
        Some(Way::Line) => vec!["--line".into(), line.to_string(), file],
        Some(Way::ShortLine) => vec!["-l".into(), line.to_string(), file],
        None => vec![file],
    }
}

/// The way of the editor that a word of a command line names; wrappers may stand before it (`sudo -u ann vim`, `env -i nano`).
fn way(word: &str) -> Option<Way> {
    let name = Path::new(word).file_name()?.to_str()?;
    // Debian's `vim.basic`, `emacs-29.4`, `nvim.appimage`.
    let end = name.find('.').unwrap_or(name.len());
    let name = name[..end].trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    EDITORS.iter().find(|(names, _)| names.contains(&name)).map(|(_, way)| *way)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &str) -> String {
        let words: Vec<String> = command.split(' ').map(Into::into).collect();
        arguments(&words, Path::new("/r/a.yml"), (12, 5)).join(" ")
    }

    #[test]
    fn each_editor_is_told_in_its_own_way() {
        for (commands, arguments) in [
            (&["vi", "/usr/bin/vim.basic", "nvim", "sudo -u ann vim -p", "gvim -f"][..], "+12 /r/a.yml"),
            (&["emacs", "emacs-29.4", "emacsclient -t", "micro", "kak"], "+12:5 /r/a.yml"),
            (&["nano", "env TERM=x nano -w"], "+12,5 /r/a.yml"),
            (&["hx", "subl -w"], "/r/a.yml:12:5"),
            (&["code --wait", "codium"], "-g /r/a.yml:12:5"),
            (&["idea --wait"], "--line 12 /r/a.yml"),
            (&["kate -b"], "-l 12 /r/a.yml"),
            (&["ed", "my-editor", "/opt/x/edit.sh", "-", ""], "/r/a.yml"),
        ] {
            for command in commands {
                assert_eq!(said(command), arguments, "{command}");
            }
        }
    }

    #[test]
    fn every_editor_is_named_once() {
        let mut names: Vec<_> = EDITORS.iter().flat_map(|(names, _)| *names).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
