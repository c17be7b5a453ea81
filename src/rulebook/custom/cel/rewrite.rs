//! Puts the counters of [`super::budget`] into an expression, where its work depends on how large the values are.

use super::budget::{COST, LOOP};
use cel::{
    IdedExpr as Expression,
    common::{
        ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators},
        types::CelInt,
    },
};

/// Lets every operand that is compared, added, searched or copied be weighed first, and every loop be counted.
pub fn count_costs(expression: &mut Expression) {
    match &mut expression.expr {
        Expr::Call(call) => {
            let is_free = is_free(&call.func_name);
            if let Some(target) = &mut call.target {
                count_costs(target);
                weigh_unless(is_free, target);
            }
            for argument in &mut call.args {
                count_costs(argument);
                weigh_unless(is_free, argument);
            }
        }
        Expr::List(list) => {
            for element in &mut list.elements {
                count_costs(element);
                weigh_unless(false, element);
            }
        }
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    for part in [&mut entry.key, &mut entry.value] {
                        count_costs(part);
                        weigh_unless(false, part);
                    }
                }
            }
        }
        Expr::Select(select) => count_costs(&mut select.operand),
        Expr::Comprehension(comprehension) => {
            let parts = parts(&comprehension.loop_step);
            count_costs(&mut comprehension.loop_step);
            count_costs(&mut comprehension.iter_range);
            let range = std::mem::take(&mut comprehension.iter_range);
            let literal =
                |number: i64| Expression { id: range.id, expr: Expr::Literal(LiteralValue::Int(CelInt::from(number))) };
            let parts = literal(parts);
            comprehension.iter_range = call(LOOP, vec![range, parts]);
        }
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
    }
}

/// Functions whose work does not depend on the size of what they are given.
fn is_free(name: &str) -> bool {
    matches!(
        name,
        operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::CONDITIONAL
            | operators::INDEX
            | operators::NOT_STRICTLY_FALSE
            | "size"
            | "type"
            | "dyn"
    )
}

/// Weighs a part, unless it is small by its nature: a literal, a list whose items are weighed, a loop's own result (which the
/// evaluator extends in place as long as the expression keeps its form).
fn weigh_unless(is_free: bool, part: &mut Expression) {
    let is_small = match &part.expr {
        Expr::Literal(_) | Expr::List(_) | Expr::Map(_) => true,
        Expr::Ident(name) => name.starts_with('@'),
        _ => false,
    };
    if !is_free && !is_small {
        let inner = std::mem::take(part);
        *part = call(COST, vec![inner]);
    }
}

fn call(name: &str, args: Vec<Expression>) -> Expression {
    let id = args.first().map_or(0, |first| first.id);
    Expression { id, expr: Expr::Call(CallExpr { func_name: name.into(), target: None, args }) }
}

/// How many parts an expression has.
fn parts(expression: &Expression) -> i64 {
    let all = |list: &[Expression]| list.iter().map(parts).sum::<i64>();
    1 + match &expression.expr {
        Expr::Call(call) => all(&call.args) + call.target.as_deref().map_or(0, parts),
        Expr::List(list) => all(&list.elements),
        Expr::Map(map) => map
            .entries
            .iter()
            .map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => parts(&entry.key) + parts(&entry.value),
                EntryExpr::StructField(_) => 0,
            })
            .sum(),
        Expr::Select(select) => parts(&select.operand),
        Expr::Comprehension(inner) => parts(&inner.iter_range),
        Expr::Literal(LiteralValue::String(text)) => i64::try_from(text.inner().len() / 64).unwrap_or(0),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => 0,
    }
}
