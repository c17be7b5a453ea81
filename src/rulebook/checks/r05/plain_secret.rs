//! 05b: secrets that stand in the environment of a container or in a ConfigMap, where everybody who may look can read them.

use crate::model::{
    finding::{Level, Scope},
    secrets,
};
use crate::rulebook::{
    check::{Check, Judged, Meta},
    out::Out,
    resource::Resource,
    subject::{
        container::{Container, Declared, Known},
        kubernetes::is,
        objects::is_repeated,
        workload::{has_variable, pod_containers, template},
    },
    syntax::node::{Node, step},
    tree::File,
};
use regex::Regex;
use std::sync::LazyLock;

/// A secret in a plain value.
pub struct PlainSecret;

static META: Meta = Meta {
    id: "05b",
    title: "secret in a plain env value or ConfigMap",
    level: Level::Block,
    scopes: &[Scope::Repo, Scope::Kube],
    why: "Everybody who can read the manifest, the object or the process table has the secret, and it stays in the history of the repository.",
    fix: "Put it into a Secret (or a secret store), refer to it by `secretKeyRef` or a mounted file, and change the secret: this one is known.",
    precedent: &["kube-linter env-var-secret", "kube-linter configmap-with-credentials", "KSV-0109"],
    references: &["https://kubernetes.io/docs/concepts/configuration/secret/"],
    parameters: &[],
};

/// What tells whether a value under a name is a secret, and of what kind.
type OfPair = fn(&str, &str) -> Option<&'static str>;

impl Check for PlainSecret {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        // A patch is no whole object, and brings its values into one all the same.
        file.patches.iter().fold(Judged::No, |judged, patch| match of_resource(patch, secrets::of_pair, out) {
            Judged::Yes => Judged::Yes,
            Judged::No => judged,
        })
    }

    fn resource(&self, resource: &Resource, out: &mut Out<'_>) -> Judged {
        of_resource(resource, secrets::of_pair, out)
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        of_container(container, secrets::of_pair, out)
    }
}

fn of_resource(resource: &Resource, of_pair: OfPair, out: &mut Out<'_>) -> Judged {
    if is(resource, "", "ConfigMap") {
        config_map(resource, of_pair, out);
        return Judged::Yes;
    }
    if template(resource).is_none() || is_repeated(resource) {
        return Judged::No;
    }
    for (pointer, container) in pod_containers(resource) {
        let env = container.get("env").map(Node::items).unwrap_or_default();
        for (at, variable) in env.iter().enumerate() {
            let name = variable.get("name").and_then(Node::as_str).unwrap_or_default();
            if let Some(value) = variable.get("value").and_then(Node::scalar) {
                pair(resource, &format!("{pointer}/env/{at}/value"), (name, &value), of_pair, out);
            }
        }
    }
    Judged::Yes
}

/// A compose service. Containers of pods are judged by their object, so that none is judged twice.
fn of_container(container: &Container<'_>, of_pair: OfPair, out: &mut Out<'_>) -> Judged {
    if container.declared != Declared::Compose {
        return Judged::No;
    }
    for (name, value) in &container.environment {
        if let Known::Is(text) = &value.value {
            pair(container.resource, &value.pointer, (name, text), of_pair, out);
        }
    }
    Judged::Yes
}

fn pair(resource: &Resource, pointer: &str, (name, value): (&str, &str), of_pair: OfPair, out: &mut Out<'_>) {
    if let Some(kind) = secret_of(name, value, of_pair) {
        out.on(resource, pointer)
            .observed(format!("{name} holds a {kind}"))
            .expected("a reference to a Secret")
            .key(name)
            .fail();
    }
}

/// What kind of secret a value is; nothing for the path of a file that holds it, and for what is filled in later.
fn secret_of(name: &str, value: &str, of_pair: OfPair) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    let is_file = (upper.ends_with("_FILE") || upper.ends_with("_PATH")) && value.starts_with(['/', '.']);
    if value.is_empty() || is_file || has_variable(value) { None } else { of_pair(name, value) }
}

/// Longer texts of a ConfigMap are looked at no further than this.
const LONGEST: usize = 64 << 10;
/// `key = value`, `key: value`, `export KEY="value"`, `"key": "value",`: a line of a file that a ConfigMap holds.
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*(?:export\s+|-\s+)?["']?([A-Za-z][A-Za-z0-9_.\-]{1,80})["']?\s*[:=]\s*["']?([^"',\s][^"'\s]{0,400})["']?,?\s*$"#)
        .expect("the pattern is well formed")
});

/// One finding a key: the file that stands under it is one thing.
fn config_map(resource: &Resource, of_pair: OfPair, out: &mut Out<'_>) {
    for entry in resource.at("/data").map(Node::entries).unwrap_or_default() {
        let Some(value) = entry.value.scalar() else { continue };
        let pointer = step("/data", &entry.key);
        if !value.trim_end().contains('\n') {
            pair(resource, &pointer, (&entry.key, value.trim_end()), of_pair, out);
            continue;
        }
        let end = value.char_indices().nth(LONGEST).map_or(value.len(), |(at, _)| at);
        let mut lines = value[..end].lines().filter_map(|line| LINE.captures(line));
        let by_line = lines.find_map(|found| {
            let (name, value) = (found.get(1)?.as_str(), found.get(2)?.as_str());
            secret_of(name, value, of_pair).map(|kind| (name.to_owned(), kind))
        });
        let found = by_line.or_else(|| secrets::find(&value[..end]).first().map(|found| (String::new(), found.kind)));
        if let Some((name, kind)) = found {
            let who = if name.is_empty() { String::new() } else { format!(": {name}") };
            out.on(resource, &pointer)
                .observed(format!("{} holds a {kind}{who}", entry.key))
                .expected("a Secret instead of a ConfigMap")
                .key(format!("{} {name}", entry.key))
                .fail();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    /// The check with a simple notion of a secret, so that what is tested is where it looks.
    struct WithStandIn;

    fn stand_in(name: &str, value: &str) -> Option<&'static str> {
        let is_named = name.to_ascii_lowercase().contains("password");
        (is_named && value.contains("hunter2")).then_some("password")
    }

    impl Check for WithStandIn {
        fn meta(&self) -> &'static Meta {
            &META
        }
        fn resource(&self, resource: &Resource, out: &mut Out<'_>) -> Judged {
            of_resource(resource, stand_in, out)
        }
    }

    fn pod(env: &str) -> Vec<String> {
        told(
            &WithStandIn,
            &[(
                "a.yaml",
                &format!(
                    "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    env:\n    - {env}\n"
                ),
            )],
        )
    }

    #[test]
    fn weak_passwords_are_secrets_too() {
        let text = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: postgres\n      MYSQL_ROOT_PASSWORD: root\n      PW_FILE: /run/secrets/x\n      REDIS_PASSWORD: ${PW}\n      A_PASSWORD: password\n      B_PASSWORD: changeme\n";
        let found = told(&PlainSecret, &[("compose.yml", text)]);
        assert_eq!(
            found,
            [
                "compose.yml:5:26 POSTGRES_PASSWORD holds a password",
                "compose.yml:6:28 MYSQL_ROOT_PASSWORD holds a password",
                "compose.yml:9:19 A_PASSWORD holds a password"
            ]
        );
    }

    #[test]
    fn environments_of_pods() {
        let found = pod("{name: DB_PASSWORD, value: hunter2}");
        assert_eq!(found, ["a.yaml:8:34 DB_PASSWORD holds a password"]);
        assert!(!found[0].contains("hunter2"), "the value is never told");
        for good in [
            "{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: hunter2}}}",
            "{name: DB_PASSWORD_FILE, value: /run/hunter2}",
            "{name: DB_PASSWORD, value: '${hunter2}'}",
            "{name: DB_PASSWORD, value: '$(hunter2)'}",
            "{name: DB_PASSWORD, value: ''}",
            "{name: DB_PASSWORD}",
        ] {
            assert_eq!(pod(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn config_maps_and_the_files_in_them() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  password: hunter2\n  user: hunter2\n  app.ini: |\n    [db]\n    user = x\n    password = hunter2\n    admin_password = hunter2\n";
        let found = told(&WithStandIn, &[("a.yaml", text)]);
        assert_eq!(found, ["a.yaml:5:13 password holds a password", "a.yaml:8:5 app.ini holds a password: password"]);
    }

    #[test]
    fn compose_services_by_their_container() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n";
        assert_eq!(told(&WithStandIn, &[("a.yaml", text)]), [""; 0], "a Secret is where it belongs");
        assert_eq!(secret_of("PASSWORD", "hunter2", stand_in), Some("password"));
        assert_eq!(secret_of("PASSWORD_FILE", "/run/secrets/hunter2", stand_in), None);
    }
}
