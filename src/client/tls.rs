//! The certificate that an endpoint shows: it is taken as it comes, so that one that has run out is seen as well, and judged beside that.
//! Nothing is sent over the connection.

use crate::model::Timestamp;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use std::{
    net::{IpAddr, TcpStream, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};
use x509_cert::{
    Certificate as X509,
    der::{Decode as _, oid::AssociatedOid as _},
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// What is told of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub not_after: Timestamp,
    /// As RFC 4514 writes names.
    pub subject: String,
    pub issuer: String,
    /// Names and addresses that it is for.
    pub names: Vec<String>,
    /// In hexadecimal, with colons.
    pub serial: String,
    /// Whether it leads, with what came along, to an issuer that this machine trusts, and holds now; `None` where it trusts nobody.
    pub chain_valid: Option<bool>,
    /// Whether it is for the name that was asked; `None` where none was.
    pub covers_name: Option<bool>,
    /// What is wrong with it.
    pub reason: Option<String>,
}

/// The certificate that an endpoint shows now.
///
/// # Errors
/// It is not reached, or does not speak TLS.
pub fn shown(address: &str, now: Timestamp, patience: Duration) -> Result<Certificate, String> {
    let (host, _) = address.rsplit_once(':').ok_or_else(|| format!("«{address}» is no HOST:PORT"))?;
    let host = host.trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("«{host}» is no name of a host"))?;
    let chain = chain_of(address, &name, patience)?;
    judge(&chain, Some(&name), now)
}

/// The first certificate of a PEM text, with those that follow it as its chain.
///
/// # Errors
/// There is none that can be read.
pub fn in_pem(pem: &[u8], now: Timestamp) -> Result<Certificate, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    judge(&chain.map_err(|error| format!("the certificate cannot be read: {error}"))?, None, now)
}

/// Takes a chain without judging it; who speaks has to have its key all the same.
#[derive(Debug)]
struct Taking(Arc<CryptoProvider>);

impl ServerCertVerifier for Taking {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn chain_of(
    address: &str,
    name: &ServerName<'static>,
    patience: Duration,
) -> Result<Vec<CertificateDer<'static>>, String> {
    let said = |what: &str, error: &dyn std::fmt::Display| format!("{address}: {what}: {error}");
    let found = address.to_socket_addrs().map_err(|error| said("its name is not known", &error))?;
    let mut last = format!("{address} has no address");
    let mut reached = None;
    for at in found {
        match TcpStream::connect_timeout(&at, patience) {
            Ok(stream) => {
                reached = Some(stream);
                break;
            }
            Err(error) => last = said("it is not reached", &error),
        }
    }
    let mut stream = reached.ok_or(last)?;
    let set = stream.set_read_timeout(Some(patience)).and_then(|()| stream.set_write_timeout(Some(patience)));
    set.map_err(|error| said("no deadline", &error))?;
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| said("TLS", &error))?.dangerous();
    let config = config.with_custom_certificate_verifier(Arc::new(Taking(provider()))).with_no_client_auth();
    let mut speaks = ClientConnection::new(Arc::new(config), name.clone()).map_err(|error| said("TLS", &error))?;
    while speaks.is_handshaking() {
        if let Err(error) = speaks.complete_io(&mut stream) {
            // One that wants to know who we are has shown its own by then.
            if speaks.peer_certificates().is_none() {
                return Err(said("it does not speak TLS as it should", &error));
            }
            break;
        }
    }
    let chain = speaks.peer_certificates().ok_or_else(|| format!("{address} shows no certificate"))?;
    Ok(chain.iter().map(|der| der.clone().into_owned()).collect())
}

fn judge(
    chain: &[CertificateDer<'static>],
    name: Option<&ServerName<'static>>,
    now: Timestamp,
) -> Result<Certificate, String> {
    let (end, others) = chain.split_first().ok_or("there is no certificate in it")?;
    let unread = |error: &dyn std::fmt::Display| format!("the certificate cannot be read: {error}");
    let read = X509::from_der(end).map_err(|error| unread(&error))?.tbs_certificate;
    let until = read.validity.not_after.to_unix_duration().as_secs();
    let not_after = i64::try_from(until).ok().and_then(|until| Timestamp::from_second(until).ok());
    let names = names(&read);
    let covers_name = match name {
        Some(name) => {
            let parsed = ParsedCertificate::try_from(end).map_err(|error| unread(&error))?;
            Some(verify_server_name(&parsed, name).is_ok())
        }
        None => None,
    };
    // Any of its own names will do where none was asked.
    let own = names.iter().find_map(|name| ServerName::try_from(name.trim_start_matches("*.").to_owned()).ok());
    let (chain_valid, reason) = match name.cloned().or(own) {
        Some(name) => trusted(end, others, &name, now),
        None => (None, Some("it is for no name".to_owned())),
    };
    let reason = reason.or_else(|| (covers_name == Some(false)).then(|| format!("it is for {}", names.join(", "))));
    Ok(Certificate {
        not_after: not_after.ok_or("the certificate says no time until which it holds")?,
        subject: read.subject.to_string(),
        issuer: read.issuer.to_string(),
        serial: read.serial_number.to_string(),
        names,
        chain_valid,
        covers_name,
        reason,
    })
}

/// Whether a chain leads to an issuer that this machine trusts, and why not. That the name is another is no matter of the chain.
fn trusted(
    end: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: Timestamp,
) -> (Option<bool>, Option<String>) {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let verifier = match built {
        Ok(verifier) => verifier,
        Err(error) => return (None, Some(format!("this machine trusts no issuer: {error}"))),
    };
    let since = u64::try_from(now.as_second()).unwrap_or(0);
    let at = UnixTime::since_unix_epoch(Duration::from_secs(since));
    match verifier.verify_server_cert(end, others, name, &[], at) {
        Ok(_)
        | Err(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => (Some(true), None),
        Err(error) => (Some(false), Some(error.to_string())),
    }
}

fn names(read: &x509_cert::TbsCertificate) -> Vec<String> {
    let mut extensions = read.extensions.iter().flatten();
    let found = extensions.find(|extension| extension.extn_id == SubjectAltName::OID);
    let Some(Ok(SubjectAltName(all))) = found.map(|found| SubjectAltName::from_der(found.extn_value.as_bytes())) else {
        return Vec::new();
    };
    let name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
            [a, b, c, d] => Some(IpAddr::from([*a, *b, *c, *d]).to_string()),
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    };
    all.iter().filter_map(name).collect()
}
