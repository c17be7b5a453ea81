//! PostgreSQL for real: the testbed's cluster under Patroni, and plain pairs that stream (`tests/testbed/patroni`).

mod bed;
mod following;
#[path = "../it/need.rs"]
#[allow(dead_code, reason = "a part of it is needed here")]
mod need;
mod operations;
mod patroni;
mod promote;
mod runbook;
mod streaming;
#[path = "../it/wait.rs"]
#[allow(dead_code, reason = "a part of it is needed here")]
mod wait;
