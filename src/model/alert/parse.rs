//! Reads matchers as people write them: `alertname="Down", instance=~"web-.*", team!=core`, with or without braces, as amtool takes them
//! (<https://prometheus.io/docs/alerting/latest/configuration/#matcher>).

use super::Matcher;
use compact_str::CompactString;

/// Reads a list of matchers.
///
/// # Errors
/// What is wrong, and at which character, the first being 1.
pub fn matchers(text: &str) -> Result<Vec<Matcher>, String> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0 };
    reader.blanks();
    let braced = reader.take('{');
    let mut all = Vec::new();
    loop {
        reader.blanks();
        if reader.is_at_end() || (braced && reader.peek() == Some('}')) {
            break;
        }
        all.push(reader.matcher()?);
        reader.blanks();
        if !reader.take(',') {
            break;
        }
    }
    if braced && !reader.take('}') {
        return Err(reader.fault("a , or the closing } is missing"));
    }
    reader.blanks();
    if !reader.is_at_end() {
        return Err(reader.fault("a , between two matchers is missing"));
    }
    Ok(all)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn fault(&self, what: &str) -> String {
        format!("{what} (character {})", self.at + 1)
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        let name = if self.peek() == Some('"') { self.quoted()? } else { self.while_it(|c| !"=!~,{}\"".contains(c)) };
        let name = name.trim();
        if name.is_empty() {
            return Err(self.fault("the name of a label is missing"));
        }
        self.blanks();
        let (is_equal, is_regex) = match (self.peek(), self.chars.get(self.at + 1)) {
            (Some('='), Some('~')) => (true, true),
            (Some('!'), Some('~')) => (false, true),
            (Some('!'), Some('=')) => (false, false),
            (Some('='), _) => (true, false),
            _ => return Err(self.fault(&format!("=, !=, =~ or !~ is missing after {name}"))),
        };
        self.at += if is_equal && !is_regex { 1 } else { 2 };
        self.blanks();
        let value = if self.peek() == Some('"') {
            self.quoted()?
        } else {
            self.while_it(|c| !",{}\"".contains(c)).trim_end().into()
        };
        Ok(Matcher { name: name.into(), value, is_regex, is_equal })
    }

    fn while_it(&mut self, is_part: impl Fn(char) -> bool) -> CompactString {
        let from = self.at;
        while self.peek().is_some_and(&is_part) {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    fn quoted(&mut self) -> Result<CompactString, String> {
        let from = self.at;
        self.at += 1;
        let mut text = CompactString::default();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(text),
                '\\' => {
                    let next = self.peek();
                    self.at += 1;
                    match next {
                        Some('n') => text.push('\n'),
                        Some(c @ ('"' | '\\')) => text.push(c),
                        // Patterns are full of them: a stroke that escapes nothing stays.
                        Some(c) => text.extend(['\\', c]),
                        None => break,
                    }
                }
                c => text.push(c),
            }
        }
        self.at = from;
        Err(self.fault("the text that begins here has no closing \""))
    }
}
