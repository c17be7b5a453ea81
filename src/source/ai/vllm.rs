//! vLLM: what its metrics tell of each model that it serves (`/metrics`, <https://docs.vllm.ai/en/latest/usage/metrics.html>), and its version
//! (`/version`). Names are those of its engine V1, with the older name of the cache's gauge beside it.

use super::exposition::samples;
use crate::{
    client::http::Http,
    model::{
        Timestamp,
        ai::{AiModel, AiServer},
    },
};
use compact_str::CompactString;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// What only rises, by model, and when it was read.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    at: Option<Timestamp>,
    models: BTreeMap<CompactString, Totals>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    prompt_tokens: Option<f64>,
    generated_tokens: Option<f64>,
    first_token_seconds: Option<f64>,
    first_tokens: Option<f64>,
}

#[derive(Deserialize)]
struct Version {
    version: CompactString,
}

/// Asks for the metrics; rates are over the time since the answer before.
///
/// # Errors
/// Why it does not answer, in words.
pub async fn ask(
    http: &Http,
    server: &mut AiServer,
    at: Timestamp,
    before: &mut HashMap<CompactString, Counted>,
) -> Result<(), String> {
    let base = format!("http://{}", server.address);
    if let Ok(answer) = http.get(&format!("{base}/version")).await {
        server.version = serde_json::from_slice::<Version>(&answer).ok().map(|answer| answer.version);
    }
    let answer = http.get(&format!("{base}/metrics")).await.map_err(|error| format!("/metrics: {error}"))?;
    let (mut models, counted) = read(&String::from_utf8_lossy(&answer), at);
    if models.is_empty() {
        return Err("/metrics has none of vLLM's metrics".into());
    }
    let last = before.insert(server.address.clone(), counted.clone()).unwrap_or_default();
    rates(&mut models, &last, &counted);
    server.models = models.into_values().collect();
    Ok(())
}

/// Several engines of one model add up; of their caches the fullest counts.
fn read(text: &str, at: Timestamp) -> (BTreeMap<CompactString, AiModel>, Counted) {
    let mut models: BTreeMap<CompactString, AiModel> = BTreeMap::new();
    let mut counted = Counted { at: Some(at), ..Counted::default() };
    for sample in samples(text).filter(|sample| sample.name.starts_with("vllm:") && sample.value.is_finite()) {
        let Some(name) = sample.label("model_name").map(CompactString::from) else { continue };
        let (value, count) = (sample.value, sample.value.max(0.0) as u64);
        let totals = counted.models.entry(name.clone()).or_default();
        let model =
            models.entry(name.clone()).or_insert_with(|| AiModel { name, is_loaded: true, ..AiModel::default() });
        let add = |sum: &mut Option<f64>| *sum = Some(sum.unwrap_or(0.0) + value);
        match sample.name {
            "vllm:num_requests_running" => model.running = Some(model.running.unwrap_or(0) + count),
            "vllm:num_requests_waiting" => model.waiting = Some(model.waiting.unwrap_or(0) + count),
            "vllm:kv_cache_usage_perc" | "vllm:gpu_cache_usage_perc" => {
                model.cache_ratio = Some(model.cache_ratio.unwrap_or(0.0).max(value));
            }
            "vllm:prompt_tokens_total" => add(&mut totals.prompt_tokens),
            "vllm:generation_tokens_total" => add(&mut totals.generated_tokens),
            "vllm:time_to_first_token_seconds_sum" => add(&mut totals.first_token_seconds),
            "vllm:time_to_first_token_seconds_count" => add(&mut totals.first_tokens),
            _ => {}
        }
    }
    (models, counted)
}

fn rates(models: &mut BTreeMap<CompactString, AiModel>, before: &Counted, now: &Counted) {
    let (Some(then), Some(at)) = (before.at, now.at) else { return };
    let seconds = at.duration_since(then).as_secs_f64();
    if seconds <= 0.0 {
        return;
    }
    for (name, model) in models {
        let (Some(old), Some(new)) = (before.models.get(name), now.models.get(name)) else { continue };
        // A counter that fell began anew with its server.
        let rise = |old: Option<f64>, new: Option<f64>| Some(new? - old?).filter(|rise| *rise >= 0.0);
        model.prompt_tokens_per_second = rise(old.prompt_tokens, new.prompt_tokens).map(|rise| rise / seconds);
        model.generated_tokens_per_second = rise(old.generated_tokens, new.generated_tokens).map(|rise| rise / seconds);
        let first_tokens = rise(old.first_tokens, new.first_tokens).filter(|count| *count > 0.0);
        let waited = rise(old.first_token_seconds, new.first_token_seconds);
        model.first_token_seconds = waited.zip(first_tokens).map(|(waited, count)| waited / count);
    }
}
