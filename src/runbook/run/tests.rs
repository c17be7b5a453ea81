//! Tests of runs.

mod crash;
mod doubt;
mod house;
mod lease;
mod obliging;
mod people;
mod ways;
