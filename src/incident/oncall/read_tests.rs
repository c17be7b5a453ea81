//! Tests of what is read.

use super::*;
use proptest::prelude::*;

const FILE: &str = r#"
[[rota]]
name = "primary"
zone = "Europe/Berlin"

[[rota.layer]]
people = ["ops-a", "ops-b"]
start = 2026-01-05
handover = "monday 09:00"
weeks = 2
hours = ["mon-fri 09:00-17:00", "sat,sun 22:00-06:00"]

[[rota.override]]
person = "ops-c"
from = 2026-02-01T09:00:00
to = 2026-02-01T17:00:00+01:00
reason = "swap"

[[escalation]]
name = "urgent"
severities = ["sev1"]

[[escalation.level]]
call = ["rota:primary", "boss"]
wait-minutes = 10
[[escalation.level]]
call = ["boss"]
"#;

pub(super) fn zones() -> TimeZoneDatabase {
    TimeZoneDatabase::bundled()
}

#[test]
fn a_file_is_read_whole() {
    let (on_call, problems) = read("oncall.toml", FILE, &zones());
    assert_eq!(problems, []);
    let rota = on_call.rota("primary").expect("is there");
    let layer = &rota.layers[0];
    assert_eq!((layer.people.len(), layer.weeks, layer.start.to_string().as_str()), (2, 2, "2026-01-05"));
    assert_eq!(layer.hours[0].days, [true, true, true, true, true, false, false]);
    assert_eq!(layer.hours[1].days, [false, false, false, false, false, true, true]);
    let stand_in = &rota.overrides[0];
    assert_eq!(stand_in.from.to_string(), "2026-02-01T08:00:00Z", "a local time is of the rota's zone");
    assert_eq!(stand_in.to.to_string(), "2026-02-01T16:00:00Z");
    let policy = on_call.policy(Sev::Sev1).expect("is there");
    assert_eq!(policy.levels[0].call, [Target::Rota("primary".into()), Target::Person("boss".into())]);
    assert_eq!([policy.levels[0].wait_minutes, policy.levels[1].wait_minutes], [10, WAIT_MINUTES]);
    assert!(on_call.policy(Sev::Sev2).is_none());
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (wrong, expected) in [
        ("zone = \"Europe/Berlin\"", "oncall.toml:4:8: rota.zone: \"Mars/Base\" is no time zone"),
        (
            "start = 2026-01-05",
            "oncall.toml:8:9: rota.layer.start: the first handover is not on the day of handovers: 2026-01-05 and 2026-01-12 are",
        ),
        ("handover = \"monday 09:00\"", "oncall.toml:9:12: rota.layer.handover: a day of the week"),
        ("weeks = 2", "oncall.toml:10:9: rota.layer.weeks: a turn is 1 to 52 weeks"),
        ("people = [\"ops-a\", \"ops-b\"]", "oncall.toml:7:10: rota.layer.people: at least one person"),
        ("\"sat,sun 22:00-06:00\"", "oncall.toml:11:33: rota.layer.hours: days and local hours"),
        ("to = 2026-02-01T17:00:00+01:00", "oncall.toml:16:6: rota.override.to: it ends before it begins"),
        ("severities = [\"sev1\"]", "oncall.toml:21:15: escalation.severities: sev1, sev2, sev3 or sev4"),
        (
            "\"rota:primary\"",
            "oncall.toml:24:9: escalation.level.call: there is no rota \"primery\" (did you mean «primary»?)",
        ),
        ("call = [\"boss\"]", "oncall.toml:27:8: escalation.level.call: at least one person"),
        ("reason = \"swap\"", "oncall.toml:17:1: unknown field `resaon`"),
        ("name = \"urgent\"", "oncall.toml:20:8: invalid type"),
    ] {
        let with = match wrong {
            "zone = \"Europe/Berlin\"" => "zone = \"Mars/Base\"",
            "start = 2026-01-05" => "start = 2026-01-07",
            "handover = \"monday 09:00\"" => "handover = \"noon\"",
            "weeks = 2" => "weeks = 0",
            "people = [\"ops-a\", \"ops-b\"]" => "people = []",
            "\"sat,sun 22:00-06:00\"" => "\"sometimes\"",
            "to = 2026-02-01T17:00:00+01:00" => "to = 2026-02-01T08:00:00",
            "severities = [\"sev1\"]" => "severities = [\"high\"]",
            "\"rota:primary\"" => "\"rota:primery\"",
            "call = [\"boss\"]" => "call = []",
            "reason = \"swap\"" => "resaon = \"swap\"",
            _ => "name = 1",
        };
        let text = FILE.replace(wrong, with);
        assert_ne!(text, FILE, "{wrong}");
        let (_, problems) = read("oncall.toml", &text, &zones());
        assert!(problems.iter().any(|problem| problem.to_string().starts_with(expected)), "{wrong}: {problems:#?}");
    }
}

#[test]
fn what_is_wrong_spoils_nothing_else() {
    let text =
        format!("{FILE}\n[[rota]]\nname = \"primary\"\nzone = \"UTC\"\n[[rota]]\nname = \"empty\"\nzone = \"UTC\"\n");
    let (on_call, problems) = read("oncall.toml", &text, &zones());
    assert_eq!((on_call.rotas.len(), on_call.policies.len(), problems.len()), (1, 1, 2), "{problems:#?}");
    assert!(problems[0].text.contains("already") && problems[1].text.contains("[[rota.layer]]"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "[a-z\\[\\]=\"'\\n#.,{} 0-9:TZ+-]{0,80}") {
        let _ = read("x", &text, &zones());
        let _ = read("x", &FILE.replace("monday 09:00", &text.replace('"', "")), &zones());
        let _ = read("x", &FILE.replace("mon-fri 09:00-17:00", &text.replace('"', "")), &zones());
    }
}
