//! The way of a waiver from a key to a file, as a person goes it.

use crate::{
    app::{
        App,
        effect::Effect,
        event::{Answer, Done, Event, EventKind},
    },
    keymap::Scope,
    model::{
        finding::{Finding, Level, Scope as Where, Span, Status},
        input::{Key, KeyCode},
        journal::Actor,
        object::{ObjectKind, ObjectRef},
        preflight::{Item, Preflight, State},
        ruling::{RuleNews, Ruling},
        update::Update,
    },
    ops::{gate::Policy, operation::Operation, rehearse::Rehearsal},
    panes::tests::{app_of, at, text_of, world},
    rulebook::policy::addition::Draft,
    screen::{self, kit::notice},
    view::layout::{Area, Placed},
};
use ratatui::{buffer::Buffer, layout::Rect};

const ENTER: Key = Key::plain(KeyCode::Enter);

fn ruling(check: &str, level: Level, file: &str) -> Ruling {
    let finding = Finding {
        check: check.into(),
        fingerprint: format!("{check}-{file}").into(),
        title: "a title".into(),
        level,
        status: Status::Fail,
        scope: Where::Repo,
        resource: file.into(),
        origin: file.into(),
        file: Some(file.into()),
        span: Some(Span::on_line(3, 1, 2)),
        pointer: None,
        observed: "seen".into(),
        expected: String::new(),
        fix: "mend it".into(),
        owner: None,
        waiver: None,
    };
    Ruling { finding, first_seen: at(0), is_new: false, history: Vec::new() }
}

/// A cockpit on the list of violations.
fn app(armed: bool) -> App {
    let policy = Policy { armed, actor: Actor { name: "ann".into(), ..Actor::default() }, ..Policy::default() };
    let mut app = app_of(world(), policy, (100, 40));
    let rulings = vec![ruling("11a", Level::Error, "a.yml"), ruling("11b", Level::Info, "b.yml")];
    let news =
        RuleNews { source: "rules/repo".into(), root: Some("/srv/infra".into()), rulings, ..RuleNews::default() };
    give(&mut app, EventKind::Updates { source: "rules/repo".into(), updates: vec![Update::Rules(Box::new(news))] });
    app.settings.keymap.bind(Scope::Pane("violations"), vec![Key::char('W')], "operate-waive");
    app.settings.keymap.bind(Scope::Pane("violations"), vec![Key::char('B')], "operate-accept");
    app.settings.keymap.bind(Scope::Pane("violations"), vec![Key::char('E')], "operate-edit");
    app.settings.keymap.bind(Scope::List, vec![Key::char('M')], "mark-all");
    app.view.placed = vec![Placed { area: Area { x: 0, y: 1, width: 100, height: 38 }, panes: vec!["violations"] }];
    app.refresh_lists();
    app
}

fn give(app: &mut App, kind: EventKind) -> Vec<Effect> {
    let effects = app.update(Event { at: at(2), kind });
    effects.into_iter().filter(|effect| !matches!(effect, Effect::Demand(_))).collect()
}

fn press(app: &mut App, keys: &[Key]) -> Vec<Effect> {
    keys.iter().flat_map(|key| give(app, EventKind::Key(*key))).collect()
}

fn typed(text: &str) -> Vec<Key> {
    text.chars().map(Key::char).collect()
}

fn drawn(app: &App) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 40));
    screen::draw(app, &mut buffer);
    text_of(&buffer)
}

/// The answer to a question what would be written.
fn answered(effects: Vec<Effect>, outcome: Result<&str, &str>) -> (Operation, EventKind) {
    let [Effect::Rehearse(trial)] = effects.as_slice() else { panic!("{effects:?}") };
    let operation = trial.operation().clone();
    let Operation::Rules(change) = &operation else { panic!("{operation}") };
    let exact = outcome.ok().map(|text| {
        let path = "/srv/infra/.flightdeck.toml".into();
        let draft = Draft { path, was: None, text: text.into(), diff: format!("+{text}\n") };
        Operation::Rules(Box::new(crate::ops::operation::RuleChange { draft: Some(draft), ..(**change).clone() }))
    });
    let outcome = outcome.map(|_| Vec::new()).map_err(Into::into);
    let rehearsal = Rehearsal { operation: operation.clone(), outcome, exact };
    (operation, EventKind::Answer(Box::new(Answer::Rehearsed(rehearsal))))
}

/// Fills in the reason, and goes on.
fn waive(app: &mut App) -> Vec<Effect> {
    press(app, &[Key::char('W')]);
    press(app, &[typed("moves on Monday"), vec![ENTER]].concat())
}

#[test]
fn read_only_writes_nothing_and_opens_nothing() {
    for key in "WBE".chars() {
        let mut app = app(false);
        assert!(press(&mut app, &[Key::char(key)]).is_empty(), "{key}");
        assert!(app.modals.is_empty() && notice(&app).contains("READ-ONLY"), "{key}: {}", notice(&app));
    }
}

#[test]
fn what_is_written_is_shown_before_and_is_just_that() {
    let mut app = app(true);
    let effects = waive(&mut app);
    let (operation, answer) = answered(effects, Ok("[[waiver]]"));
    assert_eq!(operation.to_string(), "waive 11a of a.yml in /srv/infra/.flightdeck.toml");
    assert!(press(&mut app, &[Key::char('y')]).is_empty(), "nobody has seen yet what would be written");
    assert!(notice(&app).contains("still being asked"), "{}", notice(&app));
    give(&mut app, answer);
    assert!(drawn(&app).contains("+[[waiver]]"), "{}", drawn(&app));
    let done = press(&mut app, &[Key::char('y')]);
    let [Effect::Execute(permit)] = done.as_slice() else { panic!("{done:?}") };
    let Operation::Rules(change) = permit.operation() else { panic!("{done:?}") };
    assert_eq!(change.draft.as_ref().map(|draft| draft.text.as_str()), Some("[[waiver]]"));
    assert!(app.modals.is_empty());
}

#[test]
fn a_file_that_cannot_be_read_whole_is_not_written() {
    let mut app = app(true);
    let effects = waive(&mut app);
    give(&mut app, answered(effects, Err("it cannot be read whole")).1);
    assert!(drawn(&app).contains("it would be refused: it cannot be read whole"), "{}", drawn(&app));
    assert!(press(&mut app, &[Key::char('y')]).is_empty());
    assert!(notice(&app).contains("nothing was done"), "{}", notice(&app));
}

#[test]
fn marked_findings_are_one_change_of_one_file() {
    let mut app = app(true);
    press(&mut app, &[Key::char('M')]);
    let (operation, _) = answered(waive(&mut app), Ok("x"));
    assert_eq!(
        (operation.count(), operation.to_string().as_str()),
        (2, "waive 11a of a.yml and 1 more in /srv/infra/.flightdeck.toml")
    );
}

#[test]
fn a_reason_is_needed_and_the_owner_is_who_acts() {
    let mut app = app(true);
    press(&mut app, &[Key::char('W')]);
    assert!(drawn(&app).contains("ann") && drawn(&app).contains("expires"), "{}", drawn(&app));
    assert!(press(&mut app, &[ENTER]).is_empty());
    assert!(drawn(&app).contains("a reason is needed"), "{}", drawn(&app));
}

#[test]
fn the_editor_is_opened_at_once_in_an_armed_cockpit() {
    let mut app = app(true);
    let done = press(&mut app, &[Key::char('E')]);
    let [Effect::Execute(permit)] = done.as_slice() else { panic!("{done:?}") };
    assert_eq!(permit.operation().to_string(), "edit a.yml:3");
    assert!(permit.operation().takes_terminal());
}

#[test]
fn those_who_judge_are_told_that_rules_were_written() {
    let mut app = app(true);
    let target = ObjectRef::new(ObjectKind::Violation, "11a-a.yml:3");
    let done = Done { target: Some(target), ..Done::new(true, "written") };
    let effects = app.update(Event { at: at(3), kind: EventKind::Done(done) });
    let stamp = effects.iter().find_map(|effect| match effect {
        Effect::Demand(demand) => Some(demand.rules_written),
        _ => None,
    });
    assert_eq!(stamp, Some(1));
}

/// A list with a point that is seen, one that is not, and one that a person confirms.
fn preflight(app: &mut App, seen: State) {
    let item =
        |id: &str, state| Item { id: id.into(), title: format!("title of {id}"), state, evidence: "evidence".into() };
    let items = vec![item("changelog", seen), item("searched", State::Open)];
    let list = Preflight { items, ..Preflight::default() };
    let news = RuleNews {
        source: "rules/repo".into(),
        root: Some("/srv/infra".into()),
        preflight: Some(list),
        ..RuleNews::default()
    };
    give(app, EventKind::Updates { source: "rules/repo".into(), updates: vec![Update::Rules(Box::new(news))] });
    app.run("preflight");
}

#[test]
fn the_preflight_list_is_confirmed_and_kept_also_while_read_only() {
    let mut app = app(false);
    preflight(&mut app, State::Ok);
    assert!(
        drawn(&app).contains("[ ] title of searched") && drawn(&app).contains("not all of it is so"),
        "{}",
        drawn(&app)
    );
    press(&mut app, &[Key::char(' ')]);
    assert!(notice(&app).contains("no matter of confirming"), "the first is seen, not confirmed: {}", notice(&app));
    press(&mut app, &[Key::plain(KeyCode::Down), Key::char(' ')]);
    assert!(drawn(&app).contains("[x] title of searched") && drawn(&app).contains("work may begin"), "{}", drawn(&app));
    let kept = press(&mut app, &[ENTER]);
    let [Effect::KeepPreflight(kept)] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((kept.passed, kept.actor.as_str(), kept.root.as_str()), (true, "ann", "/srv/infra"));
    assert_eq!(kept.items[1].state, State::Confirmed);
    assert!(app.modals.is_empty());
}

#[test]
fn what_is_violated_is_kept_as_not_passed_and_the_past_is_not_gone_through() {
    let mut app = app(false);
    preflight(&mut app, State::Violated);
    let kept = press(&mut app, &[Key::plain(KeyCode::Down), Key::char(' '), ENTER]);
    let [Effect::KeepPreflight(kept)] = kept.as_slice() else { panic!("{kept:?}") };
    assert!(!kept.passed);
    preflight(&mut app, State::Ok);
    app.moment = Some(Box::new(app.world.clone()));
    assert!(press(&mut app, &[ENTER]).is_empty());
    assert!(notice(&app).contains("the past"), "{}", notice(&app));
}

#[test]
fn violations_are_looked_at_by_severity_rule_owner_and_resource() {
    let mut app = app(false);
    let mut heads = Vec::new();
    for _ in 0..4 {
        app.run("violations-view");
        let list = &app.view.pane("violations").list;
        heads.push((list.sort.is_some(), list.toggled.len()));
        assert!(drawn(&app).contains("11a"), "{}", drawn(&app));
    }
    assert_eq!(heads, [(true, 1), (true, 1), (true, 1), (false, 0)], "and round again, with no column left over");
}
