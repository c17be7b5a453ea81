//! Which checks there are, and what can be set for them: by this the policy is read.

use crate::{
    model::nearest::nearest,
    rulebook::{
        RULES,
        check::{Meta, Value},
        checks::CHECKS,
        custom::CustomRule,
    },
};
use compact_str::CompactString;
use std::collections::BTreeMap;

/// Checks that are listed where one is named that there is not; nobody reads more.
const LISTED: usize = 12;

/// What kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Number,
    Text,
    Texts,
    /// Whatever the rule makes of it.
    Any,
}

/// The checks that are known, by name, each with its parameters.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    checks: BTreeMap<CompactString, Vec<(CompactString, Shape)>>,
    /// Keys at the top of the file that somebody else reads.
    pub foreign: Vec<&'static str>,
}

impl Catalogue {
    /// The checks of this program.
    pub fn built_in() -> Self {
        Self::of(CHECKS.iter().map(|check| check.meta()))
    }

    /// The checks that these describe.
    pub fn of<'m>(metas: impl IntoIterator<Item = &'m Meta>) -> Self {
        let mut catalogue = Self::default();
        for meta in metas {
            catalogue.add(meta);
        }
        catalogue
    }

    /// Adds a check: one of the user's own.
    pub fn add(&mut self, meta: &Meta) {
        let parameters = meta.parameters.iter().map(|parameter| {
            let shape = match parameter.default {
                Value::Number(_) => Shape::Number,
                Value::Text(_) => Shape::Text,
                Value::Texts(_) => Shape::Texts,
            };
            (parameter.name.into(), shape)
        });
        self.checks.insert(meta.id.into(), parameters.collect());
    }

    /// Adds a rule of one's own, whose parameters may be anything.
    pub fn add_custom(&mut self, rule: &CustomRule) {
        let parameters = rule.parameters().map(|name| (name.into(), Shape::Any));
        self.checks.insert(rule.id.clone(), parameters.collect());
    }

    /// The parameters of a check.
    ///
    /// # Errors
    /// There is no such check: which may be meant.
    pub fn parameters(&self, id: &str) -> Result<&[(CompactString, Shape)], String> {
        self.checks.get(id).map(Vec::as_slice).ok_or_else(|| self.no_check(id))
    }

    /// Whether a waiver may name this: a check, or the number of a rule.
    ///
    /// # Errors
    /// It is neither: what may be meant.
    pub fn rule(&self, word: &str) -> Result<(), String> {
        let is_number = word.parse().is_ok_and(|number: usize| (1..=RULES.len()).contains(&number));
        if is_number || self.checks.contains_key(word) {
            return Ok(());
        }
        Err(format!("{}; a number from 1 to {} stands for all checks of a rule", self.no_check(word), RULES.len()))
    }

    /// `there is no check «…»`, with the one that may be meant, or those of the same rule, or how to find them.
    fn no_check(&self, id: &str) -> String {
        let ids = || self.checks.keys().map(CompactString::as_str);
        let shown = crate::model::text::clean_to(id, 60).into_owned();
        let folded = id.to_ascii_lowercase();
        let padded =
            if folded.starts_with(|c: char| c.is_ascii_digit()) { format!("0{folded}") } else { folded.clone() };
        if let Some(same) = ids().find(|known| *known == folded || *known == padded) {
            return format!("there is no check «{shown}» (did you mean «{same}»?)");
        }
        let rule: String = id.chars().take_while(char::is_ascii_digit).collect();
        let siblings: Vec<&str> =
            ids().filter(|known| !rule.is_empty() && known.trim_end_matches(char::is_alphabetic) == rule).collect();
        if !siblings.is_empty() {
            return format!("there is no check «{shown}»; rule {rule} has {}", siblings.join(", "));
        }
        match nearest(id, ids()) {
            Some(near) => format!("there is no check «{shown}» (did you mean «{near}»?)"),
            None if self.checks.len() <= LISTED => {
                format!("there is no check «{shown}»; known: {}", ids().collect::<Vec<_>>().join(", "))
            }
            None => {
                format!("there is no check «{shown}»; flightdeck check --explain 11 lists those of rule 11, and so on")
            }
        }
    }
}
