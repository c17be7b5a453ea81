//! Tests of the postmortem in the cockpit, through its own door.

use crate::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
    },
    incident::sample::{at, outage},
    model::{
        journal::{Body, Event as Recorded, ReviewState, Section, news::JournalNews},
        update::Update,
    },
    screen::kit::{self, drawn, press, types},
};
use std::sync::Arc;

fn tell(app: &mut App, events: Vec<Recorded>) {
    let events = events.into_iter().map(Arc::new).collect();
    let news = JournalNews { events, ..JournalNews::default() };
    let kind = EventKind::Updates { source: "journal".into(), updates: vec![Update::Journal(Box::new(news))] };
    app.update(Event { at: at("24 09:00"), kind });
}

/// A cockpit that shows the outage of the sample, which is over.
fn app(size: (u16, u16)) -> App {
    let mut app = kit::app(size);
    tell(&mut app, outage());
    let id = app.world.incidents.resolve("INC-7").expect("is known");
    app.show_incident(Some(id));
    app
}

fn recorded(effects: &[Effect]) -> Vec<&Body> {
    let drafts = effects.iter().filter_map(|effect| match effect {
        Effect::Record(drafts) => Some(drafts),
        _ => None,
    });
    drafts.flatten().map(|draft| &draft.body).collect()
}

#[test]
fn one_key_opens_it_filled_in_from_the_record() {
    let mut app = app((120, 40));
    press(&mut app, "V");
    let screen = drawn(&app);
    for words in ["Postmortem of INC-7: checkout down", "due 2026-11-27", "[in-review]", "before it is reviewed"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    press(&mut app, "down");
    let screen = drawn(&app);
    for words in ["Checkout failed for two hours", "written by ops-d", "«should have»", "better:"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    // The timeline cites its events by a short part of their identity.
    press(&mut app, "end up up up");
    let screen = drawn(&app);
    assert!(screen.contains("ops-a took command") && screen.contains("00000009"), "{screen}");
    assert!(!screen.contains("7000-8000"), "{screen}");
}

#[test]
fn a_part_is_written_and_saved_as_the_command_line_does() {
    let mut app = app((80, 24));
    press(&mut app, "V down down enter");
    assert!(drawn(&app).contains("Who noticed what"), "{}", drawn(&app));
    types(&mut app, "One in eight payments failed");
    press(&mut app, "enter enter");
    types(&mut app, "ops-c forgot it");
    assert!(drawn(&app).contains("«ops-c forgot»"), "{}", drawn(&app));
    let effects = press(&mut app, "ctrl-s");
    let text = "One in eight payments failed\n\nops-c forgot it";
    assert_eq!(recorded(&effects), [&Body::Account { section: Section::Impact, text: text.into() }]);
    let screen = drawn(&app);
    assert!(screen.contains("on its way into the journal") && screen.contains("One in eight"), "{screen}");
}

#[test]
fn nothing_that_was_written_is_lost() {
    let mut app = app((80, 24));
    press(&mut app, "V down down enter");
    types(&mut app, "half a thought");
    press(&mut app, "esc");
    assert!(drawn(&app).contains("This is not saved."), "{}", drawn(&app));
    // Any other key goes on writing; k keeps it.
    press(&mut app, "esc");
    types(&mut app, " more");
    press(&mut app, "esc k esc");
    assert!(app.modals.is_empty());
    let quits = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Quit));
    assert!(!quits(&press(&mut app, "ctrl-c")), "it is said first that a text would be lost");
    press(&mut app, "V down down");
    assert!(drawn(&app).contains("not saved yet: Enter goes on"), "{}", drawn(&app));
    press(&mut app, "enter");
    assert!(drawn(&app).contains("half a thought more"), "{}", drawn(&app));
    assert!(press(&mut app, "esc d").is_empty(), "thrown away, and nothing was written");
    press(&mut app, "esc");
    assert!(quits(&press(&mut app, "ctrl-c")));
}

#[test]
fn what_others_wrote_meanwhile_is_said() {
    let mut app = app((100, 30));
    press(&mut app, "V down enter");
    types(&mut app, "x");
    let mut story = crate::incident::sample::Story::new();
    // The identities of a new story begin again; this one comes after all of the sample.
    for _ in 0..80 {
        story.note("24 08:30", "ops-e", "");
    }
    let incident = app.incident().expect("is shown").id;
    story.in_incident(Some(incident));
    story.says("24 08:40", "ops-e", Body::Account { section: Section::Summary, text: "other".into() });
    tell(&mut app, story.events().split_off(80));
    assert!(drawn(&app).contains("ops-e wrote this part meanwhile"), "{}", drawn(&app));
}

#[test]
fn it_goes_on_once_nothing_is_missing() {
    let mut app = app((120, 40));
    press(&mut app, "V");
    assert!(recorded(&press(&mut app, "n")).is_empty());
    let screen = drawn(&app);
    assert!(screen.contains("the section \"Impact\" is empty"), "{screen}");
    // It was handed in before it was complete; it goes back for a reason only.
    press(&mut app, "b enter");
    assert!(drawn(&app).contains("why it goes back"), "{}", drawn(&app));
    types(&mut app, "impact");
    let effects = press(&mut app, "enter");
    assert_eq!(recorded(&effects), [&Body::Review { state: ReviewState::Draft, text: "impact".into() }]);
}

#[test]
fn an_action_has_a_kind_an_owner_and_a_day() {
    let mut app = app((120, 40));
    press(&mut app, "V t tab");
    types(&mut app, "alert on memory");
    assert!(recorded(&press(&mut app, "enter")).is_empty());
    assert!(drawn(&app).contains("an action needs one owner"), "{}", drawn(&app));
    types(&mut app, "ops-c");
    let effects = press(&mut app, "enter");
    let recorded = recorded(&effects);
    let [Body::Task { title, owner, due: Some(_), action: Some(action), .. }] = recorded.as_slice() else {
        panic!("{recorded:?}")
    };
    assert_eq!((title.as_str(), owner.as_str(), action.word()), ("alert on memory", "ops-c", "prevent"));
}

#[test]
fn it_is_written_into_files() {
    let mut app = app((120, 40));
    press(&mut app, "V");
    for (key, ending, words) in [("x", ".md", "# Postmortem of INC-7"), ("J", ".json", "\"sections\"")] {
        let effects = press(&mut app, key);
        let [Effect::Write { name, content, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        let name = name.display().to_string();
        assert!(name.starts_with("inc-7-postmortem-") && name.ends_with(ending), "{name}");
        assert!(content.contains(words), "{content}");
    }
}

#[test]
fn the_past_is_read_and_not_written() {
    let mut app = app((120, 40));
    app.policy.past = Some(crate::ops::gate::Past::Earlier);
    press(&mut app, "V down enter");
    types(&mut app, "x");
    assert!(press(&mut app, "n").is_empty() && press(&mut app, "b").is_empty() && press(&mut app, "t").is_empty());
    assert_eq!(app.modals.len(), 1);
    assert!(press(&mut app, "esc").is_empty());
}
