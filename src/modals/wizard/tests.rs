//! The way from a stuck rollout to a verified rollback, as a person goes it; and the ways on which nothing is done.

use crate::{
    app::{
        App,
        effect::Effect,
        event::{Answer, Event, EventKind},
        runs::{PlanWanted, Planned},
    },
    model::{
        attention::{Attention, Condition, Severity},
        input::{Key, KeyCode},
        journal::{Actor, Body},
        object::{ObjectKind, ObjectRef},
    },
    ops::gate::Policy,
    panes::tests::{app_of, at, text_of, world},
    runbook::{
        definition::Catalogue,
        run::{Choice, Input, Mode, Reply},
    },
    screen::{self, kit::notice},
    world::runs::tests::run_sample::{self, Carried, Cluster, values},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::Arc;

const ENTER: Key = Key::plain(KeyCode::Enter);
const ESC: Key = Key::plain(KeyCode::Esc);

/// A cockpit, and whoever does what it asks for.
struct Aboard {
    app: App,
    cluster: Cluster,
    carried: Option<Carried>,
    gate: Result<(), String>,
    /// What left the cockpit.
    effects: Vec<String>,
}

impl Aboard {
    fn new(armed: bool) -> Self {
        let policy = Policy { armed, actor: Actor { name: "ann".into(), ..Actor::default() }, ..Policy::default() };
        let mut app = app_of(world(), policy, (100, 32));
        app.world.runbooks = Some(Arc::new(Catalogue::built_in()));
        Self { app, cluster: Cluster::default(), carried: None, gate: Ok(()), effects: Vec::new() }
    }

    fn give(&mut self, kind: EventKind) {
        let effects = self.app.update(Event { at: at(2), kind });
        effects.into_iter().for_each(|effect| self.perform(effect));
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Plan(wanted) => {
                let planned = self.planned(*wanted);
                self.give(EventKind::Answer(Box::new(Answer::Planned(planned))));
            }
            Effect::BeginRun(wanted) => {
                self.effects.push("begin".into());
                let carried = Carried::begin(wanted.plan, wanted.mode, self.cluster.clone(), at(2));
                let run = Ok(carried.run.id().into());
                self.carried = Some(carried);
                self.give(EventKind::Answer(Box::new(Answer::Begun { ticket: wanted.ticket, run })));
                self.tell();
            }
            Effect::TellRun { input, .. } => {
                self.effects.push(format!("{input:?}"));
                self.carried.as_mut().expect("a run").tell(input);
                self.tell();
            }
            Effect::Record(drafts) => self.effects.extend(drafts.iter().map(|draft| format!("{:?}", draft.body))),
            Effect::ResumeRun { way_back, .. } => self.effects.push(format!("resume {way_back}")),
            Effect::Demand(_) => {}
            other => self.effects.push(format!("{other:?}")),
        }
    }

    fn planned(&self, wanted: PlanWanted) -> Planned {
        let PlanWanted { ticket, runbook, values, .. } = wanted;
        let choices = [("revision".to_owned(), vec!["31".to_owned(), "30".to_owned()])].into();
        let plan = self.cluster.plan(&runbook, &values);
        Planned { ticket, values, choices, plan, gate: self.gate.clone() }
    }

    /// Has the journal and whoever carries the run on tell of it.
    fn tell(&mut self) {
        let Some(carried) = &mut self.carried else { return };
        let (update, standing) = (carried.news(None), carried.standing());
        self.give(EventKind::Updates { source: "journal".into(), updates: vec![update] });
        self.give(EventKind::Run(Box::new(standing)));
    }

    fn pass(&mut self, seconds: i64) {
        self.carried.as_mut().expect("a run").pass(seconds);
        self.tell();
    }

    fn press(&mut self, keys: &[Key]) {
        keys.iter().for_each(|key| self.give(EventKind::Key(*key)));
    }

    fn type_in(&mut self, text: &str) {
        text.chars().for_each(|c| self.give(EventKind::Key(Key::char(c))));
    }

    fn open(&mut self) {
        super::prepare(&mut self.app, "k8s-rollback", values());
        let asked = self.app.outbox_for_tests();
        asked.into_iter().for_each(|effect| self.perform(effect));
    }

    fn begin(&mut self) {
        self.open();
        self.press(&[ENTER]);
    }

    fn drawn(&self) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 32));
        screen::draw(&self.app, &mut buffer);
        text_of(&buffer)
    }

    fn shows(&self, words: &str) {
        assert!(self.drawn().contains(words), "«{words}» is not in\n{}", self.drawn());
    }

    fn notice(&self) -> &str {
        notice(&self.app)
    }
}

#[test]
fn from_the_plan_to_a_verified_rollback() {
    let mut aboard = Aboard::new(true);
    aboard.open();
    for words in ["LIVE", "✓ you may patch it", "+ image: registry/checkout:1.4.2", "all is as it has to be"] {
        aboard.shows(words);
    }
    assert!(aboard.effects.is_empty(), "a plan does nothing: {:?}", aboard.effects);
    aboard.press(&[ENTER]);
    aboard.shows("type checkout to go on");
    // What is agreed to stands beside the question.
    aboard.shows("+ image: registry/checkout:1.4.2");
    aboard.type_in("checkin");
    aboard.press(&[ENTER]);
    aboard.shows("«checkin» is not checkout");
    assert_eq!(aboard.carried.as_ref().expect("a run").cluster.template, "aaaa", "nothing was done");
    aboard.type_in("checkout");
    aboard.press(&[ENTER]);
    assert_eq!(aboard.carried.as_ref().expect("a run").cluster.template, "bbbb");
    aboard.shows("waiting whether it stays so");
    aboard.pass(40);
    aboard.shows("succeeded:");
    aboard.press(&[ESC]);
    assert!(aboard.app.modals.is_empty());
}

#[test]
fn read_only_begins_nothing_but_a_tabletop() {
    let mut aboard = Aboard::new(false);
    aboard.begin();
    assert!(aboard.effects.is_empty() && aboard.notice().contains("read-only"), "{:?}", aboard.effects);
    aboard.press(&[Key::char('m')]);
    aboard.shows("DRILL");
    aboard.press(&[ENTER]);
    assert!(aboard.effects.is_empty() && aboard.notice().contains("not marked as isolated"), "{}", aboard.notice());
    aboard.press(&[Key::char('m'), ENTER]);
    aboard.shows("TABLETOP");
    assert_eq!(aboard.effects, ["begin"]);
    assert_eq!(aboard.carried.as_ref().expect("a run").run.state().mode, Mode::Tabletop);
}

#[test]
fn what_keeps_a_plan_from_being_one_is_said_and_nothing_begins() {
    let mut aboard = Aboard::new(true);
    aboard.cluster.paused = true;
    aboard.begin();
    aboard.shows("its rollouts are halted: resume them first");
    assert!(aboard.effects.is_empty(), "{:?}", aboard.effects);

    let mut aboard = Aboard::new(true);
    aboard.gate = Err("rule 12d stands against it; flightdeck check --waive 12d --reason TEXT".into());
    aboard.open();
    aboard.shows("refused: rule 12d stands against it; flightdeck check --waive 12d");
}

#[test]
fn what_is_missing_is_asked_for_at_once_and_the_rest_is_filled_in() {
    let mut aboard = Aboard::new(true);
    let some = values().into_iter().filter(|(name, _)| name != "name").collect();
    super::prepare(&mut aboard.app, "k8s-rollback", some);
    let asked = aboard.app.outbox_for_tests();
    asked.into_iter().for_each(|effect| aboard.perform(effect));
    aboard.shows("prod-eu");
    aboard.shows("ctrl-u empties it");
    // It begins at what is missing.
    aboard.type_in("checkout");
    aboard.press(&[Key::plain(KeyCode::Tab), Key::plain(KeyCode::Right), ENTER]);
    aboard.shows("deployment shop/checkout to revision 30");
    aboard.shows("all is as it has to be");
}

#[test]
fn what_one_vouches_for_has_a_reason() {
    let mut aboard = Aboard::new(true);
    aboard.begin();
    aboard.type_in("checkout");
    aboard.press(&[ENTER]);
    aboard.carried.as_mut().expect("a run").cluster.answers = false;
    aboard.pass(700);
    aboard.shows("connection refused");
    let before = aboard.effects.len();
    let accept = digit_of(&aboard, " accept ");
    aboard.press(&[Key::char(accept), ENTER]);
    aboard.shows("what you saw:");
    aboard.press(&[ENTER]);
    aboard.shows("say what you saw");
    assert_eq!(aboard.effects.len(), before);
    aboard.type_in("all six answer");
    aboard.press(&[ENTER]);
    assert!(aboard.effects.last().is_some_and(|effect| effect.contains("all six answer")), "{:?}", aboard.effects);
    aboard.shows("succeeded:");
}

/// The digit before a way.
fn digit_of(aboard: &Aboard, word: &str) -> char {
    let drawn = aboard.drawn();
    let line = drawn.lines().find(|line| line.contains(word)).map(ToOwned::to_owned).unwrap_or_default();
    line.chars().find(char::is_ascii_digit).unwrap_or_else(|| panic!("no {word} in\n{drawn}"))
}

#[test]
fn a_choice_is_chosen_and_then_said() {
    let mut aboard = Aboard::new(true);
    aboard.begin();
    aboard.carried.as_mut().expect("a run").cluster.comes_up = false;
    aboard.type_in("checkout");
    aboard.press(&[ENTER]);
    aboard.pass(700);
    aboard.shows("way-back");
    let before = aboard.effects.len();
    // A digit alone says nothing.
    aboard.type_in("2");
    assert_eq!(aboard.effects.len(), before);
    let back = digit_of(&aboard, " way-back ");
    aboard.press(&[Key::char(back), ENTER]);
    aboard.type_in("web");
    aboard.press(&[ENTER]);
    aboard.shows("«web» is not checkout: nothing is undone before that");
    aboard.press(&[Key::plain(KeyCode::Backspace); 3]);
    aboard.type_in("checkout");
    aboard.press(&[ENTER]);
    let chosen = format!("{:?}", Reply::Chosen { choice: Choice::WayBack, text: String::new() });
    assert!(aboard.effects.last().is_some_and(|effect| effect.contains(&chosen)), "{:?}", aboard.effects);
    assert_eq!(aboard.carried.as_ref().expect("a run").cluster.template, "aaaa", "it is undone");
}

#[test]
fn a_note_a_halt_and_calling_off_need_no_answer_to_the_question() {
    let mut aboard = Aboard::new(true);
    aboard.begin();
    // Letters belong to what is typed until one leaves that.
    aboard.type_in("n");
    aboard.press(&[ESC]);
    aboard.type_in("nwe watch the graphs");
    aboard.press(&[ENTER]);
    assert!(aboard.effects.last().is_some_and(|effect| effect.contains("we watch the graphs")), "{:?}", aboard.effects);
    aboard.type_in("cx");
    assert!(!aboard.effects.iter().any(|effect| effect.contains("Cancel")), "another key does not call it off");
    aboard.type_in("cy");
    assert!(aboard.effects.iter().any(|effect| effect.contains("Cancel")));
    assert_eq!(aboard.carried.as_ref().expect("a run").cluster.template, "aaaa");
}

#[test]
fn who_did_not_ask_for_a_run_can_watch_it_write_notes_and_go_on_with_it() {
    let mut aboard = Aboard::new(true);
    let plan = aboard.cluster.plan("k8s-rollback", &values()).expect("a plan");
    let mut carried = Carried::begin(plan, Mode::Live, aboard.cluster.clone(), at(2));
    let run = carried.run.id().to_owned();
    let update = carried.news(None);
    aboard.give(EventKind::Updates { source: "journal".into(), updates: vec![update] });
    aboard.app.open(ObjectRef::new(ObjectKind::Run, &*run));
    aboard.shows("another does, or it broke off");
    aboard.press(&[Key::plain(KeyCode::Tab)]);
    aboard.type_in("nlooks fine from here");
    aboard.press(&[ENTER]);
    assert!(aboard.effects.iter().any(|effect| effect.contains("looks fine from here")), "{:?}", aboard.effects);
    aboard.press(&[Key::plain(KeyCode::Tab), ENTER]);
    assert_eq!(aboard.effects.last().map(String::as_str), Some("resume false"));
    // What another cockpit does is seen here.
    let ticket = carried.run.question().expect("asked").ticket;
    carried.tell(Input::Answered { ticket, by: run_sample::person("ann"), reply: Reply::Typed("checkout".into()) });
    carried.pass(40);
    let update = carried.news(None);
    aboard.give(EventKind::Updates { source: "journal".into(), updates: vec![update] });
    aboard.shows("succeeded:");
    aboard.shows("way-back");
    // The Enter that closes it does nothing else.
    let before = aboard.effects.len();
    aboard.press(&[ENTER]);
    assert!(aboard.app.modals.is_empty() && aboard.effects.len() == before, "{:?}", aboard.effects);
    aboard.app.open(ObjectRef::new(ObjectKind::Run, &*run));
    aboard.press(&[Key::plain(KeyCode::Tab), ENTER, ENTER]);
    assert_eq!(aboard.effects.len(), before, "nothing is undone before its name is typed: {:?}", aboard.effects);
    aboard.type_in("checkout");
    aboard.press(&[ENTER]);
    assert_eq!(aboard.effects.last().map(String::as_str), Some("resume true"));
}

#[test]
fn a_plan_that_the_gate_refused_is_asked_again_before_it_begins() {
    let mut aboard = Aboard::new(true);
    aboard.gate = Err("apply: READ-ONLY: arm the cockpit first (arm, A)".into());
    aboard.open();
    aboard.shows("refused: apply: READ-ONLY");
    aboard.gate = Ok(());
    aboard.press(&[ENTER]);
    assert!(aboard.carried.is_none() && aboard.notice().contains("it is asked again now"), "{}", aboard.notice());
    aboard.shows("all is as it has to be");
    aboard.press(&[ENTER]);
    assert!(aboard.carried.is_some());
}

#[test]
fn what_is_typed_unseen_stands_in_no_line() {
    let mut aboard = Aboard::new(true);
    aboard.begin();
    aboard.type_in("n");
    aboard.press(&[Key::plain(KeyCode::Tab), Key::plain(KeyCode::Tab)]);
    aboard.type_in("checkout");
    aboard.press(&[ENTER]);
    assert!(!aboard.drawn().contains("is not checkout"), "{}", aboard.drawn());
}

#[test]
fn nobody_approves_what_they_asked_for() {
    let mut aboard = Aboard::new(true);
    let plan = aboard.cluster.plan("k8s-rollback", &values()).expect("a plan");
    let mut carried = Carried::begin(plan, Mode::Live, aboard.cluster.clone(), at(2));
    let (run, update) = (carried.run.id().to_owned(), carried.news(None));
    aboard.give(EventKind::Updates { source: "journal".into(), updates: vec![update] });
    aboard.app.approve_run(&run, true);
    assert!(aboard.notice().contains("somebody else approves it"), "{}", aboard.notice());
    aboard.app.policy.actor = run_sample::person("bea");
    aboard.app.approve_run(&run, true);
    let binding = carried.run.binding().to_string();
    let body = Body::Approval { plan: binding.into(), approved: true, text: String::new() };
    let asked = aboard.app.outbox_for_tests();
    asked.into_iter().for_each(|effect| aboard.perform(effect));
    assert_eq!(aboard.effects, [format!("{body:?}")]);
}

#[test]
fn leaving_with_a_run_that_is_not_over_is_said_once() {
    let mut aboard = Aboard::new(true);
    aboard.begin();
    aboard.app.quit();
    assert!(aboard.notice().contains("leaving lets it stand as it is"), "{}", aboard.notice());
    assert!(!aboard.app.outbox_for_tests().iter().any(|effect| matches!(effect, Effect::Quit)));
    aboard.app.quit();
    assert!(aboard.app.outbox_for_tests().iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn a_row_that_stands_for_many_offers_what_fits_each() {
    let mut aboard = Aboard::new(true);
    let deployment = |name: &str| ObjectRef::in_cluster(ObjectKind::Deployment, "prod", "shop", name);
    let condition = Condition {
        rule: "kube-workload".into(),
        severity: Severity::Error,
        kind: "pods".into(),
        object: ObjectRef::resource("prod", "namespaces", "", "shop"),
        name: "shop".into(),
        cause: "5 pods of 2 workloads crash".into(),
        next_step: String::new(),
        count: 5,
        since: None,
    };
    let members = vec![deployment("api"), deployment("web")];
    aboard.app.world.attention = vec![Attention { condition, began: at(1), members }];
    let found = aboard.app.fitting_about(&ObjectRef::resource("prod", "namespaces", "", "shop"));
    let of = |name: &str| found.iter().filter(|one| one.object == deployment(name)).collect::<Vec<_>>();
    assert_eq!((of("api").len(), of("web").len()), (found.len() / 2, found.len() / 2), "{found:#?}");
    let rollback = of("web").into_iter().find(|one| one.runbook == "k8s-rollback").expect("it fits");
    assert_eq!(rollback.values["name"], "web");
}
