//! Plain data: what can be observed and said, with units in the names. This room knows no other room.
//!
//! Conventions: sizes are bytes, ratios are 0–1 (a process or a cgroup may exceed 1: 1.0 is one core), durations are
//! seconds, times are UTC. A value that is not known is `None`, never 0.

pub mod ai;
pub mod alert;
pub mod attention;
pub mod canonical;
pub mod cgroup;
pub mod change;
pub mod concealed;
pub mod container;
pub mod container_group;
pub mod container_health;
pub mod duration;
pub mod duty;
pub mod finding;
pub mod fleet;
pub mod gpu;
pub mod hardware;
pub mod health;
pub mod host;
pub mod input;
pub mod journal;
pub mod kubernetes;
pub mod log;
pub mod logs;
pub mod lookback;
pub mod message;
pub mod metric;
pub mod moment;
pub mod mount;
pub mod nearest;
pub mod object;
pub mod observed;
pub mod own;
pub mod postgres;
pub mod preflight;
pub mod process;
pub mod reading;
pub mod redact;
pub mod room;
pub mod rows;
pub mod ruling;
pub mod secrets;
pub mod series;
pub mod slo;
pub mod source;
pub mod spots;
pub mod text;
pub mod topic;
pub mod units;
pub mod update;
pub mod watch;

pub use jiff::Timestamp;
