//! One instruction: its name, its flags, its words.

use super::{
    Flag, Heredoc, Instruction, Pair, Text, Word,
    lines::{Lines, Logical, number},
    script,
    words::{self, Json},
};
use crate::rulebook::syntax::Fault;
use std::ops::Range;

/// What an instruction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

const KEYWORDS: [(&str, Keyword); 17] = [
    ("ADD", Keyword::Add),
    ("ARG", Keyword::Arg),
    ("CMD", Keyword::Cmd),
    ("COPY", Keyword::Copy),
    ("ENTRYPOINT", Keyword::Entrypoint),
    ("ENV", Keyword::Env),
    ("EXPOSE", Keyword::Expose),
    ("FROM", Keyword::From),
    ("HEALTHCHECK", Keyword::Healthcheck),
    ("LABEL", Keyword::Label),
    ("MAINTAINER", Keyword::Maintainer),
    ("RUN", Keyword::Run),
    ("SHELL", Keyword::Shell),
    ("STOPSIGNAL", Keyword::Stopsignal),
    ("USER", Keyword::User),
    ("VOLUME", Keyword::Volume),
    ("WORKDIR", Keyword::Workdir),
];

impl Keyword {
    /// As it is written.
    pub fn word(self) -> &'static str {
        KEYWORDS.iter().find(|(_, keyword)| *keyword == self).map_or("", |(word, _)| word)
    }

    fn of(word: &str) -> Option<Self> {
        KEYWORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, keyword)| *keyword)
    }

    /// Whether variables in its words are expanded (<https://docs.docker.com/reference/dockerfile/#environment-replacement>).
    pub const fn expands(self) -> bool {
        !matches!(self, Self::Run | Self::Cmd | Self::Entrypoint | Self::Healthcheck | Self::Shell | Self::Maintainer)
    }

    /// Whether texts may stand below it.
    const fn takes_heredocs(self) -> bool {
        matches!(self, Self::Run | Self::Copy | Self::Add)
    }

    /// Whether it may be written as a JSON list.
    const fn takes_json(self) -> bool {
        matches!(
            self,
            Self::Run
                | Self::Cmd
                | Self::Entrypoint
                | Self::Shell
                | Self::Copy
                | Self::Add
                | Self::Volume
                | Self::Healthcheck
        )
    }
}

/// Reads an instruction, and what stands below it. `ONBUILD` without anything is nothing.
pub(super) fn read(lines: &mut Lines<'_>, logical: &Logical) -> Result<Option<Instruction>, Fault> {
    let text = &logical.text;
    let whole = trim(&text.text, 0..text.text.len());
    let mut name = first_word(&text.text, whole.clone());
    let mut is_on_build = false;
    if text.text[name.clone()].eq_ignore_ascii_case("ONBUILD") {
        is_on_build = true;
        name = first_word(&text.text, trim(&text.text, name.end..whole.end));
    }
    if name.is_empty() {
        return if is_on_build { Err(Fault::at(text.span(whole), "`ONBUILD` of nothing")) } else { Ok(None) };
    }
    let keyword_span = text.span(name.clone());
    let written = &text.text[name.clone()];
    let Some(keyword) = Keyword::of(written) else {
        return Err(Fault::at(keyword_span, format!("`{}` is no instruction", short(written))));
    };
    if is_on_build && keyword == Keyword::From {
        return Err(Fault::at(keyword_span, "`ONBUILD` cannot hold a `FROM`"));
    }
    let rest = trim(&text.text, name.end..whole.end);
    let (flags, rest) = flags(text, rest, keyword, lines.escape);
    let mut read = Instruction {
        keyword,
        keyword_span,
        span: text.span(name.start..whole.end),
        is_on_build,
        stage: None,
        flags,
        is_exec: false,
        words: Vec::new(),
        pairs: Vec::new(),
        heredocs: Vec::new(),
        shell: None,
        text: text.clone(),
    };
    arguments(&mut read, text, rest.clone(), lines.escape)?;
    if keyword.takes_heredocs() && !read.is_exec && text.text[rest.clone()].contains("<<") {
        heredocs(&mut read, lines, text, rest.clone())?;
    }
    if keyword == Keyword::Run && !read.is_exec {
        read.shell = script::text(lines, logical, rest, &read.heredocs);
    }
    Ok(Some(read))
}

/// Reads what stands after the flags.
fn arguments(read: &mut Instruction, text: &Text, rest: Range<usize>, escape: char) -> Result<(), Fault> {
    let nothing = || Fault::at(read.keyword_span, format!("`{}` of nothing", read.keyword.word()));
    if rest.is_empty() {
        return Err(nothing());
    }
    let mut list = rest.clone();
    if read.keyword == Keyword::Healthcheck {
        let kind = first_word(&text.text, rest.clone());
        read.words.push(plain(text, kind.clone()));
        list = trim(&text.text, kind.end..rest.end);
    }
    if read.keyword.takes_json() {
        match words::json(&text.text, list.clone()) {
            Json::Texts(texts) => {
                read.is_exec = true;
                read.words.extend(texts.into_iter().map(|(raw, range)| {
                    let start = range.start + 1;
                    Word { span: text.span(range), partial: raw.clone(), raw, variables: Vec::new(), start }
                }));
                return Ok(());
            }
            Json::Other => return Err(Fault::at(text.span(list), "the list holds something that is no text")),
            Json::No => {}
        }
    }
    match read.keyword {
        Keyword::Run => {}
        Keyword::Env | Keyword::Label => read.pairs = pairs(text, rest, escape)?,
        Keyword::Arg => {
            let words = words::split(&text.text, rest, escape);
            read.pairs = words.into_iter().map(|range| pair(text, range)).collect();
        }
        Keyword::Workdir | Keyword::User | Keyword::Stopsignal | Keyword::Maintainer => {
            read.words.push(plain(text, rest));
        }
        Keyword::Shell => return Err(Fault::at(text.span(rest), "`SHELL` takes a JSON list")),
        _ => {
            let ranges = words::split_blanks(&text.text, list);
            read.words.extend(ranges.into_iter().map(|range| plain(text, range)));
        }
    }
    Ok(())
}

/// A word before its variables are looked up.
fn plain(text: &Text, range: Range<usize>) -> Word {
    let raw = text.text[range.clone()].to_owned();
    let start = range.start;
    Word { span: text.span(range), partial: raw.clone(), raw, variables: Vec::new(), start }
}

/// `NAME=value`, or `NAME`.
fn pair(text: &Text, range: Range<usize>) -> Pair {
    let equals = text.text[range.clone()].find('=').map(|at| range.start + at);
    let name = range.start..equals.unwrap_or(range.end);
    Pair {
        name: text.text[name.clone()].to_owned(),
        name_span: text.span(name),
        value: equals.map(|at| plain(text, at + 1..range.end)),
    }
}

/// `NAME=value NAME=value`, or in the old form `NAME value to the end`.
fn pairs(text: &Text, rest: Range<usize>, escape: char) -> Result<Vec<Pair>, Fault> {
    let words = words::split(&text.text, rest.clone(), escape);
    let is_old = words.first().is_some_and(|first| !text.text[first.clone()].contains('='));
    if is_old {
        let name = first_word(&text.text, rest.clone());
        let value = trim(&text.text, name.end..rest.end);
        if value.is_empty() {
            return Err(Fault::at(text.span(name), "a name without a value"));
        }
        let (name_span, value) = (text.span(name.clone()), Some(plain(text, value)));
        return Ok(vec![Pair { name: text.text[name].to_owned(), name_span, value }]);
    }
    match words.iter().find(|word| !text.text[(*word).clone()].contains('=')) {
        Some(word) => {
            Err(Fault::at(text.span(word.clone()), "neither a name with a value nor part of one: `=` is missing"))
        }
        None => Ok(words.into_iter().map(|range| pair(text, range)).collect()),
    }
}

/// The flags that the arguments begin with, and what stands after them.
fn flags(text: &Text, rest: Range<usize>, keyword: Keyword, escape: char) -> (Vec<Flag>, Range<usize>) {
    let takes_flags =
        matches!(keyword, Keyword::Add | Keyword::Copy | Keyword::From | Keyword::Healthcheck | Keyword::Run);
    let mut flags = Vec::new();
    let mut start = rest.start;
    while takes_flags && text.text[start..rest.end].starts_with("--") {
        let Some(word) = words::split_first(&text.text, start..rest.end, escape) else { break };
        let parts = pair(text, word.start + 2..word.end);
        start = trim(&text.text, word.end..rest.end).start;
        if word.len() == 2 {
            break;
        }
        flags.push(Flag { name: parts.name, span: text.span(word), value: parts.value });
    }
    (flags, start..rest.end)
}

/// Reads the texts below an instruction, in the order of their names in it.
fn heredocs(read: &mut Instruction, lines: &mut Lines<'_>, text: &Text, rest: Range<usize>) -> Result<(), Fault> {
    let mut names = Vec::new();
    for range in words::split(&text.text, rest, lines.escape) {
        let Some((name, strips_tabs, expands)) = opener(&text.text[range.clone()]) else { continue };
        let span = text.span(range.clone());
        names.push(range);
        let Some((first, end)) = lines.body(&name, strips_tabs) else {
            return Err(Fault::at(span, format!("`{}` does not end: no line is `{}`", short(&name), short(&name))));
        };
        let mut body = Text::default();
        for at in first..end {
            body.push(lines.line(at), number(at), 1);
            body.push("\n", number(at), super::lines::columns(lines.line(at)) + 1);
        }
        if first == end {
            body.push("", number(first), 1);
        }
        read.heredocs.push(Heredoc { name, span, expands, body, variables: Vec::new() });
    }
    read.words.retain(|word| {
        let before = names.partition_point(|name| name.start <= word.start);
        !names.get(before.wrapping_sub(1)).is_some_and(|name| name.contains(&word.start))
    });
    Ok(())
}

/// `3<<-"EOF"`: the name, whether tabs are stripped, whether variables are expanded
/// (<https://docs.docker.com/reference/dockerfile/#here-documents>).
fn opener(word: &str) -> Option<(String, bool, bool)> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (rest, strips_tabs) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let name: String = rest.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
    (!name.is_empty()).then(|| (name.clone(), strips_tabs, name.len() == rest.len()))
}

/// A stretch without the blanks around it.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let stretch = &text[range.clone()];
    let start = range.start + (stretch.len() - stretch.trim_start().len());
    start..(start + stretch.trim().len())
}

/// Up to the first blank.
fn first_word(text: &str, range: Range<usize>) -> Range<usize> {
    let length = text[range.clone()].find(char::is_whitespace).unwrap_or(range.len());
    range.start..range.start + length
}

/// The beginning of a text, for a message.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
