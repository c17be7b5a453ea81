//! What the pages of Kubernetes objects share: findings, events, YAML, revisions, and whatever else the object says of itself.

use crate::{
    model::{
        Timestamp,
        kubernetes::{Condition, KubeDetails, KubeEvent, Owner, Revision},
        object::{KubePath, ObjectRef},
        units,
    },
    panes::{k8s, kube_events},
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use compact_str::CompactString;
use serde_json::Value;

/// Longest part of an object that is told in the summary, in lines; the YAML tab has all of it.
const LONGEST: usize = 120;

/// The object whole, where it is the one that the source told.
pub(super) fn details<'w>(world: &'w World, object: &ObjectRef) -> Option<&'w KubeDetails> {
    world.observed.kube.details.as_deref().filter(|details| details.object == *object)
}

/// Its name with its namespace, and its context where several are watched.
pub(super) fn name(world: &World, object: &ObjectRef) -> String {
    let Some(KubePath { context, namespace, name, .. }) = object.in_kube() else { return object.id.to_string() };
    let context = if world.observed.kube.clusters.len() > 1 { format!("{context} ") } else { String::new() };
    if namespace.is_empty() { format!("{context}{name}") } else { format!("{context}{namespace}/{name}") }
}

/// A short name for where a link leads.
pub(super) fn short(object: &ObjectRef) -> String {
    match object.in_kube() {
        Some(path) if object.kind.resource() == Some("") => format!("{} {}", path.resource, path.name),
        Some(path) => format!("{} {}", object.kind.word(), path.name),
        None => object.to_string(),
    }
}

/// That the API server is asked for more, or why there is none.
pub(super) fn asking(scene: &Scene<'_>, object: &ObjectRef) -> Option<Line> {
    if details(scene.world, object).is_some() {
        return None;
    }
    let context = object.in_kube()?.context;
    let text = match k8s::source(scene.world, context).map(|source| (source.state(scene.now), &source.report.reason)) {
        Some((crate::model::source::SourceState::Ok, _)) => "asking the API server for the whole object …".into(),
        Some((state, Some(reason))) => format!("? {context} is {}: {reason}", state.word()),
        Some((state, None)) => format!("? {context} is {}", state.word()),
        None => format!("? nobody watches {context}"),
    };
    Some(Line::of(Role::Unknown, text))
}

/// From the object to the cause: what the source found, each step with what shows it and where it leads.
pub(super) fn why(scene: &Scene<'_>, object: &ObjectRef, known: Vec<Line>) -> Vec<Line> {
    let Some(details) = details(scene.world, object) else {
        let mut lines = known;
        lines.extend(asking(scene, object));
        return lines;
    };
    let mut lines = Vec::new();
    for (at, finding) in details.findings.iter().enumerate() {
        let sign = scene.glyphs.severity(finding.severity);
        let line = Line::of(Role::Dim, format!("{:>2} ", at + 1))
            .and(Scene::severity_role(finding.severity), format!("{sign} "))
            .and(Role::Text, &finding.text);
        lines.push(line);
        let evidence = finding.evidence.iter().flat_map(|text| text.lines());
        lines.extend(evidence.map(|text| Line::of(Role::Dim, "     │ ").and(Role::Info, text)));
        if let Some(to) = finding.leads_to.as_ref().filter(|to| *to != object) {
            lines.push(Line::of(Role::Dim, "     ").leading_to(to.clone(), "Why", &short(to)));
        }
    }
    if details.findings.is_empty() {
        lines = known;
    }
    lines.extend(details.problems.iter().map(|problem| Line::of(Role::Unknown, format!("? {problem}"))));
    lines
}

/// Events about the object, newest first: as they come, and those that were there before.
pub(super) fn events(scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
    let world = scene.world;
    let Some(path) = object.in_kube() else { return Vec::new() };
    let all = world.observed.kube.events.of(path.context).iter().map(AsRef::as_ref);
    let live = all.filter(|event| event.about_name == path.name && kube_events::about(world, event) == *object);
    let mut events: Vec<&KubeEvent> = live.collect();
    for event in details(world, object).iter().flat_map(|details| &details.events) {
        if !events.iter().any(|other| other.name == event.name) {
            events.push(event);
        }
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.last_at));
    events.into_iter().map(|event| event_line(scene, event)).collect()
}

fn event_line(scene: &Scene<'_>, event: &KubeEvent) -> Line {
    let when = event.last_at.map_or_else(
        || format!("{:>29}", units::UNKNOWN),
        |at| format!("{}  {:>7} ago  ", units::date_clock(at), units::age(scene.now, at)),
    );
    let (role, sign) = if event.warning { (Role::Warn, scene.glyphs.warn) } else { (Role::Dim, scene.glyphs.info) };
    let count = if event.count > 1 { format!(" ×{}", event.count) } else { String::new() };
    Line::of(Role::Dim, when)
        .and(role, format!("{sign} {}{count} ", event.reason))
        .and(Role::Text, event.message.trim_end())
        .and(Role::Dim, if event.reporter.is_empty() { String::new() } else { format!("  {}", event.reporter) })
}

/// The object as the API has it.
pub(super) fn yaml(world: &World, object: &ObjectRef, row: Option<String>) -> Option<String> {
    match details(world, object) {
        Some(details) => Some(details.yaml.clone()),
        None => row.map(|row| format!("# what is held of it; the API server has not told the whole object yet\n{row}")),
    }
}

/// A unified diff in colours.
pub(super) fn diff(text: &str) -> Vec<Line> {
    let role = |line: &str| match line.as_bytes().first() {
        Some(b'+') => Role::Ok,
        Some(b'-') => Role::Error,
        Some(b'@') => Role::Dim,
        _ => Role::Text,
    };
    text.lines().map(|line| Line::of(role(line), format!("    {line}"))).collect()
}

/// Revisions with what each changed, then how the object differs from what was applied and from what was seen before.
pub(super) fn revisions(scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
    let Some(details) = details(scene.world, object) else { return asking(scene, object).into_iter().collect() };
    let mut lines = vec![Line::heading("revisions of the template, newest first")];
    for (at, revision) in details.revisions.iter().enumerate() {
        lines.push(revision_line(scene, revision));
        match (revision.diff.as_str(), at + 1 == details.revisions.len()) {
            ("", true) => lines.push(Line::of(Role::Dim, "    the oldest that is kept")),
            ("", false) => lines.push(Line::of(Role::Dim, "    the template is that of the revision before")),
            (text, _) => lines.extend(diff(text)),
        }
    }
    if details.revisions.is_empty() {
        lines.push(Line::of(Role::Dim, "none is kept, or this kind has none"));
    }
    lines.extend([Line::empty(), Line::heading("against what was last applied (kubectl apply)")]);
    lines.extend(difference(
        details.applied_diff.as_deref(),
        "nothing says what was applied: it is not managed with kubectl apply",
    ));
    lines.extend([Line::empty(), Line::heading("against what was seen here before")]);
    lines.extend(difference(details.seen_diff.as_deref(), "it has not changed since the cockpit looks"));
    lines
}

fn difference(text: Option<&str>, none: &str) -> Vec<Line> {
    match text {
        None => vec![Line::of(Role::Dim, none)],
        Some("") => vec![Line::of(Role::Dim, "no difference")],
        Some(text) => diff(text),
    }
}

fn revision_line(scene: &Scene<'_>, revision: &Revision) -> Line {
    let age = revision.created_at.map_or_else(|| units::UNKNOWN.into(), |at| units::moment(scene.now, at));
    let pods = match (revision.ready, revision.replicas) {
        (Some(ready), Some(all)) => format!("  {ready}/{all} ready"),
        _ => String::new(),
    };
    let cause = revision.cause.as_ref().map_or_else(String::new, |cause| format!("  {cause}"));
    Line::of(Role::Title, format!("rev {} ", revision.number))
        .and(Role::Dim, format!("{age}  {}  ", revision.kept_by))
        .and(Role::Text, revision.images.join(", "))
        .and(Role::Text, pods)
        .and(Role::Dim, cause)
}

/// Conditions, those that are not as they should be in colour. Of conditions whose names say trouble, `False` is what they should be.
pub(super) fn conditions(scene: &Scene<'_>, conditions: &[Condition]) -> Vec<Line> {
    let mut lines = Vec::new();
    for condition in conditions {
        let trouble = ["Pressure", "Failure", "Unavailable", "Failed", "Suspended"];
        let wanted = if trouble.iter().any(|word| condition.kind.contains(word)) { "False" } else { "True" };
        let role = match condition.status.as_str() {
            status if status == wanted => Role::Text,
            "Unknown" => Role::Unknown,
            _ => Role::Warn,
        };
        let since = condition.since.map_or_else(String::new, |at| format!(" for {}", units::age(scene.now, at)));
        let words: Vec<&str> =
            [condition.reason.as_str(), condition.message.as_str()].into_iter().filter(|t| !t.is_empty()).collect();
        let line = Line::pair(&condition.kind, "").and(role, &condition.status);
        lines.push(line.and(Role::Dim, since).and(Role::Text, format!("  {}", words.join(": "))));
    }
    if !lines.is_empty() {
        lines.splice(0..0, [Line::empty(), Line::heading("conditions")]);
    }
    lines
}

/// Conditions as the object itself has them, where the row holds none.
pub(super) fn conditions_of(json: &Value) -> Vec<Condition> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().into();
    let list = json["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |value: &Value| Condition {
        kind: text(value, "type"),
        status: text(value, "status"),
        reason: text(value, "reason"),
        message: text(value, "message"),
        since: value["lastTransitionTime"].as_str().and_then(|at| at.parse().ok()),
    };
    list.iter().map(one).collect()
}

/// A moment with its age.
pub(super) fn moment(scene: &Scene<'_>, label: &str, at: Option<Timestamp>) -> Line {
    Line::maybe(label, at, |at| units::moment(scene.now, at))
}

/// What controls it, as a link.
pub(super) fn owner(scene: &Scene<'_>, object: &ObjectRef, owner: Option<&Owner>) -> Line {
    let (Some(owner), Some(path)) = (owner, object.in_kube()) else { return Line::pair("owner", "none") };
    let to = k8s::object_of_kind(scene.world, path.context, &owner.kind, path.namespace, &owner.name);
    let words = short(&to);
    Line::pair("owner", "").leading_to(to, "Summary", &words)
}

/// Labels, one a line.
pub(super) fn labels(title: &str, labels: &[(CompactString, CompactString)]) -> Vec<Line> {
    if labels.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::empty(), Line::heading(title)];
    lines.extend(labels.iter().map(|(key, value)| Line::of(Role::Dim, format!("{key}=")).and(Role::Text, value)));
    lines
}

/// Annotations, one a line, long ones cut.
pub(super) fn annotations(json: &Value) -> Vec<Line> {
    let Some(all) = json["metadata"]["annotations"].as_object() else { return Vec::new() };
    // What was last applied has a place of its own.
    let mut shown = all.iter().filter(|(key, _)| !key.ends_with("/last-applied-configuration")).peekable();
    if shown.peek().is_none() {
        return Vec::new();
    }
    let mut lines = vec![Line::empty(), Line::heading("annotations")];
    lines.extend(shown.map(|(key, value)| {
        let text: String = value.as_str().unwrap_or_default().chars().take(400).collect();
        Line::of(Role::Dim, format!("{key}=")).and(Role::Text, text)
    }));
    lines
}

/// A part of the object, as a tree: what the page has no words of its own for.
pub(super) fn part(title: &str, value: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    tree(value, 0, &mut lines);
    if lines.is_empty() {
        return lines;
    }
    let more = lines.len().saturating_sub(LONGEST);
    lines.truncate(LONGEST);
    if more > 0 {
        lines.push(Line::of(Role::Dim, format!("… {more} more lines in the YAML")));
    }
    lines.splice(0..0, [Line::empty(), Line::heading(title)]);
    lines
}

fn tree(value: &Value, depth: usize, lines: &mut Vec<Line>) {
    let indent = " ".repeat(depth * 2);
    let entry = |head: String, value: &Value, lines: &mut Vec<Line>| match value {
        Value::Object(map) if !map.is_empty() => {
            lines.push(Line::of(Role::Dim, format!("{indent}{head}")));
            tree(value, depth + 1, lines);
        }
        Value::Array(list) if list.iter().any(|value| value.is_object() || value.is_array()) => {
            lines.push(Line::of(Role::Dim, format!("{indent}{head}")));
            tree(value, depth + 1, lines);
        }
        _ => lines.push(Line::of(Role::Dim, format!("{indent}{head:<18} ")).and(Role::Text, leaf(value))),
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| entry(key.clone(), value, lines)),
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                let name =
                    value["name"].as_str().map_or_else(|| format!("{}.", at + 1), |name| format!("{}. {name}", at + 1));
                entry(name, value, lines);
            }
        }
        _ => {}
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(leaf).collect::<Vec<_>>().join(", "),
        Value::Object(_) => "{}".into(),
        other => other.to_string(),
    }
}
