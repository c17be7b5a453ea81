//! Commands without a screen: the same sources, the same world, the same rules; only the last hop differs.

pub mod doctor;
pub mod gather;
pub mod render;
pub mod snapshot;
