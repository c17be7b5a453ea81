//! What is chosen of clusters: contexts, namespaces, kinds of resources.

use super::picker::{Choices, Item};
use crate::{
    action::k8s::{toggle_watch, watched},
    app::App,
    model::source::SourceState,
    panes::k8s,
};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// The contexts that are watched.
pub struct Contexts;
/// The namespaces that lists are narrowed to.
pub struct Namespaces;
/// The kind of resource that the resource table shows.
pub struct Resources;

pub static CONTEXTS: Contexts = Contexts;
pub static NAMESPACES: Namespaces = Namespaces;
pub static RESOURCES: Resources = Resources;

/// Namespaces that are remembered.
const RECENT: usize = 8;

impl Choices for Contexts {
    fn name(&self) -> &'static str {
        "contexts"
    }
    fn title(&self) -> &'static str {
        "Contexts"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let world = app.shown();
        let item = |context: &str| {
            let source = k8s::source(world, context);
            let cluster = world.observed.kube.clusters.get(context);
            let state = source.map(|source| source.state(world.now));
            let mut words: Vec<String> = state.map(|state| state.word().to_owned()).into_iter().collect();
            if let Some(cluster) = cluster {
                words.push(cluster.server.to_string());
                words.push(format!(
                    "namespace {}",
                    if cluster.namespace.is_empty() { "default" } else { &cluster.namespace }
                ));
                words.extend(cluster.denials().first().cloned());
            }
            if !matches!(state, Some(SourceState::Ok)) {
                words.extend(source.and_then(|source| source.report.reason.as_ref().map(ToString::to_string)));
            }
            words.retain(|word| !word.is_empty());
            Item {
                value: context.into(),
                title: context.into(),
                detail: words.join("  "),
                on: Some(watched(app, context)),
            }
        };
        k8s::contexts(world).into_iter().map(item).collect()
    }
    /// Only this one.
    fn choose(&self, app: &mut App, value: &str) {
        let contexts: Vec<String> = k8s::contexts(app.shown()).into_iter().map(ToOwned::to_owned).collect();
        for context in contexts {
            if watched(app, &context) != (context == value) {
                toggle_watch(app, &context);
            }
        }
    }
    fn toggle(&self, app: &mut App, value: &str) -> bool {
        toggle_watch(app, value);
        true
    }
    fn none(&self) -> &'static str {
        "there is no kubeconfig: set KUBECONFIG, or start with --context"
    }
}

/// Every namespace that is known, with its pods.
fn namespaces(app: &App) -> BTreeMap<CompactString, usize> {
    let kube = &app.shown().observed.kube;
    let mut all: BTreeMap<CompactString, usize> = BTreeMap::new();
    for cluster in kube.clusters.values() {
        let own = Some(&cluster.namespace).filter(|name| !name.is_empty());
        all.extend(cluster.namespaces.iter().chain(own).map(|name| (name.clone(), 0)));
    }
    for pod in kube.pods.iter() {
        match all.get_mut(&pod.namespace) {
            Some(count) => *count += 1,
            None => drop(all.insert(pod.namespace.clone(), 1)),
        }
    }
    all
}

fn narrow(app: &mut App, namespaces: BTreeSet<CompactString>) {
    for namespace in &namespaces {
        app.view.recent_namespaces.retain(|other| other != namespace);
        app.view.recent_namespaces.push(namespace.clone());
    }
    let excess = app.view.recent_namespaces.len().saturating_sub(RECENT);
    app.view.recent_namespaces.drain(..excess);
    app.view.within.namespaces = namespaces;
    app.refresh_lists();
    app.touch();
}

impl Choices for Namespaces {
    fn name(&self) -> &'static str {
        "namespace"
    }
    fn title(&self) -> &'static str {
        "Namespaces"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let chosen = &app.view.within.namespaces;
        let all = namespaces(app);
        let item = |name: &CompactString, count: usize, recent: bool| {
            let pods = match count {
                0 => String::new(),
                1 => "1 pod".into(),
                count => format!("{count} pods"),
            };
            let detail = if recent { format!("{pods}  chosen before") } else { pods };
            Item { value: name.to_string(), title: name.to_string(), detail, on: Some(chosen.contains(name)) }
        };
        if all.is_empty() {
            return Vec::new();
        }
        let count = all.values().sum::<usize>();
        let every = Item {
            value: String::new(),
            title: "all namespaces".into(),
            detail: format!("{count} pods"),
            on: Some(chosen.is_empty()),
        };
        let recent = &app.view.recent_namespaces;
        let before = recent.iter().rev().filter_map(|name| Some(item(name, *all.get(name)?, true)));
        let others =
            all.iter().filter(|(name, _)| !recent.contains(name)).map(|(name, count)| item(name, *count, false));
        std::iter::once(every).chain(before).chain(others).collect()
    }
    fn choose(&self, app: &mut App, value: &str) {
        narrow(app, Some(value).filter(|value| !value.is_empty()).map(Into::into).into_iter().collect());
    }
    fn toggle(&self, app: &mut App, value: &str) -> bool {
        let mut chosen = app.view.within.namespaces.clone();
        if value.is_empty() {
            chosen.clear();
        } else if !chosen.remove(value) {
            chosen.insert(value.into());
        }
        // The order of the window stays while it is open: what was chosen before is renewed when one is chosen alone.
        app.view.within.namespaces = chosen;
        app.refresh_lists();
        app.touch();
        true
    }
    fn none(&self) -> &'static str {
        "no namespace is known: no context is watched, or none has answered yet"
    }
}

/// Kinds that have a list of their own.
const OWN: &[(&str, &str)] = &[("pods", "pods"), ("nodes", "nodes"), ("events", "kube-events")];

impl Choices for Resources {
    fn name(&self) -> &'static str {
        "resource"
    }
    fn title(&self) -> &'static str {
        "Kinds of resources"
    }
    fn items(&self, app: &App) -> Vec<Item> {
        let mut all: BTreeMap<(bool, CompactString), Item> = BTreeMap::new();
        for cluster in app.shown().observed.kube.clusters.values() {
            let listed =
                cluster.resources.iter().filter(|r| r.verbs.is_empty() || r.verbs.iter().any(|verb| verb == "list"));
            for resource in listed {
                let name = resource.name();
                let place = if resource.namespaced { "" } else { "  of the cluster" };
                let group = if resource.group.is_empty() { &resource.version } else { &resource.group };
                let names = resource.short_names.join(" ");
                let gap = if names.is_empty() { "" } else { "  " };
                all.insert(
                    (resource.group.contains('.') && !resource.group.ends_with(".k8s.io"), name.clone()),
                    Item {
                        value: name.to_string(),
                        title: resource.plural.to_string(),
                        detail: format!("{names}{gap}{}  {group}{place}", resource.kind),
                        on: None,
                    },
                );
            }
        }
        all.into_values().collect()
    }
    fn choose(&self, app: &mut App, value: &str) {
        if let Some((_, pane)) = OWN.iter().find(|(resource, _)| *resource == value) {
            return app.show_pane(pane);
        }
        if app.view.resource.as_deref() != Some(value) {
            // Labels mean the same on every kind, fields do not.
            app.view.selectors.fields = CompactString::default();
        }
        app.view.resource = Some(value.into());
        app.show_pane("resources");
        app.touch();
    }
    fn none(&self) -> &'static str {
        "no kind is known: no context is watched, or none has answered yet"
    }
}
