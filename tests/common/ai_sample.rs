//! Two servers of language models, as Ollama and vLLM tell of themselves. Made up.
//!
//! The including module has `model` in scope.

use super::model::{
    ai::{AiKind, AiModel, AiServer},
    source::{SourceReport, SourceState},
    topic::Topic,
    update::Update,
};

const GIB: u64 = 1 << 30;

/// The source that tells of them.
pub fn report() -> SourceReport {
    SourceReport {
        name: "ai/local".into(),
        kind: "ai".into(),
        topics: Topic::Ai.into(),
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(2.0),
    }
}

/// What it tells.
pub fn news() -> Vec<Update> {
    let ollama = AiServer {
        kind: AiKind::Ollama,
        address: "127.0.0.1:11434".into(),
        version: Some("0.12.3".into()),
        models: vec![loaded(), stored("qwen3:32b", 19), stored("deepseek-v3:671b", 404)],
        ..AiServer::default()
    };
    let silent = AiServer {
        kind: AiKind::Vllm,
        address: "172.17.0.4:8000".into(),
        problem: Some("/metrics: Connection refused (os error 111)".into()),
        ..AiServer::default()
    };
    let vllm = AiServer {
        kind: AiKind::Vllm,
        address: "127.0.0.1:8000".into(),
        version: Some("0.11.0".into()),
        models: vec![AiModel {
            name: "meta-llama/Llama-3.1-70B-Instruct".into(),
            is_loaded: true,
            running: Some(12),
            waiting: Some(5),
            cache_ratio: Some(0.98),
            prompt_tokens_per_second: Some(5_300.0),
            generated_tokens_per_second: Some(812.4),
            first_token_seconds: Some(0.42),
            ..AiModel::default()
        }],
        ..AiServer::default()
    };
    vec![Update::Ai(vec![ollama, vllm, silent])]
}

fn loaded() -> AiModel {
    AiModel {
        name: "llama3.1:8b".into(),
        is_loaded: true,
        file_bytes: Some(4_920_753_328),
        memory_bytes: Some(6_591_830_464),
        gpu_memory_bytes: Some(5_333_539_264),
        parameters: Some("8.0B".into()),
        quantization: Some("Q4_K_M".into()),
        context_tokens: Some(4096),
        ..AiModel::default()
    }
}

fn stored(name: &str, gib: u64) -> AiModel {
    AiModel { name: name.into(), file_bytes: Some(gib * GIB), ..AiModel::default() }
}
