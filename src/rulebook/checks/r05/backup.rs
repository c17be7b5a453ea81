//! A backup that is too old, or went wrong.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        policy::Protected,
        subject::{
            live::{Backup as Seen, Live},
            words::fits,
        },
        tree::Tree,
    },
};

/// 05g: last backup too old, or failed.
pub struct Backup;

static META: Meta = Meta {
    id: "05g",
    title: "last backup too old, or failed",
    level: Level::Error,
    scopes: &[Scope::Kube, Scope::Host],
    why: "What was written since the last good backup is lost with the disk: that may be more than was agreed upon.",
    fix: "Look at the log of the backup job, run it again, and restore one file from it as a test.",
    precedent: &[],
    references: &["https://csrc.nist.gov/pubs/sp/800/34/r1/upd1/final"],
    parameters: &[Parameter {
        name: "hours",
        about: "hours after which a backup is too old, where the protected server's `backup-hours` does not say",
        default: Value::Number(24.0),
    }],
};

impl Check for Backup {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let policy = out.policy;
        let of = |backup: &Seen| policy.protected.iter().find(|protected| fits(&protected.name, &backup.name));
        for backup in live.backups {
            judge(backup, of(backup), out);
        }
        let mut judged = !live.backups.is_empty();
        if out.scope == Scope::Host {
            for protected in policy.protected.iter().filter(|protected| protected.backup_file.is_some()) {
                judged = true;
                if !live.backups.iter().any(|backup| fits(&protected.name, &backup.name)) {
                    let name = format!("backup of {}", protected.name);
                    out.about(name, protected.name.as_str())
                        .key("seen")
                        .unknown("nothing has looked at its last backup");
                }
            }
        }
        if judged { Judged::Yes } else { Judged::No }
    }
}

fn judge(backup: &Seen, protected: Option<&Protected>, out: &mut Out<'_>) {
    let hours = protected.and_then(|protected| protected.backup_hours).unwrap_or_else(|| out.number("hours"));
    let now = out.now;
    let draft = out
        .about(format!("backup of {}", backup.name), backup.file.as_str())
        .expected(format!("a good one within {hours} h"));
    if let Some(problem) = &backup.problem {
        return draft.observed(problem.as_str()).key("problem").fail();
    }
    let Some(at) = backup.at else { return draft.key("age").unknown("it is not known when the last one was made") };
    let age = now.duration_since(at).as_secs_f64() / 3_600.0;
    if age < -1.0 {
        draft.key("age").unknown(format!("its time is in the future: {at}"));
    } else if age > hours {
        draft.observed(format!("the last one is {age:.1} h old ({at})")).key("age").fail();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, judge, line},
    };

    fn said(backups: &[Seen], scope: Scope) -> Vec<String> {
        let policy: Policy =
            toml::from_str("[[protected]]\nname = 'db'\nreason = 'x'\nbackup-hours = 2\nbackup-file = '/b/db'\n")
                .expect("is a policy");
        let live = Live { backups, ..Live::default() };
        let now = "2026-01-02T00:00:00Z".parse().expect("a time");
        judge(&Backup, Subject::Live(&live, None), scope, &policy, now).findings.iter().map(line).collect()
    }

    fn backup(name: &str, at: Option<&str>, problem: Option<&str>) -> Seen {
        Seen {
            name: name.into(),
            file: "/b/x".into(),
            at: at.and_then(|at| at.parse().ok()),
            problem: problem.map(Into::into),
        }
    }

    #[test]
    fn old_and_failed_backups_are_told() {
        let old = [backup("db", Some("2026-01-01T21:00:00Z"), None), backup("web", Some("2026-01-01T21:00:00Z"), None)];
        assert_eq!(said(&old, Scope::Host), ["backup of db the last one is 3.0 h old (2026-01-01T21:00:00Z)"]);
        assert_eq!(said(&[backup("db", None, Some("exit 1"))], Scope::Host), ["backup of db exit 1"]);
    }

    #[test]
    fn what_is_not_known_is_unknown() {
        assert_eq!(
            said(&[backup("db", None, None)], Scope::Host),
            ["? backup of db it is not known when the last one was made"]
        );
        assert_eq!(said(&[backup("db", Some("2026-01-03T00:00:00Z"), None)], Scope::Host).len(), 1);
        assert_eq!(said(&[], Scope::Host), ["? backup of db nothing has looked at its last backup"]);
        assert_eq!(said(&[], Scope::Kube), [""; 0]);
    }
}
