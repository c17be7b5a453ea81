//! The bad night: everything goes wrong at once on services that are real, and is seen, told, and mended from the cockpit, by keys. Each step is
//! looked at from outside, too: by kubectl, docker, Patroni's own interface, Alertmanager, and by what the incident's timeline exports.
//!
//! It restarts an API server and kills a leader, so it is run alone, by `tests/scenarios/bad-night`.

mod bed;
mod faults;
#[path = "../it/need.rs"]
#[allow(dead_code, reason = "a part of it is needed here")]
mod need;
#[path = "../it/pty.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod pty;
mod screen;
mod story;
#[path = "../it/wait.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod wait;
