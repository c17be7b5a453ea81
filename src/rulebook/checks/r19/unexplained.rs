//! 19b: something live was rolled out or replaced, and neither an operation nor a deploy marker in the journal explains it.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::live::Live,
        tree::Tree,
    },
};

/// 19b.
pub struct Unexplained;

static META: Meta = Meta {
    id: "19b",
    title: "live change that no journal entry explains",
    level: Level::Error,
    scopes: &[Scope::Docker, Scope::Kube],
    why: "What changed is the first question of every incident. A change that nobody announced and nobody recorded is looked for by hand, while users wait.",
    fix: "Say who did it and why: `flightdeck incident deploy TEXT --object …` within a quarter of an hour, from the pipeline; or do it through the cockpit, which records it.",
    precedent: &[],
    references: &["https://sre.google/sre-book/effective-troubleshooting/"],
    parameters: &[],
};

impl Check for Unexplained {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        // Without a journal nobody can know what was recorded.
        let Some(changes) = live.unexplained else { return Judged::No };
        let scope = out.scope;
        for change in changes.iter().filter(|change| change.scope == scope) {
            let key = format!("{} {}", change.at, change.text);
            let seen = format!("{} at {}", change.text, change.at.strftime("%Y-%m-%d %H:%M:%SZ"));
            let draft = out.about(change.resource.clone(), change.resource.clone());
            draft.observed(seen).expected("an operation or a deploy marker beside it").key(key).fail();
        }
        Judged::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::Policy,
        run::{Subject, Verdict, judge, line},
        subject::live::LiveChange,
    };

    fn look(unexplained: Option<&[LiveChange]>, scope: Scope) -> Verdict {
        let live = Live { unexplained, ..Live::default() };
        let now = "2026-01-01T03:00:00Z".parse().expect("a time");
        judge(&Unexplained, Subject::Live(&live, None), scope, &Policy::default(), now)
    }

    #[test]
    fn what_nothing_explains_is_told_in_its_scope() {
        let change = LiveChange {
            scope: Scope::Kube,
            resource: "deployment prod/shop/web".into(),
            at: "2026-01-01T02:02:00Z".parse().expect("a time"),
            text: "image web:1 → web:2".into(),
        };
        let changes = [change];
        let told: Vec<_> = look(Some(&changes), Scope::Kube).findings.iter().map(line).collect();
        assert_eq!(told, ["deployment prod/shop/web image web:1 → web:2 at 2026-01-01 02:02:00Z"]);
        assert!(look(Some(&changes), Scope::Docker).findings.is_empty());
        assert_eq!(look(Some(&[]), Scope::Kube).passed, 1);
        assert_eq!(look(None, Scope::Kube), Verdict::default(), "no journal, no judgement");
    }
}
