//! Reading what is typed into fields.

use super::Wrong;

/// What is wrong with a field.
pub fn wrong<T>(field: usize, why: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { field, why: why.into() })
}

/// The text of a field without blanks around it.
pub fn text<'v>(values: &[&'v str], field: usize) -> &'v str {
    values.get(field).map_or("", |value| value.trim())
}

/// A text that has to be there.
///
/// # Errors
/// Where it is empty.
pub fn given(values: &[&str], field: usize, what: &str) -> Result<String, Wrong> {
    match text(values, field) {
        "" => wrong(field, format!("{what} is needed")),
        given => Ok(given.into()),
    }
}

/// A whole number.
///
/// # Errors
/// Where it is none, or too large.
pub fn number<T: TryFrom<u64>>(values: &[&str], field: usize) -> Result<T, Wrong> {
    let number = text(values, field).parse::<u64>().ok().and_then(|number| T::try_from(number).ok());
    number.map_or_else(|| wrong(field, "write a whole number"), Ok)
}

/// A whole number, or nothing.
///
/// # Errors
/// Where it is neither.
pub fn number_or_none(values: &[&str], field: usize) -> Result<Option<u32>, Wrong> {
    if text(values, field).is_empty() { Ok(None) } else { number(values, field).map(Some) }
}

/// `yes` or `no`.
///
/// # Errors
/// Where it is neither.
pub fn truth(values: &[&str], field: usize) -> Result<bool, Wrong> {
    match text(values, field) {
        "yes" | "y" => Ok(true),
        "no" | "n" | "" => Ok(false),
        _ => wrong(field, "write yes or no"),
    }
}

/// Bytes: `512MiB`, `512m`, `1.5g`, `1000000`. Letters count in powers of 1024, as Docker reads them; nothing is `None`.
///
/// # Errors
/// Where it is no amount.
pub fn bytes(values: &[&str], field: usize) -> Result<Option<u64>, Wrong> {
    let text = text(values, field).to_ascii_lowercase();
    if text.is_empty() {
        return Ok(None);
    }
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let power = match unit.trim() {
        "" | "b" => 0,
        "k" | "ki" | "kib" => 1,
        "m" | "mi" | "mib" => 2,
        "g" | "gi" | "gib" => 3,
        "t" | "ti" | "tib" => 4,
        _ => return wrong(field, "write an amount, such as 512MiB"),
    };
    match number.parse::<f64>() {
        Ok(number) if number > 0.0 => Ok(Some((number * 1024_f64.powi(power)) as u64)),
        _ => wrong(field, "write an amount, such as 512MiB"),
    }
}

/// Cores, in thousandths: `0.5`, `500m`; nothing is `None`.
///
/// # Errors
/// Where it is no number of cores.
pub fn cores(values: &[&str], field: usize) -> Result<Option<u64>, Wrong> {
    let text = text(values, field);
    if text.is_empty() {
        return Ok(None);
    }
    let (number, scale) = text.strip_suffix('m').map_or((text, 1000.0), |milli| (milli, 1.0));
    match number.parse::<f64>() {
        Ok(number) if number > 0.0 && number < 10_000_000.0 => Ok(Some((number * scale).round() as u64)),
        _ => wrong(field, "write cores, such as 0.5 or 500m"),
    }
}

/// What runs a shell, the better one where it is there. It is a vector of arguments: nothing from outside is put into it.
pub const SHELL: &[&str] = &["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh"];

/// A command as a vector of arguments; nothing means a shell.
///
/// # Errors
/// Where a quote is open.
pub fn command(values: &[&str], field: usize) -> Result<Vec<String>, Wrong> {
    let text = text(values, field);
    if text.is_empty() {
        return Ok(SHELL.iter().map(|word| (*word).to_owned()).collect());
    }
    match shell_words::split(text) {
        Ok(words) => Ok(words),
        Err(_) => wrong(field, "a quote is open"),
    }
}

/// An absolute path in a container.
///
/// # Errors
/// Where it is none.
pub fn absolute(values: &[&str], field: usize) -> Result<String, Wrong> {
    let path = text(values, field);
    if path.starts_with('/') { Ok(path.into()) } else { wrong(field, "write a whole path, from / on") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        assert_eq!(bytes(&["512MiB"], 0), Ok(Some(512 << 20)));
        assert_eq!(bytes(&["1.5g"], 0), Ok(Some(3 << 29)));
        assert_eq!(bytes(&[" "], 0), Ok(None));
        assert!(bytes(&["x"], 0).is_err() && bytes(&["0"], 0).is_err() && bytes(&["5q"], 0).is_err());
        assert_eq!(cores(&["500m"], 0), Ok(Some(500)));
        assert_eq!(cores(&["1.25"], 0), Ok(Some(1250)));
        assert!(cores(&["-1"], 0).is_err() && cores(&["m"], 0).is_err());
        assert_eq!(number::<u16>(&["70000"], 0), wrong(0, "write a whole number"));
        assert_eq!(command(&["ls '/a b'"], 0), Ok(vec!["ls".into(), "/a b".into()]));
        assert!(command(&["'"], 0).is_err());
        assert_eq!(command(&[""], 0).map(|words| words[0].clone()), Ok("sh".into()));
    }
}
