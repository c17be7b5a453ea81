//! 11n: a port that is bound to every interface of the host.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::NOT_BELOW,
        out::Out,
        subject::container::{Container, Declared, Known},
    },
};

/// 11n.
pub struct AllInterfaces;

static META: Meta = Meta {
    id: "11n",
    title: "port bound to all interfaces",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Docker],
    why: "A port that is published without an address can be reached on every interface of the host. Docker opens it past the host's own firewall.",
    fix: "Name the address: `127.0.0.1:8080:80` behind a proxy on the same host, or that of the inner network.",
    precedent: &["CIS 5.14", "dclint no-unbound-port-interfaces"],
    references: &["https://docs.docker.com/engine/network/port-publishing/"],
    parameters: &[
        NOT_BELOW,
        Parameter {
            name: "public-ports",
            about: "ports of the host that are meant to be reached from everywhere: `80`, `443`",
            default: Value::Texts(&[]),
        },
    ],
};

impl Check for AllInterfaces {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        if container.declared == Declared::Pod || container.ports.is_empty() {
            return Judged::No;
        }
        let public: Vec<u16> = out.texts("public-ports").into_iter().filter_map(|text| text.parse().ok()).collect();
        for port in container.ports.iter().filter(|port| port.is_on_all()) {
            let host = match port.host {
                Known::Is((first, last)) if first == last && public.contains(&first) => continue,
                Known::Is((first, last)) if first == last => format!("port {first}"),
                Known::Is((first, last)) => format!("ports {first}-{last}"),
                Known::Absent => format!("container port {}", port.container),
                Known::Unknown => format!("container port {}", port.container),
            };
            let draft = out.on(container.resource, &port.pointer).observed(format!("{host} on all interfaces"));
            draft.expected("an address").fail();
        }
        Judged::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::{CheckPolicy, Policy},
        resource::{live_object, object},
        run::{told, told_by, told_of},
    };

    fn file(port: &str) -> String {
        format!("services:\n  web:\n    image: a\n    ports:\n      - {port}\n")
    }

    fn compose(port: &str) -> Vec<String> {
        told(&AllInterfaces, &[("compose.yaml", &file(port))])
    }

    #[test]
    fn services() {
        assert_eq!(compose("'8080:80'"), ["compose.yaml:5:9 port 8080 on all interfaces"]);
        assert_eq!(compose("0.0.0.0:8080:80"), ["compose.yaml:5:9 port 8080 on all interfaces"]);
        assert_eq!(compose("'[::]:8080:80'"), ["compose.yaml:5:9 port 8080 on all interfaces"]);
        assert_eq!(compose("8000-8010:80-90"), ["compose.yaml:5:9 ports 8000-8010 on all interfaces"]);
        assert_eq!(compose("80"), ["compose.yaml:5:9 container port 80 on all interfaces"]);
        assert_eq!(compose("{target: 80, published: 8080}"), ["compose.yaml:5:33 port 8080 on all interfaces"]);
        for port in [
            "127.0.0.1:8080:80",
            "'[::1]:8080:80'",
            "10.0.0.1::80",
            "{target: 80, published: 8080, host_ip: 127.0.0.1}",
            "${BIND}:8080:80",
            "'${BIND:-127.0.0.1}:8080:80'",
        ] {
            assert!(compose(port).is_empty(), "{port}");
        }
        assert!(told(&AllInterfaces, &[("compose.yaml", "services: {web: {image: a, expose: [80]}}\n")]).is_empty());
    }

    #[test]
    fn what_is_meant_to_be_public_is() {
        let ports = toml::Value::Array(vec!["443".into()]);
        let policy = CheckPolicy { parameters: [("public-ports".to_owned(), ports)].into(), ..CheckPolicy::default() };
        let policy = Policy { checks: [("11n".to_owned(), policy)].into(), ..Policy::default() };
        assert!(told_by(&AllInterfaces, &[("compose.yaml", &file("443:443"))], &policy).is_empty());
        assert_eq!(told_by(&AllInterfaces, &[("compose.yaml", &file("444:443"))], &policy).len(), 1);
    }

    #[test]
    fn pods_and_live_containers() {
        let pod = object(
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, ports: [{containerPort: 1, hostPort: 2}]}]}\n",
        );
        assert!(told_of(&AllInterfaces, &pod).is_empty());
        let bindings = serde_json::json!({"HostConfig": {"PortBindings": {
            "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}],
        }}});
        assert_eq!(
            told_of(&AllInterfaces, &live_object("container", "w", bindings)),
            ["container w port 8080 on all interfaces"]
        );
    }
}
