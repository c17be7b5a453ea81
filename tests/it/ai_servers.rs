//! Servers of language models, found by their processes and asked. Neither Ollama nor vLLM can be had here: a program of the same name, with
//! the same arguments, answers as they do.

use crate::{need::need, pty::FLIGHTDECK, wait::until};
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::symlink,
    process::{Child, Command, Stdio},
};

/// What Python runs as `ollama serve` and as `vllm serve MODEL`: it takes any port and writes it down, answers, and ends with its input.
const SERVER: &str = r#"
import http.server, os, sys, threading
answers = {"/api/version": '{"version": "0.12.3"}', "/api/tags": '{"models": [{"name": "m:8b", "size": 5000}]}',
    "/api/ps": '{"models": [{"name": "m:8b", "size": 6000, "size_vram": 0}]}',
    "/metrics": 'vllm:num_requests_waiting{model_name="big"} 3\n'}
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = answers.get(self.path)
        self.send_response(200 if text else 404)
        self.end_headers()
        self.wfile.write((text or "").encode())
    def log_message(self, *_): pass
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()
port = int(os.environ["PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()
"#;

/// A server; it ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody has now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn snapshot() -> Value {
    let mut command = Command::new(FLIGHTDECK);
    command.args(["snapshot", "--json", "--only", "ai,room", "--docker", "none", "--context", "none"]);
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn servers_are_found_by_their_processes() {
    if !need("servers of language models", &["python3"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // The kernel names a process by the name that it was started by. `python3` itself may be a script that finds the real one.
    let real = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().expect("it runs");
    let real = String::from_utf8(real.stdout).expect("a path");
    for name in ["ollama", "vllm"] {
        symlink(real.trim(), folder.path().join(name)).expect("linked");
    }
    fs::write(folder.path().join("serve"), SERVER).expect("written");
    let (first, second) = (free_port(), free_port());
    let start = |name: &str, arguments: &[&str], port: u16| {
        let mut command = Command::new(format!("./{name}"));
        command.args(arguments).current_dir(folder.path()).env("PORT", port.to_string());
        command.env("OLLAMA_HOST", format!("0.0.0.0:{port}")).stdin(Stdio::piped());
        Server(command.spawn().expect("it runs"))
    };
    let ollama = start("ollama", &["serve"], first);
    let vllm = start("vllm", &["serve", "big", "--port", &second.to_string()], second);
    let at = |port: u16| {
        move |snapshot: &Value| -> Option<Value> {
            let address = format!("127.0.0.1:{port}");
            let servers = snapshot["ai"].as_array()?;
            servers.iter().find(|server| server["address"] == address && server["problem"].is_null()).cloned()
        }
    };
    let (one, two) = until(
        "both servers answer",
        || {
            let snapshot = snapshot();
            Some((at(first)(&snapshot)?, at(second)(&snapshot)?))
        },
        snapshot,
    );
    assert_eq!(
        (&one["kind"], &one["version"], &one["pid"]),
        (&"ollama".into(), &"0.12.3".into(), &ollama.0.id().into())
    );
    assert_eq!((&one["models"][0]["name"], &one["models"][0]["is_loaded"]), (&"m:8b".into(), &true.into()));
    assert_eq!((&two["kind"], &two["pid"]), (&"vllm".into(), &vllm.0.id().into()));
    assert_eq!(two["models"][0]["waiting"], 3);
    let room = snapshot();
    let parts = room["room"]["parts"].as_array().expect("a list");
    assert!(parts.iter().any(|part| part["what"] == "memory" && part["fits"].is_string()), "{room}");
}
