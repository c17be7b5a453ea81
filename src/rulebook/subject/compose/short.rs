//! The short forms of compose files: `127.0.0.1:8080:80/tcp`, `./data:/data:ro`, `NAME=value`.

use compact_str::CompactString;

/// A published port in its short form (<https://docs.docker.com/reference/compose-file/services/#short-syntax-4>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    pub address: Option<String>,
    /// As written: a number, a range, a variable; `None` where any free port is taken.
    pub host: Option<String>,
    /// As written.
    pub container: String,
    pub protocol: CompactString,
}

/// Reads `[[address:][host]:]container[/protocol]`; an IPv6 address stands in brackets.
pub fn port(text: &str) -> Port {
    let (rest, protocol) = match split_last(text, '/') {
        Some((rest, protocol)) => (rest, protocol.to_ascii_lowercase().into()),
        None => (text, CompactString::const_new("tcp")),
    };
    let (rest, container) = split_last(rest, ':').map_or(("", rest), |(rest, container)| (rest, container));
    let (address, host) = split_last(rest, ':').map_or(("", rest), |(address, host)| (address, host));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let address = address.trim_start_matches('[').trim_end_matches(']');
    Port { address: some(address), host: some(host), container: container.to_owned(), protocol }
}

/// A mount in its short form (<https://docs.docker.com/reference/compose-file/services/#short-syntax-5>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// A path of the host or a volume's name; `None` for a volume without a name.
    pub source: Option<String>,
    pub target: String,
    pub is_read_only: bool,
}

/// Reads `[source:]target[:mode]`.
pub fn volume(text: &str) -> Volume {
    let mut parts = split(text, ':').into_iter().map(str::to_owned);
    let first = parts.next().unwrap_or_default();
    match parts.next() {
        None => Volume { source: None, target: first, is_read_only: false },
        // `C:\data:/data`: the colon belongs to the drive.
        Some(second) if is_drive(&first) && second.starts_with(['\\', '/']) && parts.len() > 0 => {
            let target = parts.next().unwrap_or_default();
            let is_read_only = parts.next().is_some_and(|mode| is_read_only(&mode));
            Volume { source: Some(format!("{first}:{second}")), target, is_read_only }
        }
        Some(target) => {
            let is_read_only = parts.next().is_some_and(|mode| is_read_only(&mode));
            Volume { source: Some(first), target, is_read_only }
        }
    }
}

fn is_drive(text: &str) -> bool {
    text.len() == 1 && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn is_read_only(mode: &str) -> bool {
    mode.split(',').any(|word| word == "ro")
}

/// Whether the source of a mount is a path of the host; `None` where a variable begins it.
pub fn is_path(source: &str) -> Option<bool> {
    if source.starts_with('$') {
        return None;
    }
    let has_drive = source.split_once(':').is_some_and(|(drive, _)| is_drive(drive));
    Some(source.starts_with(['/', '.', '~', '\\']) || has_drive)
}

/// The first and last of a port or a range of ports.
pub fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}

/// Splits at a sign, but not within `${…}` or `[…]`.
fn split(text: &str, sign: char) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            c if c == sign && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn split_last(text: &str, sign: char) -> Option<(&str, &str)> {
    let parts = split(text, sign);
    let last = *parts.last()?;
    (parts.len() > 1).then(|| (&text[..text.len() - last.len() - sign.len_utf8()], last))
}

/// A command line as a shell would split it, without anything being run.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// A size in bytes: `64m`, `1.5gb`, `1048576`
/// (<https://docs.docker.com/reference/compose-file/extension/#specifying-byte-values>).
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..at].parse().ok()?;
    let scale = match text[at..].trim().trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    Some((number * f64::from(scale).exp2()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ports_of_every_form() {
        let told = |text: &str| {
            let port = port(text);
            let or = |part: Option<String>| part.unwrap_or_else(|| "-".into());
            format!("{} {} {} {}", or(port.address), or(port.host), port.container, port.protocol)
        };
        assert_eq!(told("80"), "- - 80 tcp");
        assert_eq!(told("8080:80"), "- 8080 80 tcp");
        assert_eq!(told("127.0.0.1:8080:80/UDP"), "127.0.0.1 8080 80 udp");
        assert_eq!(told("127.0.0.1::80"), "127.0.0.1 - 80 tcp");
        assert_eq!(told("[::1]:8080:80"), "::1 8080 80 tcp");
        assert_eq!(told("8000-8010:9000-9010"), "- 8000-8010 9000-9010 tcp");
        assert_eq!(told("${IP:-0.0.0.0}:${PORT:-1/2}:80"), "${IP:-0.0.0.0} ${PORT:-1/2} 80 tcp");
        assert_eq!(
            (range("8000-8010"), range("9-8"), range("x"), range("70000")),
            (Some((8000, 8010)), None, None, None)
        );
    }

    #[test]
    fn volumes_of_every_form() {
        let told = |text: &str| {
            let volume = volume(text);
            format!("{} {} {}", volume.source.unwrap_or_else(|| "-".into()), volume.target, volume.is_read_only)
        };
        assert_eq!(told("/data"), "- /data false");
        assert_eq!(told("./a:/b:ro,z"), "./a /b true");
        assert_eq!(told("db:/var/lib/db"), "db /var/lib/db false");
        assert_eq!(told("C:\\data:/data:ro"), "C:\\data /data true");
        assert_eq!(told("${DIR:-/srv:x}:/data"), "${DIR:-/srv:x} /data false");
        assert_eq!((is_path("db"), is_path("~/x"), is_path("${X}/y")), (Some(false), Some(true), None));
    }

    #[test]
    fn words_of_a_command() {
        assert_eq!(words("sh -c 'a b' \"c\\\"d\" e\\ f ''"), ["sh", "-c", "a b", "c\"d", "e f", ""]);
    }

    #[test]
    fn sizes_of_every_form() {
        for (text, bytes) in [("64m", 64 << 20), ("1.5gb", 3 << 29), ("1048576", 1 << 20), ("2GiB", 2 << 30)] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        assert_eq!(size("much"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>()) {
            size(&text);
            port(&text);
            volume(&text);
            range(&text);
            words(&text);
        }
    }
}
