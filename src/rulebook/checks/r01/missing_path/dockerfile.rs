//! Files that a Dockerfile copies. The context that it is built with is not known, so that only what is nowhere in the tree is told.

use super::{Known, Missing, is_made_elsewhere, is_plain};
use crate::{
    model::finding::Span,
    rulebook::tree::{File, base_name},
};

pub(super) fn missing(file: &File, known: &Known<'_>) -> Vec<Missing> {
    let mut found = Vec::new();
    let mut continues = false;
    let mut heredoc: Option<String> = None;
    for (number, line) in (1_u32..).zip(file.text().lines()) {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            continue;
        }
        let is_first = !std::mem::replace(&mut continues, line.trim_end().ends_with('\\'));
        if let Some(end) = line.split("<<").nth(1).filter(|_| is_first) {
            let name: String = end
                .trim_start_matches(['-', '"', '\''])
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            heredoc = Some(name).filter(|name| !name.is_empty());
            continue;
        }
        // A copy over several lines, and one in the form of JSON, is rare and left out.
        if is_first && !continues {
            found.extend(sources(line).filter(|(_, source)| is_missing(source, known)).map(|(column, source)| {
                let length = u32::try_from(source.chars().count()).unwrap_or(1);
                Missing { span: Some(Span::on_line(number, column, length)), path: source.to_owned(), by: "COPY" }
            }));
        }
    }
    found
}

/// The sources of a `COPY` or `ADD` from the context, with their columns.
fn sources(line: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    // A line that long is not written by hand.
    for word in line.split(char::is_whitespace).take(200) {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.len() + line[at + word.len()..].chars().next().map_or(0, char::len_utf8);
    }
    let is_copy =
        words.first().is_some_and(|(_, word)| word.eq_ignore_ascii_case("copy") || word.eq_ignore_ascii_case("add"));
    let is_from_elsewhere = words.iter().any(|(_, word)| word.starts_with("--from") || word.starts_with('['));
    let plain = words.into_iter().skip(1).filter(|(_, word)| !word.starts_with("--")).collect::<Vec<_>>();
    let count = if is_copy && !is_from_elsewhere { plain.len().saturating_sub(1) } else { 0 };
    plain.into_iter().take(count).map(|(at, word)| (u32::try_from(line[..at].chars().count() + 1).unwrap_or(1), word))
}

fn is_missing(source: &str, known: &Known<'_>) -> bool {
    let path = source.trim_start_matches("./").trim_matches('/');
    let name = base_name(path);
    // Without an ending it may be a program or a folder that a build makes.
    let is_file =
        name.trim_start_matches('.').contains('.') || matches!(name, "Makefile" | "Gemfile" | "Procfile" | "Pipfile");
    let is_parent = path.split('/').any(|part| part == "..");
    is_file && is_plain(path) && !is_parent && !is_made_elsewhere(path) && !known.has_end(path)
}
