//! Files that hold secrets, by their names.

use crate::rulebook::tree::base_name;

/// What a path that is copied holds, where that is a secret. Of what another stage made (`is_made`) only what is nothing but a secret.
pub(super) fn secret(path: &str, is_made: bool) -> Option<&'static str> {
    let path = path.trim_end_matches('/').to_lowercase();
    let name = base_name(&path);
    if name.contains("://") || name.ends_with(".pub") {
        return None;
    }
    let only = match name {
        "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" => "private key",
        ".ssh" => "SSH keys",
        ".aws" => "AWS credentials",
        ".netrc" | "_netrc" | ".git-credentials" | ".pgpass" | ".my.cnf" | ".vault-token" | ".s3cfg" | ".boto" => {
            "credentials"
        }
        ".kube" | "kubeconfig" => "credentials of a cluster",
        ".gnupg" => "GPG keys",
        "credentials" | "config.json" | "config" => match path.rsplit('/').nth(1) {
            Some(".aws") => "AWS credentials",
            Some(".docker") => "credentials of registries",
            Some(".kube") => "credentials of a cluster",
            _ => "",
        },
        _ => "",
    };
    if !only.is_empty() {
        return Some(only);
    }
    if is_made { None } else { likely(name) }
}

/// Files whose name says that they most likely hold one.
fn likely(name: &str) -> Option<&'static str> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_env = name == ".env"
        || name == ".env*"
        || name.starts_with(".env.")
        || (extension == "env" && stem.contains("secret"));
    let is_example = ["example", "sample", "template", "dist", "tmpl", "schema", "defaults"].contains(&extension);
    // Certificates are public, and `pem` is theirs as much as that of keys.
    let words = stem.split(|c: char| !c.is_alphanumeric());
    let is_public = words.clone().any(|word| {
        [
            "ca",
            "cacert",
            "cacerts",
            "cert",
            "certs",
            "certificate",
            "chain",
            "fullchain",
            "bundle",
            "public",
            "pub",
            "root",
            "trust",
            "truststore",
            "intermediate",
            "dhparam",
            "dhparams",
            "dh",
            "global",
            "rds",
        ]
        .contains(&word)
    });
    Some(match (name, extension) {
        _ if is_env => return (!is_example).then_some("environment file"),
        (".npmrc", _) => "npm's credentials",
        (".yarnrc.yml", _) => return None,
        (".pypirc", _) => "PyPI's credentials",
        (".dockercfg", _) => "credentials of registries",
        (".htpasswd", _) => "passwords",
        ("credentials.json" | "service-account.json" | "service_account.json" | "serviceaccount.json", _) => {
            "credentials"
        }
        (_, "tfstate") => "Terraform's state",
        (_, "pem" | "key" | "p12" | "pfx" | "jks" | "keystore" | "ppk") if !is_public => "key file",
        (_, "yml" | "yaml" | "json" | "toml" | "ini" | "txt") if matches!(stem, "secret" | "secrets") => "secrets",
        _ => return None,
    })
}

/// Whether a URL carries a password that stands there in full.
pub(super) fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let Some((user, _)) = host.rsplit_once('@') else { return false };
    let Some((_, password)) = user.split_once(':') else { return false };
    !password.is_empty() && !password.contains(['$', '<', crate::rulebook::syntax::dockerfile::UNKNOWN])
}
