//! What the gate says of additions to the files of the rules: only those files, only what would count, and nobody vouches for oneself.

use crate::{
    ops::operation::{OpenFile, RuleChange},
    rulebook::policy::{
        addition::{Addition, RuleFile},
        attest::State,
        waiver::Standing,
    },
    world::World,
};
use std::path::{Component, Path};

/// Why this must not be done now, where it must not.
pub fn refusal(change: &RuleChange, world: &World) -> Option<String> {
    if change.draft.as_ref().is_some_and(|draft| !is_of_rules(&change.file, &draft.path)) {
        return Some("that is no file of the rules".into());
    }
    match &change.addition {
        Addition::Waive(waivers) => waivers.iter().find_map(|new| match new.waiver.standing(world.now) {
            Standing::Valid => None,
            Standing::Incomplete => Some(format!("the waiver lacks {}", new.waiver.missing().join(", "))),
            _ => Some(format!("the waiver would be over: it ends on «{}»", new.waiver.expires)),
        }),
        Addition::Attest(attestation) => {
            let standing = attestation.standing(None, world.now);
            (standing.state != State::Valid).then(|| format!("it would not count: {}", standing.why))
        }
        Addition::Accept(accepted) if accepted.is_empty() => Some("there is nothing to accept".into()),
        Addition::Accept(_) => None,
    }
}

/// Whether a path is a file that holds rules: the policy and what lies in the repository, or the user's configuration itself.
fn is_of_rules(file: &RuleFile, path: &Path) -> bool {
    let is_plain = |path: &Path| !path.components().any(|part| part == Component::ParentDir);
    match file {
        RuleFile::Repository(root) => path.starts_with(root) && is_plain(path),
        RuleFile::User(user) => path == user,
    }
}

/// What a person has to know before.
pub fn warnings(change: &RuleChange, world: &World) -> Vec<String> {
    let problem = world.observed.rulings.news().find_map(|news| news.problems.first());
    let mut warnings: Vec<String> =
        problem.map(|problem| format!("the rules cannot be read whole: {problem}")).into_iter().collect();
    if let Addition::Accept(accepted) = &change.addition
        && accepted.iter().any(|one| one.blocks)
    {
        warnings.push("what the baseline accepts has no end: a waiver has".into());
    }
    warnings
}

/// Why a file must not be opened: it has to be one of the repository.
pub fn file_refusal(file: &OpenFile) -> Option<String> {
    let is_inside = file.file.components().all(|part| matches!(part, Component::Normal(_)));
    (!is_inside).then(|| "that is no file of the repository".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            Timestamp,
            object::{ObjectKind, ObjectRef},
        },
        ops::{
            gate::{Confirmation, Decision, Gate, Policy, rules::ConfirmRule},
            operation::Operation,
        },
        rulebook::policy::{
            Waiver,
            addition::{Draft, NewWaiver},
            attest::Attestation,
        },
    };

    fn world() -> World {
        World::at("2026-11-28T10:00:00Z".parse::<Timestamp>().expect("a time"))
    }

    fn armed() -> Policy {
        Policy { armed: true, ..Policy::default() }
    }

    fn change(addition: Addition) -> RuleChange {
        let target = ObjectRef::new(ObjectKind::Violation, "x:1");
        RuleChange { target, file: RuleFile::Repository("/srv/infra".into()), addition, draft: None }
    }

    fn waive(target: &str, expires: &str, blocks: bool) -> RuleChange {
        let waiver = Waiver {
            rule: "11f".into(),
            target: target.into(),
            owner: "ann".into(),
            reason: "moves".into(),
            expires: expires.into(),
            ..Waiver::default()
        };
        change(Addition::Waive(vec![NewWaiver { waiver, about: String::new(), blocks, covers: 0 }]))
    }

    fn decide(change: RuleChange, policy: &Policy) -> Result<Confirmation, String> {
        match Gate::decide_all(&[Operation::Rules(Box::new(change))], &world(), policy) {
            Decision::Allowed(terms) => Ok(terms.confirmation),
            Decision::Refused(why) => Err(why),
        }
    }

    #[test]
    fn a_waiver_is_confirmed_and_one_of_what_blocks_by_its_name() {
        assert_eq!(decide(waive("a.yml", "2026-12-12", false), &armed()), Ok(Confirmation::YesNo));
        assert_eq!(decide(waive("a.yml", "2026-12-12", true), &armed()), Ok(Confirmation::TypeName));
        let refused = |change, policy: &Policy| decide(change, policy).expect_err("refused");
        assert!(refused(waive("a.yml", "2026-12-12", false), &Policy::default()).contains("READ-ONLY"));
        assert!(refused(waive("a.yml", "2026-11-27", false), &armed()).contains("would be over"));
        assert!(refused(waive("a.yml", "soon", false), &armed()).contains("«soon»"));
        assert!(refused(waive("", "2026-12-12", false), &armed()).contains("lacks target"));
        let denied =
            ConfirmRule { action: "waive".into(), ask: crate::ops::gate::rules::Ask::Deny, ..ConfirmRule::default() };
        assert!(
            refused(waive("a.yml", "2026-12-12", false), &Policy { confirm: vec![denied], ..armed() })
                .contains("denies")
        );
    }

    #[test]
    fn only_files_of_the_rules_are_written() {
        let with = |path: &str| {
            let draft = Draft { path: path.into(), was: None, text: String::new(), diff: String::new() };
            decide(RuleChange { draft: Some(draft), ..waive("a.yml", "2026-12-12", false) }, &armed())
        };
        assert!(with("/srv/infra/.flightdeck.toml").is_ok());
        for path in ["/etc/passwd", "/srv/infra/../x", "/srv/infrastructure/.flightdeck.toml"] {
            assert!(with(path).is_err(), "{path}");
        }
        let open = |file: &str| {
            file_refusal(&OpenFile {
                target: ObjectRef::new(ObjectKind::Violation, "x:1"),
                root: "/srv/infra".into(),
                file: file.into(),
                line: 1,
                column: 1,
            })
        };
        assert!(open("a/b.yml").is_none() && open("/etc/passwd").is_some() && open("../x").is_some());
    }

    #[test]
    fn nobody_vouches_for_oneself() {
        let attest = |asked: Option<&str>| {
            decide(
                change(Addition::Attest(Box::new(Attestation {
                    rule: 14,
                    by: "ann".into(),
                    role: "security".into(),
                    at: "2026-11-28T09:00:00Z".into(),
                    evidence: "https://wiki/x".into(),
                    expires: "2027-01-01T00:00:00Z".into(),
                    requested_by: asked.map(Into::into),
                    ..Attestation::default()
                }))),
                &armed(),
            )
        };
        assert_eq!(attest(Some("bob")), Ok(Confirmation::YesNo));
        assert!(attest(Some("Ann")).expect_err("refused").contains("nobody vouches for oneself"));
        assert!(attest(None).is_err());
    }

    #[test]
    fn many_at_once_are_never_confirmed_by_one_key() {
        let all: Vec<_> =
            (0..6).map(|at| Operation::Rules(Box::new(waive(&format!("{at}.yml"), "2026-12-12", false)))).collect();
        let joined = Operation::joined(all);
        assert_eq!((joined.len(), joined[0].count()), (1, 6));
        let Decision::Allowed(terms) = Gate::decide_all(&joined, &world(), &armed()) else { panic!("refused") };
        assert_eq!(terms.confirmation, Confirmation::TypeName);
    }
}
