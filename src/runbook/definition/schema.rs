//! The JSON schema of runbooks, for editors.

use super::written::Runbook;
use serde_json::Value as Json;

/// The schema, draft 2020-12.
pub fn schema() -> Json {
    let mut schema = schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Runbook>()
        .to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".into(), "Runbook of Flightdeck".into());
    }
    schema
}
