//! Ways to the testbed's API server that are not a plain kubeconfig: from inside a pod, and through a proxy.

use crate::{
    kubernetes::{apply, kubeconfig, kubectl, kubectl_command},
    need::testbed,
    pty::FLIGHTDECK,
    wait::{PATIENCE, now},
};
use serde_json::Value;
use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

/// The server's name inside the cluster, which its certificate has and which nobody out here can resolve.
const INNER_NAME: &str = "kubernetes.default.svc";

/// What was made for a pod of ours; it is gone when this is dropped.
struct Made<'a> {
    folder: &'a Path,
    namespace: String,
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for arguments in [["namespace", "--wait=false"], ["clusterrolebinding", "--ignore-not-found"]] {
            let _ = kubectl_command(self.folder).arg("delete").args(arguments).arg(&self.namespace).output();
        }
    }
}

/// The port that the testbed's API server listens on.
fn port(folder: &Path) -> String {
    let server = kubectl(folder, &["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    server.rsplit(':').next().expect("a port").to_owned()
}

/// A pod with the binary under test in it, for it needs no image then: the host's root lies in it, read-only, and the host's loader starts
/// it with the host's libraries. Its network is the host's, since the testbed's API server listens on loopback only; where that is comes
/// from the environment, as in every pod.
fn pod(namespace: &str, port: &str) -> String {
    let host = |path: &str| {
        let real = fs::canonicalize(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        format!("/host{}", real.display())
    };
    let loader = host("/lib64/ld-linux-x86-64.so.2");
    let libraries = Path::new(&loader).parent().expect("a folder").display();
    format!(
        r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "inside", "namespace": "{namespace}"}}, "spec": {{
        "serviceAccountName": "reader", "hostNetwork": true, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
        "volumes": [{{"name": "host", "hostPath": {{"path": "/"}}}}],
        "containers": [{{"name": "flightdeck", "image": "testbed/busybox:1.35", "imagePullPolicy": "Never",
        "volumeMounts": [{{"name": "host", "mountPath": "/host", "readOnly": true}}],
        "env": [{{"name": "KUBERNETES_SERVICE_HOST", "value": "127.0.0.1"}}, {{"name": "KUBERNETES_SERVICE_PORT", "value": "{port}"}}],
        "command": ["{loader}", "--library-path", "{libraries}", "{}", "snapshot", "--json", "--only", "pods,nodes,sources",
        "--wait", "30s"]}}]}}}}"#,
        host(FLIGHTDECK)
    )
}

#[test]
fn inside_a_cluster_it_finds_the_cluster() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let namespace = format!("inside-{}", std::process::id());
    kubectl(&folder, &["create", "namespace", &namespace]);
    let made = Made { folder: &folder, namespace: namespace.clone() };
    kubectl(&folder, &["-n", &namespace, "create", "serviceaccount", "reader"]);
    let account = format!("--serviceaccount={namespace}:reader");
    kubectl(&folder, &["create", "clusterrolebinding", &namespace, "--clusterrole=view", &account]);
    apply(&folder, &pod(&namespace, &port(&folder)));
    let get =
        |path: &str| kubectl(&folder, &["-n", &namespace, "get", "pod", "inside", "-o", &format!("jsonpath={path}")]);
    let end = now() + 3 * PATIENCE;
    while !["Succeeded", "Failed"].contains(&get("{.status.phase}").as_str()) {
        assert!(now() < end, "it does not end: {}", get("{.status}"));
    }
    let text = kubectl(&folder, &["-n", &namespace, "logs", "inside"]);
    assert_eq!(get("{.status.phase}"), "Succeeded", "{text} {}", get("{.status.containerStatuses}"));
    let value: Value = serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"));
    let source = value["sources"].as_array().expect("a list").iter().find(|source| source["kind"] == "kube");
    let source = source.expect("a cluster");
    assert_eq!((source["name"].as_str(), source["state"].as_str()), (Some("kube/in-cluster"), Some("ok")), "{source}");
    let pods = value["pods"].as_array().expect("a list");
    for name in ["inside", "db-0", "crashloop"] {
        assert!(pods.iter().any(|pod| pod["name"] == name && pod["context"] == "in-cluster"), "{name}: {pods:?}");
    }
    // «view» does not cover nodes: what may not be seen leaves the rest alone.
    assert_eq!(value["nodes"], Value::Array(Vec::new()));
    drop(made);
}

/// A proxy on loopback that knows CONNECT (RFC 9110, 9.3.6) and leads everything to one port of this machine.
struct Proxy {
    url: String,
    /// What was asked for: `CONNECT kubernetes.default.svc:6443 HTTP/1.1`.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// It answers with this status line where it does not lead anywhere.
    fn start(to: &str, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (told, to) = (Arc::clone(&asked), format!("127.0.0.1:{to}"));
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let (told, to) = (Arc::clone(&told), to.clone());
                // One that breaks concerns nobody else.
                thread::spawn(move || lead(near, &to, refusal, &told));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics with it").clone()
    }
}

fn lead(near: TcpStream, to: &str, refusal: Option<&str>, told: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(near.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    told.lock().expect("no test panics with it").push(line.trim().to_owned());
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line)?;
    }
    if let Some(refusal) = refusal {
        return write!({ &near }, "HTTP/1.1 {refusal}\r\ncontent-length: 0\r\n\r\n");
    }
    let far = TcpStream::connect(to)?;
    write!({ &near }, "HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut up, mut back, mut down) = (far.try_clone()?, far, near);
    thread::spawn(move || io::copy(&mut reader, &mut up));
    io::copy(&mut back, &mut down).map(drop)
}

/// The testbed's kubeconfig with another server, and a proxy where one is named.
fn another(folder: &Path, at: &Path, server: &str, proxy: Option<&str>) -> PathBuf {
    let file = at.join("kubeconfig");
    fs::copy(kubeconfig(folder), &file).expect("copied");
    let mut text = fs::read_to_string(&file).expect("read");
    let port = port(folder);
    let proxy = proxy.map_or_else(String::new, |proxy| format!("\n    proxy-url: {proxy}"));
    text =
        text.replace(&format!("server: https://127.0.0.1:{port}"), &format!("server: https://{server}:{port}{proxy}"));
    fs::write(&file, text).expect("written");
    file
}

/// How the cluster is reached, and what is said where it is not.
fn reached(kubeconfig: &Path, environment: &[(&str, &str)]) -> (Option<String>, String) {
    let done = Command::new(FLIGHTDECK)
        .args(["--docker", "none", "snapshot", "--json", "--only", "pods,sources", "--wait", "20s"])
        .env_clear()
        .env("HOME", kubeconfig.parent().expect("a folder"))
        .env("KUBECONFIG", kubeconfig)
        .envs(environment.iter().copied())
        .output()
        .expect("it runs");
    let value: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let sources = value["sources"].as_array().expect("a list");
    let cluster = sources.iter().find(|source| source["name"] == "kube/testbed").expect("a cluster");
    let pods = value["pods"].as_array().expect("a list");
    let state = if pods.iter().any(|pod| pod["name"] == "db-0") { cluster["state"].as_str() } else { None };
    (state.map(str::to_owned), cluster["reason"].to_string())
}

#[test]
fn a_cluster_is_reached_through_the_proxy_of_its_kubeconfig() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let at = tempfile::tempdir().expect("a folder");
    let proxy = Proxy::start(&port(&folder), None);
    let config = another(&folder, at.path(), INNER_NAME, Some(&proxy.url));
    // NO_PROXY is about the environment's proxy alone.
    let (state, reason) = reached(&config, &[("NO_PROXY", INNER_NAME)]);
    assert_eq!(state.as_deref(), Some("ok"), "{reason}");
    let wanted = format!("CONNECT {INNER_NAME}:{} HTTP/1.1", port(&folder));
    assert!(proxy.asked().iter().all(|asked| *asked == wanted) && !proxy.asked().is_empty(), "{:?}", proxy.asked());
}

#[test]
fn a_cluster_is_reached_through_the_proxy_of_the_environment() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let at = tempfile::tempdir().expect("a folder");
    let proxy = Proxy::start(&port(&folder), None);
    let config = another(&folder, at.path(), INNER_NAME, None);
    let (state, reason) = reached(&config, &[("HTTPS_PROXY", &proxy.url), ("NO_PROXY", "127.0.0.1,example.org")]);
    assert_eq!(state.as_deref(), Some("ok"), "{reason}");
    let so_far = proxy.asked().len();
    assert!(so_far > 0);
    let (state, reason) = reached(&config, &[("HTTPS_PROXY", &proxy.url), ("NO_PROXY", ".svc")]);
    assert_eq!(state, None, "nobody knows the name out here: {reason}");
    // What listens on loopback is asked directly.
    let (state, reason) = reached(&kubeconfig(&folder), &[("https_proxy", &proxy.url)]);
    assert_eq!(state.as_deref(), Some("ok"), "{reason}");
    assert_eq!(proxy.asked().len(), so_far, "{:?}", proxy.asked());
}

#[test]
fn a_proxy_that_refuses_is_told() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let at = tempfile::tempdir().expect("a folder");
    let proxy = Proxy::start(&port(&folder), Some("407 Proxy Authentication Required"));
    let config = another(&folder, at.path(), INNER_NAME, Some(&proxy.url));
    let (state, reason) = reached(&config, &[]);
    assert_eq!(state, None);
    assert!(reason.contains("proxy") && reason.contains("authorization"), "{reason}");
}
