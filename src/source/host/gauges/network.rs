//! Interfaces from `/proc/net/dev`, with state and speed from `/sys/class/net`, which change seldom.

use super::super::{
    bytes::{fields, lines, lossy, number, only_number, rate, word},
    read::{Kept, Root, Seldom},
};
use crate::model::host::Network;
use compact_str::CompactString;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Counters of one interface since boot, and its link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sample {
    pub name: CompactString,
    pub received_bytes: Option<u64>,
    pub received_packets: Option<u64>,
    pub sent_bytes: Option<u64>,
    pub sent_packets: Option<u64>,
    /// Both directions.
    pub errors: Option<u64>,
    /// Both directions.
    pub drops: Option<u64>,
    pub link: Link,
}

/// What `/sys/class/net` tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    pub state: Option<CompactString>,
    pub speed_bits_per_second: Option<u64>,
}

/// Reads interfaces.
#[derive(Debug)]
pub struct Reader {
    root: Root,
    dev: Kept,
    links: Seldom<HashMap<CompactString, Link>>,
}

impl Reader {
    /// A reader of what lies below `root`.
    pub fn new(root: &Root) -> Self {
        let dev = Kept::new(root.join("proc/net/dev"));
        Self { root: root.clone(), dev, links: Seldom::new(Duration::from_secs(10)) }
    }

    /// Reads all interfaces.
    pub fn read(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Vec<Sample> {
        let mut samples = self.dev.read(buffer).map(parse).unwrap_or_default();
        let links = self.links.get(now, HashMap::new);
        for sample in &mut samples {
            let link = || link(&self.root, &sample.name);
            sample.link = links.entry(sample.name.clone()).or_insert_with(link).clone();
        }
        samples
    }
}

fn link(root: &Root, name: &str) -> Link {
    let folder = root.join("sys/class/net").join(name);
    let read = |file: &str| {
        let mut text = Vec::new();
        super::super::read::read_into(&folder.join(file), &mut text).then_some(text)
    };
    // The speed of a link that is down is an error or −1; virtual interfaces have none.
    let speed = read("speed").and_then(|text| only_number(&text)).filter(|megabits| *megabits > 0);
    Link {
        state: read("operstate").and_then(|text| word(&text)),
        speed_bits_per_second: speed.map(|megabits| megabits * 1_000_000),
    }
}

/// Reads `/proc/net/dev`. Fields of each direction: bytes packets errs drop fifo, then three others.
pub fn parse(text: &[u8]) -> Vec<Sample> {
    lines(text).skip(2).filter_map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Sample> {
    // The counters hold no colon, but an alias's name may.
    let colon = line.iter().rposition(|byte| *byte == b':')?;
    let mut values = [None; 16];
    for (slot, field) in values.iter_mut().zip(fields(&line[colon + 1..])) {
        *slot = number(field);
    }
    let sum = |a: Option<u64>, b: Option<u64>| a?.checked_add(b?);
    Some(Sample {
        name: lossy(line[..colon].trim_ascii()),
        received_bytes: values[0],
        received_packets: values[1],
        sent_bytes: values[8],
        sent_packets: values[9],
        errors: sum(values[2], values[10]),
        drops: sum(values[3], values[11]),
        link: Link::default(),
    })
}

/// Rates between two samples.
pub fn derive(before: &[Sample], now: &[Sample], seconds: f64) -> Vec<Network> {
    let unknown = Sample::default();
    let one = |(at, now): (usize, &Sample)| {
        let same = before.get(at).filter(|before| before.name == now.name);
        let before = same.or_else(|| before.iter().find(|before| before.name == now.name)).unwrap_or(&unknown);
        rates(before, now, seconds)
    };
    now.iter().enumerate().map(one).collect()
}

fn rates(before: &Sample, now: &Sample, seconds: f64) -> Network {
    Network {
        name: now.name.clone(),
        state: now.link.state.clone(),
        speed_bits_per_second: now.link.speed_bits_per_second,
        received_bytes_per_second: rate(before.received_bytes, now.received_bytes, seconds),
        sent_bytes_per_second: rate(before.sent_bytes, now.sent_bytes, seconds),
        received_packets_per_second: rate(before.received_packets, now.received_packets, seconds),
        sent_packets_per_second: rate(before.sent_packets, now.sent_packets, seconds),
        packets: now.received_packets.zip(now.sent_packets).and_then(|(a, b)| a.checked_add(b)),
        errors: now.errors,
        drops: now.drops,
        errors_per_second: rate(before.errors, now.errors, seconds),
        drops_per_second: rate(before.drops, now.drops, seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Inter-|   Receive  |  Transmit\n face |bytes packets\n";

    fn text(lines: &str) -> Vec<u8> {
        format!("{HEAD}{lines}").into_bytes()
    }

    #[test]
    fn both_directions_are_counted() {
        let before = parse(&text("  eth0: 1000 10 1 2 0 0 0 0 500 5 3 4 0 0 0 0\n"));
        let now =
            parse(&text("  eth0:3000 30 3 4 0 0 0 0 700 9 5 6 0 0 0 0\n eth0:1: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"));
        let networks = derive(&before, &now, 2.0);
        assert_eq!(networks[0].received_bytes_per_second, Some(1000.0));
        assert_eq!(networks[0].sent_packets_per_second, Some(2.0));
        assert_eq!((networks[0].packets, networks[0].errors, networks[0].drops), (Some(39), Some(8), Some(10)));
        assert_eq!((networks[0].errors_per_second, networks[0].drops_per_second), (Some(2.0), Some(2.0)));
        assert_eq!((networks[1].name.as_str(), networks[1].received_bytes_per_second), ("eth0:1", None));
    }

    #[test]
    fn names_that_are_not_utf8_and_short_lines_are_kept() {
        let mut bytes = text("");
        bytes.extend_from_slice(b"  e\xff0: 1 2\nno colon\n");
        let samples = parse(&bytes);
        assert_eq!(samples.len(), 1);
        assert_eq!(samples[0].name, "e\u{fffd}0");
        assert_eq!((samples[0].received_packets, samples[0].sent_bytes, samples[0].errors), (Some(2), None, None));
    }
}
