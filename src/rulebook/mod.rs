//! The rule book: twenty standing orders for infrastructure, each with the checks that a machine can make of it. Pure: files and
//! live objects come in as data, findings go out.
//!
//! A check is one file in [`checks`] and one line in its list. What it judges is one of a few subjects, whichever way that was
//! written down: a file, an object ([`resource`]), a container ([`subject::container`]), the whole tree, a change, what is live.

pub mod check;
pub mod checks;
pub mod custom;
pub mod engine;
pub mod excerpt;
pub mod fixture;
#[cfg(test)]
mod hostile;
pub mod kept;
pub mod out;
#[cfg(test)]
mod planted;
pub mod policy;
pub mod preflight;
pub mod report;
pub mod resource;
pub mod run;
pub mod secrets;
pub mod subject;
pub mod syntax;
pub mod tree;

pub use crate::model::finding::RULES;

/// The name of a rule; `the rule book itself` for 0, to which belongs what could not be read.
pub fn rule_name(number: u8) -> &'static str {
    RULES.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or("the rule book itself")
}
