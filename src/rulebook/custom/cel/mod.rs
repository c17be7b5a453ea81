//! Assertions in CEL, the Common Expression Language (<https://github.com/google/cel-spec/blob/master/doc/langdef.md>): read and checked
//! when the rules are loaded, judged with a budget. What cannot be judged is an error, and the rule's result then is unknown: a gate
//! that asks stays shut.

mod budget;
mod check;
mod rewrite;
mod scan;
pub mod schema;
mod values;

use super::subject::Kind;
use cel::{
    Context, Env, IdedExpr as Expression,
    common::{ast::SourceInfo, types::CelBool},
};
use std::sync::{Arc, LazyLock};

pub use budget::regex;
pub use values::Variables;

/// Bytes that an assertion may have.
pub const LONGEST: usize = 4 << 10;
/// The stack that the parser gets: it takes some hundred KiB for every bracket that is nested, so that 2 MiB would be too little.
const STACK: usize = 64 << 20;

/// What is known to every assertion: the standard library without optional values and time, and what keeps count.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib().with_optional_support(false);
    budget::declare(&mut env).expect("the names are free");
    Arc::new(env)
});

/// An assertion that was read and found sound.
#[derive(Debug, Clone)]
pub struct Assertion {
    pub source: String,
    /// The names of the subject that it reads.
    pub names: Vec<String>,
    expression: Arc<Expression>,
}

impl PartialEq for Assertion {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// What is wrong with an assertion, and at which byte of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CelFault {
    pub offset: usize,
    pub message: String,
}

impl CelFault {
    fn at(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

impl Assertion {
    /// Reads an assertion about a kind of subject.
    ///
    /// # Errors
    /// What is no CEL, what is too large or nested too deep, and names that the subject does not have.
    pub fn compile(source: &str, kind: Kind) -> Result<Self, CelFault> {
        if source.len() > LONGEST {
            let message = format!("an assertion of {} bytes; at most {LONGEST} are allowed", source.len());
            return Err(CelFault::at(LONGEST, message));
        }
        scan::scan(source)?;
        let (mut expression, places) = parse(source)?;
        check::check(&expression, &Places(&places), kind)?;
        let names = check::names_used(&expression, kind);
        rewrite::count_costs(&mut expression);
        Ok(Self { source: source.to_owned(), names, expression: Arc::new(expression) })
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// Why that cannot be said: a field that is not there, a value that cannot be known from the file, too much work, no truth value.
    pub fn holds(&self, variables: Variables<'_>) -> Result<bool, String> {
        let mut context = Context::with_env(Arc::clone(&ENV));
        variables.bind(&mut context)?;
        budget::start();
        let result = cel::Value::resolve_val(&self.expression, &context);
        if budget::is_spent() {
            return Err("this takes too much work to judge; ask for less of it at once".into());
        }
        if let Some(text) = budget::opaque_seen() {
            return Err(format!("it depends on «{text}», which cannot be known from here"));
        }
        match result {
            Ok(value) => match value.downcast_ref::<CelBool>() {
                Some(truth) => Ok(*truth.inner()),
                None => Err(format!("the assertion gives a {}, not true or false", value.get_type().name())),
            },
            Err(error) => Err(values::explain(&error)),
        }
    }
}

/// Where the parts of an assertion stand in it.
struct Places<'a>(&'a SourceInfo);

impl Places<'_> {
    /// The byte at which a part begins.
    fn of(&self, id: u64) -> usize {
        self.0.offset_for(id).map_or(0, |(start, _)| start as usize)
    }
}

/// Reads on a stack of its own.
fn parse(source: &str) -> Result<(Expression, SourceInfo), CelFault> {
    let text = source.to_owned();
    let reader = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        ENV.parser().parse_with_source_info(&text).map_err(|errors| {
            let first = errors.errors.into_iter().next();
            first.map_or((0, 0, String::new()), |error| (error.pos.0, error.pos.1, error.msg))
        })
    });
    let reader = reader.map_err(|error| CelFault::at(0, format!("no thread to read it on: {error}")))?;
    let read = reader.join().map_err(|_| CelFault::at(0, "the CEL parser gave up on it; write it another way"))?;
    read.map_err(|(line, column, message)| {
        let message = message.strip_prefix("Syntax error: ").unwrap_or(&message);
        let message = message.replace("<EOF>", "the end");
        // What could stand there instead is a list of every operator.
        let message = message.split(" expecting {").next().unwrap_or_default();
        CelFault::at(scan::offset_of(source, line, column), format!("no CEL: {message}"))
    })
}

#[cfg(test)]
mod tests;
