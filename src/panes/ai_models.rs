//! Language models of the servers on this host: what they take, what waits, how fast they are, and whether one that is only on disk
//! would fit.

use super::{
    fields::{self, fields},
    host_list::HostList,
};
use crate::{
    model::{
        ai::{AiModel, AiServer},
        attention::Severity,
        object::ObjectRef,
        room::{self, Fits, Want},
        topic::Topic,
    },
    view::table::{Column, Table, Value},
    world::World,
};
use compact_str::{CompactString, format_compact};
use std::borrow::Cow;

fields! { AiModel;
    "severity" "" Text 1 [] "how it is doing, as the attention list says" => |_, _| Value::Unknown,
    "model" "MODEL" Text 24 [grow] "name of the model" => |m, _| Value::text(&m.name),
    "server" "SERVER" Text 7 [] "what serves it" => |_, _| Value::Unknown,
    "state" "STATE" Text 8 [] "loaded: in memory; stored: only on disk; silent: its server does not answer" => |m, _| Value::text(if m.is_loaded { "loaded" } else { "stored" }),
    "mem" "MEM" Bytes 9 [] "all memory that it takes, that of GPUs included; of one on disk what it would take, by rule of thumb" => |m, _| optional(m.memory_bytes.or_else(|| m.needed_bytes()), !m.is_loaded),
    "gpu-mem" "GPU MEM" Bytes 9 [] "the part that is on GPUs" => |_, _| Value::Unknown,
    "running" "RUN" Count 4 [] "requests that are worked on" => |m, _| told(m.running.map(|n| n as f64)),
    "waiting" "WAIT" Count 5 [] "requests that wait" => |m, _| told(m.waiting.map(|n| n as f64)),
    "tokens" "TOK/S" Count 6 [] "tokens that it makes a second" => |m, _| told(m.generated_tokens_per_second.map(f64::round)),
    "cache" "CACHE" WholePercent 6 [] "used share of its cache of keys and values; requests wait where it is full" => |m, _| told(m.cache_ratio),
    "fits" "FITS" Text 8 [] "whether one that is on disk would fit now: yes, no, unknown" => fits,
    "first" "1ST TOKEN" Latency 9 [hide] "mean time to the first token" => |m, _| told(m.first_token_seconds),
    "prompt" "PROMPT/S" Count 8 [hide] "tokens of prompts that it reads a second" => |m, _| told(m.prompt_tokens_per_second.map(f64::round)),
    "parameters" "PARAMS" Text 7 [hide] "number of its parameters" => |m, _| m.parameters.as_deref().map_or(Value::None, Value::text),
    "quantization" "QUANT" Text 8 [hide] "how its numbers are stored" => |m, _| m.quantization.as_deref().map_or(Value::None, Value::text),
    "context" "CONTEXT" Count 8 [hide] "tokens that a conversation may have" => |m, _| told(m.context_tokens.map(|n| n as f64)),
    "container" "CONTAINER" Text 20 [hide] "container of its server" => |_, _| Value::Unknown,
    "address" "ADDRESS" Text 22 [hide] "where its server is asked" => |_, _| Value::Unknown,
}

/// What its server does not tell is blank.
fn told(value: Option<f64>) -> Value<'static> {
    value.map_or(Value::None, Value::Number)
}

fn optional(value: Option<u64>, may_lack: bool) -> Value<'static> {
    match value {
        None if may_lack => Value::None,
        value => Value::whole(value),
    }
}

fn fits<'w>(model: &'w AiModel, world: &'w World) -> Value<'w> {
    if model.is_loaded {
        return Value::None;
    }
    let Some(bytes) = model.needed_bytes() else { return Value::Unknown };
    match room::model(&world.observed, world.now, bytes).fits {
        Fits::Unknown => Value::Unknown,
        fits => Value::text(fits.word()),
    }
}

/// A model and its server; a server that tells of none is a row by itself.
fn rows(world: &World) -> impl Iterator<Item = (&AiServer, Option<&AiModel>)> {
    world.observed.ai.iter().flatten().flat_map(|server| {
        let none = server.models.is_empty().then_some((server, None));
        none.into_iter().chain(server.models.iter().map(move |model| (server, Some(model))))
    })
}

fn row(world: &World, at: usize) -> (&AiServer, Option<&AiModel>) {
    rows(world).nth(at).expect("the table has so many rows")
}

fn severity(world: &World, server: &AiServer) -> Option<Severity> {
    let object = server.object();
    super::severity_of(world, object.kind, &object.id)
}

struct AiModelsTable;

impl Table for AiModelsTable {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }
    fn default_sort(&self) -> (usize, bool) {
        (fields::index(COLUMNS, "state"), false)
    }
    fn len(&self, world: &World) -> usize {
        rows(world).count()
    }
    fn key(&self, world: &World, at: usize) -> CompactString {
        let (server, model) = row(world, at);
        format_compact!("{}/{}", server.address, model.map_or("", |model| &model.name))
    }
    fn object(&self, world: &World, at: usize) -> Option<ObjectRef> {
        Some(row(world, at).0.object())
    }
    fn value<'w>(&self, world: &'w World, at: usize, column: usize) -> Value<'w> {
        let (server, model) = row(world, at);
        match (COLUMNS[column].name, model) {
            ("severity", _) => fields::severity(severity(world, server)),
            ("server", _) => Value::text(server.kind.word()),
            ("address", _) => Value::text(&server.address),
            ("container", _) => fields::container(world, server.container.as_deref()),
            ("state", _) if server.problem.is_some() => Value::text("silent"),
            ("model", None) => {
                let why = server.problem.as_deref().unwrap_or("it has no model");
                Value::Text(Cow::Owned(format!("{}: {why}", server.address)))
            }
            ("state", None) => Value::text("ready"),
            ("gpu-mem", Some(model)) if model.is_loaded => {
                // Of several models of one server the driver cannot say which holds what.
                let of_driver = || server.gpu_bytes(&world.observed).filter(|_| server.models.len() == 1);
                Value::whole(model.gpu_memory_bytes.or_else(of_driver))
            }
            (_, None) | ("gpu-mem", _) => Value::None,
            (_, Some(model)) => READ[column](model, world),
        }
    }
    fn severity(&self, world: &World, at: usize) -> Option<Severity> {
        severity(world, row(world, at).0)
    }
    fn fixed_columns(&self) -> usize {
        2
    }
    fn first_to_go(&self) -> &'static [usize] {
        &[9, 2, 4, 6]
    }
}

/// Whether there is room for a heavy run, in words.
fn words(world: &World) -> String {
    if rows(world).next().is_none() {
        return String::new();
    }
    match room::room(&world.observed, world.now, Want::default()).fits {
        Fits::Yes => "room: yes".into(),
        Fits::No => "room: no".into(),
        Fits::Unknown => "room: ?".into(),
    }
}

/// The list of models.
pub static PANE: HostList = HostList {
    name: "ai-models",
    title: "AI models",
    about: "Language models of Ollama and vLLM on this host: memory, requests that run and wait, tokens a second, and whether a model that is only on disk would fit into what is free now (its file and a fifth of it). The heading says whether this host has room for a heavy run: memory, disk, pressure, GPU memory (`flightdeck snapshot --only room` has the figures). Servers are found by their processes, also in containers; others are named in [ai] servers. Enter opens the server's process.",
    topics: &[Topic::Ai, Topic::Gpus, Topic::Processes],
    table: &AiModelsTable,
    is_known: |world| world.observed.ai.is_some(),
    none: "no model is served here",
    words,
    dear: &[],
};
