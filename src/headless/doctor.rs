//! `flightdeck doctor`: every source, the terminal, the files; what is wrong, and what to do about it.

use super::{
    gather::{Asked, Gathered, Until, gather},
    render,
    snapshot::{SourceRow, snapshot_of},
};
use crate::{
    app::settings::Terminal,
    cli::exit,
    client::Tried,
    config::{Ascii, Config},
    model::{text::clean_to, units},
    source::AnySource,
    ui::theme::colour::Depth,
};
use serde::Serialize;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

/// What was asked for on the command line, and what the caller knows.
#[derive(Debug, Clone, PartialEq)]
pub struct DoctorOptions {
    pub json: bool,
    /// How long to wait for sources at most.
    pub wait: Duration,
    /// Configuration files, with what is wrong in each or nothing; in the order of the layers.
    pub config_files: Vec<(PathBuf, Option<String>)>,
    pub state_folder: PathBuf,
    /// Why that folder must not be used, where it must not.
    pub state_problem: Option<String>,
    pub terminal: TerminalCheck,
    /// Kinds of sources of which some were named (`--docker`, `--context`).
    pub named: Vec<&'static str>,
    /// Where container engines were looked for, and what was found there.
    pub engines_tried: Vec<Tried>,
    /// Where clusters were looked for, and which were found.
    pub clusters_tried: Vec<Tried>,
    /// Whether something is wrong with the configuration, which the caller says.
    pub misconfigured: bool,
}

/// What is known of the terminal, and what the cockpit makes of it with the configuration in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TerminalCheck {
    /// `TERM`.
    pub term: Option<String>,
    /// How many colours are used: `truecolor`, `256`, `16` or `none`.
    pub colours: &'static str,
    /// Whether signs beyond ASCII are used.
    pub utf8: bool,
    /// `tmux` or `screen`, where we run inside one.
    pub multiplexer: Option<&'static str>,
    /// Columns and rows; `None` where there is no terminal.
    pub size: Option<(u16, u16)>,
    /// Whether the configuration decides about the signs, so that the locale does not matter.
    #[serde(skip)]
    chosen: bool,
}

impl TerminalCheck {
    /// Examines the terminal that the environment names, and asks it for its size.
    pub fn here(terminal: &Terminal, config: &Config) -> Self {
        let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok();
        Self::new(terminal, config, size.map(|size| (size.ws_col, size.ws_row)))
    }

    fn new(terminal: &Terminal, config: &Config, size: Option<(u16, u16)>) -> Self {
        let colours = match terminal.depth(config) {
            Depth::None => "none",
            Depth::Sixteen => "16",
            Depth::Palette => "256",
            Depth::Rgb => "truecolor",
        };
        let multiplexer = if terminal.tmux { Some("tmux") } else { terminal.screen.then_some("screen") };
        Self {
            term: Some(terminal.term.clone()).filter(|term| !term.is_empty()),
            colours,
            utf8: !terminal.ascii(config),
            multiplexer,
            size,
            chosen: config.ascii != Ascii::Auto,
        }
    }

    fn advice(&self) -> Vec<&'static str> {
        let mut advice = Vec::new();
        if !self.utf8 && !self.chosen {
            advice.push(
                "locale or terminal are not for UTF-8, so signs are ASCII: set LANG=C.UTF-8, or start with --ascii",
            );
        }
        if self.term.is_none() || self.term.as_deref() == Some("dumb") {
            advice.push("TERM names no terminal that can be drawn on: set it (TERM=xterm-256color), or use `flightdeck snapshot`");
        }
        if self.size.is_some_and(|(columns, rows)| columns < 80 || rows < 24) {
            advice.push("the terminal is smaller than 80 by 24: panes are left out");
        }
        advice
    }
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    pub version: &'static str,
    pub sources: Vec<SourceCheck>,
    /// Where container engines were looked for.
    pub engines: Vec<PlaceCheck>,
    /// Where clusters were looked for.
    pub clusters: Vec<PlaceCheck>,
    pub terminal: TerminalCheck,
    pub config_files: Vec<FileCheck>,
    pub state_folder: FileCheck,
    /// What to do, the terminal's part; each source has its own hint.
    pub advice: Vec<&'static str>,
}

/// A source and how it answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceCheck {
    #[serde(flatten)]
    pub row: SourceRow,
    /// Seconds until it answered, or said why it does not.
    pub took_seconds: Option<f64>,
}

/// A place where a container engine or a cluster may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceCheck {
    pub place: String,
    pub found: String,
}

/// A file or folder and whether it can be used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileCheck {
    pub path: PathBuf,
    pub ok: bool,
    pub problem: Option<String>,
}

/// Examines, prints and returns the exit code.
///
/// # Errors
/// Where nothing can be examined or printed.
pub fn doctor(options: &DoctorOptions, sources: Vec<AnySource>, out: &mut dyn Write) -> anyhow::Result<u8> {
    let gathered = gather(sources, Until::Reached, options.wait)?;
    let diagnosis = diagnose(options, &gathered);
    if options.json {
        render::json(&diagnosis, out)?;
    } else {
        render::lines(&lines(&diagnosis), out)?;
    }
    // The list says which and why. By a wrong configuration others were asked than those that are meant.
    Ok(match gathered.named_away(&options.named) {
        _ if options.misconfigured => exit::USAGE,
        Some(_) => exit::UNREACHABLE,
        None => exit::OK,
    })
}

fn diagnose(options: &DoctorOptions, gathered: &Gathered) -> Diagnosis {
    let rows = snapshot_of(&gathered.world, options.wait).sources.unwrap_or_default();
    let took = |row: &SourceRow| {
        let asked = gathered.sources.iter().find(|asked: &&Asked| asked.spec.name == row.name);
        asked.and_then(|asked| asked.took).map(|took| took.as_secs_f64())
    };
    // A cluster answers also whoever may see nothing of it.
    let with_denials = |row: SourceRow| {
        let context = row.name.strip_prefix("kube/").filter(|_| row.reason.is_none());
        let cluster = context.and_then(|context| gathered.world.observed.kube.clusters.get(context));
        let denials = cluster.map(|cluster| cluster.denials().join("; ")).filter(|denials| !denials.is_empty());
        SourceRow { reason: denials.or_else(|| row.reason.clone()), ..row }
    };
    let files = options.config_files.iter().map(|(path, problem)| FileCheck {
        path: path.clone(),
        ok: problem.is_none(),
        problem: problem.clone(),
    });
    Diagnosis {
        version: env!("CARGO_PKG_VERSION"),
        engines: options.engines_tried.iter().map(place_check).collect(),
        clusters: options.clusters_tried.iter().map(place_check).collect(),
        sources: rows.into_iter().map(|row| SourceCheck { took_seconds: took(&row), row: with_denials(row) }).collect(),
        terminal: options.terminal.clone(),
        config_files: files.collect(),
        state_folder: match options.state_problem.clone() {
            None => writable(&options.state_folder),
            problem => FileCheck { path: options.state_folder.clone(), ok: false, problem },
        },
        advice: options.terminal.advice(),
    }
}

fn place_check(tried: &Tried) -> PlaceCheck {
    PlaceCheck { place: tried.place.clone(), found: tried.found.clone() }
}

/// Where something was looked for; nothing where nobody looked.
fn place_lines(title: &str, places: &[PlaceCheck], lines: &mut Vec<String>) {
    if places.is_empty() {
        return;
    }
    let clean = |text: &str| clean_to(text, 300).into_owned();
    lines.extend([String::new(), title.to_owned()]);
    lines.extend(places.iter().map(|tried| format!("  {}: {}", clean(&tried.place), clean(&tried.found))));
}

/// Whether files can be made in a folder: by making one, because permissions alone do not tell (a full or read-only disk).
fn writable(folder: &Path) -> FileCheck {
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    let tried = fs::create_dir_all(folder)
        .and_then(|()| fs::File::options().write(true).create_new(true).open(&probe))
        .and_then(|mut file| file.write_all(b"x"));
    let _ = fs::remove_file(&probe);
    let problem =
        tried.err().map(|error| format!("cannot be written ({error}): set XDG_STATE_HOME to a folder that can"));
    FileCheck { path: folder.into(), ok: problem.is_none(), problem }
}

fn lines(diagnosis: &Diagnosis) -> Vec<String> {
    let clean = |text: &str| clean_to(text, 300).into_owned();
    let mut lines = vec![format!("flightdeck {}", diagnosis.version), String::new(), "Sources".into()];
    if diagnosis.sources.is_empty() {
        lines.push("  none".into());
    }
    for SourceCheck { row, took_seconds } in &diagnosis.sources {
        let took = took_seconds.map_or_else(String::new, |took| format!(" in {}", units::latency(took)));
        let reason = row.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", clean(reason)));
        lines.push(format!("  {:5} {}{took}{reason}", row.state, clean(&row.name)));
        lines.extend(row.hint.as_deref().map(|hint| format!("        next: {}", clean(hint))));
    }
    place_lines("Container engines looked for", &diagnosis.engines, &mut lines);
    place_lines("Kubernetes clusters looked for", &diagnosis.clusters, &mut lines);
    let terminal = &diagnosis.terminal;
    let size = terminal.size.map_or_else(|| "none".to_owned(), |(columns, rows)| format!("{columns} by {rows}"));
    let term = clean(terminal.term.as_deref().unwrap_or("not set"));
    let (colours, utf8) = (terminal.colours, if terminal.utf8 { "UTF-8" } else { "no UTF-8" });
    let inside = terminal.multiplexer.map_or_else(String::new, |name| format!(", inside {name}"));
    lines.extend([String::new(), "Terminal".into()]);
    lines.push(format!("  TERM {term}, size {size}, colours {colours}, {utf8}{inside}"));
    lines.extend(diagnosis.advice.iter().map(|advice| format!("        next: {advice}")));
    lines.extend([String::new(), "Files".into()]);
    if diagnosis.config_files.is_empty() {
        lines.push("  no configuration file; the defaults are in force".into());
    }
    for file in diagnosis.config_files.iter().chain([&diagnosis.state_folder]) {
        let state = if file.ok { "ok" } else { "bad" };
        let problem = file.problem.as_deref().map_or_else(String::new, |problem| format!(": {}", clean(problem)));
        lines.push(format!("  {state:5} {}{problem}", clean(&file.path.to_string_lossy())));
    }
    lines
}

#[cfg(test)]
mod tests;
