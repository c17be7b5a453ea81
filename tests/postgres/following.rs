//! A standby cluster of another site, made a cluster of its own by its runbook: what it followed is fenced by people, a second person
//! approves, and it is done once.

use crate::{
    bed::{Bed, roles},
    runbook::{Home, verdict},
};

#[test]
fn a_standby_cluster_takes_writes_once_and_a_cluster_that_leads_is_refused() {
    let Some(mut site) = Bed::patroni("the promotion of a standby cluster") else { return };
    let (leader, ..) = roles(&site.look());
    let lead = Home::of(&site);
    let values = |home: &Home| format!("endpoint={}", home.endpoint);
    let start = |home: &Home, more: &[&str]| {
        let endpoint = values(home);
        let first = ["run", "patroni-promote-cluster", "--set", &endpoint, "--yes", "--json"];
        let output = home.run(&["--actor", "ann"], &[&first[..], more].concat());
        (output.status.code(), verdict(&output))
    };
    let (code, end) = start(&lead, &["--set", &format!("candidate={leader}")]);
    let said = end["text"].as_str().unwrap_or_default();
    assert_eq!((code, said.contains("it is no standby cluster")), (Some(4), true), "{end}");

    let mut bed = Bed::following(&site, "site-b");
    let before = bed.look();
    site.sql(&leader, "CREATE TABLE IF NOT EXISTS of_site_a (line text); INSERT INTO of_site_a VALUES ('kept')");
    let written = site.look().position_of(&leader).expect("it says");
    bed.wait_until("what was written there arrives", |cluster| {
        cluster.position_of("s1").is_some_and(|position| position >= written)
    });
    let home = Home::of(&bed);
    // The site is lost: its leader dies as a machine does that loses its power.
    site.script(&["kill-node"], &[&leader]);
    let (code, end) = start(&home, &[]);
    let said = end["text"].as_str().unwrap_or_default();
    assert_eq!((code, &end["outcome"]), (Some(1), &"paused".into()), "{end}");
    assert!(said.contains("fenced.how"), "who fenced it, and how, is for a person to say: {said}");
    let run = end["run"].as_str().expect("its name").to_owned();
    let fenced = ["resume", &run, "--yes", "--json", "--answer", "fenced.how=ann switched the power off"];
    let asked = verdict(&home.run(&["--actor", "ann"], &fenced));
    let said = asked["text"].as_str().unwrap_or_default();
    assert!(said.contains("ann switched the power off") && said.contains("what s1 has received"), "{asked}");
    assert_eq!(home.run(&["--actor", "bob"], &["approve", &run]).status.code(), Some(0));
    let resumed = home.run(&["--actor", "ann"], &["resume", &run, "--yes", "--json"]);
    let end = verdict(&resumed);
    assert_eq!((resumed.status.code(), &end["outcome"]), (Some(0), &"succeeded".into()), "{end}");
    let after = bed.look();
    assert_eq!(after.timeline_of("s1"), before.timeline_of("s1").map(|timeline| timeline + 1), "promoted once");
    assert_eq!(bed.sql("s1", "SELECT DISTINCT line FROM of_site_a"), "kept");
    let (code, end) = start(&home, &["--set", "candidate=s1"]);
    assert_eq!((code, &end["outcome"]), (Some(4), &"refused".into()), "it takes writes already: {end}");
}
