//! What can be offered for the objects of clusters.

use super::{
    Act, Field, Offer, Wrong,
    value::{absolute, command, given, number, number_or_none, text, truth, wrong},
};
use crate::{
    model::{
        kubernetes::{ContainerRole, Pod},
        object::{ObjectKind, ObjectRef},
    },
    ops::{gate::kubernetes as rows, operation::KubeAct},
    world::World,
};

pub static OFFERS: &[Offer] = &[
    Offer::new("exec", 'x', "exec", pod, |values| {
        kube(KubeAct::Exec { container: text(values, 0).into(), command: command(values, 1)? })
    })
    .asking(|target, world| {
        vec![container_field(target, world), Field::new("command", "", "nothing: bash, or sh where there is none")]
    })
    .for_one(),
    Offer::new("attach", 'a', "attach", pod, |values| kube(KubeAct::Attach { container: text(values, 0).into() }))
        .asking(|target, world| vec![container_field(target, world)])
        .for_one(),
    Offer::new(
        "port-forward",
        'f',
        "forward a port",
        |target| has_pods(target) || target.kind == ObjectKind::Pod || is(target, "services"),
        forward,
    )
    .asking(|_, _| {
        vec![
            Field::new("port", "", "of the pod"),
            Field::new("local port", "0", "here, on 127.0.0.1; 0: any that is free"),
        ]
    })
    .for_one(),
    Offer::new("restart", 'r', "restart the rollout", rolls, |_| kube(KubeAct::Restart)),
    Offer::new(
        "scale",
        's',
        "scale",
        |target| matches!(target.kind, ObjectKind::Deployment | ObjectKind::StatefulSet | ObjectKind::ReplicaSet),
        |values| kube(KubeAct::Scale { replicas: number(values, 0)? }),
    )
    .asking(scale_fields),
    Offer::new("set-image", 'i', "set image", rolls, set_image).asking(image_fields),
    Offer::new("pause", 'p', "pause rollouts", deployment, |_| kube(KubeAct::Pause)),
    Offer::new("resume", 'u', "resume rollouts", deployment, |_| kube(KubeAct::Resume)),
    Offer::new("cordon", 'c', "cordon", node, |_| kube(KubeAct::Cordon)),
    Offer::new("uncordon", 'u', "uncordon", node, |_| kube(KubeAct::Uncordon)),
    Offer::new("drain", 'd', "drain", node, |values| {
        kube(KubeAct::Drain {
            grace_seconds: number_or_none(values, 0)?,
            unmanaged: truth(values, 1)?,
            local_data: truth(values, 2)?,
            timeout_seconds: number(values, 3)?,
        })
    })
    .asking(|_, _| {
        vec![
            Field::new("grace", "", "seconds for each pod; nothing: its own"),
            Field::new("unmanaged", "no", "yes or no: also pods that nothing makes anew"),
            Field::new("emptyDir data", "no", "yes or no: also pods that lose such data"),
            Field::new("timeout", "300", "seconds at most"),
        ]
    })
    .for_one(),
    Offer::new("trigger", 't', "run it now", cron_job, |_| kube(KubeAct::Trigger)),
    Offer::new("suspend", 's', "suspend", cron_job, |_| kube(KubeAct::Suspend)),
    Offer::new("unsuspend", 'u', "resume", cron_job, |_| kube(KubeAct::Unsuspend)),
    Offer::new("copy-out", 'c', "copy files from it", pod, |values| {
        let container = text(values, 0).into();
        kube(KubeAct::CopyOut { container, from: absolute(values, 1)?, to: given(values, 2, "a folder")? })
    })
    .asking(|target, world| {
        vec![
            container_field(target, world),
            Field::new("from", "/", "a path in the container, which needs a tar"),
            Field::new("to", ".", "a folder here"),
        ]
    })
    .for_one(),
    Offer::new("copy-in", 'C', "copy files into it", pod, |values| {
        let container = text(values, 0).into();
        kube(KubeAct::CopyIn { container, from: given(values, 1, "a path")?, to: absolute(values, 2)? })
    })
    .asking(|target, world| {
        vec![
            container_field(target, world),
            Field::new("from", "", "a path here"),
            Field::new("to", "/tmp", "a folder in the container, which needs a tar"),
        ]
    })
    .for_one(),
    Offer::new("reveal", 'v', "reveal its values", |target| is(target, "secrets"), |_| kube(KubeAct::Reveal)).for_one(),
    Offer::new("edit", 'e', "edit", in_kube, |_| kube(KubeAct::Edit)).for_one(),
    Offer::new("evict", 'E', "evict", pod, |values| kube(KubeAct::Evict { grace_seconds: number_or_none(values, 0)? }))
        .asking(|_, _| vec![Field::new("grace", "", "seconds to end; nothing: its own")]),
    Offer::new("delete", 'D', "delete", in_kube, |values| {
        kube(KubeAct::Delete { grace_seconds: number_or_none(values, 0)?, force: truth(values, 1)? })
    })
    .asking(|_, _| {
        vec![
            Field::new("grace", "", "seconds to end; nothing: its own"),
            Field::new("force", "no", "yes or no: do not wait for the kubelet"),
        ]
    }),
];

fn kube(act: KubeAct) -> Result<Act, Wrong> {
    Ok(Act::Kube(act))
}

fn pod(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::Pod
}

fn node(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::Node
}

fn deployment(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::Deployment
}

fn cron_job(target: &ObjectRef) -> bool {
    target.kind == ObjectKind::CronJob
}

fn in_kube(target: &ObjectRef) -> bool {
    target.in_kube().is_some()
}

fn is(target: &ObjectRef, resource: &str) -> bool {
    target.kind == ObjectKind::Resource && target.in_kube().is_some_and(|path| path.resource == resource)
}

fn rolls(target: &ObjectRef) -> bool {
    matches!(target.kind, ObjectKind::Deployment | ObjectKind::StatefulSet | ObjectKind::DaemonSet)
}

fn has_pods(target: &ObjectRef) -> bool {
    rolls(target) || target.kind == ObjectKind::ReplicaSet
}

fn container_field(target: &ObjectRef, world: &World) -> Field {
    let pod = target.in_kube().and_then(|path| rows::pod(&world.observed.kube, path));
    let names: Vec<_> = pod.into_iter().flat_map(|pod| &pod.containers).map(|c| c.name.as_str()).collect();
    let hint = if names.is_empty() { "its name; nothing: the first".into() } else { names.join(", ") };
    Field::new("container", pod.and_then(main_container).unwrap_or_default(), hint)
}

/// The container that a person means who names none.
fn main_container(pod: &Pod) -> Option<String> {
    let main = pod.containers.iter().find(|container| container.role == ContainerRole::Main);
    main.map(|container| container.name.to_string())
}

fn scale_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    let desired = rows::workload(&world.observed.kube, target).and_then(|workload| workload.desired);
    let now = desired.map_or_else(String::new, |desired| desired.to_string());
    let hint = if now.is_empty() { "how many".into() } else { format!("{now} now") };
    vec![Field::new("replicas", now, hint)]
}

fn image_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    let kube = &world.observed.kube;
    let workload = rows::workload(kube, target);
    let image = workload.and_then(|workload| workload.images.first()).map_or_else(String::new, ToString::to_string);
    // The template's names are those of any pod that was made of it.
    let pod = workload.filter(|workload| !workload.selector.is_empty()).and_then(|workload| {
        let of_it = |pod: &&std::sync::Arc<Pod>| {
            pod.namespace == workload.namespace && workload.selector.iter().all(|label| pod.labels.contains(label))
        };
        kube.pods.of(&workload.context).iter().find(of_it)
    });
    let names = pod.map_or_else(String::new, |pod| {
        let main = pod.containers.iter().filter(|container| container.role == ContainerRole::Main);
        main.map(|container| container.name.as_str()).collect::<Vec<_>>().join(", ")
    });
    let first = pod.and_then(|pod| main_container(pod)).unwrap_or_default();
    let hint = if names.is_empty() { "its name in the template".into() } else { names };
    vec![Field::new("container", first, hint), Field::new("image", image, "name:tag")]
}

fn set_image(values: &[&str]) -> Result<Act, Wrong> {
    let (container, image) = (given(values, 0, "a container")?, given(values, 1, "an image")?);
    if image.contains(char::is_whitespace) {
        return wrong(1, "write a name, such as registry.example.com/web:1.2");
    }
    kube(KubeAct::SetImage { container, image })
}

fn forward(values: &[&str]) -> Result<Act, Wrong> {
    let (remote, local) = (number(values, 0)?, number(values, 1)?);
    if remote == 0 {
        return wrong(0, "write a port from 1 to 65535");
    }
    kube(KubeAct::PortForward { local, remote })
}
