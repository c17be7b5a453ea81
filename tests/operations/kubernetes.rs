//! Operations on a cluster's objects, seen by kubectl.

use crate::bed::{Namespace, armed, on_testbed, read};
use flightdeck::{
    client::{self, Wanted},
    model::{
        kubernetes::{KubeNews, KubePart},
        object::{ObjectKind, ObjectRef},
        rows::Delta,
        update::Update,
    },
    ops::{
        access,
        gate::{Confirmation, Decision, Gate},
        rehearse::rehearse,
    },
};

#[test]
fn a_deployment_is_scaled_restarted_and_given_an_image() {
    on_testbed("kubernetes::a_deployment_is_scaled_restarted_and_given_an_image", |bed| {
        let space = Namespace::new(bed, "deploy");
        space.deploy("web", 1);
        let web = space.object(ObjectKind::Deployment, "web");
        let get = |path: &str| space.kubectl(&["get", "deployment", "web", "-o", &format!("jsonpath={path}")]);
        bed.act("scale", &web, &["2"]).expect("scaled");
        assert_eq!(get("{.spec.replicas}"), "2");
        bed.act("restart", &web, &[]).expect("restarted");
        assert!(get("{.spec.template.metadata.annotations}").contains("kubectl.kubernetes.io/restartedAt"));
        bed.act("set-image", &web, &["web", "testbed/busybox:1.36"]).expect("set");
        assert_eq!(get("{.spec.template.spec.containers[*].image}"), "testbed/busybox:1.36");
        // A container that the template does not have would be added by the merge: it lacks a name that the server would take.
        bed.act("pause", &web, &[]).expect("paused");
        assert_eq!(get("{.spec.paused}"), "true");
        assert!(bed.act("restart", &web, &[]).expect_err("refused").contains("resume them first"));
        bed.act("resume", &web, &[]).expect("resumed");
        assert_eq!(get("{.spec.paused}"), "");
        let world = bed.world();
        let to_zero = bed.operation(&world, "scale", &web, &["0"]);
        let Decision::Allowed(terms) = Gate::decide(&to_zero, &world, &armed()) else { panic!("allowed") };
        assert_eq!(terms.confirmation, Confirmation::TypeName);
        bed.act("delete", &web, &["", "no"]).expect("deleted");
        bed.wait_for("its end", || !space.kubectl(&["get", "deployments", "-o", "name"]).contains("web"));
    });
}

#[test]
fn pods_are_deleted_and_evicted() {
    on_testbed("kubernetes::pods_are_deleted_and_evicted", |bed| {
        let space = Namespace::new(bed, "pods");
        space.deploy("web", 1);
        let first = space.pod_of("web");
        bed.act("delete", &space.object(ObjectKind::Pod, &first), &["", "no"]).expect("deleted");
        bed.wait_for("another pod", || {
            let pods = space.kubectl(&["get", "pods", "-o", "name"]);
            !pods.contains(&first) && !pods.is_empty()
        });
        space.kubectl(&["rollout", "status", "--timeout=90s", "deployment/web"]);
        let second = space.pod_of("web");
        bed.apply(&format!(
            r#"{{"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {{"name": "web", "namespace": "{}"}},
            "spec": {{"minAvailable": 1, "selector": {{"matchLabels": {{"app": "web"}}}}}}}}"#,
            space.name
        ));
        let allowed = "jsonpath={.status.disruptionsAllowed},{.status.observedGeneration}";
        bed.wait_for("the budget", || space.kubectl(&["get", "pdb", "web", "-o", allowed]) == "0,1");
        let held = bed.act("evict", &space.object(ObjectKind::Pod, &second), &[""]).expect_err("held");
        assert!(held.contains("PodDisruptionBudget"), "{held}");
        space.kubectl(&["delete", "pdb", "web"]);
        bed.act("evict", &space.object(ObjectKind::Pod, &second), &["0"]).expect("evicted");
        bed.wait_for("its end", || !space.kubectl(&["get", "pods", "-o", "name"]).contains(&second));
    });
}

#[test]
fn a_cronjob_is_triggered_suspended_and_resumed() {
    on_testbed("kubernetes::a_cronjob_is_triggered_suspended_and_resumed", |bed| {
        let space = Namespace::new(bed, "cron");
        bed.apply(&format!(
            r#"{{"apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": {{"name": "tidy", "namespace": "{}"}},
            "spec": {{"schedule": "0 3 1 1 *", "jobTemplate": {{"metadata": {{"labels": {{"a": "b"}}}}, "spec": {{"template": {{"spec": {{"restartPolicy": "Never",
            "containers": [{{"name": "tidy", "image": "testbed/busybox:1.35", "imagePullPolicy": "Never", "command": ["true"]}}]}}}}}}}}}}}}"#,
            space.name
        ));
        let cron = space.object(ObjectKind::CronJob, "tidy");
        let get = |what: &str, path: &str| space.kubectl(&["get", what, "-o", &format!("jsonpath={path}")]);
        let deed = bed.act("trigger", &cron, &[]).expect("triggered");
        assert!(deed.text.contains("job tidy-manual-"), "{}", deed.text);
        assert_eq!(get("jobs", "{.items[*].metadata.ownerReferences[*].name}"), "tidy");
        assert_eq!(get("jobs", "{.items[*].metadata.annotations.cronjob\\.kubernetes\\.io/instantiate}"), "manual");
        bed.act("suspend", &cron, &[]).expect("suspended");
        assert_eq!(get("cronjob/tidy", "{.spec.suspend}"), "true");
        bed.act("unsuspend", &cron, &[]).expect("resumed");
        assert_eq!(get("cronjob/tidy", "{.spec.suspend}"), "false");
        bed.wait_for("the job's end", || get("jobs", "{.items[*].status.succeeded}") == "1");
    });
}

#[test]
fn a_made_up_node_is_cordoned_drained_and_uncordoned() {
    on_testbed("kubernetes::a_made_up_node_is_cordoned_drained_and_uncordoned", |bed| {
        let space = Namespace::new(bed, "drain");
        let node_name = format!("ops-node-{}", std::process::id());
        bed.apply(&format!(r#"{{"apiVersion": "v1", "kind": "Node", "metadata": {{"name": "{node_name}"}}}}"#));
        let pod = |name: &str, owner: &str| {
            format!(
                r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "{name}", "namespace": "{}", "labels": {{"app": "{name}"}}{owner}}},
                "spec": {{"nodeName": "{node_name}", "terminationGracePeriodSeconds": 0, "containers": [{{"name": "c", "image": "x"}}]}}}}"#,
                space.name
            )
        };
        // Owners that the garbage collector would look for are real ones.
        space.deploy("owner", 0);
        let set = space.kubectl(&["get", "rs", "-o", "jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}"]);
        let (set_name, uid) = set.split_once(' ').expect("two words");
        let owned = format!(
            r#", "ownerReferences": [{{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "{set_name}", "uid": "{uid}", "controller": true}}]"#
        );
        bed.apply(&pod("owned", &owned));
        bed.apply(&pod("alone", ""));
        let node = ObjectRef::in_cluster(ObjectKind::Node, "testbed", "", &node_name);
        let get = |path: &str| bed.kubectl(&["get", "node", &node_name, "-o", &format!("jsonpath={path}")]);
        bed.act("cordon", &node, &[]).expect("cordoned");
        assert_eq!(get("{.spec.unschedulable}"), "true");
        assert!(bed.act("cordon", &node, &[]).expect_err("refused").contains("already"));
        bed.act("uncordon", &node, &[]).expect("uncordoned");
        assert_eq!(get("{.spec.unschedulable}"), "");
        let refused = bed.act("drain", &node, &["", "no", "no", "30"]).expect_err("one pod is nobody's");
        assert!(refused.contains("alone") && refused.contains("nothing makes it anew"), "{refused}");
        assert_eq!(get("{.spec.unschedulable}"), "", "nothing was done");
        let world = bed.world();
        let operation = bed.operation(&world, "drain", &node, &["", "yes", "no", "30"]);
        let trial = Gate::trial(operation, &world, &armed()).expect("allowed");
        let lines = rehearse(&trial, &bed.clients).outcome.expect("listed");
        assert!(lines.len() == 2 && lines.iter().all(|line| line.ends_with(": goes")), "{lines:?}");
        let deed = bed.act("drain", &node, &["0", "yes", "no", "60"]).expect("drained");
        assert!(deed.text.contains("2 pods evicted"), "{}", deed.text);
        assert_eq!(get("{.spec.unschedulable}"), "true");
        bed.act("delete", &node, &["", "no"]).expect("deleted");
        assert!(!bed.kubectl(&["get", "nodes", "-o", "name"]).contains(&node_name));
    });
}

#[test]
fn a_secret_is_revealed_and_files_are_copied() {
    on_testbed("kubernetes::a_secret_is_revealed_and_files_are_copied", |bed| {
        let space = Namespace::new(bed, "copy");
        space.kubectl(&["create", "secret", "generic", "keys", "--from-literal=password=hunter2"]);
        let secret = ObjectRef::resource("testbed", "secrets", &space.name, "keys");
        let deed = bed.act("reveal", &secret, &[]).expect("revealed");
        assert!(!deed.text.contains("hunter2") && !format!("{deed:?}").contains("hunter2"));
        let revealed = deed.revealed.expect("values");
        assert_eq!(revealed.values, [("password".to_owned(), "hunter2".to_owned())]);
        space.deploy("web", 1);
        let pod = space.object(ObjectKind::Pod, &space.pod_of("web"));
        let here = tempfile::tempdir().expect("a folder");
        let to = here.path().display().to_string();
        bed.act("copy-out", &pod, &["web", "/www", &to]).expect("copied");
        assert_eq!(read(&here.path().join("www/index.html")), "hello-from-the-pod\n");
        std::fs::write(here.path().join("page"), vec![b'x'; 200_000]).expect("written");
        bed.act("copy-in", &pod, &["web", &format!("{to}/page"), "/tmp"]).expect("copied");
        let count = space.kubectl(&["exec", &space.pod_of("web"), "--", "wc", "-c", "/tmp/page"]);
        assert_eq!(count, "200000 /tmp/page");
        let missing = bed.act("copy-out", &pod, &["web", "/nowhere", &to]).expect_err("there is none");
        assert!(missing.contains("nowhere"), "{missing}");
    });
}

#[test]
fn who_may_not_is_told_the_missing_verb_beforehand() {
    on_testbed("kubernetes::who_may_not_is_told_the_missing_verb_beforehand", |bed| {
        let clients = client::discover(&Wanted {
            docker: vec!["none".into()],
            contexts: vec!["viewer".into()],
            ..Wanted::default()
        });
        let mut world = bed.world_of(&clients);
        let checkout = ObjectRef::in_cluster(ObjectKind::Deployment, "viewer", "shop", "checkout");
        // What this user's cockpit sees of it, whichever list comes first.
        let admin = bed.world();
        let row = admin.observed.kube.workloads.iter().find(|row| row.name == "checkout").expect("the shop's");
        let mut row = (**row).clone();
        row.context = "viewer".into();
        let part = KubePart::Workloads(Delta::More(vec![row.into()]));
        let news = Update::Kube(Box::new(KubeNews { context: "viewer".into(), part }));
        world.apply(world.now, "kube/viewer", vec![news]);
        for (word, values, missing) in [
            ("scale", &["5"][..], "patch deployments.apps/scale in shop"),
            ("restart", &[][..], "patch deployments.apps in shop"),
            ("delete", &["", "no"][..], "delete deployments.apps in shop"),
        ] {
            let operation = bed.operation(&world, word, &checkout, values);
            let Decision::Allowed(terms) = Gate::decide(&operation, &world, &armed()) else {
                panic!("{:?}", Gate::decide(&operation, &world, &armed()))
            };
            assert!(!terms.unknown.is_empty(), "it says that it does not know");
            let said = access::review("viewer", operation.needs(), &clients);
            world.note_access(world.now, "viewer", said);
            let refused = Gate::permit(operation, &world, &armed()).expect_err("forbidden");
            assert!(refused.contains(missing) && refused.contains("the verb «"), "{refused}");
        }
        assert_eq!(
            bed.kubectl(&["-n", "shop", "get", "deployment", "checkout", "-o", "jsonpath={.spec.replicas}"]),
            "3"
        );
    });
}
