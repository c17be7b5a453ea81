//! Guided runbooks: what they are (`definition`), what one would do (`plan`), and how far one is (`run`). All of it is pure: no I/O, no
//! clock, no await. What has to be asked or done leaves as data, and comes back as data.
//!
//! A file in TOML becomes a [`definition::Definition`], or faults with line and column. With variables and the answers to its preflight
//! questions ([`plan::questions`]) it becomes a [`plan::Plan`] ([`plan::make`]), whose hash approvals are bound to. A [`run::Run`] carries the plan
//! out: the house tells it [`run::Input`]s and carries out its [`run::Effect`]s. It asks the world ([`ask::Ask`], which changes nothing) and
//! acts on it ([`act::Act`], which goes through the gate); the engine alone judges the answers.

pub mod act;
pub mod amount;
pub mod ask;
pub mod condition;
pub mod definition;
pub mod field;
pub mod plan;
pub mod run;
pub mod target;
pub mod template;

#[cfg(test)]
pub mod sample;
