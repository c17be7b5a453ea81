//! Several servers of one cluster tell the same alerts: each is taken once.

use super::{Alert, AlertGroup, Alertmanager, Member, Silence, SilenceState};
use crate::model::metric::Labels;
use compact_str::CompactString;
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// What one member holds.
pub type Held = (Vec<Alert>, Vec<AlertGroup>, Vec<Silence>);

/// One Alertmanager of what its members hold; `None` for one that did not answer. What they disagree on is said.
pub fn merged(name: &str, members: Vec<Member>, held: Vec<Option<Held>>, mut problems: Vec<String>) -> Alertmanager {
    let answered: Vec<_> = held.into_iter().flatten().collect();
    let count = answered.len();
    let mut alerts: BTreeMap<CompactString, (Alert, usize)> = BTreeMap::new();
    let mut groups: BTreeMap<(CompactString, Labels), AlertGroup> = BTreeMap::new();
    let mut silences: BTreeMap<CompactString, Silence> = BTreeMap::new();
    for (own_alerts, own_groups, own_silences) in answered {
        for alert in own_alerts {
            match alerts.get_mut(&alert.fingerprint) {
                Some((known, told)) => {
                    *told += 1;
                    take(known, alert);
                }
                None => drop(alerts.insert(alert.fingerprint.clone(), (alert, 1))),
            }
        }
        for group in own_groups {
            let key = (group.receiver.clone(), group.labels.clone());
            let known = groups.entry(key).or_insert_with(|| AlertGroup { alerts: Vec::new(), ..group.clone() });
            known.alerts.extend(group.alerts);
        }
        for silence in own_silences {
            let is_newer = silences.get(&silence.id).is_none_or(|known| known.updated_at < silence.updated_at);
            if is_newer {
                silences.insert(silence.id.clone(), silence);
            }
        }
    }
    let partly = alerts.values().filter(|(_, told)| *told < count).count();
    if partly > 0 {
        problems.push(format!("{partly} alerts are known to some of the {count} members only"));
    }
    let mut alerts: Vec<_> = alerts.into_values().map(|(alert, _)| Arc::new(alert)).collect();
    alerts.sort_by_key(|alert| {
        (alert.state, Reverse(alert.severity), Reverse(alert.starts_at), alert.fingerprint.clone())
    });
    let mut silences: Vec<_> = silences.into_values().map(Arc::new).collect();
    silences.sort_by_key(|silence| {
        let end = silence.ends_at.map_or(i64::MAX, |end| end.as_millisecond());
        // What ends next stands first; of what has ended, the last.
        (silence.state, if silence.state == SilenceState::Expired { -end } else { end }, silence.id.clone())
    });
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.alerts.sort_unstable();
        group.alerts.dedup();
    }
    Alertmanager { name: name.into(), members, alerts, groups, silences, problems }
}

/// The newer telling counts; but where one member still tells somebody, it is not quiet.
fn take(known: &mut Alert, other: Alert) {
    let louder = if other.state < known.state { &other } else { &*known };
    let (state, silenced_by, inhibited_by, muted_by) =
        (louder.state, louder.silenced_by.clone(), louder.inhibited_by.clone(), louder.muted_by.clone());
    let mut receivers: Vec<_> = known.receivers.iter().chain(&other.receivers).cloned().collect();
    receivers.sort_unstable();
    receivers.dedup();
    let starts_at = match (known.starts_at, other.starts_at) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    };
    let newest = if other.updated_at > known.updated_at { other } else { known.clone() };
    *known = Alert { state, silenced_by, inhibited_by, muted_by, receivers, starts_at, ..newest };
}
