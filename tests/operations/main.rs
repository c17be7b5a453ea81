//! Operations on the real engines of the testbed (`$FLIGHTDECK_TESTBED`): through the gate, with its confirmation's permit, and seen from
//! outside, by docker's and kubectl's own words.

mod bed;
mod between;
mod clusters;
mod containers;
mod editing;
mod everything;
mod kubernetes;
#[path = "../it/need.rs"]
#[allow(dead_code, reason = "a part of it is needed here")]
mod need;
mod podman;
#[path = "../it/pty.rs"]
#[allow(dead_code, reason = "a part of it is needed here")]
mod pty;
mod read_only;
mod sessions;
mod stores;
#[path = "../it/wait.rs"]
#[allow(dead_code, reason = "a part of it is needed here")]
mod wait;
