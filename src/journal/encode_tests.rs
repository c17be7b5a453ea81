//! What is hashed is unambiguous, and read back as it was written.

use super::*;
use proptest::prelude::*;

pub(crate) fn sample() -> Header {
    let uuid = |byte| Uuid::from_bytes([byte; 16]);
    let mut header = Header {
        id: EventId(uuid(1)),
        incident: Some(IncidentId(uuid(2))),
        writer: WriterId(uuid(3)),
        sequence: 7,
        clock: HybridClock { wall_ms: 1_700_000_000_000, counter: 2 },
        occurred_at: "2023-11-14T22:13:20Z".parse().unwrap(),
        recorded_at: "2023-11-14T22:13:20.5Z".parse().unwrap(),
        actor: Actor { name: "ada".into(), known_by: KnownBy::Ssh, from: Some("10.0.0.9".into()) },
        kind: "note".into(),
        object: Some(ObjectRef::new(ObjectKind::EngineNetwork, "docker/n1")),
        run: Some("run-1".into()),
        step: None,
        supersedes: Some(EventId(uuid(4))),
        key: Some("k".into()),
        body_hash: Digest([5; 32]),
        previous: Digest([6; 32]),
        hash: Digest::default(),
    };
    header.hash = sha256(&[&super::header(&header)]);
    header
}

#[test]
fn the_bytes_are_those_that_are_described() {
    // Written by hand from the table, so that another program can be held against it.
    let field = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let some = |bytes: &[u8]| [vec![1], field(bytes)].concat();
    let number = |number: i64| field(&number.to_be_bytes());
    let expected = [
        field(b"flightdeck.event.v1"),
        field(&[1; 16]),
        some(&[2; 16]),
        field(&[3; 16]),
        number(7),
        number(1_700_000_000_000),
        number(2),
        number(1_700_000_000_000_000),
        number(1_700_000_000_500_000),
        field(b"ada"),
        field(b"ssh"),
        some(b"10.0.0.9"),
        field(b"note"),
        some(b"engine-network"),
        some(b"docker/n1"),
        some(b"run-1"),
        vec![0],
        some(&[4; 16]),
        some(b"k"),
        field(&[5; 32]),
        field(&[6; 32]),
    ]
    .concat();
    assert_eq!(header(&sample()), expected);
    // sha256sum of the same bytes.
    assert_eq!(sample().hash.to_string(), "e2c77b4be4f5371fdd90827710ac738c90252cc388e987fb3ca090cb18be833f");
}

#[test]
fn a_header_is_read_back_and_damage_is_named() {
    let bytes = header(&sample());
    assert_eq!(decode(&bytes), Ok(sample()));
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert_eq!(decode(&[bytes.as_slice(), &[0]].concat()), Err(DecodeError::Long(1)));
    let other = [&(19_u32).to_be_bytes(), b"flightdeck.event.v2".as_slice(), &bytes[23..]].concat();
    assert_eq!(decode(&other), Err(DecodeError::Domain));
}

#[test]
fn a_word_of_a_later_version_is_no_reason_to_fail() {
    let bytes = header(&sample());
    let at = bytes.windows(14).position(|window| window == b"engine-network").unwrap();
    let mut later = bytes.clone();
    later[at..at + 14].copy_from_slice(b"quantum-device");
    let read = decode(&later).unwrap();
    assert_eq!(read.object, None);
    assert_eq!(read.hash, sha256(&[&later]), "the hash is that of the bytes, whatever was understood");
}

#[test]
fn every_word_of_an_object_is_the_one_of_its_json() {
    for kind in [ObjectKind::Host, ObjectKind::EngineNetwork, ObjectKind::StatefulSet, ObjectKind::CronJob] {
        assert_eq!(word(&kind), kind.word());
        assert_eq!(variant::<ObjectKind>(kind.word()), Some(kind));
    }
}

proptest! {
    #[test]
    fn two_headers_never_have_the_same_bytes(
        actor in "\\PC{0,12}", from in proptest::option::of("\\PC{0,12}"), run in proptest::option::of("[a-z]{0,4}"),
        step in proptest::option::of("[a-z]{0,4}"), key in proptest::option::of("[a-z]{0,4}"), sequence in 1u64..9,
        micros in -100_000_000_000_000_000i64..100_000_000_000_000_000, counter: u32,
    ) {
        let mut one = sample();
        one.actor = Actor { name: actor.into(), known_by: KnownBy::Program, from: from.map(Into::into) };
        (one.run, one.step, one.key) = (run.map(Into::into), step.map(Into::into), key.map(Into::into));
        one.sequence = sequence;
        one.occurred_at = Timestamp::from_microsecond(micros).unwrap();
        one.clock.counter = counter;
        let bytes = header(&one);
        let read = decode(&bytes).unwrap();
        one.hash = read.hash;
        prop_assert_eq!(&read, &one);
        // A reader that finds the same fields again from the bytes proves that no other header has them.
        prop_assert_eq!(header(&read), bytes);
    }

    #[test]
    fn bytes_from_anywhere_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_body_digest_depends_on_salt_and_body(a in ".{0,9}", b in ".{0,9}", salt: [u8; 32], other: [u8; 32]) {
        let one = body_digest(&salt, a.as_bytes());
        prop_assert_eq!(one == body_digest(&salt, b.as_bytes()), a == b);
        prop_assert_eq!(one == body_digest(&other, a.as_bytes()), salt == other);
    }
}
