//! 00b: templates are no objects until they are rendered; that they were not judged is said once a chart.

use crate::model::finding::{Level, Scope};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    subject::kustomize,
    tree::{File, Kind, Tree, folder_of},
};
use std::{collections::BTreeMap, sync::Arc};

/// Templates that are not rendered.
pub struct Unrendered;

static META: Meta = Meta {
    id: "00b",
    title: "templates that are not rendered are not judged",
    level: Level::Info,
    scopes: &[Scope::Repo],
    why: "What a template becomes depends on values that are not in it. Nothing is guessed, so nothing in it was checked.",
    fix: "Render the chart into a folder of the repository (`helm template . > rendered/all.yaml`): that is judged like any manifest.",
    precedent: &["checkov#3065"],
    references: &["https://helm.sh/docs/helm/helm_template/"],
    parameters: &[],
};

impl Check for Unrendered {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let mut charts: BTreeMap<&str, (Option<&File>, Vec<&Arc<File>>)> = BTreeMap::new();
        for file in tree.of_kind(Kind::HelmTemplate) {
            let chart = kustomize::chart_of(tree, &file.path);
            let home = chart.map_or_else(|| folder_of(&file.path), File::folder);
            charts.entry(home).or_insert((chart, Vec::new())).1.push(file);
        }
        for (chart, templates) in charts.values() {
            let count = match templates.len() {
                1 => "1 template is".to_owned(),
                many => format!("{many} templates are"),
            };
            let Some(place) = chart.or(templates.first().map(|file| &***file)) else { continue };
            out.at(place, None).key("templates").unknown(format!("{count} not rendered, and not judged"));
        }
        if charts.is_empty() { Judged::No } else { Judged::Yes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn one_finding_a_chart() {
        let template = "kind: {{ .Values.kind }}\n";
        let found = told(
            &Unrendered,
            &[
                ("charts/a/Chart.yaml", "name: a\nversion: 1.0.0\n"),
                ("charts/a/templates/x.yaml", template),
                ("charts/a/templates/sub/_y.tpl", template),
                ("charts/a/templates/plain.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
                ("roles/r/templates/z.yaml", template),
                ("rendered/x.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"),
            ],
        );
        assert_eq!(
            found,
            [
                "? charts/a/Chart.yaml 2 templates are not rendered, and not judged",
                "? roles/r/templates/z.yaml 1 template is not rendered, and not judged"
            ]
        );
    }
}
