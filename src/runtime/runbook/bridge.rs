//! The cockpit's way to runs: plans are asked for on threads, each run that is carried on here has one of its own, and the gate and the world
//! that they need are asked of the event loop, which alone has them.

use super::{
    Around, House, Refusal,
    carry::{Carrier, End, Next, new_name},
    choices, prepare, refused, secret, store,
};
use crate::{
    app::{
        App,
        event::{Answer, Done, EventKind},
        runs::{PlanWanted, Planned, RunWanted, Secrets},
    },
    client::{Clients, named::Named},
    clock,
    model::journal::{Actor, IncidentId},
    ops::{
        gate::{Decision, Gate, Past, Permit, Policy},
        operation::Operation,
    },
    runbook::{
        plan::Plan,
        run::{Input, Mode, Run, Standing},
    },
    runtime::{effects::Told, journal::Records},
    world::World,
};
use compact_str::CompactString;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};
use tokio::sync::mpsc;

/// Threads that may wait for the event loop at once.
const QUEUE: usize = 64;
/// How long one waits for the event loop.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the world is looked at while something new is waited for.
const LOOK: Duration = Duration::from_millis(500);
/// How long a journal may take to open.
const OPENING: Duration = Duration::from_secs(30);

/// Somebody who wants to know the world and the policy of now.
pub type Asker = SyncSender<Box<(World, Policy)>>;

/// A run that is carried on here.
struct Carried {
    door: SyncSender<Input>,
    house: Arc<House>,
    leaves: Arc<AtomicBool>,
}

/// Runs and plans of one cockpit.
pub struct Bridge {
    askers: (mpsc::Sender<Asker>, mpsc::Receiver<Asker>),
    ground: Arc<Ground>,
    carried: Arc<Mutex<BTreeMap<CompactString, Carried>>>,
}

/// What every house of this cockpit stands on.
struct Ground {
    clients: Arc<Clients>,
    journal: Records,
    prometheus: Vec<Named>,
    isolated: Vec<String>,
    actor: Actor,
    around: Arc<Eyes>,
}

impl Ground {
    fn house(&self, secrets: &Secrets) -> Result<Arc<House>, String> {
        let secrets = secret::read_all(secrets)?;
        let journal = self.journal.opened(OPENING).ok_or("a run is kept in the journal, and there is none here")?;
        Ok(Arc::new(House {
            clients: Arc::clone(&self.clients),
            journal,
            around: Arc::clone(&self.around) as Arc<dyn Around>,
            actor: self.actor.clone(),
            prometheus: self.prometheus.clone(),
            secrets: Mutex::new(secrets),
        }))
    }
}

impl Bridge {
    /// For a cockpit; `isolated` are patterns of targets that a drill may act on.
    pub fn new(
        clients: Arc<Clients>,
        journal: Records,
        prometheus: Vec<Named>,
        isolated: Vec<String>,
        actor: Actor,
    ) -> Self {
        let askers = mpsc::channel(QUEUE);
        let around = Arc::new(Eyes(askers.0.clone()));
        let ground = Arc::new(Ground { clients, journal, prometheus, isolated, actor, around });
        Self { askers, ground, carried: Arc::default() }
    }

    /// The next one who wants to know the world.
    pub async fn asker(&mut self) -> Option<Asker> {
        self.askers.1.recv().await
    }

    /// Asks what a runbook would do.
    pub fn plan(&self, told: Told, wanted: PlanWanted) {
        let ground = Arc::clone(&self.ground);
        aside("runbook-plan", move || {
            let planned = planned(&ground, wanted);
            tell(&told, EventKind::Answer(Box::new(Answer::Planned(planned))));
        });
    }

    /// Begins a run.
    pub fn begin(&self, told: Told, wanted: RunWanted) {
        let (ground, carried) = (Arc::clone(&self.ground), Arc::clone(&self.carried));
        aside("runbook-run", move || {
            let ticket = wanted.ticket;
            let begun = |run| EventKind::Answer(Box::new(Answer::Begun { ticket, run }));
            match admitted(&ground, &wanted) {
                Err(why) => tell(&told, begun(Err(why))),
                Ok(house) => {
                    let id = new_name(&wanted.plan.runbook, clock::now());
                    let run = Run::new(id.clone(), wanted.plan, wanted.mode, house.actor.clone());
                    tell(&told, begun(Ok(id)));
                    carry(&told, &carried, house, (run, wanted.incident), None);
                }
            }
        });
    }

    /// Goes on with a run of the journal.
    pub fn resume(&self, told: Told, run: CompactString, way_back: bool) {
        let (ground, carried) = (Arc::clone(&self.ground), Arc::clone(&self.carried));
        if doors(&carried).contains_key(&run) {
            return;
        }
        aside("runbook-run", move || {
            let restored = ground.house(&Secrets::new()).and_then(|house| {
                let kept = store::read(&house.journal, &run)?;
                let restored = Run::restore(&kept.entries, house.actor.clone())?;
                Ok((house, restored, kept.incident))
            });
            match restored {
                Err(why) => tell(&told, EventKind::Done(Done::new(false, format!("{run}: {why}")))),
                Ok((house, restored, incident)) => {
                    let first = way_back.then(|| Input::WayBack { by: house.actor.clone() });
                    carry(&told, &carried, house, (restored, incident), first);
                }
            }
        });
    }

    /// Says something to a run that is carried on here.
    pub fn say(&self, told: Told, run: CompactString, input: Input, secrets: Secrets) {
        let found = doors(&self.carried).get(&run).map(|one| (one.door.clone(), Arc::clone(&one.house)));
        let Some((door, house)) = found else {
            let text = format!("{run} is not carried on here any more: go on with it first");
            return aside("runbook-say", move || tell(&told, EventKind::Done(Done::new(false, text))));
        };
        aside("runbook-say", move || {
            let said = secret::read_all(&secrets).and_then(|read| {
                house.keep_secrets(read);
                door.send(input).map_err(|_| format!("{run} is not carried on here any more"))
            });
            if let Err(why) = said {
                tell(&told, EventKind::Done(Done::new(false, why)));
            }
        });
    }

    /// Leaves a run as it stands, once nothing is in flight.
    pub fn leave(&self, run: &str) {
        if let Some(one) = doors(&self.carried).get(run) {
            one.leaves.store(true, Ordering::Relaxed);
            // It looks up when something comes in.
            let _ = one.door.try_send(Input::Tick);
        }
    }
}

/// Shows a run the world of now, whatever moment the screen shows.
pub fn show(asker: &Asker, app: &App) {
    let policy = Policy { past: app.player.map(|_| Past::Recorded), ..app.policy.clone() };
    // It may have given up waiting.
    let _ = asker.try_send(Box::new((app.world.moment(), policy)));
}

fn doors(
    carried: &Mutex<BTreeMap<CompactString, Carried>>,
) -> std::sync::MutexGuard<'_, BTreeMap<CompactString, Carried>> {
    carried.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Nobody listens any more only when the cockpit is leaving.
fn tell(told: &Told, event: EventKind) {
    let _ = told.blocking_send(event);
}

fn aside(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name.into()).spawn(work) {
        tracing::error!(%error, name, "there is no thread");
    }
}

/// What a runbook would do, with what may be chosen.
fn planned(ground: &Ground, wanted: PlanWanted) -> Planned {
    let PlanWanted { ticket, catalogue, runbook, mut values, secrets } = wanted;
    let mut choices = BTreeMap::new();
    let made = ground.house(&secrets).and_then(|house| Ok((catalogue.find(&runbook)?, house)));
    let (plan, gate) = match made {
        Err(why) => (Err(crate::runbook::plan::Unplanned { faults: vec![why], preflight: Vec::new() }), Ok(())),
        Ok((definition, house)) => {
            prepare::discover(&house, definition, &mut values);
            let chosen = definition
                .variables
                .iter()
                .filter_map(|variable| Some((variable.name.clone(), choices::choices(&house, variable, &values)?)));
            choices.extend(chosen);
            let names = secrets.keys().cloned().collect();
            let plan = prepare::plan(&house, definition, &values, names, &ground.isolated).map(Arc::new);
            let gate = match &plan {
                Ok(plan) => said_by_gate(&house, plan),
                Err(_) => Ok(()),
            };
            (plan, gate)
        }
    };
    Planned { ticket, values, choices, plan, gate }
}

fn said_by_gate(house: &House, plan: &Plan) -> Result<(), String> {
    prepare::gate(house, plan).map_err(|(step, refusal)| format!("{step}: {}", refusal.words()))
}

/// The house for a run, where the gate lets it pass; what the rule book refuses is written down.
fn admitted(ground: &Ground, wanted: &RunWanted) -> Result<Arc<House>, String> {
    let house = ground.house(&wanted.secrets)?;
    if wanted.mode != Mode::Tabletop
        && let Err((step, refusal)) = prepare::gate(&house, &wanted.plan)
    {
        refused::document(&house, &wanted.plan, &step, &refusal, wanted.incident);
        return Err(format!("{step}: {}", refusal.words()));
    }
    Ok(house)
}

/// Carries a run on, and tells how it stands whenever that is otherwise than before.
fn carry(
    told: &Told,
    carried: &Mutex<BTreeMap<CompactString, Carried>>,
    house: Arc<House>,
    (run, incident): (Run, Option<IncidentId>),
    first: Option<Input>,
) {
    let id = CompactString::from(run.id());
    let mut carrier = Carrier::new(Arc::clone(&house), run, incident);
    let leaves = Arc::new(AtomicBool::new(false));
    doors(carried).insert(id.clone(), Carried { door: carrier.door(), house, leaves: Arc::clone(&leaves) });
    if let Some(input) = first {
        carrier.say(input);
    }
    let (mut last, mut remark): (Option<Standing>, Option<String>) = (None, None);
    let end = carrier.carry(&mut |run, what| {
        match what {
            super::carry::Told::Remark(text) => remark = Some(text.to_owned()),
            // What was said before it is over by now.
            super::carry::Told::Entry(_) | super::carry::Told::Question(_) => remark = None,
            _ => {}
        }
        let standing = run.standing(remark.as_deref());
        if last.as_ref() != Some(&standing) {
            tell(told, EventKind::Run(Box::new(standing.clone())));
            last = Some(standing);
        }
        if leaves.load(Ordering::Relaxed) { Next::Leave } else { Next::On }
    });
    doors(carried).remove(&id);
    let why = match end {
        End::Stands(_) => "it is over, or was left as it stands".to_owned(),
        End::Elsewhere(why) => format!("it is in other hands: {why}"),
        End::Unwritten(why) => format!("what was decided could not be written down, so nothing more was done: {why}"),
    };
    let standing = Standing { ended: Some(why), ..carrier.run().standing(remark.as_deref()) };
    tell(told, EventKind::Run(Box::new(standing)));
}

/// The gate and the world of the cockpit, as the event loop has them: it hands out a copy, so that nobody holds it up.
struct Eyes(mpsc::Sender<Asker>);

impl Eyes {
    fn look(&self) -> Option<Box<(World, Policy)>> {
        let (asker, answer) = sync_channel(1);
        self.0.try_send(asker).ok()?;
        let mut seen = answer.recv_timeout(PATIENCE).ok()?;
        seen.0.pass(clock::now());
        Some(seen)
    }

    fn away(operation: &Operation) -> Refusal {
        let why = format!("{operation}: the cockpit does not say what it knows: it is leaving, or cannot keep up");
        Refusal { why, stop: None, lasts: false }
    }
}

impl Around for Eyes {
    fn permit(&self, operation: Operation) -> Result<Permit, Refusal> {
        let Some(seen) = self.look() else { return Err(Self::away(&operation)) };
        let (world, policy) = &*seen;
        let asked = operation.clone();
        Gate::permit(operation, world, policy).map_err(|why| Refusal::of(why, &asked, world, policy))
    }

    fn would_permit(&self, operation: &Operation) -> Result<(), Refusal> {
        let Some(seen) = self.look() else { return Err(Self::away(operation)) };
        let (world, policy) = &*seen;
        match Gate::decide(operation, world, policy) {
            Decision::Allowed(_) => Ok(()),
            Decision::Refused(why) => Err(Refusal::of(why, operation, world, policy)),
        }
    }

    fn wait_for_news(&self, at_most: Duration) -> bool {
        // The event loop tells nobody when something came: it is looked at again and again.
        let (_keep, never) = sync_channel::<()>(0);
        let _ = never.recv_timeout(at_most.min(LOOK));
        true
    }

    fn see(&self, look: &mut dyn FnMut(&World)) {
        match self.look() {
            Some(seen) => look(&seen.0),
            None => look(&World::at(clock::now())),
        }
    }
}
