//! How a team works on incidents: how often it tells, in which words, and whom it calls.

use super::{
    oncall::{self, OnCall},
    update::{
        Cadence,
        template::{self, Template},
    },
};
use crate::model::spots::Problem;

/// A file of the team's own: its name and its text.
pub type File<'a> = Option<(&'a str, &'a str)>;

/// The manners of a team.
#[derive(Debug, Clone, PartialEq)]
pub struct Manners {
    pub cadence: Cadence,
    pub templates: Vec<Template>,
    pub on_call: OnCall,
    /// Whether the configuration names a file of rotas, readable or not.
    pub names_on_call: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            cadence: Cadence::default(),
            templates: template::built_in(),
            on_call: OnCall::default(),
            names_on_call: false,
        }
    }
}

impl Manners {
    /// Reads them. `minutes` lie between two updates, from severity 1 to 4, 0 for none. What is wrong is named with its place, and the
    /// rest holds.
    pub fn read(minutes: [u32; 4], updates: File<'_>, on_call: File<'_>) -> (Self, Vec<Problem>) {
        let [sev1, sev2, sev3, sev4] = minutes.map(|minutes| (minutes > 0).then_some(minutes));
        let mut manners = Self { cadence: Cadence { sev1, sev2, sev3, sev4 }, ..Self::default() };
        let mut problems = Vec::new();
        if let Some((file, text)) = updates {
            let (templates, wrong) = template::read(file, text);
            manners.templates = templates;
            problems.extend(wrong);
        }
        if let Some((file, text)) = on_call {
            let (read, wrong) = oncall::read(file, text, jiff::tz::db());
            manners.on_call = read;
            problems.extend(wrong);
        }
        (manners, problems)
    }

    /// The template of this name.
    ///
    /// # Errors
    /// There is none; which there are.
    pub fn template(&self, name: &str) -> Result<&Template, String> {
        let found = self.templates.iter().find(|template| template.name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = self.templates.iter().map(|template| template.name.as_str()).collect();
            format!("there is no template «{name}» for status updates: {}", names.join(", "))
        })
    }
}
