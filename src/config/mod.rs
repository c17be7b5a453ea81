//! Configuration in layers: defaults < system < user < environment < flags. Errors name file, line and key.

use serde::{Deserialize, Serialize};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Never arm: nothing can be changed from this cockpit.
    pub read_only: bool,
    /// Whether the terminal reports the mouse.
    pub mouse: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { read_only: false, mouse: true }
    }
}
