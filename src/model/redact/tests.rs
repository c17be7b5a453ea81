//! What is hidden, what is not, and that no text fails.

use super::{super::secrets::planted, *};
use proptest::prelude::*;

#[test]
fn names_that_say_secret_hide_their_value() {
    for name in
        ["PASSWORD", "db_passwd", "API_KEY", "apikey", "AWS_SECRET_ACCESS_KEY", "X-Auth-Token", "PGPASSWORD", "DB_PASS"]
    {
        assert_eq!(value(name, "hunter2"), REDACTED, "{name}");
    }
    for name in ["PATH", "AUTHOR", "GIT_AUTHOR_NAME", "HOME", "OLDPWD", "PWD", "KEYMAP", "LANG"] {
        assert_eq!(value(name, "plain"), "plain", "{name}");
    }
    assert_eq!(value("PASSWORD", ""), "");
    assert_eq!(value("AUTHORIZATION", "x"), REDACTED);
}

#[test]
fn values_of_known_shape_are_hidden() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    for secret in [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdef0123456789abcdef0123",
        jwt,
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END",
        "glpat-0123456789abcdefghij",
    ] {
        assert_eq!(value("X", secret), REDACTED, "{secret}");
    }
    assert_eq!(value("DATABASE_URL", "postgres://app:s3cret@db:5432/app"), "postgres://app:[redacted]@db:5432/app");
    assert_eq!(value("URL", "http://host:80/a@b"), "http://host:[redacted]@b");
    assert_eq!(value("URL", "https://user@host/path"), "https://user@host/path");
    assert_eq!(value("URL", "https://host:8443/path"), "https://host:8443/path");
}

#[test]
fn command_lines_lose_their_secrets() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["app", "--password=x", "--port=1"], &["app", "--password=[redacted]", "--port=1"]),
        (&["app", "--token", "x", "y"], &["app", "--token", "[redacted]", "y"]),
        (&["app", "--no-auth", "--verbose"], &["app", "--no-auth", "--verbose"]),
        (&["/usr/bin/mysql", "-uroot", "-phunter2"], &["/usr/bin/mysql", "-uroot", "-p[redacted]"]),
        (&["sshpass", "-p", "x", "ssh"], &["sshpass", "-p", "[redacted]", "ssh"]),
        (&["curl", "-u", "me:x", "http://h"], &["curl", "-u", "me:[redacted]", "http://h"]),
        (&["curl", "-H", "Authorization: Bearer abc"], &["curl", "-H", "Authorization: Bearer [redacted]"]),
        (&["sh", "-c", "PASSWORD=a b --token=c"], &["sh", "-c", "PASSWORD=[redacted] b --token=[redacted]"]),
        (&["x", "http://h/?token=abc&y=1"], &["x", "http://h/?token=[redacted]&y=1"]),
        (&["x", r#"{"password": "a", "user": "b"}"#], &["x", r#"{"password": "[redacted]", "user": "b"}"#]),
        (&["x", r#"{"password":"a"}"#], &["x", r#"{"password":"[redacted]"}"#]),
        (&["x", r#"{\"password\":\"a\"}"#], &["x", r#"{\"password\":\"[redacted]\"}"#]),
        (&["docker", "run", "-eDB_PASSWORD=a"], &["docker", "run", "-eDB_PASSWORD=[redacted]"]),
        (&["x", "--header=X-Api-Key: a"], &["x", "--header=X-Api-Key: [redacted]"]),
        (&["java", "-Ddb.password=a", "-cp", "a:b"], &["java", "-Ddb.password=[redacted]", "-cp", "a:b"]),
        (&["x", "PASSWORD = a b"], &["x", "PASSWORD = [redacted] b"]),
        (&["sh", "-c", "app --token a --auth --verbose"], &["sh", "-c", "app --token [redacted] --auth --verbose"]),
        (&["x", "u://a:b,c?d&e@h/?token=f"], &["x", "u://a:[redacted]@h/?token=[redacted]"]),
        (&["x", "--url=u://a:b@h", "u://a:b/c@h"], &["x", "--url=u://a:[redacted]@h", "u://a:[redacted]@h"]),
        (&["ssh", "-p", "22", "host"], &["ssh", "-p", "22", "host"]),
        (&["mkdir", "-p", "/a"], &["mkdir", "-p", "/a"]),
        (&["sudo", "-u", "me", "mysql", "-pX"], &["sudo", "-u", "me", "mysql", "-p[redacted]"]),
        (&["timeout", "9", "/usr/bin/mysqldump", "-pX"], &["timeout", "9", "/usr/bin/mysqldump", "-p[redacted]"]),
        (&["docker", "exec", "db", "mysql", "-pX"], &["docker", "exec", "db", "mysql", "-p[redacted]"]),
        (&["env", "curl", "-sSu", "me:x", "h"], &["env", "curl", "-sSu", "me:[redacted]", "h"]),
        (&["curl", "-ume:x", "-u", "key:"], &["curl", "-ume:[redacted]", "-u", "[redacted]"]),
    ];
    for (given, expected) in cases {
        assert_eq!(arguments(given.iter().copied()), *expected);
    }
}

#[test]
fn lines_for_the_shell_lose_their_secrets() {
    for (given, expected) in [
        (
            "mysqldump -uroot -phunter2 ; curl -u me:hunter3 http://x",
            "mysqldump -uroot -p[redacted] ; curl -u me:[redacted] http://x",
        ),
        ("sudo mysql -pX && ls -p", "sudo mysql -p[redacted] && ls -p"),
        ("a|/usr/bin/mysql -p'a b;c' -h h", "a|/usr/bin/mysql -p[redacted] -h h"),
        ("sh -c \"mysql -pX\" && ls", "sh -c \"mysql -p[redacted]\" && ls"),
        ("sh -c \"mysql -p\" && ls", "sh -c \"mysql -p\" && ls"),
        ("curl -u 'me:a b' h; ls", "curl -u 'me:[redacted]' h; ls"),
        ("curl --user me:\"x y\" h", "curl --user [redacted] h"),
        ("x=$(redis-cli -a pw get k)", "x=$(redis-cli -a [redacted] get k)"),
        ("sshpass -p pw ssh -p 22 h", "sshpass -p [redacted] ssh -p 22 h"),
        ("mysql -pa\\ b c", "mysql -p[redacted] c"),
        ("mkdir -p/a; tar -pxf b", "mkdir -p/a; tar -pxf b"),
    ] {
        assert_eq!(text(given), expected);
        assert_eq!(arguments(["sh", "-c", given])[2], expected);
    }
}

#[test]
fn of_a_text_with_a_key_only_the_key_is_hidden() {
    let body = "MIIEpAIBAAKCAQEAn3Jx0y2mG5dO9cQhVbWn8sLk7Rr6TfPzXyUa4EwBqIuNvC1oGh2KjM5lS0dF";
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\\n{body}\\n-----END RSA PRIVATE KEY-----");
    assert_eq!(text(&format!("{{\"a\":\"{key}\\n\",\"b\":1}}")), "{\"a\":\"[redacted]\\n\",\"b\":1}");
    assert_eq!(text("x -----BEGIN EC PRIVATE KEY-----"), "x [redacted]");
    assert_eq!(text("x -----BEGIN SOMETHING-----\nabc"), "[redacted]");
    let certificate = format!("ca: -----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----");
    assert_eq!(text(&certificate), certificate);
}

#[test]
fn every_planted_secret_is_hidden() {
    for planted in planted::all() {
        let (line, variable) = (planted.line(), planted.variable());
        for shown in [text(&line), text(&variable), value(&planted.name, &planted.value)] {
            assert!(!planted.survives(&shown), "{}: {line}: {shown}", planted.kind);
        }
        let flag = format!("--{}", planted.name);
        let apart = arguments(["app", flag.as_str(), planted.value.as_str(), line.as_str()]).join(" ");
        assert!(!planted.survives(&apart), "{}: {line}: {apart}", planted.kind);
    }
}

#[test]
fn a_name_that_only_its_kind_knows_hides_its_value() {
    assert_eq!(value("DATADOG_SITE_ID", "9f86d081884c7d659a2feaa0c55ad015"), REDACTED);
    assert_eq!(value("DATADOG_SITE", "datadoghq.eu"), "datadoghq.eu");
    assert_eq!(arguments(["a", "--datadog", "9f86d081884c7d659a2feaa0c55ad015"])[2], REDACTED);
    assert_eq!(text("datadog: 9f86d081884c7d659a2feaa0c55ad0157e0f"), "datadog: [redacted]");
}

/// Pieces of which texts are made that mean something to one of the readers, or end what another one reads.
const PIECES: &[&str] = &[
    "password",
    "token",
    "Bearer",
    "basic",
    "auth",
    "author",
    "=",
    ":",
    "==",
    "=>",
    ":=",
    " ",
    "  ",
    "\"",
    "'",
    "`",
    "\\",
    "{",
    "}",
    ",",
    ";",
    "&",
    "?",
    "|",
    "(",
    ")",
    "://",
    "u://",
    "@",
    "/",
    "-p",
    "-u",
    "--user",
    "mysql",
    "curl",
    "sshpass",
    "redis-cli",
    "-a",
    "--token",
    "--",
    "-",
    "x",
    "hunter2",
    "ä",
    "\n",
    "\t",
    "AKIA0123456789ABCDEF",
    "eyJabc.def.ghi",
    "ghp_0123456789abcdef",
    "sk-",
    "-----BEGIN PRIVATE KEY-----",
    "-----END",
    "-----BEGIN CERTIFICATE-----",
    "api_key",
    "_pwd",
    "pass",
    "[redacted]",
    "<",
    ">",
    "$",
    "datadog_key=9f86d081884c7d659a2feaa0c55ad015",
    "9",
    "%3D",
    "…",
    "machine h login u password p",
];

/// What holds for every text: it stays as it is when it is redacted again, and does not grow beyond what marks take.
fn holds(given: &str) -> Result<(), TestCaseError> {
    let shown = text(given);
    prop_assert_eq!(&text(&shown), &shown, "{:?}", given);
    prop_assert!(shown.len() <= given.len() * REDACTED.len(), "{:?}", given);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_are_redacted_once_for_all(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_mixture_is_redacted_once_for_all(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..14)) {
        let given = pieces.concat();
        holds(&given)?;
        let shown = value("x", &given);
        prop_assert_eq!(value("x", &shown), shown.clone());
        arguments(pieces.iter().copied());
        arguments(given.split(' '));
    }
}

/// Repeats that could make a reader go over the same stretch again and again; a minute would be missed.
#[test]
fn hostile_lines_take_linear_time() {
    for part in [
        "=eyJ",
        "u://a:b@c",
        "u://a:b,",
        "://x@",
        "author=",
        "password=-----BEGIN ",
        "curl -u a:b@",
        "mysql -p'",
        "{\"auth\":\"",
        "token",
        "\\\"",
        "-----BEGIN CERTIFICATE----- password=",
        "1//0a=",
        "twilio: ",
    ] {
        holds(&part.repeat(100_000 / part.len())).expect("holds");
    }
}

proptest! {
    #[test]
    fn no_command_line_fails(words in prop::collection::vec("mysql|curl|-p|-u|sshpass|[\"'\\\\;ä:x ]", 0..12)) {
        text(&words.concat());
        text(&words.join(" "));
    }

    #[test]
    fn no_text_fails(given in any::<String>()) {
        text(&given);
        arguments(given.split(' '));
    }

    #[test]
    fn a_secret_does_not_survive(secret in "[a-z0-9]{12,30}zq") {
        let line = [format!("--password={secret}"), format!("A_TOKEN={secret}"), format!("u://a:{secret}@h")];
        let shown = arguments(line.iter().map(String::as_str)).join(" ");
        prop_assert!(!shown.contains(&secret), "{}", shown);
    }
}
