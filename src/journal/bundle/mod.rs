//! An incident in one file, with the proof that another machine can check: a tar archive, packed by zstd.
//!
//! | file | what |
//! | --- | --- |
//! | `manifest.json` | form, incident, when and where it was made |
//! | `writers.jsonl` | a line a writer: identity, host, public key, and the signed checkpoint that the proofs lead to |
//! | `events.jsonl` | a line an event: header (base64), salt (hexadecimal), body (its JSON as a text), and the audit path |
//!
//! An audit path (RFC 6962, section 2.1.1) leads from an event's hash to the root that its writer signed. Events that a writer of another
//! machine has written since its newest checkpoint have none yet. A bundle shows that nothing in it was changed since its writers signed;
//! that the keys are those writers' is shown by checkpoints that were kept elsewhere ([`super::Anchor`]).
//!
//! What stands in bodies is bundled as it is: what must not leave the house has to be erased before.

mod read;
mod write;

pub use read::{BundleContents, BundleVerdict, verify_bundle};
pub use write::{BundleRequest, Bundled};

use crate::model::{
    Timestamp,
    journal::{CheckpointBody, IncidentId, WriterId},
};
use serde::{Deserialize, Serialize};

/// The form's name.
const FORM: &str = "flightdeck.bundle.v1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Manifest {
    form: String,
    incident: IncidentId,
    made_at: Timestamp,
    made_on: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct WriterLine {
    id: WriterId,
    host: String,
    /// Hexadecimal.
    public_key: String,
    begun_at: Timestamp,
    /// `None` where the writer has not signed anything yet.
    checkpoint: Option<CheckpointBody>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct EventLine {
    writer: WriterId,
    sequence: u64,
    /// As it was hashed; base64.
    header: String,
    /// Hexadecimal; `None` where the body was erased.
    salt: Option<String>,
    /// JSON, exactly as it was hashed.
    body: Option<String>,
    /// Hexadecimal digests, the nearest sibling first; `None` where no checkpoint covers the event.
    path: Option<Vec<String>>,
}
