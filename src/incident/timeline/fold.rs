//! Rows that follow one another and say the same become one, with a count.

use super::{Row, RowId};
use crate::model::journal::{Body, Header};
use compact_str::{CompactString, format_compact};

/// What makes two rows alike; `None` for what people say and do, which is never folded.
pub(super) fn alike(header: &Header, body: Option<&Body>) -> Option<CompactString> {
    Some(match body? {
        Body::Health { check, cleared, severity, text, .. } if check.is_empty() => {
            // What was only observed is told apart by its words, less counts and the name of the object.
            let name = header.object.as_ref().map_or("", |object| object.id.rsplit('/').next().unwrap_or_default());
            let words = if name.is_empty() { text.clone() } else { text.replace(name, "") };
            let words: String = words.chars().filter(|c| !c.is_ascii_digit()).collect();
            format_compact!("{}{cleared}{}{words}", severity.word(), stem(name))
        }
        Body::Health { check, cleared, severity, .. } => {
            let kind = header.object.as_ref().map_or("", |object| object.kind.word());
            format_compact!("{check}{cleared}{}{kind}", severity.word())
        }
        Body::Rule { check, cleared, .. } => format_compact!("{check}{cleared}"),
        _ => return None,
    })
}

/// A name without its last ending, which tells apart what is made alike.
fn stem(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(stem, _)| stem)
}

/// Folds rows that are alike and follow one another.
pub(super) fn fold(rows: Vec<Row>) -> Vec<Row> {
    let mut folded: Vec<Row> = Vec::with_capacity(rows.len());
    // How many events and which object the last row stands for.
    let mut objects_differ = false;
    for row in rows {
        match folded.last_mut().filter(|last| goes_with(last, &row)) {
            Some(last) => {
                objects_differ |= last.object != row.object;
                take(last, row, objects_differ);
            }
            None => {
                objects_differ = false;
                folded.push(row);
            }
        }
    }
    folded
}

fn goes_with(last: &Row, row: &Row) -> bool {
    let plain = |row: &Row| row.withdrawn.is_none() && !row.pinned && matches!(row.id, RowId::Event(_));
    let same = (&last.kind, last.tone, &last.actor, last.own) == (&row.kind, row.tone, &row.actor, row.own);
    plain(last) && plain(row) && same && last.alike.is_some() && last.alike == row.alike
}

/// Takes a row into the one before, which keeps its identity, so that a cursor on it stays where it is.
fn take(last: &mut Row, row: Row, objects_differ: bool) {
    last.count = last.count.saturating_add(row.count);
    last.members.extend(row.members);
    last.until = Some(row.at);
    last.edited |= row.edited;
    last.late_seconds = later(last.late_seconds, row.late_seconds);
    last.skew_seconds = later(last.skew_seconds, row.skew_seconds);
    let base = row.text;
    last.text = if objects_differ {
        format!("{base}, and {} more alike", last.count.saturating_sub(row.count.max(1)))
    } else {
        format!("{base} ({} times)", last.count)
    };
}

fn later(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
