//! What there is to know about a check, for whoever met it: why, what to do, what can be set, and how to waive it.

use super::rule_title;
use crate::{
    model::nearest::did_you_mean,
    rulebook::{
        check::{Meta, Value},
        checks::CHECKS,
        policy::packs,
    },
};
use std::fmt::Write;

/// What there is to know about a check of this program; of a rule, by its number, which checks it has.
///
/// # Errors
/// There is no such check: what may be meant.
pub fn explain(check_id: &str) -> Result<String, String> {
    explain_among(check_id, CHECKS.iter().map(|check| check.meta()))
}

/// The same among given checks.
///
/// # Errors
/// There is no such check: what may be meant.
pub fn explain_among<'m>(check_id: &str, metas: impl Iterator<Item = &'m Meta> + Clone) -> Result<String, String> {
    match metas.clone().find(|meta| meta.id.eq_ignore_ascii_case(check_id)) {
        Some(meta) => Ok(of(meta)),
        None => {
            let rule = metas.clone().filter(|meta| check_id.parse() == Ok(meta.rule()) && meta.rule() > 0);
            let checks: Vec<String> = rule.map(|meta| format!("  {:<4} {}\n", meta.id, meta.title)).collect();
            if let (false, Ok(rule)) = (checks.is_empty(), check_id.parse()) {
                return Ok(format!("rule {}\n\n{}", rule_title(rule), checks.concat()));
            }
            let near = did_you_mean(check_id, metas.map(|meta| meta.id));
            Err(format!("there is no check «{check_id}»{near}; the number of a rule (11) lists its checks"))
        }
    }
}

/// What there is to know about a check.
pub fn of(meta: &Meta) -> String {
    let Meta { id, title, level, why, fix, precedent, references, .. } = meta;
    let scopes: Vec<&str> = meta.scopes.iter().map(|scope| scope.word()).collect();
    let packs: Vec<&str> = packs::of(id).map(|pack| pack.name).collect();
    let mut text = format!("{id}  {title}\n\n");
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing into a string cannot fail, here and below.
            let _ = writeln!(text, "{name:<11} {value}");
        }
    };
    row("rule", &rule_title(meta.rule()));
    row("severity", level.word());
    row("looks at", &scopes.join(", "));
    row("packs", &packs.join(", "));
    row("elsewhere", &precedent.join(", "));
    let _ = write!(text, "\nWhy\n  {why}\n\nWhat to do\n  {fix}\n");
    if !references.is_empty() {
        text.push_str("\nMore\n");
    }
    for reference in *references {
        let _ = writeln!(text, "  {reference}");
    }
    let _ = write!(text, "\nWhat can be set, in .flightdeck.toml\n{}", settings(meta));
    let _ = write!(
        text,
        "\nHow to accept it for a time, in .flightdeck.toml\n  [[waiver]]\n  rule = \"{id}\"\n  target = \"path/or/glob\"   # or \"kind \
         name\" of an object, or a fingerprint\n  owner = \"who answers for it\"\n  reason = \"why, and what will end it\"\n  expires = \
         2026-12-31          # the last day, UTC; all five are needed here\n\
         \n  flightdeck check --waive {id}:path/or/glob --reason \"why, and what will end it\" writes it,\n  \
         for 14 days, and for who owns the place or else who acts, unless --expires and --owner say otherwise\n"
    );
    text
}

/// The table of a check as it could be written, with the defaults.
fn settings(meta: &Meta) -> String {
    let mut text =
        format!("  [checks.{}]\n  enabled = true\n  level = \"{}\"\n  exclude = []\n", meta.id, meta.level.word());
    for parameter in meta.parameters {
        let value = match parameter.default {
            Value::Number(number) => number.to_string(),
            Value::Text(text) => toml::Value::from(text).to_string(),
            Value::Texts(texts) => toml::Value::from(texts.to_vec()).to_string(),
        };
        let _ = writeln!(text, "  {} = {value}   # {}", parameter.name, parameter.about);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{super::sample::METAS, *};
    use crate::rulebook::policy::{Policy, catalogue::Catalogue};

    #[test]
    fn everything_is_said() {
        let text = explain_among("11A", METAS.iter()).expect("known");
        for part in [
            "11a  image without tag, or `latest`\n",
            "rule        11 container standards\n",
            "severity    error\n",
            "looks at    repo, docker, kube\n",
            "packs       containers, kubernetes, supply-chain\n",
            "elsewhere   DL3006, POP-100\n",
            "Why\n  What runs tomorrow is not what was tested today.\n",
            "What to do\n  Name a version.\n",
            "  https://docs.docker.com/build/building/best-practices/\n",
            "  allowed = [\"stable\"]   # Tags that may move.\n  most = 3   # Most images.\n  registry = \"\"   # Own registry.\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn what_it_shows_can_be_written() {
        for meta in &METAS {
            let text = of(meta);
            let shown = |from: &str| {
                let block: Vec<&str> =
                    text.split(from).nth(1).expect("shown").lines().skip(1).take_while(|l| !l.is_empty()).collect();
                block.join("\n")
            };
            let file = format!("{}\n{}", shown("What can be set"), shown("How to accept"));
            let (policy, faults) = Policy::read(&file, "f", &[], &Catalogue::of(&METAS));
            assert_eq!(faults, [], "{file}");
            assert_eq!((policy.checks.len(), policy.waivers.len()), (1, 1));
        }
    }

    #[test]
    fn the_number_of_a_rule_lists_its_checks_and_an_unknown_check_is_named_with_those_that_may_be_meant() {
        assert_eq!(
            explain_among("11", METAS[1..].iter()),
            Ok("rule 11 container standards\n\n  11b  image not pinned by digest\n  11f  container runs privileged\n"
                .into())
        );
        assert_eq!(
            explain_among("11x", METAS[2..].iter()),
            Err("there is no check «11x» (did you mean «11f»?); the number of a rule (11) lists its checks".into())
        );
        assert_eq!(
            explain_among("zzzzz", METAS.iter()),
            Err("there is no check «zzzzz»; the number of a rule (11) lists its checks".into())
        );
    }
}
