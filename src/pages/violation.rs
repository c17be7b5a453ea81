//! One finding of the rule book: what was seen, why it matters, what to do, how to accept it for a while.

use super::{Details, yaml};
use crate::{
    model::{
        Timestamp,
        attention::Severity,
        finding::{Level, RULES, Status},
        object::{ObjectKind, ObjectRef},
        ruling::{CheckFacts, RuleLines, Ruling, Turn, What},
        units,
    },
    panes::violations,
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
    // The attention list weighs it against what is down, which is worse.
    fn severity(&self, world: &World, object: &ObjectRef) -> Option<Severity> {
        find(world, object).and_then(|(ruling, _)| violations::severity(&ruling.finding))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        match find(scene.world, object) {
            None => "gone: it is found no more".into(),
            Some((ruling, _)) => match ruling.finding.status {
                Status::Waived => "waived".into(),
                Status::Unknown => "could not be judged".into(),
                // How bad it is stands before its name.
                Status::Fail => "violated".into(),
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
        lines.push(Line::pair("since", since(ruling, scene.now)));
        if let Some(waiver) = &finding.waiver {
            let until = waiver.expires.map_or_else(|| "for good".into(), units::date_clock);
            lines.push(Line::pair("waived", format!("by {}: {}, until {until}", waiver.owner, waiver.reason)));
        }
        lines.push(Line::pair("what to do", &finding.fix));
        lines.extend(source(scene, object));
        Some(lines)
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some((ruling, facts)) = find(scene.world, object) else { return Vec::new() };
        let finding = &ruling.finding;
        let mut lines =
            vec![Line::of(Role::Text, facts.map_or_else(String::new, |facts| facts.why.clone())), Line::empty()];
        lines.push(Line::pair("what to do", &finding.fix));
        if let Some(facts) = facts.filter(|facts| !facts.precedent.is_empty()) {
            lines.push(Line::pair("like", &facts.precedent));
        }
        lines.extend(facts.into_iter().flat_map(|facts| &facts.references).map(|page| Line::pair("read", page)));
        if finding.level == Level::Block {
            lines.push(Line::empty());
            lines.push(Line::of(Role::Warn, "It stops the line: operations that would let it run on are refused."));
        }
        lines.push(Line::empty());
        lines.push(Line::of(Role::Dim, "To accept it for a while: a (do), then w, or in .flightdeck.toml:"));
        lines.extend(waiver(ruling, scene.now).into_iter().map(|line| Line::of(Role::Text, format!("  {line}"))));
        lines
    }
    fn has_revisions(&self) -> bool {
        true
    }
    fn revisions(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some((ruling, _)) = find(scene.world, object) else { return Vec::new() };
        history(ruling, scene.now)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(&find(world, object)?.0.finding)
    }
}

/// Since when it is there, and how often it came back.
fn since(ruling: &Ruling, now: Timestamp) -> String {
    let first = units::moment(now, ruling.first_seen);
    let times = ruling.history.iter().filter(|turn| turn.what == What::Back).count();
    match (times, ruling.history.last()) {
        (1.., Some(last)) => {
            let often = if times == 1 { "once".into() } else { format!("{times} times") };
            format!("{first}, came back {often}, last {} ago", units::age(now, last.at))
        }
        _ => first,
    }
}

/// When it came, went and came back, the newest first.
fn history(ruling: &Ruling, now: Timestamp) -> Vec<Line> {
    let first = [Turn { at: ruling.first_seen, what: What::Seen }];
    let turns = if ruling.history.is_empty() { &first[..] } else { &ruling.history };
    let mut lines = Vec::new();
    for (at, turn) in turns.iter().enumerate().rev() {
        let for_how_long = || units::span(turn.at.duration_since(turns[at - 1].at).as_secs_f64());
        let (role, words) = match turn.what {
            What::Seen => (Role::Text, "first seen".to_owned()),
            What::Gone => (Role::Ok, format!("gone, after {}", for_how_long())),
            What::Back if at > 0 => (Role::Warn, format!("back, gone for {}", for_how_long())),
            What::Back => (Role::Warn, "back".to_owned()),
        };
        let when = format!("{}  {:>7} ago  ", units::date_clock(turn.at), units::age(now, turn.at));
        lines.push(Line::of(Role::Dim, when).and(role, words));
    }
    lines
}

/// The lines of its file, with those that are meant marked.
fn source(scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
    let told = scene.world.observed.rule_lines.as_ref().filter(|told| told.key == object.id);
    let Some(RuleLines { lines: source, .. }) = told else { return Vec::new() };
    let width = (source.first as usize + source.lines.len()).to_string().len().max(4);
    let mut lines = vec![Line::empty()];
    for (number, text) in (source.first..).zip(&source.lines) {
        let is_meant = source.marked.is_some_and(|(from, to)| (from..=to).contains(&number));
        let (sign, role) = if is_meant { (">", Role::Warn) } else { (" ", Role::Text) };
        lines.push(Line::of(role, sign).and(Role::Dim, format!("{number:>width$} ")).and(role, text));
    }
    let shown = source.first + source.lines.len() as u32;
    if let Some((_, to)) = source.marked.filter(|(_, to)| *to >= shown) {
        lines.push(Line::of(Role::Dim, format!("  and {} more lines, up to {to}", to + 1 - shown)));
    }
    lines
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
