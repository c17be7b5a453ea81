//! Cases of references that lead nowhere, and of those that only seem to.

use super::Dangling;
use crate::rulebook::{run::told, subject::objects::told_live};

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c}]}\n";

fn service(selector: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  ports: [{{name: http, port: 80}}]\n{selector}"
    )
}

fn with_web(text: &str) -> Vec<String> {
    told(&Dangling, &[("a.yaml", WEB), ("b.yaml", text)])
}

#[test]
fn services_that_select_nothing() {
    assert_eq!(with_web(&service("  selector: {app: web}\n")), [""; 0]);
    assert_eq!(with_web(&service("  selector: {app: api}\n")), ["b.yaml:6:3 selects no pods: app=api"]);
    for good in ["", "  selector: {app: '${APP}'}\n", "  type: ExternalName\n  selector: {app: api}\n"] {
        assert_eq!(with_web(&service(good)), [""; 0], "{good}");
    }
    let knative = service("  selector: {app: api}\n").replace("apiVersion: v1", "apiVersion: serving.knative.dev/v1");
    assert_eq!(with_web(&knative), [""; 0], "somebody else's Service");
}

#[test]
fn namespaces_keep_apart_where_both_give_one() {
    let in_namespace =
        |text: &str, name: &str| text.replace("{name: web}", &format!("{{name: web, namespace: {name}}}"));
    let service = service("  selector: {app: web}\n");
    let of = |a: &str, b: &str| told(&Dangling, &[("a.yaml", a), ("b.yaml", b)]).len();
    assert_eq!(of(&in_namespace(WEB, "x"), &in_namespace(&service, "y")), 1);
    assert_eq!(of(&in_namespace(WEB, "x"), &service), 0);
}

#[test]
fn what_operators_and_charts_make_is_not_missed() {
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: maindb}\nspec: {}\n";
    let service = service("  selector: {cnpg.io/cluster: maindb}\n");
    assert_eq!(told(&Dangling, &[("a.yaml", cluster), ("b.yaml", &service)]), [""; 0]);
    assert_eq!(told(&Dangling, &[("c/Chart.yaml", "name: maindb\nversion: 1.0.0\n"), ("b.yaml", &service)]), [""; 0]);
    assert_eq!(with_web(&service).len(), 1);
}

#[test]
fn ingresses_to_services_and_their_ports() {
    let ingress = |backend: &str| {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: i\n  annotations: {{alb.ingress.kubernetes.io/actions.redirect: x}}\nspec:\n  rules:\n  - http:\n      paths:\n      - backend: {{service: {backend}}}\n"
        );
        let service = service("  selector: {app: web}\n");
        told(&Dangling, &[("a.yaml", WEB), ("b.yaml", &service), ("c.yaml", &text)])
    };
    assert_eq!(ingress("{name: web, port: {number: 80}}"), [""; 0]);
    assert_eq!(ingress("{name: web, port: {name: http}}"), [""; 0]);
    assert_eq!(ingress("{name: redirect, port: {name: use-annotation}}"), [""; 0]);
    assert_eq!(ingress("{name: gone, port: {number: 80}}"), ["c.yaml:10:35 Service gone, which is not there"]);
    assert_eq!(ingress("{name: web, port: {number: 8080}}"), ["c.yaml:10:55 Service web has no port 8080"]);
    let old = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  backend: {serviceName: gone, servicePort: 80}\n";
    assert_eq!(with_web(old), ["b.yaml:5:26 Service gone, which is not there"]);
    let resource = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {defaultBackend: {resource: {kind: Bucket, name: b}}}\n";
    assert_eq!(with_web(resource), [""; 0]);
}

#[test]
fn autoscalers_policies_budgets_sets_and_bindings() {
    let scaler = |kind: &str, name: &str| {
        with_web(&format!(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: h}}\nspec:\n  scaleTargetRef: {{kind: {kind}, name: {name}}}\n"
        ))
    };
    assert_eq!(scaler("Deployment", "web"), [""; 0]);
    assert_eq!(scaler("Deployment", "api"), ["b.yaml:5:44 Deployment api, which is not there"]);
    assert_eq!(scaler("Database", "api"), [""; 0]);
    let policy = |selector: &str| {
        with_web(&format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n}}\nspec:\n  podSelector: {selector}\n"
        ))
    };
    assert_eq!(policy("{}"), [""; 0]);
    assert_eq!(policy("{matchLabels: {app: api}}"), ["b.yaml:5:3 selects no pods: app=api"]);
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\nspec:\n  serviceName: s\n";
    assert_eq!(with_web(set), ["b.yaml:5:16 Service s, which is not there"]);
    let binding = |kind: &str| {
        with_web(&format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: r}}\nroleRef: {{kind: {kind}, name: reader}}\n"
        ))
    };
    assert_eq!(binding("Role"), ["b.yaml:4:29 Role reader, which is not there"]);
    assert_eq!(binding("ClusterRole"), [""; 0]);
}

fn pod(reference: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    env:\n    - name: A\n      valueFrom: {{configMapKeyRef: {reference}}}\n    - name: B\n      valueFrom: {{configMapKeyRef: {reference}}}\n"
    )
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata: {known: x}\n";

#[test]
fn config_maps_are_missed_only_among_others() {
    let of = |reference: &str, more: &[(&str, &str)]| {
        let pod = pod(reference);
        told(&Dangling, &[&[("a.yaml", pod.as_str())], more].concat())
    };
    assert_eq!(of("{name: gone, key: k}", &[]), [""; 0], "the tree declares none");
    assert_eq!(of("{name: gone, key: k}", &[("c.yaml", CONFIG)]), ["a.yaml:9:43 ConfigMap gone, which is not there"]);
    assert_eq!(of("{name: gone, key: k, optional: true}", &[("c.yaml", CONFIG)]), [""; 0]);
    assert_eq!(of("{name: cfg, key: known}", &[("c.yaml", CONFIG)]), [""; 0]);
    assert_eq!(of("{name: cfg, key: other}", &[("c.yaml", CONFIG)]).len(), 2, "each use of a key is a place");
    let generator = "configMapGenerator: [{name: gone, literals: [k=v]}]\n";
    assert_eq!(of("{name: gone, key: k}", &[("c.yaml", CONFIG), ("kustomization.yaml", generator)]), [""; 0]);
}

#[test]
fn accounts_are_missed_only_among_others() {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n";
    let pod = |name: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{serviceAccountName: {name}}}\n")
    };
    let of = |name: &str| told(&Dangling, &[("a.yaml", account), ("b.yaml", &pod(name))]);
    assert_eq!(of("gone"), ["b.yaml:4:28 ServiceAccount gone, which is not there"]);
    assert_eq!((of("robot"), of("default")), (vec![], vec![]));
}

#[test]
fn paths_of_kustomizations() {
    let text = "resources:\n- a.yaml\n- gone.yaml\n- ../base\n- ../empty\n- https://example.com/x.yaml\n- ../../../outside\npatches:\n- path: p.yaml\n- patch: |-\n    - op: add\nconfigMapGenerator:\n- name: c\n  files: [x=a.yaml, y=gone.txt]\nsecretGenerator:\n- name: s\n  files: [gone.key]\n";
    let found = told(
        &Dangling,
        &[
            ("k/over/kustomization.yaml", text),
            ("k/over/a.yaml", "a: 1\n"),
            ("k/base/kustomization.yml", "resources: []\n"),
            ("k/empty/x.txt", "\n"),
        ],
    );
    assert_eq!(
        found,
        [
            "k/over/kustomization.yaml:3:3 gone.yaml, which is not there",
            "k/over/kustomization.yaml:5:3 ../empty, a folder without a kustomization",
            "k/over/kustomization.yaml:9:9 p.yaml, which is not there",
            "k/over/kustomization.yaml:14:21 gone.txt, which is not there",
        ]
    );
}

#[test]
fn live_references_are_missed_where_the_kind_is_seen() {
    let text = pod("{name: gone, key: k}").replace("{name: p}", "{name: p, namespace: shop}");
    let root =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt, namespace: shop}\ndata: {ca.crt: x}\n";
    assert_eq!(told_live(&Dangling, &text, &[]), [""; 0], "ConfigMaps could not be listed");
    let found = told_live(&Dangling, &format!("{text}---\n{root}"), &[]);
    assert_eq!(
        found,
        ["Pod shop/p /spec/containers/0/env/0/valueFrom/configMapKeyRef/name ConfigMap gone, which is not there"]
    );
    let service = service("  selector: {app: api}\n");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: {app: web}}\n";
    let found = told_live(&Dangling, &format!("{pod}---\n{service}"), &[]);
    assert_eq!(found, ["Service web /spec/selector selects no pods: app=api"]);
    let right = service.replace("app: api", "app: web");
    assert_eq!(told_live(&Dangling, &format!("{pod}---\n{right}"), &[]), [""; 0]);
    assert_eq!(told_live(&Dangling, &service, &[]), [""; 0], "nothing that runs could be listed");
}
