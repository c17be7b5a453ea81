//! What the gate says of operations on what engines hold.

use crate::{
    model::{
        container::{Container, ContainerState},
        object::{ObjectKind, ObjectRef},
    },
    ops::operation::{EngineAct, engine_of},
    world::World,
};

/// Why this must not be done now, where it must not.
pub fn refusal(target: &ObjectRef, act: &EngineAct, world: &World) -> Option<String> {
    let engines = &world.observed.containers;
    let engine = engine_of(target);
    let id = target.engine_and_id().map_or("", |(_, id)| id);
    match target.kind {
        ObjectKind::Container => match engines.containers.get(engine, id) {
            Some(container) => container_refusal(container, act),
            None => Some("the container is gone, or was never seen".into()),
        },
        ObjectKind::Image => engines.images.get(engine, id).is_none().then(|| "the image is not known".into()),
        ObjectKind::Volume => match engines.volumes.get(engine, id) {
            Some(volume) => in_use(&volume.used_by),
            None => Some("the volume is not known".into()),
        },
        ObjectKind::EngineNetwork => match engines.networks.get(engine, id) {
            Some(network) if network.builtin => {
                Some("the engine makes this network itself: it cannot be removed".into())
            }
            Some(network) => in_use(&network.used_by),
            None => Some("the network is not known".into()),
        },
        ObjectKind::Engine => (!engines.engines.contains_key(engine)).then(|| format!("engine {engine} is not known")),
        _ => Some("that is not in an engine".into()),
    }
}

fn in_use(used_by: &[compact_str::CompactString]) -> Option<String> {
    let (first, more) = used_by.split_first()?;
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    Some(format!("container {first}{more} uses it"))
}

/// What a container's state speaks against. The engine would say so too, but only after the confirmation.
fn container_refusal(container: &Container, act: &EngineAct) -> Option<String> {
    use ContainerState::{Dead, Exited, Paused, Removing, Restarting, Running};
    let state = container.state;
    let word = state.word();
    if state == Removing {
        return Some("it is being removed".into());
    }
    let refused = match act {
        EngineAct::Start => matches!(state, Running | Paused | Restarting),
        EngineAct::Stop { .. } => !matches!(state, Running | Paused | Restarting),
        EngineAct::Kill { .. } => !matches!(state, Running | Restarting | Paused),
        EngineAct::Pause | EngineAct::Exec { .. } | EngineAct::Attach => state != Running,
        EngineAct::Unpause => state != Paused,
        EngineAct::Restart { .. } => state == Dead,
        EngineAct::Remove { force: false, .. } => matches!(state, Running | Paused | Restarting),
        _ => false,
    };
    let hint = match act {
        EngineAct::Remove { .. } => ": stop it first, or remove it by force",
        EngineAct::Start if state == Paused => ": unpause it",
        EngineAct::Exec { .. } if state == Exited => ": start it first",
        _ => "",
    };
    refused.then(|| format!("the container is {word}{hint}"))
}
