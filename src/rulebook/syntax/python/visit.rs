//! Walks Ruff's tree and keeps what the checks ask for.

use super::{Call, Class, Function, Handler, Import, Keyword, Main, Module, Parameter, Value};
use crate::{model::finding::Span, rulebook::syntax::places::Places};
use compact_str::{CompactString, format_compact};
use ruff_python_ast::{
    ExceptHandler, Expr, ExprCall, ModModule, Stmt, StmtClassDef, StmtFunctionDef, StmtIf,
    visitor::{self, Visitor},
};
use ruff_text_size::{Ranged, TextRange};
use std::collections::HashMap;

pub(super) fn module(tree: &ModModule, places: &Places<'_>) -> Module {
    let mut imports = Imports { places, found: Vec::new() };
    imports.visit_body(&tree.body);
    let names = imports.found.iter().map(|import| (import.name.clone(), import.full.clone())).collect();
    let module = Module { imports: imports.found, ..Module::default() };
    let mut walk = Walk {
        places,
        names,
        module,
        function: None,
        classes: Vec::new(),
        is_nested: false,
        is_in_main: false,
        depth: 0,
    };
    walk.visit_body(&tree.body);
    walk.module
}

/// Finds imports, wherever they are: calls before them have to be understood, too.
struct Imports<'p> {
    places: &'p Places<'p>,
    found: Vec<Import>,
}

impl<'a> Visitor<'a> for Imports<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let full = alias.name.to_string();
                    // `import a.b` makes `a` known.
                    let first = || full.split('.').next().unwrap_or_default().to_owned();
                    let (name, full) = match &alias.asname {
                        Some(name) => (name.to_string(), full),
                        None if full.contains('.') => (first(), first()),
                        None => (full.clone(), full),
                    };
                    self.found.push(Import { name, full, span: span(self.places, alias.range) });
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map(ToString::to_string).unwrap_or_default();
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
                    let dots = ".".repeat(usize::try_from(import.level).unwrap_or_default().min(20));
                    let full = match module.as_str() {
                        "" => format!("{dots}{}", alias.name),
                        module => format!("{dots}{module}.{}", alias.name),
                    };
                    self.found.push(Import { name, full, span: span(self.places, alias.range) });
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

struct Walk<'p> {
    places: &'p Places<'p>,
    names: HashMap<String, String>,
    module: Module,
    function: Option<usize>,
    classes: Vec<Class>,
    is_nested: bool,
    is_in_main: bool,
    /// Blocks around.
    depth: usize,
}

impl<'a> Visitor<'a> for Walk<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::If(branch) if self.depth == 0 && is_main(&branch.test) => self.main(branch),
            _ => {
                self.depth += 1;
                visitor::walk_stmt(self, stmt);
                self.depth -= 1;
            }
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.call(call);
        }
        visitor::walk_expr(self, expr);
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(clause) = handler;
        let mut raises = Raises(false);
        raises.visit_body(&clause.body);
        let start = clause.range.start().to_usize();
        self.module.handlers.push(Handler {
            span: self.places.span(start, start + "except".len()),
            catches: clause.type_.as_deref().map(|caught| dotted(caught).unwrap_or_default()),
            raises: raises.0,
        });
        visitor::walk_except_handler(self, handler);
    }
}

impl Walk<'_> {
    fn main(&mut self, branch: &StmtIf) {
        let range = TextRange::new(branch.range.start(), branch.test.range().end());
        self.module.main = Some(Main { span: span(self.places, range) });
        self.is_in_main = true;
        self.depth += 1;
        self.visit_body(&branch.body);
        self.depth -= 1;
        self.is_in_main = false;
        for clause in &branch.elif_else_clauses {
            self.visit_elif_else_clause(clause);
        }
    }

    fn class(&mut self, class: &StmtClassDef) {
        let bases = class.arguments.iter().flat_map(|arguments| &arguments.args).filter_map(dotted).collect();
        let is_private = class.name.starts_with('_') || self.classes.last().is_some_and(|outer| outer.is_private);
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        if let Some(arguments) = &class.arguments {
            self.visit_arguments(arguments);
        }
        self.classes.push(Class { name: class.name.to_string(), is_private, bases });
        self.depth += 1;
        self.visit_body(&class.body);
        self.depth -= 1;
        self.classes.pop();
    }

    fn function(&mut self, function: &StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.visit_parameters(&function.parameters);
        let all = &function.parameters;
        let parameters = all.iter().map(|any| Parameter {
            name: any.name().to_string(),
            is_annotated: any.annotation().is_some(),
            is_variadic: any.is_variadic(),
        });
        self.module.functions.push(Function {
            name: function.name.to_string(),
            span: span(self.places, function.name.range),
            class: self.classes.last().cloned(),
            is_nested: self.is_nested,
            has_docstring: function.body.first().is_some_and(is_text),
            decorators: function.decorator_list.iter().filter_map(|decorator| dotted(&decorator.expression)).collect(),
            parameters: parameters.collect(),
            has_return_type: function.returns.is_some(),
            is_stub: function.body.iter().all(is_stub),
        });
        let outer = (self.function, self.is_nested);
        // A nested function's calls belong to itself; a class inside of a function does not make its methods public.
        self.function = Some(self.module.functions.len() - 1);
        self.is_nested = true;
        let classes = std::mem::take(&mut self.classes);
        self.depth += 1;
        self.visit_body(&function.body);
        self.depth -= 1;
        self.classes = classes;
        (self.function, self.is_nested) = outer;
    }

    fn call(&mut self, call: &ExprCall) {
        let keyword = |keyword: &ruff_python_ast::Keyword| {
            let name = keyword.arg.as_ref()?.as_str().into();
            Some(Keyword { name, value: self.value(&keyword.value), span: span(self.places, keyword.range) })
        };
        let mut call = Call {
            callee: dotted(&call.func).map(|name| self.whole(&name)).unwrap_or_default(),
            span: span(self.places, call.func.range()),
            keywords: call.arguments.keywords.iter().filter_map(keyword).collect(),
            arguments: call.arguments.args.iter().map(|argument| self.value(argument)).collect(),
            function: self.function,
            is_in_main: self.is_in_main,
        };
        call.keywords.shrink_to_fit();
        self.module.calls.push(call);
    }

    fn value(&self, expr: &Expr) -> Value {
        match expr {
            Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expr::StringLiteral(literal) => Value::Text(literal.value.to_str().into()),
            expr => dotted(expr).map_or(Value::Other, |name| Value::Name(self.whole(&name))),
        }
    }

    /// A name with its first part as what was imported under it.
    fn whole(&self, name: &str) -> CompactString {
        let first = name.split('.').next().unwrap_or_default();
        match self.names.get(first) {
            Some(full) => format_compact!("{full}{}", &name[first.len()..]),
            None => name.into(),
        }
    }
}

/// Looks for a `raise`.
struct Raises(bool);

impl<'a> Visitor<'a> for Raises {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Raise(_) => self.0 = true,
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

fn span(places: &Places<'_>, range: TextRange) -> Span {
    places.span(range.start().to_usize(), range.end().to_usize())
}

/// A name with dots; what is called for a call, so that a decorator's arguments do not matter.
fn dotted(expr: &Expr) -> Option<String> {
    let mut parts = Vec::new();
    let mut expr = if let Expr::Call(call) = expr { &call.func } else { expr };
    loop {
        match expr {
            Expr::Name(name) => {
                parts.push(name.id.as_str());
                break;
            }
            Expr::Attribute(attribute) => {
                parts.push(attribute.attr.as_str());
                expr = &attribute.value;
            }
            _ => return None,
        }
    }
    parts.reverse();
    Some(parts.join("."))
}

fn is_main(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else { return false };
    let [right] = &*compare.comparators else { return false };
    let is_name = |expr: &Expr| dotted(expr).as_deref() == Some("__name__");
    let is_main = |expr: &Expr| matches!(expr, Expr::StringLiteral(text) if text.value.to_str() == "__main__");
    is_name(&compare.left) && is_main(right) || is_main(&compare.left) && is_name(right)
}

fn is_text(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(expr) if matches!(&*expr.value, Expr::StringLiteral(_)))
}

fn is_stub(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Pass(_) => true,
        Stmt::Raise(raise) => {
            raise.exc.as_deref().and_then(dotted).is_some_and(|name| name.starts_with("NotImplemented"))
        }
        Stmt::Expr(expr) => matches!(&*expr.value, Expr::EllipsisLiteral(_) | Expr::StringLiteral(_)),
        _ => false,
    }
}
