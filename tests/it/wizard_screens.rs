//! Golden screens of a runbook: its plan, its values, and a run of it where it waits, goes on, has failed and is over.

use crate::{
    golden::Goldens,
    stage::{
        self,
        run_sample::{Carried, Cluster, person, values},
    },
};
use flightdeck::{
    app::{
        App,
        effect::Effect,
        event::{Answer, Event, EventKind},
        runs::Planned,
    },
    model::{
        input::Key,
        object::{ObjectKind, ObjectRef},
    },
    runbook::run::{Input, Mode, Reply},
};

const SIZES: &[(u16, u16)] = &[(80, 24), (160, 45), (40, 10)];

/// Presses keys, and makes the plans that are asked for.
fn press(app: &mut App, cluster: &Cluster, gate: &Result<(), String>, keys: &str) {
    for key in keys.split_whitespace() {
        let key = key.parse::<Key>().expect("a key");
        for effect in app.update(Event { at: stage::now(), kind: EventKind::Key(key) }) {
            if let Effect::Plan(wanted) = effect {
                let plan = cluster.plan(&wanted.runbook, &values());
                let choices = [("context".to_owned(), vec!["prod-eu".to_owned(), "staging".to_owned()])].into();
                let planned = Planned { ticket: wanted.ticket, values: values(), choices, plan, gate: gate.clone() };
                let kind = EventKind::Answer(Box::new(Answer::Planned(planned)));
                app.update(Event { at: stage::now(), kind });
            }
        }
    }
}

/// The list of runbooks, with the rollback selected.
fn at_runbooks(size: (u16, u16)) -> App {
    let mut app = stage::app_with_incident(stage::settings_of_pane("runbooks"), size);
    app.policy.armed = true;
    let names = app
        .world
        .runbooks
        .as_ref()
        .expect("the stage has them")
        .iter()
        .map(|(name, _)| name.to_owned())
        .collect::<Vec<_>>();
    let at = names.iter().position(|name| name == "k8s-rollback").expect("comes with the program");
    stage::press(&mut app, &"down ".repeat(at));
    app
}

#[test]
fn plans() {
    let mut goldens = Goldens::default();
    let ways: [(&str, Cluster, Result<(), String>, &str); 5] = [
        ("ready", Cluster::default(), Ok(()), "enter"),
        ("values", Cluster::default(), Ok(()), "enter v"),
        ("table", Cluster::default(), Ok(()), "enter m m"),
        ("not-so", Cluster { paused: true, ..Cluster::default() }, Ok(()), "enter"),
        ("refused", Cluster::default(), Err("apply: rule 12d: no PodDisruptionBudget".into()), "enter"),
    ];
    for (name, cluster, gate, keys) in ways {
        for size in SIZES {
            let mut app = at_runbooks(*size);
            press(&mut app, &cluster, &gate, keys);
            goldens.compare(&format!("wizard-plan-{name}-{}x{}", size.0, size.1), &stage::draw(&app));
        }
    }
    goldens.finish("wizard-plan-");
}

/// A run that has begun, and its screen.
fn begun(size: (u16, u16), cluster: Cluster) -> (App, Carried) {
    let mut app = stage::app_with_incident(stage::settings_of_pane("runs"), size);
    app.policy.armed = true;
    let plan = Cluster::default().plan("k8s-rollback", &values()).expect("a plan");
    let mut carried = Carried::begin(plan, Mode::Live, cluster, stage::now());
    stage::tell_of(&mut app, &mut carried);
    app.open(ObjectRef::new(ObjectKind::Run, carried.run.id()));
    (app, carried)
}

fn confirmed(size: (u16, u16), comes_up: bool) -> (App, Carried) {
    let (app, mut carried) = begun(size, Cluster { comes_up, ..Cluster::default() });
    let ticket = carried.run.question().expect("asked").ticket;
    carried.tell(Input::Answered { ticket, by: person("ann"), reply: Reply::Typed("checkout".into()) });
    (app, carried)
}

#[test]
fn runs() {
    let mut goldens = Goldens::default();
    for size in SIZES {
        let name = |way: &str| format!("wizard-run-{way}-{}x{}", size.0, size.1);
        let (mut app, _) = begun(*size, Cluster::default());
        goldens.compare(&name("waits"), &stage::draw(&app));
        stage::press(&mut app, "c h e c k enter");
        goldens.compare(&name("wrong"), &stage::draw(&app));
        let (mut app, mut carried) = confirmed(*size, true);
        stage::tell_of(&mut app, &mut carried);
        goldens.compare(&name("goes-on"), &stage::draw(&app));
        stage::press(&mut app, "c");
        goldens.compare(&name("called-off"), &stage::draw(&app));
        carried.pass(40);
        stage::tell_of(&mut app, &mut carried);
        stage::press(&mut app, "right");
        goldens.compare(&name("over"), &stage::draw(&app));
        let (mut app, mut carried) = confirmed(*size, false);
        carried.pass(700);
        stage::tell_of(&mut app, &mut carried);
        goldens.compare(&name("failed"), &stage::draw(&app));
    }
    goldens.finish("wizard-run-");
}
