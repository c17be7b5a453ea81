//! The rule book on a repository in which each thing is wrong once, and on the same one put right: what a person has of it.

use super::{
    check::Check,
    checks::CHECKS,
    custom::CustomRules,
    engine::{Book, Engine},
    policy::{Policy, settle::Circumstances},
    run::{Subject, judge},
    tree::{File, Kind, Listed, Tree, base_name, name_hash},
};
use crate::model::{
    Timestamp,
    finding::{Finding, Scope, Status},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The repository put right: each file after a line `=== PATH`.
const REPAIRED: &str = include_str!("planted/repaired.txt");

/// What is planted: the check and the place that tell it, the file, what stands there when it is right, and what stands there instead. Where
/// there is no file of that name it is added.
const PLANTED: &[(&str, &str, &str, &str)] = &[
    (
        "12b deploy.sh",
        "deploy.sh",
        "",
        "#!/usr/bin/env bash\n# Usage: deploy.sh ENVIRONMENT [--rollback]\nset -euo pipefail\n\nenvironment=${1:?usage: deploy.sh ENVIRONMENT [--rollback]}\n\nbackup() {\n    scripts/backup.sh \"$environment\"\n}\n\nrollback() {\n    docker compose --file docker/shop/compose.yaml up --detach --no-build\n}\n\nif [ \"${2:-}\" = \"--rollback\" ]; then\n    rollback\n    exit\nfi\n\nbackup\ndocker compose --file docker/shop/compose.yaml up --detach\nkubectl apply --filename k8s\n",
    ),
    (
        "04a scripts/restore_again.sh",
        "scripts/restore_again.sh",
        "",
        "#!/usr/bin/env bash\n# Usage: restore.sh ENVIRONMENT FILE\nset -euo pipefail\n\nif [ \"${1:-}\" = \"--help\" ]; then\n    echo \"Usage: restore.sh ENVIRONMENT FILE\"\n    exit\nfi\nenvironment=$1\nfile=$2\ncd /srv/shop || exit 1\ntest -s \"$file\"\ngzip --test \"$file\"\necho \"restoring $file in $environment\"\ngunzip --stdout \"$file\" > restored.sql\npsql --host \"$environment\" --file restored.sql shop\npsql --host \"$environment\" --command \"analyze\" shop\nrm restored.sql\necho \"restored again\"\n",
    ),
    ("? 00a broken.yaml:2:4", "broken.yaml", "", "a: 1\nb: 'x\n"),
    ("01a docker/shop/compose.yaml:8:17", "docker/shop/compose.yaml", "GREETING: hello", "GREETING: CHANGEME"),
    (
        "01b docker/shop/compose.yaml:19:36",
        "docker/shop/compose.yaml",
        "test: [\"CMD\", \"/bin/check\"]",
        "test: [\"CMD\", \"/bin/check\", \"${NEW}\"]",
    ),
    (
        "01b docker/shop/Dockerfile:6:14",
        "docker/shop/Dockerfile",
        "COPY app.txt /app/app.txt",
        "COPY app.txt $NOWHERE/app.txt",
    ),
    ("01c deploy.sh:8:5", "deploy.sh", "scripts/backup.sh \"$environment\"", "scripts/gone.sh \"$environment\""),
    ("01e k8s/api.yaml:35:13", "k8s/api.yaml", "apiVersion: policy/v1\n", "apiVersion: policy/v1beta1\n"),
    ("02c k8s/api.yaml:9:11", "k8s/api.yaml", "type: RollingUpdate", "type: Recreate"),
    ("02d k8s/api.yaml:7:13", "k8s/api.yaml", "replicas: 2", "replicas: 1"),
    ("03c k8s/api.yaml:51:3", "k8s/api.yaml", "  selector: {app: api}\n  ports", "  selector: {app: gone}\n  ports"),
    ("03d docker/shop/compose.yaml:6:18", "docker/shop/compose.yaml", "depends_on: [db]", "depends_on: [gone]"),
    (
        "04b docker/shop/compose.yaml:25:21",
        "docker/shop/compose.yaml",
        "container_name: shop-db",
        "container_name: shop-web",
    ),
    (
        "04c monitoring/alerts.yaml:7:15",
        "monitoring/alerts.yaml",
        "expr: shop_latency_seconds > 2",
        "expr: up{job=\"shop\"} == 0",
    ),
    (
        "05a docs/README.md:3:7",
        "docs/README.md",
        "See [the",
        "Token ghp_Zk29dkQm2Lq8xV7bZk29dkQm2Lq8xV7b1234. See [the",
    ),
    (
        "05b docker/shop/compose.yaml:28:26",
        "docker/shop/compose.yaml",
        "POSTGRES_PASSWORD_FILE: /run/secrets/db",
        "POSTGRES_PASSWORD: hunter2x9",
    ),
    ("05c docker/shop/.env:1:13", "docker/shop/.env", "", "DB_PASSWORD=hunter2\n"),
    ("05d terraform/main.tf:2:11", "terraform/main.tf", "    use_lockfile = true\n", ""),
    ("05e k8s/api.yaml:62:13", "k8s/api.yaml", "verbs: [get]", "verbs: [\"*\"]"),
    ("05f docker/CHANGELOG.md:3:4", "docker/CHANGELOG.md", "## 1.2.0 -", "## 1.2 -"),
    ("06a docker/shop/compose.yaml:23:3", "docs/runbooks/db.md", "", ""),
    ("06b docs/runbooks/web.md:1:1", "docs/runbooks/web.md", "## Verify\nThe page is there.\n", ""),
    ("06c docs/decisions/0001-compose.md:1:1", "docs/decisions/0001-compose.md", "## Status\nAccepted\n", "Accepted\n"),
    ("07a tool.sh:1:1", "tool.sh", "", "#!/bin/sh\n# Usage: tool.sh\nset -eu\necho tool\n"),
    ("07b scripts/backup.sh:1:1", "scripts/backup.sh", "set -euo pipefail", "set -eu"),
    ("07c scripts/backup.sh:10:16", "scripts/backup.sh", "--host \"$1\"", "--host $1"),
    ("07d scripts/idle.sh:1:1", "scripts/idle.sh", "", "#!/bin/sh\n# Usage: idle.sh\nset -eu\nsleep 1\n"),
    ("07e scripts/backup.sh:12:6", "scripts/backup.sh", "curl --fail --output", "curl --insecure --output"),
    ("07f scripts/backup.sh:11:13", "scripts/backup.sh", "requests==2.32.3", "requests"),
    ("07f terraform/main.tf:9:13", "terraform/main.tf", "  version = \"5.1.2\"\n", ""),
    (
        "07g docker/shop/Dockerfile:4:66",
        "docker/shop/Dockerfile",
        "LABEL org",
        "RUN apt-get update && apt-get install -y --no-install-recommends jq\nLABEL org",
    ),
    ("08a scripts/requirements.txt:1:1", "scripts/requirements.txt", "requests==2.32.3", "requests"),
    ("08b scripts/report.py:8:5", "scripts/report.py", "def count(day: str) -> int:", "def count(day) -> int:"),
    (
        "08c app/worker.py:9:5",
        "app/worker.py",
        "",
        "\"\"\"Works.\"\"\"\n\nimport logging\n\n\ndef work(day: str) -> None:\n    \"\"\"Works.\"\"\"\n    logging.info(\"working\")\n    print(\"working\", day)\n",
    ),
    ("08d scripts/report.py:13:5", "scripts/report.py", "except TypeError:", "except:"),
    (
        "08e scripts/other.py:6:1",
        "scripts/other.py",
        "",
        "#!/usr/bin/env python3\n\"\"\"Other.\"\"\"\n\nimport sys\n\nif __name__ == \"__main__\":\n    sys.exit(int(sys.argv[1]))\n",
    ),
    ("09a docs/README.md.bak", "docs/README.md.bak", "", "old\n"),
    (
        "11a docker/shop/Dockerfile:1:6",
        "docker/shop/Dockerfile",
        "FROM python:3.12.8-slim@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "FROM python",
    ),
    (
        "11b k8s/api.yaml:24:18",
        "k8s/api.yaml",
        "api:2.0.1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "api:2.0.1",
    ),
    ("11c docker/shop/Dockerfile:8:6", "docker/shop/Dockerfile", "USER 1000", "USER root"),
    (
        "11d docker/shop/Dockerfile:1:1",
        "docker/shop/Dockerfile",
        "HEALTHCHECK CMD [\"python\", \"-c\", \"pass\"]\n",
        "",
    ),
    ("11e docker/shop/compose.yaml:23:3", "docker/shop/compose.yaml", "    mem_limit: 512m\n", ""),
    (
        "11f docker/shop/compose.yaml:37:17",
        "docker/shop/compose.yaml",
        "test: [\"CMD\", \"pg_isready\"]",
        "test: [\"CMD\", \"pg_isready\"]\n    privileged: true",
    ),
    (
        "11g docker/shop/compose.yaml:13:9",
        "docker/shop/compose.yaml",
        "- static:/srv/static:ro",
        "- /var/run/docker.sock:/var/run/docker.sock:ro\n      - static:/srv/static:ro",
    ),
    (
        "11h k8s/api.yaml:17:16",
        "k8s/api.yaml",
        "automountServiceAccountToken: false",
        "automountServiceAccountToken: false\n      hostPID: true",
    ),
    (
        "11i docker/shop/compose.yaml:31:9",
        "docker/shop/compose.yaml",
        "- data:/var/lib/postgresql/data",
        "- data:/var/lib/postgresql/data\n      - /etc:/host/etc:ro",
    ),
    ("11j k8s/api.yaml:32:39", "k8s/api.yaml", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
    ("11k k8s/api.yaml:31:11", "k8s/api.yaml", "            readOnlyRootFilesystem: true\n", ""),
    (
        "11l docker/shop/Dockerfile:3:5",
        "docker/shop/Dockerfile",
        "ARG APP_VERSION=1.2.0",
        "ARG APP_VERSION=1.2.0\nENV DB_PASSWORD=hunter2",
    ),
    (
        "11m docker/shop/compose.yaml:10:9",
        "docker/shop/compose.yaml",
        "    ports:\n",
        "    ports:\n      - \"127.0.0.1:9443:9443\"\n",
    ),
    ("11n docker/shop/compose.yaml:11:9", "docker/shop/compose.yaml", "127.0.0.1:8443:8443", "8443:8443"),
    (
        "11o docker/shop/Dockerfile:7:24",
        "docker/shop/Dockerfile",
        "RUN pip install",
        "RUN apk add --no-cache gcc=13.2.1-r0 && pip install",
    ),
    ("11p k8s/compose.yaml", "k8s/compose.yaml", "", "services: {}\n"),
    (
        "12a deploy-prod.sh",
        "deploy-prod.sh",
        "",
        "#!/bin/sh\n# Usage: deploy-prod.sh\nset -eu\ndocker compose up --detach\n",
    ),
    (
        "12c scripts/push.sh:4:1",
        "scripts/push.sh",
        "",
        "#!/bin/sh\n# Usage: push.sh\nset -eu\nkubectl apply --filename k8s\n",
    ),
    ("15a README.md:4:54", "README.md", "](PortRegistry.md)", "](Ports.md)"),
    ("15a docs/README.md:3:100", "docs/README.md", "2026-01-10T09:30Z", "2026-01-10 09:30 CET"),
    (
        "16a docker/shop/compose.yaml:24:12",
        "docker/shop/compose.yaml",
        "registry.test/shop/db:16.2@",
        "registry.test/ollama/ollama:16.2@",
    ),
    ("18a terraform", "terraform/CHANGELOG.md", "", ""),
];

type Files = BTreeMap<String, String>;

fn repaired() -> Files {
    let parts = REPAIRED.split("=== ").skip(1);
    parts.filter_map(|part| part.split_once('\n')).map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// Puts a thing wrong; without a text to put it for, that is the file whole, and without one to put there it is taken out.
fn plant(files: &mut Files, (_, path, right, wrong): &(&str, &str, &str, &str)) {
    match files.get_mut(*path) {
        Some(text) if !right.is_empty() => {
            assert_eq!(text.matches(right).count(), 1, "{path}: {right}");
            *text = text.replace(right, wrong);
        }
        Some(_) if wrong.is_empty() => drop(files.remove(*path)),
        _ => drop(files.insert((*path).to_owned(), (*wrong).to_owned())),
    }
}

fn file_of(files: &Files, (path, text): (&String, &String)) -> Arc<File> {
    let names = files.keys().map(|path| name_hash(base_name(path))).collect();
    let listed = Listed {
        path: path.as_str().into(),
        size_bytes: text.len() as u64,
        is_tracked: Some(true),
        is_executable: text.starts_with("#!") && !path.contains("idle"),
        ..Listed::default()
    };
    Arc::new(File::new(listed, text.as_bytes(), &names))
}

fn tree(files: &Files) -> Tree {
    let all = files.iter().map(|file| (file.0.as_str().into(), file_of(files, file)));
    Tree::new("/repo".into(), all.collect(), Vec::new())
}

fn engine() -> (Engine, Timestamp) {
    let book = Book { policy: Arc::new(Policy::default()), custom: Arc::new(CustomRules::default()), baseline: None };
    (Engine::new(book), "2026-01-31T00:00:00Z".parse().expect("a time"))
}

fn settled(engine: &Engine, now: Timestamp) -> Vec<Finding> {
    engine.book.policy.settle(engine.tally().findings, &Circumstances::at(now)).findings
}

fn findings(files: &Files) -> Vec<Finding> {
    let (mut engine, now) = engine();
    engine.judge(&tree(files), now);
    settled(&engine, now)
}

/// `11f docker/shop/compose.yaml:12:5`, with `?` where it is unknown; without a line where no file is meant, or the whole of it.
fn told(files: &Files) -> Vec<String> {
    let line = |finding: &Finding| {
        let place = finding.span.map_or_else(String::new, |span| format!(":{}:{}", span.line, span.column));
        let unknown = if finding.status == Status::Unknown { "? " } else { "" };
        format!("{unknown}{} {}{place}", finding.check, finding.file.as_ref().unwrap_or(&finding.resource))
    };
    let mut lines: Vec<String> = findings(files).iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn a_repository_put_right_is_left_in_peace() {
    let found = findings(&repaired());
    let said: Vec<String> =
        found.iter().map(|one| format!("{} {:?} {:?} {}", one.check, one.file, one.span, one.observed)).collect();
    assert!(said.is_empty(), "{said:#?}");
}

#[test]
fn each_planted_thing_is_told_once_at_its_place() {
    let mut files = repaired();
    PLANTED.iter().for_each(|planted| plant(&mut files, planted));
    let mut expected: Vec<String> = PLANTED.iter().map(|(told, ..)| (*told).to_owned()).collect();
    expected.sort();
    assert_eq!(told(&files), expected);
}

#[test]
fn each_by_itself_is_told_by_its_check_alone() {
    for planted in PLANTED {
        let mut files = repaired();
        plant(&mut files, planted);
        let check = |line: &str| line.trim_start_matches("? ").split(' ').next().unwrap_or_default().to_owned();
        let checks: Vec<String> = told(&files).iter().map(|line| check(line)).collect();
        assert_eq!(checks, [check(planted.0)], "{}: {}", planted.1, planted.3);
    }
}

/// What is saved file by file is judged as if all of it were judged anew, whichever checks of the whole are left alone by it.
#[test]
fn what_is_saved_is_judged_as_the_whole_would_be() {
    for planted in PLANTED {
        let (before, mut after) = (repaired(), repaired());
        plant(&mut after, planted);
        for (from, to) in [(&before, &after), (&after, &before)] {
            let (mut engine, now) = engine();
            let mut tree = tree(from);
            engine.judge(&tree, now);
            let path = planted.1;
            match to.get_key_value(path) {
                Some(file) => drop(tree.files.insert(path.into(), file_of(to, file))),
                None => drop(tree.files.remove(path)),
            }
            tree.settle();
            engine.judge_again(&tree, &BTreeSet::from([path.into()]), now);
            let key =
                |finding: &Finding| (finding.fingerprint.clone(), finding.span.map(|span| (span.line, span.column)));
            let (mut again, mut anew): (Vec<_>, Vec<_>) =
                (settled(&engine, now).iter().map(key).collect(), findings(to).iter().map(key).collect());
            again.sort();
            anew.sort();
            assert_eq!(again, anew, "{}: {}", planted.1, planted.3);
        }
    }
}

/// Checks that say which kinds of files they read are not changed by others: each file of another kind is emptied, line by line more of it.
#[test]
fn what_a_check_does_not_read_does_not_change_its_verdict() {
    let mut files = repaired();
    PLANTED.iter().for_each(|planted| plant(&mut files, planted));
    let whole = tree(&files);
    let now = "2026-01-31T00:00:00Z".parse().expect("a time");
    let policy = Policy::default();
    let ask = |check: &dyn Check, tree: &Tree| judge(check, Subject::Tree(tree), Scope::Repo, &policy, now);
    let mut asked = 0;
    for check in CHECKS.iter().filter(|check| check.reads().is_some()) {
        let reads = check.reads().unwrap_or_default();
        let verdict = ask(*check, &whole);
        for (path, text) in &files {
            let lines: Vec<&str> = text.lines().collect();
            for kept in [0, lines.len() / 2, lines.len().saturating_sub(1)] {
                let shorter = lines[..kept].join("\n");
                let file = file_of(&files, (path, &shorter));
                let kinds = [whole.files[path.as_str()].kind, file.kind];
                let mut other = whole.clone();
                other.files.insert(path.as_str().into(), file);
                other.settle();
                let is_of_projects = !Arc::ptr_eq(&other.shared_projects(), &whole.shared_projects());
                if kinds.iter().any(|kind| reads.contains(kind) || *kind == Kind::Kustomization) || is_of_projects {
                    continue;
                }
                asked += 1;
                assert_eq!(ask(*check, &other), verdict, "{} {path}, {kept} lines", check.meta().id);
            }
        }
    }
    assert!(asked > 300, "{asked}");
}
