//! 11l: a secret goes into an image: with `ARG`, `ENV`, `COPY` or `ADD`.

mod files;
mod names;

use crate::{
    model::{
        finding::{Level, Scope, Span},
        secrets,
    },
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        syntax::dockerfile::{Instruction, Keyword, Origin, Pair, UNKNOWN},
        tree::{File, Parsed},
    },
};
use std::collections::HashSet;

/// See the module.
pub struct ImageSecrets;

static META: Meta = Meta {
    id: "11l",
    title: "secret in the image",
    level: Level::Block,
    scopes: &[Scope::Repo],
    why: "What ARG, ENV and COPY bring stays in the image and its history, also when a later step deletes it. Whoever can pull the image \
          can read it.",
    fix: "Mount it while building (`RUN --mount=type=secret`) and hand it to the container when it starts. Replace a secret that was in \
          an image already.",
    precedent: &["DL3064", "DS-0031", "buildkit SecretsUsedInArgOrEnv"],
    references: &[
        "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
        "https://docs.docker.com/build/building/secrets/",
    ],
    parameters: &[],
};

impl Check for ImageSecrets {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        let Parsed::Dockerfile(dockerfile) = &file.parsed else { return Judged::No };
        let mut found = Vec::new();
        let mut global = HashSet::new();
        for instruction in &dockerfile.instructions {
            match instruction.keyword {
                Keyword::Arg => arguments(instruction, &mut global, &mut found),
                Keyword::Env => environment(instruction, &mut found),
                Keyword::Copy | Keyword::Add => copied(instruction, &mut found),
                _ => {}
            }
        }
        for Secret { span, observed, expected } in found {
            out.at(file, span).observed(observed).expected(expected).fail();
        }
        Judged::Yes
    }
}

/// What was found; `observed` never holds the secret.
struct Secret {
    span: Span,
    observed: String,
    expected: &'static str,
}

const MOUNTED: &str = "RUN --mount=type=secret";
const AT_START: &str = "given when the container starts";

/// An argument by the name of a secret is one whether it has a default or is given: both are in the image's history.
fn arguments<'d>(instruction: &'d Instruction, global: &mut HashSet<&'d str>, found: &mut Vec<Secret>) {
    for pair in &instruction.pairs {
        let is_empty = pair.value.as_ref().is_none_or(|value| value.partial.is_empty());
        let is_named = names::is_secret(&pair.name) && (is_empty || hides(pair));
        let Some(kind) = kind(pair, is_named) else { continue };
        // A stage that only asks for what stands above is the same violation.
        let is_new = instruction.stage.is_none() && global.insert(&pair.name);
        if !is_new && pair.value.is_none() && global.contains(pair.name.as_str()) {
            continue;
        }
        found.push(Secret { span: pair.name_span, observed: format!("ARG {}{kind}", pair.name), expected: MOUNTED });
    }
}

fn environment(instruction: &Instruction, found: &mut Vec<Secret>) {
    for pair in &instruction.pairs {
        let Some(kind) = kind(pair, names::is_secret(&pair.name) && hides(pair)) else { continue };
        found.push(Secret { span: pair.name_span, observed: format!("ENV {}{kind}", pair.name), expected: AT_START });
    }
}

/// What to say of a pair: nothing where it is no secret, otherwise what kind it seems to be.
fn kind(pair: &Pair, is_named: bool) -> Option<String> {
    let value = pair.value.as_ref().and_then(|word| word.value()).unwrap_or_default();
    let by_look = || secrets::find(value).into_iter().next().map(|secret| secret.kind);
    let by_name = || secrets::of_pair(&pair.name, value).filter(|_| !names::is_other(&pair.name));
    match by_look().or_else(by_name).filter(|_| !value.is_empty()) {
        Some(kind) => Some(format!(" ({kind})")),
        None => is_named.then(String::new),
    }
}

/// Whether the value of a pair can be a secret.
fn hides(pair: &Pair) -> bool {
    let Some(word) = &pair.value else { return false };
    if word.partial.contains(UNKNOWN) {
        // A build argument becomes a part of the image; what comes from the image below is another's.
        return word.variables.iter().any(|variable| variable.origin == Origin::BuildArgument && !variable.is_guarded);
    }
    names::is_literal(&word.partial)
}

fn copied(instruction: &Instruction, found: &mut Vec<Secret>) {
    // What comes out of another stage or image was made there; only what is nothing but a secret is told again.
    let is_made = instruction.flag("from").is_some();
    // The last word is where it goes. Texts that stand in the file itself are looked through with the file.
    let sources = instruction.words.split_last().map_or(&[][..], |(_, sources)| sources);
    let keyword = instruction.keyword.word();
    for source in sources {
        if let Some(what) = files::secret(&source.partial, is_made) {
            let path = source.partial.replace(UNKNOWN, "…");
            found.push(Secret { span: source.span, observed: format!("{keyword} {path} ({what})"), expected: MOUNTED });
        } else if files::has_password(&source.partial) {
            let observed = format!("{keyword} of a URL with a password");
            found.push(Secret { span: source.span, observed, expected: MOUNTED });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::run::told;

    fn of(text: &str) -> Vec<String> {
        let lines = told(&ImageSecrets, &[("Dockerfile", &format!("FROM a:1\n{text}\n"))]);
        lines.iter().map(|line| line.replace("Dockerfile:", "")).collect()
    }

    #[test]
    fn arguments_and_environment() {
        assert_eq!(of("ENV DB_PASSWORD=hunter2 A=b"), ["2:5 ENV DB_PASSWORD (password)"]);
        assert_eq!(of("ENV A=b \\\n  apikey=bar"), ["3:3 ENV apikey"]);
        assert_eq!(of("ENV SUPER_Secret foo"), ["2:5 ENV SUPER_Secret"]);
        assert_eq!(of("ARG GITHUB_TOKEN"), ["2:5 ARG GITHUB_TOKEN"]);
        assert_eq!(of("ARG SECRET_PASSPHRASE=\nARG auth=bar"), ["2:5 ARG SECRET_PASSPHRASE", "3:5 ARG auth"]);
        assert_eq!(of("ARG NPM_TOKEN\nENV NPM_TOKEN=${NPM_TOKEN}"), ["2:5 ARG NPM_TOKEN", "3:5 ENV NPM_TOKEN"]);
        assert_eq!(of("ENV AWS_SECRET_ACCESS_KEY='abc'"), ["2:5 ENV AWS_SECRET_ACCESS_KEY"]);
        assert_eq!(of("ONBUILD ENV TOKEN=abc"), ["2:13 ENV TOKEN"]);
        let twice = told(&ImageSecrets, &[("Dockerfile", "ARG TOKEN\nFROM a:1\nARG TOKEN\nFROM b:1\nARG TOKEN\n")]);
        assert_eq!(twice, ["Dockerfile:1:5 ARG TOKEN"], "asked for again is the same");
    }

    #[test]
    fn files_and_urls() {
        assert_eq!(of("COPY .env /app/"), ["2:6 COPY .env (environment file)"]);
        assert_eq!(of("COPY package.json .npmrc ./"), ["2:19 COPY .npmrc (npm's credentials)"]);
        assert_eq!(of("ADD [\"id_rsa\", \"/root/.ssh/\"]"), ["2:6 ADD id_rsa (private key)"]);
        assert_eq!(
            of("COPY --chown=1 certs/server.pem x ~/.aws /c/"),
            ["2:16 COPY certs/server.pem (key file)", "2:35 COPY ~/.aws (AWS credentials)"]
        );
        assert_eq!(of("ADD https://me:hunter2@host/x /x"), ["2:5 ADD of a URL with a password"]);
        assert_eq!(
            of("COPY --from=b /root/.ssh/id_rsa /x\nCOPY .env* /x/"),
            ["2:15 COPY /root/.ssh/id_rsa (private key)", "3:6 COPY .env* (environment file)"]
        );
    }

    #[test]
    fn nothing_of_a_secret_is_told() {
        for text in
            ["ENV PASSWORD=hunter2", "ARG TOKEN=hunter2", "ADD https://a:hunter2@b/c /", "ENV KEY_TOKEN hunter2"]
        {
            assert!(of(text).iter().all(|line| !line.contains("hunter2")), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one() {
        for text in [
            "ENV PASSWORD_FILE=/run/secrets/x DB_PASSWORD=/run/secrets/db",
            "ENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=4096",
            "ENV PUBLIC_KEY=abc GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D SORT_KEY=name",
            "ENV API_TOKEN= SECRET_KEY=\"\" PASSWORD_MIN_LENGTH=12 TOKEN_URL=https://x/y SECRET_NAME=x",
            "ENV AUTH_ENABLED=true PASSWORD=${PASSWORD:-} TOKEN=$INHERITED ALLOW_EMPTY_PASSWORD=yes",
            "ENV SECRET_KEY=build-time-placeholder TOKEN=<your-token>",
            "ARG TOKEN_TTL=3600\nARG public_token\nARG AUTHOR=me\nARG KEYCLOAK_VERSION=1\nARG MONKEY",
            "COPY .env.example ca.pem id_rsa.pub certs/ca-bundle.pem .environment public.key .dockerignore ./",
            "COPY --from=build /app/.env /etc/ssl/certs/x.pem ./",
            "ADD https://host/x@1 /x\nADD https://${USER}:${PASS}@host/x /\nCOPY . .\nCOPY a .env",
            "RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci",
            "COPY <<EOF /app/.env\nA=b\nEOF",
            "LABEL password=x",
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text}");
        }
    }
}
