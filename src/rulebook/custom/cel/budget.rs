//! What an evaluation may cost, and which unknown values it looked at. CEL has no endless loop, but its costs multiply: lists in lists,
//! texts added to themselves. [`super::rewrite`] puts the two functions here where work is done; they count, and stop it.
//!
//! The counters belong to the thread, because overloads are plain functions. An evaluation begins and ends on one thread.

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelBool, CelInt, CelList, CelMap, CelString, DYN_TYPE, INT_TYPE, Kind, STRING_TYPE},
        value::{CowVal, Val},
    },
};
use regex::{Regex, RegexBuilder};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

/// Counts what its argument weighs, and gives it back. No source can name it.
pub const COST: &str = "@cost";
/// Counts a loop over its first argument, whose body has so many parts as the second says; gives back the first.
pub const LOOP: &str = "@loop";

/// Values touched, texts in pieces of 64 bytes. Takes at most 0.15 s, optimised (measured by
/// `what_is_spent_takes_little_time`).
const MOST: u64 = 1_000_000;
/// Bytes that a compiled regular expression may take.
pub const LARGEST_REGEX: usize = 1 << 20;
/// Regular expressions that a thread keeps compiled.
const KEPT: usize = 256;

thread_local! {
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    static OPAQUE: RefCell<Option<String>> = const { RefCell::new(None) };
    static REGEXES: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
}

/// Begins an evaluation.
pub fn start() {
    LEFT.set(Some(MOST));
    OPAQUE.take();
}

/// Whether the budget was not enough.
pub fn is_spent() -> bool {
    LEFT.get().is_none()
}

/// The first unknown value that was looked at.
pub fn opaque_seen() -> Option<String> {
    OPAQUE.with_borrow(Clone::clone)
}

/// Notes that an unknown value was looked at.
pub fn see_opaque(text: &str) {
    OPAQUE.with_borrow_mut(|seen| {
        seen.get_or_insert_with(|| text.to_owned());
    });
}

/// Declares the functions.
pub fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(COST, "cost", vec![DYN_TYPE], cost)?;
    env.add_overload(LOOP, "loop", vec![DYN_TYPE, INT_TYPE], iterate)?;
    env.add_overload("matches", "matches", vec![STRING_TYPE, STRING_TYPE], matches)?;
    env.add_member_overload("matches", "matches_member", STRING_TYPE, vec![STRING_TYPE], matches)?;
    Ok(())
}

/// Spends what a value weighs, and something more. Once all is spent nothing is weighed any more: `||` and loops
/// go on after an error.
fn spend(value: &dyn Val, more: u64) -> Result<(), ExecutionError> {
    let left = LEFT.get().and_then(|left| left.checked_sub(weight(value).saturating_add(more)));
    LEFT.set(left);
    left.map(|_| ()).ok_or_else(|| ExecutionError::function_error(COST, "too much work"))
}

fn cost<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = arguments.pop().ok_or_else(ExecutionError::missing_argument_or_target)?;
    spend(value.as_ref(), 0)?;
    Ok(value)
}

fn iterate<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let parts = arguments.pop().and_then(|parts| parts.downcast_ref::<CelInt>().map(|parts| *parts.inner()));
    let value = arguments.pop().ok_or_else(ExecutionError::missing_argument_or_target)?;
    let length = value.as_sizer().map_or(1, |sizer| *sizer.size().inner()).unsigned_abs();
    let parts = parts.unwrap_or(1).unsigned_abs();
    spend(value.as_ref(), length.saturating_mul(parts))?;
    Ok(value)
}

/// How much a value weighs: what it costs to copy or compare it. Counting stops where the budget would be spent.
fn weight(value: &dyn Val) -> u64 {
    // The type first: looking into an unknown value is noted.
    match value.get_type().kind() {
        Kind::String => 1 + value.downcast_ref::<CelString<'_>>().map_or(0, |text| text.inner().len() as u64 / 64),
        Kind::List => {
            let items = value.downcast_ref::<CelList<'_>>().map(CelList::inner).unwrap_or_default();
            sum(items.iter().map(AsRef::as_ref))
        }
        Kind::Map => match value.downcast_ref::<CelMap<'_>>() {
            Some(map) => sum(map.inner().values().map(AsRef::as_ref)),
            None => 1,
        },
        _ => 1,
    }
}

fn sum<'a>(values: impl Iterator<Item = &'a (dyn Val + 'a)>) -> u64 {
    let mut total = 1_u64;
    for value in values {
        total = total.saturating_add(weight(value));
        if total > MOST {
            break;
        }
    }
    total
}

/// `text.matches(pattern)`. Patterns are literals (the check of names sees to it), so that few are ever compiled.
fn matches<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = |at: usize| arguments.get(at).and_then(|value| value.downcast_ref::<CelString<'_>>());
    let (Some(text), Some(pattern)) = (text(0), text(1)) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let is_match = REGEXES.with_borrow_mut(|kept| {
        if !kept.contains_key(pattern.inner()) {
            let regex = regex(pattern.inner()).map_err(|error| ExecutionError::function_error("matches", error))?;
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(pattern.inner().to_owned(), regex);
        }
        Ok(kept.get(pattern.inner()).is_some_and(|regex| regex.is_match(text.inner())))
    })?;
    Ok(CowVal::owned(CelBool::from(is_match)))
}

/// Compiles a pattern, within bounds.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(LARGEST_REGEX).dfa_size_limit(LARGEST_REGEX).build().map_err(|error| {
        match error {
            regex::Error::CompiledTooBig(_) => {
                format!("a regular expression of more than {LARGEST_REGEX} bytes, compiled")
            }
            // The last line says what is wrong, those before show where.
            error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        }
    })
}
