//! What can be offered for what engines hold.

use super::{
    Act, Field, Offer, Wrong, name,
    value::{absolute, bytes, command, cores, given, number, text, truth, wrong},
};
use crate::{
    model::{
        container::Container,
        object::{ObjectKind, ObjectRef},
    },
    ops::operation::{EngineAct, Prune, Signal},
    world::World,
};
use std::sync::Arc;

pub static OFFERS: &[Offer] = &[
    Offer::new("start", 's', "start", container, |_| engine(EngineAct::Start)),
    Offer::new("stop", 't', "stop", container, |values| engine(EngineAct::Stop { grace_seconds: number(values, 0)? }))
        .asking(grace),
    Offer::new("restart", 'r', "restart", container, |_| engine(EngineAct::Restart { grace_seconds: GRACE })),
    Offer::new("pause", 'p', "pause", container, |_| engine(EngineAct::Pause)),
    Offer::new("unpause", 'u', "unpause", container, |_| engine(EngineAct::Unpause)),
    Offer::new("kill", 'K', "kill", container, |values| match Signal::parse(text(values, 0)) {
        Some(signal) => engine(EngineAct::Kill { signal }),
        None => wrong(0, "there is no such signal"),
    })
    .asking(|_, _| vec![Field::new("signal", "KILL", "KILL, TERM, HUP, INT, USR1, USR2 …")]),
    Offer::new("remove", 'D', "remove", removable, |values| {
        engine(EngineAct::Remove { force: truth(values, 0)?, volumes: truth(values, 1)? })
    })
    .asking(remove_fields),
    Offer::new("rename", 'n', "rename", container, rename)
        .asking(|target, world| vec![Field::new("name", name(world, target), "letters, digits, _ . and -")])
        .for_one(),
    Offer::new("limits", 'l', "update limits", container, limits).asking(limit_fields),
    Offer::new("exec", 'x', "exec", container, |values| engine(EngineAct::Exec { command: command(values, 0)? }))
        .asking(|_, _| vec![Field::new("command", "", "nothing: bash, or sh where there is none")])
        .for_one(),
    Offer::new("attach", 'a', "attach", container, |_| engine(EngineAct::Attach)).for_one(),
    Offer::new("copy-out", 'c', "copy files from it", container, |values| {
        engine(EngineAct::CopyOut { from: absolute(values, 0)?, to: given(values, 1, "a folder")? })
    })
    .asking(|_, _| vec![Field::new("from", "/", "a path in the container"), Field::new("to", ".", "a folder here")])
    .for_one(),
    Offer::new("copy-in", 'C', "copy files into it", container, |values| {
        engine(EngineAct::CopyIn { from: given(values, 0, "a path")?, to: absolute(values, 1)? })
    })
    .asking(|_, _| vec![Field::new("from", "", "a path here"), Field::new("to", "/tmp", "a folder in the container")])
    .for_one(),
    Offer::new("pull", 'g', "pull an image", pullable, pull)
        .asking(|target, world| vec![Field::new("image", image_of(target, world), "name:tag")])
        .for_one(),
    Offer::new("prune", 'P', "prune", in_engine, |values| match Prune::parse(text(values, 0)) {
        Some(what) => Ok(Act::WholeEngine(EngineAct::Prune { what })),
        None => wrong(0, "write one of containers, dangling-images, images, volumes, networks, build-cache"),
    })
    .asking(prune_fields)
    .for_one(),
];

/// Seconds between SIGTERM and SIGKILL, as Docker has it.
const GRACE: u32 = 10;

fn engine(act: EngineAct) -> Result<Act, Wrong> {
    Ok(Act::Engine(act))
}

fn container(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::Container
}

fn removable(target: &ObjectRef) -> bool {
    target.engine_and_id().is_some()
}

fn pullable(target: &ObjectRef) -> bool {
    matches!(target.kind, ObjectKind::Engine | ObjectKind::Image | ObjectKind::Container)
}

fn in_engine(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::Engine || target.engine_and_id().is_some()
}

fn row<'w>(target: &ObjectRef, world: &'w World) -> Option<&'w Arc<Container>> {
    let (engine, id) = target.engine_and_id()?;
    world.observed.containers.containers.get(engine, id)
}

fn grace(_: &ObjectRef, _: &World) -> Vec<Field> {
    vec![Field::new("grace", GRACE.to_string(), "seconds until it is killed")]
}

fn remove_fields(target: &ObjectRef, _: &World) -> Vec<Field> {
    match target.kind {
        ObjectKind::Container => vec![
            Field::new("force", "no", "yes or no: also while it runs"),
            Field::new("volumes", "no", "yes or no: its anonymous volumes too"),
        ],
        ObjectKind::EngineNetwork => Vec::new(),
        _ => vec![Field::new("force", "no", "yes or no")],
    }
}

fn rename(values: &[&str]) -> Result<Act, Wrong> {
    let to = given(values, 0, "a name")?;
    // As the engine has it: [a-zA-Z0-9][a-zA-Z0-9_.-]+
    let fine = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if to.len() < 2 || !to.chars().all(fine) || !to.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return wrong(0, "a name has letters, digits, _ . and -, two signs at least");
    }
    engine(EngineAct::Rename { to })
}

fn limit_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    let row = row(target, world);
    let cores = row.and_then(|row| row.cpu_limit_cores).map_or_else(String::new, |cores| cores.to_string());
    let memory = row.and_then(|row| row.memory_limit_bytes).map_or_else(String::new, exact);
    vec![
        Field::new("cores", cores, "1.5 or 500m; nothing leaves it as it is"),
        Field::new("memory", memory, "512MiB; nothing leaves it as it is"),
    ]
}

/// Bytes so that they are read as the same again.
fn exact(bytes: u64) -> String {
    match bytes {
        _ if bytes > 0 && bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ => bytes.to_string(),
    }
}

fn limits(values: &[&str]) -> Result<Act, Wrong> {
    let (cpu_milli, memory_bytes) = (cores(values, 0)?, bytes(values, 1)?);
    if cpu_milli.is_none() && memory_bytes.is_none() {
        return wrong(0, "write at least one limit");
    }
    // The engine's own least.
    if memory_bytes.is_some_and(|bytes| bytes < 6 << 20) {
        return wrong(1, "the engine takes no less than 6 MiB");
    }
    engine(EngineAct::Limits { cpu_milli, memory_bytes })
}

fn image_of(target: &ObjectRef, world: &World) -> String {
    match target.kind {
        ObjectKind::Image => name(world, target),
        _ => row(target, world).map_or_else(String::new, |row| row.image.to_string()),
    }
}

fn pull(values: &[&str]) -> Result<Act, Wrong> {
    let image = given(values, 0, "an image")?;
    if image.starts_with("sha256:") || image.contains(char::is_whitespace) {
        return wrong(0, "write a name, such as registry.example.com/web:1.2");
    }
    Ok(Act::WholeEngine(EngineAct::Pull { image }))
}

fn prune_fields(target: &ObjectRef, _: &World) -> Vec<Field> {
    let first = match target.kind {
        ObjectKind::Image => Prune::DanglingImages,
        ObjectKind::Volume => Prune::Volumes,
        ObjectKind::EngineNetwork => Prune::Networks,
        _ => Prune::Containers,
    };
    vec![Field::new("what", first.word(), "containers, dangling-images, images, volumes, networks")]
}
