//! Finds in an assertion what could only go wrong later: names that its subject does not have, loops in loops in loops.

use super::{CelFault, Places, budget, schema};
use crate::{model::nearest::did_you_mean, rulebook::custom::subject::Kind};
use cel::{
    IdedExpr as Expression,
    common::ast::{CallExpr, EntryExpr, Expr, LiteralValue},
};

/// Loops that may be in each other.
const DEEPEST_LOOPS: usize = 2;
/// Parts that may be in each other; the evaluator's stack grows with them.
const DEEPEST: usize = 48;

/// Checks an expression about a kind of subject.
pub fn check(expression: &Expression, places: &Places<'_>, kind: Kind) -> Result<(), CelFault> {
    Checker { places, kind, bound: Vec::new(), loops: 0, depth: 0 }.expression(expression)
}

/// The names of the subject that an expression uses.
pub fn names_used(expression: &Expression, kind: Kind) -> Vec<String> {
    let references = expression.references();
    let mut names: Vec<String> = references.variables().into_iter().map(str::to_owned).collect();
    names.retain(|name| schema::names(kind).contains(&name.as_str()));
    names.sort_unstable();
    names
}

struct Checker<'a> {
    places: &'a Places<'a>,
    kind: Kind,
    /// Names that the loops around give.
    bound: Vec<String>,
    loops: usize,
    depth: usize,
}

impl Checker<'_> {
    fn fault(&self, part: &Expression, message: impl Into<String>) -> CelFault {
        CelFault::at(self.places.of(part.id), message)
    }

    fn all<'e>(&mut self, parts: impl IntoIterator<Item = &'e Expression>) -> Result<(), CelFault> {
        parts.into_iter().try_for_each(|part| self.expression(part))
    }

    fn expression(&mut self, part: &Expression) -> Result<(), CelFault> {
        if self.depth > DEEPEST {
            return Err(self.fault(part, format!("nested deeper than {DEEPEST}; make several rules of it")));
        }
        self.depth += 1;
        let result = self.one(part);
        self.depth -= 1;
        result
    }

    fn one(&mut self, part: &Expression) -> Result<(), CelFault> {
        match &part.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(part, name),
            Expr::Select(select) => {
                self.field(part, &select.operand, &select.field)?;
                self.expression(&select.operand)
            }
            Expr::Call(call) => {
                self.function(part, call)?;
                self.all(call.target.as_deref())?;
                self.all(&call.args)
            }
            Expr::List(list) => self.all(&list.elements),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => self.all([&entry.key, &entry.value]),
                EntryExpr::StructField(field) => self.expression(&field.value),
            }),
            Expr::Comprehension(inner) => {
                self.expression(&inner.iter_range)?;
                if self.loops == DEEPEST_LOOPS {
                    let message =
                        format!("loops (`all`, `exists`, `map`, `filter`) nested deeper than {DEEPEST_LOOPS}");
                    return Err(self.fault(part, message));
                }
                self.loops += 1;
                self.bound.push(inner.iter_var.clone());
                let result = self.expression(&inner.loop_step);
                self.bound.pop();
                self.loops -= 1;
                result
            }
            Expr::Struct(_) | Expr::Unspecified => Err(self.fault(part, "messages like `Name{…}` are not known here")),
        }
    }

    fn name(&self, part: &Expression, name: &str) -> Result<(), CelFault> {
        let names = schema::names(self.kind);
        // What begins with `@` are the loops' own.
        let is_known = name.starts_with('@')
            || self.bound.iter().any(|bound| bound == name)
            || names.contains(&name)
            || schema::TYPES.contains(&name);
        if is_known {
            return Ok(());
        }
        let bound = self.bound.iter().map(String::as_str);
        let hint = did_you_mean(name, names.iter().copied().chain(bound));
        let message = format!("a {} has no «{name}»{hint}; there are {}", self.kind.word(), names.join(", "));
        Err(self.fault(part, message))
    }

    fn field(&self, part: &Expression, operand: &Expression, field: &str) -> Result<(), CelFault> {
        let Expr::Ident(name) = &operand.expr else { return Ok(()) };
        match schema::fields(name) {
            Some(fields) if !self.bound.contains(name) && !fields.contains(&field) => {
                let hint = did_you_mean(field, fields.iter().copied());
                Err(self.fault(part, format!("«{name}» has no «{field}»{hint}; it has {}", fields.join(", "))))
            }
            _ => Ok(()),
        }
    }

    fn function(&self, part: &Expression, call: &CallExpr) -> Result<(), CelFault> {
        let name = call.func_name.as_str();
        // Operators are no words.
        let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_operator && !schema::FUNCTIONS.contains(&name) {
            let hint = did_you_mean(name, schema::FUNCTIONS.iter().copied());
            let message = format!("no function «{name}»{hint}; there are {}", schema::FUNCTIONS.join(", "));
            return Err(self.fault(part, message));
        }
        if name == "matches" {
            let pattern = call.args.last();
            let Some(Expr::Literal(LiteralValue::String(text))) = pattern.map(|pattern| &pattern.expr) else {
                return Err(self.fault(part, "`matches` needs its pattern written out as a text"));
            };
            budget::regex(text.inner()).map_err(|error| self.fault(pattern.unwrap_or(part), error))?;
        }
        Ok(())
    }
}
