//! Definitions in OpenSLO (`apiVersion: openslo/v1`, <https://github.com/OpenSLO/OpenSLO>), as far as they can be asked of a Prometheus: ratios
//! of counted events over a rolling period. Several documents may stand in a file, among them the SLIs that objectives refer to.

use super::{
    Reader,
    definition::{Counted, Definition, Parts},
};
use crate::{
    model::text::clean_to,
    rulebook::syntax::{node::Node, yaml},
};

/// Annotation for the fewest events that a window is judged by, which OpenSLO has no key for.
const MIN_EVENTS: &str = "flightdeck/minEvents";

pub(super) fn read(text: &str, reader: &mut Reader<'_>) -> Vec<Definition> {
    let documents = match yaml::parse(text) {
        Ok(documents) => documents,
        Err(fault) => {
            let at = Node { span: fault.span, data: Default::default() };
            reader.fault(&at, "", format!("this is no YAML: {}", clean_to(&fault.message, 300)));
            return Vec::new();
        }
    };
    let kind = |node: &Node| node.get("kind").and_then(Node::as_str).unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for document in &documents {
        match document.get("apiVersion") {
            Some(version) if version.as_str() == Some("openslo/v1") => {}
            Some(version) => {
                reader.fault(version, "apiVersion", "only openslo/v1 is read");
                continue;
            }
            None => {
                reader.fault(document, "apiVersion", "this is no OpenSLO: write apiVersion: openslo/v1");
                continue;
            }
        }
        if kind(document) == "SLO" {
            let indicators = documents.iter().filter(|other| kind(other) == "SLI");
            found.extend(objectives(document, &indicators.collect::<Vec<_>>(), reader));
        }
    }
    found
}

fn objectives(document: &Node, indicators: &[&Node], reader: &mut Reader<'_>) -> Vec<Definition> {
    let text = |pointer: &str| document.at(pointer).and_then(Node::as_str).map(ToOwned::to_owned);
    let Some(name) = text("/metadata/name") else {
        reader.fault(document, "metadata.name", "an objective needs a name");
        return Vec::new();
    };
    let spec = document.get("spec").unwrap_or(document);
    let before = reader.problems.len();
    let metric = metric(spec, indicators, reader);
    let window = window(spec, reader);
    let method = spec.get("budgetingMethod").filter(|method| method.as_str() != Some("Occurrences"));
    if let Some(method) = method {
        reader.fault(method, "spec.budgetingMethod", "only Occurrences are counted");
    }
    let all = spec.get("objectives").map_or(&[][..], Node::items);
    if all.is_empty() {
        reader.fault(spec, "spec.objectives", "there is no objective");
    }
    let (Some((counted, part, total)), Some(window)) = (metric, window) else { return Vec::new() };
    if reader.problems.len() > before {
        return Vec::new();
    }
    let single = all.len() == 1;
    let annotations = document.at("/metadata/annotations");
    let min_events = annotations.and_then(|annotations| annotations.get(MIN_EVENTS));
    let least = min_events.map(number);
    let of = |(number, objective): (usize, &Node)| {
        let target = objective.get("target").map(|node| (node, false));
        let Some(target) = target.or(objective.get("targetPercent").map(|node| (node, true))) else {
            reader.fault(objective, "target", "an objective needs a target, such as 0.999");
            return None;
        };
        let own = objective.get("displayName").and_then(Node::as_str);
        let parts = Parts {
            // Several objectives of one document are told apart by their place in it.
            name: if single { name.clone() } else { format!("{name}/{}", number + 1) },
            title: own.map(ToOwned::to_owned).or_else(|| text("/metadata/displayName")),
            service: text("/spec/service"),
            prometheus: part.1.clone(),
            counted,
            part: part.0,
            total,
            target,
            window,
            min_events: least.as_ref(),
        };
        Definition::of(&parts, reader).map(|made| Definition { place: reader.place(objective), ..made })
    };
    all.iter().enumerate().filter_map(of).collect()
}

/// An annotation is a text, also where it is a number.
fn number(node: &Node) -> Node {
    match node.as_str().and_then(|text| text.trim().parse().ok()) {
        Some(number) => Node { data: crate::rulebook::syntax::node::Data::Float(number), ..node.clone() },
        None => node.clone(),
    }
}

/// A query, and the Prometheus that it names.
type Source<'n> = (&'n Node, Option<String>);

/// The queries of the indicator, which stands in the objective or in a document of its own.
fn metric<'n>(
    spec: &'n Node,
    indicators: &[&'n Node],
    reader: &mut Reader<'_>,
) -> Option<(Counted, Source<'n>, &'n Node)> {
    let indicator = match (spec.get("indicator"), spec.get("indicatorRef")) {
        (Some(own), _) => own,
        (None, Some(named)) => {
            let is_it = |other: &&&Node| other.at("/metadata/name").and_then(Node::as_str) == named.as_str();
            let found = indicators.iter().find(is_it);
            if found.is_none() {
                reader.fault(named, "spec.indicatorRef", "no SLI of that name stands in this file");
            }
            found?
        }
        (None, None) => {
            reader.fault(spec, "spec.indicator", "there is no indicator");
            return None;
        }
    };
    let Some(ratio) = indicator.at("/spec/ratioMetric") else {
        reader.fault(indicator, "indicator.spec", "only a ratioMetric is read: no thresholdMetric");
        return None;
    };
    let part = match (ratio.get("good"), ratio.get("bad")) {
        (Some(good), None) => Some((Counted::Good, good)),
        (None, Some(bad)) => Some((Counted::Bad, bad)),
        _ => None,
    };
    let Some(((counted, part), total)) = part.zip(ratio.get("total")) else {
        reader.fault(ratio, "ratioMetric", "write good or bad, and total: no raw ratio");
        return None;
    };
    let part = source(part, reader)?;
    Some((counted, part, source(total, reader)?.0))
}

fn source<'n>(side: &'n Node, reader: &mut Reader<'_>) -> Option<Source<'n>> {
    let source = side.get("metricSource").unwrap_or(side);
    let kind =
        source.get("type").filter(|kind| !kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("prometheus")));
    if let Some(kind) = kind {
        reader.fault(kind, "metricSource.type", "only Prometheus is asked");
        return None;
    }
    let query = source.at("/spec/query");
    if query.is_none() {
        reader.fault(source, "metricSource.spec.query", "there is no query");
    }
    Some((query?, source.get("metricSourceRef").and_then(Node::as_str).map(ToOwned::to_owned)))
}

fn window<'n>(spec: &'n Node, reader: &mut Reader<'_>) -> Option<&'n Node> {
    let Some(window) = spec.get("timeWindow").and_then(|windows| windows.items().first()) else {
        reader.fault(spec, "spec.timeWindow", "there is no period: write - duration: 30d and isRolling: true");
        return None;
    };
    let is_rolling = window.get("isRolling").and_then(Node::as_bool) != Some(false) && window.get("calendar").is_none();
    if !is_rolling {
        reader.fault(
            window,
            "spec.timeWindow",
            "only rolling periods are counted: write isRolling: true and no calendar",
        );
        return None;
    }
    let duration = window.get("duration");
    if duration.is_none() {
        reader.fault(window, "spec.timeWindow.duration", "there is no duration");
    }
    duration
}
