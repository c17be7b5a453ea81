//! One event of the journal: what it says, what it said before, and its place in the chain.

use super::{Details, yaml};
use crate::{
    incident::sentence::sentence,
    model::{
        journal::Header,
        object::{ObjectKind, ObjectRef},
        units,
    },
    panes::incidents::known_word,
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};

/// An event of the journal.
pub struct EventPage;

impl Details for EventPage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Event]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        let event = world.incidents.event(&object.id);
        event.map_or_else(|| object.id.to_string(), |event| units::clock(event.header.occurred_at))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        scene.world.incidents.event(&object.id).map_or_else(|| "not here".into(), |event| event.header.kind.to_string())
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let incidents = &scene.world.incidents;
        let event = incidents.event(&object.id)?;
        let record = incidents.whole_record();
        let entry = record.entry(event.header.id)?;
        let header = &entry.shown().event.header;
        let mut lines = vec![
            Line::pair("what", entry.shown().body.map_or_else(|| "erased".into(), |_| sentence(entry.shown().event))),
            Line::pair("happened", units::date_clock(header.occurred_at)),
            Line::pair("written down", units::date_clock(header.recorded_at)),
            Line::pair("who", who(header)),
        ];
        if let Some(object) = &header.object {
            let line = Line::pair("about", format!("{object} "));
            lines.push(line.leading_to(object.clone(), "Summary", "open"));
        }
        if let Some(reason) = entry.withdrawn() {
            lines.push(Line::pair("struck out", "").and(Role::Warn, reason));
        }
        if entry.versions().len() > 1 {
            lines.push(Line::empty());
            lines.push(Line::heading("What it said before"));
            for version in entry.versions() {
                let header = &version.event.header;
                let text = sentence(version.event);
                lines.push(Line::pair(&units::clock(header.recorded_at), format!("{}: {text}", header.actor.name)));
            }
        }
        lines.push(Line::empty());
        lines.push(Line::pair("identity", header.id.to_string()));
        lines.push(Line::pair("writer", format!("{} #{}", header.writer, header.sequence)));
        lines.push(Line::pair("hash", header.hash.to_string()));
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        yaml::of(&**world.incidents.event(&object.id)?)
    }
}

fn who(header: &Header) -> String {
    let from = header.actor.from.as_deref().map_or_else(String::new, |from| format!(" from {from}"));
    let known = known_word(header.actor.known_by);
    format!("{}{from}, {known}", header.actor.name)
}
