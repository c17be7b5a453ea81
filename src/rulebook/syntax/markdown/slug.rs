//! The anchors of headings, as GitHub makes them: <https://github.com/Flet/github-slugger> describes it. Lower case, letters, digits,
//! marks, `_` and `-` are kept, a blank becomes `-`, everything else goes; what is there already gets `-1`, `-2` and so on.

use regex::Regex;
use std::{collections::HashMap, sync::LazyLock};

static DROPPED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[^\w\- ]").expect("is an expression"));

/// The anchor of a heading by itself.
pub fn slug(heading: &str) -> String {
    DROPPED.replace_all(&heading.to_lowercase(), "").replace(' ', "-")
}

/// Gives each heading of a page its anchor.
#[derive(Default)]
pub struct Slugs {
    taken: HashMap<String, u32>,
}

impl Slugs {
    /// The anchor of the next heading.
    pub fn next(&mut self, heading: &str) -> String {
        let plain = slug(heading);
        let mut anchor = plain.clone();
        while self.taken.contains_key(&anchor) {
            let count = self.taken.entry(plain.clone()).or_default();
            *count += 1;
            anchor = format!("{plain}-{count}");
        }
        self.taken.insert(anchor.clone(), 0);
        anchor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(slug("Back-up & restore"), "back-up--restore");
        assert_eq!(slug("What's new in v1.2?"), "whats-new-in-v12");
        assert_eq!(slug("Über_uns 日本"), "über_uns-日本");
        let mut slugs = Slugs::default();
        let anchors: Vec<String> = ["Foo", "Foo", "Foo 1", "Foo"].iter().map(|text| slugs.next(text)).collect();
        assert_eq!(anchors, ["foo", "foo-1", "foo-1-1", "foo-2"]);
    }
}
