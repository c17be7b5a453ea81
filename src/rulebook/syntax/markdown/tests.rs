//! Pages and what is found in them.

use super::*;
use proptest::prelude::*;

fn page(text: &str) -> Page {
    parse(text).expect("any text is a page")
}

fn links(text: &str) -> Vec<(String, u32, u32)> {
    page(text).links.into_iter().map(|link| (link.target, link.span.line, link.span.column)).collect()
}

#[test]
fn headings_have_levels_and_anchors() {
    let page = page("# A `b` *c*\n\ntext\n\n## Same\n## Same\nUnder\n=====\n## Own {#mine}\n");
    let seen: Vec<_> = page.headings.iter().map(|h| (h.level, h.text.as_str(), h.slug.as_str(), h.span.line)).collect();
    assert_eq!(
        seen,
        [
            (1, "A b c", "a-b-c", 1),
            (2, "Same", "same", 5),
            (2, "Same", "same-1", 6),
            (1, "Under", "under", 7),
            (2, "Own", "own-mine", 9)
        ]
    );
    assert!(page.has_anchor("mine") && page.has_anchor("own") && !page.has_anchor("other"));
    assert_eq!(page.heading_above(3).map(|heading| heading.text.as_str()), Some("A b c"));
}

#[test]
fn links_stand_at_their_targets() {
    assert_eq!(links("see [a](b.md) and ![i]( <c d.png> \"t\")\n"), [("b.md".into(), 1, 9), ("c d.png".into(), 1, 26)]);
    assert_eq!(links("ä [![x](i.png)](t.md)"), [("i.png".into(), 1, 9), ("t.md".into(), 1, 17)]);
    assert_eq!(links("[a][b] [b][] [b]\n\n[b]: ./c.md \"t\"\n"), [("./c.md".into(), 3, 6)]);
    assert_eq!(
        links("<https://x.org/> `[a](b)`\n\n```\n[a](b)\n```\n\n    [a](b)\n"),
        [("https://x.org/".into(), 1, 2)]
    );
    assert_eq!(links("[a](b\\_c.md) [^1]\n\n[^1]: [n](m.md)\n"), [("b_c.md".into(), 1, 5), ("m.md".into(), 3, 11)]);
    assert_eq!(
        links("<p>\n<img src=\"a.png\">\n<!-- <a href='no'> -->\n</p>\n\nx <a href='b.md'>y</a>"),
        [("a.png".into(), 2, 11), ("b.md".into(), 6, 12)]
    );
}

#[test]
fn front_matter_is_at_the_top_and_has_its_lines() {
    let page = page("---\ntitle: x\ncovers:\n  - src/a.rs\n---\n# T\n[a](b)\n");
    let front = page.front.expect("is there");
    assert_eq!(front.span_of("/covers/0").map(|span| (span.line, span.column)), Some((4, 5)));
    assert_eq!((page.headings[0].span.line, page.links[0].span.line), (6, 7));
    assert!(super::parse("text\n---\na: b\n---\n").expect("reads").front.is_none());
    assert!(super::parse("---\na: [\n---\n").expect("reads").front_fault.is_some());
}

#[test]
fn tables_have_cells_with_places() {
    let page = page("| Name | Port |\n|---|--:|\n| `web` | 8080 |\n| db |\n");
    let table = &page.tables[0];
    assert_eq!(table.header.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>(), ["Name", "Port"]);
    assert_eq!((table.rows.len(), table.rows[0][1].text.as_str()), (2, "8080"));
    assert_eq!(table.rows[0][1].span, Span::on_line(3, 11, 4));
    assert_eq!(table.rows[0][0].span, Span::on_line(3, 3, 5));
}

#[test]
fn blocks_are_paragraphs_and_whole_items() {
    let page = page("para\nmore\n\n- one **x**\n  - nested\n- two\n\n  again\n\n> quoted\n");
    let seen: Vec<_> = page.blocks.iter().map(|b| (b.is_item, b.text.as_str(), b.span.line, b.span.end_line)).collect();
    assert_eq!(
        seen,
        [
            (false, "para more", 1, 2),
            (true, "one x\nnested", 4, 5),
            (true, "two\nagain", 6, 8),
            (false, "quoted", 10, 10)
        ]
    );
}

#[test]
fn times_stand_in_text_and_not_in_code() {
    let page = page("At 2024-05-01 14:00 CET.\n\n`2024-05-01 14:00 CET`\n\n    10:00 PM\n\n- x 10:30 AM\n");
    let seen: Vec<_> = page.times.iter().map(|time| (time.text.as_str(), time.span.line, time.span.column)).collect();
    assert_eq!(seen, [("2024-05-01 14:00 CET", 1, 4), ("10:30 AM", 7, 5)]);
}

#[test]
fn hostile_texts_are_read_in_time() {
    for text in
        ["[".repeat(50_000), "> ".repeat(5_000), "- ".repeat(5_000), "*a ".repeat(30_000), "[a](".repeat(20_000)]
    {
        page(&text);
    }
    page(&"[a](b.md) 10:00 CET ".repeat(10_000));
    page(&"{#a".repeat(20_000));
    page(&"a|".repeat(20_000));
    page(&"<a href='".repeat(20_000));
}

proptest! {
    #[test]
    fn any_text_is_a_page(text in "(?s)[-#>*_`\\[\\]()<>|:!{}a-c0-9 \n\r\u{e9}\"'=]{0,300}") {
        let page = page(&text);
        for link in &page.links {
            prop_assert!(link.span.line >= 1 && link.span.column >= 1);
        }
    }

    #[test]
    fn any_other_text_too(text in any::<String>()) {
        page(&text);
    }
}
