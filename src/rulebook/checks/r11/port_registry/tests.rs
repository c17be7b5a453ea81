//! Ports against the registry and against each other.

use super::*;
use crate::rulebook::{
    resource::live_object,
    run::{told, told_live},
    subject::live::Listening,
};
use std::sync::Arc;

const REGISTRY: &str = "|Port|Protocol|Service|\n|-|-|-|\n|8080|tcp|web|\n|53|udp|dns|\n|9000-9010||many|\n";

fn file(ports: &str) -> String {
    format!("services:\n  web:\n    image: a\n    ports: {ports}\n")
}

fn registered(ports: &str) -> Vec<String> {
    told(&PortRegistry, &[("PortRegistry.md", REGISTRY), ("compose.yml", &file(ports))])
}

#[test]
fn what_the_registry_lacks() {
    assert_eq!(registered("['8081:80', '8080:80']"), ["compose.yml:4:13 port 8081/tcp is not registered"]);
    assert_eq!(registered("['53:53']"), ["compose.yml:4:13 port 53/tcp is not registered"]);
    assert_eq!(registered("['9009-9011:1-3']"), ["compose.yml:4:13 port 9011/tcp is not registered"]);
    assert_eq!(registered("[{target: 80, published: 1}]"), ["compose.yml:4:37 port 1/tcp is not registered"]);
    assert!(registered("['8080:80', '127.0.0.1:53:53/udp', '9000-9010:1-11', '80', '127.0.0.1::81']").is_empty());
    assert_eq!(registered("['${P}:80']"), ["? compose.yml:4:13 the port of the host cannot be known from here"]);
}

#[test]
fn without_a_registry_it_is_said_once() {
    let text = file("['1:1', '2:2']");
    assert_eq!(
        told(&PortRegistry, &[("compose.yml", &text)]),
        ["PortRegistry.md no PortRegistry.md; 2 ports are published"]
    );
    assert!(told(&PortRegistry, &[("compose.yml", &file("['80']"))]).is_empty());
    let elsewhere = [("docs/PortRegistry.md", "|Port|\n|-|\n|1|\n|2|\n"), ("compose.yml", text.as_str())];
    assert!(told(&PortRegistry, &elsewhere).is_empty());
}

#[test]
fn ports_that_two_have() {
    let two = |web: &str, db: &str| {
        let text = format!(
            "services:\n  web:\n    image: a\n    ports: ['{web}']\n  xdb:\n    image: b\n    ports: ['{db}']\n"
        );
        told(&PortRegistry, &[("PortRegistry.md", REGISTRY), ("compose.yml", &text)])
    };
    assert_eq!(
        two("8080:80", "8080:81"),
        ["compose.yml:7:13 port 8080/tcp is also published by service web, compose.yml"]
    );
    assert_eq!(two("127.0.0.1:8080:80", "8080:81").len(), 1);
    assert_eq!(two("9000-9010:1-11", "9005:81").len(), 1);
    assert!(two("127.0.0.1:8080:80", "10.0.0.1:8080:81").is_empty());
    assert!(two("9000:80", "9000:80/udp").is_empty());
    let other = told(
        &PortRegistry,
        &[
            ("PortRegistry.md", REGISTRY),
            ("a/compose.yml", &file("['8080:1']")),
            ("b/compose.yml", &file("['8080:1']")),
        ],
    );
    assert_eq!(other, ["b/compose.yml:4:13 port 8080/tcp is also published by service a/web, a/compose.yml"]);
}

#[test]
fn variants_and_profiles_do_not_meet() {
    let text = file("['8080:80']");
    for other in ["docker-compose.override.yml", "docker-compose.prod.yml"] {
        let files = [("PortRegistry.md", REGISTRY), ("docker-compose.yml", text.as_str()), (other, text.as_str())];
        assert!(told(&PortRegistry, &files).is_empty(), "{other}");
    }
    let variants = [
        ("PortRegistry.md", REGISTRY),
        ("docker-compose.a.yml", text.as_str()),
        ("docker-compose.b.yml", text.as_str()),
    ];
    assert!(told(&PortRegistry, &variants).is_empty());
    let profiles = "services:\n  a: {image: a, profiles: [x], ports: ['8080:1']}\n  b: {image: a, profiles: [y], ports: ['8080:1']}\n";
    assert!(told(&PortRegistry, &[("PortRegistry.md", REGISTRY), ("compose.yml", profiles)]).is_empty());
    let layer = "services: {x: {image: b, ports: ['8080:1']}}\n";
    let files = [("PortRegistry.md", REGISTRY), ("compose.yml", text.as_str()), ("compose.prod.yml", layer)];
    assert_eq!(told(&PortRegistry, &files).len(), 1, "a layer runs with what it lies over");
}

#[test]
fn the_registry_itself() {
    let text = "|Port|Service|\n|-|-|\n|80|a|\n|81|a|\n|79-80|b|\n|81/udp|c|\n|82/udp|d|\n|82/tcp|d|\n\n|Port|Name|\n|-|-|\n|80|a|\n";
    let compose = file("['80:1']");
    assert_eq!(
        told(&PortRegistry, &[("PortRegistry.md", text), ("compose.yml", &compose)]),
        ["PortRegistry.md:5:2 port 80 is registered twice", "PortRegistry.md:6:2 port 81 is registered twice"]
    );
    let hosts = "|Host|Port|\n|-|-|\n|a|80|\n|b|80|\n";
    assert!(told(&PortRegistry, &[("PortRegistry.md", hosts), ("compose.yml", &compose)]).is_empty());
}

#[test]
fn what_is_live() {
    let listening = |address: &str, port, protocol| Listening {
        address: address.parse().expect("an address"),
        port,
        protocol,
        program: Some("x".into()),
    };
    let all = [
        listening("0.0.0.0", 22, "tcp"),
        listening("::", 22, "tcp"),
        listening("127.0.0.1", 631, "tcp"),
        listening("0.0.0.0", 8080, "tcp"),
        listening("0.0.0.0", 7000, "tcp"),
        listening("0.0.0.0", 40_000, "udp"),
    ];
    let bindings = serde_json::json!({"HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "7000"}, {"HostIp": "::", "HostPort": "7000"}]}}});
    let live =
        Live { docker: vec![Arc::new(live_object("container", "w", bindings))], listening: &all, ..Live::default() };
    let files = [("PortRegistry.md", REGISTRY)];
    assert_eq!(told_live(&PortRegistry, &live, Scope::Host, &files), ["port 22/tcp port 22/tcp (x) listens"]);
    assert_eq!(told_live(&PortRegistry, &live, Scope::Docker, &files), ["container w port 7000/tcp is not registered"]);
    assert!(told_live(&PortRegistry, &live, Scope::Host, &[]).is_empty());
}
