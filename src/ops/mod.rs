//! Everything that changes the outside world: [`operation::Operation`] says what, [`gate::Gate`] decides, and only a holder of a
//! [`gate::Permit`] can execute.

pub mod access;
mod alertmanager;
pub mod archive;
pub mod docker;
pub mod errand;
pub mod execute;
pub mod forward;
pub mod gate;
pub mod kubernetes;
pub mod ledger;
pub mod look;
pub mod offer;
pub mod operation;
mod paper;
mod postgres;
mod process;
pub mod rehearse;
pub mod tell;
