//! Names of variables that hold secrets, and values that hide nothing.

/// Parts of a name that make it one of a secret, wherever they stand in it.
const SECRETS: [&str; 14] = [
    "apikey",
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "pat",
    "privatekey",
    "pwd",
    "pword",
    "secret",
    "secretkey",
    "token",
    "pass",
];
/// What stands before `key` where the key is a secret. Other keys sort, cache, or are public.
const KEYS: [&str; 17] = [
    "access",
    "account",
    "api",
    "app",
    "auth",
    "client",
    "deploy",
    "encryption",
    "git",
    "license",
    "master",
    "private",
    "secret",
    "service",
    "signing",
    "ssh",
    "tls",
];
/// Last parts of a name that make it one of something about a secret: where it is, how long it lives.
const ABOUT: [&str; 46] = [
    "algorithm",
    "algo",
    "arn",
    "audience",
    "client",
    "count",
    "dir",
    "directory",
    "disabled",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "file",
    "files",
    "folder",
    "format",
    "header",
    "host",
    "id",
    "issuer",
    "kind",
    "length",
    "lifetime",
    "limit",
    "location",
    "max",
    "min",
    "mode",
    "name",
    "namespace",
    "path",
    "policy",
    "prefix",
    "provider",
    "required",
    "rounds",
    "seconds",
    "size",
    "suffix",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
];

/// Whether a name is one of a secret: `DB_PASSWORD`, `apiKey`, `GITHUB_TOKEN`.
pub(super) fn is_secret(name: &str) -> bool {
    let parts = parts(name);
    let [.., last] = parts.as_slice() else { return false };
    let ends_with = |tail: &[&str]| parts.len() >= tail.len() && parts[parts.len() - tail.len()..].iter().eq(tail);
    if ends_with(&["access", "key", "id"]) {
        return true;
    }
    if is_about(&parts) {
        return false;
    }
    // As a word by itself `auth` is user and password; in `AUTH_MODE` it is not. `PWD` alone is the folder one is in.
    let is_short = |part: &str| matches!(part, "pat" | "pwd" | "pass");
    let named = parts.iter().enumerate().any(|(at, part)| {
        let is_last = at + 1 == parts.len();
        SECRETS.contains(&part.as_str()) && (!is_short(part) || (is_last && parts.len() > 1))
    });
    let key = parts.windows(2).any(|pair| pair[1] == "key" && KEYS.contains(&pair[0].as_str()));
    named || key || last == "auth"
}

/// Whether a name is one of something else, whatever its value looks like.
pub(super) fn is_other(name: &str) -> bool {
    is_about(&parts(name))
}

fn is_about(parts: &[String]) -> bool {
    let is_public = parts.iter().any(|part| matches!(part.as_str(), "public" | "pub" | "publishable" | "allow" | "no"));
    is_public || parts.last().is_some_and(|last| ABOUT.contains(&last.as_str()))
}

/// The parts of a name in small letters: of `DB_PASSWORD`, `db-password` and `dbPassword` two.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        let is_new = !c.is_alphanumeric() || (c.is_uppercase() && was_small);
        if is_new {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c.is_alphanumeric()) {
            part.extend(c.to_lowercase());
        }
        was_small = c.is_lowercase();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a value can be a secret: not empty, no switch, no path or URL, nothing that says of itself that it stands for another.
pub(super) fn is_literal(value: &str) -> bool {
    let lower = value.trim().to_lowercase();
    let is_switch = matches!(
        lower.as_str(),
        "" | "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "none"
            | "null"
            | "nil"
            | "0"
            | "1"
            | "enabled"
            | "disabled"
            | "required"
    );
    let is_path = ["/", "./", "../", "~/", "file:"].iter().any(|start| lower.starts_with(start));
    // A URL may hold a password of its own, which is found by its look.
    let is_url = lower.contains("://");
    let is_mark = ["<", "${", "{{", "xxx", "***", "..."].iter().any(|start| lower.starts_with(start));
    let stands_for = ["placeholder", "dummy", "not-a-secret", "notasecret", "not-real", "redacted"];
    !(is_switch || is_path || is_url || is_mark || stands_for.iter().any(|word| lower.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            "PASSWORD",
            "db_password",
            "dbPassword",
            "GITHUB_TOKEN",
            "TOKEN_GITHUB",
            "API_KEY",
            "apikey",
            "AWS_ACCESS_KEY_ID",
            "SECRET_KEY_BASE",
            "git_key",
            "GH_PAT",
            "NPM_AUTH",
            "auth",
            "MYSQL_ROOT_PWD",
            "DB_PASS",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "PASSWORD_FILE",
            "TOKENIZERS_PARALLELISM",
            "MAX_TOKENS",
            "PUBLIC_KEY",
            "GPG_KEY",
            "KEY",
            "PWD",
            "PASS",
            "AUTHOR",
            "AUTH_MODE",
            "SECRET_ID",
            "MONKEY",
            "COMPASS",
            "OLDPWD",
            "",
            "_",
            "PATH",
            "PATTERN",
            "ALLOW_EMPTY_PASSWORD",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
