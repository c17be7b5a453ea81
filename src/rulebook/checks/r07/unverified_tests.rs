//! Tests of 07e.

use super::Unverified;
use crate::rulebook::run::told;

fn of(text: &str) -> Vec<String> {
    told(&Unverified, &[("a.sh", text)])
}

#[test]
fn what_is_fetched_is_run() {
    assert_eq!(of("curl -fsSL https://x | sh"), ["a.sh:1:1 curl … | sh"]);
    assert_eq!(of("a; wget -qO- https://x | sudo -E bash -"), ["a.sh:1:4 wget … | bash"]);
    assert_eq!(of("curl x | tee y | bash -s -- --yes"), ["a.sh:1:1 curl … | bash"]);
    assert_eq!(of("curl -s x | python3 -"), ["a.sh:1:1 curl … | python3"]);
    assert_eq!(of("bash <(curl -s x)"), ["a.sh:1:1 bash of what is fetched"]);
    assert_eq!(of("sh -c \"$(curl -fsSL x)\""), ["a.sh:1:1 sh of what is fetched"]);
    assert_eq!(of("eval \"$(wget -qO- x)\""), ["a.sh:1:1 eval of what is fetched"]);
}

#[test]
fn what_is_fetched_is_only_read() {
    for text in [
        "curl x | python3 -m json.tool",
        "curl x | perl -ne 'print'",
        "curl x | sh -c 'cat'",
        "curl x | bash check.sh",
        "curl x | tar xz",
        "curl x | sha256sum -c -",
        "curl -o sh x && echo sh",
        "bash -c \"$(cat x)\"",
        "echo 'curl x | sh'",
        "x=$(curl y); echo \"$x\" | grep sh",
        "# curl x | sh",
    ] {
        assert_eq!(of(text), [""; 0], "{text}");
    }
}

#[test]
fn verification_turned_off() {
    assert_eq!(of("curl -sSLk https://x"), ["a.sh:1:6 curl -sSLk"]);
    assert_eq!(of("curl https://x --insecure"), ["a.sh:1:16 curl --insecure"]);
    assert_eq!(of("wget --no-check-certificate x"), ["a.sh:1:6 wget --no-check-certificate"]);
    assert_eq!(of("git -c http.sslVerify=false clone x"), ["a.sh:1:8 git http.sslVerify=false"]);
    assert_eq!(of("git config --global http.sslVerify false"), ["a.sh:1:21 git http.sslVerify=false"]);
    assert_eq!(of("python -m pip install --trusted-host h x"), ["a.sh:1:23 pip --trusted-host"]);
    assert_eq!(of("NODE_TLS_REJECT_UNAUTHORIZED=0 node x"), ["a.sh:1:1 NODE_TLS_REJECT_UNAUTHORIZED=0"]);
    assert_eq!(of("export GIT_SSL_NO_VERIFY=true"), ["a.sh:1:8 GIT_SSL_NO_VERIFY=true"]);
    assert_eq!(of("npm config set strict-ssl false"), ["a.sh:1:16 npm strict-ssl=false"]);
    let dockerfile = "FROM a:1\nENV A=1 \\\n    NODE_TLS_REJECT_UNAUTHORIZED=0\nENV PYTHONHTTPSVERIFY 0\n";
    assert_eq!(
        told(&Unverified, &[("Dockerfile", dockerfile)]),
        ["Dockerfile:3:5 NODE_TLS_REJECT_UNAUTHORIZED=0", "Dockerfile:4:5 PYTHONHTTPSVERIFY=0"]
    );
}

#[test]
fn verification_left_on() {
    for text in [
        "curl -o/tmp/k https://x",
        "curl -fsSL -H 'k: v' https://x",
        "curl -fk https://localhost:8443/healthz",
        "wget -q x",
        "git config http.sslVerify true",
        "kubectl get pods -k x",
        "NODE_TLS_REJECT_UNAUTHORIZED=1 node x",
    ] {
        assert_eq!(of(text), [""; 0], "{text}");
    }
}

#[test]
fn requests_in_python() {
    let text = "import requests, jwt\nfrom requests import Session\ns = Session()\nrequests.get(u, verify=False)\ns.post(u, verify=False)\n\
                jwt.decode(t, verify=False)\nrequests.get(u, verify=ca)\n";
    assert_eq!(told(&Unverified, &[("a.py", text)]), ["a.py:4:17 get(verify=False)", "a.py:5:11 post(verify=False)"]);
    assert!(told(&Unverified, &[("tests/a.py", text)]).is_empty());
}
