//! What rules look back on: how full each file system was over hours, and what each interface carried. It is coarse and bounded, so that it is
//! written with every moment that is kept, and a rule finds in a replay what it found then.

mod traffic;
mod trail;

use super::{Timestamp, host::Network, mount::Mount};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use traffic::{Carried, Traffic};
pub use trail::Trail;

/// File systems and interfaces of which a past is kept. Who has more of them has it of the first ones that were seen.
const MOST: usize = 128;
/// What was not seen for so long is gone, and its past with it.
const GONE: SignedDuration = SignedDuration::from_hours(6);

/// The past of this host, as far as rules need it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lookback {
    /// By block device, or by mount point where there is none.
    spaces: BTreeMap<CompactString, Space>,
    /// By name.
    interfaces: BTreeMap<CompactString, Traffic>,
}

/// How full a file system was: free shares of the whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Space {
    bytes: Trail,
    inodes: Trail,
}

/// What a file system is known by: several mounts of one have one past.
fn key_of(mount: &Mount) -> &CompactString {
    mount.block.as_ref().unwrap_or(&mount.mount)
}

impl Lookback {
    /// No past.
    pub const fn new() -> Self {
        Self { spaces: BTreeMap::new(), interfaces: BTreeMap::new() }
    }

    /// Takes note of how full file systems are, and says of each when it will be full if it goes on like that.
    pub fn mounts(&mut self, at: Timestamp, mounts: &mut [Mount]) {
        for mount in mounts.iter_mut().filter(|mount| mount.can_fill()) {
            let (bytes, inodes) = (mount.free_ratio(), mount.inodes_free_ratio());
            let is_room = self.spaces.len() < MOST || self.spaces.contains_key(key_of(mount));
            if !is_room || bytes.is_none() && inodes.is_none() {
                continue;
            }
            let space = self.spaces.entry(key_of(mount).clone()).or_default();
            mount.fills.space_at = space.bytes.full_at(at, bytes);
            mount.fills.inodes_at = space.inodes.full_at(at, inodes);
            space.bytes.push(at, bytes);
            space.inodes.push(at, inodes);
        }
        let before = at.checked_sub(GONE).unwrap_or(Timestamp::MIN);
        self.spaces.retain(|_, space| space.bytes.last().max(space.inodes.last()) >= Some(before));
    }

    /// Takes note of what interfaces have carried. The end of a container's pair comes and goes with the container, and is left out.
    pub fn networks(&mut self, at: Timestamp, networks: &[Network]) {
        for network in networks.iter().filter(|network| !network.name.starts_with("veth")) {
            if self.interfaces.len() < MOST || self.interfaces.contains_key(&network.name) {
                self.interfaces.entry(network.name.clone()).or_default().push(at, network);
            }
        }
        let before = at.checked_sub(GONE).unwrap_or(Timestamp::MIN);
        self.interfaces.retain(|_, traffic| traffic.last() >= Some(before));
    }

    /// What an interface carried in the last so many seconds; `None` where that is not known for as long.
    pub fn carried(&self, network: &Network, now: Timestamp, seconds: i64) -> Option<Carried> {
        self.interfaces.get(&network.name)?.carried(network, now, seconds)
    }

    /// Follows a clock that was set: everything moves with it, so that spans stay what they are.
    pub fn shift_time(&mut self, by: SignedDuration) {
        for space in self.spaces.values_mut() {
            space.bytes.shift_time(by);
            space.inodes.shift_time(by);
        }
        self.interfaces.values_mut().for_each(|traffic| traffic.shift_time(by));
    }

    /// Bytes that it takes, for whoever measures.
    pub fn size_bytes(&self) -> usize {
        let spaces = self.spaces.values().map(|space| space.bytes.size_bytes() + space.inodes.size_bytes());
        let interfaces = self.interfaces.values().map(Traffic::size_bytes);
        spaces.chain(interfaces).sum::<usize>()
            + (self.spaces.len() + self.interfaces.len()) * size_of::<CompactString>()
    }
}

#[cfg(test)]
mod tests;
