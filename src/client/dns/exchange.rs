//! One question to one name server: over UDP, and over TCP where its answer does not fit into a datagram.

use futures_util::StreamExt as _;
use hickory_net::{
    NetError,
    proto::{
        op::{DnsRequest, DnsRequestOptions, DnsResponse, Query},
        rr::{Name, RecordType},
    },
    runtime::TokioRuntimeProvider,
    tcp::TcpClientStream,
    udp::UdpClientStream,
    xfer::{DnsHandle as _, DnsRequestSender as _},
};
use std::{io::ErrorKind, net::SocketAddr, time::Duration};

/// How long a server may take over each way; a datagram that got lost is sent again within it.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Why a server said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    pub why: String,
    /// Whether this machine has no way to such an address at all: no IPv6, mostly.
    pub is_no_way: bool,
}

impl Silence {
    /// It said nothing of use, for this reason.
    pub fn because(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_no_way: false }
    }

    fn of(error: &NetError) -> Self {
        let NetError::Io(io) = error else { return Self::because(error.to_string()) };
        // EAFNOSUPPORT, of a machine whose IPv6 is switched off, has no kind of its own.
        let is_no_way = matches!(io.kind(), ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable)
            || io.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
        let why = if is_no_way { "this machine has no way there".to_owned() } else { io.to_string() };
        Self { why, is_no_way }
    }

    fn too_late() -> Self {
        Self::because(format!("no answer within {} s", PATIENCE.as_secs()))
    }
}

/// Asks. A resolver is asked to find out what it does not know, an authoritative server for what it knows itself.
///
/// # Errors
/// Why it said nothing.
pub async fn ask(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    is_recursive: bool,
) -> Result<DnsResponse, Silence> {
    let mut options = DnsRequestOptions::default();
    options.recursion_desired = is_recursive;
    let request = DnsRequest::from_query(Query::query(name.clone(), kind), options);
    // What it has begun in the background ends with it.
    let provider = TokioRuntimeProvider::new();
    let mut way = UdpClientStream::builder(server, provider.clone()).with_timeout(Some(PATIENCE)).build();
    let answer = said(way.send_message(request.clone()).next().await)?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let way = TcpClientStream::exchange(server, None, PATIENCE, None, provider.clone());
    let way = way.await.map_err(|error| Silence::of(&error))?;
    said(way.send(request).next().await)
}

fn said(answer: Option<Result<DnsResponse, NetError>>) -> Result<DnsResponse, Silence> {
    match answer {
        // The stream ends where the time is over.
        None | Some(Err(NetError::Timeout)) => Err(Silence::too_late()),
        Some(Err(error)) => Err(Silence::of(&error)),
        Some(Ok(answer)) => Ok(answer),
    }
}
