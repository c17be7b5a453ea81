//! What the gate says of silences.

use crate::{
    model::{
        alert::{Alertmanager, Edited, SilenceState, preview},
        object::{ObjectKind, ObjectRef},
    },
    ops::operation::{AlertAct, place_of},
    world::World,
};

/// Names of alerts that are listed.
const LISTED: usize = 8;
/// A silence that is longer than this is likely to be forgotten.
const LONG: u64 = 7 * 86_400;

fn manager<'w>(target: &ObjectRef, world: &'w World) -> Option<&'w Alertmanager> {
    world.observed.watch.alertmanagers.get(place_of(target)).map(AsRef::as_ref)
}

/// Why this must not be done now, where it must not.
pub fn refusal(target: &ObjectRef, act: &AlertAct, world: &World) -> Option<String> {
    let place = place_of(target);
    if manager(target, world).is_none() {
        return Some(format!("Alertmanager {place} is not known"));
    }
    let known = world.observed.watch.silence(target);
    if target.kind == ObjectKind::Silence && known.is_none() {
        return Some("the silence is not known any more".into());
    }
    if let (AlertAct::Expire, Some(silence)) = (act, known) {
        let ended = silence.state == SilenceState::Expired || silence.ends_at.is_some_and(|end| end <= world.now);
        return ended.then(|| "the silence has ended already".into());
    }
    // Who asks is known only to the permit, so any name stands for it.
    act.draft(world.now, "somebody").and_then(|draft| draft.check(world.now).err())
}

/// What a person has to know before: which of the known alerts it would silence, and what would surprise.
pub fn warnings(target: &ObjectRef, act: &AlertAct, world: &World) -> Vec<String> {
    let (Some(manager), Some(draft)) = (manager(target, world), act.draft(world.now, "somebody")) else {
        return Vec::new();
    };
    let Ok(preview) = preview(&manager.alerts, &draft.matchers) else { return Vec::new() };
    let mut all = vec![preview.words()];
    let name = |alert: &std::sync::Arc<crate::model::alert::Alert>| format!("  {} {}", alert.name(), alert.target());
    all.extend(preview.fits.iter().take(LISTED).map(name));
    if preview.fits.len() > LISTED {
        all.push(format!("  and {} more", preview.fits.len() - LISTED));
    }
    all.extend(preview.warnings);
    if let AlertAct::Silence { seconds, .. } = act
        && *seconds > LONG
    {
        all.push("it lasts for more than a week: mend the rule, or the thing".into());
    }
    if let Some(old) = world.observed.watch.silence(target)
        && let Edited::New(why) = draft.edits(old, world.now)
    {
        all.push(format!("a new silence takes its place, with another identity: {why}"));
    }
    all
}
