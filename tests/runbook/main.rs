//! `flightdeck runbook` on real services: a cluster and an engine of the testbed, with the program killed wherever it may die.

mod bed;
mod cockpit;
mod commands;
mod dns;
mod docker;
#[path = "../common/heads.rs"]
mod heads;
mod helm;
mod killed;
mod kubernetes;
#[path = "../it/need.rs"]
#[allow(dead_code, reason = "a part of it is needed here")]
mod need;
mod outside;
#[path = "../it/pty.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod pty;
mod secret;
#[path = "../it/wait.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod wait;
