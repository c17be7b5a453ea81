//! Filters: text, `/regex/`, `!not`, and column queries (`cpu>50% user=root mem>1GiB`).

/// A filter as it was understood. The empty one lets everything pass.
#[derive(Debug, Clone, Default)]
pub struct Query;
