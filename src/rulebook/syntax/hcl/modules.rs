//! Calls of modules, and whether what they call is told exactly
//! (<https://developer.hashicorp.com/terraform/language/modules/sources>).

use super::{Block, Body};
use crate::{model::finding::Span, rulebook::syntax::node::Node};

/// A call of a module.
#[derive(Debug, Clone, Copy)]
pub struct ModuleCall<'b> {
    /// Its label; `terraform` for the one that a file of Terragrunt wraps.
    pub name: &'b str,
    pub block: &'b Block,
    /// Where it comes from; its span is the value's.
    pub source: Option<&'b Node>,
    /// The constraint on its version; of a registry's modules only.
    pub version: Option<&'b Node>,
    pub pin: Pin,
}

/// How exactly a call tells what it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// A folder of the same repository: it is what it is.
    Local,
    /// One version, tag or commit.
    Exact,
    /// A range of versions of a registry: `~> 5.0`.
    Range,
    /// Whatever is newest: no version, no `ref`, or a branch.
    None,
    /// It cannot be known: an expression, or an archive whose address says nothing of a version.
    Unknown,
}

impl ModuleCall<'_> {
    /// The place to point at: the version or the source if it is there, else the block's name.
    pub fn span(&self) -> Option<Span> {
        let node = self.version.or(self.source);
        node.and_then(|node| node.span)
            .or_else(|| self.block.labels.first().and_then(|label| label.span))
            .or(self.block.kind_span)
    }
}

/// The calls of modules in a file.
pub fn modules(body: &Body) -> Vec<ModuleCall<'_>> {
    let is_call = |block: &&Block| {
        block.kind == "module" || (block.kind == "terraform" && block.body.attribute("source").is_some())
    };
    body.blocks
        .iter()
        .filter(is_call)
        .map(|block| {
            let value = |name: &str| block.body.attribute(name).map(|entry| &entry.value);
            let name = if block.kind == "module" { block.label(0) } else { "terraform" };
            let (source, version) = (value("source"), value("version"));
            ModuleCall { name, block, source, version, pin: pin(source, version) }
        })
        .collect()
}

/// Branches: what they name changes.
const BRANCHES: &[&str] =
    &["main", "master", "head", "develop", "dev", "trunk", "latest", "stable", "production", "staging", "release"];

fn pin(source: Option<&Node>, version: Option<&Node>) -> Pin {
    let Some(source) = source.and_then(Node::as_str) else { return Pin::Unknown };
    if source.starts_with(['.', '/']) {
        return Pin::Local;
    }
    let (address, query) = source.split_once('?').unwrap_or((source, ""));
    let asked = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let is_git = ["git::", "git@", "github.com/", "bitbucket.org/", "gitlab.com/", "hg::"]
        .iter()
        .any(|start| address.starts_with(start))
        || address.ends_with(".git")
        || address.contains(".git//");
    if is_git {
        return match asked("ref").or_else(|| asked("rev")) {
            Some(name) if !name.is_empty() && !BRANCHES.contains(&name.to_ascii_lowercase().as_str()) => Pin::Exact,
            _ => Pin::None,
        };
    }
    if address.starts_with("oci://") {
        let is_told = asked("digest").or_else(|| asked("tag")).is_some_and(|tag| tag != "latest");
        return if is_told { Pin::Exact } else { Pin::None };
    }
    if is_of_registry(address) {
        return match version {
            None => Pin::None,
            Some(version) => {
                version.as_str().map_or(Pin::Unknown, |version| if is_exact(version) { Pin::Exact } else { Pin::Range })
            }
        };
    }
    if asked("checksum").is_some() { Pin::Exact } else { Pin::Unknown }
}

/// `namespace/name/provider`, with a host before it and a folder after it at most.
fn is_of_registry(address: &str) -> bool {
    let parts: Vec<&str> = address.split("//").next().unwrap_or_default().split('/').collect();
    let is_word = |part: &&str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    match parts.as_slice() {
        [_, _, _] => parts.iter().all(is_word),
        [host, rest @ ..] if rest.len() == 3 => host.contains('.') && !host.contains("::") && rest.iter().all(is_word),
        _ => false,
    }
}

fn is_exact(version: &str) -> bool {
    let version = version.trim().trim_start_matches('=').trim();
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    version.starts_with(|c: char| c.is_ascii_digit() || c == 'v') && version.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::syntax::hcl::parse;

    fn pin_of(lines: &str) -> Pin {
        let body = parse(&format!("module \"m\" {{\n{lines}\n}}\n")).expect("is HCL");
        modules(&body)[0].pin
    }

    #[test]
    fn sources_and_whether_they_are_pinned() {
        for (lines, pin) in [
            ("source = \"./vpc\"", Pin::Local),
            ("source = \"../../modules/vpc\"", Pin::Local),
            ("source = \"terraform-aws-modules/vpc/aws\"", Pin::None),
            ("source = \"terraform-aws-modules/vpc/aws\"\nversion = \"5.1.2\"", Pin::Exact),
            ("source = \"terraform-aws-modules/iam/aws//modules/role\"\nversion = \"= 5.1.2\"", Pin::Exact),
            ("source = \"app.terraform.io/acme/vpc/aws\"\nversion = \"~> 5.0\"", Pin::Range),
            ("source = \"acme/vpc/aws\"\nversion = var.v", Pin::Unknown),
            ("source = \"git::https://git.test/vpc.git?ref=v1.2.0\"", Pin::Exact),
            ("source = \"git::https://git.test/vpc.git//sub?depth=1&ref=main\"", Pin::None),
            ("source = \"github.com/acme/vpc\"", Pin::None),
            ("source = \"git@github.com:acme/vpc.git?ref=4c08679\"", Pin::Exact),
            ("source = \"https://files.test/vpc.zip\"", Pin::Unknown),
            ("source = \"oci://registry.test/vpc?tag=1.0\"", Pin::Exact),
            ("source = local.source", Pin::Unknown),
            ("x = 1", Pin::Unknown),
        ] {
            assert_eq!(pin_of(lines), pin, "{lines}");
        }
    }

    #[test]
    fn calls_have_names_and_places() {
        let body = parse(
            "module \"vpc\" {\n  source = \"acme/vpc/aws\"\n}\nterraform {\n  source = \"../x\"\n}\nterraform {}\n",
        );
        let body = body.expect("is HCL");
        let calls = modules(&body);
        assert_eq!(calls.iter().map(|call| call.name).collect::<Vec<_>>(), ["vpc", "terraform"]);
        assert_eq!(calls[0].span().map(|span| (span.line, span.column)), Some((2, 12)));
    }
}
