//! What `--waive` and `--accept` name: a check, and where it finds something. Places are taken as reports print them, `compose.yml:4:17`.

use crate::{
    model::finding::{Finding, Scope, Status},
    rulebook::{
        policy::{
            Waiver,
            addition::{Covers, about_place},
            settle::covered,
        },
        report::Report,
    },
};

/// Places that are listed where the one that is named finds nothing.
const LISTED: usize = 5;
/// The check that says what could not be read.
const UNREAD: &str = "00a";

/// `11f`, or `11f:deploy/debug.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'t> {
    /// A check, or the number of a rule.
    pub check: &'t str,
    target: Option<&'t str>,
}

/// What is meant by a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Meant<'f> {
    /// The findings.
    pub findings: Vec<&'f Finding>,
    /// How a waiver names them.
    pub by: By,
    /// What is to be said where nothing is found there now.
    pub doubt: Option<String>,
}

/// How a waiver names what is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// By the target as it is written.
    Target(String),
    /// Each by itself.
    Each(Covers),
}

impl<'t> Named<'t> {
    /// Reads one.
    pub fn of(text: &'t str) -> Self {
        match text.split_once(':') {
            Some((check, target)) => Self { check: check.trim(), target: Some(target.trim()) },
            None => Self { check: text.trim(), target: None },
        }
    }

    /// The findings that it means: none where it names an object, which may be elsewhere.
    ///
    /// # Errors
    /// It means none: what the check finds now.
    pub fn meant<'f>(&self, report: &'f Report) -> Result<Meant<'f>, String> {
        let by_check = self.waiver("");
        let all: Vec<_> = report.findings.iter().filter(|finding| by_check.names(&finding.check)).collect();
        let open = || all.iter().copied().filter(|finding| finding.status != Status::Waived);
        let Some(target) = self.target else {
            let findings: Vec<_> = open().collect();
            let by = By::Each(Covers::Place);
            let doubt = findings.is_empty().then(|| self.nothing(&findings, report));
            return doubt.map_or(Ok(Meant { findings, by, doubt: None }), Err);
        };
        let waiver = self.waiver(target);
        let findings: Vec<_> =
            all.iter().copied().filter(|finding| covered(&waiver, [*finding].into_iter()) > 0).collect();
        if !findings.is_empty() {
            return Ok(Meant { findings, by: By::Target(target.to_owned()), doubt: None });
        }
        if let Some(meant) = at_line(target, &all) {
            return Ok(meant);
        }
        let nothing = self.nothing(&open().collect::<Vec<_>>(), report);
        // A path is here or nowhere; an object may live where this machine cannot look.
        let is_object = target.contains(' ');
        let by = By::Target(target.to_owned());
        if is_object { Ok(Meant { findings, by, doubt: Some(nothing) }) } else { Err(nothing) }
    }

    /// A waiver of nothing but what it names.
    fn waiver(&self, target: &str) -> Waiver {
        Waiver { rule: self.check.into(), target: target.into(), ..Waiver::default() }
    }

    /// That nothing is there, with what there is.
    fn nothing(&self, open: &[&Finding], report: &Report) -> String {
        let Self { check, target } = self;
        let scopes: Vec<_> = report.scopes.iter().copied().map(Scope::word).collect();
        let looked = if scopes.is_empty() { "nothing".to_owned() } else { scopes.join(", ") };
        let is_unread = |finding: &&Finding| finding.check == UNREAD && finding.file.is_none();
        let unread: Vec<_> =
            report.findings.iter().filter(is_unread).map(|finding| finding.resource.as_str()).collect();
        let unread = if unread.is_empty() { String::new() } else { format!("; not read: {}", unread.join(", ")) };
        let mut places: Vec<_> = open.iter().map(|finding| about_place(finding)).collect();
        places.dedup();
        let more = places.len().saturating_sub(LISTED);
        let listed = places[..places.len() - more].join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        match target {
            Some(target) if !places.is_empty() => {
                format!("{check} finds nothing at «{target}» now; it finds something at {listed}{more}{unread}")
            }
            _ => format!("{check} finds nothing now that could be accepted (looked at: {looked}{unread})"),
        }
    }
}

/// What is meant by `compose.yml:4:17`, which no target of a waiver is: the file, where the check finds nothing else in it, otherwise what it
/// finds in that line, each by itself.
fn at_line<'f>(target: &str, all: &[&'f Finding]) -> Option<Meant<'f>> {
    let (file, line) = place(target)?;
    let in_file: Vec<_> = all.iter().copied().filter(|finding| finding.file.as_deref() == Some(file)).collect();
    let in_line = |finding: &&Finding| finding.span.is_some_and(|span| span.line == line);
    let findings: Vec<_> = in_file.iter().copied().filter(in_line).collect();
    let by = By::Each(if findings.len() == in_file.len() { Covers::Place } else { Covers::Finding });
    (!findings.is_empty()).then_some(Meant { findings, by, doubt: None })
}

/// The path and the line of `path:line` and `path:line:column`.
fn place(text: &str) -> Option<(&str, u32)> {
    let cut = |text| {
        let (before, number) = str::rsplit_once(text, ':')?;
        Some((before, number.parse().ok()?))
    };
    let (before, last) = cut(text)?;
    let (path, line) = cut(before).unwrap_or((before, last));
    Some((path.strip_prefix("./").unwrap_or(path), line))
}
