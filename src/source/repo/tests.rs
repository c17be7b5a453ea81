//! Reading real folders, with and without git.

use super::*;
use crate::rulebook::tree::{Kind, Parsed};
use std::process::Command;

/// A folder with files, and git where it is there.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("has one"))
        .and_then(|()| std::fs::write(path, text))
        .expect("written");
}

fn git(root: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
    let output = command.output().expect("git is there wherever this is built");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn tree(root: &Path) -> Tree {
    Repo::open(root).and_then(|repo| repo.read(&walk::Exclude::new(["vendor/**"]), &|_, _| ())).expect("read")
}

fn paths(tree: &Tree) -> Vec<&str> {
    tree.files.keys().map(CompactString::as_str).collect()
}

#[test]
fn ignored_files_stay_out_unless_git_tracks_them() {
    let files = [
        (".gitignore", "*.log\nsecret.env\n"),
        ("a.log", ""),
        ("Dockerfile", "FROM x:1\n"),
        ("vendor/Dockerfile", "FROM y\n"),
        ("secret.env", "A=1\n"),
        ("new.yaml", "a: 1\n"),
    ];
    let folder = folder(&files);
    assert_eq!(paths(&tree(folder.path())), [".gitignore", "Dockerfile", "new.yaml"], "without git");
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-f", "Dockerfile", "secret.env", "vendor"]);
    let tree = tree(folder.path());
    assert_eq!(paths(&tree), [".gitignore", "Dockerfile", "new.yaml", "secret.env"]);
    let listed = |path: &str| tree.file(path).map(|file| (file.listed.is_tracked, file.listed.is_ignored));
    assert_eq!(listed("secret.env"), Some((Some(true), true)));
    assert_eq!(listed("new.yaml"), Some((Some(false), false)));
    assert_eq!(tree.file("Dockerfile").map(|file| file.kind), Some(Kind::Dockerfile));
}

#[test]
fn a_change_tells_what_is_new_gone_and_moved() {
    let folder =
        folder(&[("a.yaml", "a: 1\nb: 2\n"), ("b.sh", "#!/bin/sh\necho a long line that stays\n"), ("c.md", "gone\n")]);
    let root = folder.path();
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "one"]);
    write(root, "a.yaml", "a: 1\nb: 3\nc: 4\n");
    git(root, &["mv", "b.sh", "d.sh"]);
    git(root, &["rm", "-q", "c.md"]);
    write(root, "new file.md", "x\ny\n");
    let repo = Repo::open(root).expect("a folder");
    let tree = tree(root);
    let change = repo.change("HEAD", &tree).expect("compared");
    let mut told: Vec<_> = change
        .files
        .iter()
        .map(|file| {
            let (old, new) = (file.old.is_some(), file.new.is_some());
            format!("{} {:?} {old} {new} {:?} {:?}", file.path, file.what, file.old_path, file.added_lines)
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "a.yaml Modified true true None [2, 3]",
            "c.md Deleted true false None []",
            "d.sh Renamed true true Some(\"b.sh\") []",
            "new file.md Added false true None [1, 2]",
        ]
    );
    let wrong = repo.change("nowhere", &tree).expect_err("no such base").to_string();
    assert!(wrong.contains("nowhere") && wrong.contains("--base"), "{wrong}");
    assert!(repo.change("--output=/tmp/x", &tree).is_err());
}

#[test]
fn what_cannot_be_read_is_said() {
    let error = Repo::open(Path::new("/nowhere")).expect_err("not there").to_string();
    assert!(error.starts_with("/nowhere: "), "{error}");
    let folder = folder(&[("a", "")]);
    let error = Repo::open(&folder.path().join("a")).expect_err("a file").to_string();
    assert!(error.contains("no folder"), "{error}");
    let tree = tree(folder.path());
    let repo = Repo::open(folder.path()).expect("a folder");
    assert!(repo.change("HEAD", &tree).expect_err("no git").to_string().contains("no git repository"));
}

#[test]
fn a_large_text_is_unknown_and_a_large_binary_is_left_alone() {
    let folder = folder(&[("small.yaml", "a: 1\n")]);
    let text = "a: 1\n".repeat((50 << 20) / 5);
    for path in ["large.yaml", "dump.sql", "tool", "pictures.map"] {
        let begin = if path == "tool" { "#!/bin/sh\n" } else { "" };
        write(folder.path(), path, &format!("{begin}{text}"));
    }
    let binary = std::fs::File::create(folder.path().join("image")).and_then(|file| file.set_len(50 << 20));
    binary.expect("made");
    let tree = tree(folder.path());
    let parsed = |path: &str| match &tree.file(path).expect("is listed").parsed {
        Parsed::Broken(fault) => fault.message.clone(),
        other => format!("{other:?}").chars().take(7).collect(),
    };
    assert_eq!(
        ["small.yaml", "large.yaml", "dump.sql", "tool", "pictures.map", "image"].map(parsed),
        [
            "Yaml([N",
            "larger than 4 MiB; it is not read",
            "larger than 4 MiB; it is not searched for secrets",
            "larger than 4 MiB; it is not read",
            "Nothing",
            "Nothing"
        ]
    );
    assert_eq!(tree.file("tool").map(|file| file.kind), Some(Kind::Shell));
}
