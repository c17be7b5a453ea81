//! What flightdeck does as a whole: in a pseudo-terminal, in tmux, over ssh, and on screens that are kept as golden files.
//! Nothing here waits for a time to pass: everything waits for a condition, with a deadline.

mod ai_servers;
mod check;
mod check_live;
mod far_engines;
mod golden;
mod incident;
mod journal;
mod kube_screens;
mod kube_usage;
mod kube_viewer;
mod kube_ways;
mod kubernetes;
mod log_lines;
mod need;
mod pictures;
mod prometheus;
#[allow(dead_code, reason = "tests/faults needs the rest of it")]
mod pty;
mod quiet;
mod replay;
mod ssh;
#[allow(dead_code, reason = "tests/faults needs the rest of it")]
mod stage;
mod terminal;
mod tmux;
#[allow(dead_code, reason = "other programs need the rest of it")]
mod wait;
mod wizard_screens;
