//! Editing an object of a cluster where something goes wrong: nothing that was typed is lost.

use crate::{
    bed::{Bed, Namespace, on_testbed, read},
    pty::{Pty, Seen},
    sessions::{WORKLOADS, cockpit, find},
    wait::PATIENCE,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// An editor that does something else each time it is called: a script with a line for each.
fn editor(folder: &Path, calls: &[&str]) -> String {
    let at = folder.display();
    let mut script = format!(
        "#!/bin/sh\nn=$(($(cat {at}/calls 2>/dev/null || echo 0) + 1))\necho $n > {at}/calls\ncp \"$1\" {at}/given-$n\ncase $n in\n"
    );
    for (call, line) in calls.iter().enumerate() {
        script.push_str(&format!("{}) {line} ;;\n", call + 1));
    }
    // Nobody knows what to do in a call that was not expected.
    script.push_str("*) exit 9 ;;\nesac\n");
    let file = folder.join("editor");
    fs::write(&file, script).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("set");
    file.display().to_string()
}

/// Marks the Deployment as somebody else would: it is another version of itself then.
fn touch(bed: &Bed, space: &Namespace<'_>) -> String {
    let kubectl = bed.kubectl_command();
    let words: Vec<_> = std::iter::once(kubectl.get_program()).chain(kubectl.get_args()).collect();
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    format!("{} -n {} annotate deployment web touched=yes --overwrite >/dev/null", words.join(" "), space.name)
}

/// Presses the key for editing on the Deployment, once it is the one that the list of workloads shows.
fn edit(pty: &Pty, space: &Namespace<'_>) {
    find(pty, WORKLOADS, &space.name);
    let is_row = |line: &str| line.contains("deployment  web") && line.contains("1/1");
    let is_narrowed = |seen: &Seen| seen.shows(&format!("«{}»", space.name));
    pty.wait_for("the Deployment", |seen| is_narrowed(seen) && seen.screen().contents().lines().any(is_row));
    pty.send("E");
}

/// What lies in the folder of drafts.
fn drafts(state: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(state.join("flightdeck/edits")).expect("there");
    folder.flatten().map(|entry| entry.path()).collect()
}

#[test]
fn what_is_refused_comes_back_to_the_editor_with_the_reason() {
    on_testbed("editing::what_is_refused_comes_back_to_the_editor_with_the_reason", |bed| {
        let space = Namespace::new(bed, "edit");
        space.deploy("web", 1);
        let folder = tempfile::tempdir().expect("a folder");
        let calls = [
            "echo 'typed: [by hand' >> \"$1\"",
            "sed -i -e '/^typed:/d' -e 's/replicas: 1$/replicas: -1/' \"$1\"",
            &format!("sed -i 's/replicas: -1$/replicas: 2/' \"$1\"; {}", touch(bed, &space)),
            // Whoever gives up leaves it as it is.
            "true",
        ];
        let (editor, state) = (editor(folder.path(), &calls), folder.path().join("state"));
        let environment = [("VISUAL", editor.as_str()), ("XDG_STATE_HOME", state.to_str().expect("UTF-8"))];
        let mut pty = cockpit(bed, &["--docker", "none", "--context", "testbed"], &environment);
        edit(&pty, &space);
        pty.wait_for("that it was given up", |seen| seen.shows("it was left as it was refused: nothing was changed"));
        let given = |call: u32| read(&folder.path().join(format!("given-{call}")));
        let refused = |call: u32| given(call).lines().filter(|line| line.contains("refused: ")).collect::<String>();
        assert!(given(1).contains("replicas: 1") && !given(1).contains("refused"), "{}", given(1));
        assert!(given(2).contains("\ntyped: [by hand") && !refused(2).is_empty(), "broken YAML: {}", given(2));
        assert!(given(3).contains("replicas: -1") && refused(3).contains("spec.replicas"), "{}", given(3));
        assert!(given(4).contains("replicas: 2") && refused(4).contains("it was changed meanwhile"), "{}", given(4));
        assert_eq!(read(&folder.path().join("calls")).trim(), "4");
        let kept = drafts(&state);
        assert!(kept.len() == 1 && read(&kept[0]).contains("replicas: 2"), "{kept:?}");
        assert_eq!(space.kubectl(&["get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"]), "1");
        pty.send("q");
        pty.ends_well(PATIENCE);
        pty.assert_restored();
    });
}

#[test]
fn a_change_by_others_before_the_confirmation_is_not_overwritten() {
    on_testbed("editing::a_change_by_others_before_the_confirmation_is_not_overwritten", |bed| {
        let space = Namespace::new(bed, "conflict");
        space.deploy("web", 1);
        let folder = tempfile::tempdir().expect("a folder");
        let calls = ["sed -i 's/replicas: 1$/replicas: 2/' \"$1\"", "sed -i 's/replicas: 1$/replicas: 3/' \"$1\""];
        let (editor, state) = (editor(folder.path(), &calls), folder.path().join("state"));
        let environment = [("VISUAL", editor.as_str()), ("XDG_STATE_HOME", state.to_str().expect("UTF-8"))];
        let mut pty = cockpit(bed, &["--docker", "none", "--context", "testbed"], &environment);
        edit(&pty, &space);
        pty.wait_for("the differences", |seen| seen.shows("+  replicas: 2"));
        space.kubectl(&["annotate", "deployment", "web", "touched=yes"]);
        pty.send("y");
        pty.wait_for("the conflict", |seen| seen.shows("it was changed meanwhile: what you wrote is kept in"));
        let replicas = || space.kubectl(&["get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"]);
        assert_eq!(replicas(), "1");
        let kept = drafts(&state);
        assert!(kept.len() == 1 && read(&kept[0]).contains("replicas: 2"), "{kept:?}");
        // Anew, from what it is now.
        pty.send("E");
        pty.wait_for("the differences", |seen| seen.shows("+  replicas: 3"));
        pty.send("y");
        bed.wait_for("the change", || replicas() == "3");
        assert!(read(&folder.path().join("given-2")).contains("touched:"), "the change of others is in it");
        pty.send("q");
        pty.ends_well(PATIENCE);
        pty.assert_restored();
    });
}
