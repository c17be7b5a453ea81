//! Variables in the texts of compose files: `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:?error}`, `${X:+other}`, `$$`, one within
//! another. Rules of syntax: <https://docs.docker.com/reference/compose-file/interpolation/>.

/// How deep variables may stand within each other; what is deeper is taken as text.
const DEEPEST: usize = 16;
/// Bytes that a variable may have with its default; what is longer is taken as text.
const LONGEST: usize = 4_096;

/// A text with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// `None` where a variable without a value stands in it.
    pub value: Option<String>,
    /// Whether the value of a variable went into it, and not only what stands in the text.
    pub took_variable: bool,
    /// Variables that are needed and not known, without a default.
    pub missing: Vec<Missing>,
}

/// A variable that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub name: String,
    /// As it is written, up to the end of its name: `$X`, `${X`.
    pub written: String,
    /// Byte in the text.
    pub at: usize,
    /// Whether the text itself says that it has to be given from outside (`${X:?}`): its lack does not go unseen.
    pub is_required: bool,
}

/// Fills in the variables of a text.
pub fn fill(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Filled {
    if !text.contains('$') {
        return Filled { value: Some(text.to_owned()), ..Filled::default() };
    }
    let mut filled = Filled::default();
    let mut filler = Filler { text, lookup, out: &mut filled };
    let value = filler.run(0, text.len(), 0);
    let is_known = filled.missing.is_empty();
    filled.value = is_known.then_some(value);
    filled
}

struct Filler<'t, 'o> {
    text: &'t str,
    lookup: &'t dyn Fn(&str) -> Option<String>,
    out: &'o mut Filled,
}

impl Filler<'_, '_> {
    /// The text from one byte to another, filled in.
    fn run(&mut self, mut at: usize, end: usize, depth: usize) -> String {
        let mut value = String::new();
        while let Some(found) = self.text[at..end].find('$').map(|offset| at + offset) {
            value.push_str(&self.text[at..found]);
            let rest = &self.text[found + 1..end];
            let name = name_of(rest);
            if rest.starts_with('$') {
                value.push('$');
                at = found + 2;
            } else if !name.is_empty() {
                let known = self.known(name);
                value.push_str(&known.unwrap_or_else(|| self.miss(name, found, false)));
                at = found + 1 + name.len();
            } else if let Some(close) = self.braced(found, end, depth) {
                value.push_str(&self.inside(found, close, depth));
                at = close + 1;
            } else {
                value.push('$');
                at = found + 1;
            }
        }
        value.push_str(&self.text[at..end]);
        value
    }

    /// The byte of the brace that closes what begins with `${` at `at`, if that is a variable at all.
    fn braced(&self, at: usize, end: usize, depth: usize) -> Option<usize> {
        let rest = self.text[at + 1..end].strip_prefix('{')?;
        if name_of(rest).is_empty() || depth >= DEEPEST {
            return None;
        }
        let (bytes, mut open) = (rest.as_bytes(), 0_usize);
        for (offset, byte) in bytes.iter().take(LONGEST).enumerate() {
            match byte {
                b'{' if offset > 0 && bytes[offset - 1] == b'$' => open += 1,
                b'}' if open == 0 => return Some(at + 2 + offset),
                b'}' => open -= 1,
                _ => {}
            }
        }
        None
    }

    /// The value of `${…}` that begins and ends there.
    fn inside(&mut self, at: usize, close: usize, depth: usize) -> String {
        let text = self.text;
        let name = name_of(&text[at + 2..close]);
        let after = at + 2 + name.len();
        let rest = &text[after..close];
        let (counts_empty, rest) = rest.strip_prefix(':').map_or((true, rest), |rest| (false, rest));
        let word = close - rest.len() + usize::from(!rest.is_empty());
        let known = self.known(name).filter(|value| counts_empty || !value.is_empty());
        match (rest.chars().next(), known) {
            (Some('+'), Some(_)) => self.run(word, close, depth + 1),
            (Some('+'), None) => String::new(),
            (_, Some(value)) => value,
            (Some('-'), None) => self.run(word, close, depth + 1),
            (Some('?'), None) => self.miss(name, at, true),
            (_, None) => self.miss(name, at, false),
        }
    }

    fn known(&mut self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        self.out.took_variable = true;
        Some(value)
    }

    fn miss(&mut self, name: &str, at: usize, is_required: bool) -> String {
        let brace = if self.text[at + 1..].starts_with('{') { "{" } else { "" };
        let written = format!("${brace}{name}");
        self.out.missing.push(Missing { name: name.to_owned(), written, at, is_required });
        String::new()
    }
}

/// The name that a text begins with.
fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { "" } else { &text[..end] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(text: &str) -> Result<String, Vec<String>> {
        let lookup = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let filled = fill(text, &lookup);
        filled
            .value
            .ok_or_else(|| filled.missing.into_iter().map(|one| format!("{}@{}", one.written, one.at)).collect())
    }

    #[test]
    fn every_form() {
        let good = [
            ("plain", "plain"),
            ("$A-${A}", "1-1"),
            ("$$A $${A}", "$A ${A}"),
            ("${X:-d}${X-e}", "de"),
            ("${EMPTY:-d}|${EMPTY-e}", "d|"),
            ("${A:+r}${X:+r}${EMPTY+s}", "rs"),
            ("${X:-${Y:-deep}}", "deep"),
            ("${X:-a}b}", "ab}"),
            ("${X:-}", ""),
            ("cost: 5$ and ${ and ${}", "cost: 5$ and ${ and ${}"),
            ("^a$", "^a$"),
        ];
        for (text, value) in good {
            assert_eq!(filled(text), Ok(value.to_owned()), "{text}");
        }
        assert_eq!(filled("é ${X} $Y"), Err(vec!["${X@3".to_owned(), "$Y@8".to_owned()]));
        assert_eq!(filled("${X:-${Y}}"), Err(vec!["${Y@5".to_owned()]));
        assert_eq!(filled("${A:-${Y}}"), Ok("1".to_owned()));
        assert!(fill("${X:?tell}", &|_| None).missing[0].is_required);
    }

    #[test]
    fn hostile_texts_take_no_long_time() {
        for text in [
            "${A:-".repeat(5_000),
            "$".repeat(100_000),
            "${".repeat(50_000),
            "${A:-".repeat(5_000) + &"}".repeat(5_000),
        ] {
            fill(&text, &|_| None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_filled(text in "[$Aa{}:?+é-]{0,60}") {
            fill(&text, &|_| None);
        }
    }
}
