//! The cockpit itself on the testbed, in a pseudo-terminal: sessions in containers, forwarded ports, the editor.

use crate::{
    bed::{Bed, Container, IMAGE, Namespace, on_testbed},
    pty::{Pty, Seen, Setup},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

const CTRL_LEAVE: &str = "\x1d";

/// An armed cockpit on the testbed, with settings of its own.
pub fn cockpit(bed: &Bed, flags: &[&str], environment: &[(&str, &str)]) -> Pty {
    let kubeconfig = bed.folder.join("kubernetes/kubeconfig").display().to_string();
    let mut setup = Setup::new().size(120, 40).env("KUBECONFIG", &kubeconfig).env("FLIGHTDECK_START_ARMED", "true");
    for (name, value) in environment {
        setup = setup.env(name, value);
    }
    let pty = setup.flightdeck(flags);
    pty.wait_for("the cockpit", |seen| seen.shows("ARMED"));
    pty
}

/// A container, and a cockpit with a shell in it.
fn shell<'b>(bed: &'b Bed, name: &str) -> (Container<'b>, Pty) {
    let container = Container::run(bed, name, &[], &["sleep", "10000"]);
    let socket = format!("unix://{}", bed.folder.join("docker/docker.sock").display());
    let pty = cockpit(bed, &["--docker", &socket, "--context", "none"], &[]);
    find(&pty, CONTAINERS, &container.name);
    pty.send("x");
    pty.wait_for("the form", |seen| seen.shows("exec: container"));
    pty.send("\r");
    pty.wait_for("a prompt", |seen| seen.shows("ctrl-] leaves it") && seen.shows("#"));
    (container, pty)
}

#[test]
fn a_shell_in_a_container_has_the_terminal_and_gives_it_back() {
    on_testbed("sessions::a_shell_in_a_container_has_the_terminal_and_gives_it_back", |bed| {
        let (_container, mut pty) = shell(bed, "shell");
        pty.send("stty size; echo in-$((40+2)); exit 3\r");
        pty.wait_for("its end", |seen| seen.shows("ended with exit code 3"));
        pty.wait_for("the cockpit", |seen| seen.shows("ARMED"));
        // Once more, with its size, and left by its key.
        pty.send("x");
        pty.wait_for("the form", |seen| seen.shows("exec: container"));
        pty.send("\r");
        // What the one before left on the screen is gone.
        let fresh = |seen: &Seen| seen.shows("ctrl-] leaves it") && seen.shows("#") && !seen.shows("exit 3");
        pty.wait_for("a prompt", fresh);
        // The size reaches the far side a moment after the shell does.
        pty.send("until stty size 2>&1 | grep '^40'; do sleep 0.2; done; echo in-$((40+2))\r");
        pty.wait_for("what it wrote", |seen| seen.shows("40 120") && seen.shows("in-42"));
        pty.resize(100, 30);
        pty.send("until stty size 2>&1 | grep '^30'; do sleep 0.2; done\r");
        pty.wait_for("the new size", |seen| seen.shows("30 100"));
        pty.send(CTRL_LEAVE);
        pty.wait_for("the cockpit", |seen| seen.shows("left; the program may still run"));
        pty.send("q");
        pty.ends_well(crate::wait::PATIENCE);
        pty.assert_restored();
    });
}

/// Keys that lead to a list.
const CONTAINERS: &str = "4";
const PODS: &str = "5\x1b2";
pub const WORKLOADS: &str = "5\x1b6";

/// Shows the list of a pane that holds this row, filtered to it.
pub fn find(pty: &Pty, pane: &str, name: &str) {
    pty.send(pane);
    pty.send("/");
    pty.send(name);
    pty.send("\r");
    let is_row = |line: &str| {
        line.contains(&name[..name.len().min(10)])
            && ["running", "Running", "1/1"].iter().any(|word| line.contains(word))
    };
    pty.wait_for("the row", |seen| seen.screen().contents().lines().any(is_row));
}

#[test]
fn a_container_that_dies_ends_its_session() {
    on_testbed("sessions::a_container_that_dies_ends_its_session", |bed| {
        let (container, mut pty) = shell(bed, "dies");
        bed.docker(&["kill", &container.name]);
        pty.wait_for("its end", |seen| seen.shows("exec container") && seen.shows("exit code 137"));
        pty.send("q");
        pty.ends_well(crate::wait::PATIENCE);
        pty.assert_restored();
    });
}

#[test]
fn a_pod_is_entered_forwarded_to_and_edited() {
    on_testbed("sessions::a_pod_is_entered_forwarded_to_and_edited", |bed| {
        let space = Namespace::new(bed, "session");
        space.deploy("web", 1);
        let pod = space.pod_of("web");
        let editor = "sed -i s/replicas:.1/replicas:\\ 2/";
        let mut pty = cockpit(bed, &["--docker", "none", "--context", "testbed"], &[("VISUAL", editor)]);
        find(&pty, PODS, &pod);
        pty.send("x");
        pty.wait_for("the form", |seen| seen.shows("exec: pod") && seen.shows("web"));
        pty.send("\r");
        pty.wait_for("a prompt", |seen| seen.shows("ctrl-] leaves it") && seen.shows("#"));
        // The size reaches the far side a moment after the shell does.
        pty.send("cat /www/index.html; until stty size 2>&1 | grep '^40'; do sleep 0.2; done\r");
        pty.wait_for("what it wrote", |seen| seen.shows("hello-from-the-pod") && seen.shows("40 120"));
        pty.send("exit 4\r");
        pty.wait_for("its end", |seen| seen.shows("exit code 4"));
        pty.wait_for("the cockpit", |seen| seen.shows("ARMED"));
        pty.send("a");
        pty.wait_for("the menu", |seen| seen.shows("Do to pod") && seen.shows("forward a port"));
        pty.send("f");
        pty.wait_for("the form", |seen| seen.shows("local port"));
        let port = 20_000 + std::process::id() % 20_000;
        pty.send(format!("8080\t{port}\r"));
        pty.wait_for("its beginning", |seen| seen.shows(&format!("127.0.0.1:{port} is forwarded")));
        pty.send("\x1bp");
        pty.wait_for("the list of ports", |seen| seen.shows(&format!("127.0.0.1:{port}")));
        let mut answer = String::new();
        let mut stream = TcpStream::connect(("127.0.0.1", u16::try_from(port).expect("a port"))).expect("it listens");
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent");
        stream.read_to_string(&mut answer).expect("answered");
        assert!(answer.contains("hello-from-the-pod"), "{answer}");
        pty.wait_for("the count", |seen| seen.shows("1 in all"));
        pty.send("x");
        pty.wait_for("its end", |seen| seen.shows("ended after 1 connections"));
        pty.send("q");
        find(&pty, WORKLOADS, &space.name);
        pty.send("E");
        pty.wait_for("the differences", |seen| seen.shows("+  replicas: 2") && seen.shows("-  replicas: 1"));
        pty.send("y");
        bed.wait_for("the change", || {
            space.kubectl(&["get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"]) == "2"
        });
        pty.send("q");
        pty.ends_well(crate::wait::PATIENCE);
        pty.assert_restored();
    });
}

/// What a program says to a line that is typed to it.
const ECHO: &str = "while read line; do echo \"heard-$line\"; [ \"$line\" != end ] || exit 5; done";

/// Types a line to a program that was attached to, and leaves it or has it end.
fn speak_with(pty: &Pty, line: &str) {
    pty.wait_for("the session", |seen| seen.shows("ctrl-] leaves it"));
    pty.send(format!("{line}\r"));
    pty.wait_for("its answer", |seen| seen.shows(&format!("heard-{line}")));
}

#[test]
fn a_containers_first_process_is_attached_to_and_left() {
    on_testbed("sessions::a_containers_first_process_is_attached_to_and_left", |bed| {
        let socket = format!("unix://{}", bed.folder.join("docker/docker.sock").display());
        let with_terminal = Container::run(bed, "attached", &["-i", "-t"], &["sh", "-c", ECHO]);
        let mut pty = cockpit(bed, &["--docker", &socket, "--context", "none"], &[]);
        find(&pty, CONTAINERS, &with_terminal.name);
        let attach = |pty: &Pty| {
            pty.send("a");
            pty.wait_for("the menu", |seen| seen.shows("Do to container") && seen.shows("attach"));
            pty.send("a");
        };
        attach(&pty);
        speak_with(&pty, "one");
        pty.send(CTRL_LEAVE);
        pty.wait_for("the cockpit", |seen| seen.shows("left; the program may still run"));
        assert_eq!(with_terminal.inspect("{{.State.Running}}"), "true", "it goes on");
        attach(&pty);
        speak_with(&pty, "end");
        pty.wait_for("its end", |seen| seen.shows("the container ended"));
        assert_eq!(with_terminal.inspect("{{.State.ExitCode}}"), "5");
        pty.send("q");
        pty.ends_well(crate::wait::PATIENCE);
        pty.assert_restored();
    });
}

/// Keys go by the line to a program without a terminal, and nobody but it shows them.
#[test]
fn a_process_without_a_terminal_is_attached_to() {
    on_testbed("sessions::a_process_without_a_terminal_is_attached_to", |bed| {
        let socket = format!("unix://{}", bed.folder.join("docker/docker.sock").display());
        let container = Container::run(bed, "piped", &["-i"], &["sh", "-c", ECHO]);
        let mut pty = cockpit(bed, &["--docker", &socket, "--context", "none"], &[]);
        find(&pty, CONTAINERS, &container.name);
        pty.send("aa");
        pty.wait_for("the session", |seen| seen.shows("ctrl-] leaves it"));
        pty.send("two\n");
        pty.wait_for("its answer", |seen| seen.shows("heard-two"));
        pty.send(CTRL_LEAVE);
        pty.wait_for("the cockpit", |seen| seen.shows("left; the program may still run"));
        pty.send("q");
        pty.ends_well(crate::wait::PATIENCE);
        pty.assert_restored();
    });
}

#[test]
fn a_pods_first_process_is_attached_to_and_left() {
    on_testbed("sessions::a_pods_first_process_is_attached_to_and_left", |bed| {
        let space = Namespace::new(bed, "attach");
        let command = ECHO.replace('"', "\\\"");
        bed.apply(&format!(
            r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "attached", "namespace": "{}"}}, "spec": {{"restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0, "containers": [{{"name": "talks", "image": "{IMAGE}", "imagePullPolicy": "Never",
            "stdin": true, "tty": true, "command": ["sh", "-c", "{command}"]}}]}}}}"#,
            space.name
        ));
        space.kubectl(&["wait", "--for=condition=Ready", "--timeout=60s", "pod/attached"]);
        let mut pty = cockpit(bed, &["--docker", "none", "--context", "testbed"], &[]);
        find(&pty, PODS, &space.name);
        let attach = |pty: &Pty| {
            pty.send("a");
            pty.wait_for("the menu", |seen| seen.shows("Do to pod") && seen.shows("attach"));
            pty.send("a");
            pty.wait_for("the form", |seen| seen.shows("attach: pod") && seen.shows("talks"));
            pty.send("\r");
        };
        attach(&pty);
        speak_with(&pty, "three");
        pty.send(CTRL_LEAVE);
        pty.wait_for("the cockpit", |seen| seen.shows("left; the program may still run"));
        attach(&pty);
        speak_with(&pty, "end");
        pty.wait_for("the cockpit", |seen| seen.shows("ARMED"));
        let code = "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}";
        bed.wait_for("its end", || space.kubectl(&["get", "pod", "attached", "-o", code]) == "5");
        pty.send("q");
        pty.ends_well(crate::wait::PATIENCE);
        pty.assert_restored();
    });
}
