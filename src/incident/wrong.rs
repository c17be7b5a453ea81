//! What was wrong while an incident lasted, with beginning and end, as the events tell it.

use super::{
    record::{Entry, Record},
    related::short_name,
    state::Incident,
};
use crate::model::{
    Timestamp,
    attention::Severity,
    journal::{Body, EventId},
    object::ObjectRef,
};
use compact_str::{CompactString, format_compact};
use std::collections::HashMap;

/// One thing that was wrong for a while: a condition of the attention list, an alert, something that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// Since when it had been so.
    pub began: Timestamp,
    /// When it was seen.
    pub seen: Timestamp,
    pub severity: Severity,
    /// Whether it is told when it is over: alerts, rules and what the attention list has, but not what was only observed.
    pub ends: bool,
    pub over: Option<Timestamp>,
    pub event: EventId,
    pub text: String,
}

/// What an event says of something that is wrong.
struct News<'a> {
    /// One for each thing that it speaks of.
    keys: Vec<CompactString>,
    objects: Vec<&'a ObjectRef>,
    over: bool,
    severity: Severity,
    began: Option<Timestamp>,
    ends: bool,
    text: String,
}

fn news<'a>(entry: &Entry<'a>) -> Option<News<'a>> {
    let object = entry.shown().event.header.object.as_ref();
    let about = object.map_or_else(CompactString::default, |object| format_compact!("{object}"));
    Some(match entry.body()? {
        Body::Health { severity, cleared, text, check, began, members, .. } => {
            let keys = if members.is_empty() {
                vec![format_compact!("{check}\n{about}")]
            } else {
                members.iter().map(|member| format_compact!("{check}\n{member}")).collect()
            };
            News {
                keys,
                objects: members.iter().chain(object).collect(),
                over: *cleared,
                severity: *severity,
                began: *began,
                ends: !check.is_empty(),
                text: text.clone(),
            }
        }
        Body::Rule { check, cleared, text } => News {
            keys: vec![format_compact!("rule {check}\n{about}")],
            objects: object.into_iter().collect(),
            over: *cleared,
            severity: Severity::Error,
            began: None,
            ends: true,
            text: format!("rule {check}: {text}"),
        },
        _ => return None,
    })
}

/// What was wrong and concerns an incident, in the order in which it was seen. That is what was put into it, what is pinned, and what
/// was seen in its time of the objects that it names; where it names none, whatever was seriously wrong when it was declared or came after.
pub fn wrong(incident: &Incident, record: &Record<'_>) -> Vec<Wrong> {
    let names_nothing = incident.objects.is_empty();
    let mut found: Vec<Wrong> = Vec::new();
    let mut open: HashMap<CompactString, usize> = HashMap::new();
    for entry in incident.seen(record) {
        let Some(news) = news(entry) else { continue };
        let is_named = incident.owns(entry) || news.objects.iter().any(|object| incident.names(object));
        if !(is_named || names_nothing) {
            continue;
        }
        for key in news.keys {
            if news.over {
                open.remove(&key).into_iter().for_each(|place| found[place].over = Some(entry.at()));
                continue;
            }
            open.entry(key).or_insert_with(|| {
                found.push(Wrong {
                    began: news.began.unwrap_or(entry.at()),
                    seen: entry.at(),
                    severity: news.severity,
                    ends: news.ends,
                    over: None,
                    event: entry.id,
                    text: news.text.clone(),
                });
                found.len() - 1
            });
        }
    }
    found.retain(|wrong| {
        let is_bad = wrong.severity >= Severity::Error || (!names_nothing && wrong.severity >= Severity::Warn);
        let was_over = names_nothing && wrong.over.is_some_and(|over| over < incident.declared_at);
        is_bad && !was_over
    });
    found
}

/// Names of the objects of an incident, for a sentence: the first few and how many more.
pub fn names_of<'a>(objects: impl IntoIterator<Item = &'a ObjectRef>, most: usize) -> String {
    let names: Vec<_> = objects.into_iter().map(short_name).collect();
    let mut text = names.iter().take(most).map(CompactString::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > most {
        text.push_str(&format!(" and {} more", names.len() - most));
    }
    text
}
