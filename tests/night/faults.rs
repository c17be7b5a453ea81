//! What goes wrong that night: each fault is made from outside, looked at from outside, and gone at the end of the test.

use crate::bed::{Bed, NAMESPACE, leader, run, until};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The release that runs well, and the one whose image nobody has.
pub const GOOD: &str = "store/checkout:1.4.2";
pub const BROKEN: &str = "store/checkout:1.4.3";
const CART: &str = "store/cart:2.0";

/// The containers of the night.
pub const LEAK: &str = "cart-cache";
pub const PRIVILEGED: &str = "dbg-1";
/// A file system of its own that can be filled without harm.
pub const DISK: &str = "/srv/orders";
pub const ALERT: &str = "CheckoutErrors";

/// A program that holds on to ever more memory, slowly, until it is killed for it.
const LEAKS: &str =
    r#"exec awk 'BEGIN { s = sprintf("%262144s", "x"); while (1) { kept[n++] = s n; system("sleep 0.05") } }'"#;

const RULES: &str = r#"groups:
  - name: store
    interval: 1s
    rules:
      - alert: CheckoutErrors
        expr: max(checkout_errors_ratio) > 0.05
        labels: { severity: page }
        annotations: { summary: "{{ $value | humanizePercentage }} of checkouts fail" }
"#;

/// A shop that works, with everything of it: dropped, it is as if it had never been there.
pub struct Night<'b> {
    bed: &'b Bed,
    disk: PathBuf,
    rules: String,
    killed: Option<String>,
}

impl<'b> Night<'b> {
    /// Brings everything up, well.
    pub fn fall(bed: &'b Bed) -> Self {
        let rules = fs::read_to_string(bed.folder.join("prometheus/rules.yml")).expect("readable");
        let mut night = Self { bed, disk: PathBuf::from(DISK), rules, killed: None };
        // What a run that was killed may have left.
        night.clean();
        night.mount();
        night.alert_rules(RULES);
        // The testbed's own alert is no part of the story.
        bed.resolve(&json!({ "alertname": "TestbedAlways", "severity": "page", "team": "testbed" }));
        night.errors("0.002");
        for image in [GOOD, CART] {
            bed.docker(&["tag", "testbed/busybox:1.35", image]);
        }
        bed.script("patroni", "up", &[]);
        // Somebody paused it in the afternoon, and went home.
        bed.pause(true);
        night.deploy();
        night
    }

    fn mount(&self) {
        fs::create_dir_all(&self.disk).expect("made");
        let is_empty = fs::read_dir(&self.disk).expect("readable").next().is_none();
        assert!(is_empty, "{} is somebody else's", self.disk.display());
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=48m,mode=755", "orders"]).arg(&self.disk));
        self.write("base.db", 20);
    }

    fn deploy(&self) {
        let meta = |name: &str| json!({ "name": name, "namespace": NAMESPACE });
        self.bed.apply(&json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }));
        until("a service account", || self.bed.try_kubectl(&["get", "serviceaccount", "default"]), String::new);
        let container = json!({
            "name": "web", "image": GOOD, "imagePullPolicy": "Never",
            "command": ["sh", "-c", "echo \"checkout listens on 8080\"; exec httpd -f -p 8080 -h /www"],
            "readinessProbe": { "httpGet": { "path": "/", "port": 8080 }, "periodSeconds": 2 },
            "resources": { "requests": { "cpu": "10m", "memory": "8Mi" }, "limits": { "cpu": "200m", "memory": "32Mi" } },
            "securityContext": { "runAsNonRoot": true, "runAsUser": 1000, "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] } },
        });
        let spec = json!({
            "replicas": 3,
            "selector": { "matchLabels": { "app": "checkout" } },
            "strategy": { "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 1 } },
            "template": { "metadata": { "labels": { "app": "checkout" } },
                "spec": { "terminationGracePeriodSeconds": 1, "containers": [container] } },
        });
        let kind = ("apps/v1", "Deployment");
        self.bed.apply(&json!({ "apiVersion": kind.0, "kind": kind.1, "metadata": meta("checkout"), "spec": spec }));
        self.bed.kubectl(&["rollout", "status", "--timeout=240s", "deployment/checkout"]);
    }

    /// A release whose image was never pushed.
    pub fn bad_release(&self) {
        self.bed.kubectl(&["set", "image", "deployment/checkout", &format!("web={BROKEN}")]);
        until(
            "a pod of the broken release",
            || self.bed.try_kubectl(&["get", "pods"]).filter(|pods| pods.contains("ErrImageNeverPull")),
            || self.bed.kubectl(&["get", "pods"]),
        );
    }

    /// The image that is asked for, and how many pods are available.
    pub fn checkout(&self) -> (String, String) {
        let path = "jsonpath={.spec.template.spec.containers[0].image} {.status.availableReplicas}";
        let said = self.bed.kubectl(&["get", "deployment", "checkout", "-o", path]);
        let (image, available) = said.split_once(' ').expect("both");
        (image.to_owned(), available.to_owned())
    }

    /// The share of checkouts that fail, as the shop tells it.
    pub fn errors(&self, share: &str) {
        let folder = self.bed.folder.join("prometheus/textfile");
        // Renamed into place, so that no half of it is read.
        fs::write(folder.join(".store"), format!("checkout_errors_ratio {share}\n")).expect("written");
        fs::rename(folder.join(".store"), folder.join("store.prom")).expect("renamed");
    }

    fn alert_rules(&self, text: &str) {
        fs::write(self.bed.folder.join("prometheus/rules.yml"), text).expect("written");
        self.read_rules();
    }

    fn read_rules(&self) {
        let pid = fs::read_to_string(self.bed.folder.join("prometheus/prometheus.pid")).expect("it runs");
        run(Command::new("kill").args(["-HUP", pid.trim()]));
    }

    /// A container that leaks, and is killed for it a little later.
    pub fn leak(&self) {
        self.bed.docker(&["run", "-d", "--name", LEAK, "-m", "24m", "--user", "1000", CART, "sh", "-c", LEAKS]);
    }

    /// Waits until the kernel has killed it.
    pub fn leak_is_killed(&self) {
        let look = ["inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", LEAK];
        until(
            "the container is killed",
            || (self.bed.docker(&look) == "true 137").then_some(()),
            || self.bed.docker(&["inspect", "-f", "{{json .State}}", LEAK]),
        );
    }

    /// A privileged container, started by hand.
    pub fn privileged(&self) {
        self.bed.docker(&["run", "-d", "--name", PRIVILEGED, "--privileged", CART, "sleep", "100000"]);
    }

    /// What the engine says of it.
    pub fn privileged_state(&self) -> Option<String> {
        self.bed.try_docker(&["inspect", "-f", "{{.HostConfig.Privileged}} {{.State.Status}}", PRIVILEGED])
    }

    fn write(&self, name: &str, megabytes: usize) {
        // What does not fit any more is the point.
        let _ = fs::write(self.disk.join(name), vec![b'x'; megabytes << 20]);
    }

    /// Something writes until nothing is left.
    pub fn fill(&self) {
        (0..8).for_each(|at| self.write(&format!("debug.log.{at}"), 4));
        let used = run(Command::new("df").args(["--output=pcent"]).arg(&self.disk));
        assert!(used.ends_with("100%"), "{used}");
    }

    /// And is cleaned up.
    pub fn free(&self) {
        (0..8).for_each(|at| drop(fs::remove_file(self.disk.join(format!("debug.log.{at}")))));
    }

    /// Kills the leader of the database with everything of it, and waits until its lock is gone. Returns its name and timeline.
    pub fn kill_leader(&mut self) -> (String, u64) {
        let found = until("a leader", || leader(&self.bed.cluster()?), String::new);
        self.killed = Some(found.0.clone());
        self.bed.script("patroni", "kill-node", &[&found.0]);
        found
    }

    /// Waits until the cluster says itself that nobody leads.
    pub fn is_leaderless(&self) {
        until(
            "nobody leads",
            || self.bed.cluster().filter(|cluster| leader(cluster).is_none()),
            || format!("{:?}", self.bed.cluster()),
        );
    }

    /// The killed member comes back, and follows.
    pub fn start_again(&mut self) {
        let Some(name) = self.killed.take() else { return };
        self.bed.script("patroni", "start-node", &[&name]);
        let follows = |cluster: &Value| {
            let members = cluster["members"].as_array().cloned().unwrap_or_default();
            let (leader, timeline) = leader(cluster)?;
            let is_well = |member: &Value| {
                member["name"] == leader.as_str()
                    || (member["timeline"] == timeline && member["lag"] == 0 && member["state"] != "stopped")
            };
            (members.len() == 3 && members.iter().all(is_well)).then_some(())
        };
        until(
            "the killed one follows",
            || self.bed.cluster().as_ref().and_then(follows),
            || format!("{:?}", self.bed.cluster()),
        );
    }

    fn clean(&mut self) {
        for container in [LEAK, PRIVILEGED] {
            self.bed.try_docker(&["rm", "-f", container]);
        }
        if is_mounted(&self.disk) {
            let _ = Command::new("umount").arg(&self.disk).status();
        }
        let _ = fs::remove_dir(&self.disk);
        let _ = fs::remove_file(self.bed.folder.join("prometheus/textfile/store.prom"));
        self.bed.try_kubectl(&["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s"]);
    }
}

fn is_mounted(path: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(4) == path.to_str())
}

impl Drop for Night<'_> {
    fn drop(&mut self) {
        self.clean();
        let _ = fs::write(self.bed.folder.join("prometheus/rules.yml"), &self.rules);
        // A panic in a panic would hide the first one.
        if !std::thread::panicking() {
            self.read_rules();
            self.bed.pause(false);
            self.start_again();
            for image in [GOOD, CART] {
                self.bed.try_docker(&["rmi", image]);
            }
        }
    }
}
