//! The one process that is open on the screen: what it runs, where, with which files, limits and environment. Secrets are
//! taken out here, before they go anywhere.

use super::{
    bytes::lossy,
    cgroup_fs::{Hierarchies, telling_path},
    gauges::pressure,
    processes::{known, stat},
    read::{Root, read_at},
};
use crate::{
    model::{host::Pressures, object::ObjectKind, process::ProcessDetails, redact, topic::Topic, update::Update},
    source::{Request, Source, SourceError, Spec},
};
use compact_str::{CompactString, format_compact};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{Mode, OFlags},
    io::Errno,
};
use std::time::Duration;

/// Open files that are listed.
const FILES: usize = 256;
/// Variables that are listed, and the longest text of anything here, in bytes.
const VARIABLES: usize = 1000;
const TEXT_LIMIT: usize = 16 << 10;

/// The source of [`ProcessDetails`].
#[derive(Debug)]
pub struct ProcessSource {
    root: Root,
}

impl ProcessSource {
    /// The source for the machine below `root`.
    pub fn new(root: Root) -> Self {
        Self { root }
    }
}

impl Source for ProcessSource {
    fn spec(&self) -> Spec {
        Spec {
            name: "host/process".into(),
            kind: "host".into(),
            topics: Topic::ProcessDetails.into(),
            foreground: Duration::from_secs(2),
            background: None,
            deadline: Duration::from_secs(5),
        }
    }

    fn collect(&mut self, request: &Request) -> Result<Vec<Update>, SourceError> {
        let Some(open) = request.open.as_ref().filter(|open| open.kind == ObjectKind::Process) else {
            return Ok(Vec::new());
        };
        Ok(vec![Update::ProcessDetails(Box::new(details(&self.root, &open.id)))])
    }
}

/// Reads the process with this key, `pid/start_ticks`. Of one that is gone only that is told.
pub fn details(root: &Root, key: &str) -> ProcessDetails {
    let mut details = ProcessDetails { key: key.into(), ..ProcessDetails::default() };
    // The open folder stays that of this process: when the process ends and its number is used again, reading fails.
    let folder = key.split_once('/').and_then(|(pid, start)| {
        let (pid, start) = (pid.parse::<i32>().ok()?, start.parse::<u64>().ok()?);
        let path = root.join("proc").join(pid.to_string());
        let folder =
            rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        (start_of(&folder)? == start).then_some(folder)
    });
    match folder {
        Some(folder) => Reader { root, folder, unreadable: Vec::new() }.read(&mut details),
        None => details.unreadable.push("this process has ended".into()),
    }
    details
}

fn start_of(folder: &OwnedFd) -> Option<u64> {
    let mut text = Vec::new();
    read_at(folder, "stat", &mut text).ok()?;
    Some(stat::parse(&text)?.start_ticks)
}

struct Reader<'a> {
    root: &'a Root,
    folder: OwnedFd,
    unreadable: Vec<CompactString>,
}

impl Reader<'_> {
    fn read(mut self, details: &mut ProcessDetails) {
        details.executable = self.link("exe", "executable");
        details.directory = self.link("cwd", "directory");
        if let Some(text) = self.text("cmdline", "arguments") {
            let arguments = known::arguments(&text[..text.len().min(TEXT_LIMIT)]);
            let plain = redact::arguments(arguments.iter().map(CompactString::as_str));
            details.arguments = plain.into_iter().map(CompactString::from).collect();
        }
        details.limits = self.text("limits", "limits").map(|text| limits(&text)).unwrap_or_default();
        details.environment = self.text("environ", "environment").map(|text| environment(&text)).unwrap_or_default();
        self.files(details);
        details.pressure = self.pressure();
        details.unreadable = self.unreadable;
    }

    fn text(&mut self, file: &str, what: &str) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let read = read_at(&self.folder, file, &mut text);
        self.note(what, read).map(|()| text)
    }

    fn link(&mut self, file: &str, what: &str) -> Option<CompactString> {
        match rustix::fs::readlinkat(&self.folder, file, Vec::new()) {
            // A kernel thread has none.
            Err(Errno::NOENT) => None,
            target => self.note(what, target).map(|target| lossy(target.to_bytes())),
        }
    }

    fn files(&mut self, details: &mut ProcessDetails) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.folder, "fd", flags, Mode::empty());
        let listed = opened.and_then(|folder| list_files(&folder));
        if let Some((files, total)) = self.note("files", listed) {
            (details.files, details.files_total) = (files, Some(total));
        }
    }

    fn pressure(&self) -> Option<Pressures> {
        let mut text = Vec::new();
        read_at(&self.folder, "cgroup", &mut text).ok()?;
        let group = Hierarchies::find(self.root).unified?.group(&telling_path(&text)?)?;
        let mut one = |file: &str| super::read::read_into(&group.join(file), &mut text).then(|| pressure::parse(&text));
        let (cpu, memory, io) = (one("cpu.pressure"), one("memory.pressure"), one("io.pressure"));
        let is_known = cpu.or(memory).or(io).is_some();
        is_known.then(|| Pressures {
            cpu: cpu.unwrap_or_default(),
            memory: memory.unwrap_or_default(),
            io: io.unwrap_or_default(),
        })
    }

    /// Keeps in mind what could not be read, and why.
    fn note<T>(&mut self, what: &str, result: Result<T, Errno>) -> Option<T> {
        let reason = match result {
            Ok(value) => return Some(value),
            Err(Errno::ACCESS | Errno::PERM) => "permission denied".to_owned(),
            Err(Errno::SRCH | Errno::NOENT) => "this process has ended".to_owned(),
            Err(error) => std::io::Error::from(error).to_string(),
        };
        self.unreadable.push(format_compact!("{what}: {reason}"));
        None
    }
}

/// The first [`FILES`] descriptors in order, and how many there are.
fn list_files(folder: &OwnedFd) -> Result<(Vec<(i32, CompactString)>, u64), Errno> {
    let mut numbers = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder.as_fd())? {
        let entry = entry?;
        numbers.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<i32>().ok()));
    }
    numbers.sort_unstable();
    let total = numbers.len() as u64;
    let target = |number: i32| {
        // Closed meanwhile: not open any more, so not listed.
        let target = rustix::fs::readlinkat(folder, format_compact!("{number}").as_str(), Vec::new()).ok()?;
        Some((number, lossy(target.to_bytes())))
    };
    Ok((numbers.into_iter().take(FILES).filter_map(target).collect(), total))
}

/// Reads `/proc/PID/limits`, whose columns are as wide as its heading says.
fn limits(text: &[u8]) -> Vec<(CompactString, CompactString, CompactString)> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    let heading = lines.next().unwrap_or_default();
    let (Some(soft), Some(hard)) = (heading.find("Soft Limit"), heading.find("Hard Limit")) else { return Vec::new() };
    let units = heading.find("Units").unwrap_or(heading.len());
    let row = |line: &str| {
        let cell = |from: usize, to: usize| line.get(from..to.min(line.len())).map(str::trim).map(CompactString::from);
        Some((cell(0, soft)?, cell(soft, hard)?, cell(hard, units)?))
    };
    lines.filter_map(row).collect()
}

/// Reads `/proc/PID/environ` without its secrets.
fn environment(text: &[u8]) -> Vec<(CompactString, CompactString)> {
    let variables = text.split(|byte| *byte == 0).filter(|variable| !variable.is_empty()).take(VARIABLES);
    let pair = |variable: &[u8]| {
        let text = String::from_utf8_lossy(&variable[..variable.len().min(TEXT_LIMIT)]);
        // What has no name may be the remains of anything.
        let (name, value) = text.split_once('=').unwrap_or(("", &text));
        (CompactString::from(name), CompactString::from(redact::value(name, value)))
    };
    variables.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::object::ObjectRef;

    #[test]
    fn our_own_details_are_complete() {
        let root = Root::real();
        let text = std::fs::read("/proc/self/stat").expect("readable");
        let stat = stat::parse(&text).expect("a line");
        let key = format!("{}/{}", std::process::id(), stat.start_ticks);
        let mut source = ProcessSource::new(root.clone());
        let open = Some(ObjectRef::new(ObjectKind::Process, key.as_str()));
        let request = Request { at: crate::clock::now(), wanted: Default::default(), open, ..Request::default() };
        let updates = source.collect(&request).expect("answers");
        let [Update::ProcessDetails(found)] = &updates[..] else { panic!("not details") };
        assert_eq!(found.unreadable, [""; 0]);
        assert_eq!(found.executable.as_deref(), std::env::current_exe().expect("known").to_str());
        assert_eq!(found.directory.as_deref(), std::env::current_dir().expect("known").to_str());
        assert_eq!(found.arguments.len(), std::env::args().count());
        assert!(found.files_total >= Some(3) && found.files.len() as u64 <= found.files_total.unwrap_or(0));
        assert!(found.limits.iter().any(|(name, ..)| name == "Max open files"));
        assert!(found.environment.iter().any(|(name, _)| name == "PATH"));
        let other = details(&root, &format!("{}/{}", std::process::id(), stat.start_ticks + 1));
        assert_eq!((other.unreadable, other.executable), (vec!["this process has ended".into()], None));
    }

    #[test]
    fn nothing_is_answered_about_other_things() {
        let mut source = ProcessSource::new(Root::real());
        for open in [None, Some(ObjectRef::new(ObjectKind::Mount, "/"))] {
            let request = Request { at: crate::clock::now(), wanted: Default::default(), open, ..Request::default() };
            assert_eq!(source.collect(&request), Ok(Vec::new()));
        }
        assert_eq!(details(&Root::real(), "nonsense").unreadable, ["this process has ended"]);
        assert_eq!(details(&Root::real(), "../1/2").unreadable, ["this process has ended"]);
    }

    #[test]
    fn limits_are_read_by_column() {
        let text = b"Limit                     Soft Limit           Hard Limit           Units     \n\
            Max cpu time              unlimited            unlimited            seconds   \n\
            Max open files            1024                 4096                 files     \n";
        let limits = limits(text);
        assert_eq!(limits[1], ("Max open files".into(), "1024".into(), "4096".into()));
        assert_eq!(limits[0].1, "unlimited");
    }

    #[test]
    fn the_environment_has_no_secrets() {
        let pairs = environment(b"PATH=/bin\0API_TOKEN=abc\0URL=http://a:b@h/\0ODD\xff=1\0noname\0");
        let expected = [
            ("PATH", "/bin"),
            ("API_TOKEN", "[redacted]"),
            ("URL", "http://a:[redacted]@h/"),
            ("ODD\u{fffd}", "1"),
            ("", "noname"),
        ];
        assert_eq!(pairs, expected.map(|(name, value)| (name.into(), value.into())));
    }
}
