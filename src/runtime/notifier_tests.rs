//! A real journal, and servers that take what they are told, or do not.

use super::*;
use crate::{
    client::{
        http::{Auth, sample::Served},
        receiver::{Address, Way, template::Template},
    },
    journal::Options,
    model::journal::{Draft, Sev},
    runtime::journal::ledger_of,
};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

fn receiver(name: &str, url: &str) -> Receiver {
    let way = Way::Webhook { address: Address::Plain(url.into()), auth: Auth::None, template: Template::default() };
    Receiver { name: name.into(), way, severities: vec![Sev::Sev1, Sev::Sev2], drills: false }
}

fn taken(_: &crate::client::http::sample::Asked, _: usize) -> (String, String) {
    ("200 OK".into(), String::new())
}

struct Bench {
    _folder: tempfile::TempDir,
    journal: Journal,
    began: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(Options::new(folder.path().join("journal.db"))).expect("opened");
        Self { _folder: folder, journal, began: clock::now() }
    }

    fn write(&self, incident: Option<IncidentId>, body: Body) -> IncidentId {
        let draft = Draft::new(incident, clock::now(), Actor { name: "ops-a".into(), ..Actor::default() }, body);
        let written = self.journal.append_blocking(vec![draft], PATIENCE).expect("written");
        incident.unwrap_or(IncidentId(written[0].header.id.0))
    }

    fn declare(&self, severity: Sev, drill: bool) -> IncidentId {
        self.write(None, Body::Declared { title: "checkout is down".into(), severity, number: 7, drill })
    }

    fn notifier(&self, receivers: Vec<Receiver>, policy: Policy) -> Notifier {
        let clients = Arc::new(Clients { receivers, ..Clients::default() });
        let notifier = Notifier::new(self.journal.clone(), ledger_of(self.journal.clone()), clients, policy);
        Notifier { began: self.began, ..notifier }
    }

    /// Who has not taken it.
    fn once(&self, receivers: Vec<Receiver>) -> BTreeMap<String, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a loop");
        let notifier = self.notifier(receivers, Policy::default());
        runtime.block_on(notifier.run_once(PATIENCE)).expect("it reads the journal")
    }

    /// What is recorded of messages: stage and words.
    fn recorded(&self, incident: IncidentId) -> Vec<(OperationStage, String)> {
        let entries = self.journal.incident(incident).wait(PATIENCE).expect("read");
        let of = |body| match body {
            Body::Operation { stage, operation, .. } => Some((stage, operation)),
            _ => None,
        };
        entries.into_iter().filter_map(|entry| entry.event.body.and_then(of)).collect()
    }
}

fn summaries(served: &Served) -> Vec<String> {
    let summary = |body: &str| {
        let value: Value = serde_json::from_str(body).expect("JSON");
        value["summary"].as_str().expect("a text").to_owned()
    };
    served.asked().iter().map(|asked| summary(&asked.body)).collect()
}

#[test]
fn what_happened_is_told_once_and_recorded() {
    let (bench, served) = (Bench::new(), Served::by(taken));
    let incident = bench.declare(Sev::Sev2, false);
    let receivers = || vec![receiver("ours", &served.url)];
    assert!(bench.once(receivers()).is_empty());
    assert_eq!(summaries(&served), ["INC-7 sev2: checkout is down"]);
    let message = "message to ours: INC-7 sev2: checkout is down".to_owned();
    let expected = [(OperationStage::Intended, message.clone()), (OperationStage::Done, message)];
    assert_eq!(bench.recorded(incident), expected);
    // Another look, as by another cockpit, tells nothing again; what is new is told.
    assert!(bench.once(receivers()).is_empty());
    bench.write(Some(incident), Body::Resolved { text: "rolled back".into() });
    assert!(bench.once(receivers()).is_empty());
    let told = summaries(&served);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("is resolved"), "{told:?}");
}

#[test]
fn who_does_not_take_it_is_named_and_told_again_and_one_failure_is_written_down() {
    let bench = Bench::new();
    let served =
        Served::by(|asked, count| if count < 2 { ("503 Busy".into(), String::new()) } else { taken(asked, count) });
    let incident = bench.declare(Sev::Sev1, false);
    let silent = bench.once(vec![receiver("ours", &served.url)]);
    assert!(silent["ours"].contains("503"), "{silent:?}");
    // A cockpit goes on with it until it is taken.
    let stages = || bench.recorded(incident).into_iter().map(|(stage, _)| stage).collect::<Vec<_>>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a loop");
    let notifier = bench.notifier(vec![receiver("ours", &served.url)], Policy::default());
    runtime.block_on(async {
        let taken = async {
            while stages().last() != Some(&OperationStage::Done) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = notifier.run() => panic!("it goes on for good"),
            () = taken => {}
            () = tokio::time::sleep(PATIENCE * 3) => panic!("{:?}", stages()),
        }
    });
    assert_eq!(served.asked().len(), 3);
    let expected = [OperationStage::Intended, OperationStage::Failed];
    assert_eq!(stages()[..2], expected);
    assert_eq!(stages().len(), 5, "each process writes its intent and its first failure down: {:?}", stages());
}

#[test]
fn who_is_new_is_not_called_for_what_is_past() {
    let (mut bench, old, new) = (Bench::new(), Served::by(taken), Served::by(taken));
    let incident = bench.declare(Sev::Sev1, false);
    assert!(bench.once(vec![receiver("old", &old.url)]).is_empty());
    bench.began = clock::now();
    bench.write(Some(incident), Body::Resolved { text: "rolled back".into() });
    assert!(bench.once(vec![receiver("old", &old.url), receiver("new", &new.url)]).is_empty());
    assert_eq!((summaries(&old).len(), summaries(&new).len()), (2, 1));
    assert!(summaries(&new)[0].contains("is resolved"));
}

#[test]
fn drills_lesser_incidents_and_read_only_cockpits_tell_nobody() {
    let (bench, served) = (Bench::new(), Served::by(taken));
    bench.declare(Sev::Sev1, true);
    bench.declare(Sev::Sev3, false);
    assert!(bench.once(vec![receiver("ours", &served.url)]).is_empty());
    let drilled = Receiver { drills: true, ..receiver("ours", &served.url) };
    assert!(!Notifier::has_work(&Clients::default(), &Policy::default()));
    let clients = Clients { receivers: vec![drilled.clone()], ..Clients::default() };
    let locked = Policy { locked: true, ..Policy::default() };
    assert!(Notifier::has_work(&clients, &Policy::default()) && !Notifier::has_work(&clients, &locked));
    // Even one that was started by mistake is stopped by the gate.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a loop");
    let notifier = bench.notifier(vec![drilled.clone()], locked);
    assert!(runtime.block_on(notifier.run_once(PATIENCE)).expect("read").is_empty());
    assert_eq!(served.asked(), []);
    assert!(bench.once(vec![drilled]).is_empty());
    assert_eq!(summaries(&served), ["DRILL: INC-7 sev1: checkout is down"]);
}

#[test]
fn only_the_holder_of_the_lease_tells() {
    let (bench, served) = (Bench::new(), Served::by(taken));
    bench.declare(Sev::Sev1, false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a loop");
    let lease = bench.journal.acquire_lease(LEASE.into(), "another cockpit".into(), HELD);
    let lease = runtime.block_on(lease).expect("it is free");
    assert!(bench.once(vec![receiver("ours", &served.url)]).is_empty());
    assert_eq!(served.asked(), []);
    runtime.block_on(bench.journal.release_lease(lease)).expect("released");
    assert!(bench.once(vec![receiver("ours", &served.url)]).is_empty());
    assert_eq!(served.asked().len(), 1);
}
