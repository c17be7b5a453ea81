//! Which proxy leads to a cluster, by kubectl's rules: the one that the kubeconfig names, else that of the environment, where `NO_PROXY`
//! does not except the cluster (<https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config>).

use http::Uri;
use std::net::IpAddr;

/// The proxy for a server; `named` is the cluster's own `proxy-url`, `variable` the environment.
pub(super) fn to(server: &Uri, named: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Option<Uri> {
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return named.parse().ok();
    }
    let either = |name: &str| {
        let value = variable(name).or_else(|| variable(&name.to_lowercase()));
        value.filter(|value| !value.is_empty())
    };
    let proxy = either(if server.scheme_str() == Some("http") { "HTTP_PROXY" } else { "HTTPS_PROXY" })?;
    let exceptions = either("NO_PROXY").unwrap_or_default();
    if is_excepted(server, &exceptions) {
        return None;
    }
    // A bare HOST:PORT is an http proxy.
    let proxy = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    proxy.parse().ok()
}

fn is_excepted(server: &Uri, exceptions: &str) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    let excepts = |entry: &str| match (entry, address) {
        ("", _) => false,
        ("*", _) => true,
        (entry, Some(address)) => excepts_address(entry, address, port),
        (entry, None) => excepts_name(entry, &host, port),
    };
    exceptions.split(',').map(str::trim).any(|entry| excepts(&entry.to_ascii_lowercase()))
}

/// An entry without the port that it may name, where that one fits.
fn without_port(entry: &str, port: u16) -> Option<&str> {
    match entry.rsplit_once(':') {
        Some((host, number)) if !host.contains(':') || host.ends_with(']') => {
            (number.parse() == Ok(port)).then(|| host.trim_matches(['[', ']']))
        }
        _ => Some(entry.trim_matches(['[', ']'])),
    }
}

fn excepts_address(entry: &str, address: IpAddr, port: u16) -> bool {
    if let Some((net, bits)) = entry.split_once('/') {
        let (Ok(net), Ok(bits)) = (net.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
        return is_in(address, net, bits);
    }
    without_port(entry, port).and_then(|entry| entry.parse::<IpAddr>().ok()) == Some(address)
}

fn is_in(address: IpAddr, net: IpAddr, bits: u32) -> bool {
    let same = |a: u128, b: u128, width: u32| bits <= width && (bits == 0 || (a ^ b) >> (width - bits) == 0);
    match (address, net) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    }
}

/// `example.org` stands for itself and what is below it, `.example.org` and `*.example.org` only for what is below.
fn excepts_name(entry: &str, host: &str, port: u16) -> bool {
    let Some(entry) = without_port(entry, port) else { return false };
    let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
    if entry.starts_with('.') {
        return host.ends_with(entry);
    }
    host == entry || host.strip_suffix(entry).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_environment(server: &str, exceptions: &str) -> bool {
        let server: Uri = server.parse().expect("a URL");
        let variable = |name: &str| match name {
            "https_proxy" => Some("proxy:3128".into()),
            "NO_PROXY" => Some(exceptions.into()),
            _ => None,
        };
        let proxy = to(&server, None, variable);
        assert!(proxy.as_ref().is_none_or(|proxy| proxy == "http://proxy:3128"), "{proxy:?}");
        proxy.is_some()
    }

    /// The cases of `TestNoProxy…` in golang.org/x/net/http/httpproxy/proxy_test.go that concern clusters.
    #[test]
    fn exceptions_are_those_of_kubectl() {
        for (server, exceptions, is_used) in [
            ("https://api.example.org:6443", "", true),
            ("https://api.example.org:6443", "other.org,,", true),
            ("https://api.example.org:6443", "example.org", false),
            ("https://api.example.org:6443", ".example.org", false),
            ("https://api.example.org:6443", "*.example.org", false),
            ("https://example.org:6443", ".example.org", true),
            ("https://badexample.org:6443", "example.org", true),
            ("https://api.example.org:6443", "api.example.org:6443", false),
            ("https://api.example.org:6443", "api.example.org:443", true),
            ("https://api.example.org:6443", "*", false),
            ("https://10.1.2.3:6443", "10.0.0.0/8", false),
            ("https://10.1.2.3:6443", "10.1.2.4, 10.1.2.3", false),
            ("https://10.1.2.3:6443", "11.0.0.0/8", true),
            ("https://[fd00::1]:6443", "fd00::/16", false),
            ("https://[fd00::1]:6443", "[fd00::1]:6443", false),
            ("https://127.0.0.1:6443", "", false),
            ("https://localhost:6443", "", false),
        ] {
            assert_eq!(by_environment(server, exceptions), is_used, "{server} {exceptions}");
        }
    }

    #[test]
    fn what_the_kubeconfig_names_is_always_used() {
        let server: Uri = "https://127.0.0.1:6443".parse().expect("a URL");
        let proxy = to(&server, Some("socks5://bastion:1080"), |_| Some("*".into()));
        assert_eq!(proxy.expect("named"), "socks5://bastion:1080");
        assert_eq!(to(&server, Some(""), |_| None), None);
    }
}
