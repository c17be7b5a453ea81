//! The client against servers that answer well and badly, with and without TLS.

use super::{sample::Served, write::HttpWriter, *};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

const DEADLINE: Duration = Duration::from_secs(10);

fn ok(body: &str) -> (String, String) {
    ("200 OK".into(), body.into())
}

#[tokio::test]
async fn credentials_and_headers_are_sent_and_never_shown() {
    let served = Served::by(|_, _| ok("fine"));
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    std::fs::write(&token, "t0ken-1\n").expect("written");
    let headers = [("X-Scope-OrgID".to_owned(), "tenant-9".to_owned())].into();
    let server = Server { auth: Auth::Bearer(SecretFrom::File(token.clone())), headers, ..Server::at(&served.url) };
    let http = Http::to(&server, DEADLINE, 100).expect("usable");
    assert_eq!(http.get(&server.below("/a?b=c")).await.as_deref(), Ok(b"fine".as_slice()));
    // It was renewed.
    std::fs::write(&token, "t0ken-2\n").expect("written");
    let basic = Auth::Basic { user: "me".into(), password: SecretFrom::File(token.clone()) };
    let other = Http::to(&Server { auth: basic, ..Server::at(&served.url) }, DEADLINE, 100).expect("usable");
    for http in [&http, &other] {
        http.look_by_form(&server.below("/q"), &[("query", "a{b=\"c d\"}+1")]).await.expect("an answer");
        assert!(!format!("{http:?}").contains("t0ken") && !format!("{http:?}").contains("tenant-9"), "{http:?}");
    }
    let asked = served.asked();
    assert_eq!((asked[0].what(), asked[0].header("authorization")), ("GET /a?b=c", Some("Bearer t0ken-1")));
    assert_eq!(asked[0].header("x-scope-orgid"), Some("tenant-9"));
    assert_eq!((asked[1].what(), asked[1].header("authorization")), ("POST /q", Some("Bearer t0ken-2")));
    assert_eq!(asked[1].body, "query=a%7Bb%3D%22c+d%22%7D%2B1");
    // `me:t0ken-2`
    assert_eq!(asked[2].header("authorization"), Some("Basic bWU6dDBrZW4tMg=="));
    std::fs::remove_file(&token).expect("removed");
    let refused = http.get(&server.below("/")).await;
    assert!(matches!(refused, Err(HttpError::NotSent(why)) if why.contains("token cannot be read")));
    assert_eq!(served.asked().len(), 3);
}

#[tokio::test]
async fn redirects_lead_nowhere_and_long_answers_end() {
    let served = Served::by(|asked, _| match asked.what() {
        "GET /there" => ("302 Found\r\nlocation: https://login.example.org:8443/x?secret=1".into(), String::new()),
        "GET /here" => ("308 Permanent Redirect\r\nlocation: /graph?secret=1".into(), String::new()),
        "GET /limit" => ("429 Too Many Requests\r\nretry-after: 7".into(), "slow down".into()),
        _ => ok("0123456789"),
    });
    let server = Server::at(&served.url);
    let http = Http::to(&server, DEADLINE, 9).expect("usable");
    let failed = |path: &'static str| {
        let (http, url) = (http.clone(), server.below(path));
        async move { http.get(&url).await.expect_err("no success").to_string() }
    };
    let redirected =
        "and points to https://login.example.org:8443: redirects are not followed, write that address instead";
    assert_eq!(failed("/there").await, format!("it answers 302 {redirected}"));
    assert!(failed("/here").await.contains("points to /graph: "));
    assert_eq!(failed("/limit").await, "it answers 429 (too many requests)");
    assert_eq!(failed("/long").await, "the answer is longer than 9 bytes");
    let answer = http.look(&server.below("/limit")).await.expect("an answer");
    assert_eq!((answer.status, answer.retry_after, answer.is_success()), (429, Some(Duration::from_secs(7)), false));
    assert_eq!(served.asked().len(), 5, "none was followed, none repeated");
}

#[tokio::test]
async fn what_was_not_sent_is_told_from_what_may_have_been() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let writer = HttpWriter::to(&Server::at(format!("http://{closed}")), DEADLINE).expect("usable");
    let refused = writer.post_json(&format!("http://{closed}/x"), "{}".into()).await;
    assert!(matches!(&refused, Err(HttpError::NotSent(why)) if why.contains("refused")), "{refused:?}");
    // It takes the request, and leaves.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let gone = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("one comes");
        let _ = std::io::Read::read(&mut stream, &mut [0; 1024]);
        listener
    });
    let writer = HttpWriter::to(&Server::at(&url), DEADLINE).expect("usable");
    let lost = writer.delete(&format!("{url}/x")).await;
    assert!(matches!(lost, Err(HttpError::Failed(_))), "{lost:?}");
    gone.join().expect("ends");
}

#[test]
fn what_cannot_be_used_is_said_without_its_secrets() {
    let refused = |server: Server| Http::to(&server, DEADLINE, 1).expect_err("not usable").reason;
    let with_password = refused(Server::at("https://me:hunter2@prom.example.org/"));
    assert_eq!(with_password, "the address of https://prom.example.org holds credentials");
    assert!(refused(Server::at("prom:9090")).contains("no scheme"), "{}", refused(Server::at("prom:9090")));
    assert!(refused(Server::at("http://")).contains("address"));
    let ca_file = Some("/nonexistent/ca.pem".into());
    assert!(refused(Server { ca_file, ..Server::at("https://prom") }).contains("/nonexistent/ca.pem"));
    let headers = [("X Y".to_owned(), "hunter2".to_owned())].into();
    assert!(!refused(Server { headers, ..Server::at("http://prom") }).contains("hunter2"));
}

/// Makes an authority, a certificate for 127.0.0.1 and one for us, as files in the folder.
fn certificates(folder: &Path) -> bool {
    let script = r#"
set -e
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
key ca; key server; key client
openssl req -x509 -new -key ca.key -subj /CN=authority -days 2 -out ca.pem
printf 'subjectAltName=IP:127.0.0.1\n' >server.ext
printf 'extendedKeyUsage=clientAuth\n' >client.ext
for name in server client; do
    openssl req -new -key $name.key -subj /CN=$name -out $name.csr
    openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem
done
"#;
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let made = command.status().is_ok_and(|status| status.success());
    assert!(made || std::env::var("CI").as_deref() != Ok("true"), "openssl is needed for the test of TLS");
    made
}

fn tls(folder: &Path) -> Arc<ServerConfig> {
    let read = |name: &str| -> Vec<CertificateDer<'static>> {
        let all = CertificateDer::pem_file_iter(folder.join(name)).expect("PEM");
        all.collect::<Result<_, _>>().expect("certificates")
    };
    let mut roots = RootCertStore::empty();
    read("ca.pem").into_iter().for_each(|ca| roots.add(ca).expect("an authority"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("usable");
    let config = config.with_client_cert_verifier(verifier.expect("usable"));
    Arc::new(config.with_single_cert(read("server.pem"), key).expect("fits"))
}

#[tokio::test]
async fn servers_and_clients_know_each_other_by_certificates() {
    let folder = tempfile::tempdir().expect("a folder");
    if !certificates(folder.path()) {
        eprintln!("left out: the test of TLS needs openssl");
        return;
    }
    let config = tls(folder.path());
    let wrap = move |stream| StreamOwned::new(ServerConnection::new(Arc::clone(&config)).expect("usable"), stream);
    let served = Served::over(wrap, |_, _| ok("over TLS"));
    let url = served.url.replace("http://", "https://");
    let at = |name: &str| folder.path().join(name);
    let whole = Server {
        ca_file: Some(at("ca.pem")),
        certificate: Some((at("client.pem"), at("client.key"))),
        ..Server::at(&url)
    };
    let asked =
        |server: Server| async move { Http::to(&server, DEADLINE, 100).expect("usable").get(&server.url).await };
    assert_eq!(asked(whole.clone()).await.as_deref(), Ok(b"over TLS".as_slice()));
    let unknown = asked(Server { certificate: None, ..whole.clone() }).await;
    assert!(
        unknown.as_ref().is_err_and(|error| error.to_string().to_lowercase().contains("certificate")),
        "{unknown:?}"
    );
    // This machine's own authorities do not vouch for it.
    let untrusted = asked(Server { ca_file: None, ..whole }).await;
    assert!(untrusted.as_ref().is_err_and(|error| error.to_string().contains("UnknownIssuer")), "{untrusted:?}");
    assert_eq!(served.asked().len(), 1);
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_and_gets_no_credentials() {
    use std::io::{BufRead, BufReader, Write};
    let served = Served::by(|_, _| ok("behind"));
    let target = served.url.trim_start_matches("http://").to_owned();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let proxy: http::Uri = format!("http://{}", listener.local_addr().expect("bound")).parse().expect("an address");
    let seen = std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("one comes");
        let mut reader = BufReader::new(client.try_clone().expect("cloned"));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).expect("a line");
        }
        let server = std::net::TcpStream::connect(target).expect("is there");
        (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("written");
        let (mut from, mut to) = (server.try_clone().expect("cloned"), client);
        let back = std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let _ = std::io::copy(&mut reader, &mut &server);
        drop(server);
        let _ = back.join();
        head
    });
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    std::fs::write(&token, "t0ken").expect("written");
    let server = Server { auth: Auth::Bearer(SecretFrom::File(token)), ..Server::at(&served.url) };
    let way = connect::by_proxy(&proxy, DEADLINE).expect("usable");
    let mut http = Http::to(&server, DEADLINE, 100).expect("usable");
    http.client = Client::builder(TokioExecutor::new()).build(connect::with_tls(connect::untrusting(), way));
    assert_eq!(http.get(&server.below("/x")).await.as_deref(), Ok(b"behind".as_slice()));
    drop(http);
    assert_eq!(served.asked()[0].header("authorization"), Some("Bearer t0ken"));
    let head = seen.join().expect("ends");
    assert!(head.starts_with("CONNECT 127.0.0.1:") && !head.contains("t0ken"), "{head}");
    let refused = connect::by_proxy(&"http://me:hunter2@proxy:3128".parse().expect("an address"), DEADLINE);
    let refused = refused.expect_err("not supported").reason;
    assert!(refused.contains("http://proxy:3128") && !refused.contains("hunter2"), "{refused}");
}
