//! Writing an answer: as JSON or as lines of text; a reader that went away is no error.

use std::io::{self, Write};

/// Exit codes that headless commands share; see the README's table.
pub mod exit {
    /// As asked, and nothing found.
    pub const OK: u8 = 0;
    /// Wrong usage or configuration.
    pub const USAGE: u8 = 2;
    /// A source that was asked for by name could not be reached.
    pub const UNREACHABLE: u8 = 3;
}

/// Writes a value as indented JSON and a line break.
///
/// # Errors
/// Where it cannot be written; not where the reader went away.
pub fn json(value: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    quiet(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes lines of text.
///
/// # Errors
/// Where they cannot be written; not where the reader went away.
pub fn lines(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    let mut text = lines.join("\n");
    text.push('\n');
    quiet(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Forgives a reader that has seen enough (`| head`).
fn quiet(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        assert!(json(&1, &mut Gone).is_ok());
        assert!(lines(&["x".into()], &mut Gone).is_ok());
    }
}
