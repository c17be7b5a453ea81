//! What has to be vouched for and is not: one check for each rule of which a part is vouched for, `02-attested`. Only what the policy
//! requires (`[[require]]`) is judged.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        policy::attest::{State, attested_of, standings},
        tree::Tree,
    },
};

/// The check of one rule.
pub struct Attested {
    meta: &'static Meta,
}

macro_rules! attested {
    ($($name:ident $id:literal $level:ident)*) => {
        $(
            #[doc = concat!("The check `", $id, "`.")]
            pub static $name: Attested = Attested { meta: &meta($id, Level::$level) };
        )*
        /// All of them, by rule.
        #[cfg(test)]
        static ALL: &[&Attested] = &[$(&$name),*];
    };
}

attested! {
    R01 "01-attested" Error
    R02 "02-attested" Error
    R03 "03-attested" Error
    R04 "04-attested" Error
    R05 "05-attested" Error
    R06 "06-attested" Error
    R09 "09-attested" Error
    R10 "10-attested" Error
    R12 "12-attested" Error
    R14 "14-attested" Error
    R15 "15-attested" Error
    R16 "16-attested" Error
    R17 "17-attested" Error
    R18 "18-attested" Error
    R19 "19-attested" Error
    R20 "20-attested" Block
}

const fn meta(id: &'static str, level: Level) -> Meta {
    Meta {
        id,
        title: "attestation missing or expired",
        level,
        scopes: &[Scope::Repo],
        why: "The policy asks for a person who vouches for this. No machine can check it, and nobody has, or no longer.",
        fix: "Do it, and add an `[[attestation]]`: rule, subject, by, role, at, evidence, sha256, expires.",
        precedent: &[],
        references: &["https://slsa.dev/spec/v1.0/attestation-model"],
        parameters: &[],
    }
}

impl Check for Attested {
    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let (policy, rule) = (out.policy, self.meta.rule());
        let required: Vec<_> = policy.require.iter().filter(|required| required.rule == rule).cloned().collect();
        for standing in
            standings(&required, &policy.attestation, Some(tree), out.now).into_iter().filter(|one| one.is_required)
        {
            if standing.state == State::Valid {
                continue;
            }
            let what = attested_of(rule).map_or("it", |attested| attested.what);
            let name = if standing.subject.is_empty() { what } else { standing.subject.as_str() };
            let draft = out.about(name, "attestation").observed(format!("{}: {}", standing.state.word(), standing.why));
            draft
                .key(format!("{} {}", standing.state.word(), standing.by.unwrap_or_default()))
                .expected(format!("a valid attestation of {what}"))
                .fail();
        }
        if required.is_empty() { Judged::No } else { Judged::Yes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::{Policy, attest::ATTESTED},
        run::told_by,
    };

    #[test]
    fn every_rule_that_is_vouched_for_has_a_check() {
        let rules: Vec<u8> = ALL.iter().map(|check| check.meta.rule()).collect();
        assert_eq!(rules, ATTESTED.map(|attested| attested.rule));
    }

    #[test]
    fn only_what_is_required_is_judged() {
        let required: Policy = toml::from_str("[[require]]\nrule = 2\nsubject = 'db'\n").expect("is a policy");
        assert_eq!(told_by(&R02, &[], &required), ["db missing: nobody vouches for it"]);
        assert_eq!(told_by(&R05, &[], &required), [""; 0]);
        let expired = "[[attestation]]\nrule = 2\nby = 'a'\nrole = 'b'\nevidence = 'https://x.org'\nat = '2020-01-01T00:00:00Z'\nexpires = '2020-02-01T00:00:00Z'\n";
        let policy: Policy = toml::from_str(&format!("{expired}[[require]]\nrule = 2\n")).expect("is a policy");
        assert_eq!(
            told_by(&R02, &[], &policy),
            ["the monthly rollback drill expired: it held until 2020-02-01T00:00:00Z"]
        );
        let policy: Policy = toml::from_str(expired).expect("is a policy");
        assert_eq!(told_by(&R02, &[], &policy), [""; 0]);
    }
}
