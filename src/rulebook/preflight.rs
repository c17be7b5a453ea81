//! The list that is gone through before work on a repository begins: what the rule book can tell is told with its evidence, what it cannot
//! a person confirms.

use super::{
    policy::{
        Policy,
        attest::{State as Vouched, attested_of, standings},
        authority::Lock,
    },
    tree::{Kind, Tree},
};
use crate::model::{
    Timestamp,
    finding::{Finding, Status},
    preflight::{Item, Preflight, State},
    text::hex,
};
use sha2::{Digest, Sha256};

/// The points that a person confirms.
pub const CONFIRMED: [&str; 2] = ["read", "searched"];

/// The list for a repository, from what was found in it.
pub fn list<'f>(
    findings: impl Iterator<Item = &'f Finding> + Clone,
    policy: &Policy,
    tree: &Tree,
    now: Timestamp,
) -> Preflight {
    let documents = documents(policy, tree);
    let found = |check: &str| Found::of(check, findings.clone(), policy);
    let vouched = |rules: &[u8]| vouched(rules, policy, tree, now);
    let item = |id: &str, title: &str, (state, evidence): (State, String)| Item {
        id: id.into(),
        title: title.into(),
        state,
        evidence,
    };
    let items = vec![
        item(
            "authority",
            "the authority's documents are there, and as they were locked",
            authority(policy, tree, found("17a")),
        ),
        item(
            "read",
            "the authority's documents are read",
            match &documents {
                None => (State::NotAsked, "there is none".into()),
                Some(hash) => person(vouched(&[17, 18]), &format!("SHA-256 of all of them: {}…", &hash[..16])),
            },
        ),
        item("changelog", "there is a CHANGELOG", changelog(tree, found("18a"))),
        item(
            "searched",
            "existing solutions are searched for",
            person(vouched(&[4, 9]), "nothing like it is there already"),
        ),
        item("placeholders", "no placeholder is left in", found("01a").state("none found")),
    ];
    Preflight { items, documents, last: None }
}

/// What a check found.
struct Found {
    is_off: bool,
    failed: usize,
    unknown: usize,
    waived: usize,
    /// The first of what was found, in words.
    first: String,
}

impl Found {
    fn of<'f>(check: &str, findings: impl Iterator<Item = &'f Finding>, policy: &Policy) -> Self {
        let mut found =
            Self { is_off: !policy.is_enabled(check), failed: 0, unknown: 0, waived: 0, first: String::new() };
        for finding in findings.filter(|finding| finding.check == check) {
            let (count, is_worse) = match finding.status {
                Status::Fail => (&mut found.failed, true),
                Status::Unknown => (&mut found.unknown, true),
                Status::Waived => (&mut found.waived, false),
            };
            *count += 1;
            if is_worse && found.first.is_empty() {
                found.first = format!("{}: {}", place(finding), finding.observed);
            }
        }
        found
    }

    /// How it stands; `fine` is said where nothing is found.
    fn state(&self, fine: &str) -> (State, String) {
        let more = |count: usize| if count > 1 { format!(" ({count} in all)") } else { String::new() };
        match self {
            Self { is_off: true, .. } => (State::NotAsked, "the policy has switched the check off".into()),
            Self { failed: 1.., .. } => (State::Violated, format!("{}{}", self.first, more(self.failed))),
            Self { unknown: 1.., .. } => (State::Unknown, format!("{}{}", self.first, more(self.unknown))),
            Self { waived: 0, .. } => (State::Ok, fine.into()),
            Self { waived, .. } => (State::Ok, format!("{fine}, but for {waived} that are waived")),
        }
    }
}

fn place(finding: &Finding) -> String {
    match (&finding.file, finding.span) {
        (Some(file), Some(span)) => format!("{file}:{}", span.line),
        (Some(file), None) => file.to_string(),
        (None, _) => finding.resource.to_string(),
    }
}

fn authority(policy: &Policy, tree: &Tree, found: Found) -> (State, String) {
    let Some(authority) = &policy.authority else {
        return (State::NotAsked, "the policy names no folder ([authority] folder = …)".into());
    };
    let count = authority.documents(tree).count();
    let locked = tree.file(&authority.lock_path()).and_then(|file| Lock::parse(file.text()).ok()?.locked_at);
    let locked = locked.map_or_else(String::new, |at| format!(", locked {at}"));
    let noun = if count == 1 { "document" } else { "documents" };
    found.state(&format!("{count} {noun} in {}/{locked}", authority.folder.trim_end_matches('/')))
}

fn changelog(tree: &Tree, found: Found) -> (State, String) {
    let logs: Vec<&str> = tree.of_kind(Kind::Changelog).map(|file| file.path.as_str()).collect();
    match logs.as_slice() {
        [] if found.failed + found.unknown == 0 => (State::NotAsked, "nothing here needs one".into()),
        [] => found.state(""),
        [one] => found.state(one),
        [one, rest @ ..] => found.state(&format!("{one} and {} more", rest.len())),
    }
}

/// Somebody vouches already, or has to confirm it now.
fn person(vouched: Option<String>, what: &str) -> (State, String) {
    vouched.map_or_else(|| (State::Open, what.into()), |evidence| (State::Ok, evidence))
}

/// Who vouches for one of these rules now.
fn vouched(rules: &[u8], policy: &Policy, tree: &Tree, now: Timestamp) -> Option<String> {
    let all = standings(&policy.require, &policy.attestation, Some(tree), now);
    let valid = all.into_iter().find(|standing| rules.contains(&standing.rule) && standing.state == Vouched::Valid)?;
    let (by, until) = (valid.by.unwrap_or_default(), valid.expires?);
    let what = attested_of(valid.rule).map_or("it", |attested| attested.what);
    Some(format!("{by} vouches for {what} until {until} (rule {})", valid.rule))
}

/// One hash over all documents of the authority: who has read them has read these.
fn documents(policy: &Policy, tree: &Tree) -> Option<String> {
    let authority = policy.authority.as_ref()?;
    let mut digest = Sha256::new();
    let mut is_any = false;
    for file in authority.documents(tree) {
        is_any = true;
        digest.update(format!("{}  {}\n", file.sha256.map_or_else(|| "?".into(), |hash| hex(&hash)), file.path));
    }
    is_any.then(|| hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::report::sample::finding;

    fn now() -> Timestamp {
        "2026-11-28T10:00:00Z".parse().expect("a time")
    }

    fn told(policy: &str, files: &[(&str, &str)], findings: &[Finding]) -> Vec<(String, State, String)> {
        let policy: Policy = toml::from_str(policy).expect("a policy");
        let list = list(findings.iter(), &policy, &Tree::of(files), now());
        list.items.into_iter().map(|item| (item.id.to_string(), item.state, item.evidence)).collect()
    }

    fn states(told: &[(String, State, String)]) -> Vec<State> {
        told.iter().map(|(_, state, _)| *state).collect()
    }

    const AUTHORITY: &str = "[authority]\nfolder = \"law\"\n";

    #[test]
    fn what_a_machine_sees_is_told_and_the_rest_is_a_persons() {
        use State::{NotAsked, Ok, Open};
        let all = told(AUTHORITY, &[("law/a.md", "x"), ("CHANGELOG.md", "x")], &[]);
        assert_eq!(states(&all), [Ok, Open, Ok, Open, Ok]);
        assert!(all[0].2.contains("1 document in law/") && all[2].2 == "CHANGELOG.md", "{all:?}");
        assert_eq!(states(&told("", &[("src/main.py", "x")], &[])), [NotAsked, NotAsked, NotAsked, Open, Ok]);
        let ids: Vec<_> = all.iter().filter(|(_, state, _)| *state == Open).map(|(id, ..)| id.clone()).collect();
        assert_eq!(ids, CONFIRMED);
    }

    #[test]
    fn violations_and_what_is_not_known_do_not_pass() {
        let mut unknown = finding("17a", "law/a.md", "no lock");
        unknown.status = Status::Unknown;
        let mut waived = finding("18a", "docker", "there is no CHANGELOG.md");
        waived.status = Status::Waived;
        let found = [finding("01a", "a.yml", "CHANGEME"), finding("01a", "b.yml", "TODO"), unknown, waived];
        let all = told(AUTHORITY, &[("law/a.md", "x"), ("CHANGELOG.md", "x")], &found);
        assert_eq!(states(&all), [State::Unknown, State::Open, State::Ok, State::Open, State::Violated]);
        assert!(all[4].2.contains("CHANGEME") && all[4].2.contains("2 in all"), "{all:?}");
        assert!(all[2].2.contains("1 that are waived"), "{all:?}");
        let off = told("[checks.01a]\nenabled = false\n", &[], &[]);
        assert_eq!(off[4].1, State::NotAsked);
    }

    #[test]
    fn who_vouches_need_not_confirm() {
        let policy = format!(
            "{AUTHORITY}[[attestation]]\nrule = 17\nby = 'ann'\nrole = 'ops'\nevidence = 'https://x.org'\nat = '2026-01-01T00:00:00Z'\n\
             expires = '2027-01-01T00:00:00Z'\n[[attestation]]\nrule = 9\nby = 'bob'\nrole = 'ops'\nevidence = 'https://x.org'\n\
             at = '2026-01-01T00:00:00Z'\nexpires = '2026-02-01T00:00:00Z'\n"
        );
        let all = told(&policy, &[("law/a.md", "x")], &[]);
        assert!(all[1].1 == State::Ok && all[1].2.starts_with("ann vouches"), "{all:?}");
        assert_eq!(all[3].1, State::Open, "what has expired vouches for nothing");
    }

    #[test]
    fn another_text_is_another_document() {
        let hash = |text: &str| {
            let policy: Policy = toml::from_str(AUTHORITY).expect("a policy");
            list([].iter(), &policy, &Tree::of(&[("law/a.md", text)]), now()).documents
        };
        assert!(hash("x").is_some() && hash("x") == hash("x") && hash("x") != hash("y"));
    }
}
