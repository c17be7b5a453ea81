//! A port, a service, a volume or an output that a change takes away, without a word of warning.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{
            change::{Change, Changed, What},
            logged::{Logged, new_entries},
            offered::{Offer, offers},
            places::is_aside,
            words::has_word,
        },
        tree::{File, Kind, Parsed, Tree, base_name, folder_of},
    },
};
use std::sync::Arc;

/// 02a: port, service, volume or output removed without a BREAKING entry.
pub struct Removed;

static META: Meta = Meta {
    id: "02a",
    title: "port, service, volume or output removed without a BREAKING entry",
    level: Level::Block,
    scopes: &[Scope::Diff],
    why: "Others rely on it, and learn of its end by their own outage.",
    fix: "Put it back, or add an entry to the CHANGELOG that says BREAKING, names it, and says what to do instead.",
    precedent: &[],
    references: &["https://keepachangelog.com/en/1.1.0/", "https://semver.org/spec/v2.0.0.html"],
    parameters: &[],
};

impl Check for Removed {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn change(&self, change: &Change, _tree: &Tree, out: &mut Out<'_>) -> Judged {
        let warnings: Vec<Logged> =
            new_entries(change).into_iter().filter(|logged| logged.entry.is_breaking()).collect();
        let moved: Vec<(String, Offer)> = change.files.iter().flat_map(appeared).collect();
        let mut judged = Judged::No;
        for changed in &change.files {
            let Some(old) = changed.old.as_ref().filter(|old| offers_something(old) && !is_aside(&old.path)) else {
                continue;
            };
            judged = Judged::Yes;
            if let Some(broken) = unreadable(changed) {
                out.at(broken, None)
                    .unknown(format!("{} cannot be read, so what it takes away is not known", broken.path));
                continue;
            }
            for gone in disappeared(changed, old) {
                let is_moved = moved.iter().any(|(folder, offer)| {
                    let is_near = !matches!(gone.kind, "output") || folder.as_str() == folder_of(&old.path);
                    is_near && offer.is_same(&gone)
                });
                if !is_moved && !warnings.iter().any(|logged| names(logged, &gone, &old.path)) {
                    report(changed, old, &gone, !warnings.is_empty(), out);
                }
            }
        }
        judged
    }
}

fn offers_something(file: &File) -> bool {
    matches!(file.kind, Kind::Compose | Kind::Kubernetes | Kind::Hcl | Kind::Dockerfile)
}

/// The version of a file that cannot be read.
fn unreadable(changed: &Changed) -> Option<&Arc<File>> {
    let is_broken = |file: &&Arc<File>| matches!(file.parsed, Parsed::Broken(_));
    changed.new.as_ref().filter(is_broken).or_else(|| changed.old.as_ref().filter(is_broken))
}

/// What a file offers now and did not before, with the folder of the file.
fn appeared(changed: &Changed) -> Vec<(String, Offer)> {
    let before = changed.old.as_deref().map(offers).unwrap_or_default();
    let Some(new) = changed.new.as_deref().filter(|new| new.kind != Kind::Dockerfile) else { return Vec::new() };
    let is_new = |offer: &Offer| !before.iter().any(|old| old.is_same(offer));
    offers(new).into_iter().filter(is_new).map(|offer| (folder_of(&new.path).to_owned(), offer)).collect()
}

/// What a file offered before and does not now. With a service go its ports, which are not told by themselves.
fn disappeared(changed: &Changed, old: &File) -> Vec<Offer> {
    // Without its Dockerfile nothing is built, which other checks tell.
    if changed.what == What::Deleted && old.kind == Kind::Dockerfile {
        return Vec::new();
    }
    let now = changed.new.as_deref().map(offers).unwrap_or_default();
    let mut gone: Vec<Offer> = Vec::new();
    for offer in offers(old) {
        let is_known = gone.iter().any(|known| known.is_same(&offer) && known.owner == offer.owner);
        if !is_known && !now.iter().any(|new| new.is_same(&offer)) {
            gone.push(offer);
        }
    }
    let services: Vec<String> =
        gone.iter().filter(|offer| offer.kind == "service").map(|offer| offer.name.clone()).collect();
    gone.retain(|offer| offer.kind != "port" || !services.contains(&offer.owner));
    gone
}

/// Whether an entry speaks of what is gone: by its name, its number, what it is part of, or the file.
fn names(logged: &Logged, gone: &Offer, path: &str) -> bool {
    let text = format!("{} {}", logged.entry.category, logged.entry.text);
    let number = gone.name.split('/').next().unwrap_or_default();
    [gone.name.as_str(), number, &gone.owner, path, base_name(path)].iter().any(|name| has_word(&text, name))
}

fn report(changed: &Changed, old: &Arc<File>, gone: &Offer, has_warning: bool, out: &mut Out<'_>) {
    let file = changed.new.as_ref().unwrap_or(old);
    let span = changed.new.as_ref().and_then(|new| new.documents().get(gone.document)?.span_of(&gone.pointer));
    let draft = out.at(file, span).observed(format!("{} is gone", gone.label()));
    let expected = if has_warning {
        "a BREAKING entry in the CHANGELOG that names it; the new one names something else"
    } else {
        "an entry in the CHANGELOG of this change that says BREAKING and names it"
    };
    draft.expected(expected).fail();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{policy::Policy, run::told_change};

    const WEB: &str =
        "services:\n  web:\n    image: a\n    ports: ['80:80', '81:81']\n  db:\n    image: b\nvolumes:\n  data: {}\n";

    fn said(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        told_change(&Removed, old, new, &Policy::default())
    }

    #[test]
    fn what_is_taken_away_is_told() {
        let new = "services:\n  web:\n    image: a\n    ports: ['80:80']\n";
        assert_eq!(
            said(&[("compose.yaml", WEB)], &[("compose.yaml", new)]),
            [
                "compose.yaml:4:5 port `81/tcp` of `web` is gone",
                "compose.yaml:1:1 service `db` is gone",
                "compose.yaml:1:1 volume `data` is gone"
            ]
        );
        assert_eq!(said(&[("compose.yaml", WEB)], &[]).len(), 3, "ports go with their service");
        assert_eq!(
            said(&[("a/o.tf", "output \"url\" {}\n")], &[("a/o.tf", "\n"), ("b/o.tf", "output \"url\" {}\n")]),
            ["a/o.tf output `url` is gone"]
        );
        assert_eq!(
            said(&[("Dockerfile", "FROM a\nEXPOSE 80 81\n")], &[("Dockerfile", "FROM a\nEXPOSE 80\n")]),
            ["Dockerfile port `81/tcp` is gone"]
        );
        let service = |port| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: api}}\nspec:\n  ports:\n    - port: {port}\n")
        };
        assert_eq!(
            said(&[("s.yaml", &service(80))], &[("s.yaml", &service(81))]),
            ["s.yaml:5:3 port `80/tcp` of `api` is gone"]
        );
    }

    #[test]
    fn a_breaking_entry_that_names_it_is_enough() {
        let new = "services:\n  web:\n    image: a\n    ports: ['80:80']\n  db:\n    image: b\nvolumes:\n  data: {}\n";
        let with = |log| said(&[("compose.yaml", WEB)], &[("compose.yaml", new), ("CHANGELOG.md", log)]);
        assert_eq!(with("- BREAKING: port 81 is gone\n"), [""; 0]);
        assert_eq!(with("### Breaking\n- web no longer listens on 81\n"), [""; 0]);
        assert_eq!(with("- port 81 is gone\n").len(), 1);
        assert_eq!(with("- BREAKING: the queue is gone\n").len(), 1);
        let log = ("CHANGELOG.md", "- BREAKING: port 81 is gone\n");
        assert_eq!(
            said(&[("compose.yaml", WEB), log], &[("compose.yaml", new), log]).len(),
            1,
            "an old entry does not count"
        );
    }

    #[test]
    fn what_moves_is_not_gone() {
        let parts = [
            ("web.yaml", ""),
            ("compose.yaml", "services:\n  web:\n    image: a\n    ports: ['80:80', '81:81']\n"),
            ("db/compose.yaml", "services:\n  db:\n    image: c\nvolumes:\n  data: {}\n"),
        ];
        assert_eq!(said(&[("compose.yaml", WEB)], &parts), [""; 0]);
        assert_eq!(said(&[("a/compose.yaml", WEB)], &[("b/compose.yaml", WEB)]), [""; 0]);
        assert_eq!(
            said(&[("a/o.tf", "output \"url\" {}\n")], &[("a/o.tf", "\n"), ("a/p.tf", "output \"url\" {}\n")]),
            [""; 0]
        );
        assert_eq!(
            said(&[("compose.yaml", WEB)], &[("compose.yaml", "services: [\n")]),
            ["? compose.yaml compose.yaml cannot be read, so what it takes away is not known"]
        );
    }
}
