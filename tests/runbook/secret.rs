//! A Secret that is given a new value, and its users with it: the value goes to the cluster and nowhere else.

use crate::{
    bed::{Home, IMAGE, Namespace, set, testbed},
    kubernetes::CLUSTER,
    outside::holding,
};
use base64::Engine as _;
use serde_json::json;

const NEW: &str = "new-value-planted";

#[test]
fn a_secret_is_rotated_and_kept_nowhere_here() {
    let Some(bed) = testbed("secret::a_secret_is_rotated_and_kept_nowhere_here", CLUSTER) else { return };
    let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, "secret"));
    space.apply(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "db", "namespace": space.name },
        "stringData": { "password": "old-value", "user": "shop" },
    }));
    space.sleeper("Deployment", "web", 1, IMAGE);
    space.kubectl(&["rollout", "status", "--timeout=240s", "deployment/web"]);
    let outside = tempfile::tempdir().expect("a folder");
    let file = outside.path().join("value");
    std::fs::write(&file, NEW).expect("written");
    let values = [
        "context=testbed".to_owned(),
        format!("namespace={}", space.name),
        "key=password".into(),
        "workload=web".into(),
    ];
    let secret = format!("value={}", file.display());
    // Which Secret need not be said where there is one; where there are several, they are named.
    let other = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "cache", "namespace": space.name },
        "stringData": { "password": "other" },
    });
    space.apply(&other);
    let plan = [&["plan", "secret-rotation", "--secret", &secret][..], &set(&values)].concat();
    let unclear = home.said(&plan);
    assert!(
        unclear.code == 2 && unclear.errors.contains("secret: --set secret=… gives it, there are cache, db"),
        "{}",
        unclear.all()
    );
    space.kubectl(&["delete", "secret", "cache"]);
    let start = [&["run", "secret-rotation", "--yes", "--json", "--secret", &secret][..], &set(&values)].concat();
    let waits = home.said(&start);
    assert_eq!((waits.code, waits.outcome()), (1, "paused"), "{}", waits.all());
    assert!(waits.last()["text"].as_str().expect("a text").contains("--done withdraw"), "{}", waits.all());
    let encoded = base64::engine::general_purpose::STANDARD.encode(NEW);
    assert_eq!(space.get("secret/db", "{.data.password}"), encoded);
    assert_eq!(space.get("secret/db", "{.data.user}"), "c2hvcA==", "the other key stays");
    assert_eq!(space.generation("deployment/web"), 2, "it was restarted once");
    for text in [NEW, &encoded] {
        assert!(!waits.all().contains(text), "{}", waits.all());
        assert_eq!(holding(home.path(), text), Vec::<String>::new());
    }
    let done = home.said(&["resume", waits.run(), "--done", "withdraw", "--secret", &secret, "--json"]);
    assert_eq!((done.code, done.outcome()), (0, "succeeded"), "{}", done.all());
}
