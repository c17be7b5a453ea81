//! `flightdeck runbook`: what can be asked of runbooks and their runs.

use super::incident::Form;
use crate::runbook::run::Mode;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What can be done.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum RunbookCommand {
    /// List the runbooks that there are.
    List {
        #[command(flatten)]
        form: Form,
    },
    /// Show a runbook: what it is for, its variables with what may be chosen here, its steps.
    Show {
        /// Its name.
        name: String,
        #[command(flatten)]
        values: Values,
        #[command(flatten)]
        form: Form,
    },
    /// Look for mistakes in runbooks: in these files, or in all that there are.
    Lint {
        /// Files in TOML.
        files: Vec<PathBuf>,
        #[command(flatten)]
        form: Form,
    },
    /// Print the JSON schema of runbooks, for editors.
    Schema,
    /// Say what a run would do, and ask what has to be so before; nothing is done.
    Plan {
        /// Name of the runbook.
        name: String,
        #[command(flatten)]
        values: Values,
        #[command(flatten)]
        form: Form,
    },
    /// Run a runbook. A step that needs a person who is not spoken for by a flag pauses it.
    Run {
        /// Name of the runbook.
        name: String,
        #[command(flatten)]
        values: Values,
        /// Run only what this plan's hash stands for.
        #[arg(long, value_name = "HASH")]
        plan_hash: Option<String>,
        /// live; drill: on targets that the configuration marks as isolated; tabletop: nothing is done.
        #[arg(long, value_enum, default_value_t)]
        mode: ModeWord,
        /// The incident that it belongs to.
        #[arg(long, value_name = "INCIDENT")]
        incident: Option<String>,
        #[command(flatten)]
        answers: Answers,
    },
    /// Go on with a run that has paused, or broken off.
    Resume {
        /// The run.
        run: String,
        /// A secret that it needs: NAME=FILE, or NAME=$VARIABLE.
        #[arg(long, value_name = "NAME=FILE")]
        secret: Vec<String>,
        #[command(flatten)]
        answers: Answers,
    },
    /// Approve, as a second person, what a run is about to do.
    Approve {
        /// The run.
        run: String,
        /// Say no.
        #[arg(long)]
        decline: bool,
        /// Only where this is what would be done; the run's present plan unless given.
        #[arg(long, value_name = "HASH")]
        plan_hash: Option<String>,
        /// A word on it.
        #[arg(long, default_value = "")]
        text: String,
        #[command(flatten)]
        form: Form,
    },
    /// List past runs, the newest first, or show one: as a report with each step's times and verdict, and the recovery time and point
    /// that were reached.
    History {
        /// A run, or the name of a runbook.
        name: Option<String>,
        /// How; a report in Markdown is of one run.
        #[arg(long, value_enum, default_value_t)]
        format: HistoryFormat,
        #[command(flatten)]
        form: Form,
    },
}

/// Values of variables.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct Values {
    /// The value of a variable; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// A secret, from a file or a variable of the environment: NAME=FILE, or NAME=$VARIABLE; repeatable.
    #[arg(long, value_name = "NAME=FILE")]
    pub secret: Vec<String>,
}

/// What flags say for a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct Answers {
    /// Confirm every step that asks for it, as if its word was typed.
    #[arg(long)]
    pub yes: bool,
    /// What is filled in at a step; repeatable.
    #[arg(long, value_name = "STEP.FIELD=VALUE", value_parser = pair)]
    pub answer: Vec<(String, String)>,
    /// A step by hand that has been done; repeatable.
    #[arg(long, value_name = "STEP")]
    pub done: Vec<String>,
    /// Which way a branch goes, at a table: STEP=yes or STEP=no; repeatable.
    #[arg(long, value_name = "STEP=YES", value_parser = pair)]
    pub way: Vec<(String, String)>,
    /// What to do about a pause: go-on, look-again, accept, again, was-done, was-not-done, way-back, stop. It counts once.
    #[arg(long, value_name = "CHOICE")]
    pub choose: Option<String>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// Wait for approvals in place of pausing.
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub form: Form,
}

/// How past runs are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub enum HistoryFormat {
    #[default]
    Text,
    Json,
    Markdown,
}

/// How a run is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub enum ModeWord {
    #[default]
    Live,
    Drill,
    Tabletop,
}

impl ModeWord {
    /// The mode.
    pub const fn mode(self) -> Mode {
        match self {
            Self::Live => Mode::Live,
            Self::Drill => Mode::Drill,
            Self::Tabletop => Mode::Tabletop,
        }
    }
}

impl RunbookCommand {
    /// The value of a variable, where the command gives it.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (Self::Show { values, .. } | Self::Plan { values, .. } | Self::Run { values, .. }) = self else {
            return None;
        };
        values.set.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// `name=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    if name.trim().is_empty() {
        Err("write it as NAME=VALUE".into())
    } else {
        Ok((name.trim().to_owned(), value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read() {
        assert_eq!(pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
