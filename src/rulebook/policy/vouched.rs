//! Reads who vouches for what (`[[attestation]]`), and what has to be vouched for (`[[require]]`).

use super::attest::{Attestation, Required};
use crate::model::spots::{
    fields::{Fields, Reader},
    plain,
};

/// An attestation; nothing where something is wrong with it. A time that cannot be read is left in: it counts as expired.
pub(super) fn attestation(mut table: Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Attestation> {
    let before = reader.count;
    let attestation = Attestation {
        rule: rule(&mut table, reader),
        subject: table.text(reader, "subject").unwrap_or_default(),
        by: table.text(reader, "by").unwrap_or_default(),
        role: table.text(reader, "role").unwrap_or_default(),
        at: time(&mut table, reader, "at"),
        evidence: table.text(reader, "evidence").unwrap_or_default(),
        sha256: table.text(reader, "sha256"),
        expires: time(&mut table, reader, "expires"),
        requested_by: table.text(reader, "requested-by"),
    };
    for (name, text) in [("by", &attestation.by), ("at", &attestation.at), ("expires", &attestation.expires)] {
        if reader.count == before && text.is_empty() {
            reader.fault(table.start, table.name(), format!("an attestation without «{name}» vouches for nothing"));
        }
    }
    table.finish(reader, &[]);
    (reader.count == before).then_some(attestation)
}

/// What has to be vouched for; nothing where something is wrong with it.
pub(super) fn required(mut table: Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Required> {
    let before = reader.count;
    let required = Required {
        rule: rule(&mut table, reader),
        subject: table.text(reader, "subject").unwrap_or_default(),
        role: table.text(reader, "role"),
    };
    table.finish(reader, &[]);
    (reader.count == before).then_some(required)
}

fn rule(table: &mut Fields<'_, '_>, reader: &mut Reader<'_>) -> u8 {
    let start = table.start;
    let number = table.number(reader, "rule").unwrap_or(0.0);
    if number.fract() == 0.0 && (1.0..=20.0).contains(&number) {
        return number as u8;
    }
    let name = table.name().to_owned();
    reader.fault(start, name, "it names no rule: write rule = 5, a number from 1 to 20");
    0
}

/// A time that may be written with quotes or without.
fn time(table: &mut Fields<'_, '_>, reader: &mut Reader<'_>, name: &'static str) -> String {
    let Some((key, spot)) = table.spot(name) else { return String::new() };
    match plain(spot) {
        toml::Value::Datetime(time) => time.to_string(),
        _ => reader.text(&key, spot, "a time in UTC like 2026-01-31T14:00:00Z").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use crate::rulebook::policy::{Policy, catalogue::Catalogue};

    fn read(text: &str) -> (Policy, Vec<String>) {
        let (policy, faults) = Policy::read(text, "f.toml", &[], &Catalogue::built_in());
        (policy, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn attestations_and_what_is_required_are_read() {
        let text = "[[require]]\nrule = 5\nsubject = \"orders\"\n[[attestation]]\nrule = 5\nsubject = \"orders\"\nby = \"ann\"\n\
                    role = \"dba\"\nat = 2026-01-01T00:00:00Z\nevidence = \"docs/restore.md\"\nexpires = \"2026-06-01T00:00:00Z\"\n";
        let (policy, faults) = read(text);
        assert_eq!(faults, [""; 0]);
        assert_eq!((policy.require[0].rule, policy.attestation[0].at.as_str()), (5, "2026-01-01T00:00:00Z"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (policy, faults) = read("[[attestation]]\nrule = 99\n[[require]]\nrule = 2\nsubjct = \"x\"\n");
        assert!(policy.attestation.is_empty() && policy.require.is_empty());
        assert!(faults.iter().any(|fault| fault.contains("1 to 20")), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("subject")), "{faults:?}");
    }
}
