//! Servers of language models that do not answer, that have no room for requests, or that run a model on the CPU.

use super::{Check, Context};
use crate::model::{
    ai::{AiModel, AiServer},
    attention::{Condition, Severity},
    topic::Topic,
    units,
};
use compact_str::{CompactString, format_compact};

/// Its process is there, and it does not answer, for half a minute: a model that is being loaded takes its time.
pub struct AiSilent;

impl Check for AiSilent {
    fn id(&self) -> &'static str {
        "ai-silent"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Ai)
    }
    fn raise_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for server in context.observed.ai.iter().flatten() {
            let Some(why) = &server.problem else { continue };
            let mut condition = condition(self.id(), Severity::Error, server, None);
            condition.cause = format!("does not answer: {why}");
            condition.next_step = "see its log; a model that is being loaded takes minutes".into();
            condition.since = server.problem_since;
            found.push(condition);
        }
    }
}

/// Requests wait because the cache of keys and values is full, for a minute.
pub struct AiQueue;

impl Check for AiQueue {
    fn id(&self) -> &'static str {
        "ai-queue"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Ai)
    }
    fn raise_after_seconds(&self) -> f64 {
        60.0
    }
    fn clear_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        for (server, model) in models(context) {
            let (Some(waiting), Some(cache)) = (model.waiting.filter(|count| *count > 0), model.cache_ratio) else {
                continue;
            };
            if cache >= 0.95 {
                let mut condition = condition(self.id(), Severity::Warn, server, Some(model));
                condition.cause = format!("{waiting} requests wait: its cache is {} full", units::percent(cache));
                condition.next_step = "send less, shorten contexts, or add a GPU or a replica".into();
                found.push(condition);
            }
        }
    }
}

/// A model that did not fit onto the GPUs, so that the CPU works on a part of it: as slow as that part.
pub struct AiOnCpu;

impl Check for AiOnCpu {
    fn id(&self) -> &'static str {
        "ai-on-cpu"
    }
    fn topic(&self) -> Option<Topic> {
        Some(Topic::Ai)
    }
    fn raise_after_seconds(&self) -> f64 {
        30.0
    }
    fn examine(&self, context: &Context<'_>, found: &mut Vec<Condition>) {
        // Where there is no GPU everything is on the CPU, and that is known.
        if context.observed.gpus.iter().next().is_none() {
            return;
        }
        for (server, model) in models(context).filter(|(_, model)| model.is_loaded) {
            let Some(ratio) = model.gpu_ratio().filter(|ratio| *ratio < 0.99) else { continue };
            let mut condition = condition(self.id(), Severity::Warn, server, Some(model));
            condition.cause = format!("only {} of it is on a GPU: it is as slow as the CPU", units::percent(ratio));
            condition.next_step =
                "free GPU memory (3 GPU, processes), shorten its context, or take a smaller one".into();
            found.push(condition);
        }
    }
}

fn models<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a AiServer, &'a AiModel)> {
    let servers = context.observed.ai.iter().flatten();
    servers.flat_map(|server| server.models.iter().map(move |model| (server, model)))
}

fn condition(rule: &'static str, severity: Severity, server: &AiServer, model: Option<&AiModel>) -> Condition {
    let of_model = model.map_or_else(CompactString::default, |model| format_compact!(" {}", model.name));
    Condition {
        rule: rule.into(),
        severity,
        kind: "ai".into(),
        object: server.object(),
        name: format_compact!("{} {}{of_model}", server.kind.word(), server.address),
        cause: String::new(),
        next_step: String::new(),
        count: 1,
        since: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Timestamp,
        gpu::{Gpu, GpuNews},
        observed::Observed,
    };

    fn causes(check: &dyn Check, observed: &Observed) -> Vec<String> {
        let mut found = Vec::new();
        check.examine(&Context::at(Timestamp::UNIX_EPOCH, observed), &mut found);
        found.into_iter().map(|condition| format!("{}: {}", condition.name, condition.cause)).collect()
    }

    fn observed(server: AiServer) -> Observed {
        Observed { ai: Some(vec![server]), ..Observed::default() }
    }

    #[test]
    fn what_is_wrong_with_a_server_and_its_models() {
        let address: CompactString = "127.0.0.1:8000".into();
        let silent = AiServer { address: address.clone(), problem: Some("refused".into()), ..AiServer::default() };
        assert_eq!(causes(&AiSilent, &observed(silent)), ["Ollama 127.0.0.1:8000: does not answer: refused"]);

        let model = AiModel {
            name: "m".into(),
            is_loaded: true,
            waiting: Some(4),
            cache_ratio: Some(0.99),
            ..AiModel::default()
        };
        let full = AiServer { address: address.clone(), models: vec![model.clone()], ..AiServer::default() };
        assert_eq!(
            causes(&AiQueue, &observed(full)),
            ["Ollama 127.0.0.1:8000 m: 4 requests wait: its cache is 99 % full"]
        );
        let calm = AiModel { waiting: Some(0), ..model.clone() };
        assert!(causes(&AiQueue, &observed(AiServer { models: vec![calm], ..AiServer::default() })).is_empty());

        let split = AiModel { memory_bytes: Some(100), gpu_memory_bytes: Some(60), ..model };
        let mut split = observed(AiServer { address, models: vec![split], ..AiServer::default() });
        assert!(causes(&AiOnCpu, &split).is_empty(), "a host without a GPU");
        split.gpus.apply(GpuNews { gpus: vec![Gpu::default()], ..GpuNews::default() });
        assert_eq!(causes(&AiOnCpu, &split).len(), 1);
    }
}
