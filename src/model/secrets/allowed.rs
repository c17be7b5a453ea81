//! What looks like a secret and is none: placeholders, references to where the secret is, hashes, words.

use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// Parts of placeholders, in lower case. None of them stands in a random token by chance.
const PLACEHOLDERS: &str = "\
    example changeme change-me change_me changeit placeholder redacted replaceme replace-me replace_me \
    replace-with replace_with your- your_ yourpass yoursecret yourtoken yourkey yourapi dummy xxxx **** .... #### \
    ____ insert- insert_ to-be- todo fixme not-a- not_a_ notreal mysecret my-secret foobar < …";

/// The same as an automaton: a value is gone over once for all of them.
static PLACEHOLDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(PLACEHOLDERS.split_whitespace());
    automaton.expect("the parts are few and short")
});

/// Beginnings of what says where the secret is, in lower case.
const REFERENCES: &str = "\
    /run/secrets/ vault: file: env: env. secret: secrets. secretref: ref+ ref: op:// awssm: ssm: arn: projects/ \
    keyvault: @microsoft.keyvault doppler: bao: gcpsm: sm:// gcp: aws: azure: sops: enc[ encrypted: !vault \
    $ansible_vault valuefrom keychain: pass: cmd: exec: process.env os.environ os.getenv getenv var. local. data. \
    module. random_password. random_string. each. self. this. config. settings. args. options. props. params. \
    request. req. input. inputs. github. steps. none null nil undefined";

/// Whether a value stands in for a secret: `changeme`, `xxxx`, `<password>`, AWS's documented keys that end in `EXAMPLE`.
pub fn is_placeholder(value: &str) -> bool {
    // `DB_PASSWORD`: the name of what belongs there; and what is cut short.
    let is_name = value.contains('_')
        && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && ["PASS", "PWD", "TOKEN", "SECRET", "KEY"].iter().any(|part| value.contains(part));
    PLACEHOLDER.is_match(value) || is_name || value.ends_with("...") || is_of_one_sign(value)
}

/// The same for a token of a known shape, where fewer words are needed and a long one may hold some by chance.
pub fn is_placeholder_token(token: &str) -> bool {
    const PARTS: &[&str] =
        &["example", "changeme", "placeholder", "redacted", "xxxxx", "your_", "your-", "dummy", "*****", "....", "<"];
    let lower = token.to_ascii_lowercase();
    PARTS.iter().any(|part| lower.contains(part)) || is_of_one_sign(token)
}

/// `aaaaaa`, `------`, nothing.
fn is_of_one_sign(value: &str) -> bool {
    let mut signs = value.chars();
    signs.next().is_none_or(|first| signs.all(|sign| sign == first))
}

/// Whether a value says where the secret is, and is not the secret: `${VAR}`, `{{ … }}`, `/run/secrets/db`, `vault:secret/db`.
pub fn is_reference(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_template = ["${", "$(", "{{", "<%", "#{", "%(", "%s", "%v", "{}"].iter().any(|open| lower.contains(open));
    let starts = lower.starts_with(['$', '@', '&', '*', '`', '{', '[', '(']) || lower.starts_with("?{");
    let is_variable = lower.starts_with('%') && lower.ends_with('%');
    is_template
        || starts
        || is_variable
        || REFERENCES.split(' ').any(|start| lower.starts_with(start))
        || is_path(&lower)
}

/// A path of a file; what only begins with a stroke may be base64.
fn is_path(lower: &str) -> bool {
    const FOLDERS: &[&str] =
        &["/etc/", "/var/", "/opt/", "/secrets/", "/mnt/", "/home/", "/usr/", "/tmp/", "/root/", "/vault/", "/config/"];
    let is_here = ["./", "../", "~/", "c:\\"].iter().any(|start| lower.starts_with(start));
    is_here || FOLDERS.iter().any(|folder| lower.starts_with(folder)) || (lower.starts_with('/') && is_wordy(lower))
}

/// Whether a value reads as words and small numbers with signs between them: `my-db-v2`, `app.config.password1`. What a machine
/// made at random does not.
pub fn is_wordy(value: &str) -> bool {
    value.split(|c: char| !c.is_ascii_alphanumeric()).all(|part| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - letters.len();
        letters.bytes().all(|byte| byte.is_ascii_alphabetic()) && digits <= if letters.is_empty() { 8 } else { 4 }
    })
}

/// Whether a value without quotes reads as the name of a type or a constant with a number in it: `X509RequestFlags`.
pub fn is_symbol(value: &str) -> bool {
    let is_part = |part: &str| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let turns = part.as_bytes().windows(2).filter(|pair| is_digit(&pair[0]) != is_digit(&pair[1])).count();
        digits <= 5 && turns <= 2
    };
    let is_name = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    is_name && value.len() >= 12 && value.split(['_', '.']).all(is_part)
}

/// Whether a value goes on as the alphabet or the numbers do, as in a manual.
pub fn is_sequence(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["abcdefgh", "123456789", "987654321", "abc123"].iter().any(|run| lower.contains(run))
}

/// Whether a value is a number with its type: `12288u32`.
pub fn is_typed_number(value: &str) -> bool {
    let rest = value.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < value.len()
        && matches!(
            rest,
            "" | "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" | "f32" | "f64"
        )
}

/// Whether a value is a name for something (UUID), or the hash of something, with what says so: `sha256:…`, `sha512-…`.
pub fn is_identifier(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_hash = [
        "sha1:", "sha256:", "sha512:", "md5:", "sha1-", "sha256-", "sha384-", "sha512-", "h1:", "$2", "{sha", "{ssha",
        "pbkdf2",
    ]
    .iter()
    .any(|start| lower.starts_with(start));
    let is_public = [
        "ssh-",
        "ecdsa-sha2-",
        "aaaab3nza",
        "aaaac3nza",
        "-----begin cert",
        "-----begin pub",
        "ls0tls1crudjtibdrvjusuzj",
    ]
    .iter()
    .any(|start| lower.starts_with(start));
    // As `crypt` writes them: `user:$2y$05$…`.
    let is_crypt = ["$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "$5$", "$6$", "$y$", "$argon2"]
        .iter()
        .any(|mark| lower.contains(mark));
    is_hash || is_crypt || is_public || is_uuid(&lower) || lower.contains("://")
}

fn is_uuid(lower: &str) -> bool {
    let parts: Vec<&str> = lower.split('-').collect();
    parts.len() == 5
        && parts
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether the name before a value says that this is a hash: `datadog_agent_sha256 = "…"`.
pub fn is_hash_name(name: &str) -> bool {
    super::names::words(name).iter().any(|word| {
        let is_sha = word.strip_prefix("sha").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        is_sha
            || ["md5", "hash", "digest", "checksum", "commit", "revision", "integrity", "fingerprint"]
                .contains(&word.as_str())
    })
}

/// Names of algorithms, types and the like, as they stand where a password's type is said.
pub fn is_technical(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "base64"
            | "base32"
            | "sha256"
            | "sha512"
            | "sha1"
            | "md5"
            | "utf8"
            | "utf16"
            | "int64"
            | "int32"
            | "uint64"
            | "uint32"
            | "oauth2"
            | "argon2"
            | "argon2i"
            | "argon2id"
            | "pbkdf2"
            | "oauth2bearer"
            | "x509"
            | "aes256"
            | "ed25519"
            | "hs256"
            | "rs256"
            | "es256"
    )
}

/// `text` without the shell's `${NAME:-` and `}`: the default is what counts. Another `${…}` stays what it is.
pub fn default_of(value: &str) -> &str {
    let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let Some((name, default)) = inner.and_then(|inner| inner.split_once(":-").or_else(|| inner.split_once('-'))) else {
        return value;
    };
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { default } else { value }
}

/// The mark of a person who looked at it: on the line, or alone in a comment on the line above.
const MARK: &str = "flightdeck:allow";

/// How far from a secret its line is looked at.
const WIDEST: usize = 2_000;

/// Whether anything in a text is marked: [`is_marked`] need not be asked of each secret then.
pub fn has_marks(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), MARK.as_bytes()).is_some()
}

/// Whether a person has marked what begins at `at` as allowed.
pub fn is_marked(text: &str, at: usize) -> bool {
    let before = &text[text.floor_char_boundary(at.saturating_sub(WIDEST))..at];
    let after = &text[at..text.floor_char_boundary(at.saturating_add(WIDEST))];
    let (above, line) = before.rsplit_once('\n').unwrap_or(("", before));
    if line.contains(MARK) || after.split('\n').next().is_some_and(|rest| rest.contains(MARK)) {
        return true;
    }
    let above = above.rsplit('\n').next().unwrap_or_default().trim_start();
    above.contains(MARK) && ["#", "//", "--", ";", "/*", "*", "<!--"].iter().any(|comment| above.starts_with(comment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_references() {
        for value in [
            "changeme",
            "CHANGE_ME",
            "xxxxxxxx",
            "<password>",
            "AKIAIOSFODNN7EXAMPLE",
            "your-api-key",
            "********",
            "DB_PASSWORD",
            "PLTZabc...",
            "",
            "0000",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in [
            "${DB_PASSWORD}",
            "$DB",
            "{{ .Values.password }}",
            "/run/secrets/db",
            "vault:secret/data/db#password",
            "env:X",
            "file:/x",
            "%PASS%",
            "ENC[AES256_GCM,data:x]",
            "./secrets/db",
            "/etc/app/password",
            "var.password",
            "op://vault/item/field",
            "#{pw}",
            "<%= pw %>",
            "?{gpg:path/password:ec3d54de}",
        ] {
            assert!(is_reference(value), "{value}");
        }
        for value in ["hunter2", "HUNTER_2X", "s3cr3t!", "/9j4AAQSkZJRg+AB12cd34=", "Xk29dkQm2Lq8"] {
            assert!(!is_reference(value) && !is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn words_and_identifiers() {
        for value in ["my-db-v2", "app.config.password1", "wildcard-tls-2024", "postgres"] {
            assert!(is_wordy(value), "{value}");
        }
        for value in ["a8f3k2q9", "Xk29dkQm2Lq8", "p4ssw0rd"] {
            assert!(!is_wordy(value), "{value}");
        }
        assert!(
            is_identifier("550e8400-e29b-41d4-a716-446655440000")
                && is_identifier("sha256:abc")
                && !is_identifier("abc")
        );
        assert_eq!(default_of("${DB_PASSWORD:-hunter2}"), "hunter2");
        assert_eq!(default_of("${DB_PASSWORD:?must be set}"), "${DB_PASSWORD:?must be set}");
    }

    #[test]
    fn marks_are_on_the_line_or_in_a_comment_above() {
        let text = "a\n# flightdeck:allow a fixture\nkey = 1\nkey = 2\nkey = 3 # flightdeck:allow\nb flightdeck:allow\nkey = 4\n";
        let at = |what: &str| is_marked(text, text.find(what).expect("is there"));
        assert_eq!((at("key = 1"), at("key = 2"), at("key = 3"), at("key = 4")), (true, false, true, false));
    }
}
