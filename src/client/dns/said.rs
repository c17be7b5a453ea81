//! What a name server says of a name, read from its two answers: that for IPv4 and that for IPv6.

use crate::model::text::clean_to;
use hickory_net::proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, RecordType},
};
use std::{collections::BTreeSet, net::IpAddr};

/// Aliases that are followed within an answer.
const MOST_ALIASES: usize = 16;
/// Characters of a name that are kept: RFC 1035 has at most 255.
const LONGEST: usize = 255;

/// For how many seconds an answer may be kept: the records that it is made of may have different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl {
    pub lowest: u32,
    pub highest: u32,
}

impl Ttl {
    const fn of(seconds: u32) -> Self {
        Self { lowest: seconds, highest: seconds }
    }

    /// Both of them together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { lowest: self.lowest.min(other.lowest), highest: self.highest.max(other.highest) }
    }
}

/// What a server says of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// None where the name is not there, has no address, or leads to a name that this server does not know.
    pub addresses: BTreeSet<IpAddr>,
    /// Names that it leads over, in this order.
    pub aliases: Vec<String>,
    /// Of the records that lead to the addresses; where there are none, for how long that is kept. Nothing where the server does not say.
    pub ttl: Option<Ttl>,
}

impl Said {
    /// The name that has to be asked of somebody else: this server knows an alias, but not what it leads to.
    pub fn leads_on(&self) -> Option<&str> {
        self.aliases.last().filter(|_| self.addresses.is_empty()).map(String::as_str)
    }
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Resolver,
    Authoritative,
}

/// A name as it is compared and shown: small letters, no dot at the end, nothing dangerous.
pub fn text_of(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    clean_to(text.trim_end_matches('.'), LONGEST).into_owned()
}

/// Reads the answers to the questions for A and for AAAA.
///
/// # Errors
/// Why they are none.
pub fn read(name: &Name, by: By, answers: [&Message; 2]) -> Result<Said, String> {
    let [four, six] = answers;
    let (four, six) = (part(name, by, four, RecordType::A)?, part(name, by, six, RecordType::AAAA)?);
    let found: Vec<_> = [&four, &six].into_iter().filter(|part| !part.addresses.is_empty()).collect();
    // That there is no address of the other family says nothing of for how long this one is kept.
    let telling = if found.is_empty() { vec![&four, &six] } else { found };
    let ttl = telling.iter().filter_map(|part| part.ttl).reduce(Ttl::with);
    let aliases = if four.aliases.len() >= six.aliases.len() { four.aliases } else { six.aliases };
    Ok(Said { addresses: four.addresses.into_iter().chain(six.addresses).collect(), aliases, ttl })
}

struct Part {
    addresses: BTreeSet<IpAddr>,
    aliases: Vec<String>,
    ttl: Option<Ttl>,
}

/// Whether it is an answer at all: that there is no such name is one.
///
/// # Errors
/// Why it is none.
pub fn usable(by: By, answer: &Message) -> Result<(), String> {
    let code = answer.metadata.response_code;
    if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
        return Err(format!("it says «{code}»"));
    }
    match by {
        By::Authoritative if !answer.metadata.authoritative => Err("it does not answer for this zone".into()),
        By::Resolver if !answer.metadata.recursion_available && !answer.metadata.authoritative => {
            Err("it finds out nothing for others".into())
        }
        _ => Ok(()),
    }
}

fn part(name: &Name, by: By, answer: &Message, kind: RecordType) -> Result<Part, String> {
    usable(by, answer).map_err(|why| format!("{kind}: {why}"))?;
    let mut part = Part { addresses: BTreeSet::new(), aliases: Vec::new(), ttl: None };
    let mut at = name;
    // Records of other names, and loops, lead nowhere.
    while let Some((target, ttl)) = alias(answer, at)
        && part.aliases.len() < MOST_ALIASES
    {
        part.aliases.push(text_of(target));
        part.keep(ttl);
        at = target;
    }
    for record in answer.answers.iter().filter(|record| record.name == *at) {
        let address = match &record.data {
            RData::A(address) => IpAddr::V4(address.0),
            RData::AAAA(address) => IpAddr::V6(address.0),
            _ => continue,
        };
        part.addresses.insert(address);
        part.keep(record.ttl);
    }
    if part.addresses.is_empty()
        && let Some(ttl) = without(answer)
    {
        part.keep(ttl);
    }
    Ok(part)
}

impl Part {
    fn keep(&mut self, seconds: u32) {
        let ttl = Ttl::of(seconds);
        self.ttl = Some(self.ttl.map_or(ttl, |known| known.with(ttl)));
    }
}

fn alias<'a>(answer: &'a Message, name: &Name) -> Option<(&'a Name, u32)> {
    answer.answers.iter().filter(|record| record.name == *name).find_map(|record| match &record.data {
        RData::CNAME(target) => Some((&target.0, record.ttl)),
        _ => None,
    })
}

/// For how long it may be kept that there is nothing (<https://www.rfc-editor.org/rfc/rfc2308#section-5>).
fn without(answer: &Message) -> Option<u32> {
    answer.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(zone) => Some(record.ttl.min(zone.minimum)),
        _ => None,
    })
}
