//! A file system that never answers, for real: a FUSE mount whose daemon (this test) reads no request. The cockpit must tell
//! it as pending, at once, with every other mount ready.

use flightdeck::{
    clock,
    model::{
        mount::{Mount, MountState},
        topic::TopicSet,
        update::Update,
    },
    source::{
        Request, Source,
        host::{mounts::MountsSource, read::Root},
    },
};
use rustix::{
    fd::{AsRawFd, OwnedFd},
    fs::{Mode, OFlags},
    mount::{MountFlags, UnmountFlags, mount, unmount},
};
use std::{path::PathBuf, time::Duration};

/// A mount that is taken away whatever happens. Closing the device ends every question that hangs on it.
struct Hung {
    folder: PathBuf,
    _device: OwnedFd,
    _parent: tempfile::TempDir,
}

impl Hung {
    fn mount() -> Result<Self, String> {
        let parent = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let folder = parent.path().join("hung mount");
        std::fs::create_dir(&folder).map_err(|error| format!("cannot make a folder: {error}"))?;
        let device = rustix::fs::open("/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| format!("cannot open /dev/fuse: {error}"))?;
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
        let options = std::ffi::CString::new(options).expect("holds no zero");
        mount(
            "flightdeck-hung",
            &folder,
            "fuse.hung",
            MountFlags::NODEV | MountFlags::NOSUID,
            Some(options.as_c_str()),
        )
        .map_err(|error| format!("cannot mount: {error}"))?;
        Ok(Self { folder, _device: device, _parent: parent })
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        let _ = unmount(&self.folder, UnmountFlags::DETACH | UnmountFlags::FORCE);
    }
}

fn ask(source: &mut MountsSource) -> (Vec<Mount>, Duration) {
    let request = Request { at: clock::now(), wanted: TopicSet::EMPTY, ..Request::default() };
    let start = clock::instant();
    let updates = source.collect(&request).expect("answers");
    let took = start.elapsed();
    match updates.into_iter().next() {
        Some(Update::Mounts(mounts)) => (mounts, took),
        other => panic!("not mounts: {other:?}"),
    }
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("readable").count()
}

#[test]
fn a_mount_that_never_answers_is_pending_and_delays_no_other() {
    let hung = match Hung::mount() {
        Ok(hung) => hung,
        Err(reason) => {
            eprintln!("NOT RUN: hung mount: {reason}");
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "hung mount: {reason}");
            return;
        }
    };
    let point = hung.folder.to_string_lossy().into_owned();
    let mut source = MountsSource::new(Root::real());
    let (first, took) = ask(&mut source);
    assert!(took < Duration::from_secs(1), "took {took:?}");
    let silent = first.iter().find(|mount| mount.mount == point).expect("is listed");
    assert!(silent.remote && silent.fs == "fuse.hung", "{silent:?}");
    let MountState::Pending { since } = silent.state else { panic!("{silent:?}") };
    let left_behind = threads();
    const QUESTIONS: usize = 10;
    for _ in 0..QUESTIONS {
        let (mounts, took) = ask(&mut source);
        assert!(took < Duration::from_secs(1), "took {took:?}");
        for mount in &mounts {
            if mount.mount == point {
                assert_eq!(mount.state, MountState::Pending { since }, "not asked again");
            } else {
                assert_eq!(mount.state, MountState::Ready, "{mount:?}");
            }
        }
        assert!(mounts.len() > 1, "no other mount here: nothing was shown");
    }
    // Helpers that are about to end may still be counted; what must not be is one for every question.
    assert!(threads() < left_behind + QUESTIONS / 2, "a thread for every question");
    // Freed by its daemon's end, the thread answers (with an error), and the mount is gone from the table.
    drop(hung);
    let (mounts, _) = ask(&mut source);
    assert!(mounts.iter().all(|mount| mount.mount != point));
}
