//! An incident with its timeline, as the journal would tell it. Made up.
//!
//! The including module has `model` in scope.

use super::model::{
    Timestamp,
    attention::Severity,
    journal::{
        ActionKind, Actor, Body, Digest, Event, EventId, Header, HybridClock, IncidentId, KnownBy, OperationStage,
        Phase, Role, RoleChange, Section, Sev, TaskState, WriterId,
        news::{Attached, JournalNews, JournalState, SharedState},
    },
    object::{ObjectKind, ObjectRef},
    source::{SourceReport, SourceState},
    topic::Topic,
    update::Update,
};
use std::sync::Arc;

/// The source that tells of it.
pub fn report() -> SourceReport {
    SourceReport {
        name: "journal".into(),
        kind: "journal".into(),
        topics: Topic::Journal.into(),
        state: SourceState::Ok,
        reason: None,
        hint: None,
        cadence_seconds: Some(30.0),
    }
}

/// The incident, and its note.
pub fn objects() -> Vec<ObjectRef> {
    let object = |kind, id: &str| ObjectRef::new(kind, id);
    vec![
        object(ObjectKind::Incident, "00000000-0000-7000-8000-000000000007"),
        object(ObjectKind::Event, "00000000-0000-7000-8000-000000000107"),
    ]
}

struct Story {
    now: Timestamp,
    events: Vec<Arc<Event>>,
    incident: Option<IncidentId>,
}

impl Story {
    fn tell(&mut self, minutes: i64, who: &str, object: Option<ObjectRef>, body: Body) -> EventId {
        let at = self.now.checked_sub(jiff::SignedDuration::from_mins(minutes)).expect("in range");
        let number = self.events.len() as u128 + 1;
        let base: u128 = 0x0000_0000_0000_7000_8000_0000_0000_0000;
        let declares = matches!(body, Body::Declared { .. });
        let id: uuid::Uuid = uuid::Uuid::from_u128(base + if declares { 7 } else { 0x100 + number });
        if declares {
            self.incident = Some(IncidentId(id));
        }
        let actor = if who.is_empty() {
            Actor::program()
        } else {
            Actor { name: who.into(), known_by: KnownBy::Ssh, from: Some("10.0.0.7".into()) }
        };
        let header = Header {
            id: EventId(id),
            incident: self.incident.filter(|_| declares || !who.is_empty()),
            writer: WriterId(uuid::Uuid::from_u128(1)),
            sequence: number as u64,
            clock: HybridClock { wall_ms: at.as_millisecond(), counter: 0 },
            occurred_at: at,
            recorded_at: at,
            actor,
            kind: body.kind(),
            object,
            run: None,
            step: None,
            supersedes: None,
            key: None,
            body_hash: Digest::default(),
            previous: Digest::default(),
            hash: Digest([number as u8; 32]),
        };
        self.events.push(Arc::new(Event { header, body: Some(body) }));
        EventId(id)
    }
}

/// What it tells.
pub fn news(now: Timestamp) -> Vec<Update> {
    told(running(now), now)
}

/// What it tells once it is over, and people write its postmortem.
pub fn news_after(now: Timestamp) -> Vec<Update> {
    let mut story = running(now);
    story.tell(10, "ops-a", None, Body::Resolved { text: "rolled back to 1.4.2".into() });
    let written = |section, text: &str| Body::Account { section, text: text.into() };
    let summary = "Checkout failed for 21 minutes for one payment in eight. Version 1.4.3 loads the whole catalogue into memory at \
                   its start, and was killed at its limit of 256 MiB.\n\nops-b should have seen that in the pull request.";
    story.tell(8, "ops-a", None, written(Section::Summary, summary));
    story.tell(7, "ops-b", None, written(Section::WentWell, "The alert fired 60 s after the first kill."));
    let action = |title: &str, owner: &str, minutes, action| Body::Task {
        title: title.into(),
        owner: owner.into(),
        due: now.checked_add(jiff::SignedDuration::from_mins(minutes)).ok(),
        state: TaskState::Open,
        action: Some(action),
    };
    story.tell(6, "ops-a", None, action("raise the limit in every overlay", "ops-b", -5, ActionKind::Repair));
    let week = 7 * 24 * 60;
    story.tell(5, "ops-a", None, action("load the catalogue in pages", "dev-c", 2 * week, ActionKind::Prevent));
    story.tell(5, "ops-a", None, action("alert on the working set", "ops-b", week, ActionKind::Detect));
    told(story, now)
}

fn running(now: Timestamp) -> Story {
    let mut story = Story { now, events: Vec::new(), incident: None };
    let web = || Some(ObjectRef::in_cluster(ObjectKind::Deployment, "prod-eu", "shop", "checkout"));
    let deploy = Body::Deploy {
        text: "deployment shop/checkout: image checkout:1.4.2 → checkout:1.4.3, rev 31".into(),
        from: Some("checkout:1.4.2".into()),
        to: Some("checkout:1.4.3".into()),
        revision: Some("31".into()),
    };
    story.tell(31, "", web(), deploy);
    let oom = Body::Health {
        severity: Severity::Error,
        cleared: false,
        text: "4 pods of checkout killed for want of memory".into(),
        check: "pod-crash-loop".into(),
        began: None,
        count: 17,
        members: vec![],
    };
    story.tell(27, "", web(), oom);
    let alert = Body::Health {
        severity: Severity::Critical,
        cleared: false,
        text: "alert CheckoutErrors: 12 % of checkouts fail".into(),
        check: "alert".into(),
        began: None,
        count: 1,
        members: vec![],
    };
    story.tell(26, "", Some(ObjectRef::new(ObjectKind::Alert, "prod/f1")), alert);
    let declared = Body::Declared { title: "checkout is down".into(), severity: Sev::Sev2, number: 42, drill: false };
    story.tell(24, "ops-a", web(), declared);
    let role = |role, person: &str| Body::Role {
        role,
        change: RoleChange::Claimed,
        person: person.into(),
        after: None,
        brief: String::new(),
    };
    story.tell(24, "ops-a", None, role(Role::Commander, "ops-a"));
    story.tell(22, "ops-b", None, role(Role::Scribe, "ops-b"));
    story.tell(20, "ops-b", None, Body::Note { text: "the new image loads the catalogue into memory".into() });
    let identified =
        Body::Status { phase: Phase::Identified, text: "1.4.3 needs 412 MiB, the limit is 256 MiB".into() };
    story.tell(18, "ops-a", None, identified);
    let task = Body::Task {
        title: "raise the limit in the chart".into(),
        owner: "ops-b".into(),
        due: now.checked_add(jiff::SignedDuration::from_mins(30)).ok(),
        state: TaskState::Open,
        action: None,
    };
    story.tell(17, "ops-a", None, task);
    let update = Body::Update { audience: "internal".into(), text: "rolling back checkout".into() };
    story.tell(15, "ops-a", None, update);
    let operation = Body::Operation {
        stage: OperationStage::Done,
        operation: "set-image app=checkout:1.4.2 of deployment shop/checkout (prod-eu)".into(),
        detail: "done".into(),
        intended: None,
        escalated_to: vec![],
        data: None,
    };
    story.tell(14, "ops-a", web(), operation);
    story
}

fn told(story: Story, now: Timestamp) -> Vec<Update> {
    let since = now.checked_sub(jiff::SignedDuration::from_mins(23)).expect("in range");
    let shared = SharedState { state: SourceState::Ok, since, reason: None, unsent: 0 };
    let attached = vec![
        Attached { person: "ops-a".into(), host: "bastion-1".into(), from: Some("10.0.0.7".into()), since },
        Attached { person: "ops-b".into(), host: "bastion-2".into(), from: Some("10.0.0.9".into()), since },
    ];
    let state = JournalState { shared: Some(shared), ..JournalState::default() };
    let news =
        JournalNews { events: story.events, state: Some(state), attached: Some(attached), ..JournalNews::default() };
    vec![Update::Journal(Box::new(news))]
}
