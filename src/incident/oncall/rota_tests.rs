//! Tests of who is on call.

use super::*;
use crate::incident::oncall::read;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

fn rota(text: &str) -> Rota {
    let text = format!("[[rota]]\nname = \"x\"\n{text}");
    let (on_call, problems) = read("x.toml", &text, &TimeZoneDatabase::bundled());
    assert_eq!(problems, []);
    on_call.rotas.into_iter().next().expect("one was written")
}

fn berlin(more: &str) -> Rota {
    rota(&format!(
        "zone = \"Europe/Berlin\"\n[[rota.layer]]\npeople = [\"a\", \"b\", \"c\"]\nstart = 2026-03-16\nhandover = \"monday 09:00\"\n{more}"
    ))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("is a time")
}

fn who(rota: &Rota, text: &str) -> Option<String> {
    rota.who(at(text)).person().map(ToOwned::to_owned)
}

#[test]
fn they_take_turns_week_by_week() {
    let rota = berlin("");
    assert_eq!(rota.who(at("2026-03-16T07:59:59Z")), Duty::Nobody, "before the first handover, at 09:00+01:00");
    assert_eq!(who(&rota, "2026-03-16T08:00:00Z").as_deref(), Some("a"));
    assert_eq!(who(&rota, "2026-03-23T07:59:59Z").as_deref(), Some("a"));
    assert_eq!(who(&rota, "2026-03-23T08:00:00Z").as_deref(), Some("b"));
    assert_eq!(who(&rota, "2026-04-06T12:00:00Z").as_deref(), Some("a"), "the fourth turn is the first one's again");
}

#[test]
fn the_handover_stays_at_nine_through_a_change_of_the_clocks() {
    let rota = berlin("");
    // Summer time begins on 2026-03-29: the handover of the 30th is at 09:00+02:00.
    assert_eq!(rota.next_change(at("2026-03-25T00:00:00Z")), Some(at("2026-03-30T07:00:00Z")));
    assert_eq!(who(&rota, "2026-03-30T06:59:59Z").as_deref(), Some("b"));
    assert_eq!(who(&rota, "2026-03-30T07:00:00Z").as_deref(), Some("c"));
    // It ends on 2026-10-25, and the handover of the 26th is at 09:00+01:00 again.
    assert_eq!(rota.next_change(at("2026-10-25T12:00:00Z")), Some(at("2026-10-26T08:00:00Z")));
    let hours = |from: &str, to: &str| at(to).duration_since(at(from)).as_hours();
    let shifts = rota.shifts(at("2026-03-23T08:00:00Z"), at("2026-04-06T07:00:00Z"));
    assert_eq!(shifts.len(), 2);
    assert_eq!(hours("2026-03-23T08:00:00Z", &shifts[0].to.to_string()), 167, "an hour is lost");
}

#[test]
fn a_handover_in_an_hour_that_is_skipped_or_comes_twice() {
    let text = |start: &str| {
        format!(
            "zone = \"Europe/Berlin\"\n[[rota.layer]]\npeople = [\"a\", \"b\"]\nstart = {start}\nhandover = \"sunday 02:30\"\n"
        )
    };
    // 02:30 is skipped on 2026-03-29: it is 03:30+02:00, then.
    let spring = rota(&text("2026-03-22"));
    assert_eq!(spring.next_change(at("2026-03-28T00:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
    // 02:30 comes twice on 2026-10-25: the first counts.
    let autumn = rota(&text("2026-10-18"));
    assert_eq!(autumn.next_change(at("2026-10-24T00:00:00Z")), Some(at("2026-10-25T00:30:00Z")));
}

#[test]
fn turns_of_several_weeks() {
    let rota = berlin("weeks = 2\n");
    assert_eq!(who(&rota, "2026-03-29T12:00:00Z").as_deref(), Some("a"));
    assert_eq!(who(&rota, "2026-03-30T12:00:00Z").as_deref(), Some("b"));
    assert_eq!(rota.next_change(at("2026-03-30T12:00:00Z")), Some(at("2026-04-13T07:00:00Z")));
}

#[test]
fn hours_leave_gaps_that_are_told_and_the_next_layer_fills() {
    let working = berlin("hours = [\"mon-fri 09:00-17:00\"]\n");
    assert_eq!(who(&working, "2026-03-17T15:59:59Z").as_deref(), Some("a"));
    assert_eq!(working.who(at("2026-03-17T16:00:00Z")), Duty::Nobody);
    assert_eq!(working.next_change(at("2026-03-20T16:00:00Z")), Some(at("2026-03-23T08:00:00Z")));
    let gaps = working.gaps(at("2026-03-17T00:00:00Z"), at("2026-03-18T00:00:00Z"));
    let gaps: Vec<_> = gaps.iter().map(|gap| (gap.from.to_string(), gap.to.to_string())).collect();
    assert_eq!(
        gaps,
        [
            ("2026-03-17T00:00:00Z".into(), "2026-03-17T08:00:00Z".into()),
            ("2026-03-17T16:00:00Z".into(), "2026-03-18T00:00:00Z".to_owned()),
        ]
    );
    let second = "[[rota.layer]]\npeople = [\"night\"]\nstart = 2026-03-16\nhandover = \"monday 00:00\"\n";
    let both = berlin(&format!("hours = [\"mon-fri 09:00-17:00\"]\n{second}"));
    assert_eq!(both.who(at("2026-03-17T20:00:00Z")), Duty::Layer { person: "night".into(), layer: 1 });
    assert_eq!(both.who(at("2026-03-17T10:00:00Z")), Duty::Layer { person: "a".into(), layer: 0 });
    assert!(both.gaps(at("2026-03-17T00:00:00Z"), at("2026-06-17T00:00:00Z")).is_empty());
}

#[test]
fn hours_may_go_over_midnight() {
    let night = berlin("hours = [\"sat,sun 22:00-06:00\"]\n");
    assert_eq!(who(&night, "2026-03-21T21:30:00Z").as_deref(), Some("a"), "Saturday night");
    assert_eq!(who(&night, "2026-03-22T04:59:59Z").as_deref(), Some("a"));
    assert_eq!(who(&night, "2026-03-22T05:00:00Z"), None);
    assert_eq!(who(&night, "2026-03-23T04:00:00Z").as_deref(), Some("a"), "Sunday's goes into Monday");
    assert_eq!(who(&night, "2026-03-24T04:00:00Z"), None);
    let whole = berlin("hours = [\"daily 00:00-24:00\"]\n");
    assert!(whole.gaps(at("2026-03-16T08:00:00Z"), at("2026-11-16T00:00:00Z")).is_empty());
}

#[test]
fn an_override_goes_before_all_and_may_be_nobody() {
    let rota = berlin(
        "[[rota.override]]\nperson = \"x\"\nfrom = 2026-03-17T10:00:00\nto = 2026-03-17T12:00:00\nreason = \"swap\"\n\
         [[rota.override]]\nfrom = 2026-03-17T11:00:00\nto = 2026-03-17T11:30:00\n",
    );
    let reason = "swap".to_owned();
    assert_eq!(rota.who(at("2026-03-17T09:00:00Z")), Duty::Override { person: Some("x".into()), reason });
    assert_eq!(rota.who(at("2026-03-17T10:15:00Z")).person(), None, "the last that covers a time counts");
    let shifts = rota.shifts(at("2026-03-17T08:00:00Z"), at("2026-03-17T12:00:00Z"));
    let people: Vec<_> = shifts.iter().map(|shift| shift.person.as_deref().unwrap_or("-")).collect();
    assert_eq!(people, ["a", "x", "-", "x", "a"]);
    assert_eq!(rota.next_change(at("2026-03-17T08:00:00Z")), Some(at("2026-03-17T09:00:00Z")));
}

#[test]
fn somebody_who_is_alone_is_always_on_call() {
    let alone =
        rota("zone = \"UTC\"\n[[rota.layer]]\npeople = [\"a\"]\nstart = 2026-03-16\nhandover = \"monday 09:00\"\n");
    assert_eq!(alone.next_change(at("2026-03-17T00:00:00Z")), None);
    assert_eq!(alone.next_change(at("2026-03-01T00:00:00Z")), Some(at("2026-03-16T09:00:00Z")));
}

proptest! {
    #[test]
    fn shifts_have_no_holes_and_agree_with_who(
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]),
        hour in 0..24_u8,
        weeks in 1..4_u32,
        hours in prop::option::of(0..23_u8),
        from in 1_772_000_000_i64..1_800_000_000,
        probe in 0.0..1.0_f64,
    ) {
        let hours = hours.map_or_else(String::new, |hour| format!("hours = [\"mon-sat {hour:02}:30-{:02}:15\"]\n", (hour + 9) % 24));
        let rota = rota(&format!(
            "zone = \"{zone}\"\n[[rota.layer]]\npeople = [\"a\", \"b\", \"c\"]\nstart = 2026-02-02\n\
             handover = \"monday {hour:02}:00\"\nweeks = {weeks}\n{hours}"
        ));
        let from = Timestamp::from_second(from).expect("in range");
        let to = from.checked_add(SignedDuration::from_hours(24 * 60)).expect("in range");
        let shifts = rota.shifts(from, to);
        prop_assert_eq!(shifts.first().map(|shift| shift.from), Some(from));
        prop_assert_eq!(shifts.last().map(|shift| shift.to), Some(to));
        prop_assert!(shifts.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].person != pair[1].person));
        let probe = from.checked_add(SignedDuration::from_secs_f64(probe * 24.0 * 3600.0 * 59.0)).expect("in range");
        let shift = shifts.iter().find(|shift| shift.from <= probe && probe < shift.to).expect("there are no holes");
        let who = rota.who(probe);
        prop_assert_eq!(shift.person.as_deref(), who.person());
        if let Some(next) = rota.next_change(probe).filter(|next| *next < to) {
            prop_assert_eq!(next, shift.to);
        }
    }
}
