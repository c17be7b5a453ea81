//! Live changes that no record explains: something was rolled out, scaled or replaced, and nobody's operation and nobody's deploy marker
//! stands beside it (check 19b).

use super::related::related;
use crate::model::{
    Timestamp,
    journal::{Body, Event, EventId, KnownBy, OperationStage},
    object::ObjectRef,
};
use jiff::SignedDuration;

/// How long before and after a change what explains it may stand: a pipeline says so when it begins or when it ends.
const BESIDE: SignedDuration = SignedDuration::from_mins(15);

/// A change that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexplained {
    pub event: EventId,
    pub object: ObjectRef,
    pub at: Timestamp,
    /// In words: what changed.
    pub text: String,
}

/// The changes among these events that nothing explains. One that is younger than a quarter of an hour is left alone: its explanation may be
/// on its way.
pub fn unexplained<'a>(events: impl IntoIterator<Item = &'a Event> + Clone, now: Timestamp) -> Vec<Unexplained> {
    let explanations: Vec<_> = events.clone().into_iter().filter_map(explanation).collect();
    let seen = events.into_iter().filter_map(seen);
    let settled = seen.filter(|change| now.duration_since(change.at) >= BESIDE);
    settled
        .filter(|change| {
            !explanations.iter().any(|(object, at)| {
                let beside = change.at.duration_since(*at).abs() <= BESIDE;
                beside && object.is_none_or(|object| related(object, &change.object))
            })
        })
        .collect()
}

/// A change that the cockpit saw by itself.
fn seen(event: &Event) -> Option<Unexplained> {
    let header = &event.header;
    let Some(Body::Deploy { text, .. }) = &event.body else { return None };
    let object = header.object.clone().filter(|_| header.actor.known_by == KnownBy::Program)?;
    Some(Unexplained { event: header.id, object, at: header.occurred_at, text: text.clone() })
}

/// What somebody did or announced: an operation that was not refused, or a deploy marker. A marker without an object is for all.
fn explanation(event: &Event) -> Option<(Option<&ObjectRef>, Timestamp)> {
    let header = &event.header;
    match &event.body {
        Some(Body::Operation { stage, .. }) if *stage != OperationStage::Refused => {
            header.object.as_ref().map(|object| (Some(object), header.occurred_at))
        }
        Some(Body::Deploy { .. }) if header.actor.known_by != KnownBy::Program => {
            Some((header.object.as_ref(), header.occurred_at))
        }
        Some(Body::Step { .. }) => header.object.as_ref().map(|object| (Some(object), header.occurred_at)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        journal::{Actor, Digest, Header, HybridClock, WriterId},
        object::ObjectKind,
    };

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minute * 60).expect("in range")
    }

    fn web() -> ObjectRef {
        ObjectRef::in_cluster(ObjectKind::Deployment, "prod", "shop", "web")
    }

    fn event(minute: i64, actor: Actor, object: Option<ObjectRef>, body: Body) -> Event {
        let header = Header {
            id: EventId::new(at(minute)),
            incident: None,
            writer: WriterId(uuid::Uuid::nil()),
            sequence: 1,
            clock: HybridClock::default(),
            occurred_at: at(minute),
            recorded_at: at(minute),
            actor,
            kind: body.kind(),
            object,
            run: None,
            step: None,
            supersedes: None,
            key: None,
            body_hash: Digest::default(),
            previous: Digest::default(),
            hash: Digest::default(),
        };
        Event { header, body: Some(body) }
    }

    fn deploy(minute: i64, actor: Actor, object: Option<ObjectRef>) -> Event {
        let body = Body::Deploy { text: "image 1 → 2".into(), from: None, to: None, revision: None };
        event(minute, actor, object, body)
    }

    fn operation(minute: i64, stage: OperationStage, object: ObjectRef) -> Event {
        let body = Body::Operation {
            stage,
            operation: "set-image".into(),
            detail: String::new(),
            intended: None,
            escalated_to: vec![],
            data: None,
        };
        event(minute, Actor { name: "ann".into(), ..Actor::default() }, Some(object), body)
    }

    fn left(events: &[Event], minute: i64) -> usize {
        unexplained(events, at(minute)).len()
    }

    #[test]
    fn what_an_operation_or_a_marker_explains_is_explained() {
        let seen = || deploy(0, Actor::program(), Some(web()));
        let ann = || Actor { name: "ci".into(), ..Actor::default() };
        assert_eq!(left(&[seen()], 60), 1);
        assert_eq!(left(&[seen()], 5), 0, "its explanation may be on its way");
        assert_eq!(left(&[seen(), operation(-1, OperationStage::Done, web())], 60), 0);
        assert_eq!(left(&[seen(), operation(-1, OperationStage::Refused, web())], 60), 1, "nothing was done");
        assert_eq!(left(&[seen(), operation(-40, OperationStage::Done, web())], 60), 1, "that was long before");
        let other = ObjectRef::in_cluster(ObjectKind::Deployment, "prod", "shop", "api");
        assert_eq!(left(&[seen(), operation(-1, OperationStage::Done, other)], 60), 1);
        assert_eq!(left(&[seen(), deploy(4, ann(), Some(web()))], 60), 0, "the pipeline's marker");
        assert_eq!(left(&[seen(), deploy(4, ann(), None)], 60), 0, "a marker for all");
        assert_eq!(left(&[deploy(0, ann(), Some(web()))], 60), 0, "an announcement is no change that was seen");
    }
}
