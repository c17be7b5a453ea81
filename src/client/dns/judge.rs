//! What the answers of several name servers come to. Who did not answer has not agreed: then nobody can say whether all agree.

use super::{
    exchange::Silence,
    said::{Said, Ttl},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
};

/// A name server, and what it was asked as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    /// One that this machine is configured with: it may answer from its cache.
    Resolver(IpAddr),
    /// One of those that answer for the zone: its name and one of its addresses.
    Authoritative { name: String, at: IpAddr },
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolver(at) => write!(f, "resolver {at}"),
            Self::Authoritative { name, at } => write!(f, "authoritative {name} ({at})"),
        }
    }
}

/// What one server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub server: Server,
    /// The name that it was asked about: the one in question, or one in another zone that an alias leads to.
    pub about: String,
    pub said: Result<Said, Silence>,
}

/// What was said of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    pub heard: Vec<Heard>,
    /// Who could not be asked at all, and why.
    pub missing: Vec<String>,
}

/// What the answers come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What resolvers name, all of them together.
    pub addresses: BTreeSet<IpAddr>,
    /// What authoritative servers name, all of them together.
    pub authoritative: BTreeSet<IpAddr>,
    /// Whether all servers name the same addresses. Nothing where that cannot be said: somebody did not answer.
    pub agree: Option<bool>,
    /// The same, and whether they name what is expected, where something is.
    pub settled: Option<bool>,
    /// Who says something else than the authoritative servers, or than one another, and what.
    pub disagreeing: Vec<String>,
    /// Who did not answer, and why.
    pub unanswered: Vec<String>,
    /// For how long at most a cache keeps what is said now, and for how long at least, in seconds.
    pub ttl: Option<Ttl>,
    /// For how many seconds at most a resolver that was asked goes on saying something else than the authoritative servers. Nothing where
    /// these are not of one mind.
    pub stale_seconds: Option<u32>,
    /// Why it is not settled.
    pub reason: Option<String>,
}

/// Servers that are named in a reason.
const NAMED: usize = 4;

/// Judges answers. `expected` are the addresses that are to be named; none where any will do.
pub fn judge(answers: &Answers, expected: &BTreeSet<IpAddr>) -> Judged {
    let told = Told(&answers.heard);
    let unanswered: Vec<_> = told.unanswered().chain(answers.missing.iter().cloned()).collect();
    let authoritative = together(told.authoritative());
    let of_one_mind = told.of_one_mind();
    let addresses = together(told.resolvers());
    let differing = told.differing(of_one_mind.then_some(&authoritative));
    let has_both = told.resolvers().next().is_some() && told.authoritative().next().is_some();
    let agree = if !differing.is_empty() {
        Some(false)
    } else if !unanswered.is_empty() || !has_both {
        None
    } else {
        // Of a name that leads nowhere all may be of one mind, and no client is led anywhere.
        Some(!authoritative.is_empty())
    };
    let all: BTreeSet<IpAddr> = addresses.union(&authoritative).copied().collect();
    let settled = match agree {
        _ if !expected.is_empty() && !all.is_subset(expected) => Some(false),
        Some(true) => Some(expected.is_empty() || all == *expected),
        agree => agree,
    };
    let stale: Option<Vec<_>> = differing.iter().map(|(_, said)| Some(said.ttl?.highest)).collect();
    let stale_seconds = stale.filter(|_| of_one_mind && has_both).map(|all| all.into_iter().max().unwrap_or_default());
    let disagreeing: Vec<_> = differing.iter().map(|(heard, said)| words(heard, said)).collect();
    let mut judged = Judged {
        agree,
        settled,
        ttl: told.said().filter_map(|(_, said)| said.ttl).reduce(Ttl::with),
        stale_seconds,
        reason: None,
        addresses,
        authoritative,
        disagreeing,
        unanswered,
    };
    judged.reason = (settled != Some(true)).then(|| reason(&judged, &all, expected, of_one_mind));
    judged
}

/// Everybody who was asked.
struct Told<'a>(&'a [Heard]);

impl<'a> Told<'a> {
    fn said(&self) -> impl Iterator<Item = (&'a Heard, &'a Said)> {
        self.0.iter().filter_map(|heard| Some((heard, heard.said.as_ref().ok()?)))
    }

    fn resolvers(&self) -> impl Iterator<Item = (&'a Heard, &'a Said)> {
        self.said().filter(|(heard, _)| matches!(heard.server, Server::Resolver(_)))
    }

    fn authoritative(&self) -> impl Iterator<Item = (&'a Heard, &'a Said)> {
        self.said().filter(|(heard, _)| matches!(heard.server, Server::Authoritative { .. }))
    }

    /// Those who did not answer. An address that this machine has no way to does not count where its server answered at another.
    fn unanswered(&self) -> impl Iterator<Item = String> {
        let answers_elsewhere = |silent: &Heard| {
            let Server::Authoritative { name: wanted, .. } = &silent.server else { return false };
            self.authoritative().any(|(heard, _)| {
                heard.about == silent.about
                    && matches!(&heard.server, Server::Authoritative { name, .. } if name == wanted)
            })
        };
        self.0.iter().filter_map(move |heard| {
            let silence = heard.said.as_ref().err()?;
            let is_open = !silence.is_no_way || !answers_elsewhere(heard);
            is_open.then(|| format!("{}: {}", heard.server, silence.why))
        })
    }

    /// Whether the authoritative servers of each zone that was asked say the same.
    fn of_one_mind(&self) -> bool {
        let mut first: BTreeMap<&str, &Said> = BTreeMap::new();
        self.authoritative().all(|(heard, said)| {
            let known = *first.entry(&heard.about).or_insert(said);
            known.addresses == said.addresses && known.leads_on() == said.leads_on()
        })
    }

    /// Who says something else than is `known`. Where the authoritative servers are not of one mind (`None`), everybody; where none of
    /// them answered, the resolvers that are not of one mind.
    fn differing(&self, known: Option<&BTreeSet<IpAddr>>) -> Vec<(&'a Heard, &'a Said)> {
        let Some(known) = known else { return self.said().collect() };
        if self.authoritative().next().is_some() {
            return self.resolvers().filter(|(_, said)| said.addresses != *known).collect();
        }
        let different: BTreeSet<_> = self.resolvers().map(|(_, said)| &said.addresses).collect();
        if different.len() < 2 { Vec::new() } else { self.resolvers().collect() }
    }
}

fn together<'a>(told: impl Iterator<Item = (&'a Heard, &'a Said)>) -> BTreeSet<IpAddr> {
    told.flat_map(|(_, said)| said.addresses.iter().copied()).collect()
}

/// Addresses in words.
pub fn listed(addresses: &BTreeSet<IpAddr>) -> String {
    let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    if all.is_empty() { "no address".to_owned() } else { all.join(", ") }
}

fn words(heard: &Heard, said: &Said) -> String {
    let what = match said.leads_on() {
        Some(name) => format!("that it is {name}"),
        None => listed(&said.addresses),
    };
    // What an authoritative server says holds until it is changed there.
    let for_how_long = match (&heard.server, said.ttl) {
        (Server::Resolver(_), Some(ttl)) => format!(", for {} s more", ttl.highest),
        _ => String::new(),
    };
    format!("{} says {what}{for_how_long}", heard.server)
}

fn reason(judged: &Judged, all: &BTreeSet<IpAddr>, expected: &BTreeSet<IpAddr>, of_one_mind: bool) -> String {
    let mut parts = Vec::new();
    if !judged.disagreeing.is_empty() {
        if of_one_mind && !judged.authoritative.is_empty() {
            parts.push(format!("the authoritative servers say {}", listed(&judged.authoritative)));
        }
        parts.push(some(&judged.disagreeing));
    }
    if !judged.unanswered.is_empty() {
        parts.push(format!("not heard: {}", some(&judged.unanswered)));
    }
    if !expected.is_empty() && all != expected {
        parts.push(format!("expected is {}, named is {}", listed(expected), listed(all)));
    } else if judged.agree == Some(false) && judged.disagreeing.is_empty() {
        parts.push("no server names an address".to_owned());
    }
    parts.join("; ")
}

/// The first of them, and how many there are beside these.
fn some(all: &[String]) -> String {
    let mut text = all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    if all.len() > NAMED {
        text.push_str(&format!("; and {} more", all.len() - NAMED));
    }
    text
}
