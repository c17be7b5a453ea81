//! One chain a writer: an event is sealed by the hash of the one before.

use super::{
    encode::{self, SALT_BYTES},
    random,
};
use crate::model::{
    Timestamp,
    journal::{Body, Digest, Draft, EventId, Header, HybridClock, IncidentId, WriterId},
};
use compact_str::CompactString;

/// A body is no larger than this, as JSON. What is larger belongs into a file that is attached.
pub const MAX_BODY_BYTES: usize = 256 << 10;
/// No name, identity or key is longer than this.
const MAX_WORD_BYTES: usize = 4096;

/// The newest event of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// 0 where there is none yet.
    pub sequence: u64,
    pub hash: Digest,
    /// The latest clock that is known: of this chain, and of what came from others.
    pub clock: HybridClock,
}

/// A draft that has been looked at: it can be written, and has an identity that it keeps however often that is tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    pub id: EventId,
    pub draft: Draft,
    pub kind: CompactString,
    /// JSON.
    pub body: Vec<u8>,
    /// Whether its identity was made just now, and no attempt to write it was ever made: no event has it.
    pub fresh: bool,
}

impl Prepared {
    /// Looks at a draft. One that declares an incident belongs to it.
    ///
    /// # Errors
    /// What cannot be written, in words.
    pub fn new(mut draft: Draft, now: Timestamp) -> Result<Self, String> {
        let fresh = draft.id.is_none();
        let id = draft.id.unwrap_or_else(|| EventId::new(now));
        draft.id = Some(id);
        draft.occurred_at = whole_microseconds(draft.occurred_at);
        if matches!(draft.body, Body::Declared { .. }) {
            match draft.incident {
                None => draft.incident = Some(IncidentId(id.0)),
                Some(incident) if incident.0 == id.0 => {}
                Some(incident) => return Err(format!("incident {incident} cannot be declared by the event {id}")),
            }
        }
        let kind = draft.body.kind();
        let body = serde_json::to_vec(&draft.body).map_err(|error| format!("the body is no JSON: {error}"))?;
        if body.len() > MAX_BODY_BYTES {
            return Err(format!(
                "the body of this {kind} has {} bytes, more than {MAX_BODY_BYTES}; attach it as a file",
                body.len()
            ));
        }
        let texts = [Some(&draft.actor.name), draft.actor.from.as_ref(), Some(&kind), draft.run.as_ref()];
        let others = [draft.step.as_ref(), draft.key.as_ref(), draft.object.as_ref().map(|object| &object.id)];
        if let Some(long) = texts.into_iter().chain(others).flatten().find(|text| text.len() > MAX_WORD_BYTES) {
            return Err(format!("a name in it has {} bytes, more than {MAX_WORD_BYTES}", long.len()));
        }
        Ok(Self { id, draft, kind, body, fresh })
    }
}

/// Stores keep microseconds.
fn whole_microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// Random bytes for a body's salt.
///
/// # Errors
/// Where the machine has none to give.
pub fn salt() -> Result<[u8; SALT_BYTES], String> {
    random::bytes()
}

/// An event as stores keep it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    pub header: Header,
    /// The header, as [`encode`] says; what the hash is made of.
    pub bytes: Vec<u8>,
    /// Salt and body; `None` where it has been erased.
    pub body: Option<(Vec<u8>, Vec<u8>)>,
}

/// Seals a draft as the next event of a chain, and moves the head.
pub fn seal(writer: WriterId, head: &mut Head, event: &Prepared, salt: [u8; SALT_BYTES], now: Timestamp) -> Sealed {
    let clock = head.clock.tick(now);
    let draft = &event.draft;
    let mut header = Header {
        id: event.id,
        incident: draft.incident,
        writer,
        sequence: head.sequence + 1,
        clock,
        occurred_at: draft.occurred_at,
        recorded_at: whole_microseconds(now),
        actor: draft.actor.clone(),
        kind: event.kind.clone(),
        object: draft.object.clone(),
        run: draft.run.clone(),
        step: draft.step.clone(),
        supersedes: draft.supersedes,
        key: draft.key.clone(),
        body_hash: encode::body_digest(&salt, &event.body),
        previous: head.hash,
        hash: Digest::default(),
    };
    let bytes = encode::header(&header);
    header.hash = encode::sha256(&[&bytes]);
    *head = Head { sequence: header.sequence, hash: header.hash, clock };
    Sealed { header, bytes, body: Some((salt.to_vec(), event.body.clone())) }
}

/// Looks whether an event is the next one of a chain that ends with `head`, and moves the head.
///
/// # Errors
/// What does not fit, in words.
pub fn check_next(writer: WriterId, head: &mut Head, header: &Header) -> Result<(), String> {
    let expected = head.sequence + 1;
    if header.writer != writer {
        return Err(format!("its header names the writer {}", header.writer));
    }
    if header.sequence != expected {
        return Err(format!("it is number {} of its chain where number {expected} must come", header.sequence));
    }
    if header.previous != head.hash {
        return Err(format!("it follows on {}, but the event before it has the hash {}", header.previous, head.hash));
    }
    if header.clock <= head.clock && head.sequence > 0 {
        return Err("its clock is not after the clock of the event before it".to_owned());
    }
    *head = Head { sequence: header.sequence, hash: header.hash, clock: header.clock };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::journal::{Actor, Sev};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn note(text: &str) -> Draft {
        Draft::new(None, at(0), Actor::program(), Body::Note { text: text.to_owned() })
    }

    #[test]
    fn a_declaration_belongs_to_its_incident() {
        let body = Body::Declared { title: "t".into(), severity: Sev::Sev1, number: 1, drill: false };
        let mut draft = Draft::new(None, at(0), Actor::program(), body);
        let prepared = Prepared::new(draft.clone(), at(0)).unwrap();
        assert_eq!(prepared.draft.incident, Some(IncidentId(prepared.id.0)));
        draft.incident = Some(IncidentId(Uuid::from_bytes([9; 16])));
        assert!(Prepared::new(draft, at(0)).unwrap_err().contains("cannot be declared"));
    }

    #[test]
    fn what_is_too_large_is_refused_in_words() {
        let error = Prepared::new(note(&"x".repeat(MAX_BODY_BYTES)), at(0)).unwrap_err();
        assert!(error.contains("attach it as a file"), "{error}");
        let mut draft = note("x");
        draft.key = Some("k".repeat(MAX_WORD_BYTES + 1).into());
        assert!(Prepared::new(draft, at(0)).is_err());
    }

    proptest! {
        #[test]
        fn clocks_rise_along_a_chain_whatever_the_wall_says(seconds in prop::collection::vec(-1000i64..1000, 1..30)) {
            let writer = WriterId(Uuid::from_bytes([1; 16]));
            let (mut head, mut check) = (Head::default(), Head::default());
            for second in seconds {
                let before = head;
                let prepared = Prepared::new(note("x"), at(second)).unwrap();
                let sealed = seal(writer, &mut head, &prepared, [7; 32], at(second));
                prop_assert!(sealed.header.clock > before.clock);
                prop_assert!(check_next(writer, &mut check, &sealed.header).is_ok());
                prop_assert_eq!(encode::decode(&sealed.bytes).unwrap(), sealed.header);
            }
            // An event is no second time the next one.
            let mut other = Head { sequence: 0, ..check };
            prop_assert!(check_next(writer, &mut other, &encode::decode(&encode::header(&header_of(writer, check))).unwrap()).is_err());
        }
    }

    fn header_of(writer: WriterId, mut head: Head) -> Header {
        seal(writer, &mut head, &Prepared::new(note("y"), at(0)).unwrap(), [1; 32], at(0)).header
    }
}
