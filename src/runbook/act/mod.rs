//! What a step can do. Acts are data; the house carries them out, through its gate.

mod docker;
mod kubernetes;
mod patroni;
mod plain;

pub use docker::{DockerAct, DockerActForm, HelmAct, HelmActForm};
pub use kubernetes::{KubernetesAct, KubernetesActForm};
pub use patroni::{PatroniAct, PatroniActForm, PostgresAct, PostgresActForm};
pub use plain::{Command, CommandForm, Http, HttpForm, RecordAct, RecordActForm, Sql, SqlForm};

use super::{
    field::{Field, Templated, Visit},
    target::TargetForm,
    template::Unbound,
};
use serde::{Deserialize, Serialize};

macro_rules! acts {
    ($($(#[$doc:meta])* $variant:ident($ready:ty, $form:ty),)*) => {
        /// What is done, with every value.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Act { $($(#[$doc])* $variant($ready),)* }

        /// What a step does, as it stands in a runbook.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub enum ActForm { $($(#[$doc])* $variant($form),)* }

        impl Templated for ActForm {
            fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
                match self { $(Self::$variant(form) => form.each(visit),)* }
            }
        }

        impl Field for ActForm {
            type Ready = Act;
            fn ready(&self) -> Result<Act, Unbound> {
                Ok(match self { $(Self::$variant(form) => Act::$variant(form.ready()?),)* })
            }
        }
    };
}

acts! {
    /// To an object of a cluster.
    Kubernetes(KubernetesAct, KubernetesActForm),
    /// To a container, a Compose service or an engine.
    Docker(DockerAct, DockerActForm),
    /// To a Helm release.
    Helm(HelmAct, HelmActForm),
    /// To a Patroni cluster.
    Patroni(PatroniAct, PatroniActForm),
    /// To a PostgreSQL server.
    Postgres(PostgresAct, PostgresActForm),
    /// A statement that writes, on a PostgreSQL server.
    Sql(Sql, SqlForm),
    /// A program that changes something.
    Command(Command, CommandForm),
    /// A request that changes something.
    Http(Http, HttpForm),
    /// Into the record of an incident, or the journal.
    Record(RecordAct, RecordActForm),
}

impl ActForm {
    /// Its kind, as the key of a step is called.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Kubernetes(_) => "kubernetes",
            Self::Docker(_) => "docker",
            Self::Helm(_) => "helm",
            Self::Patroni(_) => "patroni",
            Self::Postgres(_) => "postgres",
            Self::Sql(_) => "sql",
            Self::Command(_) => "command",
            Self::Http(_) => "http",
            Self::Record(_) => "record",
        }
    }

    /// Whether it only writes into the journal, which takes the same entry once, however often it is told.
    pub const fn is_record(&self) -> bool {
        matches!(self, Self::Record(_))
    }

    /// Whether it may be sent again after a doubt: once or twice is the same.
    pub const fn repeats_safely(&self) -> bool {
        matches!(self, Self::Record(_) | Self::Postgres(PostgresActForm::Checkpoint))
    }

    /// Kind and word, for a person: `kubernetes rollback`.
    pub fn words(&self) -> String {
        let word = match self {
            Self::Kubernetes(act) => act.word(),
            Self::Docker(act) => act.word(),
            Self::Helm(act) => act.word(),
            Self::Patroni(act) => act.word(),
            Self::Postgres(act) => act.word(),
            Self::Record(act) => act.word(),
            Self::Sql(_) | Self::Command(_) | Self::Http(_) => return self.kind().to_owned(),
        };
        format!("{} {word}", self.kind())
    }

    /// Its effect on a target, in one sentence.
    pub fn effect(&self, on: &str) -> String {
        match self {
            Self::Kubernetes(act) => act.effect(on),
            Self::Docker(act) => act.effect(on),
            Self::Helm(act) => act.effect(on),
            Self::Patroni(act) => act.effect(on),
            Self::Postgres(act) => act.effect(on),
            Self::Record(act) => act.effect(on),
            Self::Sql(sql) => {
                format!("Runs on {on}: {}", sql.statement.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            Self::Command(command) => format!("Runs {} on this machine, about {on}.", command.line()),
            Self::Http(http) => {
                let method = http.method.as_ref().map_or_else(|| "GET".to_owned(), ToString::to_string);
                format!("Sends {method} {} about {on}.", http.url)
            }
        }
    }

    /// What goes on where the cockpit goes away in the middle of it.
    pub const fn in_flight(&self) -> &'static str {
        match self {
            Self::Kubernetes(act) => act.in_flight(),
            Self::Docker(act) => act.in_flight(),
            Self::Helm(act) => act.in_flight(),
            Self::Patroni(act) => act.in_flight(),
            Self::Postgres(act) => act.in_flight(),
            Self::Sql(_) => "the server ends the statement when the connection breaks, or has done it already",
            Self::Command(_) => {
                "the program is asked to end, and killed after its grace; what it did by then stays done"
            }
            Self::Http(_) => "the server may carry the request on after the cockpit goes away",
            Self::Record(_) => "the journal has it whole or not at all",
        }
    }

    /// The first parts of the paths that its answer has.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Command(_) => &["exit_code", "stdout", "stderr", "seconds"],
            Self::Http(_) => &["status", "body", "json", "location", "seconds"],
            Self::Sql(_) => &["rows", "columns", "value", "count"],
            _ => &[],
        }
    }

    /// Whether it can be done to such a target.
    ///
    /// # Errors
    /// The kinds of targets that it can be done to.
    pub fn fits(&self, target: &TargetForm) -> Result<(), &'static str> {
        let (fits, wanted) = match self {
            Self::Kubernetes(_) => (matches!(target, TargetForm::Object { .. }), "an object"),
            Self::Docker(DockerActForm::Recreate { .. }) => (
                matches!(target, TargetForm::Container { .. } | TargetForm::Service { .. }),
                "a container or a service",
            ),
            Self::Docker(DockerActForm::Prune { .. } | DockerActForm::Pull { .. } | DockerActForm::Tag { .. }) => (
                matches!(target, TargetForm::Engine { .. } | TargetForm::Container { .. } | TargetForm::Service { .. }),
                "an engine, a container or a service",
            ),
            Self::Docker(_) => (matches!(target, TargetForm::Container { .. }), "a container"),
            Self::Helm(_) => (matches!(target, TargetForm::Release { .. }), "a release"),
            Self::Patroni(_) => (matches!(target, TargetForm::Patroni { .. }), "a patroni cluster"),
            Self::Postgres(_) | Self::Sql(_) => (matches!(target, TargetForm::Postgres { .. }), "a postgres server"),
            Self::Command(_) | Self::Http(_) | Self::Record(_) => (true, ""),
        };
        if fits { Ok(()) } else { Err(wanted) }
    }
}
