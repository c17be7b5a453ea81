//! Secrets that a run is given: they stand in files or in variables of the environment, never on a command line, and are never typed into
//! the cockpit, where keys are recorded.

use crate::model::text::clean_to;
use std::{collections::BTreeMap, env, fs};

/// Bytes that a secret may have.
const LONGEST: usize = 64 << 10;

/// Reads secrets, each from the file or the `$VARIABLE` that is named for it.
///
/// # Errors
/// Which cannot be read, or is none.
pub fn read_all(named: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    named.iter().map(|(name, from)| Ok((name.clone(), read(name, from)?))).collect()
}

fn read(name: &str, from: &str) -> Result<String, String> {
    let secret = match from.strip_prefix('$') {
        Some(variable) => env::var(variable).map_err(|_| format!("{name}: there is no variable {variable}"))?,
        None => fs::read_to_string(from)
            .map_err(|error| format!("{name}: {} cannot be read: {error}", clean_to(from, 200)))?,
    };
    let secret = secret.trim_end_matches(['\n', '\r']).to_owned();
    if secret.is_empty() || secret.len() > LONGEST {
        return Err(format!("{name}: a secret has between 1 and {LONGEST} bytes"));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_its_file_without_the_end_of_the_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        let named = |from: &str| BTreeMap::from([("password".to_owned(), from.to_owned())]);
        let from = file.to_string_lossy().into_owned();
        fs::write(&file, "hunter2\n").expect("written");
        assert_eq!(read_all(&named(&from)).expect("read")["password"], "hunter2");
        fs::write(&file, "\n").expect("written");
        assert!(read_all(&named(&from)).is_err_and(|why| why.contains("between 1 and")));
        assert!(read_all(&named("$FLIGHTDECK_NO_SUCH")).is_err_and(|why| why.contains("no variable")));
    }
}
