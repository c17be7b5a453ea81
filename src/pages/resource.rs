//! One object of any other kind: a Service, a ConfigMap, a custom resource.

use super::{Details, k8s};
use crate::{
    model::{
        kubernetes::{KubeTable, TableRow},
        object::{ObjectKind, ObjectRef},
        units,
    },
    ui::{lines::Line, scene::Scene, theme::Role},
    world::World,
};
use compact_str::CompactString;
use serde_json::Value;

/// One object of any other kind.
pub struct ResourcePage;

/// Its row in the table of its kind, where that is the kind that is looked at.
fn row<'w>(world: &'w World, object: &ObjectRef) -> Option<(&'w KubeTable, &'w TableRow)> {
    let path = object.in_kube()?;
    let table = world.observed.kube.tables.get(path.context).filter(|table| table.resource == path.resource)?;
    let row = table.rows.iter().find(|row| row.namespace == path.namespace && row.name == path.name)?;
    Some((table, row))
}

fn pairs(json: &Value) -> Vec<(CompactString, CompactString)> {
    let labels = json["metadata"]["labels"].as_object();
    let pair = |(key, value): (&String, &Value)| (key.as_str().into(), value.as_str().unwrap_or_default().into());
    labels.into_iter().flatten().map(pair).collect()
}

impl Details for ResourcePage {
    fn kinds(&self) -> &'static [ObjectKind] {
        &[ObjectKind::Resource]
    }
    fn name(&self, world: &World, object: &ObjectRef) -> String {
        let resource = object.in_kube().map(|path| path.resource).unwrap_or_default();
        format!("{resource} {}", k8s::name(world, object))
    }
    fn state(&self, scene: &Scene<'_>, object: &ObjectRef) -> String {
        let json = k8s::details(scene.world, object).map(|details| &details.json);
        let phase = json.and_then(|json| json["status"]["phase"].as_str()).map(ToOwned::to_owned);
        let age = row(scene.world, object).and_then(|(_, row)| row.created_at);
        phase.or_else(|| age.map(|at| format!("{} old", units::age(scene.now, at)))).unwrap_or_default()
    }
    fn summary(&self, scene: &Scene<'_>, object: &ObjectRef) -> Option<Vec<Line>> {
        let row = row(scene.world, object);
        let details = k8s::details(scene.world, object);
        if row.is_none() && details.is_none() {
            return k8s::asking(scene, object).map(|line| vec![line]);
        }
        let mut lines = Vec::new();
        if let Some((table, row)) = row {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                lines.push(Line::pair(&column.name.to_lowercase(), cell));
            }
            lines.push(k8s::moment(scene, "created", row.created_at));
        }
        lines.extend(k8s::asking(scene, object));
        if let Some(json) = details.map(|details| &details.json) {
            lines.extend(k8s::conditions(scene, &k8s::conditions_of(json)));
            let own = ["apiVersion", "kind", "metadata", "status"];
            for (key, value) in json.as_object().into_iter().flatten().filter(|(key, _)| !own.contains(&key.as_str())) {
                lines.extend(k8s::part(key, value));
            }
            let mut status = json["status"].clone();
            if let Some(status) = status.as_object_mut() {
                status.remove("conditions");
            }
            lines.extend(k8s::part("status", &status));
            lines.extend(k8s::labels("labels", &pairs(json)));
            lines.extend(k8s::annotations(json));
        }
        Some(lines)
    }
    fn yaml(&self, world: &World, object: &ObjectRef) -> Option<String> {
        k8s::yaml(world, object, row(world, object).and_then(|(_, row)| super::yaml::of(row)))
    }
    fn why(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let problems = k8s::details(scene.world, object).map(|details| details.problems.as_slice()).unwrap_or_default();
        let known = problems.iter().map(|problem| Line::of(Role::Unknown, problem)).collect();
        k8s::why(scene, object, known)
    }
    fn events(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        k8s::events(scene, object)
    }
    fn has_revisions(&self) -> bool {
        true
    }
    fn revisions(&self, scene: &Scene<'_>, object: &ObjectRef) -> Vec<Line> {
        let Some(details) = k8s::details(scene.world, object) else {
            return k8s::asking(scene, object).into_iter().collect();
        };
        let part = |title: &str, diff: Option<&str>, none: &str| {
            let mut lines = vec![Line::heading(title)];
            lines.extend(match diff {
                None => vec![Line::of(Role::Dim, none)],
                Some("") => vec![Line::of(Role::Dim, "no difference")],
                Some(text) => k8s::diff(text),
            });
            lines.push(Line::empty());
            lines
        };
        let applied = part(
            "against what was last applied (kubectl apply)",
            details.applied_diff.as_deref(),
            "nothing says what was applied",
        );
        let seen = part(
            "against what was seen here before",
            details.seen_diff.as_deref(),
            "it has not changed since the cockpit looks",
        );
        [applied, seen].concat()
    }
}
