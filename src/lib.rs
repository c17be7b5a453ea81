//! Flightdeck: an operations cockpit for the terminal. One line a room; ARCHITECTURE.md has the picture.

pub mod clock;
pub mod model;
pub mod rules;
pub mod source;
pub mod world;
