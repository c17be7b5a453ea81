//! Pages whose links lead nowhere, and times in them that are not UTC.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{
            doclinks::{Leads, Links, local},
            script::is_below,
        },
        syntax::markdown::{Page, Time, Zone},
        tree::{File, Parsed, Tree, base_name},
    },
};
use regex::Regex;
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

/// 15a: broken link, or a time that is not UTC.
pub struct Documents;

static META: Meta = Meta {
    id: "15a",
    title: "broken link, or a time that is not UTC",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "A link that leads nowhere ends the search of whoever needs the page. A time without UTC is read an hour wrong by somebody.",
    fix: "Correct the link, or take it out. Write times in UTC: `2026-01-31T14:00Z`.",
    precedent: &[],
    references: &["https://github.github.com/gfm/#links", "https://www.rfc-editor.org/rfc/rfc3339"],
    parameters: &[],
};

impl Check for Documents {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Some(page) = page(file) else { return Judged::No };
        let says_utc = says_utc(page);
        let mut before: HashMap<&str, u32> = HashMap::new();
        for time in page.times.iter().filter(|time| time.zone != Zone::Utc) {
            let is_unsaid = time.zone == Zone::Unsaid;
            if (is_unsaid && (says_utc || is_under_utc(page, time))) || has_utc_beside(page, time) {
                continue;
            }
            let what = match &time.zone {
                Zone::Other(zone) => format!("`{}` is in {zone}", time.text),
                _ => format!("`{}` does not say its zone", time.text),
            };
            let count = counted(&mut before, &time.text);
            let key = format!("{} {count}", time.text);
            let draft =
                out.at(file, time.span).title("time that is not UTC").level(Level::Warn).observed(what).key(key);
            draft
                .expected("a time in UTC: `2026-01-31T14:00Z`")
                .fix("Write it in UTC; a local time may stand beside it.")
                .fail();
        }
        Judged::Yes
    }

    fn tree(&self, tree: &Tree, out: &mut Out<'_>) -> Judged {
        let pages: Vec<(&Arc<File>, &Page)> =
            tree.files.values().filter_map(|file| Some((file, page(file)?))).collect();
        let links = Links::of(tree, out.policy);
        for (file, page) in &pages {
            let mut before: HashMap<&str, u32> = HashMap::new();
            for local in local(file, page).iter() {
                let (link, leads) = (&page.links[local.at], links.judge(file, page, local));
                if leads == Leads::Somewhere {
                    continue;
                }
                let key = format!("{} {}", link.target, counted(&mut before, &link.target));
                let draft = match leads {
                    Leads::Somewhere => continue,
                    Leads::Unread(folder) => {
                        let why = format!("`{}` lies in {folder}, which could not be read", link.target);
                        out.at(file, link.span).key(key).unknown(why);
                        continue;
                    }
                    Leads::Nowhere { seen, meant } => {
                        let draft = out.at(file, link.span).title("broken link").observed(seen).key(key);
                        match meant {
                            Some(meant) => draft.expected(format!("perhaps `{meant}`")),
                            None => draft.expected("a file, folder or heading that is there"),
                        }
                    }
                };
                draft.fix("Correct the link, or take it out.").fail();
            }
        }
        if pages.is_empty() { Judged::No } else { Judged::Yes }
    }
}

/// How often a text was met before: the second of its kind is another finding than the first.
fn counted<'p>(before: &mut HashMap<&'p str, u32>, text: &'p str) -> u32 {
    let count = before.entry(text).or_default();
    *count += 1;
    *count - 1
}

/// The page that a file is. Those of others and those of tests are not for us.
fn page(file: &File) -> Option<&Page> {
    match &file.parsed {
        Parsed::Markdown(page) if !file.is_aside() && !file.is_foreign() && !is_history(&file.path) => Some(page),
        _ => None,
    }
}

/// Whether a page holds entries of years ago, which nobody mends: `CHANGES-2019.md`, `changelogs/`.
fn is_history(path: &str) -> bool {
    let name = base_name(path).to_ascii_lowercase();
    is_below(path, &["changelogs"]) || name.starts_with("changes-") || name.starts_with("changelog-")
}

/// Whether a page says that its times are UTC.
fn says_utc(page: &Page) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:times?|timestamps?|dates|clocks?)\b[^.\n]{0,40}\bUTC\b|\bUTC\b[^.\n]{0,20}\b(?:times|timestamps)\b")
            .expect("is an expression")
    });
    page.blocks.iter().any(|block| SAYS.is_match(&block.text))
}

/// Whether the heading or the column above a time says UTC.
fn is_under_utc(page: &Page, time: &Time) -> bool {
    let is_within = |span: crate::model::finding::Span| {
        span.line == time.span.line && span.column <= time.span.column && time.span.end_column <= span.end_column
    };
    let column = page.tables.iter().flat_map(|table| {
        let cells = table.rows.iter().flat_map(|row| row.iter().zip(&table.header));
        cells.filter(|(cell, _)| is_within(cell.span)).map(|(_, header)| header.text.as_str())
    });
    let above = page.heading_above(time.span.line).map(|heading| heading.text.as_str());
    column.chain(above).any(|text| text.contains("UTC"))
}

/// Whether the same time stands right beside it in UTC: `14:00 CET (13:00 UTC)`.
fn has_utc_beside(page: &Page, time: &Time) -> bool {
    page.times.iter().filter(|other| other.zone == Zone::Utc && other.span.line == time.span.line).any(|other| {
        let gap = other.span.column.saturating_sub(time.span.end_column);
        let back = time.span.column.saturating_sub(other.span.end_column);
        gap.max(back) <= 6
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    #[test]
    fn sites_and_history_are_left_alone() {
        let files = [
            ("docs/index.md", "# A\n[b](deploy/) [c](gone/)\n"),
            ("docs/deploy.md", "# B\n"),
            ("docs/changelogs/CHANGES-2019.md", "# C\n[b](gone.md)\n"),
            ("web/vendor/x/README.md", "# D\n[b](gone.md)\n"),
        ];
        assert_eq!(told(&Documents, &files), ["docs/index.md:2:18 `gone/` is not there"]);
    }

    #[test]
    fn broken_links_are_told_at_their_targets() {
        let text = "# A b\n\n[x](missing.md) [y](other.md#no) [z](#a-c)\n![i](img/x.png)\n\n[r]: gone/a.md\n\n[r]\n";
        let files = [("docs/a.md", text), ("docs/other.md", "# Yes\n")];
        assert_eq!(
            told(&Documents, &files),
            [
                "docs/a.md:3:5 `missing.md` is not there",
                "docs/a.md:3:21 `#no` is not in docs/other.md",
                "docs/a.md:3:38 `#a-c` is not in docs/a.md",
                "docs/a.md:4:6 `img/x.png` is not there",
                "docs/a.md:6:6 `gone/a.md` is not there"
            ]
        );
        assert_eq!(
            told(&Documents, &[("a.md", "[x](B.md) [y](#Ab)\n# Ab\n"), ("b.md", "")]),
            [
                "a.md:1:5 `B.md` is not there, but `b.md` is: upper and lower case differ",
                "a.md:1:15 `#Ab` is not in a.md, but `#ab` is: upper and lower case differ"
            ]
        );
    }

    #[test]
    fn good_links_are_left_alone() {
        let text = "# A & b\n[1](#a--b) [2](../README.md) [3](/README.md) [4](img/) [5](../src/x.rs#L10) [6](https://x.org/y)\n\
            [7](mailto:a@b.c) [8](a%20b.md#top) [9](../../issues) [10]({{ url }}) [11](..) [12](b.md?plain=1#L3) `[13](no.md)`\n\
            <a name=\"here\"></a> [14](#here) [15](#)\n\n[//]: # (a comment)\n\n```\n[16](no.md)\n```\n<!-- [17](no.md) -->\n[x][0] a[0][1] [ ] [^1]\n\n[^1]: note\n";
        let files = [
            ("docs/a.md", text),
            ("README.md", ""),
            ("docs/img/x.png", ""),
            ("src/x.rs", ""),
            ("docs/a b.md", ""),
            ("docs/b.md", ""),
        ];
        assert_eq!(told(&Documents, &files), [""; 0]);
        assert_eq!(
            told(&Documents, &[("docs/a.md", "[x](b) [y](/guide/)"), ("docs/b.md", ""), ("mkdocs.yml", "a: 1")]),
            [""; 0]
        );
        assert_eq!(told(&Documents, &[("testdata/a.md", "[x](no.md) 14:00 CET")]), [""; 0]);
    }

    #[test]
    fn times_must_be_utc() {
        let text = "# A\n\nDown 2024-05-01 14:00 CET, up 2024-05-01T14:00:00+02:00.\n\nDaily at 2:30 PM. On 2024-05-01 14:00 too.\n";
        assert_eq!(
            told(&Documents, &[("a.md", text)]),
            [
                "a.md:3:6 `2024-05-01 14:00 CET` is in CET",
                "a.md:3:31 `2024-05-01T14:00:00+02:00` is in +02:00",
                "a.md:5:10 `2:30 PM` does not say its zone",
                "a.md:5:22 `2024-05-01 14:00` does not say its zone"
            ]
        );
        for text in [
            "at 2024-05-01T14:00Z and 2024-05-01 14:00 UTC, took 00:30:00, v1.2.3, 16:9\n",
            "All times are UTC.\n\n- 2024-05-01 14:00 started\n",
            "## Timeline (UTC)\n\n- 2024-05-01 14:00 started\n",
            "| Time (UTC) | What |\n|-|-|\n| 2024-05-01 14:00 | x |\n",
            "at 14:00 CET (13:00 UTC)\n",
            "`2024-05-01 14:00 CET` and\n\n    2024-05-01 14:00 CET\n",
        ] {
            assert_eq!(told(&Documents, &[("a.md", text)]), [""; 0], "{text}");
        }
    }
}
