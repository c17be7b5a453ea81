//! Bodies that go: one that should never have been written, and those that have served their time. Headers stay, and chains fit.
//!
//! What is erased is overwritten in the file and in its log. Copies of the file that were made before, backups among them, still have it.

use super::{
    chain::Prepared,
    error::JournalError,
    handle::Journal,
    sqlite::{self, Site, Writing, append::Appending, append::Written, erase},
};
use crate::model::{
    Timestamp,
    journal::{Actor, Body, Draft, EventId, ExpiredBody, WriterId},
};

/// Whose bodies are erased when their time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of this file's writers: what others do with theirs is theirs to say.
    Own,
    /// Those of a writer that is gone.
    Of(WriterId),
}

/// Kinds whose bodies say what became of others.
const STAYING: [&str; 3] = ["erased", "expired", "checkpoint"];

impl Journal {
    /// Erases the body of an event: a password that somebody wrote into a note. That it was, and why, is an event of its own, which is
    /// written first. Other machines erase it when they hear of it.
    ///
    /// # Errors
    /// There is no such event, or it is one that says why others are gone.
    pub async fn erase(&self, event: EventId, reason: String, actor: Actor) -> Result<Written, JournalError> {
        let missing = || JournalError::Missing(format!("event {event} in this journal"));
        let header = self.event(event).await?.ok_or_else(missing)?.event.header;
        if STAYING.contains(&header.kind.as_str()) {
            let why = format!("what an event of the kind {} says is not erased: it proves the others", header.kind);
            return Err(JournalError::Invalid(why));
        }
        let draft = Draft::new(header.incident, self.now(), actor, Body::Erased { event, reason });
        let mut written = self.append_when_possible(vec![draft]).await?;
        self.write("clean the log of", |site, writing| Box::pin(erase::clean_log(site, writing))).await?;
        written.pop().ok_or_else(missing)
    }

    /// Erases the bodies of all events that belong to no incident and both happened and were written down before a time; events that
    /// say what an incident is are never among them. One event says so for each writer. Answers how many there were.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub async fn expire(&self, before: Timestamp, whose: Whose, reason: String) -> Result<u64, JournalError> {
        self.write("expire events of", move |site, writing| {
            Box::pin(async move { say(site, writing, before, whose, &reason).await })
        })
        .await?;
        let bodies = self.long("look for what has expired in", |site, connection| {
            Box::pin(async move {
                let found = erase::expired(connection).await;
                found.map_err(|error| sqlite::failed("look for what has expired in", &site.path, &error))
            })
        });
        let bodies = bodies.await?;
        for chunk in bodies.chunks(erase::CHUNK) {
            let chunk = chunk.to_vec();
            self.write("erase bodies of", move |site, writing| {
                Box::pin(async move { erase::delete(site, writing, &chunk).await })
            })
            .await?;
        }
        if !bodies.is_empty() {
            self.write("clean the log of", |site, writing| Box::pin(erase::clean_log(site, writing))).await?;
        }
        Ok(bodies.len() as u64)
    }
}

/// Writes the events that say what expires.
async fn say(
    site: &Site,
    writing: &mut Writing,
    before: Timestamp,
    whose: Whose,
    reason: &str,
) -> Result<(), JournalError> {
    let now = site.now.get();
    let error = |error: sqlx::Error| sqlite::failed("expire events of", &site.path, &error);
    let mut appending = Appending::begin(writing, site).await?;
    let writers = match whose {
        Whose::Of(writer) => vec![writer],
        Whose::Own => erase::own_writers(appending.connection()).await.map_err(error)?,
    };
    for writer in writers {
        let count = erase::count(appending.connection(), writer, before).await.map_err(error)?;
        if count == 0 {
            continue;
        }
        let body = Body::Expired(ExpiredBody { writer, before, count, reason: reason.to_owned() });
        let draft = Draft::new(None, now, Actor::program(), body);
        let prepared = Prepared::new(draft, now).map_err(JournalError::Invalid)?;
        appending.append(&[prepared]).await??;
    }
    appending.commit().await
}
