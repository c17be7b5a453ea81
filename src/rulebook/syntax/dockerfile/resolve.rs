//! Stages, and what variables are worth in them.

use super::{
    Dockerfile, Instruction, Keyword, Origin, Text, UNKNOWN, Variable, Word,
    expand::{self, Reading, Value},
};
use crate::{model::finding::Span, rulebook::syntax::Fault};
use std::{collections::HashMap, ops::Range};

/// Stages that a file may have. A variable is looked up through all stages below its own.
const MOST_STAGES: usize = 256;

/// What stands between one `FROM` and the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// `build` of `FROM golang AS build`; small letters, as names are compared without regard to case.
    pub name: Option<String>,
    pub base: Base,
    /// Index of its `FROM`.
    pub from: usize,
    /// Indices of its other instructions.
    pub instructions: Range<usize>,
}

/// What a stage stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Nothing: `scratch`.
    Scratch,
    /// An earlier stage, by its index.
    Stage(usize),
    /// One of these earlier stages, and a variable says which: `base-${TARGETARCH}`.
    SomeStage(Vec<usize>),
    /// An image of a registry. [`UNKNOWN`] stands for what cannot be known of its name.
    Image(String),
}

/// A variable that nothing in the file defines where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undefined {
    pub name: String,
    /// From the `$` on.
    pub span: Span,
    /// The image that the stage stands on may define it, as far as one can know without it. Official images define little besides `PATH`,
    /// and by conventional names (`JAVA_HOME`, `NODE_VERSION`); of any other image nothing is known.
    pub may_be_inherited: bool,
}

impl Stage {
    /// Whether it has this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Arguments that every builder knows in `FROM`, and in stages that declare them
/// (<https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope>).
const PLATFORM: [&str; 9] = [
    "BUILDARCH",
    "BUILDOS",
    "BUILDPLATFORM",
    "BUILDVARIANT",
    "TARGETARCH",
    "TARGETOS",
    "TARGETPLATFORM",
    "TARGETSTAGE",
    "TARGETVARIANT",
];

/// Whether a variable is there without any `ARG` (<https://docs.docker.com/reference/dockerfile/#predefined-args>).
fn is_predefined(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_proxy = matches!(lower.as_str(), "http_proxy" | "https_proxy" | "ftp_proxy" | "no_proxy" | "all_proxy");
    is_proxy || name == "PATH" || name == "SOURCE_DATE_EPOCH" || name.starts_with("BUILDKIT_")
}

/// What a stage may get from its image without a word of it in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inherits {
    Nothing,
    /// Of an official image.
    Conventional,
    Anything,
}

impl Inherits {
    fn of(base: &Base) -> Self {
        match base {
            Base::Scratch => Self::Nothing,
            Base::Image(image) => {
                // Names without a registry and an owner are those of official images.
                let name = image.strip_prefix("docker.io/").unwrap_or(image);
                let name = name.strip_prefix("library/").unwrap_or(name);
                if name.contains(['/', UNKNOWN]) { Self::Anything } else { Self::Conventional }
            }
            Base::Stage(_) | Base::SomeStage(_) => Self::Anything,
        }
    }

    fn may_hold(self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Anything => true,
            Self::Conventional => {
                let ends = ["_HOME", "PATH", "_VERSION", "_ROOT", "_PREFIX", "_SHA256", "_KEY", "_KEYS"];
                ends.iter().any(|end| name.ends_with(end))
                    || ["LC_", "LANG", "PHP_", "NODE_", "PYTHON", "JAVA_", "GO", "RUBY", "GEM_", "BUNDLE_"]
                        .iter()
                        .any(|start| name.starts_with(start))
                    || matches!(name, "HOME" | "HOSTNAME" | "USER" | "TERM" | "TZ" | "container" | "DEBIAN_FRONTEND")
            }
        }
    }
}

/// A variable of a stage.
struct Held {
    value: Value,
    origin: Origin,
    /// Set by `ENV`, which no `ARG` overrides.
    is_env: bool,
}

struct Vars {
    own: HashMap<String, Held>,
    /// The stage that this one stands on.
    below: Option<usize>,
    inherits: Inherits,
    /// What runs `RUN`, where this stage says it.
    shell: Option<Vec<String>>,
}

/// What is known so far.
struct Resolver {
    escape: char,
    global: HashMap<String, Held>,
    stages: Vec<Vars>,
    undefined: Vec<Undefined>,
}

/// Finds the stages, expands the words.
pub(super) fn resolve(file: &mut Dockerfile, escape: char) {
    let mut resolver = Resolver { escape, global: HashMap::new(), stages: Vec::new(), undefined: Vec::new() };
    let mut kept = Vec::with_capacity(file.instructions.len());
    for mut instruction in std::mem::take(&mut file.instructions) {
        let in_stage = file.stages.len().checked_sub(1);
        if instruction.keyword == Keyword::From {
            if file.stages.len() == MOST_STAGES {
                let message = format!("more than {MOST_STAGES} stages; it is not read on");
                file.faults.push(Fault::at(instruction.keyword_span, message));
                break;
            }
            resolver.expand(&mut instruction, None);
            match resolver.stage(&instruction, kept.len(), &file.stages) {
                Ok(stage) => file.stages.push(stage),
                Err(fault) => {
                    file.faults.push(fault);
                    continue;
                }
            }
            instruction.stage = Some(file.stages.len() - 1);
        } else {
            if in_stage.is_none() && instruction.keyword != Keyword::Arg {
                let message = format!("`{}` before the first `FROM`", instruction.keyword.word());
                file.faults.push(Fault::at(instruction.keyword_span, message));
                continue;
            }
            instruction.stage = in_stage;
            resolver.expand(&mut instruction, in_stage);
            if let Some(stage) = file.stages.last_mut() {
                stage.instructions.end = kept.len() + 1;
            }
        }
        kept.push(instruction);
    }
    if file.stages.is_empty() && file.faults.is_empty() {
        file.faults.push(Fault::at(None, "no `FROM` is in it"));
    }
    file.instructions = kept;
    file.undefined = resolver.undefined;
}

impl Resolver {
    /// Begins a stage.
    fn stage(&mut self, from: &Instruction, at: usize, earlier: &[Stage]) -> Result<Stage, Fault> {
        let name = match from.words.as_slice() {
            [_] => None,
            [_, word, name] if word.raw.eq_ignore_ascii_case("as") => Some(name.raw.to_lowercase()),
            _ => return Err(Fault::at(from.span, "`FROM` takes an image, or an image `AS` a name")),
        };
        let image = &from.words[0].partial;
        let named = earlier.iter().rposition(|stage| stage.is_named(image));
        let fitting = || earlier.iter().enumerate().filter(|(_, stage)| fits(image, stage)).map(|(at, _)| at).collect();
        let base = match named {
            Some(stage) => Base::Stage(stage),
            None if image == "scratch" => Base::Scratch,
            None => match fitting() {
                stages if Vec::is_empty(&stages) => Base::Image(image.clone()),
                stages => Base::SomeStage(stages),
            },
        };
        let inherits = named.map_or_else(|| Inherits::of(&base), |stage| self.stages[stage].inherits);
        self.stages.push(Vars { own: HashMap::new(), below: named, inherits, shell: None });
        Ok(Stage { name, base, from: at, instructions: at + 1..at + 1 })
    }

    /// Expands the words of an instruction and keeps what it sets.
    fn expand(&mut self, instruction: &mut Instruction, stage: Option<usize>) {
        let text = std::mem::take(&mut instruction.text);
        // What is left to others is worth what their file says.
        let reports = !instruction.is_on_build && instruction.keyword.expands();
        for word in instruction.flags.iter_mut().filter_map(|flag| flag.value.as_mut()) {
            self.word(word, &text, stage, reports);
        }
        if instruction.keyword.expands() {
            for word in &mut instruction.words {
                self.word(word, &text, stage, reports);
            }
        }
        if matches!(instruction.keyword, Keyword::Copy | Keyword::Add) {
            for heredoc in instruction.heredocs.iter_mut().filter(|heredoc| heredoc.expands) {
                let reading = Reading { escape: self.escape, keeps_quotes: true };
                heredoc.variables = self.text(&heredoc.body, 0..heredoc.body.text.len(), reading, stage, reports).1;
            }
        }
        // `ENV a=1 b=$a` sees the old `a`; the arguments of an `ARG` see each other.
        let mut set = Vec::new();
        for pair in &mut instruction.pairs {
            if let Some(word) = &mut pair.value {
                self.word(word, &text, stage, reports);
            }
            if instruction.keyword == Keyword::Arg && !instruction.is_on_build {
                self.argument(&pair.name, pair.value.as_ref(), stage);
            } else if instruction.keyword == Keyword::Env && !instruction.is_on_build {
                set.push((pair.name.clone(), pair.value.as_ref().map_or("", |word| &word.partial).to_owned()));
            }
        }
        let Some(vars) = stage.and_then(|stage| self.stages.get_mut(stage)) else { return };
        for (name, value) in set {
            vars.own.insert(name, Held { value: Value::Is(value), origin: Origin::File, is_env: true });
        }
        if instruction.keyword == Keyword::Shell && !instruction.is_on_build {
            vars.shell = Some(instruction.words.iter().map(|word| word.raw.clone()).collect());
        }
        self.shell(instruction, stage);
    }

    /// Declares an argument of a build.
    fn argument(&mut self, name: &str, default: Option<&Word>, stage: Option<usize>) {
        let held = match default {
            Some(word) => Held { value: Value::Is(word.partial.clone()), origin: Origin::File, is_env: false },
            None => match self.global.get(name) {
                Some(global) if stage.is_some() => {
                    Held { value: global.value.clone(), origin: global.origin, is_env: false }
                }
                _ if PLATFORM.contains(&name) || is_predefined(name) => {
                    Held { value: Value::Unknown, origin: Origin::Builder, is_env: false }
                }
                _ => Held { value: Value::Unset, origin: Origin::BuildArgument, is_env: false },
            },
        };
        let Some(stage) = stage else {
            self.global.insert(name.to_owned(), held);
            return;
        };
        if !self.held(name, stage).is_some_and(|known| known.is_env) {
            self.stages[stage].own.insert(name.to_owned(), held);
        }
    }

    /// Says what runs a `RUN`, or that it is not for a shell like `sh`.
    fn shell(&self, instruction: &mut Instruction, stage: Option<usize>) {
        let Some(text) = &mut instruction.shell else { return };
        let chain = std::iter::successors(stage, |stage| self.stages[*stage].below);
        let set = chain.filter_map(|stage| self.stages[stage].shell.as_ref()).next();
        if text.shell.is_empty() {
            text.shell = set.cloned().unwrap_or_else(|| vec!["/bin/sh".into(), "-c".into()]);
        }
        let program = text.shell.first().map(|shell| shell.rsplit('/').next().unwrap_or(shell));
        let speaks = program.is_some_and(|name| ["sh", "bash", "ash", "dash", "ksh", "zsh", "busybox"].contains(&name));
        // A backtick for an escape is the mark of Windows, whose own shell runs what no `SHELL` gives to another.
        if !speaks || (self.escape == '`' && set.is_none()) {
            instruction.shell = None;
        }
    }

    fn held(&self, name: &str, stage: usize) -> Option<&Held> {
        let mut chain = std::iter::successors(Some(stage), |stage| self.stages[*stage].below);
        chain.find_map(|stage| self.stages[stage].own.get(name))
    }

    fn look_up(&self, name: &str, stage: Option<usize>) -> (Value, Origin) {
        let held = stage.map_or_else(|| self.global.get(name), |stage| self.held(name, stage));
        if let Some(held) = held {
            return (held.value.clone(), held.origin);
        }
        if is_predefined(name) || (stage.is_none() && PLATFORM.contains(&name)) {
            return (Value::Unknown, Origin::Builder);
        }
        let inherits = stage.map_or(Inherits::Nothing, |stage| self.stages[stage].inherits);
        if inherits.may_hold(name) { (Value::Unknown, Origin::Image) } else { (Value::Unset, Origin::Nowhere) }
    }

    fn word(&mut self, word: &mut Word, text: &Text, stage: Option<usize>, reports: bool) {
        let range = word.start..word.start + word.raw.len();
        let reading = Reading { escape: self.escape, keeps_quotes: false };
        // The text of a JSON list is not what stands in the file, where that has escapes.
        if text.text.get(range.clone()) == Some(word.raw.as_str()) {
            (word.partial, word.variables) = self.text(text, range, reading, stage, reports);
        } else {
            let mut copy = Text::default();
            copy.push(&word.raw, word.span.line, word.span.column.saturating_add(1));
            (word.partial, word.variables) = self.text(&copy, 0..copy.text.len(), reading, stage, reports);
        }
    }

    fn text(
        &mut self,
        text: &Text,
        range: Range<usize>,
        reading: Reading,
        stage: Option<usize>,
        reports: bool,
    ) -> (String, Vec<Variable>) {
        let start = range.start;
        let stretch = &text.text[range];
        let (partial, uses) = expand::expand(stretch, reading, &|name| self.look_up(name, stage).0);
        let variables: Vec<Variable> = uses
            .into_iter()
            .map(|used| Variable {
                span: text.span(start + used.range.start..start + used.range.end),
                origin: self.look_up(&used.name, stage).1,
                name: used.name,
                is_guarded: used.is_guarded,
            })
            .collect();
        if reports {
            let is_undefined = |variable: &&Variable| {
                matches!(variable.origin, Origin::Image | Origin::Nowhere) && !variable.is_guarded
            };
            self.undefined.extend(variables.iter().filter(is_undefined).map(|variable| Undefined {
                name: variable.name.clone(),
                span: variable.span,
                may_be_inherited: variable.origin == Origin::Image,
            }));
        }
        (partial, variables)
    }
}

/// Whether a name with unknown parts can be that of a stage.
fn fits(image: &str, stage: &Stage) -> bool {
    let (Some(name), Some((before, rest))) = (&stage.name, image.split_once(UNKNOWN)) else { return false };
    let after = rest.rsplit(UNKNOWN).next().unwrap_or_default();
    // A variable alone can be any image; it is no hint that a stage is meant.
    let says = !before.is_empty() || !after.is_empty();
    says && name.len() >= before.len() + after.len()
        && name.starts_with(&before.to_lowercase())
        && name.ends_with(&after.to_lowercase())
}
