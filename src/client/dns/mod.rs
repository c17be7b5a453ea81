//! What name servers say of a name: the resolvers that this machine is configured with, and each of those that answer for its zone,
//! which are asked directly. Only such questions are asked that change nothing.
//!
//! The name is a whole one: the search list of `/etc/resolv.conf` is not put behind it. Servers that answer differently by who asks
//! (by place, by weight) never agree; that is what they are for.

mod exchange;
mod judge;
mod said;
#[cfg(test)]
mod tests;

pub use exchange::Silence;
pub use judge::{Answers, Heard, Judged, Server, judge, listed};
pub use said::{Said, Ttl};

use futures_util::future::{join, join_all};
use hickory_net::proto::rr::{Name, RData, RecordType};
use resolv_conf::{Config, ScopedIp};
use said::{By, read, text_of};
use std::{
    collections::BTreeSet,
    fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6},
};

/// Where the resolvers of this machine are named.
const CONFIGURED: &str = "/etc/resolv.conf";
/// The port of name servers.
const PORT: u16 = 53;
/// Resolvers that programs of this machine ask: MAXNS of resolv.conf(5).
const MOST_RESOLVERS: usize = 3;
/// Addresses of the servers of one zone that are asked.
const MOST_SERVERS: usize = 32;
/// Zones that are asked, one for each alias that leads into another.
const MOST_ZONES: usize = 6;

/// Asks everybody what they say of a name.
///
/// # Errors
/// It is no name, or it is not known whom this machine asks.
pub async fn ask(name: &str) -> Result<Answers, String> {
    let mut name = Name::from_str_relaxed(name.trim()).map_err(|why| format!("it is no name: {why}"))?;
    name.set_fqdn(true);
    if name.is_root() {
        return Err("it is no name: it is empty".into());
    }
    let resolvers = resolvers()?;
    let asked = resolvers.iter().map(|resolver| look_up(*resolver, &name, By::Resolver));
    let mut answers = Answers::default();
    let mut answering = Vec::new();
    for (at, said) in resolvers.iter().zip(join_all(asked).await) {
        if said.is_ok() {
            answering.push(*at);
        }
        answers.heard.push(Heard { server: Server::Resolver(at.ip()), about: text_of(&name), said });
    }
    if answering.is_empty() {
        answers.missing.push("no authoritative server could be found: no resolver answers".into());
    } else {
        authorities(name, &answering, &mut answers).await;
    }
    Ok(answers)
}

/// The resolvers of this machine, as the C library takes them.
fn resolvers() -> Result<Vec<SocketAddr>, String> {
    let text = match fs::read(CONFIGURED) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(format!("{CONFIGURED} cannot be read: {error}")),
    };
    // A line that nobody understands is passed over, as everywhere.
    Ok(configured(&Config::parse_with_errors(&text).0))
}

fn configured(config: &Config) -> Vec<SocketAddr> {
    let mut all: Vec<_> = config.nameservers.iter().map(socket).take(MOST_RESOLVERS).collect();
    if all.is_empty() {
        all.push((Ipv4Addr::LOCALHOST, PORT).into());
    }
    all
}

/// The address of a resolver. One on a link has the interface beside it.
fn socket(at: &ScopedIp) -> SocketAddr {
    let ScopedIp::V6(address, Some(link)) = at else { return SocketAddr::new(at.into(), PORT) };
    let index = link.parse().ok().or_else(|| {
        fs::read_to_string(format!("/sys/class/net/{link}/ifindex")).ok().and_then(|text| text.trim().parse().ok())
    });
    SocketAddrV6::new(*address, PORT, 0, index.unwrap_or_default()).into()
}

/// What a server says of a name.
async fn look_up(server: SocketAddr, name: &Name, by: By) -> Result<Said, Silence> {
    let is_recursive = by == By::Resolver;
    let four = exchange::ask(server, name, RecordType::A, is_recursive);
    let six = exchange::ask(server, name, RecordType::AAAA, is_recursive);
    let (four, six) = join(four, six).await;
    read(name, by, [&*four?, &*six?]).map_err(Silence::because)
}

/// Asks those that answer for the zone of a name, and for the zones that its aliases lead into.
async fn authorities(name: Name, resolvers: &[SocketAddr], answers: &mut Answers) {
    let (mut open, mut done) = (vec![name], BTreeSet::new());
    while let Some(name) = open.pop() {
        let about = text_of(&name);
        if !done.insert(about.clone()) {
            continue;
        }
        if done.len() > MOST_ZONES {
            answers.missing.push(format!("{about}: more aliases than are followed"));
            return;
        }
        let servers = match servers_of(&name, resolvers, &mut answers.missing).await {
            Ok(servers) => servers,
            Err(why) => {
                answers.missing.push(format!("the authoritative servers of {about}: {why}"));
                continue;
            }
        };
        let asked = servers.iter().map(|(_, at)| look_up(SocketAddr::new(*at, PORT), &name, By::Authoritative));
        for ((server, at), said) in servers.iter().zip(join_all(asked).await) {
            if let Some(target) = said.as_ref().ok().and_then(Said::leads_on) {
                match Name::from_ascii(format!("{target}.")) {
                    Ok(target) => open.push(target),
                    Err(why) => answers.missing.push(format!("the authoritative servers of {target}: {why}")),
                }
            }
            let server = Server::Authoritative { name: server.clone(), at: *at };
            answers.heard.push(Heard { server, about: about.clone(), said });
        }
    }
}

/// The servers that answer for the zone of a name, each with every address.
async fn servers_of(
    name: &Name,
    resolvers: &[SocketAddr],
    missing: &mut Vec<String>,
) -> Result<Vec<(String, IpAddr)>, String> {
    let mut found: Vec<(String, IpAddr)> = Vec::new();
    let names = zone_of(name, resolvers).await?;
    let asked = names.iter().map(|server| async move {
        let mut last = Silence::because("nobody was asked");
        for resolver in resolvers {
            match look_up(*resolver, server, By::Resolver).await {
                Ok(said) => return Ok(said.addresses),
                Err(silence) => last = silence,
            }
        }
        Err(last)
    });
    for (server, addresses) in names.iter().zip(join_all(asked).await) {
        let server = text_of(server);
        match addresses {
            Ok(addresses) if addresses.is_empty() => missing.push(format!("authoritative {server}: it has no address")),
            Ok(addresses) => {
                for at in addresses {
                    if !found.iter().any(|(_, known)| *known == at) {
                        found.push((server.clone(), at));
                    }
                }
            }
            Err(silence) => missing.push(format!("authoritative {server}: its address: {}", silence.why)),
        }
    }
    if found.len() > MOST_SERVERS {
        missing.push(format!("{} more authoritative servers, which are too many to ask", found.len() - MOST_SERVERS));
        found.truncate(MOST_SERVERS);
    }
    Ok(found)
}

/// The names of the servers that answer for a name: those of the nearest zone above it, as resolvers know them.
async fn zone_of(name: &Name, resolvers: &[SocketAddr]) -> Result<Vec<Name>, String> {
    let mut zone = name.clone();
    while !zone.is_root() {
        let mut servers = Err(String::new());
        for resolver in resolvers {
            servers = named(*resolver, &zone).await;
            if servers.is_ok() {
                break;
            }
        }
        let servers = servers?;
        if !servers.is_empty() {
            return Ok(servers);
        }
        zone = zone.base_name();
    }
    Err("no zone above it has any".into())
}

/// The servers that a resolver knows for a zone; none where it is no zone.
async fn named(resolver: SocketAddr, zone: &Name) -> Result<Vec<Name>, String> {
    let answer = exchange::ask(resolver, zone, RecordType::NS, true).await;
    let answer = answer.map_err(|silence| format!("{}: {}", resolver.ip(), silence.why))?;
    said::usable(By::Resolver, &answer).map_err(|why| format!("{}: {why}", resolver.ip()))?;
    let of_zone = answer.answers.iter().filter(|record| record.name == *zone);
    let servers = of_zone.filter_map(|record| match &record.data {
        RData::NS(server) => Some(server.0.clone()),
        _ => None,
    });
    Ok(servers.collect())
}
