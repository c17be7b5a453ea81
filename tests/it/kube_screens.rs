//! The Kubernetes page under keys: from a cold start to the cause, narrowing, choosing kinds and contexts.

use crate::stage::{self, kube_sample};
use flightdeck::{
    app::{
        App,
        effect::Effect,
        event::{Event, EventKind},
    },
    model::{
        kubernetes::Denied,
        object::{ObjectKind, ObjectRef},
        source::{SourceReport, SourceState},
        topic::TopicSet,
    },
    pages,
};

fn app(size: (u16, u16)) -> App {
    stage::app(stage::settings(), size)
}

fn text(app: &App) -> String {
    let buffer = stage::draw(app);
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
}

fn tab(app: &App) -> &'static str {
    let page = app.view.stack.last().expect("a page is open");
    pages::tabs(&page.object)[page.tab].word()
}

fn shown(app: &App, pane: &str) -> usize {
    app.view.pane(pane).list.order.len()
}

#[test]
fn two_keys_lead_to_why_a_pod_crashes() {
    for size in [(80, 24), (120, 40), (200, 60), (40, 10)] {
        let mut app = app(size);
        stage::press(&mut app, "5 w");
        let page = app.view.stack.last().expect("a page is open");
        assert_eq!(page.object.id, "prod-eu/shop/checkout-7d9f5c-m8w2q", "at {size:?}");
        assert_eq!(tab(&app), "Why");
        assert!(text(&app).contains("OOM kill in container app"), "{}", text(&app));
        stage::press(&mut app, "esc");
        assert!(app.view.stack.is_empty());
        assert_eq!(app.view.focused(), Some("pods"));
    }
}

#[test]
fn a_finding_leads_to_its_object_and_back() {
    let mut app = app((80, 24));
    app.open(kube_sample::open());
    stage::press(&mut app, "w");
    assert_eq!(tab(&app), "Why");
    let seen = text(&app);
    for part in
        ["rollout of revision 31 is stuck", "loading catalogue (412 MiB) into cache", "→ pod checkout-7d9f5c-x2k4p"]
    {
        assert!(seen.contains(part), "«{part}» is missing in\n{seen}");
    }
    stage::press(&mut app, "enter");
    let there = ObjectRef::in_cluster(ObjectKind::Pod, kube_sample::PROD, "shop", "checkout-7d9f5c-x2k4p");
    assert_eq!(app.view.stack.last().map(|page| &page.object), Some(&there));
    assert_eq!(tab(&app), "Why");
    stage::press(&mut app, "esc");
    assert_eq!(app.view.stack.last().map(|page| &page.object), Some(&kube_sample::open()));
    // In the summary nothing is selected until it is asked for; the first of its pods is the first to go to.
    stage::press(&mut app, "left n n enter");
    assert_eq!(app.view.stack.last().map(|page| page.object.kind), Some(ObjectKind::Pod));
}

#[test]
fn every_list_is_narrowed_to_a_namespace() {
    let mut app = app((120, 40));
    stage::press(&mut app, "5");
    let (pods, workloads, nodes) = (shown(&app, "pods"), shown(&app, "workloads"), shown(&app, "nodes"));
    stage::press(&mut app, "n b a t c h enter");
    assert_eq!(app.view.within.words(), "batch");
    assert_eq!(shown(&app, "pods"), 2);
    assert!(shown(&app, "workloads") < workloads);
    assert!(text(&app).contains("in batch"), "{}", text(&app));
    // Two at once, and all again by the number of the first line.
    stage::press(&mut app, "n s h o p space enter");
    assert_eq!(app.view.within.words(), "batch+shop");
    stage::press(&mut app, "n 1");
    assert_eq!((shown(&app, "pods"), shown(&app, "nodes")), (pods, nodes));
}

#[test]
fn a_part_is_not_taken_for_the_whole() {
    let mut app = app((200, 60));
    let denied = |resource: &str, namespace: &str| Denied {
        resource: resource.into(),
        verb: "list".into(),
        namespace: namespace.into(),
    };
    let cluster = app.world.observed.kube.clusters.get_mut(kube_sample::PROD).expect("there");
    cluster.denied = vec![denied("nodes", ""), denied("pods", ""), denied("pods", "vault")];
    cluster.partly = vec![("pods".into(), "shop".into())];
    stage::press(&mut app, "5");
    let seen = text(&app);
    assert!(seen.contains(" in shop  nodes denied"), "{seen}");
    assert!(seen.contains("prod-eu in shop only, vault denied"), "{seen}");
    let cluster = app.world.observed.kube.clusters.get_mut(kube_sample::PROD).expect("there");
    cluster.partly.push(("pods".into(), "batch".into()));
    let seen = text(&app);
    assert!(seen.contains(" in 2 namespaces  nodes denied"), "{seen}");
    app.show_pane("nodes");
    let cluster = app.world.observed.kube.clusters.get_mut(kube_sample::PROD).expect("there");
    cluster.partly.clear();
    app.world.observed.kube.pods = Default::default();
    app.refresh_lists();
    app.show_pane("pods");
    let seen = text(&app);
    assert!(seen.contains("pods denied") && seen.contains("you may not list pods, nor in vault"), "{seen}");
}

#[test]
fn labels_select() {
    let mut app = app((80, 24));
    stage::press(&mut app, "5");
    let filtered = |app: &mut App, filter: &str| {
        app.filter_list("pods", filter).map(|()| shown(app, "pods")).map_err(|error| error.to_string())
    };
    assert_eq!(filtered(&mut app, "label:app=checkout"), Ok(3));
    assert_eq!(filtered(&mut app, "-l app in (checkout,db) status=Running"), Ok(2));
    assert_eq!(filtered(&mut app, "!label:tier=front namespace=shop"), Ok(1));
    assert_eq!(filtered(&mut app, "restarts>5"), Ok(2));
    assert!(filtered(&mut app, "label:app in (a").is_err());
    let error = app.filter_list("kube-events", "label:app=web").map_err(|error| error.to_string());
    assert_eq!(
        error,
        Err("column 7: what is listed here has no labels; quote it to search for the text itself".into())
    );
}

#[test]
fn fields_select() {
    let mut app = app((80, 24));
    stage::press(&mut app, "5");
    let filtered = |app: &mut App, filter: &str| {
        app.filter_list("pods", filter).map(|()| shown(app, "pods")).map_err(|error| error.to_string())
    };
    let all = filtered(&mut app, "").expect("no filter");
    let pending = filtered(&mut app, "phase=Pending").expect("a column");
    assert!(pending > 0 && pending < all);
    assert_eq!(filtered(&mut app, "--field-selector status.phase=Pending"), Ok(pending));
    assert_eq!(filtered(&mut app, "--field-selector=status.phase==Pending"), Ok(pending));
    assert_eq!(filtered(&mut app, "field:status.phase!=Pending"), Ok(all - pending));
    assert_eq!(filtered(&mut app, "field:status.phase=pending"), Ok(0), "as the server, case counts");
    assert_eq!(filtered(&mut app, "-l app=checkout field:metadata.namespace=shop"), Ok(3));
    let error = filtered(&mut app, "field:spec.nodename=a").expect_err("no such field");
    assert!(error.contains("column 7: spec.nodename is no field") && error.contains("spec.nodeName"), "{error}");
    assert!(filtered(&mut app, "field:status.phase").is_err());
}

#[test]
fn selectors_of_any_kind_go_to_the_server_and_stand_in_the_title() {
    let mut app = app((120, 40));
    stage::press(&mut app, "5 K s v c enter alt-l");
    for c in "-l app=web field:metadata.name=web".chars() {
        stage::press(&mut app, &if c == ' ' { "space".to_owned() } else { c.to_string() });
    }
    let enter = EventKind::Key("enter".parse().expect("a key"));
    let effects = app.update(Event { at: app.now, kind: enter });
    let demand = effects.into_iter().find_map(|effect| match effect {
        Effect::Demand(demand) => Some(demand),
        _ => None,
    });
    let selectors = demand.expect("the source is told").selectors;
    assert_eq!((selectors.labels.as_str(), selectors.fields.as_str()), ("app=web", "metadata.name=web"));
    let seen = text(&app);
    assert!(seen.contains("services -l app=web --field-selector metadata.name=web:"), "{seen}");
    // Another kind keeps the labels, which mean the same there, and not the fields.
    stage::press(&mut app, "K i n g enter");
    assert_eq!(app.view.selectors.words(), "-l app=web");
    stage::press(&mut app, "alt-l ctrl-u enter");
    assert!(app.view.selectors.is_empty());
    // The filter knows labels here too.
    stage::press(&mut app, "K s v c enter");
    assert_eq!(app.filter_list("resources", "-l app=web").map(|()| shown(&app, "resources")), Ok(1));
}

#[test]
fn a_kind_is_chosen_by_its_short_name() {
    let mut app = app((80, 24));
    stage::press(&mut app, "5 K s v c enter");
    assert_eq!(app.view.resource.as_deref(), Some("services"));
    assert_eq!(app.view.focused(), Some("resources"));
    assert!(text(&app).contains("CLUSTER-IP"), "{}", text(&app));
    // What the server prints in its own columns can be filtered by them, and be opened.
    assert_eq!(app.filter_list("resources", "type=LoadBalancer").map(|()| shown(&app, "resources")), Ok(1));
    stage::press(&mut app, "enter");
    assert_eq!(app.view.stack[0].object, ObjectRef::resource(kube_sample::PROD, "services", "shop", "web"));
}

#[test]
fn contexts_are_switched_on_and_off() {
    let mut app = app((80, 24));
    stage::press(&mut app, "C d r space esc");
    assert_eq!(app.view.chosen.get("kube/dr-us"), Some(&true));
    // Only the one that is chosen with Enter.
    stage::press(&mut app, "C p r o d enter");
    let chosen = |name: &str| app.view.chosen.get(name).copied();
    assert_eq!(
        (chosen("kube/dr-us"), chosen("kube/staging"), chosen("kube/prod-eu")),
        (Some(false), Some(false), None)
    );
}

#[test]
fn engines_are_switched_on_and_off_as_contexts_are() {
    let mut app = app((120, 40));
    let off = SourceReport {
        name: "docker/spare".into(),
        kind: "docker".into(),
        state: SourceState::Off,
        reason: Some("not chosen: ssh://spare, by Docker context spare".into()),
        hint: None,
        cadence_seconds: None,
        topics: TopicSet::EMPTY,
    };
    stage::give(&mut app, EventKind::Report(off));
    stage::press(&mut app, "4 D");
    let seen = text(&app);
    assert!(seen.contains("Container engines") && seen.contains("ssh://spare, by Docker"), "{seen}");
    stage::press(&mut app, "s p a r e space esc");
    assert_eq!(app.view.chosen.get("docker/spare"), Some(&true));
    app.show_pane("engines");
    app.view.focus.insert(app.view.page, "engines");
    app.refresh_lists();
    stage::press(&mut app, "G space");
    assert_eq!(app.view.chosen.get("docker/spare"), Some(&false));
}

#[test]
fn what_rests_is_hidden_until_it_is_asked_for() {
    let mut app = app((80, 24));
    stage::press(&mut app, "5");
    app.show_pane("workloads");
    let before = shown(&app, "workloads");
    stage::press(&mut app, "o");
    assert_eq!(shown(&app, "workloads"), before + 1, "the ReplicaSet of revision 29");
}
