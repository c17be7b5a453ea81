//! Ollama: which models it has, and which of them are in memory (`/api/version`, `/api/tags`, `/api/ps`;
//! <https://docs.ollama.com/api>). It tells nothing of queues and speeds.

use super::misread;
use crate::{
    client::http::Http,
    model::{
        Timestamp,
        ai::{AiModel, AiServer},
    },
};
use compact_str::CompactString;
use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize)]
struct Version {
    version: CompactString,
}

#[derive(Deserialize)]
struct Models {
    #[serde(default)]
    models: Option<Vec<Model>>,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    name: CompactString,
    size: Option<u64>,
    size_vram: Option<u64>,
    expires_at: Option<String>,
    context_length: Option<u64>,
    #[serde(default)]
    details: Details,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Details {
    parameter_size: Option<CompactString>,
    quantization_level: Option<CompactString>,
}

/// Asks for everything.
///
/// # Errors
/// Why it does not answer, in words.
pub async fn ask(http: &Http, server: &mut AiServer) -> Result<(), String> {
    let base = format!("http://{}", server.address);
    server.version = get::<Version>(http, &base, "/api/version").await.ok().map(|answer| answer.version);
    let stored = get::<Models>(http, &base, "/api/tags").await?;
    let loaded = get::<Models>(http, &base, "/api/ps").await?;
    server.models = models(stored.models.unwrap_or_default(), loaded.models.unwrap_or_default());
    Ok(())
}

async fn get<T: DeserializeOwned>(http: &Http, base: &str, path: &str) -> Result<T, String> {
    let answer = http.get(&format!("{base}{path}")).await.map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_slice(&answer).map_err(|error| misread(path, &error))
}

/// Those in memory first, then those on disk only.
fn models(stored: Vec<Model>, loaded: Vec<Model>) -> Vec<AiModel> {
    let file = |name: &str| stored.iter().find(|model| model.name == name).and_then(|model| model.size);
    let mut models: Vec<AiModel> = loaded.iter().map(|model| in_memory(model, file(&model.name))).collect();
    let on_disk = stored.iter().filter(|model| !loaded.iter().any(|other| other.name == model.name));
    models.extend(on_disk.map(|model| AiModel { file_bytes: model.size, ..described(model) }));
    models
}

fn described(model: &Model) -> AiModel {
    AiModel {
        name: model.name.clone(),
        parameters: model.details.parameter_size.clone().filter(|text| !text.is_empty()),
        quantization: model.details.quantization_level.clone().filter(|text| !text.is_empty()),
        ..AiModel::default()
    }
}

fn in_memory(model: &Model, file_bytes: Option<u64>) -> AiModel {
    let expires: Option<Timestamp> = model.expires_at.as_deref().and_then(|text| text.parse().ok());
    AiModel {
        is_loaded: true,
        file_bytes,
        memory_bytes: model.size,
        gpu_memory_bytes: model.size_vram,
        context_tokens: model.context_length,
        // One that never leaves expires in a year far from here.
        expires_at: expires.filter(|at| at.as_second() < 10_000_000_000),
        ..described(model)
    }
}
