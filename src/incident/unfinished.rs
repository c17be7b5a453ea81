//! Operations that were intended and of which nobody ever heard how they ended: the cockpit died between the two.

use crate::model::{
    Timestamp,
    journal::{Actor, Body, Draft, Event, EventId, OperationStage},
};
use compact_str::format_compact;
use jiff::SignedDuration;
use std::collections::HashSet;

/// No operation takes longer: what has not ended by then never will. Until then somebody else may be at it.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// The intents among these events that have no outcome, the oldest first.
pub fn unfinished<'a>(events: impl IntoIterator<Item = &'a Event> + Clone, now: Timestamp) -> Vec<&'a Event> {
    let ended: HashSet<EventId> = events.clone().into_iter().filter_map(ends).collect();
    let mut open: Vec<_> = events
        .into_iter()
        .filter(|event| is_intent(event) && !ended.contains(&event.header.id))
        .filter(|event| now.duration_since(event.header.occurred_at) >= LONGEST)
        .collect();
    open.sort_by_key(|event| event.order());
    open
}

fn is_intent(event: &Event) -> bool {
    matches!(&event.body, Some(Body::Operation { stage: OperationStage::Intended, .. }))
}

fn ends(event: &Event) -> Option<EventId> {
    match &event.body {
        Some(Body::Operation { intended, .. }) => *intended,
        _ => None,
    }
}

/// That its outcome is unknown, to be written once, whoever finds it.
pub fn unknown(intent: &Event, now: Timestamp) -> Option<Draft> {
    let Some(Body::Operation { operation, .. }) = &intent.body else { return None };
    let body = Body::Operation {
        stage: OperationStage::Unknown,
        operation: operation.clone(),
        detail: "the cockpit ended before it heard how it went: look at the target before it is done again".into(),
        intended: Some(intent.header.id),
        escalated_to: Vec::new(),
        data: None,
    };
    let mut draft = Draft::new(intent.header.incident, now, Actor::program(), body);
    draft.object.clone_from(&intent.header.object);
    draft.key = Some(format_compact!("unknown/{}", intent.header.id));
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::sample::{Story, at, deployment};

    fn operation(stage: OperationStage, intended: Option<EventId>) -> Body {
        Body::Operation {
            stage,
            operation: "restart deployment shop/checkout".into(),
            detail: String::new(),
            intended,
            escalated_to: vec![],
            data: None,
        }
    }

    #[test]
    fn an_intent_without_an_outcome_is_found_once_it_cannot_be_running_any_more() {
        let mut story = Story::new();
        let ended = story.says("02:00", "ops-a", operation(OperationStage::Intended, None));
        story.says("02:01", "ops-a", operation(OperationStage::Failed, Some(ended)));
        let lost = story.says("02:02", "ops-a", operation(OperationStage::Intended, None));
        story.last().header.object = Some(deployment("checkout"));
        let events = story.events();
        let found = |when| unfinished(&events, at(when)).iter().map(|event| event.header.id).collect::<Vec<_>>();
        assert_eq!(found("02:10"), []);
        assert_eq!(found("02:20"), [lost]);
        let draft = unknown(unfinished(&events, at("02:20"))[0], at("02:20")).expect("an intent");
        assert_eq!(draft.object, Some(deployment("checkout")));
        assert!(
            matches!(draft.body, Body::Operation { stage: OperationStage::Unknown, intended, .. } if intended == Some(lost))
        );
    }
}
