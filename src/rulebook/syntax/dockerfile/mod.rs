//! Dockerfiles, by their reference (<https://docs.docker.com/reference/dockerfile/>): instructions with the place of every word, stages,
//! and the values of variables as far as the file tells them.
//!
//! What cannot be understood is a fault with a place; the other lines are read all the same.

mod expand;
mod instruction;
mod lines;
pub mod packages;
mod resolve;
pub mod script;
mod text;
mod words;

#[cfg(test)]
mod tests;

use super::Fault;
use crate::model::finding::Span;
pub use instruction::Keyword;
pub use lines::Directive;
pub use resolve::{Base, Stage, Undefined};
pub use script::{Command, ShellWord};
pub use text::Text;

/// A Dockerfile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dockerfile {
    pub directives: Vec<Directive>,
    /// In the order of the file. What stands behind `ONBUILD` is an instruction with [`Instruction::is_on_build`].
    pub instructions: Vec<Instruction>,
    /// In the order of the file; the last one is the image, unless the build names another.
    pub stages: Vec<Stage>,
    /// What could not be understood. The instructions that it concerns are missing.
    pub faults: Vec<Fault>,
    undefined: Vec<Undefined>,
}

/// An instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction {
    pub keyword: Keyword,
    pub keyword_span: Span,
    /// From the keyword to the last word; heredocs are not in it.
    pub span: Span,
    /// It stands behind `ONBUILD`: it is carried out in a build that stands on this image, and not in this one.
    pub is_on_build: bool,
    /// Index of the stage that it belongs to; `None` before the first `FROM`.
    pub stage: Option<usize>,
    /// `--from=build`.
    pub flags: Vec<Flag>,
    /// Written as a JSON list.
    pub is_exec: bool,
    /// What stands after the flags. Of `ENV`, `ARG` and `LABEL` these are the pairs, of a `RUN` in shell form see [`Instruction::commands`];
    /// both have none here.
    pub words: Vec<Word>,
    /// What `ENV`, `ARG` and `LABEL` set.
    pub pairs: Vec<Pair>,
    pub heredocs: Vec<Heredoc>,
    /// The command of a `RUN`, where a shell runs it that speaks as `sh` does.
    pub shell: Option<ShellText>,
    /// The whole instruction, its lines joined; empty once its words are expanded.
    text: Text,
}

/// A word of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it stands in the file; of a JSON list, the text without its quotes and escapes.
    pub raw: String,
    pub span: Span,
    /// Without quotes, variables expanded where the instruction expands them; [`UNKNOWN`] stands for each part that cannot be known.
    pub partial: String,
    pub variables: Vec<Variable>,
    /// Where it begins in the text of its instruction, in bytes.
    start: usize,
}

/// Stands in [`Word::partial`] for what cannot be known from the file.
pub const UNKNOWN: char = '\0';

impl Word {
    /// Its value, where it is known whole. An `ARG` has its default for a value: that is what a build gets that is told nothing.
    pub fn value(&self) -> Option<&str> {
        (!self.partial.contains(UNKNOWN)).then_some(self.partial.as_str())
    }
}

/// A variable that a word uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub span: Span,
    pub origin: Origin,
    /// Its absence is provided for: `${X:-default}`, `${X:+other}`, `${X:?message}`.
    pub is_guarded: bool,
}

/// Where a variable gets its value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The file sets it: `ENV`, or `ARG` with a default.
    File,
    /// An `ARG` without a default: whoever builds has to give it.
    BuildArgument,
    /// Every builder sets it, or an image below does.
    Builder,
    /// Nothing in the file; the image that the stage stands on may.
    Image,
    /// Nothing.
    Nowhere,
}

/// `--name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    pub name: String,
    pub span: Span,
    /// `None` where there is no `=`.
    pub value: Option<Word>,
}

/// `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub name: String,
    pub name_span: Span,
    /// `None` where an `ARG` has no default.
    pub value: Option<Word>,
}

/// A text that stands in the file below its instruction: `<<EOF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    pub name: String,
    /// Where the `<<EOF` stands.
    pub span: Span,
    /// Whether variables in it are expanded: its name is not quoted.
    pub expands: bool,
    /// Its lines, ends included; tabs that `<<-` strips are still there.
    pub body: Text,
    pub variables: Vec<Variable>,
}

/// The command of a `RUN` in shell form, for the readers of shell: its text keeps the continuation lines of the file, and what is no
/// command (the instruction's name, its flags, comments inside) is replaced by blanks and continuations, so that columns are the file's, and
/// line 1 of the text is line `line` of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShellText {
    pub text: String,
    pub line: u32,
    /// What runs it, from the `SHELL` in force: `/bin/sh`, `-c`. A heredoc with a `#!` line has that line.
    pub shell: Vec<String>,
}

/// Faults that are kept: a file with more is something else.
const MOST_FAULTS: usize = 50;

/// Reads a text.
///
/// # Errors
/// A file without a single instruction. What else is wrong is in [`Dockerfile::faults`].
pub fn parse(text: &str) -> Result<Dockerfile, Fault> {
    let mut lines = lines::Lines::new(text);
    let mut instructions = Vec::new();
    while let Some(logical) = lines.instruction() {
        match instruction::read(&mut lines, &logical) {
            Ok(read) => instructions.extend(read),
            Err(fault) => lines.faults.push(fault),
        }
    }
    if instructions.is_empty() {
        return Err(lines.faults.into_iter().next().unwrap_or_else(|| Fault::at(None, "no instruction is in it")));
    }
    let mut file =
        Dockerfile { directives: lines.directives, instructions, faults: lines.faults, ..Dockerfile::default() };
    resolve::resolve(&mut file, lines.escape);
    file.faults.sort_by_key(|fault| fault.span);
    file.faults.truncate(MOST_FAULTS);
    Ok(file)
}

impl Dockerfile {
    /// The shell commands of its `RUN`s.
    pub fn runs(&self) -> Vec<ShellText> {
        self.instructions.iter().filter_map(|instruction| instruction.shell.clone()).collect()
    }

    /// Variables that are used and that no `ARG`, `ENV` or builder defines, in instructions that expand variables (not in the shell text
    /// of `RUN`, `CMD` and `ENTRYPOINT`). The meaning is that of buildkit's `UndefinedVar` and `UndefinedArgInFrom`
    /// (<https://docs.docker.com/reference/build-checks/undefined-var/>); see [`Undefined::may_be_inherited`].
    pub fn undefined_variables(&self) -> &[Undefined] {
        &self.undefined
    }

    /// The stage that becomes the image.
    pub fn final_stage(&self) -> Option<&Stage> {
        self.stages.last()
    }

    /// A stage, the stage that it stands on, and so on to the one that stands on an image.
    pub fn lineage<'d>(&'d self, stage: &'d Stage) -> impl Iterator<Item = &'d Stage> {
        std::iter::successors(Some(stage), |stage| match stage.base {
            // A base stands before what stands on it, so this ends.
            Base::Stage(at) => self.stages.get(at),
            _ => None,
        })
    }

    /// What a stage itself does, without its `FROM` and without what it leaves to others (`ONBUILD`).
    pub fn of_stage(&self, stage: &Stage) -> impl DoubleEndedIterator<Item = &Instruction> {
        let own = self.instructions.get(stage.instructions.clone()).unwrap_or_default();
        own.iter().filter(|instruction| !instruction.is_on_build)
    }

    /// The last instruction of a kind that counts for a stage, in it or in a stage below it.
    pub fn last_of<'d>(&'d self, stage: &'d Stage, keyword: Keyword) -> Option<&'d Instruction> {
        self.lineage(stage).find_map(|stage| self.of_stage(stage).rev().find(|found| found.keyword == keyword))
    }

    /// The image below a stage and all stages that it stands on.
    pub fn root_of<'d>(&'d self, stage: &'d Stage) -> Option<&'d Base> {
        self.lineage(stage).last().map(|stage| &stage.base)
    }

    /// The `FROM` of a stage.
    pub fn from_of(&self, stage: &Stage) -> Option<&Instruction> {
        self.instructions.get(stage.from)
    }

    /// The place of a stage's image, as its `FROM` names it.
    pub fn base_word(&self, stage: &Stage) -> Option<&Word> {
        self.from_of(stage)?.words.first()
    }

    /// The stage that is meant by a name or a number (`--from=build`, `--from=0`) in an instruction of another one.
    pub fn stage_named(&self, name: &str) -> Option<&Stage> {
        let by_name = self.stages.iter().rev().find(|stage| stage.is_named(name));
        by_name.or_else(|| self.stages.get(name.parse::<usize>().ok()?))
    }
}

impl Instruction {
    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<&Word> {
        self.flags.iter().find(|flag| flag.name == name)?.value.as_ref()
    }

    /// The simple commands that a `RUN` carries out.
    pub fn commands(&self) -> Vec<Command> {
        match &self.shell {
            Some(text) => script::commands(text),
            None if self.keyword == Keyword::Run && self.is_exec => vec![Command::of(&self.words)],
            None => Vec::new(),
        }
    }
}
