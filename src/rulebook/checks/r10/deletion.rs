//! A file is deleted, and nobody wrote down why and where it is kept.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::{
            change::Change,
            logged::{Logged, new_entries},
            places::is_within,
            words::fits,
        },
        tree::Tree,
    },
};
use regex::Regex;
use std::sync::LazyLock;

/// 10a: deletion without reason and archive path in the CHANGELOG.
pub struct Deletion;

static META: Meta = Meta {
    id: "10a",
    title: "deletion without reason and archive path in the CHANGELOG",
    level: Level::Block,
    scopes: &[Scope::Diff],
    why: "Months later somebody looks for the file, and for the one who knew what it was for. The entry answers both.",
    fix: "Add an entry to the CHANGELOG that names the file or its folder: `- Removed x.sh. Reason: …. Archived: archive/x.sh`.",
    precedent: &[],
    references: &["https://keepachangelog.com/en/1.1.0/"],
    parameters: &[Parameter {
        name: "exempt",
        about: "paths whose files may be deleted without an entry; `*` stands for any text",
        default: Value::Texts(&[]),
    }],
};

static REASON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:because|since|as it|replaced by|superseded by|replaces|no longer|not used|unused|never used|obsolete|duplicates?|in favou?r of|moved (?:in)?to|merged into)\b")
        .expect("is an expression")
});

impl Check for Deletion {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn change(&self, change: &Change, _tree: &Tree, out: &mut Out<'_>) -> Judged {
        let entries = new_entries(change);
        let archive = out.policy.layout.archive.as_str();
        let mut judged = Judged::No;
        for (changed, old) in change.gone() {
            let is_exempt = out.texts("exempt").iter().any(|pattern| fits(pattern, &changed.path));
            if is_exempt || is_within(&changed.path, archive) {
                continue;
            }
            judged = Judged::Yes;
            let about: Vec<&Logged> = entries.iter().filter(|logged| logged.names_file(&changed.path)).collect();
            let lacks = about.iter().map(|logged| lacking(logged, archive)).min_by_key(Vec::len);
            let seen = match lacks {
                Some(lacks) if lacks.is_empty() => continue,
                Some(lacks) => format!("deleted, and its entry lacks {}", lacks.join(" and ")),
                None => "deleted, and no new entry of the CHANGELOG names it".to_owned(),
            };
            let expected = "an entry with its name, the reason, and the path where it is kept";
            out.at(old, None).observed(seen).key("deleted").expected(expected).fail();
        }
        judged
    }
}

/// What an entry on a deletion does not say.
fn lacking(logged: &Logged, archive: &str) -> Vec<&'static str> {
    let (text, fields) = (&logged.entry.text, &logged.entry.fields);
    let has_reason = fields.why.is_some() || REASON.is_match(text);
    let folder = format!("{}/", archive.trim_end_matches('/'));
    let has_archive = fields.archive.is_some() || text.contains(&folder) || is_archived_elsewhere(text);
    [(!has_reason).then_some("the reason"), (!has_archive).then_some("the archive path")]
        .into_iter()
        .flatten()
        .collect()
}

/// `archived at git tag x`, `archived in s3://…`.
fn is_archived_elsewhere(text: &str) -> bool {
    static ARCHIVED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:archived?|kept|preserved)\s+(?:it\s+)?(?:at|in|to|under|as)\s+\S+")
            .expect("is an expression")
    });
    ARCHIVED.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{policy::Policy, run::told_change};

    fn said(log: &str) -> Vec<String> {
        // An entry of long ago does not count.
        let past = "# Log\n- Removed x.sh. Why: unused. Archived: archive/x.sh\n";
        let old = [("scripts/x.sh", "echo\n"), ("CHANGELOG.md", past)];
        let log = format!("{past}{log}");
        told_change(&Deletion, &old, &[("CHANGELOG.md", &log)], &Policy::default())
    }

    #[test]
    fn a_deletion_needs_an_entry_with_reason_and_archive() {
        assert_eq!(said(""), ["scripts/x.sh deleted, and no new entry of the CHANGELOG names it"]);
        assert_eq!(
            said("- Removed x.sh\n"),
            ["scripts/x.sh deleted, and its entry lacks the reason and the archive path"]
        );
        assert_eq!(
            said("- Removed x.sh. Reason: unused\n"),
            ["scripts/x.sh deleted, and its entry lacks the archive path"]
        );
        for log in [
            "- Removed `scripts/x.sh`. Reason: unused. Archived: archive/x.sh\n",
            "- Removed x.sh because nothing calls it (archive/2026/x.sh)\n",
            "- Removed scripts/, no longer used; archived at git tag old-scripts.\n",
        ] {
            assert_eq!(said(log), [""; 0], "{log}");
        }
    }

    #[test]
    fn what_moves_is_not_deleted() {
        let policy = Policy::default();
        assert_eq!(told_change(&Deletion, &[("a.sh", "x\n")], &[("archive/a.sh", "x\n")], &policy), [""; 0]);
        assert_eq!(told_change(&Deletion, &[("archive/a.sh", "x\n")], &[], &policy), [""; 0]);
    }
}
