//! What can be offered for alerts, silences and Alertmanagers.

use super::{
    Act, Field, Offer, Wrong,
    value::{given, text, wrong},
};
use crate::{
    model::{
        alert::{Silence, SilenceState, compile, matchers},
        duration,
        object::{ObjectKind, ObjectRef},
    },
    ops::operation::{AlertAct, Changed},
    world::World,
};

pub static OFFERS: &[Offer] = &[
    Offer::new("silence", 's', "silence", can_be_silenced, silence).asking(fields).for_one(),
    Offer::new(
        "expire",
        'e',
        "end the silence",
        |target| target.kind == ObjectKind::Silence,
        |_| Ok(Act::Alertmanager(AlertAct::Expire)),
    ),
];

/// How long a silence is where nothing else is said.
const USUAL: &str = "2h";
/// The longest silence that can be asked for: who needs more mends the rule.
const LONGEST: u64 = 90 * 86_400;

fn can_be_silenced(target: &ObjectRef) -> bool {
    matches!(target.kind, ObjectKind::Alert | ObjectKind::Silence | ObjectKind::Alertmanager)
}

fn fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    let watch = &world.observed.watch;
    let (matchers, span, comment) = match (watch.alert(target), watch.silence(target)) {
        (Some(alert), _) => {
            let all: Vec<_> = alert.matchers().iter().map(ToString::to_string).collect();
            (all.join(", "), USUAL.to_owned(), String::new())
        }
        (_, Some(silence)) => (silence.text(), rest(silence, world), silence.comment.to_string()),
        _ => (String::new(), USUAL.to_owned(), String::new()),
    };
    vec![
        Field::new("matchers", matchers, "label=\"value\", != =~ !~; a pattern fits the whole value"),
        Field::new("for", span, "how long from now: 30m, 2h, 1d"),
        Field::new("comment", comment, "why, for whoever finds it"),
    ]
}

/// What is left of a silence, in whole minutes.
fn rest(silence: &Silence, world: &World) -> String {
    let seconds = silence.ends_at.map_or(0, |end| end.duration_since(world.now).as_secs());
    match u64::try_from(seconds) {
        Ok(seconds) if seconds >= 60 && silence.state != SilenceState::Expired => {
            duration::prometheus(seconds / 60 * 60)
        }
        _ => USUAL.to_owned(),
    }
}

fn silence(values: &[&str]) -> Result<Act, Wrong> {
    let matchers = matchers(text(values, 0)).or_else(|why| wrong(0, why))?;
    if matchers.is_empty() {
        return wrong(0, "write what is to be silenced, such as alertname=\"Down\"");
    }
    compile(&matchers).or_else(|why| wrong(0, why))?;
    let Some(seconds) = duration::seconds(text(values, 1)).filter(|seconds| (60..=LONGEST).contains(seconds)) else {
        return wrong(1, "write a time from 1m to 90d, such as 2h");
    };
    let comment = given(values, 2, "a comment")?;
    Ok(Act::Alertmanager(AlertAct::Silence { matchers, seconds, comment, changes: None }))
}

/// The act with what it needs of its target: a silence that is changed says which one.
pub(super) fn on(target: &ObjectRef, world: &World, act: AlertAct) -> AlertAct {
    match (act, world.observed.watch.silence(target)) {
        (AlertAct::Silence { matchers, seconds, comment, .. }, Some(silence)) => {
            let changes = Some(Changed { id: silence.id.clone(), starts_at: silence.starts_at });
            AlertAct::Silence { matchers, seconds, comment, changes }
        }
        (act, _) => act,
    }
}
