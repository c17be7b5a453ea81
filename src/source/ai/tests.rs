//! The source against servers that answer as Ollama and vLLM do. Neither can be had here: their answers were written after their
//! documentation, with figures made up.

use super::*;
use crate::model::ai::AiModel;
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// What is answered, by path.
type Answers = Arc<Mutex<Vec<(&'static str, String)>>>;

/// Serves until the test ends; returns the address.
async fn serve(answers: &Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let answers = Arc::clone(answers);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let line = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = line.split(' ').nth(1).unwrap_or_default();
            let body =
                answers.lock().expect("held").iter().find(|(known, _)| *known == path).map(|(_, text)| text.clone());
            let (status, body) = body.map_or(("404 Not Found", String::new()), |body| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
    });
    address
}

fn source(servers: &[String]) -> AiSource {
    let options = Options { servers: servers.to_vec() };
    AiSource::new(Root::at("/nowhere"), &options)
}

/// Asks as the supervisor does: on a thread for work that blocks.
async fn asked(mut source: AiSource, second: i64) -> (AiSource, Vec<AiServer>) {
    let at = Timestamp::from_second(second).expect("in range");
    let request = Request { at, wanted: Topic::Ai.into(), ..Request::default() };
    let (source, answer) = tokio::task::spawn_blocking(move || {
        let answer = source.collect(&request);
        (source, answer)
    })
    .await
    .expect("no panic");
    match answer.expect("an answer").pop() {
        Some(Update::Ai(servers)) => (source, servers),
        other => panic!("not of servers: {other:?}"),
    }
}

const PS: &str = r#"{"models": [{"name": "llama3.1:8b", "model": "llama3.1:8b", "size": 6591830464, "digest": "a2af",
    "details": {"parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "8.0B", "quantization_level": "Q4_K_M"},
    "expires_at": "2026-11-28T16:47:07.93355-07:00", "size_vram": 5333539264, "context_length": 4096}]}"#;
const TAGS: &str = r#"{"models": [{"name": "llama3.1:8b", "size": 4920753328, "details": {}}, {"name": "qwen3:32b", "size": 20201253588,
    "details": {"parameter_size": "32.8B", "quantization_level": "Q4_K_M"}}]}"#;

#[tokio::test]
async fn ollama_tells_what_is_in_memory_and_what_could_be() {
    let answers = Answers::default();
    *answers.lock().expect("held") =
        vec![("/api/version", r#"{"version": "0.12.3"}"#.into()), ("/api/ps", PS.into()), ("/api/tags", TAGS.into())];
    let address = serve(&answers).await;
    let (source, servers) = asked(source(&[format!("ollama={address}")]), 1_000).await;
    assert_eq!((servers[0].version.as_deref(), servers[0].problem.as_deref()), (Some("0.12.3"), None));
    let [loaded, stored] = servers[0].models.as_slice() else { panic!("two models") };
    assert_eq!((loaded.is_loaded, loaded.file_bytes, loaded.context_tokens), (true, Some(4_920_753_328), Some(4096)));
    assert!(loaded.gpu_ratio().is_some_and(|ratio| (ratio - 0.809).abs() < 0.001));
    assert_eq!(loaded.expires_at.map(|at| at.to_string()).as_deref(), Some("2026-11-28T23:47:07.93355Z"));
    assert_eq!((stored.is_loaded, stored.parameters.as_deref()), (false, Some("32.8B")));
    assert_eq!(stored.needed_bytes(), Some(24_241_504_305));

    // It is there, and answers no more.
    answers.lock().expect("held").clear();
    let (source, servers) = asked(source, 1_005).await;
    assert_eq!(servers[0].problem.as_deref(), Some("/api/tags: it answers 404"));
    let (_, servers) = asked(source, 1_010).await;
    assert_eq!(servers[0].problem_since.map(|at| at.as_second()), Some(1_005));
}

fn metrics(generated: f64, first: (f64, f64)) -> String {
    let labels = r#"{engine="0",model_name="meta-llama/Llama-3.1-8B"}"#;
    format!(
        "# HELP vllm:num_requests_running Number of requests in model execution batches.\n# TYPE vllm:num_requests_running gauge\n\
         vllm:num_requests_running{labels} 3.0\nvllm:num_requests_waiting{labels} 2.0\nvllm:kv_cache_usage_perc{labels} 0.42\n\
         vllm:generation_tokens_total{labels} {generated}\nvllm:prompt_tokens_total{labels} 100.0\n\
         vllm:time_to_first_token_seconds_sum{labels} {}\nvllm:time_to_first_token_seconds_count{labels} {}\nprocess_open_fds 12.0\n",
        first.0, first.1
    )
}

#[tokio::test]
async fn vllm_tells_queue_cache_and_speed() {
    let answers = Answers::default();
    *answers.lock().expect("held") = vec![("/metrics", metrics(1_000.0, (1.0, 10.0)))];
    let address = serve(&answers).await;
    let (source, servers) = asked(source(&[format!("vllm={address}")]), 1_000).await;
    let model: &AiModel = &servers[0].models[0];
    assert_eq!((model.name.as_str(), model.running, model.waiting), ("meta-llama/Llama-3.1-8B", Some(3), Some(2)));
    assert_eq!((model.cache_ratio, model.generated_tokens_per_second), (Some(0.42), None), "no rate of one sample");

    *answers.lock().expect("held") = vec![("/metrics", metrics(1_500.0, (3.0, 14.0)))];
    let (source, servers) = asked(source, 1_005).await;
    let model = &servers[0].models[0];
    assert_eq!((model.generated_tokens_per_second, model.prompt_tokens_per_second), (Some(100.0), Some(0.0)));
    assert_eq!(model.first_token_seconds, Some(0.5));

    // It was restarted: what fell is no rate.
    *answers.lock().expect("held") = vec![("/metrics", metrics(10.0, (0.0, 0.0)))];
    let (source, servers) = asked(source, 1_010).await;
    assert_eq!(servers[0].models[0].generated_tokens_per_second, None);

    *answers.lock().expect("held") = vec![("/metrics", "process_open_fds 12\n".into())];
    let (_, servers) = asked(source, 1_015).await;
    assert_eq!(servers[0].problem.as_deref(), Some("/metrics has none of vLLM's metrics"));
}

#[tokio::test]
async fn hostile_answers_are_faults_in_words() {
    let answers = Answers::default();
    *answers.lock().expect("held") = vec![("/api/tags", "7".into()), ("/api/ps", "{\"models\": null}".into())];
    let address = serve(&answers).await;
    let (source, servers) = asked(source(&[format!("ollama={address}")]), 1_000).await;
    assert!(servers[0].problem.as_deref().is_some_and(|why| why.starts_with("/api/tags is not what was expected")));
    *answers.lock().expect("held") = vec![("/api/tags", "x".repeat(LONGEST + 1)), ("/api/ps", "{}".into())];
    let (_, servers) = asked(source, 1_005).await;
    assert!(servers[0].problem.as_deref().is_some_and(|why| why.contains("longer than")), "{servers:?}");
}

#[tokio::test]
async fn without_a_server_it_is_off_and_what_is_named_wrongly_is_said() {
    let mut source = source(&[]);
    let request = Request { at: Timestamp::UNIX_EPOCH, wanted: Topic::Ai.into(), ..Request::default() };
    assert!(matches!(source.collect(&request), Err(SourceError::Off { .. })));
    let options = Options { servers: vec!["gpu-1:11434".into(), "ollama=gpu-1:11434".into()] };
    let problems = problems(&options);
    assert!(problems.len() == 1 && problems[0].contains("«gpu-1:11434»"), "{problems:?}");
}
