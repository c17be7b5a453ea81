//! Flightdeck: an operations cockpit for the terminal. One line a room; ARCHITECTURE.md has the picture.

pub mod action;
pub mod app;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod headless;
pub mod incident;
pub mod journal;
pub mod keymap;
pub mod launch;
pub mod modals;
pub mod model;
pub mod ops;
pub mod pages;
pub mod panes;
pub mod rulebook;
pub mod rules;
pub mod runbook;
pub mod runtime;
pub mod screen;
pub mod slo;
pub mod source;
pub mod ui;
pub mod view;
pub mod world;
