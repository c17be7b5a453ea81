//! XIDs of each GPU, from the driver's events and from the kernel log, each once.

use crate::model::gpu::Xid;
use compact_str::CompactString;
use std::collections::BTreeMap;

/// Most that are kept of a GPU.
const MOST: usize = 64;
/// The same error within so many seconds is one: the two ways of hearing of it are not equally fast.
const SAME: i64 = 5;

/// XIDs by PCI address without the function: `0000:1b:00`. The newest come first.
#[derive(Debug, Default)]
pub struct Xids(BTreeMap<CompactString, Vec<Xid>>);

impl Xids {
    /// Adds one, unless it is known; what the other way did not tell is taken.
    pub fn add(&mut self, address: &str, xid: Xid) {
        let list = self.0.entry(without_function(address).into()).or_default();
        let near = |known: &&mut Xid| known.code == xid.code && known.at.duration_since(xid.at).as_secs().abs() <= SAME;
        if let Some(known) = list.iter_mut().find(near) {
            known.pid = known.pid.or(xid.pid);
            if known.text.is_empty() {
                known.text = xid.text;
            }
            return;
        }
        let place = list.partition_point(|known| known.at > xid.at);
        list.insert(place, xid);
        list.truncate(MOST);
    }

    /// Those of a GPU.
    pub fn of(&self, address: &str) -> Vec<Xid> {
        self.0.get(without_function(address)).cloned().unwrap_or_default()
    }
}

fn without_function(address: &str) -> &str {
    address.rsplit_once('.').map_or(address, |(device, _)| device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn xid(second: i64, code: u32, text: &str) -> Xid {
        let at = Timestamp::from_second(second).expect("in range");
        Xid { at, code, pid: (!text.is_empty()).then_some(7), text: text.into() }
    }

    #[test]
    fn each_stands_once_and_the_newest_first() {
        let mut xids = Xids::default();
        xids.add("0000:1b:00.0", xid(100, 79, ""));
        xids.add("0000:1b:00", xid(103, 79, "fell off"));
        xids.add("0000:1b:00", xid(200, 79, ""));
        xids.add("0000:1b:00", xid(150, 48, ""));
        xids.add("0000:3d:00", xid(100, 79, ""));
        let told: Vec<_> = xids.of("0000:1b:00.0").iter().map(|one| (one.at.as_second(), one.code, one.pid)).collect();
        assert_eq!(told, [(200, 79, None), (150, 48, None), (100, 79, Some(7))]);
        (0..200).for_each(|at| xids.add("x", xid(at * 10, 13, "")));
        assert_eq!((xids.of("x").len(), xids.of("x")[0].at.as_second()), (MOST, 1990));
        assert!(xids.of("y").is_empty());
    }
}
