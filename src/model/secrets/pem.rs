//! Private keys in PEM and PGP's armour (RFC 7468, RFC 9580), also within JSON with `\n` for the ends of lines.

use std::ops::Range;

/// A key is shorter.
const LONGEST: usize = 16 << 10;
/// Signs of base64 that a key has at least.
const SHORTEST: usize = 64;

/// Signs without a blank that one of its lines has at least.
const LINE: usize = 32;

/// A block that begins at `at`, where `-----BEGIN` stands: its stretch and what kind of key it is. Public keys and certificates are none,
/// and neither is a mere mention of the line.
pub fn block(text: &str, at: usize) -> Option<(Range<usize>, &'static str)> {
    let rest = &text[at..text.floor_char_boundary(at.saturating_add(LONGEST))];
    let label = rest.strip_prefix("-----BEGIN ")?;
    let label = &label[..label.find("-----").filter(|length| *length <= 40)?];
    if !label.ends_with("PRIVATE KEY") && label != "PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let start = "-----BEGIN ".len() + label.len() + "-----".len();
    let length = match rest[start..].find("-----") {
        Some(length) if rest[start + length..].starts_with("-----END ") => {
            let end = start + length + "-----END ".len();
            end + rest[end..].find("-----").filter(|length| *length <= 40).map_or(0, |length| length + "-----".len())
        }
        // It is cut off: as far as it looks like one.
        _ => start + base64_end(&rest[start..]),
    };
    let body = &rest[start..length];
    let is_key = body.bytes().filter(|byte| is_base64(*byte)).count() >= SHORTEST
        // Its lines are long; words are not.
        && body.split(|c: char| !c.is_ascii() || !is_base64(c as u8)).any(|line| line.len() >= LINE);
    let is_in_json = text[text.floor_char_boundary(at.saturating_sub(24))..at].contains("private_key\"");
    is_key.then(|| (at..at + length, if is_in_json { "GCP service account key" } else { name(label) }))
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn base64_end(text: &str) -> usize {
    let is_part = |byte: u8| is_base64(byte) || byte.is_ascii_whitespace() || byte == b'\\';
    let end = text.bytes().position(|byte| !is_part(byte)).unwrap_or(text.len());
    text[..end].trim_end().len()
}

fn name(label: &str) -> &'static str {
    match label {
        "RSA PRIVATE KEY" => "RSA private key",
        "EC PRIVATE KEY" => "EC private key",
        "DSA PRIVATE KEY" => "DSA private key",
        "OPENSSH PRIVATE KEY" => "OpenSSH private key",
        "ENCRYPTED PRIVATE KEY" => "encrypted private key",
        "PGP PRIVATE KEY BLOCK" => "PGP private key",
        _ => "private key",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str =
        "MIIEpAIBAAKCAQEAn3Jx0y2mG5dO9cQhVbWn8sLk7Rr6TfPzXyUa4EwBqIuNvC1o\nGh2KjM5lS0dF9gHzXcVbNmAqWeRtYuIoP3a=\n";

    #[test]
    fn blocks_have_a_kind_and_an_end() {
        for (label, kind) in [
            ("RSA PRIVATE KEY", "RSA private key"),
            ("PRIVATE KEY", "private key"),
            ("ENCRYPTED PRIVATE KEY", "encrypted private key"),
            ("PGP PRIVATE KEY BLOCK", "PGP private key"),
        ] {
            let text = format!("a: |\n  -----BEGIN {label}-----\n{BODY}-----END {label}-----\nb");
            let (range, found) = block(&text, text.find("-----").expect("is there")).expect("is a key");
            assert_eq!(found, kind);
            assert!(text[range.clone()].ends_with("-----") && &text[range.end..] == "\nb");
        }
        let json = format!("{{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{}\"}}", BODY.replace('\n', "\\n"));
        let (range, kind) = block(&json, json.find("-----").expect("is there")).expect("is a key");
        assert_eq!((kind, &json[range.end..]), ("GCP service account key", "\"}"));
    }

    #[test]
    fn what_is_public_or_only_named_is_no_key() {
        for text in [
            format!("-----BEGIN CERTIFICATE-----\n{BODY}-----END CERTIFICATE-----"),
            format!("-----BEGIN PUBLIC KEY-----\n{BODY}-----END PUBLIC KEY-----"),
            "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----".to_owned(),
            "-----BEGIN PRIVATE KEY----- is how it begins, and then come many words of text about how keys look, and they go on".to_owned(),
            "-----BEGIN PRIVATE KEY-----\" > key.pem\necho the body comes from elsewhere and is not here at all | tee x\necho \"-----END PRIVATE KEY-----".to_owned(),
            "-----BEGIN ".to_owned(),
        ] {
            assert_eq!(block(&text, 0), None, "{text}");
        }
    }
}
