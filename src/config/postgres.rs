//! `[[postgres]]`: PostgreSQL clusters that are watched, under Patroni or plain, and how they know who asks. Secrets stand in files and
//! variables, never here.

use super::{Config, watch};
use crate::{
    client::{
        http::{Auth, Server},
        postgres::ClusterOptions,
    },
    model::{postgres::Limits, text::clean_to},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// A PostgreSQL cluster: members under Patroni, or servers that stream from one another without it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PostgresCluster {
    /// Name by which it is shown; without strokes.
    pub name: String,
    /// Where the Patroni of its members answers: `http://HOST:8008`. Any one answers for all; name several, so that one is always
    /// there. What changes a cluster is sent to these alone.
    pub patroni: Vec<String>,
    /// How members are asked by SQL: `postgres://USER@member/DATABASE`, with each member's own host and port in the place of `member`.
    /// A user with `pg_monitor` may ask everything. Without it only Patroni is asked.
    pub member_url: Option<String>,
    /// Servers without Patroni, by name: `{ db1 = "postgres://USER@HOST:PORT/DATABASE" }`.
    pub servers: BTreeMap<String, String>,
    /// File that holds the password for SQL; without it `~/.pgpass` is looked into.
    pub password_file: Option<PathBuf>,
    /// Variable of the environment that holds it.
    pub password_variable: Option<String>,
    /// User who promotes a server, in the place of the one who looks; it may call `pg_promote`.
    pub operator: Option<String>,
    /// File that holds the operator's password.
    pub operator_password_file: Option<PathBuf>,
    /// Variable of the environment that holds it.
    pub operator_password_variable: Option<String>,
    /// User that Patroni wants of who changes something (`restapi.authentication`).
    pub patroni_user: Option<String>,
    /// File that holds its password.
    pub patroni_password_file: Option<PathBuf>,
    /// Variable of the environment that holds it.
    pub patroni_password_variable: Option<String>,
    /// Certificates (PEM) by which Patroni is trusted instead of this machine's.
    pub ca_file: Option<PathBuf>,
    /// Certificate (PEM) by which Patroni knows this cockpit.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate (PEM).
    pub key_file: Option<PathBuf>,
    /// A replica that is further behind is told of, in bytes; 16 MiB unless given.
    pub lag_bytes: Option<u64>,
    /// WAL that a slot without a reader may hold back before it is told of, in bytes; 256 MiB unless given.
    pub slot_bytes: Option<u64>,
}

/// The clusters that can be used, and what is wrong with the others, in words.
pub fn clusters(config: &Config) -> (Vec<ClusterOptions>, Vec<String>) {
    let (mut usable, mut problems): (Vec<ClusterOptions>, Vec<String>) = (Vec::new(), Vec::new());
    for cluster in &config.postgres {
        let shown = clean_to(&cluster.name, 60);
        match cluster.options() {
            Err(why) => problems.push(format!("configuration: [[postgres]] «{shown}»: {why}")),
            Ok(options) if usable.iter().any(|known| known.name == options.name) => {
                problems.push(format!("configuration: [[postgres]] «{shown}»: there are two of that name"));
            }
            Ok(options) => {
                let wrong = options.problems();
                if wrong.is_empty() {
                    usable.push(options);
                }
                problems.extend(wrong);
            }
        }
    }
    (usable, problems)
}

impl PostgresCluster {
    fn options(&self) -> Result<ClusterOptions, String> {
        let certificate = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            _ => return Err("certificate-file and key-file belong together".into()),
        };
        let secret = watch::secret(
            self.patroni_password_file.as_ref(),
            self.patroni_password_variable.as_ref(),
            "patroni-password",
        )?;
        let auth = match (&self.patroni_user, secret) {
            (Some(user), Some(password)) => Auth::Basic { user: user.clone(), password },
            (None, None) => Auth::None,
            _ => return Err("patroni-user and its password belong together".into()),
        };
        let operator_password = watch::secret(
            self.operator_password_file.as_ref(),
            self.operator_password_variable.as_ref(),
            "operator-password",
        )?;
        if self.operator.is_none() && operator_password.is_some() {
            return Err("operator and operator-password belong together".into());
        }
        let usual = Limits::default();
        Ok(ClusterOptions {
            name: self.name.clone(),
            patroni: self.patroni.clone(),
            api: Server { auth, ca_file: self.ca_file.clone(), certificate, ..Server::default() },
            member_url: self.member_url.clone(),
            servers: self.servers.clone().into_iter().collect(),
            password: watch::secret(self.password_file.as_ref(), self.password_variable.as_ref(), "password")?,
            operator: self.operator.clone(),
            operator_password,
            limits: Limits {
                lag_bytes: self.lag_bytes.unwrap_or(usual.lag_bytes),
                slot_bytes: self.slot_bytes.unwrap_or(usual.slot_bytes),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::secret::SecretFrom;
    use crate::config::layers::{Layer, resolve};

    fn read(text: &str) -> (Vec<ClusterOptions>, Vec<String>) {
        let loaded = resolve(&[Layer::File { path: "c.toml".into(), text: text.into() }]);
        assert_eq!(loaded.warnings, []);
        clusters(&loaded.config)
    }

    #[test]
    fn clusters_and_their_credentials_are_read() {
        let (found, problems) = read(
            r#"
            [[postgres]]
            name = "orders"
            patroni = ["https://10.0.0.1:8008", "https://10.0.0.2:8008/"]
            member-url = "postgres://watch@member/postgres?sslmode=verify-full"
            password-file = "/run/secrets/watch"
            operator = "promoter"
            operator-password-variable = "PROMOTER"
            patroni-user = "ops"
            patroni-password-variable = "PATRONI"
            ca-file = "/not/there/yet.pem"
            lag-bytes = 1048576
            [[postgres]]
            name = "pair"
            servers = { db1 = "postgres://watch@db1/postgres", db2 = "postgres://watch@db2/postgres" }
            "#,
        );
        assert_eq!(problems, [""; 0]);
        let [orders, pair] = found.as_slice() else { panic!("two: {found:?}") };
        assert_eq!((orders.patroni.len(), orders.limits.lag_bytes, orders.limits.slot_bytes), (2, 1 << 20, 256 << 20));
        assert_eq!(orders.password, Some(SecretFrom::File("/run/secrets/watch".into())));
        assert_eq!(orders.operator_password, Some(SecretFrom::Variable("PROMOTER".into())));
        assert!(matches!(&orders.api.auth, Auth::Basic { user, .. } if user == "ops"));
        assert_eq!((pair.servers.len(), pair.servers[1].0.as_str()), (2, "db2"));
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_works() {
        let (found, problems) = read(
            r#"
            [[postgres]]
            name = "a/b"
            patroni = ["http://x:8008"]
            [[postgres]]
            name = "none"
            [[postgres]]
            name = "both"
            patroni = ["http://x:8008"]
            servers = { a = "postgres://u@a/d" }
            [[postgres]]
            name = "secret"
            servers = { a = "postgres://u:hunter2@a/d" }
            [[postgres]]
            name = "half"
            patroni = ["http://x:8008"]
            patroni-user = "me"
            [[postgres]]
            name = "address"
            patroni = ["http://me:hunter2@x:8008"]
            [[postgres]]
            name = "good"
            patroni = ["http://x:8008"]
            [[postgres]]
            name = "good"
            patroni = ["http://y:8008"]
            "#,
        );
        assert_eq!(found.iter().map(|cluster| cluster.name.as_str()).collect::<Vec<_>>(), ["good"]);
        assert_eq!(
            problems,
            [
                "configuration: [[postgres]] «a/b»: write a name of letters, digits, «-», «_» and «.»",
                "configuration: [[postgres]] «none»: name the addresses of its Patroni, or its servers",
                "configuration: [[postgres]] «both»: a cluster is under Patroni, or has servers of its own: name one of both",
                "configuration: [[postgres]] «secret»: there is a password in the address; write postgres://USER@HOST:PORT/DATABASE, with the password in a file",
                "configuration: [[postgres]] «half»: patroni-user and its password belong together",
                "configuration: [[postgres]] «address»: http://x:8008 is no address of Patroni: write http://HOST:8008, without credentials",
                "configuration: [[postgres]] «good»: there are two of that name",
            ]
        );
    }
}
