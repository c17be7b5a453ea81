//! Faults on purpose: servers and cockpits that are killed, disks that are full, clocks that jump, days that pass, and input that wishes
//! nobody well. Each says in one line what was tried and what came of it; `tests/faults/table` makes a table of these lines.

mod bed;
mod clocks;
mod disk_full;
#[path = "../common/heads.rs"]
mod heads;
mod home;
mod hostile;
mod hours;
mod killed_cockpit;
mod killed_servers;
#[path = "../it/log_lines.rs"]
mod log_lines;
#[path = "../it/need.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod need;
#[path = "../it/pty.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod pty;
mod random;
mod samples;
mod secrets;
mod servers;
#[path = "../it/stage/mod.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod stage;
#[path = "../it/wait.rs"]
#[allow(dead_code, reason = "not everything of it is needed here")]
mod wait;
