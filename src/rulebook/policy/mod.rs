//! What a repository and a user say about the rules: severities, parameters, excludes, owners, waivers, what is protected, who vouched.
//!
//! A policy is read by [`Policy::parse`], laid over the one below it by [`Policy::over`], and applied to findings by
//! [`Policy::settle`], which is the only place that decides what counts.

pub mod addition;
pub mod attest;
pub mod authority;
pub mod baseline;
pub mod catalogue;
pub mod globs;
pub mod history;
pub mod layers;
pub mod owners;
pub mod packs;
mod parse;
pub mod pen;
pub mod settle;
pub mod since;
mod twice;
mod vouched;
pub mod waiver;

pub use waiver::Waiver;

use crate::model::finding::Level;
use attest::{Attestation, Required};
use compact_str::CompactString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The policy, from `.flightdeck.toml` and the user's configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// Paths that no check looks at: `vendor/**`.
    pub exclude: Vec<String>,
    /// By the check's name: `[checks.11a]`.
    pub checks: BTreeMap<String, CheckPolicy>,
    /// Groups of checks that are in force.
    pub packs: Packs,
    /// Who owns which paths, before CODEOWNERS is asked. The pattern that says most holds.
    pub owners: BTreeMap<String, String>,
    /// Violations that are accepted for a time.
    #[serde(rename = "waiver")]
    pub waivers: Vec<Waiver>,
    /// The file of the old debt that is accepted, from the root; `.flightdeck/baseline.json` where that is there and none is named.
    pub baseline: Option<String>,
    /// Where things are in this repository.
    pub layout: Layout,
    /// The folder whose documents go before all others.
    pub authority: Option<Authority>,
    /// Critical servers: nothing is done to them without authorisation.
    #[serde(rename = "protected")]
    pub protected: Vec<Protected>,
    /// The keys of `[layout]` that were written, so that another layer's words are not taken for defaults.
    #[serde(skip)]
    pub layout_keys: BTreeSet<String>,
    /// The policy below, where it sets a check to block: it alone speaks of that check. See [`layers`].
    #[serde(skip)]
    pub below: Option<Box<Policy>>,
    /// Who vouches for what no machine can check: `[[attestation]]`.
    pub attestation: Vec<Attestation>,
    /// What has to be vouched for: `[[require]]`.
    pub require: Vec<Required>,
}

/// The file of the old debt, unless another is named.
pub const BASELINE: &str = ".flightdeck/baseline.json";

/// Groups of checks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Packs {
    /// Their names; all unless given.
    pub enable: Option<Vec<String>>,
}

/// What the policy says to one check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct CheckPolicy {
    pub enabled: Option<bool>,
    /// `info`, `warn`, `error` or `block`.
    #[schemars(extend("enum" = ["info", "warn", "error", "block", null]))]
    pub level: Option<String>,
    pub exclude: Vec<String>,
    /// Whatever else the check has declared.
    #[serde(flatten)]
    #[schemars(skip)]
    pub parameters: BTreeMap<String, toml::Value>,
}

/// Where things are in a repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layout {
    /// Folders that scripts belong into.
    pub scripts: Vec<String>,
    /// The central folder of documentation.
    pub docs: String,
    /// The folder of runbooks.
    pub runbooks: String,
    /// The folder of decision records.
    pub decisions: String,
    /// Folders that configuration of containers belongs into.
    pub docker: Vec<String>,
    /// Folders that hold infrastructure: a change there needs an entry in the CHANGELOG.
    pub infrastructure: Vec<String>,
    /// The one script that deploys.
    pub deploy: String,
    /// The registry of ports.
    pub ports: String,
    /// Where deleted things are kept.
    pub archive: String,
}

impl Default for Layout {
    fn default() -> Self {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Self {
            scripts: list(&["scripts", "bin", "tools", "ci", ".ci", "tests", "hack"]),
            docs: "docs".into(),
            runbooks: "docs/runbooks".into(),
            decisions: "docs/decisions".into(),
            docker: list(&["docker", "deploy", "compose"]),
            infrastructure: list(&[
                "docker",
                "deploy",
                "compose",
                "k8s",
                "kubernetes",
                "terraform",
                "infra",
                "infrastructure",
                "helm",
                "charts",
            ]),
            deploy: "deploy.sh".into(),
            ports: "PortRegistry.md".into(),
            archive: "archive".into(),
        }
    }
}

/// The folder whose documents go before all others.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Authority {
    pub folder: String,
    /// File with the hashes of its files; `authority.lock` in the folder unless it is named.
    pub lock: Option<String>,
}

/// A critical server.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Protected {
    /// `container`, `Deployment` …; any where it is not given.
    pub kind: Option<String>,
    pub namespace: Option<String>,
    /// `*` stands for any text, `?` for one sign.
    pub name: String,
    pub reason: String,
    /// Who may authorise.
    pub authority: Option<String>,
    /// Hours after which its last backup is stale; none is looked for unless it is given.
    pub backup_hours: Option<f64>,
    /// Its backups: a file, a folder, or a pattern for files (`/backup/db/*.dump`). The time of the newest is that of the last backup; one
    /// without content is none. A relative path begins in the repository.
    pub backup_file: Option<String>,
    /// File that is touched when a backup has succeeded, empty or not. A time in its first line (RFC 3339) goes before its own.
    pub backup_marker: Option<String>,
    /// The CronJob that makes them: `namespace/name`.
    pub backup_job: Option<String>,
}

impl Protected {
    /// Whether files of this host tell when it was backed up.
    pub const fn has_backup_here(&self) -> bool {
        self.backup_file.is_some() || self.backup_marker.is_some()
    }
}

impl CheckPolicy {
    /// The level that is set.
    pub fn level(&self) -> Option<Level> {
        Level::ALL.into_iter().find(|level| Some(level.word()) == self.level.as_deref())
    }
}

impl Policy {
    /// What the policy sets for a check's parameter.
    pub fn parameter(&self, check: &str, name: &str) -> Option<&toml::Value> {
        self.ruling(check).checks.get(check)?.parameters.get(name)
    }

    /// Whether a check is in force: switched on by name, or not switched off and in a pack that is. Checks of no pack (the user's
    /// own) need no pack.
    pub fn is_enabled(&self, check: &str) -> bool {
        let ruling = self.ruling(check);
        if let Some(word) = ruling.checks.get(check).and_then(|said| said.enabled) {
            return word;
        }
        let Some(packs) = &ruling.packs.enable else { return true };
        let mut of = packs::of(check).peekable();
        // What the user sets to block is wanted, whatever else is.
        ruling.sets_block(check) || of.peek().is_none() || of.any(|pack| packs.iter().any(|name| name == pack.name))
    }

    /// The owner of a path, where somebody owns it. For many paths compile [`owners::Owners`] once.
    pub fn owner_of(&self, path: &str) -> Option<CompactString> {
        owners::Owners::of(self).owner(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_key() {
        let schema = schemars::schema_for!(Policy).to_value();
        let keys: Vec<&str> =
            schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let known = [
            "attestation",
            "authority",
            "baseline",
            "checks",
            "exclude",
            "layout",
            "owners",
            "packs",
            "protected",
            "require",
            "waiver",
        ];
        assert_eq!(keys, known);
    }
}
