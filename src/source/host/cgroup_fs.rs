//! Where the control-group hierarchies are mounted, v2 and v1, and where a path of `/proc/PID/cgroup` lies in them
//! (<https://man7.org/linux/man-pages/man7/cgroups.7.html>).

use super::{
    bytes::{lines, lossy, only_number},
    mounts::mountinfo,
    read::Root,
};
use crate::model::host::Limits;
use compact_str::CompactString;
use std::path::{Path, PathBuf};

/// Controllers that this program reads.
pub const CONTROLLERS: [&str; 5] = ["memory", "cpu", "cpuacct", "blkio", "pids"];

/// One mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    /// Where it is mounted.
    pub folder: PathBuf,
    /// The group that is mounted there: `/`, or a container's group where that is all we may see.
    pub root: CompactString,
}

impl Hierarchy {
    /// Folder of the group with this path; `None` where it is not below what is mounted.
    pub fn group(&self, path: &str) -> Option<PathBuf> {
        let below = match self.root.as_str() {
            "/" => path,
            root => path.strip_prefix(root).filter(|rest| rest.is_empty() || rest.starts_with('/'))?,
        };
        let below = below.trim_start_matches('/');
        (!below.split('/').any(|part| part == "..")).then(|| self.folder.join(below))
    }

    /// Folders from the group with this path up to the hierarchy's root. A path that lies elsewhere counts as the root: that is
    /// what a container sees of itself.
    fn way_up(&self, path: &str) -> Vec<PathBuf> {
        let start = self.group(path).filter(|folder| folder.is_dir()).unwrap_or_else(|| self.folder.clone());
        start.ancestors().take_while(|folder| folder.starts_with(&self.folder)).map(Path::to_path_buf).collect()
    }
}

/// The hierarchies of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hierarchies {
    /// The v2 hierarchy.
    pub unified: Option<Hierarchy>,
    /// v1 hierarchies by controller; empty on a machine that has v2 only.
    pub controllers: Vec<(&'static str, Hierarchy)>,
}

impl Hierarchies {
    /// Finds them in our own mount table.
    pub fn find(root: &Root) -> Self {
        let text = root.read("proc/self/mountinfo").unwrap_or_default();
        let mut found = Self::default();
        for line in lines(&text).filter_map(mountinfo::parse) {
            let hierarchy = || Hierarchy { folder: root.join(line.mount.as_str()), root: line.root.clone() };
            match line.fs.as_str() {
                "cgroup2" if found.unified.is_none() => found.unified = Some(hierarchy()),
                "cgroup" => {
                    let has = |name: &str| line.super_options.split(',').any(|option| option == name);
                    for name in CONTROLLERS.iter().filter(|name| has(name)) {
                        if found.v1(name).is_none() {
                            found.controllers.push((name, hierarchy()));
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The v1 hierarchy of a controller.
    pub fn v1(&self, controller: &str) -> Option<&Hierarchy> {
        self.controllers.iter().find(|(name, _)| *name == controller).map(|(_, hierarchy)| hierarchy)
    }

    /// Version that accounts for resources: 1 where any controller is in a v1 hierarchy, as on hybrid machines.
    pub fn version(&self) -> Option<u8> {
        match (self.controllers.is_empty(), &self.unified) {
            (false, _) => Some(1),
            (true, Some(_)) => Some(2),
            (true, None) => None,
        }
    }
}

/// Path of a process in one v1 hierarchy, or with `controller` empty in the v2 one, from the text of `/proc/PID/cgroup`.
pub fn path_in<'a>(text: &'a [u8], controller: &str) -> Option<&'a [u8]> {
    lines(text).find_map(|line| {
        let mut parts = line.splitn(3, |byte| *byte == b':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        controllers.split(|byte| *byte == b',').any(|name| name == controller.as_bytes()).then_some(path)
    })
}

/// The path that tells most about a process: the first that is not the root, of the v2 hierarchy, of the memory controller, of
/// systemd's, and of the others.
pub fn telling_path(text: &[u8]) -> Option<CompactString> {
    let paths = || {
        let known = ["", "memory", "name=systemd", "cpu", "cpuacct", "blkio", "pids"];
        known.into_iter().filter_map(|controller| path_in(text, controller))
    };
    paths().find(|path| *path != b"/").or_else(|| paths().next()).map(lossy)
}

/// A limit file's number; `max`, `-1` and v1's "no limit" (the largest multiple of a page) are none.
pub fn limit(text: &[u8]) -> Option<u64> {
    only_number(text).filter(|value| *value < i64::MAX as u64 - 65_536)
}

/// Quota in cores of v2's `cpu.max` (`quota period`, or `max period`), in microseconds.
pub fn cpu_max(text: &[u8]) -> Option<f64> {
    let mut fields = super::bytes::fields(text.trim_ascii());
    let (quota, period) = (super::bytes::number(fields.next()?)?, super::bytes::number(fields.next()?)?);
    (period > 0).then(|| quota as f64 / period as f64)
}

/// Quota in cores of v1's two files, in microseconds; a quota of −1 is none.
pub fn cfs_quota(quota: &[u8], period: &[u8]) -> Option<f64> {
    let (quota, period) = (only_number(quota)?, only_number(period)?);
    (period > 0).then(|| quota as f64 / period as f64)
}

fn plain(path: PathBuf) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    super::read::read_into(&path, &mut text).then_some(text)
}

/// The memory group with the tightest limit on our way to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryLimit {
    pub bytes: u64,
    pub folder: PathBuf,
    pub version: u8,
}

/// Finds the tightest memory limit that we run under.
pub fn memory_limit(root: &Root, hierarchies: &Hierarchies) -> Option<MemoryLimit> {
    let own = root.read("proc/self/cgroup")?;
    let tightest = |hierarchy: Option<&Hierarchy>, controller: &str, file: &str, version: u8| {
        let path = String::from_utf8_lossy(path_in(&own, controller)?).into_owned();
        let folders = hierarchy?.way_up(&path).into_iter();
        let limits = folders
            .filter_map(|folder| Some(MemoryLimit { bytes: limit(&plain(folder.join(file))?)?, folder, version }));
        limits.min_by_key(|limit| limit.bytes)
    };
    let v1 = tightest(hierarchies.v1("memory"), "memory", "memory.limit_in_bytes", 1);
    let v2 = tightest(hierarchies.unified.as_ref(), "", "memory.max", 2);
    v1.into_iter().chain(v2).min_by_key(|limit| limit.bytes)
}

/// The tightest limits that we run under.
pub fn limits(root: &Root, hierarchies: &Hierarchies) -> Limits {
    let own = root.read("proc/self/cgroup").unwrap_or_default();
    let way = |hierarchy: Option<&Hierarchy>, controller: &str| match (hierarchy, path_in(&own, controller)) {
        (Some(hierarchy), Some(path)) => hierarchy.way_up(&String::from_utf8_lossy(path)),
        _ => Vec::new(),
    };
    let unified = way(hierarchies.unified.as_ref(), "");
    let pids_v1 = way(hierarchies.v1("pids"), "pids");
    let cpu_v1 = way(hierarchies.v1("cpu"), "cpu");
    let pids = unified.iter().chain(&pids_v1).filter_map(|folder| limit(&plain(folder.join("pids.max"))?)).min();
    let quotas = unified.iter().filter_map(|folder| cpu_max(&plain(folder.join("cpu.max"))?));
    let quotas_v1 = cpu_v1.iter().filter_map(|folder| {
        cfs_quota(&plain(folder.join("cpu.cfs_quota_us"))?, &plain(folder.join("cpu.cfs_period_us"))?)
    });
    let cpu_cores = quotas.chain(quotas_v1).reduce(f64::min);
    Limits { cpu_cores, memory_bytes: memory_limit(root, hierarchies).map(|limit| limit.bytes), pids }
}

#[cfg(test)]
mod tests {
    use super::{super::read::fixture, *};

    #[test]
    fn the_tightest_limit_on_the_way_up_counts() {
        let (_folder, root) = fixture(&[
            ("proc/self/mountinfo", "31 23 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/a/memory.max", "1000\n"),
            ("sys/fs/cgroup/a/b/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/a/b/memory.max", "5000\n"),
            ("sys/fs/cgroup/a/b/pids.max", "64\n"),
        ]);
        let hierarchies = Hierarchies::find(&root);
        assert_eq!(hierarchies.version(), Some(2));
        let expected = Limits { cpu_cores: Some(1.5), memory_bytes: Some(1000), pids: Some(64) };
        assert_eq!(limits(&root, &hierarchies), expected);
    }

    #[test]
    fn a_container_with_v1_sees_its_group_as_the_root() {
        let (_folder, root) = fixture(&[
            (
                "proc/self/mountinfo",
                "1 2 0:1 /docker/ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                 2 2 0:2 /docker/ab /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
            ),
            ("proc/self/cgroup", "5:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "4096000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        ]);
        let hierarchies = Hierarchies::find(&root);
        assert_eq!(hierarchies.version(), Some(1));
        let expected = Limits { cpu_cores: Some(0.5), memory_bytes: Some(4_096_000), pids: None };
        assert_eq!(limits(&root, &hierarchies), expected);
    }

    #[test]
    fn no_limit_is_none() {
        assert_eq!(limit(b"9223372036854771712\n"), None);
        assert_eq!(limit(b"max\n"), None);
        assert_eq!(limit(b""), None);
        assert_eq!(cpu_max(b"max 100000\n"), None);
        assert_eq!(cfs_quota(b"-1\n", b"100000\n"), None);
    }

    #[test]
    fn the_path_that_tells_most_is_taken() {
        assert_eq!(telling_path(b"0::/system.slice/a.service\n").as_deref(), Some("/system.slice/a.service"));
        assert_eq!(telling_path(b"4:memory:/x\n2:cpu,cpuacct:/y\n0::/\n").as_deref(), Some("/x"));
        assert_eq!(telling_path(b"2:cpu,cpuacct:/y:z\n0::/\n").as_deref(), Some("/y:z"));
        assert_eq!(telling_path(b"0::/\n").as_deref(), Some("/"));
        assert_eq!(telling_path(b""), None);
    }

    #[test]
    fn no_path_leaves_the_hierarchy() {
        let hierarchy = Hierarchy { folder: "/h".into(), root: "/docker/ab".into() };
        assert_eq!(hierarchy.group("/docker/ab/c"), Some("/h/c".into()));
        assert_eq!(hierarchy.group("/docker/abc"), None);
        assert_eq!(hierarchy.group("/docker/ab/../c"), None);
    }
}
