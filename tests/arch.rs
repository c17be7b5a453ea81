//! The house rules of ARCHITECTURE.md, checked against the sources: which room may know which, who may name which library, and
//! a few manners. Reads `src/**/*.rs` as text and links nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Room → rooms that it may know. `LOWER` stands for every room below the upper layer, `ALL` for every room.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("rules", &["model"]),
    ("client", &["model", "clock"]),
    ("rulebook", &["model"]),
    ("slo", &["model", "rulebook"]),
    ("journal", &["model", "clock"]),
    ("source", &["model", "clock", "client", "rulebook", "journal", "slo", "incident"]),
    ("incident", &["model"]),
    ("world", &["model", "rules", "incident", "runbook"]),
    ("ops", &["model", "world", "client", "rulebook"]),
    ("runbook", &["model"]),
    ("view", &["model", "world"]),
    ("keymap", &["model"]),
    ("ui", &["model", "world", "view", "keymap"]),
    ("panes", &["model", "incident", "runbook", "world", "view", "keymap", "ui"]),
    ("pages", &["model", "incident", "rules", "world", "view", "keymap", "ui", "panes"]),
    // The upper layer: these know one another and everything below, and nothing of the machine.
    ("action", UPPER),
    ("modals", UPPER),
    ("app", UPPER),
    ("screen", UPPER),
    ("config", UPPER),
    // Where the program meets the machine: these know all.
    ("runtime", ALL),
    ("headless", ALL),
    ("cli", ALL),
    ("launch", ALL),
];

const UPPER: &[&str] = &["action", "modals", "app", "screen", "config", "LOWER"];
const ALL: &[&str] = &["ALL"];
/// Rooms that belong to the upper layer or stand over it.
const HIGH: &[&str] = &["action", "modals", "app", "screen", "config", "runtime", "headless", "cli", "launch"];

/// Library → folders (or files) of `src` that may name it.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("ratatui", &["panes", "pages", "ui", "screen", "modals", "runtime"]),
    ("tui_textarea", &["ui", "modals"]),
    ("crossterm", &["runtime"]),
    ("termina", &["runtime/input.rs"]),
    ("procfs", &["source/host", "runtime/stop.rs"]),
    ("sysinfo", &["source/host"]),
    ("libc", &["source/host"]),
    (
        "bollard",
        &["client", "source/docker", "source/objects", "source/rules", "source/logs", "ops", "runtime/handover"],
    ),
    ("hyper_util", &["client"]),
    ("tower_service", &["client"]),
    ("hyper_rustls", &["client"]),
    ("rustls", &["client"]),
    ("rustls_native_certs", &["client"]),
    ("x509_cert", &["client"]),
    ("form_urlencoded", &["client"]),
    ("hickory_net", &["client/dns"]),
    ("resolv_conf", &["client/dns"]),
    ("kube", &["client", "source/kubernetes", "source/logs", "ops", "runtime/handover"]),
    ("k8s_openapi", &["client", "source/kubernetes", "source/logs", "ops", "runtime/handover"]),
    ("nvml_wrapper", &["source/gpu"]),
    ("sqlx", &["journal", "client/postgres"]),
    ("clap", &["cli", "cli.rs"]),
    ("cel", &["rulebook"]),
    ("hcl_edit", &["rulebook"]),
    ("pulldown_cmark", &["rulebook"]),
    ("quick_junit", &["rulebook"]),
    ("ruff_python_parser", &["rulebook"]),
    ("saphyr_parser", &["rulebook"]),
    ("ignore", &["source/repo"]),
    ("notify", &["source/rules"]),
];

/// Words → the only files that may hold them, and why.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    ("Instant::now", &["clock.rs"], "time is told by crate::clock"),
    ("SystemTime::now", &["clock.rs"], "time is told by crate::clock"),
    ("Timestamp::now", &["clock.rs"], "time is told by crate::clock"),
    ("Zoned::now", &["clock.rs"], "time is told by crate::clock"),
    (
        "HttpWriter",
        &[
            "client/http/write.rs",
            "client/named.rs",
            "client/patroni/act.rs",
            "ops/alertmanager.rs",
            "ops/errand.rs",
            "ops/postgres.rs",
            "client/receiver/send.rs",
        ],
        "what changes something over HTTP takes a permit, or tells somebody",
    ),
    (
        "Purpose::Change",
        &["client/postgres/mod.rs", "ops/postgres/server.rs"],
        "what changes something by SQL takes a permit",
    ),
    (
        "PatroniWriter",
        &["client/patroni/act.rs", "ops/postgres.rs"],
        "what changes something by Patroni takes a permit",
    ),
    ("http_writers", &["client/named.rs", "ops/alertmanager.rs"], "what changes something over HTTP takes a permit"),
    (
        "unsafe",
        &["runtime/watch.rs", "source/host/adjtimex.rs", "source/gpu/nvml/raw.rs"],
        "these wrap calls that have no safe wrapper",
    ),
];

/// Lines that a file may have at most.
const LONGEST_FILE: usize = 500;

/// A source file: its path below `src`, its text, and its code without comments, strings and test modules.
struct File {
    path: String,
    text: String,
    code: String,
}

impl File {
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super::` lead from this file to the root of the crate.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    fn line_of(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count() + 1
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.path == *place || self.path.starts_with(&format!("{place}/")))
    }
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files() -> Vec<File> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = source_folder();
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 10, "only {} sources found in {}", paths.len(), root.display());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("sources are UTF-8");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // A module of tests in a file of its own may look at the house from above, as one inside a file may.
        let is_test = name == "tests.rs" || name.ends_with("_tests.rs") || name == "sample.rs";
        let code = if is_test { String::new() } else { without_tests(&without_words(&text)) };
        let path = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
        File { path, text, code }
    };
    let mut files: Vec<_> = paths.into_iter().map(read).collect();
    // A test module in a file of its own may know more, as one at the end of a file may: it keeps its text only.
    let tests: BTreeSet<_> = files.iter().flat_map(test_files).collect();
    for file in files.iter_mut().filter(|file| tests.contains(&file.path)) {
        file.code.clear();
    }
    files
}

/// Paths at which the files may lie that this one declares as modules for tests only.
fn test_files(file: &File) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let below = match name.trim_end_matches(".rs") {
        "mod" | "lib" | "main" => folder.to_owned(),
        stem => format!("{folder}/{stem}"),
    };
    let mut lines = file.text.lines().map(str::trim);
    let mut paths = Vec::new();
    while lines.by_ref().any(|line| line == "#[cfg(test)]") {
        let Some(next) = lines.next() else { break };
        if let Some(path) = next.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            paths.push(format!("{folder}/{path}"));
        } else if let Some((_, module)) = next.strip_suffix(';').and_then(|line| line.rsplit_once("mod ")) {
            paths.extend([format!("{below}/{module}.rs"), format!("{below}/{module}/mod.rs")]);
        }
    }
    paths
}

/// The text with comments, strings and characters blanked out; line breaks and offsets of lines stay.
fn without_words(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_words(&chars, at);
        if end > at {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment, string or character ends that begins here; `at` where none does.
fn end_of_words(chars: &[char], at: usize) -> usize {
    let looks = |from: usize, what: &str| what.chars().enumerate().all(|(i, c)| chars.get(from + i) == Some(&c));
    let find = |from: usize, what: &str| (from..chars.len()).find(|i| looks(*i, what)).unwrap_or(chars.len());
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if looks(at, "//") {
        return find(at, "\n");
    }
    if looks(at, "/*") {
        return (find(at, "*/") + 2).min(chars.len());
    }
    if !after_word && (looks(at, "r\"") || looks(at, "r#") || looks(at, "br\"") || looks(at, "br#")) {
        let from = if chars[at] == 'b' { at + 2 } else { at + 1 };
        let hashes = chars[from..].iter().take_while(|c| **c == '#').count();
        if chars.get(from + hashes) == Some(&'"') {
            let close = format!("\"{}", "#".repeat(hashes));
            return (find(from + hashes + 1, &close) + close.len()).min(chars.len());
        }
    }
    if chars[at] == '"' {
        let mut i = at + 1;
        while i < chars.len() && chars[i] != '"' {
            i += if chars[i] == '\\' { 2 } else { 1 };
        }
        return (i + 1).min(chars.len());
    }
    // A character, not a lifetime.
    if chars[at] == '\'' {
        if chars.get(at + 1) == Some(&'\\') {
            return (find(at + 3, "'") + 1).min(chars.len());
        }
        if chars.get(at + 2) == Some(&'\'') {
            return at + 3;
        }
    }
    at
}

/// The code up to its test module: tests stand at the end of a file and may know more.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut lines = code.lines().peekable();
    while let Some(line) = lines.next() {
        let inline = |next: &&str| next.trim_start().starts_with("mod ") && next.trim_end().ends_with('{');
        if line.trim() == "#[cfg(test)]" && lines.peek().is_some_and(inline) {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

/// Offsets at which the word stands alone.
fn places_of<'c>(code: &'c str, word: &'c str) -> impl Iterator<Item = usize> + 'c {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| !code[..*at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word))
}

/// First names of a path's continuation: `model::x` gives `model`, `{model::x, world}` gives both.
fn first_names(rest: &str) -> Vec<&str> {
    let name = |text: &str| text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let rest = rest.trim_start();
    let Some(group) = rest.strip_prefix('{') else { return vec![&rest[..name(rest)]] };
    let mut names = Vec::new();
    let (mut depth, mut begins) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                begins = false;
                names.push(&group[at..at + name(&group[at..])]);
            }
            _ => {}
        }
    }
    names
}

/// Every room that the file names, with the line.
fn rooms_named(file: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in places_of(&file.code, "crate") {
        if let Some(rest) = file.code[at + 5..].trim_start().strip_prefix("::") {
            found.extend(first_names(rest).into_iter().map(|name| (file.line_of(at), name.to_owned())));
        }
    }
    for at in places_of(&file.code, "super") {
        let (mut rest, mut steps) = (&file.code[at..], 0);
        if file.code[..at].trim_end().ends_with("super::") {
            continue;
        }
        while let Some(next) = rest.strip_prefix("super::") {
            (rest, steps) = (next, steps + 1);
        }
        if steps >= file.depth() {
            found.extend(first_names(rest).into_iter().map(|name| (file.line_of(at), name.to_owned())));
        }
    }
    found
}

fn rooms(files: &[File]) -> BTreeSet<String> {
    files.iter().map(|file| file.room().to_owned()).filter(|room| room != "lib" && room != "main").collect()
}

fn check(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_arrow_points_back() {
    let files = files();
    let rooms = rooms(&files);
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| rooms.contains(file.room())) {
        let room = file.room();
        let Some((_, known)) = MAY_KNOW.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("src/{}:1: room `{room}` has no line in MAY_KNOW of tests/arch.rs", file.path));
            continue;
        };
        for (line, other) in rooms_named(file) {
            let fine = other == room
                || !rooms.contains(&other)
                || known.contains(&"ALL")
                || known.contains(&other.as_str())
                || (known.contains(&"LOWER") && !HIGH.contains(&other.as_str()));
            if !fine {
                let may = if known.is_empty() { "no other room".into() } else { known.join(", ") };
                faults.push(format!("src/{}:{line}: `{room}` may not know `{other}`; it may know {may}", file.path));
            }
        }
    }
    check(faults);
}

#[test]
fn a_library_is_named_in_its_rooms_only() {
    let mut faults = Vec::new();
    for file in &files() {
        for (library, places) in MAY_NAME {
            if file.is_in(places) {
                continue;
            }
            for at in places_of(&file.code, library) {
                let before = file.code[..at].trim_end();
                let after = file.code[at + library.len()..].trim_start();
                // `ratatui::crossterm` is crossterm by another door.
                let first = !before.ends_with("::") || before.ends_with("ratatui::");
                let path = after.starts_with("::") && first;
                let used = before.ends_with("use") && (after.starts_with(';') || after.starts_with("as "));
                if path || used {
                    let line = file.line_of(at);
                    faults.push(format!("src/{}:{line}: `{library}` belongs into {}", file.path, places.join(", ")));
                }
            }
        }
    }
    check(faults);
}

#[test]
fn clocks_and_unsafe_stay_in_their_place() {
    let mut faults = Vec::new();
    for file in &files() {
        for (word, places, why) in ONLY_IN {
            if !file.is_in(places) {
                let lines = places_of(&file.code, word).map(|at| file.line_of(at));
                faults.extend(lines.map(|line| format!("src/{}:{line}: `{word}`: {why}", file.path)));
            }
        }
    }
    check(faults);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut faults = Vec::new();
    for file in &files() {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!(
                "src/{}:{LONGEST_FILE}: {lines} lines; more than {LONGEST_FILE} are two files",
                file.path
            ));
        }
        if !file.text.starts_with("//!") {
            faults.push(format!("src/{}:1: the first line says what the file is, with `//!`", file.path));
        }
    }
    check(faults);
}

#[test]
fn every_room_is_on_the_map() {
    let files = files();
    let map = &files.iter().find(|file| file.path == "lib.rs").expect("src/lib.rs is there").code;
    let listed = |room: &String| map.lines().any(|line| line.trim_end().ends_with(&format!("mod {room};")));
    let missing = rooms(&files).into_iter().filter(|room| !listed(room));
    check(missing.map(|room| format!("src/lib.rs:1: room `{room}` is not listed")).collect());
}

#[test]
fn the_reader_sees_what_it_has_to() {
    let code = without_tests(&without_words(
        "//! crate::world\nuse crate::{model::{a, b}, world::World, view};\nlet s = \"crate::app\"; let c = '\"'; let l: &'static str;\n\
         fn f() -> crate::source::X { super::super::keymap::f(); super::near() }\n#[cfg(test)]\nmod tests {\n use crate::cli; }\n",
    ));
    let file = File { path: "app/keys.rs".into(), text: String::new(), code };
    let named: Vec<_> = rooms_named(&file).into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    assert_eq!(named, ["2 model", "2 world", "2 view", "4 source", "4 keymap"]);
    assert!(places_of("allow(unsafe_code) unsafe {", "unsafe").eq([19]));
}
