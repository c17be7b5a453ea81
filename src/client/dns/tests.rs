//! What answers come to, and how they are read.

use super::{
    exchange::Silence,
    judge::{Answers, Heard, Judged, Server, judge},
    said::{By, Said, Ttl, read},
};
use hickory_net::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::{A, AAAA, CNAME, SOA},
    },
};
use resolv_conf::Config;
use std::{collections::BTreeSet, net::IpAddr};

const OLD: &str = "192.0.2.10";
const NEW: &str = "192.0.2.20";

fn set(addresses: &[&str]) -> BTreeSet<IpAddr> {
    addresses.iter().map(|address| address.parse().expect("an address")).collect()
}

fn said(addresses: &[&str], seconds: u32) -> Result<Said, Silence> {
    let ttl = Some(Ttl { lowest: seconds, highest: seconds });
    Ok(Said { addresses: set(addresses), aliases: Vec::new(), ttl })
}

fn leads_to(alias: &str) -> Result<Said, Silence> {
    Ok(Said { aliases: vec![alias.into()], ttl: Some(Ttl { lowest: 300, highest: 300 }), ..Said::default() })
}

fn silent(is_no_way: bool) -> Result<Said, Silence> {
    Err(Silence { why: "no answer within 2 s".into(), is_no_way })
}

fn resolver(at: &str, said: Result<Said, Silence>) -> Heard {
    Heard { server: Server::Resolver(at.parse().expect("an address")), about: "db.example".into(), said }
}

fn authoritative(name: &str, at: &str, said: Result<Said, Silence>) -> Heard {
    let at = at.parse().expect("an address");
    Heard { server: Server::Authoritative { name: name.into(), at }, about: "db.example".into(), said }
}

fn judged(heard: Vec<Heard>, expected: &[&str]) -> Judged {
    judge(&Answers { heard, missing: Vec::new() }, &set(expected))
}

#[test]
fn all_of_one_mind_agree() {
    let all = vec![
        resolver("10.0.0.1", said(&[NEW], 27)),
        resolver("10.0.0.2", said(&[NEW], 60)),
        authoritative("ns1.example", "10.1.0.1", said(&[NEW], 60)),
        authoritative("ns2.example", "10.1.0.2", said(&[NEW], 60)),
    ];
    let found = judged(all.clone(), &[]);
    assert_eq!((found.agree, found.settled, found.reason), (Some(true), Some(true), None));
    assert_eq!((found.addresses, found.authoritative), (set(&[NEW]), set(&[NEW])));
    assert_eq!((found.ttl, found.stale_seconds), (Some(Ttl { lowest: 27, highest: 60 }), Some(0)));
    // What they agree on is not always what was wanted.
    assert_eq!(judged(all.clone(), &[NEW]).settled, Some(true));
    let other = judged(all, &[OLD]);
    assert_eq!((other.agree, other.settled), (Some(true), Some(false)));
    assert_eq!(other.reason.as_deref(), Some("expected is 192.0.2.10, named is 192.0.2.20"));
}

#[test]
fn a_cache_that_holds_the_old_answer_is_named_with_its_time() {
    let found = judged(
        vec![
            resolver("10.0.0.1", said(&[OLD], 27)),
            resolver("10.0.0.2", said(&[NEW], 59)),
            authoritative("ns1.example", "10.1.0.1", said(&[NEW], 60)),
        ],
        &[],
    );
    assert_eq!((found.agree, found.settled, found.stale_seconds), (Some(false), Some(false), Some(27)));
    assert_eq!(found.disagreeing, ["resolver 10.0.0.1 says 192.0.2.10, for 27 s more"]);
    assert_eq!(
        found.reason.as_deref(),
        Some("the authoritative servers say 192.0.2.20; resolver 10.0.0.1 says 192.0.2.10, for 27 s more")
    );
    assert_eq!((found.addresses, found.authoritative), (set(&[OLD, NEW]), set(&[NEW])));
}

#[test]
fn authoritative_servers_that_differ_are_all_named() {
    let found = judged(
        vec![
            resolver("10.0.0.1", said(&[NEW], 60)),
            authoritative("ns1.example", "10.1.0.1", said(&[NEW], 60)),
            authoritative("ns2.example", "10.1.0.2", said(&[OLD], 60)),
        ],
        &[],
    );
    assert_eq!((found.agree, found.stale_seconds, found.disagreeing.len()), (Some(false), None, 3));
    assert!(found.disagreeing.contains(&"authoritative ns2.example (10.1.0.2) says 192.0.2.10".into()), "{found:?}");
}

#[test]
fn who_does_not_answer_has_not_agreed() {
    let one_silent = vec![
        resolver("10.0.0.1", said(&[NEW], 60)),
        authoritative("ns1.example", "10.1.0.1", said(&[NEW], 60)),
        authoritative("ns2.example", "10.1.0.2", silent(false)),
    ];
    let found = judged(one_silent, &[NEW]);
    assert_eq!((found.agree, found.settled), (None, None));
    let why = "not heard: authoritative ns2.example (10.1.0.2): no answer within 2 s";
    assert_eq!(found.reason.as_deref(), Some(why));
    // Nor is it enough that those of one kind agree.
    let no_authority = judge(
        &Answers { heard: vec![resolver("10.0.0.1", said(&[NEW], 60))], missing: vec!["nobody is found".into()] },
        &set(&[]),
    );
    assert_eq!((no_authority.agree, no_authority.stale_seconds), (None, None));
    assert_eq!(no_authority.reason.as_deref(), Some("not heard: nobody is found"));
    let none = judged(vec![resolver("10.0.0.1", silent(false))], &[]);
    assert_eq!((none.agree, none.ttl), (None, None));
    // A wrong address that is named is known to be wrong, whoever else is silent.
    let wrong =
        judged(vec![resolver("10.0.0.1", said(&[OLD], 60)), authoritative("a", "10.1.0.1", silent(false))], &[NEW]);
    assert_eq!((wrong.agree, wrong.settled), (None, Some(false)));
    // Two that differ do, whoever else is silent.
    let differ = judged(
        vec![
            resolver("10.0.0.1", said(&[OLD], 9)),
            resolver("10.0.0.2", said(&[NEW], 60)),
            authoritative("a", "10.1.0.1", silent(false)),
        ],
        &[],
    );
    assert_eq!((differ.agree, differ.disagreeing.len(), differ.unanswered.len()), (Some(false), 2, 1));
}

#[test]
fn an_address_without_a_way_counts_where_its_server_answers_nowhere_else() {
    let six = authoritative("ns1.example", "2001:db8::1", silent(true));
    let four = authoritative("ns1.example", "10.1.0.1", said(&[NEW], 60));
    let ask = resolver("10.0.0.1", said(&[NEW], 60));
    assert_eq!(judged(vec![ask.clone(), four, six.clone()], &[]).agree, Some(true));
    let other = authoritative("ns2.example", "10.1.0.1", said(&[NEW], 60));
    assert_eq!(judged(vec![ask, other, six], &[]).agree, None);
}

#[test]
fn an_alias_into_another_zone_is_judged_by_that_zone() {
    let elsewhere = |said| Heard { about: "lb.other".into(), ..authoritative("ns.other", "10.2.0.1", said) };
    let all = vec![
        resolver("10.0.0.1", said(&[NEW], 30)),
        authoritative("ns1.example", "10.1.0.1", leads_to("lb.other")),
        elsewhere(said(&[NEW], 60)),
    ];
    let found = judged(all.clone(), &[]);
    assert_eq!((found.agree, found.authoritative), (Some(true), set(&[NEW])), "{:?}", found.reason);
    // One that still says another alias.
    let late = authoritative("ns2.example", "10.1.0.2", leads_to("old.other"));
    let late = judged([all, vec![late]].concat(), &[]);
    assert_eq!(late.agree, Some(false));
    assert!(late.reason.expect("a reason").contains("says that it is old.other"));
}

#[test]
fn a_name_that_leads_nowhere_is_not_well() {
    let found = judged(vec![resolver("10.0.0.1", said(&[], 60)), authoritative("a", "10.1.0.1", said(&[], 60))], &[]);
    assert_eq!((found.agree, found.settled), (Some(false), Some(false)));
    assert_eq!(found.reason.as_deref(), Some("no server names an address"));
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name")
}

fn answer(records: &[(&str, u32, RData)]) -> Message {
    let mut message = Message::response(1, OpCode::Query);
    message.metadata.recursion_available = true;
    message.metadata.authoritative = true;
    message.answers =
        records.iter().map(|(owner, ttl, data)| Record::from_rdata(name(owner), *ttl, data.clone())).collect();
    message
}

fn v4(address: &str) -> RData {
    RData::A(A(address.parse().expect("an address")))
}

fn alias(target: &str) -> RData {
    RData::CNAME(CNAME(name(target)))
}

#[test]
fn answers_are_read_along_their_aliases() {
    let six = RData::AAAA(AAAA("2001:db8::1".parse().expect("an address")));
    let four = answer(&[
        ("lb.example.", 30, v4(NEW)),
        ("db.example.", 300, alias("LB.example.")),
        // Nobody asked for this one.
        ("bank.example.", 5, v4(OLD)),
    ]);
    let six = answer(&[("db.example.", 300, alias("lb.example.")), ("lb.example.", 60, six)]);
    let said = read(&name("DB.example."), By::Authoritative, [&four, &six]).expect("an answer");
    assert_eq!(said.addresses, set(&[NEW, "2001:db8::1"]));
    assert_eq!(
        (said.aliases.as_slice(), said.ttl),
        (&["lb.example".to_owned()][..], Some(Ttl { lowest: 30, highest: 300 }))
    );
    assert_eq!(said.leads_on(), None);
    // A loop ends.
    let round = answer(&[("a.example.", 1, alias("b.example.")), ("b.example.", 1, alias("a.example."))]);
    let said = read(&name("a.example."), By::Resolver, [&round, &round]).expect("an answer");
    assert!(said.addresses.is_empty() && said.aliases.len() < 20, "{said:?}");
}

#[test]
fn that_there_is_nothing_is_kept_as_long_as_the_zone_says() {
    let zone = SOA::new(name("ns.example."), name("root.example."), 1, 2, 3, 4, 45);
    let mut nothing = answer(&[]);
    nothing.authorities.push(Record::from_rdata(name("example."), 600, RData::SOA(zone)));
    let mut missing = nothing.clone();
    missing.metadata.response_code = ResponseCode::NXDomain;
    for message in [&nothing, &missing] {
        let said = read(&name("db.example."), By::Resolver, [message, message]).expect("an answer");
        assert_eq!((said.addresses.len(), said.ttl), (0, Some(Ttl { lowest: 45, highest: 45 })));
    }
    // Of a name with addresses of one family alone, that counts which is there.
    let said = read(&name("db.example."), By::Resolver, [&answer(&[("db.example.", 7, v4(NEW))]), &nothing]);
    assert_eq!(said.expect("an answer").ttl, Some(Ttl { lowest: 7, highest: 7 }));
}

#[test]
fn what_is_no_answer_is_said_so() {
    let found = answer(&[("db.example.", 60, v4(NEW))]);
    let why = |by, change: fn(&mut Message)| {
        let mut message = found.clone();
        change(&mut message);
        read(&name("db.example."), by, [&found, &message]).expect_err("no answer")
    };
    assert!(
        why(By::Resolver, |it| it.metadata.response_code = ResponseCode::ServFail)
            .contains("AAAA: it says «Server Failure»")
    );
    assert!(why(By::Authoritative, |it| it.metadata.authoritative = false).contains("does not answer for this zone"));
    let neither = |it: &mut Message| (it.metadata.authoritative, it.metadata.recursion_available) = (false, false);
    assert!(why(By::Resolver, neither).contains("finds out nothing"));
}

#[test]
fn resolvers_are_those_of_the_c_library() {
    let configured = |text: &str| {
        let all = super::configured(&Config::parse_with_errors(text.as_bytes()).0);
        all.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let text =
        "# none\nnonsense here\nnameserver 10.0.0.1\nnameserver fe80::1%7\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n";
    assert_eq!(configured(text), ["10.0.0.1:53", "[fe80::1%7]:53", "10.0.0.3:53"]);
    assert_eq!(configured("search example\n"), ["127.0.0.1:53"]);
}
