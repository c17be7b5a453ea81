//! Mounted file systems. None of them can hold up the answer: each is asked off this thread, and one that has not answered in
//! time is told as pending, with what it answered last.

pub mod asker;
pub mod mountinfo;

use super::read::Root;
use crate::{
    model::{
        Timestamp,
        mount::{Mount, MountState},
        topic::Topic,
        update::Update,
    },
    source::{Request, Source, SourceError, Spec},
};
use asker::{Answer, Asker, Figures, Outcome};
use compact_str::CompactString;
use mountinfo::Line;
use std::{
    collections::HashMap,
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// File systems that hold no files of anybody's: interfaces of the kernel.
const PSEUDO: &[&str] = &[
    "proc",
    "sysfs",
    "devpts",
    "mqueue",
    "debugfs",
    "tracefs",
    "securityfs",
    "pstore",
    "bpf",
    "configfs",
    "hugetlbfs",
    "autofs",
    "binfmt_misc",
    "rpc_pipefs",
    "nfsd",
    "nsfs",
    "fusectl",
    "efivarfs",
    "selinuxfs",
    "smackfs",
    "cpuset",
];

/// Whether a file system of this type is an interface of the kernel and not a place for files.
pub fn is_pseudo(fs: &str) -> bool {
    fs.starts_with("cgroup") || PSEUDO.contains(&fs)
}

/// Whether a file system of this type is served over a network or by a user-space daemon.
pub fn is_remote(fs: &str) -> bool {
    const EXACT: &[&str] = &[
        "9p",
        "virtiofs",
        "ceph",
        "glusterfs",
        "lustre",
        "afs",
        "coda",
        "ncpfs",
        "gpfs",
        "beegfs",
        "orangefs",
        "pvfs2",
    ];
    const STARTS: &[&str] = &["nfs", "cifs", "smb", "fuse", "ocfs2", "davfs"];
    EXACT.contains(&fs) || STARTS.iter().any(|start| fs.starts_with(start)) || fs == "sshfs"
}

/// The mounts worth showing, in the order of their mount points; of several on one point only the uppermost is there.
pub fn visible(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut by_point: std::collections::BTreeMap<CompactString, Line> = Default::default();
    for line in lines.filter(|line| !line.mount.ends_with("//deleted")) {
        by_point.insert(line.mount.clone(), line);
    }
    by_point.into_values().filter(|line| !is_pseudo(&line.fs)).collect()
}

/// A row from what the mount table says and what the file system last answered. `None` where it turns out to hold nothing: a
/// `ramfs` without a size.
pub fn derive(line: &Line, block: Option<CompactString>, outcome: Outcome) -> Option<Mount> {
    let (state, figures) = match outcome {
        Outcome::Answered(Answer::Figures(figures)) => (MountState::Ready, figures),
        // That we may not look is no fault of the file system.
        Outcome::Answered(Answer::Denied) => (MountState::Ready, Figures::default()),
        Outcome::Answered(Answer::Error(reason)) => (MountState::Failed { reason }, Figures::default()),
        Outcome::Pending { since, last } => (MountState::Pending { since }, last),
    };
    if line.fs == "ramfs" && figures.total_bytes.is_none() {
        return None;
    }
    Some(Mount {
        mount: line.mount.clone(),
        device: line.device.clone(),
        block,
        fs: line.fs.clone(),
        read_only: line.read_only,
        remote: is_remote(&line.fs),
        state,
        total_bytes: figures.total_bytes,
        free_bytes: figures.free_bytes,
        available_bytes: figures.available_bytes,
        inodes_total: figures.inodes_total,
        inodes_free: figures.inodes_free,
        fills: Default::default(),
    })
}

/// The source of [`Mount`]s.
#[derive(Debug)]
pub struct MountsSource {
    root: Root,
    asker: Asker,
    /// Kernel names of block devices by number and device; they are looked up once.
    blocks: HashMap<(CompactString, CompactString), Option<CompactString>>,
}

impl MountsSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root, asker: Asker::new(asker::ask_kernel), blocks: HashMap::new() }
    }

    fn rows(&mut self, at: Timestamp, lines: &[Line]) -> Vec<Mount> {
        let questions: Vec<asker::Question> = lines
            .iter()
            .map(|line| asker::Question {
                id: line.id,
                path: PathBuf::from(OsString::from_vec(line.path.clone())),
                alone: is_remote(&line.fs),
            })
            .collect();
        let outcomes = self.asker.ask(at, questions);
        self.blocks.retain(|(number, _), _| lines.iter().any(|line| line.number == *number));
        let mut rows = Vec::with_capacity(lines.len());
        for (line, outcome) in lines.iter().zip(outcomes) {
            let key = (line.number.clone(), line.device.clone());
            let block = self.blocks.entry(key).or_insert_with(|| block(&self.root, line)).clone();
            rows.extend(derive(line, block, outcome));
        }
        rows
    }
}

/// Kernel name of the block device: by its number in sysfs, or for file systems with numbers of their own (btrfs, zfs) by the
/// device's name.
fn block(root: &Root, line: &Line) -> Option<CompactString> {
    let name = |path: &Path| path.file_name().map(|name| CompactString::from(name.to_string_lossy()));
    if let Ok(target) = std::fs::read_link(root.join("sys/dev/block").join(line.number.as_str())) {
        return name(&target);
    }
    let device = line.device.strip_prefix("/dev/")?;
    root.join("sys/class/block").join(device).exists().then(|| device.into())
}

impl Source for MountsSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "host/mounts".into(),
            kind: "host".into(),
            topics: Topic::Mounts.into(),
            foreground: Duration::from_secs(10),
            background: Some(Duration::from_secs(10)),
            deadline: Duration::from_secs(2),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        let text = self.root.read("proc/self/mountinfo").ok_or_else(|| SourceError::Down {
            reason: "cannot read /proc/self/mountinfo".into(),
            hint: "check that /proc is mounted".into(),
        })?;
        let lines = visible(super::bytes::lines(&text).filter_map(mountinfo::parse));
        Ok(vec![Update::Mounts(self.rows(request.at, &lines))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(mount: &str, fs: &str, device: &str) -> Line {
        let text = format!("1 0 0:1 / {mount} rw - {fs} {device} rw");
        mountinfo::parse(text.as_bytes()).expect("a line")
    }

    #[test]
    fn the_uppermost_mount_of_a_point_is_shown() {
        let lines = [
            line("/", "rootfs", "rootfs"),
            line("/", "ext4", "/dev/sda1"),
            line("/proc", "proc", "proc"),
            line("/data", "ext4", "/dev/sdb1"),
            line("/bound", "ext4", "/dev/sdb1"),
            line("/home", "autofs", "auto"),
            line("/home", "nfs4", "server:/home"),
            line("/sys/fs/cgroup", "cgroup2", "cgroup"),
            line("/gone//deleted", "ext4", "/dev/sdc1"),
        ];
        let shown = visible(lines.into_iter());
        let shown: Vec<_> = shown.iter().map(|line| (line.mount.as_str(), line.fs.as_str())).collect();
        assert_eq!(shown, [("/", "ext4"), ("/bound", "ext4"), ("/data", "ext4"), ("/home", "nfs4")]);
    }

    #[test]
    fn what_may_hang_is_told_apart() {
        for fs in ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse", "9p", "ceph", "glusterfs", "fuseblk"] {
            assert!(is_remote(fs), "{fs}");
        }
        for fs in ["ext4", "tmpfs", "overlay", "zfs", "vfat", "squashfs"] {
            assert!(!is_remote(fs) && !is_pseudo(fs), "{fs}");
        }
    }

    #[test]
    fn answers_become_rows() {
        let figures = Figures { total_bytes: Some(10), available_bytes: Some(4), ..Figures::default() };
        let disk = line("/", "ext4", "/dev/sda1");
        let row = derive(&disk, Some("sda1".into()), Outcome::Answered(Answer::Figures(figures))).expect("a row");
        assert_eq!((row.state, row.available_bytes, row.block.as_deref()), (MountState::Ready, Some(4), Some("sda1")));
        let row = derive(&disk, None, Outcome::Answered(Answer::Error("stale".into()))).expect("a row");
        assert_eq!((row.state, row.total_bytes), (MountState::Failed { reason: "stale".into() }, None));
        let since = Timestamp::UNIX_EPOCH;
        let row = derive(&disk, None, Outcome::Pending { since, last: figures }).expect("a row");
        assert_eq!((row.state, row.total_bytes), (MountState::Pending { since }, Some(10)));
        let row = derive(&disk, None, Outcome::Answered(Answer::Denied)).expect("a row");
        assert_eq!((row.state, row.total_bytes), (MountState::Ready, None));
        let empty = line("/x", "ramfs", "ramfs");
        assert_eq!(derive(&empty, None, Outcome::Answered(Answer::Figures(Figures::default()))), None);
    }

    #[test]
    fn every_mount_of_this_machine_is_there() {
        let text = std::fs::read("/proc/self/mountinfo").expect("readable");
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut expected: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let (before, after) = line.split_once(" - ").expect("a separator");
            let point = before.split(' ').nth(4).expect("a mount point").replace("\\040", " ");
            let fs = after.split(' ').next().expect("a type").to_owned();
            expected.retain(|(other, _)| *other != point);
            expected.push((point, fs));
        }
        expected.retain(|(_, fs)| !is_pseudo(fs) && fs != "ramfs");
        expected.sort();
        let mut source = MountsSource::new(Root::real());
        let request = Request { at: crate::clock::now(), wanted: Default::default(), ..Request::default() };
        let Ok(updates) = source.collect(&request) else { panic!("no answer") };
        let [Update::Mounts(mounts)] = &updates[..] else { panic!("not mounts") };
        let found: Vec<_> = mounts.iter().map(|mount| (mount.mount.to_string(), mount.fs.to_string())).collect();
        // Other tests of this machine mount and unmount meanwhile: what was there before and is no more does not count.
        for point in &expected {
            assert!(found.contains(point) || !Path::new(&point.0).exists(), "{point:?} is missing");
        }
        let root = mounts.iter().find(|mount| mount.mount == "/").expect("there is a root");
        assert_eq!(root.state, MountState::Ready);
        assert!(root.total_bytes > root.available_bytes && root.available_bytes.is_some());
    }
}
