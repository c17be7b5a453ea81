//! The GPUs in a line each: history, use, memory, and what is wrong.

use super::{Pane, gpus::short_name};
use crate::{
    model::{
        gpu::{Gpu, health},
        health::Health,
        series::{Metric, SeriesKey},
        topic::{Topic, TopicSet},
        units,
    },
    ui::{
        figures::{self, Figure},
        graph::{self, Scale},
        paint,
        scene::Scene,
        theme::Role,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The GPUs at a glance.
pub struct GpuSummaryPane;

/// Columns of number and name.
const NAME: u16 = 10;

fn judged<'a>(scene: &Scene<'a>) -> Vec<(&'a Gpu, Health, Option<health::GpuFinding>)> {
    let judge = |gpu| {
        let (health, findings) = health::judge(gpu, scene.world.now);
        (gpu, health, findings.into_iter().next())
    };
    scene.world.observed.gpus.iter().map(judge).collect()
}

/// `8, 1 ✖`, as in one line of an overview.
fn counts(scene: &Scene<'_>) -> Vec<Figure> {
    let all = judged(scene);
    let count = |is: fn(Health) -> bool| all.iter().filter(|(_, health, _)| is(*health)).count();
    let busy: Vec<f64> = all.iter().filter_map(|(gpu, ..)| gpu.utilization_ratio).collect();
    let mean = (!busy.is_empty()).then(|| busy.iter().sum::<f64>() / busy.len() as f64);
    let used: u64 = all.iter().filter_map(|(gpu, ..)| gpu.memory.used_bytes).sum();
    let total: u64 = all.iter().filter_map(|(gpu, ..)| gpu.memory.total_bytes).sum();
    let mut figures = vec![Figure::new("gpu", all.len().to_string(), 0), Figure::ratio("used", mean)];
    if total > 0 {
        figures.push(Figure::new("mem", units::bytes_of((used, total)), 0));
    }
    for (word, is, role) in [
        ("failing", (|health| health == Health::Failing) as fn(Health) -> bool, Role::Error),
        ("unknown", |health| health == Health::Unknown, Role::Unknown),
        ("degraded", |health| health == Health::Degraded, Role::Warn),
    ] {
        let some = count(is);
        if some > 0 {
            figures.push(Figure::new(word, some.to_string(), 0).role(role));
        }
    }
    figures
}

fn draw_gpu(scene: &Scene<'_>, gpu: &Gpu, finding: Option<&health::GpuFinding>, area: Rect, buffer: &mut Buffer) {
    let role = finding.map_or(Role::Text, |finding| Scene::severity_role(finding.severity));
    let name = Rect { width: NAME.min(area.width), ..area };
    let short = short_name(&gpu.name).split(' ').next().unwrap_or_default();
    paint::put_cut(scene, buffer, name, (0, 0), &format!("{:<2} {short}", gpu.index), scene.style(role));
    let mut x = (NAME + 1).min(area.width);
    // What is wrong takes the place of the history: there is something to be read.
    let spark = if finding.is_some() || area.width < 44 { 0 } else { 12 };
    if spark > 0 {
        let key = SeriesKey::new(Metric::GpuUsed, gpu.id.clone());
        let at = Rect { x: area.x + x, width: spark, ..area };
        graph::spark(scene, scene.history(key), Scale::Ratio, at, buffer);
        x += spark + 1;
    }
    let memory = gpu.memory.used_bytes.zip(gpu.memory.total_bytes);
    let figures = [Figure::ratio("", gpu.utilization_ratio), Figure::of("", memory, units::bytes_of, 15)];
    let rest = |x: u16| Rect { x: area.x + x, width: area.width.saturating_sub(x), ..area };
    if let Some(finding) = finding {
        paint::put_cut(scene, buffer, rest(x), (0, 0), &finding.evidence, scene.style(role));
    } else {
        figures::draw(scene, &figures, rest(x), buffer);
    }
}

impl Pane for GpuSummaryPane {
    fn name(&self) -> &'static str {
        "gpu-summary"
    }
    fn title(&self) -> &'static str {
        "GPU"
    }
    fn status(&self, scene: &Scene<'_>) -> String {
        let all = judged(scene);
        let unwell = all.iter().filter(|(_, health, _)| health.is_unwell()).count();
        match (all.len(), unwell) {
            (0, _) => String::new(),
            (all, 0) => all.to_string(),
            (all, unwell) => format!("{all}, {unwell} unwell"),
        }
    }
    fn about(&self) -> &'static str {
        "The GPUs of this host, the worst first: use with its history and memory, or what is wrong. Where there is none, why."
    }
    fn topics(&self) -> TopicSet {
        // What rules and history ask for anyway is enough: whoever only looks at the overview does not wake a driver that sleeps.
        TopicSet::EMPTY
    }
    fn has_graph(&self) -> bool {
        true
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        if scene.world.observed.gpus.iter().next().is_none() {
            let known = !scene.world.observed.gpus.is_unknown();
            let text = if known { "no GPU is here".into() } else { super::unknown(scene.world, Topic::GpuHealth) };
            paint::put_cut(scene, buffer, area, (0, 0), &text, scene.style(Role::Dim));
            return;
        }
        if area.height < 2 {
            figures::draw(scene, &counts(scene), area, buffer);
            return;
        }
        let mut all = judged(scene);
        if all.len() > usize::from(area.height) {
            all.sort_by_key(|(_, health, _)| std::cmp::Reverse(*health));
        }
        for (y, (gpu, _, finding)) in all.iter().take(area.height.into()).enumerate() {
            let line = Rect { y: area.y + y as u16, height: 1, ..area };
            draw_gpu(scene, gpu, finding.as_ref(), line, buffer);
        }
        if all.len() > usize::from(area.height) {
            let more = format!(" and {} more ", all.len() - usize::from(area.height));
            let last = Rect { y: area.bottom() - 1, height: 1, ..area };
            paint::put_right(buffer, last, (0, 0), &more, scene.style(Role::Dim));
        }
    }
}
