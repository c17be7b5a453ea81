//! What clusters run, as lines for a person.

use super::{
    clusters::{NodePart, PodPart, WorkloadPart},
    text::clean,
};
use crate::model::{health::Health, units};
use std::{cmp::Reverse, iter};

fn reason(health: Health, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("  {}: {}", health.word(), clean(reason)),
        None => String::new(),
    }
}

/// As lists on the screen stand; what is equally well stays as it came.
fn worst_first<T>(rows: &[T], health: impl Fn(&T) -> Health) -> impl Iterator<Item = &T> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|row| Reverse(health(row)));
    rows.into_iter()
}

/// Rows below the names of their columns, each column as wide as its widest cell.
fn table(names: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let rows: Vec<_> = iter::once(names).chain(rows).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// Several contexts are named; one goes without saying.
fn several<'a>(contexts: impl Iterator<Item = &'a str>) -> bool {
    let mut contexts: Vec<_> = contexts.collect();
    contexts.dedup();
    contexts.len() > 1
}

fn place(several: bool, context: &str, namespace: &str, name: &str) -> String {
    let context = if several { format!("{context} ") } else { String::new() };
    clean(&format!("{context}{namespace}/{name}"))
}

pub(super) fn pods(pods: &[PodPart]) -> Vec<String> {
    let several = several(pods.iter().map(|pod| pod.context.as_str()));
    let row = |pod: &PodPart| {
        let memory = pod.memory_bytes.map_or_else(String::new, |bytes| units::bytes(bytes as f64));
        vec![
            place(several, &pod.context, &pod.namespace, &pod.name),
            pod.ready.to_string(),
            clean(&pod.status),
            pod.restarts.to_string(),
            pod.age_seconds.map_or_else(|| units::UNKNOWN.into(), units::span),
            memory + &reason(pod.health, pod.reason.as_deref()),
        ]
    };
    let mut lines = vec![format!("Pods ({})", pods.len())];
    lines.extend(table(
        &["POD", "READY", "STATUS", "RESTARTS", "AGE", "MEMORY"],
        worst_first(pods, |pod| pod.health).map(row),
    ));
    lines
}

pub(super) fn workloads(workloads: &[WorkloadPart]) -> Vec<String> {
    let several = several(workloads.iter().map(|workload| workload.context.as_str()));
    let count = |count: Option<u32>| count.map_or_else(|| units::UNKNOWN.into(), |count| count.to_string());
    let row = |workload: &WorkloadPart| {
        let figures = match workload.desired {
            None => String::new(),
            desired => format!("{}/{}", count(workload.ready), count(desired)),
        };
        vec![
            workload.kind.to_owned(),
            place(several, &workload.context, &workload.namespace, &workload.name),
            figures,
            workload.health.word().to_owned(),
            workload.reason.as_deref().map_or_else(String::new, clean),
        ]
    };
    let mut lines = vec![format!("Workloads ({})", workloads.len())];
    lines.extend(table(
        &["KIND", "WORKLOAD", "READY", "HEALTH", "REASON"],
        worst_first(workloads, |workload| workload.health).map(row),
    ));
    lines
}

pub(super) fn nodes(nodes: &[NodePart]) -> Vec<String> {
    let several = several(nodes.iter().map(|node| node.context.as_str()));
    let row = |node: &NodePart| {
        let name = if several { format!("{} {}", node.context, node.name) } else { node.name.to_string() };
        let cores = node.cpu_allocatable_cores.map_or_else(|| units::UNKNOWN.into(), |cores| cores.to_string());
        let memory =
            node.memory_allocatable_bytes.map_or_else(|| units::UNKNOWN.into(), |bytes| units::bytes(bytes as f64));
        vec![
            clean(&name),
            clean(&node.status),
            clean(&node.version),
            format!("{cores} cores, {memory}{}", reason(node.health, node.reason.as_deref())),
        ]
    };
    let mut lines = vec![format!("Nodes ({})", nodes.len())];
    lines.extend(table(&["NODE", "STATUS", "VERSION", "ALLOCATABLE"], worst_first(nodes, |node| node.health).map(row)));
    lines
}
