//! Mounted file systems.

use super::{Timestamp, host::Device};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Mount point.
    pub mount: CompactString,
    /// Device, or what stands for it (`server:/export`, `tmpfs`).
    pub device: CompactString,
    /// Kernel name of the block device behind it (`sda1`), where there is one.
    pub block: Option<CompactString>,
    /// File-system type.
    pub fs: CompactString,
    pub read_only: bool,
    /// Served over a network or by a user-space daemon: it may hang.
    pub remote: bool,
    pub state: MountState,
    pub total_bytes: Option<u64>,
    /// What nobody has written, also where only root may (`available_bytes` and what is kept for root).
    #[serde(default)]
    pub free_bytes: Option<u64>,
    /// What an unprivileged user can still write.
    pub available_bytes: Option<u64>,
    pub inodes_total: Option<u64>,
    pub inodes_free: Option<u64>,
    /// When it will be full, as far as its past tells.
    #[serde(default, skip_serializing_if = "Fills::is_nothing")]
    pub fills: Fills,
}

/// When a file system has nothing left if it goes on as it did over the last hours (see [`super::lookback`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fills {
    /// `None` where it does not fill up, or where that is not known.
    pub space_at: Option<Timestamp>,
    pub inodes_at: Option<Timestamp>,
}

impl Fills {
    /// Whether nothing is foretold.
    pub const fn is_nothing(&self) -> bool {
        self.space_at.is_none() && self.inodes_at.is_none()
    }

    /// The sooner of the two.
    pub fn soonest(&self) -> Option<Timestamp> {
        self.space_at.into_iter().chain(self.inodes_at).min()
    }
}

impl Mount {
    /// Whether it is the root of a container: it lies on a file system that is listed itself, and comes and goes with the container.
    pub fn is_of_container(&self) -> bool {
        self.fs == "overlay" && self.mount != "/"
    }

    /// Whether it is one that can fill up: what is read only is always full, and a container's root lies on another one.
    pub fn can_fill(&self) -> bool {
        !self.read_only && !self.is_of_container()
    }

    /// Free share of the space that users may write, 0–1: what `df` calls `Use%` is the rest. What is kept for root is neither.
    pub fn free_ratio(&self) -> Option<f64> {
        let (total, available) = (self.total_bytes?, self.available_bytes?);
        let kept = self.free_bytes.map_or(0, |free| free.saturating_sub(available));
        super::host::ratio(Some(available), Some(total.saturating_sub(kept)))
    }

    /// Used share of the space, 0–1.
    pub fn used_ratio(&self) -> Option<f64> {
        self.free_ratio().map(|free| 1.0 - free)
    }

    /// Free share of the inodes, 0–1; `None` where the file system has no fixed number of them.
    pub fn inodes_free_ratio(&self) -> Option<f64> {
        super::host::ratio(self.inodes_free, self.inodes_total)
    }

    /// Used share of the inodes, 0–1; `None` where the file system has no fixed number of them.
    pub fn inodes_used_ratio(&self) -> Option<f64> {
        self.inodes_free_ratio().map(|free| 1.0 - free)
    }

    /// The block device behind it: itself, or the disk that the partition lies on.
    pub fn device_of<'d>(&self, devices: &'d [Device]) -> Option<&'d Device> {
        let block = self.block.as_deref()?;
        let whole = |device: &&Device| {
            let rest = block.strip_prefix(device.name.as_str()).unwrap_or("-");
            // sda1 lies on sda, nvme0n1p2 on nvme0n1; sdab does not lie on sda.
            let numbered = device.name.ends_with(|c: char| c.is_ascii_digit());
            let rest = if numbered { rest.strip_prefix('p').unwrap_or("-") } else { rest };
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
        };
        devices.iter().find(|device| device.name == block).or_else(|| devices.iter().find(whole))
    }
}

/// File systems that can fill up, each once: where one is mounted at several places (bind mounts, the volumes of pods) the place with the shortest
/// name stands for it, and a container's overlay lies on a file system that is listed itself.
pub fn fillable(mounts: &[Mount]) -> impl Iterator<Item = &Mount> {
    let again = move |mount: &Mount| {
        let same = |other: &&Mount| mount.block.is_some() && other.block == mount.block && !other.read_only;
        let shortest = mounts.iter().filter(same).min_by_key(|other| (other.mount.len(), &other.mount));
        shortest.is_some_and(|shortest| shortest.mount != mount.mount)
    };
    mounts.iter().filter(move |mount| mount.can_fill() && !again(mount))
}

/// Whether a mount answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountState {
    /// The figures are of this sample.
    Ready,
    /// Asked at `since`, no answer yet; figures are of the last answer, if there was one.
    Pending { since: Timestamp },
    /// The file system answered with an error.
    Failed { reason: CompactString },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_root_is_neither_used_nor_free() {
        let text = r#"{ "mount": "/", "device": "/dev/sda1", "fs": "ext4", "read_only": false, "remote": false, "state": "ready",
            "total_bytes": 100, "available_bytes": 60 }"#;
        let old: Mount = serde_json::from_str(text).expect("as recordings of before hold it");
        assert_eq!(old.used_ratio(), Some(0.4));
        // 100 of which 20 are used and 20 kept for root: df says 25 %.
        let mount = Mount { free_bytes: Some(80), ..old };
        assert_eq!((mount.used_ratio(), mount.free_ratio()), (Some(0.25), Some(0.75)));
        assert_eq!(Mount { free_bytes: Some(1), ..mount }.used_ratio(), Some(0.4), "nonsense is taken for nothing");
    }
}
