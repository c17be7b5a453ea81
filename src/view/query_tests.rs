//! Tests of filters: what is understood, what is refused and how, and that nothing panics.

use super::super::{
    query::Query,
    sample::{COLUMNS, SAMPLE, world},
    table::Table,
};
use proptest::prelude::*;

fn passing(filter: &str) -> Vec<&'static str> {
    let query = Query::parse(filter, COLUMNS).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let world = world();
    (0..SAMPLE.len(&world)).filter(|row| query.matches(&SAMPLE, &world, *row)).map(|row| SAMPLE.name(row)).collect()
}

fn error(filter: &str) -> String {
    Query::parse(filter, COLUMNS).expect_err(filter).to_string()
}

#[test]
fn text_is_searched_with_smart_case() {
    assert_eq!(passing("").len(), 6);
    assert_eq!(passing("  web "), ["web-1", "web-10", "Web-2"]);
    assert_eq!(passing("Web"), ["Web-2"]);
    assert_eq!(passing("web ops"), ["web-10", "Web-2"]);
    assert_eq!(passing("\"of memory\""), ["db"]);
    assert_eq!(passing("\"OF memory\""), Vec::<&str>::new());
    assert_eq!(passing("!web !user=root"), ["db", "ghost"]);
    assert_eq!(passing("!!web"), passing("web"));
}

#[test]
fn regular_expressions() {
    assert_eq!(passing("/^web-[0-9]$/"), ["web-1"]);
    assert_eq!(passing("/^WEB-\\d$/i"), ["web-1", "Web-2"]);
    assert_eq!(passing("!/web/i"), ["db", "ghost", "init"]);
    assert_eq!(passing("/out of/"), ["db"]);
    assert_eq!(passing("/usr\\/bin/"), ["init"]);
    assert_eq!(passing("name~^web"), ["web-1", "web-10", "Web-2"]);
    assert_eq!(passing("name~/^web/"), ["web-1", "web-10"]);
    assert_eq!(passing("name~\"b-1\""), ["web-1", "web-10"]);
}

#[test]
fn columns_compare_with_units() {
    assert_eq!(passing("cpu>50%"), ["web-10", "db"]);
    assert_eq!(passing("cpu > 50"), ["web-10", "db"]);
    assert_eq!(passing("cpu<=50%"), ["web-1", "init"]);
    assert_eq!(passing("memory>=1GiB"), ["web-10", "db"]);
    assert_eq!(passing("mem=1.5GiB"), ["web-10"]);
    assert_eq!(passing("memory<10MB"), ["init"]);
    assert_eq!(passing("user=root"), ["web-1", "init"]);
    assert_eq!(passing("user=ROOT"), Vec::<&str>::new());
    assert_eq!(passing("user!=root"), ["web-10", "db", "Web-2"]);
    assert_eq!(passing("name>web-1 name<=web-10"), ["web-10", "Web-2"]);
    assert_eq!(passing("age>3h"), ["db", "init"]);
    assert_eq!(passing("pid=8"), ["web-10"]);
    assert_eq!(passing("severity>=error"), ["db"]);
    assert_eq!(passing("severity=warn"), ["web-1"]);
}

#[test]
fn the_unknown_matches_only_the_question() {
    assert_eq!(passing("cpu=?"), ["Web-2", "ghost"]);
    assert_eq!(passing("cpu!=?").len(), 4);
    assert_eq!(passing("cpu>=0 cpu!=99999%").len(), 4);
    assert_eq!(passing("user=?"), ["ghost"]);
    assert_eq!(passing("user=\"?\""), Vec::<&str>::new());
}

#[test]
fn errors_say_where_and_what_next() {
    assert_eq!(
        error("web cqu>5"),
        "column 5: no column is called cqu; there are severity, pid, name, user, cpu, memory, age, text; quote it to \
         search for the text itself"
    );
    for (filter, at, part) in [
        ("/web", 1, "not closed"),
        ("a \"b", 3, "quote"),
        ("/(/", 1, "unclosed group"),
        ("/var/lib", 6, "quote it"),
        ("cpu>", 5, "compared with nothing"),
        ("cpu>web", 5, "percentage"),
        ("mem>1Q", 5, "512MiB"),
        ("cpu>?", 5, "cpu=?"),
        ("!", 2, "!web"),
        ("! web", 2, "!web"),
        (">5", 1, "no column is named"),
        ("severity=bad", 10, "critical"),
        ("name~", 6, "pattern"),
        ("/\\w{900}{900}/", 1, "too big"),
    ] {
        let error = Query::parse(filter, COLUMNS).expect_err(filter);
        assert_eq!(error.at, at, "{filter}: {error}");
        assert!(error.to_string().contains(part), "{filter}: {error}");
    }
    assert!(Query::parse(&"x".repeat(501), COLUMNS).is_err());
    assert!(Query::parse(&"ǅ".repeat(500), COLUMNS).is_ok(), "the longest filter fits the pattern limit");
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        let _ = Query::parse(&text, COLUMNS);
    }

    #[test]
    fn what_looks_like_a_filter_is_read_and_applied(text in "(!?(cpu|mem|name|age|severity|x|\"|/|i|=|!=|>=|<|~|\\?|5|%|GiB|h|\\(|\\[|\\*|\\\\| ){1,3}){0,6}") {
        if let Ok(query) = Query::parse(&text, COLUMNS) {
            let world = world();
            for row in 0..SAMPLE.len(&world) {
                query.matches(&SAMPLE, &world, row);
            }
        }
    }

    #[test]
    fn quoted_text_finds_itself(text in "[^\"\\\\A-Z]{1,20}") {
        prop_assume!(!text.chars().any(char::is_uppercase));
        let query = Query::parse(&format!("\"{text}\""), COLUMNS).expect("quoted text is a filter");
        let super::Test::Anywhere(pattern) = &query.terms[0].test else { panic!("a text search") };
        let around = ["before", &text, "after"].concat();
        prop_assert!(pattern.is_match(&around));
    }
}
