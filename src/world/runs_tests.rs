//! Runs as the journal tells of them.

use super::*;
use crate::{
    model::{self, journal::EventId, update::Update},
    runbook::{
        self,
        run::{Input, Mode, Reply},
    },
    world::World,
};
use run_sample::{Carried, Cluster, person, values};

#[path = "../../tests/common/run_sample.rs"]
pub(crate) mod run_sample;

fn start() -> Timestamp {
    "2026-11-23T02:14:07Z".parse().expect("a time")
}

fn begun(mode: Mode) -> Carried {
    let cluster = Cluster::default();
    let plan = cluster.plan("k8s-rollback", &values()).expect("a plan");
    Carried::begin(plan, mode, cluster, start())
}

fn confirm(carried: &mut Carried) {
    let ticket = carried.run.question().expect("a question").ticket;
    carried.tell(Input::Answered { ticket, by: person("ann"), reply: Reply::Typed("checkout".into()) });
}

fn told(world: &mut World, update: Update) {
    world.apply(start(), "journal", vec![update]);
}

#[test]
fn a_run_is_what_the_journal_says_and_more_where_it_is_carried_on() {
    let (mut world, mut carried) = (World::at(start()), begun(Mode::Live));
    let incident = IncidentId(EventId::new(start()).0);
    told(&mut world, carried.news(Some(incident)));
    let row = &world.runs.all()[0];
    assert_eq!((row.incident, row.outcome(), row.question().is_some()), (Some(incident), None, false));
    world.stand(start(), carried.standing());
    let row = &world.runs.all()[0];
    assert_eq!((row.outcome(), row.question().is_some()), (Some(Outcome::Paused), true));
    confirm(&mut carried);
    carried.pass(40);
    told(&mut world, carried.news(Some(incident)));
    world.stand(start(), Standing { ended: Some("over".into()), ..carried.standing() });
    let row = &world.runs.all()[0];
    assert_eq!((row.outcome(), row.is_over()), (Some(Outcome::Succeeded), true));
    assert!(row.carried().is_none() && row.view().steps.iter().any(|step| step.can_be_undone));
}

#[test]
fn a_run_that_waits_or_broke_off_stands_in_the_attention_list_until_it_goes_on_or_is_over() {
    let (mut world, mut carried) = (World::at(start()), begun(Mode::Live));
    let causes = |world: &mut World, second: i64| -> Vec<String> {
        // Second by second: a gap is a reason to look anew.
        for second in second - 18..=second {
            world.pass(Timestamp::from_second(start().as_second() + second).expect("in range"));
        }
        world.attention.iter().map(|row| row.condition.cause.clone()).collect()
    };
    told(&mut world, carried.news(None));
    assert_eq!(causes(&mut world, 1), [""; 0], "it may be answered right away");
    let [cause] = <[String; 1]>::try_from(causes(&mut world, 20)).expect("one row");
    assert!(cause.starts_with("not over, and not carried on here: Roll back"), "{cause}");
    world.stand(start(), carried.standing());
    let [cause] = <[String; 1]>::try_from(causes(&mut world, 40)).expect("one row");
    assert!(cause.starts_with("waits for a person: "), "{cause}");
    assert_eq!(world.attention[0].condition.object.kind, ObjectKind::Run);
    confirm(&mut carried);
    world.stand(start(), carried.standing());
    assert_eq!(causes(&mut world, 60), [""; 0], "it goes on here");
}

#[test]
fn the_order_in_which_entries_come_does_not_matter() {
    let mut carried = begun(Mode::Live);
    confirm(&mut carried);
    carried.pass(40);
    let Update::Journal(news) = carried.news(None) else { panic!("no news of the journal") };
    let mut backwards = news.clone();
    backwards.events.reverse();
    let (mut one, mut other) = (World::at(start()), World::at(start()));
    told(&mut one, Update::Journal(news));
    told(&mut other, Update::Journal(backwards));
    let state = |world: &World| world.runs.all()[0].run.state().clone();
    assert_eq!(state(&one), state(&other));
    // A moment that was kept shows the same, and so does a world that was written and read.
    let text = serde_json::to_string(&one).expect("written");
    let read: World = serde_json::from_str(&text).expect("read");
    assert_eq!((state(&one.moment()), state(&read)), (state(&one), state(&one)));
}

#[test]
fn of_those_that_are_over_the_newest_are_kept() {
    let mut runs = Runs::default();
    for number in 0..30_i64 {
        let mut carried = begun(Mode::Tabletop);
        for _ in 0..20 {
            let Some(question) = carried.run.question() else { break };
            let ticket = question.ticket;
            let reply = match &question.asking {
                runbook::run::Asking::Way { .. } => Reply::Takes(false),
                _ => Reply::Done,
            };
            carried.tell(Input::Answered { ticket, by: person("ann"), reply });
        }
        for mut entry in carried.entries {
            entry.run = format!("run-{number:02}").into();
            entry.at = start().checked_add(jiff::SignedDuration::from_mins(number)).expect("in range");
            runs.take(None, entry);
        }
    }
    runs.fold();
    assert!(runs.all().iter().all(RunRow::is_over));
    assert_eq!((runs.all().len(), runs.all()[0].run.id()), (OVER, "run-29"));
}
