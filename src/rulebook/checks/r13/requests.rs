//! 13d: requests that keep far more from others than is ever used.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta, Parameter, Value},
    out::Out,
    resource::Resource,
    subject::{
        live::Live,
        objects::{Objects, is_system_namespace},
        quantity,
        workload::pod_containers,
    },
    syntax::node::Node,
    tree::Tree,
};
use std::collections::BTreeMap;

/// Requests far above use.
///
/// Expects of a live Pod what was measured, under a key that no API server gives: `/flightdeck/usage/<container>` with `cpu_cores` and
/// `memory_bytes`, each the highest of the time that was looked at, and `days`, how long that was. The finding is one of the object behind the
/// pods, where that is live too, and of the busiest of its pods. What is not known for long enough is unknown, told once a cluster.
pub struct Requests;

static META: Meta = Meta {
    id: "13d",
    title: "requests far above use",
    level: Level::Warn,
    scopes: &[Scope::Kube],
    why: "What is requested is taken from everybody else, used or not: nodes are bought for nothing.",
    fix: "Lower the request to what is used at the busiest time, with some to spare.",
    precedent: &["POP-504", "POP-506"],
    references: &["https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"],
    parameters: &[
        Parameter {
            name: "factor",
            about: "how many times the highest use a request may be",
            default: Value::Number(4.0),
        },
        Parameter { name: "days", about: "days of use that have to be known", default: Value::Number(7.0) },
        Parameter {
            name: "cores",
            about: "requests of this many cores or fewer are not looked at",
            default: Value::Number(0.25),
        },
        Parameter {
            name: "mebibytes",
            about: "requests of this many MiB of memory or fewer are not looked at",
            default: Value::Number(256.0),
        },
    ],
};

/// What is requested of, and how use of it is called.
const SORTS: [(&str, &str); 2] = [("cpu", "cpu_cores"), ("memory", "memory_bytes")];

impl Check for Requests {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let mut judged = Judged::No;
        for (context, objects) in &Objects::of_live(live) {
            if in_cluster(context, objects, out) == Judged::Yes {
                judged = Judged::Yes;
            }
        }
        judged
    }
}

/// A request of a container of a workload, against the highest use among its pods.
struct Use<'a> {
    target: &'a Resource,
    pointer: String,
    requested: f64,
    /// `None` where nobody measured it.
    used: Option<f64>,
    days: f64,
}

fn in_cluster(context: &str, objects: &Objects<'_>, out: &mut Out<'_>) -> Judged {
    let mut uses: BTreeMap<(String, String, &str), Use<'_>> = BTreeMap::new();
    for pod in objects.of_kind("", "Pod").filter(|pod| !is_system_namespace(&pod.namespace)) {
        let target = target(pod, objects);
        for (pointer, container) in pod_containers(target) {
            let Some(name) = container.get("name").and_then(Node::as_str) else { continue };
            let usage = pod.at("/flightdeck/usage").and_then(|usage| usage.get(name));
            let Some(requests) = container.at("/resources/requests") else { continue };
            let figure = |key: &str| usage.and_then(|usage| usage.get(key)).and_then(Node::as_f64);
            let days = figure("days").unwrap_or(0.0);
            for (sort, key) in SORTS {
                let requested = requests.get(sort).and_then(Node::scalar).and_then(|text| quantity::parse(&text));
                let (Some(requested), used) = (requested, figure(key)) else { continue };
                let pointer = format!("{pointer}/resources/requests/{sort}");
                let id = (target.label().to_string(), pointer.clone(), sort);
                let known = uses.entry(id).or_insert(Use { target, pointer, requested, used, days });
                known.used = known.used.into_iter().chain(used).reduce(f64::max);
                known.days = known.days.max(days);
            }
        }
    }
    let (factor, days) = (out.number("factor"), out.number("days"));
    let floors = [out.number("cores"), out.number("mebibytes") * 1024.0 * 1024.0];
    let (mut judged, mut unknown, mut longest) = (Judged::No, 0, 0.0_f64);
    for ((_, _, sort), one) in &uses {
        let floor = if *sort == "cpu" { floors[0] } else { floors[1] };
        let Some(used) = one.used.filter(|_| one.days >= days) else {
            // A small request needs no figures.
            if one.requested > floor {
                (judged, unknown, longest) = (Judged::Yes, unknown + 1, longest.max(one.days));
            }
            continue;
        };
        judged = Judged::Yes;
        if one.requested > floor && one.requested > used * factor {
            let seen = format!("{} requested, at most {} used", amount(sort, one.requested), amount(sort, used));
            out.on(one.target, &one.pointer)
                .key(*sort)
                .observed(format!("{seen} in {:.0} days", one.days))
                .expected(format!("at most {} ({factor} times that)", amount(sort, used * factor)))
                .fail();
        }
    }
    if unknown > 0 {
        let known = if longest > 0.0 { format!("for {longest:.1} days at most") } else { "not at all".to_owned() };
        out.about(format!("cluster {context}"), context)
            .key("use")
            .expected(format!("use over {days} days"))
            .unknown(format!("how {unknown} requests are used is known {known}: the cockpit keeps it while it runs"));
    }
    judged
}

fn amount(sort: &str, number: f64) -> String {
    if sort == "cpu" { format!("{number:.2} cores") } else { format!("{:.0} MiB", number / (1024.0 * 1024.0)) }
}

/// The object that stands behind a pod: what a person would change.
fn target<'a>(pod: &'a Resource, objects: &Objects<'a>) -> &'a Resource {
    let (mut target, mut behind) = (pod, pod);
    // A pod, its ReplicaSet, its Deployment; a pod, its Job, its CronJob. Of what something controls itself only the name may be here.
    for _ in 0..3 {
        let owners = behind.at("/metadata/ownerReferences").map(Node::items).unwrap_or_default();
        let owner = owners.iter().find_map(|owner| {
            let (kind, name) = (owner.get("kind")?.as_str()?, owner.get("name")?.as_str()?);
            objects.named(kind, &pod.namespace, name).next()
        });
        let Some(owner) = owner else { break };
        behind = owner;
        if !pod_containers(owner).is_empty() {
            target = owner;
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::subject::objects::told_live;

    fn pod(name: &str, usage: &str, metadata: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop{metadata}}}\nspec:\n  containers:\n  - name: c\n    resources: {{requests: {{cpu: '2', memory: 4Gi}}}}\nflightdeck: {{usage: {{c: {usage}}}}}\n"
        )
    }

    fn of(text: &str) -> Vec<String> {
        told_live(&Requests, text, &[])
    }

    #[test]
    fn requests_far_above_use_are_found() {
        let found = of(&pod("p", "{cpu_cores: 0.1, memory_bytes: 2147483648, days: 14}", ""));
        assert_eq!(
            found,
            [
                "Pod shop/p /spec/containers/0/resources/requests/cpu 2.00 cores requested, at most 0.10 cores used in 14 days"
            ]
        );
    }

    #[test]
    fn what_is_not_known_long_enough_is_not_judged() {
        let told = of(&pod("p", "{cpu_cores: 0.1, memory_bytes: 1, days: 2}", ""));
        let why = "how 2 requests are used is known for 2.0 days at most: the cockpit keeps it while it runs";
        assert_eq!(told, [format!("? cluster prod  {why}")]);
        let told = of(&pod("p", "{}", ""));
        assert_eq!(
            told,
            ["? cluster prod  how 2 requests are used is known not at all: the cockpit keeps it while it runs"]
        );
        let small = pod("p", "{}", "").replace("cpu: '2', memory: 4Gi", "cpu: 100m");
        assert_eq!(of(&small), [""; 0], "small requests are not looked at");
        assert_eq!(of(&pod("p", "{cpu_cores: 0.6, memory_bytes: 2e9, days: 9}", "")), [""; 0]);
    }

    #[test]
    fn pods_of_one_workload_are_one_finding_and_the_busiest_counts() {
        let owned = ", ownerReferences: [{kind: ReplicaSet, name: web-1}]";
        let usage = |cores: f64| format!("{{cpu_cores: {cores}, memory_bytes: 4e9, days: 9}}");
        let set = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web}]}\nspec: {template: {spec: {containers: [{name: c}]}}}\n";
        let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {spec: {containers: [{name: c, resources: {requests: {cpu: '2'}}}]}}}\n";
        let text =
            [set.to_owned(), web.to_owned(), pod("a", &usage(0.1), owned), pod("b", &usage(0.2), owned)].join("---\n");
        assert_eq!(
            of(&text),
            [
                "Deployment shop/web /spec/template/spec/containers/0/resources/requests/cpu 2.00 cores requested, at most 0.20 cores used in 9 days"
            ]
        );
        let slim = text.replace(
            "\nspec: {template: {spec: {containers: [{name: c}]}}}\n---\napiVersion: apps/v1\nkind: Deployment",
            "\n---\napiVersion: apps/v1\nkind: Deployment",
        );
        assert!(slim.len() < text.len() && of(&slim) == of(&text), "of a ReplicaSet only its name is known");
        let busy = text.replace("cpu_cores: 0.2", "cpu_cores: 1.5");
        assert_eq!(of(&busy), [""; 0]);
    }
}
