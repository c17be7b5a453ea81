//! Paths as parts of URIs.

use std::fmt::Write;

/// A path below the root as a relative URI reference (RFC 3986, <https://www.rfc-editor.org/rfc/rfc3986>): every sign that is not
/// unreserved is encoded, a colon also, so that no first part is taken for a scheme.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            uri.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_a_uri_may_not_hold_is_encoded() {
        assert_eq!(super::uri("/a b/ü#?.yml"), "a%20b/%C3%BC%23%3F.yml");
        assert_eq!(super::uri("C:/x%"), "C%3A/x%25");
    }
}
