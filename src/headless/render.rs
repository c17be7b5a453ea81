//! Writing an answer: as JSON or as lines of text, to a reader who may leave early.

use crate::model::text;
use std::io::{self, ErrorKind, Write};

/// Output whose reader may have seen enough (`| head`): from then on everything counts as written, so that the command goes on to its
/// end, and ends with the exit code that it would have had.
pub struct Leavable<'a> {
    out: &'a mut dyn Write,
    /// What it is, for who learns that it cannot be written.
    name: &'static str,
}

impl<'a> Leavable<'a> {
    /// Output by the name that a person knows it by.
    pub fn new(out: &'a mut dyn Write, name: &'static str) -> Self {
        Self { out, name }
    }

    fn forgive<T>(&self, result: io::Result<T>, written: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(written),
            Err(error) => Err(io::Error::new(error.kind(), format!("{} cannot be written: {error}", self.name))),
            written => written,
        }
    }
}

impl Write for Leavable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.out.write(bytes) {
            // It is tried again by who called.
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            result => self.forgive(result, bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.forgive(flushed, ())
    }
}

/// Writes a value as indented JSON and a line break; characters that could harm a terminal as `\u` escapes.
///
/// # Errors
/// Where it cannot be written.
pub fn json(value: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut text = text::escaped_json(&serde_json::to_string_pretty(value)?);
    text.push('\n');
    bytes(text.as_bytes(), out)
}

/// Writes JSON that is one line.
///
/// # Errors
/// As [`json`].
pub fn json_line(json: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut text = text::escaped_json(json);
    text.push('\n');
    bytes(text.as_bytes(), out)
}

/// Writes lines of text, each made harmless.
///
/// # Errors
/// Where they cannot be written.
pub fn lines(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&text::clean(line));
        text.push('\n');
    }
    bytes(text.as_bytes(), out)
}

/// Writes one line of text, made harmless.
///
/// # Errors
/// As [`lines`].
pub fn line(line: &str, out: &mut dyn Write) -> io::Result<()> {
    bytes(format!("{}\n", text::clean(line)).as_bytes(), out)
}

/// Writes what is harmless already, so that it is there at once for who reads it.
///
/// # Errors
/// Where it cannot be written.
pub fn bytes(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(bytes).and_then(|()| out.flush())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let mut gone = Broken(ErrorKind::BrokenPipe);
        let mut out = Leavable::new(&mut gone, "standard output");
        assert!(json(&1, &mut out).is_ok() && json_line("1", &mut out).is_ok());
        assert!(lines(&["x".into()], &mut out).is_ok() && line("x", &mut out).is_ok());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let mut full = Broken(ErrorKind::StorageFull);
        let error = json(&1, &mut Leavable::new(&mut full, "standard output")).expect_err("is full");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(error.to_string().starts_with("standard output cannot be written: "), "{error}");
    }

    #[test]
    fn nothing_that_is_printed_can_harm_a_terminal() {
        let bad = "a\u{1b}[2J\u{9b}b\u{7f}c\u{202e}d\ne".to_owned();
        let (mut printed, mut object) = (Vec::new(), Vec::new());
        lines(&[bad.clone(), "f".into()], &mut printed).expect("written");
        json(&bad, &mut object).expect("written");
        assert_eq!(
            String::from_utf8_lossy(&printed),
            "a\u{fffd}[2J\u{fffd}b\u{fffd}c\u{fffd}d·e\nf\n",
            "an entry is a line"
        );
        let object = String::from_utf8(object).expect("UTF-8");
        assert!(object.trim_end().chars().all(text::is_harmless), "{object:?}");
        assert_eq!(serde_json::from_str::<String>(&object).expect("JSON"), bad, "JSON is exact");
    }
}
