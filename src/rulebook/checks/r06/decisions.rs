//! No decision is on record, or one does not say whether it holds.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{runbooks::decisions, targets::targets},
        syntax::markdown::{Cell, Page},
        tree::Tree,
    },
};
use regex::Regex;
use std::sync::LazyLock;

/// 06c: no decision record, or one without a status.
pub struct Decisions;

static META: Meta = Meta {
    id: "06c",
    title: "no decision record, or one without a status",
    level: Level::Info,
    scopes: &[Scope::Repo],
    why: "What was decided and why is asked again by everybody who comes later; a record without a status may be long overruled.",
    fix: "Write a record for each decision that is hard to reverse, with a status: proposed, accepted, deprecated, superseded.",
    precedent: &[],
    references: &["https://adr.github.io/"],
    parameters: &[],
};

impl Check for Decisions {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let records = decisions(tree, out.policy);
        if records.is_empty() {
            if targets(tree, out.policy).is_empty() {
                return Judged::No;
            }
            let folder = out.policy.layout.decisions.as_str();
            out.about(folder, folder)
                .observed("there is no decision record")
                .expected(format!("records in {folder}/"))
                .fail();
            return Judged::Yes;
        }
        for (file, page) in records {
            if !has_status(page) {
                let span = page.title().map(|title| title.span);
                let expected = "a status: proposed, accepted, rejected, deprecated, superseded";
                out.at(file, span).observed("the record has no status").expected(expected).fail();
            }
        }
        Judged::Yes
    }
}

/// Whether a record has a status: in its front matter, as a line `Status: accepted`, in a table, or below a heading.
fn has_status(page: &Page) -> bool {
    static LINE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?im)(?:^|\s)status\s*[:=]\s*\S").expect("is an expression"));
    let front = page.front.as_ref().map(|front| front.entries()).unwrap_or_default();
    let in_front = front.iter().any(|entry| entry.key.eq_ignore_ascii_case("status") && entry.value.scalar().is_some());
    let is_status = |cell: &Cell| cell.text.trim_end_matches(':').eq_ignore_ascii_case("status");
    let in_table =
        page.tables.iter().any(|table| table.header.iter().chain(table.rows.iter().flatten()).any(is_status));
    let under_heading = page.headings.iter().enumerate().any(|(at, heading)| {
        let text = heading.text.to_lowercase();
        let next = page.headings.get(at + 1).map_or(u32::MAX, |next| next.span.line);
        let within = |line: u32| line > heading.span.line && line < next;
        let is_filled = page.blocks.iter().any(|block| within(block.span.line) && !block.text.is_empty());
        (text == "status" && is_filled) || LINE.is_match(&text)
    });
    in_front || in_table || under_heading || page.blocks.iter().any(|block| LINE.is_match(&block.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn records_need_a_status() {
        let said = |text| told(&Decisions, &[("docs/decisions/0001-x.md", text)]);
        assert_eq!(said("# Use X\n## Context\ny\n"), ["docs/decisions/0001-x.md:1:1 the record has no status"]);
        assert_eq!(said("# Use X\n## Status\n\n## Context\ny\n").len(), 1);
        for text in [
            "# X\n## Status\nAccepted\n",
            "---\nstatus: accepted\n---\n# X\n",
            "# X\n\n- **Status**: accepted\n",
            "# X\n\n| Status | Date |\n|-|-|\n| accepted | x |\n",
            "# X\nDate: y\nStatus: accepted\n",
        ] {
            assert_eq!(said(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn there_must_be_one_where_something_is_deployed() {
        let compose = ("compose.yaml", "services: {}\n");
        assert_eq!(told(&Decisions, &[compose]), ["docs/decisions there is no decision record"]);
        assert_eq!(told(&Decisions, &[compose, ("docs/adr/README.md", "# List")]).len(), 1);
        assert_eq!(told(&Decisions, &[("README.md", "# x")]), [""; 0]);
    }
}
