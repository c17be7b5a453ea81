//! What is found, what is not, and that every kind is found exactly where it stands.

use super::{
    planted::{kinds, made},
    *,
};
use crate::model::redact::text as hide;
use proptest::{prelude::*, test_runner::TestRunner};
use std::borrow::Cow;

/// What is found in a text: `line:column-end kind`.
fn told(text: &str) -> Vec<String> {
    find(text)
        .iter()
        .map(|secret| format!("{}:{}-{} {}", secret.span.line, secret.span.column, secret.span.end_column, secret.kind))
        .collect()
}

#[test]
fn every_kind_is_found_once_where_it_stands_and_hidden() {
    let mut runner = TestRunner::deterministic();
    // What stands on command lines may hold anything else; these have their own test.
    for kind in kinds().filter(|kind| !kind.name.starts_with("password of")) {
        let texts = (0..12).filter_map(|_| made(kind, &mut runner)).map(|planted| {
            (format!("größe = 1\n\tü, {}: \"{}\"\nlast: line\n", planted.name, planted.value), planted.secret)
        });
        let texts: Vec<_> = texts.collect();
        assert!(texts.len() >= 4, "{}: what is made is random enough", kind.name);
        for (text, secret) in texts {
            let found = find(&text);
            assert_eq!(found.len(), 1, "{}: {text} {found:?}", kind.name);
            assert_eq!(found[0].kind, kind.name, "{text}");
            let at = text.find(&secret).expect("is there");
            let start = text[..at].rfind('\n').expect("is not on the first line") + 1;
            let (column, length) = (text[start..at].chars().count() + 1, secret.chars().count());
            let span = found[0].span;
            if !secret.contains('\n') {
                let line = text[..at].matches('\n').count() + 1;
                assert_eq!((span.line as usize, span.column as usize), (line, column), "{}: {text}", kind.name);
                assert_eq!(span.end_column as usize, column + length, "{}: {text}", kind.name);
            }
            assert!(!hide(&text).contains(&secret), "{}: {text}", kind.name);
            assert!(!format!("{found:?}").contains(&secret));
        }
    }
}

#[test]
fn values_by_name() {
    for (text, expected) in [
        ("DB_PASSWORD=hunter2", "1:13-20 password"),
        ("  password: \"Tr0ub4dor&3\"", "1:14-25 password"),
        ("{\"client_secret\": \"Zk29dkQm2Lq8xV7b\"}", "1:20-36 secret or token"),
        ("api_key = 'Zk29dkQm2Lq8xV7b'", "1:12-28 secret or token"),
        ("password: str = \"Zk29dkQm\"", "1:18-26 password"),
        ("app --password Zk29dkQm --x", "1:16-24 password"),
        ("<password>Zk29dkQm</password>", "1:11-19 password"),
        ("os.environ[\"API_TOKEN\"] = \"Zk29dkQm2Lq8xV7b\"", "1:28-44 secret or token"),
        ("POSTGRES_PASSWORD: ${PW:-Zk29dkQm}", "1:20-35 password"),
        ("DATABASE_URL=postgres://app:s3cret@db:5432/app", "1:29-35 password of a database in a URL"),
        ("curl -u me:Zk29dkQm http://h", "1:12-20 password of curl"),
        ("curl -sS --user 'me:Zk29dkQm' http://h", "1:21-29 password of curl"),
        ("sshpass -p Zk29dkQm ssh me@h", "1:12-20 password of sshpass"),
        ("//registry.npmjs.org/:_authToken=4f3k2q9b-1c2d-4e5f-8a9b-0c1d2e3f4a5b", "1:34-70 npm registry credential"),
        ("machine git.test login me password Zk29dkQm", "1:36-44 password of a .netrc"),
        ("aws_secret_access_key = wJalrXUtnFEMIqK7MDENGzbPxRfiCYZk29dkQm2Lq", "1:25-66 secret or token"),
    ] {
        assert_eq!(told(text), [expected], "{text}");
    }
}

#[test]
fn what_looks_like_one_and_is_none() {
    for text in [
        "password = changeme",
        "password: ${DB_PASSWORD}",
        "password: {{ .Values.db.password }}",
        "password: <password>",
        "DB_PASSWORD_FILE=/run/secrets/db1",
        "secretName: wildcard-tls-2024",
        "existingSecret: my-app-secret-v2",
        "token = get_token(user1)",
        "let token = self.lexer.next_token2();",
        "password: String",
        "pub password: Option<String>,",
        "if password == \"abc123def\" {",
        "max_tokens: 4096",
        "tokenUrl: https://login.test/oauth2/v2.0/token",
        "token: 550e8400-e29b-41d4-a716-446655440000",
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "GITHUB_TOKEN=ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "commit 4c08679b1f0e2d3c4b5a69788796a5b4c3d2e1f0",
        "datadog_agent_sha256: 9f86d081884c7d659a2feaa0c55ad015",
        "checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "password_hash: $2y$10$Zk29dkQm2Lq8xV7bZk29dk",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0y2mG5dO9cQhVbWn8sLk7Rr6TfPzXyUa4EwBqIuNv me@h",
        "sk-fading-circle-wrapper-inner-container-large",
        "task-management-0123456789abcdef0123456789abcdef",
        "token = \"Zk29dkQm2Lq8xV7b\" # flightdeck:allow used by a test",
        "password: the one from page 2",
        "`PASSWORD`: see section4",
        "passwd: files systemd",
        "Authorization: Bearer ${TOKEN}",
        "https://github.com/a/b@v1.2.3",
        "automountServiceAccountToken: false",
        "auth: oauth2",
        "value: $(vault read -field=password secret/db1)",
        "password: ENC[AES256_GCM,data:Zk29dkQm2Lq8,iv:x,tag:y,type:str]",
        "password: !vault |",
        "self._password = parsed.password1234",
        "private_key: ed25519.Ed25519PrivateKey,",
        "pub const PrivateKeyFlag: X509CertificateTemplatePrivateKeyFlag = 12288i32;",
        "valueFrom: arn:aws:secretsmanager:us-west-2:123456789012:secret:nginx/NGINX_HOST-4f3k2q",
        "htpasswd: \"test:$2y$05$zgjczyp96jCIp//CGmnWiefhd7G3l54IdsZoV4IwA1UWtd04L0lE2\"",
        "machine HOST login USER password \"PASSWORD\"",
        "machine HOST login USER password password",
        "ACCESS_KEY_ALPHABET_KEY = \"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567\"",
        "cvs://:pserver:anoncvs@host/x",
        "curl -u user:password http://h",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn pairs_of_an_environment() {
    for (name, value, kind) in [
        ("DB_PASSWORD", "hunter2", PASSWORD),
        ("POSTGRES_PASSWORD", "postgres", PASSWORD),
        ("MYSQL_ROOT_PASSWORD", "12345678", PASSWORD),
        ("JWT_SECRET", "supersecret", TOKEN),
        ("API_KEY", "Zk29dkQm2Lq8xV7b", TOKEN),
        ("DATABASE_URL", "postgres://app:s3cret@db:5432/app", "password of a database in a URL"),
        ("X", "AKIAQ3EGRZ5JKLMN7XYZ", "AWS access key"),
        ("DD_API_KEY", "9f86d081884c7d659a2feaa0c55ad015", "Datadog key"),
        ("DB_PASSWORD", "${PW:-hunter2}", PASSWORD),
    ] {
        assert_eq!(of_pair(name, value), Some(kind), "{name}={value}");
    }
    for (name, value) in [
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "${DB_PASSWORD:?}"),
        ("DB_PASSWORD", "changeme"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "/run/secrets/db"),
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("TLS_SECRET", "wildcard-tls"),
        ("TOKEN_TTL", "3600"),
        ("MAX_TOKENS", "4096"),
        ("AUTH_TOKEN_REQUIRED", "true"),
        ("ALLOW_EMPTY_PASSWORD", "yes"),
        ("DATABASE_URL", "postgres://db:5432/app"),
        ("PATH", "/usr/bin"),
        ("SECRET_KEY", "vault:secret/data/app#key"),
        ("PUBLIC_KEY", "Zk29dkQm2Lq8xV7b"),
    ] {
        assert_eq!(of_pair(name, value), None, "{name}={value}");
    }
}

#[test]
fn hidden_is_more_than_found() {
    for (text, expected) in [
        ("--password=x --token y --port=1", "--password=[redacted] --token [redacted] --port=1"),
        ("{\"password\": \"a b\", \"user\": \"b\"}", "{\"password\": \"[redacted]\", \"user\": \"b\"}"),
        ("{\\\"password\\\":\\\"a\\\"}", "{\\\"password\\\":\\\"[redacted]\\\"}"),
        ("Authorization: Bearer abc", "Authorization: Bearer [redacted]"),
        ("http://h/?token=abc&y=1", "http://h/?token=[redacted]&y=1"),
        ("u://a:b/c@h", "u://a:[redacted]@h"),
        ("AKIAIOSFODNN7EXAMPLE glpat-0123456789abcdefghij", "[redacted] [redacted]"),
        ("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln y", "x [redacted] y"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END", "[redacted]"),
        ("author=me path=/x PWD=/y", "author=me path=/x PWD=/y"),
    ] {
        assert_eq!(hide(text), expected, "{text}");
    }
    assert!(matches!(hide("nothing to hide"), Cow::Borrowed(_)));
}

#[test]
fn strong_secrets_are_told_apart_and_weak_ones_are_not_hashed() {
    let found = find(
        "a: ghp_Zk29dkQm2Lq8xV7bZk29dkQm2Lq8xV7b1234\nb: ghp_Yk29dkQm2Lq8xV7bZk29dkQm2Lq8xV7b1234\nPASSWORD=hunter2\n",
    );
    assert_eq!(found.len(), 3);
    assert!(found[0].mark.is_some() && found[0].mark != found[1].mark && found[2].mark.is_none());
}

/// Repeats that could make a scanner go over the same stretch again and again.
#[test]
fn hostile_texts_take_linear_time() {
    for part in [
        "password=",
        "password=\"",
        "-----BEGIN PRIVATE KEY-----",
        "://",
        "://a:",
        "eyJ",
        "eyJaaaaaaaaaaaa.",
        "hvs.",
        "curl ",
        "elastic",
        "sk-",
        "/ABSK",
        "machine ",
        "a.password",
        "\\\"password\\\"",
        "Authorization: Bearer ",
        "ghp_",
        "{\"auth\":\"",
        "dp.",
        ":AA",
    ] {
        let text = part.repeat(100_000 / part.len());
        find(&text);
        hide(&text);
    }
}

proptest! {
    #[test]
    fn no_text_fails(text in any::<String>()) {
        find(&text);
        hide(&text);
        of_pair(&text, &text);
    }

    #[test]
    fn no_mixture_fails(parts in prop::collection::vec(
        "password|token|=|:|\"|\\\\|'|://|a:b@|ä|\n| |eyJ|\\.|sk-|-----BEGIN PRIVATE KEY-----|-----|ghp_|[a-zA-Z0-9]{1,40}|<|>|\\$\\{",
        0..24,
    )) {
        let text = parts.concat();
        for secret in find(&text) {
            prop_assert!(secret.span.line >= 1 && secret.span.column >= 1);
            prop_assert!((secret.span.line, secret.span.column) < (secret.span.end_line, secret.span.end_column));
        }
        hide(&text);
    }

    #[test]
    fn what_is_hidden_does_not_survive(secret in "[a-z0-9]{12,30}zq", end in "[ ,;\"'\n&]") {
        for text in [
            format!("--password={secret}{end}"), format!("A_TOKEN: {secret}{end}"), format!("u://a:{secret}@h{end}"),
            format!("\"secret\": \"{secret}\"{end}"), format!("--token {secret}{end}"),
        ] {
            prop_assert!(!hide(&text).contains(&secret), "{}", text);
        }
    }
}

#[test]
fn what_only_names_or_cuts_short() {
    let cut = format!("token: {}...\n", "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9");
    for text in [
        "aws ecr get-login-password | docker login --username AWS --password-stdin 936637512419.dkr.ecr.us-east-1.amazonaws.com",
        "echo \"PASS: case10 went2well\"",
        "url = (http|https|ftp)://[user[:pass1]]@host",
        "postgresql://DB_USERNAME:DB_PASSWORD@db/x",
        "password: ?{gpg:path/password:ec3d54de}",
        cut.as_str(),
    ] {
        assert_eq!(find(text), [], "{text}");
    }
    assert_eq!(find("  PASS=hunter22\n").len(), 1);
    assert_eq!(find("run --password hunter22x\n").len(), 1);
}
