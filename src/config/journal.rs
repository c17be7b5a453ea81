//! What the configuration says of the journal and of incidents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The record of what was seen and done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Journal {
    /// Whether anything is recorded.
    pub enabled: bool,
    /// File that it is kept in; `journal.db` in the state folder unless it is named. Never on a network file system.
    pub file: Option<PathBuf>,
    /// PostgreSQL server that several bastions share it through: `postgres://USER@HOST/DATABASE`. A password is read from the file that
    /// `postgres-password-file` names, from `~/.pgpass`, or from PGPASSWORD. Without the server everything is written here, and sent
    /// when it is back.
    pub postgres: Option<String>,
    /// File whose first line is the server's password.
    pub postgres_password_file: Option<PathBuf>,
    /// Whether what the cockpit sees by itself (health, deploys, violations) is recorded also while no incident is open.
    pub capture: bool,
    /// After how many days the texts of what was captured outside of incidents are erased; 0 keeps them.
    pub retention_days: u32,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            enabled: true,
            file: None,
            postgres: None,
            postgres_password_file: None,
            capture: true,
            retention_days: 90,
        }
    }
}

/// Incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Incidents {
    /// Whether the cockpit proposes to declare one while something that stops users persists; it never declares by itself.
    pub propose: bool,
    /// For how many minutes it has to persist.
    #[schemars(range(min = 1, max = 1440))]
    pub propose_after_minutes: u32,
    /// Minutes between two status updates, from severity 1 to 4; 0 is none.
    pub update_minutes: [u32; 4],
    /// File with the on-call rota and the escalation policy.
    pub on_call: Option<PathBuf>,
    /// File with texts of status updates.
    pub updates: Option<PathBuf>,
}

/// Runbooks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Runbooks {
    /// Targets that a drill may act on, as patterns (`object/staging/*`, `container/docker/drill-*`): `*` stands for any text.
    pub isolated: Vec<String>,
}

impl Default for Incidents {
    fn default() -> Self {
        Self { propose: true, propose_after_minutes: 5, update_minutes: [15, 30, 60, 0], on_call: None, updates: None }
    }
}
