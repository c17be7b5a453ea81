//! Containers beside made-up compose files.

use super::{compare::scalar, *};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[allow(dead_code, reason = "the testbed is asked for by other tests")]
#[path = "../../../../tests/it/need.rs"]
mod need;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

/// A service of these files as the project `shop` has it.
fn service(folder: &Path, files: &[&str], name: &str, variables: &str) -> Result<Service, String> {
    let asked = Asked {
        files: files.iter().map(|file| folder.join(file).display().to_string()).collect(),
        folder: folder.display().to_string(),
        variables: dotenv::variables(variables, &BTreeMap::new()),
        project: "shop".into(),
        service: name.into(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    runtime.block_on(super::service(&asked))
}

fn compared(file: &str, variables: &str, live: Value) -> Compared {
    let here = folder(&[("compose.yaml", file)]);
    let mut service = service(here.path(), &["compose.yaml"], "web", variables).expect("a service");
    // As if the files lay where the container says.
    let text = serde_json::to_string(&service.fields)
        .expect("writes")
        .replace(&here.path().display().to_string(), "/srv/shop");
    service.fields = serde_json::from_str(&text).expect("reads");
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
    for what in ["image: the file builds it", "LEVEL is not in .env", "POLICY", "env_file: ", "FROM_SHELL"] {
        assert!(all.contains(what), "{what} not in {all}");
    }
}

#[test]
fn later_files_lie_over_earlier_ones() {
    let here = folder(&[
        ("a.yaml", "services: { web: { image: web:1, environment: { A: 1, B: 1 }, ports: ['1:1'] } }"),
        ("b.yaml", "services: { web: { image: web:2, environment: [B=2], ports: ['2:2'] } }"),
    ]);
    let both = |name| service(here.path(), &["a.yaml", "b.yaml"], name, "");
    let web = both("web").expect("a service");
    assert_eq!(web.fields["image"], "web:2");
    assert_eq!(web.fields["environment"], json!({ "A": "1", "B": "2" }));
    assert_eq!(web.fields["ports"], json!(["1:1", "2:2"]));
    assert!(both("db").expect_err("none").contains("no service db"));
}

/// The specification's «Reset value» and «Replace value».
#[test]
fn what_a_later_file_resets_or_replaces_is_gone() {
    let here = folder(&[
        (
            "a.yaml",
            "services: { web: { image: web:1, restart: always, environment: { A: 1, B: 1 }, ports: ['1:1'], volumes: ['./a:/a'] } }",
        ),
        (
            "b.yaml",
            "
services:
  web:
    restart: !reset null
    environment: { A: !reset null }
    ports: !override ['2:2']
    volumes: !reset []
",
        ),
    ]);
    let web = service(here.path(), &["a.yaml", "b.yaml"], "web", "").expect("a service");
    assert_eq!(web.unknown, BTreeMap::new());
    let kept = json!({ "image": "web:1", "environment": { "B": "1" }, "ports": ["2:2"] });
    assert_eq!(Value::Object(web.fields), kept);
}

#[test]
fn a_file_that_leads_to_too_many_others_is_left() {
    let files: Vec<_> = (0..=MOST).map(|at| format!("- {at}.env")).collect();
    let text = format!("services:\n  web:\n    image: a\n    env_file:\n    {}\n", files.join("\n    "));
    let here = folder(&[("compose.yaml", &text)]);
    let lost = service(here.path(), &["compose.yaml"], "web", "").expect_err("too many");
    assert!(lost.contains("too many others"), "{lost}");
}

#[test]
fn a_variable_that_is_missing_is_named() {
    let here = folder(&[
        ("compose.yaml", "include: [parts/db.yaml]"),
        ("parts/db.yaml", "services: { db: { image: 'db:${OWN}-${TAG}-${GONE}' } }"),
        ("parts/.env", "OWN=1\n"),
    ]);
    let db = service(here.path(), &["compose.yaml"], "db", "TAG=2").expect("a service");
    assert_eq!(db.unknown["image"], "the variable GONE is not in .env");
}

/// A project that extends services of its own file and of another's, with files of variables and a profile.
const PROJECT: &[(&str, &str)] = &[
    (
        "compose.yaml",
        "
version: '2.4'
services:
  web:
    extends: { file: common/base.yaml, service: base }
    image: web:2
    environment: { LEVEL: debug, FROM_OWN: '1' }
    env_file: [web.env]
    ports: ['8080:80']
    profiles: [extra]
  worker:
    extends: { service: web }
    command: work
volumes: { data: {} }
",
    ),
    (
        "common/base.yaml",
        "
version: '2.4'
services:
  base:
    extends: { service: root }
    environment: { LEVEL: info, FROM_BASE: '1' }
    env_file: base.env
    volumes: ['./conf:/etc/web:ro', 'data:/data']
  root:
    image: root:1
    restart: always
    mem_limit: 64m
",
    ),
    ("common/base.env", "# variables of the base\nSHARED=base\nBASE_ONLY='as $$it is'\n"),
    ("web.env", "SHARED=web\nLEVEL=file\n"),
];

#[test]
fn what_a_service_extends_and_its_files_of_variables_are_read() {
    let here = folder(PROJECT);
    let web = service(here.path(), &["compose.yaml"], "web", "").expect("a service");
    assert_eq!(web.unknown, BTreeMap::new());
    let conf = here.path().join("common/./conf").display().to_string();
    assert_eq!(web.fields["image"], "web:2");
    assert_eq!(web.fields["restart"], "always");
    assert_eq!(web.fields["volumes"], json!([format!("{conf}:/etc/web:ro"), "data:/data"]));
    let environment = json!({
        "BASE_ONLY": "as $$it is", "FROM_BASE": "1", "FROM_OWN": "1", "LEVEL": "debug", "SHARED": "web"
    });
    assert_eq!(web.fields["environment"], environment);
    let worker = service(here.path(), &["compose.yaml"], "worker", "").expect("a service");
    assert_eq!((&worker.fields["command"], &worker.fields["ports"]), (&json!("work"), &json!(["8080:80"])));
}

/// The same, with Docker's own tool as the judge; it knows no `include` (version 1.29, Debian 12).
#[test]
fn files_are_merged_as_compose_merges_them() {
    if !need::need("compose files", &["docker-compose"]) {
        return;
    }
    let here = folder(PROJECT);
    let mut command = std::process::Command::new("docker-compose");
    command.args(["--project-name", "shop", "--profile", "extra", "--file"]).arg(here.path().join("compose.yaml"));
    let judged = command.arg("config").output().expect("it runs");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    let judged: Value = serde_saphyr::from_str(&String::from_utf8_lossy(&judged.stdout)).expect("YAML");
    for name in ["web", "worker"] {
        let ours = service(here.path(), &["compose.yaml"], name, "").expect("a service");
        let theirs = &judged["services"][name];
        for field in ["image", "restart", "command"] {
            assert_eq!(ours.fields.get(field), theirs.get(field), "{name} {field}");
        }
        let texts = |value: &Value| -> BTreeMap<String, Option<String>> {
            value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), scalar(value))).collect()
        };
        // What is printed can be read again, so that a dollar is written twice.
        let theirs_of = texts(&theirs["environment"]).into_iter();
        let theirs_of: BTreeMap<_, _> =
            theirs_of.map(|(name, text)| (name, text.map(|text| text.replace("$$", "$")))).collect();
        assert_eq!(texts(&ours.fields["environment"]), theirs_of, "{name}: {theirs}");
        let mounts = theirs["volumes"].as_array().expect("a list");
        let targets = |list: &[Value]| -> std::collections::BTreeSet<String> {
            let one = |value: &Value| {
                let text = value.as_str().map(str::to_owned).unwrap_or_else(|| {
                    format!(
                        "{}:{}",
                        value["source"].as_str().unwrap_or_default(),
                        value["target"].as_str().unwrap_or_default()
                    )
                });
                text.trim_end_matches(":ro").trim_end_matches(":rw").replace("/./", "/")
            };
            list.iter().map(one).collect()
        };
        assert_eq!(targets(ours.fields["volumes"].as_array().expect("a list")), targets(mounts), "{name}");
    }
}

/// The specification's «Include»: paths of an included file begin where it lies, its variables are those of its own `.env` under those
/// of who includes it, and its services are as if they stood in the file that includes it.
#[test]
fn what_a_file_includes_is_read() {
    let here = folder(&[
        (
            "compose.yaml",
            "include: [parts/db.yaml, { path: [parts/b.yaml, parts/c.yaml], project_directory: other }]
services: { web: { image: web } }",
        ),
        (
            "parts/db.yaml",
            "services: { db: { image: 'db:${TAG}', command: '${OWN}', volumes: ['./init:/init', 'data:/data'] } }
volumes: { data: { name: named } }",
        ),
        ("parts/.env", "TAG=1\nOWN=yes\n"),
        ("parts/b.yaml", "services: { cache: { image: cache:1, env_file: cache.env } }"),
        ("parts/c.yaml", "services: { cache: { image: cache:2 } }"),
        ("other/cache.env", "A=1\n"),
    ]);
    let of = |name| service(here.path(), &["compose.yaml"], name, "TAG=2").expect("a service");
    let db = of("db");
    assert_eq!((&db.fields["image"], &db.fields["command"]), (&json!("db:2"), &json!("yes")));
    let init = here.path().join("parts/./init").display().to_string();
    assert_eq!(db.fields["volumes"], json!([format!("{init}:/init"), "data:/data"]));
    assert_eq!(db.volumes["data"], "named");
    let cache = of("cache");
    assert_eq!((&cache.fields["image"], &cache.fields["environment"]), (&json!("cache:2"), &json!({ "A": "1" })));
    assert_eq!(of("web").volumes["data"], "named", "volumes of what is included are the project's");
    let missing = service(here.path(), &["compose.yaml"], "gone", "TAG=2").expect_err("none");
    assert!(missing.contains("no service gone"), "{missing}");
}

#[test]
fn what_leads_nowhere_is_said_and_nothing_runs_in_circles() {
    let here = folder(&[
        (
            "compose.yaml",
            "
services:
  web: { extends: { file: gone.yaml, service: x }, image: web:1, env_file: [{ path: gone.env, required: false }] }
  a: { extends: { service: b } }
  b: { extends: { service: a } }
  c: { extends: nobody }
",
        ),
        ("loop.yaml", "include: [loop.yaml]"),
    ]);
    let of = |name| service(here.path(), &["compose.yaml"], name, "").expect("a service").unknown;
    assert_eq!(of("web").keys().collect::<Vec<_>>(), ["extends"]);
    assert!(of("web")["extends"].contains("gone.yaml cannot be read"));
    assert!(of("a")["extends"].contains("which extends it again"), "{:?}", of("a"));
    assert!(of("c")["extends"].contains("nobody"));
    let lost = service(here.path(), &["loop.yaml"], "web", "").expect_err("none");
    assert!(lost.contains("includes it again"), "{lost}");
}
