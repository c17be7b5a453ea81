//! 04c: an alert that is defined twice, by its name or by its expression.

use crate::model::finding::{Level, Scope, Span};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    subject::kubernetes::group_of,
    syntax::node::Node,
    tree::{File, Kind, Tree},
};
use std::collections::HashMap;

/// An alert twice.
pub struct Alerts;

static META: Meta = Meta {
    id: "04c",
    title: "alert name or expression twice",
    level: Level::Warn,
    scopes: &[Scope::Repo],
    why: "One trouble pages twice, and who corrects a threshold corrects one of the two.",
    fix: "Keep one of them. Steps of one alert (warning, critical) share its name and differ in their labels.",
    precedent: &["promtool check rules --lint=duplicate-rules"],
    references: &["https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"],
    parameters: &[],
};

/// An alerting rule of a file.
struct Alert<'t> {
    file: &'t File,
    name: String,
    name_span: Option<Span>,
    expression: String,
    expression_span: Option<Span>,
    /// Labels in one order: alerts of one name that differ in them are steps of one.
    labels: String,
    severity: String,
}

impl Check for Alerts {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let alerts = alerts(tree);
        let mut names: HashMap<(&str, &str), (&Alert<'_>, usize)> = HashMap::new();
        let mut expressions: HashMap<(&str, &str), (&Alert<'_>, usize)> = HashMap::new();
        for alert in &alerts {
            let by_name = names.entry((&alert.name, &alert.labels)).or_insert((alert, 0));
            let by_expression = expressions.entry((&alert.expression, &alert.severity)).or_insert((alert, 0));
            if !std::ptr::eq(by_name.0, alert) {
                by_name.1 += 1;
                out.at(alert.file, alert.name_span)
                    .observed(format!("alert {}, also at {}", alert.name, place(by_name.0.file, by_name.0.name_span)))
                    .key(format!("name {} {} {}", alert.name, alert.labels, by_name.1))
                    .expected("one alert of this name with these labels")
                    .fail();
            } else if !alert.expression.is_empty() && !std::ptr::eq(by_expression.0, alert) {
                let first = by_expression.0;
                by_expression.1 += 1;
                if first.name == alert.name {
                    // Another step of the same alert: after a longer time, for other people.
                    continue;
                }
                let there = place(first.file, first.expression_span);
                out.at(alert.file, alert.expression_span)
                    .observed(format!("the expression of {} is that of {} at {there}", alert.name, first.name))
                    .key(format!("expression {} {}", alert.name, first.name))
                    .expected("one alert of this expression and severity")
                    .fail();
            }
        }
        if alerts.is_empty() { Judged::No } else { Judged::Yes }
    }

    fn reads(&self) -> Option<&'static [Kind]> {
        Some(&[Kind::PrometheusRules, Kind::Kubernetes])
    }
}

fn place(file: &File, span: Option<Span>) -> String {
    span.map_or_else(|| file.path.to_string(), |span| format!("{}:{}", file.path, span.line))
}

/// Every alerting rule of the files of rules, and of the `PrometheusRule`s.
fn alerts(tree: &Tree) -> Vec<Alert<'_>> {
    let mut alerts = Vec::new();
    for file in tree.files.values() {
        if file.kind == Kind::PrometheusRules {
            file.documents().iter().for_each(|document| groups(file, document, &mut alerts));
        }
        for resource in &file.resources {
            let is_rules =
                resource.kind == "PrometheusRule" && group_of(&resource.api_version) == "monitoring.coreos.com";
            if let Some(spec) = resource.at("/spec").filter(|_| is_rules) {
                groups(file, spec, &mut alerts);
            }
        }
    }
    alerts
}

fn groups<'t>(file: &'t File, node: &'t Node, alerts: &mut Vec<Alert<'t>>) {
    let items = |node: &'t Node, key: &str| node.get(key).map(Node::items).unwrap_or_default();
    for rule in items(node, "groups").iter().flat_map(|group| items(group, "rules")) {
        let Some(name) = rule.get("alert") else { continue };
        let mut labels: Vec<String> = rule
            .get("labels")
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .map(|entry| format!("{}={}", entry.key, entry.value.scalar().unwrap_or_default()))
            .collect();
        labels.sort_unstable();
        let severity = labels.iter().find(|label| label.starts_with("severity=")).cloned().unwrap_or_default();
        let expression = rule.get("expr");
        alerts.push(Alert {
            file,
            name: name.scalar().unwrap_or_default(),
            name_span: name.span,
            expression: normal(&expression.and_then(Node::scalar).unwrap_or_default()),
            expression_span: expression.and_then(|expression| expression.span),
            labels: labels.join(","),
            severity,
        });
    }
}

/// An expression without comments and the white space that means nothing.
fn normal(expression: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.');
    let mut text = String::with_capacity(expression.len());
    let (mut quote, mut gap) = (None, false);
    let mut signs = expression.chars();
    while let Some(c) = signs.next() {
        match quote {
            Some(_) if c == '\\' => {
                text.push(c);
                text.extend(signs.next());
                continue;
            }
            Some(open) => {
                text.push(c);
                if c == open {
                    quote = None;
                }
                continue;
            }
            None => {}
        }
        if c == '#' {
            signs.by_ref().find(|c| *c == '\n');
            gap = true;
        } else if c.is_whitespace() {
            gap = true;
        } else {
            if gap && is_word(c) && text.ends_with(is_word) {
                text.push(' ');
            }
            gap = false;
            quote = matches!(c, '"' | '\'' | '`').then_some(c);
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;
    use proptest::prelude::*;

    fn rules(rules: &str) -> String {
        format!("groups:\n- name: g\n  rules:\n{rules}")
    }

    #[test]
    fn a_name_twice_is_found_over_files() {
        let one = rules("  - alert: Down\n    expr: up == 0\n    labels: {severity: page, team: a}\n");
        let two = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\nspec:\n  groups:\n  - name: g\n    rules:\n    - alert: Down\n      expr: up < 1\n      labels: {team: a, severity: page}\n";
        assert_eq!(told(&Alerts, &[("a.yml", &one), ("b.yml", two)]), ["b.yml:8:14 alert Down, also at a.yml:4"]);
        assert_eq!(told(&Alerts, &[("a.yml", &one), ("b.yml", &one)]).len(), 1, "an exact copy is one finding");
    }

    #[test]
    fn an_expression_twice_is_found_whatever_its_spaces() {
        let text =
            rules("  - alert: Down\n    expr: up == 0\n  - alert: Gone\n    expr: |\n      # is it up?\n      up==0\n");
        assert_eq!(told(&Alerts, &[("a.yml", &text)]), ["a.yml:8:7 the expression of Gone is that of Down at a.yml:5"]);
    }

    #[test]
    fn steps_of_an_alert_are_no_copies() {
        let text = rules(
            "  - alert: Full\n    expr: free < 10\n    labels: {severity: warning}\n  - alert: Full\n    expr: free < 5\n    labels: {severity: critical}\n  - alert: FullForLong\n    expr: free < 10\n    for: 1h\n    labels: {severity: critical}\n  - record: r\n    expr: free < 10\n  - record: r\n    expr: free < 10\n",
        );
        assert_eq!(told(&Alerts, &[("a.yml", &text)]), [""; 0]);
    }

    #[test]
    fn expressions_are_compared_by_meaning() {
        assert_eq!(normal("sum by (a) ( x ) / 2"), normal("sum by(a)(x)/2"));
        assert_ne!(normal("x{a=\"b c\"}"), normal("x{a=\"bc\"}"));
        assert_ne!(normal("a and b"), normal("aandb"));
        assert_eq!(normal("x{a=\"#\"} # end"), "x{a=\"#\"}");
    }

    proptest! {
        #[test]
        fn any_expression_is_taken(text in any::<String>()) {
            let once = normal(&text);
            prop_assert!(once.len() <= text.len());
        }
    }
}
