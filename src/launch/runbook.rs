//! `flightdeck runbook`: what the command needs, as configuration, flags and environment say.

use super::{journal as kept, login, note, own_pid, repository, source_options, wanted};
use crate::{
    app::settings,
    cli::{Cli, exit, runbook::RunbookCommand},
    client::{self, Wanted},
    config::{self, Config},
    headless::runbook::{self as headless, Surroundings},
    journal::{Journal, Options},
    model::journal::Actor,
    ops::gate::Policy,
    runbook::{definition::Catalogue, run::Run, target::Target},
    runtime::runbook::{shelf, store},
    source,
};
use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

/// Does what the command says. Who runs a runbook has made up their mind: what the cockpit asks for by `A` is said already.
pub fn runbook(cli: &Cli, command: &RunbookCommand, out: &mut dyn Write, notes: &mut dyn Write) -> io::Result<u8> {
    let Some(loaded) = super::configured(cli, notes)? else { return Ok(exit::USAGE) };
    let config = &loaded.config;
    // A context that the runbook is told, or that the run was begun with, is watched whether or not a flag says so.
    let contexts = match (config.contexts.as_slice(), command.value("context")) {
        ([], Some(value)) => vec![value.to_owned()],
        ([], None) => context_of_run(command, kept::options(config)).into_iter().collect(),
        (given, _) => given.to_vec(),
    };
    let clients = client::discover(&Wanted { contexts, ..wanted(config) });
    for problem in clients.kube.problems() {
        note(notes, problem)?;
    }
    let policy = settings::policy(config, own_pid(), login(|name| env::var(name).ok()));
    let (catalogue, problems) = Shelves::of(cli, config).read();
    let options = source_options(cli, &loaded);
    let sources = || {
        let all = source::all(Arc::default(), &clients, &options);
        config::sources::apply(all, config).0
    };
    let around = Surroundings {
        clients: Arc::clone(&clients),
        prometheus: options.prometheus.clone(),
        journal: kept::options(config),
        policy: Policy { armed: true, ..policy },
        catalogue,
        problems,
        isolated: config.runbooks.isolated.clone(),
        sources: &sources,
    };
    headless::runbook(command, &around, out, notes)
}

/// Where runbooks lie beside those that come with the program.
pub struct Shelves {
    user: Option<PathBuf>,
    repository: Option<PathBuf>,
}

impl Shelves {
    /// As configuration and flags say.
    pub fn of(cli: &Cli, config: &Config) -> Self {
        let user = cli.global.origin().user.map(|file| shelf::of_user(&file));
        Self { user, repository: repository(config).map(|root| shelf::of_repository(&root)) }
    }

    /// All runbooks, and what cannot be read.
    pub fn read(&self) -> (Catalogue, Vec<String>) {
        shelf::all(self.user.as_deref(), self.repository.as_deref())
    }
}

/// The context that a run which is gone on with is about.
fn context_of_run(command: &RunbookCommand, options: Result<Options, String>) -> Option<String> {
    let RunbookCommand::Resume { run, .. } = command else { return None };
    let journal = Journal::open(options.ok()?).ok()?;
    let kept = store::read(&journal, run).ok()?;
    let run = Run::restore(&kept.entries, Actor::program()).ok()?;
    match &run.plan().target {
        Target::Object { context, .. } | Target::Release { context, .. } => Some(context.clone()),
        _ => None,
    }
}
