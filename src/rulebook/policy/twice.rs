//! What two checks tell of one place is told once: by the one that knows more of it.

use crate::model::finding::{Finding, Level, Status};
use compact_str::CompactString;
use std::collections::HashMap;

/// The check that looks for secrets in whatever text; it yields to those below.
const BY_LOOK: &str = "05a";
/// Those that know what a secret stands in: an environment, an image.
const BY_PLACE: [&str; 2] = ["05b", "11l"];
/// The one that tells a file as a whole.
const BY_FILE: &str = "05c";

/// Takes out the secrets that another check tells as well. What is switched off or excluded has to be out already: it tells nothing.
pub(super) fn take_out(findings: &mut Vec<Finding>) {
    if !findings.iter().any(|finding| finding.check == BY_LOOK) {
        return;
    }
    let mut told: HashMap<(CompactString, Option<u32>), Level> = HashMap::new();
    for finding in findings.iter().filter(|finding| finding.status == Status::Fail) {
        let Some(file) = &finding.file else { continue };
        let is_by_place = BY_PLACE.contains(&finding.check.as_str());
        let lines: Vec<Option<u32>> = match finding.span.filter(|_| is_by_place) {
            Some(span) => (span.line..=span.end_line.min(span.line.saturating_add(100))).map(Some).collect(),
            None if finding.check == BY_FILE => vec![None],
            None => continue,
        };
        for line in lines {
            let level = told.entry((file.clone(), line)).or_insert(finding.level);
            *level = finding.level.max(*level);
        }
    }
    findings.retain(|finding| {
        let place = finding.file.as_ref().filter(|_| finding.check == BY_LOOK);
        // Who tells less of it does not silence the other.
        let is_told =
            |file: &CompactString, line| told.get(&(file.clone(), line)).is_some_and(|level| *level >= finding.level);
        place.is_none_or(|file| !is_told(file, None) && finding.span.is_none_or(|span| !is_told(file, Some(span.line))))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::finding::Span, rulebook::report::sample::finding};

    fn at(check: &str, file: &str, line: u32, level: Level) -> Finding {
        Finding { span: Some(Span::on_line(line, 3, 4)), level, ..finding(check, file, "x") }
    }

    #[test]
    fn the_one_that_knows_more_tells() {
        let all = [
            at("05a", "a.yaml", 1, Level::Block),
            at("05a", "a.yaml", 2, Level::Block),
            at("05b", "a.yaml", 2, Level::Block),
            at("05a", "Dockerfile", 3, Level::Block),
            at("11l", "Dockerfile", 3, Level::Block),
            at("11a", "a.yaml", 1, Level::Error),
            at("05a", ".env", 7, Level::Block),
            at("05c", ".env", 7, Level::Block),
            at("05a", "tests/.env", 9, Level::Block),
            at("05a", "tests/.env", 8, Level::Info),
            at("05c", "tests/.env", 8, Level::Info),
        ];
        let mut kept = all.to_vec();
        take_out(&mut kept);
        let lines: Vec<String> = kept
            .iter()
            .map(|one| {
                format!("{} {}:{}", one.check, one.file.as_deref().unwrap_or(""), one.span.map_or(0, |s| s.line))
            })
            .collect();
        let expected = [
            "05a a.yaml:1",
            "05b a.yaml:2",
            "11l Dockerfile:3",
            "11a a.yaml:1",
            "05c .env:7",
            "05a tests/.env:9",
            "05c tests/.env:8",
        ];
        assert_eq!(lines, expected);
    }
}
