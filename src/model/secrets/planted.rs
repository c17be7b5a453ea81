//! Made-up secrets of every kind, for the tests of whatever must not show one.

use super::{
    allowed,
    entropy::entropy,
    kinds::{Kind, Place, TABLES},
};
use proptest::{strategy::Strategy, strategy::ValueTree, string::string_regex, test_runner::TestRunner};

/// A secret, and how it is written down.
#[derive(Debug, Clone)]
pub(crate) struct Planted {
    pub kind: &'static str,
    /// The name that it stands under; for most kinds any will do.
    pub name: String,
    /// What is given to that name: the secret, or a text around it.
    pub value: String,
    pub secret: String,
}

impl Planted {
    /// As it may stand in a line of a log.
    pub fn line(&self) -> String {
        format!("größe=1 {}: \"{}\" last", self.name, self.value)
    }

    /// As it may stand in an environment.
    pub fn variable(&self) -> String {
        format!("{}={}", self.name, self.value)
    }

    /// Whether any line of the secret stands in a text. Short pieces, as `-----`, tell nothing.
    pub fn survives(&self, text: &str) -> bool {
        self.secret.lines().filter(|line| line.len() >= 6 && !line.starts_with("-----")).any(|line| text.contains(line))
    }
}

/// The kinds that are a ground for a finding.
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    TABLES.iter().copied().flatten().filter(|kind| kind.is_finding)
}

/// A secret of a kind; `None` where the one that was made is too plain to be taken for one.
pub(super) fn made(kind: &Kind, runner: &mut TestRunner) -> Option<Planted> {
    let shape = string_regex(kind.pattern).expect("the shape can be made").new_tree(runner).expect("is made").current();
    let bare = regex::Regex::new(&format!(r"\A(?:{})\z", kind.pattern)).expect("compiles");
    let captures = bare.captures(&shape).expect("is of the shape");
    let secret = captures.get(1).unwrap_or_else(|| captures.get(0).expect("matches")).as_str().to_owned();
    let is_one = entropy(&secret) >= kind.entropy && !allowed::is_placeholder_token(&secret) && !secret.contains("://");
    let name = match kind.place {
        Place::Begins | Place::After(_) | Place::AfterDigits(_) => "ü".to_owned(),
        Place::Named => format!("{}_x", kind.keywords[0]),
    };
    is_one.then_some(Planted { kind: kind.name, name, value: shape, secret })
}

/// Several secrets of every kind, the same at each run.
pub(crate) fn all() -> Vec<Planted> {
    let mut runner = TestRunner::deterministic();
    let mut all = by_grammar();
    // What stands on command lines may hold anything else.
    for kind in kinds().filter(|kind| !kind.name.starts_with("password of")) {
        let made: Vec<_> = (0..8).filter_map(|_| made(kind, &mut runner)).take(3).collect();
        assert!(!made.is_empty(), "{}: what is made is random enough", kind.name);
        all.extend(made);
    }
    let key = "[A-Za-z0-9+/]{64}\n[A-Za-z0-9+/]{64}\n[A-Za-z0-9+/]{20}==\n";
    for label in ["RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
        let tree = string_regex(key).expect("compiles").prop_map(|body| body).new_tree(&mut runner).expect("is made");
        let secret = format!("-----BEGIN {label}-----\n{}-----END {label}-----", tree.current());
        all.push(Planted { kind: "private key", name: "x".into(), value: secret.clone(), secret });
    }
    all
}

/// What has a grammar, or is told by a name.
fn by_grammar() -> Vec<Planted> {
    let one = |kind, name: &str, value: &str, secret: &str| Planted {
        kind,
        name: name.into(),
        value: value.into(),
        secret: secret.into(),
    };
    vec![
        one("password", "DB_PASSWORD", "Zk29dkQm", "Zk29dkQm"),
        one("secret or token", "client-secret", "Zk29dkQm2Lq8xV7b", "Zk29dkQm2Lq8xV7b"),
        one("password in a URL", "x", "postgres://app:Zk29/dkQm@db:5432/app", "Zk29/dkQm"),
        one("password of curl", "x", "curl -sSu me:Zk29dkQm http://h", "Zk29dkQm"),
        one("password of sshpass", "x", "sshpass -p Zk29dkQm ssh me@h", "Zk29dkQm"),
        one("password of mysql", "x", "mysql -uroot -pZk29dkQm", "Zk29dkQm"),
        one("password of a .netrc", "x", "machine h login me password Zk29dkQm", "Zk29dkQm"),
        one("HTTP authorization", "x", "Authorization: Bearer Zk29.dkQm", "Zk29.dkQm"),
        one("flag", "x", "app --token Zk29dkQm --port 1", "Zk29dkQm"),
        one("query", "x", "http://h/?token=Zk29dkQm&y=1", "Zk29dkQm"),
    ]
}
