//! `[[prometheus]]`, `[[alertmanager]]` and `[slo]`: servers that are asked, and how they know who asks. Secrets stand in files and variables,
//! never here.

use super::Config;
use crate::{
    client::{
        http::{Auth, Http, Server},
        named::{Named, is_plain_name},
        secret::SecretFrom,
    },
    model::text::clean_to,
    slo::{self, Definition},
    source::prometheus::assigned,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// A Prometheus, or what speaks as one, or an Alertmanager.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WatchServer {
    /// Name by which it is shown; without strokes.
    pub name: String,
    /// Where it answers: `https://HOST/PREFIX`. Of an Alertmanager all members of its cluster; of a Prometheus its replicas, of which the first
    /// that answers is asked.
    pub urls: Vec<String>,
    /// File that holds a bearer token.
    pub bearer_token_file: Option<PathBuf>,
    /// Variable of the environment that holds a bearer token.
    pub bearer_token_variable: Option<String>,
    /// Name for basic authentication.
    pub user: Option<String>,
    /// File that holds its password.
    pub password_file: Option<PathBuf>,
    /// Variable of the environment that holds its password.
    pub password_variable: Option<String>,
    /// Certificates (PEM) that are trusted instead of this machine's.
    pub ca_file: Option<PathBuf>,
    /// Certificate (PEM) by which the server knows this cockpit.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate (PEM).
    pub key_file: Option<PathBuf>,
    /// Further headers, such as `X-Scope-OrgID`.
    pub headers: BTreeMap<String, String>,
}

/// Service level objectives.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SloFiles {
    /// Files that define them, in TOML or OpenSLO, beside those in the folder `slos` next to this file.
    pub files: Vec<PathBuf>,
}

/// What the configuration says of servers and objectives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watch {
    pub prometheus: Vec<Named>,
    pub alertmanagers: Vec<Named>,
    pub slos: Vec<Definition>,
    /// What is wrong with it, in words.
    pub problems: Vec<String>,
}

/// Reads it: `slos` are files that define objectives, with their text.
pub fn watch(config: &Config, slos: &[(PathBuf, String)]) -> Watch {
    let mut watch = Watch::default();
    watch.prometheus = servers("prometheus", &config.prometheus, &mut watch.problems);
    watch.alertmanagers = servers("alertmanager", &config.alertmanager, &mut watch.problems);
    for (path, text) in slos {
        let (found, problems) = slo::read(&path.display().to_string(), text);
        watch.problems.extend(problems.iter().map(ToString::to_string));
        for one in found {
            match watch.slos.iter().find(|known| known.name == one.name) {
                Some(first) => {
                    watch
                        .problems
                        .push(format!("{}: «{}» is defined already, at {}", one.place, one.name, first.place));
                }
                None => watch.slos.push(one),
            }
        }
    }
    watch.problems.extend(assigned(&watch.slos, &watch.prometheus).1);
    watch
}

fn servers(section: &str, all: &[WatchServer], problems: &mut Vec<String>) -> Vec<Named> {
    let mut named: Vec<Named> = Vec::new();
    for server in all {
        let shown = clean_to(&server.name, 60);
        match server.named() {
            Err(why) => problems.push(format!("configuration: [[{section}]] «{shown}»: {why}")),
            Ok(one) if named.iter().any(|known| known.name == one.name) => {
                problems.push(format!("configuration: [[{section}]] «{shown}»: there are two of that name"));
            }
            Ok(one) => named.push(one),
        }
    }
    named
}

/// Where a secret is: in a file or in a variable of the environment.
///
/// # Errors
/// Both are named.
pub(super) fn secret(
    file: Option<&PathBuf>,
    variable: Option<&String>,
    what: &str,
) -> Result<Option<SecretFrom>, String> {
    match (file, variable) {
        (Some(_), Some(_)) => Err(format!("write one of {what}-file and {what}-variable")),
        (Some(path), None) => Ok(Some(SecretFrom::File(path.clone()))),
        (None, Some(name)) => Ok(Some(SecretFrom::Variable(name.clone()))),
        (None, None) => Ok(None),
    }
}

impl WatchServer {
    fn named(&self) -> Result<Named, String> {
        if !is_plain_name(&self.name) {
            return Err("write a name of letters, digits, «-», «_» and «.»".into());
        }
        if self.urls.is_empty() {
            return Err("write urls = [\"http://HOST:PORT\"]".into());
        }
        let auth = self.auth()?;
        let certificate = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            _ => return Err("certificate-file and key-file belong together".into()),
        };
        let server = |url: &String| Server {
            url: url.clone(),
            auth: auth.clone(),
            ca_file: self.ca_file.clone(),
            certificate: certificate.clone(),
            headers: self.headers.clone(),
        };
        let servers: Vec<_> = self.urls.iter().map(server).collect();
        for server in &servers {
            // What is wrong with a file may be right later; what is wrong with the address will not.
            let bare = Server { ca_file: None, certificate: None, ..server.clone() };
            let plain = Server { url: bare.url.replacen("https://", "http://", 1), ..bare };
            Http::to(&plain, Duration::from_secs(1), 1).map_err(|error| format!("{}; {}", error.reason, error.hint))?;
        }
        Ok(Named { name: self.name.clone(), servers })
    }

    fn auth(&self) -> Result<Auth, String> {
        let token = secret(self.bearer_token_file.as_ref(), self.bearer_token_variable.as_ref(), "bearer-token")?;
        let password = secret(self.password_file.as_ref(), self.password_variable.as_ref(), "password")?;
        match (token, &self.user, password) {
            (None, None, None) => Ok(Auth::None),
            (Some(token), None, None) => Ok(Auth::Bearer(token)),
            (None, Some(user), Some(password)) => Ok(Auth::Basic { user: user.clone(), password }),
            (None, ..) => Err("user and password belong together".into()),
            _ => Err("write a bearer token or a user, not both".into()),
        }
    }
}

/// The files that define objectives: those that are named, and those in the folder.
pub fn files(config: &Config, folder: Option<&Path>) -> Vec<PathBuf> {
    let below = |path: &PathBuf| folder.map_or_else(|| path.clone(), |folder| folder.join(path));
    let mut all: Vec<_> = config.slo.files.iter().map(below).collect();
    let entries = folder.and_then(|folder| std::fs::read_dir(folder.join("slos")).ok());
    let mut found: Vec<_> = entries.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.extension().is_some_and(|end| ["toml", "yaml", "yml"].iter().any(|known| end == *known)));
    found.sort();
    all.extend(found);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::{Layer, resolve};

    fn read(text: &str, slos: &[(PathBuf, String)]) -> Watch {
        let loaded = resolve(&[Layer::File { path: "c.toml".into(), text: text.into() }]);
        assert_eq!(loaded.warnings, []);
        watch(&loaded.config, slos)
    }

    #[test]
    fn servers_and_their_credentials_are_read() {
        let seen = read(
            r#"
            [[prometheus]]
            name = "prod"
            urls = ["https://prom.example.org/prefix/", "https://prom-2.example.org"]
            bearer-token-file = "/run/secrets/token"
            ca-file = "/not/there/yet.pem"
            headers = { X-Scope-OrgID = "7" }
            [[alertmanager]]
            name = "prod"
            urls = ["http://am-1:9093"]
            user = "me"
            password-variable = "AM_PASSWORD"
            "#,
            &[],
        );
        assert_eq!(seen.problems, [""; 0]);
        let [first, second] = seen.prometheus[0].servers.as_slice() else { panic!("two") };
        assert_eq!(first.auth, Auth::Bearer(SecretFrom::File("/run/secrets/token".into())));
        assert_eq!(
            (second.url.as_str(), second.headers["X-Scope-OrgID"].as_str()),
            ("https://prom-2.example.org", "7")
        );
        let password = SecretFrom::Variable("AM_PASSWORD".into());
        assert_eq!(seen.alertmanagers[0].servers[0].auth, Auth::Basic { user: "me".into(), password });
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_works() {
        let seen = read(
            r#"
            [[prometheus]]
            name = "a/b"
            urls = ["http://x"]
            [[prometheus]]
            name = "none"
            [[prometheus]]
            name = "secret"
            urls = ["http://me:hunter2@x"]
            [[prometheus]]
            name = "both"
            urls = ["http://x"]
            bearer-token-file = "t"
            user = "me"
            password-file = "p"
            [[prometheus]]
            name = "half"
            urls = ["http://x"]
            user = "me"
            [[prometheus]]
            name = "good"
            urls = ["http://x"]
            [[prometheus]]
            name = "good"
            urls = ["http://y"]
            "#,
            &[(
                "s.toml".into(),
                "[[slo]]\nname = \"a\"\ntarget = 0.9\ntimeWindow = \"7d\"\nmetricSourceRef = \"god\"\nratioMetric = { bad = \"x\", total = \"y\" }\n"
                    .into(),
            )],
        );
        assert_eq!(seen.prometheus.iter().map(|named| named.name.as_str()).collect::<Vec<_>>(), ["good"]);
        assert_eq!(
            seen.problems,
            [
                "configuration: [[prometheus]] «a/b»: write a name of letters, digits, «-», «_» and «.»",
                "configuration: [[prometheus]] «none»: write urls = [\"http://HOST:PORT\"]",
                "configuration: [[prometheus]] «secret»: the address of http://x holds credentials; name the user beside it, and the file or the variable that has the password",
                "configuration: [[prometheus]] «both»: write a bearer token or a user, not both",
                "configuration: [[prometheus]] «half»: user and password belong together",
                "configuration: [[prometheus]] «good»: there are two of that name",
                "s.toml:1:1: metricSourceRef: no [[prometheus]] is called «god» (did you mean «good»?)",
            ]
        );
    }
}
