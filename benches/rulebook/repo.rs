//! Reads a repository, judges it, edits a file of it and judges again.

use crate::{millis, timed};
use compact_str::CompactString;
use flightdeck::{
    model::{Timestamp, finding::Scope},
    rulebook::{
        checks::CHECKS,
        engine::{Book, Engine},
        run::{Subject, judge},
        subject::container::containers,
        tree::{File, Kind, Listed, Tree, base_name, name_hash},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// Threads that read.
const THREADS: usize = 2;

/// Measures a folder; `edited` is the file that is edited, or else the first of some kinds.
pub fn measure(root: &Path, edited: Option<&str>) {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let start = Instant::now();
    let mut listed = Vec::new();
    timed("list", || list(root, root, &mut listed));
    let names: HashSet<u64> = listed.iter().map(|file| name_hash(base_name(&file.path))).collect();
    let slow = Mutex::new(Vec::new());
    let files = timed("read", || read(root, &listed, &names, &slow));
    let bytes: u64 = listed.iter().map(|file| file.size_bytes).sum();
    println!("  {} files, {:.1} MB", files.len(), bytes as f64 / 1e6);
    drop(listed);
    let mut tree = timed("put together", || Tree::new(root.display().to_string(), files, Vec::new()));
    let mut engine = Engine::new(Book::default());
    timed("judge", || engine.judge(&tree, now));
    println!("cold, whole{:>49.1} ms", millis(start));
    let found = engine.tally();
    println!("  {} findings, {} passed", found.findings.len(), found.passed.values().sum::<usize>());
    if let Ok(path) = std::env::var("SAVE") {
        std::fs::write(path, format!("{found:#?}")).expect("can be written");
    }
    drop(found);
    let edited = edited.map_or_else(
        || {
            [Kind::Kubernetes, Kind::Markdown, Kind::Compose]
                .iter()
                .filter_map(|kind| Some(tree.of_kind(*kind).next()?.path.to_string()))
                .collect()
        },
        |path| vec![path.to_owned()],
    );
    for path in edited {
        edit(&mut tree, &mut engine, &path, &names, root, now);
    }
    if std::env::var_os("CHECKS").is_some() {
        slowest("files", slow.into_inner().expect("no thread panicked"));
        checks(&tree, &engine.book, now);
    }
}

fn list(root: &Path, folder: &Path, listed: &mut Vec<Listed>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() && entry.file_name() != ".git" {
            list(root, &path, listed);
        } else if kind.is_file() {
            let (Some(below), Ok(about)) = (path.strip_prefix(root).ok().and_then(Path::to_str), entry.metadata())
            else {
                continue;
            };
            listed.push(Listed {
                path: below.into(),
                size_bytes: about.len(),
                is_executable: about.permissions().mode() & 0o111 != 0,
                is_tracked: Some(true),
                ..Listed::default()
            });
        }
    }
}

type Slow = Mutex<Vec<(f64, String)>>;

fn read(root: &Path, listed: &[Listed], names: &HashSet<u64>, slow: &Slow) -> BTreeMap<CompactString, Arc<File>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut files = Vec::new();
        while let Some(listed) = listed.get(next.fetch_add(1, Ordering::Relaxed)) {
            let bytes = std::fs::read(root.join(&*listed.path)).unwrap_or_default();
            let start = Instant::now();
            files.push((listed.path.clone(), Arc::new(File::new(listed.clone(), &bytes, names))));
            if start.elapsed().as_millis() > 10 {
                slow.lock().expect("no thread panicked").push((millis(start), listed.path.to_string()));
            }
        }
        files
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no thread panicked")).collect()
    })
}

fn edit(tree: &mut Tree, engine: &mut Engine, path: &str, names: &HashSet<u64>, root: &Path, now: Timestamp) {
    println!("edit {path}");
    let mut bytes = std::fs::read(root.join(path)).expect("is there");
    bytes.extend_from_slice(b"\n# edited\n");
    let start = Instant::now();
    let listed = Listed { size_bytes: bytes.len() as u64, ..tree.files[path].listed.clone() };
    let file = timed("  read", || Arc::new(File::new(listed, &bytes, names)));
    timed("  put together", || {
        tree.files.insert(path.into(), file);
        tree.settle();
    });
    timed("  judge again", || engine.judge_again(tree, &BTreeSet::from([path.into()]), now));
    println!("  whole{:>54.1} ms", millis(start));
    let again = (0..9).map(|turn| {
        bytes.extend_from_slice(format!("# {turn}\n").as_bytes());
        let start = Instant::now();
        let listed = Listed { size_bytes: bytes.len() as u64, ..tree.files[path].listed.clone() };
        tree.files.insert(path.into(), Arc::new(File::new(listed, &bytes, names)));
        tree.settle();
        engine.judge_again(tree, &BTreeSet::from([path.into()]), now);
        millis(start)
    });
    let mut again: Vec<f64> = again.collect();
    again.sort_by(f64::total_cmp);
    println!("  nine times more: {:.1} ms at least, {:.1} ms in the middle", again[0], again[4]);
}

/// What every check takes for files and objects, and for the whole; on one thread.
fn checks(tree: &Tree, book: &Book, now: Timestamp) {
    let (mut parts, mut wholes) = (Vec::new(), Vec::new());
    let services: Vec<_> = tree.services().cloned().collect();
    let start = Instant::now();
    let objects = tree.resources().chain(&services).flat_map(|resource| containers(resource)).count();
    println!("containers of objects, once: {:.1} ms for {objects}", millis(start));
    for check in CHECKS.iter().filter(|check| check.meta().scopes.contains(&Scope::Repo)) {
        let id = check.meta().id;
        // For a profiler: one check of the whole, many times.
        if let Ok(only) = std::env::var("ONLY") {
            if only == id {
                (0..200).for_each(|_| drop(judge(*check, Subject::Tree(tree), Scope::Repo, &book.policy, now)));
            }
            continue;
        }
        let one = |subject: Subject<'_>| drop(judge(*check, subject, Scope::Repo, &book.policy, now));
        let start = Instant::now();
        tree.files.values().for_each(|file| one(Subject::File(file)));
        parts.push((millis(start), format!("{id} files")));
        let start = Instant::now();
        tree.resources().chain(&services).for_each(|resource| one(Subject::Resource(resource)));
        parts.push((millis(start), format!("{id} objects")));
        let mut took = 0.0;
        for resource in tree.resources().chain(&services) {
            for container in containers(resource) {
                let start = Instant::now();
                one(Subject::Container(&container));
                took += millis(start);
            }
        }
        parts.push((took, format!("{id} containers")));
        // The least of a few: others compute on this machine, too.
        let took = (0..5).map(|_| {
            let start = Instant::now();
            one(Subject::Tree(tree));
            millis(start)
        });
        wholes.push((took.fold(f64::INFINITY, f64::min), format!("{id} whole")));
    }
    println!("checks of parts, summed: {:.1} ms", parts.iter().map(|(took, _)| took).sum::<f64>());
    slowest("checks of parts", parts);
    println!("checks of the whole, summed: {:.1} ms", wholes.iter().map(|(took, _)| took).sum::<f64>());
    slowest("checks of the whole", wholes);
}

fn slowest(what: &str, mut all: Vec<(f64, String)>) {
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("slowest {what}:");
    for (took, name) in all.iter().take(18) {
        println!("  {took:>9.2} ms  {name}");
    }
}
