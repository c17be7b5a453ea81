//! From parsed arguments to the mode that they ask for, and its exit code.

mod journal;
mod runbook;
use runbook::Shelves;
pub mod state;

use crate::{
    app::settings::{self, Terminal},
    cli::{CheckArguments, Cli, Command, exit, incident::IncidentCommand, manual},
    client::{self, Clients, Wanted},
    config::{self, Config, LogLevel, layers::Loaded, load},
    headless::{
        self,
        check::Surroundings,
        doctor::{DoctorOptions, TerminalCheck},
        render::Leavable,
        snapshot::SnapshotOptions,
    },
    model::{
        journal::{Actor, KnownBy},
        own::OwnCounters,
        text::clean_to,
    },
    ops::gate::Policy,
    runtime::{
        cockpit::{self, Feed, Left, Options},
        journal::Records,
        logging,
        player::Player,
        recorder::read::Recording,
    },
    source::{
        self, AnySource,
        host::users,
        repo::book::{self, Words},
    },
    ui::theme::colour::Depth,
};
use compact_str::CompactString;
use state::StateFolder;
use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long `doctor` waits for a source.
const DOCTOR_PATIENCE: Duration = Duration::from_secs(10);
/// How long leaving waits for the log.
const LOG_PATIENCE: Duration = Duration::from_millis(500);
/// Longest line of ours on standard error.
const LONGEST_NOTE: usize = 2_000;

/// Does what the arguments ask for. Returns the exit code. A reader of our output that left early is no fault.
pub fn run(cli: &Cli, out: &mut dyn Write, notes: &mut dyn Write) -> u8 {
    let (out, notes) = (&mut Leavable::new(out, "standard output"), &mut Leavable::new(notes, "standard error"));
    let result = match &cli.command {
        None if cli.demo => open(cli, Player::demo().map(Some).map_err(|e| e.to_string()), notes),
        None => open(cli, Ok(None), notes),
        Some(Command::Replay { file }) => {
            let player = Recording::open(file).and_then(Player::new);
            open(cli, player.map(Some).map_err(|e| format!("{}: {e}", file.display())), notes)
        }
        Some(command) => command_without_screen(cli, command, out, notes),
    };
    result.and_then(|code| out.flush().map(|()| code)).unwrap_or_else(|error| {
        let _ = note(notes, &error.to_string());
        exit::USAGE
    })
}

/// Says something on standard error, made harmless: it may hold words of a file.
fn note(notes: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(notes, "flightdeck: {}", clean_to(text, LONGEST_NOTE))
}

fn command_without_screen(cli: &Cli, command: &Command, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<u8> {
    match command {
        Command::Config(command) => headless::config_cmd::run(*command, &cli.global.origin(), &terminal(), out, notes),
        Command::Completions { shell } => {
            out.write_all(&manual::completions(*shell))?;
            Ok(exit::OK)
        }
        Command::Man => manual::man(out).map(|()| exit::OK),
        Command::Snapshot { json, wait, only } => {
            let Some(loaded) = configured(cli, notes)? else { return Ok(exit::USAGE) };
            let clients = clients(&loaded.config);
            let (sources, _) = configured_sources(cli, &loaded, &clients, notes)?;
            let options = SnapshotOptions {
                json: *json,
                wait: *wait,
                only: only.clone(),
                named: cli.global.named(),
                no_cluster: clients.kube.why_none(),
            };
            headless::snapshot::snapshot(&options, sources, out, notes).map_err(to_io)
        }
        Command::Check(arguments) => check(cli, arguments, out, notes),
        Command::Doctor { json } => {
            let loaded = load::load(&cli.global.origin());
            for problem in settings::build(&loaded, &terminal()).warnings {
                note(notes, &problem)?;
            }
            let clients = clients(&loaded.config);
            let (sources, misnamed) = configured_sources(cli, &loaded, &clients, notes)?;
            let options = doctor_options(cli, &loaded, *json);
            let options = DoctorOptions {
                engines_tried: clients.docker_tried.clone(),
                clusters_tried: clients.kube.tried(),
                misconfigured: options.misconfigured || misnamed,
                ..options
            };
            headless::doctor::doctor(&options, sources, out).map_err(to_io)
        }
        Command::Incident(command) => incident(cli, command, out, notes),
        Command::Runbook(command) => runbook::runbook(cli, command, out, notes),
        // These open the cockpit, and have been dealt with.
        Command::Replay { .. } => Ok(exit::OK),
    }
}

/// Judges by the rule book. A configuration that cannot be read whole may have said something of the rules.
fn check(cli: &Cli, arguments: &CheckArguments, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<u8> {
    let Some(loaded) = configured(cli, notes)? else { return Ok(exit::USAGE) };
    let clients = clients(&loaded.config);
    for problem in clients.kube.problems() {
        note(notes, problem)?;
    }
    let columns = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok().map(|size| usize::from(size.ws_col));
    let terminal = columns.filter(|_| rustix::termios::isatty(rustix::stdio::stdout()));
    let colour = terminal.is_some() && self::terminal().depth(&loaded.config) != Depth::None;
    let words = words(cli, &loaded);
    let state = StateFolder::find().usable().map(ToOwned::to_owned);
    let journal = journal::options(&loaded.config).ok();
    let gpu = source_options(cli, &loaded).gpu;
    // Who writes a flag has made up their mind: what the cockpit asks for by `A` and a confirmation is said already.
    let gate = settings::policy(&loaded.config, own_pid(), login(|name| env::var(name).ok()));
    let gate = Policy { armed: true, ..gate };
    let around = Surroundings { clients: &clients, words: &words, gpu, gate: &gate, state, journal, terminal, colour };
    headless::check::check(arguments, &around, out, notes)
}

/// The configuration, with what is wrong with it said.
fn loaded(cli: &Cli, notes: &mut dyn Write) -> io::Result<Loaded> {
    let loaded = load::load(&cli.global.origin());
    for problem in &loaded.warnings {
        note(notes, &problem.to_string())?;
    }
    Ok(loaded)
}

/// The same; nothing where a file of it cannot be understood: what is done by half of what somebody has written is not what they want.
fn configured(cli: &Cli, notes: &mut dyn Write) -> io::Result<Option<Loaded>> {
    let loaded = loaded(cli, notes)?;
    if loaded.broken {
        note(notes, "a file of the configuration could not be understood, so nothing was done")?;
        return Ok(None);
    }
    let wrong = wrong_flag(&settings::build(&loaded, &terminal()).warnings).map(ToOwned::to_owned);
    if let Some(wrong) = &wrong {
        note(notes, wrong)?;
    }
    Ok(Some(loaded).filter(|_| wrong.is_none()))
}

/// What is wrong with a name that a flag gives, of all that is wrong: that is wrong usage. In a file it is a warning, and the rest works.
fn wrong_flag(warnings: &[String]) -> Option<&str> {
    warnings.iter().map(String::as_str).find(|warning| warning.starts_with("--"))
}

/// Reads or writes the record of incidents.
fn incident(cli: &Cli, command: &IncidentCommand, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<u8> {
    let Some(loaded) = configured(cli, notes)? else { return Ok(exit::USAGE) };
    let actor = settings::actor(&loaded.config, login(|name| env::var(name).ok()));
    let options = journal::options(&loaded.config);
    let (manners, problems) = settings::manners(&loaded);
    for problem in problems {
        note(notes, &problem.to_string())?;
    }
    let (receivers, problems) = config::receivers::receivers(&loaded.config);
    for problem in problems {
        note(notes, &problem)?;
    }
    let clients = Arc::new(Clients { receivers, ..Clients::default() });
    let policy = settings::policy(&loaded.config, own_pid(), actor.clone());
    let (actor, manners, clients, policy) = (&actor, &manners, &clients, &policy);
    let around = headless::incident::Surroundings { options, actor, manners, clients, policy };
    headless::incident::incident(command, &around, out, notes)
}

/// What user and system say of the rules.
fn words(cli: &Cli, loaded: &Loaded) -> Words {
    Words { policies: loaded.policies.clone(), rules: loaded.rules.clone(), user: cli.global.origin().user }
}

/// The repository that is watched: the one that the configuration names, or the one that we are in.
fn repository(config: &Config) -> Option<PathBuf> {
    config.repository.clone().or_else(|| book::root_above(Path::new(".")))
}

/// What the configuration says of sources.
fn source_options(cli: &Cli, loaded: &Loaded) -> source::Options {
    let config = &loaded.config;
    let watch = config::watch::watch(config, &loaded.slos);
    source::Options {
        gpu: source::gpu::Options { nvml_library: config.gpu.nvml_library.clone() },
        ai: source::ai::Options { servers: config.ai.servers.clone() },
        rules: source::rules::Options {
            root: repository(config),
            words: words(cli, loaded),
            state: StateFolder::find().usable().map(ToOwned::to_owned),
        },
        alertmanagers: watch.alertmanagers,
        prometheus: watch.prometheus,
        slos: watch.slos,
        postgres: config::postgres::clusters(config).0,
    }
}

/// The sources as the configuration wants them, for the commands without a screen. Says what is wrong with what it says of them, and returns
/// whether it names a source or a server that there cannot be.
fn configured_sources(
    cli: &Cli,
    loaded: &Loaded,
    clients: &Arc<Clients>,
    notes: &mut dyn Write,
) -> io::Result<(Vec<AnySource>, bool)> {
    let all = source::all(Arc::default(), clients, &source_options(cli, loaded));
    let (sources, unknown) = config::sources::apply(all, &loaded.config);
    let servers = source::ai::problems(&source_options(cli, loaded).ai);
    let misnamed = !(unknown.is_empty() && servers.is_empty());
    let servers = servers.into_iter().chain(config::watch::watch(&loaded.config, &loaded.slos).problems);
    let servers = servers.chain(config::receivers::receivers(&loaded.config).1);
    let servers = servers.chain(config::postgres::clusters(&loaded.config).1);
    for problem in unknown.into_iter().chain(clients.kube.problems().to_vec()).chain(servers) {
        note(notes, &problem)?;
    }
    Ok((sources, misnamed))
}

fn doctor_options(cli: &Cli, loaded: &Loaded, json: bool) -> DoctorOptions {
    let origin = cli.global.origin();
    let state = StateFolder::find();
    let files = [Some(origin.system), origin.user].into_iter().flatten().filter(|file| file.is_file());
    let problem_of = |file: &PathBuf| {
        let name = file.display().to_string();
        loaded.warnings.iter().find(|problem| problem.place.file == name).map(ToString::to_string)
    };
    DoctorOptions {
        json,
        wait: DOCTOR_PATIENCE,
        config_files: files.map(|file| (file.clone(), problem_of(&file))).collect(),
        state_folder: state.path,
        state_problem: state.problem,
        terminal: TerminalCheck::here(&terminal(), &loaded.config),
        named: cli.global.named(),
        engines_tried: Vec::new(),
        clusters_tried: Vec::new(),
        misconfigured: !headless::config_cmd::problems(loaded, &terminal()).is_empty(),
    }
}

/// An error on its way to the exit code.
fn to_io(error: anyhow::Error) -> io::Error {
    match error.downcast::<io::Error>() {
        Ok(error) => error,
        Err(error) => io::Error::other(format!("{error:#}")),
    }
}

fn terminal() -> Terminal {
    Terminal::from_variables(|name| env::var(name).ok())
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or_default()
}

/// Who the user is known as, who may have become root by sudo, and where they come from.
fn login(variable: impl Fn(&str) -> Option<String>) -> Actor {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(given);
    // A timer and a job of CI have no login.
    let uid = rustix::process::getuid().as_raw();
    let name = name.or_else(|| users::name_of(uid).map(String::from)).unwrap_or_else(|| format!("uid {uid}"));
    // sshd: the client's address and port, then ours.
    let far = given("SSH_CONNECTION").and_then(|words| words.split(' ').next().map(CompactString::from));
    let known_by = if far.is_some() { KnownBy::Ssh } else { KnownBy::Login };
    Actor { name: name.into(), known_by, from: far }
}

/// Opens the cockpit, on this machine or on a recording.
fn open(cli: &Cli, player: Result<Option<Player>, String>, notes: &mut dyn Write) -> io::Result<u8> {
    let player = match player {
        Ok(player) => player,
        Err(error) => {
            note(notes, &error)?;
            return Ok(exit::USAGE);
        }
    };
    let options = options(cli, player);
    if let Some(wrong) = wrong_flag(&options.settings.warnings) {
        note(notes, wrong)?;
        return Ok(exit::USAGE);
    }
    if terminal().is_dumb() {
        note(notes, "the cockpit cannot be opened: TERM is dumb, which cannot be drawn on")?;
        writeln!(
            notes,
            "Set it to what the terminal is (TERM=xterm-256color flightdeck); `flightdeck snapshot` and `flightdeck doctor` need none."
        )?;
        return Ok(exit::USAGE);
    }
    let left = cockpit::run(options);
    logging::finish(LOG_PATIENCE);
    if let Ok((_, Some(lost))) = &left {
        note(notes, lost)?;
    }
    match left.map(|(left, _)| left) {
        Ok(Left::Asked) => Ok(exit::OK),
        Ok(Left::Interrupted) => Ok(exit::INTERRUPTED),
        Ok(Left::Quit) => Ok(exit::QUIT),
        Ok(Left::TerminalGone) => Ok(exit::HANGUP),
        Err(error) => {
            note(notes, &format!("the cockpit cannot be opened: {error}"))?;
            if !rustix::termios::isatty(rustix::stdio::stdout()) {
                writeln!(notes, "It needs a terminal; `flightdeck snapshot` and `flightdeck doctor` need none.")?;
            }
            Ok(exit::USAGE)
        }
    }
}

fn options(cli: &Cli, player: Option<Player>) -> Options {
    let origin = cli.global.origin();
    let terminal = terminal();
    let loaded = load::load(&origin);
    let mut settings = settings::build(&loaded, &terminal);
    let policy = settings::policy(&settings.config, own_pid(), login(|name| env::var(name).ok()));
    let counters: Arc<OwnCounters> = Arc::default();
    let clients = clients(&settings.config);
    let all = source::all(Arc::clone(&counters), &clients, &source_options(cli, &loaded));
    let (mut sources, warnings) = config::sources::apply(all, &settings.config);
    settings.warnings.extend(warnings);
    let records = match journal::options(&settings.config) {
        // A recording is played to be looked at.
        _ if player.is_some() => Records::none("a recording is played"),
        Ok(options) => {
            let attended = journal::attended(options, &policy.actor);
            let rules = source_options(cli, &loaded).rules;
            let (records, told) = Records::new(attended, journal::keep(&settings.config), rules);
            sources.extend(told);
            records
        }
        Err(why) => Records::none(&why),
    };
    settings.warnings.extend(clients.kube.problems().to_vec());
    settings.warnings.extend(source::ai::problems(&source_options(cli, &loaded).ai));
    settings.warnings.extend(config::watch::watch(&loaded.config, &loaded.slos).problems);
    settings.warnings.extend(config::receivers::receivers(&loaded.config).1);
    settings.warnings.extend(config::postgres::clusters(&loaded.config).1);
    let shelves = Shelves::of(cli, &settings.config);
    let config = &settings.config;
    let state = StateFolder::find();
    let log_file = config.log.file.clone().or_else(|| Some(state.usable()?.join("flightdeck.log")));
    let frames = if terminal.ssh { config.ssh_frames_per_second } else { config.frames_per_second };
    let first = settings.clone();
    Options {
        feed: player.map_or(Feed::Live, |player| Feed::Recording(Box::new(player))),
        record: cli.record.clone(),
        policy,
        sources,
        counters,
        clients,
        prometheus: source_options(cli, &loaded).prometheus,
        journal: records,
        words: words(cli, &loaded),
        // Without a folder of our own files go where we are.
        state_folder: state.usable().map_or_else(|| ".".into(), ToOwned::to_owned),
        tmux: terminal.tmux,
        log_file,
        log_level: level(config.log.level),
        runbooks: Box::new(move || shelves.read()),
        reload: Box::new(move || settings::rebuild(&first, &load::load(&origin), &terminal)),
        frame_interval: Duration::from_secs(1) / u32::from(frames.max(1)),
        settings,
    }
}

/// What the configuration names of engines, clusters and receivers.
fn wanted(config: &Config) -> Wanted {
    Wanted {
        docker: config.engines.clone(),
        contexts: config.contexts.clone(),
        namespaces: config.namespaces.clone(),
        alertmanagers: config::watch::watch(config, &[]).alertmanagers,
        receivers: config::receivers::receivers(config).0,
        postgres: config::postgres::clusters(config).0,
    }
}

/// The ways to engines and clusters, as configuration, flags and environment say.
fn clients(config: &Config) -> Arc<Clients> {
    client::discover(&wanted(config))
}

const fn level(level: LogLevel) -> tracing::Level {
    match level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    }
}

#[cfg(test)]
mod tests;
