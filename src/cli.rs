//! Commands and flags. What they do is elsewhere; here is only what can be written.

pub mod incident;
pub mod manual;
pub mod rules;
pub mod runbook;

use crate::{
    config::load::Origin,
    model::{
        finding::{Level, Scope},
        nearest::did_you_mean,
    },
};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use std::{ffi::OsString, path::PathBuf, time::Duration};
use toml::{Table, Value};

/// Exit codes; see the README's table.
pub mod exit {
    /// As asked, and nothing found.
    pub const OK: u8 = 0;
    /// Findings, or a run that failed.
    pub const FINDINGS: u8 = 1;
    /// Wrong usage, or a configuration that is wrong.
    pub const USAGE: u8 = 2;
    /// A source that was asked for by name could not be reached.
    pub const UNREACHABLE: u8 = 3;
    /// Refused by the gate.
    pub const REFUSED: u8 = 4;
    /// Told to hang up: 128 and the number of SIGHUP.
    pub const HANGUP: u8 = 129;
    /// Told to quit: 128 and the number of SIGQUIT.
    pub const QUIT: u8 = 131;
    /// Interrupted: 128 and the number of SIGINT.
    pub const INTERRUPTED: u8 = 130;
}

/// What stands below the help: paragraphs with a heading before a colon, which are sections of the manual page.
const AFTER: &str = "\
Exit status: 0 as asked and nothing found; 1 findings, or a run that failed; 2 wrong usage or configuration; \
3 a source that was asked for by name could not be reached; 4 refused by the gate; 129, 130 and 131: the signals HUP, INT and QUIT.

Files: $XDG_CONFIG_HOME/flightdeck/config.toml, with themes/, keymaps/, rules/, runbooks/ and slos/ beside it (see `flightdeck config path`); \
$XDG_STATE_HOME/flightdeck/ for the journal, recordings and the log. FLIGHTDECK_* variables override keys of the configuration.";

/// An operations cockpit for the terminal: what is wrong, since when, and what to do about it.
///
/// Without a command it opens the cockpit on this machine. It starts read-only: A arms it, ? explains every key.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(name = "flightdeck", version, after_help = AFTER)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    /// Open the cockpit on an embedded recording of an incident; needs nothing and touches nothing.
    #[arg(long)]
    pub demo: bool,
    /// Write everything that comes in to this file while the cockpit runs, to be replayed later.
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    pub record: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct Global {
    /// Read this file in place of the user's configuration.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Never arm: nothing can be changed from this cockpit. What people write into the journal (notes, incidents, postmortems) is
    /// recorded all the same: it changes nothing outside.
    #[arg(long, global = true, help_heading = "Global options")]
    pub read_only: bool,
    /// Watch this context of the kubeconfig; repeatable. `all` watches every one, `none` none. The current one unless given.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub context: Vec<String>,
    /// Watch this container engine (unix://, tcp://, ssh://, or a Docker context's name); repeatable. `none` watches none. Those
    /// that are found unless given.
    #[arg(long, global = true, value_name = "HOST", help_heading = "Global options")]
    pub docker: Vec<String>,
    /// Theme: dark, light, high-contrast, colour-blind, 16-colour, monochrome, or one of your own.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub theme: Option<String>,
    /// Key map: default, vim, emacs, or one of your own.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub keymap: Option<String>,
    /// Draw with ASCII signs only.
    #[arg(long, global = true, help_heading = "Global options")]
    pub ascii: bool,
    /// Use no colours.
    #[arg(long, visible_alias = "no-colour", global = true, help_heading = "Global options")]
    pub no_color: bool,
    /// Append the program's own log to this file.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub log: Option<PathBuf>,
    /// Who is acting, for the record of operations.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub actor: Option<String>,
}

/// What can be done besides opening the cockpit.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Play a recording: pause, step, seek.
    Replay {
        /// What --record wrote.
        file: PathBuf,
    },
    /// Print once what the cockpit would show.
    Snapshot {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Wait at most this long for every source to answer (10s, 500ms, 2m).
        #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
        wait: Duration,
        /// Print only these parts.
        #[arg(long, value_name = "PARTS", value_delimiter = ',')]
        only: Vec<Part>,
    },
    /// Say of every source whether it can be reached and, if not, why and what to do.
    Doctor {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Judge a repository, its change and what is live here by the rule book: the daily ops check, and a gate for CI.
    Check(Box<CheckArguments>),
    /// The record of incidents: declare, write notes, export, prove.
    #[command(subcommand)]
    Incident(incident::IncidentCommand),
    /// Guided runbooks: plan, run, resume, approve, look back.
    #[command(subcommand)]
    Runbook(runbook::RunbookCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, to be read with man -l -.
    Man,
}

/// What the rule book is asked.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct CheckArguments {
    /// Folder of the repository; the one that this folder is in unless given.
    pub path: Option<PathBuf>,
    /// Look only there. Every scope that can be reached unless given.
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', value_parser = scope)]
    pub scope: Vec<Scope>,
    /// Judge what changed since this commit, too.
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
    /// Print into this file.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// From which severity on findings make the exit code 1; what could not be judged counts as it would have.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    pub fail_on: FailOn,
    /// Accept the old debt in this file, by count, and refuse what is new.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what is found now into this file, as the debt to be accepted.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<PathBuf>,
    /// Say what is new, gone and unchanged since the last run.
    #[arg(long)]
    pub since_last: bool,
    /// Run the test cases of the rules of one's own, and nothing else.
    #[arg(long)]
    pub test_rules: bool,
    /// Explain a check (11f), or list the checks of a rule (11), and do nothing else.
    #[arg(long, value_name = "CHECK")]
    pub explain: Option<String>,
    /// Go through the list before work begins: what a machine can see is told, what it cannot --confirm confirms; the result is kept.
    #[arg(long, conflicts_with_all = ["explain", "test_rules", "write_baseline", "since_last", "waive", "attest", "accept"])]
    pub preflight: bool,
    /// Confirm these points of the pre-flight list.
    #[arg(long, value_name = "POINTS", value_delimiter = ',', requires = "preflight")]
    pub confirm: Vec<rules::Point>,
    #[command(flatten)]
    pub write: rules::WriteArguments,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub enum CheckFormat {
    #[default]
    Text,
    Json,
    Sarif,
    Junit,
    Markdown,
}

/// From which severity on a finding fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[allow(missing_docs)]
pub enum FailOn {
    Info,
    Warn,
    #[default]
    Error,
    Block,
}

impl FailOn {
    /// The severity.
    pub const fn level(self) -> Level {
        match self {
            Self::Info => Level::Info,
            Self::Warn => Level::Warn,
            Self::Error => Level::Error,
            Self::Block => Level::Block,
        }
    }
}

fn scope(word: &str) -> Result<Scope, String> {
    let known = Scope::ALL.into_iter().find(|scope| scope.word() == word);
    known.ok_or_else(|| {
        let near = did_you_mean(word, Scope::ALL.iter().map(|scope| scope.word()));
        format!("there is no such scope{near}: repo, diff, docker, kube, host")
    })
}

/// What can be asked about the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ConfigCommand {
    /// Print where files are looked for, and which are there.
    Path,
    /// Print every key with its meaning and its default, as a file to begin with.
    Default,
    /// Read the configuration, themes and key maps, and name what is wrong with file and line.
    Check,
    /// Print a JSON schema of the configuration, for editors.
    Schema,
}

/// A part of a snapshot, by its key in the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Part {
    Host,
    Gpu,
    Ai,
    Room,
    Pods,
    Workloads,
    Nodes,
    Sources,
    Attention,
    Containers,
    Alerts,
    Slos,
    Fleet,
    Postgres,
}

impl Global {
    /// Kinds of sources of which some are named.
    pub fn named(&self) -> Vec<&'static str> {
        let is_named = |given: &[String]| given.iter().any(|name| name != "none" && name != "all");
        [("docker", &self.docker), ("kube", &self.context)]
            .into_iter()
            .filter(|(_, given)| is_named(given))
            .map(|(kind, _)| kind)
            .collect()
    }

    /// The flags as keys of the configuration.
    pub fn flags(&self) -> Table {
        let mut table = Table::new();
        let path = |path: &PathBuf| Value::String(path.to_string_lossy().into_owned());
        for (key, on) in [("read-only", self.read_only), ("ascii", self.ascii)] {
            if on {
                table.insert(key.into(), Value::Boolean(true));
            }
        }
        for (key, names) in [("contexts", &self.context), ("engines", &self.docker)] {
            if !names.is_empty() {
                table.insert(key.into(), Value::Array(names.iter().cloned().map(Value::String).collect()));
            }
        }
        for (key, text) in [("theme", &self.theme), ("keymap", &self.keymap), ("actor", &self.actor)] {
            if let Some(text) = text {
                table.insert(key.into(), Value::String(text.clone()));
            }
        }
        if self.no_color {
            table.insert("colour".into(), Value::String("never".into()));
        }
        if let Some(file) = &self.log {
            table.insert("log".into(), Value::Table([("file".to_owned(), path(file))].into_iter().collect()));
        }
        table
    }

    /// Where the configuration comes from.
    pub fn origin(&self) -> Origin {
        Origin::usual(self.config.clone(), self.flags())
    }
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// Wrong usage, or a wish for help or the version: `exit_code` and `print` of the error do what is due (2 for wrong usage).
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse_from(arguments)?;
    let of_cockpit = if cli.demo { Some("--demo") } else { cli.record.as_ref().map(|_| "--record") };
    if let (Some(flag), Some(_)) = (of_cockpit, &cli.command) {
        let text = format!("{flag} belongs to the cockpit and cannot be used with a command");
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, text));
    }
    Ok(cli)
}

/// `10s`, `500ms`, `2m`, `1.5s`; a number alone is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let scale = match unit.trim() {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err("write a number with ms, s, m or h behind it".into()),
    };
    let seconds = number.parse::<f64>().map_err(|_| "write a number, such as 10s".to_owned())? * scale;
    Duration::try_from_secs_f64(seconds).map_err(|_| "that is too long".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::{Layer, resolve};

    fn read(line: &str) -> Result<Cli, clap::Error> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(read("flightdeck").expect("is right").command, None);
        assert!(read("flightdeck --demo").expect("is right").demo);
        let cli =
            read("flightdeck snapshot --json --wait 500ms --only host,attention --theme light").expect("is right");
        assert_eq!(cli.global.theme.as_deref(), Some("light"));
        assert_eq!(
            cli.command,
            Some(Command::Snapshot {
                json: true,
                wait: Duration::from_millis(500),
                only: vec![Part::Host, Part::Attention]
            })
        );
        let cli = read("flightdeck --read-only replay x.flightdeck").expect("is right");
        assert_eq!((cli.global.read_only, cli.command), (true, Some(Command::Replay { file: "x.flightdeck".into() })));
        assert_eq!(
            read("flightdeck config check").expect("is right").command,
            Some(Command::Config(ConfigCommand::Check))
        );
    }

    #[test]
    fn wrong_usage_exits_with_2() {
        for line in [
            "flightdeck snapshto",
            "flightdeck snapshot --wait soon",
            "flightdeck snapshot --only everything",
            "flightdeck --demo --record x",
            "flightdeck --demo snapshot",
            "flightdeck --record x doctor",
            "flightdeck config",
            "flightdeck replay",
            "flightdeck check --waive 11f",
            "flightdeck check --waive 11f --reason x --attest 5 --evidence y --role z",
            "flightdeck check --attest 5 --role dba",
            "flightdeck check --reason x",
            "flightdeck check --accept 11f --baseline x",
            "flightdeck check --waive 11f --reason x --since-last",
        ] {
            assert_eq!(read(line).expect_err(line).exit_code(), i32::from(exit::USAGE), "{line}");
        }
        assert_eq!(read("flightdeck --help").expect_err("help").exit_code(), 0);
    }

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [("10s", 10.0), ("500ms", 0.5), ("2m", 120.0), ("1.5s", 1.5), ("7", 7.0)] {
            assert_eq!(duration(text).map(|d| d.as_secs_f64()), Ok(seconds), "{text}");
        }
        assert!(duration("s").is_err() && duration("1y").is_err() && duration("-1s").is_err());
    }

    #[test]
    fn flags_are_keys_of_the_configuration() {
        let line = "flightdeck --read-only --ascii --no-color --theme light --keymap vim --actor ann --log /tmp/l";
        let loaded = resolve(&[Layer::Flags(read(line).expect("is right").global.flags())]);
        assert_eq!(loaded.warnings, []);
        let config = loaded.config;
        assert!(config.read_only && config.ascii == crate::config::Ascii::Always);
        assert_eq!(config.colour, crate::config::ColourUse::Never);
        assert_eq!(
            (config.theme.as_str(), config.keymap.as_str(), config.actor.as_deref()),
            ("light", "vim", Some("ann"))
        );
        assert_eq!(config.log.file, Some("/tmp/l".into()));
    }
}
