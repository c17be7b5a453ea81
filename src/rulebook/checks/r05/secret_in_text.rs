//! 05a: a secret in a file of the repository, by its shape, its name and how random it is.

use crate::{
    model::finding::{Level, Scope},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        tree::File,
    },
};
use std::collections::BTreeMap;

/// 05a.
pub struct SecretInText;

static META: Meta = Meta {
    id: "05a",
    title: "secret in a file",
    level: Level::Block,
    scopes: &[Scope::Repo],
    why: "Whoever can read the repository, a copy of it or its history can use the secret, and it stays in the history after the line is gone.",
    fix: "Revoke the secret at its issuer, make a new one, and let the file refer to where it is kept (a secret store, `${VARIABLE}`, \
          `/run/secrets/…`). If it is no secret, say so on its line: `flightdeck:allow`.",
    precedent: &["gitleaks"],
    references: &[
        "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        "https://docs.github.com/en/code-security/secret-scanning/introduction/about-secret-scanning",
        "https://github.com/gitleaks/gitleaks",
    ],
    parameters: &[],
};

impl Check for SecretInText {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        // What is binary has no text, and neither has what no other check looks into: only what was found tells that it was looked at.
        if file.text.is_none() && file.secrets.is_empty() {
            return Judged::No;
        }
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for secret in &file.secrets {
            // A weak one could be guessed from a hash of it: it is told by its number alone.
            let name = secret.mark.map_or_else(|| secret.kind.to_owned(), |mark| format!("{} {mark:08x}", secret.kind));
            let times = seen.entry(name.clone()).or_default();
            *times += 1;
            let key = if *times == 1 { name } else { format!("{name} {times}") };
            // A password of a test opens nothing, nor does a key that was made for it; a token that is known by its shape may.
            let is_harmless = secret.is_fixture && (!secret.is_sure() || secret.kind.ends_with("private key"));
            let level = if is_harmless { Level::Info } else { META.level };
            out.at(file, secret.span)
                .level(level)
                .observed(secret.kind)
                .expected("a reference to where the secret is kept")
                .key(key)
                .fail();
        }
        Judged::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::finding::Finding,
        rulebook::{
            policy::Policy,
            run::{Subject, judge, told},
            tree::Tree,
        },
    };

    const TOKEN: &str = "ghp_Zk29dkQm2Lq8xV7bZk29dkQm2Lq8xV7b1234";

    #[test]
    fn secrets_in_files_of_any_kind() {
        let line = format!("# ü\n  token: {TOKEN}\n");
        let files = [
            ("a.yaml", line.as_str()),
            ("notes.txt", &line),
            ("Dockerfile", "FROM a:1\nENV DB_PASSWORD=hunter2\n"),
            ("run.sh", "curl -u me:Zk29dkQm http://h\n"),
        ];
        assert_eq!(
            told(&SecretInText, &files),
            [
                "Dockerfile:2:17 password",
                "a.yaml:2:10 GitHub personal access token",
                "notes.txt:2:10 GitHub personal access token",
                "run.sh:1:12 password of curl",
            ]
        );
    }

    #[test]
    fn lock_files_references_and_marked_lines_pass() {
        let marked = format!("token = \"{TOKEN}\" # flightdeck:allow a fixture\n");
        let lock = format!("checksum = \"{TOKEN}\"\n");
        let files = [
            ("Cargo.lock", lock.as_str()),
            ("tests/fixture.toml", &marked),
            (
                "compose.yaml",
                "services:\n  web:\n    image: a:1\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD}\n",
            ),
            (".env.example", "DB_PASSWORD=changeme\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\n"),
            ("image.bin", "\0ghp_Zk29dkQm2Lq8xV7bZk29dkQm2Lq8xV7b1234"),
        ];
        assert!(told(&SecretInText, &files).is_empty());
    }

    #[test]
    fn tests_hold_passwords_that_open_nothing() {
        let text = format!("password = \"hunter2\"\ntoken = \"{TOKEN}\"\n");
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n    const A: &str = \"DB_PASSWORD=hunter2\";\n}\n";
        let tree = Tree::of(&[("tests/a.py", &text), ("vendor/x/a.py", &text), ("app/a.py", &text), ("a.rs", code)]);
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let of = |path: &str| -> Vec<Level> {
            let file = tree.file(path).expect("is there");
            let verdict = judge(&SecretInText, Subject::File(file), Scope::Repo, &Policy::default(), now);
            verdict.findings.iter().map(|finding| finding.level).collect()
        };
        assert_eq!(of("tests/a.py"), [Level::Info, Level::Block]);
        assert_eq!(of("vendor/x/a.py"), [Level::Info, Level::Block]);
        assert_eq!(of("app/a.py"), [Level::Block, Level::Block]);
        assert_eq!(of("a.rs"), [Level::Info]);
    }

    #[test]
    fn identities_differ_and_hold_no_secret() {
        let text = format!(
            "a: {TOKEN}\nb: {}\nc: {TOKEN}\nDB_PASSWORD=hunter2\nPG_PASSWORD=hunter3\n",
            TOKEN.replace("Zk", "Yk")
        );
        let tree = Tree::of(&[("a.txt", &text)]);
        let file = tree.file("a.txt").expect("is there");
        let now = "2026-01-01T00:00:00Z".parse().expect("a time");
        let findings: Vec<Finding> =
            judge(&SecretInText, Subject::File(file), Scope::Repo, &Policy::default(), now).findings;
        let mut prints: Vec<_> = findings.iter().map(|finding| finding.fingerprint.clone()).collect();
        prints.sort();
        prints.dedup();
        assert_eq!((findings.len(), prints.len()), (5, 5));
        let all = format!("{findings:?}{file:?}");
        assert!(!all.contains(TOKEN) && !all.contains("hunter"));
    }
}
