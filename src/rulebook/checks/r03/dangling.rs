//! 03c: references that lead nowhere: selectors that select nothing, names of objects and files that are not there.

mod needs;
mod paths;
mod targets;
mod world;

#[cfg(test)]
mod tests;

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    subject::{
        live::Live,
        objects::{Objects, is_owned, is_repeated},
    },
    tree::{Kind, Tree},
};
use world::World;

/// A reference to something that is not there.
///
/// In files, what a Service, Ingress, autoscaler, NetworkPolicy, PodDisruptionBudget, StatefulSet or RoleBinding points at has to be in the
/// tree, unless something in the tree makes objects that nobody sees there: a chart, an operator's object. ConfigMaps, Secrets, accounts and
/// claims often come from elsewhere: they are missed only where the tree declares others of their kind for the same namespace. Live, all
/// of them are missed where their kind could be listed.
pub struct Dangling;

static META: Meta = Meta {
    id: "03c",
    title: "dangling reference",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Kube],
    why: "Traffic goes nowhere, the pod does not start, or the protection covers nothing, and no error says so when it is applied.",
    fix: "Correct the name or the labels, or declare what is missing.",
    precedent: &[
        "kube-linter dangling-service",
        "kube-linter dangling-ingress",
        "kube-linter dangling-hpa",
        "kube-linter dangling-networkpolicy",
        "kube-linter non-existent-service-account",
        "POP-1100",
        "POP-304",
    ],
    references: &["https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"],
    parameters: &[],
};

impl Check for Dangling {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let paths = paths::judge(tree, out);
        let objects = judge(&World::of_tree(tree), out);
        if paths == Judged::Yes { paths } else { objects }
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::Kubernetes, Kind::Kustomization, Kind::HelmChart])
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for (context, objects) in Objects::of_live(live) {
            if judge(&World::of_live(live, context, objects), out) == Judged::Yes {
                judged = Judged::Yes;
            }
        }
        judged
    }
}

fn judge(world: &World<'_>, out: &mut Out<'_>) -> Judged {
    let mut judged = Judged::No;
    for resource in &world.objects.all {
        let is_own = !(world.is_live && is_owned(resource));
        if is_own && targets::judge(world, resource, out) == Judged::Yes {
            judged = Judged::Yes;
        }
        if !is_repeated(resource) && needs::judge(world, resource, out) == Judged::Yes {
            judged = Judged::Yes;
        }
    }
    judged
}
