//! Programs, requests and statements, which may look or act; and what is written into an incident's record.

use crate::runbook::{
    field::{Hidden, forms},
    template::Template,
};
use std::collections::BTreeMap;

forms! {
    /// A program with its arguments. No shell reads them.
    struct Command, CommandForm {
        /// The program and its arguments, each as it is.
        argv: Vec<Template>,
        /// Variables of its environment; it gets no others but `PATH`, `HOME`, `LANG` and `USER`.
        #[serde(default)]
        environment: BTreeMap<String, Hidden>,
        /// What it reads from standard input; nothing otherwise.
        #[serde(default)]
        input: Option<Hidden>,
        /// The folder that it runs in.
        #[serde(default)]
        directory: Option<Template>,
    }
}

forms! {
    /// A request over HTTP. Redirections are answers, not followed.
    struct Http, HttpForm {
        url: Template,
        /// `GET` unless given.
        #[serde(default)]
        method: Option<Template>,
        #[serde(default)]
        headers: BTreeMap<String, Hidden>,
        #[serde(default)]
        body: Option<Hidden>,
    }
}

forms! {
    /// A statement in SQL. Values go beside it, never into it.
    struct Sql, SqlForm {
        /// With `$1`, `$2` … for the parameters.
        statement: String,
        #[serde(default)]
        parameters: Vec<Hidden>,
        /// The database; the server's default otherwise.
        #[serde(default)]
        database: Option<Template>,
    }
}

forms! {
    /// What is written into an incident's record, or the journal.
    RecordAct, RecordActForm {
        /// A note.
        Note { text: Template } = "note",
        /// A part of the postmortem that people write: `summary`, `impact`, `contributing-factors`, `went-well`, `went-badly`, `luck`.
        Section { section: Template, text: Template } = "section",
        /// An action of the postmortem; `kind` is `investigate`, `mitigate`, `repair`, `detect` or `prevent`, `due` a day (2026-01-31).
        Action { kind: Template, title: Template, owner: Template, due: Template } = "action",
        /// How far the postmortem is: `draft`, `in-review`, `reviewed`, `closed`.
        Review { state: Template } = "review",
        /// Somebody hands the shift over to another, who accepts it.
        HandOver { to: Template, brief: Template } = "hand-over",
        /// Somebody vouches for something that was looked at.
        SignOff { what: Template, text: Template } = "sign-off",
    }
}

impl CommandForm {
    /// The command line, for a person: every argument in quotes where it needs them.
    pub fn line(&self) -> String {
        shell_words::join(self.argv.iter().map(ToString::to_string))
    }
}

impl RecordActForm {
    /// Its effect, in one sentence.
    pub fn effect(&self, on: &str) -> String {
        match self {
            Self::Note { .. } => format!("Writes a note into the record of {on}."),
            Self::Section { section, .. } => format!("Writes the part «{section}» of the postmortem of {on}."),
            Self::Action { title, owner, due, .. } => {
                format!("Adds the action «{title}» to the postmortem of {on}: {owner}, due {due}.")
            }
            Self::Review { state } => format!("Sets the postmortem of {on} to {state}."),
            Self::HandOver { to, .. } => format!("Hands the {on} over to {to}, who accepts it."),
            Self::SignOff { what, .. } => format!("Signs off {what} for {on}, in the journal."),
        }
    }
}
