//! Definitions in TOML, with the names of OpenSLO:
//!
//! ```toml
//! [[slo]]
//! name = "checkout"                  # unique
//! displayName = "Checkout answers"   # optional
//! service = "shop"                   # optional
//! target = 0.999                     # or targetPercent = 99.9
//! timeWindow = "30d"                 # rolling: h, d, w, M (30 days), Q (90), Y (365)
//! minEvents = 100                    # optional: windows with fewer events are not judged
//! metricSourceRef = "prod"           # optional: which Prometheus, where there are several
//! ratioMetric.good = 'sum(increase(requests_total{code!~"5.."}[{{window}}]))'   # or bad
//! ratioMetric.total = "requests_total"   # a plain counter stands for sum(increase(…[{{window}}]))
//! ```

use super::{
    Reader,
    definition::{Counted, Definition, Parts},
};
use crate::{
    model::{finding::Span, nearest::did_you_mean, text::clean_to},
    rulebook::syntax::{
        node::{Data, Entry, Node},
        places::Places,
    },
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Keys of an objective.
const KEYS: &[&str] = &[
    "name",
    "displayName",
    "description",
    "service",
    "target",
    "targetPercent",
    "timeWindow",
    "minEvents",
    "metricSourceRef",
    "ratioMetric",
];

pub(super) fn read(text: &str, reader: &mut Reader<'_>) -> Vec<Definition> {
    let places = Places::of(text);
    let root = match DeTable::parse(text) {
        Ok(table) => table_node(table.get_ref(), places.span(0, 0), &places),
        Err(error) => {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            let span = error.span().map_or(0..0, |span| span);
            let at = Node { span: Some(places.span(span.start, span.end)), data: Data::Null };
            reader.fault(&at, "", format!("this is no TOML: {}", clean_to(&message, 300)));
            return Vec::new();
        }
    };
    for entry in root.entries().iter().filter(|entry| entry.key != "slo") {
        let at = Node { span: entry.key_span, data: Data::Null };
        reader.fault(&at, &entry.key, format!("there is no key «{}»: write [[slo]]", clean_to(&entry.key, 40)));
    }
    let Some(all) = root.get("slo") else { return Vec::new() };
    if all.items().is_empty() {
        reader.fault(all, "slo", "write [[slo]], with two brackets");
    }
    all.items().iter().filter_map(|one| objective(one, reader)).collect()
}

fn objective(node: &Node, reader: &mut Reader<'_>) -> Option<Definition> {
    unknown(node, KEYS, reader);
    let text = |key: &str| node.get(key).and_then(Node::as_str).map(ToOwned::to_owned);
    let Some(name) = text("name").filter(|name| !name.trim().is_empty()) else {
        reader.fault(node, "name", "an objective needs a name");
        return None;
    };
    let missing = |key: &str, what: &str, reader: &mut Reader<'_>| {
        reader.fault(node, key, format!("«{}» lacks it: write {what}", clean_to(&name, 40)));
    };
    let Some(metric) = node.get("ratioMetric") else {
        missing("ratioMetric", "ratioMetric.good (or bad) and ratioMetric.total", reader);
        return None;
    };
    unknown(metric, &["good", "bad", "total"], reader);
    let part = match (metric.get("good"), metric.get("bad")) {
        (Some(good), None) => Some((Counted::Good, good)),
        (None, Some(bad)) => Some((Counted::Bad, bad)),
        _ => None,
    };
    let target = node.get("target").map(|node| (node, false)).or(node.get("targetPercent").map(|node| (node, true)));
    let (total, window) = (metric.get("total"), node.get("timeWindow"));
    if part.is_none() {
        reader.fault(metric, "ratioMetric", "write one of good and bad");
    }
    if total.is_none() {
        reader.fault(metric, "ratioMetric.total", "write the query of all events");
    }
    if target.is_none() {
        missing("target", "target = 0.999", reader);
    }
    if window.is_none() {
        missing("timeWindow", "timeWindow = \"30d\"", reader);
    }
    let (counted, part) = part?;
    let parts = Parts {
        title: text("displayName"),
        service: text("service"),
        prometheus: text("metricSourceRef"),
        counted,
        part,
        total: total?,
        target: target?,
        window: window?,
        min_events: node.get("minEvents"),
        name,
    };
    let made = Definition::of(&parts, reader);
    made.map(|made| Definition { place: reader.place(node), ..made })
}

fn unknown(node: &Node, known: &[&str], reader: &mut Reader<'_>) {
    for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
        let at = Node { span: entry.key_span, data: Data::Null };
        let near = did_you_mean(&entry.key, known.iter().copied());
        reader.fault(&at, &entry.key, format!("there is no key «{}»{near}", clean_to(&entry.key, 40)));
    }
}

fn node(value: &Spanned<DeValue<'_>>, places: &Places<'_>) -> Node {
    let span = places.span(value.span().start, value.span().end);
    let data = match value.get_ref() {
        DeValue::String(text) => Data::Text(text.as_ref().into()),
        DeValue::Boolean(truth) => Data::Bool(*truth),
        DeValue::Integer(number) => number.to_string().parse().map_or(Data::Null, Data::Int),
        DeValue::Float(number) => number.to_string().parse().map_or(Data::Null, Data::Float),
        DeValue::Datetime(time) => Data::Text(time.to_string().into()),
        DeValue::Array(items) => Data::List(items.iter().map(|item| node(item, places)).collect()),
        DeValue::Table(table) => return table_node(table, span, places),
    };
    Node { span: Some(span), data }
}

fn table_node(table: &DeTable<'_>, span: Span, places: &Places<'_>) -> Node {
    let entry = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().as_ref().into(),
        key_span: Some(places.span(key.span().start, key.span().end)),
        value: node(value, places),
    };
    Node { span: Some(span), data: Data::Map(table.iter().map(entry).collect()) }
}
