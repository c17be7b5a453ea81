//! What is worth a row in the time column, found by comparing news with what was known.

use super::World;
use crate::model::{
    Timestamp,
    attention::Severity,
    change::{Change, ChangeKind},
    host::{Gauges, HostFacts, Network, OomSeen},
    mount::Mount,
    object::{ObjectKind, ObjectRef},
    update::Update,
};
use compact_str::format_compact;

impl World {
    pub(super) fn note_changes(&mut self, at: Timestamp, update: &Update) {
        match update {
            Update::Facts(facts) => self.note_reboot(at, facts),
            Update::Gauges(gauges) => {
                self.note_links(at, gauges);
                self.note_oom(gauges);
            }
            Update::Mounts(mounts) => self.note_mounts(at, mounts),
            Update::Engine(news) => self.note_engine(at, news),
            Update::Kube(news) => self.note_cluster(at, news),
            Update::Postgres(cluster) => self.note_postgres(at, cluster),
            _ => {}
        }
    }

    fn observed_change(&mut self, at: Timestamp, kind: ObjectKind, id: &str, text: String) {
        let object = ObjectRef::new(kind, id);
        self.push_change(Change::new(at, ChangeKind::Observed, Severity::Info, object, text));
    }

    /// A boot in the last half hour belongs into the column, whoever is looking for the first time.
    fn note_reboot(&mut self, at: Timestamp, facts: &HostFacts) {
        let Some(booted) = facts.booted_at else { return };
        let known = self.observed.facts.as_ref().and_then(|facts| facts.booted_at);
        // The boot time is the clock less the uptime, so a corrected clock moves it a little.
        let same = known.is_some_and(|known| known.duration_since(booted).as_secs().abs() < 60);
        if !same && at.duration_since(booted).as_secs() < 30 * 60 {
            self.observed_change(booted, ObjectKind::Host, "", format!("{} booted", facts.hostname));
        }
    }

    fn note_links(&mut self, at: Timestamp, gauges: &Gauges) {
        let Some(before) = &self.observed.gauges else { return };
        let mut texts = Vec::new();
        // A container's end of a pair comes and goes with the container, which tells that itself.
        let lasting = |network: &&Network| !network.name.starts_with("veth");
        for network in gauges.networks.iter().filter(lasting) {
            let old = before.networks.iter().find(|old| old.name == network.name);
            match old {
                None => texts.push((network.name.clone(), format!("interface {} appeared", network.name))),
                Some(old) if old.state != network.state => {
                    let state = network.state.as_deref().unwrap_or("unknown");
                    texts.push((network.name.clone(), format!("interface {} is {state}", network.name)));
                }
                Some(_) => {}
            }
        }
        for old in before.networks.iter().filter(lasting) {
            if !gauges.networks.iter().any(|network| network.name == old.name) {
                texts.push((old.name.clone(), format!("interface {} is gone", old.name)));
            }
        }
        for (name, text) in texts {
            self.observed_change(at, ObjectKind::Network, &name, text);
        }
    }

    fn note_oom(&mut self, gauges: &Gauges) {
        let Some(total) = gauges.kernel.oom_kills else { return };
        let now = self.now;
        let seen = self.observed.oom.get_or_insert(OomSeen { total, ..OomSeen::default() });
        if total <= seen.total {
            return;
        }
        let rise = total - seen.total;
        *seen = OomSeen { total, rise, last_rise_at: Some(now) };
        // The first one is told by the rule that it raises; each one after it is told here.
        if self.attention.iter().any(|row| row.condition.rule == "oom-kill") {
            let object = ObjectRef::new(ObjectKind::Memory, "");
            let text = format!("{rise} more killed for want of memory");
            let mut change = Change::new(now, ChangeKind::Oom, Severity::Error, object, text);
            change.facts.mark = format_compact!("{total}");
            self.push_change(change);
        }
    }

    fn note_mounts(&mut self, at: Timestamp, mounts: &[Mount]) {
        let Some(before) = &self.observed.mounts else { return };
        let mut texts = Vec::new();
        // What a container does is told of the container.
        for mount in mounts.iter().filter(|mount| !mount.is_of_container()) {
            if !before.iter().any(|old| old.mount == mount.mount) {
                texts.push((mount.mount.clone(), format!("{} mounted ({})", mount.mount, mount.fs)));
            }
        }
        for old in before.iter().filter(|old| !old.is_of_container()) {
            if !mounts.iter().any(|mount| mount.mount == old.mount) {
                texts.push((old.mount.clone(), format!("{} unmounted", old.mount)));
            }
        }
        for (mount, text) in texts {
            self.observed_change(at, ObjectKind::Mount, &mount, text);
        }
    }
}
