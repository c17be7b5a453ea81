//! What can be done about findings of the rule book: files of the rules are added to, and a file is opened in the editor.

use crate::{
    model::object::ObjectRef,
    rulebook::policy::addition::{Addition, Draft, RuleFile},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Something that is added to a file of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleChange {
    /// The finding that it is about; of several the first.
    pub target: ObjectRef,
    pub file: RuleFile,
    pub addition: Addition,
    /// The file as it would be. Nothing is written before it was made and looked at.
    pub draft: Option<Draft>,
}

/// A file that is opened in the editor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OpenFile {
    /// The finding that it is about.
    pub target: ObjectRef,
    /// The repository that it belongs to.
    pub root: PathBuf,
    /// From the root.
    pub file: PathBuf,
    /// Both count from 1.
    pub line: u32,
    pub column: u32,
}

/// The words of what can be done to findings.
pub const WORDS: &[&str] = &["waive", "attest", "accept", "edit"];

impl RuleChange {
    /// The file's name for a person.
    pub fn file_name(&self) -> String {
        if let Some(draft) = &self.draft {
            return draft.path.display().to_string();
        }
        match (&self.file, &self.addition) {
            (RuleFile::User(path), _) => path.display().to_string(),
            (RuleFile::Repository(root), Addition::Accept(_)) => format!("the baseline of {}", root.display()),
            (RuleFile::Repository(root), _) => root.join(".flightdeck.toml").display().to_string(),
        }
    }

    /// The word that is typed to confirm it.
    pub fn name(&self) -> &str {
        match &self.addition {
            Addition::Waive(waivers) => waivers.first().map_or("", |new| &new.waiver.rule),
            Addition::Attest(attestation) => &attestation.by,
            Addition::Accept(accepted) => accepted.first().map_or("", |one| &one.check),
        }
    }

    /// Its effect in one sentence.
    pub fn effect(&self) -> String {
        let file = self.file_name();
        match &self.addition {
            Addition::Waive(waivers) => match waivers.as_slice() {
                [one] => {
                    let waiver = &one.waiver;
                    let now = match one.covers {
                        0 | 1 => String::new(),
                        several => format!(" ({several} findings)"),
                    };
                    format!(
                        "Accepts {} of {}{now} until {}, answered for by {}: written into {file}.",
                        waiver.rule, waiver.target, waiver.expires, waiver.owner
                    )
                }
                many => format!("Accepts {} violations for a time: written into {file}.", many.len()),
            },
            Addition::Attest(attestation) => format!(
                "{} ({}) vouches for rule {}{} until {}: written into {file}.",
                attestation.by,
                attestation.role,
                attestation.rule,
                if attestation.subject.is_empty() { String::new() } else { format!(", {}", attestation.subject) },
                attestation.expires
            ),
            Addition::Accept(accepted) => {
                format!("Accepts {} as old debt, without an end: written into {file}.", count(accepted.len()))
            }
        }
    }

    /// Takes what another change adds to the same file; gives it back where that cannot be one change.
    ///
    /// # Errors
    /// The other one, unchanged.
    pub fn join(&mut self, other: Box<Self>) -> Result<(), Box<Self>> {
        if self.file != other.file || self.draft.is_some() || other.draft.is_some() {
            return Err(other);
        }
        let Self { target, file, addition, draft } = *other;
        self.addition.join(addition).map_err(|addition| Box::new(Self { target, file, addition, draft }))
    }
}

fn count(findings: usize) -> String {
    if findings == 1 { "a finding".into() } else { format!("{findings} findings") }
}

impl OpenFile {
    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.root.join(&self.file)
    }

    /// Its name without the folders.
    pub fn name(&self) -> &str {
        self.file.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Its effect in one sentence.
    pub fn effect(&self) -> String {
        format!("Opens {} at line {} in your editor.", shown(&self.file), self.line)
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl fmt::Display for RuleChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.addition, self.file_name())
    }
}

impl fmt::Display for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edit {}:{}", shown(&self.file), self.line)
    }
}
