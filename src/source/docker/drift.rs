//! Where a container differs from its compose file.

use super::wire::Inspect;
use crate::model::container::Drift;

/// Compares field by field.
///
/// # Errors
/// Why there is nothing to compare with.
pub(super) async fn of(_inspect: &Inspect) -> Result<Vec<Drift>, String> {
    Err("not yet".into())
}
