//! 16b: this host has no room for a heavy run: its memory, a GPU's memory or a disk is nearly full, or work waits for memory.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        out::Out,
        subject::live::Live,
        tree::Tree,
    },
};

/// 16b.
pub struct HostPressure;

static META: Meta = Meta {
    id: "16b",
    title: "host under pressure",
    level: Level::Block,
    scopes: &[Scope::Host],
    why: "A heavy run that starts now ends in an out-of-memory kill or a full disk, and may take other services with it.",
    fix: "Free what the finding names (stop what is idle, unload models, clean up), or run it elsewhere or later.",
    precedent: &["POP-709", "POP-710"],
    references: &[
        "https://docs.kernel.org/accounting/psi.html",
        "https://docs.kernel.org/filesystems/proc.html#meminfo",
        "https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    ],
    parameters: &[
        Parameter {
            name: "memory-used",
            about: "Used memory by all of it, above which nothing heavy starts",
            default: Value::Number(0.9),
        },
        Parameter { name: "gpu-memory-used", about: "The same for each GPU", default: Value::Number(0.9) },
        Parameter {
            name: "disk-free",
            about: "Free space by all of it, below which nothing heavy starts",
            default: Value::Number(0.1),
        },
        Parameter {
            name: "memory-pressure",
            about: "Share of the time in which all work waits for memory, above which nothing heavy starts",
            default: Value::Number(0.1),
        },
    ],
};

/// A figure to judge.
struct Gauge<'a> {
    /// `memory`, `GPU memory of …`, `disk /`.
    what: String,
    key: &'a str,
    ratio: Option<f64>,
    limit: f64,
    /// Whether too little is wrong, and not too much.
    is_floor: bool,
    word: &'static str,
}

impl Check for HostPressure {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn live(&self, live: &Live<'_>, _tree: Option<&Tree>, out: &mut Out<'_>) -> Judged {
        let Some(host) = live.host else { return Judged::No };
        let (memory, gpu) = (out.number("memory-used"), out.number("gpu-memory-used"));
        let (disk, pressure) = (out.number("disk-free"), out.number("memory-pressure"));
        let gauge = |what: String, key, ratio, limit, is_floor, word| Gauge { what, key, ratio, limit, is_floor, word };
        let mut gauges = vec![gauge("memory".into(), "memory", host.memory_used_ratio, memory, false, "used")];
        gauges.extend(
            host.gpus
                .iter()
                .map(|(name, used)| gauge(format!("memory of GPU {name}"), name, *used, gpu, false, "used")),
        );
        gauges.extend(
            host.disks.iter().map(|(mount, free)| gauge(format!("disk {mount}"), mount, *free, disk, true, "free")),
        );
        // Not every kernel tells the pressure: where it does not, there is nothing to say.
        let stalled = host.memory_pressure_ratio.map(|ratio| ("work waiting for memory".to_owned(), Some(ratio)));
        gauges.extend(stalled.map(|(what, ratio)| gauge(what, "pressure", ratio, pressure, false, "of the time")));
        for gauge in &gauges {
            judge(&host.name, gauge, out);
        }
        Judged::Yes
    }
}

fn judge(host: &str, gauge: &Gauge<'_>, out: &mut Out<'_>) {
    let Gauge { what, key, ratio, limit, is_floor, word } = gauge;
    let bound = if *is_floor { "at least" } else { "at most" };
    let expected = format!("{bound} {:.0} % {word}", limit * 100.0);
    let draft = out.about(format!("host {host}"), host).expected(expected).key(*key);
    match ratio.filter(|ratio| ratio.is_finite()) {
        None => draft.unknown(format!("{what}: the figure could not be read")),
        Some(ratio) if (*is_floor && ratio < *limit) || (!*is_floor && ratio > *limit) => {
            // At the limit a figure without decimals would seem to keep it.
            let percent = ratio * 100.0;
            let decimals = usize::from((percent - limit * 100.0).abs() < 1.0);
            draft.observed(format!("{what}: {percent:.decimals$} % {word}")).fail();
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        policy::{CheckPolicy, Policy},
        run::{Subject, Verdict, judge, line},
        subject::live::HostView,
    };

    fn look(host: Option<&HostView>, policy: &Policy) -> Verdict {
        let live = Live { host, ..Live::default() };
        judge(
            &HostPressure,
            Subject::Live(&live, None),
            Scope::Host,
            policy,
            "2026-01-01T00:00:00Z".parse().expect("a time"),
        )
    }

    fn told(host: &HostView) -> Vec<String> {
        look(Some(host), &Policy::default()).findings.iter().map(line).collect()
    }

    #[test]
    fn what_is_full_is_named_with_its_figure() {
        let host = HostView {
            name: "ml1".into(),
            memory_used_ratio: Some(0.934),
            gpus: vec![("0".into(), Some(0.97)), ("1".into(), Some(0.2))],
            disks: vec![("/".into(), Some(0.04)), ("/data".into(), Some(0.5))],
            memory_pressure_ratio: Some(0.25),
        };
        assert_eq!(
            told(&host),
            [
                "host ml1 memory: 93 % used",
                "host ml1 memory of GPU 0: 97 % used",
                "host ml1 disk /: 4 % free",
                "host ml1 work waiting for memory: 25 % of the time",
            ]
        );
        let again = HostView { memory_used_ratio: Some(0.99), ..host.clone() };
        let print = |host: &HostView| look(Some(host), &Policy::default()).findings[0].fingerprint.clone();
        assert_eq!(print(&host), print(&again), "the figure is no part of its identity");
    }

    #[test]
    fn room_passes_and_what_is_not_read_is_unknown() {
        let host = HostView {
            name: "ml1".into(),
            memory_used_ratio: Some(0.9),
            disks: vec![("/".into(), Some(0.1))],
            ..HostView::default()
        };
        let verdict = look(Some(&host), &Policy::default());
        assert!(verdict.findings.is_empty() && verdict.passed == 1);
        assert_eq!(
            told(&HostView { name: "ml1".into(), ..HostView::default() }),
            ["? host ml1 memory: the figure could not be read"]
        );
        assert_eq!(look(None, &Policy::default()), Verdict::default());
    }

    #[test]
    fn a_figure_near_its_limit_is_told_with_a_decimal() {
        let disks = vec![("/".into(), Some(0.096))];
        let host = HostView { name: "ml1".into(), memory_used_ratio: Some(0.2), disks, ..HostView::default() };
        assert_eq!(told(&host), ["host ml1 disk /: 9.6 % free"]);
    }

    #[test]
    fn limits_can_be_set() {
        let parameters = [("memory-used".to_owned(), toml::Value::Float(0.5))].into();
        let mut policy = Policy::default();
        policy.checks.insert("16b".into(), CheckPolicy { parameters, ..CheckPolicy::default() });
        let host = HostView { name: "ml1".into(), memory_used_ratio: Some(0.6), ..HostView::default() };
        assert_eq!(look(Some(&host), &policy).findings.len(), 1);
    }
}
