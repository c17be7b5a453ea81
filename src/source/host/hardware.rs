//! Arrays, bonds and memory controllers, from `/sys`.

use super::{
    bytes::{fields, number, only_number, word},
    read::{Root, read_into},
};
use crate::{
    model::{
        hardware::{Array, ArrayWork, Bond, BondMember, Hardware, MemoryController},
        topic::Topic,
        update::Update,
    },
    source::{Request, Source, SourceError, Spec},
};
use compact_str::CompactString;
use std::{path::Path, time::Duration};

/// The source of [`Hardware`].
#[derive(Debug)]
pub struct HardwareSource {
    root: Root,
}

impl HardwareSource {
    /// The source for the machine below `root`.
    pub const fn new(root: Root) -> Self {
        Self { root }
    }
}

impl Source for HardwareSource {
    fn spec(&self) -> Spec {
        let every = Duration::from_secs(15);
        Spec {
            name: "host/hardware".into(),
            kind: "host".into(),
            topics: Topic::Hardware.into(),
            foreground: every,
            background: Some(every),
            deadline: Duration::from_secs(2),
        }
    }

    fn collect(&mut self, _request: &Request) -> Result<Vec<Update>, SourceError> {
        Ok(vec![Update::Hardware(Box::new(read(&self.root)))])
    }
}

/// Reads all of it.
pub fn read(root: &Root) -> Hardware {
    let arrays = entries(&root.join("sys/block"), "md");
    let bonds = entries(&root.join("sys/class/net"), "");
    let controllers = entries(&root.join("sys/devices/system/edac/mc"), "mc");
    Hardware {
        arrays: arrays.iter().filter_map(|name| array(&root.join("sys/block").join(name).join("md"), name)).collect(),
        bonds: bonds.iter().filter_map(|name| bond(&root.join("sys/class/net"), name)).collect(),
        controllers: controllers
            .iter()
            .map(|name| controller(&root.join("sys/devices/system/edac/mc").join(name), name))
            .collect(),
    }
}

/// Names in a folder that begin like this, in order.
fn entries(folder: &Path, start: &str) -> Vec<String> {
    let all = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = all.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
    names.sort_unstable();
    names
}

fn text(path: &Path) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    read_into(path, &mut text).then_some(text)
}

fn array(folder: &Path, name: &str) -> Option<Array> {
    let read = |file: &str| text(&folder.join(file));
    let state = word(&read("array_state")?)?;
    let count = |file| read(file).and_then(|text| only_number(&text)).and_then(|count| u32::try_from(count).ok());
    let work = read("sync_action").and_then(|text| word(&text)).filter(|action| action != "idle" && action != "frozen");
    Some(Array {
        name: name.into(),
        level: read("level").and_then(|text| word(&text)).unwrap_or_default(),
        state,
        members: count("raid_disks"),
        missing: count("degraded"),
        work: work.map(|name| ArrayWork { name, done_ratio: read("sync_completed").and_then(|text| done(&text)) }),
    })
}

/// `1234 / 5678` sectors; `none` before it begins.
fn done(text: &[u8]) -> Option<f64> {
    let mut fields = fields(text.trim_ascii());
    let (done, slash, all) = (number(fields.next()?)?, fields.next()?, number(fields.next()?)?);
    (slash == b"/" && all > 0).then(|| done as f64 / all as f64)
}

fn bond(networks: &Path, name: &str) -> Option<Bond> {
    let folder = networks.join(name).join("bonding");
    let members = text(&folder.join("slaves"))?;
    let is_up = |member: &str| {
        let of = |file: &str| text(&networks.join(member).join(file)).and_then(|text| word(&text));
        // Without the bond's own monitoring the interface says it.
        of("bonding_slave/mii_status").or_else(|| of("operstate")).is_some_and(|state| state == "up")
    };
    let names = String::from_utf8_lossy(&members).into_owned();
    Some(Bond {
        name: name.into(),
        // `active-backup 1`: the word, and the number of the mode.
        mode: text(&folder.join("mode")).and_then(|text| fields(&text).next().and_then(word)).unwrap_or_default(),
        members: names
            .split_whitespace()
            .map(|member| BondMember { name: CompactString::from(member), is_up: is_up(member) })
            .collect(),
    })
}

fn controller(folder: &Path, name: &str) -> MemoryController {
    let count = |file: &str| text(&folder.join(file)).and_then(|text| only_number(&text));
    // Errors of which the controller does not know the row are counted apart.
    let sum = |known: Option<u64>, placeless: Option<u64>| Some(known?.saturating_add(placeless.unwrap_or(0)));
    MemoryController {
        name: name.into(),
        corrected: sum(count("ce_count"), count("ce_noinfo_count")),
        uncorrected: sum(count("ue_count"), count("ue_noinfo_count")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::host::read::fixture;

    #[test]
    fn an_array_that_lacks_a_disk_and_rebuilds() {
        let (_folder, root) = fixture(&[
            ("sys/block/md0/md/array_state", "clean\n"),
            ("sys/block/md0/md/level", "raid1\n"),
            ("sys/block/md0/md/raid_disks", "2\n"),
            ("sys/block/md0/md/degraded", "1\n"),
            ("sys/block/md0/md/sync_action", "recover\n"),
            ("sys/block/md0/md/sync_completed", "250 / 1000\n"),
            ("sys/block/md1/md/array_state", "active\n"),
            ("sys/block/md1/md/level", "raid0\n"),
            ("sys/block/md1/md/sync_action", "idle\n"),
            ("sys/block/md2/size", "8\n"),
            ("sys/block/sda/size", "8\n"),
        ]);
        let arrays = read(&root).arrays;
        assert_eq!(arrays.len(), 2);
        let work = Some(ArrayWork { name: "recover".into(), done_ratio: Some(0.25) });
        assert_eq!((arrays[0].members, arrays[0].missing, &arrays[0].work), (Some(2), Some(1), &work));
        assert_eq!((arrays[1].missing, &arrays[1].work), (None, &None));
        assert_eq!((done(b"none\n"), done(b"1 / 0\n")), (None, None));
    }

    #[test]
    fn bonds_and_memory_controllers() {
        let (_folder, root) = fixture(&[
            ("sys/class/net/bond0/bonding/mode", "802.3ad 4\n"),
            ("sys/class/net/bond0/bonding/slaves", "eth0 eth1 eth2\n"),
            ("sys/class/net/eth0/bonding_slave/mii_status", "up\n"),
            ("sys/class/net/eth1/bonding_slave/mii_status", "down\n"),
            ("sys/class/net/eth1/operstate", "up\n"),
            ("sys/class/net/eth2/operstate", "up\n"),
            ("sys/devices/system/edac/mc/mc0/ce_count", "3\n"),
            ("sys/devices/system/edac/mc/mc0/ue_count", "1\n"),
            ("sys/devices/system/edac/mc/mc0/ue_noinfo_count", "1\n"),
            ("sys/devices/system/edac/mc/power/control", "auto\n"),
        ]);
        let hardware = read(&root);
        assert_eq!((hardware.bonds.len(), hardware.bonds[0].mode.as_str()), (1, "802.3ad"));
        let up: Vec<bool> = hardware.bonds[0].members.iter().map(|member| member.is_up).collect();
        assert_eq!(up, [true, false, true]);
        assert_eq!(
            hardware.controllers,
            [MemoryController { name: "mc0".into(), corrected: Some(3), uncorrected: Some(2) }]
        );
        assert_eq!(read(&Root::at("/nowhere")), Hardware::default());
    }
}
