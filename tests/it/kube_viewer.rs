//! The testbed's cluster as somebody sees it who may not see all of it.

use crate::{
    kubernetes::{Watched, kubeconfig, kubectl},
    need::testbed,
    pty::FLIGHTDECK,
};
use flightdeck::{
    client::kubernetes::Contexts,
    model::{kubernetes::Cluster, source::SourceState},
};
use std::{collections::BTreeMap, path::Path, process::Command};

#[test]
fn what_a_viewer_may_not_see_is_named_and_the_rest_is_there() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let mut watched = Watched::start(&folder, "viewer");
    watched.until_listed();
    let kube = &watched.world.observed.kube;
    assert!(!kube.pods.is_empty());
    assert!(kube.pods.iter().all(|pod| pod.namespace == "shop"));
    let denied: Vec<_> =
        watched.cluster().expect("there").denied.iter().map(|d| format!("{} {}", d.verb, d.resource)).collect();
    assert!(denied.contains(&"list pods".into()) && denied.contains(&"list nodes".into()), "{denied:?}");
    assert_eq!(watched.state(), Some(SourceState::Ok));
}

#[test]
fn the_doctor_says_what_may_not_be_seen() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(FLIGHTDECK);
    command.args(["--context", "viewer", "--docker", "none", "doctor"]).env("KUBECONFIG", kubeconfig(&folder));
    command.env_remove("FLIGHTDECK_TESTBED");
    for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env(variable, home.path());
    }
    let done = command.current_dir(home.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&done.stdout);
    let line = said.lines().find(|line| line.contains("kube/viewer")).unwrap_or_default();
    assert!(line.starts_with("  ok ") && line.contains("may not list") && line.contains("nodes"), "{said}");
    assert!(done.status.success(), "{said}");
}

/// Takes what it made away again.
struct Granted<'a>(&'a Path, &'static [&'static str]);

impl Drop for Granted<'_> {
    fn drop(&mut self) {
        let arguments = [&["delete", "namespace", "--wait=false", "--ignore-not-found"], self.1].concat();
        kubectl(self.0, &arguments);
    }
}

#[test]
fn namespaces_of_the_configuration_are_seen_together_and_the_denied_one_is_named() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let (seen, unseen) = ("gaps-seen", "gaps-unseen");
    let _granted = Granted(&folder, &["gaps-seen", "gaps-unseen"]);
    for namespace in [seen, unseen] {
        if !kubectl(&folder, &["get", "namespaces", "-o", "name"]).contains(&format!("namespace/{namespace}\n")) {
            kubectl(&folder, &["create", "namespace", namespace]);
        }
        let image = ["--image=testbed/busybox:1.35", "--image-pull-policy=Never", "--restart=Never"];
        if kubectl(&folder, &["get", "pods", "-n", namespace, "-o", "name"]).is_empty() {
            kubectl(&folder, &[&["run", "one", "-n", namespace][..], &image, &["--", "sleep", "3600"]].concat());
        }
    }
    if !kubectl(&folder, &["get", "rolebindings", "-n", seen, "-o", "name"]).contains("viewer") {
        kubectl(&folder, &["create", "rolebinding", "viewer", "-n", seen, "--clusterrole=view", "--user=viewer"]);
    }
    let namespaces = BTreeMap::from([("viewer".to_owned(), vec![seen.to_owned(), unseen.to_owned()])]);
    let kube = Contexts::from_files(&["viewer".into()], &[kubeconfig(&folder)]).with_namespaces(&namespaces);
    assert!(kube.problems().is_empty());
    let mut watched = Watched::with(kube, "viewer");
    watched.until("pods of both, and what is denied", |world| {
        let kube = &world.observed.kube;
        let of = |namespace: &str| kube.pods.iter().any(|pod| pod.namespace == namespace);
        // Each kind is asked by itself, so that one is denied before or after the other.
        let denied = |cluster: &Cluster| {
            let is_denied = |resource: &str, namespace: &str| {
                cluster.denied.iter().any(|d| d.resource == resource && d.namespace == namespace)
            };
            is_denied("pods", unseen) && is_denied("nodes", "")
        };
        of("shop") && of(seen) && kube.clusters.values().any(denied)
    });
    let cluster = watched.cluster().expect("there");
    assert!(
        cluster.partly.contains(&("pods".into(), seen.into()))
            && cluster.partly.contains(&("pods".into(), "shop".into()))
    );
    assert!(cluster.denied.iter().any(|d| d.resource == "nodes" && d.verb == "list" && d.namespace.is_empty()));
    assert!(watched.world.observed.kube.pods.iter().all(|pod| pod.namespace != unseen));

    // The table of any kind does the same.
    watched.demand.send_modify(|demand| demand.resource = Some("serviceaccounts".into()));
    watched.until("a table of what may be seen", |world| {
        world.observed.kube.tables.values().any(|table| {
            let is_asked = table.namespaces.len() == 3 && table.missing.iter().any(|missing| missing == unseen);
            is_asked && table.rows.iter().any(|row| row.namespace == seen)
        })
    });
    let table = &watched.world.observed.kube.tables["viewer"];
    assert!(table.problem.as_ref().is_some_and(|problem| problem.contains(unseen) && problem.contains("cannot list")));
    assert!(table.rows.iter().all(|row| row.namespace == seen));
}
