//! 11d: nothing asks a container whether it is well; or it was asked, and is not.

use super::root_user::is_export;
use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        fixture::NOT_BELOW,
        out::Out,
        subject::{
            container::{Container, Declared, Known},
            image::Image,
        },
        syntax::dockerfile::{Base, Dockerfile, Keyword, Stage},
        tree::{File, Parsed, base_name},
    },
};

/// See the module.
pub struct HealthCheck;

static META: Meta = Meta {
    id: "11d",
    title: "no health check",
    level: Level::Warn,
    scopes: &[Scope::Repo, Scope::Docker, Scope::Kube],
    why: "A program can hang and still count as running. Without a check nothing restarts it, and nothing keeps requests away from it.",
    fix: "Add a check of what the program is for: HEALTHCHECK in the image, `healthcheck` in compose, probes in Kubernetes.",
    precedent: &["DL3057", "CIS 4.6", "CIS 5.27", "DS-0026", "POP-102"],
    references: &[
        "https://docs.docker.com/reference/dockerfile/#healthcheck",
        "https://docs.docker.com/reference/compose-file/services/#healthcheck",
        "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
    ],
    parameters: &[NOT_BELOW],
};

impl Check for HealthCheck {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let Some(stage) = dockerfile.final_stage() else { return Judged::No };
        let expected = "HEALTHCHECK CMD …";
        if let Some(check) = dockerfile.last_of(stage, Keyword::Healthcheck) {
            let kind = check.words.first();
            if kind.is_some_and(|kind| kind.raw.eq_ignore_ascii_case("none")) {
                out.at(file, check.span).observed("HEALTHCHECK NONE").expected(expected).fail();
            }
            return Judged::Yes;
        }
        // What is missing may stand in what could not be read, or in a stage that a variable chooses.
        let is_unclear = !dockerfile.faults.is_empty() || matches!(dockerfile.root_of(stage), Some(Base::SomeStage(_)));
        let is_left = is_unclear || is_export(dockerfile, stage) || !serves(dockerfile, stage);
        let (false, Some(from)) = (is_left, dockerfile.from_of(stage)) else {
            return Judged::No;
        };
        out.at(file, from.span).observed("no HEALTHCHECK").expected(expected).fail();
        Judged::Yes
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        if container.is_init {
            return Judged::No;
        }
        let check = &container.health_check;
        if container.health.as_deref() == Some("unhealthy") {
            let draft = out.on(container.resource, &check.pointer).title("container is unhealthy").level(Level::Error);
            let fix = "Read what its check said last, and the log of that time.";
            draft.observed(format!("{} is unhealthy", container.name)).expected("healthy").fix(fix).fail();
            return Judged::Yes;
        }
        let is_image_judged = container.is_built && container.declared == Declared::Compose;
        match check.value {
            _ if container.is_batch => return Judged::No,
            Known::Is(true) => {}
            Known::Unknown => return Judged::No,
            // Its image has one or has not: the Dockerfile is judged.
            Known::Absent if is_image_judged => return Judged::No,
            Known::Absent | Known::Is(false) => {
                let (observed, expected) = match container.declared {
                    Declared::Pod => ("no liveness and no readiness probe", "livenessProbe or readinessProbe"),
                    _ if check.value == Known::Is(false) => ("its health check is switched off", "a health check"),
                    _ => ("no health check", "a health check"),
                };
                let draft = out.on(container.resource, &check.pointer);
                draft.observed(format!("{}: {observed}", container.name)).expected(expected).fail();
            }
        }
        Judged::Yes
    }
}

/// Images that serve something by themselves, for who stands on them without a word of it.
const SERVERS: &[&str] = &[
    "nginx",
    "httpd",
    "caddy",
    "haproxy",
    "traefik",
    "varnish",
    "postgres",
    "mysql",
    "mariadb",
    "mongo",
    "redis",
    "valkey",
    "memcached",
    "rabbitmq",
    "elasticsearch",
    "tomcat",
    "jetty",
    "wordpress",
    "php",
    "grafana",
    "prometheus",
    "keycloak",
];

/// Whether an image runs something that lasts, as far as the file tells: it starts a program or names a port. What has neither is there
/// to be built on, or to build with.
fn serves(dockerfile: &Dockerfile, stage: &Stage) -> bool {
    let has = |keyword| dockerfile.last_of(stage, keyword).is_some();
    let is_server = match dockerfile.root_of(stage) {
        Some(Base::Image(image)) => SERVERS.contains(&base_name(Image::of(image).name)),
        _ => false,
    };
    has(Keyword::Cmd) || has(Keyword::Entrypoint) || has(Keyword::Expose) || is_server
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{
        run::told,
        subject::sample::{is, told_of},
    };

    fn of(text: &str) -> Vec<String> {
        let lines = told(&HealthCheck, &[("Dockerfile", text)]);
        lines.iter().map(|line| line.replace("Dockerfile:", "")).collect()
    }

    #[test]
    fn missing_or_switched_off() {
        assert_eq!(of("FROM scratch\nCMD x"), ["1:1 no HEALTHCHECK"]);
        assert_eq!(of("FROM a:1\nEXPOSE 80"), ["1:1 no HEALTHCHECK"]);
        assert_eq!(of("FROM a/nginx:1\nCOPY x /x"), ["1:1 no HEALTHCHECK"]);
        assert_eq!(of("FROM a:1 AS b\nENTRYPOINT [\"x\"]\nFROM b\nCOPY x /x"), ["3:1 no HEALTHCHECK"]);
        assert_eq!(of("FROM scratch AS base\nHEALTHCHECK CMD /bin/bla\nFROM scratch\nCMD y"), ["3:1 no HEALTHCHECK"]);
        assert_eq!(of("FROM a:1\nHEALTHCHECK CMD x\nHEALTHCHECK none\n"), ["3:1 HEALTHCHECK NONE"]);
        assert_eq!(of("FROM a:1\nCMD y\nONBUILD HEALTHCHECK CMD x\n"), ["1:1 no HEALTHCHECK"]);
    }

    #[test]
    fn present_or_not_for_it() {
        for text in [
            "FROM golang:1.22\nRUN go build\n",
            "FROM scratch\nHEALTHCHECK CMD /bin/bla",
            "FROM scratch AS base\nHEALTHCHECK CMD /bin/bla\nFROM base",
            "FROM a:1\nHEALTHCHECK --interval=5s \\\n  CMD [\"x\"]\n",
            "FROM scratch AS export\nCOPY --from=build /out /\n",
            "FROM a:1 AS x-amd64\nHEALTHCHECK CMD x\nFROM x-$TARGETARCH\n",
            "FROM a:1\nRUN <<EOF\nHEALTHCHECK CMD x\n",
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn containers() {
        let of = |declared, check: Known<bool>| {
            told_of(&HealthCheck, declared, |container| container.health_check.value = check)
        };
        assert_eq!(of(Declared::Pod, Known::Absent), ["/healthcheck web: no liveness and no readiness probe"]);
        assert_eq!(of(Declared::Engine, Known::Absent), ["/healthcheck web: no health check"]);
        assert_eq!(of(Declared::Compose, is(false)), ["/healthcheck web: its health check is switched off"]);
        assert_eq!(of(Declared::Compose, is(true)), ["passed"]);
        assert_eq!(of(Declared::Compose, Known::Unknown), [""; 0]);
        let with = |fill: fn(&mut Container<'_>)| told_of(&HealthCheck, Declared::Compose, fill);
        assert_eq!(with(|container| container.is_built = true), [""; 0], "its Dockerfile is judged");
        assert_eq!(with(|container| container.is_init = true), [""; 0]);
        assert_eq!(with(|container| container.is_batch = true), [""; 0]);
        assert_eq!(with(|container| container.health = Some("unhealthy".into())), ["/healthcheck web is unhealthy"]);
    }
}
