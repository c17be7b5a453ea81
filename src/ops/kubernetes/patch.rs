//! Operations that are a patch, as kubectl sends it.

use crate::{model::Timestamp, ops::operation::KubeAct};
use serde_json::{Value, json};

/// The patch that an act is; `None` where it is none.
pub fn of(act: &KubeAct, at: Timestamp) -> Option<Value> {
    Some(match act {
        KubeAct::Restart => {
            // Two within a second are two.
            let stamp = at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": stamp}}}}})
        }
        KubeAct::SetImage { container, image } => {
            json!({"spec": {"template": {"spec": {"containers": [{"name": container, "image": image}]}}}})
        }
        KubeAct::Pause => json!({"spec": {"paused": true}}),
        KubeAct::Resume => json!({"spec": {"paused": null}}),
        KubeAct::Cordon => json!({"spec": {"unschedulable": true}}),
        KubeAct::Uncordon => json!({"spec": {"unschedulable": null}}),
        KubeAct::Suspend => json!({"spec": {"suspend": true}}),
        KubeAct::SetSecret { key, value } => json!({"stringData": {key: value.reveal()}}),
        KubeAct::Unsuspend => json!({"spec": {"suspend": false}}),
        _ => return None,
    })
}
