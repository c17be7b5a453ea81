//! How a node is doing.

use super::{Judged, fine};
use crate::model::{health::Health, kubernetes::Node};
use compact_str::{CompactString, format_compact};

/// Judges a node by its conditions.
pub fn node(node: &Node) -> Judged {
    let said =
        |message: &str| if message.is_empty() { CompactString::default() } else { format_compact!(": {message}") };
    let Some(ready) = node.conditions.iter().find(|c| c.kind == "Ready") else {
        return (Health::Unknown, "nobody says whether it is ready".into());
    };
    match ready.status.as_str() {
        "True" => {}
        "False" => return (Health::Failing, format_compact!("not ready{}", said(&ready.message))),
        _ => return (Health::Failing, format_compact!("not ready: its kubelet is silent{}", said(&ready.message))),
    }
    let pressed = node.conditions.iter().find(|c| c.kind != "Ready" && c.status == "True" && is_trouble(&c.kind));
    if let Some(pressed) = pressed {
        let words = match pressed.kind.as_str() {
            "MemoryPressure" => "low on memory, pods are evicted".into(),
            "DiskPressure" => "low on disk, pods are evicted".into(),
            "PIDPressure" => "low on process ids".into(),
            "NetworkUnavailable" => "its network is not set up".into(),
            other => format_compact!("{other}{}", said(&pressed.message)),
        };
        return (Health::Degraded, words);
    }
    fine()
}

/// Conditions other than these come from the node problem detector and its like, where `True` is a problem too; a few are good
/// news.
fn is_trouble(kind: &str) -> bool {
    !matches!(kind, "Ready" | "EtcdIsVoter" | "ContainerRuntimeReady" | "NetworkReady" | "KernelReady" | "StorageReady")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::kubernetes::Condition;

    #[test]
    fn nodes_are_judged_by_their_conditions() {
        let judged = |conditions: &[(&str, &str)]| {
            let condition = |(kind, status): &(&str, &str)| Condition {
                kind: (*kind).into(),
                status: (*status).into(),
                ..Condition::default()
            };
            node(&Node { conditions: conditions.iter().map(condition).collect(), ..Node::default() })
        };
        assert_eq!(judged(&[]).0, Health::Unknown);
        assert_eq!(judged(&[("Ready", "True"), ("DiskPressure", "False")]), fine());
        assert_eq!(judged(&[("Ready", "True"), ("DiskPressure", "True")]).1, "low on disk, pods are evicted");
        assert_eq!(judged(&[("Ready", "False")]), (Health::Failing, "not ready".into()));
        assert_eq!(judged(&[("DiskPressure", "True"), ("Ready", "Unknown")]).0, Health::Failing);
        assert_eq!(judged(&[("Ready", "True"), ("EtcdIsVoter", "True")]), fine());
    }
}
