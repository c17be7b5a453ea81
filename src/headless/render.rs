//! Writing an answer: as JSON or as lines of text.

use crate::model::text;
use std::io::{self, Write};

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

/// Where all output goes: a reader that has seen enough (`| head`) ends no command, which may be in the middle of a run.
pub struct Forgiving<'a>(pub &'a mut dyn Write);

fn forgiven<T>(result: io::Result<T>, instead: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(instead),
        other => other,
    }
}

impl Write for Forgiving<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        forgiven(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        forgiven(self.0.flush(), ())
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
        let mut gone = Gone;
        let mut out = Forgiving(&mut gone);
        assert!(json(&1, &mut out).is_ok() && json_line("1", &mut out).is_ok());
        assert!(lines(&["x".into()], &mut out).is_ok() && line("x", &mut out).is_ok());
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
