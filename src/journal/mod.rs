//! The journal: events that are written once, in one chain a writer, and read by all.
//!
//! Every cockpit and every command writes to a local SQLite file first, so that writing needs nobody else. Where a PostgreSQL store is
//! configured, own events are pushed there and others' are pulled from it: a union of sets, in whatever order they come.

mod answer;
mod backoff;
mod bundle;
mod chain;
mod desk;
mod encode;
mod error;
mod handle;
mod job;
mod key;
mod lease;
mod merge;
mod merkle;
mod news;
mod options;
mod postgres;
mod presence;
mod random;
mod reader;
mod retention;
mod sqlite;
mod tasks;
mod verify;
mod worker;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use bundle::{BundleContents, BundleRequest, BundleVerdict, Bundled, verify_bundle};
pub use chain::MAX_BODY_BYTES;
pub use desk::Desk;
pub use error::JournalError;
pub use handle::{Journal, Refused};
pub use lease::{Lease, LeasePlace};
pub use merge::{EventSet, shown};
pub use news::{JournalNews, LocalState, NewsStream, SharedState};
pub use options::{Now, Options, SharedOptions};
pub use postgres::schema::grants_sql;
pub use presence::{Attendee, Present};
pub use retention::Whose;
pub use sqlite::{
    append::{Signed, Written},
    page::{Filter, Page, PageRequest, Place},
    read::WriterInfo,
    row::Entry,
};
pub use tasks::Closed;
pub use verify::{Anchor, Misfit, Summary, Verdict, VerifiedWriter};
