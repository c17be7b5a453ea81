//! Where the cockpit meets the machine: the event loop, the effects, the terminal. This room knows all others.

pub mod cockpit;
pub mod contain;
pub mod effects;
mod forwards;
mod handover;
pub mod input;
pub mod journal;
pub mod logging;
pub mod notifier;
pub mod output;
pub mod player;
pub mod recorder;
pub mod rehearse;
pub mod runbook;
pub mod screen;
mod stop;
pub mod terminal;
mod tty;
mod watch;
