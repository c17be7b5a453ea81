//! What a page states in a form that leaves no doubt: the port, the version or the value of something, by its name.

use crate::{
    model::finding::Span,
    rulebook::syntax::{
        markdown::{Page, Table},
        node::Node,
    },
};
use regex::Regex;
use std::sync::LazyLock;

/// What is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    Port,
    Version,
    /// The value of a key.
    Value,
}

impl Aspect {
    /// The word for a person.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Version => "version",
            Self::Value => "value",
        }
    }
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub aspect: Aspect,
    /// Of what; in lower case.
    pub name: String,
    pub value: String,
    pub span: Option<Span>,
}

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:services?|names?|components?|servers?|applications?|apps?|software|tools?|products?|packages?|images?|containers?)(?: name)?$")
        .expect("is an expression")
});
static PORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(?:host|external|published|canonical|tcp)[ -])?ports?$").expect("is an expression")
});
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:(?:canonical|required|approved|current)[ -])?versions?$").expect("is an expression")
});
static KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)^(?:keys?|settings?|parameters?|variables?)$").expect("is an expression"));

/// Everything that a page states: in its front matter (`ports:`, `versions:`, `facts:`), its tables (Service | Port, Name | Version, Key |
/// Value), and lists under a heading Ports or Versions (`web: 8080`).
pub fn facts(page: &Page) -> Vec<Fact> {
    let mut found = Vec::new();
    if let Some(front) = &page.front {
        for (key, aspect) in
            [("ports", Aspect::Port), ("versions", Aspect::Version), ("facts", Aspect::Value), ("keys", Aspect::Value)]
        {
            for entry in front.get(key).map(Node::entries).unwrap_or_default() {
                let values = if entry.value.items().is_empty() {
                    std::slice::from_ref(&entry.value)
                } else {
                    entry.value.items()
                };
                found.extend(values.iter().filter_map(|value| fact(aspect, &entry.key, &value.scalar()?, value.span)));
            }
        }
    }
    found.extend(page.tables.iter().flat_map(table));
    found.extend(list(page));
    found
}

/// A statement, where the value is one: a number of a port, a version that is no range.
fn fact(aspect: Aspect, name: &str, value: &str, span: Option<Span>) -> Option<Fact> {
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)^(\d{1,5})(?:/(?:tcp|udp))?$").expect("is an expression"));
    static EXACT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^v?(\d+(?:\.\d+)*(?:[-+][\w.+-]+)?)$").expect("is an expression"));
    let (name, value) = (name.trim().to_lowercase(), value.trim());
    let value = match aspect {
        Aspect::Port => NUMBER.captures(value)?[1].to_owned(),
        Aspect::Version => EXACT.captures(value)?[1].to_owned(),
        Aspect::Value => value.to_owned(),
    };
    (!name.is_empty() && !value.is_empty()).then_some(Fact { aspect, name, value, span })
}

fn table(table: &Table) -> Vec<Fact> {
    let column = |is: &Regex| table.header.iter().position(|cell| is.is_match(cell.text.trim()));
    let value = table.header.iter().position(|cell| cell.text.trim().eq_ignore_ascii_case("value"));
    let (name, key) = (column(&NAME), column(&KEY));
    let pairs =
        [(name, column(&PORT), Aspect::Port), (name, column(&VERSION), Aspect::Version), (key, value, Aspect::Value)];
    let mut found = Vec::new();
    for row in &table.rows {
        for (of, is, aspect) in pairs {
            let (Some(of), Some(is)) = (of.and_then(|at| row.get(at)), is.and_then(|at| row.get(at))) else { continue };
            // `8080, 8081` states both.
            let values: Vec<&str> =
                if aspect == Aspect::Value { vec![&is.text] } else { is.text.split([',', ' ']).collect() };
            let values = values.into_iter().filter(|value| !value.is_empty());
            found.extend(values.filter_map(|value| fact(aspect, &of.text, value, Some(is.span))));
        }
    }
    found
}

fn list(page: &Page) -> Vec<Fact> {
    static ITEM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^([\w][\w./-]*)(?:\s+(port|version))?\s*[:=]\s*(\S+?)\.?$").expect("is an expression")
    });
    let items = page.blocks.iter().filter(|block| block.is_item);
    let of_item = |block: &crate::rulebook::syntax::markdown::Block| {
        let found = ITEM.captures(&block.text)?;
        let word = found.get(2).map(|word| word.as_str().to_lowercase());
        let heading =
            page.heading_above(block.span.line).map(|heading| heading.text.to_lowercase()).unwrap_or_default();
        let is = |what: &str| {
            word.as_deref() == Some(what)
                || (word.is_none() && heading.split_whitespace().any(|part| part.trim_end_matches('s') == what))
        };
        let aspect = match (is("port"), is("version")) {
            (true, false) => Aspect::Port,
            (false, true) => Aspect::Version,
            _ => return None,
        };
        fact(aspect, &found[1], &found[3], Some(block.span))
    };
    items.filter_map(of_item).collect()
}

/// Whether two values say the same: of versions one may be shorter (`16` and `16.2`).
pub fn agrees(aspect: Aspect, one: &str, other: &str) -> bool {
    if aspect != Aspect::Version {
        return one == other;
    }
    let parts = |text: &str| -> Vec<String> {
        let number = text.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
        number.split('.').map(str::to_owned).collect()
    };
    parts(one).iter().zip(&parts(other)).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::syntax::markdown;

    #[test]
    fn statements_are_read() {
        let text = "---\nports:\n  db: 5432\nfacts: {region: eu}\n---\n# X\n| Service | Port | Version | Note |\n|-|-|-|-|\n| `web` | 8080/tcp, 81 | v1.2 | 5 |\n| x | any | >=2 | |\n\n\
            ## Versions\n- postgres: 16.2\n- see: below\n\n## Other\n- redis port: 6379\n- redis: 7\n";
        let page = markdown::parse(text).expect("any text is a page");
        let seen: Vec<String> =
            facts(&page).iter().map(|fact| format!("{} {} {}", fact.aspect.word(), fact.name, fact.value)).collect();
        assert_eq!(
            seen,
            [
                "port db 5432",
                "value region eu",
                "port web 8080",
                "port web 81",
                "version web 1.2",
                "version postgres 16.2",
                "port redis 6379"
            ]
        );
    }

    #[test]
    fn versions_agree_as_far_as_they_go() {
        assert!(agrees(Aspect::Version, "16", "16.2-alpine") && agrees(Aspect::Version, "v1.2", "1.2"));
        assert!(!agrees(Aspect::Version, "16.1", "16.2") && !agrees(Aspect::Port, "80", "8080"));
    }
}
