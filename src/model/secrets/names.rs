//! What a name says of the value that stands under it.

use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// How surely a name says that its value is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// Nothing.
    Nothing,
    /// It may be one: `auth`, `cookie`, `private`. Only a random value is.
    Maybe,
    /// A key or token: something that a machine made.
    Token,
    /// A password: something that a person may have made.
    Password,
}

/// Words that make of a secret's name the name of something about it: `password_file`, `tokenUrl`, `secret_name`, `token_ttl`.
const ABOUT: &str = "\
    name names id ids file files path paths dir url urls uri uris endpoint host port ref refs reference arn type \
    types ttl expiry expires expiration expire lifetime timeout age duration interval seconds minutes hours days \
    length len size min max policy rotation version hash hashes hashed digest sha sha1 sha256 sha512 md5 checksum \
    fingerprint provider class header field label prefix suffix regex pattern format store manager backend mode \
    enabled disabled required optional count limit usage hint prompt placeholder help text message title \
    description error errors env var variable mount volume namespace service account issuer audience scope scopes \
    algorithm alg method strategy engine command cmd key keys index status state action owner selector template \
    validator encoder generator link page form input change reset strength budget used rate per bytes chars \
    charset projection vocab embedding map list ring existing exists set";

/// Words of which one anywhere in a name makes it public.
const PUBLIC: &str = "\
    public pub pubkey publishable example sample fake dummy mock max min no per num total amz";

/// Parts that a machine's secret has in its name, all words written together.
const TOKENS: &[&str] = &[
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "accountkey",
    "sharedkey",
    "sharedaccesskey",
    "sessionkey",
    "credential",
    "bearer",
];

const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "passcode", "pgpass"];

/// What a name says: `DB_PASSWORD`, `clientSecret`, `x-api-key`.
pub fn says(name: &str) -> Says {
    let words = words(name);
    let Some(last) = words.last() else { return Says::Nothing };
    // `accessKey` is a secret and `tokenKey` is where one is found: a key that the words before it make one.
    let joined = words.concat();
    let ends_in_key = TOKENS.iter().any(|part| part.ends_with("key") && joined.ends_with(part));
    if (has(ABOUT, last) && !ends_in_key) || words.iter().any(|word| has(PUBLIC, word)) {
        return Says::Nothing;
    }
    let is_pwd = words.len() > 1 || joined == "pwd" && name != "PWD";
    if PASSWORDS.iter().any(|part| joined.contains(part))
        || matches!(last.as_str(), "pass" | "pw")
        || (last == "pwd" && is_pwd && joined != "oldpwd")
    {
        return Says::Password;
    }
    // A tokenizer is none, and neither is the secretary.
    let is_token =
        TOKENS.iter().any(|part| joined.match_indices(part).any(|(at, _)| ends_word(&joined[at + part.len()..])));
    if is_token {
        return Says::Token;
    }
    let is_maybe = matches!(last.as_str(), "auth" | "cookie" | "private" | "authorization");
    if is_maybe { Says::Maybe } else { Says::Nothing }
}

/// Whether a word stands in a list.
fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|other| other == word)
}

fn ends_word(rest: &str) -> bool {
    !["iz", "is", "ary", "ion", "ed"].iter().any(|more| rest.starts_with(more))
}

/// The words of a name in lower case: split at signs and where a capital begins one.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut before, mut is_new) = ('_', true);
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            is_new = true;
        } else {
            if is_new || (c.is_ascii_uppercase() && !before.is_ascii_uppercase()) {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
            is_new = false;
        }
        before = c;
    }
    words
}

/// Parts of names whose value those who read logs never see, in lower case without `_`, `-` and `.`.
const HIDDEN: &[&str] = &[
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
];

/// Whether to hide what stands under a name from those who read logs: wider than [`says`], because hiding too much harms nobody. One
/// of the [`KEYWORDS`] stands in every such name, as it is written there.
pub fn hides(name: &str) -> bool {
    static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(KEYWORDS);
        automaton.expect("the keywords are few and short")
    });
    if !ANY.is_match(name) {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    let joined: String = lower.chars().filter(|c| !matches!(c, '_' | '-' | '.')).collect();
    // Who wrote something is no secret.
    let is_auth =
        |rest: &str| !rest.starts_with("author") || rest.starts_with("authoriz") || rest.starts_with("authoris");
    HIDDEN.iter().any(|part| joined.contains(part))
        || joined.match_indices("auth").any(|(at, _)| is_auth(&joined[at..]))
        || joined.ends_with("pass")
        || lower.ends_with("_pwd")
}

/// Words of which one stands in every name that [`says`] or [`hides`] speaks of.
pub const KEYWORDS: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "api.key",
    "access_key",
    "access-key",
    "access.key",
    "accesskey",
    "account_key",
    "account-key",
    "account.key",
    "accountkey",
    "credential",
    "cookie",
    "bearer",
    "basic",
    "auth",
    "private",
    "signing_key",
    "signing-key",
    "signingkey",
    "encryption_key",
    "encryption-key",
    "encryptionkey",
    "master_key",
    "master-key",
    "masterkey",
    "shared_key",
    "shared-key",
    "sharedkey",
    "session_key",
    "session-key",
    "sessionkey",
    "db_pw",
    "_pw=",
];

/// Beginnings of the names of programs that take passwords by flags which do not say so: [`super::super::redact`] knows those.
pub const CLIENTS: &[&str] =
    &["curl", "wget", "sshpass", "redis-cli", "ldap", "smbclient", "mysql", "mariadb", "mycli"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_hold() {
        for name in [
            "DB_PASSWORD",
            "password",
            "userPasswd",
            "DB_PASS",
            "db_pwd",
            "PGPASSWORD",
            "keyPassphrase",
            "admin-password",
        ] {
            assert_eq!(says(name), Says::Password, "{name}");
        }
        for name in [
            "API_KEY",
            "apiKey",
            "clientSecret",
            "AUTH_TOKEN",
            "x-api-key",
            "secret_key",
            "JWT_SECRET",
            "signingKey",
            "tokens",
        ] {
            assert_eq!(says(name), Says::Token, "{name}");
        }
        for name in [
            "PASSWORD_FILE",
            "secretName",
            "existingSecretKey2Name",
            "token_url",
            "tokenUrl",
            "TOKEN_TTL",
            "max_tokens",
            "publicKey",
            "public_api_key",
            "access_key_id",
            "tokenizer",
            "secretary",
            "PWD",
            "OLDPWD",
            "compass",
            "password_hash",
            "secret-ref",
            "secretKeyRef",
            "tokenKey",
            "PATH",
            "author",
            "passwordPolicy",
            "num_tokens_per_second",
            "automountServiceAccountToken_mode",
        ] {
            assert_eq!(says(name), Says::Nothing, "{name}");
        }
        assert_eq!(says("SESSION_COOKIE"), Says::Maybe);
    }

    #[test]
    fn hidden_are_all_that_say_secret() {
        for name in
            ["DB_PASSWORD", "X-Auth-Token", "AUTHORIZATION", "DB_PASS", "cookie", "private.key", "old_pwd", "MY_AUTH"]
        {
            assert!(hides(name), "{name}");
        }
        for name in ["AUTHOR", "GIT_AUTHOR_NAME", "PWD", "KEYMAP", "LANG"] {
            assert!(!hides(name), "{name}");
        }
    }

    #[test]
    fn a_keyword_stands_in_every_name() {
        for part in HIDDEN.iter().chain(PASSWORDS).chain(TOKENS).chain(&["auth", "db_pwd"]) {
            let has = |text: &str| KEYWORDS.iter().any(|word| text.contains(word));
            assert!(has(part) || part.ends_with("authkey"), "{part}");
        }
    }
}
