//! Commands without a screen: the same sources, the same world, the same rules; only the last hop differs. Data goes to standard
//! output, everything else to standard error.

pub mod check;
pub mod config_cmd;
pub mod doctor;
mod ended;
pub mod gather;
pub mod incident;
pub mod render;
pub mod runbook;
pub mod snapshot;
