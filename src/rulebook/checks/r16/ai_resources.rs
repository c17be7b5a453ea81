//! 16a: a container that runs a model, without a GPU or memory kept for it.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::container::{Container, Declared, Prop},
        tree::base_name,
    },
};

/// 16a.
pub struct AiResources;

static META: Meta = Meta {
    id: "16a",
    title: "AI container without a GPU or memory of its own",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "A model takes gigabytes at once. With nothing reserved for it it falls back to the CPU without a word, or drives everything else out of memory.",
    fix: "Reserve a GPU (compose: `deploy.resources.reservations.devices`; Kubernetes: `nvidia.com/gpu` in the limits), or memory where it runs on the CPU.",
    precedent: &[],
    references: &[
        "https://docs.docker.com/compose/how-tos/gpu-support/",
        "https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
    ],
    parameters: &[
        Parameter {
            name: "images",
            about: "last parts of the names of images that serve models",
            default: Value::Texts(&[
                "ollama",
                "vllm",
                "vllm-openai",
                "text-generation-inference",
                "text-embeddings-inference",
                "tritonserver",
                "llama.cpp",
                "llama-cpp-python",
                "torchserve",
                "pytorch-serve",
                "tensorflow/serving",
                "localai",
                "local-ai",
                "sglang",
                "lmdeploy",
                "tensorrt-llm",
                "koboldcpp",
                "text-generation-webui",
                "stable-diffusion-webui",
                "comfyui",
                "aphrodite-engine",
                "xinference",
            ]),
        },
        Parameter {
            name: "commands",
            about: "how commands begin that serve models, after the interpreter",
            default: Value::Texts(&[
                "vllm serve",
                "vllm.entrypoints",
                "ollama serve",
                "text-generation-launcher",
                "text-embeddings-router",
                "tritonserver",
                "llama-server",
                "llama_cpp.server",
                "torchserve",
                "tensorflow_model_server",
                "sglang.launch_server",
                "lmdeploy serve",
            ]),
        },
    ],
};

impl Check for AiResources {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        if container.is_init || container.is_ephemeral() || !serves(container, out) {
            return Judged::No;
        }
        let is_kept = |prop: &Prop<u64>| prop.get().is_some_and(|value| *value > 0);
        let (gpus, memory) = (&container.gpus, &container.memory_request_bytes);
        // A pod's limit is its request too, where that is not given.
        let limit = container.declared == Declared::Pod && is_kept(&container.memory_limit_bytes);
        if is_kept(gpus) || is_kept(memory) || limit {
            return Judged::Yes;
        }
        let draft = out.on(container.resource, &container.image.pointer).expected("a GPU, or memory that is reserved");
        if gpus.is_unknown() || memory.is_unknown() {
            draft.key("unknown").unknown("what is reserved for it cannot be known from here");
        } else {
            let image = container.image.get().map_or("its image", String::as_str);
            draft.observed(format!("{image} without a GPU or memory reservation")).fail();
        }
        Judged::Yes
    }
}

/// Whether it serves a model, by its image or its command.
fn serves(container: &Container<'_>, out: &Out<'_>) -> bool {
    let words: Vec<&str> = container.command.iter().map(String::as_str).collect();
    let words = program(&words);
    if let Some(image) = container.image.get() {
        let name = repository(image);
        let is_listed = |listed: &&str| {
            base_name(&name).eq_ignore_ascii_case(listed)
                || (listed.contains('/') && name.to_ascii_lowercase().ends_with(*listed))
        };
        if out.texts("images").iter().any(is_listed) {
            // The same image is also the client: `ollama pull`.
            let is_client = words.first().is_some_and(|word| base_name(word) == "ollama")
                && words
                    .get(1)
                    .is_some_and(|word| matches!(*word, "pull" | "list" | "run" | "create" | "show" | "cp" | "rm"))
                || words.first().is_some_and(|word| matches!(*word, "pull" | "list" | "create" | "show" | "rm"));
            return !is_client;
        }
    }
    let line = words.join(" ");
    let begins = |listed: &&str| {
        let rest = line.strip_prefix(*listed);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.']))
    };
    out.texts("commands").iter().any(begins)
}

/// A command without the interpreter before it and without the folders of its program.
fn program<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut words = words.to_vec();
    if words.first().is_some_and(|word| base_name(word).starts_with("python")) {
        words.remove(0);
        words.retain(|word| !matches!(*word, "-m" | "-u"));
    }
    if let Some(first) = words.first_mut() {
        *first = base_name(first);
    }
    words
}

/// The name of an image without its tag and digest.
fn repository(image: &str) -> String {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name.to_owned(),
        _ => image.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        resource::{live_object, object},
        run::{told, told_of},
    };

    fn compose(text: &str) -> Vec<String> {
        told(&AiResources, &[("compose.yaml", &format!("services:\n  web:\n{text}"))])
    }

    #[test]
    fn services() {
        let lack = |image: &str| format!("compose.yaml:3:12 {image} without a GPU or memory reservation");
        for image in [
            "ollama/ollama:0.5",
            "vllm/vllm-openai:v0.6",
            "nvcr.io/nvidia/tritonserver:24.01-py3",
            "ghcr.io/ggml-org/llama.cpp:server",
            "tensorflow/serving",
            "localhost:5000/ollama",
        ] {
            assert_eq!(compose(&format!("    image: {image}\n")), [lack(image)]);
        }
        assert_eq!(
            compose("    image: acme/x:1\n    command: python3 -m vllm.entrypoints.openai.api_server\n"),
            [lack("acme/x:1")]
        );
        assert_eq!(compose("    image: ollama/ollama:1\n    mem_limit: 8g\n").len(), 1, "a limit keeps nothing");
        let gpu =
            "    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}\n";
        for good in [
            gpu,
            "    mem_reservation: 8g\n",
            "    gpus: all\n",
            "    runtime: nvidia\n",
            "    devices: [/dev/kfd, /dev/dri]\n",
        ] {
            assert!(compose(&format!("    image: ollama/ollama:1\n{good}")).is_empty(), "{good}");
        }
    }

    #[test]
    fn near_misses() {
        for text in [
            "    image: ghcr.io/open-webui/open-webui:ollama\n    environment: {OLLAMA_BASE_URL: 'http://ollama:11434'}\n",
            "    image: curlimages/curl\n    command: curl http://ollama:11434 vllm serve\n",
            "    image: ollama/ollama:1\n    entrypoint: [ollama, pull, x]\n",
            "    image: ollama/ollama:1\n    command: pull llama3\n",
            "    image: acme/ollama-exporter:1\n",
            "    image: acme/serving:1\n",
        ] {
            assert!(compose(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn pods_and_live_containers() {
        let pod = |resources: &str| {
            told_of(
                &AiResources,
                &object(&format!(
                    "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: vllm/vllm-openai:1\n      resources: {resources}\n"
                )),
            )
        };
        assert_eq!(pod("{}"), ["object.yaml:5:14 vllm/vllm-openai:1 without a GPU or memory reservation"]);
        assert!(pod("{limits: {nvidia.com/gpu: 1}}").is_empty() && pod("{limits: {memory: 8Gi}}").is_empty());
        let live = |host| {
            told_of(
                &AiResources,
                &live_object(
                    "container",
                    "w",
                    serde_json::json!({"Config": {"Image": "ollama/ollama:1", "Entrypoint": ["/bin/ollama"], "Cmd": ["serve"]}, "HostConfig": host}),
                ),
            )
        };
        assert_eq!(live(serde_json::json!({"Memory": 1})).len(), 1);
        assert!(live(serde_json::json!({"DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]})).is_empty());
    }
}
