//! Keys of providers of models.

use super::Kind;

pub const KINDS: &[Kind] = &[
    Kind::token(
        "Anthropic API key",
        &["sk-ant-"],
        r"sk-ant-(?:api|admin|oat|ort|sid)[0-9]{2}-[A-Za-z0-9_-]{32,128}",
        3.5,
    ),
    Kind::token("OpenRouter API key", &["sk-or-"], r"sk-or-v1-[0-9a-f]{64}", 3.0),
    Kind::token(
        "OpenAI API key",
        &["sk-"],
        r"sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,200}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{32,64})",
        3.0,
    ),
    Kind::token("Hugging Face token", &["hf_", "api_org_"], r"(?:hf_[A-Za-z0-9]{34,40}|api_org_[A-Za-z]{34})", 3.0),
    Kind::token("Replicate API token", &["r8_"], r"r8_[A-Za-z0-9]{37}", 3.0),
    Kind::token("Groq API key", &["gsk_"], r"gsk_[A-Za-z0-9]{52}", 3.0),
    Kind::token("Perplexity API key", &["pplx-"], r"pplx-[A-Za-z0-9]{48,64}", 3.0),
    Kind::token("xAI API key", &["xai-"], r"xai-[A-Za-z0-9]{70,90}", 3.5),
    Kind::token("NVIDIA API key", &["nvapi-"], r"nvapi-[A-Za-z0-9_-]{60,70}", 3.5),
    Kind::token("LangSmith API key", &["lsv2_"], r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}", 3.0),
    Kind::token("Pinecone API key", &["pcsk_"], r"pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{60,70}", 3.5),
    Kind::named("Cohere API key", &["cohere", "co_api_key"], "[A-Za-z0-9]{40}", 3.5),
    Kind::named("Mistral API key", &["mistral"], "[A-Za-z0-9]{32}", 3.5),
    Kind::named("Weights & Biases API key", &["wandb_api_key", "wandb_key"], "[0-9a-f]{40}", 3.0),
];
