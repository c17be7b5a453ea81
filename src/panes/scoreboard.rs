//! The twenty rules as a scoreboard: what passes, fails, is unknown and is waived under each.

use super::{Pane, fields};
use crate::{
    model::{
        finding::{RULES, Status, rule_of},
        topic::{Topic, TopicSet},
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The scoreboard.
pub struct ScoreboardPane;

#[derive(Clone, Copy, Default)]
struct Counts {
    pass: usize,
    fail: usize,
    unknown: usize,
    waived: usize,
}

fn counts(world: &World) -> [Counts; 21] {
    let mut all = [Counts::default(); 21];
    let place = |check: &str| usize::from(rule_of(check)).min(20);
    for news in world.observed.rulings.news() {
        for (check, passed) in &news.passed {
            all[place(check)].pass += passed;
        }
        for ruling in &news.rulings {
            let counts = &mut all[place(&ruling.finding.check)];
            *match ruling.finding.status {
                Status::Fail => &mut counts.fail,
                Status::Unknown => &mut counts.unknown,
                Status::Waived => &mut counts.waived,
            } += 1;
        }
    }
    all
}

fn text(scene: &Scene<'_>) -> Vec<Line> {
    let world = scene.world;
    if world.observed.rulings.is_unknown() {
        return vec![Line::of(Role::Unknown, super::unknown(world, Topic::Rules))];
    }
    let all = counts(world);
    let mut lines = vec![Line::of(Role::Dim, "   RULE                                     FAIL    ?  WAIVED   PASS")];
    for (at, name) in RULES.iter().enumerate() {
        let counts = all[at + 1];
        let role = match counts {
            Counts { fail: 1.., .. } => Role::Warn,
            Counts { unknown: 1.., .. } => Role::Unknown,
            Counts { pass: 1.., .. } | Counts { waived: 1.., .. } => Role::Text,
            Counts { .. } => Role::Dim,
        };
        let figures = format!("{:>5} {:>4} {:>7} {:>6}", counts.fail, counts.unknown, counts.waived, counts.pass);
        lines.push(Line::of(role, format!("{:>2} {name:<40}{figures}", at + 1)));
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
        "The twenty rules: under each how many judgements fail, could not be made, are waived, and pass. A rule without any figure has nothing here to judge, or is attested by people and not checked."
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
