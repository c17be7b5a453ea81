use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn compared(file: &str, variables: &str, live: Value) -> Compared {
    let files = [("compose.yaml".to_owned(), file.to_owned())];
    let service = compose::service(&files, "web", "shop", &compose::variables(variables)).expect("a service");
    let live: Inspect = serde_json::from_value(live).expect("an answer");
    let image =
        ImageDefaults { environment: vec!["PATH=/bin".into()], command: vec!["run".into()], entrypoint: vec![] };
    compare(&service, &live, Some(&image), Path::new("/srv/shop"))
}

fn fields(compared: &Compared) -> Vec<(String, String, String)> {
    compared.drift.iter().map(|d| (d.field.to_string(), d.file.clone(), d.live.clone())).collect()
}

#[test]
fn one_that_runs_as_its_file_says_does_not_drift() {
    let file = r#"
services:
  web:
    image: "shop/web:${TAG:-1.0}"
    command: sh -c "sleep 5"
    environment: [MODE=production, "LEVEL=${LEVEL}"]
    ports: ["8080:80", "127.0.0.1:53:53/udp"]
    restart: unless-stopped
    mem_limit: 64m
    deploy: { resources: { limits: { cpus: "0.5" } } }
    volumes: ["data:/var/lib/shop", "./conf:/etc/shop:ro"]
volumes: { data: {} }
"#;
    let live = json!({
        "Config": { "Image": "shop/web:2.0", "Cmd": ["sh", "-c", "sleep 5"], "Env": ["MODE=production", "LEVEL=info", "PATH=/bin"] },
        "HostConfig": { "RestartPolicy": { "Name": "unless-stopped" }, "Memory": 67108864, "NanoCpus": 500000000,
            "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": "8080" }], "53/udp": [{ "HostIp": "127.0.0.1", "HostPort": "53" }] } },
        "Mounts": [
            { "Type": "volume", "Name": "shop_data", "Destination": "/var/lib/shop", "RW": true },
            { "Type": "bind", "Source": "/srv/shop/conf", "Destination": "/etc/shop", "RW": false },
        ],
    });
    let variables = "# the release\nexport TAG=\"2.0\"\nLEVEL=info # of the log\n";
    assert_eq!(compared(file, variables, live), Compared::default());
}

#[test]
fn every_field_that_differs_is_told() {
    let file = r#"
services:
  web:
    image: web:2
    environment: { POOL: 20, DB_PASSWORD: one, GONE: x }
    restart: always
    volumes: ["data:/data"]
volumes: { data: {} }
"#;
    let live = json!({
        "Config": { "Image": "web:1", "Cmd": ["run", "--debug"], "Env": ["POOL=5", "DB_PASSWORD=two", "EXTRA=1", "PATH=/bin"] },
        "HostConfig": { "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 3 }, "Privileged": true, "Memory": 1048576,
            "PortBindings": { "80/tcp": [{ "HostPort": "8080" }] } },
        "Mounts": [{ "Type": "bind", "Source": "/tmp", "Destination": "/data", "RW": true }],
    });
    let compared = compared(file, "", live);
    let told = fields(&compared);
    let of = |field: &str| told.iter().find(|d| d.0 == field).map(|d| (d.1.as_str(), d.2.as_str()));
    assert_eq!(of("image"), Some(("web:2", "web:1")));
    assert_eq!(of("command"), Some(("run", "run --debug")));
    assert_eq!(of("environment.POOL"), Some(("20", "5")));
    assert_eq!(of("environment.GONE"), Some(("x", "not set")));
    assert_eq!(of("environment.EXTRA"), Some(("not set", "1")));
    assert_eq!(of("environment.DB_PASSWORD"), Some(("[redacted]", "[redacted], another")));
    assert_eq!(of("ports"), Some(("not set", "8080->80")));
    assert_eq!(of("restart"), Some(("always", "on-failure:3")));
    assert_eq!(of("privileged"), Some(("false", "true")));
    assert_eq!(of("memory limit"), Some(("no limit", "1.0 MiB")));
    assert_eq!(of("volumes./data"), Some(("shop_data", "/tmp")));
    assert_eq!(told.len(), 11, "{told:?}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let file = "
services:
  web:
    build: .
    env_file: [.env.web]
    environment: { FROM_SHELL: , LEVEL: \"${LEVEL}\" }
    restart: \"${POLICY}\"
";
    let live = json!({ "Config": { "Cmd": ["run"], "Env": ["LEVEL=x", "FROM_SHELL=1", "MORE=1"] } });
    let compared = compared(file, "", live);
    assert_eq!(fields(&compared), []);
    let all = compared.left_out.join("\n");
    for what in ["image: the file builds it", "LEVEL is not in .env", "POLICY", "env_file", "FROM_SHELL"] {
        assert!(all.contains(what), "{what} not in {all}");
    }
}

#[test]
fn later_files_lie_over_earlier_ones() {
    let files = [
        (
            "a.yaml".to_owned(),
            "services: { web: { image: web:1, environment: { A: 1, B: 1 }, ports: ['1:1'] } }".to_owned(),
        ),
        ("b.yaml".to_owned(), "services: { web: { image: web:2, environment: [B=2], ports: ['2:2'] } }".to_owned()),
    ];
    let service = compose::service(&files, "web", "shop", &BTreeMap::new()).expect("a service");
    assert_eq!(service.fields["image"], "web:2");
    assert_eq!(service.fields["environment"], json!({ "A": "1", "B": "2" }));
    assert_eq!(service.fields["ports"], json!(["1:1", "2:2"]));
    assert!(compose::service(&files, "db", "shop", &BTreeMap::new()).expect_err("none").contains("no service db"));
}

#[test]
fn variables_are_filled_in_as_compose_does() {
    let variables = env(&[("A", "1"), ("EMPTY", "")]);
    let fill = |text| words::interpolated(text, &variables);
    for (text, filled) in [
        ("$A-${A}", "1-1"),
        ("$$A", "$A"),
        ("${B:-x}", "x"),
        ("${B-${A}}", "1"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${A:+y}", "y"),
        ("${B:+y}", ""),
        ("5 $ and", "5 $ and"),
    ] {
        assert_eq!(fill(text), Ok(filled.into()), "{text}");
    }
    assert_eq!(fill("${B}"), Err("B".into()));
    assert_eq!(fill("${B:?must}"), Err("B".into()));
    assert!(fill("${B").is_err());
}

#[test]
fn command_lines_and_sizes() {
    assert_eq!(words::split(r#"sh -c "echo \"a b\"" 'x y'z"#), ["sh", "-c", "echo \"a b\"", "x yz"]);
    assert_eq!(words::split("  "), [""; 0]);
    for (text, bytes) in [("64m", 64 << 20), ("1.5gb", 3 << 29), ("1048576", 1 << 20), ("2GiB", 2 << 30)] {
        assert_eq!(words::bytes(text), Some(bytes), "{text}");
    }
    assert_eq!(words::bytes("much"), None);
}
