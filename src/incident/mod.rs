//! What an incident is, derived from its events: pure data in, pure data out. No I/O, no clock.
//!
//! Events come in any order and from several writers; the result depends on the set of them only. [`record`] puts the set in order,
//! [`state`] makes the incidents of it, everything else reads those two.

pub mod capture;
pub mod declare;
pub mod duties;
pub mod export;
pub mod figures;
pub mod handover;
pub mod incidents;
pub mod manners;
pub mod milestones;
pub mod names;
pub mod notices;
pub mod oncall;
pub mod postmortem;
pub mod propose;
pub mod record;
pub mod related;
pub mod review;
pub mod roles;
#[cfg(test)]
pub(crate) mod sample;
pub mod sentence;
pub mod state;
pub mod tasks;
pub mod timeline;
pub mod unexplained;
pub mod unfinished;
pub mod update;
pub mod wrong;

pub use incidents::Incidents;
pub use record::{Entry, Record};
pub use state::Incident;
