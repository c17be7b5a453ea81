//! Events for tests: a story that is told event by event, by writers whose journals hear each other.

use crate::model::{
    Timestamp,
    attention::{Attention, Condition, Severity},
    journal::{
        Actor, Body, Digest, Draft, Event, EventId, Header, HybridClock, IncidentId, KnownBy, Role, RoleChange, Sev,
        WriterId,
    },
    object::{ObjectKind, ObjectRef},
};
use uuid::Uuid;

/// A time of 2026-11-23, UTC: `02:14` or `02:14:07`; `24 02:14` for another day of that month.
pub fn at(text: &str) -> Timestamp {
    let (day, clock) = text.split_once(' ').unwrap_or(("23", text));
    let clock = if clock.matches(':').count() == 1 { format!("{clock}:00") } else { clock.into() };
    format!("2026-11-{day}T{clock}Z").parse().expect("is a time")
}

/// A deployment of the sample cluster.
pub fn deployment(name: &str) -> ObjectRef {
    ObjectRef::in_cluster(ObjectKind::Deployment, "prod-eu", "shop", name)
}

/// A pod of the sample cluster.
pub fn pod(name: &str) -> ObjectRef {
    ObjectRef::in_cluster(ObjectKind::Pod, "prod-eu", "shop", name)
}

/// A row of the attention list, of one object.
pub fn row(kind: &str, severity: Severity, began: &str, object: ObjectRef, name: &str, cause: &str) -> Attention {
    let condition = Condition {
        rule: format!("check-{kind}").into(),
        severity,
        kind: kind.into(),
        object: object.clone(),
        name: name.into(),
        cause: cause.into(),
        next_step: String::new(),
        count: 1,
        since: Some(at(began)),
    };
    Attention { condition, began: at(began), members: vec![object] }
}

/// A story.
#[derive(Clone)]
pub struct Story {
    events: Vec<Event>,
    incident: Option<IncidentId>,
    clock: HybridClock,
    writer: u8,
    sequences: [u64; 8],
}

impl Story {
    pub fn new() -> Self {
        Self { events: Vec::new(), incident: None, clock: HybridClock::default(), writer: 1, sequences: [0; 8] }
    }

    /// What follows is written by another writer, which has heard everything so far.
    pub fn by_writer(&mut self, writer: u8) -> &mut Self {
        self.writer = writer;
        self
    }

    /// What follows belongs to another incident, or to none.
    pub fn in_incident(&mut self, incident: Option<IncidentId>) -> &mut Self {
        self.incident = incident;
        self
    }

    pub fn events(self) -> Vec<Event> {
        self.events
    }

    /// The last event, to be changed.
    pub fn last(&mut self) -> &mut Event {
        self.events.last_mut().expect("something was told")
    }

    fn push(&mut self, when: &str, actor: Actor, body: Body) -> EventId {
        let at = at(when);
        self.clock = self.clock.tick(at);
        let sequence = &mut self.sequences[usize::from(self.writer)];
        *sequence += 1;
        let number = self.events.len() as u128 + 1;
        let id = EventId(Uuid::from_u128(0x0193_9f00_0000_7000_8000_0000_0000_0000 + number));
        let mut hash = Digest::default();
        hash.0[..16].copy_from_slice(&number.to_le_bytes());
        let header = Header {
            id,
            incident: self.incident,
            writer: WriterId(Uuid::from_u128(u128::from(self.writer))),
            sequence: *sequence,
            clock: self.clock,
            occurred_at: at,
            recorded_at: at,
            actor,
            kind: body.kind(),
            object: None,
            run: None,
            step: None,
            supersedes: None,
            key: None,
            body_hash: hash,
            previous: Digest::default(),
            hash,
        };
        self.events.push(Event { header, body: Some(body) });
        id
    }

    /// A person says something.
    pub fn says(&mut self, when: &str, who: &str, body: Body) -> EventId {
        self.push(when, Actor { name: who.into(), known_by: KnownBy::Login, from: None }, body)
    }

    /// The cockpit sees something by itself, which belongs to no incident.
    pub fn sees(&mut self, when: &str, object: Option<ObjectRef>, body: Body) -> EventId {
        let incident = self.incident.take();
        let id = self.push(when, Actor::program(), body);
        self.last().header.object = object;
        self.incident = incident;
        id
    }

    /// An incident of severity 2 with the number 7 is declared; what follows belongs to it.
    pub fn declared(&mut self, when: &str, title: &str) -> IncidentId {
        self.declared_as(when, title, 7, Sev::Sev2, false)
    }

    pub fn declared_as(&mut self, when: &str, title: &str, number: u32, severity: Sev, drill: bool) -> IncidentId {
        let id = self.says(when, "ops-a", Body::Declared { title: title.into(), severity, number, drill });
        let incident = IncidentId(id.0);
        self.last().header.incident = Some(incident);
        self.incident = Some(incident);
        incident
    }

    /// Another version of an event.
    pub fn edits(&mut self, when: &str, who: &str, event: EventId, body: Body) -> EventId {
        let id = self.says(when, who, body);
        self.last().header.supersedes = Some(event);
        id
    }

    pub fn withdraws(&mut self, when: &str, who: &str, event: EventId, reason: &str) -> EventId {
        self.edits(when, who, event, Body::Withdrawn { reason: reason.into() })
    }

    pub fn note(&mut self, when: &str, who: &str, text: &str) -> EventId {
        self.says(when, who, Body::Note { text: text.into() })
    }

    pub fn role(
        &mut self,
        when: &str,
        who: &str,
        role: Role,
        change: RoleChange,
        person: &str,
        after: Option<EventId>,
    ) -> EventId {
        self.says(when, who, Body::Role { role, change, person: person.into(), after, brief: String::new() })
    }

    /// Something goes wrong or is over, by a check of the attention list.
    pub fn health(&mut self, when: &str, object: ObjectRef, severity: Severity, cleared: bool, text: &str) -> EventId {
        let check = "kube-workload".into();
        let body = Body::Health { severity, cleared, text: text.into(), check, began: None, count: 1, members: vec![] };
        self.sees(when, Some(object), body)
    }
}

/// Drafts as a journal would write them, one after the other.
pub fn written(drafts: impl IntoIterator<Item = Draft>) -> Vec<Event> {
    let mut story = Story::new();
    for draft in drafts {
        let when = draft.occurred_at.strftime("%d %H:%M:%S").to_string();
        story.push(&when, draft.actor, draft.body);
        let header = &mut story.last().header;
        header.id = draft.id.unwrap_or(header.id);
        header.incident = draft.incident;
        (header.object, header.supersedes, header.key) = (draft.object, draft.supersedes, draft.key);
    }
    story.events()
}

/// A whole outage with everything that there can be in one, and a drill on the same day.
pub fn outage() -> Vec<Event> {
    use crate::model::journal::{
        ActionKind, LinkKind, Milestone, OperationStage, Phase, ReviewState, Section, StepStage, TaskState,
    };
    let mut story = Story::new();
    let operation = |stage, detail: &str, intended| Body::Operation {
        stage,
        operation: "rollback of shop/checkout to revision 30".into(),
        detail: detail.into(),
        intended,
        escalated_to: vec![],
        data: None,
    };
    let alert = |cleared, how: &str| Body::Health {
        severity: Severity::Critical,
        cleared,
        text: format!("alert CheckoutErrors: {how}"),
        check: "alert".into(),
        began: None,
        count: 1,
        members: vec![],
    };
    let errors = || Some(ObjectRef::new(ObjectKind::Alert, "prod/f00d"));
    let deploy = |text: &str, from: &str, to: &str| Body::Deploy {
        text: text.into(),
        from: Some(from.into()),
        to: Some(to.into()),
        revision: Some("31".into()),
    };
    story.sees("22 15:00", Some(deployment("web")), deploy("deployment shop/web", "web:7", "web:8"));
    story.sees(
        "22:02",
        Some(deployment("checkout")),
        deploy("deployment shop/checkout", "checkout:1.4.2", "checkout:1.4.3"),
    );
    for (second, name) in [("05", "a"), ("06", "b"), ("07", "c")] {
        let text = format!("pod shop/checkout-7d9f-{name}: OOM killed");
        story.health(&format!("22:04:{second}"), pod(&format!("checkout-7d9f-{name}")), Severity::Error, false, &text);
    }
    story.sees("22:06", errors(), alert(false, "5 % of requests fail"));
    let id = story.declared("22:08", "checkout is slow");
    story.last().header.object = Some(deployment("checkout"));
    story.says("22:08:30", "ops-a", Body::Title { title: "checkout down".into() });
    let claimed = story.role("22:09", "ops-a", Role::Commander, RoleChange::Claimed, "ops-a", None);
    story.by_writer(2).role("22:09:10", "ops-b", Role::Commander, RoleChange::Claimed, "ops-b", None);
    story.by_writer(1).role("22:10", "ops-b", Role::Scribe, RoleChange::Claimed, "ops-b", None);
    story.says("22:11", "ops-a", Body::Severity { severity: Sev::Sev1, reason: "nobody can pay".into() });
    let note = story.note("22:12", "ops-b", "it began with 1.4.3");
    story.edits("22:12", "ops-b", note, Body::Note { text: "it began with 1.4.3, limit 256 MiB".into() });
    story.says("22:13", "ops-a", Body::Pin { event: note, pinned: true });
    let wrong = story.note("22:14", "ops-b", "it is the database");
    story.withdraws("22:15", "ops-b", wrong, "the database is well");
    story.says(
        "22:16",
        "ops-a",
        Body::Update { audience: "customers".into(), text: "Payments fail. We are on it.".into() },
    );
    let intended = story.says("22:20", "ops-c", operation(OperationStage::Intended, "", None));
    story.says("22:21", "ops-c", operation(OperationStage::Done, "6 of 6 updated", Some(intended)));
    let step =
        Body::Step { runbook: "k8s-rollback".into(), stage: StepStage::Verified, text: "6/6 ready".into(), data: None };
    story.says("22:24", "ops-c", step);
    (story.last().header.run, story.last().header.step) = (Some("run-1".into()), Some("verify".into()));
    for name in ["a", "b", "c"] {
        let text = format!("pod shop/checkout-7d9f-{name}: over");
        story.health("22:25", pod(&format!("checkout-7d9f-{name}")), Severity::Error, true, &text);
    }
    story.sees("22:31", errors(), alert(true, "over"));
    story.says("22:32", "ops-a", Body::Status { phase: Phase::Monitoring, text: "6/6 ready, errors gone".into() });
    story.note("22:33", "ops-b", "the vendor confirmed it");
    story.last().header.occurred_at = at("22:18");
    let offered = story.role("22:34", "ops-a", Role::Commander, RoleChange::Offered, "ops-d", Some(claimed));
    story.role("22:35", "ops-d", Role::Commander, RoleChange::Accepted, "ops-d", Some(offered));
    let task = |title: &str, owner: &str, due: Option<&str>, action| Body::Task {
        title: title.into(),
        owner: owner.into(),
        due: due.map(at),
        state: TaskState::Open,
        action,
    };
    story.says("22:36", "ops-d", task("tell the shop's team", "ops-b", Some("24 08:00"), None));
    let page = Body::Link { link: LinkKind::Page, incident: None, target: "https://tickets.example/1234".into() };
    story.says("22:37", "ops-d", page);
    let recording = Body::Attached {
        what: "recording".into(),
        path: "/state/inc-7.fdr".into(),
        digest: Digest::default(),
        from: Some(at("21:38")),
        to: Some(at("22:38")),
    };
    story.says("22:38", "ops-d", recording);
    story.says("24 00:10", "ops-d", Body::Resolved { text: "rolled back to 1.4.2".into() });
    let set = Body::Milestone { milestone: Milestone::ImpactStarted, at: at("22:03"), proposed: false };
    story.says("24 00:12", "ops-d", set);
    story.says(
        "24 08:00",
        "ops-d",
        task("raise the limit, and alert on the working set", "ops-c", Some("30 12:00"), Some(ActionKind::Prevent)),
    );
    story.says("24 08:05", "ops-d", task("page before users notice", "", None, Some(ActionKind::Detect)));
    let summary = "Checkout failed for two hours.\n\nThe new version needs more memory; ops-c should have seen that.";
    story.says("24 08:10", "ops-d", Body::Account { section: Section::Summary, text: summary.into() });
    story.says("24 08:20", "ops-d", Body::Review { state: ReviewState::InReview, text: "please read".into() });
    story.declared_as("23:00", "failover of the week", 8, Sev::Sev3, true);
    debug_assert!(story.events.iter().any(|event| event.header.incident == Some(id)));
    story.events()
}

/// Compares a text with what is kept in `golden/`; `UPDATE_GOLDEN=1 cargo test --lib incident` keeps it anew: look at what git shows then.
pub fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/incident/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("golden texts can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{name} differs; with UPDATE_GOLDEN=1 it is kept anew:\n{}",
        similar::TextDiff::from_lines(kept.as_str(), text).unified_diff()
    );
}
