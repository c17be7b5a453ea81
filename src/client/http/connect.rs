//! Ways to a server: direct or through a proxy, with or without TLS.

use super::{Server, innermost};
use crate::client::{Unreachable, proxy};
use http::Uri;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::connect::{
        HttpConnector,
        proxy::{SocksV5, Tunnel},
    },
    rt::TokioIo,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    env,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::TcpStream;
use tower_service::Service;

/// What connects.
pub(super) type Connector = HttpsConnector<Way>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How the other end is reached.
#[derive(Debug, Clone)]
pub(super) enum Way {
    Direct(HttpConnector),
    /// By `CONNECT`, also for plain HTTP, so that credentials are the server's alone.
    Tunnel(Tunnel<HttpConnector>),
    Socks(SocksV5<HttpConnector>),
}

impl Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        match self {
            Self::Direct(way) => way.poll_ready(context).map_err(Into::into),
            Self::Tunnel(way) => way.poll_ready(context).map_err(Into::into),
            Self::Socks(way) => way.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        match self {
            Self::Direct(way) => boxed(way.call(to)),
            Self::Tunnel(way) => boxed(way.call(to)),
            Self::Socks(way) => boxed(way.call(to)),
        }
    }
}

fn boxed<T, E: Into<Failure>>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>> {
    Box::pin(async move { work.await.map_err(Into::into) })
}

/// To what is near: no proxy, and no certificate is trusted.
pub(super) fn near(deadline: Duration) -> Connector {
    with_tls(untrusting(), Way::Direct(tcp(deadline)))
}

/// To a server that the configuration names.
pub(super) fn to(server: &Server, deadline: Duration) -> Result<Connector, Unreachable> {
    let uri = address(server)?;
    let proxy = proxy::to(&uri, None, |name| env::var(name).ok());
    let way = proxy.map_or_else(|| Ok(Way::Direct(tcp(deadline))), |proxy| by_proxy(&proxy, deadline))?;
    let trust = if uri.scheme_str() == Some("https") { trust(server)? } else { untrusting() };
    Ok(with_tls(trust, way))
}

/// The server's address, where it is one and holds no credentials.
fn address(server: &Server) -> Result<Uri, Unreachable> {
    let wrong = |reason: String, hint: &str| Unreachable { reason, hint: hint.into() };
    let uri: Uri = server.url.parse().map_err(|error| {
        wrong(
            format!("what is written as the server's address is none: {error}"),
            "write http://HOST:PORT or https://HOST",
        )
    })?;
    let known = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    if !known {
        return Err(wrong(
            "the server's address has no scheme or no host".into(),
            "write http://HOST:PORT or https://HOST",
        ));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        let hint = "name the user beside it, and the file or the variable that has the password";
        return Err(wrong(format!("the address of {} holds credentials", server.place()), hint));
    }
    Ok(uri)
}

fn tcp(deadline: Duration) -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(deadline));
    connector
}

pub(super) fn by_proxy(proxy: &Uri, deadline: Duration) -> Result<Way, Unreachable> {
    let place = super::place(&proxy.to_string());
    let user = proxy.authority().and_then(|authority| authority.as_str().rsplit_once('@')).map(|(user, _)| user);
    let unfit = |why: &str| Unreachable {
        reason: format!("the proxy {place} of the environment {why}"),
        hint: "name the server in NO_PROXY, or an http:// or socks5:// proxy in HTTPS_PROXY".into(),
    };
    match (proxy.scheme_str(), user) {
        (Some("http"), None) => Ok(Way::Tunnel(Tunnel::new(proxy.clone(), tcp(deadline)))),
        (Some("socks5" | "socks5h"), None) => Ok(Way::Socks(SocksV5::new(proxy.clone(), tcp(deadline)))),
        (Some("http" | "socks5" | "socks5h"), Some(_)) => Err(unfit("wants credentials, which are not supported")),
        _ => Err(unfit("is of a kind that is not supported")),
    }
}

/// By ring, which is named here: not by what another library made the default of the process.
fn provided() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has what the default versions of TLS need")
}

/// For connections without TLS.
pub(super) fn untrusting() -> ClientConfig {
    provided().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

/// Whom the server has to be vouched for by, and how we are known.
fn trust(server: &Server) -> Result<ClientConfig, Unreachable> {
    let rooted = match &server.ca_file {
        Some(path) => provided().with_root_certificates(roots(path)?),
        None => provided().with_native_roots().map_err(|error| Unreachable {
            reason: format!("this machine's certificates cannot be read: {error}"),
            hint: "install ca-certificates, or name the file that has the server's own".into(),
        })?,
    };
    let Some((certificate, key)) = &server.certificate else { return Ok(rooted.with_no_client_auth()) };
    let own = certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, "no private key", &error))?;
    let known = rooted.with_client_auth_cert(own, secret);
    known.map_err(|error| unusable(certificate, "no certificate of that key", &error))
}

fn roots(path: &Path) -> Result<RootCertStore, Unreachable> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| unusable(path, "a certificate that cannot be trusted", &error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Unreachable> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = read.map_err(|error| unusable(path, "no certificates", &error))?;
    if all.is_empty() {
        let reason = format!("{} has no certificate", path.display());
        return Err(Unreachable { reason, hint: "it has to be PEM: -----BEGIN CERTIFICATE-----".into() });
    }
    Ok(all)
}

fn unusable(path: &Path, what: &str, error: &(dyn std::error::Error + 'static)) -> Unreachable {
    Unreachable {
        reason: format!("{} has {what}: {}", path.display(), innermost(error)),
        hint: "it has to be PEM, and readable".into(),
    }
}

pub(super) fn with_tls(trust: ClientConfig, way: Way) -> Connector {
    HttpsConnectorBuilder::new().with_tls_config(trust).https_or_http().enable_http1().wrap_connector(way)
}
