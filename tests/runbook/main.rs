//! `flightdeck runbook` on real services: a cluster and an engine of the testbed, with the program killed wherever it may die.

mod bed;
mod commands;
mod docker;
mod killed;
mod kubernetes;
