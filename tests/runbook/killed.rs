//! The program is killed after every entry of its run, and gone on with: what it has done is done once.

use crate::{
    bed::{Home, IMAGE, Namespace, read_until, set, testbed},
    kubernetes::{CLUSTER, rollback},
};

#[test]
fn killed_after_every_entry_it_goes_on_and_has_acted_once() {
    let Some(bed) = testbed("killed::killed_after_every_entry_it_goes_on_and_has_acted_once", CLUSTER) else { return };
    // A whole run tells how many entries there are.
    let space = Namespace::new(&bed, "whole");
    space.with_bad_image("web");
    let whole = Home::new(Some(&bed))
        .said(&[&["run", "k8s-rollback", "--yes", "--json"][..], &set(&rollback(&space, "web"))].concat());
    assert_eq!(whole.outcome(), "succeeded", "{}", whole.all());
    let count = whole.events.iter().filter(|event| event["sequence"].is_u64()).count() as u64;
    assert!(count > 5, "{}", whole.all());
    for last in 1..count {
        let (home, space) = (Home::new(Some(&bed)), Namespace::new(&bed, &format!("kill-{last}")));
        space.with_bad_image("web");
        let before = space.generation("deployment/web");
        let values = rollback(&space, "web");
        let (mut child, mut out) =
            home.begin(&[&["run", "k8s-rollback", "--yes", "--json"][..], &set(&values)].concat());
        let seen = read_until(&mut out, |event| event["sequence"].as_u64() == Some(last)).expect("it comes so far");
        child.kill().and_then(|()| child.wait()).expect("killed");
        let run = seen["run"].as_str().expect("a name").to_owned();
        let said = home.said(&["resume", &run, "--yes", "--json"]);
        assert_eq!(said.outcome(), "succeeded", "killed after entry {last} ({seen}): {}", said.all());
        let what = "deployment/web";
        let image = space.get(what, "{.spec.template.spec.containers[0].image}");
        // One change of what is asked for, and two revisions of which the older has become the newest.
        assert_eq!((image.as_str(), space.generation(what)), (IMAGE, before + 1), "killed after entry {last} ({seen})");
        assert_eq!(space.get("rs", "{.items[*].metadata.name}").split(' ').count(), 2);
        assert_eq!(space.get(what, "{.metadata.annotations.deployment\\.kubernetes\\.io/revision}"), "3");
    }
}
