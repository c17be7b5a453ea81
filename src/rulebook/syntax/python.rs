//! Python modules: functions, calls, `except` clauses, imports, and what runs when the module is a script. The grammar is Ruff's
//! (`ruff_python_parser`), which grows its stack on the heap; what it builds is dropped and walked by recursion, so that a guard over
//! the tokens refuses texts that are nested too deep before it is asked.

mod guard;
mod visit;

#[cfg(test)]
mod tests;

use super::{Fault, places::Places};
use crate::model::finding::Span;
use compact_str::CompactString;

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Module {
    pub functions: Vec<Function>,
    pub calls: Vec<Call>,
    pub handlers: Vec<Handler>,
    pub imports: Vec<Import>,
    /// `if __name__ == "__main__":` at the outer level.
    pub main: Option<Main>,
    /// Whether it begins with `#!`.
    pub has_shebang: bool,
}

/// A function or method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Of its name.
    pub span: Span,
    /// The class that it is in.
    pub class: Option<Class>,
    /// Inside of another function, or of a class that is.
    pub is_nested: bool,
    pub has_docstring: bool,
    /// With dots, without arguments: `app.get`, `typing.overload` as it is written.
    pub decorators: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub has_return_type: bool,
    /// Its body is only `...`, `pass`, a docstring, or `raise NotImplementedError`.
    pub is_stub: bool,
}

/// What is known of a function's class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    pub name: String,
    /// Any of the classes around it has a name that begins with `_`.
    pub is_private: bool,
    /// As they are written.
    pub bases: Vec<String>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub is_annotated: bool,
    /// `*args`, `**kwargs`.
    pub is_variadic: bool,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What is called, with dots, and names of imports made whole: `subprocess.run` also after `from subprocess import run`. Empty
    /// where it is no name.
    pub callee: CompactString,
    /// Of what is called.
    pub span: Span,
    pub keywords: Vec<Keyword>,
    /// The arguments without a name: texts where they are texts.
    pub arguments: Vec<Value>,
    /// Its function, as an index into [`Module::functions`].
    pub function: Option<usize>,
    /// Under `if __name__ == "__main__":`.
    pub is_in_main: bool,
}

/// An argument with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword {
    pub name: CompactString,
    pub value: Value,
    /// Name and value.
    pub span: Span,
}

/// What is known of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Bool(bool),
    Text(CompactString),
    /// A name with dots: `sys.stderr`.
    Name(CompactString),
    Other,
}

/// An `except`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// Of the word `except`.
    pub span: Span,
    /// What it catches, as it is written where that is a name; `None` for a bare one.
    pub catches: Option<String>,
    /// A `raise` stands in it.
    pub raises: bool,
}

/// Something imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// What it is called here.
    pub name: String,
    /// What it is: `subprocess.run`; with leading dots where it is relative.
    pub full: String,
    pub span: Span,
}

/// `if __name__ == "__main__":`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Main {
    /// From `if` to the end of the condition.
    pub span: Span,
}

/// Reads a text.
///
/// # Errors
/// What is no Python 3, with its place, and what is nested too deep.
pub fn parse(text: &str) -> Result<Module, Fault> {
    guard::check(text)?;
    let places = Places::of(text);
    let parsed = ruff_python_parser::parse_module(text).map_err(|error| {
        let (line, column) = places.at(error.location.start().to_usize());
        Fault::at(Span::on_line(line, column, 1), error.error.to_string())
    })?;
    let mut module = visit::module(parsed.syntax(), &places);
    module.has_shebang = text.starts_with("#!");
    // It is kept as long as the file is there.
    module.calls.shrink_to_fit();
    module.functions.shrink_to_fit();
    Ok(module)
}

impl Function {
    /// Whether others may call it: neither its name nor its class's begins with `_`, and it is in no function.
    pub fn is_public(&self) -> bool {
        !self.name.starts_with('_') && !self.is_nested && self.class.as_ref().is_none_or(|class| !class.is_private)
    }

    /// Whether a decorator's last name is this: `overload` of `typing.overload`.
    pub fn is_decorated(&self, name: &str) -> bool {
        self.decorators.iter().any(|decorator| decorator.rsplit('.').next() == Some(name))
    }
}

impl Call {
    /// The value of an argument with a name.
    pub fn keyword(&self, name: &str) -> Option<&Keyword> {
        self.keywords.iter().find(|keyword| keyword.name == name)
    }
}

impl Module {
    /// Whether a module, or something of it, is imported: `argparse`.
    pub fn imports(&self, module: &str) -> bool {
        let is_of = |full: &str| full.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.imports.iter().any(|import| is_of(&import.full))
    }
}
