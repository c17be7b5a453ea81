//! What a step can ask. Nothing here changes anything; the house answers with JSON, and the engine judges the answer.
//!
//! An answer is a JSON object with the fields that are listed for its question; sizes are bytes, spans seconds, and what is not known is
//! null. Where nobody answers there is no answer ([`Answer::Silent`]): that is never taken for a no.

mod cluster;
mod database;
mod engine;

pub use cluster::{HelmAsk, HelmAskForm, KubernetesAsk, KubernetesAskForm};
pub use database::{PatroniAsk, PatroniAskForm, PostgresAsk, PostgresAskForm};
pub use engine::{DockerAsk, DockerAskForm};

use super::{
    act::{Command, CommandForm, Http, HttpForm, Sql, SqlForm},
    field::{Field, Templated, Visit, forms},
    target::TargetForm,
    template::{Template, Unbound},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Known(Json),
    /// Nobody answered: unreachable, refused, too late; and why.
    Silent(String),
}

forms! {
    /// A query in PromQL.
    struct PromQl, PromQlForm {
        query: Template,
        /// Name of the Prometheus in the configuration; the only one otherwise.
        #[serde(default)]
        source: Option<Template>,
    }
}

forms! {
    /// Whether the rule book and the service levels let one go on.
    struct Gate, GateForm {
        /// Whether rules that block count.
        #[serde(default)]
        rules: bool,
        /// Service levels whose burn rate counts.
        #[serde(default)]
        slo: Vec<Template>,
        /// Whether alerts that fire and concern the target count.
        #[serde(default)]
        alerts: bool,
    }
}

forms! {
    /// What is asked about this machine, the cockpit, and what lies outside.
    PlainAsk, PlainAskForm {
        /// A mounted file system of this machine.
        Mount = "mount",
        /// A GPU of this machine.
        Gpu = "gpu",
        /// The certificate that an endpoint shows, or that lies in a Secret of the kind `kubernetes.io/tls`. `chain_valid` is judged by the
        /// issuers that this machine trusts, `covers_name` by the endpoint's name.
        Certificate = "certificate",
        /// What the resolvers of this machine say of a name, and each authoritative server of its zone, asked directly. `agree`: all of them
        /// name the same addresses; null where one did not answer. `settled`: they do, and just those that are expected, where some are.
        /// `ttl_seconds`: for so long at most a cache keeps what is said now; `stale_seconds`: for so long at most one that was asked goes
        /// on saying something else than the authoritative servers.
        Dns {
            /// The whole name; no search list is put behind it.
            name: Template,
            /// The address that it has to lead to, or several with a comma between them; any where it is empty.
            #[serde(default)]
            address: Option<Template>,
        } = "dns",
        /// The attention list, about the target only unless that is the fleet.
        Attention = "attention",
        /// Sources, and how many of them are heard.
        Sources = "sources",
        /// An incident and its postmortem.
        Incident = "incident",
        /// The shift on call: incidents, tasks and silences that are open.
        Shift = "shift",
        /// When a runbook last passed as a drill.
        LastDrill { runbook: Template } = "last-drill",
    }
}

impl PlainAskForm {
    /// What an answer holds.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Mount => &[
                "exists",
                "device",
                "read_only",
                "total_bytes",
                "available_bytes",
                "used_ratio",
                "inodes_used_ratio",
                "full_in_seconds",
            ],
            Self::Gpu => &["exists", "health", "xid", "recovery_action", "next_step", "processes", "node", "context"],
            Self::Certificate => &[
                "not_after",
                "left_seconds",
                "subject",
                "issuer",
                "names",
                "serial",
                "chain_valid",
                "covers_name",
                "reason",
            ],
            Self::Dns { .. } => &[
                "addresses",
                "authoritative_addresses",
                "agree",
                "settled",
                "disagreeing",
                "unanswered",
                "ttl_seconds",
                "lowest_ttl_seconds",
                "stale_seconds",
                "servers",
                "reason",
            ],
            Self::Attention => &["total", "critical", "error", "warn", "unknown", "worst"],
            Self::Sources => &["total", "ok", "stale", "down", "worst"],
            Self::Incident => &[
                "exists",
                "id",
                "number",
                "title",
                "severity",
                "phase",
                "resolved",
                "drill",
                "open_tasks",
                "review",
                "sections_missing",
                "wording_faults",
                "actions",
                "actions_without_owner",
                "due_at",
            ],
            Self::Shift => &["incidents_open", "tasks_open", "silences_active", "alerts_firing", "on_call", "brief"],
            Self::LastDrill { .. } => &["passed_at", "days_ago"],
        }
    }
}

macro_rules! asks {
    ($($(#[$doc:meta])* $variant:ident($ready:ty, $form:ty) = $word:literal,)*) => {
        /// What is asked, with every value.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Ask { $($(#[$doc])* #[serde(rename = $word)] $variant($ready),)* }

        /// What is asked, as it stands in a runbook.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub enum AskForm { $($(#[$doc])* #[serde(rename = $word)] $variant($form),)* }

        impl AskForm {
            /// Its kind, as it is written.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $word,)* }
            }
        }

        impl Templated for AskForm {
            fn each(&mut self, visit: Visit<'_>) -> Result<(), Unbound> {
                match self { $(Self::$variant(form) => form.each(visit),)* }
            }
        }

        impl Field for AskForm {
            type Ready = Ask;
            fn ready(&self) -> Result<Ask, Unbound> {
                Ok(match self { $(Self::$variant(form) => Ask::$variant(form.ready()?),)* })
            }
        }
    };
}

asks! {
    /// About an object of a cluster.
    Kubernetes(KubernetesAsk, KubernetesAskForm) = "kubernetes",
    /// About a container, a Compose service or an engine.
    Docker(DockerAsk, DockerAskForm) = "docker",
    /// About a Helm release.
    Helm(HelmAsk, HelmAskForm) = "helm",
    /// About a Patroni cluster.
    Patroni(PatroniAsk, PatroniAskForm) = "patroni",
    /// About a PostgreSQL server.
    Postgres(PostgresAsk, PostgresAskForm) = "postgres",
    /// A statement that reads, in a transaction that is read-only. The answer has `rows`, `columns` and, of the first row's first column,
    /// `value`.
    Sql(Sql, SqlForm) = "sql",
    /// A request that changes nothing. The answer has `status`, `body`, `json`, `location` and `seconds`.
    Http(Http, HttpForm) = "http",
    /// A query. The answer has `value` (of the only series, or null), `series` and `samples`; no series is not 0.
    PromQl(PromQl, PromQlForm) = "promql",
    /// A program that changes nothing. The answer has `exit_code`, `stdout`, `stderr` and `seconds`.
    Command(Command, CommandForm) = "command",
    /// The rule book, service levels and alerts. The answer has `clear`, `reason`, `blocking`, `burn_rate` and `firing`.
    Gate(Gate, GateForm) = "gate",
    /// This machine, the cockpit, and what lies outside.
    About(PlainAsk, PlainAskForm) = "about",
}

impl AskForm {
    /// The first parts of the paths that an answer has.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Kubernetes(ask) => ask.fields(),
            Self::Docker(ask) => ask.fields(),
            Self::Helm(ask) => ask.fields(),
            Self::Patroni(ask) => ask.fields(),
            Self::Postgres(ask) => ask.fields(),
            Self::Sql(_) => &["rows", "columns", "value"],
            Self::Http(_) => &["status", "body", "json", "location", "seconds"],
            Self::PromQl(_) => &["value", "series", "samples"],
            Self::Command(_) => &["exit_code", "stdout", "stderr", "seconds"],
            Self::Gate(_) => &["clear", "reason", "blocking", "burn_rate", "firing"],
            Self::About(ask) => ask.fields(),
        }
    }

    /// Whether it can be asked about such a target.
    ///
    /// # Errors
    /// The kinds of targets that it can be asked about.
    pub fn fits(&self, target: &TargetForm) -> Result<(), &'static str> {
        use TargetForm as T;
        let (fits, wanted) = match self {
            Self::Kubernetes(_) => (matches!(target, T::Object { .. }), "an object"),
            Self::Docker(DockerAskForm::Container) => (matches!(target, T::Container { .. }), "a container"),
            Self::Docker(DockerAskForm::Service) => (matches!(target, T::Service { .. }), "a service"),
            Self::Docker(_) => (
                matches!(target, T::Engine { .. } | T::Container { .. } | T::Service { .. }),
                "an engine, a container or a service",
            ),
            Self::Helm(_) => (matches!(target, T::Release { .. }), "a release"),
            Self::Patroni(_) => (matches!(target, T::Patroni { .. }), "a patroni cluster"),
            Self::Postgres(_) | Self::Sql(_) => (matches!(target, T::Postgres { .. }), "a postgres server"),
            Self::About(PlainAskForm::Mount) => (matches!(target, T::Mount { .. }), "a mount"),
            Self::About(PlainAskForm::Gpu) => (matches!(target, T::Gpu { .. }), "a gpu"),
            Self::About(PlainAskForm::Certificate) => {
                (matches!(target, T::Endpoint { .. } | T::Object { .. }), "an endpoint or a Secret")
            }
            Self::About(PlainAskForm::Incident) => (matches!(target, T::Incident { .. }), "an incident"),
            Self::About(PlainAskForm::Shift) => (matches!(target, T::Shift { .. }), "a shift"),
            Self::About(_) | Self::Http(_) | Self::PromQl(_) | Self::Command(_) | Self::Gate(_) => (true, ""),
        };
        if fits { Ok(()) } else { Err(wanted) }
    }

    /// In words, for a person: `kubernetes rollout`.
    pub fn words(&self) -> String {
        let word = match self {
            Self::Kubernetes(ask) => ask.word(),
            Self::Docker(ask) => ask.word(),
            Self::Helm(ask) => ask.word(),
            Self::Patroni(ask) => ask.word(),
            Self::Postgres(ask) => ask.word(),
            Self::About(ask) => return ask.word().to_owned(),
            Self::PromQl(ask) => return format!("PromQL {}", ask.query),
            Self::Command(command) => return command.line(),
            Self::Http(http) => return format!("GET {}", http.url),
            Self::Sql(sql) => return sql.statement.split_whitespace().collect::<Vec<_>>().join(" "),
            Self::Gate(_) => return "rules, service levels and alerts".to_owned(),
        };
        format!("{} {word}", self.kind())
    }
}
