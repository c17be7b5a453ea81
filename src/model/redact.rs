//! The one place where secrets are taken out of text from outside, before it is kept, shown or written: environments, command
//! lines, and whatever else may hold a password. It errs towards hiding.

mod client;

use client::Flags;
use std::borrow::Cow;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Parts of names that hold secrets, in lower case without `_`, `-` and `.`.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "accountkey",
    "private",
    "credential",
    "cookie",
    "bearer",
    "pgpass",
    "auth",
];

/// Beginnings of tokens that are known by their shape, and how long such a token is at least.
const TOKEN_SHAPES: &[(&str, usize)] = &[
    ("AKIA", 20),
    ("ASIA", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("xoxa-", 16),
    ("xoxr-", 16),
    ("xoxs-", 16),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("sk-", 24),
    ("hvs.", 16),
    ("AIza", 35),
    ("npm_", 20),
    ("dckr_pat_", 16),
];

/// Whether a variable, flag or field of this name holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let name: String = lower.chars().filter(|c| !matches!(c, '_' | '-' | '.')).collect();
    let by_part = SECRET_NAMES.iter().any(|part| match *part {
        // Who wrote something is no secret.
        "auth" => name.match_indices("auth").any(|(at, _)| is_auth(&name[at..])),
        part => name.contains(part),
    });
    by_part || name.ends_with("pass") || lower.ends_with("_pwd")
}

fn is_auth(rest: &str) -> bool {
    !rest.starts_with("author") || rest.starts_with("authoriz") || rest.starts_with("authoris")
}

/// The value of a variable: hidden whole where the name says so, otherwise as [`text`].
pub fn value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if !value.is_empty() && is_secret_name(name) { Cow::Borrowed(REDACTED) } else { text(value) }
}

/// A command line, argument by argument: `--password=…`, `--token …`, `-pSECRET` of the MySQL clients, `user:password` of
/// curl, also where `sudo` and the like stand before them, and everything that [`text`] finds.
pub fn arguments<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<Cow<'a, str>> {
    let mut flags = Flags::default();
    let mut announced = false;
    let mut shown = Vec::new();
    for (at, argument) in arguments.into_iter().enumerate() {
        let of_client = flags.read(argument);
        let hidden = if announced && !argument.starts_with("--") { Some(REDACTED.into()) } else { of_client };
        let is_flag = at > 0 && argument.starts_with('-') && !argument.contains(['=', ' ']);
        announced = hidden.is_none() && is_flag && is_secret_name(argument);
        shown.push(hidden.map_or_else(|| text(argument), Cow::Owned));
    }
    shown
}

/// Free text: tokens of known shape, `name=value` and `"name": "value"` with a name that says secret, HTTP authorisation, the
/// password in a URL, and what [`arguments`] finds in a line for the shell are hidden. Borrows where nothing had to be.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.contains("-----BEGIN") {
        return Cow::Borrowed(REDACTED);
    }
    let mut shown = String::new();
    let mut copied = 0;
    let mut hide = false;
    let mut flags = Flags::default();
    for (start, end) in words(text) {
        // An argument that was replaced may hold several words.
        if start < copied {
            continue;
        }
        if let Some(kept) = flags.read(&text[start..end_of_flag(text, start, end)]) {
            shown.push_str(&text[copied..start]);
            shown.push_str(&kept);
            (copied, hide) = (end_of_argument(text, start, end), false);
            continue;
        }
        let kept = match Word::read(&text[start..end], hide) {
            Word::Plain => {
                hide = false;
                continue;
            }
            Word::Announces => {
                hide = true;
                continue;
            }
            Word::Still => continue,
            Word::Secret { kept, announces } => {
                hide = announces;
                kept
            }
        };
        shown.push_str(&text[copied..start]);
        shown.push_str(&kept);
        copied = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[copied..]);
    Cow::Owned(shown)
}

/// The end of a word that is a flag, with the quote that opens its value: `-p'`.
fn end_of_flag(text: &str, start: usize, end: usize) -> usize {
    if text[start..end].starts_with('-') && opens_quote(&text[end..]) { end + 1 } else { end }
}

/// Whether a text begins with a quote that more of the same argument follows.
fn opens_quote(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_quote) && chars.next().is_some_and(|c| !c.is_whitespace() && !ends_command(c))
}

fn ends_command(c: char) -> bool {
    matches!(c, ';' | '&' | '|' | ')')
}

/// Where the argument of a shell line ends that begins at `start`, and whose first word ends at `end`.
fn end_of_argument(text: &str, start: usize, end: usize) -> usize {
    let before = text[..start].chars().next_back().filter(|c| is_quote(*c));
    if let Some(length) = before.and_then(|quote| text[start..].find(quote)) {
        return (start + length).max(end);
    }
    let mut quote = None;
    let mut chars = text[start..].char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if is_quote(c) && opens_quote(&text[start + at..]) => quote = Some(c),
            None if c == '\\' && !text[start + at + 1..].starts_with(is_quote) => {
                chars.next();
            }
            None if c.is_whitespace() || is_quote(c) || c == '\\' || ends_command(c) => return (start + at).max(end),
            None => {}
        }
    }
    text.len()
}

/// What one word of a text is.
enum Word {
    Plain,
    /// A secret follows: `password:`, `Bearer`.
    Announces,
    /// What stands between an announcement and the secret.
    Still,
    /// To be replaced; `announces` where more of it follows.
    Secret {
        kept: String,
        announces: bool,
    },
}

impl Word {
    fn read(word: &str, hide: bool) -> Self {
        if matches!(word, ":" | "=" | "Bearer" | "bearer" | "Basic" | "basic") {
            return if word.len() > 1 {
                Self::Announces
            } else if hide {
                Self::Still
            } else {
                Self::Plain
            };
        }
        if (hide && !word.starts_with("--")) || is_token(word) {
            return Self::secret(REDACTED.into());
        }
        if word.starts_with('-') && !word.contains(['=', ':']) && is_secret_name(word) {
            return Self::Announces;
        }
        match Self::pair(word) {
            Self::Plain => url_without_password(word).map_or(Self::Plain, Self::secret),
            found => found,
        }
    }

    /// A word with `name=value` or `name: value` somewhere in it: `-ePASSWORD=x`, `--header=X-Api-Key:x`.
    fn pair(word: &str) -> Self {
        let mut start = 0;
        for (at, _) in word.match_indices(['=', ':']).filter(|(at, _)| !word[*at..].starts_with("://")) {
            let (name, value) = (&word[start..at], &word[at + 1..]);
            if is_secret_name(name) {
                return if value.is_empty() {
                    Self::Announces
                } else {
                    Self::secret(format!("{}{REDACTED}", &word[..=at]))
                };
            }
            if is_token(value) {
                return Self::secret(format!("{}{REDACTED}", &word[..=at]));
            }
            start = at + 1;
        }
        Self::Plain
    }

    fn secret(kept: String) -> Self {
        Self::Secret { kept, announces: false }
    }
}

/// Start and end of each word: what stands between blanks, quotes, and the separators of queries and lists. A secret's name and
/// the `:` after it count as one word, and so does a URL up to the `@` after its password, whatever is in that.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(|c: char| !is_separator(c))?;
        let end = text[start..].find(is_separator).map_or(text.len(), |length| start + length);
        at = end_of_password(text, start, end).or_else(|| end_of_name(text, start, end)).unwrap_or(end);
        Some((start, at))
    })
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || is_quote(c) || matches!(c, '\\' | ';' | '&' | '?' | ',' | '{' | '}')
}

/// Where `"password" :` ends.
fn end_of_name(text: &str, start: usize, end: usize) -> Option<usize> {
    let after = text[end..].trim_start_matches(|c| is_quote(c) || c == '\\').trim_start();
    let is_name = after.len() < text.len() - end && after.starts_with([':', '=']) && is_secret_name(&text[start..end]);
    is_name.then(|| text.len() - after.len() + 1)
}

/// Where `scheme://user:password@` ends.
fn end_of_password(text: &str, start: usize, end: usize) -> Option<usize> {
    let from = start + text[start..end].find("://")? + 3;
    let rest = &text[from..];
    let rest = &rest[..rest.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(rest.len())];
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    // A password may hold a `/` that should have been escaped: the last `@` of all ends it, then.
    let at = authority.rfind('@').or_else(|| rest.rfind('@'))?;
    rest[..at].contains(':').then_some(from + at + 1)
}

/// Whether a word is a token by its shape alone.
fn is_token(word: &str) -> bool {
    let is_body = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=' | '+' | '/');
    let known = TOKEN_SHAPES.iter().any(|(start, length)| word.starts_with(start) && word.len() >= *length);
    let jwt = word.starts_with("eyJ") && word.len() > 20 && word.matches('.').count() == 2;
    (known || jwt) && word.chars().all(is_body)
}

/// `scheme://user:password@` without the password; `None` where there is none.
fn url_without_password(word: &str) -> Option<String> {
    let start = word.find("://")? + 3;
    let at = word[start..].rfind('@')?;
    let colon = word[start..][..at].find(':')?;
    (colon + 1 < at).then(|| format!("{}{REDACTED}{}", &word[..=start + colon], &word[start + at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_say_secret_hide_their_value() {
        for name in [
            "PASSWORD",
            "db_passwd",
            "API_KEY",
            "apikey",
            "AWS_SECRET_ACCESS_KEY",
            "X-Auth-Token",
            "PGPASSWORD",
            "DB_PASS",
        ] {
            assert_eq!(value(name, "hunter2"), REDACTED, "{name}");
        }
        for name in ["PATH", "AUTHOR", "GIT_AUTHOR_NAME", "HOME", "OLDPWD", "PWD", "KEYMAP", "LANG"] {
            assert_eq!(value(name, "plain"), "plain", "{name}");
        }
        assert_eq!(value("PASSWORD", ""), "");
        assert_eq!(value("AUTHORIZATION", "x"), REDACTED);
    }

    #[test]
    fn values_of_known_shape_are_hidden() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        for secret in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_0123456789abcdef0123456789abcdef0123",
            jwt,
            "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END",
            "glpat-0123456789abcdefghij",
        ] {
            assert_eq!(value("X", secret), REDACTED, "{secret}");
        }
        assert_eq!(value("DATABASE_URL", "postgres://app:s3cret@db:5432/app"), "postgres://app:[redacted]@db:5432/app");
        assert_eq!(value("URL", "http://host:80/a@b"), "http://host:[redacted]@b");
        assert_eq!(value("URL", "https://user@host/path"), "https://user@host/path");
        assert_eq!(value("URL", "https://host:8443/path"), "https://host:8443/path");
    }

    #[test]
    fn command_lines_lose_their_secrets() {
        let cases: &[(&[&str], &[&str])] = &[
            (&["app", "--password=x", "--port=1"], &["app", "--password=[redacted]", "--port=1"]),
            (&["app", "--token", "x", "y"], &["app", "--token", "[redacted]", "y"]),
            (&["app", "--no-auth", "--verbose"], &["app", "--no-auth", "--verbose"]),
            (&["/usr/bin/mysql", "-uroot", "-phunter2"], &["/usr/bin/mysql", "-uroot", "-p[redacted]"]),
            (&["sshpass", "-p", "x", "ssh"], &["sshpass", "-p", "[redacted]", "ssh"]),
            (&["curl", "-u", "me:x", "http://h"], &["curl", "-u", "me:[redacted]", "http://h"]),
            (&["curl", "-H", "Authorization: Bearer abc"], &["curl", "-H", "Authorization: Bearer [redacted]"]),
            (&["sh", "-c", "PASSWORD=a b --token=c"], &["sh", "-c", "PASSWORD=[redacted] b --token=[redacted]"]),
            (&["x", "http://h/?token=abc&y=1"], &["x", "http://h/?token=[redacted]&y=1"]),
            (&["x", r#"{"password": "a", "user": "b"}"#], &["x", r#"{"password": "[redacted]", "user": "b"}"#]),
            (&["x", r#"{"password":"a"}"#], &["x", r#"{"password":"[redacted]"}"#]),
            (&["x", r#"{\"password\":\"a\"}"#], &["x", r#"{\"password\":\"[redacted]\"}"#]),
            (&["docker", "run", "-eDB_PASSWORD=a"], &["docker", "run", "-eDB_PASSWORD=[redacted]"]),
            (&["x", "--header=X-Api-Key: a"], &["x", "--header=X-Api-Key: [redacted]"]),
            (&["java", "-Ddb.password=a", "-cp", "a:b"], &["java", "-Ddb.password=[redacted]", "-cp", "a:b"]),
            (&["x", "PASSWORD = a b"], &["x", "PASSWORD = [redacted] b"]),
            (&["sh", "-c", "app --token a --auth --verbose"], &["sh", "-c", "app --token [redacted] --auth --verbose"]),
            (&["x", "u://a:b,c?d&e@h/?token=f"], &["x", "u://a:[redacted]@h/?token=[redacted]"]),
            (&["x", "--url=u://a:b@h", "u://a:b/c@h"], &["x", "--url=u://a:[redacted]@h", "u://a:[redacted]@h"]),
            (&["ssh", "-p", "22", "host"], &["ssh", "-p", "22", "host"]),
            (&["mkdir", "-p", "/a"], &["mkdir", "-p", "/a"]),
            (&["sudo", "-u", "me", "mysql", "-pX"], &["sudo", "-u", "me", "mysql", "-p[redacted]"]),
            (&["timeout", "9", "/usr/bin/mysqldump", "-pX"], &["timeout", "9", "/usr/bin/mysqldump", "-p[redacted]"]),
            (&["docker", "exec", "db", "mysql", "-pX"], &["docker", "exec", "db", "mysql", "-p[redacted]"]),
            (&["env", "curl", "-sSu", "me:x", "h"], &["env", "curl", "-sSu", "me:[redacted]", "h"]),
            (&["curl", "-ume:x", "-u", "key:"], &["curl", "-ume:[redacted]", "-u", "[redacted]"]),
        ];
        for (given, expected) in cases {
            assert_eq!(arguments(given.iter().copied()), *expected);
        }
    }

    #[test]
    fn lines_for_the_shell_lose_their_secrets() {
        for (given, expected) in [
            (
                "mysqldump -uroot -phunter2 ; curl -u me:hunter3 http://x",
                "mysqldump -uroot -p[redacted] ; curl -u me:[redacted] http://x",
            ),
            ("sudo mysql -pX && ls -p", "sudo mysql -p[redacted] && ls -p"),
            ("a|/usr/bin/mysql -p'a b;c' -h h", "a|/usr/bin/mysql -p[redacted] -h h"),
            ("sh -c \"mysql -pX\" && ls", "sh -c \"mysql -p[redacted]\" && ls"),
            ("sh -c \"mysql -p\" && ls", "sh -c \"mysql -p\" && ls"),
            ("curl -u 'me:a b' h; ls", "curl -u 'me:[redacted]' h; ls"),
            ("curl --user me:\"x y\" h", "curl --user [redacted] h"),
            ("x=$(redis-cli -a pw get k)", "x=$(redis-cli -a [redacted] get k)"),
            ("sshpass -p pw ssh -p 22 h", "sshpass -p [redacted] ssh -p 22 h"),
            ("mysql -pa\\ b c", "mysql -p[redacted] c"),
            ("mkdir -p/a; tar -pxf b", "mkdir -p/a; tar -pxf b"),
        ] {
            assert_eq!(text(given), expected);
            assert_eq!(arguments(["sh", "-c", given])[2], expected);
        }
    }

    proptest! {
        #[test]
        fn no_command_line_fails(words in prop::collection::vec("mysql|curl|-p|-u|sshpass|[\"'\\\\;ä:x ]", 0..12)) {
            text(&words.concat());
            text(&words.join(" "));
        }

        #[test]
        fn no_text_fails(given in any::<String>()) {
            text(&given);
            arguments(given.split(' '));
        }

        #[test]
        fn a_secret_does_not_survive(secret in "[a-z0-9]{12,30}zq") {
            let line = [format!("--password={secret}"), format!("A_TOKEN={secret}"), format!("u://a:{secret}@h")];
            let shown = arguments(line.iter().map(String::as_str)).join(" ");
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }
    }
}
