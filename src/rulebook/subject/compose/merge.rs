//! How one compose file lies over another, and a service over the one that it extends. Source:
//! <https://docs.docker.com/reference/compose-file/merge/>.

use super::{
    piece::{Field, Piece, Tag, What},
    short,
};
use crate::rulebook::syntax::node::Data;
use compact_str::CompactString;
use std::collections::{HashMap, HashSet};

/// Lays `over` over `base`. `at` is the field of the service, with dots between its parts; empty for the service itself. Of what both
/// have, the place of the base is kept, unless the value is replaced.
pub fn lay_over(base: Piece, over: Piece, at: &str) -> Piece {
    match over.tag {
        Tag::Override => return over,
        // Nothing written over something leaves it as it is.
        Tag::None if over.is_null() => return base,
        Tag::None | Tag::Reset => {}
    }
    match at {
        "command" | "entrypoint" | "healthcheck.test" => return over,
        "environment" | "labels" | "annotations" | "sysctls" | "build.args" | "build.labels" | "deploy.labels" => {
            return maps(pairs(base, '='), pairs(over, '='), at);
        }
        "extra_hosts" | "build.extra_hosts" => return maps(pairs(base, ':'), pairs(over, ':'), at),
        "depends_on" | "networks" if base.items().is_empty() || over.items().is_empty() => {
            return maps(names(base), names(over), at);
        }
        "build" => return maps(context(base), context(over), at),
        "env_file" | "dns" | "dns_search" | "tmpfs" => return lists(listed(base), listed(over), &scalar_key),
        "ports" => return lists(base, over, &port_key),
        "volumes" | "devices" => return lists(base, over, &target_key),
        "secrets" | "configs" | "build.secrets" => return lists(base, over, &source_key),
        "logging" if differ(&base, &over, "driver") => return over,
        _ => {}
    }
    match (&base.what, &over.what) {
        (What::Map(_), What::Map(_)) => maps(base, over, at),
        (What::List(_), What::List(_)) => lists(base, over, &scalar_key),
        _ => over,
    }
}

/// Two maps, key by key.
fn maps(base: Piece, over: Piece, at: &str) -> Piece {
    let frame = base.with(What::Map(Vec::new()));
    let (What::Map(under), What::Map(upper)) = (base.what, over.what) else { return frame };
    let mut fields: Vec<Option<Field>> = under.into_iter().map(Some).collect();
    let places: HashMap<CompactString, usize> =
        fields.iter().flatten().enumerate().map(|(place, field)| (field.key.clone(), place)).collect();
    for field in upper {
        let deeper = if at.is_empty() { field.key.to_string() } else { format!("{at}.{}", field.key) };
        match places.get(&field.key) {
            Some(place) if field.value.tag == Tag::Reset => fields[*place] = None,
            Some(place) => {
                if let Some(before) = fields[*place].take() {
                    fields[*place] = Some(both(before, field, &deeper));
                }
            }
            None if field.value.tag == Tag::Reset => {}
            None => fields.push(Some(field)),
        }
    }
    frame.with(What::Map(fields.into_iter().flatten().collect()))
}

fn both(before: Field, field: Field, at: &str) -> Field {
    let (under, upper) = (before.value.file, field.value.file);
    let (key, key_span, over_span) = (before.key, before.key_span, field.key_span);
    let value = lay_over(before.value, field.value, at);
    // The key stands where the value does.
    let key_span = if value.file == upper && upper != under { over_span } else { key_span };
    Field { key, key_span, value }
}

/// Two lists: what has the same key is replaced, the rest is added.
fn lists(base: Piece, over: Piece, key: &dyn Fn(&Piece) -> Option<String>) -> Piece {
    let frame = base.with(What::List(Vec::new()));
    let over_frame = over.with(What::List(Vec::new()));
    let (mut items, upper) = match (base.what, over.what) {
        (What::List(items), What::List(upper)) => (items, upper),
        (_, what) => return Piece { what, ..over_frame },
    };
    let mut places: HashMap<String, usize> =
        items.iter().enumerate().filter_map(|(place, item)| Some((key(item)?, place))).collect();
    for item in upper {
        let Some(key) = key(&item) else {
            items.push(item);
            continue;
        };
        match places.get(&key) {
            // The same again changes nothing, and its first place is where it is from.
            Some(place) if items[*place].scalar().is_some_and(|text| item.scalar() == Some(text)) => {}
            Some(place) => items[*place] = item,
            None => {
                places.insert(key, items.len());
                items.push(item);
            }
        }
    }
    frame.with(What::List(items))
}

fn differ(base: &Piece, over: &Piece, key: &str) -> bool {
    let (base, over) = (base.get(key).and_then(Piece::scalar), over.get(key).and_then(Piece::scalar));
    base.is_some() && over.is_some() && base != over
}

/// `[A=1, B]` as `{A: 1, B: }`.
fn pairs(list: Piece, separator: char) -> Piece {
    if let What::Map(_) = list.what {
        return list;
    }
    let field = |item: &Piece| {
        let text = item.scalar()?;
        let (name, value) = match text.split_once(['=', separator]) {
            Some((name, value)) => (name, Data::Text(value.into())),
            None => (text.as_str(), Data::Null),
        };
        let is_opaque = matches!(item.what, What::Scalar(Data::Opaque(_)));
        let value = if is_opaque { opaque(value) } else { value };
        Some(Field { key: name.into(), key_span: item.span, value: item.with(What::Scalar(value)) })
    };
    list.with(What::Map(last_of_each(list.items().iter().filter_map(field))))
}

fn opaque(value: Data) -> Data {
    if let Data::Text(text) = value { Data::Opaque(text.as_str().into()) } else { value }
}

fn last_of_each(fields: impl Iterator<Item = Field>) -> Vec<Field> {
    let fields: Vec<Field> = fields.collect();
    let mut seen = HashSet::new();
    let mut kept: Vec<Field> = fields.into_iter().rev().filter(|field| seen.insert(field.key.clone())).collect();
    kept.reverse();
    kept
}

/// `[a, b]` as `{a: , b: }`.
fn names(list: Piece) -> Piece {
    if let What::Map(_) = list.what {
        return list;
    }
    let field = |item: &Piece| {
        let value = item.with(What::Scalar(Data::Null));
        Some(Field { key: item.scalar()?.into(), key_span: item.span, value })
    };
    list.with(What::Map(last_of_each(list.items().iter().filter_map(field))))
}

/// `build: .` as `build: {context: .}`.
fn context(build: Piece) -> Piece {
    if let What::Map(_) = build.what {
        return build;
    }
    let (frame, key_span) = (build.with(What::Map(Vec::new())), build.span);
    frame.with(What::Map(vec![Field { key: CompactString::const_new("context"), key_span, value: build }]))
}

/// One as a list of one.
fn listed(one: Piece) -> Piece {
    match one.what {
        What::List(_) => one,
        What::Scalar(Data::Null) => one.with(What::List(Vec::new())),
        _ => {
            let frame = one.with(What::List(Vec::new()));
            frame.with(What::List(vec![one]))
        }
    }
}

fn scalar_key(item: &Piece) -> Option<String> {
    item.scalar().or_else(|| item.get("path")?.scalar())
}

fn port_key(item: &Piece) -> Option<String> {
    let part = |key: &str| item.get(key).and_then(Piece::scalar);
    let (address, host, container, protocol) = match item.scalar() {
        Some(text) => {
            let port = short::port(&text);
            (port.address, port.host, port.container, port.protocol)
        }
        None => {
            let protocol = part("protocol").map_or(CompactString::const_new("tcp"), CompactString::from);
            (part("host_ip"), part("published"), part("target")?, protocol)
        }
    };
    Some(format!("{}|{}|{container}|{protocol}", address.unwrap_or_default(), host.unwrap_or_default()))
}

fn target_key(item: &Piece) -> Option<String> {
    let target = match item.scalar() {
        Some(text) => short::volume(&text).target,
        None => item.get("target")?.scalar()?,
    };
    Some(target.trim_end_matches('/').to_owned())
}

fn source_key(item: &Piece) -> Option<String> {
    let part = |key: &str| item.get(key).and_then(Piece::scalar);
    item.scalar().or_else(|| part("target")).or_else(|| part("source"))
}
