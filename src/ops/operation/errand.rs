//! A program that is run here, or a request that is sent somewhere, to change something: what a runbook orders in words of its own.

use crate::model::{concealed::Concealed, object::ObjectRef, text::clean_to};
use serde::{Deserialize, Serialize};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Errand {
    /// What it is about; this host where that is no object of the cockpit.
    pub target: ObjectRef,
    /// The name of that, as a person types it.
    pub name: String,
    pub what: What,
    /// Secrets that must not stand in what is told of it, wherever they came from.
    pub hidden: Vec<Concealed>,
    /// After this nobody knows what came of it.
    pub limit_seconds: u64,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A program with its arguments, which no shell reads.
    Command {
        argv: Vec<String>,
        environment: Vec<(String, Concealed)>,
        input: Option<Concealed>,
        directory: Option<String>,
    },
    /// A request over HTTP.
    Request { method: String, url: String, headers: Vec<(String, Concealed)>, body: Option<Concealed> },
}

impl Errand {
    /// The words of both.
    pub const WORDS: &'static [&'static str] = &["command", "request"];

    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self.what {
            What::Command { .. } => "command",
            What::Request { .. } => "request",
        }
    }

    /// What it is, in one line.
    pub fn line(&self) -> String {
        let line = match &self.what {
            What::Command { argv, .. } => shell_words::join(argv),
            What::Request { method, url, .. } => format!("{method} {url}"),
        };
        clean_to(&crate::model::redact::text(&line), 300).into_owned()
    }

    /// Its effect in one sentence.
    pub fn effect(&self) -> String {
        match self.what {
            What::Command { .. } => format!("runs {} on this machine, about {}.", self.line(), self.name),
            What::Request { .. } => format!("sends {}, about {}.", self.line(), self.name),
        }
    }
}
