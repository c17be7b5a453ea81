//! Reads a policy: `.flightdeck.toml` of a repository, or the section of a user's configuration. Every fault is found in one go, and
//! names its place and what to write.

use super::{
    Authority, CheckPolicy, Layout, Policy, Protected, Waiver,
    catalogue::{Catalogue, Shape},
    globs, packs, vouched,
};
use crate::model::{
    finding::Level,
    nearest::did_you_mean,
    spots::{
        Problem,
        fields::{Fields, Reader, inner},
        no_toml, plain,
    },
    text::clean_to,
};
use toml::de::DeTable;

impl Policy {
    /// Reads the policy of a repository.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, Vec<Problem>> {
        let (policy, faults) = Self::read(text, file_name, &[], &Catalogue::built_in());
        if faults.is_empty() { Ok(policy) } else { Err(faults) }
    }

    /// Reads what can be read, and names what cannot: of the text whole, or of a section of it (`["rules"]`). What is wrong is left
    /// out; a waiver that lacks something waives nothing.
    pub fn read(text: &str, file_name: &str, section: &[&str], known: &Catalogue) -> (Self, Vec<Problem>) {
        let mut reader = Reader::new(file_name, text);
        let policy = match DeTable::parse(text) {
            Ok(table) => section_of(table.get_ref(), section, &mut reader)
                .map_or_else(Self::default, |fields| policy(fields, &mut reader, known)),
            Err(error) => {
                let (offset, text) = no_toml(&error);
                reader.fault(offset.unwrap_or(0), "", text);
                Self::default()
            }
        };
        let mut faults = reader.faults;
        faults.sort_by_key(|fault| fault.place.at);
        (policy, faults)
    }
}

/// The table of a section; nothing where it is not there.
fn section_of<'t, 's>(root: &'t DeTable<'s>, section: &[&str], reader: &mut Reader<'_>) -> Option<Fields<'t, 's>> {
    let mut fields = Fields::new(root, "", 0);
    for part in section {
        let (_, _, spot) = fields.entries().find(|(name, ..)| name == part)?;
        let key = fields.key(part);
        fields = inner(reader, &key, spot, &format!("a table: [{key}]"))?;
    }
    Some(fields)
}

fn policy(mut fields: Fields<'_, '_>, reader: &mut Reader<'_>, known: &Catalogue) -> Policy {
    let mut policy = Policy { exclude: patterns(&mut fields, reader, "exclude"), ..Policy::default() };
    if let Some(checks) = fields.table(reader, "checks") {
        for (id, start, spot) in checks.entries() {
            let key = checks.key(id);
            if let Err(why) = known.parameters(id) {
                reader.fault(start, &key, why);
            } else if let Some(table) = inner(reader, &key, spot, &format!("a table: [{key}]")) {
                policy.checks.insert(id.to_owned(), check(table, reader, known, id));
            }
        }
    }
    if let Some(mut table) = fields.table(reader, "packs") {
        policy.packs.enable = table.list(reader, "enable").map(|names| pack_names(names, &table.key("enable"), reader));
        table.finish(reader, &[]);
    }
    if let Some(owners) = fields.table(reader, "owners") {
        for (pattern, start, spot) in owners.entries() {
            let key = owners.key(pattern);
            if let Err(why) = globs::check(pattern) {
                reader.fault(start, &key, format!("{why}: write a path like \"deploy/**\""));
            } else if let Some(owner) = reader.text(&key, spot, "the owner as a text in quotes") {
                policy.owners.insert(pattern.to_owned(), owner);
            }
        }
    }
    for table in fields.tables(reader, "waiver") {
        policy.waivers.extend(waiver(table, reader, known));
    }
    policy.baseline = baseline(&mut fields, reader);
    if let Some(table) = fields.table(reader, "layout") {
        layout(table, reader, &mut policy);
    }
    policy.authority = fields.table(reader, "authority").and_then(|table| authority(table, reader));
    for table in fields.tables(reader, "protected") {
        policy.protected.extend(protected(table, reader));
    }
    for table in fields.tables(reader, "attestation") {
        policy.attestation.extend(vouched::attestation(table, reader));
    }
    for table in fields.tables(reader, "require") {
        policy.require.extend(vouched::required(table, reader));
    }
    fields.finish(reader, &known.foreign);
    policy
}

/// A path below the root: no policy makes us read, or write, beside its repository.
fn baseline(fields: &mut Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<String> {
    let (key, spot) = fields.spot("baseline")?;
    let path = reader.text(&key, spot, "a path as a text in quotes")?;
    let path = path.strip_prefix("./").unwrap_or(&path);
    if path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..") {
        let shown = clean_to(path, 60);
        let text = format!("«{shown}» is no path below the root: write one like \"{}\"", super::BASELINE);
        reader.fault(spot.span().start, key, text);
        return None;
    }
    Some(path.to_owned())
}

/// A list of patterns, without those that are none.
fn patterns(fields: &mut Fields<'_, '_>, reader: &mut Reader<'_>, name: &'static str) -> Vec<String> {
    let key = fields.key(name);
    let listed = fields.list(reader, name).unwrap_or_default();
    let good = listed.into_iter().filter_map(|(start, pattern)| match globs::check(&pattern) {
        Ok(()) => Some(pattern),
        Err(why) => {
            reader.fault(start, &key, format!("«{}»: {why}: write one like \"vendor/**\"", clean_to(&pattern, 60)));
            None
        }
    });
    good.collect()
}

fn pack_names(names: Vec<(usize, String)>, key: &str, reader: &mut Reader<'_>) -> Vec<String> {
    let known = || packs::PACKS.iter().map(|pack| pack.name);
    let good = names.into_iter().filter_map(|(start, name)| {
        if known().any(|pack| pack == name) {
            return Some(name);
        }
        let (shown, near) = (clean_to(&name, 60), did_you_mean(&name, known()));
        let all = known().collect::<Vec<_>>().join(", ");
        reader.fault(start, key, format!("there is no pack «{shown}»{near}; known: {all}"));
        None
    });
    good.collect()
}

/// What is said to one check.
fn check(mut table: Fields<'_, '_>, reader: &mut Reader<'_>, known: &Catalogue, id: &str) -> CheckPolicy {
    let mut said = CheckPolicy {
        enabled: table.truth(reader, "enabled"),
        level: level(&mut table, reader),
        exclude: patterns(&mut table, reader, "exclude"),
        ..CheckPolicy::default()
    };
    let declared = known.parameters(id).unwrap_or_default();
    for (name, start, spot) in table.entries().filter(|(name, ..)| !["enabled", "level", "exclude"].contains(name)) {
        let key = table.key(name);
        let Some((_, shape)) = declared.iter().find(|(parameter, _)| *parameter == name) else {
            reader.fault(start, key, no_parameter(id, name, declared.iter().map(|(name, _)| name.as_str())));
            continue;
        };
        let fits = match shape {
            Shape::Any => true,
            Shape::Number => reader.number(&key, spot).is_some(),
            Shape::Text => reader.text(&key, spot, "a text in quotes").is_some(),
            Shape::Texts => {
                let before = reader.count;
                reader.list(&key, spot, "a list of texts: [\"…\"]");
                reader.count == before
            }
        };
        if fits {
            let value = match (shape, plain(spot)) {
                (Shape::Texts, toml::Value::String(text)) => toml::Value::Array(vec![text.into()]),
                (_, value) => value,
            };
            said.parameters.insert(name.to_owned(), value);
        }
    }
    said
}

fn no_parameter<'n>(id: &str, name: &str, own: impl Iterator<Item = &'n str>) -> String {
    let words: Vec<&str> = ["enabled", "level", "exclude"].into_iter().chain(own).collect();
    let near = did_you_mean(name, words.iter().copied());
    format!("check {id} has no key «{}»{near}; known: {}", clean_to(name, 60), words.join(", "))
}

fn level(table: &mut Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<String> {
    let (key, spot) = table.spot("level")?;
    let words = || Level::ALL.into_iter().map(Level::word);
    let wanted = format!("one of {}", words().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "));
    let word = reader.text(&key, spot, &wanted)?;
    if words().any(|known| known == word) {
        return Some(word);
    }
    let near = did_you_mean(&word, words());
    reader.fault(spot.span().start, key, format!("there is no level «{}»{near}: write {wanted}", clean_to(&word, 60)));
    None
}

/// A waiver; nothing where something is missing or wrong. A date that cannot be read is left in: it counts as expired, and reports
/// say so.
fn waiver(mut table: Fields<'_, '_>, reader: &mut Reader<'_>, known: &Catalogue) -> Option<Waiver> {
    let before = reader.count;
    let waiver = Waiver {
        rule: loose(&mut table, reader, "rule", "a check (\"11f\") or a rule (\"11\")"),
        target: table.text(reader, "target").unwrap_or_default(),
        owner: table.text(reader, "owner").unwrap_or_default(),
        reason: table.text(reader, "reason").unwrap_or_default(),
        expires: loose(&mut table, reader, "expires", "a date like 2026-12-31"),
        approved_by: table.text(reader, "approved-by"),
        place: reader.place(table.start).to_string(),
    };
    if reader.count == before {
        lacking(&waiver, &table, reader);
    }
    if let (Some((key, spot)), false) = (table.spot("rule"), waiver.rule.is_empty())
        && let Err(why) = known.rule(&waiver.rule)
    {
        reader.fault(spot.span().start, key, why);
    }
    if let (Some((key, spot)), false) = (table.spot("target"), waiver.target.trim().is_empty())
        && let Err(why) = globs::check_target(&waiver.target)
    {
        let wanted = "write a path, a label of an object or a fingerprint";
        reader.fault(spot.span().start, key, format!("«{}»: {why}: {wanted}", clean_to(&waiver.target, 60)));
    }
    table.finish(reader, &[]);
    (reader.count == before).then_some(waiver)
}

/// Names what a waiver lacks.
fn lacking(waiver: &Waiver, table: &Fields<'_, '_>, reader: &mut Reader<'_>) {
    for key in waiver.missing() {
        let example = match key {
            "rule" => "rule = \"11f\"",
            "target" => "target = \"deploy/compose.yml\"",
            "owner" => "owner = \"who answers for it\"",
            "reason" => "reason = \"why it is accepted\"",
            _ => "expires = 2026-12-31",
        };
        reader.fault(table.start, table.name(), format!("a waiver without «{key}» waives nothing: write {example}"));
    }
}

/// A value that may be written as a text, a number or a time.
fn loose(table: &mut Fields<'_, '_>, reader: &mut Reader<'_>, name: &'static str, wanted: &str) -> String {
    let Some((key, spot)) = table.spot(name) else { return String::new() };
    match plain(spot) {
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        _ => reader.text(&key, spot, wanted).unwrap_or_default(),
    }
}

fn layout(mut table: Fields<'_, '_>, reader: &mut Reader<'_>, policy: &mut Policy) {
    let Layout { scripts, docs, runbooks, decisions, docker, infrastructure, deploy, ports, archive } =
        &mut policy.layout;
    let lists = [("scripts", scripts), ("docker", docker), ("infrastructure", infrastructure)];
    let trimmed = |folder: &str| folder.trim_start_matches("./").trim_matches('/').to_owned();
    for (name, place) in lists {
        if let Some(folders) = table.list(reader, name) {
            *place = folders.iter().map(|(_, folder)| trimmed(folder)).collect();
            policy.layout_keys.insert(name.into());
        }
    }
    let texts = [
        ("docs", docs),
        ("runbooks", runbooks),
        ("decisions", decisions),
        ("deploy", deploy),
        ("ports", ports),
        ("archive", archive),
    ];
    for (name, place) in texts {
        if let Some(path) = table.text(reader, name) {
            *place = trimmed(&path);
            policy.layout_keys.insert(name.into());
        }
    }
    table.finish(reader, &[]);
}

fn authority(mut table: Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Authority> {
    let folder = table.text(reader, "folder");
    let lock = table.text(reader, "lock");
    if folder.is_none() {
        reader.fault(table.start, table.name(), "the authority needs its folder: write folder = \"docs/authority\"");
    }
    table.finish(reader, &[]);
    Some(Authority { folder: folder?.trim_matches('/').to_owned(), lock })
}

fn protected(mut table: Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Protected> {
    let name = table.text(reader, "name");
    let server = Protected {
        kind: table.text(reader, "kind"),
        namespace: table.text(reader, "namespace"),
        name: name.clone().unwrap_or_default(),
        reason: table.text(reader, "reason").unwrap_or_default(),
        authority: table.text(reader, "authority"),
        backup_hours: table.number(reader, "backup-hours"),
        backup_file: table.text(reader, "backup-file"),
        backup_marker: table.text(reader, "backup-marker"),
        backup_job: table.text(reader, "backup-job"),
    };
    if server.backup_job.as_ref().is_some_and(|job| job.split('/').filter(|part| !part.is_empty()).count() != 2) {
        reader.fault(
            table.start,
            table.name(),
            "a CronJob is named with its namespace: write backup-job = \"db/dump\"",
        );
    }
    if name.is_none() {
        let message = "a protected server needs its name: write name = \"mcp-*\"";
        reader.fault(table.start, table.name(), message);
    }
    table.finish(reader, &[]);
    name.map(|_| server)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
