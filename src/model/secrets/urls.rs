//! Passwords in URLs: `postgres://app:hunter2@db/app` (RFC 3986, section 3.2.1).

use super::allowed;
use std::ops::Range;

/// The kind for schemes that nobody knows.
const OTHER: &str = "password in a URL of another kind";
/// Longer parts of an address are none.
const LONGEST: usize = 512;
/// Words that stand for a password in a manual.
pub const IN_MANUALS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "pw",
    "secret",
    "user",
    "username",
    "token",
    "mypassword",
    "mypass",
    "foobar",
    "opensesame",
    "api_key",
    "apikey",
    "key",
];

/// The password of the URL whose `://` stands at `at`, and what kind it is.
pub fn password(text: &str, at: usize) -> Option<(Range<usize>, &'static str)> {
    let from = at + "://".len();
    let rest = &text[from..text.floor_char_boundary(from.saturating_add(LONGEST))];
    let end = rest.find(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '/' | '?' | '#' | '<' | '>' | '|' | ',' | '\\')
    });
    let authority = &rest[..end.unwrap_or(rest.len())];
    let (user, host) = authority.rsplit_once('@')?;
    let (name, password) = user.split_once(':')?;
    let lower = password.to_ascii_lowercase();
    let is_local = ["localhost", "127.", "[::1]"].iter().any(|here| host.starts_with(here));
    let is_none = password.len() < 4
        || allowed::is_placeholder(password)
        || allowed::is_reference(password)
        || IN_MANUALS.contains(&lower.as_str())
        || host.starts_with("example.")
        || host.contains(".example")
        || user.contains(['[', ']'])
        || (name == "guest" && password == "guest")
        || (is_local && password == name);
    let start = from + name.len() + 1;
    let kind = kind(scheme(text, at));
    // Of a scheme that nobody knows it may be anything: `cvs://:pserver:anonymous@host`.
    let is_told = kind != OTHER || password.bytes().any(|byte| byte.is_ascii_digit());
    (is_told && !is_none).then(|| (start..start + password.len(), kind))
}

/// As much as those who read logs must not see: a password may hold signs that should have been escaped, and then the last `@` ends it.
/// `seen` becomes the place up to which there is nothing more.
pub fn hidden(text: &str, at: usize, seen: &mut usize, stretch: &mut Stretch) -> Option<Range<usize>> {
    let from = at + "://".len();
    let rest = &text[from..stretch.end(text, from)];
    *seen = from + rest.len();
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    let end = authority.rfind('@').or_else(|| stretch.last_at(from))?;
    // Another URL may follow in the same word.
    *seen = from + end;
    let colon = rest[..end].find(':')?;
    (colon + 1 < end).then(|| from + colon + 1..from + end)
}

/// What stands between blanks and quotes. Many URLs may stand in one, whose end is looked for once.
#[derive(Debug, Default)]
pub struct Stretch {
    range: Range<usize>,
    last_at: Option<usize>,
}

impl Stretch {
    /// Where the stretch ends that goes on at `from`.
    pub fn end(&mut self, text: &str, from: usize) -> usize {
        if !self.range.contains(&from) {
            let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
            self.range = from..text[from..].find(ends).map_or(text.len(), |length| from + length);
            self.last_at = text[self.range.clone()].rfind('@').map(|at| from + at);
        }
        self.range.end
    }

    /// How far behind `from` its last `@` stands.
    pub fn last_at(&self, from: usize) -> Option<usize> {
        self.last_at?.checked_sub(from)
    }
}

fn scheme(text: &str, at: usize) -> &str {
    let before = &text.as_bytes()[at.saturating_sub(20)..at];
    let length = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(**byte, b'+' | b'-' | b'.'))
        .count();
    &text[at - length..at]
}

fn kind(scheme: &str) -> &'static str {
    let scheme = scheme.to_ascii_lowercase();
    let scheme = scheme.rsplit(':').next().unwrap_or_default();
    match scheme.split('+').next().unwrap_or_default() {
        "http" | "https" | "ftp" | "ftps" | "sftp" | "ssh" | "git" | "ws" | "wss" => "password in a URL",
        "amqp" | "amqps" | "nats" | "mqtt" | "mqtts" | "kafka" | "stomp" => "password of a message broker in a URL",
        "smtp" | "smtps" | "imap" | "imaps" | "ldap" | "ldaps" => "password of a mail or directory server in a URL",
        "redis" | "rediss" | "postgres" | "postgresql" | "mysql" | "mariadb" | "mongodb" | "mssql" | "sqlserver"
        | "clickhouse" | "cockroachdb" | "oracle" | "db2" | "cassandra" | "neo4j" | "bolt" | "influxdb" | "couchdb"
        | "elasticsearch" | "jdbc" => "password of a database in a URL",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(&str, &'static str)> {
        password(text, text.find("://")?).map(|(range, kind)| (&text[range], kind))
    }

    #[test]
    fn passwords_of_urls() {
        let database = "password of a database in a URL";
        assert_eq!(of("postgres://app:s3cret@db:5432/app"), Some(("s3cret", database)));
        assert_eq!(of("x=mongodb+srv://u:p%40ss1@h/?a=b"), Some(("p%40ss1", database)));
        assert_eq!(of("redis://:Zk29dk@cache"), Some(("Zk29dk", database)));
        assert_eq!(of("https://me:Zk29dk@git.test/x.git"), Some(("Zk29dk", "password in a URL")));
        for text in [
            "https://host:8443/a@b",
            "ssh://git@host/x",
            "postgres://u:${PW}@db",
            "postgres://u:$PW@db",
            "postgres://{user}:{pw}@db",
            "postgres://user:password@db",
            "postgres://postgres:postgres@localhost/x",
            "http://u:<pw>@h",
            "https://a:b1c2@example.com",
            "://",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
