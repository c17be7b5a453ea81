//! The documents that go before all others: they have to be there, and whoever changes one says why.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        policy::{
            Authority as Folder,
            authority::{Drift, Lock},
        },
        subject::{
            change::{Change, What},
            logged::new_entries,
            places::is_within,
            words::has_word,
        },
        syntax::changelog::{Changelog, moment},
        tree::{File, Kind, Parsed, Tree, base_name},
    },
};
use std::sync::Arc;

/// 17a: authority folder missing, or changed without a logged reason.
pub struct Authority;

static META: Meta = Meta {
    id: "17a",
    title: "authority folder missing, or changed without a logged reason",
    level: Level::Block,
    scopes: &[Scope::Repo, Scope::Diff],
    why: "Everything else is judged by these documents. A change that nobody notices makes all of it wrong.",
    fix: "Add an entry to the CHANGELOG that names the document and says why, and renew the lock; or put the document back.",
    precedent: &[],
    references: &["https://www.gnu.org/software/coreutils/manual/html_node/sha2-utilities.html"],
    parameters: &[],
};

impl Check for Authority {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let Some(authority) = &out.policy.authority else { return Judged::No };
        let folder = authority.folder.trim_end_matches('/');
        if authority.documents(tree).next().is_none() {
            let draft = out.about(folder, folder).observed(format!("there is no document in {folder}/"));
            draft
                .expected("the folder with its documents")
                .fix("Put the folder back, or correct `[authority] folder`.")
                .fail();
            return Judged::Yes;
        }
        let path = authority.lock_path();
        match tree.file(&path) {
            None => {
                let why = format!("there is no {path}, so a change of the documents is not seen");
                let fix = "Make the lock: `sha256sum` of each document, path from the root.";
                out.about(path.as_str(), folder).key("no lock").fix(fix).unknown(why);
            }
            Some(file) => compare(authority, file, tree, out),
        }
        Judged::Yes
    }

    fn change(&self, change: &Change, _tree: &Tree, out: &mut Out<'_>) -> Judged {
        let Some(authority) = &out.policy.authority else { return Judged::No };
        let lock = authority.lock_path();
        let entries = new_entries(change);
        let mut judged = Judged::No;
        for changed in &change.files {
            let paths = [Some(&changed.path), changed.old_path.as_ref()];
            let is_document =
                paths.into_iter().flatten().any(|path| is_within(path, &authority.folder) && *path != lock);
            let Some(file) = changed.new.as_ref().or(changed.old.as_ref()).filter(|_| is_document) else { continue };
            judged = Judged::Yes;
            let is_logged =
                entries.iter().any(|logged| logged.names_file(&changed.path) && logged.file.path != changed.path);
            if !is_logged {
                let what = match changed.what {
                    What::Added => "added",
                    What::Modified => "changed",
                    What::Deleted => "deleted",
                    What::Renamed => "moved",
                };
                let seen = format!("the document was {what}, and no new entry of the CHANGELOG names it");
                out.at(file, None).observed(seen).key("change").expected("an entry that names it and says why").fail();
            }
        }
        judged
    }
}

/// Compares the documents with the lock. A difference that the CHANGELOG tells of, newer than the lock, is one that somebody answers for.
fn compare(authority: &Folder, file: &Arc<File>, tree: &Tree, out: &mut Out<'_>) {
    if file.text.is_none() {
        out.at(file, None).unknown("the lock is not read: it has to be called authority.lock");
        return;
    }
    let lock = match Lock::parse(file.text()) {
        Ok(lock) => lock,
        Err(fault) => return out.at(file, fault.span).unknown(fault.message),
    };
    for (path, drift) in authority.drifts(tree, &lock) {
        if is_logged(&path, &lock, tree) {
            continue;
        }
        let what = match drift {
            Drift::Changed => "differs from the lock",
            Drift::Added => "is not in the lock",
            Drift::Removed => "is in the lock and not there",
        };
        let (place, span) = match tree.file(&path) {
            Some(document) => (document, None),
            None => (file, lock.files.get(&path).map(|(_, line)| crate::model::finding::Span::on_line(*line, 1, 64))),
        };
        let draft = out
            .at(place, span)
            .observed(format!("{path} {what}, and no entry of the CHANGELOG newer than the lock names it"));
        draft.key(format!("{path} {what}")).expected("an entry that names it and says why, and a renewed lock").fail();
    }
}

/// Whether an entry names the document that is in the first section of a CHANGELOG, or dated after the lock.
fn is_logged(path: &str, lock: &Lock, tree: &Tree) -> bool {
    tree.of_kind(Kind::Changelog).any(|file| {
        let Parsed::Markdown(page) = &file.parsed else { return false };
        let log = Changelog::of(page);
        let first = log.sections.iter().position(|section| section.is_unreleased).unwrap_or(0);
        let first = log.sections.get(first).and_then(|section| section.span);
        log.entries().any(|(section, entry)| {
            let is_newer = match (moment(section, entry), lock.locked_at) {
                (Some(at), Some(locked)) => at >= locked,
                _ => section.span == first,
            };
            is_newer && (has_word(&entry.text, path) || has_word(&entry.text, base_name(path)))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{told_by, told_change},
    };

    fn policy() -> Policy {
        toml::from_str("[authority]\nfolder = 'authority'\n").expect("is a policy")
    }

    const LOCK: &str = "# locked 2026-01-01T00:00:00Z\n9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  authority/a.md\n";

    fn said(text: &str, log: &str) -> Vec<String> {
        told_by(
            &Authority,
            &[("authority/a.md", text), ("authority/authority.lock", LOCK), ("CHANGELOG.md", log)],
            &policy(),
        )
    }

    #[test]
    fn the_folder_and_its_lock_have_to_be_there() {
        assert_eq!(told_by(&Authority, &[("a.md", "x")], &policy()), ["authority there is no document in authority/"]);
        assert_eq!(
            told_by(&Authority, &[("authority/a.md", "x")], &policy()),
            [
                "? authority/authority.lock there is no authority/authority.lock, so a change of the documents is not seen"
            ]
        );
        assert_eq!(told_by(&Authority, &[("a.md", "x")], &Policy::default()), [""; 0]);
    }

    #[test]
    fn a_document_that_differs_needs_an_entry() {
        assert_eq!(said("test", ""), [""; 0]);
        let seen = "authority/a.md authority/a.md differs from the lock, and no entry of the CHANGELOG newer than the lock names it";
        assert_eq!(said("other", ""), [seen]);
        assert_eq!(said("other", "- 2026-01-02T00:00Z (x) changed authority/a.md. Why: y\n"), [""; 0]);
        assert_eq!(said("other", "- 2025-01-02T00:00Z (x) changed authority/a.md. Why: y\n"), [seen]);
        assert_eq!(said("other", "## [Unreleased]\n- changed a.md\n## 1.0.0 - 2025-01-01\n- x\n"), [""; 0]);
        assert_eq!(said("other", "## [Unreleased]\n- x\n## 1.0.0 - 2025-01-01\n- changed a.md\n"), [seen]);
        let files = [("authority/b.md", "x"), ("authority/authority.lock", LOCK)];
        assert_eq!(told_by(&Authority, &files, &policy()).len(), 2);
    }

    #[test]
    fn a_change_of_a_document_needs_a_new_entry() {
        let old = [("authority/a.md", "x\n"), ("CHANGELOG.md", "- a.md\n")];
        let new = |log| [("authority/a.md", "y\n"), ("CHANGELOG.md", log)];
        assert_eq!(
            told_change(&Authority, &old, &new("- a.md\n"), &policy()),
            ["authority/a.md the document was changed, and no new entry of the CHANGELOG names it"]
        );
        assert_eq!(told_change(&Authority, &old, &new("- a.md\n- authority/a.md: port of web\n"), &policy()), [""; 0]);
        assert_eq!(told_change(&Authority, &old, &old[1..], &policy()).len(), 1);
        assert_eq!(told_change(&Authority, &[], &[("b.md", "x")], &policy()), [""; 0]);
    }
}
