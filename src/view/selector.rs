//! Label selectors, as `kubectl -l` reads them: `app=web,tier!=db`, `app in (a,b)`, `env notin (dev)`, `key`, `!key`.
//! Source: Kubernetes, "Labels and Selectors", and `k8s.io/apimachinery/pkg/labels/selector.go`.

use compact_str::CompactString;

/// A selector: all of its requirements must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: CompactString,
    wants: Wants,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wants {
    Present,
    Absent,
    In(Vec<CompactString>),
    /// True too where the label is missing, as the API has it.
    NotIn(Vec<CompactString>),
}

/// What is wrong with a selector: the place in characters, what, and what to write instead.
pub(super) type Fault = (usize, String, &'static str);

impl Selector {
    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &[(CompactString, CompactString)]) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.iter().find(|(key, _)| *key == requirement.key).map(|(_, value)| value);
            match &requirement.wants {
                Wants::Present => value.is_some(),
                Wants::Absent => value.is_none(),
                Wants::In(values) => value.is_some_and(|value| values.contains(value)),
                Wants::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            }
        })
    }

    /// Reads a selector that begins at `at`, and says where it ends: before a blank that is not part of `in (…)`.
    pub(super) fn read(chars: &[char], at: usize) -> Result<(Self, usize), Fault> {
        let mut reader = Reader { chars, at };
        let mut requirements = vec![reader.requirement()?];
        while reader.peek() == Some(',') {
            reader.at += 1;
            reader.skip_blanks();
            requirements.push(reader.requirement()?);
        }
        Ok((Self(requirements), reader.at))
    }
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
}

/// Characters of keys and values.
const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn takes(&mut self, text: &str) -> bool {
        let there = text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        if there {
            self.at += text.chars().count();
        }
        there
    }

    fn word(&mut self) -> CompactString {
        let from = self.at;
        while self.peek().is_some_and(is_word) {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    fn requirement(&mut self) -> Result<Requirement, Fault> {
        let absent = self.takes("!");
        let key = self.word();
        if key.is_empty() {
            return Err((self.at, "a label's name is missing".into(), "write one, as in label:app=web"));
        }
        let wants = if absent {
            Wants::Absent
        } else if self.takes("!=") {
            Wants::NotIn(vec![self.word()])
        } else if self.takes("==") || self.takes("=") {
            Wants::In(vec![self.word()])
        } else {
            self.set()?
        };
        match self.peek() {
            Some(c) if c != ',' && !c.is_whitespace() => {
                let next = "selectors are a=b, a!=b, a in (b,c), a notin (b,c), a, !a, with commas between";
                Err((self.at, format!("«{c}» has no place in a label selector"), next))
            }
            _ => Ok(Requirement { key, wants }),
        }
    }

    /// `in (…)` or `notin (…)` where it follows; otherwise that the label is there is all that is wanted.
    fn set(&mut self) -> Result<Wants, Fault> {
        let before = self.at;
        self.skip_blanks();
        let negated = self.takes("notin");
        if !negated && !self.takes("in") {
            self.at = before;
            return Ok(Wants::Present);
        }
        self.skip_blanks();
        let opened = self.at;
        if !self.takes("(") {
            // A word that begins with `in` is the next term.
            self.at = before;
            return Ok(Wants::Present);
        }
        let mut values = Vec::new();
        loop {
            self.skip_blanks();
            values.push(self.word());
            self.skip_blanks();
            if self.takes(")") {
                return Ok(if negated { Wants::NotIn(values) } else { Wants::In(values) });
            }
            if !self.takes(",") {
                return Err((opened, "the parenthesis is not closed".into(), "write ) after the last value"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
        let chars: Vec<char> = selector.chars().collect();
        let (read, end) = Selector::read(&chars, 0).unwrap_or_else(|fault| panic!("{selector}: {fault:?}"));
        assert_eq!(end, chars.len(), "{selector}");
        let labels: Vec<_> = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        read.matches(&labels)
    }

    #[test]
    fn selectors_select_as_kubectl_does() {
        let labels = [("app", "web"), ("tier", "front"), ("app.kubernetes.io/name", "shop")];
        for (selector, expected) in [
            ("app=web", true),
            ("app==web,tier!=db", true),
            ("app=web,tier=db", false),
            ("app in (api, web)", true),
            ("app notin (api,web)", false),
            ("owner notin (api)", true),
            ("owner!=me", true),
            ("owner", false),
            ("!owner", true),
            ("app.kubernetes.io/name=shop", true),
            ("tier", true),
            ("owner=", false),
        ] {
            assert_eq!(selects(selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn faults_say_where() {
        for (text, at) in [("app=web,", 8), ("app in (a", 7), ("app>1", 3), ("=x", 0)] {
            let chars: Vec<char> = text.chars().collect();
            assert_eq!(Selector::read(&chars, 0).map_err(|fault| fault.0), Err(at), "{text}");
        }
    }
}
