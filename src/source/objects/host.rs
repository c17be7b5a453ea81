//! What this host listens on (`/proc/net/tcp` and its kin, proc(5)), for the registry of ports.

use crate::{rulebook::subject::live::Listening, source::host::read::Root};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// State of a TCP socket that listens, and of a UDP socket that is bound to no other end.
const LISTEN: &str = "0A";
const UNCONNECTED: &str = "07";

/// Every port that something listens on, each once.
pub fn listening(root: &Root) -> Vec<Listening> {
    let mut found = Vec::new();
    for (file, protocol, state) in
        [("tcp", "tcp", LISTEN), ("tcp6", "tcp", LISTEN), ("udp", "udp", UNCONNECTED), ("udp6", "udp", UNCONNECTED)]
    {
        let text = root.read(format!("proc/net/{file}")).unwrap_or_default();
        let lines = String::from_utf8_lossy(&text).into_owned();
        found.extend(lines.lines().skip(1).filter_map(|line| socket(line, state, protocol)));
    }
    found.sort_by_key(|one: &Listening| (one.port, one.protocol, one.address));
    found.dedup();
    found
}

/// `0: 0100007F:1F90 00000000:0000 0A …`.
fn socket(line: &str, wanted: &str, protocol: &'static str) -> Option<Listening> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (local, _, state) = (words.next()?, words.next()?, words.next()?);
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (state == wanted && port != 0).then_some(Listening {
        address: self::address(address)?,
        port,
        protocol,
        program: None,
    })
}

/// Words of 32 bits in the byte order of the machine.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let mut bytes = [0; 16];
            for part in 0..4 {
                bytes[part * 4..part * 4 + 4].copy_from_slice(&word(part * 8)?);
            }
            Some(IpAddr::V6(Ipv6Addr::from(bytes)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_that_listen_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let net = folder.path().join("proc/net");
        std::fs::create_dir_all(&net).expect("made");
        let head = "  sl  local_address rem_address   st\n";
        let tcp = "   0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0100007F:1F91 0200000A:01BB 01 0\n   2: 00000000:0016 00000000:0000 0A 0\n";
        std::fs::write(net.join("tcp"), format!("{head}{tcp}{tcp}")).expect("written");
        let tcp6 = "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A\n";
        std::fs::write(net.join("tcp6"), format!("{head}{tcp6}")).expect("written");
        std::fs::write(net.join("udp"), format!("{head}  5: 00000000:0035 00000000:0000 07 x\nbroken\n"))
            .expect("written");
        let told: Vec<_> = listening(&Root::at(folder.path()))
            .into_iter()
            .map(|one| format!("{} {} {}", one.port, one.protocol, one.address))
            .collect();
        assert_eq!(told, ["22 tcp 0.0.0.0", "53 udp 0.0.0.0", "8080 tcp 127.0.0.1", "8080 tcp ::1"]);
    }
}
