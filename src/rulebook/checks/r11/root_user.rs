//! 11c: a container runs as root.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::NOT_BELOW,
        out::Out,
        subject::{
            container::{Container, Declared, Known},
            image::Image,
        },
        syntax::dockerfile::{Base, Dockerfile, Keyword, Stage, UNKNOWN},
        tree::{File, Parsed},
    },
};
use globset::Glob;

/// See the module.
pub struct RootUser;

static META: Meta = Meta {
    id: "11c",
    title: "container runs as root",
    level: Level::Error,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "Whoever breaks into the program is root in the container, and with one mistake in a mount or the kernel root on the host.",
    fix: "Make a user in the image and end with `USER app`; in Kubernetes set `securityContext.runAsNonRoot: true`.",
    precedent: &["DL3002", "DS-0002", "CIS 4.1", "kl run-as-non-root", "KSV-0012"],
    references: &[
        "https://docs.docker.com/build/building/best-practices/#user",
        "https://docs.docker.com/reference/dockerfile/#user",
        "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
    ],
    parameters: &[
        NOT_BELOW,
        Parameter {
            name: "non-root-images",
            about: "Images (with `*`) whose own user is not root: a Dockerfile on top of them needs no USER.",
            default: Value::Texts(&[
                "*nonroot*",
                "*non-root*",
                "*unprivileged*",
                "*rootless*",
                "cgr.dev/chainguard/*",
                "bitnami/*",
                "docker.io/bitnami/*",
                "registry.access.redhat.com/ubi*/nodejs*",
                "registry.access.redhat.com/ubi*/python*",
                "elasticsearch:*",
                "kibana:*",
                "logstash:*",
                "sonarqube:*",
                "solr:*",
                "haproxy:*",
                "memcached:*",
                "varnish:*",
                "open-liberty:*",
                "websphere-liberty:*",
                "odoo:*",
                "emqx:*",
                "spark:*",
                "kong:*",
            ]),
        },
        Parameter {
            name: "root-images",
            about: "Images (with `*`) of registries whose own user is known to be root, as that of Docker's official images; of others nothing is known.",
            default: Value::Texts(&[
                "docker.io/library/*",
                "library/*",
                "public.ecr.aws/docker/library/*",
                "mcr.microsoft.com/dotnet/*",
                "gcr.io/distroless/*",
                "nvidia/cuda*",
                "docker.io/nvidia/cuda*",
                "registry.access.redhat.com/ubi*/ubi*",
            ]),
        },
    ],
};

impl Check for RootUser {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let Some(stage) = dockerfile.final_stage() else { return Judged::No };
        match user_of(dockerfile, stage, &Images::of(out)) {
            User::Root { span, observed } => {
                out.at(file, span).observed(observed).expected("USER with a user that is not root").fail();
            }
            User::Other => {}
            User::Unknown { span, why } => out.at(file, span).unknown(why),
            User::NotJudged => return Judged::No,
        }
        Judged::Yes
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        let (user, non_root) = (&container.user, &container.run_as_non_root);
        // What the pod says for all of its containers is told of the first.
        let place = if matches!(user.value, Known::Absent) { &non_root.pointer } else { &user.pointer };
        if !container.is_teller(place) {
            return Judged::No;
        }
        match &user.value {
            Known::Is(name) => {
                if is_root(name) == Some(true) {
                    let draft = out.on(container.resource, &user.pointer);
                    draft
                        .observed(format!("{} runs as {name}", container.name))
                        .expected("a user that is not root")
                        .fail();
                }
                Judged::Yes
            }
            // Kubernetes refuses to start it as root then.
            _ if non_root.value == Known::Is(true) => Judged::Yes,
            Known::Unknown => {
                let why = format!("the user of {} is given by a variable without a value", container.name);
                out.on(container.resource, &user.pointer).unknown(why);
                Judged::Yes
            }
            Known::Absent => match container.declared {
                // The image decides. Where it is built here its Dockerfile is judged; of one that is pulled nothing can be known, and a
                // finding for every database of every project would be a guess.
                Declared::Compose => Judged::No,
                Declared::Engine => {
                    let draft = out.on(container.resource, &user.pointer);
                    draft
                        .observed(format!("{} runs as root", container.name))
                        .expected("a user that is not root")
                        .fail();
                    Judged::Yes
                }
                Declared::Pod => {
                    let draft = out.on(container.resource, &non_root.pointer);
                    match non_root.value {
                        Known::Unknown => {
                            draft.unknown(format!("runAsNonRoot of {} is given by a variable", container.name))
                        }
                        _ => {
                            let observed = format!("{}: nothing keeps it from running as root", container.name);
                            draft.observed(observed).expected("runAsNonRoot: true, or a runAsUser above 0").fail();
                        }
                    }
                    Judged::Yes
                }
            },
        }
    }
}

/// As whom a stage runs.
enum User {
    Root { span: Span, observed: String },
    Other,
    Unknown { span: Span, why: String },
    NotJudged,
}

fn user_of(dockerfile: &Dockerfile, stage: &Stage, images: &Images<'_>) -> User {
    if let Some(user) = dockerfile.last_of(stage, Keyword::User).and_then(|user| user.words.first()) {
        let (span, raw) = (user.span, user.raw.as_str());
        return match is_root(&user.partial) {
            Some(true) => User::Root { span, observed: raw.to_owned() },
            Some(false) => User::Other,
            None => User::Unknown { span, why: format!("USER {raw}: a variable without a value gives it") },
        };
    }
    let Some(from) = dockerfile.from_of(stage).filter(|_| !is_export(dockerfile, stage)) else {
        return User::NotJudged;
    };
    let span = from.span;
    let unknown = |why: &str| User::Unknown { span, why: why.to_owned() };
    let image = match dockerfile.root_of(stage) {
        Some(Base::Image(image)) => image.as_str(),
        Some(Base::SomeStage(stages)) => return user_of_some(dockerfile, stages, span, images),
        _ => "scratch",
    };
    // Windows has no root; what its images run as is another question.
    if image.contains("/windows/") || image.contains("nanoserver") {
        return User::NotJudged;
    }
    if fits(&images.non_root, image) {
        User::Other
    } else if !dockerfile.faults.is_empty() {
        unknown("no USER was found, and a part of the file cannot be read")
    } else if Image::of(image).name.contains(UNKNOWN) {
        unknown("no USER, and a variable without a value gives the image")
    } else if image.contains('/') && !fits(&images.root, image) {
        unknown("no USER, and that of the image that it stands on is not known")
    } else {
        User::Root { span, observed: "no USER: the image runs as root".to_owned() }
    }
}

/// What is known of images below, as patterns.
struct Images<'a> {
    non_root: Vec<&'a str>,
    root: Vec<&'a str>,
}

impl<'a> Images<'a> {
    fn of(out: &'a Out<'_>) -> Self {
        Self { non_root: out.texts("non-root-images"), root: out.texts("root-images") }
    }
}

fn fits(patterns: &[&str], image: &str) -> bool {
    patterns.iter().any(|pattern| Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(image)))
}

/// As whom a stage runs that stands on one of several: known where it is the same of all.
fn user_of_some(dockerfile: &Dockerfile, stages: &[usize], span: Span, images: &Images<'_>) -> User {
    let below = stages.iter().filter_map(|at| dockerfile.stages.get(*at));
    // One that itself stands on one of several is not followed: each could lead to all before it.
    let users = below.map(|stage| match dockerfile.root_of(stage) {
        Some(Base::SomeStage(_)) => User::NotJudged,
        _ => user_of(dockerfile, stage, images),
    });
    let (mut roots, mut others, mut unclear) = (None, 0, 0);
    for user in users {
        match user {
            User::Root { .. } => roots = roots.or(Some(user)),
            User::Other => others += 1,
            User::Unknown { .. } | User::NotJudged => unclear += 1,
        }
    }
    match roots {
        Some(root) if others + unclear == 0 => root,
        None if unclear == 0 => User::Other,
        _ => User::Unknown {
            span,
            why: "a variable says which stage it stands on, and it has no USER itself".to_owned(),
        },
    }
}

/// Whether a stage only holds files to be taken out of the build: nothing can run in it.
pub(super) fn is_export(dockerfile: &Dockerfile, stage: &Stage) -> bool {
    let has = |keyword| dockerfile.last_of(stage, keyword).is_some();
    dockerfile.root_of(stage) == Some(&Base::Scratch)
        && (has(Keyword::Copy) || has(Keyword::Add))
        && !has(Keyword::Cmd)
        && !has(Keyword::Entrypoint)
}

/// Whether `user`, `user:group` or a number is root; nothing where that cannot be known.
fn is_root(user: &str) -> Option<bool> {
    let user = user.split(':').next().unwrap_or_default().trim();
    if user.contains(UNKNOWN) {
        return None;
    }
    let is_zero = !user.is_empty() && user.bytes().all(|byte| byte == b'0');
    // An empty user is the engine's word for root.
    Some(user.is_empty() || is_zero || user == "root" || user.eq_ignore_ascii_case("ContainerAdministrator"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        run::told,
        subject::sample::{is, told_of},
    };

    fn of(text: &str) -> Vec<String> {
        let lines = told(&RootUser, &[("Dockerfile", text)]);
        lines.iter().map(|line| line.replace("Dockerfile:", "")).collect()
    }

    #[test]
    fn root_in_the_last_stage() {
        assert_eq!(of("FROM scratch\nUSER root\n"), ["2:6 root"]);
        assert_eq!(of("FROM a:1\nUSER 0:0\n"), ["2:6 0:0"]);
        assert_eq!(of("FROM a:1\nUSER app\nRUN x\nUSER root:root\n"), ["4:6 root:root"]);
        assert_eq!(of("FROM debian AS base\nUSER root\nFROM base\nRUN x\n"), ["2:6 root"]);
        assert_eq!(of("FROM a:1\nARG U=root\nUSER ${U}:app\n"), ["3:6 ${U}:app"]);
        assert_eq!(
            of("FROM a:1 AS b\nUSER app\nFROM a:1\nONBUILD USER app\n"),
            ["3:1 no USER: the image runs as root"]
        );
        assert_eq!(
            of("FROM a:1 AS x-1\nFROM b:1 AS x-2\nFROM x-$TARGETARCH\n"),
            ["1:1 no USER: the image runs as root"]
        );
        assert_eq!(of("FROM scratch\nCOPY --from=b /a /\nCMD [\"/a\"]\n"), ["1:1 no USER: the image runs as root"]);
    }

    #[test]
    fn others_pass() {
        for text in [
            "FROM a:1\nUSER root\nRUN x\nUSER app\n",
            "FROM debian AS base\nUSER root\nFROM a:1\nUSER app\n",
            "FROM a:1 AS base\nUSER 1000:0\nFROM base\nRUN x\n",
            "FROM a:1\nARG UID=1000\nUSER ${UID}:${UID}\n",
            "FROM a:1\nENV APP=app\nUSER $APP\n",
            "FROM gcr.io/distroless/static:nonroot\n",
            "FROM cgr.dev/chainguard/node:20\n",
            "FROM nginxinc/nginx-unprivileged:1.27\n",
            "FROM mcr.microsoft.com/windows/nanoserver:1\n",
            "FROM scratch AS export\nCOPY --from=build /out /\n",
            "FROM a:1\nUSER rooty\n",
            "FROM a:1 AS x-amd64\nUSER 1\nFROM a:1 AS x-arm64\nUSER 2\nFROM x-$TARGETARCH\n",
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_known() {
        for text in [
            "FROM gitpod/workspace-base:1\nRUN x\n",
            "FROM registry.own/base:1\n",
            "FROM a:1\nARG U\nUSER $U\n",
            "ARG I\nFROM $I\n",
            "FROM a:1\nRUN <<EOF\nUSER app\n",
            "FROM a:1 AS x-amd64\nUSER app\nFROM a:1 AS x-arm64\nFROM x-$TARGETARCH\n",
        ] {
            let told = of(text);
            assert!(told.len() == 1 && told[0].starts_with("? "), "{text}: {told:?}");
        }
    }

    #[test]
    fn what_a_pod_says_is_told_once() {
        let pod = |own: &str| {
            let head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  securityContext: {runAsUser: 0}\n  containers:\n";
            let text = format!(
                "{head}    - {{name: a, image: 'a:1'{own}}}\n    - {{name: b, image: 'b:1'}}\n    - {{name: c, image: 'c:1'}}\n"
            );
            told(&RootUser, &[("p.yaml", &text)])
        };
        assert_eq!(pod(""), ["p.yaml:5:32 a runs as 0"]);
        assert_eq!(pod(", securityContext: {runAsUser: 9}"), ["p.yaml:5:32 b runs as 0"], "the first that inherits it");
    }

    #[test]
    fn containers() {
        let of = |declared, user: Known<String>, non_root: Known<bool>| {
            told_of(&RootUser, declared, |container| {
                container.user.value = user;
                container.run_as_non_root.value = non_root;
            })
        };
        let (root, app) = (|| is("0".to_owned()), || is("1000:1000".to_owned()));
        for declared in [Declared::Compose, Declared::Engine, Declared::Pod] {
            assert_eq!(of(declared, root(), Known::Absent), ["/user web runs as 0"]);
            assert_eq!(of(declared, app(), Known::Absent), ["passed"]);
            assert!(of(declared, Known::Unknown, Known::Absent)[0].starts_with("? /user"));
        }
        assert_eq!(of(Declared::Compose, Known::Absent, Known::Absent), [""; 0], "the image decides");
        assert_eq!(of(Declared::Engine, Known::Absent, Known::Absent), ["/user web runs as root"]);
        assert_eq!(of(Declared::Engine, is(String::new()), Known::Absent).len(), 1);
        let free = ["/runAsNonRoot web: nothing keeps it from running as root"];
        assert_eq!(of(Declared::Pod, Known::Absent, Known::Absent), free);
        assert_eq!(of(Declared::Pod, Known::Absent, is(false)), free);
        assert_eq!(of(Declared::Pod, Known::Absent, is(true)), ["passed"]);
        assert_eq!(of(Declared::Pod, Known::Unknown, is(true)), ["passed"]);
        assert_eq!(of(Declared::Pod, root(), is(true)), ["/user web runs as 0"], "it never starts");
        assert!(of(Declared::Pod, Known::Absent, Known::Unknown)[0].starts_with("? /runAsNonRoot"));
    }
}
