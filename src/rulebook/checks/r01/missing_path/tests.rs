//! Tests of 01c.

use super::MissingPath;
use crate::rulebook::run::told;

fn script(text: &str) -> Vec<String> {
    told(
        &MissingPath,
        &[("scripts/a.sh", text), ("scripts/b.sh", "run\n"), ("lib/c.sh", "f() { a; }\n"), ("tools/d/e.sh", "x\n")],
    )
}

#[test]
fn scripts_that_are_not_there() {
    assert_eq!(
        script("./gone.sh\nbash scripts/none.sh x\nsource lib/no.sh\n. ./no.sh\nsudo ./away.py\n"),
        [
            "scripts/a.sh:1:1 run ./gone.sh",
            "scripts/a.sh:2:6 run scripts/none.sh",
            "scripts/a.sh:3:8 source lib/no.sh",
            "scripts/a.sh:4:3 source ./no.sh",
            "scripts/a.sh:5:6 run ./away.py"
        ]
    );
}

#[test]
fn scripts_that_are_there_or_may_be() {
    for text in [
        "./b.sh; scripts/b.sh; bash ../lib/c.sh; . lib/c.sh; d/e.sh",
        "\"$DIR/x.sh\"; source ${A}/x.sh; . \"$(dirname \"$0\")/x.sh\"",
        "echo 'a' > x.sh; bash x.sh",
        "cat <<E > y.sh\nx\nE\n./y.sh",
        "curl -fsSL u -o get.sh && sh get.sh",
        "cp t z.sh; ./z.sh",
        "git clone u; ./repo/x.sh",
        "tar xf a; ./a/x.sh",
        "cd /opt/a\n./x.sh",
        "[ -f x.sh ] && . x.sh",
        "if [[ -f ./x.sh ]]; then source ./x.sh; fi",
        "source .venv/bin/activate; . /etc/profile.d/x.sh",
        "./program; bash -c ./x.sh; bash -s x.sh",
        "source x.sh || true",
        "echo ./x.sh; # ./x.sh",
    ] {
        assert_eq!(script(text), [""; 0], "{text}");
    }
}

#[test]
fn paths_of_compose() {
    let text = "services:\n  a:\n    build: ./gone\n    env_file: a.env\n    volumes:\n      - ./nginx.conf:/etc/nginx.conf:ro\n      - ./data:/data\n      - named:/x\n\
        \x20 b:\n    build:\n      context: .\n      dockerfile: b.Dockerfile\n    env_file:\n      - path: ./no.env\n        required: false\n      - ${X}.env\n\
        \x20   volumes:\n      - {type: bind, source: ./x.yml, target: /x}\n  c:\n    build: {context: svc}\n    extends: {file: base.yml, service: x}\n";
    assert_eq!(
        told(&MissingPath, &[("app/compose.yml", text), ("app/svc/main.py", "")]),
        [
            "app/compose.yml:3:12 build context ./gone",
            "app/compose.yml:4:15 env_file a.env",
            "app/compose.yml:6:9 volume ./nginx.conf",
            "app/compose.yml:12:19 dockerfile b.Dockerfile",
            "app/compose.yml:18:30 volume ./x.yml",
            "app/compose.yml:20:22 dockerfile Dockerfile",
            "app/compose.yml:21:21 extends base.yml",
        ]
    );
}

#[test]
fn paths_of_compose_that_are_there_or_may_be() {
    let text = "services:\n  a:\n    build: .\n    env_file: [.env, local.env]\n    volumes: ['./conf/a.conf:/a', './data/x.db:/x', '${D}/y.yml:/y', '/etc/z.conf:/z']\n\
        \x20 b:\n    build: https://github.com/a/b.git\n  c:\n    build: {context: ../lib, dockerfile: c.Dockerfile}\n  d:\n    build: {context: ., dockerfile_inline: FROM a}\n";
    assert!(
        told(
            &MissingPath,
            &[
                ("app/compose.yml", text),
                ("app/Dockerfile", "FROM a:1\n"),
                ("app/local.env.example", "A=1\n"),
                ("app/conf/a.conf", ""),
                ("lib/c.Dockerfile", "FROM a:1\n"),
            ]
        )
        .is_empty()
    );
}

#[test]
fn files_that_are_copied() {
    let text = "FROM a:1 AS b\nCOPY  gone.conf start.sh /etc/\nCOPY --from=b x.conf /\nCOPY app /app\nCOPY dist/a.js target/x.jar *.txt $A.conf /\nCOPY . .\n\
        COPY <<EOF /x.conf\nCOPY no.conf /\nEOF\nADD https://x/y.tar.gz z.md /\nRUN echo COPY n.conf /\nCOPY package.json \\\n  q.json /\n";
    assert_eq!(
        told(&MissingPath, &[("svc/Dockerfile", text), ("other/start.sh", "run\n")]),
        ["svc/Dockerfile:2:7 COPY gone.conf", "svc/Dockerfile:10:24 COPY z.md"]
    );
}
