//! What sources share that ask servers which the configuration names.

use super::SourceError;
use crate::{
    client::{Unreachable, named::Named},
    model::nearest::did_you_mean,
};

impl From<Unreachable> for SourceError {
    fn from(Unreachable { reason, hint }: Unreachable) -> Self {
        Self::Down { reason, hint }
    }
}

/// That it does not answer.
pub(super) fn silent(named: &Named, reason: String) -> SourceError {
    let hint = if reason.contains("401") || reason.contains("403") {
        format!("see its credentials in the configuration of «{}»", named.name)
    } else {
        format!("is «{}» reachable from here, and its address right?", named.name)
    };
    SourceError::Down { reason, hint }
}

/// Runs to its end what waits, on the thread for work that blocks on which a source runs.
pub(super) fn wait<T>(work: impl Future<Output = T>) -> Result<T, SourceError> {
    let handle = tokio::runtime::Handle::try_current();
    let handle = handle.map_err(|error| SourceError::Down { reason: error.to_string(), hint: String::new() })?;
    Ok(handle.block_on(work))
}

/// ` (did you mean …)` among the names.
pub(super) fn near(name: &str, all: &[Named]) -> String {
    did_you_mean(name, all.iter().map(|named| named.name.as_str()))
}
