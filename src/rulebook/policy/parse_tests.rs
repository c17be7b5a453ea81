//! Tests of reading a policy.

use super::*;
use crate::rulebook::report::sample::METAS;
use proptest::prelude::*;

fn read(text: &str) -> (Policy, Vec<String>) {
    let (policy, faults) = Policy::read(text, "f.toml", &[], &Catalogue::of(&METAS));
    (policy, faults.iter().map(ToString::to_string).collect())
}

const GOOD: &str = r#"
exclude = ["vendor/**", "*.gen.yml"]

[checks.11a]
enabled = true
level = "block"
exclude = "old"
allowed = ["edge", "stable"]
most = 5
registry = "r.example"

[packs]
enable = ["containers", "secrets"]

[owners]
"deploy/**" = "@ops"

[layout]
docs = "handbook/"
scripts = ["./scripts", "bin"]

[authority]
folder = "docs/law/"

[[protected]]
name = "mcp-*"
kind = "container"
reason = "everything hangs on it"
backup-hours = 24

[[waiver]]
rule = "11f"
target = "deploy/compose.yml"
owner = "@ops"
reason = "needs the GPU driver"
expires = 2026-12-31
approved-by = "ada"

[[waiver]]
rule = 11
target = "container web"
owner = "@ops"
reason = "moves"
expires = "soon"
"#;

#[test]
fn everything_that_can_be_said_is_read() {
    let (policy, faults) = read(GOOD);
    assert_eq!(faults, Vec::<String>::new());
    let check = &policy.checks["11a"];
    assert_eq!(
        (check.enabled, check.level(), check.exclude.as_slice()),
        (Some(true), Some(Level::Block), &["old".to_owned()][..])
    );
    assert_eq!(policy.parameter("11a", "most").and_then(toml::Value::as_integer), Some(5));
    assert_eq!(policy.owner_of("deploy/x").as_deref(), Some("@ops"));
    assert_eq!(
        (policy.layout.docs.as_str(), policy.layout.scripts.as_slice()),
        ("handbook", &["scripts".to_owned(), "bin".into()][..])
    );
    assert!(policy.layout_keys.contains("docs") && !policy.layout_keys.contains("ports"));
    assert_eq!(policy.authority.as_ref().map(|law| law.folder.as_str()), Some("docs/law"));
    assert_eq!(policy.protected[0].backup_hours, Some(24.0));
    let [first, second] = policy.waivers.as_slice() else { panic!("{policy:?}") };
    assert_eq!(
        (first.expires.as_str(), first.approved_by.as_deref(), first.place.as_str()),
        ("2026-12-31", Some("ada"), "f.toml:31:1")
    );
    assert_eq!(
        (second.rule.as_str(), second.expires.as_str()),
        ("11", "soon"),
        "a date that is none stays, and is reported"
    );
}

#[test]
fn the_same_keys_are_read_by_serde() {
    let (mut policy, _) = read(
        GOOD.replace("handbook/", "handbook")
            .replace("./scripts", "scripts")
            .replace("docs/law/", "docs/law")
            .replace("\"old\"", "[\"old\"]")
            .as_str(),
    );
    policy.layout_keys.clear();
    policy.waivers.iter_mut().for_each(|waiver| waiver.place.clear());
    let other: Policy = toml::from_str(
        &GOOD
            .replace("handbook/", "handbook")
            .replace("./scripts", "scripts")
            .replace("docs/law/", "docs/law")
            .replace("\"old\"", "[\"old\"]"),
    )
    .expect("reads");
    assert_eq!(policy, other);
    let again: Policy = toml::from_str(&toml::to_string(&policy).expect("writes")).expect("reads");
    assert_eq!(policy, again);
}

#[test]
fn each_fault_names_its_place_and_what_to_write() {
    for (text, told) in [
        (
            "exlude = []",
            "f.toml:1:1: exlude: there is no key «exlude» (did you mean «exclude»?); known: exclude, checks, packs, owners, waiver, baseline, layout, authority, protected",
        ),
        ("exclude = 3", "f.toml:1:11: exclude: 3 does not fit: write a list of texts: [\"…\"]"),
        (
            "exclude = [\"a\", \"[\"]",
            "f.toml:1:17: exclude: «[»: it is no pattern: unclosed character class; missing ']': write one like \"vendor/**\"",
        ),
        ("[checks.11x]", "f.toml:1:9: checks.11x: there is no check «11x»; rule 11 has 11a, 11b, 11f"),
        ("[checks.11A]", "f.toml:1:9: checks.11A: there is no check «11A» (did you mean «11a»?)"),
        ("[checks.nope]", "f.toml:1:9: checks.nope: there is no check «nope»; known: 11a, 11b, 11f"),
        (
            "[checks.11a]\nlevel = \"eror\"",
            "f.toml:2:9: checks.11a.level: there is no level «eror» (did you mean «error»?): write one of \"info\", \"warn\", \"error\", \"block\"",
        ),
        (
            "[checks.11a]\nlevel = 3",
            "f.toml:2:9: checks.11a.level: 3 does not fit: write one of \"info\", \"warn\", \"error\", \"block\"",
        ),
        ("[checks.11a]\nenabled = \"no\"", "f.toml:2:11: checks.11a.enabled: \"no\" does not fit: write true or false"),
        (
            "[checks.11a]\nalowed = []",
            "f.toml:2:1: checks.11a.alowed: check 11a has no key «alowed» (did you mean «allowed»?); known: enabled, level, exclude, allowed, most, registry",
        ),
        ("[checks.11a]\nmost = \"3\"", "f.toml:2:8: checks.11a.most: \"3\" does not fit: write a number"),
        (
            "[checks.11a]\nallowed = [\"a\", 1]",
            "f.toml:2:17: checks.11a.allowed: 1 does not fit: write a list of texts: [\"…\"]",
        ),
        ("[checks]\n11a = true", "f.toml:2:7: checks.11a: true does not fit: write a table: [checks.11a]"),
        (
            "[owners]\n\"[\" = \"x\"",
            "f.toml:2:1: owners.[: it is no pattern: unclosed character class; missing ']': write a path like \"deploy/**\"",
        ),
        (
            "[packs]\nenable = [\"secret\"]",
            "f.toml:2:11: packs.enable: there is no pack «secret» (did you mean «secrets»?); known: ",
        ),
        (
            "[[protected]]\nreason = \"x\"",
            "f.toml:1:1: protected: a protected server needs its name: write name = \"mcp-*\"",
        ),
        ("[authority]", "f.toml:1:1: authority: the authority needs its folder: write folder = \"docs/authority\""),
        (
            "baseline = \"../x.json\"",
            "f.toml:1:12: baseline: «../x.json» is no path below the root: write one like \".flightdeck/baseline.json\"",
        ),
        ("[layout]\ndoc = \"x\"", "f.toml:2:1: layout.doc: there is no key «doc» (did you mean «docs»?); known: "),
        ("waiver = 1", "f.toml:1:10: waiver: 1 does not fit: write tables: [[waiver]]"),
        ("a = ", "f.toml:1:5: this is no TOML: "),
        ("ä = 1\nb = [", "f.toml:2:6: this is no TOML: "),
    ] {
        let (_, faults) = read(text);
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(faults[0].starts_with(told), "{text}\n{}\n{told}", faults[0]);
    }
}

#[test]
fn a_waiver_that_lacks_something_is_a_fault_and_waives_nothing() {
    let whole = ["rule = \"11f\"", "target = \"a\"", "owner = \"o\"", "reason = \"r\"", "expires = \"2026-12-31\""];
    for (at, key) in ["rule", "target", "owner", "reason", "expires"].iter().enumerate() {
        let mut lines = whole.to_vec();
        lines.remove(at);
        let (policy, faults) = read(&format!("\n[[waiver]]\n{}", lines.join("\n")));
        assert!(policy.waivers.is_empty());
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0]
                .starts_with(&format!("f.toml:2:1: waiver: a waiver without «{key}» waives nothing: write {key} = ")),
            "{}",
            faults[0]
        );
        assert!(Policy::parse(&format!("[[waiver]]\n{}", lines.join("\n")), "f").is_err());
    }
    for (wrong, told) in [
        (
            "rule = \"11q\"",
            "waiver.rule: there is no check «11q»; rule 11 has 11a, 11b, 11f; a number from 1 to 20 stands for all checks of a rule",
        ),
        ("rule = 21", "waiver.rule: there is no check «21»"),
        ("target = \"[\"", "waiver.target: «[»: it is no pattern: "),
        ("owner = 3", "waiver.owner: 3 does not fit: write a text in quotes"),
        ("reasn = \"x\"", "waiver.reasn: there is no key «reasn» (did you mean «reason»?)"),
    ] {
        let key = wrong.split(' ').next().expect("a key");
        let lines: Vec<&str> =
            whole.iter().copied().filter(|line| !line.starts_with(&format!("{key} "))).chain([wrong]).collect();
        let (policy, faults) = read(&format!("[[waiver]]\n{}", lines.join("\n")));
        assert!(policy.waivers.is_empty() && faults.len() == 1, "{faults:?}");
        assert!(faults[0].contains(told), "{}\n{told}", faults[0]);
    }
}

#[test]
fn faults_are_found_in_one_go_in_the_order_of_the_text() {
    let (policy, faults) =
        read("exclude = [\"good\", \"[\"]\nx = 1\n[checks.11b]\nlevel = \"warn\"\n[checks.zz]\n[owners]\na = 1\n");
    let lines: Vec<&str> = faults.iter().map(|fault| &fault[..9]).collect();
    assert_eq!(lines, ["f.toml:1:", "f.toml:2:", "f.toml:5:", "f.toml:7:"]);
    assert_eq!(
        (policy.exclude.as_slice(), policy.checks["11b"].level()),
        (&["good".to_owned()][..], Some(Level::Warn)),
        "the rest is read"
    );
}

#[test]
fn a_section_of_a_users_configuration_is_read_alone() {
    let text = "theme = \"dark\"\n[rules]\nexclude = [\"x\"]\n[rules.checks.11a]\nlevel = \"blok\"\n";
    let (policy, faults) = Policy::read(text, "c.toml", &["rules"], &Catalogue::of(&METAS));
    assert_eq!(policy.exclude, ["x"]);
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(
        told[0].starts_with("c.toml:5:9: rules.checks.11a.level: there is no level «blok» (did you mean «block»?)"),
        "{told:?}"
    );
    assert_eq!(Policy::read("theme = 1", "c", &["rules"], &Catalogue::default()), (Policy::default(), Vec::new()));
    assert_eq!(Policy::read("rules = 1", "c", &["rules"], &Catalogue::default()).1.len(), 1);
}

#[test]
fn keys_that_others_read_are_passed_over() {
    let mut known = Catalogue::of(&METAS);
    known.foreign = vec!["rule"];
    assert_eq!(Policy::read("[[rule]]\nx = 1", "f", &[], &known).1, []);
}

#[test]
fn hostile_files_end() {
    let many = format!("waiver = [{}]", "{ rule = 1, target = \"[\" },".repeat(20_000));
    for text in [
        "[".repeat(100_000),
        "a.".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{b=".repeat(50_000)),
        many,
    ] {
        let (policy, faults) = read(&text);
        assert!(!faults.is_empty() && faults.len() <= 100 && policy.waivers.is_empty());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        for fault in read(&text).1 {
            prop_assert!(fault.starts_with("f.toml:"));
        }
    }

    #[test]
    fn any_values_are_read_or_refused(
        key in "exclude|checks|packs|owners|waiver|layout|authority|protected",
        value in "[0-9]{1,3}|\"[a-z*\\[{]{0,5}\"|\\[\\]|\\[\"a\",1\\]|\\{\\}|\\{11a=1\\}|\\{enable=1\\}|\\[\\{rule=1\\}\\]|true|2026-01-01",
    ) {
        let (_, faults) = read(&format!("{key} = {value}"));
        prop_assert!(faults.iter().all(|fault| fault.starts_with("f.toml:1:")));
    }
}
