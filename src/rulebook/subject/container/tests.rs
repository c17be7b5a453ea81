//! One view of containers, however they are declared.

use super::*;
use crate::rulebook::{
    resource::{live_object, object},
    tree::Tree,
};
use proptest::prelude::*;
use serde_json::json;

fn service(text: &str, check: impl FnOnce(&Container<'_>)) {
    let tree = Tree::of(&[("compose.yaml", &format!("services:\n  web:\n    image: a\n{text}"))]);
    let service = tree.services().next().expect("is there");
    let all = containers(service);
    let [container] = all.as_slice() else { panic!("one container") };
    check(container);
}

#[test]
fn limits_of_services() {
    service("    mem_limit: 512m\n    cpus: '0.5'\n    pids_limit: 100\n", |web| {
        assert_eq!(web.memory_limit_bytes.get(), Some(&(512 << 20)));
        assert_eq!(web.memory_limit_bytes.pointer, "/mem_limit");
        assert_eq!((web.cpu_limit_cores.get(), web.pids_limit.get()), (Some(&0.5), Some(&100)));
    });
    let deploy = "    deploy: {resources: {limits: {memory: 1g, cpus: 2, pids: 3}, reservations: {memory: 1k, devices: [{capabilities: [gpu], count: 2}]}}}\n";
    service(deploy, |web| {
        assert_eq!((web.memory_limit_bytes.get(), web.memory_request_bytes.get()), (Some(&(1 << 30)), Some(&1024)));
        assert_eq!((web.cpu_limit_cores.get(), web.pids_limit.get(), web.gpus.get()), (Some(&2.0), Some(&3), Some(&2)));
        assert_eq!(web.gpus.pointer, "/deploy/resources/reservations/devices/0");
    });
    service("    mem_limit: ${MEM}\n    cpu_quota: 50000\n    gpus: all\n", |web| {
        assert!(web.memory_limit_bytes.is_unknown() && web.is_given(&web.memory_limit_bytes));
        assert_eq!((web.cpu_limit_cores.get(), web.gpus.get()), (Some(&0.5), Some(&u64::MAX)));
    });
    service("    user: x\n", |web| {
        assert!(web.memory_limit_bytes.is_absent() && web.gpus.is_absent() && web.privileged.is_absent());
        assert_eq!(web.memory_limit_bytes.pointer, "/deploy/resources/limits/memory");
    });
    service("    extends: {file: ../../none.yml, service: x}\n", |web| {
        assert!(web.memory_limit_bytes.is_unknown() && !web.is_given(&web.memory_limit_bytes));
    });
}

#[test]
fn rights_of_services() {
    let text = "    privileged: ${P:-true}\n    user: 0\n    network_mode: host\n    pid: host\n    ipc: shareable\n    cap_add: [cap_sys_admin]\n    cap_drop: [ALL]\n    security_opt: ['no-new-privileges:true', 'seccomp=unconfined']\n    read_only: true\n    command: sh -c 'a b'\n    entrypoint: [x]\n";
    service(text, |web| {
        assert!(web.privileged.is_true() && web.host_network.is_true() && web.host_pid.is_true());
        assert_eq!((web.host_ipc.get(), web.user.get().map(String::as_str)), (Some(&false), Some("0")));
        assert_eq!(web.capabilities_added[0].get().map(String::as_str), Some("SYS_ADMIN"));
        assert_eq!(web.capabilities_dropped[0].pointer, "/cap_drop/0");
        assert_eq!(web.allow_privilege_escalation.get(), Some(&false));
        assert_eq!(web.seccomp.get().map(String::as_str), Some("unconfined"));
        assert!(web.read_only_root.is_true());
        assert_eq!(web.command, ["x", "sh", "-c", "a b"]);
    });
}

#[test]
fn health_checks_of_services() {
    service("    healthcheck: {test: [CMD, x]}\n", |web| assert!(web.health_check.is_true()));
    service("    healthcheck: {test: [NONE]}\n", |web| assert_eq!(web.health_check.get(), Some(&false)));
    service("    healthcheck: {test: NONE}\n", |web| assert_eq!(web.health_check.get(), Some(&false)));
    service("    healthcheck: {disable: true}\n", |web| assert_eq!(web.health_check.get(), Some(&false)));
    service("    restart: 'no'\n", |web| assert!(web.is_batch && web.health_check.is_absent()));
    service("    restart: always\n", |web| assert!(!web.is_batch));
}

#[test]
fn mounts_and_ports_of_services() {
    let text = "    volumes:\n      - data:/data\n      - /srv:/srv:ro\n      - ${DIR}:/dir\n      - ${HOME:-/root}/x:/x\n      - {type: bind, source: /, target: /host, read_only: true}\n      - {type: volume, source: data, target: /v}\n      - /anonymous\n    ports:\n      - 80\n      - '127.0.0.1:8000-8001:80/udp'\n      - {target: 443, published: '8443', host_ip: '::', protocol: TCP}\n      - '${P}:81'\n    environment: [A=1, B, 'C=${C}']\n";
    service(text, |web| {
        let mounts: Vec<_> =
            web.host_mounts.iter().map(|one| (&one.source, one.target.as_str(), one.is_read_only)).collect();
        let is = |text: &str| Known::Is(text.to_owned());
        assert_eq!(
            mounts,
            [
                (&is("/srv"), "/srv", true),
                (&Known::Unknown, "/dir", false),
                (&is("/root/x"), "/x", false),
                (&is("/"), "/host", true)
            ]
        );
        assert_eq!(web.host_mounts[3].pointer, "/volumes/4/source");
        let ports: Vec<_> = web
            .ports
            .iter()
            .map(|one| (one.is_on_all(), one.host.clone(), one.container, one.protocol.as_str()))
            .collect();
        assert_eq!(
            ports,
            [
                (true, Known::Absent, 80, "tcp"),
                (false, Known::Is((8000, 8001)), 80, "udp"),
                (true, Known::Is((8443, 8443)), 443, "tcp"),
                (true, Known::Unknown, 81, "tcp")
            ]
        );
        let environment: Vec<_> = web.environment.iter().map(|(name, value)| (name.as_str(), &value.value)).collect();
        assert_eq!(environment, [("A", &is("1")), ("B", &Known::Absent), ("C", &Known::Unknown)]);
    });
}

const POD: &str = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: job}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          hostNetwork: true\n          restartPolicy: Never\n          securityContext: {runAsUser: 0, seccompProfile: {type: Unconfined}}\n          initContainers:\n            - {name: init, image: i}\n            - {name: side, image: s, restartPolicy: Always}\n          containers:\n            - name: main\n              image: m\n              args: [serve]\n              command: [/bin/x]\n              resources: {limits: {memory: 1Gi, nvidia.com/gpu: 1}, requests: {cpu: 250m}}\n              securityContext: {runAsUser: 1, runAsNonRoot: true, capabilities: {drop: [ALL]}, allowPrivilegeEscalation: false}\n              env: [{name: A, value: b}, {name: S, valueFrom: {}}]\n              ports: [{containerPort: 80}, {containerPort: 81, hostPort: 81, protocol: UDP}]\n              volumeMounts: [{name: s, mountPath: /s}, {name: e, mountPath: /e}]\n            - {name: two, image: t, livenessProbe: {}, volumeMounts: [{name: s, mountPath: /s, readOnly: true}]}\n          volumes: [{name: s, hostPath: {path: /run/docker.sock}}, {name: e, emptyDir: {}}, {name: u, hostPath: {path: /etc}}]\n";

#[test]
fn containers_of_pod_templates() {
    let job = object(POD);
    let all = containers(&job);
    let names: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.is_init, one.is_batch)).collect();
    assert_eq!(names, [("main", false, true), ("two", false, true), ("init", true, true), ("side", false, true)]);
    let (main, two) = (&all[0], &all[1]);
    assert_eq!((main.user.get().map(String::as_str), two.user.get().map(String::as_str)), (Some("1"), Some("0")));
    assert_eq!(two.user.pointer, "/spec/jobTemplate/spec/template/spec/securityContext/runAsUser");
    assert_eq!(main.user.pointer, "/spec/jobTemplate/spec/template/spec/containers/0/securityContext/runAsUser");
    assert_eq!((main.memory_limit_bytes.get(), main.cpu_request_cores.get()), (Some(&(1 << 30)), Some(&0.25)));
    assert_eq!((main.gpus.get(), main.cpu_limit_cores.is_absent()), (Some(&1), true));
    assert!(main.run_as_non_root.is_true() && main.host_network.is_true() && two.health_check.is_true());
    assert!(main.is_teller(&main.host_network.pointer) && !two.is_teller(&two.host_network.pointer));
    assert!(two.is_teller(&two.privileged.pointer));
    assert_eq!(main.seccomp.get().map(String::as_str), Some("Unconfined"));
    assert_eq!((main.command.join(" "), main.environment.len()), ("/bin/x serve".to_owned(), 1));
    let ports: Vec<_> = main.ports.iter().map(|one| one.host.clone()).collect();
    assert_eq!(ports, [Known::Is((80, 80)), Known::Is((81, 81))]);
    let mounts: Vec<_> = main.host_mounts.iter().map(|one| (one.target.as_str(), one.is_repeated)).collect();
    assert_eq!(mounts, [("/s", false), ("", false)], "what nobody mounts is told of the first");
    assert!(two.host_mounts[0].is_repeated && !two.host_mounts[0].is_read_only);
}

#[test]
fn other_objects_have_no_containers() {
    assert!(containers(&object("apiVersion: v1\nkind: Service\nspec: {ports: []}\n")).is_empty());
    assert_eq!(
        containers(&object("apiVersion: x/v1\nkind: Rollout\nspec: {template: {spec: {containers: [{image: a}]}}}\n"))
            .len(),
        1
    );
    assert!(containers(&live_object("volume", "x", json!({}))).is_empty());
}

#[test]
fn live_containers() {
    let inspect = json!({
        "Name": "/web",
        "Config": {"Image": "a:1", "User": "", "Env": ["A=b"], "Cmd": ["x"], "Entrypoint": null, "Healthcheck": {"Test": ["NONE"]}},
        "State": {"Health": {"Status": "unhealthy"}},
        "HostConfig": {
            "Privileged": true, "Memory": 0, "NanoCpus": 500_000_000, "CpuQuota": 0, "PidsLimit": null, "NetworkMode": "host",
            "PidMode": "", "IpcMode": "private", "CapAdd": ["NET_ADMIN"], "CapDrop": null, "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": false, "DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}],
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "53/udp": [{"HostIp": "127.0.0.1", "HostPort": ""}]},
        },
        "Mounts": [
            {"Type": "bind", "Source": "/run/docker.sock", "Destination": "/s", "RW": false},
            {"Type": "volume", "Name": "v", "Source": "/var/lib/docker/volumes/v/_data", "Destination": "/v", "RW": true},
        ],
    });
    let live = live_object("container", "/web", inspect);
    let all = containers(&live);
    let [web] = all.as_slice() else { panic!("one container") };
    assert_eq!((web.name.as_str(), web.health.as_deref()), ("web", Some("unhealthy")));
    assert!(web.privileged.is_true() && web.host_network.is_true() && web.user.is_absent());
    assert!(web.memory_limit_bytes.is_absent() && web.pids_limit.is_absent());
    assert_eq!((web.cpu_limit_cores.get(), web.gpus.get()), (Some(&0.5), Some(&u64::MAX)));
    assert_eq!((web.health_check.get(), web.allow_privilege_escalation.get()), (Some(&false), Some(&false)));
    assert_eq!(web.host_mounts.len(), 1);
    assert_eq!(web.ports[0].pointer, "/HostConfig/PortBindings/53~1udp/0");
    assert_eq!((web.ports[1].host.clone(), web.ports[1].is_on_all()), (Known::Is((8080, 8080)), true));
}

proptest! {
    #[test]
    fn any_object_is_read(text in "(image|ports|volumes|deploy|resources|limits|spec|containers|user|: |\\[|\\]|\\{|\\}|, |- |\n    |1|'a:b'|null){0,30}") {
        let compose = format!("services:\n  a:\n    image: b\n    {text}");
        for service in Tree::of(&[("compose.yml", &compose)]).services() {
            containers(service);
        }
        let Ok(spec) = crate::rulebook::syntax::yaml::parse_one(&text) else { return Ok(()) };
        let mut live = live_object("container", "x", json!({}));
        live.spec = std::sync::Arc::new(spec);
        containers(&live);
        (live.kind, live.api_version) = ("Pod".into(), "v1".into());
        containers(&live);
    }
}
