//! What can be offered for the objects of clusters.

use super::{
    Act, Field, Offer, Wrong, nothing,
    value::{absolute, command, given, number, number_or_none, text, truth, wrong},
};
use crate::{
    model::{
        kubernetes::{ContainerRole, Pod},
        object::{ObjectKind, ObjectRef},
    },
    ops::{
        gate::kubernetes::{pod, workload},
        operation::KubeAct,
    },
    world::World,
};

pub static OFFERS: &[Offer] = &[
    Offer {
        word: "exec",
        key: 'x',
        title: "exec",
        fits: |target| target.kind == ObjectKind::Pod,
        single: true,
        fields: |target, world| {
            vec![container_field(target, world), Field::new("command", "", "nothing: bash, or sh where there is none")]
        },
        build: |values| kube(KubeAct::Exec { container: text(values, 0).into(), command: command(values, 1)? }),
    },
    Offer {
        word: "attach",
        key: 'a',
        title: "attach",
        fits: |target| target.kind == ObjectKind::Pod,
        single: true,
        fields: |target, world| vec![container_field(target, world)],
        build: |values| kube(KubeAct::Attach { container: text(values, 0).into() }),
    },
    Offer {
        word: "port-forward",
        key: 'f',
        title: "forward a port",
        fits: |target| has_pods(target) || target.kind == ObjectKind::Pod || is(target, "services"),
        single: true,
        fields: |_, _| {
            vec![
                Field::new("port", "", "of the pod"),
                Field::new("local port", "0", "here, on 127.0.0.1; 0: any that is free"),
            ]
        },
        build: forward,
    },
    Offer {
        word: "restart",
        key: 'r',
        title: "restart the rollout",
        fits: |target| rolls(target.kind),
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Restart),
    },
    Offer {
        word: "scale",
        key: 's',
        title: "scale",
        fits: |target| matches!(target.kind, ObjectKind::Deployment | ObjectKind::StatefulSet | ObjectKind::ReplicaSet),
        single: false,
        fields: scale_fields,
        build: |values| kube(KubeAct::Scale { replicas: number(values, 0)? }),
    },
    Offer {
        word: "set-image",
        key: 'i',
        title: "set image",
        fits: |target| rolls(target.kind),
        single: false,
        fields: image_fields,
        build: set_image,
    },
    Offer {
        word: "pause",
        key: 'p',
        title: "pause rollouts",
        fits: |target| target.kind == ObjectKind::Deployment,
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Pause),
    },
    Offer {
        word: "resume",
        key: 'u',
        title: "resume rollouts",
        fits: |target| target.kind == ObjectKind::Deployment,
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Resume),
    },
    Offer {
        word: "cordon",
        key: 'c',
        title: "cordon",
        fits: |target| target.kind == ObjectKind::Node,
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Cordon),
    },
    Offer {
        word: "uncordon",
        key: 'u',
        title: "uncordon",
        fits: |target| target.kind == ObjectKind::Node,
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Uncordon),
    },
    Offer {
        word: "drain",
        key: 'd',
        title: "drain",
        fits: |target| target.kind == ObjectKind::Node,
        single: true,
        fields: |_, _| {
            vec![
                Field::new("grace", "", "seconds for each pod; nothing: its own"),
                Field::new("unmanaged", "no", "yes or no: also pods that nothing makes anew"),
                Field::new("emptyDir data", "no", "yes or no: also pods that lose such data"),
                Field::new("timeout", "300", "seconds at most"),
            ]
        },
        build: |values| {
            kube(KubeAct::Drain {
                grace_seconds: number_or_none(values, 0)?,
                unmanaged: truth(values, 1)?,
                local_data: truth(values, 2)?,
                timeout_seconds: number(values, 3)?,
            })
        },
    },
    Offer {
        word: "trigger",
        key: 't',
        title: "run it now",
        fits: |target| target.kind == ObjectKind::CronJob,
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Trigger),
    },
    Offer {
        word: "suspend",
        key: 's',
        title: "suspend",
        fits: |target| target.kind == ObjectKind::CronJob,
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Suspend),
    },
    Offer {
        word: "unsuspend",
        key: 'u',
        title: "resume",
        fits: |target| target.kind == ObjectKind::CronJob,
        single: false,
        fields: nothing,
        build: |_| kube(KubeAct::Unsuspend),
    },
    Offer {
        word: "copy-out",
        key: 'c',
        title: "copy files from it",
        fits: |target| target.kind == ObjectKind::Pod,
        single: true,
        fields: |target, world| {
            vec![
                container_field(target, world),
                Field::new("from", "/", "a path in the container, which needs a tar"),
                Field::new("to", ".", "a folder here"),
            ]
        },
        build: |values| {
            let container = text(values, 0).into();
            kube(KubeAct::CopyOut { container, from: absolute(values, 1)?, to: given(values, 2, "a folder")? })
        },
    },
    Offer {
        word: "copy-in",
        key: 'C',
        title: "copy files into it",
        fits: |target| target.kind == ObjectKind::Pod,
        single: true,
        fields: |target, world| {
            vec![
                container_field(target, world),
                Field::new("from", "", "a path here"),
                Field::new("to", "/tmp", "a folder in the container, which needs a tar"),
            ]
        },
        build: |values| {
            let container = text(values, 0).into();
            kube(KubeAct::CopyIn { container, from: given(values, 1, "a path")?, to: absolute(values, 2)? })
        },
    },
    Offer {
        word: "reveal",
        key: 'v',
        title: "reveal its values",
        fits: |target| is(target, "secrets"),
        single: true,
        fields: nothing,
        build: |_| kube(KubeAct::Reveal),
    },
    Offer {
        word: "edit",
        key: 'e',
        title: "edit",
        fits: in_kube,
        single: true,
        fields: nothing,
        build: |_| kube(KubeAct::Edit),
    },
    Offer {
        word: "evict",
        key: 'E',
        title: "evict",
        fits: |target| target.kind == ObjectKind::Pod,
        single: false,
        fields: |_, _| vec![Field::new("grace", "", "seconds to end; nothing: its own")],
        build: |values| kube(KubeAct::Evict { grace_seconds: number_or_none(values, 0)? }),
    },
    Offer {
        word: "delete",
        key: 'D',
        title: "delete",
        fits: in_kube,
        single: false,
        fields: |_, _| {
            vec![
                Field::new("grace", "", "seconds to end; nothing: its own"),
                Field::new("force", "no", "yes or no: do not wait for the kubelet"),
            ]
        },
        build: |values| kube(KubeAct::Delete { grace_seconds: number_or_none(values, 0)?, force: truth(values, 1)? }),
    },
];

fn kube(act: KubeAct) -> Result<Act, Wrong> {
    Ok(Act::Kube(act))
}

fn in_kube(target: &ObjectRef) -> bool {
    target.in_kube().is_some()
}

fn is(target: &ObjectRef, resource: &str) -> bool {
    target.kind == ObjectKind::Resource && target.in_kube().is_some_and(|path| path.resource == resource)
}

const fn rolls(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Deployment | ObjectKind::StatefulSet | ObjectKind::DaemonSet)
}

fn has_pods(target: &ObjectRef) -> bool {
    rolls(target.kind) || target.kind == ObjectKind::ReplicaSet
}

fn container_field(target: &ObjectRef, world: &World) -> Field {
    let pod = target.in_kube().and_then(|path| pod(&world.observed.kube, path));
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
    let desired = workload(&world.observed.kube, target).and_then(|workload| workload.desired);
    let now = desired.map_or_else(String::new, |desired| desired.to_string());
    let hint = if now.is_empty() { "how many".into() } else { format!("{now} now") };
    vec![Field::new("replicas", now, hint)]
}

fn image_fields(target: &ObjectRef, world: &World) -> Vec<Field> {
    let kube = &world.observed.kube;
    let workload = workload(kube, target);
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
