//! Engines and servers are killed and started again under one cockpit that watches them all: it stays, says so, and recovers whole.

use crate::{
    bed::{Held, amount, tell, until},
    pty::{Pty, Setup},
    servers::{IMAGE, Server, Servers},
};
use std::{collections::BTreeMap, fs, time::Duration};

/// The longest that anything is waited for: an API server takes a while to start where tests share their cores.
const PATIENCE: Duration = Duration::from_secs(180);
/// What is watched, by the names of the sources.
const SOURCES: [&str; 5] = ["docker/docker", "kube/testbed", "prometheus/prom", "alertmanager/am", "postgres/pair"];
/// Rounds after which caches are filled and arenas of the allocator have their size.
const WARM: u64 = 5;
/// What the cockpit's memory may grow by from then on: histories that go on being filled, and fragments.
const GROWTH_KIB: u64 = 24 << 10;

/// A cockpit that watches all of them, on the page of its sources.
fn cockpit(servers: &Servers) -> Pty {
    let setup = Setup::new().size(200, 60);
    let folder = setup.home().join("config/flightdeck");
    let mut config = servers.pair();
    let [prometheus, alertmanager] = &servers.urls;
    config.push_str(&format!("[[prometheus]]\nname = \"prom\"\nurls = [{prometheus:?}]\n"));
    config.push_str(&format!("[[alertmanager]]\nname = \"am\"\nurls = [{alertmanager:?}]\n"));
    // Those that are asked, rather than tell by themselves, are asked as often as the tests can use it.
    for source in &SOURCES[2..] {
        config.push_str(&format!("[sources.\"{source}\"]\nseconds = 1.0\nbackground-seconds = 1.0\n"));
    }
    fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("config.toml"), config)).expect("written");
    let pty =
        setup.env("KUBECONFIG", &servers.kubeconfig().to_string_lossy()).flightdeck(&["--docker", &servers.engine()]);
    pty.wait_for_cockpit();
    pty
}

/// The state of each source, as the screen says it.
fn states(screen: &str) -> BTreeMap<&'static str, String> {
    let of = |source: &'static str| {
        screen.lines().find_map(|line| {
            let mut words = line.split_whitespace().skip_while(|word| *word != source);
            words.next().and_then(|_| words.next()).map(|state| (source, state.to_owned()))
        })
    };
    SOURCES.into_iter().filter_map(of).collect()
}

fn all_are(pty: &Pty, word: &str) {
    until(pty, &format!("every source is {word}"), |screen| {
        let states = states(screen);
        states.len() == SOURCES.len() && states.values().all(|state| state == word)
    });
}

/// Something new arrives from those that are watched rather than asked: what is there after a restart is no memory.
fn something_new(pty: &Pty, servers: &Servers, round: u64) {
    let name = format!("round-{round}");
    servers.docker(&["create", "--name", &name, IMAGE, "true"]);
    servers.kubectl(&["create", "deployment", &name, "--image", IMAGE]);
    pty.send("4");
    until(pty, &format!("container {name}"), |screen| screen.contains(&name));
    pty.send("5:workloads\r");
    until(pty, &format!("deployment {name}"), |screen| screen.contains(&name));
    servers.docker(&["rm", &name]);
    servers.kubectl(&["delete", "deployment", &name]);
    until(pty, &format!("deployment {name} is gone"), |screen| !screen.contains(&name));
    pty.send("9");
}

#[test]
fn engines_and_servers_that_are_killed_are_found_again() {
    const TEST: &str = "killed_servers::engines_and_servers_that_are_killed_are_found_again";
    let all = [Server::Engine, Server::Api, Server::Prometheus, Server::Postgres];
    let Some(servers) = Servers::start(TEST, &all) else { return };
    let rounds = amount(2, 50);
    let mut pty = cockpit(&servers);
    pty.send("9");
    all_are(&pty, "ok");
    let mut warm = Held::by(pty.pid());
    for round in 1..=rounds {
        servers.kill();
        all_are(&pty, "down");
        servers.start_again();
        all_are(&pty, "ok");
        something_new(&pty, &servers, round);
        if round == WARM.min(rounds.div_ceil(2)) {
            warm = Held::by(pty.pid());
        }
    }
    all_are(&pty, "ok");
    let end = Held::by(pty.pid());
    let memory = warm.grown(end);
    tell(
        "engines and servers killed",
        &format!(
            "an engine, an API server, Prometheus, Alertmanager and two PostgreSQL servers killed {rounds} times each under one cockpit: 0 exits, {rounds} full recoveries; {memory}"
        ),
    );
    assert!(end.memory_kib < warm.memory_kib + GROWTH_KIB, "{memory}");
    assert!(end.threads <= warm.threads + 4 && end.files <= warm.files + 12, "{memory}");
    pty.send("q");
    pty.ends_well(PATIENCE);
    pty.assert_restored();
}
