//! What incidents are called: `INC-7`, and `INC-7b` where two have the same number because their journals could not hear each other;
//! and which one is meant by what somebody types.

use crate::model::{journal::IncidentId, nearest};
use compact_str::{CompactString, format_compact};
use std::collections::BTreeMap;

/// What stands before every number.
pub const PREFIX: &str = "INC";

/// Fewer signs of an identity are taken for a slip of the hand.
const SHORTEST_ID: usize = 4;

/// Names and the incidents that have them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    by_name: BTreeMap<CompactString, IncidentId>,
    by_id: BTreeMap<IncidentId, CompactString>,
}

/// What somebody typed names no incident, or more than one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    #[error("no incident is named: give its name (INC-7), its number (7), or the beginning of its identity")]
    Nothing,
    #[error("there is no incident {text}{hint}; `flightdeck incident list` has them all")]
    Unknown { text: String, hint: String },
    #[error("{text} could be {}: give more of it", .candidates.join(", "))]
    Ambiguous { text: String, candidates: Vec<String> },
}

impl Names {
    /// Names incidents by their numbers. They come in the order in which they were declared: the first of a number has the plain
    /// name, later ones have a letter.
    pub fn of(incidents: impl IntoIterator<Item = (IncidentId, Option<u32>)>) -> Self {
        let mut used: BTreeMap<u32, usize> = BTreeMap::new();
        let mut names = Self::default();
        for (id, number) in incidents {
            let name = match number {
                None => format_compact!("{PREFIX}-?"),
                Some(number) => {
                    let place = used.entry(number).or_default();
                    let name = format_compact!("{PREFIX}-{number}{}", letters(*place));
                    *place += 1;
                    name
                }
            };
            if number.is_some() {
                names.by_name.insert(name.clone(), id);
            }
            names.by_id.insert(id, name);
        }
        names
    }

    /// The name of an incident that is known.
    pub fn name(&self, id: IncidentId) -> Option<&CompactString> {
        self.by_id.get(&id)
    }

    /// The incident that somebody means by `INC-7`, `7`, `7b`, its identity, or the beginning of that. Case does not matter.
    ///
    /// # Errors
    /// It is none, or several could be meant: the error names them.
    pub fn resolve(&self, typed: &str) -> Result<IncidentId, Unresolved> {
        let text = typed.trim().trim_start_matches('#').to_lowercase();
        if text.is_empty() {
            return Err(Unresolved::Nothing);
        }
        let number = text.strip_prefix("inc").map_or(text.as_str(), |rest| rest.trim_start_matches(['-', ' ']));
        if let Some(id) = self.by_name.get(&format_compact!("{PREFIX}-{number}")) {
            return Ok(*id);
        }
        self.by_beginning(&text).unwrap_or_else(|| {
            let names = self.by_name.keys().map(CompactString::as_str);
            let typed = format_compact!("{PREFIX}-{number}");
            Err(Unresolved::Unknown { text: typed_for_people(&text), hint: nearest::did_you_mean(&typed, names) })
        })
    }

    fn by_beginning(&self, text: &str) -> Option<Result<IncidentId, Unresolved>> {
        let is_id = text.len() >= SHORTEST_ID && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if !is_id {
            return None;
        }
        let plain: String = text.chars().filter(|c| *c != '-').collect();
        let begins = |id: &&IncidentId| id.0.simple().to_string().starts_with(&plain);
        let found: Vec<_> = self.by_id.keys().filter(begins).copied().collect();
        match found.as_slice() {
            [] => None,
            [one] => Some(Ok(*one)),
            several => {
                const SHOWN: usize = 5;
                let named = |id: &IncidentId| format!("{} ({id})", self.by_id[id]);
                let mut candidates: Vec<_> = several.iter().take(SHOWN).map(named).collect();
                if several.len() > SHOWN {
                    candidates.push(format!("{} more", several.len() - SHOWN));
                }
                Some(Err(Unresolved::Ambiguous { text: text.into(), candidates }))
            }
        }
    }
}

fn typed_for_people(text: &str) -> String {
    crate::model::text::clean_to(text, 60).into_owned()
}

/// What stands behind a number that was taken already: nothing for the first, then `b`, `c` … `z`, `aa`, `ab` …
fn letters(place: usize) -> String {
    if place == 0 {
        return String::new();
    }
    let mut rest = place + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        letters.push(char::from(b'a' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(text: &str) -> IncidentId {
        IncidentId(Uuid::parse_str(text).expect("is a UUID"))
    }

    fn three() -> ([IncidentId; 3], Names) {
        let ids = [
            id("01939f00-0000-7000-8000-000000000001"),
            id("01939f00-0000-7000-8000-000000000002"),
            id("01939f11-0000-7000-8000-000000000003"),
        ];
        (ids, Names::of(ids.into_iter().zip([Some(7), Some(7), Some(12)])))
    }

    #[test]
    fn what_is_typed_is_found() {
        let (ids, names) = three();
        for (typed, expected) in [
            ("INC-7", 0),
            ("inc-7", 0),
            ("7", 0),
            ("#7", 0),
            ("7b", 1),
            ("INC-7B", 1),
            ("inc 12", 2),
            ("01939f00-0000-7000-8000-000000000002", 1),
            ("01939f11", 2),
            ("01939f0000007000800000000000 0001".replace(' ', "").as_str(), 0),
        ] {
            assert_eq!(names.resolve(typed), Ok(ids[expected]), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_words() {
        let (_, names) = three();
        assert_eq!(names.resolve(" "), Err(Unresolved::Nothing));
        let unknown = names.resolve("INC-77").expect_err("is none").to_string();
        assert_eq!(
            unknown,
            "there is no incident inc-77 (did you mean «INC-7»?); `flightdeck incident list` has them all"
        );
        let several = names.resolve("01939f00").expect_err("are two").to_string();
        assert_eq!(
            several,
            "01939f00 could be INC-7 (01939f00-0000-7000-8000-000000000001), \
             INC-7b (01939f00-0000-7000-8000-000000000002): give more of it"
        );
        assert!(names.resolve("019").is_err(), "too little of an identity");
        let hostile = names.resolve("\u{1b}[2J").expect_err("is none").to_string();
        assert!(!hostile.contains('\u{1b}'));
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 1, 2, 25, 26, 27].map(letters), ["", "b", "c", "z", "aa", "ab"]);
    }
}
