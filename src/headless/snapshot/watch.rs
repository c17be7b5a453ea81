//! Alerts, objectives and hosts of Prometheus as scripts and people read them.

use super::{super::gather::Gathered, text::clean};
use crate::{
    cli::Part,
    model::{
        Timestamp,
        alert::{Alert, AlertState},
        attention::Severity,
        fleet::Instance,
        metric::Labels,
        slo::Slo,
        units,
    },
    world::World,
};
use compact_str::CompactString;
use serde::Serialize;

/// Why what was asked for by name is not there.
pub(super) fn unreached(gathered: &Gathered, only: &[Part]) -> Option<String> {
    let asked = |part: &Part| only.contains(part);
    let watch = &gathered.world.observed.watch;
    let kinds = [
        ("alertmanager", asked(&Part::Alerts), "name an [[alertmanager]] in the configuration"),
        ("prometheus", asked(&Part::Slos) || asked(&Part::Fleet), "name a [[prometheus]] in the configuration"),
    ];
    for (kind, _, hint) in kinds.into_iter().filter(|(_, is_asked, _)| *is_asked) {
        let silent = gathered.unreached(kind);
        if !silent.is_empty() {
            return Some(format!("{} could not be asked; see `flightdeck doctor`", silent.join(", ")));
        }
        if !gathered.is_any_ok(kind) {
            return Some(format!("there is none to ask: {hint}"));
        }
    }
    let none = asked(&Part::Slos) && watch.slos.is_empty();
    none.then(|| {
        "there is no objective: name files in [slo] of the configuration, or put them into the folder slos beside it"
            .into()
    })
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertRow {
    pub alertmanager: CompactString,
    pub fingerprint: CompactString,
    pub name: String,
    pub severity: Severity,
    pub state: AlertState,
    pub since: Option<Timestamp>,
    pub summary: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub silenced_by: Vec<CompactString>,
    pub inhibited_by: Vec<CompactString>,
    pub receivers: Vec<CompactString>,
    /// The rule that made it, where its Prometheus is known.
    pub expression: Option<String>,
}

/// Every alert; `None` where no Alertmanager has answered.
pub(super) fn alerts(world: &World) -> Option<Vec<AlertRow>> {
    let watch = &world.observed.watch;
    (!watch.alertmanagers.is_empty()).then(|| watch.alerts().map(|alert| alert_row(world, alert)).collect())
}

fn alert_row(world: &World, alert: &Alert) -> AlertRow {
    AlertRow {
        alertmanager: alert.place.clone(),
        fingerprint: alert.fingerprint.clone(),
        name: alert.name().to_owned(),
        severity: alert.severity,
        state: alert.state,
        since: alert.starts_at,
        summary: alert.summary(),
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        silenced_by: alert.silenced_by.clone(),
        inhibited_by: alert.inhibited_by.clone(),
        receivers: alert.receivers.clone(),
        expression: world.observed.watch.rule(alert).map(|(_, rule)| rule.query.clone()),
    }
}

/// An objective, with what it comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SloRow {
    #[serde(flatten)]
    pub slo: Slo,
    pub severity: Option<Severity>,
    /// How it stands, in words.
    pub words: String,
}

/// Every objective; `None` where none is known.
pub(super) fn slos(world: &World) -> Option<Vec<SloRow>> {
    let watch = &world.observed.watch;
    let row = |slo: &Slo| SloRow { severity: slo.severity(), words: slo.words(), slo: slo.clone() };
    (!watch.slos.is_empty()).then(|| watch.objectives().map(row).collect())
}

/// A host that a Prometheus knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceRow {
    pub prometheus: CompactString,
    #[serde(flatten)]
    pub host: Instance,
}

/// Every host, the worst of each Prometheus first; `None` where none is known.
pub(super) fn fleet(world: &World) -> Option<Vec<InstanceRow>> {
    let fleets = &world.observed.watch.fleets;
    let rows = fleets.iter().flat_map(|(prometheus, hosts)| {
        hosts.iter().map(|host| InstanceRow { prometheus: prometheus.clone(), host: host.clone() })
    });
    (!fleets.is_empty()).then(|| rows.collect())
}

/// The alerts for a person.
pub(super) fn alert_lines(alerts: &[AlertRow], now: Timestamp, lines: &mut Vec<String>) {
    lines.push(if alerts.is_empty() { "Alerts: none".into() } else { format!("Alerts ({})", alerts.len()) });
    for alert in alerts {
        let since = alert.since.map_or_else(String::new, |since| format!(" for {}", units::age(now, since)));
        let quiet =
            if alert.state == AlertState::Active { String::new() } else { format!(" ({})", alert.state.word()) };
        lines.push(format!(
            "  {:8} {}{quiet}: {}{since}",
            alert.severity.word(),
            clean(&alert.name),
            clean(&alert.summary)
        ));
    }
}

/// The objectives for a person.
pub(super) fn slo_lines(slos: &[SloRow], lines: &mut Vec<String>) {
    lines.push(format!("Service level objectives ({})", slos.len()));
    for row in slos {
        let word = row.severity.map_or("ok", Severity::word);
        lines.push(format!("  {word:8} {} {}: {}", clean(&row.slo.title), row.slo.target_words(), clean(&row.words)));
        lines.extend(row.slo.warnings.iter().map(|warning| format!("           {}", clean(warning))));
    }
}

/// Hosts that are listed, the worst first.
const HOSTS: usize = 20;

/// The hosts for a person.
pub(super) fn fleet_lines(hosts: &[InstanceRow], lines: &mut Vec<String>) {
    let or_unknown = |ratio: Option<f64>| ratio.map_or_else(|| units::UNKNOWN.into(), units::percent);
    lines.push(format!("Hosts of Prometheus ({}), the worst first", hosts.len()));
    for InstanceRow { host, .. } in hosts.iter().take(HOSTS) {
        let state = match host.up {
            Some(true) => "up",
            Some(false) => "down",
            None => units::UNKNOWN,
        };
        let disk = host.disk.as_ref();
        lines.push(format!(
            "  {state:5} {}: cpu {}, memory {}, disk {} {}",
            clean(host.name()),
            or_unknown(host.cpu_used_ratio),
            or_unknown(host.memory_used_ratio()),
            clean(disk.map_or("", |disk| &disk.mount)),
            or_unknown(disk.map(|disk| disk.used_ratio)),
        ));
    }
}
