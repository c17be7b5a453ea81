//! Named groups of checks, so that a repository can take those that concern it: `[packs] enable = ["containers", "secrets"]`.

use crate::rulebook::checks::PACKED;

/// A group of checks.
#[derive(Debug)]
pub struct Pack {
    pub name: &'static str,
    pub about: &'static str,
    /// Checks by name (`05a`), or all of a rule by its number (`07`); beside those that the list of checks puts into it.
    pub checks: &'static [&'static str],
}

/// Every pack. A check may be in several; each is in one at least.
pub const PACKS: &[Pack] = &[
    Pack {
        name: "attested",
        about: "what a person vouches for",
        checks: &[
            "01-attested",
            "02-attested",
            "03-attested",
            "04-attested",
            "05-attested",
            "06-attested",
            "09-attested",
            "10-attested",
            "12-attested",
            "14-attested",
            "15-attested",
            "16-attested",
            "17-attested",
            "18-attested",
            "19-attested",
            "20-attested",
        ],
    },
    Pack { name: "changes", about: "what a change does", checks: &["02a", "10", "17a", "19", "20a"] },
    Pack {
        name: "containers",
        about: "images, compose files, containers",
        checks: &["03d", "04b", "11", "12d", "13b", "16a"],
    },
    Pack { name: "docs", about: "documents, runbooks, decisions, the CHANGELOG", checks: &["02b", "06", "15", "17"] },
    Pack { name: "hygiene", about: "leftovers, duplicates, placeholders", checks: &["01", "04", "09", "13"] },
    Pack { name: "host", about: "this host", checks: &["05g", "11m", "11r", "16b", "20b"] },
    Pack {
        name: "kubernetes",
        about: "objects of clusters",
        checks: &[
            "01e", "02c", "02d", "03a", "03b", "03c", "05b", "05e", "09b", "11a", "11b", "11c", "11d", "11e", "11f",
            "11g", "11h", "11i", "11j", "11k", "12d", "13c", "13d", "16a", "19b", "20b",
        ],
    },
    Pack {
        name: "live",
        about: "what runs, held against what was written",
        checks: &["03a", "03b", "05g", "09b", "11q", "12d", "13b", "16b", "19b", "20b"],
    },
    Pack { name: "python", about: "Python", checks: &["08"] },
    Pack { name: "process", about: "sign-offs, authority, what is protected", checks: &["14", "17", "19", "20"] },
    Pack {
        name: "scripts",
        about: "shell scripts, the deploy script",
        checks: &["01b", "01c", "02b", "07", "12a", "12b", "12c"],
    },
    Pack { name: "secrets", about: "secrets where they do not belong", checks: &["05a", "05b", "05c", "11l"] },
    Pack {
        name: "security",
        about: "what an attacker would look for",
        checks: &[
            "05a", "05b", "05c", "05d", "05e", "07e", "08d", "11c", "11f", "11g", "11h", "11i", "11j", "11k", "11l",
            "11n", "11q", "11r",
        ],
    },
    Pack {
        name: "supply-chain",
        about: "what is fetched, and whether it is pinned",
        checks: &["07e", "07f", "07g", "08a", "11a", "11b", "11o", "11q"],
    },
    Pack { name: "terraform", about: "Terraform", checks: &["05c", "05d", "07f"] },
    Pack { name: "versions", about: "versions and names of things", checks: &["05f", "01e", "04c"] },
];

impl Pack {
    /// Whether a check is in it.
    pub fn has(&self, check: &str) -> bool {
        let rule = check.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let mut packed = PACKED.iter().filter(|(known, _)| known.meta().id == check);
        self.checks.iter().any(|entry| *entry == check || *entry == rule)
            || packed.any(|(_, packs)| packs.contains(&self.name))
    }
}

/// The packs that a check is in: none for those of the user's own and for what belongs to no rule.
pub fn of(check: &str) -> impl Iterator<Item = &'static Pack> {
    PACKS.iter().filter(move |pack| pack.has(check))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::checks::CHECKS;
    use std::collections::BTreeSet;

    #[test]
    fn every_check_is_in_a_pack() {
        let of_rules = CHECKS.iter().map(|check| check.meta()).filter(|meta| meta.rule() > 0);
        for check in of_rules.map(|meta| meta.id) {
            let hint = "name its packs in src/rulebook/checks/mod.rs: `file::Check in \"docs\"`";
            assert!(of(check).next().is_some(), "{check} is in no pack; {hint}");
        }
        let names: Vec<&str> = of("11f").map(|pack| pack.name).collect();
        assert_eq!(names, ["containers", "kubernetes", "security"]);
        assert_eq!(of("my-own").count() + of("00a").count(), 0);
        let all: BTreeSet<&str> = PACKS.iter().map(|pack| pack.name).collect();
        assert_eq!(all.len(), PACKS.len(), "a name stands once");
        let put = PACKED.iter().flat_map(|(_, packs)| *packs);
        assert_eq!(put.filter(|name| !all.contains(*name)).collect::<Vec<_>>(), [&""; 0], "these are packs");
        assert_eq!(of("18a").map(|pack| pack.name).collect::<Vec<_>>(), ["changes", "docs"]);
    }
}
