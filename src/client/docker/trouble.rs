//! What is wrong between us and an engine, in words.

use crate::client::Unreachable;
use bollard::errors::Error;
use std::{error::Error as _, io};

/// Why an engine at `url` does not answer, and what to do about it.
pub fn unreachable(url: &str, error: &Error) -> Unreachable {
    let socket = url.strip_prefix("unix://");
    let place = socket.unwrap_or(url);
    let said = |reason: String, hint: String| Unreachable { reason, hint };
    match error {
        Error::SocketNotFoundError(path) => {
            // A socket below a folder that we may not enter looks as if it were not there.
            if let Err(fault) = std::fs::metadata(path)
                && fault.kind() == io::ErrorKind::PermissionDenied
            {
                return denied(place);
            }
            return said(
                format!("there is no socket {path}"),
                "start the engine (systemctl start docker), or name another with --docker".into(),
            );
        }
        Error::RequestTimeoutError => {
            return said(
                format!("{place} did not answer within {} s", super::PATIENCE.as_secs()),
                "the engine hangs or the network is slow: see its log (journalctl -u docker)".into(),
            );
        }
        Error::DockerResponseServerError { status_code, message } => {
            let hint = match status_code {
                401 | 403 => "the engine or a plugin of it refuses you: see its authorisation".into(),
                400 => "the engine may want TLS: set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or https://".into(),
                _ => "see the engine's log (journalctl -u docker)".into(),
            };
            return said(format!("the engine answered {status_code}: {}", message.trim()), hint);
        }
        Error::CertPathError { path } | Error::CertParseError { path } => {
            return said(
                format!("the certificate {} cannot be read", path.display()),
                "check DOCKER_CERT_PATH or the Docker context: ca.pem, cert.pem and key.pem".into(),
            );
        }
        Error::UnsupportedURISchemeError { uri } => {
            return said(
                format!("{uri} is no address of an engine"),
                "write unix://, tcp://, https:// or ssh://".into(),
            );
        }
        _ => {}
    }
    by_cause(place, socket.is_some(), error)
}

fn denied(place: &str) -> Unreachable {
    Unreachable {
        reason: format!("permission denied on {place}"),
        hint: "add yourself to the group docker (usermod -aG docker USER, then log in anew), or use sudo".into(),
    }
}

/// By the faults that the library wraps: what the kernel or TLS said lies at the bottom.
fn by_cause(place: &str, is_socket: bool, error: &Error) -> Unreachable {
    let (mut words, mut kind) = (error.to_string(), None);
    let mut next: Option<&dyn std::error::Error> = error.source();
    if let Error::IOError { err } = error {
        kind = Some(err.kind());
    }
    while let Some(cause) = next {
        kind = cause.downcast_ref::<io::Error>().map(io::Error::kind).or(kind);
        words = cause.to_string();
        next = cause.source();
    }
    let said = |reason: String, hint: &str| Unreachable { reason, hint: hint.into() };
    match kind {
        _ if place.starts_with("ssh://") => said(
            format!("no way by {place}: {words}"),
            "try `ssh HOST docker version` by hand: a key without a question, and docker on the other side",
        ),
        Some(io::ErrorKind::PermissionDenied) => denied(place),
        Some(io::ErrorKind::NotFound) if is_socket => {
            said(format!("there is no socket {place}"), "start the engine (systemctl start docker)")
        }
        Some(io::ErrorKind::ConnectionRefused) => {
            said(format!("connection refused by {place}"), "the engine is not running: systemctl start docker")
        }
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
            said(format!("{place} closed the connection"), "the engine is starting or stopping; it is tried again")
        }
        _ if is_tls(&words) => said(
            format!("TLS with {place} failed: {words}"),
            "check the certificates: DOCKER_CERT_PATH or the Docker context, and that the host's name is in the server's",
        ),
        _ => said(
            format!("{place}: {words}"),
            "see the engine's log (journalctl -u docker), and that the address is right",
        ),
    }
}

fn is_tls(words: &str) -> bool {
    let lower = words.to_ascii_lowercase();
    ["certificate", "tls", "handshake", "alert", "corrupt message", "invalidcontenttype"]
        .iter()
        .any(|w| lower.contains(w))
}
