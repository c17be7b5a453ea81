//! What a control group's path tells: the systemd unit and the container. One place, for processes and for groups.

use compact_str::CompactString;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// systemd unit, the innermost on the path, with its escapes undone for reading: `ssh.service`.
    pub unit: Option<CompactString>,
    /// Container id: 64 hexadecimal digits, or a name where the runtime has names (`lxc`, `systemd-nspawn`).
    pub container: Option<CompactString>,
}

/// Prefixes of scopes that hold one container, by the runtimes' conventions: Docker's, Podman's, containerd's and CRI-O's
/// systemd drivers.
const SCOPES: &[&str] = &["docker-", "libpod-", "cri-containerd-", "crio-", "containerd-", "podman-"];

/// Folders whose child is one container, by the runtimes' cgroupfs drivers.
const FOLDERS: &[&str] = &["docker", "lxc", "lxc.payload", "libpod_parent", "actions_job", "machine"];

/// Reads a path of the v2 hierarchy, or of any v1 hierarchy.
pub fn owner(path: &str) -> Owner {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != "..").collect();
    let container = parts.iter().enumerate().rev().find_map(|(at, part)| container(&parts[..at], part));
    let unit = parts.iter().rev().find(|part| is_unit(part)).map(|part| unescape(part));
    Owner { unit, container }
}

/// The container that `part` is, where the folders before it are `above`.
fn container(above: &[&str], part: &str) -> Option<CompactString> {
    if let Some(id) = scope_container(part) {
        return Some(id.into());
    }
    if let Some(name) = part.strip_prefix("lxc.payload.").or_else(|| part.strip_prefix("lxc.monitor.")) {
        return (!name.is_empty()).then(|| name.into());
    }
    if let Some(name) = part.strip_prefix("machine-").and_then(|part| part.strip_suffix(".scope")) {
        return Some(unescape(name));
    }
    let parent = *above.last()?;
    if parent == "lxc" || parent == "lxc.payload" {
        return Some(part.into());
    }
    let under_pod = above.iter().any(|part| part.starts_with("kubepods"));
    // The cgroupfs driver of containerd puts containers below a folder of its namespace's name.
    let in_folder =
        FOLDERS.contains(&parent) || matches!(parent, "default" | "k8s.io" | "moby" | "garden" | "buildkit");
    (is_id(part) && (under_pod || in_folder)).then(|| part.into())
}

/// The id in `docker-<64hex>.scope` and its like; also in `cri-containerd:<hex>` that some drivers leave unconverted.
fn scope_container(part: &str) -> Option<&str> {
    let name = part.strip_suffix(".scope").unwrap_or(part);
    if let Some((_, id)) = name.rsplit_once(':') {
        return is_id(id).then_some(id);
    }
    SCOPES.iter().filter_map(|prefix| name.strip_prefix(prefix)).find(|id| is_id(id))
}

/// A container id: hexadecimal, 64 digits, or at least the 12 that runtimes print.
fn is_id(text: &str) -> bool {
    (12..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_unit(part: &str) -> bool {
    const KINDS: &[&str] = &[".service", ".scope", ".socket", ".mount", ".swap"];
    KINDS.iter().any(|kind| part.len() > kind.len() && part.ends_with(kind))
}

/// Undoes systemd's `\x2d` (`systemd-escape`); bytes that are no text stay as they are written.
fn unescape(name: &str) -> CompactString {
    let mut plain = CompactString::default();
    let mut rest = name;
    while let Some(at) = rest.find("\\x") {
        plain.push_str(&rest[..at]);
        let code = rest.get(at + 2..at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(u8::is_ascii_graphic) {
            Some(code) => {
                plain.push(code.into());
                rest = &rest[at + 4..];
            }
            None => {
                plain.push_str("\\x");
                rest = &rest[at + 2..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "4c01db0b339c8f2a6a5b1f1f6a8a3f0f5f2f4c01db0b339c8f2a6a5b1f1f6a8a";

    fn of(path: &str) -> (Option<String>, Option<String>) {
        let owner = owner(&path.replace("ID", ID));
        (owner.unit.map(String::from), owner.container.map(String::from))
    }

    #[test]
    fn units_are_the_innermost() {
        assert_eq!(of("/system.slice/ssh.service"), (Some("ssh.service".into()), None));
        assert_eq!(
            of("/user.slice/user-1000.slice/user@1000.service/app.slice/app-foo.scope"),
            (Some("app-foo.scope".into()), None)
        );
        assert_eq!(of("/user.slice/user-1000.slice/session-3.scope").0.as_deref(), Some("session-3.scope"));
        assert_eq!(of("/system.slice/system-getty.slice/getty@tty1.service").0.as_deref(), Some("getty@tty1.service"));
        assert_eq!(of("/init.scope").0.as_deref(), Some("init.scope"));
        assert_eq!(of("/system.slice"), (None, None));
        assert_eq!(of("/system.slice/.service"), (None, None));
        assert_eq!(of(r"/system.slice/dev\x2ddisk.mount").0.as_deref(), Some("dev-disk.mount"));
        assert_eq!(of(r"/system.slice/odd\x1b.service").0.as_deref(), Some(r"odd\x1b.service"));
    }

    /// Of the testbed, with cgroup v1 and the driver cgroupfs: `/…/kubepods/…/ID`, `/libpod_parent/libpod-ID`. What the driver systemd makes,
    /// as cgroup v2 has it, is named by `UnitName` in runc's `libcontainer/cgroups/systemd/common.go` (`PREFIX-ID.scope`), by Kubernetes'
    /// `pkg/kubelet/cm/cgroup_manager_linux.go` (`kubepods-QOS-podUID.slice`) and by the prefixes of cri-containerd, CRI-O, Podman and Docker.
    #[test]
    fn containers_of_every_runtime_are_known() {
        for path in [
            "/docker/ID",
            "/system.slice/docker-ID.scope",
            "/system.slice/docker-ID.scope/init",
            "/machine.slice/libpod-ID.scope/container",
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope",
            "/libpod_parent/libpod-ID",
            "/kubepods/besteffort/pod1c0ffee0-aaaa-bbbb-cccc-0123456789ab/ID",
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1c0f_ee.slice/cri-containerd-ID.scope",
            "/kubepods.slice/kubepods-pod1c0f.slice/crio-ID.scope",
            "/kubepods.slice/kubepods-pod1c0f.slice/docker-ID.scope",
            "/system.slice/containerd.service/kubepods-besteffort-pod1c0f.slice:cri-containerd:ID",
            "/../../docker/ID",
            "/docker/ID/system.slice",
            "/default/ID",
        ] {
            assert_eq!(of(path).1.as_deref(), Some(ID), "{path}");
        }
        assert_eq!(of("/lxc/web").1.as_deref(), Some("web"));
        assert_eq!(of("/lxc.payload.web/init.scope").1.as_deref(), Some("web"));
        assert_eq!(of(r"/machine.slice/machine-web\x2d1.scope").1.as_deref(), Some("web-1"));
        assert_eq!(of("/system.slice/docker-ID.scope/inner/docker/0123456789ab").1.as_deref(), Some("0123456789ab"));
    }

    #[test]
    fn what_only_looks_like_a_container_is_none() {
        for path in ["/", "", "/docker", "/docker/short", "/process_api/ID", "/system.slice/docker.service", "/lxc"] {
            assert_eq!(of(path).1, None, "{path}");
        }
        assert_eq!(of("/kubepods.slice/kubepods-besteffort.slice"), (None, None));
    }

    proptest! {
        #[test]
        fn no_path_fails(path in any::<String>()) {
            owner(&path);
        }
    }
}
