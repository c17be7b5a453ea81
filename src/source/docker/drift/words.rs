//! Words of compose files: variables, command lines, sizes.

use std::collections::BTreeMap;

/// Puts values in the place of variables: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`, `${NAME:?message}`, `$$`, as
/// <https://docs.docker.com/reference/compose-file/interpolation/> has them.
///
/// # Errors
/// The name of a variable that is not known and has no default: the shell that ran compose may have had it.
pub(super) fn interpolated(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = closing(after).ok_or_else(|| "a variable without an end".to_owned())?;
            out.push_str(&braced(&after[..end], variables)?);
            rest = &after[end + 1..];
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if end == 0 {
                out.push('$');
                continue;
            }
            out.push_str(variables.get(&rest[..end]).ok_or(&rest[..end])?);
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Where the `}` stands that closes what began before; defaults may hold variables of their own.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn braced(inside: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let value = variables.get(name);
    let (or_empty, rest) = rest.strip_prefix(':').map_or((false, rest), |rest| (true, rest));
    let set = value.filter(|value| !or_empty || !value.is_empty());
    match (rest.chars().next(), set) {
        (Some('+'), Some(_)) => interpolated(&rest[1..], variables),
        (Some('+'), None) => Ok(String::new()),
        (_, Some(value)) => Ok(value.clone()),
        (Some('-'), None) => interpolated(&rest[1..], variables),
        (_, None) => Err(name.to_owned()),
    }
}

/// A command line as a shell would split it, without anything being run.
pub(super) fn split(text: &str) -> Vec<String> {
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

/// A size as compose writes it: `64m`, `1.5gb`, `1048576`.
pub(super) fn bytes(text: &str) -> Option<u64> {
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
