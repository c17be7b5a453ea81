//! PostgreSQL clusters that the configuration names: asked by Patroni's REST interface, by SQL, or by both. Each cluster is a source of its
//! own, so that one that does not answer keeps none of the others waiting.

mod ask;
mod derive;
#[cfg(test)]
pub(crate) mod recorded;
mod sessions;
#[cfg(test)]
mod tests;

use super::{Request, Source, SourceError, Spec, named::wait};
use crate::{
    client::postgres::ClusterOptions,
    model::{topic::Topic, update::Update},
};
use ask::Asker;
use compact_str::{CompactString, format_compact};
use derive::Memory;
use std::time::Duration;

/// A source a cluster; what is wrong with one is told by who reads the configuration.
pub fn all(clusters: &[ClusterOptions]) -> impl Iterator<Item = Box<dyn Source>> {
    let usable = clusters.iter().filter(|cluster| cluster.problems().is_empty());
    usable.map(|cluster| Box::new(PostgresSource::new(cluster)) as Box<dyn Source>)
}

/// The source of one cluster.
pub struct PostgresSource {
    name: CompactString,
    asker: Asker,
    memory: Memory,
}

impl PostgresSource {
    /// The source of a cluster without [`ClusterOptions::problems`].
    pub fn new(options: &ClusterOptions) -> Self {
        let name = CompactString::from(&options.name);
        Self { asker: Asker::new(options), memory: Memory::new(name.clone(), options.limits), name }
    }
}

impl Source for PostgresSource {
    fn spec(&self) -> Spec {
        Spec {
            name: format_compact!("postgres/{}", self.name),
            kind: "postgres".into(),
            topics: Topic::Postgres.into(),
            foreground: Duration::from_secs(2),
            // What is lost with a primary is known as finely as its position was asked for.
            background: Some(Duration::from_secs(5)),
            deadline: Duration::from_secs(15),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        let taken = wait(self.asker.ask(self.memory.members(), request.at))?;
        let cluster = derive::derive(&mut self.memory, taken, request.at)?;
        Ok(vec![Update::Postgres(Box::new(cluster))])
    }
}
