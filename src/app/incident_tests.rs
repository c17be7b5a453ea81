//! Tests of what keys do about incidents, through the cockpit's own door.

use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
        incident::declared,
        settings::{self, Terminal},
    },
    config::layers::resolve,
    incident::sample::{Story, at, deployment, row},
    model::{
        Timestamp,
        attention::Severity,
        input::{Key, KeyCode},
        journal::{
            Body, OperationStage, Role, Sev,
            news::{JournalNews, JournalState},
        },
        logs::{Level, LineKind, LogBatch, LogLine, LogOrigin, OriginState},
        object::{ObjectKind, ObjectRef},
        update::Update,
    },
    ops::gate::Policy,
    screen::kit::{self, drawn, line},
};
use std::sync::Arc;

fn tell(app: &mut App, when: Timestamp, news: JournalNews) -> Vec<Effect> {
    let updates = vec![Update::Journal(Box::new(news))];
    app.update(Event { at: when, kind: EventKind::Updates { source: "journal".into(), updates } })
}

fn events(story: Story) -> JournalNews {
    JournalNews { events: story.events().into_iter().map(Arc::new).collect(), ..JournalNews::default() }
}

fn keys(app: &mut App, words: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for sign in words.chars() {
        let key = match sign {
            '\n' => Key::plain(KeyCode::Enter),
            '\t' => Key::plain(KeyCode::Tab),
            sign => Key::char(sign),
        };
        effects.extend(app.update(Event { at: app.now, kind: EventKind::Key(key) }));
    }
    effects
}

fn app() -> App {
    kit::app((160, 40))
}

#[test]
fn two_keys_declare_what_is_wrong() {
    let mut app = app();
    app.world.attention =
        vec![row("deploy", Severity::Critical, "02:02", deployment("checkout"), "shop/checkout", "2/6 ready")];
    let effects = keys(&mut app, "I\n");
    let declaration = effects.into_iter().find_map(|effect| match effect {
        Effect::Declare(declaration) => Some(*declaration),
        _ => None,
    });
    let (declaration, proposal) = declaration.expect("declared");
    assert!(declaration.title.contains("checkout"), "{}", declaration.title);
    assert_eq!((declaration.number, proposal.impact_started), (1, Some(at("02:02"))));
    let drafts = declared(declaration, &proposal);
    assert!(matches!(drafts.last().map(|draft| &draft.body), Some(Body::Role { role: Role::Commander, .. })));
    assert!(drafts.iter().any(|draft| matches!(draft.body, Body::Health { .. })), "what is wrong is taken along");
}

#[test]
fn a_declaration_says_what_it_lacks() {
    let mut app = app();
    assert!(!keys(&mut app, "I\n").iter().any(|effect| matches!(effect, Effect::Declare(_))));
    assert!(drawn(&app).contains("a few words on what is wrong"), "{}", drawn(&app));
    keys(&mut app, "disk full");
    let tab = |app: &mut App| app.update(Event { at: app.now, kind: EventKind::Key(Key::plain(KeyCode::Tab)) });
    tab(&mut app);
    assert!(!keys(&mut app, "bad\n").iter().any(|effect| matches!(effect, Effect::Declare(_))));
    assert!(drawn(&app).contains("sev1, sev2, sev3 or sev4"));
}

#[test]
fn a_running_incident_has_a_line_on_every_page_until_it_is_over() {
    let mut app = app();
    let mut story = Story::new();
    story.declared("02:12", "checkout is down");
    tell(&mut app, at("02:14:08"), events(story.clone()));
    let strip = line(&app, 1);
    assert!(strip.contains("INC-7 sev2 checkout is down") && strip.contains("IC free"), "{strip}");
    assert_eq!(app.work_area().y, 2);
    app.show_page(1);
    assert!(line(&app, 1).contains("INC-7"));
    story.says("02:20", "ops-a", Body::Resolved { text: "rolled back".into() });
    tell(&mut app, at("02:20"), events(story));
    assert_eq!(app.work_area().y, 1);
    assert!(!line(&app, 1).contains("INC-7"));
}

#[test]
fn a_note_goes_into_the_incident_and_never_into_the_past() {
    let mut app = app();
    let mut story = Story::new();
    let incident = story.declared("02:12", "checkout is down");
    tell(&mut app, at("02:14:08"), events(story));
    let effects = keys(&mut app, "ithe password=hunter22 was wrong\n");
    let Some(Effect::Record(drafts)) = effects.iter().find(|effect| matches!(effect, Effect::Record(_))) else {
        panic!("nothing is recorded: {effects:?}")
    };
    assert_eq!(drafts[0].incident, Some(incident));
    let Body::Note { text } = &drafts[0].body else { panic!("no note") };
    assert!(text.starts_with("the password=") && !text.contains("hunter22"), "{text}");
    app.policy.past = Some(crate::ops::gate::Past::Earlier);
    assert!(!keys(&mut app, "inothing\n").iter().any(|effect| matches!(effect, Effect::Record(_))));
}

#[test]
fn what_was_written_and_not_sent_stands_there_again() {
    let mut app = app();
    let mut story = Story::new();
    story.declared("02:12", "checkout is down");
    tell(&mut app, at("02:14:08"), events(story));
    keys(&mut app, "ithe limit is 256 M");
    app.update(Event { at: app.now, kind: EventKind::Key(Key::plain(KeyCode::Esc)) });
    assert!(app.modals.is_empty());
    let effects = keys(&mut app, "iiB\n");
    let Some(Effect::Record(drafts)) = effects.iter().find(|effect| matches!(effect, Effect::Record(_))) else {
        panic!("nothing is recorded: {effects:?}")
    };
    let Body::Note { text } = &drafts[0].body else { panic!("no note") };
    assert_eq!(text, "the limit is 256 MiB");
    assert!(!keys(&mut app, "i\n").iter().any(|effect| matches!(effect, Effect::Record(_))), "what was sent is gone");
}

#[test]
fn of_a_declaration_only_the_title_is_kept() {
    let mut app = app();
    keys(&mut app, "Isearch is down\t\t\tyes");
    app.update(Event { at: app.now, kind: EventKind::Key(Key::plain(KeyCode::Esc)) });
    keys(&mut app, "I");
    let screen = drawn(&app);
    assert!(screen.contains("search is down"), "{screen}");
    let drill = screen.lines().find(|line| line.contains(" drill ")).expect("asked");
    assert!(drill.contains("no") && !drill.contains("yes"), "{drill}");
}

#[test]
fn an_event_leads_to_the_lines_and_to_the_moment() {
    let terminal = Terminal { term: "xterm-256color".into(), ..Terminal::default() };
    let mut app = App::new(settings::build(&resolve(&[]), &terminal), Policy::default(), at("02:11"), (160, 40));
    let mut story = Story::new();
    story.declared("02:12", "checkout is down");
    let about = ObjectRef::in_cluster(ObjectKind::Pod, "prod-eu", "shop", "checkout-1");
    let body = Body::Note { text: "it dies".into() };
    story.says("02:13", "ops-a", body);
    story.last().header.object = Some(about.clone());
    tell(&mut app, at("02:20"), events(story));
    app.show_page_of_key('7');
    keys(&mut app, "o/dies\n");
    let effects = keys(&mut app, "t");
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Moment(Some(then)) if *then == at("02:13"))),
        "{effects:?}"
    );
    let effects = keys(&mut app, "0l");
    assert_eq!(app.view.stack.last().map(|page| &page.object), Some(&about));
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Logs(Some(request)) => Some(request),
        _ => None,
    });
    // Seven minutes ago: an hour of lines reaches it.
    assert_eq!(asked.expect("lines are asked for").since_seconds, Some(3_600));
    let line = |minute: i64| LogLine {
        at: at("02:10").checked_add(jiff::SignedDuration::from_mins(minute)).expect("a time"),
        origin: 0,
        kind: LineKind::Out,
        level: Level::Info,
        json: false,
        text: format!("minute {minute}").into(),
        inks: Box::default(),
    };
    let origins = Some(vec![LogOrigin { name: "checkout-1/app".into(), state: OriginState::Open }]);
    let id = app.view.logs.as_ref().expect("open").id;
    let batch = LogBatch { id, origins, lines: (0..9).map(line).collect(), dropped: 0 };
    app.update(Event { at: at("02:20"), kind: EventKind::Logs(batch) });
    let viewer = app.view.logs.as_ref().expect("open");
    assert!(!viewer.follow);
    assert_eq!(viewer.store.line(viewer.cursor).map(|line| line.text.to_string()), Some("minute 2".into()));
    assert!(drawn(&app).contains("held at 02:13"), "{}", drawn(&app));
}

#[test]
fn what_cannot_be_written_is_said() {
    let mut app = app();
    let state =
        JournalState { unwritten: 3, problem: Some("no space left on device".into()), ..JournalState::default() };
    tell(&mut app, at("02:15"), JournalNews { state: Some(state), ..JournalNews::default() });
    assert_eq!(
        app.world.incidents.trouble().as_deref(),
        Some("3 events wait in memory, the journal cannot be written: no space left on device")
    );
}

#[test]
fn a_stopped_line_is_documented_and_taken_to_the_owners() {
    use crate::{
        model::{journal::Actor, object::ObjectKind, object::ObjectRef},
        ops::{
            gate::Stop,
            ledger,
            operation::{EngineAct, Operation},
        },
    };
    let target = ObjectRef::in_engine(ObjectKind::Container, "docker", "abc");
    let operation = Operation::Engine { target: target.clone(), name: "mcp-1".into(), act: EngineAct::Start };
    let stop = Stop { why: "rule 20a: mcp-1 is protected".into(), owners: vec!["ops-lead".into()] };
    let draft = ledger::refused(&operation, &stop, Actor::program(), at("02:14"));
    assert_eq!(draft.object, Some(target));
    let Body::Operation { stage, escalated_to, detail, .. } = &draft.body else { panic!("no operation") };
    assert_eq!((*stage, escalated_to.as_slice()), (OperationStage::Refused, &["ops-lead".to_owned()][..]));
    assert!(detail.contains("20a"));
    let again = ledger::refused(&operation, &stop, Actor::program(), at("02:14:20"));
    assert_eq!(draft.key, again.key, "the same key pressed again is the same refusal");
}

#[test]
fn severities_are_words_that_are_typed() {
    let mut app = app();
    let mut story = Story::new();
    story.declared("02:12", "checkout is down");
    tell(&mut app, at("02:14:08"), events(story));
    app.run("incident-menu");
    let effects = keys(&mut app, "severity\nsev1\n");
    let said = effects.iter().find_map(|effect| match effect {
        Effect::Record(drafts) => drafts.first().map(|draft| draft.body.clone()),
        _ => None,
    });
    assert_eq!(said, Some(Body::Severity { severity: Sev::Sev1, reason: String::new() }));
}
