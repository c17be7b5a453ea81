//! From parsed arguments to the mode that they ask for, and its exit code.

use crate::{
    app::settings::{self, Terminal},
    cli::{Cli, Command, EXIT_USAGE, manual},
    config::{self, LogLevel, load},
    headless::{self, doctor::DoctorOptions, snapshot::SnapshotOptions},
    model::own::OwnCounters,
    runtime::{
        cockpit::{self, Feed, Left, Options},
        player::Player,
        recorder::read::Recording,
    },
    source::{self, Source},
};
use std::{
    env,
    io::{self, ErrorKind, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// How long `doctor` waits for a source.
const DOCTOR_PATIENCE: Duration = Duration::from_secs(10);
/// Exit code of a program that was told to hang up: 128 and the number of SIGHUP.
const EXIT_HANGUP: u8 = 129;
/// Exit code of a program that was interrupted: 128 and the number of SIGINT.
const EXIT_INTERRUPTED: u8 = 130;
/// Exit code of a program that was told to quit: 128 and the number of SIGQUIT.
const EXIT_QUIT: u8 = 131;

/// Does what the arguments ask for. Returns the exit code. A reader of our output that left early is no fault.
pub fn run(cli: &Cli, out: &mut dyn Write, notes: &mut dyn Write) -> u8 {
    let result = match &cli.command {
        None if cli.demo => open(cli, Player::demo().map(Some).map_err(|e| e.to_string()), notes),
        None => open(cli, Ok(None), notes),
        Some(Command::Replay { file }) => {
            let player = Recording::open(file).and_then(Player::new);
            open(cli, player.map(Some).map_err(|e| format!("{}: {e}", file.display())), notes)
        }
        Some(command) => command_without_screen(cli, command, out, notes),
    };
    result.unwrap_or_else(|error| {
        if error.kind() != ErrorKind::BrokenPipe {
            let _ = writeln!(notes, "flightdeck: {error}");
            return EXIT_USAGE;
        }
        0
    })
}

fn command_without_screen(cli: &Cli, command: &Command, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<u8> {
    match command {
        Command::Config(command) => headless::config_cmd::run(*command, &cli.global.origin(), &terminal(), out, notes),
        Command::Completions { shell } => {
            manual::completions(*shell, out);
            Ok(0)
        }
        Command::Man => manual::man(out).map(|()| 0),
        Command::Snapshot { json, wait, only } => {
            let only = only.iter().map(|part| part.name().to_owned()).collect();
            let options = SnapshotOptions { json: *json, wait: *wait, only };
            headless::snapshot::snapshot(&options, configured_sources(cli), out, notes).map_err(to_io)
        }
        Command::Doctor { json } => {
            headless::doctor::doctor(&doctor_options(cli, *json), configured_sources(cli), out, notes).map_err(to_io)
        }
        // These open the cockpit, and have been dealt with.
        Command::Replay { .. } => Ok(0),
    }
}

/// The sources as the configuration wants them, for the commands without a screen.
fn configured_sources(cli: &Cli) -> Vec<Box<dyn Source>> {
    let loaded = load::load(&cli.global.origin());
    config::sources::apply(source::all(Arc::default()), &loaded.config).0
}

fn doctor_options(cli: &Cli, json: bool) -> DoctorOptions {
    let origin = cli.global.origin();
    let loaded = load::load(&origin);
    let files = [Some(origin.system), origin.user].into_iter().flatten().filter(|file| file.is_file());
    let problem_of = |file: &PathBuf| {
        let name = file.display().to_string();
        loaded.warnings.iter().find(|problem| problem.place.file == name).map(ToString::to_string)
    };
    DoctorOptions {
        json,
        wait: DOCTOR_PATIENCE,
        named: Vec::new(),
        config_files: files.map(|file| (file.clone(), problem_of(&file))).collect(),
        state_folder: state_folder(),
        terminal: headless::doctor::Terminal::here(),
    }
}

/// An error on its way to the exit code; one of output keeps its kind, so that a reader who left is known.
fn to_io(error: anyhow::Error) -> io::Error {
    match error.downcast::<io::Error>() {
        Ok(error) => error,
        Err(error) => io::Error::other(format!("{error:#}")),
    }
}

fn terminal() -> Terminal {
    Terminal::from_variables(|name| env::var(name).ok())
}

/// `$XDG_STATE_HOME/flightdeck`, or a folder for temporary files where there is no home.
pub fn state_folder() -> PathBuf {
    let state = directories::BaseDirs::new().and_then(|dirs| dirs.state_dir().map(ToOwned::to_owned));
    state.unwrap_or_else(env::temp_dir).join("flightdeck")
}

/// Opens the cockpit, on this machine or on a recording.
fn open(cli: &Cli, player: Result<Option<Player>, String>, notes: &mut dyn Write) -> io::Result<u8> {
    let player = match player {
        Ok(player) => player,
        Err(error) => {
            writeln!(notes, "flightdeck: {error}")?;
            return Ok(EXIT_USAGE);
        }
    };
    match cockpit::run(options(cli, player)) {
        Ok(Left::Asked) => Ok(0),
        Ok(Left::Interrupted) => Ok(EXIT_INTERRUPTED),
        Ok(Left::Quit) => Ok(EXIT_QUIT),
        Ok(Left::TerminalGone) => Ok(EXIT_HANGUP),
        Err(error) => {
            writeln!(notes, "flightdeck: the cockpit cannot be opened: {error}")?;
            writeln!(notes, "It needs a terminal; `flightdeck snapshot` and `flightdeck doctor` need none.")?;
            Ok(EXIT_USAGE)
        }
    }
}

fn options(cli: &Cli, player: Option<Player>) -> Options {
    let origin = cli.global.origin();
    let terminal = terminal();
    let loaded = load::load(&origin);
    let mut settings = settings::build(&loaded, &terminal);
    let own_pid = i32::try_from(std::process::id()).unwrap_or_default();
    let policy = settings::policy(&settings.config, own_pid);
    let counters: Arc<OwnCounters> = Arc::default();
    let (sources, warnings) = config::sources::apply(source::all(Arc::clone(&counters)), &settings.config);
    settings.warnings.extend(warnings);
    let config = &settings.config;
    let over_ssh = env::var_os("SSH_CONNECTION").is_some();
    let frames = if over_ssh { config.ssh_frames_per_second } else { config.frames_per_second };
    let first = settings.clone();
    Options {
        feed: player.map_or(Feed::Live, |player| Feed::Recording(Box::new(player))),
        record: cli.record.clone(),
        policy,
        sources,
        counters,
        state_folder: state_folder(),
        log_file: Some(config.log.file.clone().unwrap_or_else(|| state_folder().join("flightdeck.log"))),
        log_level: level(config.log.level),
        reload: Box::new(move || settings::rebuild(&first, &load::load(&origin), &terminal)),
        frame_interval: Duration::from_secs(1) / u32::from(frames.max(1)),
        settings,
    }
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
