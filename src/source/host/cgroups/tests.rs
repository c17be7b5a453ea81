//! The control-group tree, of fixtures and of this machine.

use super::*;

fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, CgroupsSource) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let source = CgroupsSource::new(Root::at(folder.path()));
    write(folder.path(), files);
    (folder, source)
}

fn write(root: &std::path::Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
        std::fs::write(path, text).expect("written");
    }
}

fn collect(source: &mut CgroupsSource) -> Cgroups {
    let request = Request { at: clock::now(), wanted: Default::default(), ..Request::default() };
    match source.collect(&request).expect("answers").pop() {
        Some(Update::Cgroups(cgroups)) => *cgroups,
        other => panic!("not cgroups: {other:?}"),
    }
}

fn paths(cgroups: &Cgroups) -> Vec<(&str, u16)> {
    cgroups.groups.iter().map(|group| (group.path.as_str(), group.depth)).collect()
}

/// Not to be had on the machine where this was written, which mounts version one. Names, units and layouts of the files are those of
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html>, «Interface Files» of each controller; that of `cpu.pressure` is that of
/// <https://docs.kernel.org/accounting/psi.html>.
#[test]
fn version_two_is_read() {
    let unified = "31 23 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    let (_folder, mut source) = fixture(&[
        ("proc/self/mountinfo", unified),
        ("sys/fs/cgroup/cpu.stat", "usage_usec 9000000\n"),
        ("sys/fs/cgroup/b/pids.max", "max\n"),
        ("sys/fs/cgroup/a.slice/x.service/cpu.stat", "usage_usec 500\nnr_periods 10\nnr_throttled 4\n"),
        ("sys/fs/cgroup/a.slice/x.service/cpu.max", "50000 100000\n"),
        ("sys/fs/cgroup/a.slice/x.service/memory.current", "1000\n"),
        ("sys/fs/cgroup/a.slice/x.service/memory.stat", "anon 5\ninactive_file 300\n"),
        ("sys/fs/cgroup/a.slice/x.service/memory.max", "4096\n"),
        ("sys/fs/cgroup/a.slice/x.service/memory.events", "oom 3\noom_kill 2\noom_group_kill 0\n"),
        ("sys/fs/cgroup/a.slice/x.service/io.stat", "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=1\n"),
        ("sys/fs/cgroup/a.slice/x.service/pids.current", "7\n"),
        ("sys/fs/cgroup/a.slice/x.service/cpu.pressure", "some avg10=50.00 avg60=0 avg300=0 total=0\n"),
    ]);
    let cgroups = collect(&mut source);
    assert_eq!(paths(&cgroups), [("/", 0), ("/a.slice", 1), ("/a.slice/x.service", 2), ("/b", 1)]);
    let service = &cgroups.groups[2];
    assert_eq!((service.unit.as_deref(), service.cpu_limit_cores), (Some("x.service"), Some(0.5)));
    assert_eq!((service.memory_bytes, service.memory_limit_bytes), (Some(700), Some(4096)));
    assert_eq!((service.oom_kills, service.pids, service.pids_limit), (Some(2), Some(7), None));
    assert_eq!(service.pressure.cpu.some10, Some(0.5));
    assert_eq!((service.cpu_ratio, service.throttled_ratio), (None, None));
    assert_eq!((cgroups.version, cgroups.left_out), (Some(2), 0));
}

#[test]
fn rates_are_of_the_interval() {
    let before = Sample {
        cpu_nanoseconds: Some(1_000_000_000),
        periods: Some(10),
        throttled_periods: Some(2),
        read_bytes: Some(0),
        written_bytes: Some(500),
        ..Sample::default()
    };
    let now = Sample {
        cpu_nanoseconds: Some(4_000_000_000),
        periods: Some(30),
        throttled_periods: Some(7),
        read_bytes: Some(4096),
        written_bytes: Some(100),
        ..Sample::default()
    };
    let group = derive(&before, &now, &Limits::default(), 2.0);
    assert_eq!((group.cpu_ratio, group.throttled_ratio), (Some(1.5), Some(0.25)));
    assert_eq!((group.read_bytes_per_second, group.write_bytes_per_second), (Some(2048.0), None));
    assert_eq!(derive(&now, &now, &Limits::default(), 2.0).throttled_ratio, None);
}

#[test]
fn version_one_is_merged_by_path() {
    let id = "0123456789abcdef".repeat(4);
    let mounts = "1 2 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        2 2 0:2 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
        3 2 0:3 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n\
        4 2 0:4 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    let group = |controller: &str, file: &str| format!("sys/fs/cgroup/{controller}/docker/{id}/{file}");
    let files: Vec<(String, &str)> = vec![
        ("proc/self/mountinfo".into(), mounts),
        (group("memory", "memory.usage_in_bytes"), "1000\n"),
        (group("memory", "memory.stat"), "inactive_file 1\ntotal_inactive_file 400\n"),
        (group("memory", "memory.limit_in_bytes"), "9223372036854771712\n"),
        (group("memory", "memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
        (group("cpu,cpuacct", "cpuacct.usage"), "77\n"),
        (group("cpu,cpuacct", "cpu.cfs_quota_us"), "200000\n"),
        (group("cpu,cpuacct", "cpu.cfs_period_us"), "100000\n"),
        (group("blkio", "blkio.throttle.io_service_bytes"), "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n"),
        ("sys/fs/cgroup/blkio/only-here/x".into(), ""),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let (_folder, mut source) = fixture(&files);
    let cgroups = collect(&mut source);
    let path = format!("/docker/{id}");
    assert_eq!(paths(&cgroups), [("/", 0), ("/docker", 1), (path.as_str(), 2), ("/only-here", 1)]);
    let container = &cgroups.groups[2];
    assert_eq!(container.container.as_deref(), Some(id.as_str()));
    assert_eq!((container.memory_bytes, container.memory_limit_bytes), (Some(600), None));
    assert_eq!((container.cpu_limit_cores, container.oom_kills), (Some(2.0), Some(1)));
    assert_eq!((cgroups.version, cgroups.groups[3].memory_bytes), (Some(1), None));
    let known = &source.known[path.as_str()].sample;
    assert_eq!((known.cpu_nanoseconds, known.read_bytes, known.written_bytes), (Some(77), Some(10), Some(20)));
}

#[test]
fn groups_beyond_the_cap_are_counted() {
    let (folder, source) = fixture(&[("proc/self/mountinfo", "31 23 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")]);
    for number in 0..20 {
        std::fs::create_dir_all(folder.path().join(format!("sys/fs/cgroup/g{number:02}/x"))).expect("made");
    }
    let tree = tree::walk(&Hierarchies::find(&source.root), 2, 5);
    let paths: Vec<_> = tree.groups.iter().map(|group| group.path.as_str()).collect();
    assert_eq!(paths, ["/", "/g00", "/g00/x", "/g01", "/g01/x"]);
    assert_eq!(tree.left_out, 36);
}

#[test]
fn a_machine_without_groups_says_so() {
    let (_folder, mut source) = fixture(&[("proc/self/mountinfo", "")]);
    assert_eq!(collect(&mut source), Cgroups::default());
}

#[test]
fn this_machine_is_read() {
    let mut source = CgroupsSource::new(Root::real());
    collect(&mut source);
    let cgroups = collect(&mut source);
    if cgroups.version.is_none() {
        return;
    }
    assert_eq!(cgroups.groups[0].path, "/");
    assert!(cgroups.groups.iter().any(|group| group.cpu_ratio.is_some()));
}
