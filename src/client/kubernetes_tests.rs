//! kubeconfigs as kubectl reads them.

use super::*;
use std::fs;

fn config(context: &str, cluster: &str, server: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {cluster}\n  cluster: {{server: \"{server}\"}}\n\
         contexts:\n- name: {context}\n  context: {{cluster: {cluster}, user: u, namespace: shop}}\n{rest}"
    )
}

fn folder(files: &[(&str, String)]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = files.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

#[test]
fn files_are_merged_and_the_first_word_counts() {
    let one = config("a", "one", "https://one:1", "current-context: a\n");
    let two = config("a", "one", "https://other:1", "current-context: b\n");
    let three = config("b", "three", "https://three:1", "");
    let (folder, mut paths) = folder(&[("1", one), ("2", two), ("3", three)]);
    paths.push(folder.path().join("not-there"));
    let contexts = Contexts::from_files(&[], &paths);
    assert!(contexts.problems().is_empty(), "{:?}", contexts.problems());
    let names: Vec<_> =
        contexts.all().iter().map(|c| (c.name.as_str(), c.server.as_str(), c.current, c.chosen)).collect();
    assert_eq!(names, [("a", "https://one:1", true, true), ("b", "https://three:1", false, false)]);
    assert!(contexts.all()[1].file.ends_with("/3"), "{}", contexts.all()[1].file);
    assert_eq!(contexts.all()[0].namespace, "shop");
    let both = Contexts::from_files(&["all".into()], &paths);
    assert!(both.all().iter().all(|context| context.chosen));
    let named = Contexts::from_files(&["b".into()], &paths);
    assert_eq!(named.all().iter().map(|context| context.chosen).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_is_wrong_is_said() {
    let (_folder, paths) = folder(&[("good", config("prod", "c", "https://c:1", "")), ("bad", "clusters: [\n".into())]);
    let contexts = Contexts::from_files(&["prdo".into()], &paths);
    assert_eq!(contexts.all().len(), 1, "the rest can be used");
    let problems = contexts.problems().join("\n");
    assert!(problems.contains("/bad: "), "{problems}");
    assert!(problems.contains("no context is called prdo") && problems.contains("did you mean «prod»"), "{problems}");
}

#[test]
fn why_none_is_chosen_is_said() {
    let (folder, paths) = folder(&[("one", config("prod", "c", "https://c:1", "")), ("bare", "kind: Config\n".into())]);
    let why = |wanted: &[&str], files: &[PathBuf]| {
        let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
        let namespaces = [("test".to_owned(), vec!["a".to_owned()])].into_iter().collect();
        Contexts::from_files(&wanted, files).with_namespaces(&namespaces).why_none()
    };
    let nowhere = [folder.path().join("not-there")];
    for wanted in [&[][..], &["all"], &["prod"]] {
        let why = why(wanted, &nowhere);
        assert!(why.starts_with("there is no kubeconfig (") && why.contains("not-there): write one"), "{why}");
    }
    assert!(why(&["prdo"], &paths[..1]).starts_with("no context is called prdo in "), "the one that was named");
    assert!(why(&[], &paths[1..]).contains("/bare has no context"));
    assert!(why(&[], &paths[..1]).starts_with("no context is the current one"));
    assert!(Contexts::default().why_none().contains("--context none"));
}

#[tokio::test]
async fn a_client_is_made_once_and_anew_where_the_file_changed() {
    let (_folder, paths) = folder(&[("1", config("a", "one", "http://127.0.0.1:1", ""))]);
    let contexts = Contexts::from_files(&[], &paths);
    contexts.client("a").await.expect("a client");
    assert_eq!(contexts.state().clients.len(), 1);
    contexts.forget("a");
    assert!(contexts.state().clients.is_empty());
    contexts.client("a").await.expect("a client");
    fs::write(&paths[0], config("b", "two", "http://127.0.0.1:2", "")).expect("written");
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    fs::File::options().write(true).open(&paths[0]).and_then(|file| file.set_modified(later)).expect("touched");
    let error = contexts.client("a").await.err().expect("the context is gone").reason;
    assert!(error.contains("the context a in"), "{error}");
    contexts.client("b").await.expect("the new one");
}

#[test]
fn plugins_never_ask_on_the_terminal() {
    let user = "users:\n- name: u\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}}\n";
    let (_folder, paths) = folder(&[("1", config("a", "one", "https://one:1", user))]);
    let (loaded, _) = read(&paths);
    let exec = loaded.config.auth_infos[0].auth_info.as_ref().and_then(|user| user.exec.as_ref());
    assert_eq!(exec.and_then(|exec| exec.interactive_mode.clone()), Some(ExecInteractiveMode::Never));
}
