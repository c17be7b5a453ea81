//! What a file of the rules would be with something added to it: read from disk, and nothing written. What comes of it is shown, and
//! written by `ops` once it was confirmed.

use super::book::{self, FILE, SECTION, Words, customs};
use crate::{
    model::{Timestamp, redact, text::hex},
    rulebook::policy::{
        Policy, Waiver,
        addition::{Accepted, Addition, Draft, NewWaiver, RuleFile},
        attest::{Attestation, State},
        baseline::Baseline,
        catalogue::Catalogue,
        pen,
    },
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Proofs that are larger are not read: their hash has to be given.
const LARGEST_PROOF: u64 = 256 << 20;
/// Lines around what is new.
const AROUND: usize = 2;

/// The file with the addition in it.
///
/// # Errors
/// Why nothing can be added, and what to do.
pub fn draft(file: &RuleFile, addition: &Addition, words: &Words, now: Timestamp) -> Result<Draft, String> {
    let words = words.fresh();
    match addition {
        Addition::Waive(waivers) => waived(file, waivers, &words),
        Addition::Attest(attestation) => attested(file, attestation, &words, now),
        Addition::Accept(accepted) => match file {
            RuleFile::Repository(root) => accepted_by(root, accepted, &words),
            RuleFile::User(_) => Err("only a repository has a baseline: waive it".into()),
        },
    }
}

/// What stands in a file; nothing where it is not there.
struct Now {
    path: PathBuf,
    text: String,
    was: Option<String>,
}

impl Now {
    fn read(path: PathBuf) -> Result<Self, String> {
        match fs::read(&path) {
            Ok(bytes) => {
                let was = Some(hex(&Sha256::digest(&bytes)));
                let text = String::from_utf8(bytes).map_err(|_| format!("{}: is no text (UTF-8)", path.display()))?;
                Ok(Self { path, text, was })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self { path, text: String::new(), was: None }),
            Err(error) => Err(format!("{}: cannot be read: {error}", path.display())),
        }
    }

    fn into_draft(self, text: String) -> Draft {
        let diff = similar::TextDiff::from_lines(&self.text, &text).unified_diff().context_radius(AROUND).to_string();
        Draft { diff: redact::text(&diff).into_owned(), path: self.path, was: self.was, text }
    }
}

/// The policy in a file: the file, the section that it is, and what it may name.
struct Target<'f> {
    now: Now,
    root: Option<&'f Path>,
    section: &'static [&'static str],
    known: Catalogue,
}

impl<'f> Target<'f> {
    fn open(file: &'f RuleFile, words: &Words) -> Result<Self, String> {
        let (path, root, section) = match file {
            RuleFile::Repository(root) => (root.join(FILE), Some(root.as_path()), &[][..]),
            RuleFile::User(path) => (path.clone(), None, SECTION),
        };
        let customs = customs(root, words);
        if let Some(problem) = customs.problems.first() {
            return Err(format!("the rules cannot be read whole, so nothing is added: {problem}"));
        }
        Ok(Self { now: Now::read(path)?, root, section, known: customs.known })
    }

    /// The text with what is new.
    fn with(&self, waivers: &[(Waiver, String)], attestations: &[Attestation]) -> Result<String, String> {
        let name = if self.root.is_some() { FILE.into() } else { self.now.path.display().to_string() };
        let written = pen::write(&self.now.text, (&name, self.section), &self.known, (waivers, attestations))
            .map(|(text, _)| text);
        written.map_err(|error| format!("{name}: {error}"))
    }

    /// The policy that would be in force.
    fn in_force(&self, text: &str, words: &Words) -> Policy {
        let mut problems = Vec::new();
        if self.root.is_some() {
            return book::layered(words, Some(text), &self.known, &mut problems);
        }
        let mut words = words.clone();
        words.policies.retain(|(path, _)| *path != self.now.path);
        words.policies.push((self.now.path.clone(), text.into()));
        book::layered(&words, None, &self.known, &mut problems)
    }
}

fn waived(file: &RuleFile, waivers: &[NewWaiver], words: &Words) -> Result<Draft, String> {
    let target = Target::open(file, words)?;
    let new: Vec<_> = waivers.iter().map(|new| (new.waiver.clone(), new.about.clone())).collect();
    let text = target.with(&new, &[])?;
    let policy = target.in_force(&text, words);
    // Where a policy below sets the check to block, only a waiver there counts.
    let counts = |rule: &str| policy.ruling(rule).waivers.len() == policy.waivers.len();
    if let Some(new) = waivers.iter().find(|new| !counts(&new.waiver.rule)) {
        let where_it_counts = match (&target.root, &words.user) {
            (Some(_), Some(user)) => format!("write it into your own configuration ({})", user.display()),
            _ => "ask whoever keeps the system's configuration".into(),
        };
        let rule = &new.waiver.rule;
        return Err(format!(
            "a waiver of {rule} here would not count, because a policy below sets {rule} to block: {where_it_counts}"
        ));
    }
    Ok(target.now.into_draft(text))
}

fn attested(file: &RuleFile, new: &Attestation, words: &Words, now: Timestamp) -> Result<Draft, String> {
    let target = Target::open(file, words)?;
    let mut new = new.clone();
    if let Some(path) = proof_path(&new.evidence) {
        let root = target.root.ok_or("in your own configuration the evidence has to be an address (https://…)")?;
        let hash = hash_of(root, path)?;
        if new.sha256.as_ref().is_some_and(|given| !given.trim().eq_ignore_ascii_case(&hash)) {
            return Err(format!("the evidence {path} has another SHA-256: {hash}"));
        }
        new.sha256 = Some(hash);
    }
    let standing = new.standing(None, now);
    if standing.state != State::Valid {
        return Err(format!("it would not count: {}", standing.why));
    }
    let text = target.with(&[], &[new])?;
    Ok(target.now.into_draft(text))
}

/// The path of a proof that is a file; `None` for an address.
fn proof_path(evidence: &str) -> Option<&str> {
    let path = evidence.trim().trim_start_matches("file:").trim_start_matches("./");
    (!path.contains("://")).then_some(path)
}

fn hash_of(root: &Path, path: &str) -> Result<String, String> {
    let wrong = |why: String| format!("the evidence {path}: {why}");
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(wrong("write its path from the root of the repository, or an address (https://…)".into()));
    }
    let file = root.join(path);
    let size = fs::metadata(&file).map_err(|error| wrong(error.to_string()))?.len();
    if size > LARGEST_PROOF {
        return Err(wrong(format!("it is larger than {} MiB", LARGEST_PROOF >> 20)));
    }
    let bytes = fs::read(&file).map_err(|error| wrong(error.to_string()))?;
    Ok(hex(&Sha256::digest(&bytes)))
}

fn accepted_by(root: &Path, accepted: &[Accepted], words: &Words) -> Result<Draft, String> {
    let (book, problems) = book::read(Some(root), words);
    if let Some(problem) = problems.first() {
        return Err(format!("the rules cannot be read whole, so nothing is added: {problem}"));
    }
    let policy = &book.policy;
    if let Some(one) = accepted.iter().find(|one| !std::ptr::eq(policy.ruling(&one.check), &**policy)) {
        return Err(format!(
            "the configuration sets {} to block: no baseline of a repository accepts it; waive it there",
            one.check
        ));
    }
    let now = Now::read(book::baseline_path(root, policy))?;
    let mut baseline = book.baseline.map_or_else(Baseline::none, |baseline| (*baseline).clone());
    baseline.accept_more(accepted);
    Ok(now.into_draft(baseline.write()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Scope;

    fn now() -> Timestamp {
        "2026-11-28T10:00:00Z".parse().expect("a time")
    }

    fn waiver(rule: &str) -> Addition {
        let waiver = Waiver {
            rule: rule.into(),
            target: "a.yml".into(),
            owner: "ann".into(),
            reason: "moves".into(),
            expires: "2026-12-12".into(),
            ..Waiver::default()
        };
        Addition::Waive(vec![NewWaiver { waiver, about: "x".into(), blocks: false, covers: 0 }])
    }

    fn attestation(evidence: &str, by: &str) -> Addition {
        Addition::Attest(Box::new(Attestation {
            rule: 14,
            by: by.into(),
            role: "security".into(),
            at: "2026-11-28T09:00:00Z".into(),
            evidence: evidence.into(),
            expires: "2027-02-28T00:00:00Z".into(),
            requested_by: Some("bob".into()),
            ..Attestation::default()
        }))
    }

    #[test]
    fn a_waiver_goes_where_it_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, user) = (folder.path().join("repo"), folder.path().join("config.toml"));
        fs::create_dir(&root).expect("made");
        fs::write(&user, "[rules.checks.11f]\nlevel = \"block\"\n").expect("written");
        let words = Words { user: Some(user.clone()), ..Words::default() };
        let (repository, own) = (RuleFile::Repository(root.clone()), RuleFile::User(user.clone()));
        let made = draft(&repository, &waiver("11a"), &words, now()).expect("a draft");
        assert_eq!((made.path, made.was), (root.join(FILE), None));
        assert!(made.diff.contains("+[[waiver]]\n") && made.diff.contains("+# x\n"), "{}", made.diff);
        let refused = draft(&repository, &waiver("11f"), &words, now()).expect_err("would not count");
        assert!(refused.contains("sets 11f to block") && refused.contains("config.toml"), "{refused}");
        let made = draft(&own, &waiver("11f"), &words, now()).expect("a draft");
        assert!(made.was.is_some() && made.text.contains("[[rules.waiver]]\n"), "{}", made.text);
        fs::write(root.join(FILE), "[layuot]\n").expect("written");
        let refused = draft(&repository, &waiver("11a"), &words, now()).expect_err("cannot be read");
        assert!(refused.contains(".flightdeck.toml:1:") && refused.contains("nothing is added"), "{refused}");
    }

    #[test]
    fn a_proof_is_hashed_and_nobody_vouches_for_oneself() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = RuleFile::Repository(folder.path().into());
        fs::write(folder.path().join("proof.md"), "test").expect("written");
        let draft = |addition: &Addition| draft(&root, addition, &Words::default(), now());
        let made = draft(&attestation("./proof.md", "ann")).expect("a draft");
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert!(made.text.contains(&format!("sha256 = \"{hash}\"")), "{}", made.text);
        for (evidence, by, why) in [
            ("proof.md", "@Bob", "nobody vouches for oneself"),
            ("none.md", "ann", "No such file"),
            ("../x", "ann", "from the root"),
        ] {
            let refused = draft(&attestation(evidence, by)).expect_err(why);
            assert!(refused.contains(why), "{refused}");
        }
        assert!(draft(&attestation("https://wiki/x", "ann")).is_ok());
    }

    #[test]
    fn old_debt_is_added_to_what_is_accepted() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = RuleFile::Repository(folder.path().into());
        let one = |check: &str| Accepted {
            check: check.into(),
            scope: Scope::Repo,
            place: "a.yml".into(),
            fingerprint: "0123456789abcdef".into(),
            is_unknown: false,
            blocks: false,
        };
        let add = |check: &str| draft(&root, &Addition::Accept(vec![one(check)]), &Words::default(), now());
        let made = add("11a").expect("a draft");
        assert!(made.path.ends_with(".flightdeck/baseline.json") && made.was.is_none());
        fs::create_dir(folder.path().join(".flightdeck"))
            .and_then(|()| fs::write(&made.path, made.text))
            .expect("kept");
        let more = add("11b").expect("a draft");
        assert_eq!(Baseline::read(&more.text).map(|baseline| baseline.entries().len()), Ok(2));
        fs::write(folder.path().join(FILE), "baseline = \"old.json\"\n").expect("written");
        assert!(add("11b").expect_err("is named and not there").contains("old.json"));
    }
}
