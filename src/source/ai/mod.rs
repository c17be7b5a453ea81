//! Servers of language models on this host: found by their processes, asked by their own interfaces. Ollama
//! (<https://docs.ollama.com/api>) and vLLM (<https://docs.vllm.ai/en/latest/usage/metrics.html>).

mod exposition;
mod find;
mod ollama;
#[cfg(test)]
mod tests;
mod vllm;

use super::{Request, Source, SourceError, Spec, host::read::Root};
use crate::{
    client::http::Http,
    model::{
        Timestamp,
        ai::{AiKind, AiServer},
        topic::Topic,
        update::Update,
    },
};
use compact_str::CompactString;
use find::Found;
use jiff::SignedDuration;
use std::{collections::HashMap, time::Duration};

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest answer that is read: thousands of models, or of metrics.
const LONGEST: usize = 8 << 20;
/// How often processes are looked through for servers.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// How servers of models are found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Servers that are named: `ollama=127.0.0.1:11434`, `vllm=127.0.0.1:8000`.
    pub servers: Vec<String>,
}

/// What is wrong with the servers that are named.
pub fn problems(options: &Options) -> Vec<String> {
    let wrong = options.servers.iter().filter(|text| Found::named(text).is_none());
    wrong
        .map(|text| {
            format!("configuration: ai.servers: «{text}» names no server: write ollama=HOST:PORT or vllm=HOST:PORT")
        })
        .collect()
}

/// The source of [`AiServer`]s.
pub struct AiSource {
    root: Root,
    named: Vec<Found>,
    http: Http,
    found: Vec<Found>,
    looked_at: Option<Timestamp>,
    /// What was counted at the last answer, by the server's address.
    before: HashMap<CompactString, vllm::Counted>,
    /// Since when a server does not answer, by its address.
    silent: HashMap<CompactString, Timestamp>,
}

impl AiSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root, options: &Options) -> Self {
        Self {
            root,
            named: options.servers.iter().filter_map(|text| Found::named(text)).collect(),
            http: Http::new(PATIENCE, LONGEST),
            found: Vec::new(),
            looked_at: None,
            before: HashMap::new(),
            silent: HashMap::new(),
        }
    }

    /// Looks through the processes where that is due.
    fn look(&mut self, at: Timestamp) {
        let is_due = self.looked_at.is_none_or(|then| at.duration_since(then).abs() >= LOOK_EVERY);
        if !is_due {
            return;
        }
        self.looked_at = Some(at);
        self.found = self.named.clone();
        for found in find::servers(&self.root) {
            if !self.found.iter().any(|known| known.address == found.address) {
                self.found.push(found);
            }
        }
    }

    async fn ask(&mut self, at: Timestamp) -> Vec<AiServer> {
        let mut servers = Vec::with_capacity(self.found.len());
        for found in &self.found {
            let mut server = found.server();
            let answer = match found.kind {
                AiKind::Ollama => ollama::ask(&self.http, &mut server).await,
                AiKind::Vllm => vllm::ask(&self.http, &mut server, at, &mut self.before).await,
            };
            match answer {
                Ok(()) => drop(self.silent.remove(&server.address)),
                Err(why) => {
                    server.problem = Some(why);
                    server.problem_since = Some(*self.silent.entry(server.address.clone()).or_insert(at));
                }
            }
            servers.push(server);
        }
        servers
    }
}

impl Source for AiSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "ai/local".into(),
            kind: "ai".into(),
            topics: Topic::Ai.into(),
            foreground: Duration::from_secs(2),
            background: Some(Duration::from_secs(30)),
            deadline: Duration::from_secs(15),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        self.look(request.at);
        if self.found.is_empty() {
            let reason = "no Ollama and no vLLM runs here (processes were looked through; name others in [ai] servers)";
            return Err(SourceError::Off { reason: reason.into() });
        }
        // A source runs on a thread for work that blocks, beside the loop that waits.
        let handle = tokio::runtime::Handle::try_current();
        let handle = handle.map_err(|error| SourceError::Down { reason: error.to_string(), hint: String::new() })?;
        let servers = handle.block_on(self.ask(request.at));
        Ok(vec![Update::Ai(servers)])
    }
}

/// What a server's answer is no JSON of, in words.
fn misread(what: &str, error: &serde_json::Error) -> String {
    format!("{what} is not what was expected: {error}")
}
