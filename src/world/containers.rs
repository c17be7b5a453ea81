//! What happens to containers, for the time column, and the history of what they use.

use super::World;
use crate::model::{
    Timestamp,
    attention::Severity,
    change::{Change, ChangeKind},
    container::{CheckState, Container, ContainerState, EngineNews, EnginePart},
    container_health::exit_words,
    health::Health,
    object::{ObjectKind, ObjectRef},
    rows::Delta,
    series::{Metric, SeriesKey, SeriesStore},
};
use compact_str::{CompactString, format_compact};
use std::sync::Arc;

/// What happened before the cockpit looked belongs into the column where it is no older.
const RECENT_SECONDS: i64 = 30 * 60;

type Row = Arc<Container>;

impl World {
    /// Takes note of what an engine's news change. That something went wrong is said by the rules, once.
    pub(super) fn note_engine(&mut self, at: Timestamp, news: &EngineNews) {
        let EnginePart::Containers(delta) = &news.part else { return };
        let mut changes = Vec::new();
        match delta {
            Delta::Changed { changed, gone } => {
                for row in changed {
                    self.note_container(at, row, gone, &mut changes);
                }
                self.note_gone(at, &news.engine, gone, changed, &mut changes);
            }
            // A list that is read anew: what is known of an engine was told before.
            Delta::All(rows) if !self.observed.containers.containers.of(&news.engine).is_empty() => {
                for row in rows {
                    self.note_container(at, row, &[], &mut changes);
                }
            }
            Delta::All(_) | Delta::More(_) => {}
        }
        changes.sort_by_key(|change| change.at);
        for change in changes {
            self.capture(change.clone());
            self.insert_change(change);
        }
    }

    /// Puts a change in its place: engines tell of what happened before we looked.
    fn insert_change(&mut self, change: Change) {
        let place = self.changes.iter().position(|other| other.at <= change.at).unwrap_or(self.changes.len());
        self.changes.insert(place, change);
        self.changes.truncate(super::CHANGES);
    }

    fn note_container(&self, at: Timestamp, row: &Row, gone: &[CompactString], changes: &mut Vec<Change>) {
        // What a kubelet does is told by its cluster.
        if row.pod_of().is_some() {
            return;
        }
        let old = self.observed.containers.containers.get(&row.engine, &row.id);
        match old {
            None => changes.push(self.came(at, row, gone)),
            Some(old) if old.restarts.is_none() => note_past(at, row, changes),
            Some(old) => note_difference(at, old, row, changes),
        }
    }

    /// A new container: where it takes the place of another, what differs.
    fn came(&self, at: Timestamp, row: &Row, gone: &[CompactString]) -> Change {
        let at = row.created_at.filter(|created| at.duration_since(*created).as_secs() < RECENT_SECONDS).unwrap_or(at);
        // Compose calls the new one by the name of the old with a word before it until that is gone.
        let same_name = |old: &Row| {
            row.name.strip_suffix(old.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
        };
        let same_service = |old: &Row| match (&old.compose, &row.compose) {
            (Some(old), Some(new)) => (&old.project, &old.service) == (&new.project, &new.service),
            _ => false,
        };
        let replaced = |old: &&Row| same_name(old) || (gone.contains(&old.id) && same_service(old));
        let rows = self.observed.containers.containers.of(&row.engine);
        let before = rows.iter().filter(|old| old.id != row.id).filter(replaced);
        let before = before.max_by_key(|old| (gone.contains(&old.id), old.created_at));
        let name = row.title();
        let text = match before {
            Some(old) if old.image_id != row.image_id => {
                format!("{name} replaced: image {} -> {}", old.image_title(), row.image_title())
            }
            Some(_) => format!("{name} made anew, with the same image"),
            None => format!("{name} created from {}", row.image_title()),
        };
        let mut change = change(at, row, Severity::Info, text);
        change.facts.mark = row.id.clone();
        if let Some(old) = before.filter(|old| old.image_id != row.image_id) {
            change.kind = ChangeKind::Deploy;
            change.facts.from = Some(old.image_title().to_owned());
            change.facts.to = Some(row.image_title().to_owned());
        }
        change
    }

    fn note_gone(&self, at: Timestamp, engine: &str, gone: &[CompactString], new: &[Row], changes: &mut Vec<Change>) {
        let rows = &self.observed.containers.containers;
        for row in gone.iter().filter_map(|id| rows.get(engine, id)).filter(|row| row.pod_of().is_none()) {
            // Of one that was replaced the new one is told.
            if !new.iter().any(|other| other.name == row.name) {
                changes.push(change(at, row, Severity::Info, format!("{} removed", row.title())));
            }
        }
    }
}

fn change(at: Timestamp, row: &Row, severity: Severity, text: String) -> Change {
    let object = ObjectRef::in_engine(ObjectKind::Container, &row.engine, &row.id);
    let kind = if severity >= Severity::Error { ChangeKind::Problem } else { ChangeKind::Observed };
    Change::new(at, kind, severity, object, text)
}

/// What happened in the last half hour to one that is seen for the first time.
fn note_past(now: Timestamp, row: &Row, changes: &mut Vec<Change>) {
    let recent = |at: &Timestamp| now.duration_since(*at).as_secs() < RECENT_SECONDS;
    if let Some(at) = row.started_at.filter(recent) {
        changes.push(restart(at, row));
    }
    if let Some(at) = row.finished_at.filter(recent).filter(|_| row.state == ContainerState::Exited) {
        let severity = if row.health == Health::Failing { Severity::Error } else { Severity::Info };
        changes.push(end(at, row, severity));
    }
}

/// That it was started, again or for the first time.
fn restart(at: Timestamp, row: &Row) -> Change {
    let mut change = change(at, row, Severity::Info, started(row));
    if let Some(restarts) = row.restarts.filter(|restarts| *restarts > 0) {
        change.kind = ChangeKind::Restart;
        change.facts.mark = format_compact!("{restarts}");
    }
    change
}

/// That it ended, by itself or for want of memory.
fn end(at: Timestamp, row: &Row, severity: Severity) -> Change {
    let mut change = change(at, row, severity, ended(row));
    if row.oom_killed {
        change.kind = ChangeKind::Oom;
    }
    change.facts.mark = format_compact!("{at}");
    change
}

fn started(row: &Row) -> String {
    match row.restarts.filter(|restarts| *restarts > 0) {
        Some(restarts) => format!("{} restarted by the engine, {restarts} times so far", row.title()),
        None => format!("{} started", row.title()),
    }
}

fn ended(row: &Row) -> String {
    let name = row.title();
    if row.oom_killed {
        return format!("{name} killed for want of memory (OOM)");
    }
    match row.exit_code {
        Some(code) if row.health == Health::Done && code != 0 => format!("{name} stopped, {}", exit_words(code)),
        Some(code) => format!("{name} died, {}", exit_words(code)),
        None => format!("{name} ended"),
    }
}

fn note_difference(at: Timestamp, old: &Row, row: &Row, changes: &mut Vec<Change>) {
    let mut say = |at: Option<Timestamp>, now: Timestamp, text: String| {
        changes.push(change(at.unwrap_or(now), row, Severity::Info, text));
    };
    let name = row.title();
    if old.name != row.name {
        say(None, at, format!("{} renamed to {name}", old.title()));
    }
    // The rules say it when something ends badly; a loop is one row there, and not one a restart here.
    let loops = row.health == Health::Failing && row.restarts > Some(0);
    if row.started_at != old.started_at && row.state == ContainerState::Running && !loops {
        changes.push(restart(row.started_at.unwrap_or(at), row));
    }
    let mut say = |at: Option<Timestamp>, now: Timestamp, text: String| {
        changes.push(change(at.unwrap_or(now), row, Severity::Info, text));
    };
    if row.state == ContainerState::Exited && row.finished_at != old.finished_at && row.health != Health::Failing {
        say(row.finished_at, at, ended(row));
    }
    if old.state == ContainerState::Paused && row.state == ContainerState::Running {
        say(None, at, format!("{name} goes on after a pause"));
    }
    if old.check == CheckState::Starting && row.check == CheckState::Healthy {
        say(None, at, format!("{name} is healthy: its check passed for the first time"));
    }
    if (old.memory_limit_bytes, old.cpu_limit_cores) != (row.memory_limit_bytes, row.cpu_limit_cores) {
        say(None, at, format!("{name}: limits changed"));
    }
}

/// Keeps what containers use.
pub(super) fn keep_usage(series: &mut SeriesStore, at: Timestamp, news: &EngineNews) {
    let EnginePart::Usage(usage) = &news.part else { return };
    for (id, usage) in usage {
        let instance = format_compact!("{}/{id}", news.engine);
        series.push(SeriesKey::new(Metric::ContainerCpu, instance.clone()), at, usage.cpu_ratio);
        series.push(SeriesKey::new(Metric::ContainerMemory, instance), at, usage.memory_bytes.map(|b| b as f64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{container_health::judge, update::Update};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).expect("in range")
    }

    fn row(id: &str, change: impl FnOnce(&mut Container)) -> Row {
        let mut row = Container {
            engine: "docker".into(),
            id: id.into(),
            name: "web".into(),
            image: "web:1".into(),
            image_id: "sha256:1".into(),
            state: ContainerState::Running,
            restarts: Some(0),
            started_at: Some(at(-9_000)),
            ..Container::default()
        };
        change(&mut row);
        (row.health, row.reason) = judge(&row, at(0));
        Arc::new(row)
    }

    fn tell(world: &mut World, second: i64, delta: Delta<Container>) {
        let news = EngineNews { engine: "docker".into(), part: EnginePart::Containers(delta) };
        world.apply(at(second), "docker/docker", vec![Update::Engine(Box::new(news))]);
    }

    fn told(world: &World) -> Vec<&str> {
        world.changes.iter().map(|change| change.text.as_str()).collect()
    }

    #[test]
    fn what_happened_just_before_we_looked_is_told_at_its_time() {
        let mut world = World::at(at(0));
        let listed = |row: &mut Container| row.restarts = None;
        tell(&mut world, 0, Delta::All(vec![row("a", listed), row("b", listed)]));
        assert_eq!(told(&world), [""; 0]);
        let dead = row("a", |row| {
            (row.state, row.exit_code, row.finished_at) = (ContainerState::Exited, Some(0), Some(at(-60)));
        });
        let started = row("b", |row| row.started_at = Some(at(-100)));
        tell(&mut world, 1, Delta::Changed { changed: vec![dead, started], gone: vec![] });
        assert_eq!(told(&world), ["web died, exit 0", "web started"]);
        assert_eq!(world.changes[0].at, at(-60));
    }

    #[test]
    fn a_new_image_is_told_as_one() {
        let mut world = World::at(at(0));
        tell(&mut world, 0, Delta::All(vec![row("a", |_| {})]));
        let new = row("b", |row| (row.image, row.image_id) = ("web:2".into(), "sha256:2".into()));
        tell(&mut world, 5, Delta::Changed { changed: vec![new], gone: vec!["a".into()] });
        assert_eq!(told(&world), ["web replaced: image web:1 -> web:2"]);
        tell(&mut world, 6, Delta::Changed { changed: vec![], gone: vec!["b".into()] });
        assert_eq!(told(&world)[0], "web removed");
    }

    #[test]
    fn a_failure_is_told_once_and_by_its_rule() {
        let mut world = World::at(at(0));
        tell(&mut world, 0, Delta::All(vec![row("a", |_| {})]));
        let failed = row("a", |row| {
            (row.state, row.exit_code, row.finished_at) = (ContainerState::Exited, Some(3), Some(at(4)));
        });
        tell(&mut world, 5, Delta::Changed { changed: vec![failed], gone: vec![] });
        assert_eq!(told(&world).len(), 1, "{:?}", told(&world));
        assert!(told(&world)[0].contains("exit 3"));
        let healthy = row("a", |row| row.started_at = Some(at(8)));
        tell(&mut world, 9, Delta::Changed { changed: vec![healthy], gone: vec![] });
        assert!(told(&world).contains(&"web started"), "{:?}", told(&world));
    }
}
