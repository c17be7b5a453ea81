//! Templates for status updates: a text with `{placeholders}`, built in for two audiences and the user's own from TOML.
//!
//! There is nothing to it but replacement: no conditions, no loops, so that nothing can go wrong when it matters. A brace is written twice.

use super::{Cadence, due};
use crate::incident::{sentence::one_line, state::Incident};
use crate::model::{
    Timestamp,
    journal::{Milestone, Phase, Role},
    nearest,
    spots::{Place, Problem, line_and_column},
    units,
};
use compact_str::CompactString;
use jiff::SignedDuration;
use serde::Deserialize;
use std::fmt::Write;
use toml::Spanned;

/// Every placeholder, and what stands in its place.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    ("incident", "the incident's name: INC-7"),
    ("title", "its title"),
    ("severity", "its severity: sev2"),
    ("phase", "how far the work is: mitigating"),
    ("since", "when the impact began, or else when it was declared, UTC"),
    ("duration", "for how long it has gone on: 1h 5m"),
    ("commander", "who has command"),
    ("status", "what was last said of how far the work is"),
    ("text", "what is written for this update; without it a sentence for the phase"),
    ("next_update", "when the next update follows, UTC"),
    ("now", "the time of this update, UTC"),
];

/// What is known of something that nobody has said.
const UNKNOWN: &str = "not known yet";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// Place in [`PLACEHOLDERS`].
    Field(usize),
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub name: CompactString,
    /// Whom updates made from it are for.
    pub audience: CompactString,
    parts: Vec<Part>,
}

/// What is wrong with a template, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(String);

const INTERNAL: &str = "{incident} {severity}, {phase}: {title}\n{text}\n\
    Since {since} ({duration}). Commander: {commander}. Next update: {next_update}.";

const CUSTOMERS: &str = "{title}\n{text}\nIt began at {since}. Our next update: {next_update}.";

/// The templates that are built in: `internal`, which names people, and `customers`, which does not.
pub fn built_in() -> Vec<Template> {
    let made = [("internal", INTERNAL), ("customers", CUSTOMERS)];
    made.into_iter().filter_map(|(name, text)| Template::parse(name, name, text).ok()).collect()
}

impl Template {
    /// Reads a text with placeholders.
    ///
    /// # Errors
    /// A placeholder that is not known, or a brace that stands alone.
    pub fn parse(name: &str, audience: &str, text: &str) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
            if after.starts_with(brace) {
                plain.push_str(brace);
                rest = &after[1..];
                continue;
            }
            let end = after.find('}').filter(|_| brace == "{");
            let end =
                end.ok_or_else(|| Fault(format!("a {brace} stands alone; write {brace}{brace} for the sign itself")))?;
            let field = after[..end].trim();
            let known = PLACEHOLDERS.iter().position(|(name, _)| *name == field);
            let known = known.ok_or_else(|| {
                let names = PLACEHOLDERS.iter().map(|(name, _)| *name);
                Fault(format!("there is no {{{}}}{}", one_line(field), nearest::did_you_mean(field, names)))
            })?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Field(known));
            rest = &after[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { name: name.into(), audience: audience.into(), parts })
    }

    /// The update for an incident as it stands. `text` is what somebody writes for it. Lines stay, each is harmless and without secrets.
    pub fn fill(&self, incident: &Incident, cadence: &Cadence, text: &str, now: Timestamp) -> String {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Field(field) => filled.push_str(&value(PLACEHOLDERS[*field].0, incident, cadence, text, now)),
            }
        }
        filled.lines().map(one_line).collect::<Vec<_>>().join("\n")
    }
}

fn value(field: &str, incident: &Incident, cadence: &Cadence, text: &str, now: Timestamp) -> String {
    let began = incident.milestones.get(&Milestone::ImpactStarted).map_or(incident.declared_at, |moment| moment.at);
    let ended = incident.resolved.as_ref().map_or(now, |resolved| resolved.at);
    match field {
        "incident" => incident.name.to_string(),
        "title" => incident.title.clone(),
        "severity" => incident.severity.map_or_else(|| UNKNOWN.into(), |severity| severity.word().to_owned()),
        "phase" => incident.phase.word().into(),
        "since" => minute(began),
        "duration" => units::span(ended.duration_since(began).as_secs_f64()),
        "commander" => incident.holder(Role::Commander).unwrap_or("nobody yet").into(),
        "status" => {
            let said = incident.status.as_ref().map(|status| status.text.trim()).filter(|text| !text.is_empty());
            said.map_or_else(|| of_phase(incident.phase).to_owned(), one_line)
        }
        "text" if text.trim().is_empty() => of_phase(incident.phase).into(),
        "text" => text.trim().into(),
        "next_update" => next_update(incident, cadence, now),
        _ => minute(now),
    }
}

/// When the update after this one follows, which goes out now.
fn next_update(incident: &Incident, cadence: &Cadence, now: Timestamp) -> String {
    let minutes = due(incident, cadence).map(|due| i64::from(due.minutes));
    let next = minutes.and_then(|minutes| now.checked_add(SignedDuration::from_mins(minutes)).ok());
    match next {
        Some(next) => minute(next),
        None if incident.is_running() => "when there is news".into(),
        None => "if anything changes".into(),
    }
}

/// What there is to say where nobody says more.
const fn of_phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Investigating => "We are looking into it.",
        Phase::Identified => "We know the cause and are working on it.",
        Phase::Mitigating => "We are putting it right.",
        Phase::Monitoring => "It works again, and we are keeping an eye on it.",
        Phase::Resolved => "It is over.",
    }
}

/// `2026-11-23 02:14 UTC`.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct File {
    update: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    #[serde(default)]
    audience: Option<String>,
    text: Spanned<String>,
}

/// The built-in templates with the user's own, which take the place of those of the same name. What is wrong is named with its place
/// and spoils nothing else.
pub fn read(file: &str, text: &str) -> (Vec<Template>, Vec<Problem>) {
    let mut templates = built_in();
    let mut problems = Vec::new();
    let mut problem = |offset: usize, key: &str, said: String| {
        let place = Place { file: file.into(), at: Some(line_and_column(text, offset)) };
        problems.push(Problem { place, key: key.into(), text: said });
    };
    let written: File = match toml::from_str(text) {
        Ok(written) => written,
        Err(error) => {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            problem(error.span().map_or(0, |span| span.start), "", message);
            return (templates, problems);
        }
    };
    for written in written.update {
        let name = written.name.get_ref();
        let audience = written.audience.as_deref().unwrap_or(name);
        match Template::parse(name, audience, written.text.get_ref().trim()) {
            Err(fault) => problem(written.text.span().start, "update.text", fault.to_string()),
            Ok(template) => {
                templates.retain(|other| other.name != template.name);
                templates.push(template);
            }
        }
    }
    (templates, problems)
}

/// What can be written between braces, for a help text.
pub fn help() -> String {
    let mut help = String::new();
    for (name, meaning) in PLACEHOLDERS {
        // Writing into a string cannot fail.
        let _ = writeln!(help, "{{{name}}}  {meaning}");
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::{
        record::Record,
        sample::{Story, at},
    };
    use crate::model::{
        journal::{Body, RoleChange, Sev},
        text::is_harmless,
    };
    use proptest::prelude::*;

    fn incident(story: &Story, id: crate::model::journal::IncidentId) -> Incident {
        let events = story.clone().events();
        Incident::of(id, &Record::of(&events)).expect("is declared")
    }

    fn filled(name: &str, incident: &Incident, text: &str, now: &str) -> String {
        let template = built_in().into_iter().find(|template| template.name == name).expect("is built in");
        template.fill(incident, &Cadence::default(), text, at(now))
    }

    #[test]
    fn the_built_in_ones_read_well() {
        let mut story = Story::new();
        let id = story.declared("02:00", "checkout down");
        story.says(
            "02:01",
            "ops-a",
            Body::Milestone { milestone: Milestone::ImpactStarted, at: at("01:55"), proposed: false },
        );
        let early = incident(&story, id);
        assert_eq!(
            filled("internal", &early, "", "02:10"),
            "INC-7 sev2, investigating: checkout down\nWe are looking into it.\n\
             Since 2026-11-23 01:55 UTC (15m). Commander: nobody yet. Next update: 2026-11-23 02:40 UTC."
        );
        story.role("02:11", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
        story.says("02:12", "ops-a", Body::Status { phase: Phase::Mitigating, text: "rolling back".into() });
        let later = incident(&story, id);
        assert_eq!(
            filled("customers", &later, "Payments fail for some.\nWe are going back to the version before.", "02:20"),
            "checkout down\nPayments fail for some.\nWe are going back to the version before.\n\
             It began at 2026-11-23 01:55 UTC. Our next update: 2026-11-23 02:50 UTC."
        );
        assert!(!filled("customers", &later, "", "02:20").contains("ops-a"), "people are not named to customers");
        story.says("02:30", "ops-a", Body::Resolved { text: String::new() });
        let over = filled("internal", &incident(&story, id), "", "02:31");
        assert!(over.contains("It is over.\nSince 2026-11-23 01:55 UTC (35m)."), "{over}");
        assert!(over.ends_with("Next update: if anything changes."), "{over}");
    }

    #[test]
    fn placeholders_and_braces() {
        let mut story = Story::new();
        let id = story.declared_as("02:00", "x", 3, Sev::Sev4, false);
        let incident = incident(&story, id);
        let fill = |text: &str| {
            Template::parse("t", "t", text).map(|t| t.fill(&incident, &Cadence::default(), "", at("02:10")))
        };
        assert_eq!(fill("{{{ incident }}} {next_update}"), Ok("{INC-3} when there is news".into()));
        assert_eq!(fill("{status}"), Ok("We are looking into it.".into()));
        let fault = |text: &str| fill(text).expect_err("is wrong").to_string();
        assert_eq!(fault("{tilte}"), "there is no {tilte} (did you mean «title»?)");
        assert_eq!(fault("a { b"), "a { stands alone; write {{ for the sign itself");
        assert_eq!(fault("a } b"), "a } stands alone; write }} for the sign itself");
        assert_eq!(built_in().len(), 2);
        assert_eq!(help().lines().count(), PLACEHOLDERS.len());
    }

    #[test]
    fn the_users_own_take_the_place_and_faults_are_named() {
        let text = "[[update]]\nname = \"customers\"\ntext = \"\"\"\n{title}: {text}\n\"\"\"\n\n[[update]]\nname = \"x\"\ntext = \"{nobody}\"\n";
        let (templates, problems) = read("updates.toml", text);
        assert_eq!(
            templates.iter().map(|template| template.name.as_str()).collect::<Vec<_>>(),
            ["internal", "customers"]
        );
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].to_string(), "updates.toml:9:8: update.text: there is no {nobody}");
        let (templates, problems) = read("updates.toml", "[[update]]\nnmae = 1\n");
        assert_eq!(templates.len(), 2);
        assert!(problems[0].to_string().starts_with("updates.toml:2:1: unknown field `nmae`"), "{}", problems[0]);
    }

    #[test]
    fn what_people_write_is_redacted_and_harmless() {
        let mut story = Story::new();
        let id = story.declared("02:00", "x");
        let text = filled("internal", &incident(&story, id), "password=hunter2\n\u{1b}[2J", "02:10");
        assert!(text.contains("password=[redacted]") && !text.contains('\u{1b}'));
    }

    proptest! {
        #[test]
        fn any_template_is_read_or_refused(text in "[a-z{} _\\n\u{1b}]{0,60}") {
            let mut story = Story::new();
            let id = story.declared("02:00", "x");
            if let Ok(template) = Template::parse("t", "t", &text) {
                let filled = template.fill(&incident(&story, id), &Cadence::default(), "", at("02:10"));
                prop_assert!(filled.lines().all(|line| line.chars().all(is_harmless)));
            }
        }
    }
}
