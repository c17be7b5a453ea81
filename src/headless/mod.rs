//! What the program does without a screen. Data goes to standard output, everything else to standard error.

pub mod config_cmd;
