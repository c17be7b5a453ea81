//! One pass over a text for all kinds: an automaton finds the keywords, and only where one stands is looked more closely.

use super::{
    Mode, allowed,
    entropy::entropy,
    kinds::{COUNT, Kind, Place, TABLES},
    names, pairs, pem, urls,
};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use std::{
    ops::Range,
    sync::{LazyLock, OnceLock},
};

/// What a keyword leads to.
#[derive(Clone, Copy)]
enum Target {
    /// A kind of the table, and its place there.
    Kind(&'static Kind, usize),
    Pem,
    Url,
    Pair,
    /// Nowhere: whoever hides has to look closer, and not here.
    Else,
}

/// Numbers of what is no kind of the table.
const PEM: usize = COUNT;
const URL: usize = COUNT + 1;
const PAIR: usize = COUNT + 2;
const ELSE: usize = COUNT + 3;

/// The keywords and where each leads.
struct Keywords {
    automaton: AhoCorasick,
    targets: Vec<(Target, usize)>,
    /// By the kind's rank, each compiled when it is needed first: all at once would take seconds.
    regexes: Vec<OnceLock<Regex>>,
}

static KEYWORDS: LazyLock<Keywords> = LazyLock::new(|| {
    let mut words = Vec::new();
    let mut targets = Vec::new();
    let mut add = |keywords: &[&'static str], target, number| {
        for word in keywords {
            words.push(*word);
            targets.push((target, number));
        }
    };
    for (rank, kind) in TABLES.iter().copied().flatten().enumerate() {
        add(kind.keywords, Target::Kind(kind, rank), rank);
    }
    add(&["-----begin "], Target::Pem, PEM);
    add(&["://"], Target::Url, URL);
    add(names::KEYWORDS, Target::Pair, PAIR);
    add(&["-----begin"], Target::Else, ELSE);
    add(names::CLIENTS, Target::Else, ELSE);
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words);
    let regexes = (0..COUNT).map(|_| OnceLock::new()).collect();
    Keywords { automaton: automaton.expect("the keywords are few and short"), targets, regexes }
});

/// A secret's stretch in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub range: Range<usize>,
    pub kind: &'static str,
    /// Which one stays where two claim the same stretch: the smaller.
    rank: usize,
    /// Whether its shape alone makes it a secret, so that it is long and random.
    pub is_strong: bool,
}

/// Whether any keyword stands in a text.
pub fn has_keyword(text: &str) -> bool {
    KEYWORDS.automaton.is_match(text)
}

/// Whether a value has the shape of a kind whose keyword stands in its name.
pub fn is_named(name: &str, value: &str) -> bool {
    let mut pair = None;
    KEYWORDS.automaton.find_overlapping_iter(name).any(|hit| {
        let (Target::Kind(kind, rank), _) = KEYWORDS.targets[hit.pattern().as_usize()] else { return false };
        kind.place == Place::Named && {
            let pair: &String = pair.get_or_insert_with(|| format!("{name}={value}"));
            let found = of_kind(pair, kind, rank, hit.range(), Mode::Hide, &mut 0);
            found.is_some_and(|found| found.range.start > name.len())
        }
    })
}

/// Every secret of a text, by its place. When judging no two overlap; when hiding they are merged where they do.
pub fn scan(text: &str, mode: Mode) -> Vec<Found> {
    let keywords = &*KEYWORDS;
    // Up to where each target has been looked at: what lies before is part of what was seen.
    let mut seen = [0; ELSE + 1];
    let mut stretch = urls::Stretch::default();
    let mut found = Vec::new();
    for hit in keywords.automaton.find_overlapping_iter(text) {
        let (target, number) = keywords.targets[hit.pattern().as_usize()];
        let start = hit.start();
        if start < seen[number] {
            continue;
        }
        match target {
            Target::Kind(kind, rank) => {
                if kind.is_finding || mode == Mode::Hide {
                    found.extend(of_kind(text, kind, rank, hit.range(), mode, &mut seen[number]));
                }
            }
            Target::Pem => {
                let block = if mode == Mode::Judge { pem::block(text, start) } else { hidden_block(text, start) };
                seen[number] = block.as_ref().map_or(start, |(range, _)| range.end);
                found.extend(block.map(|(range, kind)| Found { range, kind, rank: 0, is_strong: true }));
            }
            Target::Url => {
                let password = match mode {
                    Mode::Judge => urls::password(text, start),
                    Mode::Hide => urls::hidden(text, start, &mut seen[number], &mut stretch)
                        .map(|range| (range, "password in a URL")),
                };
                found.extend(password.map(|(range, kind)| Found { range, kind, rank: number, is_strong: false }));
            }
            Target::Pair => found.extend(of_name(text, start, number, mode, &mut seen[number])),
            Target::Else => {}
        }
    }
    match mode {
        Mode::Judge => {
            if allowed::has_marks(text) {
                found.retain(|found| !allowed::is_marked(text, found.range.start));
            }
            apart(found)
        }
        Mode::Hide => merged(found),
    }
}

/// A private key to its end, or where it has none to that of the text: nobody needs to read it.
fn hidden_block(text: &str, start: usize) -> Option<(Range<usize>, &'static str)> {
    let (range, kind) = pem::block(text, start).or_else(|| {
        let label = &text[start..text.floor_char_boundary(start.saturating_add(80))];
        label.contains("PRIVATE KEY").then_some((start..text.len(), "private key"))
    })?;
    let is_whole = text[range.clone()].contains("-----END");
    Some((if is_whole { range } else { start..text.len() }, kind))
}

/// A secret of a kind whose keyword stands at `hit`.
fn of_kind(
    text: &str,
    kind: &'static Kind,
    rank: usize,
    hit: Range<usize>,
    mode: Mode,
    seen: &mut usize,
) -> Option<Found> {
    let from = match kind.place {
        Place::Begins | Place::Named => hit.start,
        Place::After(lead) => text.floor_char_boundary(hit.start.checked_sub(lead)?),
        Place::AfterDigits(most) => {
            let digits = text.as_bytes()[..hit.start].iter().rev().take(most).take_while(|byte| byte.is_ascii_digit());
            hit.start - digits.count()
        }
    };
    // Most keywords of tokens stand in the middle of other words.
    let begins = matches!(kind.place, Place::Named | Place::AfterDigits(_)) || begins(text, from);
    if !begins {
        return None;
    }
    let regex = KEYWORDS.regexes[rank].get_or_init(|| kind.compile());
    let captures = regex.captures(&text[from..])?;
    let whole = captures.get(0)?.range();
    let secret = captures.get(1).map_or(whole.clone(), |group| group.range());
    let (whole, range) = (from..from + whole.end, from + secret.start..from + secret.end);
    if whole.end < hit.end {
        return None;
    }
    *seen = whole.end;
    let secret = &text[range.clone()];
    let (is_secret, range) = match mode {
        Mode::Judge => {
            let is_cut = ["...", "…"].iter().any(|dots| text[range.end..].starts_with(dots));
            let is_whole = ends(text, range.end) && !is_cut;
            (is_whole && is_real(kind, secret, &text[whole.start..range.start]), range)
        }
        // Of what is longer than the kind's secrets are, no end is left to be read either.
        Mode::Hide => (true, range.start..end_of_word(text, range.end)),
    };
    is_secret.then_some(Found { range, kind: kind.name, rank: rank + 1, is_strong: secret_is_long(secret) })
}

/// Whether what has the shape of a kind is one, and no stand-in; `before` is the name that it stands under, for kinds that need one.
fn is_real(kind: &Kind, secret: &str, before: &str) -> bool {
    if entropy(secret) < kind.entropy || allowed::is_placeholder_token(secret) {
        return false;
    }
    let is_of_manual = kind.entropy <= 2.0 && is_from_manual(secret);
    let is_hash = kind.place == Place::Named && allowed::is_hash_name(before);
    !is_of_manual && !is_hash
}

/// Whether a password of a command line is one that manuals give.
fn is_from_manual(secret: &str) -> bool {
    allowed::is_placeholder(secret)
        || allowed::is_reference(secret)
        || urls::IN_MANUALS.contains(&secret.to_ascii_lowercase().as_str())
}

/// So long that nobody guesses it from its hash.
const fn secret_is_long(secret: &str) -> bool {
    secret.len() >= 20
}

/// A secret by the name in which a keyword stands.
fn of_name(text: &str, start: usize, rank: usize, mode: Mode, seen: &mut usize) -> Option<Found> {
    let pair = pairs::at(text, start, mode)?;
    *seen = pair.name_end;
    let value = &text[pair.value.clone()];
    let is_secret = match mode {
        Mode::Judge => pairs::is_secret(&pair, value),
        Mode::Hide => true,
    };
    if mode == Mode::Hide && is_secret && !pair.is_quoted {
        *seen = pair.value.end;
    }
    // Nobody asks what kind is hidden.
    let is_password = mode == Mode::Judge && is_secret && names::says(pair.name) == names::Says::Password;
    let kind = if is_password { super::PASSWORD } else { super::TOKEN };
    is_secret.then_some(Found { range: pair.value, kind, rank, is_strong: false })
}

/// Whether a token can begin here: not in the middle of a word, but after an escape as in `\n` or `%3D`.
fn begins(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !text.as_bytes().get(at).copied().is_some_and(is_word) {
        return true;
    }
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., last] => !is_word(*last),
        [] => true,
    }
}

/// Whether a token can end here.
fn ends(text: &str, at: usize) -> bool {
    end_of_word(text, at) == at
}

/// Where the word ends that goes on at `at`.
fn end_of_word(text: &str, at: usize) -> usize {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    at + text.as_bytes()[at..].iter().take_while(is_word).count()
}

/// Those that win, by their place.
fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.rank, found.range.start));
    let mut kept: Vec<Found> = Vec::new();
    for one in found {
        let at = kept.partition_point(|other| other.range.start < one.range.start);
        let is_free = kept.get(at).is_none_or(|next| next.range.start >= one.range.end)
            && at.checked_sub(1).and_then(|at| kept.get(at)).is_none_or(|before| before.range.end <= one.range.start);
        if is_free {
            kept.insert(at, one);
        }
    }
    kept
}

/// All of them as stretches that do not touch.
fn merged(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| found.range.start);
    let mut kept: Vec<Found> = Vec::new();
    for one in found {
        match kept.last_mut() {
            Some(last) if one.range.start < last.range.end => last.range.end = last.range.end.max(one.range.end),
            _ => kept.push(one),
        }
    }
    kept
}
