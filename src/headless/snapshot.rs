//! `flightdeck snapshot`: what is known now, once, as JSON or as text.

mod ai;
mod clusters;
mod clusters_text;
mod containers;
mod gpus;
mod postgres;
mod report;
mod text;
mod watch;

pub use containers::ContainerRow;
pub use report::{Host, Row, Snapshot, SourceRow, snapshot_of};

use super::{
    gather::{Gathered, Until, gather},
    render,
};
use crate::{
    cli::{Part, exit},
    source::AnySource,
};
use std::{io::Write, time::Duration};

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotOptions {
    pub json: bool,
    /// How long to wait for sources at most.
    pub wait: Duration,
    /// Parts to print; empty is all.
    pub only: Vec<Part>,
    /// Kinds of sources of which some were named (`--docker`, `--context`).
    pub named: Vec<&'static str>,
    /// Why no cluster is watched, where none is: no kubeconfig, no context that is chosen.
    pub no_cluster: String,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            json: false,
            wait: Duration::from_secs(10),
            only: Vec::new(),
            named: Vec::new(),
            no_cluster: "no context is chosen".into(),
        }
    }
}

/// Gathers, prints and returns the exit code. What is wrong goes to `errors`.
///
/// # Errors
/// Where nothing can be gathered or printed.
pub fn snapshot(
    options: &SnapshotOptions,
    sources: Vec<AnySource>,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> anyhow::Result<u8> {
    let asked = |part| options.only.is_empty() || options.only.contains(&part);
    // Whoever asks for something else does not wake the driver of a GPU.
    let gpus = [Part::Gpu, Part::Ai, Part::Room, Part::Sources, Part::Attention].into_iter().any(asked);
    // The rule book reads whole repositories and clusters: only for who asks what is wrong.
    let rules = [Part::Sources, Part::Attention].into_iter().any(asked);
    // Whoever asks for what is on this host does not wait for servers elsewhere.
    let watched = [Part::Alerts, Part::Slos, Part::Fleet, Part::Sources, Part::Attention].into_iter().any(asked);
    let databases = [Part::Postgres, Part::Sources, Part::Attention].into_iter().any(asked);
    let is_asked = |kind: &str| match kind {
        "gpu" => gpus,
        "rules" => rules,
        "alertmanager" | "prometheus" => watched,
        "postgres" => databases,
        _ => true,
    };
    let sources = sources.into_iter().filter(|source| is_asked(&source.spec().kind)).collect();
    let gathered = gather(sources, Until::Rates, options.wait)?;
    let whole = snapshot_of(&gathered.world, options.wait);
    let shown = whole.only(asked);
    if options.json {
        render::json(&shown, out)?;
    } else {
        render::lines(&text::lines(&shown), out)?;
    }
    if let Some(why) = unreachable(options, &gathered) {
        render::lines(&[why], errors)?;
        return Ok(exit::UNREACHABLE);
    }
    Ok(exit::OK)
}

/// Why what was asked for by name is not there.
fn unreachable(options: &SnapshotOptions, gathered: &Gathered) -> Option<String> {
    let asked = |part: &Part| options.only.contains(part);
    if asked(&Part::Host) && gathered.world.observed.gauges.is_none() {
        let silent = gathered.unreached("host");
        let silent = if silent.is_empty() { "it has no sources".to_owned() } else { silent.join(", ") };
        return Some(format!("the host could not be read ({silent}); see `flightdeck doctor`"));
    }
    if asked(&Part::Containers)
        && let Some(why) = containers::unreached(gathered)
    {
        return Some(why);
    }
    if asked(&Part::Gpu) {
        let silent = gathered.unreached("gpu");
        if !silent.is_empty() {
            return Some(format!("GPUs could not be read ({}); see `flightdeck doctor`", silent.join(", ")));
        }
    }
    let elsewhere = watch::unreached(gathered, &options.only).or_else(|| postgres::unreached(gathered, &options.only));
    if elsewhere.is_some() {
        return elsewhere;
    }
    if [Part::Pods, Part::Workloads, Part::Nodes].iter().any(asked) {
        let silent = gathered.unreached("kube");
        if !silent.is_empty() {
            return Some(format!("clusters could not be read ({}); see `flightdeck doctor`", silent.join(", ")));
        }
        if !gathered.is_any_ok("kube") {
            return Some(format!("there is no cluster to read: {}; see `flightdeck doctor`", options.no_cluster));
        }
    }
    // Without parts all is asked for, and with it what a flag names.
    if options.only.is_empty() { gathered.named_away(&options.named) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{super::gather::tests::sources, *};

    fn run(options: &SnapshotOptions, sources: Vec<AnySource>) -> (u8, String, String) {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let code = snapshot(options, sources, &mut out, &mut errors).expect("printed");
        (code, String::from_utf8(out).expect("UTF-8"), String::from_utf8(errors).expect("UTF-8"))
    }

    #[test]
    fn parts_and_exit_codes() {
        let options = |only: &[Part], json| SnapshotOptions { json, only: only.to_vec(), ..SnapshotOptions::default() };
        let (code, out, _) = run(&options(&[Part::Sources], true), sources());
        let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(code, 0, "a source that is down is data where it was not asked for by name");
        let keys: Vec<_> = value.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(keys, ["sources", "taken_at", "version"]);
        let mounts = value["sources"].as_array().expect("a list").iter().find(|s| s["name"] == "host/mounts");
        assert_eq!(mounts.expect("there")["reason"], "denied");

        assert_eq!(run(&options(&[Part::Host], true), sources()).0, 0);
        let (code, out, errors) = run(&options(&[Part::Host], true), vec![]);
        assert_eq!(code, 3);
        assert!(errors.contains("doctor"), "{errors}");
        assert!(serde_json::from_str::<serde_json::Value>(&out).expect("JSON")["host"]["hostname"].is_null());

        let named = SnapshotOptions { named: vec!["host"], ..options(&[], false) };
        let (code, _, errors) = run(&named, sources());
        assert!(code == 3 && errors.contains("host/mounts could not be reached"), "{errors}");

        let away = SnapshotOptions { no_cluster: "there is no kubeconfig".into(), ..options(&[Part::Pods], false) };
        let (code, _, errors) = run(&away, sources());
        assert!(code == 3 && errors.starts_with("there is no cluster to read: there is no kubeconfig;"), "{errors}");

        let (code, out, _) = run(&options(&[], false), sources());
        assert_eq!(code, 0);
        assert!(out.contains("host/mounts") && out.contains("denied") && out.contains("ask root"), "{out}");
    }
}
