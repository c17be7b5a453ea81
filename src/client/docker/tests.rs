//! Where engines are found, and what is said of one that cannot be reached.

use super::{discover::Search, *};
use std::{fs, os::unix::net::UnixListener, path::Path};

fn search(folder: &Path, given: &[(&'static str, &str)]) -> Search {
    let mut given: Vec<_> = given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    given.push(("HOME", folder.join("home").display().to_string()));
    given.push(("XDG_RUNTIME_DIR", folder.join("user").display().to_string()));
    Search { env: |_| None, given, root: folder.into(), endpoints: Vec::new(), tried: Vec::new() }
}

fn listen(path: &Path) -> UnixListener {
    fs::create_dir_all(path.parent().expect("below a folder")).expect("made");
    UnixListener::bind(path).expect("bound")
}

fn context(folder: &Path, id: &str, name: &str, host: &str) {
    let meta = folder.join("home/.docker/contexts/meta").join(id);
    fs::create_dir_all(&meta).expect("made");
    let text = format!(
        r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
    );
    fs::write(meta.join("meta.json"), text).expect("written");
}

fn names(found: &[Endpoint]) -> Vec<(&str, &str, bool)> {
    found.iter().map(|e| (e.name.as_str(), e.url.as_str(), e.chosen)).collect()
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let folder = tempfile::tempdir().expect("made");
    let (found, tried) = search(folder.path(), &[]).run(&[]);
    assert_eq!(found, []);
    let places: Vec<_> = tried.iter().map(|t| t.place.as_str()).collect();
    assert!(
        places.contains(&"DOCKER_HOST") && places.iter().any(|p| p.ends_with("/var/run/docker.sock")),
        "{places:?}"
    );
    assert!(tried.iter().any(|t| t.found == "not there"));
}

#[test]
fn sockets_are_found_and_each_only_once() {
    let folder = tempfile::tempdir().expect("made");
    let at = folder.path();
    let _docker = listen(&at.join("var/run/docker.sock"));
    let _podman = listen(&at.join("user/podman/podman.sock"));
    let _rootless = listen(&at.join("user/docker.sock"));
    fs::create_dir_all(at.join("run/podman")).expect("made");
    std::os::unix::fs::symlink(at.join("var/run/docker.sock"), at.join("run/podman/podman.sock")).expect("linked");
    let (found, tried) = search(at, &[]).run(&[]);
    let engines: Vec<_> = found.iter().map(|e| (e.name.as_str(), e.chosen)).collect();
    assert_eq!(engines, [("docker", true), ("docker-rootless", true), ("podman", true)]);
    assert!(tried.iter().any(|t| t.found == "the same engine as docker"), "{tried:?}");
}

#[test]
fn a_folder_in_the_place_of_a_socket_is_no_engine() {
    let folder = tempfile::tempdir().expect("made");
    fs::create_dir_all(folder.path().join("var/run/docker.sock")).expect("made");
    let (found, tried) = search(folder.path(), &[]).run(&[]);
    assert!(found.is_empty(), "{:?}", names(&found));
    assert!(tried.iter().any(|t| t.place.ends_with("docker.sock") && t.found == "not a socket"), "{tried:?}");
}

#[test]
fn what_the_environment_names_is_watched_and_the_rest_is_known() {
    let folder = tempfile::tempdir().expect("made");
    let at = folder.path();
    let _docker = listen(&at.join("var/run/docker.sock"));
    context(at, "aa", "prod", "ssh://ops@prod-1:2222");
    let (found, _) = search(at, &[("DOCKER_HOST", "tcp://10.0.0.5:2375")]).run(&[]);
    let local = format!("unix://{}", at.join("var/run/docker.sock").display());
    let expected = [
        ("10.0.0.5", "tcp://10.0.0.5:2375", true),
        ("prod", "ssh://ops@prod-1:2222", false),
        ("docker", &local, false),
    ];
    assert_eq!(names(&found), expected);
}

#[test]
fn the_current_context_is_watched_with_its_certificates() {
    let folder = tempfile::tempdir().expect("made");
    let at = folder.path();
    context(at, "aa", "prod", "tcp://prod:2376");
    context(at, "bb", "docker", "unix:///elsewhere/docker.sock");
    let tls = at.join("home/.docker/contexts/tls/aa/docker");
    fs::create_dir_all(&tls).expect("made");
    for name in ["ca.pem", "cert.pem", "key.pem"] {
        fs::write(tls.join(name), "").expect("written");
    }
    fs::write(at.join("home/.docker/config.json"), r#"{"auths":{},"currentContext":"prod"}"#).expect("written");
    let _docker = listen(&at.join("var/run/docker.sock"));
    let (found, _) = search(at, &[]).run(&[]);
    assert_eq!(
        found.iter().map(|e| (e.name.as_str(), e.chosen)).collect::<Vec<_>>(),
        [("docker", false), ("prod", true), ("docker-2", true)]
    );
    assert_eq!(found[1].tls, Some(Tls { folder: tls.clone() }));
    fs::remove_file(tls.join("key.pem")).expect("removed");
    let (found, _) = search(at, &[]).run(&["prod".into()]);
    assert!(found[0].problem.as_ref().is_some_and(|p| p.reason.contains("key.pem")), "{found:?}");
}

#[test]
fn names_are_addresses_paths_or_contexts() {
    let folder = tempfile::tempdir().expect("made");
    let at = folder.path();
    context(at, "aa", "prod", "ssh://prod");
    let wanted = ["/x/docker.sock", "tcp://[::1]:2375", "prod", "nowhere", "ssh://a@b.c:22"].map(str::to_owned);
    let (found, _) = search(at, &[]).run(&wanted);
    assert_eq!(
        names(&found),
        [
            ("docker", "unix:///x/docker.sock", true),
            ("::1", "tcp://[::1]:2375", true),
            ("prod", "ssh://prod", true),
            ("nowhere", "nowhere", true),
            ("b.c", "ssh://a@b.c:22", true),
        ]
    );
    let problem = found[3].problem.as_ref().expect("a problem");
    assert!(problem.reason.contains("no Docker context nowhere") && problem.hint.contains("prod"), "{problem:?}");
    assert_eq!(search(at, &[]).run(&["none".into()]).0, []);
}

#[test]
fn tls_by_the_environment_needs_its_files() {
    let folder = tempfile::tempdir().expect("made");
    let given = [("DOCKER_HOST", "tcp://h:2376"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/nowhere")];
    let (found, _) = search(folder.path(), &given).run(&[]);
    assert!(found[0].problem.as_ref().is_some_and(|p| p.reason.contains("/nowhere/ca.pem")), "{found:?}");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words() {
    let folder = tempfile::tempdir().expect("made");
    let endpoint = |url: String| Endpoint { url, ..Endpoint::default() };
    let missing =
        endpoint(format!("unix://{}/docker.sock", folder.path().display())).connect().await.expect_err("gone");
    assert!(missing.reason.starts_with("there is no socket") && missing.hint.contains("--docker"), "{missing:?}");
    let path = folder.path().join("dead.sock");
    drop(UnixListener::bind(&path).expect("bound"));
    let refused = endpoint(format!("unix://{}", path.display())).connect().await.expect_err("refused");
    assert!(refused.reason.starts_with("connection refused"), "{refused:?}");
    let odd = endpoint("gopher://x".into()).connect().await.expect_err("odd");
    assert!(odd.reason.contains("no address of an engine"), "{odd:?}");
    let other = endpoint("nowhere".into()).connect().await.expect_err("no such");
    assert!(other.reason.contains("no socket"), "{other:?}");
}
