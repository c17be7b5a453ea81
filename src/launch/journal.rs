//! Where the journal is, as the configuration says.

use super::state::StateFolder;
use crate::{
    config::Config,
    journal::{Attendee, Options, SharedOptions},
    model::journal::Actor,
};
use jiff::SignedDuration;
use std::{fs, path::Path};

/// What the journal is opened with.
///
/// # Errors
/// Why there is none.
pub fn options(config: &Config) -> Result<Options, String> {
    let journal = &config.journal;
    if !journal.enabled {
        return Err("the journal is switched off ([journal] enabled = false)".into());
    }
    let path = match &journal.file {
        Some(file) => file.clone(),
        None => {
            let state = StateFolder::find();
            let folder = state.usable().map(|folder| folder.join("journal.db"));
            folder.ok_or_else(|| state.problem.unwrap_or_else(|| "there is no folder to keep it in".into()))?
        }
    };
    let mut options = Options::new(path);
    if let Some(url) = &journal.postgres {
        let password = journal.postgres_password_file.as_deref().map(password).transpose()?;
        options.shared = Some(SharedOptions::new(with_password(url, password.as_deref())));
    }
    Ok(options)
}

/// How long what was seen outside of incidents keeps its words; `None` is for good.
pub fn keep(config: &Config) -> Option<SignedDuration> {
    let days = config.journal.retention_days;
    (days > 0).then(|| SignedDuration::from_hours(24 * i64::from(days)))
}

/// With who looks at it, for others to see.
pub fn attended(options: Options, actor: &Actor) -> Options {
    let host = options.host.as_str().into();
    Options { attendee: Some(Attendee { actor: actor.clone(), host, at: "".into() }), ..options }
}

/// The address with the password that stands in a file of its own.
fn with_password(url: &str, password: Option<&str>) -> String {
    let Some(password) = password else { return url.to_owned() };
    let sign = if url.contains('?') { '&' } else { '?' };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let coded: String = password
        .bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("{url}{sign}password={coded}")
}

/// The first line of a file.
fn password(file: &Path) -> Result<String, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("the password of the shared journal is not in {}: {error}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_a_file_is_coded() {
        assert_eq!(with_password("postgres://u@h/d", None), "postgres://u@h/d");
        assert_eq!(with_password("postgres://u@h/d", Some("a b/ü&")), "postgres://u@h/d?password=a%20b%2F%C3%BC%26");
        assert_eq!(with_password("postgres://h/d?user=u", Some("x")), "postgres://h/d?user=u&password=x");
    }
}
