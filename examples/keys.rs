//! Writes the table of keys into README.md, from the actions and the built-in key maps.

use std::io::{Error, Result};

fn main() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path)?;
    let fresh = flightdeck::action::key_table::with_table(&readme)
        .ok_or_else(|| Error::other("README.md has no marks for the keys"))?;
    std::fs::write(path, fresh)
}
