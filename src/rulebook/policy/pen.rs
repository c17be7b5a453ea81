//! Writes into a policy: a new entry is put into the text, and not a sign of what stood there is touched, so that comments and order
//! stay as they are. What was written is read again, and has to say what was said before and the new entries besides.

use super::{Policy, Waiver, attest::Attestation, catalogue::Catalogue, waiver::expiry};
use crate::model::spots::Problem;
use crate::model::text::clean_to;
use std::fmt::Write;
use toml::{
    Spanned, Value,
    de::{DeTable, DeValue},
};

/// Longest comment above an entry.
const LONGEST_NOTE: usize = 160;

/// Why nothing can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PenError {
    /// What stands there cannot be read whole: nobody knows what a new entry would mean beside it.
    #[error("it cannot be read whole, so nothing is added: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Unread(Vec<Problem>),
    /// The file is written in a way that leaves no place for it.
    #[error("no place was found for it ({why}); write it in by hand:\n{entry}")]
    NoPlace { why: String, entry: String },
}

/// An entry of a list of tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `waiver`, `attestation`.
    list: &'static str,
    /// The comment above it; none where it is empty.
    note: String,
    /// Keys and values as they are written.
    pairs: Vec<(&'static str, String)>,
}

impl Entry {
    /// A waiver, with a comment above it.
    pub fn waiver(waiver: &Waiver, note: &str) -> Self {
        let Waiver { rule, target, owner, reason, expires, approved_by, place: _ } = waiver;
        let end = if expiry(expires).is_some() { expires.clone() } else { quoted(expires) };
        let mut pairs = vec![
            ("rule", quoted(rule)),
            ("target", quoted(target)),
            ("owner", quoted(owner)),
            ("reason", quoted(reason)),
            ("expires", end),
        ];
        pairs.extend(approved_by.iter().map(|who| ("approved-by", quoted(who))));
        Self { list: "waiver", note: note.into(), pairs }
    }

    /// An attestation.
    pub fn attestation(attestation: &Attestation) -> Self {
        let Attestation { rule, subject, by, role, at, evidence, sha256, expires, requested_by } = attestation;
        let mut pairs = vec![("rule", rule.to_string())];
        if !subject.is_empty() {
            pairs.push(("subject", quoted(subject)));
        }
        pairs.extend([("by", quoted(by)), ("role", quoted(role)), ("at", moment(at)), ("evidence", quoted(evidence))]);
        pairs.extend(sha256.iter().map(|hash| ("sha256", quoted(hash))));
        pairs.push(("expires", moment(expires)));
        pairs.extend(requested_by.iter().map(|who| ("requested-by", quoted(who))));
        Self { list: "attestation", note: String::new(), pairs }
    }

    /// As a table of its own.
    fn block(&self, section: &[&str], end: &str) -> String {
        let mut text = String::new();
        let note = plain(&self.note);
        // Writing into a string cannot fail, here and below.
        if !note.is_empty() {
            let _ = write!(text, "# {}{end}", clean_to(&note, LONGEST_NOTE));
        }
        let name: Vec<&str> = section.iter().copied().chain([self.list]).collect();
        let _ = write!(text, "[[{}]]{end}", name.join("."));
        for (key, value) in &self.pairs {
            let _ = write!(text, "{key} = {value}{end}");
        }
        text
    }

    /// Within a list that is written in one value.
    fn inline(&self) -> String {
        let pairs: Vec<_> = self.pairs.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        format!("{{ {} }}", pairs.join(", "))
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// On one line, with one blank where there were several: what has line breaks in it is hard to find in a difference.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain_waiver(waiver: &Waiver) -> Waiver {
    let Waiver { rule, target, owner, reason, expires, approved_by, place: _ } = waiver;
    Waiver {
        rule: plain(rule),
        target: plain(target),
        owner: plain(owner),
        reason: plain(reason),
        expires: plain(expires),
        approved_by: approved_by.as_deref().map(plain),
        place: String::new(),
    }
}

fn plain_attestation(attestation: &Attestation) -> Attestation {
    let Attestation { rule, subject, by, role, at, evidence, sha256, expires, requested_by } = attestation;
    Attestation {
        rule: *rule,
        subject: plain(subject),
        by: plain(by),
        role: plain(role),
        at: plain(at),
        evidence: plain(evidence),
        sha256: sha256.as_deref().map(plain),
        expires: plain(expires),
        requested_by: requested_by.as_deref().map(plain),
    }
}

/// A time as TOML has times; what is none stands in quotes.
fn moment(text: &str) -> String {
    let is_time = text.parse::<toml::value::Datetime>().is_ok_and(|time| time.time.is_some() && time.offset.is_some());
    if is_time { text.into() } else { quoted(text) }
}

/// The text with these entries in it.
///
/// # Errors
/// It cannot be read, or has no place for them.
pub fn add(text: &str, section: &[&str], entries: &[Entry]) -> Result<String, PenError> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = text.to_owned();
    for entry in entries {
        text = match place(&text, section, entry.list) {
            Ok(Place::End) => at_the_end(&text, &entry.block(section, end), end),
            Ok(Place::In { at, before, after }) => {
                let (head, tail) = text.split_at(at);
                format!("{head}{before}{}{after}{tail}", entry.inline())
            }
            Err(why) => return Err(PenError::NoPlace { why, entry: entry.block(section, "\n") }),
        };
    }
    Ok(text)
}

fn at_the_end(text: &str, block: &str, end: &str) -> String {
    let gap = match text {
        _ if text.trim().is_empty() => "".to_owned(),
        _ if text.ends_with('\n') => end.to_owned(),
        _ => end.repeat(2),
    };
    format!("{text}{gap}{block}")
}

/// Where an entry goes.
enum Place {
    /// Behind everything, as a table.
    End,
    /// Into a value, at this byte, with these signs around it.
    In { at: usize, before: String, after: &'static str },
}

/// Where an entry of a list goes in a section.
fn place(text: &str, section: &[&str], list: &str) -> Result<Place, String> {
    let document = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
    let mut table = document.get_ref();
    let mut inline: Option<usize> = None;
    for (depth, part) in section.iter().enumerate() {
        match entry_of(table, part) {
            None if inline.is_some() => return Err(format!("{} is written in one line", section[..depth].join("."))),
            None => return Ok(Place::End),
            Some(spot) => {
                let DeValue::Table(inner) = spot.get_ref() else { return Err(format!("{part} is no table")) };
                let start = spot.span().start;
                if text[start..].starts_with('{') {
                    inline = Some(start);
                }
                table = inner;
            }
        }
    }
    match (entry_of(table, list), inline) {
        (Some(spot), _) if is_inline_list(text, spot) => {
            let DeValue::Array(items) = spot.get_ref() else { return Err(format!("{list} is no list")) };
            let (at, before) = match items.iter().last() {
                Some(last) => (last.span().end, ", ".to_owned()),
                None => (spot.span().start + 1, String::new()),
            };
            Ok(Place::In { at, before, after: "" })
        }
        (_, None) => Ok(Place::End),
        (_, Some(start)) => {
            let last = table.iter().map(|(_, value)| value.span().end).max();
            let (at, comma) = last.map_or((start + 1, ""), |end| (end, ","));
            Ok(Place::In { at, before: format!("{comma} {list} = ["), after: "]" })
        }
    }
}

fn entry_of<'t, 's>(table: &'t DeTable<'s>, name: &str) -> Option<&'t Spanned<DeValue<'s>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// Whether a list of tables is written as one value, and not as `[[tables]]`.
fn is_inline_list(text: &str, spot: &Spanned<DeValue<'_>>) -> bool {
    let written = &text[spot.span().start..];
    written.starts_with('[') && !written.starts_with("[[")
}

/// Adds to the text of a policy, and makes sure that it says what it said and the new besides.
///
/// # Errors
/// It cannot be read whole, or has no place for them.
pub fn write(
    text: &str,
    (file, section): (&str, &[&str]),
    known: &Catalogue,
    new: (&[(Waiver, String)], &[Attestation]),
) -> Result<(String, Policy), PenError> {
    let (mut before, faults) = Policy::read(text, file, section, known);
    if !faults.is_empty() {
        return Err(PenError::Unread(faults));
    }
    let waivers: Vec<_> = new.0.iter().map(|(waiver, note)| (plain_waiver(waiver), note)).collect();
    let attestations: Vec<_> = new.1.iter().map(plain_attestation).collect();
    let entries = waivers.iter().map(|(waiver, note)| Entry::waiver(waiver, note));
    let entries: Vec<Entry> = entries.chain(attestations.iter().map(Entry::attestation)).collect();
    let written = add(text, section, &entries)?;
    let (after, faults) = Policy::read(&written, file, section, known);
    let entry = || entries.iter().map(|entry| entry.block(section, "\n")).collect::<String>();
    if let Some(fault) = faults.first() {
        return Err(PenError::NoPlace { why: fault.to_string(), entry: entry() });
    }
    before.waivers.extend(waivers.into_iter().map(|(waiver, _)| waiver));
    before.attestation.extend(attestations);
    if without_places(before) == without_places(after.clone()) {
        Ok((written, after))
    } else {
        let why = "beside what stands there it would mean something else".to_owned();
        Err(PenError::NoPlace { why, entry: entry() })
    }
}

/// Lines and columns move with what is added.
fn without_places(mut policy: Policy) -> Policy {
    policy.waivers.iter_mut().for_each(|waiver| waiver.place.clear());
    policy
}

#[cfg(test)]
#[path = "pen_tests.rs"]
mod tests;
