//! Finds servers of models by their processes, also in containers: by their arguments, and by the network namespace that they listen in.

use crate::{
    model::ai::{AiKind, AiServer},
    source::host::{
        bytes::lossy,
        cgroup_fs::telling_path,
        cgroup_path,
        processes::{known::arguments, stat},
        read::Root,
    },
};
use compact_str::{CompactString, format_compact};
use std::net::IpAddr;

/// A server that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub kind: AiKind,
    pub address: CompactString,
    pid: Option<i32>,
    start_ticks: Option<u64>,
    container: Option<CompactString>,
}

impl Found {
    /// A server that the configuration names: `ollama=127.0.0.1:11434`.
    pub fn named(text: &str) -> Option<Self> {
        let (kind, address) = text.split_once('=')?;
        let kind = match kind.trim() {
            "ollama" => AiKind::Ollama,
            "vllm" => AiKind::Vllm,
            _ => return None,
        };
        let address = address.trim().trim_start_matches("http://").trim_end_matches('/');
        (!address.is_empty()).then(|| Self {
            kind,
            address: address.into(),
            pid: None,
            start_ticks: None,
            container: None,
        })
    }

    /// The server before it has answered.
    pub fn server(&self) -> AiServer {
        AiServer {
            kind: self.kind,
            address: self.address.clone(),
            pid: self.pid,
            start_ticks: self.start_ticks,
            container: self.container.clone(),
            ..AiServer::default()
        }
    }
}

/// Every server whose process is there, by pid.
pub fn servers(root: &Root) -> Vec<Found> {
    let entries = std::fs::read_dir(root.join("proc")).into_iter().flatten().flatten();
    let mut pids: Vec<i32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    let own = namespace(root, "self");
    let mut found: Vec<Found> = Vec::new();
    for pid in pids {
        let Some(server) = server(root, pid, own.as_ref()) else { continue };
        // Workers of a server have its arguments; the first is the one that listens.
        if !found.iter().any(|known| known.address == server.address) {
            found.push(server);
        }
    }
    found
}

fn server(root: &Root, pid: i32, own: Option<&std::path::PathBuf>) -> Option<Found> {
    // The name is one small file; most processes are left after it.
    let name = lossy(root.read(format!("proc/{pid}/comm"))?.trim_ascii());
    if !(name.starts_with("ollama") || name.starts_with("vllm") || name.starts_with("python")) {
        return None;
    }
    let arguments = arguments(&root.read(format!("proc/{pid}/cmdline"))?);
    let listens = listens(&arguments, || variable(root, pid, "OLLAMA_HOST"))?;
    let there = namespace(root, &pid.to_string());
    let is_ours = there.is_none() || there.as_ref() == own;
    let host = if is_ours { near(listens.host) } else { address_of(root, pid)? };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let cgroup = root.read(format!("proc/{pid}/cgroup")).and_then(|text| telling_path(&text));
    Some(Found {
        kind: listens.kind,
        address: format_compact!("{host}:{}", listens.port),
        pid: Some(pid),
        start_ticks: root.read(format!("proc/{pid}/stat")).and_then(|text| Some(stat::parse(&text)?.start_ticks)),
        container: cgroup.as_deref().map(cgroup_path::owner).and_then(|owner| owner.container),
    })
}

/// Where a server listens, by its arguments and variables.
#[derive(Debug, PartialEq, Eq)]
struct Listens {
    kind: AiKind,
    /// Empty for all addresses.
    host: String,
    port: u16,
}

fn listens(arguments: &[CompactString], host: impl Fn() -> Option<String>) -> Option<Listens> {
    let base = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let program = base(arguments.first()?);
    if program == "ollama" {
        // `ollama run` and the like are its clients, `ollama runner` its workers.
        let serves = arguments.get(1).is_some_and(|word| matches!(word.as_str(), "serve" | "start"));
        return serves.then(|| ollama(&host().unwrap_or_default()));
    }
    let script = arguments.iter().position(|word| base(word) == "vllm").map(|at| at + 1);
    let serves = script.and_then(|at| arguments.get(at)).is_some_and(|word| word == "serve");
    let is_module = arguments.windows(2).any(|pair| pair[0] == "-m" && pair[1].starts_with("vllm.entrypoints."));
    (serves || is_module).then(|| Listens {
        kind: AiKind::Vllm,
        host: option(arguments, "--host").unwrap_or_default(),
        port: option(arguments, "--port").and_then(|port| port.parse().ok()).unwrap_or(8000),
    })
}

/// `OLLAMA_HOST` as Ollama reads it: `[http://][host][:port]`.
fn ollama(host: &str) -> Listens {
    let plain = host.trim().trim_matches(['"', '\'']);
    let plain = plain.split_once("://").map_or(plain, |(_, rest)| rest);
    let plain = plain.split('/').next().unwrap_or_default();
    let (host, port) = match plain.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()),
        _ => (plain, None),
    };
    Listens { kind: AiKind::Ollama, host: host.trim_matches(['[', ']']).into(), port: port.unwrap_or(11_434) }
}

/// The value of `--name value` or `--name=value`.
fn option(arguments: &[CompactString], name: &str) -> Option<String> {
    arguments.iter().enumerate().find_map(|(at, word)| {
        let rest = word.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None if rest.is_empty() => arguments.get(at + 1).map(ToString::to_string),
            None => None,
        }
    })
}

/// The address at which we reach what listens on `host` in our own network.
fn near(host: String) -> String {
    match host.parse::<IpAddr>() {
        Ok(address) if !address.is_unspecified() => address.to_string(),
        Ok(_) => "127.0.0.1".into(),
        Err(_) if host.is_empty() || host == "localhost" => "127.0.0.1".into(),
        Err(_) => host,
    }
}

fn namespace(root: &Root, process: &str) -> Option<std::path::PathBuf> {
    std::fs::read_link(root.join(format!("proc/{process}/ns/net"))).ok()
}

/// An address of the network that a process is in, of those that others can reach: those that its kernel table calls local
/// (`/proc/PID/net/fib_trie`, <https://docs.kernel.org/networking/fib_trie.html>).
fn address_of(root: &Root, pid: i32) -> Option<String> {
    let text = String::from_utf8(root.read(format!("proc/{pid}/net/fib_trie"))?).ok()?;
    let mut last = None;
    for line in text.lines().map(str::trim) {
        if let Some(leaf) = line.strip_prefix("|-- ") {
            last = leaf.parse::<std::net::Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = last.filter(|address| !address.is_loopback())
        {
            return Some(address.to_string());
        }
    }
    None
}

fn variable(root: &Root, pid: i32, name: &str) -> Option<String> {
    let text = root.read(format!("proc/{pid}/environ"))?;
    let mut all = text.split(|byte| *byte == 0).filter_map(|pair| std::str::from_utf8(pair).ok());
    all.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Option<String> {
        let arguments: Vec<CompactString> = line.split(' ').map(CompactString::from).collect();
        let found = listens(&arguments, || None)?;
        Some(format!("{} {}:{}", found.kind.word(), near(found.host), found.port))
    }

    #[test]
    fn servers_are_told_from_clients_and_workers() {
        assert_eq!(told("/usr/local/bin/ollama serve").as_deref(), Some("Ollama 127.0.0.1:11434"));
        assert_eq!(told("ollama run llama3"), None);
        assert_eq!(told("/usr/lib/ollama/ollama runner --model x --port 40123"), None);
        assert_eq!(
            told("/usr/bin/python3 /usr/local/bin/vllm serve meta-llama/x --port 8001").as_deref(),
            Some("vLLM 127.0.0.1:8001")
        );
        assert_eq!(
            told("python3 -m vllm.entrypoints.openai.api_server --model x --host=10.0.0.5").as_deref(),
            Some("vLLM 10.0.0.5:8000")
        );
        assert_eq!(told("vllm bench serve"), None);
        assert_eq!(told("python3 train.py --vllm serve"), None);
        assert_eq!(told(""), None);
    }

    #[test]
    fn ollamas_variable_is_read_as_it_reads_it() {
        let told = |text: &str| {
            let found = ollama(text);
            format!("{}:{}", near(found.host), found.port)
        };
        assert_eq!(told(""), "127.0.0.1:11434");
        assert_eq!(told("0.0.0.0"), "127.0.0.1:11434");
        assert_eq!(told("0.0.0.0:9000"), "127.0.0.1:9000");
        assert_eq!(told("http://10.1.2.3:80/"), "10.1.2.3:80");
        assert_eq!(told("[::1]:9000"), "::1:9000");
        assert_eq!(told(":7000"), "127.0.0.1:7000");
    }

    #[test]
    fn a_container_is_asked_at_its_own_address() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join("proc").join(path);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let link = |pid: &str, target: &str| {
            let ns = folder.path().join("proc").join(pid).join("ns");
            std::fs::create_dir_all(&ns).expect("made");
            std::os::unix::fs::symlink(target, ns.join("net")).expect("linked");
        };
        let id = "4f".repeat(32);
        link("self", "net:[1]");
        link("7", "net:[2]");
        write("7/comm", "vllm\n");
        write("7/cmdline", "/usr/bin/python3\0/usr/local/bin/vllm\0serve\0m\0");
        write("7/cgroup", &format!("0::/system.slice/docker-{id}.scope\n"));
        write(
            "7/net/fib_trie",
            "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     |-- 172.17.0.2\n        /32 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n",
        );
        // A worker of the same server, and somebody else.
        link("8", "net:[2]");
        write("8/comm", "vllm\n");
        write("8/cmdline", "/usr/bin/python3\0/usr/local/bin/vllm\0serve\0m\0");
        write("8/net/fib_trie", "     |-- 172.17.0.2\n        /32 host LOCAL\n");
        write("9/comm", "sshd\n");
        let found = servers(&Root::at(folder.path()));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].address.as_str(), found[0].container.as_deref()), ("172.17.0.2:8000", Some(id.as_str())));
    }

    #[test]
    fn named_servers_say_what_they_are() {
        assert_eq!(
            Found::named("ollama=http://gpu-1:11434/").map(|found| found.address).as_deref(),
            Some("gpu-1:11434")
        );
        assert_eq!(Found::named("gpu-1:11434"), None);
        assert_eq!(Found::named("vllm="), None);
    }
}
