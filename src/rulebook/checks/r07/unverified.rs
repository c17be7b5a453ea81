//! 07e: what is fetched is run unseen, or TLS certificates are not verified.

use crate::{
    model::finding::{Level, Scope, Span},
    rulebook::{
        check::{Check, Judged, Meta},
        out::Out,
        subject::{
            container::{Container, Known},
            script::{inside, scripts},
        },
        syntax::{
            python::{Module, Value},
            shell::{Command, Expands, Program, Script, Word},
        },
        tree::{File, Kind, Parsed},
    },
};
use regex::Regex;
use std::sync::LazyLock;

pub struct Unverified;

static META: Meta = Meta {
    id: "07e",
    title: "fetched and run unseen, or TLS verification off",
    level: Level::Error,
    scopes: &[Scope::Repo],
    why: "What is fetched is run as it comes: who holds the other end, or sits between, decides what happens here.",
    fix: "Fetch into a file over verified TLS, compare its SHA-256 with a known one, then run it; give a private authority's certificate with --cacert.",
    precedent: &["CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_4", "CKV2_DOCKER_6", "DL4001"],
    references: &[
        "https://curl.se/docs/sslcerts.html",
        "https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification",
    ],
    parameters: &[],
};

impl Check for Unverified {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn file(&self, file: &File, out: &mut Out<'_>) -> Judged {
        if file.is_foreign() || !matches!(file.kind, Kind::Shell | Kind::Dockerfile | Kind::Python) {
            return Judged::No;
        }
        for script in scripts(file) {
            piped(file, &script, out);
            for (index, command) in script.commands.iter().enumerate() {
                substituted(file, &script, index, out);
                switched_off(file, command, out);
            }
        }
        if file.kind == Kind::Dockerfile {
            environment(file, out);
        }
        if let Parsed::Python(module) = &file.parsed
            && !file.is_test()
        {
            python(file, module, out);
        }
        if matches!(file.parsed, Parsed::Broken(_)) { Judged::No } else { Judged::Yes }
    }

    fn container(&self, container: &Container<'_>, out: &mut Out<'_>) -> Judged {
        if container.resource.scope != Scope::Repo || container.environment.is_empty() {
            return Judged::No;
        }
        for (name, value) in &container.environment {
            if let Known::Is(text) = &value.value
                && turns_off(name, text)
            {
                out.on(container.resource, &value.pointer)
                    .observed(format!("{name}={text}"))
                    .expected("TLS certificates are verified")
                    .fail();
            }
        }
        Judged::Yes
    }
}

/// `curl … | sh`.
fn piped(file: &File, script: &Script, out: &mut Out<'_>) {
    for stages in &script.pipelines {
        let firsts = stages.iter().filter_map(|stage| script.commands.get(stage.start).filter(|_| !stage.is_empty()));
        let mut fetcher: Option<&Command> = None;
        for command in firsts {
            if let Some(first) = fetcher.filter(|_| command.program().is_some_and(|program| runs_its_input(&program))) {
                let name = command.program().map_or("", |program| program.name);
                let fetch = first.program().map_or("", |program| program.name);
                unseen(file, first.span.to(command.span), &format!("{fetch} … | {name}"), out);
                break;
            }
            fetcher = fetcher.or(Some(command).filter(|command| fetches(command)));
        }
    }
}

/// `bash <(curl …)`, `sh -c "$(curl …)"`, `eval "$(curl …)"`.
fn substituted(file: &File, script: &Script, index: usize, out: &mut Out<'_>) {
    let command = &script.commands[index];
    let Some(program) = command.program() else { return };
    let takes = |expansion: &Expands| match expansion {
        Expands::Process => is_interpreter(program.name) || matches!(program.name, "source" | "."),
        Expands::Command => {
            program.name == "eval" || is_shell(program.name) && program.arguments.iter().any(|word| word.bare == "-c")
        }
        _ => false,
    };
    let parts = program.arguments.iter().flat_map(|word| &word.expansions).filter(|expansion| takes(&expansion.kind));
    for expansion in parts.take(20) {
        if inside(script, index, expansion).any(fetches) {
            unseen(file, command.span, &format!("{} of what is fetched", program.name), out);
        }
    }
}

fn unseen(file: &File, span: Span, what: &str, out: &mut Out<'_>) {
    out.at(file, span)
        .title("fetched and run unseen")
        .observed(what)
        .expected("fetched into a file, compared with a known SHA-256, then run")
        .fail();
}

fn fetches(command: &Command) -> bool {
    command.program().is_some_and(|program| matches!(program.name, "curl" | "wget" | "fetch" | "aria2c"))
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "fish")
}

fn is_interpreter(name: &str) -> bool {
    is_shell(name) || name.starts_with("python") || matches!(name, "perl" | "ruby" | "node" | "php")
}

/// Whether a program takes what it is given for a script: an interpreter that is given no other.
fn runs_its_input(program: &Program<'_>) -> bool {
    if !is_interpreter(program.name) {
        return false;
    }
    let has = |letter: char| {
        program
            .arguments
            .iter()
            .any(|word| word.starts_with("-") && !word.starts_with("--") && word.bare.contains(letter))
    };
    let is_told = program.arguments.iter().any(|word| word.bare == "-" || word.bare == "/dev/stdin");
    if is_shell(program.name) {
        return is_told || !has('c') && (has('s') || program.plain().next().is_none());
    }
    // `python -m json.tool` and `perl -ne …` only read it.
    is_told || program.arguments.is_empty()
}

/// An option, a setting or a variable that turns verification off.
fn switched_off(file: &File, command: &Command, out: &mut Out<'_>) {
    let mut tell = |span: Span, what: &str| {
        out.at(file, span)
            .title("TLS verification off")
            .observed(what)
            .expected("TLS certificates are verified")
            .fail();
    };
    for assignment in &command.assignments {
        if turns_off(&assignment.name, &assignment.value.bare) {
            tell(assignment.span, &format!("{}={}", assignment.name, assignment.value.bare));
        }
    }
    for word in &command.words {
        // `export NAME=0`, `env NAME=0`.
        if let Some((name, value)) = word.bare.split_once('=')
            && turns_off(name, value)
        {
            tell(word.place(), &word.bare);
        }
    }
    if let Some((word, what)) = command.program().and_then(|program| off_by_option(&program)) {
        tell(word.place(), &what);
    }
}

/// The argument by which a program is told not to verify, and how to name it.
fn off_by_option<'w>(program: &Program<'w>) -> Option<(&'w Word, String)> {
    let named = |names: &[&str]| {
        let is_one = |word: &&Word| {
            names
                .iter()
                .any(|name| word.bare.strip_prefix(name).is_some_and(|rest| matches!(rest, "" | "=true" | "=1")))
        };
        program.arguments.iter().find(is_one).map(|word| (word, format!("{} {}", program.name, word.bare)))
    };
    let has = |text: &str| program.arguments.iter().any(|word| word.bare == text);
    match program.name {
        "curl" if is_local(program) => None,
        "wget" if is_local(program) => None,
        "curl" => named(&["--insecure"]).or_else(|| {
            let word = program.arguments.iter().find(|word| has_letter_k(&word.bare))?;
            Some((word, format!("curl {}", word.bare)))
        }),
        "wget" => named(&["--no-check-certificate"]),
        "git" => {
            let is_off = |word: &&Word| {
                let lower = word.bare.to_ascii_lowercase();
                lower.starts_with("http.") && (lower.ends_with("sslverify=false") || lower.ends_with("sslverify=0"))
            };
            let pair = program.arguments.windows(2).find(|pair| {
                pair[0].bare.to_ascii_lowercase().ends_with("sslverify")
                    && matches!(pair[1].bare.as_str(), "false" | "0")
            });
            let word = program.arguments.iter().find(is_off).or_else(|| pair.map(|pair| &pair[0]))?;
            Some((word, "git http.sslVerify=false".into()))
        }
        name if is_pip(name, program) => {
            let is_trusted = |word: &&Word| word.starts_with("--trusted-host") || word.bare.ends_with("trusted-host");
            let word = program.arguments.iter().find(is_trusted)?;
            Some((word, "pip --trusted-host".into()))
        }
        "npm" | "yarn" | "pnpm" => {
            let pair =
                program.arguments.windows(2).find(|pair| pair[0].bare == "strict-ssl" && pair[1].bare == "false");
            let is_off = |word: &&Word| {
                matches!(word.bare.as_str(), "strict-ssl=false" | "--strict-ssl=false" | "--no-strict-ssl")
            };
            let word = pair.map(|pair| &pair[0]).or_else(|| program.arguments.iter().find(is_off))?;
            Some((word, format!("{} strict-ssl=false", program.name)))
        }
        "kubectl" | "helm" | "oc" => named(&["--insecure-skip-tls-verify", "--kube-insecure-skip-tls-verify"]),
        "docker" | "podman" | "skopeo" if has("--tls-verify=false") => {
            let word = program.arguments.iter().find(|word| word.bare == "--tls-verify=false")?;
            Some((word, format!("{} --tls-verify=false", program.name)))
        }
        _ => None,
    }
}

fn is_pip(name: &str, program: &Program<'_>) -> bool {
    name.starts_with("pip")
        || name.starts_with("python") && program.arguments.get(1).is_some_and(|word| word.bare == "pip")
}

/// Whether a group of curl's one-letter options has `k`: `-fsSLk`. Behind a letter that takes a value the value begins
/// (<https://curl.se/docs/manpage.html>).
fn has_letter_k(word: &str) -> bool {
    let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')) else { return false };
    let takes_value = |c: char| "AbcCdDeEFhHKmoPQrtTuUwxXyYz".contains(c);
    letters.chars().take_while(|c| !takes_value(*c)).any(|c| c == 'k')
}

/// Whether all that is fetched is from this host, or from the container itself.
fn is_local(program: &Program<'_>) -> bool {
    let mut urls = program.arguments.iter().filter(|word| word.bare.contains("://")).peekable();
    let is_loopback = |word: &Word| {
        let host = word.bare.split_once("://").map_or("", |(_, rest)| rest);
        ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local))
    };
    urls.peek().is_some() && urls.all(is_loopback)
}

/// Whether a variable of the environment with this value turns verification off.
fn turns_off(name: &str, value: &str) -> bool {
    let is_no = matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no");
    let is_yes = matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes");
    match name {
        "NODE_TLS_REJECT_UNAUTHORIZED" | "PYTHONHTTPSVERIFY" => value == "0",
        "NPM_CONFIG_STRICT_SSL" | "npm_config_strict_ssl" => is_no,
        "GIT_SSL_NO_VERIFY" => is_yes,
        _ => false,
    }
}

/// `ENV NODE_TLS_REJECT_UNAUTHORIZED=0`.
fn environment(file: &File, out: &mut Out<'_>) {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
        let names = "NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|NPM_CONFIG_STRICT_SSL|npm_config_strict_ssl|GIT_SSL_NO_VERIFY";
        Regex::new(&format!(r#"\b({names})(?:=|\s+)["']?([A-Za-z0-9]+)"#)).expect("is a pattern")
    });
    let mut is_env = false;
    for (number, line) in (1_u32..).zip(file.text().lines()) {
        let first = line.split_whitespace().next().unwrap_or_default();
        is_env = is_env || first.eq_ignore_ascii_case("env") || first.eq_ignore_ascii_case("arg");
        if is_env {
            // A long line is no line of a Dockerfile that a person wrote.
            for found in VARIABLE.captures_iter(line).take(100) {
                if turns_off(&found[1], &found[2]) {
                    let start = found.get(1).map_or(0, |name| name.start());
                    let column = u32::try_from(line[..start].chars().count() + 1).unwrap_or(1);
                    let length = u32::try_from(found[1].len()).unwrap_or(1);
                    let draft = out.at(file, Span::on_line(number, column, length)).title("TLS verification off");
                    draft
                        .observed(format!("{}={}", &found[1], &found[2]))
                        .expected("TLS certificates are verified")
                        .fail();
                }
            }
        }
        is_env = is_env && line.trim_end().ends_with('\\');
    }
}

/// `requests.get(…, verify=False)` and the like.
fn python(file: &File, module: &Module, out: &mut Out<'_>) {
    let has_client = ["requests", "httpx", "aiohttp"].iter().any(|client| module.imports(client));
    let has_aiohttp = module.imports("aiohttp");
    for call in &module.calls {
        let is_client = ["requests.", "httpx."].iter().any(|client| call.callee.starts_with(client));
        let last = call.callee.rsplit('.').next().unwrap_or_default();
        let is_request = matches!(
            last,
            "get"
                | "post"
                | "put"
                | "patch"
                | "delete"
                | "head"
                | "options"
                | "request"
                | "send"
                | "stream"
                | "Client"
                | "AsyncClient"
                | "TCPConnector"
        );
        for (name, applies) in [("verify", is_client || has_client && is_request), ("ssl", has_aiohttp && is_request)] {
            let off = call.keyword(name).filter(|keyword| applies && keyword.value == Value::Bool(false));
            if let Some(keyword) = off {
                let draft = out.at(file, keyword.span).title("TLS verification off");
                draft.observed(format!("{last}({name}=False)")).expected("TLS certificates are verified").fail();
            }
        }
        if call.callee == "ssl._create_unverified_context" {
            out.at(file, call.span)
                .title("TLS verification off")
                .observed(call.callee.as_str())
                .expected("ssl.create_default_context()")
                .fail();
        }
    }
}

#[cfg(test)]
#[path = "unverified_tests.rs"]
mod tests;
