//! The twenty rules as a scoreboard: what passes, fails, is unknown and is waived under each.

use super::{Pane, fields, violations::By};
use crate::{
    model::{
        finding::{Counts, RULES, rule_of},
        text::clean_to,
        topic::{Topic, TopicSet},
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{cmp::Reverse, collections::BTreeMap};

/// The scoreboard.
pub struct ScoreboardPane;

fn counts(world: &World) -> [Counts; 21] {
    let mut all = [Counts::default(); 21];
    let place = |check: &str| usize::from(rule_of(check)).min(20);
    for news in world.observed.rulings.news() {
        for (check, passed) in &news.passed {
            all[place(check)].pass += passed;
        }
        for ruling in &news.rulings {
            all[place(&ruling.finding.check)].count(ruling.finding.status);
        }
    }
    all
}

fn text(scene: &Scene<'_>) -> Vec<Line> {
    if scene.world.observed.rulings.is_unknown() {
        return vec![Line::of(Role::Unknown, super::unknown(scene.world, Topic::Rules))];
    }
    match By::of(scene.view) {
        Some(By::Rule | By::Severity) | None => by_rule(scene.world),
        Some(by) => by_name(scene.world, by),
    }
}

fn role(counts: Counts) -> Role {
    match counts {
        Counts { fail: 1.., .. } => Role::Warn,
        Counts { unknown: 1.., .. } => Role::Unknown,
        Counts { pass: 1.., .. } | Counts { waived: 1.., .. } => Role::Text,
        Counts { .. } => Role::Dim,
    }
}

fn by_rule(world: &World) -> Vec<Line> {
    let all = counts(world);
    let mut lines = vec![Line::of(Role::Dim, "   RULE                                     FAIL    ?  WAIVED   PASS")];
    for (at, name) in RULES.iter().enumerate() {
        let counts = all[at + 1];
        let figures = format!("{:>5} {:>4} {:>7} {:>6}", counts.fail, counts.unknown, counts.waived, counts.pass);
        lines.push(Line::of(role(counts), format!("{:>2} {name:<40}{figures}", at + 1)));
    }
    lines
}

/// Most owners or resources that are listed.
const MOST: usize = 200;

/// The same by owner or by resource, those with most violations first.
fn by_name(world: &World, by: By) -> Vec<Line> {
    let mut all: BTreeMap<&str, Counts> = BTreeMap::new();
    for ruling in world.observed.rulings.iter() {
        let name = match by {
            By::Owner => ruling.finding.owner.as_deref().unwrap_or("(nobody)"),
            _ => ruling.finding.resource.as_str(),
        };
        all.entry(name).or_default().count(ruling.finding.status);
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|(name, counts)| (Reverse((counts.fail, counts.unknown)), *name));
    let head = by.word().to_uppercase();
    let mut lines = vec![Line::of(Role::Dim, format!("{head:<43} FAIL    ?  WAIVED"))];
    for (name, counts) in all.iter().take(MOST) {
        let name = clean_to(name, 40);
        let figures = format!("{:>5} {:>4} {:>7}", counts.fail, counts.unknown, counts.waived);
        lines.push(Line::of(role(*counts), format!("{name:<42}{figures}")));
    }
    if all.len() > MOST {
        lines.push(Line::of(Role::Dim, format!("and {} more", all.len() - MOST)));
    }
    lines
}

impl Pane for ScoreboardPane {
    fn name(&self) -> &'static str {
        "scoreboard"
    }
    fn title(&self) -> &'static str {
        "Rules"
    }
    fn about(&self) -> &'static str {
        "The twenty rules: under each how many judgements fail, could not be made, are waived, and pass. A rule without any figure has nothing here to judge, or is attested by people and not checked. Where the violations are looked at by owner or resource (o), it counts by these."
    }
    fn topics(&self) -> TopicSet {
        Topic::Rules.into()
    }
    fn lines(&self, scene: &Scene<'_>) -> usize {
        text(scene).len()
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        fields::draw_text(scene, self.name(), &text(scene), area, buffer);
    }
}
