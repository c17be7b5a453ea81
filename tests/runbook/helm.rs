//! A Helm release, written down as Helm does it and rolled back without Helm.

use crate::{
    bed::{Home, IMAGE, Namespace, read_until, set, testbed},
    kubernetes::CLUSTER,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::{Value, json};
use std::io::{BufRead as _, Read as _, Write as _};

const BAD: &str = "testbed/not-there:9";

fn config(name: &str, data: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": data })
}

fn deployment(image: &str, environment: &[&str]) -> Value {
    let environment: Vec<_> = environment.iter().map(|name| json!({ "name": name, "value": "x" })).collect();
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": {
        "replicas": 1,
        "selector": { "matchLabels": { "app": "web" } },
        "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "terminationGracePeriodSeconds": 0, "containers": [
            { "name": "app", "image": image, "imagePullPolicy": "Never", "command": ["sleep", "1000000"], "env": environment },
        ] } },
    } })
}

/// The objects of both revisions.
fn revisions(more: usize) -> [Vec<Value>; 2] {
    let many =
        |value: &str| (0..more).map(|at| config(&format!("many-{at}"), &json!({ "a": value }))).collect::<Vec<_>>();
    let mut kept = config("kept", &json!({ "a": "1" }));
    kept["metadata"]["annotations"] = json!({ "helm.sh/resource-policy": "keep" });
    let password = json!({ "password": "hunter2-planted", "b": "3", "a": "2" });
    let older =
        vec![config("both", &json!({ "a": "1" })), config("only-1", &json!({ "a": "1" })), deployment(IMAGE, &["OLD"])];
    let newer = vec![config("both", &password), config("only-2", &json!({})), kept, deployment(BAD, &["OLD", "NEW"])];
    [[many("1"), older].concat(), [many("2"), newer].concat()]
}

/// Writes a revision down as Helm does.
fn write_down(space: &Namespace, version: u64, status: &str, objects: &[Value]) {
    let yaml = |object: &Value| {
        format!("---\n# Source: web/templates/x.yaml\n{}", serde_saphyr::to_string(object).expect("YAML"))
    };
    let release = json!({
        "name": "web", "namespace": space.name, "version": version,
        "info": { "status": status, "first_deployed": "2026-11-01T00:00:00.5Z", "last_deployed": "2026-11-01T00:00:00.5Z", "deleted": "", "description": "Upgrade complete" },
        "chart": { "metadata": { "name": "web", "version": "1.2.3", "appVersion": version.to_string() }, "templates": [] },
        "config": {}, "manifest": objects.iter().map(yaml).collect::<String>(),
        "hooks": [{ "name": "migrate", "kind": "Job", "path": "web/templates/job.yaml", "events": ["pre-rollback"], "manifest": "" }],
    });
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(release.to_string().as_bytes()).expect("packed");
    let data = STANDARD.encode(packer.finish().expect("packed"));
    space.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": { "name": format!("sh.helm.release.v1.web.v{version}"), "labels":
            { "owner": "helm", "name": "web", "version": version.to_string(), "status": status } },
        "stringData": { "release": data },
    }));
}

/// A release of two revisions, of which the newer is broken.
fn release(space: &Namespace, more: usize) {
    let [older, newer] = revisions(more);
    for (objects, version, status) in [(&older, 1, "superseded"), (&newer, 2, "deployed")] {
        space.apply(&json!({ "apiVersion": "v1", "kind": "List", "items": objects }));
        write_down(space, version, status, objects);
    }
    space.kubectl(&["delete", "configmap", "only-1"]);
}

/// What Helm would read of a revision.
fn read_back(space: &Namespace, version: u64) -> Value {
    let data = space.get(&format!("secret/sh.helm.release.v1.web.v{version}"), "{.data.release}");
    let packed = STANDARD.decode(STANDARD.decode(data).expect("base64")).expect("base64");
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("unpacked");
    serde_json::from_str(&text).expect("JSON")
}

/// Versions and statuses of all revisions, by their labels.
fn statuses(space: &Namespace) -> String {
    let path = "{range .items[*]}{.metadata.labels.version}={.metadata.labels.status} {end}";
    space.kubectl(&["get", "secret", "-l", "owner=helm,name=web", "-o", &format!("jsonpath={path}")])
}

fn values(space: &Namespace) -> Vec<String> {
    [
        "context=testbed".to_owned(),
        format!("namespace={}", space.name),
        "release=web".into(),
        "settle=2s".into(),
        "patience=240s".into(),
    ]
    .into()
}

/// It is as revision 1 says, and written down once.
fn is_back(space: &Namespace) {
    assert_eq!(statuses(space), "1=superseded 2=superseded 3=deployed");
    let container = |path: &str| space.get("deployment/web", &format!("{{.spec.template.spec.containers[0].{path}}}"));
    assert_eq!((container("image"), container("env[*].name")), (IMAGE.into(), "OLD".into()));
    assert_eq!(space.get("configmap/both", "{.data}"), r#"{"a":"1"}"#, "what the newer one has put in is gone");
    assert_eq!(space.get("configmap/only-1", "{.data.a}"), "1");
    assert_eq!(space.get("configmap/kept", "{.data.a}"), "1", "its policy is keep");
    assert_eq!(space.kubectl(&["get", "configmap", "only-2", "--ignore-not-found"]), "");
    assert_eq!(space.generation("deployment/web"), 3, "made, broken and brought back: one change");
    let (told, old) = (read_back(space, 3), read_back(space, 1));
    assert_eq!((&told["info"]["status"], &told["info"]["description"]), (&json!("deployed"), &json!("Rollback to 1")));
    assert_eq!((&told["version"], &told["manifest"], &told["chart"]), (&json!(3), &old["manifest"], &old["chart"]));
    assert_eq!(told["info"]["first_deployed"], "2026-11-01T00:00:00.5Z");
    assert_eq!(read_back(space, 2)["info"]["status"], "superseded");
}

#[test]
fn a_broken_release_is_rolled_back_without_helm() {
    let Some(bed) = testbed("helm::a_broken_release_is_rolled_back_without_helm", CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "helm"));
    release(&space, 0);
    let values = values(&space);
    let run = [&["run", "helm-rollback", "--yes", "--json"][..], &set(&values)].concat();

    // A revision that is not there, a release that is not there, and what is deployed already.
    for wrong in ["revision=7", "revision=2", "release=nobody"] {
        let refused = home.said(&[&run[..], &["--set", wrong]].concat());
        assert_eq!((refused.code, refused.outcome()), (4, "refused"), "{wrong}: {}", refused.all());
    }
    let (code, plan, errors) = home.json(&[&["plan", "helm-rollback", "--json"][..], &set(&values)].concat());
    assert_eq!(code, 0, "{plan:#}{errors}");
    let apply = plan["steps"].as_array().expect("a list").iter().find(|it| it["id"] == "apply").expect("there");
    let diff = apply["diff"].as_str().expect("a diff");
    assert!(diff.contains("not-there") && diff.contains("# ConfigMap") && !diff.contains("planted"), "{diff}");
    assert_eq!(statuses(&space), "1=superseded 2=deployed", "looking changes nothing");

    let done = home.said(&run);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
    assert!(done.all().contains("hooks were not run") && !done.all().contains("planted"), "{}", done.all());
    is_back(&space);
}

#[test]
fn what_the_server_refuses_is_refused_before_anything_is_done() {
    let Some(bed) = testbed("helm::what_the_server_refuses_is_refused_before_anything_is_done", CLUSTER) else {
        return;
    };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "helm-no"));
    release(&space, 0);
    let mut wrong = revisions(0)[0].clone();
    wrong.push(json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s" }, "spec": { "ports": [{ "port": 99_999 }] } }));
    write_down(&space, 1, "superseded", &wrong);
    let values = values(&space);
    let said = home.said(&[&["run", "helm-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_ne!(said.outcome(), "succeeded", "{}", said.all());
    assert!(said.all().contains("nothing was changed"), "{}", said.all());
    assert_eq!(statuses(&space), "1=superseded 2=deployed");
    assert_eq!(space.generation("deployment/web"), 2);
    // GitOps would undo it.
    space.kubectl(&["annotate", "configmap", "both", "argocd.argoproj.io/tracking-id=x"]);
    let kept = home.said(&[&["run", "helm-rollback", "--yes", "--json"][..], &set(&values)].concat());
    assert_eq!((kept.code, kept.outcome()), (4, "refused"), "{}", kept.all());
    assert!(kept.all().contains("GitOps manages it"), "{}", kept.all());
}

#[test]
fn killed_while_it_applies_it_goes_on_with_the_one_revision() {
    let Some(bed) = testbed("helm::killed_while_it_applies_it_goes_on_with_the_one_revision", CLUSTER) else { return };
    for moment in ["ordered", "begun"] {
        let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, &format!("helm-{moment}")));
        // So many objects that it is at work when the new revision is seen from outside.
        release(&space, 150);
        let values = values(&space);
        let (mut watch, watched) = space.watch(&["secret", "-l", "owner=helm,name=web"]);
        let (mut child, mut out) =
            home.begin(&[&["run", "helm-rollback", "--yes", "--json"][..], &set(&values)].concat());
        let seen = read_until(&mut out, |event| event["step"] == "apply" && event["sequence"].is_u64());
        let seen = seen.expect("it comes so far");
        if moment == "begun" {
            let mut names = watched.lines();
            assert!(names.any(|name| name.expect("read").ends_with(".v3")), "the new revision is seen");
        }
        child.kill().and_then(|()| child.wait()).expect("killed");
        watch.kill().and_then(|()| watch.wait()).expect("ended");
        let left = statuses(&space);
        if moment == "begun" {
            assert!(left.contains("3=pending-rollback"), "it was not at work any more: {left}");
        }
        let said = home.said(&["resume", seen["run"].as_str().expect("a name"), "--yes", "--json"]);
        assert_eq!((said.code, said.outcome()), (0, "succeeded"), "{moment}, left {left}: {}", said.all());
        is_back(&space);
        assert_eq!(space.get("configmap/many-149", "{.data.a}"), "1");
    }
}
