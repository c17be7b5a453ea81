//! The containers of an engine as they are known, what of them changed and was not told yet, and what is to be inspected.

use super::{
    read,
    store::Names,
    wire::{Event, Inspect, Summary},
};
use crate::model::{
    Timestamp,
    container::{CheckState, Container, ContainerState},
    container_health::judge,
    rows::Delta,
};
use compact_str::CompactString;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// What outlives a connection to the engine.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// Containers that somebody was seen to stop, by id, until they are started again.
    stopped: BTreeSet<CompactString>,
    /// Rows by id. After a reconnect what is known stays until it is inspected again.
    rows: BTreeMap<CompactString, Arc<Container>>,
    /// Whether the connection got as far as a whole answer.
    pub answered: bool,
}

/// What an event asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Nothing,
    /// Rows changed.
    Rows,
    /// Images, volumes and networks too, or their users.
    Stores,
}

/// The rows of one engine.
pub(super) struct Known<'a> {
    engine: CompactString,
    remembered: &'a mut Remembered,
    /// Whether the list was taken on this connection.
    listed: bool,
    changed: BTreeSet<CompactString>,
    gone: Vec<CompactString>,
    /// To be inspected, in this order; and the same as a set.
    queue: VecDeque<CompactString>,
    queued: BTreeSet<CompactString>,
    /// What images are called, by their ids.
    images: Names,
}

impl<'a> Known<'a> {
    pub fn new(engine: CompactString, remembered: &'a mut Remembered) -> Self {
        Self {
            engine,
            remembered,
            listed: false,
            changed: BTreeSet::new(),
            gone: Vec::new(),
            queue: VecDeque::new(),
            queued: BTreeSet::new(),
            images: Names::new(),
        }
    }

    pub fn rows(&self) -> impl Iterator<Item = &Arc<Container>> + Clone {
        self.remembered.rows.values()
    }

    /// Notes that the first answer is whole.
    pub fn answered(&mut self) {
        self.remembered.answered = true;
    }

    #[cfg(test)]
    fn get(&self, id: &str) -> Option<&Arc<Container>> {
        self.remembered.rows.get(id)
    }

    /// Takes what images are called.
    pub fn set_images(&mut self, images: Names, now: Timestamp) {
        self.images = images;
        let rows: Vec<_> = self.remembered.rows.values().cloned().collect();
        rows.into_iter().for_each(|row| self.put((*row).clone(), now));
    }

    /// Takes the whole list: what is new or different is to be inspected, and what is not in it as well: it is gone, or was created while the
    /// list was on its way.
    pub fn take_list(&mut self, list: Vec<Summary>, now: Timestamp) {
        let mut missing: BTreeSet<CompactString> = self.remembered.rows.keys().cloned().collect();
        for summary in list {
            let listed = read::from_summary(&self.engine, summary);
            missing.remove(&listed.id);
            let same = |old: &Arc<Container>| {
                (old.state, old.check, &old.name) == (listed.state, listed.check, &listed.name)
                    && old.restarts.is_some()
            };
            if !self.listed || !self.remembered.rows.get(&listed.id).is_some_and(same) {
                let id = listed.id.clone();
                // What only inspecting tells is not forgotten meanwhile.
                if !self.remembered.rows.contains_key(&id) {
                    self.put(listed, now);
                }
                self.inspect_later(id);
            }
        }
        self.listed = true;
        missing.into_iter().for_each(|id| self.inspect_later(id));
    }

    /// Takes an event.
    pub fn take_event(&mut self, event: &Event) -> Asks {
        if event.kind != "container" {
            return if matches!(event.kind.as_str(), "image" | "volume" | "network") {
                Asks::Stores
            } else {
                Asks::Nothing
            };
        }
        let id: CompactString = event.actor.id.as_str().into();
        // `exec_start: sh -c …`, `health_status: healthy`.
        let action = event.action.split(':').next().unwrap_or_default();
        match action {
            "destroy" | "remove" => {
                self.remove(&id);
                return Asks::Stores;
            }
            // Of a container whose check fails, every run of the check is worth a look: it brings its output.
            "exec_die" | "exec_died" => {
                let failing = |row: &Arc<Container>| matches!(row.check, CheckState::Starting | CheckState::Unhealthy);
                if !self.remembered.rows.get(&id).is_some_and(failing) {
                    return Asks::Nothing;
                }
            }
            "attach" | "detach" | "resize" | "top" | "export" | "archive-path" | "extract-to-dir" | "copy"
            | "commit" => {
                return Asks::Nothing;
            }
            exec if exec.starts_with("exec") => return Asks::Nothing,
            "stop" => drop(self.remembered.stopped.insert(id.clone())),
            "kill" if is_ending(event.actor.attributes.get("signal").map(String::as_str)) => {
                self.remembered.stopped.insert(id.clone());
            }
            "start" => drop(self.remembered.stopped.remove(&id)),
            _ => {}
        }
        self.inspect_later(id);
        if matches!(action, "create" | "rename") { Asks::Stores } else { Asks::Rows }
    }

    pub fn inspect_later(&mut self, id: CompactString) {
        if self.queued.insert(id.clone()) {
            self.queue.push_back(id);
        }
    }

    /// The next one to be inspected.
    pub fn next_to_inspect(&mut self) -> Option<CompactString> {
        let id = self.queue.pop_front()?;
        self.queued.remove(&id);
        Some(id)
    }

    pub fn has_to_inspect(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Takes what inspecting told.
    pub fn take_inspected(&mut self, inspect: &Inspect, now: Timestamp) {
        let mut row = read::from_inspect(&self.engine, inspect);
        row.stop_seen = row.state == ContainerState::Exited && self.remembered.stopped.contains(&row.id);
        // The engine forgets how the last life ended as soon as it restarts a container; that is worth knowing.
        let restarted = row.state == ContainerState::Running && row.restarts.is_some_and(|restarts| restarts > 0);
        if let Some(old) = self.remembered.rows.get(&row.id).filter(|_| restarted) {
            row.exit_code = row.exit_code.or(old.exit_code);
            row.oom_killed |= old.oom_killed;
        }
        if row.check == CheckState::Unhealthy {
            let known = self.remembered.rows.get(&row.id).and_then(|old| old.unhealthy_since);
            row.unhealthy_since = known.or_else(|| read::unhealthy_since(&row));
        }
        self.put(row, now);
    }

    fn put(&mut self, mut row: Container, now: Timestamp) {
        if let Some(names) = self.images.get(&row.image_id) {
            row.image_digest.clone_from(&names.digest);
            let id = row.image_id.trim_start_matches("sha256:");
            let only_id = row.image.starts_with("sha256:") || (row.image.len() >= 12 && id.starts_with(&*row.image));
            row.image_tag = names.tag.clone().filter(|_| only_id);
        }
        (row.health, row.reason) = judge(&row, now);
        if self.remembered.rows.get(&row.id).is_none_or(|old| **old != row) {
            self.changed.insert(row.id.clone());
            self.remembered.rows.insert(row.id.clone(), Arc::new(row));
        }
    }

    pub fn remove(&mut self, id: &str) {
        if self.remembered.rows.remove(id).is_some() {
            self.changed.remove(id);
            self.gone.push(id.into());
        }
        self.remembered.stopped.remove(id);
    }

    /// Judges anew what time alone changes: those that were just restarted.
    pub fn rejudge(&mut self, now: Timestamp) {
        let young = |row: &&Arc<Container>| judge(row, now) != (row.health, row.reason.clone());
        let old: Vec<_> = self.remembered.rows.values().filter(young).cloned().collect();
        old.into_iter().for_each(|row| self.put((*row).clone(), now));
    }

    pub fn has_news(&self) -> bool {
        !self.changed.is_empty() || !self.gone.is_empty()
    }

    /// All rows, as the first news.
    pub fn all(&mut self) -> Delta<Container> {
        self.changed.clear();
        self.gone.clear();
        Delta::All(self.remembered.rows.values().cloned().collect())
    }

    /// What changed since it was told last.
    pub fn news(&mut self) -> Delta<Container> {
        let changed = std::mem::take(&mut self.changed);
        let changed = changed.iter().filter_map(|id| self.remembered.rows.get(id).cloned()).collect();
        Delta::Changed { changed, gone: std::mem::take(&mut self.gone) }
    }
}

/// Whether a signal is one that is sent to end a process.
fn is_ending(signal: Option<&str>) -> bool {
    matches!(signal, None | Some("2" | "3" | "9" | "15" | "SIGINT" | "SIGQUIT" | "SIGKILL" | "SIGTERM"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::health::Health;
    use serde_json::json;

    fn now() -> Timestamp {
        "2026-11-23T02:00:00Z".parse().expect("a time")
    }

    fn event(action: &str, id: &str) -> Event {
        serde_json::from_value(json!({ "Type": "container", "Action": action, "Actor": { "ID": id } }))
            .expect("an event")
    }

    fn inspected(id: &str, state: &str, code: i64, restarts: u32) -> Inspect {
        serde_json::from_value(
            json!({ "Id": id, "Name": "/web", "RestartCount": restarts, "Config": { "Labels": null },
            "State": { "Status": state, "ExitCode": code, "StartedAt": "2026-11-23T01:59:50Z" } }),
        )
        .expect("an answer")
    }

    fn list(ids: &[&str]) -> Vec<Summary> {
        let one = |id: &&str| json!({ "Id": id, "Names": ["/web"], "State": "running", "Status": "Up 2 minutes" });
        serde_json::from_value(ids.iter().map(one).collect()).expect("a list")
    }

    #[test]
    fn a_list_is_inspected_once_and_then_followed() {
        let mut remembered = Remembered::default();
        let mut known = Known::new("docker".into(), &mut remembered);
        known.take_list(list(&["a", "b"]), now());
        assert_eq!(
            (known.next_to_inspect(), known.next_to_inspect(), known.next_to_inspect()),
            (Some("a".into()), Some("b".into()), None)
        );
        known.take_inspected(&inspected("a", "running", 0, 0), now());
        known.take_inspected(&inspected("b", "running", 0, 0), now());
        known.all();
        known.take_list(list(&["a", "b"]), now());
        assert!(!known.has_to_inspect() && !known.has_news());
        assert_eq!(known.take_event(&event("exec_create: true", "a")), Asks::Nothing);
        assert_eq!(known.take_event(&event("exec_die", "a")), Asks::Nothing);
        assert_eq!(known.take_event(&event("health_status: unhealthy", "a")), Asks::Rows);
        assert_eq!(known.take_event(&event("die", "a")), Asks::Rows);
        assert_eq!((known.next_to_inspect(), known.next_to_inspect()), (Some("a".into()), None));
        assert_eq!(known.take_event(&event("destroy", "b")), Asks::Stores);
        known.take_list(list(&["a"]), now());
        assert_eq!(known.news(), Delta::Changed { changed: vec![], gone: vec!["b".into()] });
    }

    #[test]
    fn what_came_while_the_list_was_on_its_way_stays() {
        let mut remembered = Remembered::default();
        let mut known = Known::new("docker".into(), &mut remembered);
        known.take_event(&event("create", "new"));
        assert_eq!(known.next_to_inspect(), Some("new".into()));
        known.take_inspected(&inspected("new", "created", 0, 0), now());
        known.take_list(list(&["a"]), now());
        assert!(known.get("new").is_some() && known.get("a").is_some());
        // Whether it is there yet is asked: 404 takes it away.
        assert_eq!([known.next_to_inspect(), known.next_to_inspect()], [Some("a".into()), Some("new".into())]);
    }

    #[test]
    fn who_was_seen_to_be_stopped_did_not_fail() {
        let mut remembered = Remembered::default();
        let mut known = Known::new("docker".into(), &mut remembered);
        let mut killed = event("kill", "a");
        killed.actor.attributes.insert("signal".into(), "1".into());
        known.take_event(&killed);
        known.take_inspected(&inspected("a", "exited", 137, 0), now());
        assert_eq!(known.get("a").map(|row| row.health), Some(Health::Degraded));
        known.take_event(&event("stop", "a"));
        known.take_inspected(&inspected("a", "exited", 137, 0), now());
        assert_eq!(known.get("a").map(|row| row.health), Some(Health::Done));
        known.take_event(&event("start", "a"));
        known.take_inspected(&inspected("a", "exited", 137, 0), now());
        assert_eq!(known.get("a").map(|row| row.health), Some(Health::Degraded));
    }

    #[test]
    fn how_the_last_life_ended_is_remembered() {
        let mut remembered = Remembered::default();
        let mut known = Known::new("docker".into(), &mut remembered);
        known.take_inspected(&inspected("a", "restarting", 3, 4), now());
        known.take_inspected(&inspected("a", "running", 0, 5), now());
        let row = known.get("a").expect("there").clone();
        assert_eq!((row.exit_code, row.health), (Some(3), Health::Failing));
        known.news();
        known.rejudge("2026-11-23T02:01:00Z".parse().expect("a time"));
        assert_eq!(known.get("a").map(|row| row.health), Some(Health::Ok));
        assert!(known.has_news());
    }
}
