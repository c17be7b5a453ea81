//! What can be asked of clusters: which contexts, which namespace, which kind of resource is looked at.

use super::Action;
use crate::{
    app::App,
    keymap::Scope,
    modals::{
        k8s::{CONTEXTS, NAMESPACES, RESOURCES},
        picker, selector,
    },
    model::attention::Severity,
    panes::k8s,
};

const fn action(
    scope: Scope,
    (name, title, hint): (&'static str, &'static str, u8),
    doc: &'static str,
    run: fn(&mut App),
) -> Action {
    Action { name, title, doc, scope, hint, run }
}

pub static ACTIONS: &[Action] = &[
    action(
        Scope::Global,
        ("contexts", "contexts", 0),
        "Chooses the Kubernetes contexts that are watched; several can be.",
        |app| picker::open(app, &CONTEXTS),
    ),
    action(
        Scope::Global,
        ("namespace", "namespace", 0),
        "Narrows every list of Kubernetes objects to one namespace, or to several.",
        |app| picker::open(app, &NAMESPACES),
    ),
    action(
        Scope::Global,
        ("resource", "resource", 0),
        "Chooses a kind of Kubernetes resource and shows it as the server prints it.",
        |app| picker::open(app, &RESOURCES),
    ),
    action(
        Scope::Pane("pods"),
        ("owner-tree", "tree", 5),
        "Shows what owns what as a tree, or the list of pods again.",
        owner_tree,
    ),
    action(
        Scope::Pane("workloads"),
        ("idle-toggle", "idle ones", 4),
        "Shows ReplicaSets of no replicas and finished Jobs of CronJobs too, or hides them.",
        idle,
    ),
    action(
        Scope::Pane("kube-events"),
        ("warnings-only", "warnings", 5),
        "Shows warnings only, or every event again.",
        warnings,
    ),
    action(
        Scope::Pane("resources"),
        ("selector", "selector", 5),
        "Has the server select the rows, as kubectl does: -l app=web, --field-selector status.phase=Running.",
        selector::open,
    ),
    action(
        Scope::Pane("clusters"),
        ("watch-toggle", "watch", 9),
        "Watches the selected context, or stops watching it.",
        watch,
    ),
];

fn owner_tree(app: &mut App) {
    let to = if app.view.focused() == Some("xray") { "pods" } else { "xray" };
    app.show_pane(to);
}

fn idle(app: &mut App) {
    app.view.within.idle = !app.view.within.idle;
    let text = if app.view.within.idle {
        "ReplicaSets of no replicas and finished jobs are shown"
    } else {
        "what rests is hidden"
    };
    app.refresh_lists();
    app.notice(Severity::Info, text);
}

/// The filter that shows warnings only.
const WARNINGS: &str = "severity=warn";

fn warnings(app: &mut App) {
    let now = app.view.pane("kube-events").list.filter == WARNINGS;
    // Neither filter has a fault.
    let _ = app.filter_list("kube-events", if now { "" } else { WARNINGS });
}

fn watch(app: &mut App) {
    let row = app.view.pane("clusters").list.row();
    let context = row.and_then(|row| k8s::contexts(app.shown()).get(row).map(|context| (*context).to_owned()));
    if let Some(context) = context {
        toggle_watch(app, &context);
    }
}

/// Watches a context, or stops watching it.
pub fn toggle_watch(app: &mut App, context: &str) {
    let watched = watched(app, context);
    app.view.chosen.insert(k8s::source_name(context), !watched);
    app.touch();
}

/// Whether a context is watched, or will be as soon as its source has heard of it.
pub fn watched(app: &App, context: &str) -> bool {
    let chosen = app.view.chosen.get(&k8s::source_name(context)).copied();
    chosen.unwrap_or_else(|| k8s::is_watched(&app.world, context))
}
