//! Podman's `containers.conf` and `registries.conf`, where they are explicitly unsafe. Source:
//! <https://github.com/containers/common/blob/main/docs/containers.conf.5.md>,
//! <https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md>.

use super::{Flaw, is_local};
use toml::{Table, Value};

/// What is unsafe.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn flaws(text: &str) -> Result<Vec<Flaw>, String> {
    let settings: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let flaw = |observed: String, expected| Flaw { pointer: String::new(), observed, expected };
    let mut flaws = Vec::new();
    for registry in settings.get("registry").and_then(Value::as_array).into_iter().flatten() {
        let name = registry.get("location").or_else(|| registry.get("prefix")).and_then(Value::as_str).unwrap_or("?");
        if registry.get("insecure").and_then(Value::as_bool) == Some(true) && !is_local(name) {
            flaws.push(flaw(format!("insecure registry {name}"), "registries with TLS"));
        }
    }
    let containers = settings.get("containers");
    if containers.and_then(|part| part.get("privileged")).and_then(Value::as_bool) == Some(true) {
        flaws.push(flaw("privileged: true".into(), "false"));
    }
    for (name, unsafe_value, expected) in [
        ("seccomp_profile", "unconfined", "the default profile"),
        ("log_driver", "none", "a driver that keeps what containers say"),
    ] {
        if containers.and_then(|part| part.get(name)).and_then(Value::as_str) == Some(unsafe_value) {
            flaws.push(flaw(format!("{name}: {unsafe_value}"), expected));
        }
    }
    Ok(flaws)
}
