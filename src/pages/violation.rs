//! One finding of the rule book: what was seen, why it matters, what to do, how to accept it for a while.

use super::{Details, yaml};
use crate::{
    model::{
        Timestamp,
        finding::{Level, RULES, Status},
        object::{ObjectKind, ObjectRef},
        ruling::{CheckFacts, Ruling},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use jiff::SignedDuration;

/// One finding.
pub struct ViolationDetails;

fn find<'w>(world: &'w World, object: &ObjectRef) -> Option<(&'w Ruling, Option<&'w CheckFacts>)> {
    world.observed.rulings.get(&object.id)
}

impl Details for ViolationDetails {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Violation]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        find(world, object)
            .map_or_else(|| object.id.to_string(), |(ruling, _)| format!("{} {}", ruling.finding.check, ruling.place()))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        match find(scene.world, object) {
            None => "gone: it is found no more".into(),
            Some((ruling, _)) => match ruling.finding.status {
                Status::Waived => "waived".into(),
                Status::Unknown => "could not be judged".into(),
                Status::Fail => ruling.finding.level.word().into(),
            },
        }
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let (ruling, facts) = find(scene.world, object)?;
        let finding = &ruling.finding;
        let rule = usize::from(finding.rule());
        let name = RULES.get(rule.wrapping_sub(1)).copied().unwrap_or("the rule book itself");
        let mut lines = vec![
            Line::pair("found", &finding.title),
            Line::pair("rule", format!("{rule} {name}")),
            place(scene.world, ruling),
            Line::pair("seen", &finding.observed),
        ];
        let mut optional = |word: &'static str, text: &str| {
            if !text.is_empty() {
                lines.push(Line::pair(word, text));
            }
        };
        optional("expected", &finding.expected);
        optional("pointer", finding.pointer.as_deref().unwrap_or_default());
        optional("owner", finding.owner.as_deref().unwrap_or_default());
        optional("like", facts.map_or("", |facts| &facts.precedent));
        lines.push(Line::pair(
            "since",
            format!("{} ({} ago)", units::date_clock(ruling.first_seen), units::age(scene.now, ruling.first_seen)),
        ));
        if let Some(waiver) = &finding.waiver {
            let until = waiver.expires.map_or_else(|| "for good".into(), units::date_clock);
            lines.push(Line::pair("waived", format!("by {}: {}, until {until}", waiver.owner, waiver.reason)));
        }
        lines.push(Line::empty());
        lines.push(Line::pair("what to do", &finding.fix));
        Some(lines)
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some((ruling, facts)) = find(scene.world, object) else { return Vec::new() };
        let finding = &ruling.finding;
        let mut lines =
            vec![Line::of(Role::Text, facts.map_or_else(String::new, |facts| facts.why.clone())), Line::empty()];
        lines.push(Line::pair("what to do", &finding.fix));
        lines.extend(facts.into_iter().flat_map(|facts| &facts.references).map(|page| Line::pair("read", page)));
        if finding.level == Level::Block {
            lines.push(Line::empty());
            lines.push(Line::of(Role::Warn, "It stops the line: operations that would let it run on are refused."));
        }
        lines.push(Line::empty());
        lines.push(Line::of(Role::Dim, "To accept it for a while, in .flightdeck.toml:"));
        lines.extend(waiver(ruling, scene.now).into_iter().map(|line| Line::of(Role::Text, format!("  {line}"))));
        lines
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(&find(world, object)?.0.finding)
    }
}

/// The place, which leads to the object where it is a live one.
fn place(world: &World, ruling: &Ruling) -> Line {
    let line = Line::pair("place", ruling.place());
    match ruling.object(&world.observed) {
        Some(object) => {
            let word = object.kind.word();
            line.and(Role::Text, "  ").leading_to(object, "Summary", word)
        }
        None => line,
    }
}

/// A waiver for it, to be filled in; it holds for a month.
fn waiver(ruling: &Ruling, now: Timestamp) -> Vec<String> {
    let finding = &ruling.finding;
    let month = now.checked_add(SignedDuration::from_hours(30 * 24)).unwrap_or(now);
    let expires: String = month.to_string().chars().take(10).collect();
    let target = finding.file.as_ref().unwrap_or(&finding.fingerprint);
    vec![
        "[[waiver]]".into(),
        format!("rule = \"{}\"", finding.check),
        format!("target = \"{target}\""),
        "owner = \"who answers for it\"".into(),
        "reason = \"why it is accepted\"".into(),
        format!("expires = {expires}"),
    ]
}
