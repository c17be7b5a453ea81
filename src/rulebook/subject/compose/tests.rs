//! Projects as compose would put them together, and the place of what is in them.

use super::*;
use crate::rulebook::tree::Tree;
use proptest::prelude::*;

/// Every service that is told, as `project/name: spec`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree::of(files);
    tree.services().map(|one| format!("{}/{}: {}", one.namespace, one.name, one.spec.to_json())).collect()
}

fn at(tree: &Tree, name: &str, pointer: &str) -> String {
    let service = tree.services().find(|one| one.name == name).expect("is there");
    let (file, span) = service.place_of(pointer);
    let span = span.expect("has a place");
    let told = if service.is_told(pointer) { "" } else { " elsewhere" };
    format!("{}:{}:{}{told}", file.expect("has a file"), span.line, span.column)
}

#[test]
fn a_file_by_itself() {
    let text = "x-a: &a {image: 'a:1'}\nservices:\n  web:\n    <<: *a\n    user: '1'\n  x-no: 1\n";
    assert_eq!(told(&[("shop/compose.yaml", text)]), [r#"shop/web: {"image":"a:1","user":"1"}"#]);
    assert_eq!(told(&[("compose.yaml", "name: n\nservices:\n  web:\n")]), ["n/web: {}"]);
    assert_eq!(told(&[("stack.yml", "services: {web: {image: a}}\n")]), [r#"/web: {"image":"a"}"#]);
    assert!(told(&[("values.yaml", "services: {web: {image: {tag: a}}}\n")]).is_empty());
}

#[test]
fn the_override_lies_over_the_base() {
    let base = "services:\n  web:\n    image: a:1\n    command: [a, b]\n    environment:\n      - A=1\n      - B\n    ports:\n      - '80:80'\n    volumes: ['x:/x']\n    depends_on: [db]\n  db: {image: db}\n";
    let over = "services:\n  web:\n    image: a:2\n    command: [c]\n    environment: {A: 2, C: 3}\n    ports:\n      - '80:80'\n      - '81:81'\n    volumes: ['./y:/x']\n    depends_on: {x: {condition: c}}\n";
    let files = [("docker-compose.yml", base), ("docker-compose.override.yml", over)];
    assert_eq!(
        told(&files)[1],
        r#"/web: {"command":["c"],"depends_on":{"db":null,"x":{"condition":"c"}},"environment":{"A":2,"B":null,"C":3},"image":"a:2","ports":["80:80","81:81"],"volumes":["./y:/x"]}"#
    );
    let tree = Tree::of(&files);
    assert_eq!(at(&tree, "web", "/image"), "docker-compose.override.yml:3:12");
    assert_eq!(at(&tree, "web", "/environment/B"), "docker-compose.yml:7:9");
    assert_eq!(at(&tree, "web", "/environment/A"), "docker-compose.override.yml:5:22");
    assert_eq!(at(&tree, "web", "/ports/0"), "docker-compose.yml:9:9");
    assert_eq!(at(&tree, "web", "/ports/1"), "docker-compose.override.yml:8:9");
    assert_eq!(at(&tree, "web", "/mem_limit"), "docker-compose.yml:2:3");
    assert_eq!(at(&tree, "web", "/depends_on/db"), "docker-compose.yml:11:18");
}

#[test]
fn what_was_there_is_reset_or_replaced() {
    let base =
        "services:\n  web:\n    image: a\n    ports: ['1:1']\n    expose: [2]\n    user: x\n  gone: {image: b}\n";
    let over = "services:\n  web:\n    ports: !override ['3:3']\n    expose: !reset []\n    user: !reset null\n  gone: !reset\n";
    let files = [("compose.yml", base), ("compose.override.yml", over)];
    assert_eq!(told(&files), [r#"/web: {"image":"a","ports":["3:3"]}"#]);
}

#[test]
fn a_layer_tells_only_what_it_adds() {
    let base = "services:\n  web:\n    image: a\n    privileged: true\n  db: {image: db}\n";
    let layer = "services:\n  web:\n    pid: host\n  extra:\n    image: b\n";
    let files = [("docker-compose.yml", base), ("docker-compose.prod.yml", layer)];
    let tree = Tree::of(&files);
    let layer = tree.projects().iter().find(|project| project.is_layer).expect("there is one");
    assert_eq!(layer.services.len(), 3);
    let names: Vec<_> = layer.told().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["extra", "web"], "db is as it was");
    let web = layer.service("web").expect("is there");
    assert_eq!(web.origin, "docker-compose.prod.yml");
    assert_eq!(["/privileged", "/pid", "/mem_limit", ""].map(|at| web.is_told(at)), [false, true, false, false]);
    let extra = layer.service("extra").expect("is there");
    assert!(extra.is_told("/mem_limit") && extra.is_told("/image"));
}

#[test]
fn files_without_a_base_stand_alone() {
    let text = "services: {web: {image: a}}\n";
    let tree = Tree::of(&[("a/docker-compose.dev.yml", text), ("a/docker-compose.prod.yml", text)]);
    assert_eq!(
        tree.projects().iter().map(|one| (one.is_layer, one.services.len())).collect::<Vec<_>>(),
        [(false, 1); 2]
    );
}

#[test]
fn the_environment_may_name_the_files() {
    let tree = Tree::of(&[
        (".env", "COMPOSE_FILE=docker-compose.yml:docker-compose.prod.yml\n"),
        ("docker-compose.yml", "services: {web: {image: a}}\n"),
        ("docker-compose.prod.yml", "services: {web: {image: b}}\n"),
    ]);
    assert_eq!(tree.projects().len(), 1);
    assert_eq!(tree.services().next().and_then(|web| web.at("/image")?.as_str()), Some("b"));
}

#[test]
fn variables_are_filled_in_but_for_what_may_be_secret() {
    let text = "services:\n  web:\n    image: a:${TAG}\n    user: ${WHO}\n    mem_limit: ${MEM:-1g}\n    environment:\n      PW: ${PW}\n      X: ${X:-y}\n";
    let files = [("compose.yaml", text), (".env", "TAG=3\nPW=hunter2\n")];
    let tree = Tree::of(&files);
    let web = tree.services().next().expect("is there");
    let text = |pointer| web.at(pointer).and_then(Node::as_str);
    assert_eq!((text("/image"), text("/mem_limit"), text("/environment/X")), (Some("a:3"), Some("1g"), Some("y")));
    let opaque = |pointer| web.at(pointer).is_some_and(Node::is_opaque);
    assert!(opaque("/user") && opaque("/environment/PW"));
}

#[test]
fn services_extend_others() {
    let common = "services:\n  base:\n    image: a\n    privileged: true\n  deep:\n    extends: base\n    user: '1'\n";
    let text = "services:\n  web:\n    extends: {file: ../common.yml, service: deep}\n    user: '2'\n";
    let files = [("common.yml", common), ("shop/compose.yml", text)];
    let tree = Tree::of(&files);
    assert_eq!(told(&files), [r#"shop/web: {"image":"a","privileged":true,"user":"2"}"#]);
    assert_eq!(at(&tree, "web", "/privileged"), "common.yml:4:17");
    assert_eq!(at(&tree, "web", "/mem_limit"), "shop/compose.yml:2:3");
}

#[test]
fn what_is_told_of_in_another_project_is_not_told_again() {
    let base = "services:\n  web:\n    image: a\n    privileged: true\n";
    let text = "services:\n  web2:\n    extends: {file: ../z/compose.yml, service: web}\n";
    let tree = Tree::of(&[("z/compose.yml", base), ("a/compose.yml", text)]);
    assert_eq!(at(&tree, "web", "/privileged"), "z/compose.yml:4:17");
    assert_eq!(at(&tree, "web2", "/privileged"), "z/compose.yml:4:17 elsewhere");
    assert_eq!(at(&tree, "web2", "/mem_limit"), "a/compose.yml:2:3");
}

#[test]
fn what_cannot_be_extended_leaves_it_partial() {
    let text = "services:\n  a:\n    extends: {file: ../../out.yml, service: x}\n    image: i\n  b: {extends: nobody, image: i}\n  c: {extends: d}\n  d: {extends: c}\n  e: {extends: {file: none.yml, service: x}}\n";
    let tree = Tree::of(&[("compose.yaml", text)]);
    let [project] = tree.projects() else { panic!("one project") };
    assert!(project.services.iter().all(|service| is_partial(service)));
    let problems: Vec<_> = project.problems.iter().map(|one| one.observed.as_str()).collect();
    assert_eq!(
        problems,
        ["extends nobody", "c extends d, which extends it again", "d extends c, which extends it again"].map(|text| {
            match text {
                "c extends d, which extends it again" => "d extends c, which extends it again",
                "d extends c, which extends it again" => "c extends d, which extends it again",
                text => text,
            }
        })
    );
    let leads: Vec<_> =
        project.leads.iter().map(|lead| (lead.written.as_str(), lead.path.is_some(), lead.is_there)).collect();
    assert_eq!(leads, [("../../out.yml", false, false), ("none.yml", true, false)]);
}

#[test]
fn included_files_belong_to_the_project() {
    let files = [
        (
            "compose.yaml",
            "include:\n  - db/compose.yaml\n  - {path: [x.yml], env_file: x.env}\nservices: {web: {image: a, env_file: [web.env]}}\n",
        ),
        ("db/compose.yaml", "services: {db: {image: 'db:${TAG}'}}\nvolumes: {data: }\n"),
        ("db/.env", "TAG=9\n"),
        ("x.yml", "services: {x: {image: 'x:${TAG}'}}\n"),
        ("x.env", "TAG=7\n"),
    ];
    assert_eq!(
        told(&files),
        [r#"/db: {"image":"db:9"}"#, r#"/web: {"env_file":["web.env"],"image":"a"}"#, r#"/x: {"image":"x:7"}"#]
    );
    let tree = Tree::of(&files);
    let [project] = tree.projects() else { panic!("one project") };
    assert!(project.whole.at("/volumes/data").is_some());
    let missing: Vec<_> =
        project.leads.iter().filter(|lead| !lead.is_there).map(|lead| lead.written.as_str()).collect();
    assert_eq!(missing, ["web.env"]);
}

#[test]
fn files_that_include_each_other_come_to_an_end() {
    let one = "include: [b.yml]\nservices: {a: {image: a}}\n";
    let two = "include: [compose.a.yml]\nservices: {b: {image: b}}\n";
    let tree = Tree::of(&[("compose.a.yml", one), ("b.yml", two)]);
    assert_eq!(tree.services().count(), 2);
    assert!(tree.projects().iter().any(|project| !project.problems.is_empty()));
    let missing = Tree::of(&[("compose.yml", "include: [none.yml]\nservices: {a: {image: a}}\n")]);
    assert!(missing.projects()[0].is_open);
}

#[test]
fn hostile_files_take_no_long_time() {
    let mut chain = String::from("services:\n  s0: {image: a}\n");
    for at in 1..5_000 {
        chain.push_str(&format!("  s{at}: {{extends: s{}, ports: ['{at}']}}\n", at - 1));
    }
    assert_eq!(Tree::of(&[("compose.yml", &chain)]).services().count(), 5_000);
    let wide: String = (0..20_000).map(|at| format!("      K{at}: v\n")).collect();
    let wide = format!("services:\n  a:\n    image: a\n    environment:\n{wide}");
    Tree::of(&[("compose.yml", &wide), ("compose.override.yml", &wide), ("compose.x.yml", &wide)]);
}

proptest! {
    #[test]
    fn any_files_are_put_together(
        one in "(services|include|  a|  b|    extends|    image|    ports|: |\\[|\\]|\\{|\\}|, |- |\n|!reset |x\\.yml|\\$\\{A|null){0,30}",
        two in any::<String>(),
    ) {
        Tree::of(&[("compose.yml", &one), ("compose.override.yml", &two), ("compose.x.yml", &one), ("x.yml", &one), (".env", &two)]);
    }
}
