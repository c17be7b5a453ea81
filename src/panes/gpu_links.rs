//! How the GPUs are connected with each other: a matrix in the words of `nvidia-smi topo -m`.

use super::{Pane, fields};
use crate::{
    model::{
        gpu::{Gpu, PairLink},
        topic::{Topic, TopicSet},
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The matrix of links.
pub struct GpuLinksPane;

/// The link between two GPUs, whichever way round it was told.
fn link<'w>(world: &'w World, a: &Gpu, b: &Gpu) -> Option<&'w PairLink> {
    let is_it = |link: &&PairLink| (link.a == a.id && link.b == b.id) || (link.a == b.id && link.b == a.id);
    world.observed.gpus.news().flat_map(|news| &news.links).find(is_it)
}

fn cell(world: &World, a: &Gpu, b: &Gpu) -> (Role, String) {
    if a.id == b.id {
        return (Role::Dim, "X".into());
    }
    match link(world, a, b) {
        Some(link) if link.nvlinks > 0 => (Role::Text, format!("NV{}", link.nvlinks)),
        Some(link) => (Role::Dim, link.path.word().into()),
        None => (Role::Unknown, "?".into()),
    }
}

fn text(scene: &Scene<'_>) -> Vec<Line> {
    let world = scene.world;
    let all: Vec<&Gpu> = world.observed.gpus.iter().collect();
    if all.is_empty() {
        let known = !world.observed.gpus.is_unknown();
        let words = if known { "no GPU is here".into() } else { super::unknown(world, Topic::Gpus) };
        return vec![Line::of(Role::Dim, words)];
    }
    let mut header = Line::of(Role::Dim, "     ");
    for gpu in &all {
        header = header.and(Role::Dim, format!(" {:>4}", gpu.index));
    }
    let mut lines = vec![header.and(Role::Dim, "  NUMA")];
    for gpu in &all {
        let mut line = Line::of(Role::Text, format!("{:>4} ", gpu.index));
        for other in &all {
            let (role, word) = cell(world, gpu, other);
            line = line.and(role, format!(" {word:>4}"));
        }
        let node = gpu.numa_node.map_or_else(|| "?".to_owned(), |node| node.to_string());
        lines.push(line.and(Role::Dim, format!("  {node:>4}")));
    }
    lines.push(Line::empty());
    for words in [
        "NV4 four NVLinks   PIX one PCIe switch   PXB several",
        "PHB the host bridge   NODE one NUMA node   SYS between NUMA nodes",
    ] {
        lines.push(Line::of(Role::Dim, words));
    }
    lines
}

impl Pane for GpuLinksPane {
    fn name(&self) -> &'static str {
        "gpu-links"
    }
    fn title(&self) -> &'static str {
        "GPU links"
    }
    fn about(&self) -> &'static str {
        "How each GPU reaches the others: NV and the number of NVLinks, or what lies between them on the PCIe side, from near to far PIX, PXB, PHB, NODE, SYS; and the NUMA node that it is attached to."
    }
    fn topics(&self) -> TopicSet {
        Topic::Gpus.into()
    }
    fn lines(&self, scene: &Scene<'_>) -> usize {
        text(scene).len()
    }
    fn draw(&self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        fields::draw_text(scene, self.name(), &text(scene), area, buffer);
    }
}
