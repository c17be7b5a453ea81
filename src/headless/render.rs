//! Writing an answer: as JSON or as lines of text; a reader that went away is no error.

use crate::model::text;
use std::io::{self, Write};

/// Writes a value as indented JSON and a line break; characters that could harm a terminal as `\u` escapes.
///
/// # Errors
/// Where it cannot be written; not where the reader went away.
pub fn json(value: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut text = text::escaped_json(&serde_json::to_string_pretty(value)?);
    text.push('\n');
    quiet(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes lines of text, each made harmless.
///
/// # Errors
/// Where they cannot be written; not where the reader went away.
pub fn lines(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&text::clean(line));
        text.push('\n');
    }
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
