//! A look at an assertion before the parser gets it: the parser's stack grows with what is nested and chained.

use super::CelFault;

/// Brackets that may be open at once.
const DEEPEST: usize = 20;
/// Operators and dots that an assertion may have.
const MOST_OPERATORS: usize = 250;

/// Refuses what is nested too deep or has too many operators. Texts and comments are passed over.
pub fn scan(source: &str) -> Result<(), CelFault> {
    let bytes = source.as_bytes();
    let (mut at, mut depth, mut operators) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                at = end_of_text(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'!' | b'&' | b'|' | b'?' | b':' | b'.' => {
                operators += 1;
            }
            _ => {}
        }
        if depth > DEEPEST {
            return Err(CelFault::at(at, format!("brackets nested deeper than {DEEPEST}")));
        }
        if operators > MOST_OPERATORS {
            let message = format!("more than {MOST_OPERATORS} operators; make several rules of it");
            return Err(CelFault::at(at, message));
        }
        at += 1;
    }
    Ok(())
}

/// Where the text that begins at a quotation mark ends; the end of all where it has no end (the parser says so).
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let is_triple = bytes[start..].starts_with(&[quote; 3]);
    let is_raw = start > 0 && matches!(bytes[start - 1], b'r' | b'R');
    let width = if is_triple { 3 } else { 1 };
    let mut at = start + width;
    while at < bytes.len() {
        if bytes[at] == b'\\' && !is_raw {
            at += 2;
        } else if bytes[at..].starts_with(&[quote; 3][..width]) {
            return at + width;
        } else if bytes[at] == b'\n' && !is_triple {
            return at;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The byte at a line (from 1) and column (from 1), both counted as the parser does: in characters.
pub fn offset_of(source: &str, line: isize, column: isize) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = &source[start..];
    start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_comments_do_not_count() {
        let many = "(".repeat(100);
        assert_eq!(scan(&format!("x == \"{many}\" // {many}\n && y == r'{many}\\' && '''{many}'\n''' == z")), Ok(()));
        assert_eq!(scan(&many).expect_err("nested").offset, DEEPEST);
        assert!(scan(&"1+".repeat(300)).expect_err("long").message.contains("operators"));
        assert_eq!(scan("'unfinished"), Ok(()));
        assert_eq!(scan("'ends in \\"), Ok(()));
    }

    #[test]
    fn places_are_in_characters() {
        assert_eq!(offset_of("äb\ncd", 1, 2), 2);
        assert_eq!(offset_of("äb\ncd", 2, 2), 5);
        assert_eq!(offset_of("äb", 9, 9), 3);
        assert_eq!(offset_of("äb", 0, 0), 0);
    }
}
