//! What seldom changes about this host: names, processor, what it is virtualised by, what it may use.

use super::{
    bytes::{lines, value_of, word},
    cgroup_fs::{Hierarchies, limits},
    read::Root,
};
use crate::{
    model::{Timestamp, host::HostFacts, topic::Topic, update::Update},
    source::{Request, Source, SourceError, Spec},
};
use compact_str::CompactString;
use std::time::Duration;

/// The source of [`HostFacts`].
#[derive(Debug)]
pub struct FactsSource {
    root: Root,
}

impl FactsSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root }
    }
}

impl Source for FactsSource {
    fn spec(&self) -> Spec {
        let minute = Duration::from_secs(60);
        Spec {
            name: "host/facts".into(),
            kind: "host".into(),
            topics: Topic::Facts.into(),
            foreground: minute,
            background: Some(minute),
            deadline: Duration::from_secs(5),
        }
    }

    fn collect(&mut self, _request: &Request) -> Result<Vec<Update>, SourceError> {
        Ok(vec![Update::Facts(Box::new(read(&self.root)))])
    }
}

/// Reads the facts of the machine below `root`; names and kernel are always those of the running one.
pub fn read(root: &Root) -> HostFacts {
    let name = rustix::system::uname();
    let text = |text: &std::ffi::CStr| CompactString::from(text.to_string_lossy());
    let processors = root.read("proc/cpuinfo").unwrap_or_default();
    HostFacts {
        hostname: text(name.nodename()),
        kernel: text(name.release()),
        os: os_name(root),
        architecture: text(name.machine()),
        cpu_model: cpu_model(&processors),
        cores: cores(root),
        virtualization: virtualization(root, &processors),
        container: container(root),
        booted_at: booted_at(root),
        limits: limits(root, &Hierarchies::find(root)),
    }
}

fn os_name(root: &Root) -> Option<CompactString> {
    let text = root.read("etc/os-release").or_else(|| root.read("usr/lib/os-release"))?;
    let value = lines(&text).find_map(|line| line.strip_prefix(b"PRETTY_NAME="))?.trim_ascii();
    word(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
}

/// The value after the first `key` and a colon.
fn cpuinfo<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    lines(text).find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        (line[..colon].trim_ascii() == key).then(|| line[colon + 1..].trim_ascii())
    })
}

fn cpu_model(text: &[u8]) -> Option<CompactString> {
    ["model name", "Model", "cpu model", "Processor"].iter().find_map(|key| word(cpuinfo(text, key.as_bytes())?))
}

/// Processors that are online: the `cpuN` lines of `/proc/stat`.
fn cores(root: &Root) -> u32 {
    let text = root.read("proc/stat").unwrap_or_default();
    let is_core =
        |line: &&[u8]| line.strip_prefix(b"cpu").is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit));
    lines(&text).filter(is_core).count() as u32
}

fn booted_at(root: &Root) -> Option<Timestamp> {
    let seconds = value_of(&root.read("proc/stat")?, b"btime")?;
    Timestamp::from_second(seconds.try_into().ok()?).ok()
}

/// Who makes the machine, by the words of its firmware, as systemd-detect-virt does.
const VENDORS: &[(&str, &str)] = &[
    ("KVM", "kvm"),
    ("OpenStack", "kvm"),
    ("Amazon EC2", "amazon"),
    ("Google", "google"),
    ("QEMU", "qemu"),
    ("VMware", "vmware"),
    ("VMW", "vmware"),
    ("innotek GmbH", "virtualbox"),
    ("VirtualBox", "virtualbox"),
    ("Xen", "xen"),
    ("Bochs", "bochs"),
    ("Parallels", "parallels"),
    ("BHYVE", "bhyve"),
    ("Hyper-V", "hyper-v"),
    ("Microsoft Corporation Virtual Machine", "hyper-v"),
    ("Apple Virtualization", "apple"),
    ("DigitalOcean", "kvm"),
];

/// The hypervisor: by the firmware's words, by what Xen shows, or only that the processor says that there is one.
fn virtualization(root: &Root, processors: &[u8]) -> Option<CompactString> {
    let flags = cpuinfo(processors, b"flags").unwrap_or_default();
    let says_so = flags.split(|byte| *byte == b' ').any(|flag| flag == b"hypervisor");
    let mut firmware = String::new();
    for file in ["sys_vendor", "product_name", "bios_vendor", "board_vendor"] {
        let text = root.read(format!("sys/class/dmi/id/{file}")).unwrap_or_default();
        firmware.push_str(String::from_utf8_lossy(&text).trim());
        firmware.push(' ');
    }
    let by_firmware = VENDORS.iter().find(|(words, _)| firmware.contains(words)).map(|(_, name)| (*name).into());
    // Cloud vendors' firmware is on their bare machines too: there the processor does not say that it is virtual.
    let is_x86 = !flags.is_empty();
    if let Some(name) = by_firmware.filter(|_| says_so || !is_x86) {
        return Some(name);
    }
    let hypervisor = root.read("sys/hypervisor/type").and_then(|text| word(&text));
    hypervisor.or_else(|| says_so.then(|| "hypervisor".into()))
}

/// The container runtime that we run in: by the marks that runtimes leave, then by our control group.
fn container(root: &Root) -> Option<CompactString> {
    let told = |text: &[u8]| {
        let value = text.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(b"container="))?;
        word(value)
    };
    let has = |path: &str| root.join(path).exists();
    if has("var/run/secrets/kubernetes.io") || has("run/secrets/kubernetes.io") {
        return Some("kubernetes".into());
    }
    if has("run/.containerenv") {
        return Some("podman".into());
    }
    if has(".dockerenv") {
        return Some("docker".into());
    }
    if let Some(name) = root.read("run/systemd/container").and_then(|text| word(&text)) {
        return Some(name);
    }
    root.read("proc/1/environ").and_then(|text| told(&text)).or_else(|| by_group(root))
}

fn by_group(root: &Root) -> Option<CompactString> {
    const HINTS: &[(&str, &str)] =
        &[("kubepods", "kubernetes"), ("/docker", "docker"), ("libpod", "podman"), ("/lxc", "lxc")];
    let text = root.read("proc/1/cgroup")?;
    let text = String::from_utf8_lossy(&text);
    HINTS.iter().find(|(hint, _)| text.contains(hint)).map(|(_, name)| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::{super::read::fixture, *};

    #[test]
    fn facts_are_read() {
        let (_folder, root) = fixture(&[
            ("etc/os-release", "ID=x\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n"),
            ("proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 3GHz\nflags\t\t: fpu hypervisor sse\n"),
            ("proc/stat", "cpu 1\ncpu0 1\ncpu1 1\nbtime 1700000000\n"),
            ("sys/class/dmi/id/sys_vendor", "QEMU\n"),
            ("run/.containerenv", ""),
        ]);
        let facts = read(&root);
        assert_eq!(facts.os.as_deref(), Some("Debian GNU/Linux 13 (trixie)"));
        assert_eq!((facts.cpu_model.as_deref(), facts.cores), (Some("Some CPU @ 3GHz"), 2));
        assert_eq!((facts.virtualization.as_deref(), facts.container.as_deref()), (Some("qemu"), Some("podman")));
        assert_eq!(facts.booted_at, Timestamp::from_second(1_700_000_000).ok());
    }

    #[test]
    fn bare_machines_are_not_virtual() {
        let (_folder, root) = fixture(&[
            ("proc/cpuinfo", "flags\t\t: fpu sse\n"),
            ("sys/class/dmi/id/sys_vendor", "Amazon EC2\n"),
            ("proc/1/cgroup", "0::/init.scope\n"),
        ]);
        let facts = read(&root);
        assert_eq!((facts.virtualization, facts.container), (None, None));
    }

    #[test]
    fn containers_are_known_by_their_marks() {
        let cases = [
            (".dockerenv", "", "docker"),
            ("proc/1/environ", "PATH=/\0container=lxc\0", "lxc"),
            ("proc/1/cgroup", "0::/kubepods.slice/x\n", "kubernetes"),
            ("run/systemd/container", "systemd-nspawn\n", "systemd-nspawn"),
        ];
        for (path, text, name) in cases {
            let (_folder, root) = fixture(&[(path, text)]);
            assert_eq!(read(&root).container.as_deref(), Some(name), "{path}");
        }
    }

    #[test]
    fn this_machine_has_a_name_and_cores() {
        let facts = read(&Root::real());
        assert!(!facts.hostname.is_empty() && !facts.kernel.is_empty() && facts.cores > 0);
        assert!(facts.booted_at.is_some_and(|booted| booted < crate::clock::now()));
    }
}
