//! Whose a process on a GPU is: joined from the process table, the container engines and the clusters.

use crate::model::{
    container::Container,
    kubernetes::Pod,
    observed::Observed,
    process::{Process, by_pid},
};
use compact_str::CompactString;

/// Whose a process is, as far as that is known here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Owner<'a> {
    pub process: Option<&'a Process>,
    pub container: Option<&'a Container>,
    pub pod: Option<&'a Pod>,
}

/// Whose the process with a pid of the host is. Nothing is said where the cockpit counts processes in a namespace of its own: its
/// pids are others than the driver's.
pub fn of(observed: &Observed, pid: i32) -> Owner<'_> {
    let processes = observed.processes.as_deref().filter(|processes| are_the_hosts(processes));
    let process = processes.and_then(|processes| by_pid(processes, pid));
    let container = process.and_then(|process| observed.containers.by_id(process.container.as_deref()?));
    let uid = process.and_then(|process| pod_uid(process.cgroup.as_deref()?));
    let pod = uid.and_then(|uid| observed.kube.pods.iter().find(|pod| pod.uid == uid)).map(|pod| &**pod);
    Owner { process, container, pod }
}

/// Whether pids are those of the host: only there the kernel's own threads are seen, of which the second process is the parent.
pub fn are_the_hosts(processes: &[Process]) -> bool {
    by_pid(processes, 2).is_some_and(|process| process.kernel_thread)
}

/// The uid of the pod in a control group's path: `…/kubepods-burstable-pod1c0f_ee.slice/…` of the systemd driver, where strokes became
/// underscores, or `/kubepods/burstable/pod1c0f-ee/…` of the other.
fn pod_uid(cgroup: &str) -> Option<CompactString> {
    for part in cgroup.split('/') {
        let part = part.strip_suffix(".slice").unwrap_or(part);
        let uid = part.rsplit_once("-pod").map(|(_, uid)| uid).or_else(|| part.strip_prefix("pod"));
        if let Some(uid) =
            uid.filter(|uid| uid.len() >= 32 && uid.bytes().all(|b| b.is_ascii_hexdigit() || b"-_".contains(&b)))
        {
            return Some(uid.replace('_', "-").into());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pods_uid_is_found_in_the_paths_of_both_drivers() {
        let uid = "1c0f3a52-9e1b-4f4e-8c1e-0a2b3c4d5e6f";
        for path in [
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1c0f3a52_9e1b_4f4e_8c1e_0a2b3c4d5e6f.slice/cri-containerd-ab.scope",
            "/kubepods/besteffort/pod1c0f3a52-9e1b-4f4e-8c1e-0a2b3c4d5e6f/0123",
            "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1c0f3a52_9e1b_4f4e_8c1e_0a2b3c4d5e6f.slice",
        ] {
            assert_eq!(pod_uid(path).as_deref(), Some(uid), "{path}");
        }
        for path in ["/system.slice/podman.service", "/user.slice/user-1000.slice", "/", ""] {
            assert_eq!(pod_uid(path), None, "{path}");
        }
    }
}
