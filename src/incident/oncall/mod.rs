//! Who is on call, and who is called when nobody answers: read from a TOML file.

pub mod escalation;
mod read;
pub mod rota;

pub use escalation::{Level, Policy, Target};
pub use read::read;
pub use rota::{Duty, Rota, Shift};

use crate::model::{Timestamp, journal::Sev};
use compact_str::CompactString;

/// The rotas and policies of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OnCall {
    pub rotas: Vec<Rota>,
    pub policies: Vec<Policy>,
}

impl OnCall {
    /// The rota of this name.
    pub fn rota(&self, name: &str) -> Option<&Rota> {
        self.rotas.iter().find(|rota| rota.name == name)
    }

    /// The policy for a severity: the first that is meant for it.
    pub fn policy(&self, severity: Sev) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.severities.contains(&severity))
    }

    /// The people whom a target reaches at a time; none where nobody is on call.
    pub fn reached(&self, target: &Target, at: Timestamp) -> Option<CompactString> {
        match target {
            Target::Person(person) => Some(person.clone()),
            Target::Rota(name) => self.rota(name)?.who(at).person().map(CompactString::from),
        }
    }
}
