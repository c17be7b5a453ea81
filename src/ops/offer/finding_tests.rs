//! Tests of what is offered for findings.

use super::*;
use crate::{
    model::{
        finding::{Finding, Level, Span},
        update::Update,
    },
    ops::{offer, operation::Operation},
};

fn finding(check: &str, scope: Scope, resource: &str) -> Ruling {
    let file = matches!(scope, Scope::Repo).then(|| resource.into());
    let finding = Finding {
        check: check.into(),
        fingerprint: format!("{check}-{resource}").into(),
        title: "container runs privileged".into(),
        level: Level::Block,
        status: Status::Fail,
        scope,
        resource: resource.into(),
        origin: "prod".into(),
        span: file.is_some().then(|| Span::on_line(4, 5, 2)),
        file,
        pointer: None,
        observed: String::new(),
        expected: String::new(),
        fix: Default::default(),
        owner: None,
        waiver: None,
    };
    Ruling { finding, first_seen: Timestamp::UNIX_EPOCH, is_new: false, history: Vec::new() }
}

fn world(change: impl FnOnce(&mut RuleNews)) -> World {
    let now = "2026-11-28T10:00:00.5Z".parse().expect("a time");
    let mut news = RuleNews {
        source: "rules/repo".into(),
        root: Some("/srv/infra".into()),
        user: Some("/home/a/config.toml".into()),
        rulings: vec![
            finding("11f", Scope::Repo, "deploy/a.yml"),
            finding("11f", Scope::Kube, "Pod shop/web"),
            finding("14-attested", Scope::Repo, "release 7"),
        ],
        ..RuleNews::default()
    };
    news.rulings[2].finding.file = None;
    change(&mut news);
    let mut world = World::at(now);
    world.apply(now, "rules/repo", vec![Update::Rules(Box::new(news))]);
    world
}

fn targets(world: &World) -> Vec<ObjectRef> {
    world.observed.rulings.iter().map(|ruling| ObjectRef::new(ObjectKind::Violation, ruling.key())).collect()
}

fn made(world: &World, at: usize, word: &str, values: &[&str]) -> Result<Operation, Wrong> {
    let target = &targets(world)[at];
    offer::find(word, target).expect("offered").operation(target, world, values)
}

fn change(operation: Result<Operation, Wrong>) -> RuleChange {
    match operation {
        Ok(Operation::Rules(change)) => *change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_waiver_says_what_it_covers_and_lands_where_the_finding_belongs() {
    let world = world(|_| {});
    let waive = |at, covers, file| {
        let change = change(made(&world, at, "waive", &["moves", "ann", "14d", covers, file]));
        let Addition::Waive(waivers) = change.addition else { panic!("another addition") };
        (change.file, waivers[0].waiver.target.clone(), waivers[0].waiver.expires.clone(), waivers[0].blocks)
    };
    let (repository, own) = (RuleFile::Repository("/srv/infra".into()), RuleFile::User("/home/a/config.toml".into()));
    assert_eq!(waive(0, "place", ""), (repository.clone(), "deploy/a.yml".into(), "2026-12-12".into(), true));
    assert_eq!(waive(0, "finding", "repository").1, "11f-deploy/a.yml");
    assert_eq!(waive(0, "deploy/*", "own"), (own.clone(), "deploy/*".into(), "2026-12-12".into(), true));
    assert_eq!(waive(1, "place", "").0, own, "it belongs to no repository");
    assert_eq!(waive(1, "place", "repository"), (repository, "prod: Pod shop/web".into(), "2026-12-12".into(), true));
}

#[test]
fn what_is_missing_or_wrong_is_named_with_its_field() {
    let world = world(|_| {});
    let wrong = |values: &[&str]| made(&world, 0, "waive", values).expect_err("wrong");
    assert_eq!(wrong(&[" ", "ann", "14d", "place", ""]).field, 0);
    assert_eq!(wrong(&["r", "", "14d", "place", ""]).field, 1);
    assert_eq!(wrong(&["r", "ann", "2026-11-27", "place", ""]), Wrong { field: 2, why: "that is over already".into() });
    assert_eq!(wrong(&["r", "ann", "31.12.2026", "place", ""]).field, 2);
    assert_eq!(wrong(&["r", "ann", "14d", "place", "elsewhere"]).field, 4);
    let alone = self::world(|news| (news.root, news.user) = (None, None));
    assert!(made(&alone, 1, "waive", &["r", "ann", "14d", "place", ""]).is_err());
    let accepted = self::world(|news| news.rulings[0].finding.status = Status::Waived);
    assert!(made(&accepted, 0, "accept", &[]).expect_err("accepted").why.contains("already"));
}

#[test]
fn an_attestation_is_filled_in_from_what_is_asked_for() {
    let world = world(|_| {});
    let offer = offer::find("attest", &targets(&world)[2]).expect("offered");
    let defaults = offer.defaults(&targets(&world)[2], &world);
    assert_eq!((defaults[0].as_str(), defaults[1].as_str(), defaults[3].as_str()), ("14", "release 7", ACTOR));
    let values = ["14", "release 7", "docs/proof.md", "ann", "security", "bob", "2027-02-28"];
    let change = change(made(&world, 2, "attest", &values));
    let Addition::Attest(attestation) = change.addition else { panic!("another addition") };
    assert_eq!(
        (attestation.at.as_str(), attestation.expires.as_str()),
        ("2026-11-28T10:00:00Z", "2027-02-28T23:59:59Z")
    );
    assert_eq!(attestation.requested_by.as_deref(), Some("bob"));
    assert!(
        made(&world, 0, "attest", &["11", "", "x", "ann", "ops", "", "9d"]).expect_err("not vouched for").field == 0
    );
}

#[test]
fn a_file_is_opened_at_the_line_and_what_is_in_none_is_not() {
    let world = world(|_| {});
    let Ok(Operation::OpenFile(file)) = made(&world, 0, "edit", &[]) else { panic!("not made") };
    assert_eq!((file.path(), file.line, file.column), ("/srv/infra/deploy/a.yml".into(), 4, 5));
    assert!(made(&world, 1, "edit", &[]).is_err());
}
