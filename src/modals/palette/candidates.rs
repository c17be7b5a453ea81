//! What the palette can find: actions that mean something here, pages, panes, and objects by name.

use crate::{
    action,
    app::App,
    keymap::shown,
    modals::{
        k8s::{NAMESPACES, RESOURCES},
        picker::Choices,
    },
    model::object::{ObjectKind, ObjectRef},
    panes,
};
use compact_str::CompactString;

/// What choosing a candidate does.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Action(&'static str),
    /// By its place in the tab bar.
    Page(usize),
    Pane(&'static str),
    Object(ObjectRef),
    /// A kind of Kubernetes resource.
    Resource(CompactString),
    /// A namespace to narrow to.
    Namespace(CompactString),
}

/// Something that can be found.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub target: Target,
    /// What sort of thing: `action`, `page`, `process` …
    pub kind: &'static str,
    /// Name; what is typed is looked for here first.
    pub title: CompactString,
    /// More words to find it by.
    pub detail: CompactString,
    /// Keys that do the same.
    pub keys: String,
}

/// Most objects of one kind. More cannot be looked through while typing, and the list of that kind has a filter.
const MOST: usize = 5_000;

impl Candidate {
    /// Identity, for what was chosen before.
    pub fn key(&self) -> String {
        format!("{} {}", self.kind, self.title)
    }

    fn object(kind: ObjectKind, id: &str, title: &str, detail: impl Into<CompactString>) -> Self {
        let target = Target::Object(ObjectRef::new(kind, id));
        Self { target, kind: kind.word(), title: title.into(), detail: detail.into(), keys: String::new() }
    }
}

/// Everything that can be found now.
pub fn all(app: &App) -> Vec<Candidate> {
    let mut all = Vec::new();
    actions(app, &mut all);
    places(app, &mut all);
    objects(app, &mut all);
    kubernetes(app, &mut all);
    all
}

fn actions(app: &App, all: &mut Vec<Candidate>) {
    let scopes = app.scopes();
    // Pages are found by their names, and the palette is open.
    let wanted = |name: &str| !name.starts_with("page-") && name != "palette";
    for action in action::all().filter(|action| scopes.contains(&action.scope) && wanted(action.name)) {
        all.push(Candidate {
            target: Target::Action(action.name),
            kind: "action",
            title: action.title.into(),
            detail: compact_str::format_compact!("{}: {}", action.name, action.doc),
            keys: app.settings.keymap.keys_for(&scopes, action.name).map_or_else(String::new, shown),
        });
    }
}

fn places(app: &App, all: &mut Vec<Candidate>) {
    for (index, page) in app.settings.pages.iter().enumerate() {
        all.push(Candidate {
            target: Target::Page(index),
            kind: "page",
            title: page.title.as_str().into(),
            detail: page.name.as_str().into(),
            keys: page.key.to_string(),
        });
    }
    for name in app.view.placed.iter().flat_map(|placed| placed.panes.iter().copied()) {
        let Some(pane) = panes::find(name) else { continue };
        all.push(Candidate {
            target: Target::Pane(name),
            kind: "pane",
            title: pane.title().into(),
            detail: pane.about().into(),
            keys: String::new(),
        });
    }
}

fn objects(app: &App, all: &mut Vec<Candidate>) {
    let observed = &app.shown().observed;
    let host = observed.facts.as_ref().map_or("this host", |facts| &facts.hostname);
    all.push(Candidate::object(ObjectKind::Host, "", host, "this host, and its journal"));
    for container in observed.containers.containers.iter().take(MOST) {
        let object = ObjectRef::in_engine(ObjectKind::Container, &container.engine, &container.id);
        let detail = compact_str::format_compact!("{} {}", container.image, container.engine);
        all.push(Candidate::object(ObjectKind::Container, &object.id, &container.name, detail));
    }
    for row in observed.postgres.values().flat_map(|cluster| &cluster.rows).take(MOST) {
        let title = row.object.id.replace('/', " ");
        all.push(Candidate::object(ObjectKind::Postgres, &row.object.id, &title, row.state.clone()));
    }
    for name in observed.sources.values().take(MOST).map(|source| &source.report.name) {
        all.push(Candidate::object(ObjectKind::Source, name, name, ""));
    }
    for unit in observed.units.iter().flat_map(|units| &units.failed).take(MOST) {
        all.push(Candidate::object(ObjectKind::Unit, unit, unit, "failed"));
    }
    for mount in observed.mounts.iter().flatten().take(MOST) {
        all.push(Candidate::object(ObjectKind::Mount, &mount.mount, &mount.mount, mount.device.clone()));
    }
    if let Some(gauges) = &observed.gauges {
        for network in gauges.networks.iter().take(MOST) {
            all.push(Candidate::object(ObjectKind::Network, &network.name, &network.name, ""));
        }
        for device in gauges.devices.iter().take(MOST) {
            all.push(Candidate::object(ObjectKind::Device, &device.name, &device.name, ""));
        }
    }
    for cgroup in observed.cgroups.iter().flat_map(|cgroups| &cgroups.groups).take(MOST) {
        all.push(Candidate::object(ObjectKind::Cgroup, &cgroup.path, &cgroup.path, ""));
    }
    for process in observed.processes.iter().flatten().filter(|process| !process.kernel_thread).take(MOST) {
        // Arguments may be as long as memory: the beginning is enough to find it by.
        let arguments: CompactString = process.command.chars().take(80).collect();
        let detail = compact_str::format_compact!("{} {arguments}", process.pid);
        all.push(Candidate::object(ObjectKind::Process, &process.key(), &process.name, detail));
    }
}

/// Kubernetes objects, and what can be chosen of clusters.
fn kubernetes(app: &App, all: &mut Vec<Candidate>) {
    let kube = &app.shown().observed.kube;
    for node in kube.nodes.iter().take(MOST) {
        let id = compact_str::format_compact!("{}/{}", node.context, node.name);
        all.push(Candidate::object(ObjectKind::Node, &id, &node.name, node.context.clone()));
    }
    for workload in kube.workloads.iter().take(MOST) {
        let object = ObjectRef::in_cluster(workload.kind, &workload.context, &workload.namespace, &workload.name);
        let detail = compact_str::format_compact!("{} {}", workload.namespace, workload.context);
        all.push(Candidate::object(workload.kind, &object.id, &workload.name, detail));
    }
    for pod in kube.pods.iter().take(MOST) {
        let id = crate::panes::pods::key(pod);
        let detail = compact_str::format_compact!("{} {} {}", pod.namespace, pod.status, pod.context);
        all.push(Candidate::object(ObjectKind::Pod, &id, &pod.name, detail));
    }
    let choice = |target, kind, title: &str, detail: String| Candidate {
        target,
        kind,
        title: title.into(),
        detail: detail.into(),
        keys: String::new(),
    };
    for item in RESOURCES.items(app) {
        all.push(choice(Target::Resource(item.value.into()), "kind", &item.title, item.detail));
    }
    for item in NAMESPACES.items(app) {
        all.push(choice(Target::Namespace(item.value.into()), "namespace", &item.title, item.detail));
    }
}
