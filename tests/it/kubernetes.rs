//! Clusters on the testbed's real API server, with the real kubectl as the judge.

use crate::need::{kubernetes_bin, testbed};
use flightdeck::{
    client::{Clients, kubernetes::Contexts},
    model::{
        attention::Severity,
        health::Health,
        kubernetes::{Cluster, KubeDetails, KubeTable, Selectors},
        object::{ObjectKind, ObjectRef},
        source::SourceState,
        topic::TopicSet,
    },
    source::{
        kubernetes, live,
        supervisor::{Demand, News},
    },
    world::World,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{mpsc, watch};

const LIMIT: Duration = Duration::from_secs(120);
const ROW: &str = "{range .items[*]}";
/// Namespaces of the testbed whose objects stay: what other tests make and remove lives in theirs.
const KEPT: [&str; 3] = ["shop", "broken", "quota"];

/// The testbed's cluster, watched by one context.
pub struct Watched {
    context: String,
    pub world: World,
    pub demand: watch::Sender<Demand>,
    news: mpsc::Receiver<News>,
    runtime: tokio::runtime::Runtime,
}

pub fn kubeconfig(folder: &Path) -> PathBuf {
    folder.join("kubernetes/kubeconfig")
}

fn take(world: &mut World, news: News) {
    match news {
        News::Updates { at, source, updates } => world.apply(at, &source, updates),
        News::Report { at, report } => world.report(at, report),
    };
}

impl Watched {
    pub fn start(folder: &Path, context: &str) -> Self {
        Self::with(Contexts::from_files(&[context.into()], &[kubeconfig(folder)]), context)
    }

    pub fn with(kube: Contexts, context: &str) -> Self {
        let clients = Arc::new(Clients { kube, ..Clients::default() });
        let visible = TopicSet::all();
        let (demand, wanted) = watch::channel(Demand { visible, ..Demand::default() });
        let (news_in, news) = mpsc::channel(64);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
        for source in kubernetes::all(&clients) {
            live::start(source, wanted.clone(), news_in.clone());
        }
        Self { context: context.into(), world: World::default(), demand, news, runtime }
    }

    /// Takes news until the world is as wanted.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&World) -> bool) {
        let (news, world) = (&mut self.news, &mut self.world);
        let waited = self.runtime.block_on(async {
            tokio::time::timeout(LIMIT, async {
                while !is_so(world) {
                    take(world, news.recv().await.expect("the source goes on"));
                }
            })
            .await
        });
        let state =
            self.world.observed.sources.values().map(|s| format!("{:?}", s.report)).collect::<Vec<_>>().join("\n");
        assert!(
            waited.is_ok(),
            "not within {} s: {what}\n{:?}\n{state}",
            LIMIT.as_secs(),
            self.cluster().map(|cluster| (&cluster.loading, &cluster.denied))
        );
    }

    pub fn cluster(&self) -> Option<&Cluster> {
        self.world.observed.kube.clusters.get(self.context.as_str())
    }

    /// Looks on for so long: whatever comes, this must hold.
    fn stays(&mut self, what: &str, so_long: Duration, is_so: impl Fn(&World) -> bool) {
        let (news, world) = (&mut self.news, &mut self.world);
        let looked = self.runtime.block_on(async {
            tokio::time::timeout(so_long, async {
                while is_so(world) {
                    take(world, news.recv().await.expect("the source goes on"));
                }
            })
            .await
        });
        assert!(looked.is_err(), "no longer {what}: {:?}", world.observed.sources);
    }

    pub fn until_listed(&mut self) {
        let context = self.context.clone();
        self.until("every list is here", |world| {
            world.observed.kube.clusters.get(context.as_str()).is_some_and(|cluster| cluster.loading.is_empty())
        });
    }

    pub fn state(&self) -> Option<SourceState> {
        let name = format!("kube/{}", self.context);
        self.world.observed.sources.get(name.as_str()).map(|source| source.report.state)
    }

    fn open(
        &mut self,
        kind: ObjectKind,
        namespace: &str,
        name: &str,
        enough: impl Fn(&KubeDetails) -> bool,
    ) -> KubeDetails {
        let object = ObjectRef::in_cluster(kind, &self.context, namespace, name);
        self.demand.send_modify(|demand| demand.open = Some(object.clone()));
        self.until(&format!("details of {name}"), |world| {
            world.observed.kube.details.as_ref().is_some_and(|details| details.object == object && enough(details))
        });
        *self.world.observed.kube.details.clone().expect("waited for")
    }
}

pub fn kubectl_command(folder: &Path) -> Command {
    let mut command = Command::new(kubernetes_bin().join("kubectl"));
    command.arg("--kubeconfig").arg(kubeconfig(folder));
    command
}

/// Makes objects, or makes them so.
pub fn apply(folder: &Path, manifest: &str) {
    let mut command = kubectl_command(folder);
    let mut child =
        command.args(["apply", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("runs");
    child.stdin.take().expect("piped").write_all(manifest.as_bytes()).expect("written");
    assert!(child.wait().expect("ended").success(), "{manifest}");
}

pub fn kubectl(folder: &Path, arguments: &[&str]) -> String {
    let done = kubectl_command(folder).args(arguments).output().expect("kubectl runs");
    assert!(done.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

pub fn snapshot(folder: &Path, arguments: &[&str]) -> (i32, Value, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_flightdeck"))
        .args(["snapshot", "--json", "--wait", "30s", "--docker", "none"])
        .args(arguments)
        .env("KUBECONFIG", kubeconfig(folder))
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .expect("flightdeck runs");
    let value = serde_json::from_slice(&done.stdout).unwrap_or(Value::Null);
    (done.status.code().unwrap_or(-1), value, String::from_utf8_lossy(&done.stderr).into_owned())
}

/// READY, STATUS and RESTARTS by namespace and name.
type Columns = BTreeMap<String, (String, String, String)>;

fn by_kubectl(folder: &Path) -> Columns {
    let text = kubectl(folder, &["get", "pods", "-A", "--no-headers"]);
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [namespace, name, ready, status, restarts, ..] = words[..] else { panic!("{line}") };
        (format!("{namespace}/{name}"), (ready.to_owned(), status.to_owned(), restarts.to_owned()))
    };
    text.lines().map(row).collect()
}

fn by_us(folder: &Path) -> Columns {
    let (code, value, errors) = snapshot(folder, &["--only", "pods"]);
    assert_eq!(code, 0, "{errors}");
    let text = |pod: &Value, key: &str| pod[key].as_str().unwrap_or_default().to_owned();
    let row = |pod: &Value| {
        let key = format!("{}/{}", text(pod, "namespace"), text(pod, "name"));
        (key, (text(pod, "ready"), text(pod, "status"), pod["restarts"].to_string()))
    };
    value["pods"].as_array().expect("a list").iter().map(row).collect()
}

#[test]
fn pods_are_listed_as_kubectl_lists_them() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    // Pods that crash change between two looks: what is the same before and after ours must be so in ours.
    let (before, ours, after) = (by_kubectl(&folder), by_us(&folder), by_kubectl(&folder));
    let steady: Vec<_> = before.iter().filter(|(key, row)| after.get(*key) == Some(row)).collect();
    assert!(steady.len() > 10, "{before:?}");
    let differ: Vec<_> = steady
        .iter()
        .filter(|(key, row)| ours.get(*key) != Some(row))
        .map(|(key, row)| (key, row, ours.get(*key)))
        .collect();
    assert!(differ.is_empty(), "{} of {}: {:?}", differ.len(), steady.len(), &differ[..differ.len().min(20)]);
}

/// Two thousand pods in random states. They are made where the testbed has none yet, and removed then.
#[test]
#[ignore = "makes two thousand pods; tests/run runs it"]
fn two_thousand_pods_in_random_states() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/kubernetes-scale");
    let scale = |arguments: &[&str]| {
        let done = Command::new(&script).arg(folder.join("kubernetes")).args(arguments).output().expect("runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    scale(&["2000", "20", "--seed", "7"]);
    pods_are_listed_as_kubectl_lists_them();
    scale(&["--delete"]);
}

#[test]
fn a_context_that_leads_nowhere_is_down_and_says_why() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let (code, value, errors) = snapshot(&folder, &["--only", "pods,sources", "--context", "dead"]);
    assert_eq!(code, 3, "{errors}");
    let source = value["sources"].as_array().expect("a list").iter().find(|s| s["name"] == "kube/dead").expect("named");
    assert_eq!(source["state"], "down");
    assert!(source["reason"].as_str().is_some_and(|reason| reason.contains("refused")), "{source}");
    let (code, _, errors) = snapshot(&folder, &["--only", "pods", "--context", "testbde"]);
    assert_eq!(code, 3);
    assert!(errors.contains("did you mean «testbed»"), "{errors}");
}

#[test]
fn a_plugin_gives_the_credentials() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let (code, value, errors) = snapshot(&folder, &["--only", "nodes", "--context", "exec-user"]);
    assert_eq!((code, value["nodes"][0]["name"].as_str()), (0, Some("node-1")), "{errors}");
}

#[test]
fn what_is_not_well_comes_to_attention() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let mut watched = Watched::start(&folder, "testbed");
    watched.until_listed();
    let world = &watched.world;
    let rows: Vec<_> = world.pending().into_iter().map(|p| p.row).chain(world.attention.clone()).collect();
    let held = rows.iter().find(|row| row.condition.name == "quota/held").expect("held by a quota");
    assert_eq!((held.condition.kind.as_str(), held.condition.severity), ("deploy", Severity::Error));
    assert!(
        held.condition.cause.contains("0/3") && held.condition.cause.contains("exceeded quota"),
        "{:?}",
        held.condition
    );
    let kube = &world.observed.kube;
    let stuck = kube.workloads.iter().find(|w| w.name == "stuck" && w.kind == ObjectKind::Deployment).expect("there");
    assert_eq!(stuck.health, Health::Degraded, "{}", stuck.reason);
    let oom = kube.pods.iter().find(|pod| pod.name == "oom").expect("there");
    assert!(oom.reason.contains("OOM killed, limit 16 MiB"), "{}", oom.reason);
}

#[test]
fn an_object_says_why_it_is_not_well() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let mut watched = Watched::start(&folder, "testbed");
    let all = |details: &KubeDetails| {
        details.findings.iter().map(|f| format!("{} {}", f.text, f.evidence.join(" "))).collect::<Vec<_>>().join("\n")
    };
    let some = |details: &KubeDetails| !details.findings.is_empty();

    let crash = watched.open(ObjectKind::Pod, "broken", "crashloop", some);
    let text = all(&crash);
    assert!(
        text.contains("exit 1")
            && crash.findings.iter().any(|f| f.text.contains("said last") && !f.evidence.is_empty()),
        "{text}"
    );

    let stuck = watched.open(ObjectKind::Deployment, "broken", "stuck", some);
    let text = all(&stuck);
    assert!(text.contains("rollout stuck") && text.contains("ErrImageNeverPull"), "{text}");
    assert!(text.contains("what changed") && text.contains("9.99"), "{text}");
    assert!(stuck.findings.iter().any(|f| f.leads_to.as_ref().is_some_and(|to| to.kind == ObjectKind::Pod)), "{text}");
    assert_eq!(stuck.revisions.len(), 2);
    assert!(stuck.revisions[0].diff.contains("9.99"), "{}", stuck.revisions[0].diff);

    let held = watched.open(ObjectKind::Deployment, "quota", "held", some);
    assert!(all(&held).contains("exceeded quota"), "{}", all(&held));
    let huge = watched.open(ObjectKind::Pod, "broken", "huge", some);
    assert!(all(&huge).contains("Insufficient"), "{}", all(&huge));
    let failing = watched.open(ObjectKind::Job, "batch", "failing", some);
    assert!(all(&failing).contains("backoff limit"), "{}", all(&failing));

    let checkout = watched.open(ObjectKind::Deployment, "shop", "checkout", |details| !details.yaml.is_empty());
    assert!(checkout.yaml.contains("kind: Deployment") && !checkout.yaml.contains("managedFields"));
    assert!(checkout.applied_diff.is_some());
    assert!(checkout.revisions.len() >= 2);
}

#[test]
fn values_of_secrets_stay_where_they_are() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let mut watched = Watched::start(&folder, "testbed");
    let object = ObjectRef::resource("testbed", "secrets", "shop", "credentials");
    watched.demand.send_modify(|demand| demand.open = Some(object.clone()));
    watched.until("the secret", |world| {
        world.observed.kube.details.as_ref().is_some_and(|details| details.object == object && !details.yaml.is_empty())
    });
    let secret = kubectl(&folder, &["get", "secret", "-n", "shop", "credentials", "-o", "jsonpath={.data.password}"]);
    assert!(secret.len() > 3, "the testbed has one");
    let details = serde_json::to_string(&watched.world.observed.kube.details).expect("writes");
    assert!(!details.contains(&secret) && details.contains("[redacted]"), "{details}");
}

/// Namespace and name of all objects of a kind in the cluster.
fn named_by_kubectl(folder: &Path, resource: &str, selecting: &[&str]) -> BTreeSet<String> {
    let names = format!("jsonpath={ROW}{{.metadata.namespace}}/{{.metadata.name}} {{end}}");
    let all = [&["get", resource, "-A", "-o", &names], selecting].concat();
    kubectl(folder, &all).split_whitespace().map(str::to_owned).collect()
}

fn named(table: &KubeTable) -> BTreeSet<String> {
    table.rows.iter().map(|row| format!("{}/{}", row.namespace, row.name)).collect()
}

/// Other tests make and remove objects meanwhile: what was there before and after must be in ours, and of ours that of the testbed itself
/// must have been there at one of the two times.
fn assert_steady(before: &BTreeSet<String>, ours: &BTreeSet<String>, after: &BTreeSet<String>) {
    let steady: BTreeSet<_> = before.intersection(after).collect();
    assert!(!steady.is_empty());
    let missing: Vec<_> = steady.iter().filter(|name| !ours.contains(**name)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let is_kept = |name: &str| name.split_once('/').is_some_and(|(namespace, _)| KEPT.contains(&namespace));
    let unknown: Vec<_> =
        ours.iter().filter(|name| is_kept(name) && !before.contains(*name) && !after.contains(*name)).collect();
    assert!(unknown.is_empty(), "of neither look: {unknown:?}");
}

#[test]
fn any_kind_is_a_table_in_the_servers_columns() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let mut watched = Watched::start(&folder, "testbed");
    watched
        .until("resources", |world| world.observed.kube.clusters.values().any(|cluster| !cluster.resources.is_empty()));
    for resource in ["widgets.testbed.example", "services", "persistentvolumeclaims"] {
        let before = named_by_kubectl(&folder, resource, &[]);
        watched.demand.send_modify(|demand| demand.resource = Some(resource.into()));
        watched.until(resource, |world| {
            world.observed.kube.tables.values().any(|table| table.resource == resource && !table.rows.is_empty())
        });
        let table = &watched.world.observed.kube.tables["testbed"];
        assert_steady(&before, &named(table), &named_by_kubectl(&folder, resource, &[]));
        assert!(table.rows.iter().all(|row| row.cells.len() == table.columns.len()));
    }
    let cluster = watched.cluster().expect("there");
    assert!(cluster.namespaces.iter().any(|namespace| namespace == "shop"));
    assert!(cluster.resources.iter().any(|resource| resource.name() == "cronjobs.batch"));
}

#[test]
fn the_server_selects_rows_and_says_what_is_wrong_with_a_selector() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let mut watched = Watched::start(&folder, "testbed");
    let mut select = |line: &str| {
        let selectors = Selectors::read(line);
        watched.demand.send_modify(|demand| {
            (demand.resource, demand.selectors) = (Some("pods".into()), selectors.clone());
        });
        watched.until(line, |world| {
            world.observed.kube.tables.values().any(|table| table.selectors == selectors && !table.waiting)
        });
        let table = &watched.world.observed.kube.tables["testbed"];
        (named(table), table.problem.clone().map(String::from))
    };
    let (all, _) = select("");
    let before = named_by_kubectl(&folder, "pods", &["-l", "app=db"]);
    let (db, problem) = select("-l app=db");
    assert_eq!(problem, None);
    assert_steady(&before, &db, &named_by_kubectl(&folder, "pods", &["-l", "app=db"]));
    assert!(db.contains("shop/db-0") && db.len() < all.len());
    let only = "--field-selector metadata.namespace=shop,metadata.name=db-0";
    let (of_both, _) = select(&format!("-l 'app in (db, checkout)' {only}"));
    assert_eq!(of_both, BTreeSet::from(["shop/db-0".to_owned()]));
    let (none, problem) = select("-l app=a=b");
    let problem = problem.expect("the server refuses it");
    assert!(none.is_empty() && problem.contains("found '=', expected"), "{problem}");
    let (none, problem) = select("field:status.fase=Running");
    let problem = problem.expect("the server refuses it");
    assert!(none.is_empty() && problem.contains("status.fase"), "{problem}");
}

#[test]
fn a_change_arrives_by_itself() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let name = "kube-test-change";
    let mut watched = Watched::start(&folder, "testbed");
    watched.until_listed();
    kubectl(&folder, &["delete", "pod", "-n", "shop", name, "--ignore-not-found", "--wait=true", "--grace-period=1"]);
    kubectl(
        &folder,
        &[
            "run",
            name,
            "-n",
            "shop",
            "--image=testbed/busybox:1.35",
            "--image-pull-policy=Never",
            "--restart=Never",
            "--",
            "true",
        ],
    );
    let is = |world: &World, wanted: &str| {
        world.observed.kube.pods.iter().any(|pod| pod.name == name && pod.status == wanted)
    };
    watched.until("it runs to its end", |world| is(world, "Completed"));
    kubectl(&folder, &["delete", "pod", "-n", "shop", name, "--wait=false", "--grace-period=1"]);
    watched.until("it is gone", |world| world.observed.kube.pods.iter().all(|pod| pod.name != name));
}

/// Starts the API server again when it goes out of scope.
struct Back<'a>(&'a Path, PathBuf);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        let _ = Command::new(self.0).arg("start-apiserver").arg(&self.1).status();
    }
}

/// Kills the API server again and again (three times; `FLIGHTDECK_RESTARTS` says how often), which no other test that runs
/// beside it likes.
#[test]
#[ignore = "restarts the testbed's API server; tests/run runs it alone"]
fn an_api_server_that_went_away_is_told_and_found_again() {
    let Some(folder) = testbed("a cluster", "kubernetes/kubeconfig") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testbed/kubernetes");
    let run = |what: &str| {
        let done = Command::new(&script).arg(what).arg(folder.join("kubernetes")).status().expect("runs");
        assert!(done.success(), "{what}");
    };
    let rounds = env::var("FLIGHTDECK_RESTARTS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    let mut watched = Watched::start(&folder, "testbed");
    watched.until_listed();
    // Those of the testbed itself: what tests before this one made may still be on its way out.
    let kept = |world: &World| {
        let is_kept = |namespace: &str| KEPT.contains(&namespace);
        world.observed.kube.pods.iter().filter(|pod| is_kept(&pod.namespace)).count()
    };
    let pods = kept(&watched.world);
    // The next tests find the server running, also where this one fails.
    let _back = Back(&script, folder.join("kubernetes"));
    for _ in 0..rounds {
        run("kill-apiserver");
        let down = |world: &World| {
            world
                .observed
                .sources
                .values()
                .any(|s| s.report.name == "kube/testbed" && s.report.state == SourceState::Down)
        };
        watched.until("it is down", down);
        // What was on its way does not bring it back.
        watched.stays("down", Duration::from_secs(4), down);
        let sources = &watched.world.observed.sources["kube/testbed"];
        // Refused, reset or closed: whichever side noticed first.
        let reason = sources.report.reason.as_deref().unwrap_or_default();
        assert!(reason.contains("connection"), "{sources:?}");
        assert!(pods > 5 && kept(&watched.world) == pods, "rows stay");
        run("start-apiserver");
        watched.until("it is back", |world| !down(world));
        kubectl(&folder, &["label", "pod", "-n", "shop", "db-0", "kube-test=1", "--overwrite"]);
        watched.until("changes arrive again", |world| {
            world
                .observed
                .kube
                .pods
                .iter()
                .any(|pod| pod.name == "db-0" && pod.labels.iter().any(|(key, _)| key == "kube-test"))
        });
        kubectl(&folder, &["label", "pod", "-n", "shop", "db-0", "kube-test-"]);
        watched.until("and more changes", |world| {
            world
                .observed
                .kube
                .pods
                .iter()
                .any(|pod| pod.name == "db-0" && pod.labels.iter().all(|(key, _)| key != "kube-test"))
        });
    }
}
