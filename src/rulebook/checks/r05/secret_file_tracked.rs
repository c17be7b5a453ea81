//! 05c: a file that exists to hold secrets is tracked by git: `.env`, a private key, a state of Terraform.

use crate::{
    model::{
        finding::{Level, Scope, Span},
        secrets,
    },
    rulebook::{
        check::{Check, Judged, Meta, Parameter, Value},
        fixture::is_fixture,
        out::Out,
        tree::{File, Kind},
    },
};

/// 05c.
pub struct SecretFileTracked;

static META: Meta = Meta {
    id: "05c",
    title: "file of secrets tracked by git",
    level: Level::Block,
    scopes: &[Scope::Repo],
    why: "Every clone holds it, also after it is deleted: the history keeps it. A state of Terraform holds every password that it made in \
          plain text.",
    fix: "Take it out with `git rm --cached`, name it in `.gitignore`, and revoke what it holds. An example without values may stay, as \
          `.env.example`.",
    precedent: &["gitleaks"],
    references: &[
        "https://git-scm.com/docs/gitignore",
        "https://developer.hashicorp.com/terraform/language/state/sensitive-data",
        "https://12factor.net/config",
    ],
    parameters: &[Parameter {
        name: "examples",
        about: "Parts of a name that make a `.env` an example",
        default: Value::Texts(&[
            "example",
            "template",
            "dist",
            "sample",
            "tmpl",
            "tpl",
            "defaults",
            "schema",
            "vault",
            "enc",
            "encrypted",
            "age",
            "gpg",
            "sops",
            "j2",
        ]),
    }],
};

impl Check for SecretFileTracked {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        if file.listed.is_tracked != Some(true) {
            return Judged::No;
        }
        let Some(what) = what(file, &out.texts("examples")) else {
            let is_near = matches!(file.kind, Kind::DotEnv | Kind::PrivateKey | Kind::TerraformState);
            return if is_near { Judged::Yes } else { Judged::No };
        };
        let span = if what == "private key" { key_span(file) } else { file.secrets.first().map(|secret| secret.span) };
        // A key that was made for tests opens nothing.
        let level = if is_fixture(&file.path) { Level::Info } else { META.level };
        out.at(file, span)
            .level(level)
            .observed(format!("{what}, tracked by git"))
            .expected("not tracked")
            .key(what)
            .fail();
        Judged::Yes
    }
}

fn what(file: &File, examples: &[&str]) -> Option<&'static str> {
    let name = file.name().to_ascii_lowercase();
    match file.kind {
        Kind::TerraformState => Some("state of Terraform"),
        Kind::DotEnv => is_env(file, &name, examples).then_some("environment with secrets"),
        Kind::PrivateKey => Some("private key"),
        _ => is_key(file, &name).then_some("private key"),
    }
}

/// Whether a `.env` is meant to hold secrets. One of another name, as `versions.env`, only if it does hold one.
fn is_env(file: &File, name: &str, examples: &[&str]) -> bool {
    if name.split(['.', '-', '_']).any(|part| examples.contains(&part)) || is_encrypted(file.text()) {
        return false;
    }
    name.starts_with(".env") || !file.secrets.is_empty() || file.text().lines().any(holds_secret)
}

/// Whether a line of a `.env` gives a secret.
fn holds_secret(line: &str) -> bool {
    let line = line.trim().trim_start_matches("export ");
    let pair = line.split_once('=').filter(|_| !line.starts_with('#'));
    pair.is_some_and(|(name, value)| secrets::of_pair(name.trim(), value.trim().trim_matches(['"', '\''])).is_some())
}

/// Encrypted as a whole or value by value (Ansible, sops, dotenvx, age): such files are made to be tracked.
fn is_encrypted(text: &str) -> bool {
    let is_whole = ["$ANSIBLE_VAULT", "age-encryption.org", "-----BEGIN AGE ENCRYPTED FILE", "-----BEGIN PGP MESSAGE"];
    let has_parts = ["ENC[AES256_GCM", "sops_version=", "DOTENV_PUBLIC_KEY"];
    is_whole.iter().any(|start| text.starts_with(start)) || has_parts.iter().any(|part| text.contains(part))
}

/// Whether a file is one of keys: by its name, and for names that public things bear too by what is in it.
fn is_key(file: &File, name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let holds_key = file.secrets.iter().any(|secret| secret.kind.ends_with("private key"));
    match extension {
        // A store of the certificates that are trusted has no key, and Android's debug key is everybody's.
        "p12" | "pfx" | "jks" | "keystore" => {
            !name.contains("trust") && !name.contains("cacerts") && name != "debug.keystore"
        }
        "ppk" => true,
        "pem" | "key" | "crt" | "cer" | "p8" | "pk8" | "asc" | "gpg" => holds_key,
        _ => holds_key && name.starts_with("id_"),
    }
}

fn key_span(file: &File) -> Option<Span> {
    file.secrets.iter().find(|secret| secret.kind.ends_with("private key")).map(|secret| secret.span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::finding::Scope,
        rulebook::{
            policy::Policy,
            run::{Subject, judge, told},
            tree::{File, Listed},
        },
    };
    use std::collections::HashSet;

    const BODY: &str =
        "MIIEpAIBAAKCAQEAn3Jx0y2mG5dO9cQhVbWn8sLk7Rr6TfPzXyUa4EwBqIuNvC1o\nGh2KjM5lS0dF9gHzXcVbNmAqWeRtYuIoP3a=\n";

    #[test]
    fn environments_keys_and_states() {
        let key = |label: &str| format!("-----BEGIN {label}-----\n{BODY}-----END {label}-----\n");
        let (rsa, encrypted, both) =
            (key("RSA PRIVATE KEY"), key("ENCRYPTED PRIVATE KEY"), key("CERTIFICATE") + &key("EC PRIVATE KEY"));
        let files = [
            (".env", "PORT=80\n"),
            ("app/.env.production", "DB_PASSWORD=hunter2\n"),
            ("db.env", "export DB_PASSWORD='postgres'\n"),
            ("id_rsa", rsa.as_str()),
            ("tls/server.key", &encrypted),
            ("tls/server.pem", &both),
            ("terraform.tfstate", "{}"),
            ("terraform.tfstate.backup", "{}"),
            ("keys/store.p12", "\0"),
        ];
        assert_eq!(
            told(&SecretFileTracked, &files),
            [
                ".env environment with secrets, tracked by git",
                "app/.env.production:1:13 environment with secrets, tracked by git",
                "db.env environment with secrets, tracked by git",
                "id_rsa:1:1 private key, tracked by git",
                "keys/store.p12 private key, tracked by git",
                "terraform.tfstate state of Terraform, tracked by git",
                "terraform.tfstate.backup state of Terraform, tracked by git",
                "tls/server.key:1:1 private key, tracked by git",
                "tls/server.pem:5:1 private key, tracked by git",
            ]
        );
    }

    #[test]
    fn examples_certificates_and_public_keys_pass() {
        let certificate = format!("-----BEGIN CERTIFICATE-----\n{BODY}-----END CERTIFICATE-----\n");
        let files = [
            (".env.example", "DB_PASSWORD=hunter2\n"),
            (".env.template", ""),
            (".env.dist", ""),
            ("env.sample.env", ""),
            ("example.env", ""),
            ("versions.env", "GO_VERSION=1.24\nTOKEN_TTL=3600\n"),
            (".env.secrets", "A=ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\nsops_version=3\n"),
            ("tls/ca.pem", &certificate),
            ("id_ed25519.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0 me@h\n"),
            ("truststore.jks", "\0"),
            ("docs/tls.md", "-----BEGIN PRIVATE KEY----- begins a key\n"),
            ("main.tf", ""),
        ];
        assert!(told(&SecretFileTracked, &files).is_empty());
    }

    #[test]
    fn only_what_git_tracks_is_judged() {
        for is_tracked in [None, Some(false)] {
            let listed = Listed { path: ".env".into(), size_bytes: 3, is_tracked, ..Listed::default() };
            let file = File::new(listed, b"A=1", &HashSet::new());
            let now = "2026-01-01T00:00:00Z".parse().expect("a time");
            let verdict = judge(&SecretFileTracked, Subject::File(&file), Scope::Repo, &Policy::default(), now);
            assert!(verdict.findings.is_empty() && verdict.passed == 0);
        }
    }
}
