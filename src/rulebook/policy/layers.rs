//! One policy over another: the system's below the user's, the user's below the repository's.
//!
//! What is more specific wins, key by key; waivers and protected servers add up. With one exception: what the lower one sets to block
//! (`[checks.11f] level = "block"`) is out of the upper one's hands. For such a check the upper one's `enabled`, `level`,
//! parameters, packs, excludes and waivers count for nothing, so that no repository can switch off, by whichever way, what the user
//! or the system wants enforced. What describes a repository (`[layout]`, `[authority]`, `[owners]`) stays its own word.

use super::{CheckPolicy, Layout, Packs, Policy};
use crate::model::finding::Level;

impl Policy {
    /// This policy (the more specific one) over another.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        let mut checks = below.checks.clone();
        for (id, said) in self.checks {
            let merged = said.over(checks.remove(&id).unwrap_or_default());
            checks.insert(id, merged);
        }
        let mut owners = below.owners.clone();
        owners.extend(self.owners);
        let keeps = below.below.is_some() || below.checks.keys().any(|id| below.sets_block(id));
        Self {
            exclude: joined(&below.exclude, self.exclude),
            checks,
            packs: Packs { enable: self.packs.enable.or_else(|| below.packs.enable.clone()) },
            owners,
            waivers: joined(&below.waivers, self.waivers),
            baseline: self.baseline.or_else(|| below.baseline.clone()),
            layout: self.layout.over(&below.layout, |key| self.layout_keys.contains(key)),
            authority: self.authority.or_else(|| below.authority.clone()),
            protected: joined(&below.protected, self.protected),
            attestation: joined(&below.attestation, self.attestation),
            require: joined(&below.require, self.require),
            layout_keys: &self.layout_keys | &below.layout_keys,
            below: keeps.then(|| Box::new(below)),
        }
    }

    /// Whether this policy itself sets a check to block.
    pub(super) fn sets_block(&self, check: &str) -> bool {
        self.checks.get(check).is_some_and(|said| said.level() == Some(Level::Block) && said.enabled != Some(false))
    }

    /// The policy that speaks of a check: this one, or one below that sets it to block.
    pub fn ruling(&self, check: &str) -> &Self {
        let below = self.below.as_deref().map(|below| below.ruling(check));
        below.filter(|below| below.sets_block(check)).unwrap_or(self)
    }

    /// The policies that may speak: this one and those below it.
    pub(super) fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |policy| policy.below.as_deref())
    }

    /// Patterns of paths that need not even be read, because no check looks at them: the excludes, but not those of a layer over
    /// one that sets a check to block.
    pub fn unread(&self) -> &[String] {
        self.chain().last().map_or(&[], |lowest| &lowest.exclude)
    }
}

/// The lower one's entries, then the upper one's that are not among them.
fn joined<T: Clone + PartialEq>(below: &[T], above: Vec<T>) -> Vec<T> {
    let mut all = below.to_vec();
    all.extend(above.into_iter().filter(|item| !below.contains(item)));
    all
}

impl CheckPolicy {
    fn over(self, below: Self) -> Self {
        let mut parameters = below.parameters;
        parameters.extend(self.parameters);
        Self {
            enabled: self.enabled.or(below.enabled),
            level: self.level.or(below.level),
            exclude: joined(&below.exclude, self.exclude),
            parameters,
        }
    }
}

impl Layout {
    fn over(self, below: &Self, is_written: impl Fn(&str) -> bool) -> Self {
        let default = Self::default();
        macro_rules! upper {
            ($($field:ident),*) => {
                Self { $($field: if is_written(stringify!($field)) || self.$field != default.$field {
                    self.$field
                } else {
                    below.$field.clone()
                },)* }
            };
        }
        upper!(scripts, docs, runbooks, decisions, docker, infrastructure, deploy, ports, archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        toml::from_str(text).expect("a policy")
    }

    #[test]
    fn what_is_more_specific_wins_and_lists_add_up() {
        let user = policy(
            "exclude = [\"a\"]\n[checks.07b]\nlevel = \"warn\"\nenabled = false\n[owners]\n\"x\" = \"one\"\n\"y\" = \"one\"\n\
             [layout]\ndocs = \"handbook\"\n[[protected]]\nname = \"db\"\n[packs]\nenable = [\"docs\"]\n",
        );
        let repository = policy(
            "exclude = [\"a\", \"b\"]\n[checks.07b]\nenabled = true\nlimit = 3\n[owners]\n\"y\" = \"two\"\n[layout]\narchive = \"old\"\n\
             [[protected]]\nname = \"mcp\"\n[authority]\nfolder = \"law\"\n",
        );
        let both = repository.over(user);
        assert_eq!(both.exclude, ["a", "b"]);
        let check = &both.checks["07b"];
        assert_eq!((check.level(), check.enabled, check.parameters.len()), (Some(Level::Warn), Some(true), 1));
        assert_eq!((both.owners["x"].as_str(), both.owners["y"].as_str()), ("one", "two"));
        assert_eq!((both.layout.docs.as_str(), both.layout.archive.as_str()), ("handbook", "old"));
        assert_eq!(both.protected.iter().map(|server| server.name.as_str()).collect::<Vec<_>>(), ["db", "mcp"]);
        assert_eq!(both.authority.as_ref().map(|law| law.folder.as_str()), Some("law"));
        assert!(both.below.is_none() && both.is_enabled("07b") && both.is_enabled("06a") && !both.is_enabled("08a"));
        assert_eq!(both.unread(), ["a", "b"]);
    }

    #[test]
    fn a_default_that_was_written_wins_over_another_word() {
        let mut repository = policy("");
        repository.layout_keys.insert("docs".into());
        assert_eq!(repository.over(policy("[layout]\ndocs = \"handbook\"")).layout.docs, "docs");
    }

    #[test]
    fn what_the_user_blocks_no_repository_switches_off() {
        let user = "[checks.11f]\nlevel = \"block\"\n";
        for text in [
            "[checks.11f]\nenabled = false",
            "[checks.11f]\nlevel = \"info\"",
            "[checks.11f]\nexclude = [\"**\"]\nlimit = 9",
            "[packs]\nenable = [\"docs\"]",
            "exclude = [\"**\"]",
        ] {
            let both = policy(text).over(policy(user));
            let ruling = both.ruling("11f");
            assert!(both.is_enabled("11f"), "{text}");
            assert_eq!(ruling.checks["11f"].level(), Some(Level::Block), "{text}");
            assert!(ruling.exclude.is_empty() && ruling.checks["11f"].exclude.is_empty(), "{text}");
            assert!(both.unread().is_empty() && both.parameter("11f", "limit").is_none(), "{text}");
        }
        let both = policy("[checks.11f]\nlevel = \"info\"").over(policy("").over(policy(user)));
        assert_eq!(both.ruling("11f").checks["11f"].level(), Some(Level::Block), "also through a layer between");
        let freed =
            policy("[checks.11f]\nlevel = \"info\"").over(policy("[checks.11f]\nlevel = \"block\"\nenabled = false"));
        assert_eq!(freed.ruling("11f").checks["11f"].level(), Some(Level::Info), "what is off is not enforced");
    }
}
