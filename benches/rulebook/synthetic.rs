//! Makes a repository as larger ones are: manifests, compose files, scripts, pages and sources. The same one each time.

use std::{fmt::Write, fs, path::Path};

/// The file that is edited.
pub const EDITED: &str = "deploy/app-0007/deployment.yaml";

/// Numbers that look like chance (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }

    fn of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[self.next(words.len())]
    }

    fn word(&mut self) -> &'static str {
        self.of(WORDS)
    }

    fn name(&mut self) -> String {
        format!("{}_{}{}", self.word(), self.word(), self.next(90))
    }

    fn sentence(&mut self) -> String {
        let words: Vec<_> = (0..8 + self.next(10)).map(|_| self.word()).collect();
        format!("The {}.", words.join(" "))
    }
}

const WORDS: &[&str] = &[
    "order", "invoice", "customer", "session", "queue", "worker", "cache", "index", "token", "payment", "basket",
    "ledger", "replica", "shard", "backup", "restore", "metric", "alert", "deploy", "release", "config", "secret",
    "volume", "network", "storage", "gateway", "router", "service", "client", "server", "request", "response",
    "timeout", "retry", "budget", "limit", "quota", "tenant", "region", "cluster", "node", "pod", "image", "registry",
    "pipeline", "stage", "report", "export", "import", "schema", "table", "column", "record", "stream", "batch",
    "event", "handler", "message", "topic", "offset", "window", "buffer", "writer", "reader", "parser", "lexer",
];

/// Makes 10,000 files below a folder, about 60 MB.
pub fn make(root: &Path) {
    let mut chance = Chance(42);
    let chance = &mut chance;
    let write = |path: String, text: String| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("has a folder")).expect("can be made");
        fs::write(path, text).expect("can be written");
    };
    for at in 0..500 {
        let folder = format!("deploy/app-{at:04}");
        write(format!("{folder}/deployment.yaml"), workload(chance, "Deployment", at));
        write(format!("{folder}/service.yaml"), services(at));
        write(format!("{folder}/configmap.yaml"), config(chance, at));
        write(format!("{folder}/kustomization.yaml"), "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - deployment.yaml\n  - service.yaml\n  - configmap.yaml\n".into());
    }
    for at in 0..300 {
        let folder = format!("services/svc-{at:03}");
        write(format!("{folder}/compose.yaml"), compose(chance, at));
        write(format!("{folder}/Dockerfile"), dockerfile(chance, at));
        write(format!("{folder}/.env.example"), format!("LOG_LEVEL=info\nWEB_TAG=1.{at}\nPORT={}\n", 20_000 + at));
        write(format!("{folder}/requirements.txt"), "flask==3.0.0\nrequests==2.31.0\nredis>=5\n".into());
        write(format!("{folder}/README.md"), page(chance, at, 1_500));
    }
    for at in 0..500 {
        write(format!("scripts/team-{:02}/{}-{at:03}.sh", at % 20, chance.word()), shell(chance, at));
        write(format!("data/{}-{at:03}.json", chance.word()), json(chance));
    }
    for at in 0..1_000 {
        write(format!("tools/{}/{}_{at:04}.py", chance.word(), chance.word()), python(chance));
        write(format!("docs/{}/{}-{at:04}.md", chance.word(), chance.word()), page(chance, at, 6_000));
    }
    for at in 0..200 {
        write(format!("settings/{}-{at:03}.toml", chance.word()), toml(chance));
        write(format!("infra/module-{at:03}/main.tf"), terraform(chance, at));
        write(
            format!("charts/chart-{at:03}/Chart.yaml"),
            format!("apiVersion: v2\nname: chart-{at:03}\nversion: 1.{at}.0\nappVersion: \"1.{at}\"\n"),
        );
        write(
            format!("charts/chart-{at:03}/values.yaml"),
            format!(
                "replicaCount: 2\nimage:\n  repository: registry.example.com/chart-{at:03}\n  tag: \"1.{at}\"\nresources: {{}}\n"
            ),
        );
        write(format!("charts/chart-{at:03}/templates/deployment.yaml"), template());
    }
    for at in 0..100 {
        write(format!("monitoring/rules/{}-{at:03}.yaml", chance.word()), rules(chance, at));
    }
    write("CHANGELOG.md".into(), changelog(chance));
    write("CODEOWNERS".into(), "* @platform\n/deploy/ @ops\n/docs/ @writers\n".into());
    write("README.md".into(), page(chance, 0, 3_000));
    let made = 2_000 + 1_500 + 1_000 + 2_000 + 1_000 + 100 + 3;
    for at in made..10_000 {
        let ending = chance.of(&["go", "js", "ts", "c", "h", "rs"]);
        write(format!("src/{}/{}/{}_{at:04}.{ending}", chance.word(), chance.word(), chance.word()), source(chance));
    }
}

fn workload(chance: &mut Chance, kind: &str, at: usize) -> String {
    let mut text = format!("# The {} of app-{at:04}.\n", chance.word());
    for part in ["web", "worker"] {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: app-{at:04}-{part}\n  namespace: team-{}\n  labels:\n    app: app-{at:04}\n    part: {part}\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: app-{at:04}\n      part: {part}\n  template:\n    metadata:\n      labels:\n        app: app-{at:04}\n        part: {part}\n    spec:\n      securityContext:\n        runAsNonRoot: true\n      containers:\n",
            at % 25,
            1 + chance.next(4)
        );
        for container in ["app", "proxy"] {
            let _ = write!(
                text,
                "        - name: {container}\n          image: registry.example.com/{container}:1.{at}.{}\n          args: [serve, --listen, \":8080\"]\n          ports:\n            - name: http\n              containerPort: 8080\n          env:\n            - name: LOG_LEVEL\n              value: info\n            - name: DB_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: db\n                  key: password\n          envFrom:\n            - configMapRef:\n                name: app-{at:04}\n          resources:\n            limits: {{cpu: 500m, memory: 512Mi}}\n            requests: {{cpu: 100m, memory: 256Mi}}\n          livenessProbe:\n            httpGet: {{path: /healthz, port: http}}\n          readinessProbe:\n            httpGet: {{path: /ready, port: http}}\n          securityContext:\n            allowPrivilegeEscalation: false\n            capabilities:\n              drop: [ALL]\n          volumeMounts:\n            - name: config\n              mountPath: /etc/app\n",
                chance.next(9)
            );
        }
        let _ = write!(
            text,
            "      volumes:\n        - name: config\n          configMap:\n            name: app-{at:04}\n"
        );
    }
    text
}

fn services(at: usize) -> String {
    let mut text = String::new();
    for part in ["web", "worker"] {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: app-{at:04}-{part}\n  namespace: team-{0}\nspec:\n  selector:\n    app: app-{at:04}\n    part: {part}\n  ports:\n    - name: http\n      port: 80\n      targetPort: http\n---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: app-{at:04}-{part}\n  namespace: team-{0}\nspec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app: app-{at:04}\n      part: {part}\n",
            at % 25
        );
    }
    let _ = write!(
        text,
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: app-{at:04}\n  namespace: team-{}\nspec:\n  rules:\n    - host: app-{at:04}.example.com\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: app-{at:04}-web\n                port:\n                  name: http\n",
        at % 25
    );
    text
}

fn config(chance: &mut Chance, at: usize) -> String {
    let mut text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-{at:04}\n  namespace: team-{}\ndata:\n",
        at % 25
    );
    for key in 0..30 {
        let _ = writeln!(text, "  {}_{key}: \"{}\"", chance.word(), chance.sentence());
    }
    text
}

fn compose(chance: &mut Chance, at: usize) -> String {
    let mut text = String::from("services:\n");
    for (service, port) in [("web", 8080), ("api", 8081), ("db", 5432), ("cache", 6379)] {
        let _ = write!(
            text,
            "  {service}:\n    image: registry.example.com/{service}-{at:03}:${{WEB_TAG:-1.{at}}}\n    restart: unless-stopped\n    environment:\n      LOG_LEVEL: ${{LOG_LEVEL:-info}}\n      MODE: {}\n    ports:\n      - \"127.0.0.1:{}:{port}\"\n    volumes:\n      - {service}-data:/var/lib/{service}\n    healthcheck:\n      test: [CMD, curl, -f, \"http://localhost:{port}/\"]\n      interval: 10s\n    deploy:\n      resources:\n        limits: {{cpus: \"1.0\", memory: 512M}}\n    networks: [inner]\n",
            chance.word(),
            20_000 + at * 10 + port % 10
        );
    }
    text.push_str(
        "volumes:\n  web-data: {}\n  api-data: {}\n  db-data: {}\n  cache-data: {}\nnetworks:\n  inner: {}\n",
    );
    text
}

fn dockerfile(chance: &mut Chance, at: usize) -> String {
    format!(
        "FROM golang:1.22 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /out/{0} ./cmd/{0} && \\\n    strip /out/{0}\n\nFROM debian:12-slim\nRUN apt-get update \\\n    && apt-get install -y --no-install-recommends ca-certificates curl=7.88.1-10 \\\n    && rm -rf /var/lib/apt/lists/*\nCOPY --from=build /out/{0} /usr/local/bin/{0}\nENV LOG_LEVEL=info \\\n    PORT={1}\nUSER 1000:1000\nEXPOSE {1}\nHEALTHCHECK CMD curl -f http://localhost:{1}/ || exit 1\nENTRYPOINT [\"/usr/local/bin/{0}\"]\n",
        chance.word(),
        20_000 + at
    )
}

fn shell(chance: &mut Chance, at: usize) -> String {
    let mut text = format!(
        "#!/usr/bin/env bash\n# {}\nset -euo pipefail\n\nHERE=\"$(cd \"$(dirname \"${{BASH_SOURCE[0]}}\")\" && pwd)\"\nTARGET=\"${{1:-app-{at:04}}}\"\n",
        chance.sentence()
    );
    for _ in 0..18 {
        let name = chance.name();
        let _ = write!(
            text,
            "\n# {}\n{name}() {{\n  local file=\"$1\" count=0\n  if [[ ! -f \"$file\" ]]; then\n    echo \"no $file\" >&2\n    return 1\n  fi\n  while read -r line; do\n    case \"$line\" in\n      {}*) count=$((count + 1)) ;;\n      *) printf '%s\\n' \"$line\" | sed -e 's/{}/{}/g' ;;\n    esac\n  done < \"$file\"\n  kubectl get pods -n \"$TARGET\" -o json | jq -r '.items[].metadata.name'\n}}\n",
            chance.sentence(),
            chance.word(),
            chance.word(),
            chance.word()
        );
    }
    text.push_str("\ncurl -fsS \"https://example.com/$TARGET\" -o \"$HERE/out\"\n");
    text
}

fn python(chance: &mut Chance) -> String {
    let mut text = format!(
        "\"\"\"{}\"\"\"\n\nimport argparse\nimport logging\nimport subprocess\nfrom pathlib import Path\n\nlog = logging.getLogger(__name__)\n\n",
        chance.sentence()
    );
    for _ in 0..14 {
        let (name, other) = (chance.name(), chance.name());
        let _ = write!(
            text,
            "\ndef {name}(path: Path, limit: int = {}) -> list[str]:\n    \"\"\"{}\n\n    {}\n    \"\"\"\n    found = []\n    for line in path.read_text(encoding=\"utf-8\").splitlines():\n        key, _, value = line.partition(\"=\")\n        if key.strip() == \"{other}\" and len(found) < limit:\n            found.append(value.strip())\n    try:\n        subprocess.run([\"{}\", str(path)], check=True, timeout=10)\n    except subprocess.CalledProcessError as error:\n        log.warning(\"%s failed: %s\", path, error)\n        raise\n    return found\n\n",
            chance.next(99),
            chance.sentence(),
            chance.sentence(),
            chance.word()
        );
    }
    text.push_str("\ndef main() -> None:\n    \"\"\"Reads the arguments and does the work.\"\"\"\n    parser = argparse.ArgumentParser()\n    parser.add_argument(\"path\")\n    print(parser.parse_args().path)\n\n\nif __name__ == \"__main__\":\n    main()\n");
    text
}

fn page(chance: &mut Chance, at: usize, size: usize) -> String {
    let mut text = format!("---\nowner: platform\nlast_reviewed: 2025-11-01\n---\n\n# {} {at}\n\n", chance.word());
    while text.len() < size {
        let _ = write!(
            text,
            "## {} {}\n\n{} {} See [{}](../../{}) and [the {}](https://example.com/{}).\n\n- {}\n- At 10:00 UTC {}\n\n| Service | Port | Note |\n|---|---|---|\n| {}-{at} | {} | {} |\n\n```sh\nkubectl -n team-{} rollout restart deployment/app-{at:04}\n```\n\n",
            chance.word(),
            chance.word(),
            chance.sentence(),
            chance.sentence(),
            chance.word(),
            // A few links are broken.
            if chance.next(100) < 2 { "GONE.md" } else { "README.md" },
            chance.word(),
            chance.word(),
            chance.sentence(),
            chance.sentence(),
            chance.word(),
            1_000 + chance.next(9_000),
            chance.word(),
            at % 25
        );
    }
    text
}

fn json(chance: &mut Chance) -> String {
    let mut text = String::from("{\n  \"items\": [\n");
    for at in 0..60 {
        let _ = writeln!(
            text,
            "    {{\"id\": {at}, \"name\": \"{}\", \"tags\": [\"{}\", \"{}\"], \"ratio\": 0.{}, \"enabled\": true}}{}",
            chance.name(),
            chance.word(),
            chance.word(),
            chance.next(99),
            if at == 59 { "" } else { "," }
        );
    }
    text.push_str("  ]\n}\n");
    text
}

fn toml(chance: &mut Chance) -> String {
    let mut text = String::new();
    for at in 0..20 {
        let _ = write!(
            text,
            "[{}-{at}]\nname = \"{}\"\nlimit = {}\nwords = [\"{}\", \"{}\"]\n\n",
            chance.word(),
            chance.name(),
            chance.next(900),
            chance.word(),
            chance.word()
        );
    }
    text
}

fn terraform(chance: &mut Chance, at: usize) -> String {
    let mut text = String::from(
        "terraform {\n  required_version = \">= 1.5\"\n  backend \"s3\" {\n    bucket = \"state\"\n    key    = \"state\"\n    encrypt = true\n  }\n}\n\nvariable \"region\" {\n  type    = string\n  default = \"eu-central-1\"\n}\n\n",
    );
    for part in 0..12 {
        let _ = write!(
            text,
            "resource \"aws_security_group\" \"group_{part}\" {{\n  name        = \"{}-{at}-{part}\"\n  description = \"{}\"\n  ingress {{\n    from_port   = 443\n    to_port     = 443\n    protocol    = \"tcp\"\n    cidr_blocks = [var.region == \"x\" ? \"10.0.0.0/8\" : \"10.1.0.0/16\"]\n  }}\n  tags = {{ Name = \"${{var.region}}-{}\" }}\n}}\n\n",
            chance.word(),
            chance.sentence(),
            chance.word()
        );
    }
    text
}

fn template() -> String {
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  replicas: {{ .Values.replicaCount }}\n  template:\n    spec:\n      containers:\n        - name: app\n          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n          resources: {{- toYaml .Values.resources | nindent 12 }}\n".into()
}

fn rules(chance: &mut Chance, at: usize) -> String {
    let mut text = format!("groups:\n  - name: group-{at}\n    rules:\n");
    for rule in 0..15 {
        let _ = write!(
            text,
            "      - alert: {}{}{at}x{rule}\n        expr: sum(rate({}_{}_total[5m])) by (job) > {}\n        for: 10m\n        labels:\n          severity: page\n        annotations:\n          summary: {}\n          runbook_url: https://example.com/runbooks/{}\n",
            chance.word(),
            chance.word(),
            chance.word(),
            chance.word(),
            chance.next(100),
            chance.sentence(),
            chance.word()
        );
    }
    text
}

fn changelog(chance: &mut Chance) -> String {
    let mut text = String::from("# Changelog\n\n## [Unreleased]\n\n");
    for release in (0..40).rev() {
        let _ = write!(text, "## [1.{release}.0] - 2025-{:02}-01\n\n### Changed\n\n", 1 + release % 12);
        for _ in 0..6 {
            let _ = writeln!(text, "- {}", chance.sentence());
        }
        text.push('\n');
    }
    text
}

fn source(chance: &mut Chance) -> String {
    let mut text = format!("// {}\npackage {}\n\nimport \"fmt\"\n\n", chance.sentence(), chance.word());
    for _ in 0..26 {
        let (name, other) = (chance.name(), chance.name());
        let _ = write!(
            text,
            "// {}\nfunc {name}({other} string, limit int) error {{\n\tfor at := 0; at < limit; at++ {{\n\t\tif {other}[at] == '{}' {{\n\t\t\treturn fmt.Errorf(\"{} at %d\", at)\n\t\t}}\n\t\t{}({other}, limit-1)\n\t}}\n\treturn nil\n}}\n\n",
            chance.sentence(),
            char::from(b'a' + chance.next(26) as u8),
            chance.word(),
            chance.name()
        );
    }
    text
}
