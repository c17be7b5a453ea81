//! The little of HTML that matters in a page: anchors that it sets and links that it has.

use regex::Regex;
use std::{ops::Range, sync::LazyLock};

static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)<!--|-->|\s(name|id|href|src)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')"#).expect("is an expression")
});

/// What an attribute says.
pub enum Attribute {
    Anchor(String),
    /// A link's target, and where it stands in the text.
    Target(String, Range<usize>),
}

/// The anchors and links in a piece of HTML; comments are left out.
pub fn attributes(html: &str) -> Vec<Attribute> {
    let mut found = Vec::new();
    let mut is_comment = false;
    for part in ATTRIBUTE.captures_iter(html) {
        match &part[0] {
            "<!--" => is_comment = true,
            "-->" => is_comment = false,
            _ => {}
        }
        let (Some(name), Some(value)) = (part.get(1), part.get(2).or_else(|| part.get(3))) else { continue };
        if is_comment {
            continue;
        }
        let name = name.as_str().to_ascii_lowercase();
        let text = value.as_str().to_owned();
        found.push(if matches!(name.as_str(), "name" | "id") {
            Attribute::Anchor(text)
        } else {
            Attribute::Target(text, value.range())
        });
    }
    found
}
